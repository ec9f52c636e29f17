// SPDX-License-Identifier: Apache-2.0
#include "incident.h"

#include <stdio.h>
#include <string.h>

#include "hash.h"
#include "posture.h"
#include "text.h"

#define MAX_INCIDENTS 512
#define EVERY_NS      (10 * 1000000000ull)      /* between two UPDATEs about nothing new in kind */
#define QUIET_NS      (15 * 60 * 1000000000ull) /* without a finding it is closed */
#define ENDED_NS      (60 * 1000000000ull)      /* so long after its container */

#define MEDIUM        WARDER__V1__SEVERITY__MEDIUM
#define CRITICAL      WARDER__V1__SEVERITY__CRITICAL
#define BREACH        WARDER__V1__STAGE__BREACH
#define POST_BREACH   WARDER__V1__STAGE__POST_BREACH

int incidents_init(struct incidents *s)
{
	*s = (struct incidents){0};
	return table_init(&s->table, MAX_INCIDENTS, sizeof(struct incident));
}

void incidents_destroy(struct incidents *s)
{
	table_destroy(&s->table);
}

void incident_uid(char out[37], const struct stream *s, uint64_t origin)
{
	const char *const parts[] = {s->node, "/", s->boot_id};
	uint64_t high = HASH_START, low;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		high = hash_string(high, parts[i]);
	high = hash_bytes(high, &origin, sizeof(origin));
	low = hash_string(high, "incident");
	snprintf(out, 37, "%08x-%04x-8%03x-%04x-%012llx", (unsigned int)(high >> 32), (unsigned int)(high >> 16 & 0xffff),
		 (unsigned int)(high & 0xfff), 0x8000 | (unsigned int)(low >> 48 & 0x3fff),
		 (unsigned long long)(low & 0xffffffffffff));
}

/* What is done with a breach: in a container that had one before, these are what follows from it. A letter alone stands for all of its rows. */
static bool is_post(const char *technique)
{
	static const char *const rows[] = {"P", "X", "O", "M23", "M30", "M41", "M42", "M45", "M57", "M60"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strncmp(technique, rows[i], strlen(rows[i])))
			return true;
	return false;
}

static unsigned int stages_of(const struct incident *i)
{
	unsigned int stages = 0;

	for (unsigned int n = 0; n < i->n_evidence; n++)
		stages |= 1u << i->evidence[n].stage;
	return stages;
}

static bool had_breach(const struct incident *i)
{
	return stages_of(i) & (1u << BREACH | 1u << POST_BREACH);
}

uint64_t incident_origin(const struct wd_record *r)
{
	if (r->origin)
		return r->origin;
	return r->owner_kind == WD_OWNER_CONTAINER ? r->owner : 0;
}

static struct incident *incident_of(struct incidents *s, uint64_t origin, uint64_t now, uint64_t lost)
{
	const struct incident *oldest = table_oldest(&s->table);
	struct incident *i = table_get(&s->table, origin);

	if (i)
		return i;
	s->forgotten += oldest && oldest->open && !oldest->closed;
	i = table_put(&s->table, origin);
	i->origin = origin;
	i->first_ns = now;
	i->lost_before = lost;
	return i;
}

static struct incident_evidence *evidence_find(struct incident *i, const char *finding)
{
	for (unsigned int n = 0; n < i->n_evidence; n++)
		if (!strcmp(i->evidence[n].finding, finding))
			return &i->evidence[n];
	return NULL;
}

static bool is_alone(const struct incident *i, const struct incident_evidence *e)
{
	for (unsigned int n = 0; n < i->n_evidence; n++)
		if (&i->evidence[n] != e && i->evidence[n].stage == e->stage)
			return false;
	return true;
}

/*
 * Room for one more; where there is none, the place of the newest of the least severe, if that is less than `severity` or the stage is
 * new. A stage that was passed keeps one: no flood of others hides it. NULL: none.
 */
static struct incident_evidence *evidence_room(struct incident *i, Warder__V1__Severity severity, Warder__V1__Stage stage)
{
	bool is_new = !(stages_of(i) & 1u << stage);
	struct incident_evidence *least = NULL;

	if (i->n_evidence < INCIDENT_EVIDENCE)
		return &i->evidence[i->n_evidence++];
	for (unsigned int n = 0; n < INCIDENT_EVIDENCE; n++) {
		struct incident_evidence *e = &i->evidence[n];

		if (!is_alone(i, e) && (!least || e->severity <= least->severity))
			least = e;
	}
	if (!least || (least->severity >= severity && !is_new))
		return NULL;
	i->more_evidence += least->count;
	return least;
}

static void take_evidence(struct incident *i, const struct view *view, const struct verdict *v, const char *finding)
{
	struct incident_evidence *e = evidence_find(i, finding);
	Warder__V1__Stage stage = v->stage == BREACH && is_post(v->technique) && had_breach(i) ? POST_BREACH : v->stage;
	uint64_t now = view->rec->boot_ns;

	if (!e) {
		e = evidence_room(i, v->severity, stage);
		if (!e) {
			i->more_evidence++;
			return;
		}
		*e = (struct incident_evidence){
			.technique = v->technique,
			.stage = stage,
			.severity = v->severity,
			.confidence = v->confidence,
			.outcome = view->rec->outcome,
			.first_ns = now,
		};
		snprintf(e->finding, sizeof(e->finding), "%s", finding);
		text_sanitise(e->summary, sizeof(e->summary), v->message, strlen(v->message));
	}
	e->count++;
	if (now < e->first_ns)
		e->first_ns = now;
	if (now > e->last_ns)
		e->last_ns = now;
}

/* True: it is one that was not reached before. */
static bool take_owner(struct incident *i, const struct wd_record *r, const struct verdict *v)
{
	/* where the host is the actor it used what is the container's: it is the host that was reached */
	enum wd_kind kind = r->origin ? r->owner_kind : WD_OWNER_HOST;
	uint64_t id = kind == WD_OWNER_CONTAINER ? r->owner : 0;

	if (r->outcome == WD_DENIED || v->stage < BREACH || (kind != WD_OWNER_HOST && kind != WD_OWNER_CONTAINER) ||
	    id == i->origin)
		return false;
	for (unsigned int n = 0; n < i->n_owners; n++)
		if (i->owners[n].kind == kind && i->owners[n].id == id) {
			i->owners[n].count++;
			return false;
		}
	if (i->n_owners == INCIDENT_OWNERS) {
		i->more_owners++;
		return false;
	}
	i->owners[i->n_owners++] = (struct incident_owner){.kind = kind, .id = id, .count = 1};
	return true;
}

/* The worst of the evidence: where several are as bad, the surer, then the first. Of severity 0 where there is none. */
static const struct incident_evidence *worst_evidence(const struct incident *i)
{
	const struct incident_evidence *worst = &i->evidence[0];

	for (unsigned int n = 1; n < i->n_evidence; n++) {
		const struct incident_evidence *e = &i->evidence[n];

		if (e->severity > worst->severity || (e->severity == worst->severity && e->confidence > worst->confidence))
			worst = e;
	}
	return worst;
}

void incidents_take(struct incidents *s, const struct view *view, const struct verdict *v, const char *finding, uint64_t lost)
{
	const struct wd_record *r = view->rec;
	uint64_t origin = incident_origin(r);
	Warder__V1__Severity before;
	struct incident *i;
	unsigned int stages;
	bool is_more;

	if (!origin)
		return;
	i = incident_of(s, origin, r->boot_ns, lost);
	before = worst_evidence(i)->severity;
	stages = stages_of(i);
	take_evidence(i, view, v, finding);
	is_more = take_owner(i, r, v) || worst_evidence(i)->severity > before || stages_of(i) != stages;
	if (v->severity > before)
		i->record = *r;
	if (r->boot_ns < i->first_ns)
		i->first_ns = r->boot_ns;
	if (r->boot_ns > i->last_ns)
		i->last_ns = r->boot_ns;
	*(r->outcome == WD_DENIED ? &i->denied : &i->succeeded) += 1;
	i->unnamed = !workload_named(r->origin ? view->actor : view->owner);
	i->changed = true;
	/* What honest programs do as well opens none, however much of it there is. */
	if (worst_evidence(i)->severity >= MEDIUM && (is_more || i->closed || !i->open))
		s->due = i->due = true;
}

void incidents_ended(struct incidents *s, uint64_t origin, uint64_t now_ns)
{
	struct incident *i = table_get(&s->table, origin);

	if (i && !i->ended_ns)
		i->ended_ns = now_ns;
}

void incidents_named(struct incidents *s, uint64_t origin)
{
	struct incident *i = table_get(&s->table, origin);

	if (i && i->unnamed) {
		i->unnamed = false;
		if (i->open && !i->closed)
			s->due = i->due = true;
	}
}

void incidents_hurry(struct incidents *s, uint64_t origin)
{
	for (uint32_t n = 0; n < s->table.used; n++) {
		struct incident *i = table_at(&s->table, n);

		if (i->open && i->changed && (!origin || i->origin == origin))
			s->due = i->due = true;
	}
}

static bool is_over(const struct incident *i, uint64_t now)
{
	uint64_t ended = i->ended_ns > i->last_ns ? i->ended_ns : i->last_ns;

	return now > i->last_ns + QUIET_NS || (i->ended_ns && now > ended + ENDED_NS);
}

struct incident *incidents_next(struct incidents *s, uint64_t now_ns, bool tick, Warder__V1__Incident__Activity *activity)
{
	if (!tick && !s->due)
		return NULL;
	for (uint32_t n = 0; n < s->table.used; n++) {
		struct incident *i = table_at(&s->table, n);

		if (i->due || (tick && i->open && i->changed && now_ns > i->told_ns + EVERY_NS)) {
			*activity = i->open ? WARDER__V1__INCIDENT__ACTIVITY__UPDATE : WARDER__V1__INCIDENT__ACTIVITY__CREATE;
			s->opened += !i->open;
			i->open = true;
			i->due = i->changed = i->closed = false;
			i->told_ns = now_ns;
			return i;
		}
		if (tick && i->open && !i->closed && is_over(i, now_ns)) {
			*activity = WARDER__V1__INCIDENT__ACTIVITY__CLOSE;
			i->closed = true;
			return i;
		}
		/* One that was told stays until its room is wanted: what its container left behind may be used later, and is no second page. */
		if (tick && i->origin && !i->open && i->ended_ns && is_over(i, now_ns))
			table_del(&s->table, i->origin);
	}
	s->due = false;
	return NULL;
}

/* In tenths of a point, by Severity and Confidence. */
static unsigned int weight(const struct incident_evidence *e)
{
	static const unsigned int severities[] = {0, 10, 50, 200, 450, 700}, confidences[] = {5, 5, 8, 10};
	unsigned int w =
		severities[e->severity < 6 ? e->severity : 0] * confidences[e->confidence < 4 ? e->confidence : 0] / 10;

	return e->outcome == WD_DENIED ? w / 2 : w;
}

/* Whether another finding of the same technique and outcome counts in its place. */
static bool is_counted(const struct incident *i, unsigned int at)
{
	const struct incident_evidence *e = &i->evidence[at];

	for (unsigned int n = 0; n < i->n_evidence; n++) {
		const struct incident_evidence *other = &i->evidence[n];

		if (n != at && !strcmp(other->technique, e->technique) && other->outcome == e->outcome &&
		    (weight(other) > weight(e) || (weight(other) == weight(e) && n < at)))
			return true;
	}
	return false;
}

struct incident_rating incident_rate(const struct incident *i, int posture)
{
	struct incident_rating r = {.worst = worst_evidence(i)};
	unsigned int score = 0;

	for (unsigned int n = 0; n < i->n_evidence; n++) {
		const struct incident_evidence *e = &i->evidence[n];

		if (!is_counted(i, n))
			score += weight(e);
		r.granted |= !strcmp(e->technique, "O07");
	}
	r.score = score > 1000 ? 100 : score / 10;
	r.stages = (unsigned int)__builtin_popcount(stages_of(i) & ~1u);
	r.severity = r.worst->severity;
	if (r.stages >= 3 && had_breach(i) && r.severity < CRITICAL)
		r.severity++;
	r.confidence = r.worst->confidence;
	/* Who has the host by what it was given often does as much on purpose; who was given little does none of it so. */
	if (r.granted && r.stages < 3 && r.confidence > WARDER__V1__CONFIDENCE__CONFIDENCE_LOW)
		r.confidence--;
	else if (posture >= PSS_BASELINE && r.confidence < WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH)
		r.confidence++;
	return r;
}
