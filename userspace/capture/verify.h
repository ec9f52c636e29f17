/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_CAPTURE_VERIFY_H
#define WARDER_CAPTURE_VERIFY_H

#include "capture/block.h"
#include "capture/input.h"
#include "warder/v1/capture.pb-c.h"

/*
 * Whether a capture is what was written. Two questions, kept apart: is it whole (a checksum that fails, a file that ends too
 * early: a disk, a crash, a copy that broke off), and is it untouched (good checksums, and a chain that does not hold: somebody
 * who knows the format wrote). The chain shows every change but one by somebody who made all of it anew up to the end; that one
 * shows by a head that was sent elsewhere in time.
 */
enum verify_kind {
	VERIFY_DAMAGED,  /* not whole */
	VERIFY_OPEN,     /* not whole: it ends without index and footer, between two blocks */
	VERIFY_TAMPERED, /* not untouched */
};

struct verify_fault {
	enum verify_kind kind;
	uint64_t offset, length;
	char what[256]; /* a sentence */
};

struct verify_result {
	uint64_t size, blocks, records;
	uint64_t faults[3];              /* by enum verify_kind */
	Warder__V1__CaptureHeader *meta; /* NULL: it was damaged */
	uint8_t file_id[BLOCK_ID];
	uint8_t first[BLOCK_HASH]; /* what the first block says that the file before ended with */
	uint8_t head[BLOCK_HASH];  /* of the last block */
	bool head_found;           /* the head that was asked for is in it */
	uint64_t head_number;      /* of that block */
};

/*
 * Reads a whole file, and tells each fault to `fn` (may be NULL) in the order of the file. `head` (may be NULL) is looked for.
 * 0: it was read, and *out says how it is; -errno. In any case verify_destroy frees what is in it.
 */
int capture_verify(struct input *in, const uint8_t *head, void (*fn)(void *ctx, const struct verify_fault *f), void *ctx,
		   struct verify_result *out);
void verify_destroy(struct verify_result *r);

/* Whether `next` was begun after `r` as its continuation. 1; 0: it does not say so; -1: it says so, and `r` is another one now. */
int verify_continues(const struct verify_result *r, const struct verify_result *next);

#endif
