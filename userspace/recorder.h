/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_RECORDER_H
#define WARDER_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What containers did lately, kept in memory until it turns out to matter: packed events, by container. The memory is one pool of
 * chunks: when it is used up, the container that holds most of them loses its oldest, so that one which floods pushes out its
 * own. What is pushed out is counted.
 */
#define RECORDER_CHUNK 16384 /* bytes; a longer event is not kept */

/* What is known of a packed event without unpacking it. */
struct recorded {
	uint64_t seq;
	uint64_t time_ns; /* since the epoch */
	uint64_t origin;
	uint32_t severity;
	uint32_t len;
};

struct recorder;

/* `size`: bytes of the pool. NULL: no memory. */
struct recorder *recorder_new(size_t size);
void recorder_free(struct recorder *r);

/* Keeps an event of a container's; `bytes` is copied. */
void recorder_keep(struct recorder *r, const struct recorded *e, const void *bytes);

/* What became of a container's events: for those who ask whether what they got is all. */
struct recorder_gap {
	uint64_t dropped; /* that were pushed out since the container was first seen here, or since they were taken last */
	uint64_t last_ns; /* when the youngest of these was */
};

/*
 * Hands over all that is kept of a container, the oldest first, and forgets it. `fn` may not use the recorder; not 0 ends it, and the rest is
 * forgotten. Returns what is missing before it.
 */
struct recorder_gap recorder_take(struct recorder *r, uint64_t origin,
				  int (*fn)(void *ctx, const struct recorded *e, const void *bytes), void *ctx);

/* A container that something is kept of, or was pushed out of; false: there is none. */
bool recorder_first(const struct recorder *r, uint64_t *origin);

/* Forgets a container that ended. */
void recorder_forget(struct recorder *r, uint64_t origin);

#endif
