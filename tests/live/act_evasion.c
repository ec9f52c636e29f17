// SPDX-License-Identifier: Apache-2.0
/*
 * Other doors to the objects of the other acts, and disguises: acts that change who does what follows them (another thread, child,
 * name), and calls whose arguments another thread rewrites meanwhile.
 */
#include <limits.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "act.h"

#ifndef PIDFD_GET_MNT_NAMESPACE
#define PIDFD_GET_MNT_NAMESPACE _IO(0xFF, 3)
#endif
#ifndef NS_MNT_GET_PREV
#define NS_MNT_GET_PREV                                                                                                        \
	_IOR(                                                                                                                  \
		0xb7, 12, struct { unsigned int a[4]; })
#endif

/* --- who goes on --- */

static int act_comm(char **arg)
{
	if (prctl(PR_SET_NAME, arg[0]))
		return fail("PR_SET_NAME");
	strcpy(proof, arg[0]);
	return 0;
}

static void *thread_goes_on(void *code)
{
	/* its own root and namespaces, where it is allowed them: setns wants no fs_struct shared */
	unshare(CLONE_FS);
	*(int *)code = go_on();
	return NULL;
}

static int act_thread(char **arg)
{
	pthread_t thread;
	int code = 2;

	(void)arg;
	if (pthread_create(&thread, NULL, thread_goes_on, &code))
		return fail("pthread_create");
	pthread_join(thread, NULL);
	exit(code);
}

static int parent_ends(pid_t pid, const char *step)
{
	int status;

	if (pid < 0)
		return fail(step);
	if (waitpid(pid, &status, 0) != pid)
		return fail("waitpid");
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
}

static int act_vfork(char **arg)
{
	pid_t pid;

	(void)arg;
	pid = vfork();
	if (!pid)
		_exit(go_on()); /* in the parent's memory, while it waits */
	return parent_ends(pid, "vfork");
}

/* clone3, its child born into the version 2 cgroup DIR where one is given. */
static int act_clone3(char **arg)
{
	struct {
		unsigned long long flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
			set_tid_size, cgroup;
	} args = {.exit_signal = SIGCHLD};
	pid_t pid;

	if (arg[0]) {
		args.flags = 0x200000000ull; /* CLONE_INTO_CGROUP */
		args.cgroup = open(arg[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if ((int)args.cgroup < 0)
			return fail(arg[0]);
	}
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (!pid) {
		if (arg[0])
			printf("ok clone3: pid %d was born in %s\n", getpid(), arg[0]);
		fflush(stdout);
		_exit(go_on());
	}
	return parent_ends(pid, "clone3");
}

/* Does nothing more: what is to be seen of the task by now is its state. */
static int act_linger(char **arg)
{
	sleep(atoi(arg[0]));
	strcpy(proof, arg[0]);
	return 0;
}

/* --- files --- */

/* The last component, its directory being cut off from path. */
static char *split(char *path)
{
	char *slash = strrchr(path, '/');

	*slash = 0;
	return slash + 1;
}

static int open_by(const char *door, char *path)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC};
	char name[64];
	int fd;

	if (!strcmp(door, "open"))
		return (int)syscall(SYS_open, path, O_RDONLY | O_CLOEXEC);
	if (!strcmp(door, "creat"))
		return (int)syscall(SYS_creat, path, 0600);
	if (!strcmp(door, "openat2"))
		return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	if (!strcmp(door, "opath")) {
		/* the first open is none to most hooks, the second is of a link that has no path */
		fd = open(path, O_PATH | O_CLOEXEC);
		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		return fd < 0 ? fd : open(name, O_RDONLY | O_CLOEXEC);
	}
	if (!strcmp(door, "dirfd")) {
		const char *leaf = split(path);

		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? fd : openat(fd, leaf, O_RDONLY | O_CLOEXEC);
	}
	if (!strcmp(door, "cwd")) {
		const char *leaf = split(path);

		return chdir(path) ? -1 : open(leaf, O_RDONLY | O_CLOEXEC);
	}
	if (!strcmp(door, "chroot")) {
		char *leaf = split(path), inside[64];

		snprintf(inside, sizeof(inside), "/%s", leaf);
		return chroot(path) || chdir("/") ? -1 : open(inside, O_RDONLY | O_CLOEXEC);
	}
	errno = EINVAL;
	return -1;
}

static int act_open_by(char **arg)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s", arg[1]);
	fd = open_by(arg[0], path);
	if (fd < 0)
		return fail(arg[0]);
	if (strcmp(arg[0], "creat"))
		return read_fd(fd, "read");
	strcpy(proof, "created");
	return 0;
}

static int act_chroot_to(char **arg)
{
	if (chroot(arg[0]) || chdir("/"))
		return fail("chroot");
	strcpy(proof, arg[0]);
	return 0;
}

/* Executes a program by its path; what it prints is the proof. */
static int act_exec(char **arg)
{
	fflush(stdout);
	execv(arg[0], arg);
	return fail(arg[0]);
}

static int act_bind_to(char **arg)
{
	int fd = open(arg[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || mount(arg[0], arg[1], NULL, MS_BIND, NULL))
		return fail("bind mount");
	close(fd);
	snprintf(proof, sizeof(proof), "%s is %s", arg[1], arg[0]);
	return 0;
}

static int act_rename(char **arg)
{
	if (rename(arg[0], arg[1]))
		return fail("rename");
	snprintf(proof, sizeof(proof), "%s is %s", arg[1], arg[0]);
	return 0;
}

static int read_at(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? fail(name) : read_fd(fd, "read");
}

static int act_node(char **arg)
{
	unsigned int major, minor;

	if (sscanf(arg[0], "%u:%u", &major, &minor) != 2 || mknod(arg[1], S_IFBLK | 0600, makedev(major, minor)))
		return fail("mknod");
	if (mkdir("/tmp/disk", 0700))
		return fail("mkdir");
	strcpy(proof, arg[1]);
	return 0;
}

/* A filesystem that is mounted nowhere, and used by its descriptor. */
static int act_detached(char **arg)
{
	int fs = fsopen(arg[1], FSOPEN_CLOEXEC), mnt;

	if (fs < 0)
		return fail("fsopen");
	if (fsconfig(fs, FSCONFIG_SET_STRING, "source", arg[0], 0) || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return fail("fsconfig");
	mnt = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	return mnt < 0 ? fail("fsmount") : read_at(mnt, arg[2]);
}

static int act_open_tree(char **arg)
{
	int mnt = open_tree(AT_FDCWD, arg[0], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

	return mnt < 0 ? fail("open_tree") : read_at(mnt, arg[1]);
}

/* What others open of the filesystem that FILE is on comes as descriptors, whatever part of it is mounted here. */
static int act_fanotify(char **arg)
{
	struct fanotify_event_metadata *event;
	char buf[4096];
	struct stat own, other;
	int group = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (group < 0 || stat(arg[0], &own) ||
	    fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN, AT_FDCWD, arg[0]))
		return fail("fanotify");
	for (;;) {
		len = read(group, buf, sizeof(buf));
		if (len < 0)
			return fail("read of events");
		event = (void *)buf;
		for (; FAN_EVENT_OK(event, len); event = FAN_EVENT_NEXT(event, len)) {
			if (!fstat(event->fd, &other) && other.st_ino != own.st_ino && S_ISREG(other.st_mode))
				return read_fd(event->fd, "read");
			close(event->fd);
		}
	}
}

/* Opens FILE again and again: what fanotify shows. */
static int act_reopen(char **arg)
{
	printf("ok reopen: %s\n", arg[0]);
	fflush(stdout);
	for (;;) {
		int fd = open(arg[0], O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			return fail(arg[0]);
		close(fd);
		usleep(50000);
	}
}

/* --- namespaces --- */

static int ns_of_pidfd(pid_t pid)
{
	int pidfd = pidfd_open(pid, 0);

	return pidfd < 0 ? pidfd : ioctl(pidfd, PIDFD_GET_MNT_NAMESPACE, 0);
}

/* From its own mount namespace to the one made before it, and so on: to the oldest, the host's. */
static int ns_oldest(void)
{
	int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), next;

	for (int i = 0; i < 1000; i++) {
		next = ioctl(fd, NS_MNT_GET_PREV, NULL);
		if (next < 0)
			break;
		close(fd);
		fd = next;
	}
	return errno == ENOENT ? fd : -1;
}

/* TYPE:HEX, as handle-of prints it of a namespace file. */
static int ns_of_handle(const char *text)
{
	int mount = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), used = 0;
	struct {
		struct file_handle head;
		unsigned char bytes[128];
	} h = {0};

	if (mount < 0 || sscanf(text, "%d:%n", &h.head.handle_type, &used) != 1)
		return -1;
	for (text += used; sscanf(text, "%2hhx", &h.bytes[h.head.handle_bytes]) == 1; text += 2)
		h.head.handle_bytes++;
	return open_by_handle_at(mount, &h.head, O_RDONLY | O_CLOEXEC);
}

/* Joins the host's mount namespace by a namespace file that comes by DOOR. */
static int act_setns_by(char **arg)
{
	int fd = -1;

	errno = EINVAL;
	if (!strcmp(arg[0], "pidfd-ioctl"))
		fd = ns_of_pidfd(atoi(arg[1]));
	else if (!strcmp(arg[0], "nsfs-ioctl"))
		fd = ns_oldest();
	else if (!strcmp(arg[0], "handle"))
		fd = ns_of_handle(arg[1]);
	if (fd < 0)
		return fail(arg[0]);
	if (setns(fd, CLONE_NEWNS))
		return fail("setns");
	return read_file(arg[2]);
}

/* --- other tasks --- */

/* The first bytes of the program that PID runs, which is this one: at a place that is the same in each. */
static int act_vm_read(char **arg)
{
	static char elf[4];
	struct iovec to = {elf, sizeof(elf)}, from = {(void *)0x400000, sizeof(elf)};

	if (process_vm_readv(atoi(arg[0]), &to, 1, &from, 1, 0) != sizeof(elf))
		return fail("process_vm_readv");
	snprintf(proof, sizeof(proof), "the program of pid %s begins with %.3s", arg[0], elf + 1);
	return 0;
}

static int act_mem_read(char **arg)
{
	char path[64], elf[4];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/mem", arg[0]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, elf, sizeof(elf), 0x400000) != sizeof(elf))
		return fail(path);
	snprintf(proof, sizeof(proof), "the program of pid %s begins with %.3s", arg[0], elf + 1);
	return 0;
}

/* Connects to a socket whose name it has by a descriptor alone. */
static int act_connect_fd(char **arg)
{
	int path = open(arg[0], O_PATH | O_CLOEXEC), fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d", path);
	if (path < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fail("connect");
	return ask(fd);
}

/* Listens on PATH in a child for the acts that follow. */
static int act_own_listen(char **arg)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", arg[0]);
	unlink(arg[0]);
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) || listen(listener, 8))
		return fail("bind");
	fflush(stdout);
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while ((fd = accept(listener, NULL, NULL)) >= 0) {
			char byte;

			if (read(fd, &byte, 1) < 0 || write(fd, "own listener\n", 13) < 0)
				break;
			close(fd);
		}
		_exit(1);
	}
	close(listener);
	snprintf(proof, sizeof(proof), "listening on %s", arg[0]);
	return 0;
}

/* --- arguments that change during the call --- */

static struct {
	char text[PATH_MAX]; /* what the calls are given */
	const char *names[2];
	bool stop;
} flip;

static void *flip_text(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; !__atomic_load_n(&flip.stop, __ATOMIC_RELAXED); i++) {
		/* of one length: each is whole whenever it is read, but for a moment */
		memcpy(flip.text, flip.names[i & 1], strlen(flip.names[0]));
		sched_yield();
	}
	return NULL;
}

/*
 * Opens a path that another thread flips between DECOY and TARGET, until it got TARGET so many times, counting them by what was
 * really opened. Both names have one length.
 */
static int act_flip_open(char **arg)
{
	int want = atoi(arg[2]), targets = 0, decoys = 0;
	struct stat target, st;
	pthread_t thread;

	close(open(arg[0], O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
	if (strlen(arg[0]) != strlen(arg[1]) || strlen(arg[0]) >= sizeof(flip.text) || stat(arg[1], &target))
		return fail("two names of one length");
	flip.names[0] = arg[0];
	flip.names[1] = arg[1];
	strcpy(flip.text, arg[0]);
	if (pthread_create(&thread, NULL, flip_text, NULL))
		return fail("pthread_create");
	for (int i = 0; i < 1000000 && targets < want; i++) {
		int fd = open(flip.text, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		if (fstat(fd, &st))
			return fail("fstat");
		if (st.st_dev == target.st_dev && st.st_ino == target.st_ino)
			targets++;
		else
			decoys++;
		close(fd);
	}
	__atomic_store_n(&flip.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	snprintf(proof, sizeof(proof), "%d of the target, %d of the decoy", targets, decoys);
	errno = ENODATA;
	return targets == want ? 0 : fail(proof);
}

/* clang-format off */
const struct act evasion_acts[] = {
	{"comm", 1, act_comm, "", "NAME", "goes on under another name"},
	{"thread", 0, act_thread, "", "", "goes on in another thread than the first"},
	{"vfork", 0, act_vfork, "", "", "goes on in a child in its own memory"},
	{"clone3", 0, act_clone3, "M57", "[DIR]", "goes on in a child, born in the cgroup DIR"},
	{"linger", 1, act_linger, "", "SECONDS", "sleeps"},
	{"chroot-to", 1, act_chroot_to, "M06", "DIR", "changes its root, and opens nothing"},
	{"open-by", 2, act_open_by, "M34", "open|creat|openat2|opath|dirfd|cwd|chroot FILE", "opens FILE by another door"},
	{"exec", 1, act_exec, "M34", "FILE ARG...", "executes FILE"},
	{"bind-to", 2, act_bind_to, "", "FILE NAME", "gives FILE another name by a bind mount"},
	{"rename", 2, act_rename, "", "FILE NAME", "gives FILE another name"},
	{"node", 2, act_node, "M12", "MAJ:MIN PATH", "makes a device node, and the directory /tmp/disk"},
	{"detached", 3, act_detached, "M08 M09", "DEVICE FSTYPE FILE", "reads FILE of a mount that is attached nowhere"},
	{"open-tree", 2, act_open_tree, "M09", "DIR FILE", "reads FILE of a detached copy of DIR's mount"},
	{"fanotify", 1, act_fanotify, "M56", "FILE", "reads what others open on FILE's filesystem"},
	{"reopen", 1, act_reopen, "", "FILE", "opens FILE again and again"},
	{"setns-by", 3, act_setns_by, "M03 M04", "pidfd-ioctl|nsfs-ioctl|handle PID|-|TYPE:HEX FILE", "joins the host's mount namespace"},
	{"vm-read", 1, act_vm_read, "M37", "PID", "reads PID's memory with process_vm_readv"},
	{"mem-read", 1, act_mem_read, "M38", "PID", "reads PID's memory by /proc"},
	{"connect-fd", 1, act_connect_fd, "M41", "PATH", "connects to a unix socket by /proc/self/fd"},
	{"own-listen", 1, act_own_listen, "", "PATH", "listens in a child for the acts that follow"},
	{"flip-open", 3, act_flip_open, "M34", "DECOY TARGET N", "opens a path that another thread rewrites"},
	{0},
};
/* clang-format on */
