// SPDX-License-Identifier: Apache-2.0
/* Acts on the kernel's interfaces and on devices. What is opened for writing is not written to, but by write-back. */
#include <linux/fuse.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "act.h"

static int opened(int fd, const char *path)
{
	if (fd < 0)
		return fail(path);
	close(fd);
	snprintf(proof, sizeof(proof), "%s open for writing", path);
	return 0;
}

static int act_open_write(char **arg)
{
	return opened(open(arg[0], O_WRONLY | O_CLOEXEC), arg[0]);
}

static int act_openat2_write(char **arg)
{
	struct open_how how = {.flags = O_RDWR | O_CLOEXEC};

	return opened((int)syscall(SYS_openat2, AT_FDCWD, arg[0], &how, sizeof(how)), arg[0]);
}

/* The file under another name, in another directory. */
static int act_bind_write(char **arg)
{
	int fd = open(arg[1], O_CREAT | O_WRONLY | O_CLOEXEC, 0600), ret;

	if (fd < 0)
		return fail(arg[1]);
	close(fd);
	if (mount(arg[0], arg[1], NULL, MS_BIND, NULL))
		return fail("mount");
	ret = opened(open(arg[1], O_WRONLY | O_CLOEXEC), arg[1]);
	if (umount(arg[1]) && !ret)
		ret = fail("umount");
	unlink(arg[1]);
	return ret;
}

/* The file by a filesystem of the caller's own, mounted elsewhere. */
static int fresh_write(const char *fstype, const char *options, const char *dir, const char *name)
{
	char path[512];
	int ret;

	if (mkdir(dir, 0700) && errno != EEXIST)
		return fail("mkdir");
	if (mount("none", dir, fstype, 0, options))
		return fail("mount");
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ret = opened(open(path, O_WRONLY | O_CLOEXEC), path);
	if (umount(dir) && !ret)
		ret = fail("umount");
	return ret;
}

static int act_fresh_write(char **arg)
{
	return fresh_write(arg[0], "", arg[1], arg[2]);
}

/* CVE-2022-0492's shape: the capability is that of a user namespace of the caller's own. */
static int act_userns_release(char **arg)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWCGROUP | CLONE_NEWNS))
		return fail("unshare");
	if (write_file("/proc/self/setgroups", "deny") || write_file("/proc/self/uid_map", "0 0 1") ||
	    write_file("/proc/self/gid_map", "0 0 1"))
		return -EINVAL;
	return fresh_write("cgroup", arg[1], arg[0], "release_agent");
}

static int act_chroot_write(char **arg)
{
	if (chroot(arg[0]) || chdir("/"))
		return fail("chroot");
	return opened(open(arg[1], O_WRONLY | O_CLOEXEC), arg[1]);
}

/* Writes what is in the file already. */
static int act_write_back(char **arg)
{
	char text[1024];
	int fd = open(arg[0], O_RDWR | O_CLOEXEC), ret = 0;
	ssize_t len;

	if (fd < 0)
		return fail(arg[0]);
	len = read(fd, text, sizeof(text));
	if (len == 0)
		text[len++] = '\n';
	if (len < 0 || pwrite(fd, text, len, 0) != len)
		ret = fail(arg[0]);
	close(fd);
	snprintf(proof, sizeof(proof), "%s written as it was", arg[0]);
	return ret;
}

/* A v1 hierarchy of no controller can be had on any host, and has a release_agent. */
static int act_own_hierarchy(char **arg)
{
	char path[512], *words[] = {path, NULL};
	int ret;

	if (mkdir(arg[0], 0700) && errno != EEXIST)
		return fail("mkdir");
	if (mount("none", arg[0], "cgroup", 0, "none,name=warder-test"))
		return fail("mount");
	snprintf(path, sizeof(path), "%s/release_agent", arg[0]);
	ret = act_write_back(words);
	if (umount(arg[0]) && !ret)
		ret = fail("umount");
	return ret;
}

static int act_mknod(char **arg)
{
	unsigned int major, minor;
	mode_t type = arg[0][0] == 'b' ? S_IFBLK : S_IFCHR;

	if (sscanf(arg[1], "%u:%u", &major, &minor) != 2) {
		errno = EINVAL;
		return fail(arg[1]);
	}
	if (mknod(arg[2], type | 0600, makedev(major, minor)))
		return fail("mknod");
	snprintf(proof, sizeof(proof), "%s is device %u:%u", arg[2], major, minor);
	return unlink(arg[2]) ? fail("unlink") : 0;
}

/* As lxcfs does it: a host's daemon serves one file called arg[1]. It sleeps on, and unmounts at its end. */
static int act_fuse_serve(char **arg)
{
	int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char options[64], buf[FUSE_MIN_READ_BUFFER];
	struct fuse_in_header *in = (void *)buf;

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fuse);
	if (fuse < 0 || mount("warder-test", arg[0], "fuse", 0, options))
		return fail("fuse");
	printf("ok fuse-serve: %s/%s\n", arg[0], arg[1]);
	fflush(stdout);
	while (read(fuse, buf, sizeof(buf)) > 0) {
		struct {
			struct fuse_out_header head;
			union {
				struct fuse_init_out init;
				struct fuse_entry_out entry;
				struct fuse_attr_out attr;
				struct fuse_open_out open;
			} body;
		} out = {.head.unique = in->unique};
		size_t size = 0;
		bool root = in->nodeid == FUSE_ROOT_ID;

		switch (in->opcode) {
		case FUSE_INIT:
			out.body.init = (struct fuse_init_out){.major = 7, .minor = 31, .max_write = 4096};
			size = sizeof(out.body.init);
			break;
		case FUSE_LOOKUP:
			if (strcmp((char *)(in + 1), arg[1])) {
				out.head.error = -ENOENT;
				break;
			}
			out.body.entry.nodeid = 2;
			out.body.entry.attr = (struct fuse_attr){.ino = 2, .mode = S_IFREG | 0644, .nlink = 1};
			size = sizeof(out.body.entry);
			break;
		case FUSE_GETATTR:
			out.body.attr.attr = (struct fuse_attr){
				.ino = in->nodeid, .mode = root ? S_IFDIR | 0755 : S_IFREG | 0644, .nlink = 1};
			size = sizeof(out.body.attr);
			break;
		case FUSE_OPEN:
			size = sizeof(out.body.open);
			break;
		case FUSE_FLUSH:
		case FUSE_RELEASE:
			break;
		case FUSE_FORGET:
			continue; /* has no answer */
		default:
			out.head.error = -ENOSYS;
		}
		out.head.len = sizeof(out.head) + size;
		if (write(fuse, &out, out.head.len) < 0 && errno != ENOENT)
			return fail("fuse");
	}
	return 0;
}

/* clang-format off */
const struct act kernelfs_acts[] = {
	{"open-write", 1, act_open_write, "M13 M16-M22 M48 M60 X15", "PATH", "opens a file for writing"},
	{"openat2-write", 1, act_openat2_write, "M17", "PATH", "the same by openat2"},
	{"bind-write", 2, act_bind_write, "M17", "PATH NAME", "the same by a bind mount as NAME"},
	{"fresh-write", 3, act_fresh_write, "M17", "FSTYPE DIR NAME", "the same on a filesystem mounted on DIR"},
	{"chroot-write", 2, act_chroot_write, "M20 M60", "DIR PATH", "the same with DIR as root"},
	{"userns-release", 2, act_userns_release, "K14", "DIR CONTROLLER", "opens release_agent from a user namespace"},
	{"write-back", 1, act_write_back, "M17", "PATH", "writes what is in a file already"},
	{"own-hierarchy", 1, act_own_hierarchy, "M15 M16", "DIR", "mounts a cgroup v1 hierarchy, empties release_agent"},
	{"mknod", 3, act_mknod, "M12 B46", "b|c MAJ:MIN PATH", "makes a device node and removes it"},
	{"fuse-serve", 2, act_fuse_serve, "M14", "DIR NAME", "serves a file by FUSE"},
	{0},
};
/* clang-format on */
