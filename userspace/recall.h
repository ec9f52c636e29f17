/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_RECALL_H
#define WARDER_RECALL_H

#include "state.h"

/*
 * What events say of containers and processes, put back into the state: in a replay nothing else tells who they were. What is known of a
 * container is replaced where an event says more or other than that.
 */

/* Who takes part in a record: actor with its ancestors, owner. After state_take of that record. */
void recall_event(struct state *s, const Warder__V1__Event *e);

/* Whose name came, with its labels: IDENTITY, POSTURE. Returns its origin, 0: none. */
uint64_t recall_workload(struct state *s, const Warder__V1__Workload *m);

/* What a container had executed, how often, and from where. */
void recall_inventory(struct state *s, const Warder__V1__Inventory *m);

#endif
