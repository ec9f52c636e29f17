// SPDX-License-Identifier: Apache-2.0
/* The rows of a story: what is told of which event, what hangs on what, what is missing in between, and what is left out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "story/intake.h"
#include "table.h"

/* What is known of an event by its uid before its row is made. */
struct mark {
	const Warder__V1__Event *finding;
	const char *role;
	size_t row; /* of a finding: one more than its index */
};

struct making {
	struct story *s;
	size_t room;
	struct table evidence; /* by event's uid */
	struct table findings; /* by finding's uid: rows; and their stages in the incident */
	struct table stages;
};

static uint64_t key(const char *uid)
{
	return hash_string(HASH_START, uid);
}

static struct story_row *add_row(struct making *m, enum story_kind kind, int64_t at, const Warder__V1__Event *e)
{
	struct story *s = m->s;
	struct story_row *rows;

	if (s->n_rows == m->room) {
		m->room = m->room ? m->room * 2 : 256;
		rows = realloc(s->rows, m->room * sizeof(*rows));
		if (!rows)
			return NULL;
		s->rows = rows;
	}
	s->rows[s->n_rows] = (struct story_row){.kind = kind, .at = at, .event = e, .count = 1};
	return &s->rows[s->n_rows++];
}

/* Of whom: 0 the subject, 1 another container of its cluster, -1 nobody here. */
static int whose(const struct story *s, const struct kept *k)
{
	if (!s->n_cluster)
		return k->origin || k->owner ? 0 : -1;
	if (k->node != s->node || !k->origin)
		return -1;
	if (k->origin == s->origin)
		return 0;
	if (k->owner == s->origin)
		return 1;
	for (unsigned int n = 1; n < s->n_cluster; n++)
		if (k->origin == s->cluster[n])
			return 1;
	return -1;
}

static int mark_evidence(struct making *m, const Warder__V1__Event *e)
{
	for (size_t i = 0; i < e->finding->n_evidence; i++) {
		struct mark *mark = table_put(&m->evidence, key(e->finding->evidence[i]->event_uid));

		if (mark->finding)
			continue;
		mark->finding = e;
		mark->role = e->finding->evidence[i]->role;
	}
	return 0;
}

/* First the findings: what they hang on comes before them. */
static int first_pass(struct making *m)
{
	struct story *s = m->s;

	for (size_t i = 0; i < s->intake->n; i++) {
		struct kept *k = &s->intake->kept[i];
		const Warder__V1__Event *e;

		if (k->type != WARDER__V1__EVENT_TYPE__FINDING || whose(s, k) < 0)
			continue;
		e = intake_event(k);
		if (!e)
			return -ENOMEM;
		if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_FINDING)
			mark_evidence(m, e);
	}
	for (size_t i = 0; s->incident && i < s->incident->n_evidence; i++) {
		const Warder__V1__Incident__Evidence *ev = s->incident->evidence[i];

		*(uint32_t *)table_put(&m->stages, key(ev->finding_uid)) = (uint32_t)ev->stage;
	}
	return 0;
}

static uint64_t lost_of(const struct story *s, const Warder__V1__Lost *l)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->n_counts; i++) {
		const Warder__V1__Workload *w = l->counts[i]->workload;

		if (!s->n_cluster || !w || w->origin_id == s->origin)
			n += l->counts[i]->records;
	}
	return n;
}

static int finding_row(struct making *m, const Warder__V1__Event *e, bool other)
{
	const Warder__V1__Finding *f = e->finding;
	size_t *at = table_put(&m->findings, key(f->uid));
	uint32_t *stage = table_get(&m->stages, key(f->uid));
	struct story_row *r = *at ? &m->s->rows[*at - 1] : NULL;
	int64_t began = intake_time(f->first_seen);

	if (!r) {
		r = add_row(m, ROW_FINDING, began ? began : intake_time(e->time), e);
		if (!r)
			return -ENOMEM;
		*at = m->s->n_rows;
		r->stage = stage && *stage ? (Warder__V1__Stage)*stage : f->stage;
		r->other = other;
	}
	if (f->count > r->count)
		r->count = f->count;
	return 0;
}

static int incident_row(struct making *m, const Warder__V1__Event *e, bool other)
{
	struct story_row *r;

	if (e->incident->activity != WARDER__V1__INCIDENT__ACTIVITY__CREATE &&
	    e->incident->activity != WARDER__V1__INCIDENT__ACTIVITY__CLOSE)
		return 0;
	r = add_row(m, ROW_INCIDENT, intake_time(e->time), e);
	if (!r)
		return -ENOMEM;
	r->other = other;
	return 0;
}

static int record_row(struct making *m, const Warder__V1__Event *e, bool other)
{
	struct mark *mark = table_get(&m->evidence, key(e->uid));
	struct story_row *r;

	/* of other containers what counts in this one's story */
	if (other && !mark && !(e->owner && e->owner->workload && e->owner->workload->origin_id == m->s->origin))
		return 0;
	r = add_row(m, mark ? ROW_EVIDENCE : ROW_CONTEXT, intake_time(e->time), e);
	if (!r)
		return -ENOMEM;
	r->other = other;
	if (mark) {
		uint32_t *stage = table_get(&m->stages, key(mark->finding->finding->uid));

		r->finding = mark->finding;
		r->role = mark->role;
		r->stage = stage && *stage ? (Warder__V1__Stage)*stage : mark->finding->finding->stage;
	}
	return 0;
}

/* What the sensor says of itself, and what the numbers say: of the node, whoever the subject is. */
static int sensor_rows(struct making *m, struct kept *k)
{
	struct story *s = m->s;
	struct story_row *r = NULL;
	const Warder__V1__Event *e;
	uint64_t lost;

	if (s->n_cluster && k->node != s->node)
		return 0;
	if (k->missing && !s->record.selection) {
		r = add_row(m, ROW_GAP, k->at, NULL);
		if (!r)
			return -ENOMEM;
		r->missing = k->missing;
		s->gaps += k->missing;
	}
	if (k->unwatched) {
		r = add_row(m, ROW_START, k->unwatched, NULL);
		if (!r)
			return -ENOMEM;
		r->missing = (uint64_t)(k->at - k->unwatched);
		s->unwatched += k->at - k->unwatched;
	}
	if (k->type != WARDER__V1__EVENT_TYPE__LOST)
		return 0;
	e = intake_event(k);
	if (!e)
		return -ENOMEM;
	lost = e->payload_case == WARDER__V1__EVENT__PAYLOAD_LOST ? lost_of(s, e->lost) : 0;
	if (!lost)
		return 0;
	r = add_row(m, ROW_LOSS, k->at, e);
	if (!r)
		return -ENOMEM;
	r->missing = lost;
	s->lost += lost;
	return 0;
}

static int second_pass(struct making *m)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < m->s->intake->n; i++) {
		struct kept *k = &m->s->intake->kept[i];
		int of = whose(m->s, k);
		const Warder__V1__Event *e;

		rc = k->stood ? 0 : sensor_rows(m, k);
		if (rc || of < 0 || k->stood)
			continue;
		e = intake_event(k);
		if (!e)
			return -ENOMEM;
		if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_FINDING)
			rc = finding_row(m, e, of);
		else if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_INCIDENT)
			rc = incident_row(m, e, of);
		else if (k->type < WARDER__V1__EVENT_TYPE__FINDING)
			rc = record_row(m, e, of);
	}
	return rc;
}

/* By time; of one moment an act comes before the finding about it, and that before the incident. */
static int by_time(const void *a, const void *b)
{
	static const int order[] = {
		[ROW_GAP] = 0,     [ROW_LOSS] = 1,     [ROW_CONTEXT] = 2, [ROW_EVIDENCE] = 2,
		[ROW_FINDING] = 3, [ROW_INCIDENT] = 4, [ROW_START] = 5,
	};
	const struct story_row *x = a, *y = b;
	uint64_t seq_x = x->event ? x->event->seq : 0, seq_y = y->event ? y->event->seq : 0;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (order[x->kind] != order[y->kind])
		return order[x->kind] - order[y->kind];
	return seq_x < seq_y ? -1 : seq_x > seq_y;
}

static int by_worth(const void *a, const void *b)
{
	const struct story_row *x = a, *y = b;

	if ((x->kind == ROW_CONTEXT) != (y->kind == ROW_CONTEXT))
		return x->kind == ROW_CONTEXT ? 1 : -1;
	if (x->away != y->away)
		return x->away < y->away ? -1 : 1;
	return by_time(a, b);
}

/* Over the bound stays what findings hang on, then what is nearest to the first sign. The same choice for what is given whole. */
static void bound(struct story *s)
{
	if (!s->n_rows)
		return;
	for (size_t i = 0; i < s->n_rows; i++)
		s->rows[i].away = llabs(s->rows[i].at - s->first_sign);
	qsort(s->rows, s->n_rows, sizeof(*s->rows), by_worth);
	if (s->n_rows > STORY_ROWS) {
		s->left_out = s->n_rows - STORY_ROWS;
		s->n_rows = STORY_ROWS;
	}
	for (size_t i = 0; i < s->n_rows; i++) {
		if (!s->rows[i].event)
			continue;
		s->rows[i].raw = s->n_raw < STORY_RAW;
		if (s->rows[i].raw)
			s->n_raw++;
		else
			s->raw_left_out++;
	}
	qsort(s->rows, s->n_rows, sizeof(*s->rows), by_time);
}

/* Without an incident the findings say when it began and when something was breached. */
static void times_of_findings(struct story *s)
{
	for (size_t i = 0; !s->incident && i < s->n_rows; i++) {
		const struct story_row *r = &s->rows[i];

		if (r->kind != ROW_FINDING)
			continue;
		if (!s->first_sign || r->at < s->first_sign)
			s->first_sign = r->at;
		if (r->stage == WARDER__V1__STAGE__BREACH && (!s->breach || r->at < s->breach))
			s->breach = r->at;
		if (r->at > s->last)
			s->last = r->at;
	}
}

int timeline_make(struct story *s)
{
	struct making m = {.s = s};
	int rc = -ENOMEM;

	if (!table_init(&m.evidence, 1 << 16, sizeof(struct mark)) && !table_init(&m.findings, 1 << 14, sizeof(size_t)) &&
	    !table_init(&m.stages, 64, sizeof(uint32_t))) {
		rc = first_pass(&m);
		rc = rc ? rc : second_pass(&m);
	}
	table_destroy(&m.evidence);
	table_destroy(&m.findings);
	table_destroy(&m.stages);
	if (rc)
		return rc;
	times_of_findings(s);
	bound(s);
	return 0;
}
