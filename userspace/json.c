// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "google/protobuf/timestamp.pb-c.h"
#include "text.h"

enum {
	DEPTH_MAX = 32,
};

static json_t *json_message(const ProtobufCMessage *m, int depth);

static json_t *json_text(const char *s)
{
	size_t n;
	json_t *j;
	char *clean;

	if (!s)
		s = "";
	n = strlen(s);
	if (text_is_utf8(s, n))
		return json_stringn_nocheck(s, n);
	clean = text_sanitised(s);
	j = clean ? json_string_nocheck(clean) : NULL;
	free(clean);
	return j;
}

static json_t *json_base64(const ProtobufCBinaryData *b)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *out = malloc(b->len / 3 * 4 + 5), *p = out;
	size_t i, k, left;
	uint32_t group;
	json_t *j;

	if (!out)
		return NULL;
	for (i = 0; i < b->len; i += 3) {
		left = b->len - i;
		group = (uint32_t)b->data[i] << 16;
		group |= left > 1 ? (uint32_t)b->data[i + 1] << 8 : 0;
		group |= left > 2 ? b->data[i + 2] : 0;
		for (k = 0; k < 4; k++)
			*p++ = k <= left ? digit[group >> (18 - 6 * k) & 63] : '=';
	}
	j = json_stringn_nocheck(out, (size_t)(p - out));
	free(out);
	return j;
}

static json_t *json_time(const ProtobufCMessage *m)
{
	static const int64_t first = -62135596800, last = 253402300799; /* the years 1 and 9999 */
	const Google__Protobuf__Timestamp *t = (const void *)m;
	int64_t s = t->seconds < first ? first : t->seconds > last ? last : t->seconds;
	int32_t ns = t->nanos < 0 ? 0 : t->nanos > 999999999 ? 999999999 : t->nanos;
	char frac[16] = "", out[64];
	time_t when = (time_t)s;
	struct tm tm;

	gmtime_r(&when, &tm);
	if (ns % 1000)
		snprintf(frac, sizeof(frac), ".%09d", ns);
	else if (ns % 1000000)
		snprintf(frac, sizeof(frac), ".%06d", ns / 1000);
	else if (ns)
		snprintf(frac, sizeof(frac), ".%03d", ns / 1000000);
	snprintf(out, sizeof(out), "%04d-%02d-%02dT%02d:%02d:%02d%sZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		 tm.tm_min, tm.tm_sec, frac);
	return json_string_nocheck(out);
}

static json_t *json_i64(int64_t v)
{
	char out[24];

	snprintf(out, sizeof(out), "%" PRId64, v);
	return json_string_nocheck(out);
}

static json_t *json_u64(uint64_t v)
{
	char out[24];

	snprintf(out, sizeof(out), "%" PRIu64, v);
	return json_string_nocheck(out);
}

static json_t *json_number(double v)
{
	if (isfinite(v))
		return json_real(v);
	return json_string_nocheck(isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity");
}

static json_t *json_enum(const ProtobufCEnumDescriptor *d, int v)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(d, v);

	return value ? json_string_nocheck(value->name) : json_integer(v);
}

/* The value at `p`: a field, or one element of a repeated field. */
static json_t *json_value(const ProtobufCFieldDescriptor *f, const void *p, int depth)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		return json_integer(*(const int32_t *)p);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return json_integer(*(const uint32_t *)p);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return json_i64(*(const int64_t *)p);
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return json_u64(*(const uint64_t *)p);
	case PROTOBUF_C_TYPE_FLOAT:
		return json_number((double)*(const float *)p);
	case PROTOBUF_C_TYPE_DOUBLE:
		return json_number(*(const double *)p);
	case PROTOBUF_C_TYPE_BOOL:
		return json_boolean(*(const protobuf_c_boolean *)p);
	case PROTOBUF_C_TYPE_ENUM:
		return json_enum(f->descriptor, *(const int *)p);
	case PROTOBUF_C_TYPE_STRING:
		return json_text(*(const char *const *)p);
	case PROTOBUF_C_TYPE_BYTES:
		return json_base64(p);
	case PROTOBUF_C_TYPE_MESSAGE:
		return json_message(*(const ProtobufCMessage *const *)p, depth);
	}
	return NULL;
}

/* The size of an element of a repeated field. */
static size_t json_stride(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default:
		return 4;
	}
}

static json_t *json_repeated(const ProtobufCFieldDescriptor *f, const char *elements, size_t n, int depth)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; array && i < n; i++) {
		if (json_array_append_new(array, json_value(f, elements + i * json_stride(f->type), depth))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* Whether the mapping shows the field: it is the set arm of its oneof, or not at its default. */
static bool json_is_set(const ProtobufCFieldDescriptor *f, const char *m)
{
	static const char zero[8];
	const char *p = m + f->offset;

	if (f->type == PROTOBUF_C_TYPE_MESSAGE && !*(const void *const *)p)
		return false;
	if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return *(const uint32_t *)(m + f->quantifier_offset) == f->id;
	switch (f->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		return true;
	case PROTOBUF_C_TYPE_STRING:
		return *(const char *const *)p && **(const char *const *)p;
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)p)->len;
	default:
		return memcmp(p, zero, json_stride(f->type)) != 0;
	}
}

static json_t *json_message(const ProtobufCMessage *m, int depth)
{
	const ProtobufCFieldDescriptor *f;
	json_t *object, *value;
	const char *base = (const char *)m;
	unsigned int i;
	size_t n;

	if (depth > DEPTH_MAX || !m)
		return NULL;
	if (m->descriptor == &google__protobuf__timestamp__descriptor)
		return json_time(m);
	object = json_object();
	for (i = 0; object && i < m->descriptor->n_fields; i++) {
		f = &m->descriptor->fields[i];
		if (f->label == PROTOBUF_C_LABEL_REPEATED) {
			n = *(const size_t *)(base + f->quantifier_offset);
			if (!n)
				continue;
			value = json_repeated(f, *(const char *const *)(base + f->offset), n, depth + 1);
		} else {
			if (!json_is_set(f, base))
				continue;
			value = json_value(f, base + f->offset, depth + 1);
		}
		if (json_object_set_new_nocheck(object, f->name, value)) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

json_t *json_from_message(const ProtobufCMessage *m)
{
	return json_message(m, 0);
}

ssize_t json_line(const ProtobufCMessage *m, char *out, size_t size)
{
	json_t *j = json_from_message(m);
	size_t n;

	if (!j)
		return -ENOMEM;
	n = json_dumpb(j, out, size, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
	json_decref(j);
	if (!n || n >= size)
		return -EMSGSIZE;
	out[n] = '\n';
	return (ssize_t)(n + 1);
}
