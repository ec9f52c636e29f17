/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_SINK_STREAM_H
#define WARDER_SINK_STREAM_H

#include <stddef.h>

#include "sink.h"

/*
 * Where a sink's records go: a file, stdout or a unix socket. A record is formed in stream_room's buffer and goes out by
 * stream_commit, which never blocks: what a slow reader does not take waits in a queue of STREAM_QUEUE_MAX bytes, and a record
 * that does not fit there is lost whole. A reader never sees half a record with another after it. A unix socket whose reader
 * went away is connected again, with back-off, and starts anew with the first record that the old one did not get whole.
 * (What the kernel had taken for a reader that died before reading it is gone; nobody can count that.)
 *
 * The stream is the sink's state: these functions are a sink kind's flush and close. Writing to a pipe that nobody reads raises
 * SIGPIPE, which the program ignores.
 */
enum {
	STREAM_RECORD_MAX = 256 << 10,
	STREAM_QUEUE_MAX = 1 << 20,
};

/* `arg`: "-" is stdout, "unix:PATH" a socket that somebody listens on (or will), anything else a file, which is appended to. */
int stream_open(struct sink *s, const char *arg, struct err *err);

/* Where to form the next record: STREAM_RECORD_MAX bytes, valid until the next commit. */
char *stream_room(struct sink *s);
int stream_commit(struct sink *s, size_t n); /* 0: written or queued; -errno: lost */

int stream_flush(struct sink *s);  /* 0: all is out; -EAGAIN: not yet. Does not wait. */
void stream_close(struct sink *s); /* waits for a slow reader, one second at most */

#endif
