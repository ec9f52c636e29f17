// SPDX-License-Identifier: Apache-2.0
/* Acts between principals by what is no file of a mount: sockets, descriptors passed on, System V objects, keys, signals. */
#include <linux/keyctl.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "act.h"

/* "@NAME" is an abstract name, all else a path. */
static socklen_t unix_name(struct sockaddr_un *addr, const char *name)
{
	size_t len = strlen(name);

	*addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(addr->sun_path, sizeof(addr->sun_path), "%s", name);
	if (*name != '@')
		return sizeof(*addr);
	addr->sun_path[0] = 0;
	return offsetof(struct sockaddr_un, sun_path) + len;
}

static int unix_bound(const char *name, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr;
	socklen_t len = unix_name(&addr, name);

	if (*name != '@')
		unlink(name);
	if (bind(fd, (struct sockaddr *)&addr, len) || (type != SOCK_DGRAM && listen(fd, 8)))
		return fail("bind");
	if (*name != '@')
		chmod(name, 0777);
	return fd;
}

static int said(const char *act)
{
	printf("ok %s: %d %s\n", act, getpid(), proof);
	fflush(stdout);
	return 0;
}

/* A child keeps the caller's descriptors until the container ends, but for those that a runtime's exec waits for. */
static void hold_on(void)
{
	fflush(stdout);
	if (fork())
		return;
	setsid();
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	sleep(FOREVER);
	_exit(0);
}

/* Descriptors in messages */

static int fd_send(int socket, int fd)
{
	char byte = 'x', control[CMSG_SPACE(sizeof(fd))] = {0};
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(socket, &msg, MSG_NOSIGNAL) == 1 ? 0 : fail("sendmsg");
}

static int fd_receive(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *head;
	int fd;

	if (recvmsg(socket, &msg, MSG_CMSG_CLOEXEC) != 1)
		return fail("recvmsg");
	head = CMSG_FIRSTHDR(&msg);
	if (!head || head->cmsg_type != SCM_RIGHTS) {
		errno = EBADMSG;
		return fail("no descriptor");
	}
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

/* A file's name, or one of these: what helpers pass on every day. */
static int fd_named(const char *name)
{
	int pair[2];

	if (!strcmp(name, "memfd"))
		return memfd_create("passed", MFD_CLOEXEC);
	if (!strcmp(name, "socket"))
		return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) ? -1 : pair[0];
	if (!strcmp(name, "pipe"))
		return pipe(pair) ? -1 : pair[0];
	return open(name, O_RDONLY | O_CLOEXEC);
}

static int act_serve(char **arg)
{
	int listener = unix_bound(arg[0], SOCK_STREAM), fd = fd_named(arg[1]);

	if (listener < 0 || fd < 0)
		return fail(arg[1]);
	said("serve");
	for (;;) {
		int peer = accept(listener, NULL, NULL);

		if (peer >= 0) {
			fd_send(peer, fd);
			close(peer);
		}
	}
}

static int act_receive(char **arg)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), got;
	struct sockaddr_un addr;
	struct stat st;

	if (connect(fd, (struct sockaddr *)&addr, unix_name(&addr, arg[0])))
		return fail("connect");
	got = fd_receive(fd);
	if (got < 0)
		return got;
	close(fd);
	if (fstat(got, &st))
		return fail("fstat");
	snprintf(proof, sizeof(proof), "a descriptor of mode %o, inode %lu", st.st_mode, (unsigned long)st.st_ino);
	if (S_ISREG(st.st_mode) && st.st_size)
		lseek(got, 0, SEEK_SET), read_fd(got, "read");
	hold_on();
	return 0;
}

/* Passed between two processes of the caller's. */
static int act_own_receive(char **arg)
{
	int pair[2], fd = open(arg[0], O_RDONLY | O_CLOEXEC), got;

	if (fd < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return fail(arg[0]);
	if (!fork())
		_exit(fd_send(pair[1], fd));
	got = fd_receive(pair[0]);
	wait(NULL);
	if (got < 0)
		return got;
	hold_on();
	return read_fd(got, "read");
}

/* Signals and other tasks' knobs */

static int act_signal(char **arg)
{
	int sig = atoi(arg[1]), pidfd = -1;
	pid_t pid = atoi(arg[0]);

	if (arg[2] && !strcmp(arg[2], "pidfd")) {
		pidfd = syscall(SYS_pidfd_open, pid, 0);
		if (pidfd < 0 || syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0))
			return fail("pidfd_send_signal");
	} else if (kill(pid, sig)) {
		return fail("kill");
	}
	snprintf(proof, sizeof(proof), "signal %d to %d", sig, pid);
	return 0;
}

static int act_own_signal(char **arg)
{
	pid_t pid = child_start(NULL);
	siginfo_t ended;

	(void)arg;
	if (pid < 0)
		return fail("fork");
	if (kill(pid, SIGSTOP) || kill(pid, SIGCONT))
		return child_end(pid, fail("kill"));
	if (kill(pid, SIGKILL) || waitid(P_PID, pid, &ended, WEXITED | WNOWAIT) || kill(pid, SIGSTOP))
		return child_end(pid, fail("kill of a zombie"));
	strcpy(proof, "a child stopped, continued and ended, and stopped once more");
	return child_end(pid, 0);
}

/* Sets what is set already. */
static int knobs(pid_t pid)
{
	struct rlimit limit;
	cpu_set_t set;

	if (prlimit(pid, RLIMIT_CORE, NULL, &limit) || prlimit(pid, RLIMIT_CORE, &limit, NULL))
		return fail("prlimit");
	if (sched_getaffinity(pid, sizeof(set), &set) || sched_setaffinity(pid, sizeof(set), &set))
		return fail("sched_setaffinity");
	if (setpriority(PRIO_PROCESS, pid, getpriority(PRIO_PROCESS, pid)))
		return fail("setpriority");
	snprintf(proof, sizeof(proof), "limits, processors and priority of %d set", pid);
	return 0;
}

static int act_control(char **arg)
{
	return knobs(atoi(arg[0]));
}

static int act_own_control(char **arg)
{
	pid_t pid = child_start(NULL);

	(void)arg;
	return pid < 0 ? fail("fork") : child_end(pid, knobs(pid) || knobs(0));
}

/* System V objects */

static int ipc_make(const char *kind, key_t key)
{
	int id = -1;

	if (!strcmp(kind, "shm")) {
		void *at;

		id = shmget(key, 4096, IPC_CREAT | 0666);
		at = id < 0 ? (void *)-1 : shmat(id, NULL, 0);
		if (at == (void *)-1)
			return fail("shmget");
		strcpy(at, "shared memory");
		shmdt(at);
	} else if (!strcmp(kind, "sem")) {
		id = semget(key, 1, IPC_CREAT | 0666);
	} else {
		struct {
			long type;
			char text[16];
		} m = {1, "a message"};

		id = msgget(key, IPC_CREAT | 0666);
		if (id < 0 || msgsnd(id, &m, sizeof(m.text), 0))
			return fail("msgget");
	}
	return id < 0 ? fail(kind) : id;
}

static int ipc_use(const char *kind, int id)
{
	if (!strcmp(kind, "shm")) {
		void *at = shmat(id, NULL, SHM_RDONLY);

		if (at == (void *)-1)
			return fail("shmat");
		snprintf(proof, sizeof(proof), "%s", (char *)at);
		return shmdt(at);
	}
	if (!strcmp(kind, "sem")) {
		struct sembuf op[2] = {{0, 1, 0}, {0, -1, 0}};

		if (semctl(id, 0, GETVAL) < 0 || semop(id, op, 2))
			return fail("semop");
		strcpy(proof, "raised and lowered");
	} else {
		struct {
			long type;
			char text[16];
		} m;

		if (msgrcv(id, &m, sizeof(m.text), 0, IPC_NOWAIT) < 0 || msgsnd(id, &m, sizeof(m.text), 0))
			return fail("msgrcv");
		snprintf(proof, sizeof(proof), "%.15s", m.text);
	}
	return 0;
}

static int ipc_end(const char *kind, int id)
{
	if (!strcmp(kind, "shm"))
		return shmctl(id, IPC_RMID, NULL);
	return !strcmp(kind, "sem") ? semctl(id, 0, IPC_RMID) : msgctl(id, IPC_RMID, NULL);
}

static int ended;

static void on_end(int sig)
{
	(void)sig;
	ended = 1;
}

/* Makes one and holds it until it is told to end. */
static int act_ipc_make(char **arg)
{
	int id = ipc_make(arg[0], arg[1] ? atoi(arg[1]) : IPC_PRIVATE);
	struct sigaction end = {.sa_handler = on_end};

	if (id < 0)
		return id;
	sigaction(SIGTERM, &end, NULL);
	snprintf(proof, sizeof(proof), "%d", id);
	said("ipc-make");
	while (!ended)
		pause();
	return ipc_end(arg[0], id);
}

static int act_ipc(char **arg)
{
	return ipc_use(arg[0], atoi(arg[1]));
}

/* What a database does all day: objects by key, made and used by several processes. */
static int act_own_ipc(char **arg)
{
	static const char *const kinds[] = {"shm", "sem", "msg"};

	(void)arg;
	for (int i = 0; i < 3; i++) {
		key_t key = 0x5000 + getpid() * 4 + i;
		int id = ipc_make(kinds[i], key), status;

		if (id < 0)
			return id;
		if (!fork())
			_exit(ipc_make(kinds[i], key) != id || ipc_use(kinds[i], id) ? 1 : 0);
		wait(&status);
		if (status || ipc_use(kinds[i], id) || ipc_end(kinds[i], id))
			return fail(kinds[i]);
	}
	strcpy(proof, "three objects");
	return 0;
}

/* Keys */

static int act_key_make(char **arg)
{
	long serial = syscall(SYS_add_key, "user", arg[0], "key's payload", 13, KEY_SPEC_PROCESS_KEYRING);

	if (serial < 0 || syscall(SYS_keyctl, KEYCTL_SETPERM, serial, 0x3f3f3f3f))
		return fail("add_key");
	snprintf(proof, sizeof(proof), "%ld", serial);
	said("key-make");
	sleep(FOREVER);
	return 0;
}

static int act_key(char **arg)
{
	long len = syscall(SYS_keyctl, KEYCTL_READ, atol(arg[0]), proof, sizeof(proof) - 1);

	if (len < 0)
		return fail("KEYCTL_READ");
	proof[len] = 0;
	return 0;
}

/* Asks for COUNT serial numbers, as a search for others' keys does. */
static int act_key_search(char **arg)
{
	int refused = 0;

	for (long id = 0x10000001; id < 0x10000001 + atol(arg[0]); id++)
		refused += syscall(SYS_keyctl, KEYCTL_DESCRIBE, id, NULL, 0) < 0;
	snprintf(proof, sizeof(proof), "%d of %s refused", refused, arg[0]);
	return 0;
}

/* A session keyring of its own and a key in it, as pam_keyinit and a login do; a key that is not there. */
static int act_own_key(char **arg)
{
	long session = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL), serial;

	(void)arg;
	if (session < 0)
		return fail("KEYCTL_JOIN_SESSION_KEYRING");
	syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING);
	serial = syscall(SYS_add_key, "user", "own", "own payload", 11, KEY_SPEC_SESSION_KEYRING);
	if (serial < 0 || syscall(SYS_keyctl, KEYCTL_READ, serial, proof, sizeof(proof) - 1) < 0)
		return fail("add_key");
	for (int i = 0; i < 100; i++)
		syscall(SYS_keyctl, KEYCTL_SEARCH, session, "user", "none such", 0);
	if (syscall(SYS_request_key, "user", "own", NULL, 0) != serial ||
	    syscall(SYS_keyctl, KEYCTL_DESCRIBE, session, NULL, 0) < 0)
		return fail("request_key");
	proof[11] = 0;
	return 0;
}

/* Sockets */

static int act_listen(char **arg)
{
	int fd = unix_bound(arg[1], strcmp(arg[0], "dgram") ? SOCK_STREAM : SOCK_DGRAM);
	char byte;

	if (fd < 0)
		return fd;
	/* systemd's way: who listens is not who answers */
	if (!strcmp(arg[0], "activated") && fork())
		return said("listen"), sleep(FOREVER), 0;
	if (!strcmp(arg[0], "activated"))
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* it ends with the one that the suite knows */
	else
		said("listen");
	for (;;)
		if (strcmp(arg[0], "dgram"))
			close(accept(fd, NULL, NULL));
		else if (recv(fd, &byte, 1, 0) < 0)
			return fail("recv");
}

/* stream|connected|unconnected NAME; the last two are of datagrams */
static int act_send(char **arg)
{
	int fd = socket(AF_UNIX, (strcmp(arg[0], "stream") ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr;
	socklen_t len = unix_name(&addr, arg[1]);

	if (strcmp(arg[0], "unconnected")) {
		if (connect(fd, (struct sockaddr *)&addr, len))
			return fail("connect");
		len = 0;
	}
	for (int i = 0; i < 3 && strcmp(arg[0], "stream"); i++)
		if (sendto(fd, "hello", 5, 0, len ? (struct sockaddr *)&addr : NULL, len) != 5)
			return fail("sendto");
	snprintf(proof, sizeof(proof), "%s to %s", arg[0], arg[1]);
	return 0;
}

static int act_own_datagram(char **arg)
{
	char *words[] = {"unconnected", arg[0], NULL};
	int fd = unix_bound(arg[0], SOCK_DGRAM), ret;

	if (fd < 0)
		return fd;
	ret = act_send(words);
	words[0] = "connected";
	return ret ? ret : act_send(words);
}

/* clang-format off */
const struct act ipc_acts[] = {
	{"serve", 2, act_serve, "M40", "NAME FILE|memfd|socket|pipe", "hands a descriptor to whoever connects to NAME"},
	{"receive", 1, act_receive, "M40 X05", "NAME", "takes what a server hands out, and a child keeps it"},
	{"own-receive", 1, act_own_receive, "M40 X05", "FILE", "passes a descriptor of FILE to itself"},
	{"signal", 2, act_signal, "X04 P14", "PID SIGNAL [pidfd]", "sends a signal"},
	{"own-signal", 0, act_own_signal, "X04", "", "stops, continues and ends a child, and signals its zombie"},
	{"control", 1, act_control, "X04", "PID", "sets PID's limits, processors and priority to what they are"},
	{"own-control", 0, act_own_control, "X04", "", "the same of a child and of itself"},
	{"ipc-make", 1, act_ipc_make, "M49", "shm|sem|msg [KEY]", "makes a System V object and keeps it"},
	{"ipc", 2, act_ipc, "M49 X09", "shm|sem|msg ID", "uses a System V object"},
	{"own-ipc", 0, act_own_ipc, "B28", "", "makes and uses one of each"},
	{"key-make", 1, act_key_make, "M53", "NAME", "makes a key that all may read, and keeps it"},
	{"key", 1, act_key, "M53 X10", "SERIAL", "reads a key"},
	{"key-search", 1, act_key_search, "M53", "COUNT", "asks for COUNT keys by their numbers"},
	{"own-key", 0, act_own_key, "B23", "", "a session keyring and a key of its own"},
	{"listen", 2, act_listen, "M44", "stream|dgram|activated NAME", "a unix socket that takes all and says nothing"},
	{"send", 2, act_send, "M44 X08", "stream|connected|unconnected NAME", "connects or sends to a unix socket"},
	{"own-datagram", 1, act_own_datagram, "M44 X08", "NAME", "sends to itself, both ways"},
	{0},
};
/* clang-format on */
