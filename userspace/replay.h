/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_REPLAY_H
#define WARDER_REPLAY_H

#include "engine.h"

/*
 * A recorded stream through the same engine. What was read off the kernel or the node passes on as it is; what was made of it (findings,
 * incidents) is made again: by the same policy and detectors the same bytes, since numbers, times and names are the stream's.
 */
struct replay {
	struct engine engine;
	struct node_facts *node; /* as the stream told them; NULL: not yet */
	bool other;              /* another policy than when it was recorded: incidents go by the records' time alone */
	uint64_t ticked_ns;
	uint64_t events, records, refused; /* seen; judged; that could not be made a record again */
	void *record;
};

/* `rules` and `trust` are the caller's (of a policy); NULL: none. 0 or -ENOMEM with `err` set. */
int replay_init(struct replay *r, const struct rules *rules, const struct trust *trust, bool other, struct err *err);
void replay_destroy(struct replay *r); /* closes the engine's sinks */

/* What the stream was numbered by: before its first event, and when a file of another stream begins. */
void replay_begin(struct replay *r, const char *node, const char *boot_id, const char *kernel, int64_t realtime_0,
		  uint64_t nonce);

/* An event of what stood when the stream's first file was begun: it is known from here on, and nothing is made of it. */
void replay_snapshot(struct replay *r, const Warder__V1__Event *ev);

/* The next event, in the order of their numbers. It is not kept. */
void replay_event(struct replay *r, const Warder__V1__Event *ev);

#endif
