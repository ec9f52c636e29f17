// SPDX-License-Identifier: Apache-2.0
/*
 * The flight recorder. What is said of containers (findings, incidents, names, losses, births and ends) goes to a capture file at once; what
 * they do is kept in memory, and goes there too when an incident about its container opens, from before the first sign on. From then on all
 * that the container does is written. So is, at any time, each record that a detector had something to say of, and for a while what somebody
 * asked for: a container's, or all.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/wire.h"
#include "capture/writer.h"
#include "clock.h"
#include "frame.h"
#include "recorder.h"
#include "sink/kinds.h"
#include "sink/wcapdir.h"
#include "table.h"

#define FRAME_MAX      (256 * 1024)
#define MAX_FOLLOWED   1024
#define MAX_CONTAINERS 4096
#define FOLLOW_NS      (15 * 60 * 1000000000ull) /* as long as an incident stays open without a finding */
#define SYNC_NS        1000000000ull
#define TAKE_AT_ONCE   (2 * 1024 * 1024) /* bytes of the memory, where all of it is asked for: the rings come first */
#define RETRY_NS       5000000000ull     /* after a file could not be made */

/* What a file begins with of each living container: how it was sealed, who it is, how it stands. */
enum {
	SNAP_SEAL,
	SNAP_IDENTITY,
	SNAP_POSTURE,
	SNAPS
};

struct snap {
	char *frame[SNAPS];
	uint32_t len[SNAPS];
};

struct capture_sink {
	struct wcapdir dir;
	struct capture_writer *w;
	struct sink_stream stream;
	uint8_t id[BLOCK_ID], head[BLOCK_HASH]; /* of the file before */
	bool chained;
	uint64_t begun_ns, synced_ns, retry_ns; /* monotonic */
	bool urgent;
	bool all; /* everything is written */
	uint64_t all_until_ns;
	bool taking; /* what is kept of all, some at a flush */
	struct recorder *recorder;
	struct table followed; /* container -> until when, in events' time */
	struct table snaps;
	char path[512];             /* of the file that is written */
	char uid[64];               /* of the newest event, */
	struct capture_mark newest; /* and what it is */
	struct capture_mark last;   /* what `pending` is */
	uint32_t pending_len;       /* 0: none */
	char pending[FRAME_MAX];
	char room[FRAME_MAX];
};

static int mark_read(const void *frame, size_t len, struct capture_mark *out)
{
	struct wire w = wire_of(frame, len);
	uint64_t n;

	return wire_varint(&w, &n) ? capture_mark_read(w.at, (size_t)(w.end - w.at), out) : -EBADMSG;
}

/* A repeated field of messages is, on the wire, its tag and then what a frame is. */
static int write_snapshot(struct capture_sink *c, const struct capture_mark *m)
{
	size_t n = 0;
	char *bytes;
	int rc = 0;

	bytes = malloc(BLOCK_RAW_MAX);
	if (!bytes)
		return -ENOMEM;
	for (uint32_t i = 0; !rc && i < c->snaps.used; i++) {
		const struct snap *s = table_at(&c->snaps, i);

		for (int k = 0; !rc && k < SNAPS; k++) {
			if (!s->len[k])
				continue;
			if (n + 1 + s->len[k] > BLOCK_RAW_MAX) {
				rc = capture_snapshot(c->w, bytes, n, m);
				n = 0;
			}
			bytes[n++] = 1 << 3 | 2; /* CaptureSnapshot.events */
			memcpy(bytes + n, s->frame[k], s->len[k]);
			n += s->len[k];
		}
	}
	if (!rc && n)
		rc = capture_snapshot(c->w, bytes, n, m);
	free(bytes);
	return rc;
}

static int begin_file(struct capture_sink *c, const struct capture_mark *m)
{
	Warder__V1__CaptureHeader meta = WARDER__V1__CAPTURE_HEADER__INIT;
	uint64_t now = monotonic_ns();
	struct err err;
	int rc;

	if (now < c->retry_ns)
		return -EAGAIN;
	c->retry_ns = now + RETRY_NS;
	meta.node = (char *)c->stream.node;
	meta.boot_id = (char *)c->stream.boot_id;
	meta.kernel = (char *)c->stream.kernel;
	meta.realtime_0 = c->stream.realtime_0;
	meta.stream = c->stream.nonce;
	meta.version = (char *)c->stream.version;
	meta.policy.data = c->stream.policy;
	meta.policy.len = sizeof(c->stream.policy);
	if (c->chained) {
		meta.previous_id.data = c->id;
		meta.previous_id.len = sizeof(c->id);
		meta.previous_head.data = c->head;
		meta.previous_head.len = sizeof(c->head);
	}
	wcapdir_next(&c->dir, c->stream.node, m->time_ns, c->path, sizeof(c->path));
	rc = capture_create(&c->w, c->path, &meta, &err);
	if (rc) {
		c->w = NULL;
		fprintf(stderr, "warder: %s\n", err.msg);
		return rc;
	}
	c->begun_ns = c->synced_ns = now;
	c->retry_ns = 0;
	return write_snapshot(c, m);
}

static int put(struct capture_sink *c, const void *frame, size_t len, const struct capture_mark *m)
{
	int rc = c->w ? 0 : begin_file(c, m);

	if (!rc)
		rc = capture_append(c->w, frame, len, m);
	if (!rc && m->severity >= WARDER__V1__SEVERITY__HIGH)
		c->urgent = true;
	return rc;
}

static int end_file(struct capture_sink *c)
{
	struct err err;
	int rc;

	if (!c->w)
		return 0;
	memcpy(c->id, capture_id(c->w), sizeof(c->id));
	rc = capture_close(c->w, c->head, &err);
	c->w = NULL;
	c->chained = !rc;
	if (rc)
		fprintf(stderr, "warder: %s\n", err.msg);
	wcapdir_prune(&c->dir);
	return rc;
}

static bool is_followed(struct capture_sink *c, const struct capture_mark *m)
{
	const uint64_t *until = m->origin ? table_get(&c->followed, m->origin) : NULL;

	return c->all || m->time_ns < c->all_until_ns || (until && m->time_ns < *until);
}

struct taking {
	struct capture_sink *c;
	uint64_t bytes;
	int rc;
};

static int take_kept(void *ctx, const struct recorded *e, const void *bytes)
{
	struct taking *t = ctx;
	struct capture_mark m;

	t->bytes += e->len;
	t->rc = mark_read(bytes, e->len, &m);
	if (!t->rc)
		t->rc = put(t->c, bytes, e->len, &m);
	return t->rc;
}

/* What the recorder had to let go of, as an event beside the stream's own: with the number of the newest. */
static int tell_gap(struct capture_sink *c, uint64_t origin, struct recorder_gap gap)
{
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	Warder__V1__Lost lost = WARDER__V1__LOST__INIT;
	Warder__V1__Lost__Count count = WARDER__V1__LOST__COUNT__INIT, *counts = &count;
	Warder__V1__Workload who = WARDER__V1__WORKLOAD__INIT;
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Warder__V1__Node node = WARDER__V1__NODE__INIT;
	char frame[1024];
	ssize_t n;

	time.seconds = (int64_t)(gap.last_ns / 1000000000);
	time.nanos = (int32_t)(gap.last_ns % 1000000000);
	who.origin_id = origin;
	who.resolution = origin ? WARDER__V1__RESOLUTION__CGROUP_ONLY : WARDER__V1__RESOLUTION__HOST;
	node.name = (char *)c->stream.node;
	node.boot_id = (char *)c->stream.boot_id;
	node.kernel = (char *)c->stream.kernel;
	count.workload = &who;
	count.stage = WARDER__V1__LOST__STAGE__SINK;
	count.where = (char *)"flight recorder";
	count.records = gap.dropped;
	lost.n_counts = 1;
	lost.counts = &counts;
	e.uid = c->uid;
	e.seq = c->newest.seq;
	e.node = &node;
	e.time = &time;
	e.type = WARDER__V1__EVENT_TYPE__LOST;
	e.payload_case = WARDER__V1__EVENT__PAYLOAD_LOST;
	e.lost = &lost;
	n = frame_pack(&e.base, frame, sizeof(frame));
	return n < 0 ? (int)n : capture_lost(c->w, frame, (size_t)n, NULL);
}

/* What is kept of a container goes to the file. */
static int take(struct taking *t, uint64_t origin)
{
	struct recorder_gap gap = recorder_take(t->c->recorder, origin, take_kept, t);

	if (!t->rc && gap.dropped && t->c->w)
		t->rc = tell_gap(t->c, origin, gap);
	return t->rc;
}

/* All that is known of a container goes to the file, and what it does from now on. */
static int follow(struct capture_sink *c, uint64_t origin, uint64_t until_ns)
{
	struct taking t = {.c = c};
	uint64_t *until;

	if (!origin)
		return 0;
	until = table_put(&c->followed, origin);
	if (*until < until_ns)
		*until = until_ns;
	return take(&t, origin);
}

/* What is kept of all, as much as may be taken at once. */
static int take_all(struct capture_sink *c, uint64_t at_once)
{
	struct taking t = {.c = c};
	uint64_t origin;

	while (c->taking && !t.rc && t.bytes < at_once) {
		c->taking = recorder_first(c->recorder, &origin);
		if (c->taking)
			take(&t, origin);
	}
	return t.rc;
}

/* The container of an incident, and those that it reached. */
static int take_incident(struct capture_sink *c, const Warder__V1__Event *e, const struct capture_mark *m)
{
	const Warder__V1__Incident *i = e->incident;
	uint64_t until = i->activity == WARDER__V1__INCIDENT__ACTIVITY__CLOSE ? m->time_ns : m->time_ns + FOLLOW_NS;
	int rc = follow(c, m->origin, until);

	for (size_t k = 0; !rc && k < i->n_reached; k++)
		if (i->reached[k]->owner && i->reached[k]->owner->workload)
			rc = follow(c, i->reached[k]->owner->workload->origin_id, until);
	return rc;
}

/* The record in hand turned out to be evidence of nothing: it is kept in case. */
static void keep_pending(struct capture_sink *c)
{
	const struct recorded e = {c->last.seq, c->last.time_ns, c->last.origin, c->last.severity, c->pending_len};

	if (c->pending_len)
		recorder_keep(c->recorder, &e, c->pending);
	c->pending_len = 0;
}

static void snap_free(struct snap *s)
{
	for (int k = 0; k < SNAPS; k++)
		free(s->frame[k]);
	*s = (struct snap){0};
}

static void snap_take(struct capture_sink *c, uint64_t origin, int k, const char *frame, uint32_t len)
{
	struct snap *s = table_get(&c->snaps, origin), *oldest = s ? NULL : table_oldest(&c->snaps);
	char *copy = origin ? malloc(len) : NULL;

	if (!copy)
		return; /* the next file says less at its start, and the same later */
	if (oldest)
		snap_free(oldest);
	if (!s)
		s = table_put(&c->snaps, origin);
	free(s->frame[k]);
	memcpy(copy, frame, len);
	s->frame[k] = copy;
	s->len[k] = len;
}

static void remember(struct capture_sink *c, const struct capture_mark *m, const char *frame, uint32_t len)
{
	struct snap *s;

	switch (m->type) {
	case WARDER__V1__EVENT_TYPE__CONTAINER_SEAL:
		snap_take(c, m->origin, SNAP_SEAL, frame, len);
		break;
	case WARDER__V1__EVENT_TYPE__IDENTITY:
		snap_take(c, m->origin, SNAP_IDENTITY, frame, len);
		break;
	case WARDER__V1__EVENT_TYPE__POSTURE:
		snap_take(c, m->origin, SNAP_POSTURE, frame, len);
		break;
	case WARDER__V1__EVENT_TYPE__CONTAINER_END:
		s = table_get(&c->snaps, m->origin);
		if (s)
			snap_free(s);
		table_del(&c->snaps, m->origin);
		break;
	}
}

/* What a container does, but for its birth and end. */
static bool is_act(uint32_t type)
{
	return type >= 100 && type < 200 && type != WARDER__V1__EVENT_TYPE__CONTAINER_SEAL &&
	       type != WARDER__V1__EVENT_TYPE__CONTAINER_END;
}

static int capture_write(struct sink *s, const Warder__V1__Event *e)
{
	struct capture_sink *c = s->state;
	ssize_t n = frame_pack(&e->base, c->room, sizeof(c->room));
	struct capture_mark m;
	int rc = 0;

	if (n < 0)
		return (int)n;
	rc = mark_read(c->room, (size_t)n, &m);
	if (rc)
		return rc;
	keep_pending(c);
	c->newest = m;
	snprintf(c->uid, sizeof(c->uid), "%s", e->uid);
	if (is_act(m.type) && !is_followed(c, &m)) {
		memcpy(c->pending, c->room, (size_t)n);
		c->pending_len = (uint32_t)n;
		c->last = m;
		return 0;
	}
	if (m.type == WARDER__V1__EVENT_TYPE__INCIDENT)
		rc = take_incident(c, e, &m);
	if (!rc)
		rc = put(c, c->room, (size_t)n, &m);
	remember(c, &m, c->room, (uint32_t)n);
	if (m.type == WARDER__V1__EVENT_TYPE__CONTAINER_END && !is_followed(c, &m))
		recorder_forget(c->recorder, m.origin);
	return rc;
}

/* A detector has something to say of the record in hand, whether that is told or not: a replay needs it. */
static int capture_matters(struct sink *s)
{
	struct capture_sink *c = s->state;
	int rc = c->pending_len ? put(c, c->pending, c->pending_len, &c->last) : 0;

	c->pending_len = 0;
	return rc;
}

static int capture_record(struct sink *s, uint64_t origin, uint64_t until_ns, char *file, size_t size)
{
	struct capture_sink *c = s->state;
	int rc = 0;

	keep_pending(c);
	if (file && !c->w)
		rc = begin_file(c, &c->newest);
	if (rc)
		return rc;
	if (file)
		snprintf(file, size, "%s", c->path);
	if (origin)
		return follow(c, origin, until_ns);
	c->taking = true;
	if (c->all_until_ns < until_ns)
		c->all_until_ns = until_ns;
	return take_all(c, TAKE_AT_ONCE);
}

static int capture_flush_(struct sink *s)
{
	struct capture_sink *c = s->state;
	uint64_t now = monotonic_ns();
	int rc = take_all(c, TAKE_AT_ONCE);

	if (rc)
		return rc;
	if (!c->w || (!c->urgent && now - c->synced_ns < SYNC_NS))
		return 0;
	rc = capture_flush(c->w, true);
	if (rc)
		return rc;
	c->urgent = false;
	c->synced_ns = now;
	if (capture_size(c->w) >= c->dir.file_max || now - c->begun_ns >= c->dir.file_age_s * 1000000000ull)
		return end_file(c);
	return 0;
}

static void capture_begin(struct sink *s, const struct sink_stream *stream)
{
	struct capture_sink *c = s->state;

	/* A file's head says what was in force for all of it. */
	if (memcmp(c->stream.policy, stream->policy, sizeof(stream->policy)))
		end_file(c);
	c->stream = *stream;
}

static void capture_free_(struct capture_sink *c)
{
	for (uint32_t i = 0; i < c->snaps.used; i++)
		snap_free(table_at(&c->snaps, i));
	table_destroy(&c->snaps);
	table_destroy(&c->followed);
	recorder_free(c->recorder);
	free(c);
}

static int capture_open_(struct sink *s, const char *arg, struct err *err)
{
	struct capture_sink *c = calloc(1, sizeof(*c));
	size_t memory;
	int rc = -ENOMEM;

	if (!c)
		return err_set(err, rc, "sink '%.100s': out of memory", s->spec);
	s->state = c;
	rc = wcapdir_parse(&c->dir, arg, &memory, &c->all, err);
	if (!rc) {
		c->recorder = recorder_new(memory);
		if (!c->recorder || table_init(&c->followed, MAX_FOLLOWED, sizeof(uint64_t)) ||
		    table_init(&c->snaps, MAX_CONTAINERS, sizeof(struct snap)))
			rc = err_set(err, -ENOMEM, "sink '%.100s': out of memory", s->spec);
	}
	if (rc)
		capture_free_(c);
	return rc;
}

static void capture_close_(struct sink *s)
{
	struct capture_sink *c = s->state;

	keep_pending(c);
	take_all(c, UINT64_MAX);
	end_file(c);
	capture_free_(c);
}

static int capture_head_(struct sink *s, struct sink_head *out)
{
	const struct capture_sink *c = s->state;

	if (!c->w)
		return -ENOENT;
	memcpy(out->id, capture_id(c->w), sizeof(out->id));
	memcpy(out->head, capture_head(c->w), sizeof(out->head));
	out->size = capture_size(c->w);
	return 0;
}

const struct sink_kind sink_capture = {
	.name = "capture",
	.help = "capture:DIR[,file=MIB][,total=MIB][,days=N][,memory=MIB][,all]  capture files for a responder",
	.open = capture_open_,
	.begin = capture_begin,
	.write = capture_write,
	.matters = capture_matters,
	.record = capture_record,
	.flush = capture_flush_,
	.head = capture_head_,
	.close = capture_close_,
};
