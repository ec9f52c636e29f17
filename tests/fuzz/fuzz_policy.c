// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "identity/cve.h"
#include "identity/node.h"
#include "policy.h"
#include "technique.h"

/* What an operator gives: a policy, a table of CVEs; and what is written in a Go program. The first byte picks. */

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_policy(const struct policy *p)
{
	struct workload w = {.image = "ghcr.io/a/b", .pod_ns = "shop"};
	const char *level;

	for (size_t i = 0; i < p->rules.n_exceptions; i++) {
		check(p->rules.exceptions[i].name && p->rules.exceptions[i].techniques.n);
		for (size_t n = 0; n < i; n++)
			check(strcmp(p->rules.exceptions[n].name, p->rules.exceptions[i].name));
		check(!p->alone || !p->rules.exceptions[i].built_in);
	}
	for (size_t i = 0; i < p->rules.n_techniques; i++)
		check(p->rules.techniques[i].severity <= 5 && technique_find(p->rules.techniques[i].id) &&
		      rules_technique(&p->rules, p->rules.techniques[i].id) == &p->rules.techniques[i]);
	rules_exception(&p->rules, &(struct rule_subject){
					   .technique = "M34", .who = &w, .executable = "/x", .user = "0", .owner = "host"});
	level = trust_level(&p->trust, &w, NULL);
	check(strlen(level) < TRUST_NAME && p->trust.levels.n <= TRUST_LEVELS);
	check(!p->budgets.telemetry || (p->budgets.telemetry >= 24 && p->budgets.telemetry <= 1000000));
	check(!p->budgets.findings || (p->budgets.findings >= 20 && p->budgets.findings <= 600));
	check(policy_sensitive_count(p) <= POLICY_SENSITIVE_MAX);
	for (size_t i = 0; i < policy_sensitive_count(p); i++) {
		const struct sensitive_path *s = policy_sensitive_at(p, i);

		check(s->path[0] == '/' && s->path[1] && !strchr(s->path, '*') && !strstr(s->path, "//") &&
		      !strstr(s->path, "/../") && !strstr(s->path, "/./"));
		check(s->access >= SENSITIVE_READ && s->access <= (SENSITIVE_READ | SENSITIVE_WRITE));
		check(!s->technique || technique_find(s->technique));
	}
}

/* What is behind a NUL goes over what is before it. */
static void fuzz_policy(const char *buf, size_t len)
{
	size_t first = strnlen(buf, len), rest = first < len ? first + 1 : len;
	struct policy p;
	struct err err = {""};

	if (policy_parse(&p, "p", buf, first, &err)) {
		check(err.msg[0] && !p.arena.base);
		return;
	}
	check_policy(&p);
	if (policy_over(&p, "q", buf + rest, len - rest, &err)) {
		check(err.msg[0] && !p.arena.base);
		return;
	}
	check_policy(&p);
	policy_destroy(&p);
}

static void fuzz_cves(const char *buf, size_t len)
{
	struct err err = {""};
	struct cves c;

	if (cves_parse(&c, buf, len, "t", &err)) {
		check(err.msg[0] && !c.file);
		return;
	}
	for (size_t i = 0; i < c.n; i++) {
		check(c.rows[i].n_fixed && c.rows[i].n_techniques);
		cve_affects(&c.rows[i], "6.1.100");
		cve_fits(&c.rows[i], "K10");
	}
	cves_destroy(&c);
}

static void fuzz_gobuild(const char *buf, size_t len)
{
	char out[16];

	if (!gobuild_parse(buf, len, "main.version", "github.com/a/b", out, sizeof(out)))
		check(strlen(out) < sizeof(out) && *out >= '0' && *out <= '9');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy;

	if (!size)
		return 0;
	copy = malloc(size); /* of its size, so that a byte behind it is found */
	memcpy(copy, data + 1, size - 1);
	if (data[0] % 3 == 0)
		fuzz_policy(copy, size - 1);
	else if (data[0] % 3 == 1)
		fuzz_cves(copy, size - 1);
	else
		fuzz_gobuild(copy, size - 1);
	free(copy);
	return 0;
}
