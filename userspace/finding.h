/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_FINDING_H
#define WARDER_FINDING_H

#include "detect.h"
#include "event.h"
#include "identity/node.h"

/*
 * Findings that are open: the same technique, by the same container, on the same owner's things, with the same outcome, is one
 * finding. Its first record makes a CREATE, later ones UPDATEs, of which the first few, then one for each doubling, are sent:
 * an attacker's loop must not page a thousand times, and the count is never lost.
 */
struct findings {
	struct table open;
	uint64_t created;
	const struct node_facts
		*node; /* the caller's: what it is open to is told with a technique that uses it. NULL: not known */
};

int findings_init(struct findings *f); /* 0 or -ENOMEM */
void findings_destroy(struct findings *f);

/*
 * The finding event of a verdict on a record; NULL where none is due (a repeat) or the arena is full (then *full is set).
 * `evidence` is the event of the record, already made; `lost` is how many records of the actor's container were lost so far;
 * `*uid` becomes the finding's, valid until the next call.
 */
Warder__V1__Event *findings_take(struct findings *f, struct stream *s, struct arena *a, const struct view *view,
				 const struct detector *d, const struct verdict *v, const Warder__V1__Event *evidence,
				 uint64_t lost, const char **uid, bool *full);

/* A technique of a finding or an incident: its ATT&CK technique into the event, its title into *title. 0; -1: the arena is full. */
int finding_technique(struct arena *a, const char *technique, Warder__V1__Event *e, char **title);

/*
 * A container's name has come: an UPDATE, to `fn`, for each open finding that was sent without the name of its container or of the
 * object's owner and is about that one. NULL for one that could not be built.
 */
void findings_named(struct findings *f, struct stream *s, struct arena *a, struct state *st, uint64_t origin, uint64_t now_ns,
		    void (*fn)(void *ctx, const Warder__V1__Event *e), void *ctx);

/* Calls `fn` for each finding that is open at `now_ns`, with the container that did it (0: the host). */
void findings_open(const struct findings *f, uint64_t now_ns,
		   void (*fn)(void *ctx, uint64_t origin, Warder__V1__Severity severity), void *ctx);

#endif
