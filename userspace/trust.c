// SPDX-License-Identifier: Apache-2.0
#include "trust.h"

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

const char *trust_level(const struct trust *t, const struct workload *w, const struct tags *tags)
{
	char registry[sizeof(w->image)];

	trust_registry(w->image, registry, sizeof(registry));
	for (size_t i = 0; i < t->n; i++) {
		const struct trust_rule *r = &t->rules[i];

		if (!patterns_hold(&r->namespaces, w->pod_ns) || !patterns_hold(&r->registries, registry) ||
		    !patterns_hold(&r->images, w->image) || !patterns_hold(&r->runtimes, w->runtime))
			continue;
		if (r->labels.n && !tags && w->pending)
			return ""; /* its labels will tell */
		if (patterns_hold_labels(&r->labels, tags))
			return r->level;
	}
	return t->unmatched ? t->unmatched : "";
}

size_t trust_rank(const struct trust *t, const char *level)
{
	for (size_t i = 0; i < t->levels.n; i++)
		if (!strcmp(t->levels.items[i], level))
			return i;
	return TRUST_LEVELS;
}
