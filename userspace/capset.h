/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_CAPSET_H
#define WARDER_CAPSET_H

#include <stddef.h>
#include <stdint.h>

/* Capabilities by their numbers and names, and sets of them: bit N is capability N. */

#define CAPSET(cap) (1ull << (cap))

const char *capset_name(unsigned int capability); /* "CAP_SYS_ADMIN"; NULL for a number that has no name here */
int capset_find(const char *name);                /* the number of "CAP_SYS_ADMIN"; -1 where there is none */
uint64_t capset_all(void);                        /* those that have a name here */

/*
 * The names of a set without their "CAP_", with blanks between them: "CHOWN SYS_ADMIN", "all" where nothing known is missing.
 * Returns `out`; what does not fit is left out and told by an ending "...".
 */
char *capset_text(uint64_t set, char *out, size_t size);

#endif
