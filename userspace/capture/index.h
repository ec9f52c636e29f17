/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_CAPTURE_INDEX_H
#define WARDER_CAPTURE_INDEX_H

#include "capture/block.h"
#include "capture/directory.h"
#include "capture/input.h"

enum {
	INDEX_ORIGINS_MAX = 64, /* of one block; with more it is said to hold any */
};

/* What is known of a block without reading it. */
struct capture_entry {
	uint64_t offset;
	uint64_t seq_first, seq_last, time_first, time_last;
	uint32_t length, records;
	uint32_t origins_at, n_origins; /* in the index's list */
	uint8_t type, severity;
	bool any_origin; /* nothing is known of its origins, or there are more than listed */
};

/* In the order of the file. */
struct capture_index {
	struct capture_entry *rows;
	size_t n, room;
	uint64_t *origins;
	size_t n_origins, origins_room;
};

void index_destroy(struct capture_index *ix);
void index_clear(struct capture_index *ix); /* keeps the memory */

/* Adds a block. `origins` NULL: any. 0 or -ENOMEM. */
int index_add(struct capture_index *ix, const struct block *b, uint64_t offset, const uint64_t *origins, size_t n);

/* Whether a container may be in a block. */
bool index_has_origin(const struct capture_index *ix, const struct capture_entry *e, uint64_t origin);

/*
 * All rows as a packed CaptureIndex, with the directory where that is not NULL; *out is the caller's to free. Returns its
 * length; -errno.
 */
int64_t index_pack(const struct capture_index *ix, uint64_t previous, const struct directory *d, uint8_t **out);

/* At most so many bytes does index_pack make of the rows. */
size_t index_pack_bound(const struct capture_index *ix);

/*
 * Reads a file's index, beginning with the INDEX block at `offset`, where a footer says that it is. 0; -EBADMSG where it is not
 * whole or cannot be true (its blocks do not fill the file, one after the other); -errno. The rows may be none of what the
 * blocks say themselves: who reads a block compares.
 */
int index_read(struct capture_index *ix, struct directory *d, struct input *in, uint64_t offset);

#endif
