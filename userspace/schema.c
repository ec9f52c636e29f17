// SPDX-License-Identifier: Apache-2.0
#include "schema.h"

#include <errno.h>
#include <string.h>

#include "text.h"

enum rec_kind {
	REC_U64,
	REC_U32,
	REC_I32,
	REC_BOOL,
	REC_COMM,
	REC_TEXT,
	REC_PATH,
	REC_MSG
};

struct rec_layout;

/* Which bytes of a struct hold which field of its message. */
struct rec_field {
	enum rec_kind kind;
	uint16_t index;  /* in the message's descriptor */
	uint16_t offset; /* in the struct */
	const struct rec_layout *sub;
};

struct rec_layout {
	const struct rec_field *fields;
	unsigned int n;
	size_t size;
};

struct rec_type {
	uint16_t arm; /* index of the payload's field in Event */
	const struct rec_layout *body;
};

#define REC_TYPE_FIRST 100

#include "schema.gen.c"

static const struct rec_type *type_of(unsigned int type)
{
	unsigned int i = type - REC_TYPE_FIRST;

	if (type < REC_TYPE_FIRST || i >= sizeof(rec_types) / sizeof(rec_types[0]) || !rec_types[i].body)
		return NULL;
	return &rec_types[i];
}

static int check_strings(const struct wd_record *r, const void *part, const struct rec_layout *l)
{
	for (unsigned int i = 0; i < l->n; i++) {
		const struct rec_field *f = &l->fields[i];
		const char *at = (const char *)part + f->offset;
		struct wd_str s;

		if (f->kind == REC_MSG && check_strings(r, at, f->sub))
			return -EBADMSG;
		if (f->kind != REC_TEXT && f->kind != REC_PATH)
			continue;
		memcpy(&s, at, sizeof(s));
		if ((uint32_t)s.off + (s.len & ~WD_STR_CUT) > r->len)
			return -EBADMSG;
	}
	return 0;
}

int schema_check(const void *bytes, size_t len)
{
	const struct wd_record *r = bytes;
	const struct rec_type *t;

	if (len < sizeof(*r) || r->len < sizeof(*r) || r->len > len)
		return -EBADMSG;
	t = type_of(r->type);
	if (!t || r->len < sizeof(*r) + t->body->size)
		return -EBADMSG;
	if (r->owner_kind > WD_OWNER_UNKNOWN || r->outcome > WD_DENIED)
		return -EBADMSG;
	return check_strings(r, &r->actor, rec_process) ? -EBADMSG : check_strings(r, schema_body(r), t->body);
}

const char *schema_bytes(const struct wd_record *r, const struct wd_str *s, size_t *len)
{
	*len = s->len & ~WD_STR_CUT;
	return *len ? (const char *)r + s->off : NULL;
}

/*
 * The kernel writes components leaf first, each with a NUL: they are laid from the end of `out`, and moved to its start. What
 * does not fit is the root's end, as it is where the kernel cut.
 */
size_t schema_path(const struct wd_record *r, const struct wd_str *s, char *out, size_t size)
{
	bool cut = s->len & WD_STR_CUT;
	size_t len, at = size - 1, n;
	const char *p = schema_bytes(r, s, &len);

	if (!s->off) {
		out[0] = '\0';
		return 0;
	}
	while (len) {
		n = strnlen(p, len);
		if (n + 1 > at) {
			memcpy(out, p + n - at, at);
			at = 0;
			cut = true;
			break;
		}
		at -= n + 1;
		out[at] = '/';
		memcpy(out + at + 1, p, n);
		p += n < len ? n + 1 : n;
		len -= n < len ? n + 1 : n;
	}
	if (at == size - 1 && at)
		out[--at] = '/'; /* the root itself */
	if (cut) {
		at = at > 3 ? at - 3 : 0;
		memcpy(out + at, "...", size - 1 < 3 ? size - 1 : 3);
	}
	n = size - 1 - at;
	memmove(out, out + at, n);
	out[n] = '\0';
	return n;
}

/* Text and Path have the same three fields; protobuf-c lays them out the same. */
_Static_assert(sizeof(Warder__V1__Text) == sizeof(Warder__V1__Path), "text_message serves both");

static void *text_message(const struct wd_record *r, const struct wd_str *s, bool path, struct arena *a)
{
	size_t len, cap;
	const char *p = schema_bytes(r, s, &len);
	Warder__V1__Text *t;
	char *copy;

	if (!s->off)
		return NULL; /* the kernel had none */
	t = arena_alloc(a, sizeof(*t));
	cap = len + 8;
	copy = arena_alloc(a, cap);
	if (!t || !copy)
		return NULL;
	protobuf_c_message_init(path ? &warder__v1__path__descriptor : &warder__v1__text__descriptor, t);
	if (path)
		len = schema_path(r, &(struct wd_str){s->off, len}, copy, cap);
	else {
		while (len && !p[len - 1])
			len--;
		for (size_t i = 0; i < len; i++)
			copy[i] = p[i] ? p[i] : i ? ' ' : '@';
	}
	t->truncated = !!(s->len & WD_STR_CUT);
	text_fill(copy, len, t->truncated && !path, &t->utf8, &t->raw.data, &t->raw.len);
	return t;
}

static ProtobufCMessage *message(const struct wd_record *r, const void *part, const struct rec_layout *l,
				 const ProtobufCMessageDescriptor *d, struct arena *a)
{
	ProtobufCMessage *m = arena_alloc(a, d->sizeof_message);

	if (!m)
		return NULL;
	protobuf_c_message_init(d, m);
	for (unsigned int i = 0; i < l->n; i++) {
		const struct rec_field *f = &l->fields[i];
		const ProtobufCFieldDescriptor *fd = &d->fields[f->index];
		const char *from = (const char *)part + f->offset;
		char *to = (char *)m + fd->offset, *comm;
		struct wd_str s;

		switch (f->kind) {
		case REC_U64:
			memcpy(to, from, 8);
			break;
		case REC_U32:
		case REC_I32:
			memcpy(to, from, 4);
			break;
		case REC_BOOL:
			*(protobuf_c_boolean *)to = *from != 0;
			break;
		case REC_COMM:
			comm = arena_alloc(a, 4 * 16 + 1);
			if (!comm)
				return NULL;
			text_sanitise(comm, 4 * 16 + 1, from, strnlen(from, 16));
			*(char **)to = comm;
			break;
		case REC_TEXT:
		case REC_PATH:
			memcpy(&s, from, sizeof(s));
			*(void **)to = text_message(r, &s, f->kind == REC_PATH, a);
			if (s.off && !*(void **)to)
				return NULL;
			break;
		case REC_MSG:
			*(void **)to = message(r, from, f->sub, fd->descriptor, a);
			if (!*(void **)to)
				return NULL;
			break;
		}
	}
	return m;
}

int schema_payload(const struct wd_record *r, struct arena *a, Warder__V1__Event *e)
{
	const struct rec_type *t = type_of(r->type);
	const ProtobufCFieldDescriptor *arm = &warder__v1__event__descriptor.fields[t->arm];
	ProtobufCMessage *m = message(r, schema_body(r), t->body, arm->descriptor, a);

	if (!m)
		return -ENOMEM;
	*(ProtobufCMessage **)((char *)e + arm->offset) = m;
	e->payload_case = r->type;
	e->type = r->type;
	return 0;
}

Warder__V1__Process *schema_process(const struct wd_record *r, const struct wd_process *p, struct arena *a)
{
	return (void *)message(r, p, rec_process, &warder__v1__process__descriptor, a);
}

const char *schema_type_name(unsigned int type)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(&warder__v1__event_type__descriptor, (int)type);

	return v ? v->name : "UNKNOWN";
}
