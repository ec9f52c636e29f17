/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_CAPTURE_READER_H
#define WARDER_CAPTURE_READER_H

#include "capture/block.h"
#include "capture/directory.h"
#include "capture/index.h"
#include "capture/mark.h"
#include "err.h"

/*
 * Reads one capture file: events in the order of their numbers (as they stand, in a file made of several streams), though blocks of older ones stand behind younger (what a
 * recorder remembered from before it was triggered). With a good index only the blocks that are asked for are read; without
 * one (a file whose writer was killed, or that was cut) the blocks are looked for. A damaged block is skipped and told, and
 * everything else is delivered. Memory is bounded whatever is in the file: READER_OPEN blocks and READER_BYTES bytes at once.
 */
struct capture;

enum {
	READER_OPEN = 64,
	READER_BYTES = 64 << 20,
	READER_DAMAGE = 256, /* pieces of damage that are remembered, and told one by one */
};

struct capture_frame {
	const void *bytes; /* a packed Event; of a SNAPSHOT block a packed CaptureSnapshot. Valid until the next call. */
	size_t len;
	uint8_t type;   /* enum block_type of its block */
	uint64_t block; /* that one's offset */
	struct capture_mark mark;
};

/*
 * What is wanted; all zero is every event. What is skipped by the index is not read. What a recorder says that it lost is
 * wanted in any case, but for its time.
 */
struct capture_filter {
	uint64_t from_ns, to_ns; /* since the epoch, both included; to_ns 0: no end */
	const uint64_t *origins; /* of containers that act, or are acted on; the caller's, as long as the capture is open */
	size_t n_origins;
	bool no_origin;    /* with n_origins 0: of no container at all (a name that is not in this file) */
	uint64_t types[4]; /* bit t of them: events of type t (below 256); none set: all */
	uint32_t severity; /* that, or more severe */
	bool snapshots;    /* SNAPSHOT blocks too; nothing above is asked of these */
};

/* A piece of the file that is not what it should be. */
struct capture_damage {
	uint64_t offset, length;
	enum block_fault fault;
};

struct capture_stats {
	bool indexed;      /* a good index was there */
	uint64_t size;     /* of the file */
	uint64_t bytes;    /* read of it, index and all */
	uint64_t blocks;   /* that are known */
	uint64_t read;     /* of them */
	uint64_t damaged;  /* pieces */
	uint64_t disorder; /* events that came too late to be sorted: more blocks overlapped than may be open */
};

/* `path` "-" is the standard input. 0; -errno with *err set: it cannot be read, or there is not one block in it (-EBADMSG). */
int capture_open(struct capture **out, const char *path, struct err *err);
void capture_free(struct capture *c); /* NULL is fine */

/* NULL where the first block was damaged. */
const Warder__V1__CaptureHeader *capture_meta(const struct capture *c);
const char *capture_path(const struct capture *c);
struct input *capture_input(struct capture *c); /* its bytes, for whoever reads them in another way */

/* Who is in it: from the index, else by reading all of it (once). NULL: no memory. */
const struct directory *capture_directory(struct capture *c);

/* Begins anew, with what is wanted. */
void capture_filter(struct capture *c, const struct capture_filter *f);

/* 1: *out is filled; 0: that was the last one; -errno: the file cannot be read any more, or there is no memory. */
int capture_next(struct capture *c, struct capture_frame *out);

/* The earliest time that an event of the wanted blocks may have; UINT64_MAX: there is none. */
uint64_t capture_begins(const struct capture *c);

struct capture_stats capture_stats(const struct capture *c);
const struct capture_damage *capture_damages(const struct capture *c, size_t *n); /* found so far */

#endif
