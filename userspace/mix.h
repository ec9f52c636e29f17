/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_MIX_H
#define WARDER_MIX_H

#include "engine.h"

/* Tells, when it changes, which trust levels this node has containers of: one that mixes them has only its kernel between them. */
void mix_report(struct engine *e);

/* What crosses from one level to another weighs more: a breach by one step. */
void mix_weigh(const struct view *view, struct verdict *v);

#endif
