// SPDX-License-Identifier: Apache-2.0
/* What a container may do: read from specifications and from /proc, compared, and rated against a table that was made by hand. */
#include "identity_fixture.h"

#include "capset.h"
#include "pss_cases.h"

static struct arena arena;

static int arena_setup(void **state)
{
	(void)state;
	return arena_init(&arena, 512 * 1024);
}

static int arena_teardown(void **state)
{
	(void)state;
	arena_destroy(&arena);
	return 0;
}

static struct posture parsed(const char *spec)
{
	struct posture p;

	assert_int_equal(spec_parse(spec, strlen(spec), &arena, &p), 0);
	return p;
}

static void test_rated_as_by_hand(void **state)
{
	(void)state;
	assert_true(N(pss_cases) >= 20);
	for (size_t i = 0; i < N(pss_cases); i++) {
		const struct pss_case *c = &pss_cases[i];
		struct posture p;
		struct rating r;

		arena_reset(&arena);
		p = parsed(c->spec);
		posture_rate(&p, &arena, &r);
		if (r.level != c->level)
			fail_msg("%s: level %d, not %d", c->name, r.level, c->level);
		for (unsigned int n = 0; n < r.n || c->reasons[n]; n++)
			if (n >= r.n || !c->reasons[n] || strcmp(r.reasons[n], c->reasons[n]))
				fail_msg("%s: reason %u is \"%s\", not \"%s\"", c->name, n, n < r.n ? r.reasons[n] : "",
					 c->reasons[n] ? c->reasons[n] : "");
	}
}

static void test_spec(void **state)
{
	struct posture p = parsed(SPEC(
		"\"user\":{\"uid\":5}", "\"CAP_KILL\",\"CAP_NO_SUCH\",7",
		"{\"type\":\"user\"},{\"type\":\"network\",\"path\":\"/p\"},9",
		"\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}],\"seccomp\":{},"
		"\"maskedPaths\":[\"/proc/kcore/\",5]",
		",{\"destination\":\"/d/\",\"source\":\"/s\",\"options\":[\"rbind\",\"ro\",1]},{\"destination\":\"relative\"},{}"));

	(void)state;
	assert_int_equal(p.caps, CAPSET(5));
	assert_int_equal(p.uid, 100005);
	assert_true(p.seccomp);
	assert_false(p.no_new_privs);
	assert_int_equal(p.shared_ns & (WD_DIM_USER | WD_DIM_NET), 0);
	assert_int_equal(p.joined_ns, WD_DIM_NET);
	assert_true(p.shared_ns & WD_DIM_PID);
	assert_int_equal(p.n_masked, 1);
	assert_string_equal(p.masked[0], "/proc/kcore");
	assert_int_equal(p.n_mounts, 2);
	assert_string_equal(p.mounts[1].target, "/d");
	assert_true(p.mounts[1].bind && p.mounts[1].recursive && !p.mounts[1].writable);
	assert_int_equal(spec_parse("{\"process\":{}}", 14, &arena, &p), -EINVAL);
	assert_int_equal(spec_parse("[]", 2, &arena, &p), -EINVAL);
	assert_int_equal(spec_parse("{\"process\":{},\"linux\":{}}", 25, &arena, &p), 0);
	assert_true(p.caps == ~0ull && !p.n_mounts && !*p.label);
}

/* What a small arena cannot hold is told, and what is too much is cut. */
static void test_spec_too_big(void **state)
{
	static char spec[200 * 1024];
	size_t len = (size_t)sprintf(spec, "{\"process\":{},\"linux\":{\"maskedPaths\":[\"/x\"");
	struct arena small;
	struct posture p;

	(void)state;
	for (int i = 0; i < 300; i++)
		len += (size_t)sprintf(spec + len, ",\"/proc/%d\"", i);
	len += (size_t)sprintf(spec + len, "]}}");
	assert_int_equal(spec_parse(spec, len, &arena, &p), 0);
	assert_int_equal(p.n_masked, POSTURE_PATHS);
	assert_true(p.cut);
	assert_int_equal(arena_init(&small, 256), 0);
	assert_int_equal(spec_parse(spec, len, &small, &p), -ENOMEM);
	arena_destroy(&small);
}

#define MOUNTINFO                                                                                                              \
	"600 500 0:52 / / rw,relatime - overlay overlay rw\n"                                                                  \
	"601 600 0:55 / /proc rw,nosuid - proc proc rw\n"                                                                      \
	"602 601 0:56 /null /proc/kcore rw,nosuid - tmpfs tmpfs rw\n"                                                          \
	"603 601 0:55 /irq /proc/irq ro,nosuid - proc proc rw\n"                                                               \
	"604 600 8:1 /srv/a\\040b /d\\134x rw shared:5 master:7 - ext4 /dev/sda1 rw\n"                                         \
	"a line that is none\n"                                                                                                \
	"605 600 0:60 / /s\xff\n"                                                                                              \
	"606 604 8:2 / /d\\134x/sub ro,noatime - xfs /dev/sdb rw\n"

static void test_mountinfo(void **state)
{
	struct mount_line m[8];
	char buf[] = MOUNTINFO;
	unsigned int n;

	(void)state;
	assert_int_equal(mountinfo_parse(buf, m, N(m), &n), 0);
	assert_int_equal(n, 6);
	assert_string_equal(m[4].target, "/d\\x");
	assert_string_equal(m[4].root, "/srv/a b");
	assert_string_equal(m[4].device, "8:1");
	assert_string_equal(m[4].type, "ext4");
	assert_true(m[4].writable && !m[3].writable && !m[5].writable);
	assert_int_equal(m[5].parent, 604);
	memcpy(buf, MOUNTINFO, sizeof(buf));
	assert_int_equal(mountinfo_parse(buf, m, 2, &n), -E2BIG);
	assert_int_equal(n, 2);
}

/* A container of the fixture's node, as /proc shows it. */
static int posture_of(struct node *n, struct posture *promised, struct posture *actual)
{
	const struct wd_process first = {.pid = 77, .start_ns = 10000000000ull, .mnt_ns = 4026};
	struct workload w = {.bundle = "/b"};

	*actual = (struct posture){0};
	return identity_posture(&n->id, &w, &first, &arena, promised, actual);
}

static void node_process(struct node *n, const char *flags, const char *start)
{
	char stat[128];

	snprintf(stat, sizeof(stat), "77 (a) S 50 77 77 0 -1 %s 0 0 0 0 0 0 0 0 20 0 1 0 %s 0\n", flags, start);
	puts_at(n, "proc/77/stat", stat);
}

static void node_files(struct node *n, const char *start)
{
	node_process(n, "4194560", start);
	make_dir(n, "proc/77/ns");
	link_at(n, "proc/77/ns/mnt", "mnt:[4026]");
	puts_at(n, "proc/77/mountinfo", MOUNTINFO);
	puts_at(n, "proc/77/attr/current", "docker-default (enforce)\n");
	puts_at(n, "proc/1/mountinfo", "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n21 20 8:2 / /mnt rw - xfs /dev/sdb rw\n");
	puts_at(n, "proc/kcore", "");
	puts_at(n, "proc/irq/x", "");
	puts_at(n, "b/config.json",
		SPEC("\"apparmorProfile\":\"docker-default\"", "\"CAP_KILL\"", "{\"type\":\"pid\"}",
		     "\"maskedPaths\":[\"/proc/kcore\",\"/proc/absent\"],\"readonlyPaths\":[\"/proc/irq\"]",
		     ",{\"destination\":\"/d\\\\x\",\"type\":\"bind\",\"source\":\"/srv/a b\",\"options\":[\"rbind\"]}"));
}

static void test_read(void **state)
{
	struct posture_difference d[POSTURE_DIFFERENCES];
	struct posture promised, actual;
	struct node *n = *state;

	arena_reset(&arena);
	node_files(n, "1000");
	assert_int_equal(posture_of(n, &promised, &actual), IDENTITY_PROMISED | IDENTITY_ACTUAL);
	assert_int_equal(actual.n_mounts, 6);
	assert_string_equal(actual.mounts[4].source, "/srv/a b");
	assert_string_equal(actual.mounts[5].source, "/mnt");
	assert_string_equal(actual.mounts[0].source, "");
	assert_string_equal(actual.label, "docker-default (enforce)");
	assert_int_equal(promised.n_masked, 1); /* this kernel has no /proc/absent */
	actual.caps = CAPSET(5);
	actual.shared_ns = promised.shared_ns;
	actual.uid = promised.uid;
	assert_int_equal(posture_compare(&promised, &actual, d), 0);

	/* the number was given out again: nothing of that process is the container's */
	node_files(n, "5000");
	assert_int_equal(posture_of(n, &promised, &actual), IDENTITY_PROMISED);
	assert_int_equal(actual.n_mounts, 0);
	assert_string_equal(actual.label, "");
	/* it is about to end: what is read may be anything's */
	node_process(n, "4194564", "1000");
	assert_int_equal(posture_of(n, &promised, &actual), IDENTITY_PROMISED);
	assert_false(actual.all_devices);
	puts_at(n, "b/config.json", "{\"process\":[");
	assert_int_equal(posture_of(n, &promised, &actual), 0);
	node_files(n, "1000");
	puts_at(n, "proc/77/mountinfo", "");
	assert_int_equal(posture_of(n, &promised, &actual), IDENTITY_PROMISED | IDENTITY_ACTUAL);
	assert_int_equal(actual.n_mounts, 0);
	link_at(n, "proc/77/ns/mnt", "mnt:[4027]"); /* it went to a namespace of its own */
	assert_int_equal(posture_of(n, &promised, &actual), IDENTITY_PROMISED);
	node_files(n, "1000");
	unlink_at(n, "proc/77/mountinfo");
	assert_int_equal(posture_of(n, &promised, &actual), IDENTITY_PROMISED);
}

/* More than a page, which is what procfs's files seem to have; more mounts than are kept; more than any file may have. */
static void test_read_much(void **state)
{
	const size_t line = strlen("600 500 8:1 / /m rw - ext4 x rw\n"), max = RUNTIME_FILE_MAX / line + 1;
	char *text = malloc(max * line + 1);
	struct posture promised, actual;
	struct node *n = *state;

	for (size_t i = 0; i < max; i++)
		memcpy(text + i * line, "600 500 8:1 / /m rw - ext4 x rw\n", line);
	arena_reset(&arena);
	node_files(n, "1000");
	put(n, "proc/77/mountinfo", text, 200 * line);
	assert_int_equal(posture_of(n, &promised, &actual), IDENTITY_PROMISED | IDENTITY_ACTUAL);
	assert_int_equal(actual.n_mounts, 200);
	assert_false(actual.cut);
	put(n, "proc/77/mountinfo", text, 20000 * line);
	assert_int_equal(posture_of(n, &promised, &actual), IDENTITY_PROMISED | IDENTITY_ACTUAL);
	assert_int_equal(actual.n_mounts, POSTURE_MOUNTS);
	assert_true(actual.cut);
	put(n, "proc/77/mountinfo", text, max * line);
	assert_int_equal(posture_of(n, &promised, &actual), IDENTITY_PROMISED);
	free(text);
}

/* One thing at a time is other than promised. */
static void test_compared(void **state)
{
	struct posture_difference d[POSTURE_DIFFERENCES];
	struct posture promised, actual, p;
	struct posture_mount mounts[8];
	struct node *n = *state;

	arena_reset(&arena);
	node_files(n, "1000");
	posture_of(n, &promised, &actual);
	actual.caps = CAPSET(5);
	actual.shared_ns = promised.shared_ns;

#define ONE(change, expected)                                                                                                  \
	do {                                                                                                                   \
		p = actual;                                                                                                    \
		memcpy(mounts, actual.mounts, actual.n_mounts * sizeof(*mounts));                                              \
		p.mounts = mounts;                                                                                             \
		change;                                                                                                        \
		assert_int_equal(posture_compare(&promised, &p, d), 1);                                                        \
		assert_int_equal(d[0].what, expected);                                                                         \
	} while (0)

	ONE(p.caps |= CAPSET(21), WD_DIFFERS_CAPABILITIES);
	ONE(p.uid = 1, WD_DIFFERS_USER);
	ONE(p.shared_ns |= WD_DIM_PID, WD_DIFFERS_NAMESPACE);
	assert_int_equal(d[0].actual, WD_DIM_PID);
	ONE(p.label = "unconfined", WD_DIFFERS_LABEL);
	ONE(p.label = "docker-default2", WD_DIFFERS_LABEL);
	ONE(mounts[2].target = "/dev/null", WD_DIFFERS_MASK);
	assert_string_equal(d[0].place, "/proc/kcore");
	ONE(mounts[2].root = "/file", WD_DIFFERS_MASK);
	ONE(mounts[3].writable = true, WD_DIFFERS_READONLY);
	ONE(mounts[5].parent = 600, WD_DIFFERS_MOUNT);
	assert_true(d[0].whole);
	assert_string_equal(d[0].found, "/mnt");
	ONE((mounts[5].parent = 600, mounts[5].type = "devpts", mounts[5].root = "/0"), WD_DIFFERS_CONSOLE);
	ONE(mounts[4].strayed = true, WD_DIFFERS_SUBPATH);
	assert_string_equal(d[0].found, "/srv/a b");
	ONE((mounts[4].target = "/", p.n_mounts = 5), WD_DIFFERS_MOUNT_GONE);
	ONE(mounts[1].type = "tmpfs", WD_DIFFERS_KERNEL_FILES);
	promised.seccomp = true;
	ONE((void)0, WD_DIFFERS_SECCOMP);
	promised.seccomp = false;
	promised.no_new_privs = true;
	ONE((void)0, WD_DIFFERS_NO_NEW_PRIVS);
	promised.no_new_privs = false;
	promised.no_devices = true;
	ONE(p.all_devices = true, WD_DIFFERS_DEVICES);
	assert_int_equal(posture_compare(&promised, &actual, d), 0);
	promised.no_devices = false; /* of devices nothing was said */
	p.all_devices = true;
	assert_int_equal(posture_compare(&promised, &p, d), 0);
	/* less than promised, or not known, is no difference */
	p = actual;
	p.caps = 0;
	p.shared_ns = 0;
	p.label = "";
	p.seccomp = p.no_new_privs = true;
	p.n_mounts = 0;
	assert_int_equal(posture_compare(&promised, &p, d), 0);
}

/* O07: what is enough to have the host, and what is not. */
static void test_grants(void **state)
{
	static const struct {
		const char *source;
		uint32_t grants;
	} mounts[] = {
		{"/", WD_GRANT_FILES},
		{"/etc", WD_GRANT_FILES},
		{"/etc/localtime", 0},
		{"/srv/data", 0},
		{"/var/lib/kubelet/pods/0c7e/volumes/kubernetes.io~empty-dir/data", 0},
		{"/var/run/docker.sock", WD_GRANT_ENGINE},
		{"/run/user/0/docker.sock.d", 0},
		{"tmpfs", 0},
		{"", 0},
	};
	struct posture_mount m[2] = {{.bind = true, .source = "/var/lib/docker"}, {.bind = true, .source = "/var"}};
	struct posture p = {.shared_ns = WD_DIM_USER, .caps = CAPSET(0) | CAPSET(13)};
	struct posture_grants g;

	(void)state;
	assert_int_equal(posture_grants(&p).what, 0);
	p.caps |= CAPSET(21);
	g = posture_grants(&p);
	assert_int_equal(g.what, WD_GRANT_CAPABILITIES);
	assert_true(g.caps == CAPSET(21));
	p.shared_ns = WD_DIM_NET; /* in a user namespace of its own they are held against that */
	assert_int_equal(posture_grants(&p).what, 0);
	p.shared_ns = WD_DIM_PID;
	p.all_devices = true;
	assert_int_equal(posture_grants(&p).what, WD_GRANT_PROCESSES | WD_GRANT_DEVICES);
	p = (struct posture){.mounts = m, .n_mounts = 2};
	g = posture_grants(&p);
	assert_int_equal(g.what, WD_GRANT_FILES);
	assert_ptr_equal(g.mount, &m[1]);
	p.n_mounts = 1;
	for (size_t i = 0; i < N(mounts); i++) {
		m[0].source = mounts[i].source;
		assert_int_equal(posture_grants(&p).what, mounts[i].grants);
	}
	m[0] = (struct posture_mount){.source = "/"}; /* its own root */
	assert_int_equal(posture_grants(&p).what, 0);
}

#define POD "/var/lib/kubelet/pods/0c7e"

/* R19: what is mounted as a part of a volume, and whether it is one. */
static void test_subpaths(void **state)
{
	static const struct {
		const char *source, *device, *root;
		bool strayed;
	} cases[] = {
		{POD "/volume-subpaths/data/web/0", "8:1",
		 "/lib/kubelet-data/pods/0c7e/volumes/kubernetes.io~empty-dir/data/part", false},
		{POD "/volume-subpaths/data/web/0", "8:1", "/lib/kubelet-data/pods/0c7e/volumes/kubernetes.io~empty-dir/data",
		 false},
		{POD "/volume-subpaths/data/web/0", "8:1", "/lib/kubelet-data/pods/0c7e/volumes/kubernetes.io~empty-dir/data2",
		 true},
		{POD "/volume-subpaths/data/web/0", "8:1", "/lib/kubelet-data/pods/0c7e/volumes", true},
		{POD "/volume-subpaths/data/web/0", "8:1", "/", true},
		{POD "/volume-subpaths/data/web/0", "8:2", "/lib/kubelet-data/pods/0c7e/volumes/kubernetes.io~empty-dir/data",
		 true},
		{POD "/volume-subpaths/nfs/web/1", "0:50", "/export/part", false},
		{POD "/volume-subpaths/nfs/web/1", "0:50", "/exported", true},
		{POD "/volume-subpaths/csi/web/2", "0:51", "/anything", false},
		{POD "/volume-subpaths/csi/web/2", "8:2", "/root", true},
		/* a volume that the kubelet has no directory for, no volume, and no subPath */
		{POD "/volume-subpaths/hostpath/web/0", "8:2", "/", false},
		{POD "/volume-subpaths/", "8:2", "/", false},
		{POD "/volumes/kubernetes.io~empty-dir/data", "8:2", "/", false},
		{"/volume-subpaths/data/web/0", "8:2", "/", false},
	};
	struct node *n = *state;
	int root = open(n->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* /var is a disk of its own, and the kubelet's directory a link to the same */
	puts_at(n, "proc/1/mountinfo",
		"20 1 8:2 / / rw - ext4 /dev/sda2 rw\n21 20 8:1 / /var rw - ext4 /dev/sda1 rw\n"
		"22 21 0:50 /export /var/lib/kubelet-data/pods/0c7e/volumes/kubernetes.io~nfs/nfs rw - nfs4 s:/export rw\n"
		"23 21 0:51 / /var/lib/kubelet-data/pods/0c7e/volumes/kubernetes.io~csi/csi/mount rw - ceph s rw\n");
	make_dir(n, "var/lib/kubelet-data/pods/0c7e/volumes/kubernetes.io~empty-dir/data");
	make_dir(n, "var/lib/kubelet-data/pods/0c7e/volumes/kubernetes.io~nfs/nfs");
	make_dir(n, "var/lib/kubelet-data/pods/0c7e/volumes/kubernetes.io~csi/csi/mount");
	link_at(n, "var/lib/kubelet", "/var/lib/kubelet-data");
	for (size_t i = 0; i < N(cases); i++) {
		struct posture_mount should = {.target = "/data", .bind = true, .source = cases[i].source};
		struct posture_mount is = {.target = "/data", .device = cases[i].device, .root = cases[i].root};
		struct posture promised = {.mounts = &should, .n_mounts = 1}, actual = {.mounts = &is, .n_mounts = 1};
		subpaths_check(root, &promised, &actual);
		if (is.strayed != cases[i].strayed)
			fail_msg("%s as %s on %s: %d", cases[i].source, is.root, is.device, is.strayed);
	}
	close(root);
}

#define CGROUPS                                                                                                                \
	"12:cpu,devices:/a/b\n"                                                                                                \
	"11:name=devices:/named\n"                                                                                             \
	"4:devicesx:/x\n"                                                                                                      \
	"2:xdevices,cpuacct:/y\n"                                                                                              \
	"0::/unified:c\n"

static void test_cgroups(void **state)
{
	static const struct {
		const char *controller, *path;
	} rows[] = {{"devices", "/a/b"}, {"", "/unified:c"}, {"cpu", "/a/b"}, {"cpuacct", "/y"}, {"memory", NULL}};
	char path[64];

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		assert_int_equal(cgroup_of(CGROUPS, rows[i].controller, path, sizeof(path)), rows[i].path ? 0 : -ENOENT);
		if (rows[i].path)
			assert_string_equal(path, rows[i].path);
	}
	assert_int_equal(cgroup_of("", "", path, sizeof(path)), -ENOENT);
	assert_int_equal(cgroup_of("garbage\n:\n::\n", "devices", path, sizeof(path)), -ENOENT);
}

static void test_devices(void **state)
{
	struct posture p = {0};
	struct node *n = *state;
	int root;

	puts_at(n, "proc/77/cgroup", "4:devices:/c\n0::/c\n");
	puts_at(n, "proc/1/mounts", "cgroup /cg/devices cgroup rw,devices 0 0\n");
	puts_at(n, "cg/devices/c/devices.list", "a *:* rwm\n");
	root = host_open_root(n->id.host_root);
	assert_int_equal(device_filter(root, "/proc/1/mounts", 77), 0);
	/* a cgroup that is gone in one of two hierarchies: not known, whatever the other says */
	puts_at(n, "proc/1/mounts", "cgroup /cg/devices cgroup rw,devices 0 0\ncgroup2 /cg/unified cgroup2 rw 0 0\n");
	assert_int_equal(device_filter(root, "/proc/1/mounts", 77), -ENOENT);
	puts_at(n, "cg/devices/c/devices.list", "c 1:3 rwm\nc *:* m\n");
	assert_int_equal(device_filter(root, "/proc/1/mounts", 77), 1);
	unlink_at(n, "cg/devices/c/devices.list");
	assert_int_equal(device_filter(root, "/proc/1/mounts", 77), -ENOENT); /* not known */
	assert_int_equal(device_filter(root, "/proc/1/mounts", 78), -ENOENT);
	make_dir(n, "cg/unified/c"); /* no cgroup: the kernel refuses to tell */
	assert_true(device_filter(root, "/proc/1/mounts", 77) < 0);
	close(root);

	arena_reset(&arena);
	p = parsed(SPEC("\"user\":{}", "", OWN, "\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}", ""));
	assert_true(p.no_devices && !p.all_devices);
	p = parsed(SPEC("\"user\":{}", "", OWN,
			"\"resources\":{\"devices\":[{\"allow\":false},{\"allow\":true,\"type\":\"a\"}]}", ""));
	assert_true(!p.no_devices && p.all_devices);
	p = parsed(SPEC("\"user\":{}", "", OWN, "\"resources\":{\"devices\":[{\"allow\":true,\"type\":\"c\"}]}", ""));
	assert_true(!p.no_devices && !p.all_devices);
}

static void test_volumes(void **state)
{
	static const char *const volumes[] = {
		"/var/lib/kubelet/pods/1b2c/volumes/kubernetes.io~empty-dir/d",
		"/srv/docker/containers/" HEX "/resolv.conf",
		"/run/containerd/io.containerd.grpc.v1.cri/sandboxes/" HEX "/shm",
		"/var/lib/containers/storage/overlay-containers/" HEX "/userdata/hosts",
		"/var/lib/docker/volumes/db/_data",
	};
	static const char *const paths[] = {"/",
					    "/etc",
					    "/var/lib/docker",
					    "/srv/containers/web/hosts",
					    "/srv/volumes/x",
					    "/volumes/",
					    "/var/lib/docker/containers/" HEX,
					    ""};

	(void)state;
	for (size_t i = 0; i < N(volumes); i++)
		assert_true(posture_is_volume(volumes[i]));
	for (size_t i = 0; i < N(paths); i++)
		assert_false(posture_is_volume(paths[i]));
}

static void test_capsets(void **state)
{
	char text[64];

	(void)state;
	assert_string_equal(capset_name(0), "CAP_CHOWN");
	assert_string_equal(capset_name(12), "CAP_NET_ADMIN");
	assert_string_equal(capset_name(21), "CAP_SYS_ADMIN");
	assert_string_equal(capset_name(40), "CAP_CHECKPOINT_RESTORE");
	assert_null(capset_name(41));
	assert_int_equal(capset_find("CAP_SYS_ADMIN"), 21);
	assert_int_equal(capset_find("SYS_ADMIN"), -1);
	assert_string_equal(capset_text(CAPSET(0) | CAPSET(21), text, sizeof(text)), "CHOWN SYS_ADMIN");
	assert_string_equal(capset_text(0, text, sizeof(text)), "");
	assert_string_equal(capset_text(~0ull, text, sizeof(text)), "all");
	assert_string_equal(capset_text(capset_all() & ~1ull, text, 30), "DAC_OVERRIDE ...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rated_as_by_hand),
		cmocka_unit_test(test_spec),
		cmocka_unit_test(test_spec_too_big),
		cmocka_unit_test(test_mountinfo),
		cmocka_unit_test_setup_teardown(test_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_much, setup, teardown),
		cmocka_unit_test_setup_teardown(test_compared, setup, teardown),
		cmocka_unit_test(test_grants),
		cmocka_unit_test_setup_teardown(test_subpaths, setup, teardown),
		cmocka_unit_test(test_cgroups),
		cmocka_unit_test_setup_teardown(test_devices, setup, teardown),
		cmocka_unit_test(test_volumes),
		cmocka_unit_test(test_capsets),
	};

	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
