// SPDX-License-Identifier: Apache-2.0
#include "capture/index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/wire.h"
#include "warder/v1/capture.pb-c.h"

/* The tags of CaptureIndex and CaptureIndex.Block. */
enum {
	INDEX_BLOCKS = 1,
	INDEX_PREVIOUS = 2,
	INDEX_CONTAINERS = 3,
	INDEX_CUT = 4,
	B_OFFSET = 1,
	B_LENGTH = 2,
	B_TYPE = 3,
	B_RECORDS = 4,
	B_SEQ_FIRST = 5,
	B_SEQ_LAST = 6,
	B_TIME_FIRST = 7,
	B_TIME_LAST = 8,
	B_SEVERITY = 9,
	B_ORIGINS = 10,
	B_ANY = 11,
};

void index_destroy(struct capture_index *ix)
{
	free(ix->rows);
	free(ix->origins);
	*ix = (struct capture_index){0};
}

void index_clear(struct capture_index *ix)
{
	ix->n = ix->n_origins = 0;
}

/* Room for one more row, and for a block's origins. */
static int index_grow(struct capture_index *ix)
{
	size_t room = ix->room ? ix->room * 2 : 256;
	void *p;

	if (ix->n == ix->room) {
		p = reallocarray(ix->rows, room, sizeof(*ix->rows));
		if (!p)
			return -ENOMEM;
		ix->rows = p;
		ix->room = room;
	}
	if (ix->n_origins + INDEX_ORIGINS_MAX > ix->origins_room) {
		room = ix->origins_room * 2 + INDEX_ORIGINS_MAX;
		p = room <= UINT32_MAX ? reallocarray(ix->origins, room, sizeof(*ix->origins)) : NULL;
		if (!p)
			return -ENOMEM;
		ix->origins = p;
		ix->origins_room = room;
	}
	return 0;
}

int index_add(struct capture_index *ix, const struct block *b, uint64_t offset, const uint64_t *origins, size_t n)
{
	if (index_grow(ix))
		return -ENOMEM;
	if (n > INDEX_ORIGINS_MAX)
		origins = NULL;
	ix->rows[ix->n++] = (struct capture_entry){
		.offset = offset,
		.seq_first = b->seq_first,
		.seq_last = b->seq_last,
		.time_first = b->time_first,
		.time_last = b->time_last,
		.length = (uint32_t)block_size(b->stored_len),
		.records = b->records,
		.origins_at = (uint32_t)ix->n_origins,
		.n_origins = origins ? (uint32_t)n : 0,
		.type = b->type,
		.severity = b->severity,
		.any_origin = !origins,
	};
	for (size_t i = 0; origins && i < n; i++)
		ix->origins[ix->n_origins++] = origins[i];
	return 0;
}

bool index_has_origin(const struct capture_index *ix, const struct capture_entry *e, uint64_t origin)
{
	for (uint32_t i = 0; i < e->n_origins; i++)
		if (ix->origins[e->origins_at + i] == origin)
			return true;
	return e->any_origin;
}

size_t index_pack_bound(const struct capture_index *ix)
{
	return 16 + ix->n * 96 + ix->n_origins * 8;
}

static void index_pack_row(const struct capture_index *ix, const struct capture_entry *e, Warder__V1__CaptureIndex__Block *m)
{
	warder__v1__capture_index__block__init(m);
	m->offset = e->offset;
	m->length = e->length;
	m->type = e->type;
	m->records = e->records;
	m->seq_first = e->seq_first;
	m->seq_last = e->seq_last;
	m->time_first = e->time_first;
	m->time_last = e->time_last;
	m->severity = (Warder__V1__Severity)e->severity;
	m->any_origin = e->any_origin;
	m->n_origins = e->n_origins;
	m->origins = ix->origins + e->origins_at;
}

int64_t index_pack(const struct capture_index *ix, uint64_t previous, const struct directory *d, uint8_t **out)
{
	Warder__V1__CaptureIndex m = WARDER__V1__CAPTURE_INDEX__INIT;
	Warder__V1__CaptureIndex__Block *rows = calloc(ix->n + 1, sizeof(*rows));
	Warder__V1__CaptureIndex__Block **at = calloc(ix->n + 1, sizeof(*at));
	int64_t n = -ENOMEM;

	for (size_t i = 0; rows && at && i < ix->n; i++) {
		at[i] = &rows[i];
		index_pack_row(ix, &ix->rows[i], at[i]);
	}
	m.n_blocks = ix->n;
	m.blocks = at;
	m.previous = previous;
	*out = NULL;
	if (rows && at && (!d || !directory_message(d, &m))) {
		n = (int64_t)protobuf_c_message_get_packed_size(&m.base);
		*out = malloc((size_t)n + 1);
		if (*out)
			protobuf_c_message_pack(&m.base, *out);
		else
			n = -ENOMEM;
	}
	directory_message_free(&m);
	free(rows);
	free(at);
	return n;
}

/* A block's row, as it is in a file. `origins` has INDEX_ORIGINS_MAX places. */
static int index_read_row(struct wire w, struct capture_entry *e, uint64_t *origins)
{
	uint64_t v[B_ANY + 1] = {0};
	struct wire_field f;
	int more;

	*e = (struct capture_entry){0};
	while ((more = wire_next(&w, &f)) > 0) {
		if (f.tag != B_ORIGINS) {
			v[f.tag <= B_ANY ? f.tag : 0] = f.number;
			continue;
		}
		for (uint64_t origin; f.sub.at && f.sub.end - f.sub.at >= 8; f.sub.at += 8) {
			memcpy(&origin, f.sub.at, sizeof(origin));
			if (e->n_origins == INDEX_ORIGINS_MAX)
				return -EBADMSG;
			origins[e->n_origins++] = origin;
		}
	}
	if (more || v[B_LENGTH] < BLOCK_HEADER + BLOCK_TRAILER || v[B_LENGTH] > block_size(BLOCK_STORED_MAX) ||
	    v[B_TYPE] > UINT8_MAX || v[B_RECORDS] > BLOCK_RECORDS_MAX || v[B_SEVERITY] > UINT8_MAX)
		return -EBADMSG;
	e->offset = v[B_OFFSET];
	e->length = (uint32_t)v[B_LENGTH];
	e->type = (uint8_t)v[B_TYPE];
	e->records = (uint32_t)v[B_RECORDS];
	e->seq_first = v[B_SEQ_FIRST];
	e->seq_last = v[B_SEQ_LAST];
	e->time_first = v[B_TIME_FIRST];
	e->time_last = v[B_TIME_LAST];
	e->severity = (uint8_t)v[B_SEVERITY];
	e->any_origin = v[B_ANY];
	return 0;
}

/*
 * Takes in one INDEX block's message, which lies at `offset`: its rows must end there, and each must begin where the one before
 * ends. They are put behind those of the INDEX blocks that follow it in the file; index_read turns all around. *first: where
 * the first one begins.
 */
static int index_take(struct capture_index *ix, struct directory *d, struct wire w, uint64_t offset, uint64_t *first,
		      uint64_t *previous)
{
	uint64_t end = 0, origins[INDEX_ORIGINS_MAX];
	size_t from = ix->n;
	struct capture_entry e;
	struct wire_field f;
	int more;

	*previous = 0;
	while ((more = wire_next(&w, &f)) > 0) {
		if (f.tag == INDEX_PREVIOUS)
			*previous = f.number;
		else if (f.tag == INDEX_CUT)
			d->cut |= !!f.number;
		else if (f.tag == INDEX_CONTAINERS && f.sub.at)
			directory_take(d, f.sub);
		if (f.tag != INDEX_BLOCKS || !f.sub.at)
			continue;
		if (index_read_row(f.sub, &e, origins) || (ix->n > from && e.offset != end) || e.offset > offset)
			return -EBADMSG;
		if (index_grow(ix))
			return -ENOMEM;
		e.origins_at = (uint32_t)ix->n_origins;
		memcpy(ix->origins + ix->n_origins, origins, e.n_origins * sizeof(*origins));
		ix->n_origins += e.n_origins;
		ix->rows[ix->n++] = e;
		end = e.offset + e.length;
	}
	if (more || ix->n == from || end != offset)
		return -EBADMSG;
	*first = ix->rows[from].offset;
	for (size_t a = from, b = ix->n - 1; a < b; a++, b--) {
		e = ix->rows[a];
		ix->rows[a] = ix->rows[b];
		ix->rows[b] = e;
	}
	return 0;
}

/* One INDEX block's payload; *out is the caller's to free. */
static int index_block(struct input *in, uint64_t offset, struct block *b, uint8_t **out)
{
	uint8_t header[BLOCK_HEADER], *bytes;
	size_t size;
	int rc = input_read(in, offset, header, sizeof(header));

	if (rc || block_decode(b, header) || b->type != BLOCK_TYPE_INDEX)
		return rc ? rc : -EBADMSG;
	size = block_size(b->stored_len);
	bytes = malloc(size);
	*out = malloc((size_t)b->raw_len + 1);
	if (!bytes || !*out)
		rc = -ENOMEM;
	else
		rc = input_read(in, offset, bytes, size);
	if (!rc && (block_check(b, bytes) || block_inflate(b, bytes, *out)))
		rc = -EBADMSG;
	free(bytes);
	if (rc) {
		free(*out);
		*out = NULL;
	}
	return rc;
}

int index_read(struct capture_index *ix, struct directory *d, struct input *in, uint64_t offset)
{
	uint64_t end = in->size - BLOCK_FOOTER, first = offset, previous = offset;
	struct capture_entry e;
	uint8_t *payload;
	struct block b;
	int rc;

	do {
		offset = previous;
		rc = index_block(in, offset, &b, &payload);
		if (rc)
			return rc;
		/* The last one ends at the footer, each other one where the next one's rows say that it does. */
		if (!ix->n && offset + block_size(b.stored_len) != end)
			rc = -EBADMSG;
		else if (!ix->n)
			rc = index_add(ix, &b, offset, NULL, 0);
		if (!rc)
			rc = index_take(ix, d, wire_of(payload, b.raw_len), offset, &first, &previous);
		free(payload);
		/* An index lists the INDEX block before it as its first row. */
		if (!rc && first != previous)
			rc = -EBADMSG;
	} while (!rc && previous);
	for (size_t a = 0, z = ix->n ? ix->n - 1 : 0; !rc && a < z; a++, z--) {
		e = ix->rows[a];
		ix->rows[a] = ix->rows[z];
		ix->rows[z] = e;
	}
	return rc;
}
