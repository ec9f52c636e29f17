// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "identity/runtime.h"

/*
 * What /proc shows of a network namespace and of a process's environment, both of which a container may write. The first byte picks the
 * parser, the second how many addresses there is room for.
 */

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* Written out and read again it is the same. */
static void check_address(struct address a)
{
	char text[ADDRESS_TEXT];
	struct address back;

	check(!address_parse(address_text(a, text), &back) && address_is(a, back));
}

static void fuzz_file(int (*parse)(FILE *f, struct addresses *to), const char *buf, size_t len, unsigned int max)
{
	struct address list[256];
	struct addresses to = {.list = list, .max = max};
	FILE *f = fmemopen((void *)buf, len, "r");

	if (!f)
		return;
	parse(f, &to);
	fclose(f);
	check(to.n <= max);
	for (unsigned int i = 0; i < to.n; i++) {
		check(!address_is_local(list[i]));
		check_address(list[i]);
		for (unsigned int j = 0; j < i; j++)
			check(!address_is(list[i], list[j]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct address a;
	char *buf;
	size_t len;

	if (size < 3)
		return 0;
	len = size - 2;
	buf = malloc(len + 1);
	memcpy(buf, data + 2, len);
	buf[len] = 0;
	switch (data[0] % 3) {
	case 0:
		fuzz_file(addresses_parse_fib, buf, len, data[1]);
		break;
	case 1:
		fuzz_file(addresses_parse_inet6, buf, len, data[1]);
		break;
	default:
		if (!environ_parse_api(buf, len, &a))
			check_address(a);
		break;
	}
	free(buf);
	return 0;
}
