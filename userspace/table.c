// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_NONE UINT32_MAX

struct table_slot {
	uint64_t key;
	uint32_t next;         /* in the bucket, or in the list of free slots */
	uint32_t older, newer; /* in the list by use */
};

static uint32_t bucket_of(const struct table *t, uint64_t key)
{
	return (key * 0x9e3779b97f4a7c15ull) >> 40 & t->mask;
}

int table_init(struct table *t, uint32_t cap, size_t value_size)
{
	*t = (struct table){.cap = cap, .mask = cap - 1, .value_size = value_size};
	t->newest = t->oldest = t->free = TABLE_NONE;
	t->slots = calloc(cap, sizeof(*t->slots));
	t->values = calloc(cap, value_size);
	t->buckets = malloc(cap * sizeof(*t->buckets));
	if (!t->slots || !t->values || !t->buckets) {
		table_destroy(t);
		return -ENOMEM;
	}
	memset(t->buckets, 0xff, cap * sizeof(*t->buckets));
	return 0;
}

void table_destroy(struct table *t)
{
	free(t->slots);
	free(t->values);
	free(t->buckets);
	t->slots = NULL;
	t->values = NULL;
	t->buckets = NULL;
}

static void unlink_use(struct table *t, uint32_t i)
{
	struct table_slot *s = &t->slots[i];

	if (s->newer == TABLE_NONE)
		t->newest = s->older;
	else
		t->slots[s->newer].older = s->older;
	if (s->older == TABLE_NONE)
		t->oldest = s->newer;
	else
		t->slots[s->older].newer = s->newer;
}

static void link_use(struct table *t, uint32_t i)
{
	struct table_slot *s = &t->slots[i];

	s->newer = TABLE_NONE;
	s->older = t->newest;
	if (t->newest == TABLE_NONE)
		t->oldest = i;
	else
		t->slots[t->newest].newer = i;
	t->newest = i;
}

static uint32_t find(const struct table *t, uint64_t key)
{
	uint32_t i = t->buckets[bucket_of(t, key)];

	while (i != TABLE_NONE && t->slots[i].key != key)
		i = t->slots[i].next;
	return i;
}

/* Takes a slot out of its bucket and out of use. */
static void drop(struct table *t, uint32_t i)
{
	uint32_t *at = &t->buckets[bucket_of(t, t->slots[i].key)];

	while (*at != i)
		at = &t->slots[*at].next;
	*at = t->slots[i].next;
	unlink_use(t, i);
}

void *table_get(struct table *t, uint64_t key)
{
	uint32_t i = find(t, key);

	if (i == TABLE_NONE)
		return NULL;
	if (i != t->newest) {
		unlink_use(t, i);
		link_use(t, i);
	}
	return t->values + i * t->value_size;
}

void *table_put(struct table *t, uint64_t key)
{
	void *value = table_get(t, key);
	uint32_t i, *bucket;

	if (value)
		return value;
	if (t->free != TABLE_NONE) {
		i = t->free;
		t->free = t->slots[i].next;
	} else if (t->used < t->cap) {
		i = t->used++;
	} else {
		i = t->oldest;
		drop(t, i);
		t->evicted++;
	}
	bucket = &t->buckets[bucket_of(t, key)];
	t->slots[i].key = key;
	t->slots[i].next = *bucket;
	*bucket = i;
	link_use(t, i);
	return memset(t->values + i * t->value_size, 0, t->value_size);
}

void *table_oldest(const struct table *t)
{
	return t->free != TABLE_NONE || t->used < t->cap ? NULL : table_at(t, t->oldest);
}

void table_del(struct table *t, uint64_t key)
{
	uint32_t i = find(t, key);

	if (i == TABLE_NONE)
		return;
	drop(t, i);
	memset(t->values + i * t->value_size, 0, t->value_size);
	t->slots[i].next = t->free;
	t->free = i;
}

uint64_t table_key_at(const struct table *t, uint32_t slot)
{
	return t->slots[slot].key;
}
