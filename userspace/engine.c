// SPDX-License-Identifier: Apache-2.0
#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "inventory.h"
#include "mix.h"
#include "recording.h"
#include "report.h"
#include "silence.h"

/* An event with a process, its parents and two 4 KiB paths is below 64 KiB; the report on coverage is the biggest. */
#define ARENA_SIZE   (512 * 1024)
#define SCRATCH_SIZE (512 * 1024) /* 256 mounts of two long paths */
#define MAX_SILENCES 1024         /* exceptions and techniques, by container */

int engine_init(struct engine *e, struct identity *identity, struct err *err)
{
	*e = (struct engine){.listed = UINT32_MAX};
	if (arena_init(&e->arena, ARENA_SIZE) || arena_init(&e->scratch, SCRATCH_SIZE) || state_init(&e->state, identity) ||
	    network_init(&e->network) || findings_init(&e->findings) || incidents_init(&e->incidents) ||
	    table_init(&e->silences, MAX_SILENCES, sizeof(struct silence)) || ledger_init(&e->ledger))
		return err_set(err, -ENOMEM, "not enough memory for the state");
	return 0;
}

void engine_destroy(struct engine *e)
{
	for (unsigned int i = 0; i < e->n_sinks; i++)
		sink_close(e->sinks[i]);
	ledger_destroy(&e->ledger);
	table_destroy(&e->silences);
	incidents_destroy(&e->incidents);
	findings_destroy(&e->findings);
	network_destroy(&e->network);
	state_destroy(&e->state);
	arena_destroy(&e->scratch);
	arena_destroy(&e->arena);
}

void engine_add_sink(struct engine *e, struct sink *s)
{
	e->sinks[e->n_sinks++] = s;
}

void engine_emit(struct engine *e, const Warder__V1__Event *ev)
{
	if (!ev) {
		e->unbuilt++;
		return;
	}
	for (unsigned int i = 0; i < e->n_sinks; i++)
		sink_write(e->sinks[i], ev);
}

static uint64_t lost_of(struct engine *e, uint64_t origin)
{
	return ledger_told(ledger_account(&e->ledger, origin));
}

void engine_incidents(struct engine *e, uint64_t now_ns, bool tick)
{
	Warder__V1__Incident__Activity activity;
	struct incident *i;

	while ((i = incidents_next(&e->incidents, now_ns, tick, &activity))) {
		arena_reset(&e->arena);
		engine_emit(e, incident_event(&e->incidents, i, activity, &e->stream, &e->arena, &e->state, e->findings.node,
					      lost_of(e, i->origin), now_ns));
	}
}

static void judge(struct engine *e, const struct view *view, const Warder__V1__Event *evidence)
{
	for (const struct detector *const *d = detectors_of(view->rec->type); *d; d++) {
		struct verdict v = {0};
		Warder__V1__Event *finding;
		uint64_t lost;
		const char *uid;
		bool full;

		if (!(*d)->judge(view, &v))
			continue;
		for (unsigned int i = 0; i < e->n_sinks; i++)
			sink_matters(e->sinks[i]);
		mix_weigh(view, &v);
		if (silence_take(e, view, &v))
			continue;
		lost = lost_of(e, view->rec->origin);
		finding = findings_take(&e->findings, &e->stream, &e->arena, view, *d, &v, evidence, lost, &uid, &full);
		incidents_take(&e->incidents, view, &v, uid, lost_of(e, incident_origin(view->rec)));
		if (finding && !finding->actor->inner)
			finding->actor->inner = event_inner(&e->arena, &e->state, view->rec);
		if (finding || full)
			engine_emit(e, finding);
	}
}

void engine_record(void *engine, const void *bytes, size_t len)
{
	struct engine *e = engine;
	const struct wd_record *r = bytes;

	e->received++;
	if (schema_check(bytes, len)) {
		e->invalid++;
		return;
	}
	ledger_received(&e->ledger, r->origin);
	if (r->boot_ns > e->now_ns)
		e->now_ns = r->boot_ns;
	if (r->type == WD_CANARY) {
		e->canary = ((const struct wd_canary *)schema_body(r))->nonce;
		return;
	}
	engine_take(e, r);
	if (r->type == WD_CONTAINER_SEAL)
		audit_container(e, r->origin);
}

/* Of a connection to another principal it counts who both are: which level of trust, which of a cluster's own. */
static bool hangs_on_names(const struct wd_record *r)
{
	const struct wd_net_connect *c = schema_body(r);

	return r->type == WD_NET_CONNECT && (c->target == WD_NET_TARGET_NODE || c->target == WD_NET_TARGET_CONTAINER);
}

/* What a finding can hang on waits for its container's name. */
static void wait_names(struct engine *e, const struct wd_record *r)
{
	bool names = hangs_on_names(r);

	if (names || (r->critical && r->type != WD_CONTAINER_SEAL && r->type != WD_CONTAINER_END))
		state_wait_name(&e->state, r->origin);
	if (names)
		state_wait_name(&e->state, r->owner);
}

void engine_take(struct engine *e, const struct wd_record *r)
{
	struct network_record net;
	struct view view = {0};
	Warder__V1__Event *ev;

	if (r->type == WD_NET_CONNECT)
		r = network_resolve(&e->network, &e->state, r, &net);
	state_take(&e->state, r, &view);
	if (r->type == WD_CONTAINER_SEAL)
		network_sealed(&e->network, &e->state, r->origin);
	if (r->type == WD_CONTAINER_END) {
		network_ended(&e->network, &e->state, r->origin);
		recording_ended(e, ((const struct wd_container_end *)view.body)->container_id);
	}
	view.strict = e->rules && e->rules->strict;
	wait_names(e, r);
	arena_reset(&e->arena);
	ev = event_record(&e->stream, &e->arena, &e->state, &view);
	if (ev && (r->critical || r->type == WD_PROCESS_EXEC))
		ev->actor->inner = event_inner(&e->arena, &e->state, r);
	engine_judge(e, &view, ev);
}

void engine_judge(struct engine *e, const struct view *view, const Warder__V1__Event *ev)
{
	const struct wd_record *r = view->rec;

	engine_emit(e, ev);
	if (ev)
		judge(e, view, ev);
	if (r->type == WD_CONTAINER_END)
		incidents_ended(&e->incidents, ((const struct wd_container_end *)view->body)->container_id, r->boot_ns);
	engine_incidents(e, r->boot_ns, false); /* not of what came before it out of order: a replay may not have that */
}

static void emit(void *engine, const Warder__V1__Event *ev)
{
	engine_emit(engine, ev);
}

void engine_named(struct engine *e, uint64_t origin)
{
	findings_named(&e->findings, &e->stream, &e->arena, &e->state, origin, e->now_ns, emit, e);
	incidents_named(&e->incidents, origin);
	engine_incidents(e, e->now_ns, false);
}

static void identity_update(void *engine, const struct workload *w)
{
	struct engine *e = engine;
	Warder__V1__IdentityUpdate m = WARDER__V1__IDENTITY_UPDATE__INIT;
	Warder__V1__Event *ev;

	arena_reset(&e->arena);
	ev = event_own(&e->stream, &e->arena, e->now_ns, WARDER__V1__EVENT_TYPE__IDENTITY, &m);
	m.workload = event_workload(&e->arena, w->origin_id, w);
	if (!m.workload || event_tags(&e->arena, state_tags(&e->state, w->origin_id), m.workload))
		ev = NULL;
	engine_emit(e, ev);
	engine_named(e, w->origin_id);
}

static void runtime_answered(void *engine, uint64_t origin, const struct workload *said, const struct tags *tags)
{
	struct engine *e = engine;
	const struct workload *w = state_answered(&e->state, origin, said, tags);

	if (w)
		identity_update(e, w);
}

void engine_turn(struct engine *e, uint64_t now_ns)
{
	if (!e->state.cri)
		return;
	if (now_ns > e->now_ns)
		e->now_ns = now_ns;
	cri_turn(e->state.cri, now_ns, runtime_answered, e);
}

/* A component a tick: reading them all at once would hold the rings up. */
static void read_node(struct engine *e)
{
	if (!e->node || e->findings.node || node_step(e->node, e->state.identity))
		return;
	e->findings.node = e->node;
	engine_emit(e, inventory_node(e));
}

void engine_tick(struct engine *e, struct source *src, uint64_t now_ns)
{
	if (now_ns > e->now_ns)
		e->now_ns = now_ns;
	state_rename(&e->state, identity_update, e);
	if (e->state.cri)
		state_ask(&e->state);
	state_forget(&e->state, e->now_ns);
	network_tick(&e->network, &e->state, e->now_ns);
	audit_named(e);
	read_node(e);
	recording_step(e);
	engine_incidents(e, e->now_ns, true);
	mix_report(e);
	inventory_step(e);
	report_lost(e, src);
	report_closing(e, src);
}

void engine_coverage(struct engine *e, const Warder__V1__Coverage *c, uint64_t now_ns)
{
	arena_reset(&e->arena);
	engine_emit(e, event_own(&e->stream, &e->arena, now_ns, WARDER__V1__EVENT_TYPE__COVERAGE, (Warder__V1__Coverage *)c));
}

/* The head of a capture's chain, so that who alters the file must alter the stream too, wherever that has gone by now. */
static bool capture_head_message(struct engine *e, struct sink_head *head, Warder__V1__Heartbeat__Capture *m)
{
	for (unsigned int i = 0; i < e->n_sinks; i++) {
		if (sink_head(e->sinks[i], head))
			continue;
		warder__v1__heartbeat__capture__init(m);
		m->file_id = (ProtobufCBinaryData){sizeof(head->id), head->id};
		m->head = (ProtobufCBinaryData){sizeof(head->head), head->head};
		m->size = head->size;
		return true;
	}
	return false;
}

void engine_heartbeat(struct engine *e, uint64_t now_ns)
{
	Warder__V1__Heartbeat__Capture capture;
	struct sink_head head;
	Warder__V1__Heartbeat m = WARDER__V1__HEARTBEAT__INIT;
	Warder__V1__Heartbeat__Runtime r = WARDER__V1__HEARTBEAT__RUNTIME__INIT;
	Warder__V1__Heartbeat__StateFiles f = WARDER__V1__HEARTBEAT__STATE_FILES__INIT;
	Warder__V1__Event *ev;

	arena_reset(&e->arena);
	ev = event_own(&e->stream, &e->arena, now_ns, WARDER__V1__EVENT_TYPE__HEARTBEAT, &m);
	m.received = e->received;
	m.lost = e->lost_total;
	m.findings = e->findings.created;
	m.containers = e->state.alive;
	if (e->state.cri) {
		const struct cri_counters *c = cri_counters(e->state.cri);

		r.asked = c->asked;
		r.answered = c->answered;
		r.unknown = c->unknown;
		r.late = c->late;
		r.failed = c->failed;
		r.invalid = c->invalid;
		r.dropped = c->dropped;
		m.runtime = &r;
	}
	if (e->state.identity) {
		const struct refusals *c = &e->state.identity->refused;

		f.invalid = c->invalid;
		f.too_big = c->too_big;
		f.not_a_file = c->not_a_file;
		f.link = c->link;
		f.unreadable = c->unreadable;
		m.state_files = &f;
	}
	if (capture_head_message(e, &head, &capture))
		m.capture = &capture;
	engine_emit(e, ev);
}

void engine_flush(struct engine *e)
{
	for (unsigned int i = 0; i < e->n_sinks; i++)
		sink_flush(e->sinks[i]);
}
