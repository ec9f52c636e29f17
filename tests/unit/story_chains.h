/* SPDX-License-Identifier: Apache-2.0 */
/* The recorded attacks. */
#ifndef WARDER_TESTS_STORY_CHAINS_H
#define WARDER_TESTS_STORY_CHAINS_H

#include "story_fixture.h"

#define CHAINS "tests/report/chains.pb"

static char *chains[] = {CHAINS};

static inline uint8_t *file_bytes(const char *path, size_t *n)
{
	FILE *in = fopen(path, "re");
	uint8_t *bytes = malloc(1 << 20);

	assert_non_null(in);
	*n = fread(bytes, 1, 1 << 20, in);
	fclose(in);
	return bytes;
}

/* The length of the frame at *at, which is then behind it; 0: there is none. */
static inline size_t next_frame(const uint8_t *bytes, size_t n, size_t *at)
{
	size_t len = 0;

	for (unsigned int shift = 0; *at < n; shift += 7) {
		len |= (size_t)(bytes[*at] & 127) << shift;
		if (bytes[(*at)++] < 128)
			break;
	}
	*at += len;
	return len;
}

#endif
