// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "runtime.h"

/*
 * runc writes one absolute path per controller, below that controller's mount: v1 hierarchies are at /sys/fs/cgroup/<name>,
 * v2 (the key is empty) is /sys/fs/cgroup itself or, on a hybrid host, its directory "unified". Which of them the kernel's
 * path belongs to is not known, so any will do; but what comes after the mount must be the whole path: "/web" is not "/rt/web".
 */
static bool is_path_of(const char *key, const char *path, const char *cgroup)
{
	static const char mount[] = "/sys/fs/cgroup", unified[] = "/unified/";

	if (strncmp(path, mount, sizeof(mount) - 1))
		return false;
	path += sizeof(mount) - 1;
	if (!*key && !strcmp(path, cgroup))
		return true;
	if (*path != '/' || (!*key && strncmp(path, unified, sizeof(unified) - 1)))
		return false;
	path = strchr(path + 1, '/');
	return path && !strcmp(path, cgroup);
}

/* runc keeps labels as "key=value", and the bundle's directory as one of its own. */
static void read_bundle(const json_t *labels, struct runtime_state *st)
{
	static const char key[] = "bundle=";
	const json_t *label;
	size_t i;

	json_array_foreach(labels, i, label)
	{
		const char *s = json_string_value(label);

		if (s && !strncmp(s, key, sizeof(key) - 1))
			runtime_bundle(st, s + sizeof(key) - 1);
	}
}

int runc_parse_state(const char *buf, size_t len, const char *cgroup, struct runtime_state *st)
{
	json_auto_t *root = json_loadb(buf, len, 0, NULL);
	const char *id, *created = "", *key;
	json_t *paths = NULL, *labels = NULL, *path;
	json_int_t pid, start = 0;

	if (!root ||
	    json_unpack(root, "{s:s, s:I, s?I, s?s, s?o, s?{s?o}}", "id", &id, "init_process_pid", &pid, "init_process_start",
			&start, "created", &created, "cgroup_paths", &paths, "config", "labels", &labels))
		return -EINVAL;
	if (pid <= 0 || pid > INT_MAX || start < 0 || strlen(id) >= sizeof(st->id) || (paths && !json_is_object(paths)))
		return -EINVAL;
	*st = (struct runtime_state){.pid = pid, .pid_start = start, .created_s = host_seconds(created)};
	strcpy(st->id, id);
	read_bundle(labels, st);
	json_object_foreach(paths, key, path)
	{
		if (!json_is_string(path))
			return -EINVAL;
		if (cgroup[0] && cgroup[1] && is_path_of(key, json_string_value(path), cgroup))
			st->in_cgroup = true;
	}
	return 0;
}

static const char *const roots[] = {
	"/run/runc",
	"/run/docker/runtime-runc/moby",
	"/run/containerd/runc/*", /* one per containerd namespace: k8s.io, default, moby */
	NULL,
};

const struct state_kind runc_states = {
	.runtime = "runc",
	.file = "state.json",
	.roots = roots,
	.parse = runc_parse_state,
};

int runc_find(const struct runtime_query *q, struct workload *out)
{
	return state_find(q, &runc_states, out);
}
