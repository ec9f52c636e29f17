/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_TECHNIQUE_H
#define WARDER_TECHNIQUE_H

#include <stddef.h>

/* A row of the catalogue of breakout and cross-container techniques. */
struct technique {
	const char *id;     /* "M07"; an invariant's own name for what fits no row */
	const char *title;  /* of a finding */
	const char *attack; /* MITRE ATT&CK for Containers */
	const char *hooks;  /* names of attach.c's rows, by space, through which a detector sees it; NULL: none does yet */
};

extern const struct technique techniques[];
extern const size_t techniques_n;

const struct technique *technique_find(const char *id); /* NULL where there is none */
const char *attack_name(const char *attack);            /* "Escape to Host" for "T1611"; "" where it is not known */

#endif
