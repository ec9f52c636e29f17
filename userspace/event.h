/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_EVENT_H
#define WARDER_EVENT_H

#include "state.h"

/* The stream that events are numbered in: one per node, boot and run. */
struct stream {
	char node[65], boot_id[40], kernel[65];
	uint64_t seq;       /* of the event made last */
	int64_t realtime_0; /* nanoseconds since the epoch at boot: a record's time is this plus its own */
	uint64_t nonce;     /* in the random part of uids, so that two streams of one node differ */
	Warder__V1__Node message;
};

void stream_init(struct stream *s, const char *node, const char *boot_id, const char *kernel, int64_t realtime_0,
		 uint64_t nonce);

/*
 * The stream's next event, in `a`, with uid, time, number and node. Every message that an event_* function returns lives as
 * long as the arena's contents; NULL: the arena is full.
 */
Warder__V1__Event *event_new(struct stream *s, struct arena *a, uint64_t boot_ns);
/* It is no event of the stream's: it has no number and no uid. */
void event_unnumber(Warder__V1__Event *e);

/*
 * The stream's next event with a message of userspace's own, which may be filled afterwards; `type` is also the tag of its arm. `message`
 * NULL: there was no memory for it, and the event is lost as any that does not fit.
 */
Warder__V1__Event *event_own(struct stream *s, struct arena *a, uint64_t boot_ns, Warder__V1__EventType type, void *message);

/* The event of a record: actor, owner, outcome and payload. */
Warder__V1__Event *event_record(struct stream *s, struct arena *a, struct state *st, const struct view *v);

Warder__V1__Workload *event_workload(struct arena *a, uint64_t origin, const struct workload *w);
/* Labels and annotations, which most events go without. 0; -1: no memory. */
int event_tags(struct arena *a, const struct tags *t, Warder__V1__Workload *m);
Warder__V1__Actor *event_actor(struct arena *a, struct stream *s, struct state *st, const struct view *v);
/* Who it is in its container, where it is in another one there; NULL where it is not, or there is no memory for it. */
Warder__V1__Workload *event_inner(struct arena *a, struct state *st, const struct wd_record *r);
Warder__V1__Owner *event_owner(struct arena *a, const struct view *v);
/* Bytes from outside; `cut`: there were more. They are copied. */
Warder__V1__Text *event_text(struct arena *a, const char *bytes, size_t n, bool cut);
Google__Protobuf__Timestamp *event_time(struct arena *a, const struct stream *s, uint64_t boot_ns);

/* A UUID of version 7 (RFC 9562 5.7) as text: the time, then bits that tell this stream and number from others. */
void event_uid(char out[37], const struct stream *s, uint64_t boot_ns, uint64_t seq);

#endif
