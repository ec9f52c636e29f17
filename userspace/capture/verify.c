// SPDX-License-Identifier: Apache-2.0
#include "capture/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/index.h"
#include "capture/mark.h"
#include "capture/scan.h"
#include "capture/wire.h"

struct verify {
	struct input *in;
	struct scan scan;
	struct verify_result *r;
	const uint8_t *head; /* that is looked for */
	void (*fn)(void *ctx, const struct verify_fault *f);
	void *ctx;
	uint64_t next;             /* number of the next block */
	bool gap;                  /* what was before is damaged: nothing can be said of the chain there */
	bool last_index;           /* the last block is an index */
	struct capture_index seen; /* of the blocks, to be compared with the file's own */
	uint8_t *raw;              /* of raw_room bytes, as many as the largest payload so far has */
	size_t raw_room;
};

__attribute__((format(printf, 5, 6))) static void tell(struct verify *v, enum verify_kind kind, uint64_t offset,
						       uint64_t length, const char *fmt, ...)
{
	struct verify_fault f = {kind, offset, length, ""};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f.what, sizeof(f.what), fmt, ap);
	va_end(ap);
	v->r->faults[kind]++;
	if (v->fn)
		v->fn(v->ctx, &f);
}

/* Room for a block's payload. */
static int verify_room(struct verify *v, const struct block *b)
{
	uint8_t *raw;

	if (b->raw_len < v->raw_room)
		return 0;
	raw = realloc(v->raw, (size_t)b->raw_len + 1);
	if (!raw)
		return -ENOMEM;
	v->raw = raw;
	v->raw_room = (size_t)b->raw_len + 1;
	return 0;
}

/* What a block holds is what its header says. */
static bool verify_content(struct verify *v, const struct block *b)
{
	uint64_t len, first = UINT64_MAX, last = 0;
	struct capture_mark m;
	struct wire in, event;

	if (block_inflate(b, v->scan.bytes, v->raw))
		return false;
	if (b->type == BLOCK_TYPE_HEADER && !v->r->meta) {
		v->r->meta = warder__v1__capture_header__unpack(NULL, b->raw_len, v->raw);
		return v->r->meta != NULL;
	}
	if (b->type != BLOCK_TYPE_EVENTS && b->type != BLOCK_TYPE_LOST)
		return true;
	in = wire_of(v->raw, b->raw_len);
	for (uint32_t i = 0; i < b->records; i++) {
		if (!wire_varint(&in, &len) || !wire_bytes(&in, len, &event) || capture_mark_read(event.at, (size_t)len, &m))
			return false;
		first = m.seq < first ? m.seq : first;
		last = m.seq > last ? m.seq : last;
	}
	v->r->records += b->records;
	return in.at == in.end && (!b->records || (first == b->seq_first && last == b->seq_last));
}

static void verify_order(struct verify *v, const struct scan_step *s)
{
	const struct block *b = &s->block;
	bool chained = !memcmp(b->prev, v->r->head, BLOCK_HASH);

	if (!v->r->blocks) {
		memcpy(v->r->file_id, b->file_id, BLOCK_ID);
		memcpy(v->r->first, b->prev, BLOCK_HASH);
		if (b->number && !v->gap)
			tell(v, VERIFY_TAMPERED, s->offset, s->length,
			     "the first %" PRIu64 " blocks are missing: it begins with block %" PRIu64, b->number, b->number);
	} else if (b->number < v->next) {
		tell(v, VERIFY_TAMPERED, s->offset, s->length,
		     "block %" PRIu64 " stands where block %" PRIu64 " belongs: blocks were doubled or put into another order",
		     b->number, v->next);
	} else if (v->gap) {
		return; /* told already */
	} else if (b->number > v->next) {
		tell(v, VERIFY_TAMPERED, s->offset, s->length,
		     "%" PRIu64 " blocks were taken out: block %" PRIu64 " follows on %" PRIu64, b->number - v->next, b->number,
		     v->next - 1);
	} else if (!chained) {
		tell(v, VERIFY_TAMPERED, s->offset, s->length,
		     "block %" PRIu64 " or the one before it was changed after it was written: it continues another one",
		     b->number);
	}
}

static int verify_block(struct verify *v, const struct scan_step *s)
{
	const struct block *b = &s->block;

	if (s->fault)
		tell(v, VERIFY_DAMAGED, s->offset, s->length, "block %" PRIu64 ": %s; nothing in it is lost", b->number,
		     block_fault_name(s->fault));
	verify_order(v, s);
	block_hash(b, v->scan.bytes, v->r->head);
	if (v->head && !memcmp(v->head, v->r->head, BLOCK_HASH)) {
		v->r->head_found = true;
		v->r->head_number = b->number;
	}
	if (verify_room(v, b))
		return -ENOMEM;
	if (!verify_content(v, b))
		tell(v, VERIFY_TAMPERED, s->offset, s->length, "block %" PRIu64 ": %s", b->number,
		     block_fault_name(BLOCK_BAD_CONTENT));
	v->r->blocks++;
	v->gap = false;
	v->next = b->number + 1;
	v->last_index = b->type == BLOCK_TYPE_INDEX;
	return index_add(&v->seen, b, s->offset, NULL, 0);
}

static void verify_hole(struct verify *v, const struct scan_step *s)
{
	if (s->fault == BLOCK_FOREIGN)
		tell(v, VERIFY_TAMPERED, s->offset, s->length, "a block of another capture was put in here");
	else
		tell(v, VERIFY_DAMAGED, s->offset, s->length, "%" PRIu64 " bytes are no block: %s", s->length,
		     block_fault_name(s->fault));
	v->gap = true;
}

/* The index tells readers what they need not read: one that leaves something out hides it. */
static void verify_index(struct verify *v)
{
	struct capture_index ix = {0};
	struct directory d = {0};
	int rc;

	if (!v->scan.footer) {
		if (!v->gap || v->last_index)
			tell(v, VERIFY_OPEN, v->in->size, 0,
			     "it was never closed: its writer was killed or still writes, or the end was cut off between two blocks");
		return;
	}
	rc = index_read(&ix, &d, v->in, v->scan.index_offset);
	if (rc == -EBADMSG || rc == -EIO) {
		tell(v, v->r->faults[VERIFY_DAMAGED] ? VERIFY_DAMAGED : VERIFY_TAMPERED, v->scan.index_offset, 0,
		     "the index does not fit the file");
	} else if (!rc && !v->r->faults[VERIFY_DAMAGED]) {
		bool same = ix.n == v->seen.n;

		for (size_t i = 0; same && i < ix.n; i++) {
			const struct capture_entry *a = &ix.rows[i], *b = &v->seen.rows[i];

			same = a->offset == b->offset && a->length == b->length && a->type == b->type &&
			       a->records == b->records && a->seq_first == b->seq_first && a->seq_last == b->seq_last &&
			       a->time_first == b->time_first && a->time_last == b->time_last && a->severity == b->severity;
		}
		if (!same)
			tell(v, VERIFY_TAMPERED, v->scan.index_offset, 0, "the index says something else than the blocks do");
	}
	index_destroy(&ix);
	directory_destroy(&d);
}

int capture_verify(struct input *in, const uint8_t *head, void (*fn)(void *ctx, const struct verify_fault *f), void *ctx,
		   struct verify_result *out)
{
	struct verify v = {.in = in, .r = out, .head = head, .fn = fn, .ctx = ctx};
	struct scan_step step;
	int rc, more = 0;

	*out = (struct verify_result){.size = in->size};
	rc = scan_open(&v.scan, in, true);
	while (!rc && (more = scan_next(&v.scan, &step)) > 0)
		if (step.found)
			rc = verify_block(&v, &step);
		else
			verify_hole(&v, &step);
	rc = rc ? rc : more;
	if (!rc && !out->blocks)
		tell(&v, VERIFY_DAMAGED, 0, in->size, "there is not one whole block in it");
	else if (!rc)
		verify_index(&v);
	scan_close(&v.scan);
	index_destroy(&v.seen);
	free(v.raw);
	return rc;
}

void verify_destroy(struct verify_result *r)
{
	if (r->meta)
		warder__v1__capture_header__free_unpacked(r->meta, NULL);
	r->meta = NULL;
}

int verify_continues(const struct verify_result *r, const struct verify_result *next)
{
	const ProtobufCBinaryData *id = next->meta ? &next->meta->previous_id : NULL;

	if (!id || id->len != BLOCK_ID || memcmp(id->data, r->file_id, BLOCK_ID))
		return 0;
	return memcmp(next->first, r->head, BLOCK_HASH) ? -1 : 1;
}
