/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_EXECUTABLE_H
#define WARDER_EXECUTABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "table.h"

/* Which programs were seen to run in which container, for the inventory of what a node really runs. Bounded: the oldest go first. */

/* Where a program's file comes from; the numbers are those of warder.v1.Inventory.From. */
enum executable_from {
	FROM_UNKNOWN = 0,
	FROM_IMAGE = 1,
	FROM_CHANGED = 2, /* new or changed since the image */
	FROM_MOUNT = 3,   /* on a volume or another mount */
	FROM_MEMORY = 4,  /* of no filesystem: memfd */
};

struct executable {
	uint64_t origin;
	uint64_t times;
	enum executable_from from;
	bool cut;       /* the path has more */
	char path[251]; /* in the container */
};

int executables_init(struct table *t); /* 0 or -ENOMEM */

/* One more time. Whoever is new has `times` 1 and is FROM_UNKNOWN, or FROM_MEMORY by its path. */
struct executable *executables_take(struct table *t, uint64_t origin, const char *path);

/* All of a container's are forgotten. */
void executables_forget(struct table *t, uint64_t origin);

#endif
