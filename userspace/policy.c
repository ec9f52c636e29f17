// SPDX-License-Identifier: Apache-2.0
#include "policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/sha2.h>

#include "file.h"
#include "policy_sections.h"
#include "policy_values.h"

#define ARENA_SIZE    (1024 * 1024)
#define TELEMETRY_MIN 24 /* KiB: less would not let one large record through */
#define TELEMETRY_MAX 1000000
#define FINDINGS_MIN  20
#define FINDINGS_MAX  600 /* what comes at once, if each is large, is less than the ring */

/* Made of files by the linker (Makefile). */
extern const char yaml_start[] __asm__("_binary_policy_yaml_start");
extern const char yaml_end[] __asm__("_binary_policy_yaml_end");
extern const char schema_start[] __asm__("_binary_policy_schema_json_start");
extern const char schema_end[] __asm__("_binary_policy_schema_json_end");

static int take_telemetry(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	return policy_number(y, node, TELEMETRY_MIN, TELEMETRY_MAX, "KiB a second", "no bound", to);
}

static int take_findings(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	return policy_number(y, node, FINDINGS_MIN, FINDINGS_MAX, "records a second", NULL, to);
}

static const struct yamlmap_key budget_keys[] = {
	{"telemetry", take_telemetry, offsetof(struct policy_budgets, telemetry)},
	{"findings", take_findings, offsetof(struct policy_budgets, findings)},
	{NULL, NULL, 0},
};

static int take_budgets(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	return yamlmap_mapping(y, node, "budgets", budget_keys, to);
}

static int take_defaults(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	bool *alone = to;
	int r = policy_bool(y, node, alone);

	*alone = !*alone;
	return r;
}

static const struct yamlmap_key policy_keys[] = {
	{"defaults", take_defaults, offsetof(struct policy, alone)},
	{"strict", policy_bool, offsetof(struct policy, rules.strict)},
	{"budgets", take_budgets, offsetof(struct policy, budgets)},
	{"trust", policy_trust, offsetof(struct policy, trust)},
	{"techniques", policy_techniques, offsetof(struct policy, rules)},
	{"exceptions", policy_exceptions, offsetof(struct policy, rules)},
	{"sensitive", policy_sensitive, 0},
	{NULL, NULL, 0},
};

/* What is there becomes what a user's file may replace. */
static void mark_built_in(struct rules *rules)
{
	for (size_t i = 0; i < rules->n_exceptions; i++)
		rules->exceptions[i].built_in = true;
}

static void drop_built_in(struct rules *rules)
{
	size_t n = 0;

	for (size_t i = 0; i < rules->n_exceptions; i++)
		if (!rules->exceptions[i].built_in)
			rules->exceptions[n++] = rules->exceptions[i];
	rules->n_exceptions = n;
}

int policy_over(struct policy *p, const char *name, const char *buf, size_t len, struct err *err)
{
	int r;

	mark_built_in(&p->rules);
	r = yamlmap_parse(name, buf, len, &p->arena, policy_keys, p, err);
	if (r)
		policy_destroy(p);
	else if (p->alone)
		drop_built_in(&p->rules);
	return r;
}

int policy_parse(struct policy *p, const char *name, const char *buf, size_t len, struct err *err)
{
	*p = (struct policy){0};
	if (arena_init(&p->arena, ARENA_SIZE))
		return err_set(err, -ENOMEM, "not enough memory for a policy");
	return policy_over(p, name, buf, len, err);
}

/* Two policies with the same bytes judge alike, and that is all that is asked of the digest. */
static void digest(struct policy *p, const char *builtin, size_t builtin_len, const char *buf, size_t len)
{
	struct sha256_ctx c;

	sha256_init(&c);
	sha256_update(&c, builtin_len, (const uint8_t *)builtin);
	sha256_update(&c, len, (const uint8_t *)buf);
	sha256_digest(&c, POLICY_DIGEST, p->digest);
}

int policy_init(struct policy *p, const char *path, struct err *err)
{
	size_t builtin_len, len = 0;
	const char *builtin = policy_builtin(&builtin_len);
	char *buf = NULL;
	int r = policy_parse(p, "built-in policy", builtin, builtin_len, err);

	if (r)
		return r;
	if (path) {
		r = file_read(path, &buf, &len, err);
		if (r)
			policy_destroy(p);
		else
			r = policy_over(p, path, buf, len, err);
	}
	if (!r)
		digest(p, builtin, builtin_len, buf, len);
	free(buf);
	return r;
}

void policy_destroy(struct policy *p)
{
	arena_destroy(&p->arena);
	*p = (struct policy){0};
}

size_t policy_sensitive_count(const struct policy *p)
{
	return p->n_sensitive;
}

const struct sensitive_path *policy_sensitive_at(const struct policy *p, size_t i)
{
	return &p->sensitive[i];
}

const char *policy_builtin(size_t *len)
{
	/* cppcheck-suppress comparePointers ; both are the linker's, of one object */
	*len = (size_t)(yaml_end - yaml_start);
	return yaml_start;
}

const char *policy_schema(size_t *len)
{
	/* cppcheck-suppress comparePointers ; both are the linker's, of one object */
	*len = (size_t)(schema_end - schema_start);
	return schema_start;
}
