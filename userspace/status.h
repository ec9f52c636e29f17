/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_STATUS_H
#define WARDER_STATUS_H

#include "engine.h"

/*
 * How the sensor and the living containers fare at `now_ns`, the host's row first. It is bounded: containers that have no room are counted. It
 * lives in the engine's arena and points into its state, until the next event. NULL: the arena is full.
 */
Warder__V1__Status *status_message(struct engine *e, uint64_t now_ns);

#endif
