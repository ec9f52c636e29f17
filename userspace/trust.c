// SPDX-License-Identifier: Apache-2.0
#include "trust.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* As the engines read a reference: the first component is a host if it could be no other name (distribution's reference grammar). */
const char *trust_registry(const char *image, char *out, size_t size)
{
	size_t n = strcspn(image, "/");

	if (!*image)
		snprintf(out, size, "%s", "");
	else if (image[n] && (memchr(image, '.', n) || memchr(image, ':', n) || (n == 9 && !memcmp(image, "localhost", n))))
		snprintf(out, size, "%.*s", (int)n, image);
	else
		snprintf(out, size, "docker.io");
	return out;
}

/* A condition that is not given holds. */
static bool holds(const struct trust_list *patterns, const char *value)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (*value && !fnmatch(patterns->items[i], value, 0))
			return true;
	return !patterns->n;
}

static bool has_label(const struct tags *tags, const char *want, const char *pattern)
{
	const char *name, *value;

	for (size_t at = 0; labels_next(&tags->labels, &at, &name, &value);)
		if (!strcmp(name, want) && !fnmatch(pattern, value, 0))
			return true;
	return false;
}

static bool has_labels(const struct trust_list *labels, const struct tags *tags)
{
	for (size_t i = 0; i + 1 < labels->n; i += 2)
		if (!tags || !has_label(tags, labels->items[i], labels->items[i + 1]))
			return false;
	return true;
}

const char *trust_level(const struct trust *t, const struct workload *w, const struct tags *tags)
{
	char registry[sizeof(w->image)];

	trust_registry(w->image, registry, sizeof(registry));
	for (size_t i = 0; i < t->n; i++) {
		const struct trust_rule *r = &t->rules[i];

		if (!holds(&r->namespaces, w->pod_ns) || !holds(&r->registries, registry) || !holds(&r->images, w->image) ||
		    !holds(&r->runtimes, w->runtime))
			continue;
		if (r->labels.n && !tags && w->pending)
			return ""; /* its labels will tell */
		if (has_labels(&r->labels, tags))
			return r->level;
	}
	return t->unmatched ? t->unmatched : "";
}
