/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_AUDIT_H
#define WARDER_AUDIT_H

#include "engine.h"

/*
 * The seal audit: what a container may do is read once after its seal, as soon as it is known which bundle it was made from. It is
 * rated and told (POSTURE), and what is more than its runtime was told becomes a record each, for the detectors.
 */

/* One container, when its seal has just been taken; nothing happens where its name is not known yet. */
void audit_container(struct engine *e, uint64_t origin);

/* All that were named since: at each tick. */
void audit_named(struct engine *e);

#endif
