// SPDX-License-Identifier: Apache-2.0
/*
 * repeat FRAMES FILE COUNT [NOISE]: a capture FILE of COUNT events, made of the ones in FRAMES (varint-delimited, as the sink
 * 'proto' writes them) over and over: each time round it is later, and other containers. Each event is given NOISE bytes that no
 * compression makes smaller, so that a large file needs no day to be read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/capture_fixture.h"
#include "frame.h"

#define OTHER (1ull << 40) /* between the numbers of a container and of what it is the next time round */

static uint64_t noise(void)
{
	static uint64_t x = 88172645463325252ull;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

/* Whatever in it is the number of a container becomes another's. */
static void rename_origins(ProtobufCMessage *m)
{
	for (unsigned int i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		void *at = (char *)m + f->offset;

		if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF && *(uint32_t *)((char *)m + f->quantifier_offset) != f->id)
			continue;
		if (f->type == PROTOBUF_C_TYPE_UINT64 && f->label != PROTOBUF_C_LABEL_REPEATED) {
			uint64_t *id = at;

			if (*id && (!strcmp(f->name, "origin_id") || !strcmp(f->name, "container_id")))
				*id += OTHER;
		} else if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
			size_t n = f->label == PROTOBUF_C_LABEL_REPEATED ? *(size_t *)((char *)m + f->quantifier_offset) : 1;
			ProtobufCMessage **sub = f->label == PROTOBUF_C_LABEL_REPEATED ? *(ProtobufCMessage ***)at : at;

			for (size_t k = 0; k < n; k++)
				if (sub[k])
					rename_origins(sub[k]);
		}
	}
}

static Warder__V1__Event **read_all(const char *path, size_t *n)
{
	size_t size, room = 0, len;
	uint8_t *bytes = fixture_slurp(path, &size);
	FILE *in = fmemopen(bytes, size, "rb");
	Warder__V1__Event **all = NULL;

	for (*n = 0; in && frame_read_head(in, size, &len) > 0; (*n)++) {
		if (*n == room)
			all = realloc(all, (room = room * 2 + 1024) * sizeof(*all));
		all[*n] = warder__v1__event__unpack(NULL, len, bytes + ftell(in));
		if (!all[*n] || !all[*n]->time || fseek(in, (long)len, SEEK_CUR)) {
			fprintf(stderr, "%s: not a stream of events\n", path);
			exit(2);
		}
	}
	return all;
}

static void add_noise(Warder__V1__Event *e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		e->message[i] = (char)('!' + noise() % 90);
}

int main(int argc, char **argv)
{
	Warder__V1__CaptureHeader meta = fixture_meta();
	static uint8_t frame[WRITER_FRAME_MAX];
	struct capture_writer *w;
	struct err err = {""};
	size_t n, bytes = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
	uint64_t count = argc > 3 ? strtoull(argv[3], NULL, 10) : 0, span_ns;
	Warder__V1__Event **all;

	if (argc < 4 || !count) {
		fprintf(stderr, "usage: repeat FRAMES FILE COUNT [NOISE]\n");
		return 2;
	}
	all = read_all(argv[1], &n);
	if (!n || capture_create(&w, argv[2], &meta, &err)) {
		fprintf(stderr, "repeat: %s\n", n ? err.msg : "no events");
		return 2;
	}
	span_ns = all[n - 1]->boot_ns - all[0]->boot_ns + 1000000000;
	for (size_t i = 0; i < n && bytes; i++) {
		free(all[i]->message == protobuf_c_empty_string ? NULL : all[i]->message);
		all[i]->message = calloc(1, bytes + 1);
	}
	for (uint64_t i = 0; i < count; i++) {
		Warder__V1__Event *e = all[i % n];
		uint64_t ns;
		ssize_t len;

		if (i >= n) {
			rename_origins(&e->base);
			e->boot_ns += span_ns;
			ns = (uint64_t)e->time->seconds * 1000000000 + (uint64_t)e->time->nanos + span_ns;
			e->time->seconds = (int64_t)(ns / 1000000000);
			e->time->nanos = (int32_t)(ns % 1000000000);
		}
		e->seq = i + 1;
		add_noise(e, bytes);
		len = frame_pack(&e->base, frame, sizeof(frame));
		if (len < 0 || capture_append(w, frame, (size_t)len, NULL)) {
			fprintf(stderr, "repeat: %s\n", len < 0 ? "an event that is too long" : capture_error(w));
			return 2;
		}
	}
	if (capture_close(w, NULL, &err)) {
		fprintf(stderr, "repeat: %s\n", err.msg);
		return 2;
	}
	return 0;
}
