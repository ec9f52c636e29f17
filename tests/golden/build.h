/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records for tests, built by field names. Where a field lies is worked out here from the descriptors by the rules at the head
 * of event.proto, not taken from the generated tables: a fault in those is then a failed test.
 */
#ifndef WARDER_TEST_BUILD_H
#define WARDER_TEST_BUILD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "warder/v1/event.pb-c.h"

#define BUILD_KERNEL_FIELDS 64 /* fields from here are userspace's */
#define BUILD_KERNEL_ARMS   200
#define BUILD_MAX           65536

typedef const ProtobufCMessageDescriptor *build_message;
typedef const ProtobufCFieldDescriptor *build_member;

enum build_kind {
	BUILD_MSG,
	BUILD_U64,
	BUILD_COMM,
	BUILD_U32,
	BUILD_I32,
	BUILD_BOOL,
	BUILD_TEXT,
	BUILD_PATH,
	BUILD_KINDS
};

struct build_field {
	enum build_kind kind;
	build_member member;
	size_t offset; /* in the struct that the search began at */
};

/* A record as a ring has it. `len` is that of all the bytes, and the record's own where the test does not lie about it. */
struct build {
	_Alignas(8) unsigned char bytes[BUILD_MAX];
	size_t len;
};

static inline enum build_kind build_kind_of(build_member f)
{
	const char *name;

	switch (f->type) {
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return BUILD_U64;
	case PROTOBUF_C_TYPE_STRING:
		return BUILD_COMM;
	case PROTOBUF_C_TYPE_INT32:
		return BUILD_I32;
	case PROTOBUF_C_TYPE_BOOL:
		return BUILD_BOOL;
	case PROTOBUF_C_TYPE_MESSAGE:
		name = ((build_message)f->descriptor)->short_name;
		return !strcmp(name, "Text") ? BUILD_TEXT : !strcmp(name, "Path") ? BUILD_PATH : BUILD_MSG;
	default:
		return BUILD_U32; /* uint32 and enums */
	}
}

static inline size_t build_size(build_message m);

static inline size_t build_size_of(build_member f)
{
	static const size_t sizes[BUILD_KINDS] = {0, 8, 16, 4, 4, 4, 4, 4};
	enum build_kind k = build_kind_of(f);

	return k == BUILD_MSG ? build_size(f->descriptor) : sizes[k];
}

/* The struct of a message: the wide fields first, rounded up to 8. */
static inline size_t build_size(build_message m)
{
	size_t size = 0;

	for (unsigned int i = 0; i < m->n_fields; i++)
		if (m->fields[i].id < BUILD_KERNEL_FIELDS)
			size += build_size_of(&m->fields[i]);
	return (size + 7) & ~(size_t)7;
}

/* The n-th of a message's kernel fields in the order of the proto; false behind the last. */
static inline bool build_nth(build_message m, unsigned int n, struct build_field *out)
{
	build_member f;

	if (n >= m->n_fields || m->fields[n].id >= BUILD_KERNEL_FIELDS)
		return false;
	f = &m->fields[n];
	*out = (struct build_field){build_kind_of(f), f, 0};
	for (unsigned int i = 0; i < m->n_fields; i++) {
		build_member other = &m->fields[i];

		if (other->id < BUILD_KERNEL_FIELDS &&
		    (build_kind_of(other) < out->kind || (build_kind_of(other) == out->kind && other->id < f->id)))
			out->offset += build_size_of(other);
	}
	return true;
}

/* A field by its name; "target.pid" goes into an embedded message. */
static inline bool build_find(build_message m, const char *name, struct build_field *out)
{
	size_t n = strcspn(name, "."), inner;

	for (unsigned int i = 0; build_nth(m, i, out); i++) {
		if (strlen(out->member->name) != n || memcmp(out->member->name, name, n))
			continue;
		if (!name[n])
			return true;
		if (out->kind != BUILD_MSG)
			return false;
		inner = out->offset;
		if (!build_find(out->member->descriptor, name + n + 1, out))
			return false;
		out->offset += inner;
		return true;
	}
	return false;
}

/* The payload of a type that the kernel makes; NULL where it makes none such. */
static inline build_message build_payload(unsigned int type)
{
	const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field(&warder__v1__event__descriptor, type);

	return f && (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && f->id < BUILD_KERNEL_ARMS ? f->descriptor : NULL;
}

static inline struct wd_record *build_record(struct build *b)
{
	return (void *)b->bytes;
}

static inline void *build_body(struct build *b)
{
	return build_record(b) + 1;
}

/* A zeroed record of the type that says it succeeded. Returns its body. */
static inline void *build_start(struct build *b, unsigned int type)
{
	struct wd_record *r = build_record(b);
	build_message m = build_payload(type);

	b->len = sizeof(*r) + (m ? build_size(m) : 0);
	memset(b->bytes, 0, sizeof(b->bytes));
	r->len = (uint32_t)b->len;
	r->type = (uint16_t)type;
	r->outcome = WD_SUCCEEDED;
	return r + 1;
}

/* Puts bytes behind what there is and makes `s`, a field inside the record, say where. */
static inline void build_text(struct build *b, void *s, const void *bytes, size_t n, bool cut)
{
	struct wd_str str = {(uint16_t)b->len, (uint16_t)(n | (cut ? WD_STR_CUT : 0))};

	if (b->len + n > UINT16_MAX || n >= WD_STR_CUT)
		abort();
	memcpy(s, &str, sizeof(str));
	if (n)
		memcpy(b->bytes + b->len, bytes, n);
	b->len += n;
	build_record(b)->len = (uint32_t)b->len;
}

/* The same for a path of `n` bytes: components leaf first, a NUL behind each, as the kernel programs write it. */
static inline void build_path_n(struct build *b, void *s, const char *path, size_t n, bool cut)
{
	static char out[BUILD_MAX];
	size_t len = 0, end = n;

	while (n > 0) {
		if (path[--n] != '/')
			continue;
		if (end > n + 1) {
			memcpy(out + len, path + n + 1, end - n - 1);
			len += end - n - 1;
			out[len++] = '\0';
		}
		end = n;
	}
	build_text(b, s, out, len, cut);
}

static inline void build_path(struct build *b, void *s, const char *path, bool cut)
{
	build_path_n(b, s, path, strlen(path), cut);
}

/* A container that is born: what every later record of it hangs on. Its cgroup is "/NAME". */
static inline void build_seal(struct build *b, uint64_t id, const char *name, uint64_t boot_ns)
{
	struct wd_container_seal *s = build_start(b, WD_CONTAINER_SEAL);
	char path[512] = "/";

	strncat(path, name, sizeof(path) - 2);
	build_record(b)->origin = s->container_id = id;
	build_record(b)->boot_ns = boot_ns;
	build_path(b, &s->cgroup_path, path, false);
}

#endif
