/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_ENGINE_H
#define WARDER_ENGINE_H

#include "finding.h"
#include "incident.h"
#include "ledger.h"
#include "network.h"
#include "rules.h"
#include "sink.h"
#include "source.h"

#define ENGINE_SINKS      8
#define ENGINE_RECORDINGS 16

/* What one exception of a policy silenced, of one technique and container. */
struct silence {
	uint64_t origin;
	uint64_t count, told;
	uint64_t first_ns, last_ns;
	char technique[16], name[112];
};

/* What somebody asked to be recorded, until a time of the records' clock. */
struct recording {
	enum {
		RECORDING_NONE, /* the row is free */
		RECORDING_CONTAINER,
		RECORDING_POD,
		RECORDING_NODE,
	} of;
	uint64_t origin;
	char pod[256], pod_ns[64];
	uint64_t until_ns;
};

/*
 * The straight line: source -> check -> state -> detectors -> finding -> sinks. Live, replay and tests feed the same one; time is
 * the records' time.
 */
struct engine {
	struct stream stream;
	struct state state;
	struct network network; /* whose addresses are */
	struct findings findings;
	struct incidents incidents;
	const struct rules *rules; /* the caller's: what a policy says of findings; NULL: nothing */
	struct table silences;
	uint64_t silenced;
	struct node_facts *node; /* the caller's, told once it is read; NULL: there is none */
	struct arena arena;      /* of the event in hand */
	struct arena scratch;    /* of what an audit reads */
	struct sink *sinks[ENGINE_SINKS];
	unsigned int n_sinks;
	struct recording recordings[ENGINE_RECORDINGS];
	struct ledger ledger;                 /* what became of the records, by container */
	struct account own[5 + ENGINE_SINKS]; /* what the sensor itself lost, by place */
	uint64_t lost[WD_STAGES];             /* what LOST events told, by stage */
	uint64_t received, invalid, unbuilt;
	uint32_t listed;      /* where the inventory that is told by and by has come to; UINT32_MAX: its end */
	uint64_t mix_changes; /* of the state, when its levels of trust were counted last */
	uint64_t mix_ns;      /* when they were told */
	uint32_t mix;         /* which there were, a bit each */
	uint64_t started_ns;  /* the sensor; the caller's */
	uint64_t lost_total;
	uint64_t canary; /* nonce of the canary seen last */
	uint64_t now_ns; /* of the newest record, or the last tick */
};

int engine_init(struct engine *e, struct identity *identity, struct err *err);
void engine_destroy(struct engine *e); /* closes the sinks */

void engine_add_sink(struct engine *e, struct sink *s);

/* One record, as it came from a source: a source_record_fn. */
void engine_record(void *engine, const void *bytes, size_t len);

/* A checked record: the rest of the line. Also for one that userspace made, which no ring carried. */
void engine_take(struct engine *e, const struct wd_record *r);

/*
 * The end of the line, which a replay goes too: sends the event of a record (NULL: it could not be built), judges the record, and tells what
 * the findings have come to.
 */
void engine_judge(struct engine *e, const struct view *view, const Warder__V1__Event *ev);
/* Tells what incidents have come to by `now_ns`; `tick`: also by the time that passed. */
void engine_incidents(struct engine *e, uint64_t now_ns, bool tick);
/* A container's name is known now: what was sent without it is sent again. */
void engine_named(struct engine *e, uint64_t origin);

/* What must not wait for a tick: a runtime's answers. Never blocks. `now_ns` is the records' clock. */
void engine_turn(struct engine *e, uint64_t now_ns);

/* Work by the clock: names that came late, losses, facts of the node. `now_ns` is the records' clock. */
void engine_tick(struct engine *e, struct source *src, uint64_t now_ns);

/* Events that no record is behind. NULL: it could not be built, which counts as lost. */
void engine_emit(struct engine *e, const Warder__V1__Event *ev);
void engine_coverage(struct engine *e, const Warder__V1__Coverage *c, uint64_t now_ns);
void engine_heartbeat(struct engine *e, uint64_t now_ns);
void engine_flush(struct engine *e);

#endif
