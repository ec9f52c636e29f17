// SPDX-License-Identifier: Apache-2.0
#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An event with a process, its parents and two 4 KiB paths is below 64 KiB; the report on coverage is the biggest. */
#define ARENA_SIZE (512 * 1024)
#define MAX_LOST   8192 /* origins and stages told apart */
#define MAX_COUNTS 64   /* counts in one LOST event */

int engine_init(struct engine *e, const struct identity *identity, struct err *err)
{
	*e = (struct engine){0};
	if (arena_init(&e->arena, ARENA_SIZE) || state_init(&e->state, identity) || findings_init(&e->findings) ||
	    table_init(&e->lost, MAX_LOST, sizeof(uint64_t)))
		return err_set(err, -ENOMEM, "not enough memory for the state");
	return 0;
}

void engine_destroy(struct engine *e)
{
	for (unsigned int i = 0; i < e->n_sinks; i++)
		sink_close(e->sinks[i]);
	table_destroy(&e->lost);
	findings_destroy(&e->findings);
	state_destroy(&e->state);
	arena_destroy(&e->arena);
}

void engine_add_sink(struct engine *e, struct sink *s)
{
	e->sinks[e->n_sinks++] = s;
}

static void emit(struct engine *e, const Warder__V1__Event *ev)
{
	if (!ev) {
		e->unbuilt++;
		return;
	}
	for (unsigned int i = 0; i < e->n_sinks; i++)
		sink_write(e->sinks[i], ev);
}

#define LOST_ALL 255 /* no stage: the sum over them, for findings to say how complete their view was */

/* The upper byte of an origin is a hierarchy, the one below it is free: ids are counted in 32 bits and a generation. */
static uint64_t lost_key(uint64_t origin, unsigned int stage)
{
	return origin ^ (uint64_t)stage << 48;
}

static uint64_t lost_of(struct engine *e, uint64_t origin)
{
	const uint64_t *n = table_get(&e->lost, lost_key(origin, LOST_ALL));

	return n ? *n : 0;
}

static void judge(struct engine *e, const struct view *view, const Warder__V1__Event *evidence)
{
	for (const struct detector *const *d = detectors; *d; d++) {
		struct verdict v = {0};
		Warder__V1__Event *finding;
		bool full;

		if ((*d)->type != view->rec->type || !(*d)->judge(view, &v))
			continue;
		finding = findings_take(&e->findings, &e->stream, &e->arena, view, *d, &v, evidence,
					lost_of(e, view->rec->origin), &full);
		if (finding || full)
			emit(e, finding);
	}
}

void engine_record(void *engine, const void *bytes, size_t len)
{
	struct engine *e = engine;
	const struct wd_record *r = bytes;
	struct view view = {0};
	Warder__V1__Event *ev;

	e->received++;
	if (schema_check(bytes, len)) {
		e->invalid++;
		return;
	}
	if (r->boot_ns > e->now_ns)
		e->now_ns = r->boot_ns;
	if (r->type == WD_CANARY) {
		e->canary = ((const struct wd_canary *)schema_body(r))->nonce;
		return;
	}
	state_take(&e->state, r, &view);
	if (r->critical && r->type != WD_CONTAINER_SEAL && r->type != WD_CONTAINER_END)
		state_wait_name(&e->state, r->origin);
	arena_reset(&e->arena);
	ev = event_record(&e->stream, &e->arena, &e->state, &view);
	emit(e, ev);
	if (ev)
		judge(e, &view, ev);
}

static void identity_update(void *engine, const struct workload *w)
{
	struct engine *e = engine;
	Warder__V1__IdentityUpdate m = WARDER__V1__IDENTITY_UPDATE__INIT;
	Warder__V1__Event *ev;

	arena_reset(&e->arena);
	ev = event_new(&e->stream, &e->arena, e->now_ns);
	m.workload = event_workload(&e->arena, w->origin_id, w);
	if (ev && m.workload) {
		ev->type = WARDER__V1__EVENT_TYPE__IDENTITY;
		ev->payload_case = WARDER__V1__EVENT__PAYLOAD_IDENTITY;
		ev->identity = &m;
	}
	emit(e, m.workload ? ev : NULL);
}

/* Losses: a LOST event holds what each stage lost of each container since the last. */

struct lost_report {
	struct engine *e;
	Warder__V1__Lost message;
	Warder__V1__Lost__Count counts[MAX_COUNTS], *pointers[MAX_COUNTS];
};

static void lost_add(void *ctx, uint64_t origin, unsigned int stage, uint64_t total)
{
	struct lost_report *l = ctx;
	uint64_t *told = table_put(&l->e->lost, lost_key(origin, stage)), since = total - *told;
	Warder__V1__Lost__Count *c;

	if (!since || l->message.n_counts == MAX_COUNTS)
		return; /* a count that has no room waits for the next report */
	c = &l->counts[l->message.n_counts];
	warder__v1__lost__count__init(c);
	c->stage = (Warder__V1__Lost__Stage)stage;
	c->records = since;
	c->workload = event_workload(&l->e->arena, origin, state_workload(&l->e->state, origin));
	if (!c->workload)
		return;
	if (!origin)
		c->workload->resolution = WARDER__V1__RESOLUTION__RESOLUTION_UNSPECIFIED;
	l->pointers[l->message.n_counts++] = c;
	l->e->lost_total += since;
	*(uint64_t *)table_put(&l->e->lost, lost_key(origin, LOST_ALL)) += since;
	*told = total;
}

/* The sensor's own losses are nobody's in particular: the stage's place names them. */
static void lost_own(struct lost_report *l, const char *where, unsigned int slot, unsigned int stage, uint64_t total)
{
	size_t n = l->message.n_counts;

	lost_add(l, 0xffffffff00 + slot, stage, total);
	if (l->message.n_counts > n) {
		l->counts[n].workload = NULL;
		l->counts[n].where = (char *)where;
	}
}

static void lost_report(struct engine *e, struct source *src)
{
	struct lost_report l = {.e = e};
	Warder__V1__Event *ev;

	arena_reset(&e->arena);
	warder__v1__lost__init(&l.message);
	l.message.counts = l.pointers;
	if (src && src->ops->lost)
		src->ops->lost(src, lost_add, &l);
	lost_own(&l, "check", 0, WARDER__V1__LOST__STAGE__INVALID, e->invalid);
	lost_own(&l, "event too big", 1, WARDER__V1__LOST__STAGE__INVALID, e->unbuilt);
	lost_own(&l, "containers", 2, WARDER__V1__LOST__STAGE__TABLE, e->state.containers.evicted);
	lost_own(&l, "open findings", 3, WARDER__V1__LOST__STAGE__TABLE, e->findings.open.evicted);
	for (unsigned int i = 0; i < e->n_sinks; i++)
		lost_own(&l, e->sinks[i]->spec, 16 + i, WARDER__V1__LOST__STAGE__SINK, e->sinks[i]->lost);
	if (!l.message.n_counts)
		return;
	ev = event_new(&e->stream, &e->arena, e->now_ns);
	if (ev) {
		ev->type = WARDER__V1__EVENT_TYPE__LOST;
		ev->severity = WARDER__V1__SEVERITY__LOW;
		ev->payload_case = WARDER__V1__EVENT__PAYLOAD_LOST;
		ev->lost = &l.message;
	}
	emit(e, ev);
}

void engine_tick(struct engine *e, struct source *src, uint64_t now_ns)
{
	if (now_ns > e->now_ns)
		e->now_ns = now_ns;
	state_rename(&e->state, identity_update, e);
	lost_report(e, src);
}

void engine_coverage(struct engine *e, const Warder__V1__Coverage *c, uint64_t now_ns)
{
	Warder__V1__Event *ev;

	arena_reset(&e->arena);
	ev = event_new(&e->stream, &e->arena, now_ns);
	if (ev) {
		ev->type = WARDER__V1__EVENT_TYPE__COVERAGE;
		ev->payload_case = WARDER__V1__EVENT__PAYLOAD_COVERAGE;
		ev->coverage = (Warder__V1__Coverage *)c;
	}
	emit(e, ev);
}

void engine_heartbeat(struct engine *e, uint64_t now_ns)
{
	Warder__V1__Heartbeat m = WARDER__V1__HEARTBEAT__INIT;
	Warder__V1__Event *ev;

	arena_reset(&e->arena);
	ev = event_new(&e->stream, &e->arena, now_ns);
	m.received = e->received;
	m.lost = e->lost_total;
	m.findings = e->findings.created;
	m.containers = e->state.alive;
	if (ev) {
		ev->type = WARDER__V1__EVENT_TYPE__HEARTBEAT;
		ev->payload_case = WARDER__V1__EVENT__PAYLOAD_HEARTBEAT;
		ev->heartbeat = &m;
	}
	emit(e, ev);
}

void engine_flush(struct engine *e)
{
	for (unsigned int i = 0; i < e->n_sinks; i++)
		sink_flush(e->sinks[i]);
}
