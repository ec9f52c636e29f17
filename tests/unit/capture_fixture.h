/* SPDX-License-Identifier: Apache-2.0 */
/* Captures made of events that are sure to come out again: each is known by its number. */
#ifndef WARDER_TEST_CAPTURE_FIXTURE_H
#define WARDER_TEST_CAPTURE_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/reader.h"
#include "capture/writer.h"
#include "google/protobuf/timestamp.pb-c.h"

#define T0 1700000000ull /* seconds since the epoch of event 0; each next one is a millisecond later */

static inline uint64_t event_ns(uint64_t seq)
{
	return T0 * 1000000000 + seq * 1000000;
}

/* A framed event of container `origin`, acting on one of `owner`. Returns its length. */
static inline size_t event_frame(uint8_t *out, uint64_t seq, uint64_t origin, uint64_t owner, uint32_t severity,
				 const char *message)
{
	Google__Protobuf__Timestamp t = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	Warder__V1__Actor a = WARDER__V1__ACTOR__INIT;
	Warder__V1__Owner o = WARDER__V1__OWNER__INIT;
	Warder__V1__Workload aw = WARDER__V1__WORKLOAD__INIT, ow = WARDER__V1__WORKLOAD__INIT;
	Warder__V1__Container c = WARDER__V1__CONTAINER__INIT, oc = WARDER__V1__CONTAINER__INIT;
	Warder__V1__ProcessExec exec = WARDER__V1__PROCESS_EXEC__INIT;
	char name[32], other[32], uid[37];
	size_t n, head = 0;

	t.seconds = (int64_t)(event_ns(seq) / 1000000000);
	t.nanos = (int32_t)(event_ns(seq) % 1000000000);
	snprintf(uid, sizeof(uid), "018bcfe5-6800-7000-8000-%012llx", (unsigned long long)seq);
	snprintf(name, sizeof(name), "box-%llu", (unsigned long long)origin);
	snprintf(other, sizeof(other), "box-%llu", (unsigned long long)owner);
	e.uid = uid;
	e.time = &t;
	e.seq = seq;
	e.type = WARDER__V1__EVENT_TYPE__PROCESS_EXEC;
	e.severity = (Warder__V1__Severity)severity;
	e.message = (char *)message;
	e.payload_case = WARDER__V1__EVENT__PAYLOAD_PROCESS_EXEC;
	e.process_exec = &exec;
	e.actor = &a;
	a.workload = &aw;
	aw.origin_id = origin;
	aw.container = origin ? &c : NULL;
	c.name = name;
	o.kind = WARDER__V1__OWNER__KIND__OWNER_CONTAINER;
	o.workload = &ow;
	ow.origin_id = owner;
	ow.container = &oc;
	oc.name = other;
	e.owner = owner ? &o : NULL;
	n = warder__v1__event__get_packed_size(&e);
	for (size_t rest = n; rest > 127; rest >>= 7)
		out[head++] = (uint8_t)(rest | 128);
	out[head] = (uint8_t)(n >> (7 * head));
	return head + 1 + warder__v1__event__pack(&e, out + head + 1);
}

static inline Warder__V1__CaptureHeader fixture_meta(void)
{
	Warder__V1__CaptureHeader m = WARDER__V1__CAPTURE_HEADER__INIT;

	m.node = "node-a";
	m.boot_id = "6b0c1a0e-0000-4000-8000-000000000001";
	m.kernel = "6.1.0";
	m.version = "0.1.0";
	m.stream = 7;
	return m;
}

/* Who acts in event `seq`: containers 1000 to 1004 in runs of 100 events. */
static inline uint64_t fixture_origin(uint64_t seq)
{
	return 1000 + seq / 100 % 5;
}

static inline void fixture_append(struct capture_writer *w, uint64_t seq)
{
	uint8_t frame[1024];
	char message[64];
	size_t n;

	snprintf(message, sizeof(message), "event %llu of them all", (unsigned long long)seq * 2654435761u);
	n = event_frame(frame, seq, fixture_origin(seq), 0, seq % 50 ? 1 : 4, message);
	if (capture_append(w, frame, n, NULL)) {
		fprintf(stderr, "%s\n", capture_error(w));
		abort();
	}
}

/* A file of `n` events from number `from`, a block for each `block` of them. */
static inline void fixture_write(const char *path, const Warder__V1__CaptureHeader *meta, uint64_t from, uint64_t n,
				 uint64_t block, uint8_t head[BLOCK_HASH], uint8_t id[BLOCK_ID])
{
	struct capture_writer *w;
	struct err err = {""};

	if (capture_create(&w, path, meta, &err)) {
		fprintf(stderr, "%s\n", err.msg);
		abort();
	}
	for (uint64_t seq = from; seq < from + n; seq++) {
		fixture_append(w, seq);
		if ((seq - from + 1) % block == 0 && capture_flush(w, false))
			abort();
	}
	if (id)
		memcpy(id, capture_id(w), BLOCK_ID);
	if (capture_close(w, head, &err)) {
		fprintf(stderr, "%s\n", err.msg);
		abort();
	}
}

static inline uint8_t *fixture_slurp(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = NULL;

	if (!f || fseek(f, 0, SEEK_END))
		abort();
	*n = (size_t)ftell(f);
	rewind(f);
	bytes = malloc(*n + 1);
	if (!bytes || fread(bytes, 1, *n, f) != *n)
		abort();
	fclose(f);
	return bytes;
}

static inline void fixture_spill(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f))
		abort();
}

#endif
