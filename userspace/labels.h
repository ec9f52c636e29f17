/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_LABELS_H
#define WARDER_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Names with values that somebody gave a workload: labels, annotations. A plain value of fixed size, of valid UTF-8; what does not fit
 * is left out whole and marked.
 */
struct labels {
	uint16_t len;
	bool cut;
	char packed[765]; /* "name\0value\0" and so on */
};

/* What a workload may have. */
struct tags {
	struct labels labels, annotations;
};

/* Any bytes; a name without value has the empty one. */
void labels_add(struct labels *l, const char *name, const char *value);

/* The next pair behind *at, which starts at 0. False behind the last. The strings are in `l`. */
bool labels_next(const struct labels *l, size_t *at, const char **name, const char **value);

#endif
