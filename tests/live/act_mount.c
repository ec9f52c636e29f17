// SPDX-License-Identifier: Apache-2.0
/* Acts on the caller's own mount tree, its root directory, user namespaces and loop devices. */
#include <linux/loop.h>
#include <linux/mount.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "act.h"

#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif

enum {
	GET_MNT_NAMESPACE = _IO(0xFF, 3), /* PIDFD_GET_MNT_NAMESPACE, 6.11 */
	NSFS_ROOT = -10003,               /* FD_NSFS_ROOT, 6.18 */
};

static int made(const char *dir)
{
	return mkdir(dir, 0755) && errno != EEXIST ? fail("mkdir") : 0;
}

static int done(int ret, const char *what, const char *path)
{
	if (ret)
		return fail(what);
	snprintf(proof, sizeof(proof), "%s %s", what, path);
	return 0;
}

/* walls taken down */

static int act_unmask(char **arg)
{
	return done(umount2(arg[0], MNT_DETACH), "umount", arg[0]);
}

static int act_remount(char **arg)
{
	return done(mount(NULL, arg[0], NULL, MS_REMOUNT | MS_BIND, NULL), "remount", arg[0]);
}

static int set_writable(const char *path)
{
	struct mount_attr attr = {.attr_clr = MOUNT_ATTR_RDONLY};

	return mount_setattr(AT_FDCWD, path, 0, &attr, sizeof(attr));
}

static int act_setattr(char **arg)
{
	return done(set_writable(arg[0]), "mount_setattr", arg[0]);
}

static int act_tree_attr(char **arg)
{
	struct mount_attr attr = {.attr_clr = MOUNT_ATTR_RDONLY};
	int fd = (int)syscall(SYS_open_tree_attr, AT_FDCWD, arg[0], 0, &attr, sizeof(attr));

	return done(fd < 0, "open_tree_attr", arg[0]);
}

static int act_move(char **arg)
{
	int fd = open_tree(AT_FDCWD, arg[0], 0);

	if (made(arg[1]) || fd < 0)
		return fail("open_tree");
	return done(move_mount(fd, "", AT_FDCWD, arg[1], MOVE_MOUNT_F_EMPTY_PATH), "move_mount", arg[0]);
}

/* ways round them */

static int act_new(char **arg)
{
	return made(arg[1]) ? -errno : done(mount("none", arg[1], arg[0], 0, NULL), "mount", arg[0]);
}

static int act_new_fsmount(char **arg)
{
	int fs = fsopen(arg[0], FSOPEN_CLOEXEC), fd;

	if (made(arg[1]) || fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return fail("fsopen");
	fd = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	return done(fd < 0 || move_mount(fd, "", AT_FDCWD, arg[1], MOVE_MOUNT_F_EMPTY_PATH), "fsmount", arg[0]);
}

static int act_bind(char **arg)
{
	return made(arg[1]) ? -errno : done(mount(arg[0], arg[1], NULL, MS_BIND, NULL), "bind", arg[0]);
}

static int act_clone(char **arg)
{
	int fd = open_tree(AT_FDCWD, arg[0], OPEN_TREE_CLONE);

	if (made(arg[1]) || fd < 0)
		return fail("open_tree");
	if (move_mount(fd, "", AT_FDCWD, arg[1], MOVE_MOUNT_F_EMPTY_PATH))
		return fail("move_mount");
	return done(set_writable(arg[1]), "clone", arg[0]);
}

static int act_bind_remount(char **arg)
{
	int ret = act_bind(arg);

	return ret ? ret : act_remount(arg + 1);
}

/* What systemd and package tools do in a container: nothing of it touches what the runtime mounted. */
static int act_own_tree(char **arg)
{
	char a[256], b[256];

	snprintf(a, sizeof(a), "%s/a", arg[0]);
	snprintf(b, sizeof(b), "%s/b", arg[0]);
	if (made(arg[0]) || mount("tmpfs", arg[0], "tmpfs", 0, "") || made(a) || made(b))
		return fail("tmpfs");
	if (mount(a, b, NULL, MS_BIND, NULL) || mount(NULL, b, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) ||
	    mount(NULL, b, NULL, MS_REMOUNT | MS_BIND, NULL) || mount(NULL, b, NULL, MS_SHARED, NULL) || umount(b))
		return fail("bind");
	if (mount("tmpfs", "/proc/fs", "tmpfs", MS_RDONLY, "") || umount("/proc/fs"))
		return fail("own mask");
	if (mount("/proc", b, NULL, MS_BIND | MS_REC, NULL) || umount2(b, MNT_DETACH) ||
	    mount("/dev", b, NULL, MS_BIND, NULL) || umount2(b, MNT_DETACH))
		return fail("rbind");
	return done(umount(arg[0]), "mounts of its own", arg[0]);
}

/* root directories */

static int act_chroot(char **arg)
{
	if (chroot(arg[0]) || chdir("/"))
		return fail("chroot");
	return read_file(arg[1]);
}

static int pivot(const char *dir)
{
	if (chdir(dir) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/"))
		return fail("pivot_root");
	return 0;
}

/* As bubblewrap and nested runtimes do; arg[2] "user" in a user namespace too. */
static int act_pivot(char **arg)
{
	int flags = CLONE_NEWNS | (arg[2] && !strcmp(arg[2], "user") ? CLONE_NEWUSER : 0), ret;

	if (unshare(flags) || mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL))
		return fail("unshare");
	if (mount(arg[0], arg[0], NULL, MS_BIND | MS_REC, NULL))
		return fail("bind");
	ret = pivot(arg[0]);
	return ret ? ret : read_file(arg[1]);
}

/* user namespaces and what follows */

static int act_userns(char **arg)
{
	(void)arg;
	return done(unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare", "user namespace");
}

static int act_userns_clone(char **arg)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	(void)arg;
	if (pid == 0)
		_exit(0);
	return done(pid < 0 || waitpid(pid, NULL, 0) != pid, "clone", "user namespace");
}

/* A user namespace in which the caller is root and may make files. */
static int userns_of_root(int flags)
{
	return unshare(CLONE_NEWUSER | CLONE_NEWNS | flags) || write_file("/proc/self/setgroups", "deny") ||
	       write_file("/proc/self/uid_map", "0 0 1") || write_file("/proc/self/gid_map", "0 0 1");
}

static int act_userns_overlay(char **arg)
{
	char options[1024];

	if (userns_of_root(0) || made(arg[0]) || mount("tmpfs", arg[0], "tmpfs", 0, "") || chdir(arg[0]) || made("l") ||
	    made("u") || made("w") || made("m"))
		return fail("unshare");
	snprintf(options, sizeof(options), "lowerdir=%s/l,upperdir=%s/u,workdir=%s/w", arg[0], arg[0], arg[0]);
	return done(mount("overlay", "m", "overlay", 0, options), "overlay", arg[0]);
}

static int act_userns_cgroup(char **arg)
{
	if (userns_of_root(CLONE_NEWCGROUP) || made(arg[1]) || mount("tmpfs", arg[1], "tmpfs", 0, ""))
		return fail("unshare");
	return done(mount("cgroup", arg[1], "cgroup", 0, arg[0]), "cgroup v1", arg[0]);
}

/* namespace descriptors */

static int act_setns_ioctl(char **arg)
{
	int pidfd = pidfd_open(atoi(arg[0]), 0), fd;

	if (pidfd < 0)
		return fail("pidfd_open");
	fd = ioctl(pidfd, GET_MNT_NAMESPACE, 0);
	if (fd < 0)
		return fail("PIDFD_GET_MNT_NAMESPACE");
	if (setns(fd, CLONE_NEWNS))
		return fail("setns");
	return read_file(arg[1]);
}

static int act_setns_handle(char **arg)
{
	struct {
		struct file_handle head;
		unsigned char bytes[128];
	} h = {.head.handle_bytes = sizeof(h.bytes)};
	int mount_id, fd;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/ns/mnt", arg[0]);
	if (name_to_handle_at(AT_FDCWD, path, &h.head, &mount_id, AT_SYMLINK_FOLLOW))
		return fail("name_to_handle_at");
	fd = open_by_handle_at(NSFS_ROOT, &h.head, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail("open_by_handle_at");
	if (setns(fd, CLONE_NEWNS))
		return fail("setns");
	return read_file(arg[1]);
}

/* loop devices */

static int node_open(const char *path, mode_t type, dev_t dev)
{
	unlink(path);
	return mknod(path, type | 0600, dev) ? -1 : open(path, O_RDWR | O_CLOEXEC);
}

static int act_loop_mount(char **arg)
{
	int control = node_open("/tmp/control", S_IFCHR, makedev(10, 237)), image = open(arg[0], O_RDWR | O_CLOEXEC), loop,
	    ret = 0;
	char path[512];
	int number;

	if (control < 0 || image < 0)
		return fail(control < 0 ? "loop-control" : arg[0]);
	number = ioctl(control, LOOP_CTL_GET_FREE);
	loop = number < 0 ? -1 : node_open("/tmp/loop", S_IFBLK, makedev(7, number));
	if (loop < 0 || ioctl(loop, LOOP_SET_FD, image))
		return fail("LOOP_SET_FD");
	if (made(arg[1]) || mount("/tmp/loop", arg[1], arg[2], MS_RDONLY, ""))
		ret = fail("mount");
	if (!ret) {
		snprintf(path, sizeof(path), "%s/%s", arg[1], arg[3]);
		ret = read_file(path);
		umount(arg[1]);
	}
	ioctl(loop, LOOP_CLR_FD);
	return ret;
}

/* clang-format off */
const struct act mount_acts[] = {
	{"unmask", 1, act_unmask, "M11", "PATH", "unmounts PATH"},
	{"remount", 1, act_remount, "M11", "PATH", "remounts PATH writable"},
	{"setattr", 1, act_setattr, "M11", "PATH", "makes PATH writable with mount_setattr"},
	{"tree-attr", 1, act_tree_attr, "M11", "PATH", "makes PATH writable with open_tree_attr"},
	{"move", 2, act_move, "M11", "PATH DIR", "moves the mount at PATH away"},
	{"new", 2, act_new, "M11", "FSTYPE DIR", "mounts a filesystem of no device"},
	{"new-fsmount", 2, act_new_fsmount, "M11", "FSTYPE DIR", "the same by fsopen and fsmount"},
	{"bind", 2, act_bind, "M11", "PATH DIR", "binds PATH, without what is mounted on it"},
	{"bind-remount", 2, act_bind_remount, "M11", "PATH DIR", "binds PATH and remounts the copy writable"},
	{"clone", 2, act_clone, "M11", "PATH DIR", "the same by open_tree, move_mount and mount_setattr"},
	{"own-tree", 1, act_own_tree, "B16", "DIR", "mounts of its own, made and undone"},
	{"chroot", 2, act_chroot, "M06 M58", "DIR FILE", "changes root to DIR, reads FILE there"},
	{"pivot", 2, act_pivot, "B17 B18", "DIR FILE [user]", "pivots to DIR in a mount namespace of its own"},
	{"userns", 0, act_userns, "M05", "", "makes a user namespace"},
	{"userns-clone", 0, act_userns_clone, "M05", "", "makes a child in a user namespace"},
	{"userns-overlay", 1, act_userns_overlay, "K15", "DIR", "mounts overlayfs in a user namespace"},
	{"userns-cgroup", 2, act_userns_cgroup, "K14", "CONTROLLER DIR", "mounts cgroup v1 in a user namespace"},
	{"setns-ioctl", 2, act_setns_ioctl, "M03", "PID FILE", "joins PID's mount namespace by an ioctl on a pidfd"},
	{"setns-handle", 2, act_setns_handle, "M04", "PID FILE", "the same by the namespace's file handle"},
	{"loop-mount", 4, act_loop_mount, "M62", "IMAGE DIR FSTYPE FILE", "sets a loop device up and mounts it"},
	{0},
};
/* clang-format on */
