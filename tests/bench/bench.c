// SPDX-License-Identifier: Apache-2.0
/*
 * bench FILE [ROUNDS [CASE]]: what four things cost this process, in nanoseconds: getppid, a syscall that no sensor cares about;
 * openat and close of FILE; the same for writing; fork, exec (of this program, which returns at once) and wait.
 * Prints "getppid N", "open N", "write N" and "exec N", or CASE alone: each the median of ROUNDS (9) batches. Linked statically: runs
 * in any root.
 *
 * bench --stats: while it runs, the kernel counts runs and time of each BPF program; prints "on" when it does.
 */
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	MAX_ROUNDS = 101
};

static const char *file;

static int do_getppid(void)
{
	return syscall(SYS_getppid) < 0;
}

static int do_open(void)
{
	int fd = openat(AT_FDCWD, file, O_RDONLY | O_CLOEXEC);

	return fd < 0 || close(fd);
}

static int do_write(void)
{
	int fd = openat(AT_FDCWD, file, O_WRONLY | O_CLOEXEC);

	return fd < 0 || close(fd);
}

static int do_exec(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execl("/proc/self/exe", "bench", (char *)NULL);
		_exit(1);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || status;
}

static const struct {
	const char *name;
	int (*run)(void);
	int batch;
} cases[] = {
	{"getppid", do_getppid, 100000},
	{"open", do_open, 20000},
	{"write", do_write, 20000},
	{"exec", do_exec, 40},
};

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Unlike the sysctl kernel.bpf_stats_enabled, this ends with the process. */
static int count_programs(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.enable_stats.type = BPF_STATS_RUN_TIME;
	if (syscall(SYS_bpf, BPF_ENABLE_STATS, &attr, sizeof(attr)) < 0) {
		perror("BPF_ENABLE_STATS");
		return 1;
	}
	puts("on");
	fflush(stdout);
	return pause();
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 9;
	double cost[MAX_ROUNDS];

	if (argc < 2)
		return 0; /* the program that do_exec runs */
	if (rounds < 1 || rounds > MAX_ROUNDS)
		return 2;
	if (!strcmp(argv[1], "--stats"))
		return count_programs();
	file = argv[1];
	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		if (argc > 3 && strcmp(argv[3], cases[c].name))
			continue;
		for (int r = 0; r < rounds; r++) {
			double start = now_ns();

			for (int i = 0; i < cases[c].batch; i++)
				if (cases[c].run()) {
					perror(cases[c].name);
					return 1;
				}
			cost[r] = (now_ns() - start) / cases[c].batch;
		}
		qsort(cost, rounds, sizeof(*cost), by_value);
		printf("%s %.1f\n", cases[c].name, cost[rounds / 2]);
	}
	return 0;
}
