// SPDX-License-Identifier: Apache-2.0
#include "arena.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int arena_init(struct arena *a, size_t size)
{
	a->base = malloc(size);
	a->size = size;
	a->used = 0;
	return a->base ? 0 : -ENOMEM;
}

void arena_destroy(struct arena *a)
{
	free(a->base);
	a->base = NULL;
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t at = (a->used + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);

	if (n > a->size || at > a->size - n)
		return NULL;
	a->used = at + n;
	return memset(a->base + at, 0, n);
}

void *arena_copy(struct arena *a, const void *p, size_t n)
{
	void *to = arena_alloc(a, n);

	return to ? memcpy(to, p, n) : NULL;
}

char *arena_string(struct arena *a, const char *s)
{
	return arena_copy(a, s, strlen(s) + 1);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	char *to;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	to = n < 0 ? NULL : arena_alloc(a, n + 1);
	if (!to)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(to, n + 1, fmt, ap);
	va_end(ap);
	return to;
}

void arena_reset(struct arena *a)
{
	a->used = 0;
}
