// SPDX-License-Identifier: Apache-2.0
#include "silence.h"

#include <stdio.h>
#include <string.h>

#include "hash.h"
#include "text.h"

#define MAX_ROWS 64 /* of one EXCEPTIONS event */

static struct silence *row_of(struct engine *e, const char *name, const char *technique, uint64_t origin)
{
	uint64_t key = hash_string(hash_string(hash_bytes(HASH_START, &origin, sizeof(origin)), technique), name);
	struct silence *row = table_put(&e->silences, key);

	if (!row->count) {
		row->origin = origin;
		snprintf(row->technique, sizeof(row->technique), "%s", technique);
		text_sanitise(row->name, sizeof(row->name), name, strlen(name));
	}
	return row;
}

static void count(struct engine *e, const char *name, const char *technique, const struct wd_record *r)
{
	struct silence *row = row_of(e, name, technique, incident_origin(r));

	if (!row->count++)
		row->first_ns = r->boot_ns;
	row->last_ns = r->boot_ns;
	e->silenced++;
}

static const char *owner_of(const struct wd_record *r)
{
	switch (r->owner_kind) {
	case WD_OWNER_HOST:
		return "host";
	case WD_OWNER_CONTAINER:
		return "container";
	case WD_OWNER_UNKNOWN:
		return "unknown";
	default:
		return "";
	}
}

bool silence_take(struct engine *e, const struct view *view, struct verdict *v)
{
	const struct rule_technique *t;
	const struct rule_exception *x;
	bool own = view->rec->origin;
	struct rule_subject s = {
		.technique = v->technique,
		.who = own ? view->actor : view->owner, /* what the host does with a container's things is that one's */
		.tags = own ? view->tags : NULL,
		.executable = own && view->process ? view->process->exe : "",
		.owner = own ? owner_of(view->rec) : "host",
	};
	char user[16], name[32];

	if (!e->rules)
		return false;
	snprintf(user, sizeof(user), "%u", view->rec->actor.uid);
	s.user = own ? user : "";
	t = rules_technique(e->rules, v->technique);
	if (t && !t->enabled) {
		snprintf(name, sizeof(name), "techniques: %s", t->id);
		count(e, name, v->technique, view->rec);
		return true;
	}
	x = rules_exception(e->rules, &s);
	if (x) {
		count(e, x->name, v->technique, view->rec);
		return true;
	}
	if (t && t->severity) {
		v->severity = (Warder__V1__Severity)t->severity;
		if (view->rec->outcome == WD_DENIED && v->severity > WARDER__V1__SEVERITY__MEDIUM)
			v->severity = WARDER__V1__SEVERITY__MEDIUM; /* as every attempt */
	}
	return false;
}

static Warder__V1__Exceptions__Row *row_message(struct engine *e, const struct silence *row)
{
	Warder__V1__Exceptions__Row *m = arena_alloc(&e->arena, sizeof(*m));

	if (!m)
		return NULL;
	warder__v1__exceptions__row__init(m);
	m->name = arena_string(&e->arena, row->name);
	m->technique = arena_string(&e->arena, row->technique);
	m->workload = event_workload(&e->arena, row->origin, state_workload(&e->state, row->origin));
	m->count = row->count;
	m->first_seen = event_time(&e->arena, &e->stream, row->first_ns);
	m->last_seen = event_time(&e->arena, &e->stream, row->last_ns);
	return m->name && m->technique && m->workload && m->first_seen && m->last_seen ? m : NULL;
}

/* The rows that moved, from *at on. NULL: one does not fit. */
static Warder__V1__Event *rows_event(struct engine *e, uint32_t *at)
{
	Warder__V1__Exceptions *m;
	Warder__V1__Event *ev;

	arena_reset(&e->arena);
	m = arena_alloc(&e->arena, sizeof(*m));
	ev = event_own(&e->stream, &e->arena, e->now_ns, WARDER__V1__EVENT_TYPE__EXCEPTIONS, m);
	if (!ev)
		return NULL;
	warder__v1__exceptions__init(m);
	m->rows = arena_alloc(&e->arena, MAX_ROWS * sizeof(*m->rows));
	for (; *at < e->silences.used && m->rows && m->n_rows < MAX_ROWS; ++*at) {
		struct silence *row = table_at(&e->silences, *at);

		if (row->count == row->told)
			continue;
		row->told = row->count;
		if (!(m->rows[m->n_rows] = row_message(e, row)))
			return NULL;
		m->n_rows++;
	}
	m->silenced = e->silenced;
	m->forgotten = e->silences.evicted;
	return m->rows ? ev : NULL;
}

void silence_report(struct engine *e)
{
	uint32_t at = 0;

	while (at < e->silences.used) {
		const struct silence *row = table_at(&e->silences, at);

		if (row->count == row->told)
			at++;
		else
			engine_emit(e, rows_event(e, &at));
	}
}
