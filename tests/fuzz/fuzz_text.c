// SPDX-License-Identifier: Apache-2.0
/* Any bytes through the text functions, and as an Event through the JSON and the frame: what comes out must be well-formed. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "json.h"
#include "text.h"
#include "warder/v1/event.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_escaped(const uint8_t *data, size_t size, size_t room)
{
	char *out = malloc(room), *again = malloc(4 * size + 1);
	size_t n, i, len;
	uint32_t cp;

	n = text_sanitise(out, room, data, size);
	must(n < room && !out[n] && text_is_utf8(out, n));
	if (room > size && text_is_utf8(data, size))
		must(n == size && !memcmp(out, data, n));
	n = text_quote(out, room, data, size, "|\"");
	must(n < room && !out[n]);
	for (i = 0; i < n; i += len) {
		len = text_char(out + i, n - i, &cp);
		must(len && text_is_printable(cp) && cp != '|' && cp != '"');
	}
	if (room == 4 * size + 1) {
		must(text_quote(again, room, out, n, "|\"") == n);
		must(!memcmp(again, out, n));
	}
	free(out);
	free(again);
}

static void check_fill(const uint8_t *data, size_t size, bool cut)
{
	char *copy = malloc(size + 1), *utf8;
	size_t raw_len;
	uint8_t *raw;

	memcpy(copy, data, size);
	copy[size] = '\0';
	text_fill(copy, size, cut, &utf8, &raw, &raw_len);
	must(raw_len ? !*utf8 && raw_len == size && !memcmp(raw, data, size) : text_is_utf8(utf8, strlen(utf8)));
	must(raw_len || (strlen(utf8) <= size && strlen(utf8) + (cut ? 3 : 0) >= size));
	free(copy);
}

static bool has_field_0(const ProtobufCMessage *m)
{
	const ProtobufCFieldDescriptor *f;
	const char *base = (const char *)m;
	ProtobufCMessage *const *at;
	unsigned int i;
	size_t n;

	for (i = 0; i < m->n_unknown_fields; i++)
		if (!m->unknown_fields[i].tag)
			return true;
	for (i = 0; i < m->descriptor->n_fields; i++) {
		f = &m->descriptor->fields[i];
		if (f->type != PROTOBUF_C_TYPE_MESSAGE ||
		    ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && *(const uint32_t *)(base + f->quantifier_offset) != f->id))
			continue;
		n = f->label == PROTOBUF_C_LABEL_REPEATED ? *(const size_t *)(base + f->quantifier_offset) : 1;
		at = f->label == PROTOBUF_C_LABEL_REPEATED ? *(ProtobufCMessage * *const *)(base + f->offset)
							   : (ProtobufCMessage *const *)(base + f->offset);
		for (; n; n--, at++)
			if (*at && has_field_0(*at))
				return true;
	}
	return false;
}

static void check_event(const uint8_t *data, size_t size)
{
	static char line[4 << 20];
	static uint8_t frame[4 << 20];
	Warder__V1__Event *e = warder__v1__event__unpack(NULL, size, data), *back;
	json_t *parsed;
	size_t head = 0;
	ssize_t n;

	if (!e)
		return;
	n = json_line(&e->base, line, sizeof(line));
	must(n > 0 && line[n - 1] == '\n' && !memchr(line, '\n', (size_t)n - 1) && text_is_utf8(line, (size_t)n));
	parsed = json_loadb(line, (size_t)n, JSON_REJECT_DUPLICATES, NULL);
	must(parsed);
	json_decref(parsed);
	/*
	 * protobuf-c takes a field number 0 in an overlong form, keeps it as an unknown field, packs it in the short form, and
	 * refuses that. Events that warder made have no unknown fields.
	 */
	n = frame_pack(&e->base, frame, sizeof(frame));
	must(n > 0 || n == -ENOMEM);
	while (n > 0 && frame[head++] & 128)
		;
	back = n > 0 ? warder__v1__event__unpack(NULL, (size_t)n - head, frame + head) : NULL;
	must(back || has_field_0(&e->base));
	if (back) {
		must(frame_pack(&back->base, frame, sizeof(frame)) == n);
		warder__v1__event__free_unpacked(back, NULL);
	}
	warder__v1__event__free_unpacked(e, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t room;

	for (room = 1; room < 20; room++)
		check_escaped(data, size, room);
	check_escaped(data, size, 4 * size + 1);
	check_fill(data, size, false);
	check_fill(data, size, true);
	check_event(data, size);
	return 0;
}
