// SPDX-License-Identifier: Apache-2.0
#include "finding.h"

#include <stdio.h>
#include <string.h>

#include "facts.h"
#include "hash.h"
#include "technique.h"

#define MAX_OPEN     2048
#define EVERY_UPDATE 3                         /* so many are sent one by one */
#define OPEN_FOR     (15 * 60 * 1000000000ull) /* silent for so long, the next is a new finding */

struct open_finding {
	char uid[37];
	uint64_t first_ns, last_ns;
	uint32_t count;
	/* What was sent last, to be sent again when a name comes. */
	bool unnamed; /* its container or the owner was not known by name */
	const struct detector *detector;
	struct verdict verdict;
	struct wd_record record; /* but for the body */
	char evidence_uid[37];
	uint64_t evidence_seq, lost;
};

int findings_init(struct findings *f)
{
	*f = (struct findings){0};
	return table_init(&f->open, MAX_OPEN, sizeof(struct open_finding));
}

void findings_destroy(struct findings *f)
{
	table_destroy(&f->open);
}

/* What makes two findings the same. */
static uint64_t key_of(const struct view *view, const struct verdict *v)
{
	const struct {
		uint64_t origin, owner;
		uint32_t kind, outcome, severity, pad;
	} id = {view->rec->origin, view->rec->owner, view->rec->owner_kind, view->rec->outcome, v->severity, 0};

	return hash_string(hash_bytes(HASH_START, &id, sizeof(id)), v->technique);
}

static bool is_due(uint32_t count)
{
	return count <= 1 + EVERY_UPDATE || (count & (count - 1)) == 0;
}

static Warder__V1__Finding *finding_message(struct stream *s, struct arena *a, const struct open_finding *o, char *title,
					    bool again)
{
	const struct verdict *v = &o->verdict;
	Warder__V1__Finding *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return NULL;
	warder__v1__finding__init(m);
	m->uid = arena_string(a, o->uid);
	m->activity = o->count == 1 && !again ? WARDER__V1__FINDING__ACTIVITY__CREATE : WARDER__V1__FINDING__ACTIVITY__UPDATE;
	m->rule = (char *)o->detector->name;
	m->rule_version = (char *)o->detector->version;
	m->technique = (char *)v->technique;
	m->title = title;
	m->stage = v->stage;
	m->outcome = (Warder__V1__Outcome)o->record.outcome;
	m->confidence = v->confidence;
	m->invariant = v->invariant;
	m->dimension = (char *)v->dimension;
	m->first_seen = event_time(a, s, o->first_ns);
	m->last_seen = event_time(a, s, o->last_ns);
	m->count = o->count;
	m->lost = o->lost;
	return m->uid && m->first_seen && m->last_seen ? m : NULL;
}

int finding_technique(struct arena *a, const char *technique, Warder__V1__Event *e, char **title)
{
	const struct technique *t = technique_find(technique);
	Warder__V1__Attack *m = arena_alloc(a, sizeof(*m));

	e->attack = arena_alloc(a, sizeof(*e->attack));
	if (!m || !e->attack)
		return -1;
	warder__v1__attack__init(m);
	m->technique = (char *)(t ? t->attack : "T1611");
	m->name = (char *)attack_name(m->technique);
	e->attack[0] = m;
	e->n_attack = 1;
	*title = (char *)(t ? t->title : technique);
	return 0;
}

static int finding_evidence(struct stream *s, struct arena *a, const struct open_finding *o, Warder__V1__Finding *f,
			    char *summary)
{
	Warder__V1__Evidence *m = arena_alloc(a, sizeof(*m));

	f->evidence = arena_alloc(a, sizeof(*f->evidence));
	if (!m || !f->evidence)
		return -1;
	warder__v1__evidence__init(m);
	m->event_uid = arena_string(a, o->evidence_uid);
	m->seq = o->evidence_seq;
	m->time = event_time(a, s, o->record.boot_ns);
	m->role = "act";
	m->summary = summary;
	f->evidence[0] = m;
	f->n_evidence = 1;
	return m->event_uid && m->time ? 0 : -1;
}

/* Whether there is more to come of who its container is, or the object's owner. */
static bool lacks_name(const struct view *view)
{
	return (view->rec->origin && !workload_named(view->actor)) ||
	       (view->rec->owner_kind == WD_OWNER_CONTAINER && !workload_named(view->owner));
}

static void remember(struct open_finding *o, const struct view *view, const struct detector *d, const struct verdict *v,
		     const Warder__V1__Event *evidence, uint64_t lost)
{
	o->unnamed = lacks_name(view);
	o->detector = d;
	o->verdict = *v;
	o->record = *view->rec;
	o->lost = lost;
	o->evidence_seq = evidence->seq;
	snprintf(o->evidence_uid, sizeof(o->evidence_uid), "%s", evidence->uid);
}

/*
 * The finding's own, for what is said in it alone (labels, a container within): the evidence's is not the arena's where a replay
 * unpacked it. NULL: the arena is full, or it has none.
 */
static Warder__V1__Actor *own_actor(struct arena *a, const Warder__V1__Actor *of)
{
	Warder__V1__Actor *actor = of ? arena_copy(a, of, sizeof(*of)) : NULL;

	if (!actor || !of->workload)
		return actor;
	actor->workload = arena_copy(a, of->workload, sizeof(*of->workload));
	return actor->workload ? actor : NULL;
}

/* The event of a finding as it is remembered; `again`: it was sent before. */
static Warder__V1__Event *finding_event(const struct findings *f, struct stream *s, struct arena *a,
					const struct open_finding *o, uint64_t now_ns, const Warder__V1__Actor *by,
					Warder__V1__Owner *owner, const struct tags *tags, bool again)
{
	Warder__V1__Event *e = event_new(s, a, now_ns);
	Warder__V1__Actor *actor = own_actor(a, by);
	char *title;

	if (!e || !actor || finding_technique(a, o->verdict.technique, e, &title) ||
	    (actor->workload && event_tags(a, tags, actor->workload)))
		return NULL;
	e->type = WARDER__V1__EVENT_TYPE__FINDING;
	e->severity = o->verdict.severity;
	e->outcome = (Warder__V1__Outcome)o->record.outcome;
	e->actor = actor;
	e->owner = owner;
	e->message = arena_string(a, o->verdict.message);
	e->finding = finding_message(s, a, o, title, again);
	if (!e->message || !e->finding || finding_evidence(s, a, o, e->finding, e->message) ||
	    facts_cves(a, f->node, o->verdict.technique, &e->finding->cves, &e->finding->n_cves))
		return NULL;
	e->payload_case = WARDER__V1__EVENT__PAYLOAD_FINDING;
	return e;
}

static bool is_open(const struct open_finding *o, uint64_t now_ns)
{
	return o->count && (now_ns <= o->last_ns || now_ns - o->last_ns <= OPEN_FOR);
}

Warder__V1__Event *findings_take(struct findings *f, struct stream *s, struct arena *a, const struct view *view,
				 const struct detector *d, const struct verdict *v, const Warder__V1__Event *evidence,
				 uint64_t lost, const char **uid, bool *full)
{
	uint64_t now = view->rec->boot_ns;
	struct open_finding *o = table_put(&f->open, key_of(view, v));
	Warder__V1__Event *e;

	*full = false;
	if (!is_open(o, now)) {
		*o = (struct open_finding){.first_ns = now};
		/* Derived from the evidence's own, so that a replay makes the same. */
		event_uid(o->uid, s, now, ~evidence->seq);
		f->created++;
	}
	if (now > o->last_ns)
		o->last_ns = now;
	o->count++;
	*uid = o->uid;
	if (!is_due(o->count))
		return NULL;

	remember(o, view, d, v, evidence, lost);
	e = finding_event(f, s, a, o, now, evidence->actor, evidence->owner, view->tags, false);
	*full = !e;
	return e;
}

static bool is_about(const struct open_finding *o, uint64_t origin)
{
	return o->count && o->unnamed &&
	       (o->record.origin == origin || (o->record.owner_kind == WD_OWNER_CONTAINER && o->record.owner == origin));
}

void findings_named(struct findings *f, struct stream *s, struct arena *a, struct state *st, uint64_t origin, uint64_t now_ns,
		    void (*fn)(void *ctx, const Warder__V1__Event *e), void *ctx)
{
	for (uint32_t i = 0; i < f->open.used; i++) {
		struct open_finding *o = table_at(&f->open, i);
		struct view view = {.rec = &o->record};
		Warder__V1__Actor *actor;
		Warder__V1__Owner *owner = NULL;

		if (!is_about(o, origin))
			continue;
		arena_reset(a);
		state_view(st, &o->record, &view);
		o->unnamed = lacks_name(&view);
		actor = event_actor(a, s, st, &view);
		if (actor)
			actor->inner = event_inner(a, st, &o->record);
		if (o->record.owner_kind)
			owner = event_owner(a, &view);
		fn(ctx, actor && (owner || !o->record.owner_kind)
				? finding_event(f, s, a, o, now_ns, actor, owner, view.tags, true)
				: NULL);
	}
}

void findings_open(const struct findings *f, uint64_t now_ns,
		   void (*fn)(void *ctx, uint64_t origin, Warder__V1__Severity severity), void *ctx)
{
	for (uint32_t i = 0; i < f->open.used; i++) {
		const struct open_finding *o = table_at(&f->open, i);

		if (is_open(o, now_ns))
			fn(ctx, o->record.origin, o->verdict.severity);
	}
}
