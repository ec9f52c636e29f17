// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "facts.h"
#include "incident.h"
#include "text.h"

struct telling {
	struct incidents *all;
	const struct incident *i;
	struct incident_rating rating;
	struct stream *s;
	struct arena *a;
	struct state *st;
	const struct incident_evidence *evidence[INCIDENT_EVIDENCE]; /* by their first events */
};

static void sort_evidence(struct telling *t)
{
	for (unsigned int n = 0; n < t->i->n_evidence; n++) {
		const struct incident_evidence *e = &t->i->evidence[n];
		unsigned int at = n;

		for (; at && t->evidence[at - 1]->first_ns > e->first_ns; at--)
			t->evidence[at] = t->evidence[at - 1];
		t->evidence[at] = e;
	}
}

static Warder__V1__Incident__Evidence *evidence_message(struct telling *t, const struct incident_evidence *e)
{
	Warder__V1__Incident__Evidence *m = arena_alloc(t->a, sizeof(*m));

	if (!m)
		return NULL;
	warder__v1__incident__evidence__init(m);
	m->finding_uid = arena_string(t->a, e->finding);
	m->technique = (char *)e->technique;
	m->stage = e->stage;
	m->outcome = (Warder__V1__Outcome)e->outcome;
	m->severity = e->severity;
	m->confidence = e->confidence;
	m->count = e->count;
	m->first_seen = event_time(t->a, t->s, e->first_ns);
	m->last_seen = event_time(t->a, t->s, e->last_ns);
	m->summary = arena_string(t->a, e->summary);
	return m->finding_uid && m->first_seen && m->last_seen && m->summary ? m : NULL;
}

static int say_evidence(struct telling *t, Warder__V1__Incident *m)
{
	m->evidence = arena_alloc(t->a, t->i->n_evidence * sizeof(*m->evidence));
	if (!m->evidence)
		return -1;
	for (; m->n_evidence < t->i->n_evidence; m->n_evidence++)
		if (!(m->evidence[m->n_evidence] = evidence_message(t, t->evidence[m->n_evidence])))
			return -1;
	m->more_evidence = t->i->more_evidence;
	return 0;
}

static Warder__V1__Incident__Step *step_of(struct telling *t, Warder__V1__Incident *m, const struct incident_evidence *e)
{
	Warder__V1__Incident__Step *step;

	for (size_t n = 0; n < m->n_steps; n++)
		if (m->steps[n]->stage == e->stage)
			return m->steps[n];
	if (m->n_steps == INCIDENT_STAGES)
		return NULL;
	step = arena_alloc(t->a, sizeof(*step));
	if (!step)
		return NULL;
	warder__v1__incident__step__init(step);
	step->stage = e->stage;
	step->first_seen = event_time(t->a, t->s, e->first_ns);
	step->techniques = arena_alloc(t->a, t->i->n_evidence * sizeof(*step->techniques));
	if (!step->first_seen || !step->techniques)
		return NULL;
	return m->steps[m->n_steps++] = step;
}

static int say_steps(struct telling *t, Warder__V1__Incident *m)
{
	uint64_t last[INCIDENT_STAGES + 1] = {0};

	m->steps = arena_alloc(t->a, INCIDENT_STAGES * sizeof(*m->steps));
	if (!m->steps)
		return -1;
	for (unsigned int n = 0; n < t->i->n_evidence; n++) {
		const struct incident_evidence *e = t->evidence[n];
		Warder__V1__Incident__Step *step = step_of(t, m, e);

		if (!step)
			return -1;
		step->count += e->count;
		if (e->last_ns > last[step->stage])
			last[step->stage] = e->last_ns;
		if (!text_is_one_of(e->technique, (const char *const *)step->techniques, step->n_techniques))
			step->techniques[step->n_techniques++] = (char *)e->technique;
	}
	for (size_t n = 0; n < m->n_steps; n++)
		if (!(m->steps[n]->last_seen = event_time(t->a, t->s, last[m->steps[n]->stage])))
			return -1;
	return 0;
}

static char *uid_of(struct telling *t, uint64_t origin)
{
	char *uid = arena_alloc(t->a, 37);

	if (uid)
		incident_uid(uid, t->s, origin);
	return uid;
}

static int say_reached(struct telling *t, Warder__V1__Incident *m)
{
	m->reached = arena_alloc(t->a, t->i->n_owners * sizeof(*m->reached));
	if (!m->reached)
		return -1;
	for (unsigned int n = 0; n < t->i->n_owners; n++) {
		const struct incident_owner *o = &t->i->owners[n];
		Warder__V1__Incident__Reached *r = arena_alloc(t->a, sizeof(*r));
		const struct wd_record record = {.owner_kind = o->kind, .owner = o->id};
		const struct view view = {.rec = &record, .owner = state_workload(t->st, o->id)};
		const struct incident *other = o->id ? table_get(&t->all->table, o->id) : NULL;

		if (!r)
			return -1;
		warder__v1__incident__reached__init(r);
		r->count = o->count;
		r->owner = event_owner(t->a, &view);
		if (!r->owner || (other && other->open && !(r->incident = uid_of(t, o->id))))
			return -1;
		m->reached[m->n_reached++] = r;
	}
	m->more_reached = t->i->more_owners;
	return 0;
}

static bool reached(const struct incident *i, uint64_t origin)
{
	for (unsigned int n = 0; n < i->n_owners; n++)
		if (i->owners[n].id == origin)
			return true;
	return false;
}

static int say_from(struct telling *t, Warder__V1__Incident *m)
{
	m->from = arena_alloc(t->a, INCIDENT_OWNERS * sizeof(*m->from));
	if (!m->from)
		return -1;
	for (uint32_t n = 0; n < t->all->table.used && m->n_from < INCIDENT_OWNERS; n++) {
		const struct incident *other = table_at(&t->all->table, n);

		if (!other->open || other == t->i || !reached(other, t->i->origin))
			continue;
		if (!(m->from[m->n_from] = uid_of(t, other->origin)))
			return -1;
		m->n_from++;
	}
	return 0;
}

/* "Host's disk opened; RECON > BREACH; reached the host and 2 containers" */
static char *sentence(struct telling *t, const Warder__V1__Incident *m)
{
	char stages[64] = "", reach[80] = "";
	unsigned int containers = 0;
	bool host = false;
	size_t at = 0;

	for (size_t n = 0; n < m->n_steps && at < sizeof(stages); n++) {
		const ProtobufCEnumValue *v =
			protobuf_c_enum_descriptor_get_value(&warder__v1__stage__descriptor, (int)m->steps[n]->stage);

		at += (size_t)snprintf(stages + at, sizeof(stages) - at, "%s%s", n ? " > " : "", v ? v->name : "?");
	}
	for (unsigned int n = 0; n < t->i->n_owners; n++) {
		host |= t->i->owners[n].kind == WD_OWNER_HOST;
		containers += t->i->owners[n].kind == WD_OWNER_CONTAINER;
	}
	if (host || containers)
		at = (size_t)snprintf(reach, sizeof(reach), "; reached %s%s", host ? "the host" : "",
				      host && containers ? " and " : "");
	if (containers)
		snprintf(reach + at, sizeof(reach) - at, "%u other container%s", containers, containers > 1 ? "s" : "");
	return arena_printf(t->a, "%s; %s%s", m->title, stages, reach);
}

static int say_technique(struct telling *t, const struct node_facts *node, Warder__V1__Incident *m, Warder__V1__Event *e)
{
	if (finding_technique(t->a, t->rating.worst->technique, e, &m->title))
		return -1;
	m->technique = (char *)t->rating.worst->technique;
	return facts_cves(t->a, node, m->technique, &m->cves, &m->n_cves);
}

static int say_actor(struct telling *t, Warder__V1__Event *e)
{
	const struct incident *i = t->i;
	struct view view = {0};

	state_view(t->st, &i->record, &view);
	if (i->record.origin == i->origin) {
		e->actor = event_actor(t->a, t->s, t->st, &view);
	} else if ((e->actor = arena_alloc(t->a, sizeof(*e->actor)))) { /* the host did it, with what is the container's */
		warder__v1__actor__init(e->actor);
		e->actor->workload = event_workload(t->a, i->origin, state_workload(t->st, i->origin));
	}
	return e->actor && e->actor->workload ? event_tags(t->a, state_tags(t->st, i->origin), e->actor->workload) : -1;
}

Warder__V1__Event *incident_event(struct incidents *all, const struct incident *i, Warder__V1__Incident__Activity activity,
				  struct stream *s, struct arena *a, struct state *st, const struct node_facts *node,
				  uint64_t lost, uint64_t now_ns)
{
	const struct state_container *c = table_get(&st->containers, i->origin);
	struct telling t = {.all = all, .i = i, .s = s, .a = a, .st = st};
	Warder__V1__Incident *m = arena_alloc(a, sizeof(*m));
	Warder__V1__Event *e = event_own(s, a, now_ns, WARDER__V1__EVENT_TYPE__INCIDENT, m);

	if (!e)
		return NULL;
	warder__v1__incident__init(m);
	t.rating = incident_rate(i, c ? c->level : 0);
	sort_evidence(&t);
	m->uid = uid_of(&t, i->origin);
	m->activity = activity;
	m->score = t.rating.score;
	m->confidence = t.rating.confidence;
	m->succeeded = i->succeeded;
	m->denied = i->denied;
	m->posture = (Warder__V1__Posture__Level)(c ? c->level : 0);
	m->first_seen = event_time(a, s, i->first_ns);
	m->last_seen = event_time(a, s, i->last_ns);
	m->lost = lost > i->lost_before ? lost - i->lost_before : 0;
	m->ended = i->ended_ns;
	m->ran_before = c && c->seal.late;
	if (!m->uid || !m->first_seen || !m->last_seen || say_technique(&t, node, m, e) || say_steps(&t, m) ||
	    say_evidence(&t, m) || say_reached(&t, m) || say_from(&t, m) || say_actor(&t, e))
		return NULL;
	e->severity = t.rating.severity;
	e->outcome = i->succeeded ? WARDER__V1__OUTCOME__SUCCEEDED : WARDER__V1__OUTCOME__DENIED;
	e->message = sentence(&t, m);
	return e->message ? e : NULL;
}
