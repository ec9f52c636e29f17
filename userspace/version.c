// SPDX-License-Identifier: Apache-2.0
#include "version.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static int is_number(char c)
{
	return isdigit((unsigned char)c);
}

/* "-rc1" and "-beta.2" of semantic versions are what "~rc1" is in Debian's. */
static int is_prerelease(const char *s)
{
	static const char *const words[] = {"-rc", "-alpha", "-beta", "-pre", "-dev"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strncmp(s, words[i], strlen(words[i])))
			return 1;
	return 0;
}

/* Where a character is in the order; the end and digits, which end a run of others, are 0. */
static int rank(const char *s)
{
	unsigned char c = (unsigned char)*s;

	if (c == '~' || is_prerelease(s))
		return -1;
	if (!c || is_number(*s))
		return 0;
	return isalpha(c) ? c : c + 256;
}

int version_compare(const char *a, const char *b)
{
	while (*a || *b) {
		size_t na, nb;
		int r;

		while ((*a && !is_number(*a)) || (*b && !is_number(*b))) {
			if (rank(a) != rank(b))
				return rank(a) - rank(b);
			a++;
			b++;
		}
		while (*a == '0')
			a++;
		while (*b == '0')
			b++;
		for (na = 0; is_number(a[na]);)
			na++;
		for (nb = 0; is_number(b[nb]);)
			nb++;
		if (na != nb)
			return na < nb ? -1 : 1;
		r = memcmp(a, b, na);
		if (r)
			return r;
		a += na;
		b += nb;
	}
	return 0;
}

const char *version_upstream(const char *package, char *out, size_t size)
{
	static const char *const marks[] = {"+", "~ds", "~dfsg"};
	const char *colon = strchr(package, ':');
	char *end;

	snprintf(out, size, "%s", colon ? colon + 1 : package);
	end = strrchr(out, '-');
	if (end)
		*end = '\0';
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		end = strstr(out, marks[i]);
		if (end)
			*end = '\0';
	}
	return out;
}

int version_same_series(const char *a, const char *b)
{
	size_t na = strcspn(a, "."), nb = strcspn(b, ".");

	if (na != nb || memcmp(a, b, na))
		return 0;
	a += na + (a[na] != '\0');
	b += nb + (b[nb] != '\0');
	na = strspn(a, "0123456789");
	nb = strspn(b, "0123456789");
	return na == nb && !memcmp(a, b, na);
}
