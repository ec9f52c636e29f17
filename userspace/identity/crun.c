// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "runtime.h"

/* crun writes the path as the kernel has it, once for all hierarchies; and no id: the directory's name is the id. */
int crun_parse_status(const char *buf, size_t len, const char *cgroup, struct runtime_state *st)
{
	json_auto_t *root = json_loadb(buf, len, 0, NULL);
	const char *created = "", *path = "", *bundle = "";
	json_int_t pid, start = 0;

	if (!root || json_unpack(root, "{s:I, s?I, s?s, s?s, s?s}", "pid", &pid, "process-start-time", &start, "created",
				 &created, "cgroup-path", &path, "bundle", &bundle))
		return -EINVAL;
	if (pid <= 0 || pid > INT_MAX || start < 0)
		return -EINVAL;
	*st = (struct runtime_state){.pid = pid, .pid_start = start, .created_s = host_seconds(created)};
	runtime_bundle(st, bundle);
	st->in_cgroup = cgroup[0] && cgroup[1] && !strcmp(path, cgroup);
	return 0;
}

static const char *const roots[] = {"/run/crun", NULL};

const struct state_kind crun_states = {
	.runtime = "crun",
	.file = "status",
	.roots = roots,
	.parse = crun_parse_status,
};

int crun_find(const struct runtime_query *q, struct workload *out)
{
	return state_find(q, &crun_states, out);
}
