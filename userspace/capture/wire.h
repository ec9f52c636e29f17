/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_CAPTURE_WIRE_H
#define WARDER_CAPTURE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Protobuf's wire format, as far as it takes to find a few fields of a message without unpacking it. Nothing is copied: what is
 * found lies in the caller's bytes.
 */
struct wire {
	const uint8_t *at, *end;
};

struct wire_field {
	uint32_t tag;
	uint64_t number; /* of a varint, fixed64 or fixed32 */
	struct wire sub; /* of a length-delimited field */
};

static inline struct wire wire_of(const void *bytes, size_t n)
{
	return (struct wire){.at = bytes, .end = (const uint8_t *)bytes + n};
}

static inline bool wire_varint(struct wire *w, uint64_t *out)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; shift < 70 && w->at < w->end; shift += 7) {
		uint8_t b = *w->at++;

		if (shift < 64)
			v |= (uint64_t)(b & 127) << shift;
		if (!(b & 128)) {
			*out = v;
			return true;
		}
	}
	return false;
}

/* Bytes of a known length; false where there are fewer. */
static inline bool wire_bytes(struct wire *w, uint64_t n, struct wire *out)
{
	if (n > (uint64_t)(w->end - w->at))
		return false;
	*out = wire_of(w->at, (size_t)n);
	w->at += n;
	return true;
}

/* The next field. 1; 0: there is none; -1: these bytes are no message. */
static inline int wire_next(struct wire *w, struct wire_field *f)
{
	static const uint8_t fixed[8] = {[1] = 8, [5] = 4};
	uint64_t key;

	if (w->at == w->end)
		return 0;
	if (!wire_varint(w, &key) || key >> 3 == 0 || key >> 3 > 0x1fffffff)
		return -1;
	*f = (struct wire_field){.tag = (uint32_t)(key >> 3)};
	switch (key & 7) {
	case 0:
		return wire_varint(w, &f->number) ? 1 : -1;
	case 2:
		return wire_varint(w, &f->number) && wire_bytes(w, f->number, &f->sub) ? 1 : -1;
	case 1:
	case 5:
		if (!wire_bytes(w, fixed[key & 7], &f->sub))
			return -1;
		memcpy(&f->number, f->sub.at, fixed[key & 7]); /* little-endian, as all machines that this is built for */
		return 1;
	default:
		return -1; /* groups are proto2's */
	}
}

#endif
