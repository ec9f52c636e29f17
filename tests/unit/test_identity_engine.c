// SPDX-License-Identifier: Apache-2.0
/* What the engines above an OCI runtime keep of a container: containerd, podman, CRI-O, and docker with a data directory of its own. */
#include "identity_fixture.h"

#define STATE(id, bundle)                                                                                                      \
	"{\"id\":\"" id "\",\"init_process_pid\":77,\"config\":{\"labels\":[\"other=1\",\"bundle=" bundle "\"]},"              \
	"\"cgroup_paths\":{}}"

#define TASKS "/run/containerd/io.containerd.runtime.v2.task/"

/* What containerd 1.6.20 wrote for a container that cri asked for, with what is not read left out. */
#define CRI(type, more)                                                                                                        \
	"{\"ociVersion\":\"1.0.2-dev\",\"mounts\":[{\"destination\":\"/proc\",\"source\":\"proc\"}],\"annotations\":{" more    \
	"\"io.kubernetes.cri.container-type\":\"" type "\",\"io.kubernetes.cri.sandbox-id\":\"" HEX2                           \
	"\",\"io.kubernetes.cri.sandbox-name\":\"web-7d9f\",\"io.kubernetes.cri.sandbox-namespace\":\"shop\","                 \
	"\"io.kubernetes.cri.sandbox-uid\":\"1b2c3d4e-0000-1111-2222-333344445555\"}}"
#define APP                                                                                                                    \
	CRI("container",                                                                                                       \
	    "\"io.kubernetes.cri.container-name\":\"app\",\"io.kubernetes.cri.image-name\":\"r.test/a@" IMAGE "\",")

/* From CRI-O's documentation: not run. */
#define CRIO                                                                                                                   \
	"{\"annotations\":{\"io.container.manager\":\"cri-o\",\"io.kubernetes.container.name\":\"app\","                       \
	"\"io.kubernetes.cri-o.ContainerType\":\"container\",\"io.kubernetes.cri-o.ImageName\":\"r.test/a:1\","                \
	"\"io.kubernetes.pod.name\":\"web-7d9f\",\"io.kubernetes.pod.namespace\":\"shop\",\"io.kubernetes.pod.uid\":\"u-1\"}}"

/* What podman 4.3.1 wrote, in the file of all containers. */
#define PODMAN                                                                                                                 \
	"[{\"id\":\"" HEX2 "\",\"names\":[\"other\"],\"metadata\":\"{}\"},{\"id\":\"" HEX "\",\"names\":[\"wid\"],"            \
	"\"metadata\":\"{\\\"image-name\\\":\\\"r.test/a:1\\\",\\\"image-id\\\":\\\"" HEX2                                     \
	"\\\",\\\"name\\\":\\\"wid\\\",\\\"created-at\\\":1795472676}\"}]"

/* The container HEX, which runs as process 77, of which runc says where its bundle is. */
static struct workload of_bundle(struct node *n, const char *state, const char *cgroup, int resolution)
{
	struct workload w = {0};

	puts_at(n, "run/containerd/runc/k8s.io/" HEX "/state.json", state);
	assert_int_equal(identity_resolve(&n->id, cgroup, 77, &w), 0);
	assert_int_equal(w.resolution, resolution);
	assert_string_equal(w.id, HEX);
	return w;
}

static void check_pod(const struct workload *w, const char *runtime, const char *uid)
{
	assert_string_equal(w->runtime, runtime);
	assert_string_equal(w->pod, "web-7d9f");
	assert_string_equal(w->pod_ns, "shop");
	assert_string_equal(w->pod_uid, uid);
}

static void test_containerd(void **state)
{
	const char *text = STATE(HEX, TASKS "k8s.io/" HEX), *cgroup = "/kubepods/besteffort/pod1b2c/" HEX;
	struct node *n = *state;
	struct workload w;

	puts_at(n, TASKS "k8s.io/" HEX "/config.json", APP);
	w = of_bundle(n, text, cgroup, RESOLVED_KUBERNETES);
	check_pod(&w, "containerd", "1b2c3d4e-0000-1111-2222-333344445555");
	assert_string_equal(w.name, "app");
	assert_string_equal(w.image, "r.test/a@" IMAGE);
	assert_string_equal(w.digest, IMAGE);
	assert_false(w.sandbox);

	puts_at(n, TASKS "k8s.io/" HEX "/config.json", CRI("sandbox", ""));
	w = of_bundle(n, text, cgroup, RESOLVED_KUBERNETES);
	check_pod(&w, "containerd", "1b2c3d4e-0000-1111-2222-333344445555");
	assert_true(w.sandbox);

	puts_at(n, TASKS "k8s.io/" HEX "/config.json", "{\"annotations\":[");
	w = of_bundle(n, text, cgroup, RESOLVED_RUNTIME); /* a bad file: the engine is known all the same */
	assert_string_equal(w.runtime, "containerd");
	assert_string_equal(w.name, HEX);

	/* ctr, in a namespace of its own: its annotations are anybody's */
	puts_at(n, TASKS "default/" HEX "/config.json", APP);
	w = of_bundle(n, STATE(HEX, TASKS "default/" HEX), "/default/" HEX, RESOLVED_RUNTIME);
	assert_string_equal(w.runtime, "containerd");
	assert_string_equal(w.name, HEX);
	/* somebody's bundle, for runc alone, that lies where it may */
	puts_at(n, "/srv/" HEX "/config.json", APP);
	w = of_bundle(n, STATE(HEX, "/srv/" HEX), "/rt/" HEX, RESOLVED_RUNTIME);
	assert_string_equal(w.runtime, "runc");
	/* an engine's directory, but another container's */
	w = of_bundle(n, STATE(HEX, TASKS "k8s.io/" HEX2), "/rt/" HEX, RESOLVED_RUNTIME);
	assert_string_equal(w.runtime, "runc");
	/* a cgroup of docker's in a directory of containerd's */
	puts_at(n, TASKS "k8s.io/" HEX "/config.json", APP);
	w = of_bundle(n, text, "/system.slice/docker-" HEX ".scope", RESOLVED_RUNTIME);
	assert_string_equal(w.runtime, "runc");
}

#define STORAGE "/mnt/storage/overlay-containers/"

static void test_podman_and_crio(void **state)
{
	const char *text = STATE(HEX, STORAGE HEX "/userdata");
	struct node *n = *state;
	struct workload w;

	puts_at(n, STORAGE "containers.json", PODMAN);
	puts_at(n, STORAGE HEX "/userdata/config.json", CRIO);
	w = of_bundle(n, text, "/machine.slice/libpod-" HEX ".scope/container", RESOLVED_RUNTIME);
	assert_string_equal(w.runtime, "podman");
	assert_string_equal(w.name, "wid");
	assert_string_equal(w.image, "r.test/a:1");
	assert_string_equal(w.digest, "sha256:" HEX2);
	assert_string_equal(w.pod, ""); /* anybody may give podman these annotations */
	w = of_bundle(n, text, "/machine.slice/machine-libpod_pod_" HEX2 ".slice/libpod-" HEX ".scope", RESOLVED_RUNTIME);
	assert_string_equal(w.pod_uid, HEX2);
	assert_string_equal(w.pod, "0b01e7d9ba79");
	assert_string_equal(w.pod_ns, "");
	w = of_bundle(n, text, "/libpod_parent/" HEX2 "/libpod-" HEX, RESOLVED_RUNTIME);
	assert_string_equal(w.pod_uid, HEX2);
	w = of_bundle(n, text, "/libpod_parent/libpod-" HEX, RESOLVED_RUNTIME);
	assert_string_equal(w.pod_uid, "");

	w = of_bundle(n, text, "/kubepods/burstable/pod1/crio-" HEX, RESOLVED_KUBERNETES);
	check_pod(&w, "cri-o", "u-1");
	assert_string_equal(w.name, "app");
	assert_string_equal(w.image, "r.test/a:1");
}

/* No runtime's state: the process that waits for the container tells. */
static void test_monitor(void **state)
{
	static const char shim[] = "/usr/bin/containerd-shim-runc-v2\0-namespace\0moby\0-id\0" HEX "\0-address\0/x";
	static const char conmon[] = "/usr/bin/conmon\0--api-version\0001\0-c\0" HEX "\0-u\0" HEX
				     "\0-r\0/usr/bin/crun\0-b\0" STORAGE HEX "/userdata\0-p\0/x";
	const char *cgroup = "/docker/" HEX;
	struct node *n = *state;
	struct workload w = {0};

	puts_at(n, "proc/77/stat", "77 (a ) 1 (b) S 50 77 77 0 -1\n");
	assert_int_equal(identity_resolve(&n->id, cgroup, 77, &w), -ENOENT);
	put(n, "proc/50/cmdline", shim, sizeof(shim));
	link_at(n, "proc/50/cwd", "/x/io.containerd.runtime.v2.task/moby/" HEX);
	assert_int_equal(identity_resolve(&n->id, cgroup, 77, &w), 0);
	assert_string_equal(w.runtime, "docker");
	puts_at(n, "x/io.containerd.runtime.v2.task/moby/" HEX "/config.json",
		"{\"mounts\":[5,{\"source\":\"/hostname\"},{\"source\":\"/mnt/d/containers/" HEX "/hostname\"}]}");
	puts_at(n, "mnt/d/containers/" HEX "/config.v2.json", DOCKER(HEX, "widweb", "true"));
	assert_int_equal(identity_resolve(&n->id, cgroup, 77, &w), 0);
	assert_string_equal(w.runtime, "docker");
	assert_string_equal(w.name, "widweb");
	assert_int_equal(identity_resolve(&n->id, "/docker/" HEX2, 77, &w), -ENOENT); /* another container than it waits for */

	put(n, "proc/50/cmdline", conmon, sizeof(conmon));
	puts_at(n, STORAGE "containers.json", PODMAN);
	assert_int_equal(identity_resolve(&n->id, "/libpod_parent/libpod-" HEX, 77, &w), 0);
	assert_string_equal(w.runtime, "podman");
	assert_string_equal(w.name, "wid");
}

/* From gVisor's and Kata's documented layouts, not run on the real thing: neither runs where these tests were written. */
static void test_sandboxes(void **state)
{
	static const char gvisor[] =
		"/usr/bin/containerd-shim-runsc-v1\0-namespace\0default\0-address\0/x\0-publish-binary\0/usr/"
		"bin/containerd";
	static const char kata[] = "/opt/kata/bin/containerd-shim-kata-v2\0-namespace\0k8s.io\0-address\0/x\0-publish-binary\0"
				   "/usr/bin/containerd\0-id\0" HEX;
	static const char runc[] = "/usr/bin/containerd-shim-runc-v2\0-namespace\0default\0-id\0c1\0-address\0/x";
	static const char runsc[] = "runsc\0--root=/run/containerd/runsc/default\0create\0--bundle\0/run/kata\0c1";
	static const char conmon[] = "/usr/bin/conmon\0-c\0" HEX "\0-r\0/usr/local/bin/runsc\0-b\0" STORAGE HEX "/userdata";
	static const char fake[] = "/usr/bin/make\0/kata-runtime\0runsc";
	static const struct {
		const char *parent;
		size_t len;
		const char *cwd, *cgroup, *isolation, *runtime;
	} rows[] = {
		{gvisor, sizeof(gvisor), TASKS "default/c1", "/default/c1", "gvisor", "containerd"},
		{gvisor, sizeof(gvisor), TASKS "default/c2", "/default/c1", "gvisor", ""}, /* another of the shim's pod */
		{kata, sizeof(kata), TASKS "k8s.io/" HEX, "/kubepods/pod1/" HEX, "kata", "containerd"},
		{runsc, sizeof(runsc), "/", "/default/c1", "gvisor", ""}, /* while the container is made */
		{conmon, sizeof(conmon), "/", "/libpod_parent/libpod-" HEX, "gvisor", "podman"},
		{runc, sizeof(runc), TASKS "default/c1", "/default/c1", "", "containerd"},
		{fake, sizeof(fake), "/", "/default/c1", "", ""},
	};
	struct node *n = *state;
	struct workload w = {0};

	make_dir(n, "proc/50");
	for (size_t i = 0; i < N(rows); i++) {
		puts_at(n, "proc/77/stat", "77 (exe) S 50 77 77 0 -1\n");
		put(n, "proc/50/cmdline", rows[i].parent, rows[i].len);
		link_at(n, "proc/50/cwd", rows[i].cwd);
		identity_resolve(&n->id, rows[i].cgroup, 77, &w);
		assert_string_equal(w.isolation, rows[i].isolation);
		assert_string_equal(w.runtime, rows[i].runtime);
	}
	/* the administrator's names for them: docker's (daemon.json, --runtime), a RuntimeClass's handler */
	puts_at(n, "var/lib/docker/containers/" HEX "/config.v2.json", DOCKER(HEX, "widweb", "true"));
	puts_at(n, "var/lib/docker/containers/" HEX "/hostconfig.json", "{\"Privileged\":false,\"Runtime\":\"runsc-kvm\"}");
	assert_int_equal(identity_resolve(&n->id, "/docker/" HEX, 0, &w), 0);
	assert_string_equal(w.isolation, "gvisor");
	assert_string_equal(isolation_of("io.containerd.runsc.v1"), "gvisor");
	assert_string_equal(isolation_of("io.containerd.kata.v2"), "kata");
	assert_string_equal(isolation_of("kata-qemu"), "kata");
	assert_string_equal(isolation_of("gvisor"), "gvisor");
	assert_string_equal(isolation_of("io.containerd.runc.v2"), "");
	assert_string_equal(isolation_of("/opt/kata/bin/runc"), "");
	assert_string_equal(isolation_of("katana"), "");
	assert_string_equal(isolation_of("--"), "");
	assert_string_equal(isolation_of(""), "");
}

static void test_bad(void **state)
{
	static const char *const annotations[] = {"", "[]", "5", "{", "null", "\xff"};
	static const char *const containers[] = {"",
						 "{}",
						 "{\"id\":5}",
						 "[",
						 "[{\"id\":\"" HEX "\",\"metadata\":\"{\"}]",
						 "[{\"id\":\"" HEX "\",\"metadata\":5}]",
						 "[{\"id\":\"" HEX "\",\"metadata\":\"{\\\"name\\\":5}\"}]"};
	static const struct {
		const char *words;
		size_t len;
	} cmdlines[] = {
		{"", 0},
		{"conmon", 6},
		{"conmon\0-c", 9},
		{"conmon\0-c\0a", 11},
		{"conmon\0-b\0/x\0", 13},
		{"containerd-shim\0-id\0\0", 21},
		{"/sbin/init\0-id\0a\0-b\0/b\0", 23},
	};
	struct monitor m;
	struct workload w = {0};
	char dir[16];

	(void)state;
	for (size_t i = 0; i < N(annotations); i++) {
		assert_int_equal(bundle_parse_cri(annotations[i], strlen(annotations[i]), &w), -EINVAL);
		assert_int_equal(bundle_parse_docker(annotations[i], strlen(annotations[i]), HEX, dir, sizeof(dir)), -EINVAL);
	}
	assert_int_equal(bundle_parse_cri("{\"annotations\":{\"io.kubernetes.cri.sandbox-name\":5}}", 51, &w), -EINVAL);
	assert_int_equal(bundle_parse_cri("{\"annotations\":{\"io.kubernetes.cri.sandbox-name\":5}}", 52, &w), 0);
	assert_string_equal(w.pod, "");
	for (size_t i = 0; i < N(containers); i++)
		assert_true(podman_parse_containers(containers[i], strlen(containers[i]), HEX, &w) < 0);
	assert_string_equal(w.name, "");
	for (size_t i = 0; i < N(cmdlines); i++)
		assert_int_equal(monitor_parse_cmdline(cmdlines[i].words, cmdlines[i].len, &m), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_containerd, setup, teardown),
		cmocka_unit_test_setup_teardown(test_podman_and_crio, setup, teardown),
		cmocka_unit_test_setup_teardown(test_monitor, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sandboxes, setup, teardown),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
