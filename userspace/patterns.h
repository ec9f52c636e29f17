/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_PATTERNS_H
#define WARDER_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>

#include "labels.h"

/* Conditions of a policy: patterns as of a shell ("kube-*"), of which one must fit. Strings are the policy's. */
struct patterns {
	const char **items;
	size_t n;
};

/* A condition that is not given holds; one that is given does not for an empty value, which is one that is not known. */
bool patterns_hold(const struct patterns *p, const char *value);

/* Of labels: a name, then a pattern for its value, and so on. All must be there. `tags` NULL: none are known. */
bool patterns_hold_labels(const struct patterns *p, const struct tags *tags);

#endif
