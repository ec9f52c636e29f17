// SPDX-License-Identifier: Apache-2.0
/* Acts on mounts and files. */
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "act.h"

/* "MAJOR:MINOR" becomes a device node beside the directory. */
static int device_node(const char *device, const char *dir, char *node, size_t size)
{
	unsigned int major, minor;

	if (sscanf(device, "%u:%u", &major, &minor) != 2) {
		errno = EINVAL;
		return fail(device);
	}
	snprintf(node, size, "%s.node", dir);
	unlink(node);
	if (mkdir(dir, 0700) && errno != EEXIST)
		return fail("mkdir");
	if (mknod(node, S_IFBLK | 0600, makedev(major, minor)))
		return fail("mknod");
	return 0;
}

static int read_and_unmount(const char *dir, const char *name)
{
	char path[512];
	int ret;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ret = read_file(path);
	if (umount(dir) && !ret)
		ret = fail("umount");
	return ret;
}

static int act_mount(char **arg)
{
	char node[512];
	int ret = device_node(arg[0], arg[1], node, sizeof(node));

	if (!ret && mount(node, arg[1], arg[2], 0, ""))
		ret = fail("mount");
	unlink(node);
	return ret ? ret : read_and_unmount(arg[1], arg[3]);
}

/* source may be NULL: a filesystem of no device. */
static int fsmount_at(const char *fstype, const char *source, const char *dir)
{
	int fs = fsopen(fstype, FSOPEN_CLOEXEC), mnt, ret = 0;

	if (fs < 0)
		return fail("fsopen");
	if (source && fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0))
		return fail("fsconfig");
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return fail("fsconfig create");
	mnt = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (mnt < 0)
		return fail("fsmount");
	if (move_mount(mnt, "", AT_FDCWD, dir, MOVE_MOUNT_F_EMPTY_PATH))
		ret = fail("move_mount");
	close(mnt);
	close(fs);
	return ret;
}

static int act_fsmount(char **arg)
{
	char node[512];
	int ret = device_node(arg[0], arg[1], node, sizeof(node));

	if (!ret)
		ret = fsmount_at(arg[2], node, arg[1]);
	unlink(node);
	return ret ? ret : read_and_unmount(arg[1], arg[3]);
}

static int act_own_mount(char **arg)
{
	if (mkdir(arg[0], 0700) && errno != EEXIST)
		return fail("mkdir");
	if (mount("tmpfs", arg[0], "tmpfs", 0, ""))
		return fail("mount");
	if (umount(arg[0]) || fsmount_at("tmpfs", NULL, arg[0]))
		return fail("fsmount");
	if (umount(arg[0]))
		return fail("umount");
	strcpy(proof, "tmpfs mounted both ways");
	return 0;
}

struct handle {
	struct file_handle head;
	unsigned char bytes[128];
};

static int act_handle_of(char **arg)
{
	struct handle h = {.head.handle_bytes = sizeof(h.bytes)};
	size_t used;
	int mount_id;

	if (name_to_handle_at(AT_FDCWD, arg[0], &h.head, &mount_id, AT_SYMLINK_FOLLOW))
		return fail("name_to_handle_at");
	used = snprintf(proof, sizeof(proof), "%d:", h.head.handle_type);
	for (unsigned int i = 0; i < h.head.handle_bytes; i++)
		used += snprintf(proof + used, sizeof(proof) - used, "%02x", h.bytes[i]);
	return 0;
}

/* arg[1] is TYPE:HEX as handle-of prints it, of a file, or of a directory if the path below it follows. */
static int act_handle(char **arg)
{
	int mount = open(arg[0], O_RDONLY | O_CLOEXEC), fd, file, used;
	struct handle h = {0};
	const char *hex;

	if (mount < 0)
		return fail(arg[0]);
	if (sscanf(arg[1], "%d:%n", &h.head.handle_type, &used) != 1)
		return fail("handle");
	for (hex = arg[1] + used; sscanf(hex, "%2hhx", &h.bytes[h.head.handle_bytes]) == 1; hex += 2)
		h.head.handle_bytes++;
	fd = open_by_handle_at(mount, &h.head, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail("open_by_handle_at");
	if (!arg[2])
		return read_fd(fd, "read");
	file = openat(fd, arg[2], O_RDONLY | O_CLOEXEC);
	return file < 0 ? fail(arg[2]) : read_fd(file, "read");
}

static int act_open(char **arg)
{
	return read_file(arg[0]);
}

/* A file of the caller's own mounts by way of a child's root. */
static int act_own_open(char **arg)
{
	pid_t pid = child_start(NULL);
	char path[512];

	if (pid < 0)
		return fail("fork");
	snprintf(path, sizeof(path), "/proc/%d/root/%s", pid, arg[0]);
	return child_end(pid, read_file(path));
}

/* The ways to change a file without writing to it. */
static int act_link(char **arg)
{
	return link(arg[0], arg[1]) ? fail(arg[1]) : 0;
}

static int act_unlink(char **arg)
{
	return unlink(arg[0]) ? fail(arg[0]) : 0;
}

static int act_truncate(char **arg)
{
	return truncate(arg[0], 0) ? fail(arg[0]) : 0;
}

static int open_and_close(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return fail(path);
	close(fd);
	return 0;
}

static int act_empty(char **arg)
{
	return open_and_close(arg[0], O_WRONLY | O_TRUNC);
}

static int act_append(char **arg)
{
	return open_and_close(arg[0], O_WRONLY | O_APPEND);
}

/* clang-format off */
const struct act file_acts[] = {
	{"mount", 4, act_mount, "M07", "MAJ:MIN DIR FSTYPE FILE", "mounts a block device, reads FILE in it, unmounts"},
	{"fsmount", 4, act_fsmount, "M08", "MAJ:MIN DIR FSTYPE FILE", "the same by fsopen and fsmount"},
	{"handle", 2, act_handle, "M33", "MOUNTED TYPE:HEX [PATH]", "opens a file of MOUNTED's filesystem by its handle"},
	{"open", 1, act_open, "M34 X02", "PATH", "reads a file"},
	{"link", 2, act_link, "P16", "FILE NAME", "gives FILE one more name"},
	{"unlink", 1, act_unlink, "P17", "FILE", "removes a file"},
	{"truncate", 1, act_truncate, "P17", "FILE", "empties a file by its path"},
	{"empty", 1, act_empty, "P17", "FILE", "empties a file by opening it"},
	{"append", 1, act_append, "B13", "FILE", "opens a file to write at its end"},
	{"own-mount", 1, act_own_mount, "M07 M08", "DIR", "mounts tmpfs both ways"},
	{"own-open", 1, act_own_open, "M34 X02", "FILE", "reads FILE by /proc/CHILD/root"},
	{"handle-of", 1, act_handle_of, "", "FILE", "prints FILE's handle"},
	{0},
};
/* clang-format on */
