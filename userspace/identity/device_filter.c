// SPDX-License-Identifier: Apache-2.0
/*
 * Whether the kernel refuses a container any device at all. With cgroup v1 the devices controller has a list; with v2 it takes a BPF program
 * on the cgroup or above (4.15), of which can be told that it is there, not what it refuses.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime.h"

/* The path of a process in the hierarchy with this controller ("" for v2's), out of its /proc/PID/cgroup. */
int cgroup_of(const char *cgroups, const char *controller, char *out, size_t size)
{
	size_t want = strlen(controller);

	for (const char *line = cgroups; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		const char *at = strchr(line, ':'), *path = at ? strchr(at + 1, ':') : NULL;
		bool is = path && !want && path == at + 1;

		for (const char *name = at ? at + 1 : NULL; path && want && name < path && !is; name += strcspn(name, ",:") + 1)
			is = strcspn(name, ",:") == want && !memcmp(name, controller, want);
		if (!is)
			continue;
		path++;
		snprintf(out, size, "%.*s", (int)strcspn(path, "\n"), path);
		return 0;
	}
	return -ENOENT;
}

/* 1: the list refuses something; 0: it allows all. */
static int by_list(int root, const char *mount, const char *path)
{
	char file[PATH_MAX], *buf;
	size_t len;
	int r;

	if ((size_t)snprintf(file, sizeof(file), "%s%s/devices.list", mount, path) >= sizeof(file))
		return -ENAMETOOLONG;
	r = host_read(root, file, &buf, &len);
	if (r)
		return r;
	r = strncmp(buf, "a *:* rwm", strlen("a *:* rwm")) != 0;
	free(buf);
	return r;
}

/* 1: there is a program; 0: none. */
static int by_program(int root, const char *mount, const char *path)
{
	union bpf_attr attr = {.query = {.attach_type = BPF_CGROUP_DEVICE, .query_flags = BPF_F_QUERY_EFFECTIVE}};
	char dir[PATH_MAX];
	DIR *d;
	int r;

	if ((size_t)snprintf(dir, sizeof(dir), "%s%s", mount, path) >= sizeof(dir))
		return -ENAMETOOLONG;
	d = host_opendir(root, dir);
	if (!d)
		return -ENOENT;
	attr.query.target_fd = (uint32_t)dirfd(d);
	r = syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)) ? -errno : 0;
	closedir(d);
	return r ? r : attr.query.prog_cnt > 0;
}

int device_filter(int root, const char *table, unsigned int pid)
{
	static const struct {
		const char *controller;
		int (*look)(int root, const char *mount, const char *path);
	} ways[] = {{"devices", by_list}, {"", by_program}};
	char file[40], mount[256], path[512], *cgroups = NULL, *mounts = NULL;
	int found = -ENOENT, r;
	size_t len;

	snprintf(file, sizeof(file), "/proc/%u/cgroup", pid);
	r = host_read(root, file, &cgroups, &len);
	if (!r)
		r = host_read(root, table, &mounts, &len);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]) && !r && found != 1; i++) {
		if (cgroup_of(cgroups, ways[i].controller, path, sizeof(path)) ||
		    hierarchy_mount(mounts, ways[i].controller, mount, sizeof(mount)))
			continue;
		/* A cgroup that is gone by now has refused as it did: one hierarchy's answer is none without the other's. */
		found = ways[i].look(root, mount, path);
		if (found < 0)
			break;
	}
	free(cgroups);
	free(mounts);
	return r ? r : found;
}
