// SPDX-License-Identifier: Apache-2.0
/* What a kernel exploit leaves behind, made by the host. */
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "act.h"

#define UNMAPPED_ID 54321 /* beyond the 1,000 of a container with the suites' feature "userns" */

/* Takes over the capability sets of the container's first process. */
static int caps_like(const char *status)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	static const char *const names[] = {"\nCapInh:", "\nCapPrm:", "\nCapEff:", "\nCapBnd:"};
	unsigned long long set[4] = {0};
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 4; i++) {
		const char *line = strstr(status, names[i]);

		if (line)
			sscanf(line + strlen(names[i]), "%llx", &set[i]);
	}
	for (int cap = 0; cap < 64; cap++)
		if (!(set[3] >> cap & 1))
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct){
			.inheritable = set[0] >> 32 * i, .permitted = set[1] >> 32 * i, .effective = set[2] >> 32 * i};
	return syscall(SYS_capset, &head, data) ? fail("capset") : 0;
}

/* Joins a user namespace as a user of the node's that it does not know: the capabilities to do so are kept. */
static int become_unmapped(int userns)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || syscall(SYS_setresuid, UNMAPPED_ID, UNMAPPED_ID, UNMAPPED_ID) ||
	    syscall(SYS_capget, &head, data))
		return fail("setresuid");
	for (int i = 0; i < 2; i++)
		data[i].effective = data[i].permitted;
	if (syscall(SYS_capset, &head, data) || setns(userns, CLONE_NEWUSER))
		return fail("setns user");
	return 0;
}

/*
 * The state after a kernel exploit, made by the host: its process is put into the container's cgroups and
 *   k03: keeps the host's namespaces and root;
 *   k04: has the container's namespaces and capabilities, and the host's root;
 *   k01: has the container's namespaces and root, and all capabilities;
 *   k02: has all that the container has but for a user id that its user namespace does not map;
 *   control: has all that the container has (what exec by a runtime makes).
 * Then it runs PROG, which is looked up in the root that it has by then.
 */
static int standin(const char *kind, pid_t pid, char **dirs, char **prog)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fds[5], pidns, userns = -1, status, ret;
	char path[64], caps[4096] = "\n";
	bool unmapped = !strcmp(kind, "k02"), own_caps = unmapped || !strcmp(kind, "k04") || !strcmp(kind, "control");

	if (!strcmp(kind, "k03")) {
		ret = cgroup_enter(dirs);
		execv(prog[0], prog);
		return ret ? ret : fail(prog[0]);
	}
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	status = open(path, O_RDONLY | O_CLOEXEC);
	if (status < 0 || read(status, caps, sizeof(caps) - 1) < 0)
		return fail(path);
	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	pidns = open(path, O_RDONLY | O_CLOEXEC);
	ret = pidns < 0 ? fail(path) : open_namespaces(pid, fds);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	if (!ret && unmapped)
		userns = open(path, O_RDONLY | O_CLOEXEC);
	if (ret)
		return ret;
	if (setns(pidns, CLONE_NEWPID))
		return fail("setns pid");
	pid = fork();
	if (pid) {
		printf("ok standin: %d\n", pid);
		return 0;
	}
	ret = cgroup_enter(dirs);
	if (!ret && unmapped)
		ret = become_unmapped(userns);
	for (int i = 0; i < 5 && !ret; i++)
		if (setns(fds[i], 0))
			ret = fail("setns");
	if (!ret && !strcmp(kind, "k04") && (fchdir(root) || chroot(".") || chdir("/")))
		ret = fail("chroot");
	if (!ret && own_caps)
		ret = caps_like(caps);
	if (!ret)
		execv(prog[0], prog);
	printf("error standin: %s\n", ret ? proof : prog[0]);
	exit(2);
}

static int act_standin(char **arg)
{
	char **prog = arg + 2;

	while (*prog && strcmp(*prog, "--"))
		prog++;
	if (!*prog || !prog[1]) {
		errno = EINVAL;
		return fail("-- PROG");
	}
	return standin(arg[0], atoi(arg[1]), arg + 2, prog + 1);
}

/* clang-format off */
const struct act standin_acts[] = {
	{"standin", 3, act_standin, "K01 K02 K03 K04", "k01|k02|k03|k04|control PID DIR... -- PROG...", "the state after an exploit"},
	{0},
};
/* clang-format on */
