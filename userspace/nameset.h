/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_NAMESET_H
#define WARDER_NAMESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A set of names that is asked often: a kernel has some 60,000 functions and 200,000 symbols, and looking through all of them for
 * each hook is what start-up would be spent on. Only 64-bit hashes are kept: two names of one hash are not to be expected.
 */
struct nameset {
	uint64_t *slots; /* 0: free */
	size_t size, n;  /* size: a power of two */
};

void nameset_destroy(struct nameset *s); /* of a zeroed one too */

/* 0, or -ENOMEM with the set as it was. `prefix` and `name` are one name in two parts. */
int nameset_add(struct nameset *s, const char *prefix, const char *name);
bool nameset_has(const struct nameset *s, const char *prefix, const char *name);

#endif
