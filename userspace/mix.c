// SPDX-License-Identifier: Apache-2.0
#include "mix.h"

#include <string.h>

#define PAUSE_NS (10 * 1000000000ull) /* between two reports: jobs come and go */

struct levels {
	uint32_t n[TRUST_LEVELS + 1]; /* containers of each; of none at the end */
	uint64_t example[TRUST_LEVELS + 1];
};

static void count(struct state *s, struct levels *l)
{
	*l = (struct levels){0};
	for (uint32_t i = 0; i < s->containers.used; i++) {
		const struct state_container *c = table_at(&s->containers, i);
		size_t level;

		if (!c->workload.origin_id || c->ended || !c->named || c->workload.sandbox)
			continue;
		level = trust_rank(s->trust, c->workload.trust);
		l->n[level]++;
		l->example[level] = c->workload.origin_id;
	}
}

static Warder__V1__TrustMix__Level *level_message(struct engine *e, const struct levels *l, size_t i)
{
	Warder__V1__TrustMix__Level *m = arena_alloc(&e->arena, sizeof(*m));

	if (!m)
		return NULL;
	warder__v1__trust_mix__level__init(m);
	if (i < TRUST_LEVELS)
		m->name = (char *)e->state.trust->levels.items[i];
	m->containers = l->n[i];
	m->example = event_workload(&e->arena, l->example[i], state_workload(&e->state, l->example[i]));
	return m->example ? m : NULL;
}

static Warder__V1__Event *mix_event(struct engine *e, const struct levels *l)
{
	Warder__V1__TrustMix *m;
	Warder__V1__Event *ev;

	arena_reset(&e->arena);
	m = arena_alloc(&e->arena, sizeof(*m));
	ev = event_own(&e->stream, &e->arena, e->now_ns, WARDER__V1__EVENT_TYPE__TRUST_MIX, m);
	if (!ev)
		return NULL;
	warder__v1__trust_mix__init(m);
	m->levels = arena_alloc(&e->arena, (TRUST_LEVELS + 1) * sizeof(*m->levels));
	for (size_t i = 0; i <= TRUST_LEVELS && m->levels; i++)
		if (l->n[i] && !(m->levels[m->n_levels++] = level_message(e, l, i)))
			return NULL;
	m->mixed = m->n_levels > 1;
	ev->severity = m->mixed ? WARDER__V1__SEVERITY__LOW : WARDER__V1__SEVERITY__INFORMATIONAL;
	return m->levels ? ev : NULL;
}

void mix_report(struct engine *e)
{
	struct levels l;
	uint32_t mix = 0;

	if (!e->state.trust || !e->state.trust->levels.n || e->mix_changes == e->state.changes ||
	    (e->mix_ns && e->now_ns - e->mix_ns < PAUSE_NS))
		return;
	e->mix_changes = e->state.changes;
	count(&e->state, &l);
	for (size_t i = 0; i <= TRUST_LEVELS; i++)
		mix |= l.n[i] ? 1u << i : 0;
	if (mix == e->mix)
		return;
	e->mix = mix;
	e->mix_ns = e->now_ns;
	engine_emit(e, mix_event(e, &l));
}

void mix_weigh(const struct view *view, struct verdict *v)
{
	if (!view->actor || !view->owner || !view->actor->trust[0] || !view->owner->trust[0] ||
	    !strcmp(view->actor->trust, view->owner->trust) || view->rec->outcome == WD_DENIED)
		return;
	if (v->severity >= WARDER__V1__SEVERITY__LOW && v->severity < WARDER__V1__SEVERITY__CRITICAL)
		v->severity++;
}
