/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_POLICY_H
#define WARDER_POLICY_H

#include "arena.h"
#include "err.h"
#include "rules.h"
#include "trust.h"

/*
 * What an operator decides, as a YAML file says it; warder(8) describes it. It lives as long as its arena, from policy_init to
 * policy_destroy. Nothing in it is what is built in.
 */
struct policy {
	struct arena arena;
	struct trust trust;
	struct rules rules;
};

/* Reads the file; `path` NULL: what is built in. -EBADMSG with file, line and column of what is wrong; -errno. */
int policy_init(struct policy *p, const char *path, struct err *err);
int policy_parse(struct policy *p, const char *name, const char *buf, size_t len, struct err *err); /* the same from memory */
void policy_destroy(struct policy *p);

#endif
