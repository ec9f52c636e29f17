// SPDX-License-Identifier: Apache-2.0
#include "identity_fixture.h"

/* The other file that dockerd keeps of a container. */
#define HOSTCONFIG(privileged)                                                                                                 \
	"{\"Binds\":null,\"NetworkMode\":\"none\",\"CapAdd\":null,\"CgroupnsMode\":\"host\",\"Privileged\":" privileged        \
	",\"ReadonlyRootfs\":false,\"SecurityOpt\":[\"label=disable\"],\"Runtime\":\"nores\"}"

static void test_docker_parse(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		DOCKER(HEX2, "widweb", "true"), /* another container's file */
		"{\"ID\":\"" HEX "\"}",
		"{\"ID\":\"" HEX "\",\"Name\":\"/a\",\"Config\":null}",
		"{\"ID\":\"" HEX "\",\"Name\":\"/a\",\"Config\":{}}",
		"{\"ID\":\"" HEX "\",\"Name\":\"/a\",\"Config\":{\"Image\":5}}",
		"{\"ID\":\"" HEX "\",\"Name\":5,\"Config\":{\"Image\":\"i\"}}",
		"{\"ID\":\"" HEX "\",\"Name\":\"/a\",\"Config\":{\"Image\":\"i\"},\"State\":5}",
		"{\"ID\":\"" HEX "\",\"Name\":\"/a\",\"Config\":{\"Image\":\"i\"},\"State\":{\"Running\":1}}",
		"{\"ID\":\"" HEX "\",\"Name\":\"/\xff\",\"Config\":{\"Image\":\"i\"}}",
	};
	static const char good[] = DOCKER(HEX, "widweb", "true"), priv[] = HOSTCONFIG("true"), unpriv[] = HOSTCONFIG("false");
	static const char root[] = "{\"data-root\": \"/mnt/x\", \"debug\": true}", rel[] = "{\"data-root\": \"x\"}",
			  no[] = "{}", list[] = "[]";
	struct workload w = {0};
	char dir[16] = "kept";

	(void)state;
	for (size_t i = 0; i < sizeof(good) - 1; i++)
		assert_int_equal(docker_parse_config(good, i, HEX, &w), -EINVAL);
	for (size_t i = 0; i < N(bad); i++)
		assert_int_equal(docker_parse_config(bad[i], strlen(bad[i]), HEX, &w), -EINVAL);
	assert_string_equal(w.id, ""); /* a bad file leaves no trace */
	assert_int_equal(docker_parse_config(good, sizeof(good) - 1, HEX, &w), 0);
	assert_string_equal(w.name, "widweb");
	assert_string_equal(w.image, "widimg:1");
	assert_string_equal(w.digest, IMAGE);
	assert_int_equal(w.started_s, STARTED);

	assert_int_equal(docker_parse_hostconfig(priv, sizeof(priv) - 1, &w), 0);
	assert_true(w.privileged);
	assert_int_equal(docker_parse_hostconfig(unpriv, sizeof(unpriv) - 1, &w), 0);
	assert_false(w.privileged);
	assert_string_equal(w.isolation, "");
	assert_int_equal(docker_parse_hostconfig("{\"Privileged\":\"yes\"}", 20, &w), -EINVAL);
	assert_int_equal(docker_parse_hostconfig(no, sizeof(no) - 1, &w), -EINVAL);

	assert_int_equal(docker_parse_daemon(no, sizeof(no) - 1, dir, sizeof(dir)), -ENOENT); /* it need not be set */
	assert_int_equal(docker_parse_daemon(list, sizeof(list) - 1, dir, sizeof(dir)), -EINVAL);
	assert_int_equal(docker_parse_daemon(rel, sizeof(rel) - 1, dir, sizeof(dir)), -EINVAL);
	assert_int_equal(docker_parse_daemon(root, sizeof(root) - 1, dir, 6), -EINVAL);
	assert_string_equal(dir, "kept");
	assert_int_equal(docker_parse_daemon(root, sizeof(root) - 1, dir, sizeof(dir)), 0);
	assert_string_equal(dir, "/mnt/x");
}

static void test_docker(void **state)
{
	struct node *n = *state;
	struct workload w;

	puts_at(n, "var/lib/docker/containers/" HEX "/config.v2.json", DOCKER(HEX, "widweb", "true"));
	puts_at(n, "var/lib/docker/containers/" HEX "/hostconfig.json", HOSTCONFIG("false"));
	puts_at(n, "run/docker/runtime-runc/moby/" HEX "/state.json",
		RUNC(HEX, "5965", "168189", "/docker/" HEX, "/docker/" HEX));
	w = resolved(n, "/docker/" HEX, 5965, "docker", HEX);
	assert_string_equal(w.name, "widweb");
	assert_string_equal(w.image, "widimg:1");
	assert_string_equal(w.digest, IMAGE);
	assert_string_equal(w.cgroup_path, "/docker/" HEX);
	assert_int_equal(w.started_s, STARTED);
	assert_false(w.privileged);
	resolved(n, "/system.slice/docker-" HEX ".scope", 0, "docker", HEX);
	resolved(n, "/any/" HEX, 0, "docker", HEX);
	resolved(n, "/docker/" HEX2, 0, "", HEX2);

	puts_at(n, "var/lib/docker/containers/" HEX2 "/config.v2.json", DOCKER(HEX2, "widpriv", "false"));
	puts_at(n, "var/lib/docker/containers/" HEX2 "/hostconfig.json", HOSTCONFIG("true"));
	w = resolved(n, "/docker/" HEX2, 0, "docker", HEX2);
	assert_true(w.privileged);
	assert_int_equal(w.started_s, 0); /* not running yet: the file has its last run's time */
	resolved(n, "/libpod_parent/libpod-" HEX2, 0, "", HEX2);

	/* a file that says it is another container's; then docker's runtime still knows the container */
	puts_at(n, "var/lib/docker/containers/" HEX "/config.v2.json", DOCKER(HEX2, "widpriv", "true"));
	w = resolved(n, "/docker/" HEX, 5965, "runc", HEX);
	assert_string_equal(w.image, "");
}

static void test_docker_data_root(void **state)
{
	struct node *n = *state;

	puts_at(n, "etc/docker/daemon.json", "{\"data-root\": \"/mnt/x\"}");
	puts_at(n, "mnt/x/containers/" HEX "/config.v2.json", DOCKER(HEX, "widweb", "true"));
	resolved(n, "/docker/" HEX, 0, "docker", HEX);
	puts_at(n, "etc/docker/daemon.json", "{\"data-root\": 5}");
	resolved(n, "/docker/" HEX, 0, "", HEX);
	/* the directory may be an absolute link, which means the node's root, not ours */
	make_dir(n, "var/lib");
	link_at(n, "var/lib/docker", "/mnt/x");
	resolved(n, "/docker/" HEX, 0, "docker", HEX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_docker_parse),
		cmocka_unit_test_setup_teardown(test_docker, setup, teardown),
		cmocka_unit_test_setup_teardown(test_docker_data_root, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
