/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_SOURCE_H
#define WARDER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "record.h"

struct source;

/* Takes one record as it came: not checked yet. `bytes` is valid during the call only. */
typedef void (*source_record_fn)(void *ctx, const void *bytes, size_t len);
/* Takes a container's account since the source was opened. True: it was told to the end, and the source may forget it. */
typedef bool (*source_account_fn)(void *ctx, uint64_t origin, const struct wd_account *a);

/* Where records come from: the kernel, a capture, a test. All feed the same engine. */
struct source_ops {
	const char *name;
	/*
	 * Waits at most `timeout_ms` for records and hands over what there is, in order of time. Returns their number, 0 at
	 * the timeout or on a signal, -ENODATA at the end of a source that has one, or -errno.
	 */
	int (*next)(struct source *s, int timeout_ms, source_record_fn fn, void *ctx);
	void (*accounts)(struct source *s, source_account_fn fn, void *ctx); /* NULL: it loses nothing */
	/* The capability checks of a container; false where it has none. NULL: it counts none. */
	bool (*capabilities)(struct source *s, uint64_t origin, struct wd_capabilities *out);
	void (*tick)(struct source *s, uint64_t now_ns); /* work on a timer; NULL: none */
	void (*stop)(struct source *s);                  /* makes no more records; those that are made are still to be had */
	void (*close)(struct source *s);
};

struct source {
	const struct source_ops *ops;
};

#endif
