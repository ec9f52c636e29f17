// SPDX-License-Identifier: Apache-2.0
/*
 * Acts on the kernel that all containers share. Each asks for what is refused or harmless: a module that is none, a clock set
 * to what it shows, a reboot with a wrong magic number. "done" as last word says that the caller's rights suffice.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <sys/fanotify.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>

#include "act.h"

/* A call that fails as it must, after the check of the caller's rights, has done what it should. */
static int refused_as(long ret, int wanted, const char *step)
{
	if (ret < 0 && errno == wanted) {
		snprintf(proof, sizeof(proof), "%s: %s, past the check of rights", step, strerror(wanted));
		return 0;
	}
	return ret < 0 ? fail(step) : (snprintf(proof, sizeof(proof), "%s", step), 0);
}

/* A file that is no module, or a real one. */
static int act_module(char **arg)
{
	int fd = open(arg[0], O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return fail(arg[0]);
	ret = refused_as(syscall(SYS_finit_module, fd, "", 0), ENOEXEC, "finit_module");
	close(fd);
	return ret;
}

static int act_module_memory(char **arg)
{
	(void)arg;
	return refused_as(syscall(SYS_init_module, "no module, but long enough to be looked at", 40, ""), ENOEXEC,
			  "init_module");
}

static int act_module_out(char **arg)
{
	return refused_as(syscall(SYS_delete_module, arg[0], O_NONBLOCK), ENOENT, "delete_module");
}

/* An empty load: it unloads what is loaded, and nothing is. */
static int act_kexec(char **arg)
{
	(void)arg;
	return refused_as(syscall(SYS_kexec_load, 0ul, 0ul, NULL, 0ul), 0, "kexec_load");
}

#ifdef SYS_ioperm
static int act_ports(char **arg)
{
	return refused_as(syscall(SYS_ioperm, 0x80, 1, atoi(arg[0])), 0, "ioperm");
}
#endif

static int act_log(char **arg)
{
	char buf[256];
	int n = klogctl(atoi(arg[0]), buf, sizeof(buf));

	if (n < 0)
		return fail("syslog");
	snprintf(proof, sizeof(proof), "%d from action %s", n, arg[0]);
	return 0;
}

/* The clock is set to what it shows. */
static int act_clock_set(char **arg)
{
	struct timespec now;

	(void)arg;
	clock_gettime(CLOCK_REALTIME, &now);
	return refused_as(clock_settime(CLOCK_REALTIME, &now), 0, "clock_settime");
}

/* "0" reads; the tick is set to what it is. */
static int act_clock_adjust(char **arg)
{
	struct timex t = {0};

	if (adjtimex(&t) < 0)
		return fail("adjtimex");
	t.modes = atoi(arg[0]) ? ADJ_TICK : 0;
	if (adjtimex(&t) < 0)
		return fail("adjtimex");
	snprintf(proof, sizeof(proof), "tick %ld", t.tick);
	return 0;
}

static int act_reboot(char **arg)
{
	(void)arg;
	return refused_as(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, 0, LINUX_REBOOT_CMD_RESTART, NULL), EINVAL,
			  "reboot with a wrong magic number");
}

static int bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int load(int type, int attach, int btf)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {.prog_type = (unsigned int)type, .insn_cnt = 2};

	attr.insns = (unsigned long)insns;
	attr.license = (unsigned long)"GPL";
	attr.expected_attach_type = (unsigned int)attach;
	attr.attach_btf_id = (unsigned int)btf;
	strcpy(attr.prog_name, "act");
	return bpf(BPF_PROG_LOAD, &attr);
}

static int act_bpf_load(char **arg)
{
	int fd = load(atoi(arg[0]), 0, 0);

	if (fd < 0)
		return fail("BPF_PROG_LOAD");
	snprintf(proof, sizeof(proof), "loaded a program of type %s", arg[0]);
	close(fd);
	return 0;
}

/* A socket filter of the host's, for others to take. */
static int act_bpf_hold(char **arg)
{
	int fd = load(BPF_PROG_TYPE_SOCKET_FILTER, 0, 0);
	struct bpf_prog_info info = {0};
	union bpf_attr attr = {0};

	(void)arg;
	attr.info.bpf_fd = (unsigned int)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (unsigned long)&info;
	if (fd < 0 || bpf(BPF_OBJ_GET_INFO_BY_FD, &attr))
		return fail("bpf");
	printf("ok bpf-hold: %u\n", info.id);
	fflush(stdout);
	sleep(FOREVER);
	return 0;
}

/* The first program, map or link of anybody's whose name begins as given; it is only held, and let go. */
static int act_bpf_take(char **arg)
{
	int next = !strcmp(arg[0], "map")    ? BPF_MAP_GET_NEXT_ID
		   : !strcmp(arg[0], "link") ? BPF_LINK_GET_NEXT_ID
					     : BPF_PROG_GET_NEXT_ID;
	int get = !strcmp(arg[0], "map")    ? BPF_MAP_GET_FD_BY_ID
		  : !strcmp(arg[0], "link") ? BPF_LINK_GET_FD_BY_ID
					    : BPF_PROG_GET_FD_BY_ID;
	union bpf_attr attr = {0};
	unsigned int id = arg[1] ? (unsigned int)atoi(arg[1]) : 0;
	int fd;

	if (!id) {
		if (bpf(next, &attr))
			return fail("BPF_*_GET_NEXT_ID");
		id = attr.next_id;
	}
	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	fd = bpf(get, &attr);
	if (fd < 0)
		return fail("BPF_*_GET_FD_BY_ID");
	snprintf(proof, sizeof(proof), "%s %u", arg[0], id);
	close(fd);
	return 0;
}

/* Tries to detach a link: that of a tracing, tracepoint or LSM program has no such operation. */
static int act_bpf_detach(char **arg)
{
	union bpf_attr attr = {0};

	attr.link_id = (unsigned int)atoi(arg[0]);
	attr.link_detach.link_fd = (unsigned int)bpf(BPF_LINK_GET_FD_BY_ID, &attr);
	if ((int)attr.link_detach.link_fd < 0)
		return fail("BPF_LINK_GET_FD_BY_ID");
	return bpf(BPF_LINK_DETACH, &attr) ? fail("BPF_LINK_DETACH") : 0;
}

/* Takes nothing out of a map: the key is of no entry. ENOENT says that it could have. */
static int act_bpf_delete(char **arg)
{
	union bpf_attr attr = {0};
	char key[64];
	int fd;

	memset(key, 0xff, sizeof(key));
	attr.map_id = (unsigned int)atoi(arg[0]);
	fd = bpf(BPF_MAP_GET_FD_BY_ID, &attr);
	if (fd < 0)
		return fail("BPF_MAP_GET_FD_BY_ID");
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (unsigned int)fd;
	attr.key = (unsigned long)key;
	return refused_as(bpf(BPF_MAP_DELETE_ELEM, &attr), ENOENT, "BPF_MAP_DELETE_ELEM");
}

static int perf(pid_t pid, int cpu)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_TASK_CLOCK};
	int fd;

	attr.disabled = attr.exclude_kernel = 1;
	fd = (int)syscall(SYS_perf_event_open, &attr, pid, cpu, -1, 0ul);
	if (fd < 0)
		return fail("perf_event_open");
	snprintf(proof, sizeof(proof), "an event of pid %d on processor %d", pid, cpu);
	close(fd);
	return 0;
}

static int act_perf(char **arg)
{
	return perf(atoi(arg[0]), atoi(arg[0]) < 0 ? 0 : -1);
}

static int act_own_perf(char **arg)
{
	pid_t pid = child_start(NULL);
	int ret;

	(void)arg;
	if (pid < 0)
		return fail("fork");
	ret = perf(0, -1);
	return child_end(pid, ret ? ret : perf(pid, -1));
}

static int act_uring(char **arg)
{
	char params[120] = {0};
	int fd = (int)syscall(SYS_io_uring_setup, 4, params);

	(void)arg;
	if (fd < 0)
		return fail("io_uring_setup");
	snprintf(proof, sizeof(proof), "an io_uring");
	close(fd);
	return 0;
}

/* "1": one for faults of user mode alone */
static int act_userfaultfd(char **arg)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | atoi(arg[0]));

	if (fd < 0)
		return fail("userfaultfd");
	snprintf(proof, sizeof(proof), "a userfaultfd");
	close(fd);
	return 0;
}

static int act_mark(char **arg)
{
	bool inode = !strcmp(arg[0], "inode");
	unsigned int flags = FAN_MARK_ADD | (inode ? 0 : !strcmp(arg[0], "mount") ? FAN_MARK_MOUNT : FAN_MARK_FILESYSTEM);
	int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC, O_RDONLY), ret = 0;

	if (fd < 0)
		return fail("fanotify_init");
	if (fanotify_mark(fd, flags, FAN_OPEN, AT_FDCWD, arg[1]))
		ret = fail("fanotify_mark");
	else
		snprintf(proof, sizeof(proof), "marked the %s of %s", arg[0], arg[1]);
	close(fd);
	return ret;
}

static int make(int family, int type, int protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return fail("socket");
	snprintf(proof, sizeof(proof), "a socket of family %d", family);
	close(fd);
	return 0;
}

static int act_socket(char **arg)
{
	return make(atoi(arg[0]), atoi(arg[1]), atoi(arg[2]));
}

static int act_netfilter(char **arg)
{
	(void)arg;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return fail("unshare");
	return make(AF_NETLINK, SOCK_RAW, 12 /* NETLINK_NETFILTER */);
}

/* Frozen and thawed at once. */
static int act_freeze(char **arg)
{
	int ret = write_file(arg[0], "1");

	if (!ret)
		ret = write_file(arg[0], "0");
	if (!ret)
		snprintf(proof, sizeof(proof), "froze and thawed by %s", arg[0]);
	return ret;
}

/* clang-format off */
const struct act calls_acts[] = {
	{"module", 1, act_module, "M23", "FILE", "loads FILE as a module"},
	{"module-mem", 0, act_module_memory, "M23", "", "loads bytes that are no module"},
	{"module-out", 1, act_module_out, "M23", "NAME", "unloads a module"},
	{"kexec", 0, act_kexec, "M25", "", "loads no kernel with kexec"},
#ifdef SYS_ioperm
	{"ports", 1, act_ports, "M26", "1|0", "turns access to a port on or off"},
#endif
	{"log", 1, act_log, "M28", "ACTION", "syslog(2)"},
	{"clock-set", 0, act_clock_set, "M52", "", "sets the clock to what it shows"},
	{"clock-adjust", 1, act_clock_adjust, "M52", "1|0", "sets the clock's tick to what it is, or reads it"},
	{"reboot", 0, act_reboot, "P20", "", "reboots with a wrong magic number"},
	{"bpf-load", 1, act_bpf_load, "M30 K19", "TYPE", "loads a program that does nothing"},
	{"bpf-hold", 0, act_bpf_hold, "", "", "loads a program, prints its id and sleeps"},
	{"bpf-detach", 1, act_bpf_detach, "P14", "ID", "detaches a link"},
	{"bpf-delete", 1, act_bpf_delete, "P14", "ID", "deletes an entry that a map has not"},
	{"bpf-take", 1, act_bpf_take, "M31 P14", "prog|map|link [ID]", "gets an object by its id, the first by default"},
	{"perf", 1, act_perf, "M29", "PID|-1", "opens a perf event of a task or of all"},
	{"own-perf", 0, act_own_perf, "M29 B19", "", "opens perf events of its own"},
	{"uring", 0, act_uring, "M54 B27", "", "sets up an io_uring"},
	{"uffd", 1, act_userfaultfd, "M55", "0|1", "makes a userfaultfd"},
	{"mark", 2, act_mark, "X17", "inode|mount|fs PATH", "marks with fanotify"},
	{"socket", 3, act_socket, "K11 K17 M63", "FAMILY TYPE PROTOCOL", "makes a socket"},
	{"netfilter", 0, act_netfilter, "K16", "", "makes a netfilter socket in a user namespace of its own"},
	{"freeze", 1, act_freeze, "P14", "FILE", "freezes a cgroup for a moment"},
	{0},
};
/* clang-format on */
