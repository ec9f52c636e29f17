/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_ARENA_H
#define WARDER_ARENA_H

#include <stddef.h>

/*
 * Memory for what lives as long as one event: taken by moving a mark, given back all at once. It never grows: when it is full
 * arena_alloc returns NULL, and the event is counted as lost by whoever builds it.
 */
struct arena {
	char *base;
	size_t size, used;
};

int arena_init(struct arena *a, size_t size); /* 0 or -ENOMEM */
void arena_destroy(struct arena *a);
void *arena_alloc(struct arena *a, size_t n); /* zeroed, aligned for any type; valid until arena_reset */
void *arena_copy(struct arena *a, const void *p, size_t n);
char *arena_string(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *a);

#endif
