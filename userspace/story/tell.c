// SPDX-License-Identifier: Apache-2.0
/* Which incident of a record is told, and whose events belong to it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "story/intake.h"

/* Worst first; of equals the one that began first, and then by uid, so that a record always comes out the same. */
static int by_weight(const void *a, const void *b)
{
	const Warder__V1__Event *x = ((const struct story_incident *)a)->event, *y = ((const struct story_incident *)b)->event;
	int64_t began_x = intake_time(x->incident->first_seen), began_y = intake_time(y->incident->first_seen);

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->incident->score != y->incident->score)
		return x->incident->score > y->incident->score ? -1 : 1;
	if (began_x != began_y)
		return began_x < began_y ? -1 : 1;
	return strcmp(x->incident->uid, y->incident->uid);
}

static int list_incidents(struct story *s)
{
	struct intake *in = s->intake;

	s->more_incidents = in->more_incidents;
	s->incidents = calloc(in->n_incidents + 1, sizeof(*s->incidents));
	if (!s->incidents)
		return -ENOMEM;
	for (; s->n_incidents < in->n_incidents; s->n_incidents++) {
		struct kept *k = &in->kept[in->incidents[s->n_incidents].at];
		const Warder__V1__Event *e = intake_event(k);

		if (!e)
			return -ENOMEM;
		s->incidents[s->n_incidents] = (struct story_incident){e, k->node, k->origin};
	}
	qsort(s->incidents, s->n_incidents, sizeof(*s->incidents), by_weight);
	return 0;
}

static bool begins(const char *s, const char *start)
{
	return *start && !strncmp(s, start, strlen(start));
}

static bool is_wanted(const struct story *s, const struct story_incident *i)
{
	if (s->want.incident)
		return begins(i->event->incident->uid, s->want.incident);
	return !s->want.container || intake_is_called(i->event->actor ? i->event->actor->workload : NULL, s->want.container);
}

static void take_incident(struct story *s, const struct story_incident *i)
{
	s->event = i->event;
	s->incident = i->event->incident;
	s->subject = i->event->actor ? i->event->actor->workload : NULL;
	s->on = i->event->node;
	s->node = i->node;
	s->origin = i->origin;
	s->cluster[s->n_cluster++] = i->origin;
	s->first_sign = intake_time(s->incident->first_seen);
	s->last = intake_time(s->incident->last_seen);
	for (size_t n = 0; n < s->incident->n_steps; n++)
		if (s->incident->steps[n]->stage == WARDER__V1__STAGE__BREACH)
			s->breach = intake_time(s->incident->steps[n]->first_seen);
}

/* A container that has no incident: its first event says who it is. */
static int take_container(struct story *s, struct err *err)
{
	for (size_t i = 0; i < s->intake->n; i++) {
		struct kept *k = &s->intake->kept[i];
		const Warder__V1__Event *e = k->origin ? intake_event(k) : NULL;
		const Warder__V1__Workload *w = e ? intake_told_of(e) : NULL;

		if (k->origin && !e)
			return -ENOMEM;
		if (e && !w && e->actor)
			w = e->actor->workload;
		if (!intake_is_called(w, s->want.container))
			continue;
		s->subject = w;
		s->node = k->node;
		s->origin = s->cluster[s->n_cluster++] = k->origin;
		s->on = e->node;
		return 0;
	}
	return err_set(err, -ENOENT, "%.200s: nothing in it is of a container '%.100s'", s->record.names[0], s->want.container);
}

static void join_cluster(struct story *s, const char *uid)
{
	for (size_t i = 0; i < s->n_incidents; i++) {
		const struct story_incident *other = &s->incidents[i];
		unsigned int n = 0;

		if (other->node != s->node || strcmp(other->event->incident->uid, uid))
			continue;
		while (n < s->n_cluster && s->cluster[n] != other->origin)
			n++;
		if (n == s->n_cluster && n < STORY_CLUSTER)
			s->cluster[s->n_cluster++] = other->origin;
	}
}

static const Warder__V1__Incident *incident_of(const struct story *s, uint64_t origin)
{
	for (size_t i = 0; i < s->n_incidents; i++)
		if (s->incidents[i].node == s->node && s->incidents[i].origin == origin)
			return s->incidents[i].event->incident;
	return NULL;
}

/* Who reached the container, whom it reached, and so on from these. */
static void gather_cluster(struct story *s)
{
	for (unsigned int n = 0; n < s->n_cluster; n++) {
		const Warder__V1__Incident *m = incident_of(s, s->cluster[n]);

		for (size_t i = 0; m && i < m->n_reached; i++)
			if (*m->reached[i]->incident)
				join_cluster(s, m->reached[i]->incident);
		for (size_t i = 0; m && i < m->n_from; i++)
			join_cluster(s, m->from[i]);
	}
}

/* What tells of the subject and of its node as they are. The first of each is what was there before anything was done. */
static int find_facts(struct story *s)
{
	for (size_t i = 0; i < s->intake->n; i++) {
		struct kept *k = &s->intake->kept[i];
		const Warder__V1__Event **at = NULL;

		if (s->n_cluster && k->node != s->node)
			continue;
		if (k->type == WARDER__V1__EVENT_TYPE__NODE_FACTS)
			at = &s->facts;
		else if (k->type == WARDER__V1__EVENT_TYPE__COVERAGE)
			at = &s->coverage;
		else if (!s->n_cluster || k->origin != s->origin)
			continue;
		else if (k->type == WARDER__V1__EVENT_TYPE__POSTURE)
			at = &s->posture;
		else if (k->type == WARDER__V1__EVENT_TYPE__CONTAINER_SEAL)
			at = &s->seal;
		else if (k->type == WARDER__V1__EVENT_TYPE__HOST_GRANT)
			at = &s->grant;
		if (at && !*at && !(*at = intake_event(k)))
			return -ENOMEM;
	}
	/* its labels are told in few events only */
	if (s->posture && s->subject && !s->subject->n_labels)
		s->subject = s->posture->posture->workload;
	return 0;
}

static int choose(struct story *s, struct err *err)
{
	for (size_t i = 0; i < s->n_incidents; i++) {
		if (!is_wanted(s, &s->incidents[i]))
			continue;
		take_incident(s, &s->incidents[i]);
		gather_cluster(s);
		return 0;
	}
	if (s->want.incident)
		return err_set(err, -ENOENT, "%.200s: no incident in it has the uid '%.100s'", s->record.names[0],
			       s->want.incident);
	return s->want.container ? take_container(s, err) : 0;
}

int story_tell(struct story *s, struct err *err)
{
	int rc = list_incidents(s);

	if (!s->record.selection)
		s->record.selection = s->missing > s->events;
	rc = rc ? rc : choose(s, err);
	if (rc == -ENOENT)
		return rc;
	rc = rc ? rc : find_facts(s);
	rc = rc ? rc : timeline_make(s);
	rc = rc ? rc : processes_make(s);
	rc = rc ? rc : crossings_make(s);
	return rc ? err_set(err, rc, "%.200s: not enough memory for its story", s->record.names[0]) : 0;
}
