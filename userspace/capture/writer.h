/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_CAPTURE_WRITER_H
#define WARDER_CAPTURE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/block.h"
#include "capture/mark.h"
#include "err.h"
#include "warder/v1/capture.pb-c.h"

/*
 * Writes one capture file. Events are gathered to blocks of WRITER_BLOCK bytes, and each block goes out by one write(): what
 * was flushed is whole, whatever happens to the process afterwards; with `sync`, whatever happens to the machine. A write that
 * fails is taken back and its block is kept, so that it can be tried again; only what then has no room is refused.
 *
 * Functions return 0 or -errno; after an error, capture_error has the sentence.
 */
struct capture_writer;

enum {
	WRITER_BLOCK = 256 << 10, /* of events, before they are deflated */
	WRITER_FRAME_MAX = (256 << 10) + 8,
};

/*
 * Begins PATH.part, which capture_close calls PATH; neither may be there yet. PATH "-" is the standard output, which is never
 * synced or renamed. Of `meta`, what the file cannot know itself is the caller's (node, boot, kernel, stream, version, policy,
 * the file before); file_id, created and schema are made where they are empty. The first block is in the file at the return.
 */
int capture_create(struct capture_writer **out, const char *path, const Warder__V1__CaptureHeader *meta, struct err *err);

/*
 * Takes an event, as frame_pack makes it: after its length. `mark` NULL: it is read off the event; else it must say the same,
 * since readers go by it. Order does not matter: readers sort by seq. -EMSGSIZE: longer than WRITER_FRAME_MAX; -EBADMSG: no
 * frame. On any error the event was not taken.
 */
int capture_append(struct capture_writer *w, const void *frame, size_t len, const struct capture_mark *mark);

/* A LOST event, framed, about what never came to the file; a block of its own, written at once. */
int capture_lost(struct capture_writer *w, const void *frame, size_t len, const struct capture_mark *mark);

/* Writes what was gathered. `sync`: it is on the disk at the return. */
int capture_flush(struct capture_writer *w, bool sync);

/*
 * A packed CaptureSnapshot of at most BLOCK_RAW_MAX bytes, a block of its own; larger ones are given in parts. `mark`: the
 * stream's number and time when it was taken.
 */
int capture_snapshot(struct capture_writer *w, const void *bytes, size_t len, const struct capture_mark *mark);

uint64_t capture_size(const struct capture_writer *w);       /* bytes in the file so far */
const uint8_t *capture_head(const struct capture_writer *w); /* BLOCK_HASH bytes: SHA-256 of the block written last */
const uint8_t *capture_id(const struct capture_writer *w);   /* BLOCK_ID bytes: the file's, for the next one's previous_id */
const char *capture_error(const struct capture_writer *w);

/*
 * Writes what was gathered, index and footer, syncs, and gives the file its name. `head` (may be NULL) becomes that of the last
 * block, for the next file's previous_head. In any case *w is gone; on an error, whose sentence is in *err, what was written
 * stays as PATH.part, which every reader takes.
 */
int capture_close(struct capture_writer *w, uint8_t head[BLOCK_HASH], struct err *err);

/* Gives up, and removes PATH.part. NULL is fine. */
void capture_discard(struct capture_writer *w);

#endif
