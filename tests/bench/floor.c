// SPDX-License-Identifier: Apache-2.0
/*
 * floor TRACEFS CALL...: an empty BPF program at the exits of these system calls, until it is killed. What that costs no sensor
 * gets below where such exits are all that a kernel has for it: the kernel takes its long way out of every call, and fills in what
 * perf would have of this one, before any program runs.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int empty_program(void)
{
	static const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(BPF_PROG_TYPE_TRACEPOINT, "floor", "GPL", insns, sizeof(insns) / sizeof(insns[0]), NULL);
}

/* The tracepoint's number, or -1. */
static int exit_of(const char *tracefs, const char *call)
{
	char path[512];
	int id = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/events/syscalls/sys_exit_%s/id", tracefs, call);
	f = fopen(path, "r");
	if (!f)
		return -1;
	if (fscanf(f, "%d", &id) != 1)
		id = -1;
	fclose(f);
	return id;
}

int main(int argc, char **argv)
{
	int program = empty_program();

	if (argc < 3 || program < 0) {
		fprintf(stderr, "floor: %s\n", argc < 3 ? "usage: floor TRACEFS CALL..." : strerror(errno));
		return 1;
	}
	for (int i = 2; i < argc; i++) {
		struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT,
					       .size = sizeof(attr),
					       .config = (unsigned long long)exit_of(argv[1], argv[i])};
		int event = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

		if (event < 0 || ioctl(event, PERF_EVENT_IOC_SET_BPF, program) || ioctl(event, PERF_EVENT_IOC_ENABLE, 0)) {
			fprintf(stderr, "floor: the exit of %s: %s\n", argv[i], strerror(errno));
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
