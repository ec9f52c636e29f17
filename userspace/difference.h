/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_DIFFERENCE_H
#define WARDER_DIFFERENCE_H

#include <stdbool.h>
#include <stdio.h>

#include "warder/v1/event.pb-c.h"

/* Findings that were recorded against those that a replay makes: the same is what has technique, container, owner and outcome in common. */
struct difference;

struct difference *difference_new(void);    /* NULL: no memory */
void difference_free(struct difference *d); /* NULL is fine */

/* A FINDING event; `again`: a replay made it, else it was recorded. More than 65,536 different ones are counted only. */
void difference_take(struct difference *d, const Warder__V1__Event *e, bool again);

/* A line for each that only one side has, or that has another severity; then the sums. Returns how many there are. */
size_t difference_print(const struct difference *d, FILE *to);

#endif
