// SPDX-License-Identifier: Apache-2.0
#include "status.h"

#include <inttypes.h>

#define MAX_ROWS   1024
#define MAX_BYTES  (200 * 1024) /* of all rows: what is over that has no room in a frame */
#define SEVERITIES 6

struct status {
	struct engine *e;
	Warder__V1__Status message;
	Warder__V1__Status__Row *rows[MAX_ROWS];
	uint32_t findings[SEVERITIES], incidents[SEVERITIES];
	size_t bytes;
};

static const char *name_of(struct arena *a, const struct workload *w)
{
	if (w->name[0])
		return w->name;
	return w->id[0] ? w->id : arena_printf(a, "%" PRIu64, w->origin_id);
}

/* NULL: the arena is full. */
static Warder__V1__Status__Row *row_of(struct arena *a, uint64_t origin, const struct workload *w)
{
	Warder__V1__Status__Row *r = arena_alloc(a, sizeof(*r));

	if (!r)
		return NULL;
	warder__v1__status__row__init(r);
	r->origin_id = origin;
	if (w) {
		r->name = (char *)name_of(a, w);
		r->pod = (char *)w->pod;
		r->namespace_ = (char *)w->pod_ns;
		r->image = (char *)w->image;
		r->trust = (char *)w->trust;
	}
	return r->name ? r : NULL;
}

static void count_records(struct engine *e, Warder__V1__Status__Row *r)
{
	const struct account *a = table_get(&e->ledger.accounts, r->origin_id);

	r->received = a ? a->received : 0;
	r->lost = a ? ledger_lost(a) : 0;
}

static void rate_incident(struct engine *e, Warder__V1__Status__Row *r, int level)
{
	const struct incident *i = table_get(&e->incidents.table, r->origin_id);

	if (i && i->open && !i->closed)
		r->score = incident_rate(i, level).score;
}

static void add_row(struct status *s, const struct state_container *c)
{
	size_t n = s->message.n_rows;
	Warder__V1__Status__Row *r;

	r = n < MAX_ROWS && s->bytes < MAX_BYTES ? row_of(&s->e->arena, c ? c->workload.origin_id : 0, c ? &c->workload : NULL)
						 : NULL;
	if (!r) {
		s->message.more++;
		return;
	}
	count_records(s->e, r);
	if (c)
		rate_incident(s->e, r, c->level);
	s->bytes += protobuf_c_message_get_packed_size(&r->base);
	s->rows[n] = r;
	s->message.n_rows++;
}

static void add_finding(void *ctx, uint64_t origin, Warder__V1__Severity severity)
{
	struct status *s = ctx;

	s->findings[(unsigned int)severity < SEVERITIES ? severity : 0]++;
	for (size_t i = 0; i < s->message.n_rows; i++) {
		Warder__V1__Status__Row *r = s->rows[i];

		if (r->origin_id != origin)
			continue;
		r->findings++;
		if (severity > r->severity)
			r->severity = severity;
		return;
	}
}

static void count_incidents(struct status *s)
{
	for (uint32_t n = 0; n < s->e->incidents.table.used; n++) {
		const struct incident *i = table_at(&s->e->incidents.table, n);
		const struct state_container *c;
		Warder__V1__Severity severity;

		if (!i->open || i->closed)
			continue;
		c = table_get(&s->e->state.containers, i->origin);
		severity = incident_rate(i, c ? c->level : 0).severity;
		s->incidents[(unsigned int)severity < SEVERITIES ? severity : 0]++;
	}
}

static uint64_t capture_bytes(struct engine *e)
{
	struct sink_head head;

	for (unsigned int i = 0; i < e->n_sinks; i++)
		if (!sink_head(e->sinks[i], &head))
			return head.size;
	return 0;
}

Warder__V1__Status *status_message(struct engine *e, uint64_t now_ns)
{
	Warder__V1__Status *m;
	struct status *s;

	arena_reset(&e->arena);
	s = arena_alloc(&e->arena, sizeof(*s));
	if (!s)
		return NULL;
	s->e = e;
	m = &s->message;
	warder__v1__status__init(m);
	m->node = e->stream.node;
	m->started_ns = e->started_ns;
	m->now_ns = now_ns;
	m->received = e->received;
	m->findings = e->findings.created;
	m->containers = e->state.alive;
	m->capture_bytes = capture_bytes(e);
	m->lost = e->lost;
	m->n_lost = WD_STAGES;
	m->open_findings = s->findings;
	m->open_incidents = s->incidents;
	m->n_open_findings = m->n_open_incidents = SEVERITIES;
	m->rows = s->rows;
	add_row(s, NULL);
	for (uint32_t i = 0; i < e->state.containers.used; i++) {
		const struct state_container *c = table_at(&e->state.containers, i);

		if (c->workload.origin_id && !c->ended)
			add_row(s, c);
	}
	findings_open(&e->findings, now_ns, add_finding, s);
	count_incidents(s);
	return m;
}
