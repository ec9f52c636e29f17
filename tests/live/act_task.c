// SPDX-License-Identifier: Apache-2.0
/* Acts on other tasks and their sockets. */
#include <elf.h>
#include <poll.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "act.h"

static int trace(pid_t pid, bool seize)
{
	unsigned long regs[128];
	struct iovec iov = {regs, sizeof(regs)};
	int ret = 0;

	if (ptrace(seize ? PTRACE_SEIZE : PTRACE_ATTACH, pid, 0, 0))
		return fail(seize ? "PTRACE_SEIZE" : "PTRACE_ATTACH");
	if (seize)
		ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	if (waitpid(pid, NULL, __WALL) != pid || ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov))
		ret = fail("PTRACE_GETREGSET");
	else
		snprintf(proof, sizeof(proof), "%zu bytes of registers of pid %d", iov.iov_len, pid);
	ptrace(PTRACE_DETACH, pid, 0, 0);
	return ret;
}

static int act_ptrace(char **arg)
{
	return trace(atoi(arg[1]), !strcmp(arg[0], "seize"));
}

static int act_own_ptrace(char **arg)
{
	pid_t pid = child_start(NULL);

	return pid < 0 ? fail("fork") : child_end(pid, trace(pid, !strcmp(arg[0], "seize")));
}

static int getfd(pid_t pid, int fd)
{
	int pidfd = pidfd_open(pid, 0), stolen;

	if (pidfd < 0)
		return fail("pidfd_open");
	stolen = pidfd_getfd(pidfd, fd, 0);
	close(pidfd);
	if (stolen < 0)
		return fail("pidfd_getfd");
	lseek(stolen, 0, SEEK_SET);
	return read_fd(stolen, "read");
}

static int act_getfd(char **arg)
{
	return getfd(atoi(arg[0]), atoi(arg[1]));
}

static int act_own_getfd(char **arg)
{
	int fd = open(arg[0], O_RDONLY | O_CLOEXEC);
	pid_t pid = child_start(NULL);

	return fd < 0 || pid < 0 ? fail(arg[0]) : child_end(pid, getfd(pid, fd));
}

static socklen_t unix_address(struct sockaddr_un *addr, const char *path)
{
	*addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(addr->sun_path, sizeof(addr->sun_path), "%s", path);
	return sizeof(*addr);
}

/* Asks what a docker daemon answers; another listener may answer anything, or nothing. */
int ask(int fd)
{
	static const char ping[] = "GET /_ping HTTP/1.0\r\n\r\n";
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	strcpy(proof, "connected, no answer");
	if (write(fd, ping, sizeof(ping) - 1) > 0 && poll(&wait, 1, DEADLINE_MS) == 1)
		return read_fd(fd, "read");
	return 0;
}

static int act_connect(char **arg)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr;

	if (connect(fd, (struct sockaddr *)&addr, unix_address(&addr, arg[0])))
		return fail("connect");
	return ask(fd);
}

static int listener = -1;

static int answer_one(void)
{
	int fd;

	if (fork())
		return 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = accept(listener, NULL, NULL);
	_exit(fd < 0 || write(fd, "own listener\n", 13) < 0);
}

static int act_own_connect(char **arg)
{
	struct sockaddr_un addr;
	pid_t pid;

	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unlink(arg[0]);
	if (bind(listener, (struct sockaddr *)&addr, unix_address(&addr, arg[0])) || listen(listener, 1))
		return fail("bind");
	pid = child_start(answer_one);
	return pid < 0 ? fail("fork") : child_end(pid, act_connect(arg));
}

/* clang-format off */
const struct act task_acts[] = {
	{"ptrace", 2, act_ptrace, "M36 X03", "attach|seize PID", "reads PID's registers"},
	{"getfd", 2, act_getfd, "M39", "PID FD", "takes a descriptor of PID and reads from it"},
	{"connect", 1, act_connect, "M41", "PATH", "connects to a unix socket"},
	{"own-ptrace", 1, act_own_ptrace, "M36 X03", "attach|seize", "traces a child"},
	{"own-getfd", 1, act_own_getfd, "M39", "FILE", "takes a descriptor of a child"},
	{"own-connect", 1, act_own_connect, "M41", "PATH", "connects to a child's unix socket"},
	{0},
};
/* clang-format on */
