// SPDX-License-Identifier: Apache-2.0
#include "unpack.h"

#include <errno.h>
#include <stdlib.h>

static void *take(void *data, size_t n)
{
	struct unpack *u = data;
	size_t at = (u->used + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	void *p;

	if (n <= u->size && at <= u->size - n) {
		u->used = at + n;
		return u->base + at;
	}
	p = malloc(n);
	u->outside += p != NULL;
	return p;
}

static void give(void *data, void *p)
{
	struct unpack *u = data;

	if (!p || ((uint8_t *)p >= u->base && (uint8_t *)p < u->base + u->size))
		return;
	u->outside--;
	free(p);
}

int unpack_init(struct unpack *u, size_t size)
{
	*u = (struct unpack){.allocator = {take, give, u}, .base = malloc(size), .size = size};
	return u->base ? 0 : -ENOMEM;
}

void unpack_destroy(struct unpack *u)
{
	free(u->base);
	u->base = NULL;
}

ProtobufCMessage *unpack(struct unpack *u, const ProtobufCMessageDescriptor *type, const void *bytes, size_t n)
{
	u->used = 0;
	return protobuf_c_message_unpack(type, &u->allocator, n, bytes);
}

void unpack_done(struct unpack *u, ProtobufCMessage *m)
{
	if (u->outside)
		protobuf_c_message_free_unpacked(m, &u->allocator);
}
