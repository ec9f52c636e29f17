// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include "capability.h"

#define MAX_COUNTS 64 /* counts in one LOST event */
#define MAX_ROWS   64 /* containers in one LEDGER event */
#define MAX_MATRIX 16 /* containers in one CAPABILITY_MATRIX event */

/* Losses: a LOST event holds what each stage lost of each container since the last. */

struct lost_report {
	struct engine *e;
	Warder__V1__Lost message;
	Warder__V1__Lost__Count counts[MAX_COUNTS], *pointers[MAX_COUNTS];
};

static void lost_add(struct lost_report *l, struct account *a, unsigned int stage)
{
	uint64_t since = a->lost[stage] - a->told[stage];
	Warder__V1__Lost__Count *c;

	if (!since || l->message.n_counts == MAX_COUNTS)
		return; /* a count that has no room waits for the next report */
	c = &l->counts[l->message.n_counts];
	warder__v1__lost__count__init(c);
	c->stage = (Warder__V1__Lost__Stage)stage;
	c->records = since;
	c->workload = event_workload(&l->e->arena, a->origin, state_workload(&l->e->state, a->origin));
	if (!c->workload)
		return;
	if (!a->origin)
		c->workload->resolution = WARDER__V1__RESOLUTION__RESOLUTION_UNSPECIFIED;
	l->pointers[l->message.n_counts++] = c;
	l->e->lost_total += since;
	l->e->lost[stage] += since;
	a->told[stage] = a->lost[stage];
}

static bool lost_account(void *ctx, uint64_t origin, const struct wd_account *k)
{
	struct lost_report *l = ctx;
	struct account *a;

	if (ledger_take(&l->e->ledger, origin, k, l->e->now_ns))
		return true;
	a = ledger_account(&l->e->ledger, origin);
	for (unsigned int stage = 0; stage < WD_STAGES; stage++)
		lost_add(l, a, stage);
	return false;
}

/* The sensor's own losses are nobody's in particular: the stage's place names them. */
static void lost_own(struct lost_report *l, const char *where, unsigned int slot, unsigned int stage, uint64_t total)
{
	struct account *a = &l->e->own[slot];
	size_t n = l->message.n_counts;

	a->lost[stage] = total;
	lost_add(l, a, stage);
	if (l->message.n_counts > n) {
		l->counts[n].workload = NULL;
		l->counts[n].where = (char *)where;
	}
}

void report_lost(struct engine *e, struct source *src)
{
	struct lost_report l = {.e = e};
	Warder__V1__Event *ev;

	arena_reset(&e->arena);
	warder__v1__lost__init(&l.message);
	l.message.counts = l.pointers;
	if (src && src->ops->accounts)
		src->ops->accounts(src, lost_account, &l);
	lost_own(&l, "check", 0, WARDER__V1__LOST__STAGE__INVALID, e->invalid);
	lost_own(&l, "event too big", 1, WARDER__V1__LOST__STAGE__INVALID, e->unbuilt);
	lost_own(&l, "containers", 2, WARDER__V1__LOST__STAGE__TABLE, e->state.forgotten);
	lost_own(&l, "open findings", 3, WARDER__V1__LOST__STAGE__TABLE, e->findings.open.evicted);
	lost_own(&l, "open incidents", 4, WARDER__V1__LOST__STAGE__TABLE, e->incidents.forgotten);
	for (unsigned int i = 0; i < e->n_sinks; i++)
		lost_own(&l, e->sinks[i]->spec, 5 + i, WARDER__V1__LOST__STAGE__SINK, e->sinks[i]->lost);
	if (!l.message.n_counts)
		return;
	ev = event_own(&e->stream, &e->arena, e->now_ns, WARDER__V1__EVENT_TYPE__LOST, &l.message);
	if (ev)
		ev->severity = WARDER__V1__SEVERITY__LOW;
	engine_emit(e, ev);
}

/* The accounts of which `wanted` says so, in as many events as they need. */
static void ledger_report(struct engine *e, bool (*wanted)(const struct account *a))
{
	for (uint32_t i = 0; i < e->ledger.accounts.used;) {
		Warder__V1__Ledger m = WARDER__V1__LEDGER__INIT;
		Warder__V1__Ledger__Row *rows[MAX_ROWS];

		arena_reset(&e->arena);
		m.rows = rows;
		for (; i < e->ledger.accounts.used && m.n_rows < MAX_ROWS; i++) {
			struct account *a = table_at(&e->ledger.accounts, i);

			if (!wanted(a))
				continue;
			rows[m.n_rows] = ledger_row(&e->arena, &e->state, a);
			if (!rows[m.n_rows])
				break;
			m.n_rows++;
			a->told_row = ledger_moves(a);
			a->closed = a->closing;
		}
		if (!m.n_rows)
			return;
		engine_emit(e, event_own(&e->stream, &e->arena, e->now_ns, WARDER__V1__EVENT_TYPE__LEDGER, &m));
	}
}

static bool is_closing(const struct account *a)
{
	return a->closing && !a->closed;
}

static bool has_moved(const struct account *a)
{
	return ledger_moves(a) != a->told_row;
}

/* The matrix of the containers that `wanted` says so of, and that had a check since it was told. */
static void matrix_report(struct engine *e, struct source *src, bool (*wanted)(const struct account *a), bool is_asked)
{
	for (uint32_t i = 0; src && src->ops->capabilities && i < e->ledger.accounts.used;) {
		Warder__V1__CapabilityMatrix m = WARDER__V1__CAPABILITY_MATRIX__INIT;
		Warder__V1__CapabilityMatrix__Row *rows[MAX_MATRIX];
		struct wd_capabilities checks;

		arena_reset(&e->arena);
		m.rows = rows;
		for (; i < e->ledger.accounts.used && m.n_rows < MAX_MATRIX; i++) {
			struct account *a = table_at(&e->ledger.accounts, i);

			if (!a->origin || (wanted && !wanted(a)) || !src->ops->capabilities(src, a->origin, &checks) ||
			    (!is_asked && capability_checks(&checks) == a->checks))
				continue;
			rows[m.n_rows] = capability_row(&e->arena, a->origin, state_workload(&e->state, a->origin), &checks);
			if (!rows[m.n_rows])
				break;
			m.n_rows++;
			a->checks = capability_checks(&checks);
		}
		if (!m.n_rows)
			return;
		engine_emit(e, event_own(&e->stream, &e->arena, e->now_ns, WARDER__V1__EVENT_TYPE__CAPABILITY_MATRIX, &m));
	}
}

void report_capabilities(struct engine *e, struct source *src, bool is_asked)
{
	matrix_report(e, src, NULL, is_asked);
}

void report_ledger(struct engine *e)
{
	ledger_report(e, has_moved);
}

void report_closing(struct engine *e, struct source *src)
{
	matrix_report(e, src, is_closing, false);
	ledger_report(e, is_closing);
}
