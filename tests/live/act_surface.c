// SPDX-License-Identifier: Apache-2.0
/* Acts that look like what exploits begin with, and are not: the first step alone, on what is the caller's own. */
#include <linux/mount.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "act.h"

/* A file's first byte goes into a pipe. */
static int act_splice(char **arg)
{
	size_t len = (size_t)atol(arg[0]);
	int fd = open(arg[1], O_RDONLY | O_CLOEXEC), ends[2];
	ssize_t n;

	if (fd < 0 || pipe(ends))
		return fail(arg[1]);
	n = splice(fd, NULL, ends[1], NULL, len, 0);
	if (n <= 0)
		return fail("splice");
	snprintf(proof, sizeof(proof), "%zd bytes of %s", n, arg[1]);
	return 0;
}

/* N options of 250 bytes each for a tmpfs that is never mounted. */
static int act_options(char **arg)
{
	int fs = (int)syscall(SYS_fsopen, "tmpfs", 0);
	char size[251];

	if (fs < 0)
		return fail("fsopen");
	memset(size, '0', sizeof(size) - 2);
	memcpy(size + sizeof(size) - 3, "1m", 3);
	for (int i = 0; i < atoi(arg[0]); i++)
		if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "size", size, 0))
			return fail("fsconfig");
	close(fs);
	snprintf(proof, sizeof(proof), "%s options", arg[0]);
	return 0;
}

#ifndef SYS_listmount
#define SYS_listmount 458
#endif
#define NS_GET_MNTNS_ID_ _IOR(0xb7, 5, unsigned long long) /* 6.11 */

/* The caller's own mounts, asked for as another namespace's are: by its number. */
static int act_list_mounts(char **arg)
{
	struct {
		unsigned int size, spare;
		unsigned long long mnt_id, param, mnt_ns_id;
	} request = {.size = sizeof(request), .mnt_id = 0xffffffffffffffffull /* LSMT_ROOT */};
	unsigned long long ids[64];
	int ns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	long n;

	(void)arg;
	if (ns < 0 || ioctl(ns, NS_GET_MNTNS_ID_, &request.mnt_ns_id))
		return fail("NS_GET_MNTNS_ID");
	close(ns);
	n = syscall(SYS_listmount, &request, ids, 64, 0);
	if (n < 0)
		return fail("listmount");
	snprintf(proof, sizeof(proof), "%ld mounts", n);
	return 0;
}

/* N names that nobody listens at, or N times the same: with other bytes behind its end each time, as glibc asks for nscd. */
static int act_hunt(char **arg)
{
	bool same = arg[1] && !strcmp(arg[1], "same");
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int n = atoi(arg[0]);

	for (int i = 0; i < n; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		/* every other one is a socket of a daemon that has ended */
		memset(addr.sun_path, 'A' + i % 26, sizeof(addr.sun_path));
		snprintf(addr.sun_path, sizeof(addr.sun_path), "/tmp/hunt-%d.sock", same ? 0 : i);
		if (!same && i % 2) {
			bind(fd, (struct sockaddr *)&addr, sizeof(addr));
			close(fd);
			fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		}
		if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
			return -EISCONN;
		close(fd);
	}
	snprintf(proof, sizeof(proof), "%d sockets refused", n);
	return 0;
}

static int timer_alarm(void)
{
	return timerfd_create(CLOCK_REALTIME_ALARM, TFD_CLOEXEC);
}

static int reboot_nothing(void)
{
	return (int)syscall(SYS_reboot, 0, 0, 0, NULL); /* without its magic numbers */
}

static int account_nothing(void)
{
	return (int)syscall(SYS_acct, "/no/such/file");
}

static int set_no_time(void)
{
	return (int)syscall(SYS_settimeofday, NULL, NULL);
}

static int unload_nothing(void)
{
	return (int)syscall(SYS_delete_module, "no_such_module", O_NONBLOCK);
}

static int map_no_ports(void)
{
	return (int)syscall(SYS_ioperm, 0, 1, 1);
}

/* The first N of calls that each take a capability of their own, and do nothing where it is had. */
static int act_try_capabilities(char **arg)
{
	int (*const calls[])(void) = {set_no_time, timer_alarm, reboot_nothing, account_nothing, unload_nothing, map_no_ports};
	int refused = 0;

	for (int i = 0; i < atoi(arg[0]) && i < (int)(sizeof(calls) / sizeof(calls[0])); i++)
		refused += calls[i]() < 0 && errno == EPERM;
	snprintf(proof, sizeof(proof), "%d calls refused", refused);
	return refused ? 0 : -EPERM;
}

/* The loopback's flags are set to what they are. */
static int act_net_admin(char **arg)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_name = "lo"};

	(void)arg;
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) || ioctl(fd, SIOCSIFFLAGS, &request))
		return fail("SIOCSIFFLAGS");
	close(fd);
	snprintf(proof, sizeof(proof), "lo is as it was");
	return 0;
}

/* FILE is executed with no arguments, or with the usual one. */
static int act_privileged(char **arg)
{
	char *none[] = {NULL}, *usual[] = {arg[1], NULL}, *env[] = {NULL};
	int status, quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid_t pid = fork();

	if (pid == 0) {
		dup2(quiet, 1);
		dup2(quiet, 2);
		execve(arg[1], strcmp(arg[0], "bare") ? usual : none, env);
		_exit(126);
	}
	close(quiet);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) == 126)
		return fail(arg[1]);
	snprintf(proof, sizeof(proof), "%s ended with %d", arg[1], WEXITSTATUS(status));
	return 0;
}

/* clang-format off */
const struct act surface_acts[] = {
	{"splice", 2, act_splice, "K10 B50", "LEN FILE", "splices the beginning of a file into a pipe"},
	{"options", 1, act_options, "K13", "N", "gives a mount N options of 250 bytes"},
	{"list-mounts", 0, act_list_mounts, "D09", "", "lists the mounts of its namespace by the namespace's number"},
	{"hunt", 1, act_hunt, "D03", "N [same]", "connects to N unix sockets that nobody listens at"},
	{"try-caps", 1, act_try_capabilities, "D01", "N", "makes N calls that take a capability each"},
	{"net-admin", 0, act_net_admin, "M51", "", "sets the loopback's flags to what they are"},
	{"privileged", 2, act_privileged, "K21 B23", "bare|usual FILE", "executes FILE, without arguments or with one"},
	{0},
};
/* clang-format on */
