/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_CAPTURE_MERGE_H
#define WARDER_CAPTURE_MERGE_H

#include "capture/reader.h"

enum {
	MERGE_MAX = 1024, /* files */
};

/*
 * Several captures as one: in the order of time, then of the node's name, then of the event's number. Within one file the order
 * of its numbers is never changed: an event whose time is before the last one's is taken at that one's. Files are opened for
 * reading as late as their first event allows, so that a rotation's files are in memory one after the other.
 */
struct capture_merge {
	struct capture **files; /* the caller's */
	size_t n;
	struct merge_head *heads;
	size_t last; /* whose frame was delivered; n: none was */
};

/* Begins; each file has its filter by now. 0; -ENOMEM; -E2BIG. */
int capture_merge_init(struct capture_merge *m, struct capture **files, size_t n);
void capture_merge_destroy(struct capture_merge *m);

/* As capture_next; *from (may be NULL) is the file that the frame is of. A file that fails ends there, with *from set. */
int capture_merge_next(struct capture_merge *m, struct capture_frame *out, struct capture **from);

#endif
