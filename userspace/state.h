/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_STATE_H
#define WARDER_STATE_H

#include <stdbool.h>

#include "executable.h"
#include "identity.h"
#include "identity/cri.h"
#include "table.h"
#include "trust.h"
#include "view.h"

#define STATE_WAIT_MS 500 /* as wait_ms is at first */

/* What the records have told so far: the containers and who they are, the processes and what they run. Bounded. */
struct state {
	struct identity *identity; /* NULL: names are not looked up (a replay has them in the stream) */
	struct cri *cri;           /* the caller's; NULL: no runtime is asked over its socket */
	const struct trust *trust; /* the caller's, by state_retrust; NULL: there are no levels */
	struct table containers, processes, tags, executables, inners;
	unsigned int wait_ms; /* that an event which matters waits for its container's name */
	uint32_t rename_at;   /* the container that state_rename looks up next */
	uint64_t forgotten;   /* containers that had not ended, for want of room */
	unsigned int alive;   /* containers sealed and not ended */
	uint64_t changes;     /* of who the living containers are */
};

struct state_container {
	struct workload workload;
	struct wd_container_seal seal; /* but for its path, which is the workload's */
	struct wd_process first;       /* the process that it was sealed with */
	unsigned int tries;            /* look-ups made for its name */
	uint64_t sealed_ns;
	uint64_t ended_ns;
	bool ended;
	bool forgotten;  /* what it ran, by state_forget */
	bool waited;     /* by state_wait_name */
	bool named;      /* its workload is as good as it gets, or was given up */
	bool asked;      /* of a runtime over its socket */
	bool audited;    /* by audit.c */
	bool dated;      /* its image, by audit.c */
	int level;       /* enum pss, by audit.c */
	char upper[384]; /* as in struct posture, by audit.c; empty: not known */
};

/* A cgroup that a container's task is in, and is not the container's own. */
struct state_inner {
	uint64_t outer;
	bool is_one;              /* a container in the container */
	struct workload workload; /* not resolved: it does not lie below the container's */
};

int state_init(struct state *s, struct identity *identity); /* 0 or -ENOMEM */
void state_destroy(struct state *s);

/* Takes a checked record into the state, then says what is known of it. */
void state_take(struct state *s, const struct wd_record *r, struct view *v);

/* What is known of a record that was taken before: all of a view but the body. */
void state_view(struct state *s, const struct wd_record *r, struct view *v);

/* Who an origin is; NULL for the host and for what is not known. A name not found yet is looked up again. */
const struct workload *state_workload(struct state *s, uint64_t origin);
const struct process *state_process(struct state *s, uint32_t pid, uint64_t start_ns);
/* The container in its container that a record's actor is in, from its cgroup; NULL where it is in none. */
const struct workload *state_inner(struct state *s, const struct wd_record *r);
/* Its labels and annotations, as its runtime said; NULL where it did not. */
const struct tags *state_tags(struct state *s, uint64_t origin);

/*
 * Gives a runtime that is still writing its state down a moment, once per container: at most half a second in which an event
 * that matters waits for its container's name (wait_ms). It is sent anyway, and state_rename tells the name when it comes.
 */
void state_wait_name(struct state *s, uint64_t origin);

/*
 * Looks up again who the unnamed containers are. Calls `fn` for each that has a name now, to tell those who got its events
 * without one. Where that takes long (files that are made to), the others' turn is at the next call: events must not wait.
 */
void state_rename(struct state *s, void (*fn)(void *ctx, const struct workload *w), void *ctx);

/*
 * Whether a program of a container is of its image, as long as that can be known: its file is looked for where the container's changes are. It
 * stays as it was found out first.
 */
void state_trace(struct state *s, const struct state_container *c, struct executable *x);

/*
 * Forgets what containers ran that ended a while ago, some of them a call: their own late records have come by then. Who they were stays
 * known, as long as there is room.
 */
void state_forget(struct state *s, uint64_t now_ns);

/* Gives the containers, these and all that come, the levels of another policy. */
void state_retrust(struct state *s, const struct trust *trust);

/* Who a container is has changed: its level may have, too. */
void state_changed(struct state *s, struct state_container *c);

/* Puts the containers that a runtime may know more of than its files say on the list of those to ask it for, each once. */
void state_ask(struct state *s);

/* Takes what a runtime said of a container. Who it is by now; NULL when it is forgotten. */
const struct workload *state_answered(struct state *s, uint64_t origin, const struct workload *said, const struct tags *tags);

#endif
