/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_SILENCE_H
#define WARDER_SILENCE_H

#include "engine.h"

/*
 * What an operator decided about a verdict, before it is a finding. What is silenced is counted by exception, technique and container, and
 * told: an exception that is wider than was thought is found out by that.
 */

/* Gives the verdict the severity that the policy says. True: it is to be no finding. */
bool silence_take(struct engine *e, const struct view *view, struct verdict *v);

/* EXCEPTIONS events about what was silenced since the last time. */
void silence_report(struct engine *e);

#endif
