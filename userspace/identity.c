// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "identity.h"
#include "identity/runtime.h"

/* In the order in which they are asked: an engine says more than the OCI runtime below it, which knows the container too. */
static const struct runtime runtimes[] = {
	{"docker", docker_find},
	{"runc", runc_find},
	{"crun", crun_find},
	{"monitor", monitor_find},
};

/* A path that names another engine needs no look into docker's files. The OCI runtimes work for any engine. */
static bool may_know(const struct runtime *rt, const char *engine)
{
	return !engine || strcmp(rt->name, "docker") || !strcmp(engine, "docker");
}

int identity_init(struct identity *id, const char *host_root, struct err *err)
{
	size_t n;
	int fd;

	host_root = host_root ? host_root : "";
	n = strlen(host_root);
	while (n && host_root[n - 1] == '/')
		n--;
	if (n >= sizeof(id->host_root))
		return err_set(err, -ENAMETOOLONG, "host root: path of more than %zu bytes", sizeof(id->host_root) - 1);
	memcpy(id->host_root, host_root, n);
	id->host_root[n] = 0;
	id->refused = (struct refusals){0};
	fd = host_open_root(id->host_root);
	if (fd < 0)
		return err_set(err, fd, "host root %s: %s: mount the node's root there or give another", host_root,
			       strerror(-fd));
	close(fd);
	return 0;
}

static int ask_runtimes(const struct runtime_query *q, struct workload *out)
{
	const char *engine = cgroup_path_engine(q->cgroup);

	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
		if (may_know(&runtimes[i], engine) && !runtimes[i].find(q, out))
			return 0;
	return -ENOENT;
}

/* What a cgroup's path alone tells. */
static void name_by_path(struct workload *out, const char *cgroup, const char *id)
{
	*out = (struct workload){.origin_id = out->origin_id};
	runtime_copy(out->cgroup_path, sizeof(out->cgroup_path), cgroup);
	runtime_copy(out->id, sizeof(out->id), id);
	runtime_copy(out->name, sizeof(out->name), id);
	if (*id)
		out->resolution = RESOLVED_CGROUP;
}

int identity_inner(const struct identity *id, const struct workload *outer, uint64_t cgroup, bool *unique, struct workload *out)
{
	char path[sizeof(out->cgroup_path)], name[NAME_MAX + 1];
	const char *start;
	size_t len;

	if (identity_cgroup_path(id, cgroup, path, sizeof(path)) ||
	    !cgroup_path_inner(path, outer->cgroup_path, unique, &start, &len))
		return -ENOENT;
	snprintf(name, sizeof(name), "%.*s", (int)(len < sizeof(name) ? len : sizeof(name) - 1), start);
	name_by_path(out, path, name);
	return 0;
}

int identity_resolve(struct identity *id, const char *cgroup_path, unsigned int init_pid, struct workload *out)
{
	struct runtime_query q = {.cgroup = cgroup_path ? cgroup_path : "", .init_pid = init_pid, .refused = &id->refused};
	const char *start;
	size_t len;
	int r;

	q.unique = cgroup_path_id(q.cgroup, &start, &len);
	/* A longer name than a file can have is in no runtime's directory; it still is what the path says. */
	snprintf(q.id, sizeof(q.id), "%.*s", (int)(len < sizeof(q.id) ? len : sizeof(q.id) - 1), start);
	name_by_path(out, q.cgroup, q.id);
	q.root = host_open_root(id->host_root);
	if (q.root < 0)
		return -ENOENT;
	r = ask_runtimes(&q, out);
	if (!r && !out->bundle[0])
		state_find_bundle(&q, out);
	if (!out->isolation[0])
		monitor_isolation(&q, out);
	close(q.root);
	if (!r)
		out->resolution = out->pod_ns[0] ? RESOLVED_KUBERNETES : RESOLVED_RUNTIME;
	return r;
}
