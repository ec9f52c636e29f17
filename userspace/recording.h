/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_RECORDING_H
#define WARDER_RECORDING_H

#include "engine.h"

/* What the sensor records because somebody asked for it, and no incident did: by the same means, into the same captures. */

#define RECORDING_MAX_S 86400

/*
 * Begins a recording, or makes one longer: "SECONDS container WHO", "SECONDS pod NAMESPACE/NAME" or "SECONDS node". WHO is a living container's
 * name, id, at least six digits of its id's start, or NAMESPACE/POD/NAME. What is kept of it is written at once (of the node by and by), all
 * that it does until then as it comes. The answer lives in the engine's arena until the next event, and says so where nothing is recorded.
 * NULL: the arena is full.
 */
Warder__V1__Recording *recording_begin(struct engine *e, const char *words, uint64_t now_ns);

/* At a tick: what belongs to a recorded pod by now joins, what is over goes. */
void recording_step(struct engine *e);

/* A container ended, which is not told yet: what did not live until a tick joins now, before what is kept of it is forgotten. */
void recording_ended(struct engine *e, uint64_t origin);

#endif
