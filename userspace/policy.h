/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_POLICY_H
#define WARDER_POLICY_H

#include "arena.h"
#include "err.h"
#include "rules.h"
#include "sensitive_path.h"
#include "trust.h"

#define POLICY_SENSITIVE_MAX 128
#define POLICY_DIGEST        32 /* SHA-256 */

/* How much a container may make a second. */
struct policy_budgets {
	unsigned int telemetry; /* KiB; 0: no bound */
	unsigned int findings;  /* records that findings hang on */
};

/*
 * What an operator decides, as a YAML file says it over what is built in (policy.yaml); warder(8) describes it, policy.schema.json
 * has its form. It lives as long as its arena, from policy_init to policy_destroy.
 */
struct policy {
	struct arena arena;
	struct trust trust;
	struct rules rules;
	struct policy_budgets budgets;
	struct sensitive_path *sensitive;
	size_t n_sensitive;
	uint8_t digest[POLICY_DIGEST]; /* of what policy_init read: the built-in bytes, then the file's */
	bool alone;                    /* "defaults: false": without the built-in exceptions */
};

/*
 * Reads the file over what is built in; `path` NULL: that alone. -EBADMSG with file, line and column of what is wrong; -errno.
 */
int policy_init(struct policy *p, const char *path, struct err *err);
/* From memory, with nothing below it. `name` is for messages. */
int policy_parse(struct policy *p, const char *name, const char *buf, size_t len, struct err *err);
/*
 * Another from memory over a good one: its values count, its lists take the other's place, its techniques and exceptions are added and take
 * the place of those of the same name. On an error the policy is destroyed.
 */
int policy_over(struct policy *p, const char *name, const char *buf, size_t len, struct err *err);
void policy_destroy(struct policy *p);

/* Paths that are sensitive by the policy, at most POLICY_SENSITIVE_MAX; valid as long as it. */
size_t policy_sensitive_count(const struct policy *p);
const struct sensitive_path *policy_sensitive_at(const struct policy *p, size_t i);

/* The bytes of the built-in policy and of the schema, which is JSON. No NUL ends them. */
const char *policy_builtin(size_t *len);
const char *policy_schema(size_t *len);

#endif
