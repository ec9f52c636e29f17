// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "identity.h"
#include "runtime.h"

#define ID_HEX 64

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); /* engines write lower case, and so their directories' names */
}

/*
 * The last run of exactly 64 hex digits, wherever it stands: engines put words before it ("libpod-") and after it (".scope"),
 * podman puts a leaf below it, and a podman pod has the pod's id above it.
 */
static const char *last_hex_id(const char *path)
{
	const char *id = NULL;

	for (const char *p = path; *p;) {
		size_t n = 0;

		while (is_hex(p[n]))
			n++;
		if (n == ID_HEX)
			id = p;
		p += n ? n : 1;
	}
	return id;
}

size_t cgroup_path_pod(const char *cgroup_path, const char **start)
{
	static const char *const marks[] = {"/libpod_parent/", "libpod_pod_"}; /* cgroupfs, systemd */

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		const char *at = strstr(cgroup_path, marks[i]);
		size_t n = 0;

		*start = at ? at + strlen(marks[i]) : "";
		while (is_hex((*start)[n]))
			n++;
		if (n == ID_HEX)
			return n;
	}
	return 0;
}

/* Where a path ends without crun's leaf: it moves a container below the scope that systemd made, to a cgroup of this name. */
static const char *without_leaf(const char *path, const char *end)
{
	static const char leaf[] = "/container", below[] = ".scope/container";
	const size_t len = sizeof(below) - 1;

	return (size_t)(end - path) > len && !memcmp(end - len, below, len) ? end - (sizeof(leaf) - 1) : end;
}

bool cgroup_path_id(const char *cgroup_path, const char **start, size_t *len)
{
	static const char scope[] = ".scope";
	const size_t scope_len = sizeof(scope) - 1;
	const char *end = cgroup_path + strlen(cgroup_path), *id = last_hex_id(cgroup_path);

	if (id) {
		*start = id;
		*len = ID_HEX;
		return true;
	}
	while (end > cgroup_path && end[-1] == '/')
		end--;
	end = without_leaf(cgroup_path, end);
	for (id = end; id > cgroup_path && id[-1] != '/';)
		id--;
	*start = id;
	*len = end - id;
	if (*len > scope_len && !memcmp(end - scope_len, scope, scope_len))
		*len -= scope_len;
	/* The id becomes a part of file names. The kernel has no such cgroup; a capture file or a caller might. */
	if ((*len == 1 && id[0] == '.') || (*len == 2 && !memcmp(id, "..", 2)))
		*len = 0;
	return false;
}

bool cgroup_path_inner(const char *path, const char *outer, bool *unique, const char **start, size_t *len)
{
	size_t above = strlen(outer);

	if (!above || strncmp(path, outer, above) || path[above] != '/')
		return false;
	*unique = cgroup_path_id(path + above, start, len);
	return *len > 0;
}

size_t identity_id_from_cgroup(const char *cgroup_path, char *id, size_t size)
{
	const char *start;
	size_t len;

	if (!size)
		return 0;
	cgroup_path_id(cgroup_path, &start, &len);
	if (len >= size)
		len = size - 1;
	memcpy(id, start, len);
	id[len] = 0;
	return len;
}

const char *cgroup_path_engine(const char *cgroup_path)
{
	static const struct {
		const char *before; /* what stands right before the id */
		const char *engine;
	} marks[] = {
		{"docker-", "docker"},
		{"/docker/", "docker"},
		{":docker:", "docker"},
		{"libpod-", "podman"},
		{"cri-containerd-", "containerd"},
		{":cri-containerd:", "containerd"},
		{"crio-", "crio"},
	};
	const char *id = last_hex_id(cgroup_path);

	for (size_t i = 0; id && i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t n = strlen(marks[i].before);

		if ((size_t)(id - cgroup_path) >= n && !memcmp(id - n, marks[i].before, n))
			return marks[i].engine;
	}
	return NULL;
}
