/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_INVENTORY_H
#define WARDER_INVENTORY_H

#include "engine.h"

/* What really runs on this node, as the sensor saw it: an event a living container. */

/*
 * The event of the next container from *slot on, which starts at 0 and is moved behind it. NULL with *slot at UINT32_MAX: there is none left;
 * else it could not be built. It lives in the engine's arena until the next event.
 */
Warder__V1__Event *inventory_next(struct engine *e, uint32_t *slot);

/* All of them into the stream, some a tick: each takes some file reads. inventory_step is for the engine, at a tick. */
void inventory_report(struct engine *e);
void inventory_step(struct engine *e);

#define INVENTORY_AT_ONCE 32 /* containers */

/* The event of the node's own facts. NULL: they are not all read yet, or there is no memory. */
Warder__V1__Event *inventory_node(struct engine *e);

#endif
