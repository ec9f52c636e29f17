// SPDX-License-Identifier: Apache-2.0
/* What an operator decides: policies that are right and wrong, and the trust levels that they give. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static void test_bad(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"trust: [", "p:2:1: "},
		{"a: 1\n\tb: 2", "p:2:1: "},
		{"just words", "p:1:1: a mapping must be here"},
		{"trust:\n  lebels: [a]\n", "p:2:3: 'lebels' is no key of trust; these are: levels, default, rules"},
		{"trusted: {}\n", "p:1:1: 'trusted' is no key of a policy; these are: trust, techniques, exceptions"},
		{"trust:\n  levels: [a]\n  levels: [b]\n", "p:3:3: 'levels' is here twice"},
		{"trust:\n  levels: a-name-of-17-bytes\n", "p:2:11: level 'a-name-of-17-bytes' has more than 15 bytes"},
		{"trust:\n  levels: [1,2,3,4,5,6,7,8,9]\n", "p:2:11: more than 8 levels"},
		{"trust:\n  levels: []\n", "p:2:11: a string must be here"},
		{"trust:\n  levels: [a, [b]]\n", "p:2:15: a string must be here"},
		{"trust:\n  levels: [a, '']\n", "p:2:15: a string must be here"},
		{"trust:\n  levels: {a: b}\n", "p:2:11: a list must be here"},
		{"trust:\n  levels: [a]\n  default: b\n", "p:3:12: 'b' is none of the 'levels'"},
		{"trust:\n  default: a\n  levels: [a]\n", "p:2:12: 'a' is none of the 'levels', which must stand before"},
		{"trust:\n  levels: [a]\n  rules: {a: b}\n", "p:3:10: a list must be here"},
		{"trust:\n  levels: [a]\n  rules:\n    - level: b\n      images: x\n", "p:4:7: 'b' is none of the 'levels'"},
		{"trust:\n  levels: [a]\n  rules:\n    - images: x\n", "p:4:7: the rule has no 'level'"},
		{"trust:\n  levels: [a]\n  rules:\n    - level: a\n", "p:4:7: the rule has no condition"},
		{"trust:\n  levels: [a]\n  rules:\n    - level: a\n      labels: [x]\n", "p:5:15: a mapping must be here"},
		{"trust:\n  levels: [a]\n  rules:\n    - level: a\n      labels: {x: {}}\n", "p:5:19: a string must be here"},
		{"techniques: [M07]\n", "p:1:13: a mapping must be here"},
		{"techniques:\n  M07: low\n", "p:2:8: a mapping must be here"},
		{"techniques:\n  M99: {enabled: false}\n", "p:2:3: 'M99' is no technique: 'warder doctor' lists them"},
		{"techniques:\n  m07: {enabled: false}\n", "p:2:3: 'm07' is no technique"},
		{"techniques:\n  M07: {enabled: maybe}\n", "p:2:18: 'maybe' is neither true nor false"},
		{"techniques:\n  M07: {enabled: []}\n", "p:2:18: a string must be here"},
		{"techniques:\n  M07: {severity: HIGH}\n",
		 "p:2:19: 'HIGH' is no severity; these are: informational, low, medium, high, critical"},
		{"techniques:\n  M07: {severity: 5}\n", "p:2:19: '5' is no severity"},
		{"techniques:\n  M07: {level: high}\n",
		 "p:2:9: 'level' is no key of a technique; these are: severity, enabled"},
		{"techniques:\n  M07: {}\n  M07: {}\n", "p:3:3: 'M07' is here twice"},
		{"exceptions: {name: a}\n", "p:1:13: a list must be here"},
		{"exceptions: [a]\n", "p:1:14: a mapping must be here"},
		{"exceptions:\n  - techniques: [M07]\n    images: x\n", "p:2:5: the exception has no 'name'"},
		{"exceptions:\n  - name: a\n    images: x\n",
		 "p:2:5: the exception has no 'techniques': it would be for everything"},
		{"exceptions:\n  - name: a\n    techniques: ['*']\n    images: x\n", "p:3:17: '*' is no technique"},
		{"exceptions:\n  - name: a\n    techniques: [M07, M7]\n    images: x\n", "p:3:17: 'M7' is no technique"},
		{"exceptions:\n  - name: a\n    techniques: M07\n",
		 "p:2:5: the exception says of nobody who it is for: it needs "
		 "namespaces, pods, containers, labels, accounts, images or registries"},
		{"exceptions:\n  - name: a\n    techniques: M07\n    executables: /bin/x\n",
		 "p:2:5: the exception says of nobody"},
		{"exceptions:\n  - name: a\n    techniques: M07\n    users: 0\n    runtimes: docker\n",
		 "p:2:5: the exception says of nobody"},
		{"exceptions:\n  - name: a\n    techniques: M07\n    images: x\n    users: root\n",
		 "p:5:12: 'root' is no user's number"},
		{"exceptions:\n  - name: a\n    techniques: M07\n    images: x\n    owners: me\n",
		 "p:5:13: 'me' owns nothing; these do: host, container, unknown"},
		{"exceptions:\n  - name: a\n    techniques: M07\n    images: []\n", "p:4:13: a string must be here"},
		{"exceptions:\n  - name: a\n    techniques: M07\n    labels: x\n", "p:4:13: a mapping must be here"},
		{"exceptions:\n  - name: a\n    techniques: M07\n    process: x\n",
		 "p:4:5: 'process' is no key of an exception; these are: name, "},
		{"exceptions:\n  - name: a\n    techniques: M07\n    images: x\n  - name: a\n    techniques: M08\n    pods: y\n",
		 "p:5:5: there is another exception 'a'"},
		{"exceptions:\n  - name: a\n    name: b\n", "p:3:5: 'name' is here twice"},
		{"trust: {}\n---\ntrust: {}\n", "p:3:1: a second document"},
		{"trust: &a\n  rules: [*a]\n", "p:2:"},
		{"x\xff: 1\n", "p:1:"},
		{"\"x\\0y\": 1\n", "p:1:1: the string has more than 1024 bytes, or a NUL"},
	};
	struct policy p;
	struct err err;

	(void)state;
	assert_true(N(bad) >= 40);
	for (size_t i = 0; i < N(bad); i++) {
		assert_int_equal(policy_parse(&p, "p", bad[i].text, strlen(bad[i].text), &err), -EBADMSG);
		if (strncmp(err.msg, bad[i].says, strlen(bad[i].says)))
			fail_msg("%s\nsays: %s\nnot:  %s", bad[i].text, err.msg, bad[i].says);
	}
	assert_int_equal(policy_init(&p, "/no/such/policy", &err), -ENOENT);
}

static void test_nothing(void **state)
{
	static const char *const empty[] = {"",         "# nothing\n",       "---\n", "{}\n", "trust: {}\n",
					    "trust:\n", "trust:\n  rules:\n"};
	struct workload w = {0};
	struct policy p;
	struct err err;

	(void)state;
	for (size_t i = 0; i < N(empty); i++) {
		if (policy_parse(&p, "p", empty[i], strlen(empty[i]), &err))
			fail_msg("'%s': %s", empty[i], err.msg);
		assert_string_equal(trust_level(&p.trust, &w, NULL), "");
		policy_destroy(&p);
	}
	assert_int_equal(policy_init(&p, NULL, &err), 0);
	policy_destroy(&p);
}

static const char shop[] = "trust:\n"
			   "  levels: [untrusted, standard, system]\n"
			   "  default: standard\n"
			   "  rules:\n"
			   "    - level: system\n"
			   "      namespaces: [kube-system, 'monitor-*']\n"
			   "    - level: untrusted\n"
			   "      labels: {tier: public, app: '*'}\n"
			   "    - level: untrusted\n"
			   "      registries: docker.io\n"
			   "      runtimes: [containerd, docker]\n"
			   "    - level: system\n"
			   "      images: 'registry.k8s.io/*'\n";

static void test_levels(void **state)
{
	static const struct {
		const char *ns, *image, *runtime, *tier, *app, *level;
	} rows[] = {
		{"kube-system", "", "containerd", "public", "x", "system"}, /* the first rule that fits */
		{"monitor-a", "", "containerd", NULL, NULL, "system"},
		{"monitor", "quay.io/a/b", "containerd", NULL, NULL, "standard"},
		{"shop", "quay.io/a/b", "containerd", "public", "web", "untrusted"},
		{"shop", "quay.io/a/b", "containerd", "public", NULL, "standard"},
		{"shop", "quay.io/a/b", "containerd", "private", "web", "standard"},
		{"shop", "busybox", "containerd", NULL, NULL, "untrusted"},
		{"", "docker.io/library/busybox:1", "docker", NULL, NULL, "untrusted"},
		{"", "busybox", "podman", NULL, NULL, "standard"},
		{"", "registry.k8s.io/pause:3.9", "containerd", NULL, NULL, "system"},
		{"", "", "", NULL, NULL, "standard"}, /* not known: nothing fits */
	};
	struct policy p;
	struct err err;

	(void)state;
	assert_int_equal(policy_parse(&p, "p", shop, strlen(shop), &err), 0);
	for (size_t i = 0; i < N(rows); i++) {
		struct workload w = {0};
		struct tags tags = {0};

		snprintf(w.pod_ns, sizeof(w.pod_ns), "%s", rows[i].ns);
		snprintf(w.image, sizeof(w.image), "%s", rows[i].image);
		snprintf(w.runtime, sizeof(w.runtime), "%s", rows[i].runtime);
		if (rows[i].tier)
			labels_add(&tags.labels, "tier", rows[i].tier);
		if (rows[i].app)
			labels_add(&tags.labels, "app", rows[i].app);
		if (strcmp(trust_level(&p.trust, &w, &tags), rows[i].level))
			fail_msg("row %zu: %s, not %s", i, trust_level(&p.trust, &w, &tags), rows[i].level);
	}
	policy_destroy(&p);
}

static const char agents[] = "techniques:\n"
			     "  M54: {enabled: false}\n"
			     "  M32: {severity: medium}\n"
			     "exceptions:\n"
			     "  - name: backup\n"
			     "    techniques: [M34, X06]\n"
			     "    namespaces: backup\n"
			     "    images: 'registry.example/backup:*'\n"
			     "    owners: [host, container]\n"
			     "  - name: debugger\n"
			     "    techniques: M36\n"
			     "    labels: {app: debug}\n"
			     "    accounts: debugger\n"
			     "    executables: ['/usr/bin/gdb', '/usr/bin/strace']\n"
			     "    users: [0, 1000]\n";

static void test_rules(void **state)
{
	static const struct {
		const char *technique, *ns, *image, *account, *app, *executable, *user, *owner, *exception;
	} rows[] = {
		{"M34", "backup", "registry.example/backup:1", "", NULL, "/x", "5", "host", "backup"},
		{"X06", "backup", "registry.example/backup:1", "", NULL, "", "", "container", "backup"},
		{"M34", "backup", "registry.example/backup:1", "", NULL, "/x", "5", "unknown", ""},
		{"M34", "backup", "registry.example/backup:1", "", NULL, "/x", "5", "", ""},
		{"M35", "backup", "registry.example/backup:1", "", NULL, "/x", "5", "host", ""},
		{"M34", "backup2", "registry.example/backup:1", "", NULL, "/x", "5", "host", ""},
		{"M34", "", "registry.example/backup:1", "", NULL, "/x", "5", "host", ""}, /* not known */
		{"M34", "backup", "evil.example/backup:1", "", NULL, "/x", "5", "host", ""},
		{"M36", "", "", "debugger", "debug", "/usr/bin/gdb", "0", "host", "debugger"},
		{"M36", "", "", "debugger", "debug", "/usr/bin/gdb", "10", "host", ""},
		{"M36", "", "", "debugger", "debug", "/tmp/gdb", "0", "host", ""},
		{"M36", "", "", "debugger", "web", "/usr/bin/gdb", "0", "host", ""},
		{"M36", "", "", "debugger", NULL, "/usr/bin/gdb", "0", "host", ""},
		{"M36", "", "", "other", "debug", "/usr/bin/gdb", "0", "host", ""},
	};
	struct policy p;
	struct err err;

	(void)state;
	assert_int_equal(policy_parse(&p, "p", agents, strlen(agents), &err), 0);
	assert_true(rules_technique(&p.rules, "M54")->off);
	assert_int_equal(rules_technique(&p.rules, "M32")->severity, 3);
	assert_null(rules_technique(&p.rules, "M34"));
	for (size_t i = 0; i < N(rows); i++) {
		struct workload w = {0};
		struct tags tags = {0};
		struct rule_subject s = {.technique = rows[i].technique,
					 .who = &w,
					 .tags = rows[i].app ? &tags : NULL,
					 .executable = rows[i].executable,
					 .user = rows[i].user,
					 .owner = rows[i].owner};
		const struct rule_exception *x;

		snprintf(w.pod_ns, sizeof(w.pod_ns), "%s", rows[i].ns);
		snprintf(w.image, sizeof(w.image), "%s", rows[i].image);
		snprintf(w.account, sizeof(w.account), "%s", rows[i].account);
		if (rows[i].app)
			labels_add(&tags.labels, "app", rows[i].app);
		x = rules_exception(&p.rules, &s);
		if (strcmp(x ? x->name : "", rows[i].exception))
			fail_msg("row %zu: %s, not %s", i, x ? x->name : "none", rows[i].exception);
		s.who = NULL; /* the host */
		assert_null(rules_exception(&p.rules, &s));
	}
	policy_destroy(&p);
}

/* Labels that are on their way may decide: until they came there is no level. */
static void test_labels_to_come(void **state)
{
	struct workload w = {.image = "quay.io/a/b", .pending = true};
	struct policy p;
	struct err err;

	(void)state;
	assert_int_equal(policy_parse(&p, "p", shop, strlen(shop), &err), 0);
	assert_string_equal(trust_level(&p.trust, &w, NULL), "");
	w.pending = false;
	assert_string_equal(trust_level(&p.trust, &w, NULL), "standard");
	strcpy(w.pod_ns, "kube-system"); /* which hangs on no label */
	w.pending = true;
	assert_string_equal(trust_level(&p.trust, &w, NULL), "system");
	policy_destroy(&p);
}

static void test_registries(void **state)
{
	static const char *const rows[][2] = {
		{"busybox", "docker.io"},
		{"library/busybox:1", "docker.io"},
		{"ghcr.io/a/b@sha256:0", "ghcr.io"},
		{"localhost/a", "localhost"},
		{"localhost", "docker.io"},
		{"host:5000/a", "host:5000"},
		{"busybox:1.0", "docker.io"},
		{"", ""},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < N(rows); i++)
		assert_string_equal(trust_registry(rows[i][0], out, sizeof(out)), rows[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad),   cmocka_unit_test(test_nothing),        cmocka_unit_test(test_levels),
		cmocka_unit_test(test_rules), cmocka_unit_test(test_labels_to_come), cmocka_unit_test(test_registries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
