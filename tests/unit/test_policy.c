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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy.h"

#define N(a)       (sizeof(a) / sizeof((a)[0]))

#define CASES      "tests/unit/policy_bad.txt"
#define CASES_SIZE (256 * 1024)

static void refused(const char *text, size_t len, const char *says)
{
	struct policy p;
	struct err err = {""};

	if (policy_parse(&p, "p", text, len, &err) != -EBADMSG)
		fail_msg("%s\nis taken, or refused for another reason: %s", text, err.msg);
	assert_null(p.arena.base);
	if (strncmp(err.msg, says, strlen(says)))
		fail_msg("%s\nsays: %s\nnot:  %s", text, err.msg, says);
}

/* "=== WHO | WHAT IS SAID", then the policy. */
static void test_bad(void **state)
{
	static char buf[CASES_SIZE];
	FILE *f = fopen(CASES, "r");
	size_t len, cases = 0;
	char *text, *says, *next;

	(void)state;
	assert_non_null(f);
	len = fread(buf, 1, sizeof(buf) - 1, f);
	fclose(f);
	assert_true(len < sizeof(buf) - 1);
	for (next = strstr(buf, "\n=== "); next; cases++) {
		says = strstr(next + 1, " | ") + strlen(" | ");
		text = strchr(says, '\n');
		*text++ = '\0';
		next = strstr(text, "\n=== ");
		refused(text, next ? (size_t)(next + 1 - text) : strlen(text), says);
	}
	assert_true(cases >= 90);
}

/* What a file of text cannot hold. */
static void test_bad_bytes(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"trust: [", "p:2:1: "},
		{"a: 1\n\tb: 2", "p:2:1: "},
		{"x\xff: 1\n", "p:1:"},
		{"\"x\\0y\": 1\n", "p:1:1: the string has more than 1024 bytes, or a NUL"},
	};
	struct policy p;
	struct err err;

	(void)state;
	for (size_t i = 0; i < N(bad); i++)
		refused(bad[i].text, strlen(bad[i].text), bad[i].says);
	refused("strict: true\0", 14, "p:");
	assert_int_equal(policy_init(&p, "/no/such/policy", &err), -ENOENT);
	assert_null(p.arena.base);
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

/* The policy of a file with this text over the built-in one; NULL: of none. */
static void digest_of(const char *text, uint8_t out[POLICY_DIGEST])
{
	char path[] = "/tmp/warder-test-policy-XXXXXX";
	int fd = text ? mkstemp(path) : -1;
	struct policy p;
	struct err err;

	if (text)
		assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	if (policy_init(&p, text ? path : NULL, &err))
		fail_msg("%s", err.msg);
	memcpy(out, p.digest, POLICY_DIGEST);
	policy_destroy(&p);
	if (text) {
		close(fd);
		unlink(path);
	}
}

static void test_digest(void **state)
{
	uint8_t none[POLICY_DIGEST], a[POLICY_DIGEST], again[POLICY_DIGEST], b[POLICY_DIGEST];

	(void)state;
	digest_of(NULL, none);
	digest_of("strict: true\n", a);
	digest_of("strict: true\n", again);
	digest_of("strict: false\n", b);
	assert_memory_equal(a, again, POLICY_DIGEST);
	assert_memory_not_equal(a, b, POLICY_DIGEST);
	assert_memory_not_equal(a, none, POLICY_DIGEST);
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
	assert_false(rules_technique(&p.rules, "M54")->enabled);
	assert_true(rules_technique(&p.rules, "M32")->enabled);
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

static const struct rule_exception *named(const struct policy *p, const char *name)
{
	for (size_t i = 0; i < p->rules.n_exceptions; i++)
		if (!strcmp(p->rules.exceptions[i].name, name))
			return &p->rules.exceptions[i];
	return NULL;
}

/* A policy over the one that is built in. */
static void over(struct policy *p, const char *text)
{
	struct err err;

	assert_int_equal(policy_init(p, NULL, &err), 0);
	if (policy_over(p, "p", text, strlen(text), &err))
		fail_msg("%s", err.msg);
}

static void test_built_in(void **state)
{
	struct policy p;
	struct err err = {""};

	(void)state;
	if (policy_init(&p, NULL, &err))
		fail_msg("%s", err.msg);
	assert_false(p.rules.strict);
	assert_int_equal(p.budgets.telemetry, 4000);
	assert_int_equal(p.budgets.findings, 200);
	assert_int_equal(policy_sensitive_count(&p), 0);
	assert_true(p.rules.n_exceptions >= 10);
	/* Narrow: who it is by namespace and image, with the image's whole name; a pattern may stand for its tag alone. */
	for (size_t i = 0; i < p.rules.n_exceptions; i++) {
		const struct rule_exception *x = &p.rules.exceptions[i];

		assert_true(x->namespaces.n && x->images.n && x->techniques.n);
		for (size_t n = 0; n < x->images.n; n++) {
			const char *tag = strstr(x->images.items[n], "[:@]*");

			assert_non_null(tag);
			assert_int_equal(tag[5], 0);
			assert_int_equal(strcspn(x->images.items[n], "*?["), tag - x->images.items[n]);
			assert_non_null(strchr(x->images.items[n], '.')); /* a registry */
		}
		for (size_t n = 0; n < x->namespaces.n; n++)
			assert_null(strpbrk(x->namespaces.items[n], "*?["));
	}
	policy_destroy(&p);
}

/* Who a built-in exception is for, and who is not. */
static void test_built_in_fits(void **state)
{
	static const struct {
		const char *ns, *container, *image, *exe, *technique, *exception;
	} rows[] = {
		{"kube-system", "cilium-agent", "quay.io/cilium/cilium:v1.16.1@sha256:0", "/x", "M30", "Cilium agent"},
		{"kube-system", "cilium-agent", "quay.io/cilium/cilium@sha256:0", "/x", "M31", "Cilium agent"},
		{"kube-system", "cilium-agent", "quay.io/cilium/cilium:v1.16.1", "/x", "M02", ""},
		{"kube-system", "cilium-agent", "quay.io/cilium/cilium:v1.16.1", "/x", "M01", ""},
		{"kube-system", "mount-cgroup", "quay.io/cilium/cilium:v1.16.1", "/x", "M01", "Cilium's set-up of the host"},
		{"shop", "cilium-agent", "quay.io/cilium/cilium:v1.16.1", "/x", "M30", ""},
		{"", "cilium-agent", "quay.io/cilium/cilium:v1.16.1", "/x", "M30", ""},
		{"kube-system", "cilium-agent", "quay.io/cilium/cilium-evil:v1.16.1", "/x", "M30", ""},
		{"kube-system", "cilium-agent", "evil.example/quay.io/cilium/cilium:v1", "/x", "M30", ""},
		{"kube-system", "cilium-agent", "", "/x", "M30", ""},
		{"falco", "falco", "docker.io/falcosecurity/falco:0.40.0", "/usr/bin/falco", "M35", "Falco"},
		{"falco", "falco", "docker.io/falcosecurity/falco:0.40.0", "/bin/sh", "M35", ""},
		{"falco", "falco", "docker.io/falcosecurity/falco:0.40.0", "/usr/bin/falco", "M38", ""},
		{"monitoring", "c", "gcr.io/cadvisor/cadvisor:v0.49.1", "/x", "M42", "cAdvisor"},
		{"gitlab-runner", "c", "docker.io/gitlab/gitlab-runner:v17", "/x", "M41",
		 "GitLab runner with an engine's socket"},
		{"gitlab-runner", "build", "docker.io/library/alpine:3", "/x", "M41", ""},
	};
	struct policy p;
	struct err err;

	(void)state;
	assert_int_equal(policy_init(&p, NULL, &err), 0);
	for (size_t i = 0; i < N(rows); i++) {
		struct workload w = {0};
		const struct rule_exception *x;

		snprintf(w.pod_ns, sizeof(w.pod_ns), "%s", rows[i].ns);
		snprintf(w.name, sizeof(w.name), "%s", rows[i].container);
		snprintf(w.image, sizeof(w.image), "%s", rows[i].image);
		x = rules_exception(&p.rules, &(struct rule_subject){.technique = rows[i].technique,
								     .who = &w,
								     .executable = rows[i].exe,
								     .user = "0",
								     .owner = "host"});
		if (strcmp(x ? x->name : "", rows[i].exception))
			fail_msg("row %zu: '%s', not '%s'", i, x ? x->name : "", rows[i].exception);
	}
	policy_destroy(&p);
}

static void test_over(void **state)
{
	static const char mine[] = "exceptions:\n"
				   "  - {name: mine, techniques: M34, pods: x}\n"
				   "  - {name: Falco, techniques: [M30], images: 'registry.example/falco:*'}\n";
	static const char second[] = "trust: {levels: [a]}\ntechniques: {M54: {severity: low}, M55: {enabled: false}}\n";
	static const char third[] = "techniques: {M54: {enabled: false}, M31: {}}\n";
	struct policy p;
	struct err err;
	size_t built_in;

	(void)state;
	assert_int_equal(policy_init(&p, NULL, &err), 0);
	built_in = p.rules.n_exceptions;
	policy_destroy(&p);

	over(&p, "strict: true\nbudgets: {findings: 100}\n");
	assert_true(p.rules.strict);
	assert_int_equal(p.budgets.telemetry, 4000); /* which was not said anew */
	assert_int_equal(p.budgets.findings, 100);
	assert_int_equal(p.rules.n_exceptions, built_in);
	policy_destroy(&p);

	over(&p, mine);
	assert_int_equal(p.rules.n_exceptions, built_in + 1); /* one is added, one takes another's place */
	assert_int_equal(named(&p, "Falco")->techniques.n, 1);
	assert_int_equal(named(&p, "Falco")->namespaces.n, 0);
	assert_false(named(&p, "Falco")->built_in);
	assert_false(named(&p, "mine")->built_in);
	assert_true(named(&p, "Tetragon")->built_in);
	policy_destroy(&p);

	over(&p, "budgets: {telemetry: 0}\ndefaults: false\nexceptions:\n  - {name: mine, techniques: M34, pods: x}\n");
	assert_int_equal(p.rules.n_exceptions, 1);
	assert_string_equal(p.rules.exceptions[0].name, "mine");
	assert_int_equal(p.budgets.telemetry, 0);
	assert_int_equal(p.budgets.findings, 200);
	policy_destroy(&p);

	/* any policy goes over any other */
	over(&p, shop);
	assert_int_equal(policy_over(&p, "q", second, strlen(second), &err), 0);
	assert_int_equal(p.trust.levels.n, 1);
	assert_int_equal(p.trust.n, 0);
	assert_null(p.trust.unmatched);
	assert_int_equal(policy_over(&p, "r", third, strlen(third), &err), 0);
	assert_int_equal(p.rules.n_techniques, 3);
	assert_int_equal(rules_technique(&p.rules, "M54")->severity, 0);
	assert_false(rules_technique(&p.rules, "M54")->enabled);
	assert_int_equal(policy_over(&p, "s", "x: 1\n", 5, &err), -EBADMSG);
	assert_null(p.arena.base); /* nothing is left of it */
}

static void test_sensitive(void **state)
{
	static const char text[] = "sensitive:\n"
				   "  - path: /srv/secrets/*\n"
				   "  - path: /etc/a..b/.c\n"
				   "    access: read\n"
				   "    technique: P16\n"
				   "  - {path: /opt/x/, access: write}\n"
				   "  - {path: /opt/x, access: any}\n";
	static const struct sensitive_path want[] = {
		{"/srv/secrets/", SENSITIVE_READ | SENSITIVE_WRITE, NULL},
		{"/etc/a..b/.c", SENSITIVE_READ, "P16"},
		{"/opt/x/", SENSITIVE_WRITE, NULL},
		{"/opt/x", SENSITIVE_READ | SENSITIVE_WRITE, NULL},
	};
	struct policy p;

	(void)state;
	over(&p, text);
	assert_int_equal(policy_sensitive_count(&p), N(want));
	for (size_t i = 0; i < N(want); i++) {
		const struct sensitive_path *s = policy_sensitive_at(&p, i);

		assert_string_equal(s->path, want[i].path);
		assert_int_equal(s->access, want[i].access);
		assert_string_equal(s->technique ? s->technique : "", want[i].technique ? want[i].technique : "");
	}
	policy_destroy(&p);
	over(&p, "sensitive:\n");
	assert_int_equal(policy_sensitive_count(&p), 0);
	policy_destroy(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_bad_bytes),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_labels_to_come),
		cmocka_unit_test(test_registries),
		cmocka_unit_test(test_built_in),
		cmocka_unit_test(test_built_in_fits),
		cmocka_unit_test(test_over),
		cmocka_unit_test(test_sensitive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
