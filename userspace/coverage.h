/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_COVERAGE_H
#define WARDER_COVERAGE_H

#include "arena.h"
#include "attach.h"

/* The blind-spot map: each hook and each catalogue technique, with what is not seen. In `a`; NULL: no memory. */
Warder__V1__Coverage *coverage_make(struct arena *a, const struct attach *at);

#endif
