/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_CONTROL_H
#define WARDER_CONTROL_H

#include "engine.h"

#define CONTROL_SOCKET      "/run/warder.sock"
#define CONTROL_REQUEST_MAX 512 /* bytes of a request */

/*
 * The sensor's answers to other commands on this node, by a unix socket that root alone may use. A client sends one line, the name of what
 * it wants ("inventory"), and gets events, framed as in `proto:` outputs, until the sensor closes. They are no part of the stream:
 * they have no number and no uid. "status" is answered by one message of that name, and so is "record SECONDS SUBJECT" (recording.h), the one request
 * that changes what the sensor does. One client at a time, never waited for; one that takes nothing for ten seconds is left.
 */
struct control;

int control_open(const char *path, struct control **out, struct err *err);
/* Takes what came and sends what fits. Never blocks. */
void control_turn(struct control *c, struct engine *e, uint64_t now_ns);
void control_close(struct control *c); /* NULL: nothing */

/*
 * The client: asks the sensor that runs here, and calls `fn` for each event that it answers with. -ENOENT, -EPERM, -ETIMEDOUT and the like,
 * each with a sentence. The event is valid during the call.
 */
int control_ask(const char *path, const char *what, void (*fn)(void *ctx, const Warder__V1__Event *e), void *ctx,
		struct err *err);

/* Likewise: how the sensor fares. *out is the caller's to free, with warder__v1__status__free_unpacked; NULL on an error. */
int control_ask_status(const char *path, Warder__V1__Status **out, struct err *err);

/*
 * Likewise, with warder__v1__recording__free_unpacked: has it record what the words say. That it does not is no error here: the answer
 * says why.
 */
int control_ask_recording(const char *path, const char *words, Warder__V1__Recording **out, struct err *err);

#endif
