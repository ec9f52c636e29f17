/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_REPLAYS_H
#define WARDER_REPLAYS_H

#include "capture/reader.h"
#include "policy.h"
#include "replay.h"
#include "unpack.h"

/* Captures replayed: each run of a sensor that is in them, in however many files, goes through an engine of its own. */

#define REPLAYS_MAX 64 /* runs of sensors */

struct replays {
	const struct policy *policy;
	bool other; /* than the one it was recorded under: see replay.h */
	/* the caller's: gets what the engines tell */
	void (*tell)(void *ctx, const Warder__V1__Event *e);
	/* likewise, each event as it is recorded; NULL: not wanted */
	void (*see)(void *ctx, const Warder__V1__Event *e);
	void *ctx;
	struct unpack unpack;
	struct replays_run *runs[REPLAYS_MAX];
	size_t n;
};

/* What the caller gives stands in *r. 0 or -ENOMEM with *err set. */
int replays_init(struct replays *r, struct err *err);
void replays_destroy(struct replays *r);

/* The next frame of a capture, snapshots included. 0; -errno with *err set: whose it is cannot be told, or there are too many. */
int replays_frame(struct replays *r, const struct capture *c, const struct capture_frame *f, struct err *err);

struct replay *replays_at(struct replays *r, size_t i); /* below r->n, in the order of their first events */

#endif
