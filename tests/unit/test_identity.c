// SPDX-License-Identifier: Apache-2.0
#include "identity_fixture.h"

/* What crun 1.8.1 wrote, with some of the fields that are not read left out, and the time in it. */
#define CRUN(pid, start, path)                                                                                                 \
	"{\n    \"pid\": " pid ",\n    \"process-start-time\": " start ",\n    \"cgroup-path\": \"" path                       \
	"\",\n    \"scope\": \"\",\n    \"rootfs\": \"rootfs\",\n    \"systemd-cgroup\": false,\n    \"bundle\": "             \
	"\"/tmp/wid/b\",\n    \"created\": \"2026-11-23T22:28:37.643436Z\",\n    \"owner\": \"root\",\n    \"detached\": true" \
	",\n    \"external_descriptors\": \"[\\\"/dev/null\\\",\\\"/dev/null\\\",\\\"/tmp/wid/crun.err\\\"]\"\n}\n"
#define CREATED_CRUN 1795472917

#define PROC_STAT(pid, comm, state, start)                                                                                     \
	pid " (" comm ") " state " 1 5615 5615 0 -1 4194560 77 0 1 0 0 0 0 0 20 0 1 0 " start                                  \
	    " 2322432 332 18446744073709551615 4198400 5785993 140733006490176 0 0 0 0 0 0 1 0 0 17 0 0 0 0 0 0\n"

static void test_id_from_cgroup(void **state)
{
	static const struct {
		const char *path, *id, *engine;
	} rows[] = {
		{"/docker/" HEX, HEX, "docker"},
		{"/system.slice/docker-" HEX ".scope", HEX, "docker"},
		{"/widparent/" HEX, HEX, NULL},
		{"/kubepods/besteffort/pod1b2c3d4e-0000-1111-2222-333344445555/" HEX, HEX, NULL},
		{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1b2c3d4e_0000.slice/cri-containerd-" HEX
		 ".scope",
		 HEX, "containerd"},
		{"/kubepods-burstable-pod1b2c.slice:cri-containerd:" HEX, HEX, "containerd"},
		{"/kubepods/burstable/pod1b2c/crio-" HEX, HEX, "crio"},
		{"/libpod_parent/libpod-" HEX, HEX, "podman"},
		{"/machine.slice/libpod-" HEX ".scope/container", HEX, "podman"},
		{"/libpod_parent/" HEX2 "/libpod-" HEX, HEX, "podman"},
		{"/docker/" HEX2 "/docker/" HEX "/init", HEX, "docker"},
		{"/default/c1", "c1", NULL},
		{"/system.slice/rt-c1.scope", "rt-c1", NULL},
		{"/system.slice/rt-c1.scope/container", "rt-c1", NULL},
		{"/system.slice/rt-c1.scope/web", "web", NULL},
		{"/rt-c1/container", "container", NULL},
		{".scope/container", "container", NULL},
		{"/rt/web", "web", NULL},
		{"/rt/web//", "web", NULL},
		{"web", "web", NULL},
		{"/rt/.scope", ".scope", NULL},
		{"/rt/a.scope.scope", "a.scope", NULL},
		{"/x/" HEX "0", HEX "0", NULL}, /* 65 digits */
		{"/x/be15712bddc409f41d7a47a24e96fdb9", "be15712bddc409f41d7a47a24e96fdb9", NULL},
		{"/x/20CE11D1489FE2FC7A1689BD65FEE8C4C811C8700EDD36D261E041B18754C34B",
		 "20CE11D1489FE2FC7A1689BD65FEE8C4C811C8700EDD36D261E041B18754C34B", NULL},
		{"/rt/..", "", NULL},
		{"/rt/../", "", NULL},
		{"/rt/.", "", NULL},
		{"/rt/...", "...", NULL},
		{"/rt/...scope", "", NULL},
		{"/", "", NULL},
		{"", "", NULL},
		{"////", "", NULL},
	};
	char id[256], small[8];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const char *engine = cgroup_path_engine(rows[i].path);

		assert_int_equal(identity_id_from_cgroup(rows[i].path, id, sizeof(id)), strlen(rows[i].id));
		assert_string_equal(id, rows[i].id);
		assert_int_equal(!engine, !rows[i].engine);
		if (engine)
			assert_string_equal(engine, rows[i].engine);
	}
	assert_int_equal(identity_id_from_cgroup("/docker/" HEX, small, sizeof(small)), 7);
	assert_string_equal(small, "20ce11d");
	assert_int_equal(identity_id_from_cgroup("/rt/web", small, 1), 0);
	assert_string_equal(small, "");
	assert_int_equal(identity_id_from_cgroup("/rt/web", small, 0), 0);
}

static void test_inner_cgroup(void **state)
{
	static const struct {
		const char *path, *outer;
		const char *id; /* NULL: it is not below that one */
		bool unique;
	} rows[] = {
		{"/docker/" HEX "/docker/" HEX2, "/docker/" HEX, HEX2, true},
		{"/kubepods/pod1/" HEX "/system.slice/docker-" HEX2 ".scope", "/kubepods/pod1/" HEX, HEX2, true},
		{"/docker/" HEX "/libpod_parent/libpod-" HEX2 "/container", "/docker/" HEX, HEX2, true},
		{"/docker/" HEX "/web", "/docker/" HEX, "web", false},
		{"/rt/web/a.scope", "/rt/web", "a", false},
		{"/docker/" HEX, "/docker/" HEX, NULL, false},
		{"/docker/" HEX "/", "/docker/" HEX, NULL, false},
		{"/docker/" HEX "/..", "/docker/" HEX, NULL, false},
		{"/rt/web2/" HEX2, "/rt/web", NULL, false},
		{"/rt/" HEX2, "/rt/web", NULL, false},
		{"/" HEX2, "", NULL, false},
		{"", "/rt/web", NULL, false},
	};
	const char *start;
	size_t len;

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		bool unique, is = cgroup_path_inner(rows[i].path, rows[i].outer, &unique, &start, &len);

		assert_int_equal(is, rows[i].id != NULL);
		if (!is)
			continue;
		assert_int_equal(unique, rows[i].unique);
		assert_int_equal(len, strlen(rows[i].id));
		assert_memory_equal(start, rows[i].id, len);
	}
}

static void test_runc_parse(void **state)
{
	static const struct {
		const char *cgroup;
		bool in;
	} paths[] = {
		{"/rt/web", true},
		{"/lim/rt/web", true},
		{"/web", false},
		{"/rt", false},
		{"/rt/web2", false},
		{"/rt/web/", false},
		{"/t/web", false},
		{"t/web", false},
		{"/", false},
		{"", false},
		{"/memory/lim/rt/web", false},
	};
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"null",
		"\"id\"",
		"{}",
		"{\"id\":\"a\"}",
		"{\"init_process_pid\":5}",
		"{\"id\":5,\"init_process_pid\":5}",
		"{\"id\":null,\"init_process_pid\":5}",
		"{\"id\":\"a\",\"init_process_pid\":\"5\"}",
		"{\"id\":\"a\",\"init_process_pid\":5.5}",
		"{\"id\":\"a\",\"init_process_pid\":0}",
		"{\"id\":\"a\",\"init_process_pid\":-5}",
		"{\"id\":\"a\",\"init_process_pid\":4294967301}",
		"{\"id\":\"a\",\"init_process_pid\":99999999999999999999999}",
		"{\"id\":\"a\",\"init_process_pid\":5,\"init_process_start\":-1}",
		"{\"id\":\"a\",\"init_process_pid\":5,\"init_process_start\":{}}",
		"{\"id\":\"a\",\"init_process_pid\":5,\"created\":7}",
		"{\"id\":\"a\",\"init_process_pid\":5,\"cgroup_paths\":[\"/sys/fs/cgroup/x\"]}",
		"{\"id\":\"a\",\"init_process_pid\":5,\"cgroup_paths\":{\"memory\":5}}",
		"{\"id\":\"a\\u0000b\",\"init_process_pid\":5}",
		"{\"id\":\"a\xff\",\"init_process_pid\":5}",
		"{\"id\":\"a\",\"init_process_pid\":5} x",
	};
	static const char good[] = RUNC("wid-a", "5615", "168189", "/lim/rt/web", "/rt/web");
	static const char v2[] = "{\"id\":\"a\",\"init_process_pid\":5,\"cgroup_paths\":{\"\":\"/sys/fs/cgroup/rt/web\"}}";
	char deep[8192], longid[512];
	struct runtime_state st;

	(void)state;
	for (size_t i = 0; i < N(paths); i++) {
		assert_int_equal(runc_parse_state(good, sizeof(good) - 1, paths[i].cgroup, &st), 0);
		assert_int_equal(st.in_cgroup, paths[i].in);
		assert_string_equal(st.id, "wid-a");
		assert_int_equal(st.pid, 5615);
		assert_int_equal(st.pid_start, 168189);
		assert_int_equal(st.created_s, CREATED_RUNC);
	}
	assert_int_equal(runc_parse_state(v2, sizeof(v2) - 1, "/rt/web", &st), 0);
	assert_true(st.in_cgroup);
	assert_int_equal(runc_parse_state(v2, sizeof(v2) - 1, "/web", &st), 0); /* v2's mount has no controller's directory */
	assert_false(st.in_cgroup);
	for (size_t i = 0; i < N(bad); i++)
		assert_int_equal(runc_parse_state(bad[i], strlen(bad[i]), "/rt/web", &st), -EINVAL);
	for (size_t i = 0; i < sizeof(good) - 2; i++) /* torn anywhere; the last byte is only the end of the line */
		assert_int_equal(runc_parse_state(good, i, "/rt/web", &st), -EINVAL);
	memset(deep, '[', sizeof(deep));
	assert_int_equal(runc_parse_state(deep, sizeof(deep), "/rt/web", &st), -EINVAL);
	snprintf(longid, sizeof(longid), "{\"id\":\"%0300d\",\"init_process_pid\":5}", 0);
	assert_int_equal(runc_parse_state(longid, strlen(longid), "/rt/web", &st), -EINVAL);
}

static void test_crun_parse(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"pid\":\"7353\"}",
		"{\"pid\":0}",
		"{\"pid\":-1}",
		"{\"pid\":2147483648}",
		"{\"pid\":true}",
		"{\"pid\":5,\"cgroup-path\":null}",
		"{\"pid\":5,\"cgroup-path\":[]}",
		"{\"pid\":5,\"process-start-time\":\"1\"}",
		"{\"pid\":5,\"cgroup-path\":\"/\xc0\xaf\"}",
	};
	static const char good[] = CRUN("7353", "192332", "/wid/crunweb2");
	struct runtime_state st;

	(void)state;
	assert_int_equal(crun_parse_status(good, sizeof(good) - 1, "/wid/crunweb2", &st), 0);
	assert_true(st.in_cgroup);
	assert_int_equal(st.pid, 7353);
	assert_int_equal(st.pid_start, 192332);
	assert_int_equal(st.created_s, CREATED_CRUN);
	assert_int_equal(crun_parse_status(good, sizeof(good) - 1, "/crunweb2", &st), 0);
	assert_false(st.in_cgroup);
	for (size_t i = 0; i < N(bad); i++)
		assert_int_equal(crun_parse_status(bad[i], strlen(bad[i]), "/x", &st), -EINVAL);
	for (size_t i = 0; i < sizeof(good) - 2; i++)
		assert_int_equal(crun_parse_status(good, i, "/wid/crunweb2", &st), -EINVAL);
}

static void test_seconds(void **state)
{
	static const struct {
		const char *text;
		int64_t s;
	} rows[] = {
		{"2026-11-23T22:24:36.227190418Z", CREATED_RUNC},
		{"2026-11-23T22:24:36Z", CREATED_RUNC},
		{"2026-11-24T00:24:36.2+02:00", CREATED_RUNC},
		{"2026-11-23T17:54:36-04:30", CREATED_RUNC},
		{"0001-01-01T00:00:00Z", 0},
		{"1970-01-01T00:00:00+01:00", 0},
		{"2026-13-23T22:24:36Z", 0},
		{"2026-11-23T22:24:36", 0},
		{"2026-11-23T22:24:36.5", 0},
		{"2026-11-23T22:24:36+", 0},
		{"2026-11-23 22:24:36Z", 0},
		{"2026-11-23", 0},
		{"99999999999999999999-11-23T22:24:36Z", 0},
		{"now", 0},
		{"", 0},
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		assert_int_equal(host_seconds(rows[i].text), rows[i].s);
}

static void test_init(void **state)
{
	struct identity id;
	struct err err;
	char longer[400];

	(void)state;
	assert_int_equal(identity_init(&id, "", &err), 0);
	assert_string_equal(id.host_root, "");
	assert_int_equal(identity_init(&id, "/", &err), 0);
	assert_string_equal(id.host_root, "");
	assert_int_equal(identity_init(&id, NULL, &err), 0);
	assert_int_equal(identity_init(&id, "/tmp//", &err), 0);
	assert_string_equal(id.host_root, "/tmp");
	assert_int_equal(identity_init(&id, "/nonexistent", &err), -ENOENT);
	assert_non_null(strstr(err.msg, "/nonexistent"));
	snprintf(longer, sizeof(longer), "/%0300d", 0);
	assert_int_equal(identity_init(&id, longer, &err), -ENAMETOOLONG);
}

static void test_unknown(void **state)
{
	char longer[1200];
	struct workload w;

	resolved(*state, "/docker/" HEX, 5, "", HEX);
	resolved(*state, "/rt/web", 0, "", "web");
	resolved(*state, "/", 0, "", "");
	resolved(*state, "", 5, "", "");
	resolved(*state, NULL, 5, "", "");
	w = resolved(*state, "/rt/a\xff\xc3", 5, "", "a\\xff\\xc3");
	assert_string_equal(w.cgroup_path, "/rt/a\\xff\\xc3");
	snprintf(longer, sizeof(longer), "/%01000d", 0); /* longer than a file's name and than every field */
	memset(&w, 0, sizeof(w));
	assert_int_equal(identity_resolve(&((struct node *)*state)->id, longer, 5, &w), -ENOENT);
	assert_int_equal(strlen(w.id), sizeof(w.id) - 1);
	assert_int_equal(w.resolution, RESOLVED_CGROUP);
}

static void test_runc(void **state)
{
	struct node *n = *state;
	struct workload w;

	puts_at(n, "run/runc/wid-a/state.json", RUNC("wid-a", "5615", "168189", "/lim/rt/web", "/rt/web"));
	puts_at(n, "run/runc/c1/state.json", RUNC("c1", "5700", "168200", "/c1", "/c1"));
	puts_at(n, "run/containerd/runc/k8s.io/" HEX "/state.json", RUNC(HEX, "5701", "168201", "/k/" HEX, "/k/" HEX));
	puts_at(n, "run/containerd/runc/default/job/state.json", RUNC("job", "5702", "168202", "/default/j", "/default/j"));
	w = resolved(n, "/rt/web", 5615, "runc", "wid-a");
	assert_string_equal(w.name, "wid-a");
	assert_int_equal(w.started_s, CREATED_RUNC);
	resolved(n, "/rt/web", 0, "runc", "wid-a");
	resolved(n, "/lim/rt/web", 5615, "runc", "wid-a");
	resolved(n, "/c1", 5700, "runc", "c1");
	resolved(n, "/k/" HEX, 5701, "runc", HEX);
	resolved(n, "/kubepods.slice/cri-containerd-" HEX ".scope", 0, "runc", HEX);
	resolved(n, "/default/j", 5702, "runc", "job");
	resolved(n, "/web", 5, "", "web");
	resolved(n, "/x/c1", 5, "", "c1"); /* the name alone is no proof */
}

static void test_crun(void **state)
{
	struct node *n = *state;
	struct workload w;

	puts_at(n, "run/crun/wid-c/status", CRUN("7353", "192332", "/wid/crunweb2"));
	puts_at(n, "run/crun/" HEX "/status", CRUN("7400", "192400", "/libpod_parent/libpod-" HEX));
	w = resolved(n, "/wid/crunweb2", 7353, "crun", "wid-c");
	assert_int_equal(w.started_s, CREATED_CRUN);
	resolved(n, "/wid/crunweb2", 0, "crun", "wid-c");
	resolved(n, "/machine.slice/libpod-" HEX ".scope/container", 7400, "crun", HEX);
	resolved(n, "/crunweb2", 0, "", "crunweb2");
}

/* States outlive crashes; cgroups and pids are used again. */
static void test_stale(void **state)
{
	struct node *n = *state;

	puts_at(n, "run/runc/c1/state.json", RUNC("c1", "5615", "168189", "/c1", "/c1"));
	resolved(n, "/c1", 6000, "", "c1"); /* another first process, and nothing shows that the file's one runs */
	puts_at(n, "proc/5615/stat", PROC_STAT("5615", "a) S 1 (b", "S", "168189"));
	resolved(n, "/c1", 6000, "runc", "c1"); /* it runs: the pid that was asked for is just another process of it */
	resolved(n, "/elsewhere", 5615, "runc", "c1");
	resolved(n, "/elsewhere", 6000, "", "elsewhere");
	puts_at(n, "proc/5615/stat", PROC_STAT("5615", "sleep", "Z", "168189"));
	resolved(n, "/c1", 6000, "", "c1");
	puts_at(n, "proc/5615/stat", PROC_STAT("5615", "sleep", "S", "999999"));
	resolved(n, "/c1", 6000, "", "c1");
	resolved(n, "/elsewhere", 5615, "", "elsewhere"); /* the pid was used again */
	puts_at(n, "proc/5615/stat", "5615 (sleep) S 1");
	resolved(n, "/c1", 6000, "", "c1");

	/* the same cgroup by another name, and by crun: the one whose process it is */
	puts_at(n, "run/runc/c2/state.json", RUNC("c2", "6000", "168300", "/c1", "/c1"));
	resolved(n, "/c1", 6000, "runc", "c2");
	puts_at(n, "run/crun/c3/status", CRUN("6001", "192332", "/c1"));
	resolved(n, "/c1", 6001, "crun", "c3");

	/* a copied state is not the container of its directory */
	puts_at(n, "run/runc/c4/state.json", RUNC("c5", "6002", "168300", "/c4", "/c4"));
	resolved(n, "/c4", 6002, "", "c4");
}

/* Reads were refused for this reason and no other. Starts to count anew. */
static void refused_for(struct node *n, uint64_t *reason)
{
	assert_true(*reason > 0);
	*reason = 0;
	assert_memory_equal(&n->id.refused, &(struct refusals){0}, sizeof(struct refusals));
}

static void test_hostile_files(void **state)
{
	static const char good[] = RUNC("c1", "5615", "168189", "/c1", "/c1"),
			  other[] = RUNC("c2", "5615", "168189", "/c1", "/c1");
	static char huge[RUNTIME_FILE_MAX + 1];
	char path[PATH_MAX];
	struct node *n = *state;

	memset(huge, ' ', sizeof(huge));
	memcpy(huge, good, sizeof(good) - 1);
	put(n, "run/runc/c1/state.json", huge, RUNTIME_STATE_MAX);
	resolved(n, "/c1", 5615, "runc", "c1");
	assert_memory_equal(&n->id.refused, &(struct refusals){0},
			    sizeof(struct refusals)); /* what is not there is no refusal */
	put(n, "run/runc/c1/state.json", huge, RUNTIME_STATE_MAX + 1);
	resolved(n, "/c1", 5615, "", "c1");
	refused_for(n, &n->id.refused.too_big);
	put(n, "run/runc/c1/state.json", huge, sizeof(huge));
	resolved(n, "/c1", 5615, "", "c1");
	refused_for(n, &n->id.refused.too_big);
	put(n, "run/runc/c1/state.json", good, sizeof(good) / 2);
	resolved(n, "/c1", 5615, "", "c1");
	refused_for(n, &n->id.refused.invalid);
	put(n, "run/runc/c1/state.json", "", 0);
	resolved(n, "/c1", 5615, "", "c1");
	refused_for(n, &n->id.refused.invalid);
	puts_at(n, "run/runc/c1/state.json", other);
	resolved(n, "/c1", 5615, "", "c1");
	refused_for(n, &n->id.refused.invalid);

	/* a link, a FIFO (which must not block) and a directory in the file's place */
	puts_at(n, "real.json", good);
	snprintf(path, sizeof(path), "%s/run/runc/c1/state.json", n->dir);
	unlink(path);
	link_at(n, "run/runc/c1/state.json", "/real.json");
	resolved(n, "/c1", 5615, "", "c1");
	refused_for(n, &n->id.refused.link);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	resolved(n, "/c1", 5615, "", "c1");
	refused_for(n, &n->id.refused.not_a_file);
	unlink(path);
	make_dir(n, "run/runc/c1/state.json");
	resolved(n, "/c1", 5615, "", "c1");
	refused_for(n, &n->id.refused.not_a_file);
}

/* What lies about a container behind its runtime: the runtime's own word stands. */
static void test_hostile_engine_files(void **state)
{
	struct node *n = *state;

	puts_at(n, "etc/docker/daemon.json", "[");
	resolved(n, "/docker/" HEX, 0, "", HEX);
	refused_for(n, &n->id.refused.invalid);
	puts_at(n, "etc/docker/daemon.json", "{}");
	resolved(n, "/docker/" HEX, 0, "", HEX);
	puts_at(n, "var/lib/docker/containers/" HEX "/config.v2.json", DOCKER(HEX2, "widweb", "true"));
	puts_at(n, "run/docker/runtime-runc/moby/" HEX "/state.json",
		RUNC(HEX, "5965", "168189", "/docker/" HEX, "/docker/" HEX));
	resolved(n, "/docker/" HEX, 5965, "runc", HEX);
	refused_for(n, &n->id.refused.invalid);
	puts_at(n, "var/lib/docker/containers/" HEX "/config.v2.json", DOCKER(HEX, "widweb", "true"));
	link_at(n, "var/lib/docker/containers/" HEX "/hostconfig.json", "hostconfig.json");
	resolved(n, "/docker/" HEX, 5965, "docker", HEX);
	refused_for(n, &n->id.refused.link);
}

/* Nothing outside of the node's root is read: the real file that the paths and links aim at is there, and good. */
static void test_no_way_out(void **state)
{
	struct node *n = *state;
	struct node in = {0};
	char dir[128];
	struct err err;

	puts_at(n, "evil/state.json", RUNC("evil", "5615", "168189", "/rt/evil", "/rt/evil"));
	puts_at(n, "evil/status", CRUN("5615", "168189", "/rt/.."));
	puts_at(n, "status", CRUN("5615", "168189", "/rt/.."));
	make_dir(n, "in/run/crun/x");
	make_dir(n, "in/run/runc");
	snprintf(dir, sizeof(dir), "%s/in", n->dir);
	assert_int_equal(identity_init(&in.id, dir, &err), 0);
	resolved(&in, "/rt/..", 5615, "", "");
	resolved(&in, "/rt/../../..", 5615, "", "");
	resolved(&in, "../../../evil", 5615, "", "evil");
	resolved(&in, "/rt/..\\evil", 5615, "", "..\\evil");
	link_at(n, "in/run/runc/evil", "../../../evil");
	resolved(&in, "/rt/evil", 5615, "", "evil");
	puts_at(n, "containers/" HEX "/config.v2.json", DOCKER(HEX, "widweb", "true"));
	puts_at(n, "in/etc/docker/daemon.json", "{\"data-root\": \"/../..\"}");
	resolved(&in, "/docker/" HEX, 0, "", HEX);
	link_at(n, "in/out", n->dir);
	puts_at(n, "in/etc/docker/daemon.json", "{\"data-root\": \"/out\"}");
	resolved(&in, "/docker/" HEX, 0, "", HEX);
	/* the same link is followed where it stays inside */
	resolved(n, "/rt/evil", 5615, "", "evil");
	make_dir(n, "run/runc");
	link_at(n, "run/runc/evil", "/evil");
	resolved(n, "/rt/evil", 5615, "runc", "evil");
}

/* The search is bounded, and what is found by name needs none. */
static void test_many(void **state)
{
	struct node *n = *state;
	char path[128];

	for (int i = 0; i < RUNTIME_ENTRIES_MAX + 100; i++) {
		snprintf(path, sizeof(path), "run/runc/n%d/state.json", i);
		put(n, path, "{", 1);
	}
	puts_at(n, "run/runc/c1/state.json", RUNC("c1", "5615", "168189", "/c1", "/c1"));
	resolved(n, "/c1", 5615, "runc", "c1");
	resolved(n, "/c2", 5, "", "c2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_id_from_cgroup),
		cmocka_unit_test(test_inner_cgroup),
		cmocka_unit_test(test_runc_parse),
		cmocka_unit_test(test_crun_parse),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_init),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_runc, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crun, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stale, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_engine_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_way_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
