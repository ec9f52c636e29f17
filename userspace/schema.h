/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_SCHEMA_H
#define WARDER_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "record.h"
#include "warder/v1/event.pb-c.h"

/*
 * The records' one declaration (proto/warder/v1/event.proto), in the three ways that userspace needs it: to check bytes from
 * a ring or a file, to read a checked record, to make it a protobuf message. Nothing here names an event type.
 */

/* Checks that `len` bytes are a record: the only place that distrusts them. 0 or -EBADMSG; after 0 every access is in bounds. */
int schema_check(const void *bytes, size_t len);

/* The body of a checked record: its type's struct. */
static inline const void *schema_body(const struct wd_record *r)
{
	return r + 1;
}

/* The bytes of a string field of a checked record; not NUL-terminated. NULL where there are none. */
const char *schema_bytes(const struct wd_record *r, const struct wd_str *s, size_t *len);

/*
 * A path field, root first with a leading "/" ("…/" for one that was cut), into `out`, always NUL-terminated. Returns the
 * length that it has there: at most size - 1, the end of the path being kept where it does not fit.
 */
size_t schema_path(const struct wd_record *r, const struct wd_str *s, char *out, size_t size);

/*
 * Fills the payload arm and the type of `e` from a checked record; messages are in `a` and live as long. 0 or -ENOMEM.
 */
int schema_payload(const struct wd_record *r, struct arena *a, Warder__V1__Event *e);

/* The actor's process, likewise; NULL: no memory. */
Warder__V1__Process *schema_process(const struct wd_record *r, const struct wd_process *p, struct arena *a);

/*
 * The record that an event was made of, into `out`: the other way round, for a replay. Its body and strings are what they were; `critical`
 * is not known. 0; -ENOENT where no kernel program's record is behind the event; -EMSGSIZE; -EBADMSG.
 */
int schema_record(const Warder__V1__Event *e, void *out, size_t size);

/* A command name of an event as it was: its escapes (text_sanitise) are bytes again. No NUL where it has 16. */
void schema_comm(char out[16], const char *s);

/* A type's name as the proto has it ("FILE_OPEN"), never NULL. */
const char *schema_type_name(unsigned int type);

#endif
