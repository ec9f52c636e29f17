/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_CAPTURE_SCAN_H
#define WARDER_CAPTURE_SCAN_H

#include "capture/block.h"
#include "capture/input.h"

/*
 * A file's blocks one after the other, with no help of an index. Where there is none, the next place where one begins is looked
 * for, and what was passed over is told: everything else in the file is still found.
 */
struct scan {
	struct input *in;
	uint64_t at, end;      /* of what is still to be walked over */
	bool footer;           /* the file has a good one, */
	uint64_t index_offset; /* which says this */
	bool whole;            /* payloads are read and checked too */
	bool have_id;
	uint8_t id[BLOCK_ID];
	uint8_t *bytes; /* of the block, with `whole`; of BLOCK_STORED_MAX and what belongs to it */
};

struct scan_step {
	bool found;             /* a block; else bytes that are none */
	enum block_fault fault; /* of a block: GOOD, or BAD_END, which costs nothing; of others: why there is none */
	uint64_t offset, length;
	struct block block;
};

int scan_open(struct scan *s, struct input *in, bool whole); /* 0 or -errno */
void scan_close(struct scan *s);

/* 1 and *out; 0 at the end; -errno. */
int scan_next(struct scan *s, struct scan_step *out);

#endif
