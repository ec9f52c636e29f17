// SPDX-License-Identifier: Apache-2.0
#include "executable.h"

#include <string.h>

#include "hash.h"

#define MAX_EXECUTABLES 8192

int executables_init(struct table *t)
{
	return table_init(t, MAX_EXECUTABLES, sizeof(struct executable));
}

struct executable *executables_take(struct table *t, uint64_t origin, const char *path)
{
	struct executable *x = table_put(t, hash_string(HASH_START ^ origin, path));
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

void executables_forget(struct table *t, uint64_t origin)
{
	for (uint32_t i = 0; i < t->used; i++)
		if (((const struct executable *)table_at(t, i))->origin == origin)
			table_del(t, table_key_at(t, i));
}
