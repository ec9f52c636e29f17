/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_SOURCE_H
#define WARDER_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct source;

/* Takes one record as it came: not checked yet. `bytes` is valid during the call only. */
typedef void (*source_record_fn)(void *ctx, const void *bytes, size_t len);
/* Takes how many records of a container were lost since the source was opened, for a stage of warder.v1.Lost. */
typedef void (*source_lost_fn)(void *ctx, uint64_t origin, unsigned int stage, uint64_t total);

/* Where records come from: the kernel, a capture, a test. All feed the same engine. */
struct source_ops {
	const char *name;
	/*
	 * Waits at most `timeout_ms` for records and hands over what there is, in order of time. Returns their number, 0 at
	 * the timeout or on a signal, -ENODATA at the end of a source that has one, or -errno.
	 */
	int (*next)(struct source *s, int timeout_ms, source_record_fn fn, void *ctx);
	void (*lost)(struct source *s, source_lost_fn fn, void *ctx); /* NULL: it loses nothing */
	void (*tick)(struct source *s, uint64_t now_ns);              /* work on a timer; NULL: none */
	void (*close)(struct source *s);
};

struct source {
	const struct source_ops *ops;
};

#endif
