// SPDX-License-Identifier: Apache-2.0
/*
 * gen_events COUNT SINK...: writes COUNT generated events to each sink, the same ones on every run. They are made from the
 * descriptors, so that a new event or field is covered as soon as it is declared. Names in them are hostile. What the sinks
 * took and how many lines the console owes goes to stderr, for roundtrip.sh.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "google/protobuf/timestamp.pb-c.h"
#include "sink.h"
#include "text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	SINKS_MAX = 8,
	DEPTH_MAX = 5,
	LONG = 4095,
	PACKED_MAX = 48 * 1024,
};

static char long_path[LONG + 1], long_invalid[LONG + 1];

static const struct {
	const char *s;
	size_t n;
} names[] = {
#define NAME(lit)                                                                                                              \
	{                                                                                                                      \
		lit, sizeof(lit) - 1                                                                                           \
	}
	NAME("/usr/bin/busybox"),
	NAME(""),
	NAME("na\xc3\xafve \xf0\x9f\x90\xa7"),
	NAME("a\nb"),
	NAME("\r\n{\"seq\":\"1\"}\n"),
	NAME("\x1b[2J\x1b[1;1H\x1b]0;owned\x07"),
	NAME("\xc2\x9b"
	     "31m\xc2\x85"),
	NAME("gpj.\xe2\x80\xae"
	     "exe\xe2\x81\xa6\xe2\x81\xa9"),
	NAME("a\xe2\x80\xa8"
	     "b"),
	NAME("\x7f\x01\x08\x08\x08"),
	NAME("\"'\\<script>&|, -> host: x | CREATE"),
	NAME("\xff\xfe\x80 invalid"),
	NAME("\xed\xa0\x80 surrogate"),
	NAME("\xc0\xaf overlong"),
	NAME("cut \xe2\x82"),
	NAME("a\0b"),
	{long_path, LONG},
	{long_invalid, LONG},
#undef NAME
};

static uint64_t seed = 1;

static uint64_t roll(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % below;
}

/* One event's memory, taken back as a whole. */
static char arena[4 << 20];
static size_t arena_used;

static void *take(size_t n)
{
	void *p = arena + arena_used;

	arena_used += (n + 15) & ~(size_t)15;
	if (arena_used > sizeof(arena))
		abort();
	return memset(p, 0, n);
}

/* The long ones are rare: sixty of them in one event would be more than a record may have. */
static size_t pick_name(void)
{
	return roll(32) ? roll(COUNT(names) - 2) : COUNT(names) - 1 - roll(2);
}

static uint64_t pick_integer(void)
{
	static const uint64_t extremes[] = {0, 1, INT32_MAX, UINT32_MAX, (1ull << 53) + 1, INT64_MAX, 1ull << 63, UINT64_MAX};

	return extremes[roll(COUNT(extremes))];
}

static int pick_enum(const ProtobufCEnumDescriptor *d)
{
	return roll(16) ? d->values[roll(d->n_values)].value : (int)roll(100000) - 50000;
}

/* Not sanitised, though an engine would have: the sinks are the last line. */
static char *make_string(size_t i)
{
	return memcpy(take(names[i].n + 1), names[i].s, names[i].n);
}

static void make_text(ProtobufCMessage *m)
{
	Warder__V1__Text *t = (void *)m;
	size_t i = pick_name();

	t->truncated = !roll(4);
	text_fill(make_string(i), names[i].n, t->truncated, &t->utf8, &t->raw.data, &t->raw.len);
}

static void make_time(ProtobufCMessage *m)
{
	Google__Protobuf__Timestamp *t = (void *)m;

	t->seconds = roll(32) ? 1700000000 + (int64_t)roll(1000000) : (int64_t)pick_integer();
	t->nanos = roll(2) ? (int32_t)roll(1000000000) : 0;
}

static ProtobufCMessage *make_message(const ProtobufCMessageDescriptor *d, int depth, uint32_t arm);

static void make_value(const ProtobufCFieldDescriptor *f, void *p, int depth)
{
	static const struct {
		ProtobufCType type;
		size_t size;
	} integers[] = {
		{PROTOBUF_C_TYPE_INT32, 4},  {PROTOBUF_C_TYPE_UINT32, 4},  {PROTOBUF_C_TYPE_INT64, 8},
		{PROTOBUF_C_TYPE_UINT64, 8}, {PROTOBUF_C_TYPE_FIXED64, 8}, {PROTOBUF_C_TYPE_FIXED32, 4},
	};
	uint64_t v = pick_integer();
	size_t i;

	if (f->type == PROTOBUF_C_TYPE_STRING)
		*(char **)p = make_string(pick_name());
	else if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		*(ProtobufCMessage **)p = make_message(f->descriptor, depth, 0);
	else if (f->type == PROTOBUF_C_TYPE_ENUM)
		*(int *)p = pick_enum(f->descriptor);
	else if (f->type == PROTOBUF_C_TYPE_BOOL)
		*(protobuf_c_boolean *)p = (protobuf_c_boolean)roll(2);
	for (i = 0; i < COUNT(integers); i++)
		if (integers[i].type == f->type)
			memcpy(p, &v, integers[i].size);
}

static ProtobufCMessage *make_message(const ProtobufCMessageDescriptor *d, int depth, uint32_t arm)
{
	ProtobufCMessage *m = take(d->sizeof_message);
	const ProtobufCFieldDescriptor *f;
	char *base = (char *)m;
	unsigned int i;
	void **list;
	size_t n, k;

	protobuf_c_message_init(d, m);
	if (d == &warder__v1__text__descriptor || d == &warder__v1__path__descriptor)
		make_text(m);
	else if (d == &google__protobuf__timestamp__descriptor)
		make_time(m);
	else
		for (i = 0; i < d->n_fields; i++) {
			f = &d->fields[i];
			if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
				if (f->id != arm)
					continue;
				*(uint32_t *)(base + f->quantifier_offset) = f->id;
			} else if (!roll(6) || depth > DEPTH_MAX) {
				continue; /* left at its default */
			}
			if (f->label != PROTOBUF_C_LABEL_REPEATED) {
				make_value(f, base + f->offset, depth + 1);
				continue;
			}
			/* Long lists of lists are more than an event may have; workloads in lists have no labels. */
			n = roll(8) ? roll(4) : depth > 2 ? 4 : 20;
			list = take(n * sizeof(*list)); /* only messages and strings are repeated here */
			for (k = 0; k < n; k++)
				make_value(f, &list[k], depth + 1);
			*(size_t *)(base + f->quantifier_offset) = n;
			*(void ***)(base + f->offset) = list;
		}
	return m;
}

/* The event types in turn, and in each the names in turn as its message. */
static Warder__V1__Event *make_event(uint64_t i)
{
	const ProtobufCMessageDescriptor *d = &warder__v1__event__descriptor;
	unsigned int k, arms = 0, arm = 0;
	Warder__V1__Event *e;

	for (k = 0; k < d->n_fields; k++)
		arms += !!(d->fields[k].flags & PROTOBUF_C_FIELD_FLAG_ONEOF);
	for (k = 0; k < d->n_fields; k++)
		if ((d->fields[k].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && arm++ == i % arms)
			break;
	/* One that is more than an event may be in any form (a byte can be five in JSON) is thrown again. */
	do {
		arena_used = 0;
		e = (void *)make_message(d, 0, d->fields[k].id);
	} while (warder__v1__event__get_packed_size(e) > PACKED_MAX);
	e->type = (Warder__V1__EventType)d->fields[k].id;
	e->seq = i + 1;
	e->message = make_string(i / arms % COUNT(names));
	return e;
}

/*
 * As the console's contract has it: a line for a finding, and one for each of the first 16 pieces of evidence of a new one that
 * says more than the finding does, and one if there are more than 16.
 */
static uint64_t console_lines(const Warder__V1__Event *e)
{
	uint64_t lines = 1;

	if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_LOST || e->payload_case == WARDER__V1__EVENT__PAYLOAD_COVERAGE ||
	    e->payload_case == WARDER__V1__EVENT__PAYLOAD_TRUST_MIX || e->payload_case == WARDER__V1__EVENT__PAYLOAD_INCIDENT)
		return 1;
	if (e->payload_case != WARDER__V1__EVENT__PAYLOAD_FINDING)
		return 0;
	if (e->finding->activity == WARDER__V1__FINDING__ACTIVITY__UPDATE ||
	    e->finding->activity == WARDER__V1__FINDING__ACTIVITY__CLOSE)
		return 1;
	for (size_t i = 0; i < e->finding->n_evidence && i < 16; i++)
		lines += strcmp(e->finding->evidence[i]->summary, e->message) != 0;
	return lines + (e->finding->n_evidence > 16);
}

int main(int argc, char **argv)
{
	const struct timespec pause = {.tv_nsec = 200000};
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 0, lines = 0, i;
	struct sink *sinks[SINKS_MAX] = {NULL};
	struct err err = {""};
	Warder__V1__Event *e;
	int k, n = argc - 2;

	if (!count || n < 1 || n > SINKS_MAX)
		return fprintf(stderr, "usage: gen_events COUNT SINK...\n"), 2;
	signal(SIGPIPE, SIG_IGN);
	memset(long_path, 'p', LONG);
	memset(long_invalid, 0xfe, LONG);
	long_path[0] = long_invalid[0] = '/';
	for (k = 0; k < n; k++)
		if (sink_open(argv[k + 2], &sinks[k], &err))
			return fprintf(stderr, "%s\n", err.msg), 2;
	for (i = 0; i < count; i++) {
		e = make_event(i);
		lines += console_lines(e);
		for (k = 0; k < n; k++) {
			sink_write(sinks[k], e);
			while (sink_flush(sinks[k])) /* this test is of what arrives, not of what is lost */
				nanosleep(&pause, NULL);
		}
	}
	for (k = 0; k < n; k++) {
		fprintf(stderr, "written %" PRIu64 " lost %" PRIu64 " %s\n", sinks[k]->written, sinks[k]->lost, sinks[k]->spec);
		sink_close(sinks[k]);
	}
	fprintf(stderr, "console lines %" PRIu64 "\n", lines);
	return 0;
}
