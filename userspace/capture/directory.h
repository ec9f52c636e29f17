/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_CAPTURE_DIRECTORY_H
#define WARDER_CAPTURE_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/mark.h"
#include "capture/wire.h"
#include "warder/v1/capture.pb-c.h"

enum {
	DIRECTORY_MAX = 4096, /* containers */
	DIRECTORY_TEXT = 128,
};

/* Who is in a file, by the numbers that its events have: so that a container's name finds its blocks. */
struct directory_row {
	uint64_t origin;
	char id[DIRECTORY_TEXT], name[DIRECTORY_TEXT], pod[DIRECTORY_TEXT], ns[DIRECTORY_TEXT], image[DIRECTORY_TEXT];
	uint8_t tries; /* events that were looked at for a name */
};

struct directory {
	struct directory_row *rows; /* in the order of their origins */
	size_t n, room;
	bool cut; /* there were more than DIRECTORY_MAX */
};

void directory_destroy(struct directory *d);

/* Learns what a packed event says of the containers in it, whose mark is given. Few events are unpacked. 0 or -ENOMEM. */
int directory_event(struct directory *d, const void *event, size_t len, const struct capture_mark *m);

/* The same of each event in a packed CaptureSnapshot. -EBADMSG: it is none. */
int directory_snapshot(struct directory *d, const void *bytes, size_t len);

/* Takes in a row as it is in a file: a packed CaptureIndex.Container. What is none is not taken. */
void directory_take(struct directory *d, struct wire w);

/* Puts the rows into a CaptureIndex, which directory_message_free frees. 0 or -ENOMEM. */
int directory_message(const struct directory *d, Warder__V1__CaptureIndex *m);
void directory_message_free(Warder__V1__CaptureIndex *m);

/*
 * Whether a container is meant by a word: it is called so, its pod is (as NAMESPACE/POD too), its id begins with it (6
 * characters at least), or it is its number.
 */
bool directory_means(const struct directory_row *row, const char *word);

#endif
