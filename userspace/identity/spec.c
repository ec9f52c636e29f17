// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "../capset.h"
#include "runtime.h"

/*
 * What a runtime was told to make: config.json of the OCI runtime specification (config.md and config-linux.md, v1.2), as it lies in
 * the bundle. Fields of other types than the specification's are as if they were not there.
 */

static const char *string_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

/* A directory's name without what changes nothing: blanks of a path. "/dev/" is "/dev", "/" stays. */
static const char *keep_path(struct arena *a, const char *s)
{
	size_t n = strlen(s);

	while (n > 1 && s[n - 1] == '/')
		n--;
	return arena_printf(a, "%.*s", (int)n, s);
}

/* Without a list nothing is dropped that the runtime has itself. */
static uint64_t read_caps(const json_t *process)
{
	const json_t *capabilities = json_object_get(process, "capabilities"), *name;
	uint64_t set = 0;
	size_t i;

	if (!json_is_object(capabilities))
		return ~0ull;
	json_array_foreach(json_object_get(capabilities, "bounding"), i, name)
	{
		int cap = json_is_string(name) ? capset_find(json_string_value(name)) : -1;

		if (cap >= 0)
			set |= CAPSET(cap);
	}
	return set;
}

/* Namespaces that are not listed are those that the runtime is in: the host's. */
static void read_namespaces(const json_t *linux_, struct posture *p)
{
	static const struct {
		const char *type;
		uint32_t bit;
	} rows[] = {
		{"mount", WD_DIM_MNT}, {"pid", WD_DIM_PID},          {"network", WD_DIM_NET}, {"uts", WD_DIM_UTS},
		{"ipc", WD_DIM_IPC},   {"cgroup", WD_DIM_CGROUP_NS}, {"user", WD_DIM_USER},
	};
	const json_t *ns;
	size_t i;

	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++)
		p->shared_ns |= rows[row].bit;
	json_array_foreach(json_object_get(linux_, "namespaces"), i, ns)
	{
		for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
			if (strcmp(string_of(ns, "type"), rows[row].type))
				continue;
			p->shared_ns &= ~rows[row].bit;
			if (*string_of(ns, "path"))
				p->joined_ns |= rows[row].bit;
		}
	}
}

/* The user as the host has it, through the mappings of a user namespace. */
static uint32_t read_uid(const json_t *process, const json_t *linux_)
{
	json_int_t uid = json_integer_value(json_object_get(json_object_get(process, "user"), "uid"));
	const json_t *map;
	size_t i;

	json_array_foreach(json_object_get(linux_, "uidMappings"), i, map)
	{
		json_int_t inside = json_integer_value(json_object_get(map, "containerID"));
		json_int_t size = json_integer_value(json_object_get(map, "size"));

		if (uid >= inside && uid - inside < size)
			return (uint32_t)(json_integer_value(json_object_get(map, "hostID")) + (uid - inside));
	}
	return (uint32_t)uid;
}

/* The last rule about all devices counts. */
static void read_devices(const json_t *linux_, struct posture *p)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(linux_, "resources"), "devices"), i, rule)
	{
		const char *type = string_of(rule, "type");

		if (json_object_get(rule, "major") || json_object_get(rule, "minor") || (*type && strcmp(type, "a")))
			continue;
		p->all_devices = json_is_true(json_object_get(rule, "allow"));
		p->no_devices = !p->all_devices;
	}
}

static int read_paths(const json_t *list, struct arena *a, const char ***out, unsigned int *n, bool *cut)
{
	size_t size = json_array_size(list);
	const json_t *path;
	size_t i;

	*cut |= size > POSTURE_PATHS;
	*out = arena_alloc(a, (size < POSTURE_PATHS ? size : POSTURE_PATHS) * sizeof(**out));
	if (!*out)
		return -ENOMEM;
	json_array_foreach(list, i, path)
	{
		if (*n == POSTURE_PATHS || !json_is_string(path))
			continue;
		(*out)[*n] = keep_path(a, json_string_value(path));
		if (!(*out)[(*n)++])
			return -ENOMEM;
	}
	return 0;
}

static int read_sysctls(json_t *list, struct arena *a, struct posture *p)
{
	size_t size = json_object_size(list);
	const char *key;
	json_t *value;

	p->cut |= size > POSTURE_PATHS;
	p->sysctls = arena_alloc(a, (size < POSTURE_PATHS ? size : POSTURE_PATHS) * sizeof(*p->sysctls));
	if (!p->sysctls)
		return -ENOMEM;
	json_object_foreach(list, key, value)
	{
		if (p->n_sysctls == POSTURE_PATHS)
			break;
		p->sysctls[p->n_sysctls] = arena_string(a, key);
		if (!p->sysctls[p->n_sysctls++])
			return -ENOMEM;
	}
	return 0;
}

static int read_mount(const json_t *mount, struct arena *a, struct posture_mount *m)
{
	const json_t *option;
	size_t i;

	*m = (struct posture_mount){.writable = true, .root = "", .bind = !strcmp(string_of(mount, "type"), "bind")};
	json_array_foreach(json_object_get(mount, "options"), i, option)
	{
		const char *o = json_is_string(option) ? json_string_value(option) : "";

		if (!strcmp(o, "ro"))
			m->writable = false;
		if (!strcmp(o, "rbind"))
			m->recursive = true;
		if (!strcmp(o, "bind") || !strcmp(o, "rbind"))
			m->bind = true;
	}
	m->target = keep_path(a, string_of(mount, "destination"));
	m->source = keep_path(a, string_of(mount, "source"));
	m->type = arena_string(a, string_of(mount, "type"));
	return m->target && m->source && m->type ? 0 : -ENOMEM;
}

static int read_mounts(const json_t *list, struct arena *a, struct posture *p)
{
	size_t size = json_array_size(list);
	const json_t *mount;
	size_t i;

	p->cut |= size > POSTURE_MOUNTS;
	p->mounts = arena_alloc(a, (size < POSTURE_MOUNTS ? size : POSTURE_MOUNTS) * sizeof(*p->mounts));
	if (!p->mounts)
		return -ENOMEM;
	json_array_foreach(list, i, mount)
	{
		if (p->n_mounts == POSTURE_MOUNTS || *string_of(mount, "destination") != '/')
			continue;
		if (read_mount(mount, a, &p->mounts[p->n_mounts]))
			return -ENOMEM;
		p->n_mounts++;
	}
	return 0;
}

int spec_parse(const char *buf, size_t len, struct arena *a, struct posture *p)
{
	json_auto_t *root = json_loadb(buf, len, 0, NULL);
	const json_t *process = json_object_get(root, "process"), *linux_ = json_object_get(root, "linux");
	const char *label = string_of(process, "apparmorProfile");

	if (!json_is_object(process) || !json_is_object(linux_))
		return -EINVAL;
	if (!*label)
		label = string_of(process, "selinuxLabel");
	*p = (struct posture){
		.caps = read_caps(process),
		.seccomp = json_is_object(json_object_get(linux_, "seccomp")),
		.no_new_privs = json_is_true(json_object_get(process, "noNewPrivileges")),
		.uid = read_uid(process, linux_),
		.label = arena_string(a, label),
	};
	read_namespaces(linux_, p);
	read_devices(linux_, p);
	if (!p->label || read_mounts(json_object_get(root, "mounts"), a, p) ||
	    read_paths(json_object_get(linux_, "maskedPaths"), a, &p->masked, &p->n_masked, &p->cut) ||
	    read_paths(json_object_get(linux_, "readonlyPaths"), a, &p->readonly, &p->n_readonly, &p->cut) ||
	    read_sysctls(json_object_get(linux_, "sysctl"), a, p))
		return -ENOMEM;
	return 0;
}
