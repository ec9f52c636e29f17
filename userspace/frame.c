// SPDX-License-Identifier: Apache-2.0
#include "frame.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Makes a string valid, or only tells whether it is (`fix` false). */
static bool frame_string(char **s, const void *unset, bool fix)
{
	char *clean;

	if (!*s || *s == unset || text_is_utf8(*s, strlen(*s)))
		return true;
	if (!fix)
		return false;
	clean = text_sanitised(*s);
	if (!clean)
		return false;
	free(*s);
	*s = clean;
	return true;
}

/* Every string in a message and in those within it. With `fix`, the message is one that protobuf-c unpacked. */
static bool frame_strings(ProtobufCMessage *m, bool fix)
{
	const ProtobufCFieldDescriptor *f;
	bool many, ok = true;
	unsigned int i;
	char *base = (char *)m;
	void **at;
	size_t n, k;

	for (i = 0; ok && i < m->descriptor->n_fields; i++) {
		f = &m->descriptor->fields[i];
		if (f->type != PROTOBUF_C_TYPE_STRING && f->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && *(uint32_t *)(base + f->quantifier_offset) != f->id)
			continue;
		many = f->label == PROTOBUF_C_LABEL_REPEATED;
		n = many ? *(size_t *)(base + f->quantifier_offset) : 1;
		at = many ? *(void ***)(base + f->offset) : (void **)(base + f->offset);
		for (k = 0; ok && k < n; k++) {
			if (f->type == PROTOBUF_C_TYPE_STRING)
				ok = frame_string((char **)&at[k], f->default_value, fix);
			else if (at[k])
				ok = frame_strings(at[k], fix);
		}
	}
	return ok;
}

size_t frame_head(uint8_t *out, size_t n)
{
	size_t head = 0;

	for (; n > 127; n >>= 7)
		out[head++] = (uint8_t)(n | 128);
	out[head++] = (uint8_t)n;
	return head;
}

int frame_read_head(FILE *in, size_t max, size_t *len)
{
	*len = 0;
	for (unsigned int shift = 0; shift < 28; shift += 7) {
		int c = getc(in);

		if (c == EOF)
			return shift || ferror(in) ? -EBADMSG : 0;
		*len |= (size_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return *len <= max ? 1 : -EBADMSG;
	}
	return -EBADMSG;
}

static ssize_t frame_pack_valid(const ProtobufCMessage *m, uint8_t *out, size_t size)
{
	size_t n = protobuf_c_message_get_packed_size(m), head;
	uint8_t length[FRAME_HEAD];

	head = frame_head(length, n);
	if (n > size || head > size - n)
		return -EMSGSIZE;
	memcpy(out, length, head);
	return (ssize_t)(head + protobuf_c_message_pack(m, out + head));
}

/* The event is the caller's and stays as it is: a copy is made by packing it, and the copy's strings are sanitised. */
static ssize_t frame_pack_fixed(const ProtobufCMessage *m, uint8_t *out, size_t size)
{
	size_t n = protobuf_c_message_get_packed_size(m);
	ProtobufCMessage *copy;
	ssize_t ret;

	if (n > size)
		return -EMSGSIZE;
	protobuf_c_message_pack(m, out);
	copy = protobuf_c_message_unpack(m->descriptor, NULL, n, out);
	if (!copy)
		return -ENOMEM;
	ret = frame_strings(copy, true) ? frame_pack_valid(copy, out, size) : -ENOMEM;
	protobuf_c_message_free_unpacked(copy, NULL);
	return ret;
}

ssize_t frame_pack(const ProtobufCMessage *m, void *out, size_t size)
{
	/* Without `fix` nothing is written through the pointer. */
	return frame_strings((ProtobufCMessage *)m, false) ? frame_pack_valid(m, out, size) : frame_pack_fixed(m, out, size);
}
