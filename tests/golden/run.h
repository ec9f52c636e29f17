/* SPDX-License-Identifier: Apache-2.0 */
/* What a run of a case sent, and its events as bytes, each behind its length: as a capture has them. */
#ifndef WARDER_TEST_RUN_H
#define WARDER_TEST_RUN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

/* What a run sent: its findings (or incidents) as lines, and every event as JSON. */
struct run {
	bool incidents;
	char *findings, *stream;
	size_t findings_size, stream_size;
	FILE *findings_file, *stream_file;
	char *packed; /* the events as bytes, each behind its length */
	size_t packed_size;
	FILE *packed_file;
};

static inline void run_begin(struct run *r, bool incidents)
{
	*r = (struct run){.incidents = incidents};
	r->findings_file = open_memstream(&r->findings, &r->findings_size);
	r->stream_file = open_memstream(&r->stream, &r->stream_size);
	r->packed_file = open_memstream(&r->packed, &r->packed_size);
}

static inline void run_end(struct run *r)
{
	fclose(r->findings_file);
	fclose(r->stream_file);
	fclose(r->packed_file);
}

static inline void run_free(struct run *r)
{
	free(r->findings);
	free(r->stream);
	free(r->packed);
}

/* `room` has what an event takes. */
static inline void packed_write(FILE *to, const Warder__V1__Event *e, char *room)
{
	uint32_t n = (uint32_t)warder__v1__event__pack(e, (uint8_t *)room);

	fwrite(&n, sizeof(n), 1, to);
	fwrite(room, 1, n, to);
}

/* 0; -1 where one cannot be read, or was a record and is none again. */
static inline int replay_packed(struct replay *r, const char *packed, size_t size)
{
	uint32_t n;

	for (size_t at = 0; at < size; at += sizeof(n) + n) {
		Warder__V1__Event *e;

		memcpy(&n, packed + at, sizeof(n));
		e = warder__v1__event__unpack(NULL, n, (const uint8_t *)packed + at + sizeof(n));
		if (!e)
			return -1;
		replay_event(r, e);
		warder__v1__event__free_unpacked(e, NULL);
	}
	return r->refused ? -1 : 0;
}

#endif
