// SPDX-License-Identifier: Apache-2.0
#include "labels.h"

#include <string.h>

#include "text.h"

/* Appends one string with its NUL; 0 where it does not fit. */
static size_t append(char *to, size_t size, const char *s)
{
	char safe[4 * sizeof(((struct labels *)0)->packed)];
	size_t n = strlen(s), len;

	if (n >= size)
		return 0;
	len = text_sanitise(safe, sizeof(safe), s, n);
	if (len >= size)
		return 0;
	memcpy(to, safe, len + 1);
	return len + 1;
}

void labels_add(struct labels *l, const char *name, const char *value)
{
	size_t left = sizeof(l->packed) - l->len;
	size_t n = append(l->packed + l->len, left, name);
	size_t v = n ? append(l->packed + l->len + n, left - n, value) : 0;

	if (v)
		l->len += (uint16_t)(n + v);
	else
		l->cut = true;
}

bool labels_next(const struct labels *l, size_t *at, const char **name, const char **value)
{
	if (*at >= l->len)
		return false;
	*name = l->packed + *at;
	*at += strlen(*name) + 1;
	*value = l->packed + *at;
	*at += strlen(*value) + 1;
	return true;
}
