// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "identity.h"
#include "identity/runtime.h"
#include "text.h"

/*
 * What comes from a node's disk and from cgroup names. The first byte picks the parser; then comes a cgroup path up to a NUL,
 * then the file.
 */

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void fuzz_path(const char *path)
{
	char id[72], name[NAME_MAX + 1];
	size_t len = identity_id_from_cgroup(path, id, sizeof(id));
	const char *start;
	bool unique;

	check(len == strlen(id) && len < sizeof(id));
	identity_id_from_cgroup(path, name, sizeof(name));
	check(!strchr(name, '/') && strcmp(name, ".") && strcmp(name, ".."));
	cgroup_path_engine(path);
	isolation_of(path);
	if (cgroup_path_inner(path, "/a", &unique, &start, &len))
		check(start > path && len && start + len <= path + strlen(path));
	host_seconds(path);
}

static void check_string(const char *s, size_t size)
{
	check(memchr(s, 0, size) && text_is_utf8(s, strlen(s)));
}

static void fuzz_docker(const char *buf, size_t len, const char *id)
{
	struct workload w = {0};

	if (docker_parse_config(buf, len, id, &w))
		return;
	check_string(w.id, sizeof(w.id));
	check_string(w.name, sizeof(w.name));
	check_string(w.image, sizeof(w.image));
	check_string(w.digest, sizeof(w.digest));
	check(w.started_s >= 0);
}

static void fuzz_bundle(const char *buf, size_t len, const char *id, int which)
{
	struct workload w = {0};
	char dir[64] = "";
	struct monitor m;

	if (which == 0)
		bundle_parse_cri(buf, len, &w);
	else if (which == 1)
		bundle_parse_crio(buf, len, &w);
	else if (which == 2)
		podman_parse_containers(buf, len, id, &w);
	else if (which == 3)
		check(bundle_parse_docker(buf, len, id, dir, sizeof(dir)) || dir[0] == '/' || !dir[0]);
	else
		check(monitor_parse_cmdline(buf, len, &m) ||
		      ((!m.id || (m.id >= buf && m.id < buf + len)) && m.runtime >= buf && m.runtime < buf + len));
	check_string(w.name, sizeof(w.name));
	check_string(w.image, sizeof(w.image));
	check_string(w.digest, sizeof(w.digest));
	check_string(w.pod, sizeof(w.pod));
	check_string(w.pod_ns, sizeof(w.pod_ns));
	check_string(w.pod_uid, sizeof(w.pod_uid));
}

/* What was parsed is rated and compared with itself, which may find that promised mounts are missing, but nothing worse than bytes. */
static void fuzz_spec(const char *buf, size_t len)
{
	struct posture_difference d[POSTURE_DIFFERENCES];
	struct rating rating;
	struct arena a;
	struct posture p;

	check(!arena_init(&a, 64 * 1024));
	if (!spec_parse(buf, len, &a, &p)) {
		check(p.n_mounts <= POSTURE_MOUNTS && p.n_masked <= POSTURE_PATHS && p.n_sysctls <= POSTURE_PATHS);
		posture_rate(&p, &a, &rating);
		check(rating.level >= PSS_PRIVILEGED && rating.level <= PSS_RESTRICTED && rating.n <= PSS_REASONS);
		posture_compare(&p, &p, d);
	}
	arena_destroy(&a);
}

static void fuzz_mountinfo(char *buf)
{
	struct mount_line m[16];
	unsigned int n;

	mountinfo_parse(buf, m, 16, &n);
	check(n <= 16);
	for (unsigned int i = 0; i < n; i++)
		check(strlen(m[i].device) + strlen(m[i].root) + strlen(m[i].target) + strlen(m[i].type) < 1 << 20);
}

static void fuzz_image(const char *buf, size_t len, const char *digits)
{
	int64_t created_s = 0;
	char next[65];

	if (!image_parse_blob(buf, len, &created_s, next))
		check(created_s >= 0 && (!*next || strspn(next, "0123456789abcdef") == 64));
	image_parse_list(buf, len, digits, &created_s);
}

static void fuzz_account(const char *buf, size_t len)
{
	char name[16] = "";

	account_parse_token(buf, len, name, sizeof(name));
	check_string(name, sizeof(name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct runtime_state st = {0};
	char dir[64], *path, *end, *buf;
	struct workload w = {0};
	size_t len;

	if (size < 2)
		return 0;
	path = malloc(size);
	memcpy(path, data + 1, size - 1);
	path[size - 1] = 0;
	end = path + strlen(path);
	buf = end < path + size - 1 ? end + 1 : end;
	len = path + size - 1 - buf;
	switch (data[0] % 15) {
	case 0:
		fuzz_path(path);
		break;
	case 1:
		check(runc_parse_state(buf, len, path, &st) || (st.pid && memchr(st.id, 0, sizeof(st.id))));
		break;
	case 2:
		check(crun_parse_status(buf, len, path, &st) || (st.pid && !st.id[0]));
		break;
	case 3:
		fuzz_docker(buf, len, path);
		break;
	case 4:
		docker_parse_hostconfig(buf, len, &w);
		break;
	case 5:
		check(docker_parse_daemon(buf, len, dir, sizeof(dir)) || dir[0] == '/');
		break;
	case 11:
		fuzz_spec(buf, len);
		break;
	case 12:
		fuzz_mountinfo(buf);
		break;
	case 13:
		fuzz_image(buf, len, path);
		break;
	case 14:
		fuzz_account(buf, len);
		break;
	default:
		fuzz_bundle(buf, len, path, data[0] % 15 - 6);
		break;
	}
	free(path);
	return 0;
}
