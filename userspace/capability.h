/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_CAPABILITY_H
#define WARDER_CAPABILITY_H

#include "arena.h"
#include "record.h"
#include "warder/v1/event.pb-c.h"
#include "workload.h"

/* How many checks there are in all. */
uint64_t capability_checks(const struct wd_capabilities *c);

/* A container's row of the matrix: what was checked at least once. `w` is NULL for one that is not known. NULL: no memory. */
Warder__V1__CapabilityMatrix__Row *capability_row(struct arena *a, uint64_t origin, const struct workload *w,
						  const struct wd_capabilities *c);

#endif
