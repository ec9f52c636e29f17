/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_FRAME_H
#define WARDER_FRAME_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <protobuf-c/protobuf-c.h>

/*
 * Packs a message after its length as a varint (Java's parseDelimitedFrom, Go's protodelim read this). Every string in it is
 * valid UTF-8, sanitised where it was not: protobuf-c packs whatever it is given, and other languages then refuse the whole
 * event. Returns the frame's length; -EMSGSIZE where it does not fit; -ENOMEM.
 */
ssize_t frame_pack(const ProtobufCMessage *m, void *out, size_t size);

#define FRAME_HEAD 10 /* bytes that the length before a message takes at most */

/* Writes the length before a message of `n` bytes. Returns how many bytes that took. */
size_t frame_head(uint8_t *out, size_t n);

/*
 * Reads it: 1; 0 at the end of the file; -EBADMSG where there is none, or one of more than `max` bytes. Of a message below 256 MiB: four
 * bytes are looked at.
 */
int frame_read_head(FILE *in, size_t max, size_t *len);

#endif
