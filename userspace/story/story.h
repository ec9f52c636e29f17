/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_STORY_STORY_H
#define WARDER_STORY_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"
#include "warder/v1/event.pb-c.h"

/*
 * One incident as a responder reads it: made in one pass over recorded events, then written as a page or as text. What the events
 * hold is hostile; bytes of theirs leave by a pen only (pen.h).
 *
 *     story_new; story_add for each event in the order of the record; story_tell; page_write or plain_write; story_free
 */

/* Bounds. What is over one is left out and counted. */
enum {
	STORY_ROWS = 5000, /* of the timeline */
	STORY_RAW = 1000,  /* events that are given whole */
	STORY_PROCESSES = 2000,
	STORY_CHANGES = 16,      /* of one process */
	STORY_CROSSINGS = 40,    /* of the map */
	STORY_INCIDENTS = 1024,  /* of one record */
	STORY_CLUSTER = 16,      /* containers that reached one another */
	STORY_STREAMS = 64,      /* sensors, nodes and boots in one record */
	STORY_BYTES = 256 << 20, /* of events, until the incident is chosen */
};

/* Which incident; both NULL: the worst of the record. */
struct story_choice {
	const char *incident;  /* uid, or its start */
	const char *container; /* name, or the start of the id */
};

enum story_kind {
	ROW_CONTEXT,  /* what the container did, and no finding hangs on */
	ROW_EVIDENCE, /* what a finding hangs on */
	ROW_FINDING,
	ROW_INCIDENT, /* it was opened, or closed */
	ROW_LOSS,     /* records that the sensor says were lost */
	ROW_GAP,      /* numbers that are missing in the stream */
	ROW_START,    /* the sensor starts, or starts anew */
};

struct story_row {
	enum story_kind kind;
	int64_t at;                       /* ns since the epoch */
	const Warder__V1__Event *event;   /* the story's; NULL for a gap or a start */
	const Warder__V1__Event *finding; /* that this is evidence of */
	const char *role;                 /* as which, in the finding's words */
	Warder__V1__Stage stage;          /* in the incident */
	uint32_t count;                   /* of a finding, with its updates */
	uint64_t missing;                 /* of a loss or a gap: how many; of a start: ns that nobody watched */
	bool other;                       /* of another container */
	bool raw;                         /* it is among the raw events */
	int64_t away;                     /* from the first sign, in ns */
};

/* A change of what walls a process is behind. */
struct story_change {
	int64_t at;
	uint32_t namespaces;             /* Dimension bits */
	uint32_t to[7];                  /* the new namespaces, by the bits' order */
	uint32_t host;                   /* Dimension bits of those that are the host's */
	uint64_t caps_gained, caps_lost; /* effective */
	bool uid, cgroup, privileges_locked;
	uint32_t to_uid;
	bool first; /* as it was first seen, against the container's seal */
};

struct story_process {
	uint32_t pid;
	uint64_t start_ns;               /* since boot */
	int64_t first, ended;            /* ended: 0 where it is not known */
	const Warder__V1__Process *seen; /* as it was seen last */
	const Warder__V1__Text *exe, *args;
	int32_t exit_code;
	bool entered, secure, snapshot, exited, other;
	uint32_t findings;
	Warder__V1__Severity worst;
	struct story_change changes[STORY_CHANGES];
	unsigned int n_changes, more_changes;
	struct story_process *parent, *child, *last_child, *next;
};

/* A wall that was crossed, or held: one line of the map. */
struct story_crossing {
	Warder__V1__Owner__Kind owner;
	const Warder__V1__Workload *whose; /* where the owner is a container */
	const Warder__V1__Workload *who;   /* who crossed */
	char *object;                      /* bytes from outside; own memory */
	const char *technique, *title, *dimension;
	Warder__V1__Stage stage;
	bool succeeded, other; /* succeeded: a breach, and not denied. other: not by the subject */
	uint32_t count;
	int64_t at;
};

struct story_incident {
	const Warder__V1__Event *event; /* the last of it */
	uint64_t node, origin;
};

/* The files, and what they say of themselves. */
struct story_record {
	char *const *names; /* as they were given; the caller's */
	size_t n;
	const char *format;
	char chain[512]; /* a sentence about a capture's chain, with bytes from outside; empty where the format has none */
	enum {
		RECORD_WHOLE,
		RECORD_DAMAGED,
		RECORD_CHANGED, /* by somebody */
	} state;
	bool selection;                               /* a part of a record: numbers are missing, and nothing was lost */
	void (*watch)(uint64_t done, uint64_t total); /* the caller's, told while it is read; may be NULL */
};

struct story {
	struct story_choice want;
	struct story_record record;
	/* of the whole record */
	uint64_t events, malformed, over; /* over: not kept for want of room */
	uint64_t missing;                 /* numbers, in all streams */
	int64_t from, to;
	struct story_incident *incidents; /* worst first */
	size_t n_incidents, more_incidents;
	/* the one that is told */
	const Warder__V1__Event *event; /* INCIDENT; NULL: there is none, and the rows are findings' alone */
	const Warder__V1__Incident *incident;
	const Warder__V1__Workload *subject; /* NULL: all containers */
	uint64_t node, origin;               /* of the subject */
	const Warder__V1__Node *on;
	uint64_t cluster[STORY_CLUSTER]; /* origins; the subject's first */
	unsigned int n_cluster;
	int64_t first_sign, breach, last; /* breach: 0 where there was none */
	struct story_row *rows;
	size_t n_rows, left_out;
	uint64_t lost, gaps; /* records that are known to be missing on its node while it went on */
	int64_t unwatched;   /* ns between the life of one sensor and the next on its node */
	size_t n_raw, raw_left_out;
	struct story_process **processes; /* in the order of their starts */
	size_t n_processes, more_processes;
	struct story_crossing *crossings;
	size_t n_crossings, more_crossings;
	const Warder__V1__Event *seal, *posture, *grant, *facts, *coverage;
	struct intake *intake;
};

/* Names of `n` files; these and the strings of `want` are the caller's and outlive the story. NULL: out of memory. */
struct story *story_new(const struct story_choice *want, char *const *names, size_t n);
void story_free(struct story *s); /* NULL is fine */

/* The next event, packed; the bytes are copied. What is no event is counted. 0 or -ENOMEM. */
int story_add(struct story *s, const void *bytes, size_t len);

/*
 * Likewise, an event that was no news: it stood when the record was begun. It says what a container and its node were, and is of no
 * use where more is known already.
 */
int story_stood(struct story *s, const void *bytes, size_t len);

/* Chooses the incident and makes the story. 0; -ENOENT with *err set where what was asked for is not there; -ENOMEM. */
int story_tell(struct story *s, struct err *err);

/* The two ways to tell it. 0, or -errno of the stream. `out` stays the caller's. */
int page_write(const struct story *s, FILE *out);
int plain_write(const struct story *s, FILE *out);

/* Pieces of story_tell, a file each. 0 or -ENOMEM. */
int timeline_make(struct story *s);
int processes_make(struct story *s);
int crossings_make(struct story *s);

#endif
