// SPDX-License-Identifier: Apache-2.0
/* Who reached what of whom, through which wall: the map of an incident. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "story/intake.h"
#include "story/pen.h"
#include "story/words.h"

static const Warder__V1__Event *act_of(const struct story *s, const Warder__V1__Event *finding)
{
	for (size_t i = 0; i < s->n_rows; i++)
		if (s->rows[i].kind == ROW_EVIDENCE && s->rows[i].finding == finding)
			return s->rows[i].event;
	return NULL;
}

/* The object's name, as bytes from outside. */
static char *object_of(const struct story *s, const Warder__V1__Event *finding)
{
	const Warder__V1__Event *act = act_of(s, finding);
	struct pen pen = {.kind = &pen_bytes};
	char *bytes = NULL;
	size_t n = 0;

	pen.out = open_memstream(&bytes, &n);
	if (!pen.out)
		return NULL;
	if (!act || !words_object(&pen, act))
		pen_str(&pen, finding->finding->dimension);
	fclose(pen.out);
	return bytes;
}

static bool is_same(const struct story_crossing *c, const struct story_crossing *d)
{
	return c->owner == d->owner && (c->whose ? c->whose->origin_id : 0) == (d->whose ? d->whose->origin_id : 0) &&
	       (c->who ? c->who->origin_id : 0) == (d->who ? d->who->origin_id : 0) && !strcmp(c->technique, d->technique) &&
	       c->succeeded == d->succeeded && !strcmp(c->object, d->object);
}

static void keep(struct story *s, struct story_crossing *c)
{
	for (size_t i = 0; i < s->n_crossings; i++) {
		if (!is_same(&s->crossings[i], c))
			continue;
		s->crossings[i].count += c->count;
		free(c->object);
		return;
	}
	if (s->n_crossings == STORY_CROSSINGS) {
		s->more_crossings++;
		free(c->object);
		return;
	}
	s->crossings[s->n_crossings++] = *c;
}

/* What was reached and whose it is. What a container was given, or did to itself, crosses no wall. */
static bool crosses(const struct story_row *r)
{
	const Warder__V1__Event *e = r->event;

	return r->kind == ROW_FINDING && e->owner && e->owner->kind && r->stage != WARDER__V1__STAGE__RECON;
}

/* By who did it, the one that is told of first; by owner, the host first; in each by time. */
static int by_owner(const void *a, const void *b)
{
	const struct story_crossing *x = a, *y = b;
	uint64_t who_x = x->who ? x->who->origin_id : 0, who_y = y->who ? y->who->origin_id : 0;
	uint64_t whose_x = x->whose ? x->whose->origin_id : 0, whose_y = y->whose ? y->whose->origin_id : 0;

	if (x->other != y->other)
		return x->other ? 1 : -1;
	if (who_x != who_y)
		return who_x < who_y ? -1 : 1;
	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	if (whose_x != whose_y)
		return whose_x < whose_y ? -1 : 1;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return strcmp(x->technique, y->technique);
}

int crossings_make(struct story *s)
{
	s->crossings = calloc(STORY_CROSSINGS, sizeof(*s->crossings));
	if (!s->crossings)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_rows; i++) {
		const struct story_row *r = &s->rows[i];
		struct story_crossing c = {.stage = r->stage, .count = r->count, .at = r->at, .other = r->other};

		if (!crosses(r))
			continue;
		c.owner = r->event->owner->kind;
		c.whose = r->event->owner->workload;
		c.who = r->event->actor ? r->event->actor->workload : NULL;
		c.technique = r->event->finding->technique;
		c.title = r->event->finding->title;
		c.dimension = r->event->finding->dimension;
		c.succeeded =
			r->event->finding->outcome != WARDER__V1__OUTCOME__DENIED && r->stage >= WARDER__V1__STAGE__BREACH;
		c.object = object_of(s, r->event);
		if (!c.object)
			return -ENOMEM;
		keep(s, &c);
	}
	if (s->n_crossings)
		qsort(s->crossings, s->n_crossings, sizeof(*s->crossings), by_owner);
	return 0;
}
