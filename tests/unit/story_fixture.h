/* SPDX-License-Identifier: Apache-2.0 */
/* Stories from events that a test makes, and what comes out of them. */
#ifndef WARDER_TESTS_STORY_FIXTURE_H
#define WARDER_TESTS_STORY_FIXTURE_H

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "story/story.h"

static struct story *story;
static struct err err;

/* A story of these files' names, of "test.pb" where there are none. */
static inline void begin_files(const char *incident, const char *container, char **names, size_t n)
{
	static char *none[] = {"test.pb"};
	const struct story_choice want = {incident, container};

	story = story_new(&want, n ? names : none, n ? n : 1);
	assert_non_null(story);
}

static inline void begin(const char *incident, const char *container)
{
	begin_files(incident, container, NULL, 0);
}

static inline void end(void)
{
	story_free(story);
	story = NULL;
}

static inline void add(const Warder__V1__Event *e)
{
	size_t n = warder__v1__event__get_packed_size(e);
	uint8_t *bytes = malloc(n + 1);

	warder__v1__event__pack(e, bytes);
	assert_int_equal(story_add(story, bytes, n), 0);
	free(bytes);
}

static inline void tell(void)
{
	assert_int_equal(story_tell(story, &err), 0);
}

/* What it says, for the caller to free. */
static char *written(int (*write)(const struct story *s, FILE *out))
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	assert_int_equal(write(story, out), 0);
	fclose(out);
	assert_int_equal(strlen(text), n);
	return text;
}

#endif
