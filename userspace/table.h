/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_TABLE_H
#define WARDER_TABLE_H

#include <stddef.h>
#include <stdint.h>

/*
 * A fixed number of slots found by a 64-bit key. When all are taken, the one that was touched longest ago is evicted and
 * counted: memory is bounded, and what was forgotten is known. Pages that were never used are never touched.
 */
struct table {
	struct table_slot *slots;
	char *values;
	uint32_t *buckets;
	size_t value_size;
	uint32_t cap, used, mask;
	uint32_t newest, oldest, free; /* a list by use, and one of slots given back; TABLE_NONE ends both */
	uint64_t evicted;
};

int table_init(struct table *t, uint32_t cap, size_t value_size); /* cap: a power of two. 0 or -ENOMEM */
void table_destroy(struct table *t);

/* The value of a key, NULL where it has none. Valid until the next table_put; touched, so not the next to be evicted. */
void *table_get(struct table *t, uint64_t key);
/* The value of a key, zeroed where it is new. Never NULL. */
void *table_put(struct table *t, uint64_t key);
/* The value that the next new key takes the place of; NULL where there is room. Not touched. */
void *table_oldest(const struct table *t);
void table_del(struct table *t, uint64_t key);
uint64_t table_key_at(const struct table *t, uint32_t slot); /* of the value that table_at gives */

/* The value in a slot below t->used, to walk them all; one that was deleted is zeroed. */
static inline void *table_at(const struct table *t, uint32_t slot)
{
	return t->values + slot * t->value_size;
}

#endif
