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
	/* What findings hang on is kept as it was: where a NUL stood is not to be told from the text. */
	if (!path && r->critical && len && memchr(p, 0, len)) {
		t->raw.len = s->len & ~WD_STR_CUT;
		t->raw.data = arena_alloc(a, t->raw.len);
		if (!t->raw.data)
			return NULL;
		memcpy(t->raw.data, p, t->raw.len);
	}
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

/* A record that is made of a message again: strings are added behind what there is. */
struct remake {
	struct wd_record *r;
	size_t size;
};

static char *remake_room(struct remake *m, size_t n, bool cut, struct wd_str *s)
{
	char *at = (char *)m->r + m->r->len;

	if (n >= WD_STR_CUT || m->r->len + n > m->size || m->r->len + n > UINT16_MAX)
		return NULL;
	*s = (struct wd_str){.off = m->r->len, .len = n | (cut ? WD_STR_CUT : 0)};
	m->r->len += n;
	return at;
}

static int remake_text(struct remake *m, const Warder__V1__Text *t, struct wd_str *s)
{
	size_t n = t->raw.len ? t->raw.len : strlen(t->utf8);
	char *at = remake_room(m, n, t->truncated, s);

	if (!at)
		return -EMSGSIZE;
	memcpy(at, t->raw.len ? t->raw.data : (uint8_t *)t->utf8, n);
	return 0;
}

/* Leaf first, each with a NUL behind it, as the kernel programs write it. */
static int remake_path(struct remake *m, const Warder__V1__Text *t, struct wd_str *s)
{
	const char *from = t->raw.len ? (char *)t->raw.data : t->utf8, *end = from + (t->raw.len ? t->raw.len : strlen(from));
	char *at;

	if (t->truncated && end - from >= 3 && !memcmp(from, "...", 3))
		from += 3;
	if (from < end && *from == '/')
		from++;
	at = remake_room(m, from < end ? (size_t)(end - from) + 1 : 0, t->truncated, s);
	if (!at)
		return -EMSGSIZE;
	while (from < end) {
		const char *leaf = end;

		while (leaf > from && leaf[-1] != '/')
			leaf--;
		memcpy(at, leaf, (size_t)(end - leaf));
		at += end - leaf;
		*at++ = '\0';
		end = leaf > from ? leaf - 1 : from;
	}
	return 0;
}

void schema_comm(char out[16], const char *s)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	memset(out, 0, 16);
	for (; *s && n < 16; n++) {
		const char *high = s[0] == '\\' && s[1] == 'x' && s[2] ? strchr(hex, s[2]) : NULL;
		const char *low = high && s[3] ? strchr(hex, s[3]) : NULL;

		out[n] = low ? (char)((high - hex) << 4 | (low - hex)) : *s;
		s += low ? 4 : 1;
	}
}

static int remake(struct remake *m, char *part, const struct rec_layout *l, const ProtobufCMessage *from)
{
	for (unsigned int i = 0; i < l->n; i++) {
		const struct rec_field *f = &l->fields[i];
		const char *at = (const char *)from + from->descriptor->fields[f->index].offset;
		const void *pointer = NULL;
		char *to = part + f->offset;
		struct wd_str s = {0, 0};
		int rc = 0;

		/* The other kinds are shorter than a pointer, and one may be the message's last. */
		if (f->kind >= REC_COMM)
			memcpy(&pointer, at, sizeof(pointer));
		switch (f->kind) {
		case REC_U64:
			memcpy(to, at, 8);
			break;
		case REC_U32:
		case REC_I32:
			memcpy(to, at, 4);
			break;
		case REC_BOOL:
			*to = *(const protobuf_c_boolean *)at != 0;
			break;
		case REC_COMM:
			schema_comm(to, pointer);
			break;
		case REC_TEXT:
		case REC_PATH:
			if (pointer)
				rc = f->kind == REC_PATH ? remake_path(m, pointer, &s) : remake_text(m, pointer, &s);
			memcpy(to, &s, sizeof(s));
			break;
		case REC_MSG:
			if (pointer)
				rc = remake(m, to, f->sub, pointer);
			break;
		}
		if (rc)
			return rc;
	}
	return 0;
}

int schema_record(const Warder__V1__Event *e, void *out, size_t size)
{
	const struct rec_type *t = type_of((unsigned int)e->payload_case);
	struct remake m = {out, size};
	const ProtobufCMessage *body;
	int rc;

	if (!t || !e->actor || !e->actor->process)
		return -ENOENT;
	if (size < sizeof(*m.r) + t->body->size)
		return -EMSGSIZE;
	memset(out, 0, sizeof(*m.r) + t->body->size);
	m.r->len = sizeof(*m.r) + t->body->size;
	m.r->type = e->payload_case;
	m.r->boot_ns = e->boot_ns;
	m.r->outcome = e->outcome;
	if (e->actor->workload)
		m.r->origin = e->actor->workload->origin_id;
	if (e->owner) {
		m.r->owner_kind = e->owner->kind;
		m.r->owner = e->owner->workload ? e->owner->workload->origin_id : 0;
	}
	body = *(const ProtobufCMessage *const *)((const char *)e + warder__v1__event__descriptor.fields[t->arm].offset);
	rc = body ? remake(&m, (char *)&m.r->actor, rec_process, &e->actor->process->base) : -EBADMSG;
	return rc ? rc : remake(&m, (char *)schema_body(m.r), t->body, body);
}

const char *schema_type_name(unsigned int type)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(&warder__v1__event_type__descriptor, (int)type);

	return v ? v->name : "UNKNOWN";
}
