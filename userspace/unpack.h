/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_UNPACK_H
#define WARDER_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/*
 * Unpacks messages one after the other, for whoever reads millions of them: what a message is made of lies in one piece of memory,
 * which the next one takes again. A message that is too big for it takes the rest from malloc.
 */
struct unpack {
	ProtobufCAllocator allocator;
	uint8_t *base;
	size_t size, used;
	unsigned int outside; /* pieces from malloc */
};

int unpack_init(struct unpack *u, size_t size); /* 0 or -ENOMEM */
void unpack_destroy(struct unpack *u);

/* NULL: these bytes are no message of this kind, or there is no memory. It is the caller's until unpack_done, before the next. */
ProtobufCMessage *unpack(struct unpack *u, const ProtobufCMessageDescriptor *type, const void *bytes, size_t n);
void unpack_done(struct unpack *u, ProtobufCMessage *m);

#endif
