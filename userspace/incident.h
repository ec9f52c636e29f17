/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_INCIDENT_H
#define WARDER_INCIDENT_H

#include "finding.h"

/*
 * Incidents: what a container's findings come to. One container has one, as long as it lives. Findings are kept from the first on, and when
 * they are enough for a page it is opened: from there on it is told, with all that was before. All by the records' time, so that a replay
 * makes the same.
 */

#define INCIDENT_EVIDENCE 32
#define INCIDENT_OWNERS   16
#define INCIDENT_STAGES   4 /* Stage, from RECON on */

/* A technique with an outcome on an owner's things: one finding. */
struct incident_evidence {
	char finding[37];
	char summary[128]; /* UTF-8; it may hold hostile names */
	const char *technique;
	Warder__V1__Stage stage;
	Warder__V1__Severity severity;
	Warder__V1__Confidence confidence;
	enum wd_outcome outcome;
	uint32_t count;
	uint64_t first_ns, last_ns;
};

struct incident_owner {
	enum wd_kind kind;
	uint64_t id; /* of a container */
	uint32_t count;
};

struct incident {
	uint64_t origin;
	uint64_t first_ns, last_ns, told_ns;
	uint64_t ended_ns;    /* the container; 0: it lives */
	uint64_t lost_before; /* records of the container that had been lost by then */
	bool open;            /* it was told */
	bool closed;
	bool due;     /* there is something to tell at once */
	bool changed; /* there is something to tell */
	bool unnamed; /* it was told without the container's name */
	uint32_t succeeded, denied;
	struct wd_record record; /* of the worst evidence so far: who did it */
	struct incident_evidence evidence[INCIDENT_EVIDENCE];
	struct incident_owner owners[INCIDENT_OWNERS];
	unsigned int n_evidence, more_evidence, n_owners, more_owners;
};

struct incidents {
	struct table table; /* by the container's origin */
	uint64_t opened;
	uint64_t forgotten; /* open ones, for want of room */
	bool due;           /* one is */
};

int incidents_init(struct incidents *s); /* 0 or -ENOMEM */
void incidents_destroy(struct incidents *s);

/* Whose incident a record is part of: the actor's, or where the host used what a container made, that one's. 0: nobody's. */
uint64_t incident_origin(const struct wd_record *r);

/* A verdict that findings_take took: `finding` is the uid of its finding. `lost`: records of that container by now. */
void incidents_take(struct incidents *s, const struct view *view, const struct verdict *v, const char *finding, uint64_t lost);
void incidents_ended(struct incidents *s, uint64_t origin, uint64_t now_ns);
void incidents_named(struct incidents *s, uint64_t origin);

/* What is new of this incident, or where `origin` is 0 of all, is told at once: nothing is left to wait for. */
void incidents_hurry(struct incidents *s, uint64_t origin);

/* What the next to be told is, or NULL; `*activity` is how. It counts as told. With `tick`, also what must not be told at once. */
struct incident *incidents_next(struct incidents *s, uint64_t now_ns, bool tick, Warder__V1__Incident__Activity *activity);

/* What an incident comes to. */
struct incident_rating {
	unsigned int score; /* 0 to 100 */
	Warder__V1__Severity severity;
	Warder__V1__Confidence confidence;
	const struct incident_evidence *worst;
	bool granted;        /* the container has the host by what it was given (O07) */
	unsigned int stages; /* that were passed */
};

struct incident_rating incident_rate(const struct incident *i, int posture); /* enum pss */

/* A UUID of version 8 (RFC 9562 5.8): the same for the same container of the same boot of a node. */
void incident_uid(char out[37], const struct stream *s, uint64_t origin);

/* incident_event.c: its event, in the arena. NULL: the arena is full. */
Warder__V1__Event *incident_event(struct incidents *all, const struct incident *i, Warder__V1__Incident__Activity activity,
				  struct stream *s, struct arena *a, struct state *st, const struct node_facts *node,
				  uint64_t lost, uint64_t now_ns);

#endif
