/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_JSON_H
#define WARDER_JSON_H

#include <jansson.h>
#include <stddef.h>
#include <sys/types.h>

#include <protobuf-c/protobuf-c.h>

/*
 * The proto3 JSON mapping of any message, by its descriptor, with the original field names. A field at its default is left out,
 * but a set member of a oneof is not. What the mapping would refuse is made to fit instead, since an event with one odd field
 * is worth more than no event: invalid UTF-8 is sanitised, a time outside the years 1 to 9999 is put at the nearest end.
 */

/* A new reference; NULL: out of memory, or deeper than 32 messages (warder's are 6 deep at most). */
json_t *json_from_message(const ProtobufCMessage *m);

/*
 * One line, '\n' at its end, no NUL. Returns its length; -EMSGSIZE where it does not fit; -ENOMEM. It is ASCII: whatever splits
 * lines at U+0085 or U+2028 must not split here, and a person who reads the file with cat must not be fooled by a bidi
 * override.
 */
ssize_t json_line(const ProtobufCMessage *m, char *out, size_t size);

#endif
