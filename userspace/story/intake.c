// SPDX-License-Identifier: Apache-2.0
/* Events as they come: what each is and whose, and whether one is missing before it. Which are wanted is known at the end only. */
#include "story/intake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "google/protobuf/timestamp.pb-c.h"
#include "hash.h"

int64_t intake_time(const Google__Protobuf__Timestamp *t)
{
	if (!t || t->seconds < 0 || t->seconds > 9000000000 || t->nanos < 0 || t->nanos > 999999999)
		return 0;
	return t->seconds * 1000000000 + t->nanos;
}

const Warder__V1__Workload *intake_told_of(const Warder__V1__Event *e)
{
	switch (e->payload_case) {
	case WARDER__V1__EVENT__PAYLOAD_POSTURE:
		return e->posture->workload;
	case WARDER__V1__EVENT__PAYLOAD_IDENTITY:
		return e->identity->workload;
	case WARDER__V1__EVENT__PAYLOAD_INVENTORY:
		return e->inventory->workload;
	default:
		return NULL;
	}
}

static uint64_t node_of(const Warder__V1__Event *e)
{
	return e->node ? hash_string(hash_string(HASH_START, e->node->name), e->node->boot_id) : 0;
}

/*
 * Numbers go up by one in a stream, and begin anew when a sensor starts: later events with lower numbers. What reaches a record late (a
 * flight recorder's) has lower numbers too, but is older than what came before it.
 */
static void place_in_stream(struct intake *in, struct kept *k, uint64_t seq)
{
	struct stream_place *p = in->streams;

	for (; p < in->streams + in->n_streams; p++)
		if (p->node == k->node)
			break;
	if (p == in->streams + STORY_STREAMS || !seq)
		return;
	if (p == in->streams + in->n_streams) {
		in->n_streams++;
		*p = (struct stream_place){k->node, seq, k->at};
		return;
	}
	if (seq > p->seq + 1)
		k->missing = seq - p->seq - 1;
	else if (seq <= p->seq && k->at < p->at)
		return;
	else if (seq <= p->seq)
		k->unwatched = p->at;
	p->seq = seq;
	p->at = k->at;
}

static void note_incident(struct intake *in, const Warder__V1__Event *e)
{
	uint64_t uid = hash_string(HASH_START, e->incident->uid);
	size_t i = 0;

	while (i < in->n_incidents && in->incidents[i].uid != uid)
		i++;
	if (i == STORY_INCIDENTS) {
		in->more_incidents++;
		return;
	}
	in->incidents[i].uid = uid;
	in->incidents[i].at = in->n;
	if (i == in->n_incidents)
		in->n_incidents++;
}

static int make_room(struct intake *in)
{
	size_t room = in->room ? in->room * 2 : 1024;
	struct kept *kept;

	if (in->n < in->room)
		return 0;
	kept = realloc(in->kept, room * sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	in->kept = kept;
	in->room = room;
	return 0;
}

/* What a story can do without, when there is no room for all. */
static bool is_telemetry(const Warder__V1__Event *e)
{
	return e->type < WARDER__V1__EVENT_TYPE__FINDING && e->severity <= WARDER__V1__SEVERITY__INFORMATIONAL && !e->owner;
}

bool intake_is_called(const Warder__V1__Workload *w, const char *name)
{
	const Warder__V1__Container *c = w ? w->container : NULL;

	return c && (!strcmp(c->name, name) || (*name && !strncmp(c->id, name, strlen(name))));
}

/* Where one container is asked for, what others did that concerns nobody else is not kept: the record may be long. */
static bool is_of_others(const struct story *s, const Warder__V1__Event *e)
{
	const Warder__V1__Workload *actor = e->actor ? e->actor->workload : NULL;

	return s->want.container && is_telemetry(e) && actor && !intake_is_called(actor, s->want.container);
}

static void describe(struct kept *k, const Warder__V1__Event *e)
{
	const Warder__V1__Workload *told = intake_told_of(e), *actor = e->actor ? e->actor->workload : NULL;

	k->type = (uint32_t)e->type;
	k->node = node_of(e);
	k->origin = told ? told->origin_id : actor ? actor->origin_id : 0;
	k->owner = e->owner && e->owner->workload ? e->owner->workload->origin_id : 0;
	k->at = intake_time(e->time);
}

static void place(struct story *s, struct kept *k, const Warder__V1__Event *e)
{
	if (k->at && (!s->from || k->at < s->from))
		s->from = k->at;
	if (k->at > s->to)
		s->to = k->at;
	place_in_stream(s->intake, k, e->seq);
	s->missing += k->missing;
}

static int keep(struct intake *in, struct kept *k, const Warder__V1__Event *e, const void *bytes, size_t len)
{
	if (make_room(in) || !(k->bytes = malloc(len + 1)))
		return -ENOMEM;
	memcpy(k->bytes, bytes, len);
	k->len = (uint32_t)len;
	if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_INCIDENT)
		note_incident(in, e);
	in->bytes += len;
	in->kept[in->n++] = *k;
	return 0;
}

int story_add(struct story *s, const void *bytes, size_t len)
{
	Warder__V1__Event *e = warder__v1__event__unpack(NULL, len, bytes);
	struct intake *in = s->intake;
	struct kept k = {0};
	int rc = 0;

	s->events++;
	if (!e) {
		s->malformed++;
		return 0;
	}
	describe(&k, e);
	place(s, &k, e);
	if (in->bytes + len > STORY_BYTES || (in->bytes > STORY_BYTES / 2 && is_telemetry(e)))
		s->over++;
	else if (!is_of_others(s, e))
		rc = keep(in, &k, e, bytes, len);
	warder__v1__event__free_unpacked(e, NULL);
	return rc;
}

/* What a snapshot is there to say. */
static bool is_fact(const Warder__V1__Event *e)
{
	return e->payload_case == WARDER__V1__EVENT__PAYLOAD_CONTAINER_SEAL ||
	       e->payload_case == WARDER__V1__EVENT__PAYLOAD_POSTURE || e->payload_case == WARDER__V1__EVENT__PAYLOAD_IDENTITY;
}

int story_stood(struct story *s, const void *bytes, size_t len)
{
	Warder__V1__Event *e = warder__v1__event__unpack(NULL, len, bytes);
	struct intake *in = s->intake;
	struct kept k = {.stood = true};
	bool known = false;
	int rc = 0;

	s->malformed += !e;
	if (!e)
		return 0;
	describe(&k, e);
	/* of a file that goes on where another one ended it is */
	for (unsigned int i = 0; i < in->n_streams; i++)
		known |= in->streams[i].node == k.node;
	if (!known && is_fact(e) && in->bytes + len <= STORY_BYTES)
		rc = keep(in, &k, e, bytes, len);
	warder__v1__event__free_unpacked(e, NULL);
	return rc;
}

const Warder__V1__Event *intake_event(struct kept *k)
{
	if (!k->event)
		k->event = warder__v1__event__unpack(NULL, k->len, k->bytes);
	return k->event;
}

struct story *story_new(const struct story_choice *want, char *const *names, size_t n)
{
	struct story *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->want = *want;
	s->record = (struct story_record){.names = names, .n = n, .format = "a stream of events"};
	s->intake = calloc(1, sizeof(*s->intake));
	if (s->intake)
		return s;
	free(s);
	return NULL;
}

void story_free(struct story *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->intake->n; i++) {
		free(s->intake->kept[i].bytes);
		if (s->intake->kept[i].event)
			warder__v1__event__free_unpacked(s->intake->kept[i].event, NULL);
	}
	for (size_t i = 0; i < s->n_processes; i++)
		free(s->processes[i]);
	for (size_t i = 0; i < s->n_crossings; i++)
		free(s->crossings[i].object);
	free(s->intake->kept);
	free(s->intake);
	free(s->incidents);
	free(s->rows);
	free(s->processes);
	free(s->crossings);
	free(s);
}
