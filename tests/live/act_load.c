// SPDX-License-Identifier: Apache-2.0
/* Acts that are checked for capabilities a known number of times, and acts that make records as fast as they can. */
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "act.h"

/* Each call is checked once, with an audit: chroot for CAP_SYS_CHROOT against the caller's user namespace. */
static int act_chroot(char **arg)
{
	int n = atoi(arg[0]), done = 0;

	while (done < n && !chroot("/"))
		done++;
	snprintf(proof, sizeof(proof), "%d calls", done);
	return done == n ? 0 : fail("chroot");
}

/* sethostname for CAP_SYS_ADMIN, against the owner of the uts namespace. */
static int act_hostname(char **arg)
{
	int n = atoi(arg[0]), done = 0;

	while (done < n && sethostname("container", 9) && errno == EPERM)
		done++;
	snprintf(proof, sizeof(proof), "%d calls refused", done);
	return done == n ? 0 : fail("sethostname");
}

/* Questions that are no uses: memory beyond the overcommit limit (CAP_SYS_ADMIN), addresses in kallsyms (CAP_SYSLOG). */
static int act_questions(char **arg)
{
	int n = atoi(arg[0]), fd;

	for (int i = 0; i < n; i++) {
		void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
		if (p == MAP_FAILED || fd < 0)
			return fail("mmap, kallsyms");
		munmap(p, 4096);
		close(fd);
	}
	snprintf(proof, sizeof(proof), "%d of each", n);
	return 0;
}

static int set_effective(int cap, bool on)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -1;
	data[cap / 32].effective &= ~(1u << cap % 32);
	if (on)
		data[cap / 32].effective |= data[cap / 32].permitted & 1u << cap % 32;
	return syscall(SYS_capset, &head, data);
}

/* Refused once, and then granted. */
static int act_chroot_regained(char **arg)
{
	(void)arg;
	if (set_effective(CAP_SYS_CHROOT, false) || !chroot("/") || errno != EPERM)
		return fail("chroot without the capability");
	if (set_effective(CAP_SYS_CHROOT, true) || chroot("/"))
		return fail("chroot with it again");
	snprintf(proof, sizeof(proof), "refused, then granted");
	return 0;
}

/* In a user namespace of its own: full capabilities that say nothing about the host. */
static int act_chroot_userns(char **arg)
{
	if (unshare(CLONE_NEWUSER))
		return fail("unshare");
	return act_chroot(arg);
}

static bool is_before(time_t end)
{
	return time(NULL) < end;
}

static void child(bool execs)
{
	pid_t pid = vfork();

	if (!pid) {
		if (execs)
			execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* A new file system that is in no tree: gone with its descriptor. */
static void mount_detached(void)
{
	int fs = fsopen("tmpfs", FSOPEN_CLOEXEC), fd;

	if (fs >= 0 && !fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0)) {
		fd = fsmount(fs, FSMOUNT_CLOEXEC, 0);
		if (fd >= 0)
			close(fd);
	}
	close(fs);
}

/* Telemetry from two processes at once: forks, exits and mounts, and now and then an exec; capability checks in between. */
static int act_flood(char **arg)
{
	time_t end = time(NULL) + atoi(arg[0]);
	unsigned long rounds = 0;
	pid_t other = fork();

	for (; is_before(end); rounds++) {
		child(rounds % 8 == 0);
		mount_detached();
		if (chroot("/"))
			break;
	}
	if (!other)
		_exit(0);
	waitpid(other, NULL, 0);
	snprintf(proof, sizeof(proof), "%lu rounds by one of two", rounds);
	return rounds ? 0 : fail("fork");
}

/* Opens a file that is not the container's, again and again. */
static int act_open_flood(char **arg)
{
	time_t end = time(NULL) + atoi(arg[0]);
	unsigned long opens = 0;
	int fd;

	for (; is_before(end); opens++) {
		fd = open(arg[1], O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return fail(arg[1]);
		close(fd);
	}
	snprintf(proof, sizeof(proof), "%lu opens", opens);
	return 0;
}

static int filter_all(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {1, &allow};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static unsigned int seconds;

static void *plain_thread(void *arg)
{
	char *argv[] = {"act", "pause", NULL};

	(void)arg;
	if (!fork())
		_exit(0);
	sleep(seconds);
	printf("ok threads-seccomp: a thread without the first one's filter executes\n");
	fflush(stdout);
	execv("/proc/self/exe", argv);
	return NULL;
}

/* The first thread takes a filter; one that has none forks, and then executes: the process is without the filter, legally. */
static int act_threads_seccomp(char **arg)
{
	pthread_t thread;

	seconds = atoi(arg[0]);
	if (pthread_create(&thread, NULL, plain_thread, NULL) || filter_all())
		return fail("seccomp");
	if (!fork())
		_exit(0);
	pthread_join(thread, NULL);
	return fail("execv");
}

/* Takes another user's ids and its own again, and opens a file as each, for longer than the sensor's sweeps are apart. */
static int act_ids_changed(char **arg)
{
	(void)arg;
	for (int i = 0; i < 60; i++) {
		int fd;

		if (setresuid(7, 7, 0) || (fd = open("/etc/hostname", O_RDONLY | O_CLOEXEC)) < 0)
			return fail("as another user");
		close(fd);
		usleep(20000);
		if (setresuid(0, 0, 0) || (fd = open("/etc/hostname", O_RDONLY | O_CLOEXEC)) < 0)
			return fail("as root");
		close(fd);
		usleep(20000);
	}
	return 0;
}

/* clang-format off */
const struct act load_acts[] = {
	{"chroot-check", 1, act_chroot, "", "N", "is checked for CAP_SYS_CHROOT N times"},
	{"hostname", 1, act_hostname, "", "N", "is refused CAP_SYS_ADMIN N times"},
	{"questions", 1, act_questions, "", "N", "has the kernel ask for capabilities without an audit"},
	{"chroot-regained", 0, act_chroot_regained, "", "", "is refused CAP_SYS_CHROOT, then granted it"},
	{"chroot-userns", 1, act_chroot_userns, "", "N", "is checked for it in a user namespace of its own"},
	{"threads-seccomp", 1, act_threads_seccomp, "K05", "SECONDS", "executes by a thread without the first one's filter"},
	{"ids-changed", 0, act_ids_changed, "K02", "", "takes another user's ids and its own again"},
	{"flood", 1, act_flood, "P14", "SECONDS", "makes telemetry as fast as it can"},
	{"open-flood", 2, act_open_flood, "P14 M34", "SECONDS FILE", "opens FILE as fast as it can"},
	{0},
};
/* clang-format on */
