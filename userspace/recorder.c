// SPDX-License-Identifier: Apache-2.0
#include "recorder.h"

#include <stdlib.h>
#include <string.h>

#include "table.h"

#define NONE           UINT32_MAX
#define MAX_CONTAINERS 2048

struct chunk {
	uint32_t next; /* of the same container, younger; of the free ones */
	uint32_t used, events;
	uint64_t last_ns;
	char bytes[RECORDER_CHUNK];
};

/* A container's chunks, the oldest first. */
struct line {
	uint64_t origin;
	uint32_t oldest, newest, n; /* chunks; n 0: the others say nothing */
	struct recorder_gap gap;
};

struct recorder {
	struct chunk *chunks;
	uint32_t n_chunks, fresh, free; /* fresh: those from there on were never used */
	struct table lines;
};

struct recorder *recorder_new(size_t size)
{
	struct recorder *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->n_chunks = (uint32_t)(size / sizeof(struct chunk));
	r->free = NONE;
	r->chunks = malloc((r->n_chunks ? r->n_chunks : 1) * sizeof(*r->chunks)); /* pages that are not used are not touched */
	if (r->n_chunks && r->chunks && !table_init(&r->lines, MAX_CONTAINERS, sizeof(struct line)))
		return r;
	free(r->chunks);
	free(r);
	return NULL;
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	table_destroy(&r->lines);
	free(r->chunks);
	free(r);
}

static void give_back(struct recorder *r, uint32_t at)
{
	r->chunks[at].next = r->free;
	r->free = at;
}

/* The oldest chunk of a line goes, with what is in it. */
static void shorten(struct recorder *r, struct line *l)
{
	uint32_t at = l->oldest;
	struct chunk *c = &r->chunks[at];

	l->gap.dropped += c->events;
	l->gap.last_ns = c->last_ns;
	l->oldest = c->next;
	l->n--;
	give_back(r, at);
}

static void clear(struct recorder *r, struct line *l)
{
	while (l->n)
		shorten(r, l);
}

static struct line *longest(struct recorder *r)
{
	struct line *most = NULL;

	for (uint32_t i = 0; i < r->lines.used; i++) {
		struct line *l = table_at(&r->lines, i);

		if (l->n && (!most || l->n > most->n))
			most = l;
	}
	return most;
}

static uint32_t take_chunk(struct recorder *r)
{
	uint32_t at;

	if (r->free == NONE && r->fresh == r->n_chunks)
		shorten(r, longest(r)); /* all are in use: there is one */
	if (r->free == NONE)
		return r->fresh++;
	at = r->free;
	r->free = r->chunks[at].next;
	return at;
}

/* The line of a container; one that has to make room for it is forgotten whole. */
static struct line *line_of(struct recorder *r, uint64_t origin)
{
	struct line *l = table_get(&r->lines, origin);

	if (l)
		return l;
	l = table_oldest(&r->lines);
	if (l)
		clear(r, l);
	l = table_put(&r->lines, origin);
	l->origin = origin;
	return l;
}

void recorder_keep(struct recorder *r, const struct recorded *e, const void *bytes)
{
	size_t need = sizeof(*e) + e->len;
	struct line *l = line_of(r, e->origin);
	struct chunk *c = l->n ? &r->chunks[l->newest] : NULL;
	uint32_t at;

	if (need > RECORDER_CHUNK) {
		l->gap.dropped++;
		l->gap.last_ns = e->time_ns;
		return;
	}
	if (!c || c->used + need > RECORDER_CHUNK) {
		at = take_chunk(r); /* which may have been this line's own oldest */
		c = &r->chunks[at];
		c->next = NONE;
		c->used = c->events = 0;
		if (l->n)
			r->chunks[l->newest].next = at;
		else
			l->oldest = at;
		l->newest = at;
		l->n++;
	}
	memcpy(c->bytes + c->used, e, sizeof(*e));
	memcpy(c->bytes + c->used + sizeof(*e), bytes, e->len);
	c->used += need;
	c->events++;
	c->last_ns = e->time_ns;
}

struct recorder_gap recorder_take(struct recorder *r, uint64_t origin,
				  int (*fn)(void *ctx, const struct recorded *e, const void *bytes), void *ctx)
{
	struct line *l = table_get(&r->lines, origin);
	struct recorder_gap gap = {0, 0};
	struct recorded e;
	int rc = 0;

	if (!l)
		return gap;
	gap = l->gap;
	for (uint32_t n = 0, at = l->oldest; n < l->n; n++, at = r->chunks[at].next)
		for (uint32_t i = 0; !rc && i < r->chunks[at].used; i += sizeof(e) + e.len) {
			memcpy(&e, r->chunks[at].bytes + i, sizeof(e));
			rc = fn(ctx, &e, r->chunks[at].bytes + i + sizeof(e));
		}
	recorder_forget(r, origin);
	return gap;
}

bool recorder_first(const struct recorder *r, uint64_t *origin)
{
	for (uint32_t i = 0; i < r->lines.used; i++) {
		const struct line *l = table_at(&r->lines, i);

		if (l->n || l->gap.dropped) {
			*origin = l->origin;
			return true;
		}
	}
	return false;
}

void recorder_forget(struct recorder *r, uint64_t origin)
{
	struct line *l = table_get(&r->lines, origin);

	if (!l)
		return;
	clear(r, l);
	table_del(&r->lines, origin);
}
