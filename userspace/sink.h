/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_SINK_H
#define WARDER_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "warder/v1/event.pb-c.h"

struct sink;

/* The stream that a sink's events are of. The strings are the caller's, and outlive the sink. */
struct sink_stream {
	const char *node, *boot_id, *kernel, *version;
	int64_t realtime_0; /* nanoseconds since the epoch at boot */
	uint64_t nonce;     /* of the events' uids */
	uint8_t policy[32]; /* SHA-256 of the policy in force */
};

/* What a capture has come to: SHA-256 over all of its blocks so far, each over the one before. */
struct sink_head {
	uint8_t id[16], head[32];
	uint64_t size; /* bytes of the file */
};

/* A kind of sink. Rows in sink.c's table; the word before the first ':' of a specification picks the row. */
struct sink_kind {
	const char *name;
	const char *help;                                              /* one line for --help, with its argument */
	int (*open)(struct sink *s, const char *arg, struct err *err); /* arg: what follows the ':', "" where nothing does */
	int (*write)(struct sink *s, const Warder__V1__Event *e);      /* 0, or -errno when the event was lost */
	void (*begin)(struct sink *s,
		      const struct sink_stream
			      *stream); /* before the first event, and when the policy is another; NULL: it need not know */
	int (*matters)(
		struct sink *s); /* a detector has something to say of the event written last; NULL: it keeps all alike */
	int (*head)(struct sink *s, struct sink_head *out); /* -ENOENT: none by now; NULL: it has none */
	/* likewise as sink_record; NULL: it holds nothing back */
	int (*record)(struct sink *s, uint64_t origin, uint64_t until_ns, char *file, size_t size);
	int (*flush)(struct sink *s);  /* NULL: nothing waits in it */
	void (*close)(struct sink *s); /* flushes first; NULL: it owns nothing */
};

struct sink {
	const struct sink_kind *kind;
	char spec[512]; /* as the user gave it */
	uint64_t written;
	uint64_t lost; /* events that this sink could not take: reported in the stream by the engine */
	void *state;   /* the kind's own */
};

extern const struct sink_kind *const sink_kinds[]; /* NULL-terminated */

/* Opens "console", "ndjson:PATH", "ndjson:-", "proto:PATH" or "proto:unix:PATH". On success *out is the caller's to close. */
int sink_open(const char *spec, struct sink **out, struct err *err);

/* Gives an event to a sink. It is not kept after the return. Never blocks on a slow reader: what cannot be taken is counted. */
void sink_write(struct sink *s, const Warder__V1__Event *e);
void sink_begin(struct sink *s, const struct sink_stream *stream);
void sink_matters(struct sink *s);                    /* the event written last */
int sink_head(struct sink *s, struct sink_head *out); /* -ENOENT: it has none */
/*
 * Writes what is kept in memory of a container, and all that it does until then (since the epoch); origin 0: of the host and all containers.
 * `file`, where it is not NULL, gets the path that this goes to from now on. -ENOENT: the sink keeps nothing back.
 */
int sink_record(struct sink *s, uint64_t origin, uint64_t until_ns, char *file, size_t size);
int sink_flush(struct sink *s);
void sink_close(struct sink *s); /* NULL is fine */

#endif
