// SPDX-License-Identifier: Apache-2.0
/*
 * From a container's id back to its cgroup's path. The id is kernfs's, which is what a file handle of cgroupfs holds: the kernel
 * finds the directory, no tree is walked. The upper byte is the hierarchy; /proc/self/cgroup says which controllers that is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity.h"
#include "runtime.h"

#define FILEID_KERNFS   0xfe /* include/linux/exportfs.h, 5.5 */
#define HIERARCHY_SHIFT 56   /* WD_ORIGIN_HIERARCHY_SHIFT */

/* The controllers of a hierarchy ("pids", "cpu,cpuacct"), empty for cgroup v2's. */
static int hierarchy_controllers(const char *cgroups, unsigned int hierarchy, char *out, size_t size)
{
	for (const char *line = cgroups; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		const char *from = strchr(line, ':');

		if (!from || strtoul(line, NULL, 10) != hierarchy)
			continue;
		snprintf(out, size, "%.*s", (int)strcspn(from + 1, ":"), from + 1);
		return 0;
	}
	return -ENOENT;
}

/* A line of mounts is "source target type options 0 0". */
int hierarchy_mount(const char *mounts, const char *controllers, char *out, size_t size)
{
	const char *want = *controllers ? "cgroup" : "cgroup2";
	char target[256], type[32], options[512];

	for (const char *line = mounts; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (sscanf(line, "%*s %255s %31s %511s", target, type, options) != 3 || strcmp(type, want))
			continue;
		if (*controllers && !strstr(options, controllers))
			continue;
		snprintf(out, size, "%s", target);
		return 0;
	}
	return -ENOENT;
}

/* The path behind a descriptor; an empty one where it cannot be had. */
static void path_of(int fd, char *out, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, out, size - 1);
	out[n > 0 ? n : 0] = '\0';
}

/* The kernel says so behind the path of a directory that is gone, which may be a name all the same. */
static void cut_deleted(int top, char *path)
{
	static const char mark[] = " (deleted)";
	size_t n = strlen(path), len = sizeof(mark) - 1;
	struct stat st;

	if (n > len && !strcmp(path + n - len, mark) && fstatat(top, path, &st, AT_SYMLINK_NOFOLLOW))
		path[n - len] = '\0';
}

/* The path of the directory that has this number in the hierarchy mounted at `mount`, below that. */
static int path_by_id(int root, const char *mount, uint64_t id, char *out, size_t size)
{
	struct {
		struct file_handle head;
		uint64_t id;
	} handle = {.head = {.handle_bytes = sizeof(id), .handle_type = FILEID_KERNFS}, .id = id};
	DIR *d __attribute__((cleanup(cleanup_closedir))) = host_opendir(root, mount);
	char top[512], path[1024];
	size_t skip;
	int fd;

	if (!d)
		return -ENOENT;
	fd = open_by_handle_at(dirfd(d), &handle.head, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	path_of(dirfd(d), top, sizeof(top));
	path_of(fd, path, sizeof(path));
	close(fd);
	skip = strlen(top);
	if (strncmp(path, top, skip) || path[skip] != '/')
		return -ENOENT;
	cut_deleted(dirfd(d), path + skip + 1);
	snprintf(out, size, "%s", path + skip);
	return 0;
}

const char *identity_mount_table(const struct identity *id)
{
	return *id->host_root ? "/proc/1/mounts" : "/proc/self/mounts";
}

int identity_cgroup_path(const struct identity *id, uint64_t origin, char *out, size_t size)
{
	char *cgroups = NULL, *mounts = NULL, controllers[256], mount[256];
	size_t len;
	int root, r;

	root = host_open_root(id->host_root);
	if (root < 0)
		return root;
	r = host_read(root, "/proc/self/cgroup", &cgroups, &len);
	if (!r)
		r = host_read(root, identity_mount_table(id), &mounts, &len);
	if (!r)
		r = hierarchy_controllers(cgroups, origin >> HIERARCHY_SHIFT, controllers, sizeof(controllers));
	if (!r)
		r = hierarchy_mount(mounts, controllers, mount, sizeof(mount));
	if (!r)
		r = path_by_id(root, mount, origin & ((1ull << HIERARCHY_SHIFT) - 1), out, size);
	free(cgroups);
	free(mounts);
	close(root);
	return r;
}
