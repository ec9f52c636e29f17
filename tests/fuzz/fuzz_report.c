// SPDX-License-Identifier: Apache-2.0
/* Recorded events that anybody may have made: a report of them is text within our own markup, or the record is refused. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture/wire.h"
#include "story/story.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned int times(const char *text, const char *word)
{
	unsigned int n = 0;

	for (const char *p = text; (p = strstr(p, word)); p++)
		n++;
	return n;
}

static char *written(const struct story *s, int (*write)(const struct story *s, FILE *out))
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out || write(s, out))
		abort();
	fclose(out);
	if (strlen(text) != n)
		abort();
	for (size_t i = 0, step; i < n; i += step) {
		uint32_t cp = 0;

		step = text_char(text + i, n - i, &cp);
		if (!step || (!text_is_printable(cp) && cp != '\n' && cp != '\t'))
			abort();
	}
	return text;
}

/* Events after their lengths, as the sink 'proto' writes them; every other one is also what stood when the record was begun. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct story_choice want = {0};
	char *name = "fuzz.pb";
	struct story *s = story_new(&want, &name, 1);
	struct wire all = wire_of(data, size), one;
	bool stood = false;
	struct err err;
	uint64_t n;
	char *page;

	while (s && wire_varint(&all, &n) && wire_bytes(&all, n, &one)) {
		size_t len = (size_t)(one.end - one.at);

		if ((stood && story_stood(s, one.at, len)) || story_add(s, one.at, len))
			abort();
		stood = !stood;
	}
	if (s && !story_tell(s, &err)) {
		page = written(s, page_write);
		if (times(page, "<script") != 1 || times(page, "<style") != 1 || times(page, "<img"))
			abort();
		free(page);
		free(written(s, plain_write));
	}
	story_free(s);
	return 0;
}
