/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_CAPTURE_MARK_H
#define WARDER_CAPTURE_MARK_H

#include <stddef.h>
#include <stdint.h>

/* What an event is found and sorted by. */
struct capture_mark {
	uint64_t seq;     /* in its stream */
	uint64_t time_ns; /* since the epoch; 0: it has none, or one before the epoch */
	uint64_t origin;  /* of the container that acts, or that it is about; 0: the host */
	uint64_t owner;   /* of the container whose things are acted on; 0: the host's, or nobody's */
	uint32_t type;    /* enum EventType */
	uint32_t severity;
};

/* Reads it off a packed Event (without its length). 0; -EBADMSG where the bytes are none. */
int capture_mark_read(const void *event, size_t len, struct capture_mark *out);

#endif
