// SPDX-License-Identifier: Apache-2.0
/*
 * Acts on programs: planted by one principal, used by another. Nothing planted does more than say that it ran. The acts that
 * change what the kernel runs as root (they put it back) are for a virtual machine only.
 */
#include <linux/mount.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "act.h"

static int copy_file(const char *from, const char *to, mode_t mode)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = -1, ret = 0;
	char buf[65536];
	ssize_t n = 0;

	if (in >= 0)
		out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (in < 0 || out < 0)
		return fail(in < 0 ? from : to);
	while (!ret && (n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, n) != n)
			ret = fail("write");
	if (!ret && (n < 0 || fchmod(out, mode)))
		ret = fail("fchmod");
	close(in);
	close(out);
	return ret;
}

static int act_plant(char **arg)
{
	char fresh[512];
	int ret;

	/* As installers do: written beside, then renamed onto. */
	snprintf(fresh, sizeof(fresh), "%s.new", arg[1]);
	ret = copy_file(arg[0], fresh, strtoul(arg[2], NULL, 8));
	if (!ret && rename(fresh, arg[1]))
		ret = fail("rename");
	snprintf(proof, sizeof(proof), "%s", ret ? proof : arg[1]);
	return ret;
}

static int act_script(char **arg)
{
	int fd = open(arg[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (fd < 0 || write(fd, "#!/bin/sh\nexit 0\n", 17) != 17)
		return fail(arg[0]);
	close(fd);
	snprintf(proof, sizeof(proof), "%s", arg[0]);
	return 0;
}

/* Runs what fd or path is as "nothing". */
static int run_and_wait(int fd, const char *path)
{
	char *argv[] = {"act", "nothing", NULL}, *envp[] = {NULL};
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		syscall(SYS_execveat, fd, path, argv, envp, *path ? 0 : AT_EMPTY_PATH);
		_exit(100 + errno % 100);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return fail("fork");
	if (status) {
		errno = WIFEXITED(status) && WEXITSTATUS(status) > 100 ? WEXITSTATUS(status) - 100 : EIO;
		return fail("exec");
	}
	snprintf(proof, sizeof(proof), "pid %d ran it", pid);
	return 0;
}

static int act_execute(char **arg)
{
	return run_and_wait(AT_FDCWD, arg[0]);
}

static int act_exec_memfd(char **arg)
{
	int fd = memfd_create("program", 0), ret;
	char path[64];

	(void)arg;
	if (fd < 0)
		return fail("memfd_create");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = copy_file("/proc/self/exe", path, 0700);
	if (!ret) {
		/* Open for writing it is busy: executed through a descriptor that is not. */
		int program = open(path, O_RDONLY);

		close(fd);
		ret = run_and_wait(program, "");
	}
	return ret;
}

/* The caller's own directory by a mount that is in no tree. */
static int act_exec_detached(char **arg)
{
	int tree = syscall(SYS_open_tree, AT_FDCWD, arg[0], OPEN_TREE_CLONE);

	return tree < 0 ? fail("open_tree") : run_and_wait(tree, arg[1]);
}

static int act_map_code(char **arg)
{
	int fd;

	if (arg[1] && (chdir(arg[2]) || (!strcmp(arg[1], "chroot") && chroot("."))))
		return fail(arg[2]);
	fd = open(arg[0], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(arg[0]);
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		return fail("mmap");
	snprintf(proof, sizeof(proof), "%s", arg[0]);
	return 0;
}

static int act_map_deleted(char **arg)
{
	char link[64];
	int ret = copy_file(arg[0], arg[1], 0600), fd;

	if (ret)
		return ret;
	fd = open(arg[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0 || unlink(arg[1]))
		return fail(arg[1]);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return act_map_code((char *[]){link, NULL});
}

/* Opens for writing, writes nothing; while it is executed, again and again. */
static int write_open(const char *path)
{
	for (int ms = 0; ms < DEADLINE_MS; ms += 20) {
		int fd = open(path, O_WRONLY | O_CLOEXEC);

		if (fd >= 0) {
			close(fd);
			snprintf(proof, sizeof(proof), "%s after %d ms", path, ms);
			return 0;
		}
		if (errno != ETXTBSY)
			break;
		poll(NULL, 0, 20);
	}
	return fail(path);
}

static int act_write_open(char **arg)
{
	return write_open(arg[0]);
}

static int act_write_exe(char **arg)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/exe", arg[0]);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return fail(path);
	printf("ok found: %s\n", path);
	fflush(stdout);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return write_open(path);
}

static int act_own_exe(char **arg)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)arg;
	if (fd < 0)
		return fail("/proc/self/exe");
	if (open("/proc/self/exe", O_WRONLY) >= 0 || errno != ETXTBSY)
		return fail("writing it");
	strcpy(proof, "read, and busy");
	return 0;
}

/* What the kernel runs in the place of a helper, UPPER/helper: leaves a note, not in UPPER, where overlayfs would not see it. */
int helper(const char *self)
{
	char path[512], ns[64] = "";
	int fd;

	snprintf(path, sizeof(path), "%.*s../note/ran", (int)(strrchr(self, '/') + 1 - self), self);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || readlink("/proc/self/ns/mnt", ns, sizeof(ns) - 1) < 0 || write(fd, ns, strlen(ns)) < 0)
		return 1;
	return 0;
}

static int wait_for(const char *path)
{
	for (int ms = 0; ms < DEADLINE_MS; ms += 50) {
		if (read_file(path) == 0 && *proof)
			return 0;
		poll(NULL, 0, 50);
	}
	errno = ETIMEDOUT;
	return fail(path);
}

/* Puts `value` into the kernel's knob, causes its use, puts back what was there. */
static int with_knob(const char *knob, const char *value, int (*cause)(void))
{
	char old[512] = "";
	int fd = open(knob, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0 || read(fd, old, sizeof(old) - 1) < 0)
		return fail(knob);
	close(fd);
	ret = copy_file("/proc/self/exe", "/helper", 0755);
	if (!ret)
		ret = write_file(knob, value);
	if (!ret)
		ret = cause();
	if (!ret)
		ret = wait_for("/note/ran");
	if (write_file(knob, *old ? old : "\n") && !ret)
		ret = -EIO;
	return ret;
}

static int crash(void)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	pid_t pid = fork();

	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &all);
		raise(SIGSEGV);
		_exit(0);
	}
	return pid < 0 || waitpid(pid, NULL, 0) != pid ? fail("fork") : 0;
}

static int act_crash(char **arg)
{
	(void)arg;
	strcpy(proof, "a child crashed");
	return crash();
}

static int act_core_pattern(char **arg)
{
	char value[512];

	snprintf(value, sizeof(value), "|%s/helper", arg[0]);
	return with_knob("/proc/sys/kernel/core_pattern", value, crash);
}

static int ask_for_module(void)
{
	return socket(AF_ECONET, SOCK_STREAM, 0) >= 0; /* a family that no module has since 3.5 */
}

static int act_modprobe(char **arg)
{
	char value[512];

	snprintf(value, sizeof(value), "%s/helper", arg[0]);
	return with_knob("/proc/sys/kernel/modprobe", value, ask_for_module);
}

static int empty_cgroup(void)
{
	pid_t pid;

	if (mkdir("/tmp/cg/x", 0755) || write_file("/tmp/cg/x/notify_on_release", "1"))
		return fail("/tmp/cg/x");
	pid = fork();
	if (pid == 0)
		_exit(write_file("/tmp/cg/x/cgroup.procs", "0") != 0);
	return pid < 0 || waitpid(pid, NULL, 0) != pid ? fail("fork") : 0;
}

static int act_release_agent(char **arg)
{
	char value[512];
	int ret;

	snprintf(value, sizeof(value), "%s/helper", arg[0]);
	if ((mkdir("/tmp/cg", 0755) && errno != EEXIST) || mount("none", "/tmp/cg", "cgroup", 0, arg[1]))
		return fail("mount cgroup");
	ret = with_knob("/tmp/cg/release_agent", value, empty_cgroup);
	rmdir("/tmp/cg/x");
	umount("/tmp/cg");
	return ret;
}

static int act_request_key(char **arg)
{
	(void)arg;
	syscall(SYS_request_key, "user", "warder:none", "callout", 0);
	snprintf(proof, sizeof(proof), "asked: %s", strerror(errno));
	return 0;
}

static int act_nothing(char **arg)
{
	(void)arg;
	strcpy(proof, "ran");
	return 0;
}

static int act_write(char **arg)
{
	int fd = open(arg[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, "x\n", 2) != 2)
		return fail(arg[0]);
	close(fd);
	snprintf(proof, sizeof(proof), "%s", arg[0]);
	return 0;
}

static int act_symlink(char **arg)
{
	if (symlink(arg[0], arg[1]))
		return fail(arg[1]);
	snprintf(proof, sizeof(proof), "%s to %s", arg[1], arg[0]);
	return 0;
}

/* clang-format off */
const struct act provenance_acts[] = {
	{"plant", 3, act_plant, "P10 M59 X01", "FROM TO MODE", "copies a program"},
	{"script", 1, act_script, "P10", "FILE", "writes a script"},
	{"execute", 1, act_execute, "P10 M59 X01", "FILE", "executes FILE"},
	{"exec-memfd", 0, act_exec_memfd, "B27", "", "executes a copy of itself in memory"},
	{"exec-detached", 2, act_exec_detached, "M09", "DIR FILE", "executes FILE on a detached mount of DIR"},
	{"map-code", 1, act_map_code, "P10 R13 R17", "FILE [chdir|chroot DIR]", "maps FILE as code"},
	{"map-deleted", 2, act_map_deleted, "O13", "FROM FILE", "copies FROM to FILE, deletes it and maps it as code"},
	{"write", 1, act_write, "X06", "FILE", "makes FILE and writes to it"},
	{"symlink", 2, act_symlink, "O15 R18", "TARGET LINK", "makes a symbolic link"},
	{"write-open", 1, act_write_open, "P07", "FILE", "opens FILE for writing"},
	{"write-exe", 1, act_write_exe, "R01", "PID", "opens PID's program for writing, when it has ended"},
	{"own-exe", 0, act_own_exe, "B03", "", "opens its own program"},
	{"core-pattern", 1, act_core_pattern, "M17", "UPPER", "crashes with a core dump handler of its own"},
	{"modprobe", 1, act_modprobe, "M18", "UPPER", "has a module loaded by a program of its own"},
	{"release-agent", 2, act_release_agent, "M16", "UPPER OPTIONS", "empties a cgroup with a release agent of its own"},
	{"request-key", 0, act_request_key, "P18", "", "asks for a key"},
	{"crash", 0, act_crash, "B29", "", "crashes"},
	{"nothing", 0, act_nothing, "", "", "ends"},
	{0},
};
/* clang-format on */
