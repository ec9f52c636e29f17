// SPDX-License-Identifier: Apache-2.0
#include "capture/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SEEK_CHUNK = 64 << 10,
	MAGIC = 8,
};

int scan_open(struct scan *s, struct input *in, bool whole)
{
	uint8_t footer[BLOCK_FOOTER];

	*s = (struct scan){.in = in, .end = in->size, .whole = whole};
	/* No block is longer than the file. */
	s->bytes = malloc(in->size < block_size(BLOCK_STORED_MAX) ? (size_t)in->size + 1 : block_size(BLOCK_STORED_MAX));
	if (!s->bytes)
		return -ENOMEM;
	if (in->size >= BLOCK_FOOTER && !input_read(in, in->size - BLOCK_FOOTER, footer, sizeof(footer)))
		s->footer = block_footer_decode(footer, &s->index_offset);
	if (s->footer)
		s->end -= BLOCK_FOOTER;
	return 0;
}

void scan_close(struct scan *s)
{
	free(s->bytes);
	s->bytes = NULL;
}

/* Of a block with a good header: its end, or all of it. */
static int scan_check(struct scan *s, struct scan_step *step)
{
	uint8_t *end = s->bytes + step->length - BLOCK_TRAILER;
	uint64_t said = 0;
	int rc;

	if (!s->whole) {
		rc = input_read(s->in, step->offset + step->length - BLOCK_TRAILER, end, BLOCK_TRAILER);
		for (int i = BLOCK_TRAILER; !rc && i--;)
			said = said << 8 | end[i];
		if (rc || said == step->length)
			return rc;
	}
	/* An end that is wrong tells that bytes are missing, or only that it was hit itself: the payload's checksum decides. */
	rc = input_read(s->in, step->offset, s->bytes, (size_t)step->length);
	if (!rc)
		step->fault = block_check(&step->block, s->bytes);
	return rc;
}

/* Whether a block begins at step->offset. */
static int scan_try(struct scan *s, struct scan_step *step)
{
	uint8_t header[BLOCK_HEADER];
	uint64_t left = s->end - step->offset;
	int rc;

	step->found = false;
	step->fault = BLOCK_CUT;
	if (left < BLOCK_HEADER) {
		rc = input_read(s->in, step->offset, header, left < MAGIC ? (size_t)left : MAGIC);
		if (!rc && (left < MAGIC || block_seek(header, MAGIC)))
			step->fault = BLOCK_NO_MAGIC;
		return rc;
	}
	rc = input_read(s->in, step->offset, header, sizeof(header));
	if (rc)
		return rc;
	step->fault = block_decode(&step->block, header);
	if (step->fault)
		return 0;
	step->length = block_size(step->block.stored_len);
	if (step->length > left)
		step->fault = BLOCK_CUT;
	else if (s->have_id && memcmp(s->id, step->block.file_id, BLOCK_ID))
		step->fault = BLOCK_FOREIGN;
	else
		rc = scan_check(s, step);
	step->found = !rc && (!step->fault || step->fault == BLOCK_BAD_END);
	return rc;
}

/* Where the next magic is, from `at` on; s->end where there is none. */
static int scan_seek(struct scan *s, uint64_t at, uint64_t *out)
{
	uint8_t chunk[SEEK_CHUNK];
	size_t n, hit;
	int rc;

	for (; at + MAGIC <= s->end; at += n - MAGIC + 1) {
		n = s->end - at < sizeof(chunk) ? (size_t)(s->end - at) : sizeof(chunk);
		rc = input_read(s->in, at, chunk, n);
		if (rc)
			return rc;
		hit = block_seek(chunk, n);
		if (hit < n) {
			*out = at + hit;
			return 0;
		}
	}
	*out = s->end;
	return 0;
}

int scan_next(struct scan *s, struct scan_step *out)
{
	struct scan_step next;
	int rc;

	if (s->at >= s->end)
		return 0;
	*out = (struct scan_step){.offset = s->at};
	rc = scan_try(s, out);
	if (rc)
		return rc;
	if (out->found) {
		memcpy(s->id, out->block.file_id, BLOCK_ID);
		s->have_id = true;
		s->at += out->length;
		return 1;
	}
	next = *out;
	do {
		rc = scan_seek(s, next.offset + 1, &next.offset);
		if (!rc && next.offset < s->end)
			rc = scan_try(s, &next);
	} while (!rc && next.offset < s->end && !next.found);
	out->length = next.offset - out->offset;
	s->at = next.offset;
	return rc ? rc : 1;
}
