// SPDX-License-Identifier: Apache-2.0
#include "executable.h"

#include <string.h>

#define MAX_EXECUTABLES 8192

int executables_init(struct table *t)
{
	return table_init(t, MAX_EXECUTABLES, sizeof(struct executable));
}

/* FNV-1a. */
static uint64_t key_of(uint64_t origin, const char *path)
{
	uint64_t h = 0xcbf29ce484222325ull ^ origin;

	for (; *path; path++)
		h = (h ^ (unsigned char)*path) * 0x100000001b3ull;
	return h;
}

struct executable *executables_take(struct table *t, uint64_t origin, const char *path)
{
	struct executable *x = table_put(t, key_of(origin, path));
	size_t n = strlen(path);

	if (!x->times) {
		x->origin = origin;
		x->cut = n >= sizeof(x->path);
		memcpy(x->path, path, x->cut ? sizeof(x->path) - 1 : n);
		if (!strcmp(path, "/")) /* a file that no directory ever held: memfd's */
			x->from = FROM_MEMORY;
	}
	x->times++;
	return x;
}
