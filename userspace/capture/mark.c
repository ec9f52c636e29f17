// SPDX-License-Identifier: Apache-2.0
#include "capture/mark.h"

#include <errno.h>

#include "capture/wire.h"
#include "warder/v1/event.pb-c.h"

/* The tags of Event, Actor, Owner, Workload and Timestamp; test_capture compares with what protobuf-c unpacks. */
enum {
	EVENT_TIME = 2,
	EVENT_SEQ = 4,
	EVENT_TYPE = 5,
	EVENT_SEVERITY = 6,
	EVENT_ACTOR = 8,
	EVENT_OWNER = 9,
	ACTOR_WORKLOAD = 1,
	OWNER_WORKLOAD = 2,
	PAYLOAD_WORKLOAD = 1, /* of messages about one container that nobody acts in */
	WORKLOAD_ORIGIN = 1,
	TIME_SECONDS = 1,
	TIME_NANOS = 2,
};

/* The number in a field of a message, 0 where it is not there. */
static int mark_number(struct wire w, uint32_t tag, uint64_t *out)
{
	struct wire_field f;
	int more;

	while ((more = wire_next(&w, &f)) > 0)
		if (f.tag == tag)
			*out = f.number;
	return more;
}

/* The origin of the workload in a field of a message. */
static int mark_origin(struct wire w, uint32_t tag, uint64_t *out)
{
	struct wire_field f;
	int more;

	while ((more = wire_next(&w, &f)) > 0)
		if (f.tag == tag && f.sub.at && mark_number(f.sub, WORKLOAD_ORIGIN, out))
			return -1;
	return more;
}

static int mark_time(struct wire w, uint64_t *out)
{
	uint64_t seconds = 0, nanos = 0;

	if (mark_number(w, TIME_SECONDS, &seconds) || mark_number(w, TIME_NANOS, &nanos))
		return -1;
	*out = seconds < UINT64_MAX / 1000000000 - 1 && nanos < 1000000000 ? seconds * 1000000000 + nanos : 0;
	return 0;
}

int capture_mark_read(const void *event, size_t len, struct capture_mark *out)
{
	struct wire w = wire_of(event, len);
	struct wire_field f;
	int more, bad = 0;

	*out = (struct capture_mark){0};
	while (!bad && (more = wire_next(&w, &f)) > 0) {
		if (f.tag == EVENT_SEQ)
			out->seq = f.number;
		else if (f.tag == EVENT_TYPE)
			out->type = (uint32_t)f.number;
		else if (f.tag == EVENT_SEVERITY)
			out->severity = (uint32_t)f.number;
		else if (f.tag == EVENT_TIME)
			bad = mark_time(f.sub, &out->time_ns);
		else if (f.tag == EVENT_ACTOR)
			bad = mark_origin(f.sub, ACTOR_WORKLOAD, &out->origin);
		else if (f.tag == EVENT_OWNER)
			bad = mark_origin(f.sub, OWNER_WORKLOAD, &out->owner);
		else if (f.tag == WARDER__V1__EVENT_TYPE__IDENTITY || f.tag == WARDER__V1__EVENT_TYPE__POSTURE ||
			 f.tag == WARDER__V1__EVENT_TYPE__INVENTORY)
			bad = mark_origin(f.sub, PAYLOAD_WORKLOAD, &out->origin);
	}
	return bad || more < 0 ? -EBADMSG : 0;
}
