// SPDX-License-Identifier: Apache-2.0
#include "replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recall.h"

#define RECORD_MAX 65535
#define TICK_NS    1000000000ull

int replay_init(struct replay *r, const struct rules *rules, const struct trust *trust, bool other, struct err *err)
{
	int rc;

	*r = (struct replay){.other = other, .record = malloc(RECORD_MAX)};
	rc = engine_init(&r->engine, NULL, err);
	if (!r->record && !rc)
		rc = err_set(err, -ENOMEM, "not enough memory for a replay");
	if (rc) {
		replay_destroy(r);
		return rc;
	}
	r->engine.rules = rules;
	if (trust)
		state_retrust(&r->engine.state, trust);
	return 0;
}

static void node_forget(struct replay *r)
{
	if (!r->node)
		return;
	r->engine.findings.node = NULL;
	free(r->node->table.rows);
	free(r->node);
	r->node = NULL;
}

void replay_destroy(struct replay *r)
{
	node_forget(r);
	engine_destroy(&r->engine);
	free(r->record);
}

void replay_begin(struct replay *r, const char *node, const char *boot_id, const char *kernel, int64_t realtime_0,
		  uint64_t nonce)
{
	/* By another policy it is another stream: its numbers must not be taken for the recorded one's. */
	stream_init(&r->engine.stream, node, boot_id, kernel, realtime_0, r->other ? ~nonce : nonce);
}

/* One known escape of the node's, for the findings that name it. Its strings are in the arena. */
static bool take_cve(struct arena *a, const Warder__V1__Cve *from, struct cve *row, struct node_cve *to)
{
	struct component *part = arena_alloc(a, sizeof(*part));

	row->id = arena_string(a, from->id);
	row->title = arena_string(a, from->title);
	row->source = arena_string(a, from->source);
	to->why = arena_string(a, from->why);
	to->cve = row;
	to->component = part;
	to->unknown = from->unknown;
	for (size_t k = 0; k < from->n_techniques && k < CVE_LIST; k++)
		row->techniques[row->n_techniques++] = arena_string(a, from->techniques[k]);
	if (!part || !row->id || !row->title || !row->source || !to->why || !(part->name = arena_string(a, from->component)))
		return false;
	snprintf(part->version, sizeof(part->version), "%s", from->version);
	for (size_t k = 0; k < row->n_techniques; k++)
		if (!row->techniques[k])
			return false;
	return true;
}

/* A stream tells its node's facts once; nothing else of a replay's uses the scratch arena. */
static void take_facts(struct replay *r, const Warder__V1__Event *ev)
{
	const Warder__V1__NodeFacts *m = ev->node_facts;
	struct node_facts *n = calloc(1, sizeof(*n));

	node_forget(r);
	arena_reset(&r->engine.scratch);
	r->node = n;
	if (!n || !(n->table.rows = calloc(NODE_CVES, sizeof(*n->table.rows))))
		return;
	while (n->n_cves < m->n_cves && n->n_cves < NODE_CVES &&
	       take_cve(&r->engine.scratch, m->cves[n->n_cves], &n->table.rows[n->n_cves], &n->cves[n->n_cves]))
		n->n_cves++;
	r->engine.findings.node = n;
}

static void take_identity(struct replay *r, const Warder__V1__Event *ev)
{
	uint64_t origin = recall_workload(&r->engine.state, ev->identity->workload);

	engine_emit(&r->engine, ev);
	if (origin)
		engine_named(&r->engine, origin);
}

static void recall_posture(struct state *s, const Warder__V1__Posture *m)
{
	uint64_t origin = recall_workload(s, m->workload);

	if (origin)
		((struct state_container *)table_get(&s->containers, origin))->level = (int)m->level;
}

static void take_posture(struct replay *r, const Warder__V1__Event *ev)
{
	recall_posture(&r->engine.state, ev->posture);
	engine_emit(&r->engine, ev);
}

static void take_lost(struct replay *r, const Warder__V1__Event *ev)
{
	for (size_t i = 0; i < ev->lost->n_counts; i++) {
		const Warder__V1__Lost__Count *c = ev->lost->counts[i];
		struct account *a;

		if (!c->workload || (unsigned int)c->stage >= WD_STAGES)
			continue;
		a = ledger_account(&r->engine.ledger, c->workload->origin_id);
		a->lost[c->stage] += c->records;
		a->told[c->stage] = a->lost[c->stage];
	}
	engine_emit(&r->engine, ev);
}

/* An incident that was told when time had passed: that is all that is taken of it, and it is told again if there is one. */
static void take_incident(struct replay *r, const Warder__V1__Event *ev)
{
	if (r->other || r->engine.stream.seq >= ev->seq)
		return;
	r->engine.stream.seq = ev->seq - 1;
	/* the sensor's last UPDATEs did not wait for their time */
	if (ev->incident->activity == WARDER__V1__INCIDENT__ACTIVITY__UPDATE && ev->actor && ev->actor->workload)
		incidents_hurry(&r->engine.incidents, ev->actor->workload->origin_id);
	engine_incidents(&r->engine, ev->boot_ns, true);
}

static void take_finding(struct replay *r, const Warder__V1__Event *ev)
{
	(void)r;
	(void)ev; /* it is made again */
}

/* Which of a container's programs are of its image the sensor could see, and a replay cannot. */
static void take_inventory(struct replay *r, const Warder__V1__Event *ev)
{
	recall_inventory(&r->engine.state, ev->inventory);
	engine_emit(&r->engine, ev);
}

/* What another policy silences is counted at the end. */
static void take_exceptions(struct replay *r, const Warder__V1__Event *ev)
{
	if (!r->other)
		engine_emit(&r->engine, ev);
}

static void take_node(struct replay *r, const Warder__V1__Event *ev)
{
	take_facts(r, ev);
	engine_emit(&r->engine, ev);
}

static const struct {
	Warder__V1__EventType type;
	void (*take)(struct replay *r, const Warder__V1__Event *ev);
} own[] = {
	{WARDER__V1__EVENT_TYPE__IDENTITY, take_identity}, {WARDER__V1__EVENT_TYPE__POSTURE, take_posture},
	{WARDER__V1__EVENT_TYPE__LOST, take_lost},         {WARDER__V1__EVENT_TYPE__INCIDENT, take_incident},
	{WARDER__V1__EVENT_TYPE__FINDING, take_finding},   {WARDER__V1__EVENT_TYPE__EXCEPTIONS, take_exceptions},
	{WARDER__V1__EVENT_TYPE__NODE_FACTS, take_node},   {WARDER__V1__EVENT_TYPE__INVENTORY, take_inventory},
};

static void take_own(struct replay *r, const Warder__V1__Event *ev)
{
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (own[i].type == (Warder__V1__EventType)ev->payload_case) {
			own[i].take(r, ev);
			return;
		}
	engine_emit(&r->engine, ev);
}

/* An event's record again, and what it says to the state. False where there is none. */
static bool record_again(struct replay *r, const Warder__V1__Event *ev, struct view *view)
{
	if (schema_record(ev, r->record, RECORD_MAX) || schema_check(r->record, RECORD_MAX))
		return false;
	state_take(&r->engine.state, r->record, view);
	recall_event(&r->engine.state, ev);
	return true;
}

/* As engine_take, but what the state and the event would be made of is in the event. */
static void take_record(struct replay *r, const Warder__V1__Event *ev)
{
	struct engine *e = &r->engine;
	struct view view;

	if (!record_again(r, ev, &view)) {
		r->refused++;
		return;
	}
	r->records++;
	state_view(&e->state, r->record, &view);
	view.strict = e->rules && e->rules->strict;
	arena_reset(&e->arena);
	engine_judge(e, &view, ev);
}

void replay_event(struct replay *r, const Warder__V1__Event *ev)
{
	struct engine *e = &r->engine;

	r->events++;
	if (ev->boot_ns > e->now_ns)
		e->now_ns = ev->boot_ns;
	if (ev->type != WARDER__V1__EVENT_TYPE__INCIDENT && ev->type != WARDER__V1__EVENT_TYPE__FINDING)
		e->stream.seq = ev->seq;
	if (ev->payload_case >= 100 && ev->payload_case < 200)
		take_record(r, ev);
	else
		take_own(r, ev);
	if (r->other && e->now_ns - r->ticked_ns >= TICK_NS) {
		r->ticked_ns = e->now_ns;
		engine_incidents(e, e->now_ns, true);
	}
}

void replay_snapshot(struct replay *r, const Warder__V1__Event *ev)
{
	struct state *s = &r->engine.state;
	struct view view;

	switch (ev->payload_case) {
	case WARDER__V1__EVENT__PAYLOAD_CONTAINER_SEAL:
		record_again(r, ev, &view);
		break;
	case WARDER__V1__EVENT__PAYLOAD_IDENTITY:
		recall_workload(s, ev->identity->workload);
		break;
	case WARDER__V1__EVENT__PAYLOAD_POSTURE:
		recall_posture(s, ev->posture);
		break;
	default:
		break;
	}
}
