/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_SINK_H
#define WARDER_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "warder/v1/event.pb-c.h"

struct sink;

/* A kind of sink. Rows in sink.c's table; the word before the first ':' of a specification picks the row. */
struct sink_kind {
	const char *name;
	const char *help;                                              /* one line for --help, with its argument */
	int (*open)(struct sink *s, const char *arg, struct err *err); /* arg: what follows the ':', "" where nothing does */
	int (*write)(struct sink *s, const Warder__V1__Event *e);      /* 0, or -errno when the event was lost */
	int (*flush)(struct sink *s);
	void (*close)(struct sink *s); /* flushes first */
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
int sink_flush(struct sink *s);
void sink_close(struct sink *s); /* NULL is fine */

#endif
