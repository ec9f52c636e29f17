// SPDX-License-Identifier: Apache-2.0
#include "patterns.h"

#include <fnmatch.h>
#include <string.h>

bool patterns_hold(const struct patterns *p, const char *value)
{
	for (size_t i = 0; i < p->n; i++)
		if (*value && !fnmatch(p->items[i], value, 0))
			return true;
	return !p->n;
}

static bool has_label(const struct tags *tags, const char *want, const char *pattern)
{
	const char *name, *value;

	for (size_t at = 0; labels_next(&tags->labels, &at, &name, &value);)
		if (!strcmp(name, want) && !fnmatch(pattern, value, 0))
			return true;
	return false;
}

bool patterns_hold_labels(const struct patterns *p, const struct tags *tags)
{
	for (size_t i = 0; i + 1 < p->n; i += 2)
		if (!tags || !has_label(tags, p->items[i], p->items[i + 1]))
			return false;
	return true;
}
