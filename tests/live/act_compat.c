// SPDX-License-Identifier: Apache-2.0
/*
 * Acts by 32-bit calls (int $0x80), which a 64-bit program can make: another table of calls and other numbers. Pointers are of 32
 * bits: what is pointed to lies in the static program's data, which is below 4 GiB.
 */
#include <limits.h>
#include <sys/pidfd.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "act.h"

/* i386's numbers */
enum {
	COMPAT_OPEN = 5,
	COMPAT_MOUNT = 21,
	COMPAT_PTRACE = 26,
	COMPAT_SOCKETCALL = 102,
	COMPAT_OPEN_BY_HANDLE_AT = 342,
	COMPAT_SETNS = 346,
	COMPAT_PROCESS_VM_READV = 347,
	COMPAT_CONNECT = 362,
	COMPAT_PIDFD_GETFD = 438,
};

#ifdef __x86_64__
static long compat(long nr, long a, long b, long c, long d, long e)
{
	long ret;

	/* the sixth argument, ebp, is 0 */
	__asm__ volatile("mov %%rbp, %%r12; xor %%ebp, %%ebp; int $0x80; mov %%r12, %%rbp"
			 : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "r8", "r9", "r10", "r11", "r12", "memory");
	if ((int)ret >= 0)
		return (int)ret;
	errno = -(int)ret;
	return -1;
}
#else
static long compat(long nr, long a, long b, long c, long d, long e)
{
	(void)nr, (void)a, (void)b, (void)c, (void)d, (void)e;
	errno = ENOSYS;
	return -1;
}
#endif

static char texts[4][PATH_MAX]; /* where a pointer of 32 bits reaches */

static long text(int n, const char *from)
{
	snprintf(texts[n], sizeof(texts[n]), "%s", from);
	return (long)texts[n];
}

static int act_open32(char **arg)
{
	int fd = (int)compat(COMPAT_OPEN, text(0, arg[0]), O_RDONLY, 0, 0, 0);

	return fd < 0 ? fail(arg[0]) : read_fd(fd, "read");
}

static int act_mount32(char **arg)
{
	char path[PATH_MAX];

	if (compat(COMPAT_MOUNT, text(0, arg[0]), text(1, arg[1]), text(2, arg[2]), 0, text(3, "")))
		return fail("mount");
	snprintf(path, sizeof(path), "%s/%s", arg[1], arg[3]);
	return read_file(path);
}

static int act_setns32(char **arg)
{
	int fd = pidfd_open(atoi(arg[0]), 0);

	if (fd < 0 || compat(COMPAT_SETNS, fd, CLONE_NEWNS, 0, 0, 0))
		return fail("setns");
	return read_file(arg[1]);
}

static int act_handle32(char **arg)
{
	static struct {
		struct file_handle head;
		unsigned char bytes[128];
	} h;
	int mount = open(arg[0], O_RDONLY | O_CLOEXEC), used = 0, fd;
	const char *hex;

	if (mount < 0 || sscanf(arg[1], "%d:%n", &h.head.handle_type, &used) != 1)
		return fail("handle");
	for (hex = arg[1] + used; sscanf(hex, "%2hhx", &h.bytes[h.head.handle_bytes]) == 1; hex += 2)
		h.head.handle_bytes++;
	fd = (int)compat(COMPAT_OPEN_BY_HANDLE_AT, mount, (long)&h, O_RDONLY, 0, 0);
	return fd < 0 ? fail("open_by_handle_at") : read_fd(fd, "read");
}

static int act_ptrace32(char **arg)
{
	bool seize = !strcmp(arg[0], "seize");
	pid_t pid = atoi(arg[1]);

	if (compat(COMPAT_PTRACE, seize ? PTRACE_SEIZE : PTRACE_ATTACH, pid, 0, 0, 0))
		return fail("ptrace");
	if (!seize)
		waitpid(pid, NULL, __WALL);
	snprintf(proof, sizeof(proof), "traces pid %d", pid);
	return 0;
}

static int act_vm_read32(char **arg)
{
	static unsigned int to[2], from[2] = {0x400000, 4};
	static char elf[4];

	to[0] = (unsigned int)(unsigned long)elf;
	to[1] = sizeof(elf);
	if (compat(COMPAT_PROCESS_VM_READV, atoi(arg[0]), (long)to, 1, (long)from, 1) != sizeof(elf))
		return fail("process_vm_readv");
	snprintf(proof, sizeof(proof), "the program of pid %s begins with %.3s", arg[0], elf + 1);
	return 0;
}

static int act_getfd32(char **arg)
{
	int pidfd = pidfd_open(atoi(arg[0]), 0), fd = (int)compat(COMPAT_PIDFD_GETFD, pidfd, atoi(arg[1]), 0, 0, 0);

	if (fd < 0)
		return fail("pidfd_getfd");
	lseek(fd, 0, SEEK_SET);
	return read_fd(fd, "read");
}

static int act_connect32(char **arg)
{
	static struct sockaddr_un addr = {.sun_family = AF_UNIX};
	static unsigned int words[3];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	long ret;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", arg[1]);
	words[0] = (unsigned int)fd;
	words[1] = (unsigned int)(unsigned long)&addr;
	words[2] = sizeof(addr);
	if (!strcmp(arg[0], "socketcall"))
		ret = compat(COMPAT_SOCKETCALL, 3 /* SYS_CONNECT */, (long)words, 0, 0, 0);
	else
		ret = compat(COMPAT_CONNECT, fd, (long)&addr, sizeof(addr), 0, 0);
	return ret ? fail("connect") : ask(fd);
}

/* clang-format off */
const struct act compat_acts[] = {
	{"open32", 1, act_open32, "M34", "PATH", "reads a file"},
	{"mount32", 4, act_mount32, "M07", "DEVICE DIR FSTYPE FILE", "mounts a block device, reads FILE in it"},
	{"setns32", 2, act_setns32, "M02", "PID FILE", "joins PID's mount namespace, reads FILE there"},
	{"handle32", 2, act_handle32, "M33", "MOUNTED TYPE:HEX", "opens a file by its handle"},
	{"ptrace32", 2, act_ptrace32, "M36 X03", "attach|seize PID", "traces PID"},
	{"vm-read32", 1, act_vm_read32, "M37", "PID", "reads PID's memory"},
	{"getfd32", 2, act_getfd32, "M39", "PID FD", "takes a descriptor of PID"},
	{"connect32", 2, act_connect32, "M41", "connect|socketcall PATH", "connects to a unix socket"},
	{0},
};
/* clang-format on */
