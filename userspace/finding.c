// SPDX-License-Identifier: Apache-2.0
#include "finding.h"

#include <string.h>

#include "technique.h"

#define MAX_OPEN     2048
#define EVERY_UPDATE 3                         /* so many are sent one by one */
#define OPEN_FOR     (15 * 60 * 1000000000ull) /* silent for so long, the next is a new finding */

struct open_finding {
	char uid[37];
	uint64_t first_ns, last_ns;
	uint32_t count;
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

/* FNV-1a over what makes two findings the same. */
static uint64_t key_of(const struct view *view, const struct verdict *v)
{
	const struct {
		uint64_t origin, owner;
		uint32_t kind, outcome, severity, pad;
	} id = {view->rec->origin, view->rec->owner, view->rec->owner_kind, view->rec->outcome, v->severity, 0};
	uint64_t h = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < sizeof(id); i++)
		h = (h ^ ((const unsigned char *)&id)[i]) * 0x100000001b3ull;
	for (const char *p = v->technique; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3ull;
	return h;
}

static bool is_due(uint32_t count)
{
	return count <= 1 + EVERY_UPDATE || (count & (count - 1)) == 0;
}

static Warder__V1__Finding *finding_message(struct stream *s, struct arena *a, const struct open_finding *o,
					    const struct detector *d, const struct verdict *v, const struct view *view)
{
	const struct technique *t = technique_find(v->technique);
	Warder__V1__Finding *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return NULL;
	warder__v1__finding__init(m);
	m->uid = arena_copy(a, o->uid, sizeof(o->uid));
	m->activity = o->count == 1 ? WARDER__V1__FINDING__ACTIVITY__CREATE : WARDER__V1__FINDING__ACTIVITY__UPDATE;
	m->rule = (char *)d->name;
	m->rule_version = (char *)d->version;
	m->technique = (char *)v->technique;
	m->title = (char *)(t ? t->title : v->technique);
	m->stage = v->stage;
	m->outcome = (Warder__V1__Outcome)view->rec->outcome;
	m->confidence = v->confidence;
	m->invariant = v->invariant;
	m->dimension = (char *)v->dimension;
	m->first_seen = event_time(a, s, o->first_ns);
	m->last_seen = event_time(a, s, o->last_ns);
	m->count = o->count;
	return m->uid && m->first_seen && m->last_seen ? m : NULL;
}

static int finding_attack(struct arena *a, const struct verdict *v, Warder__V1__Event *e)
{
	const struct technique *t = technique_find(v->technique);
	Warder__V1__Attack *m = arena_alloc(a, sizeof(*m));

	e->attack = arena_alloc(a, sizeof(*e->attack));
	if (!m || !e->attack)
		return -1;
	warder__v1__attack__init(m);
	m->technique = (char *)(t ? t->attack : "T1611");
	m->name = (char *)attack_name(m->technique);
	e->attack[0] = m;
	e->n_attack = 1;
	return 0;
}

static int finding_evidence(struct arena *a, Warder__V1__Finding *f, const Warder__V1__Event *from, char *summary)
{
	Warder__V1__Evidence *m = arena_alloc(a, sizeof(*m));

	f->evidence = arena_alloc(a, sizeof(*f->evidence));
	if (!m || !f->evidence)
		return -1;
	warder__v1__evidence__init(m);
	m->event_uid = from->uid;
	m->seq = from->seq;
	m->time = from->time;
	m->role = "act";
	m->summary = summary;
	f->evidence[0] = m;
	f->n_evidence = 1;
	return 0;
}

Warder__V1__Event *findings_take(struct findings *f, struct stream *s, struct arena *a, const struct view *view,
				 const struct detector *d, const struct verdict *v, const Warder__V1__Event *evidence,
				 uint64_t lost, bool *full)
{
	uint64_t now = view->rec->boot_ns;
	struct open_finding *o = table_put(&f->open, key_of(view, v));
	Warder__V1__Event *e;

	*full = false;
	if (!o->count || (now > o->last_ns && now - o->last_ns > OPEN_FOR)) {
		*o = (struct open_finding){.first_ns = now};
		/* Derived from the evidence's own, so that a replay makes the same. */
		event_uid(o->uid, s, now, ~evidence->seq);
		f->created++;
	}
	if (now > o->last_ns)
		o->last_ns = now;
	o->count++;
	if (!is_due(o->count))
		return NULL;

	*full = true;
	e = event_new(s, a, now);
	if (!e || finding_attack(a, v, e))
		return NULL;
	e->type = WARDER__V1__EVENT_TYPE__FINDING;
	e->severity = v->severity;
	e->outcome = (Warder__V1__Outcome)view->rec->outcome;
	e->actor = evidence->actor;
	e->owner = evidence->owner;
	e->message = arena_copy(a, v->message, strlen(v->message) + 1);
	e->finding = finding_message(s, a, o, d, v, view);
	if (!e->message || !e->finding || finding_evidence(a, e->finding, evidence, e->message))
		return NULL;
	e->finding->lost = lost;
	e->payload_case = WARDER__V1__EVENT__PAYLOAD_FINDING;
	*full = false;
	return e;
}
