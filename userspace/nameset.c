// SPDX-License-Identifier: Apache-2.0
#include "nameset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

#define FIRST_SIZE 4096

/* Never 0, which marks a free slot. */
static uint64_t hash(const char *prefix, const char *name)
{
	uint64_t h = hash_string(hash_string(HASH_START, prefix), name);

	return h ? h : 1;
}

/* The slot that holds `h`, or the free one where it would be. */
static uint64_t *find(const struct nameset *s, uint64_t h)
{
	size_t i = (h ^ h >> 32) & (s->size - 1);

	while (s->slots[i] && s->slots[i] != h)
		i = (i + 1) & (s->size - 1);
	return &s->slots[i];
}

static int grow(struct nameset *s)
{
	struct nameset bigger = {.size = s->size ? s->size * 2 : FIRST_SIZE, .n = s->n};

	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < s->size; i++)
		if (s->slots[i])
			*find(&bigger, s->slots[i]) = s->slots[i];
	free(s->slots);
	*s = bigger;
	return 0;
}

void nameset_destroy(struct nameset *s)
{
	free(s->slots);
	*s = (struct nameset){0};
}

int nameset_add(struct nameset *s, const char *prefix, const char *name)
{
	uint64_t h = hash(prefix, name), *slot;

	if (s->n * 2 >= s->size && grow(s))
		return -ENOMEM;
	slot = find(s, h);
	s->n += !*slot;
	*slot = h;
	return 0;
}

bool nameset_has(const struct nameset *s, const char *prefix, const char *name)
{
	return s->size && *find(s, hash(prefix, name));
}
