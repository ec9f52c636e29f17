// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../identity.h"
#include "runtime.h"

/*
 * What a container is, as far as a process of its tells in /proc: its mounts and its label. Whatever is read may be written by the
 * container (names of mount points): bytes, nothing more.
 */

/*
 * Where the host has what is mounted: the same filesystem, mounted there so that it shows the same. The shortest such name: a
 * filesystem's own mount point before the many places where parts of it are bound.
 */
static const char *host_path(const struct mount_line *host, unsigned int n, const struct mount_line *m, struct arena *a)
{
	const struct mount_line *best = NULL;
	char *path;

	for (unsigned int i = 0; i < n; i++) {
		if (strcmp(host[i].device, m->device) || !posture_within(m->root, host[i].root))
			continue;
		if (!best || strlen(host[i].target) < strlen(best->target))
			best = &host[i];
	}
	if (!best)
		return "";
	path = arena_printf(a, "%s%s", strcmp(best->target, "/") ? best->target : "",
			    strcmp(m->root, best->root) ? m->root + (strcmp(best->root, "/") ? strlen(best->root) : 0) : "");
	return path && !*path ? "/" : path;
}

static int keep_mount(struct arena *a, const struct mount_line *m, const char *source, struct posture_mount *out)
{
	*out = (struct posture_mount){
		.target = arena_string(a, m->target),
		.source = source,
		.root = arena_string(a, m->root),
		.device = arena_string(a, m->device),
		.type = arena_string(a, m->type),
		.writable = m->writable,
		.id = m->id,
		.parent = m->parent,
	};
	return out->target && out->source && out->root && out->device && out->type ? 0 : -ENOMEM;
}

/* Where the host has what a container's root holds that its image does not: an option of overlayfs, with its commas escaped. */
static const char *upper_directory(struct arena *a, const struct mount_line *m)
{
	const char *at = strcmp(m->type, "overlay") ? NULL : strstr(m->options, "upperdir=");
	char *dir;
	size_t n;

	if (!at)
		return "";
	at += strlen("upperdir=");
	for (n = 0; at[n] && at[n] != ','; n++)
		if (at[n] == '\\' || at[n] == ' ')
			return ""; /* no engine has such names */
	dir = arena_alloc(a, n + 1);
	return dir ? memcpy(dir, at, n) : "";
}

static int read_mounts(int root, unsigned int pid, struct arena *a, struct posture *p)
{
	struct mount_line *host = calloc(HOST_MOUNTS + POSTURE_MOUNTS, sizeof(*host)), *own = host + HOST_MOUNTS;
	char *host_buf = NULL, *own_buf = NULL;
	unsigned int n_host = 0, n = 0;
	int r = host ? mountinfo_read(root, pid, &own_buf, own, POSTURE_MOUNTS, &n) : -ENOMEM;

	p->cut |= r == -E2BIG;
	if (r == -E2BIG)
		r = 0;
	if (!r) {
		mountinfo_read(root, 1, &host_buf, host, HOST_MOUNTS, &n_host);
		p->mounts = arena_alloc(a, n * sizeof(*p->mounts));
		r = p->mounts ? 0 : -ENOMEM;
	}
	for (unsigned int i = 0; i < n && !r; i++) {
		r = keep_mount(a, &own[i], host_path(host, n_host, &own[i], a), &p->mounts[i]);
		p->n_mounts += !r;
		p->n_masked += !strncmp(own[i].target, "/proc/", strlen("/proc/"));
		if (!strcmp(own[i].target, "/"))
			p->upper = upper_directory(a, &own[i]);
	}
	free(own_buf);
	free(host_buf);
	free(host);
	return r;
}

/* AppArmor's own file where there are several security modules (5.8), else the one that the only one has. */
static const char *read_label(int root, unsigned int pid, struct arena *a)
{
	static const char *const files[] = {"/proc/%u/attr/apparmor/current", "/proc/%u/attr/current"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[64], *buf;
		const char *label;
		size_t len;

		snprintf(path, sizeof(path), files[i], pid);
		if (host_read(root, path, &buf, &len))
			continue;
		buf[strcspn(buf, "\n")] = 0;
		label = *buf ? arena_string(a, buf) : NULL;
		free(buf);
		if (label)
			return label;
	}
	return "";
}

/* A filesystem whose files another may take any time to look up: nobody may hold the sensor by one. */
static bool may_hang(const struct posture *p)
{
	static const char *const types[] = {"fuse", "nfs", "cifs", "smb", "9p", "ceph", "autofs", "afs", "virtiofs"};

	for (unsigned int i = 0; i < p->n_mounts; i++)
		for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++)
			if (!strncmp(p->mounts[i].type, types[t], strlen(types[t])))
				return true;
	return false;
}

/* The mount that a path of the container leads to by its links (/var/run is often one to /run). */
static const struct posture_mount *mount_behind(int container, const char *path, const struct posture *actual)
{
	const struct posture_mount *m = NULL;
	int fd = host_lookup(container, path, 0);
	struct statx st;

	if (fd < 0)
		return NULL;
	if (!statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_MNT_ID, &st) &&
	    (st.stx_mask & STATX_MNT_ID)) /* 5.8 */
		m = posture_mount_by_id(actual, st.stx_mnt_id);
	close(fd);
	return m;
}

/* The places that were promised, as they are called in the container. */
static void follow_links(int root, unsigned int pid, struct posture *promised, const struct posture *actual)
{
	char path[32];
	int container = -1;

	if (may_hang(actual))
		return;
	snprintf(path, sizeof(path), "proc/%u/root", pid);
	for (unsigned int i = 0; i < promised->n_mounts; i++) {
		struct posture_mount *m = &promised->mounts[i];
		const struct posture_mount *is;

		if (posture_mount_at(actual, m->target))
			continue;
		if (container < 0)
			container = openat(root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (container < 0)
			return;
		is = mount_behind(container, m->target, actual);
		if (is && strcmp(is->target, "/"))
			m->target = is->target;
	}
	if (container >= 0)
		close(container);
}

/* Runtimes pass over paths that a kernel does not have; procfs and sysfs are the same for all. */
static void drop_absent(int root, const char **paths, unsigned int *n)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < *n; i++)
		if (host_exists(root, paths[i]))
			paths[kept++] = paths[i];
	*n = kept;
}

static int read_promise(int root, const char *bundle, struct refusals *refused, struct arena *a, struct posture *p)
{
	char path[PATH_MAX], *buf;
	size_t len;
	int r;

	if (*bundle != '/' || (size_t)snprintf(path, sizeof(path), "%s/config.json", bundle) >= sizeof(path))
		return -ENOENT;
	r = refusals_count(refused, host_read(root, path, &buf, &len));
	if (r)
		return r;
	r = refusals_count(refused, spec_parse(buf, len, a, p));
	free(buf);
	if (!r) {
		drop_absent(root, p->masked, &p->n_masked);
		drop_absent(root, p->readonly, &p->n_readonly);
	}
	return r;
}

#define PF_EXITING 0x4 /* from here on it seems to be in the roots of cgroup v1's hierarchies */

/* Whether a process is still the one that was meant: in the clock ticks that procfs has, which are rounded. */
static bool is_same(int root, const struct wd_process *first)
{
	unsigned int pid = first->pid;
	uint64_t start_ns = first->start_ns;
	uint64_t ticks = start_ns / (1000000000ull / (uint64_t)sysconf(_SC_CLK_TCK));
	struct process_stat p;
	char path[32], link[32], want[32];
	ssize_t n;

	/* In another mount namespace it sees what it made there itself. */
	snprintf(path, sizeof(path), "proc/%u/ns/mnt", pid);
	snprintf(want, sizeof(want), "mnt:[%u]", first->mnt_ns);
	n = readlinkat(root, path, link, sizeof(link) - 1);
	if (n < 0)
		return false;
	link[n] = 0;
	return !strcmp(link, want) && !host_process(root, pid, &p) && p.state != 'Z' && !(p.flags & PF_EXITING) &&
	       p.start <= ticks + 1 && p.start + 1 >= ticks;
}

int identity_posture(struct identity *id, const struct workload *w, const struct wd_process *first, struct arena *a,
		     struct posture *promised, struct posture *actual)
{
	int root = host_open_root(id->host_root), found = 0;
	unsigned int pid = first->pid;

	*promised = (struct posture){.label = ""};
	actual->label = actual->upper = "";
	if (root < 0)
		return 0;
	if (!read_promise(root, w->bundle, &id->refused, a, promised))
		found |= IDENTITY_PROMISED;
	if (pid && is_same(root, first) && !read_mounts(root, pid, a, actual)) {
		actual->label = read_label(root, pid, a);
		/* In a user namespace of its own no device can be made, and a sandbox refuses them itself. */
		if (actual->shared_ns & WD_DIM_USER && !w->isolation[0])
			actual->all_devices = !device_filter(root, identity_mount_table(id), pid);
		if (found) {
			follow_links(root, pid, promised, actual);
			subpaths_check(root, promised, actual);
		}
		if (is_same(root, first)) /* all of it was its */
			found |= IDENTITY_ACTUAL;
	}
	if (!(found & IDENTITY_ACTUAL)) {
		actual->label = actual->upper = "";
		actual->n_mounts = 0;
		actual->all_devices = false;
	}
	close(root);
	return found;
}

bool identity_in_upper(const struct identity *id, const char *upper, const char *path)
{
	int root = host_open_root(id->host_root);
	char full[PATH_MAX];
	bool there;

	if (root < 0)
		return false;
	there = (size_t)snprintf(full, sizeof(full), "%s%s", upper, path) < sizeof(full) && host_exists(root, full);
	close(root);
	return there;
}
