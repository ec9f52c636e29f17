// SPDX-License-Identifier: Apache-2.0
/* Acts on namespaces and cgroups. */
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "act.h"

enum {
	NAMESPACES = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP
};

int open_namespaces(pid_t pid, int fds[5])
{
	static const char *const names[] = {"cgroup", "ipc", "uts", "net", "mnt"};
	char path[64];

	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, names[i]);
		fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0)
			return fail(path);
	}
	return 0;
}

static int setns_nsfs(pid_t pid)
{
	int fds[5], ret = open_namespaces(pid, fds);

	for (int i = 0; i < 5 && !ret; i++)
		if (setns(fds[i], 0))
			ret = fail("setns");
	return ret;
}

static int setns_pidfd(pid_t pid)
{
	int fd = pidfd_open(pid, 0);

	if (fd < 0)
		return fail("pidfd_open");
	if (setns(fd, NAMESPACES))
		return fail("setns");
	close(fd);
	return 0;
}

static int act_setns_proc(char **arg)
{
	int ret = setns_nsfs(atoi(arg[0]));

	return ret ? ret : read_file(arg[1]);
}

static int act_setns_net(char **arg)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", atoi(arg[0]));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		return fail(path);
	printf("ok setns-net: in the network namespace of %s\n", arg[0]);
	return 0;
}

static int act_setns_pidfd(char **arg)
{
	int ret = setns_pidfd(atoi(arg[0]));

	return ret ? ret : read_file(arg[1]);
}

static int unshare_all(void)
{
	return unshare(NAMESPACES);
}

static int act_own_setns(char **arg)
{
	pid_t pid = child_start(unshare_all);
	int ret;

	(void)arg;
	if (pid < 0)
		return fail("unshare");
	ret = setns_nsfs(pid);
	if (!ret)
		ret = setns_pidfd(pid);
	if (!ret)
		strcpy(proof, "in a child's namespaces");
	return child_end(pid, ret);
}

/* Without unshare: as runtimes in a container start one. */
static int act_own_clone(char **arg)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWNS | CLONE_NEWUTS | SIGCHLD, NULL, NULL, NULL, NULL);

	(void)arg;
	if (!pid)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		return fail("clone");
	strcpy(proof, "a child in namespaces of its own");
	return 0;
}

static int unshare_user(void)
{
	return unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS);
}

static int act_own_userns(char **arg)
{
	pid_t pid = child_start(unshare_user);
	int fd, ret = 0;

	(void)arg;
	if (pid < 0)
		return fail("unshare");
	fd = pidfd_open(pid, 0);
	if (fd < 0 || setns(fd, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS))
		ret = fail("setns");
	else
		strcpy(proof, "in a child's user namespace");
	return child_end(pid, ret);
}

int cgroup_enter(char **dirs)
{
	char path[512];
	int ret = 0;

	for (; *dirs && strcmp(*dirs, "--") && !ret; dirs++) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", *dirs);
		ret = write_file(path, "0");
	}
	return ret;
}

static int act_cgroup_move(char **arg)
{
	int ret = cgroup_enter(arg);

	if (!ret)
		snprintf(proof, sizeof(proof), "in %s", arg[0]);
	return ret;
}

/* Sockets of every family: most load no module and are refused; the kernel may start modprobe for some. */

/* clang-format off */
const struct act namespace_acts[] = {
	{"setns-proc", 2, act_setns_proc, "M01", "PID FILE", "joins PID's namespaces by /proc/PID/ns, reads FILE there"},
	{"setns-net", 1, act_setns_net, "X07", "PID", "joins PID's network namespace"},
	{"setns-pidfd", 2, act_setns_pidfd, "M02", "PID FILE", "the same by pidfd"},
	{"cgroup-move", 1, act_cgroup_move, "M57", "DIR...", "moves itself to these cgroups"},
	{"own-setns", 0, act_own_setns, "M01 M02", "", "unshares in a child, joins the child's namespaces both ways"},
	{"own-clone", 0, act_own_clone, "B17", "", "makes a child in a mount and a uts namespace of its own"},
	{"own-userns", 0, act_own_userns, "M05", "", "the same with a user namespace"},
	{0},
};
/* clang-format on */
