/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_TRUST_H
#define WARDER_TRUST_H

#include <stddef.h>

#include "patterns.h"
#include "workload.h"

/*
 * How far an operator trusts what runs in a container, by rules of a policy. Levels are names in an order, from the least trusted; what they
 * mean is the operator's business. Strings are the policy's.
 */

#define TRUST_LEVELS 8
#define TRUST_NAME   sizeof(((struct workload *)0)->trust) /* bytes of a level's name, with its NUL */

/* All conditions that are given must hold, each by one of its items. Items are patterns as of a shell: "kube-*". */
struct trust_rule {
	const char *level;
	struct patterns namespaces; /* of the pod */
	struct patterns registries; /* of the image: "docker.io", where its name has none */
	struct patterns images;     /* as they were asked for */
	struct patterns runtimes;
	struct patterns labels; /* a name, then its value, and so on: all of them must be there */
};

struct trust {
	struct patterns levels;
	const char *unmatched; /* the level of what no rule fits; NULL: none */
	struct trust_rule *rules;
	size_t n;
};

/*
 * The level of the first rule that fits. "": none, or it hangs on labels that a runtime is asked for. `tags` NULL: they are not known.
 */
const char *trust_level(const struct trust *t, const struct workload *w, const struct tags *tags);

/* A level's place among those of the policy, from the least trusted; TRUST_LEVELS where it is none. */
size_t trust_rank(const struct trust *t, const char *level);

/* Where an image comes from: "ghcr.io" of "ghcr.io/a/b:1", "docker.io" of "busybox". Returns `out`. */
const char *trust_registry(const char *image, char *out, size_t size);

#endif
