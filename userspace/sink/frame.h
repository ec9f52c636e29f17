/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_SINK_FRAME_H
#define WARDER_SINK_FRAME_H

#include <stddef.h>
#include <sys/types.h>

#include <protobuf-c/protobuf-c.h>

/*
 * Packs a message after its length as a varint (Java's parseDelimitedFrom, Go's protodelim read this). Every string in it is
 * valid UTF-8, sanitised where it was not: protobuf-c packs whatever it is given, and other languages then refuse the whole
 * event. Returns the frame's length; -EMSGSIZE where it does not fit; -ENOMEM.
 */
ssize_t frame_pack(const ProtobufCMessage *m, void *out, size_t size);

#endif
