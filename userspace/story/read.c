// SPDX-License-Identifier: Apache-2.0
#include "story/read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_MAX (4u << 20) /* far more than any event has: what claims more is no such file */

/* 1; 0 at the end of the file; -EBADMSG where there is no length, or one that no event has. */
static int read_length(FILE *in, size_t *len)
{
	uint64_t n = 0;
	int c = 0x80;

	for (unsigned int shift = 0; c & 0x80 && shift < 35; shift += 7) {
		c = getc(in);
		if (c == EOF)
			return shift ? -EBADMSG : 0;
		n |= (uint64_t)(c & 0x7f) << shift;
	}
	*len = n;
	return c & 0x80 || n > FRAME_MAX ? -EBADMSG : 1;
}

static int read_frames(struct story *s, FILE *in, uint8_t *frame)
{
	size_t len = 0;
	int rc;

	while ((rc = read_length(in, &len)) == 1) {
		if (fread(frame, 1, len, in) != len)
			break;
		rc = story_add(s, frame, len);
		if (rc)
			return rc;
	}
	if (ferror(in))
		return -errno;
	if (rc == -EBADMSG && !s->events)
		return rc;
	s->malformed += rc != 0; /* what is cut, or no event: nothing behind it can be told apart */
	return 0;
}

int story_read(struct story *s, const char *path, struct err *err)
{
	FILE *in = strcmp(path, "-") ? fopen(path, "re") : stdin;
	uint8_t *frame;
	int rc;

	if (!in)
		return err_set(err, -errno, "cannot open '%.200s': %s", path, strerror(errno));
	frame = malloc(FRAME_MAX);
	rc = frame ? read_frames(s, in, frame) : -ENOMEM;
	free(frame);
	if (in != stdin)
		fclose(in);
	if (rc == -EBADMSG || (!rc && !s->events) || (!rc && s->malformed >= s->events))
		return err_set(err, -EBADMSG,
			       "'%.200s' holds no events of warder's: give what 'warder run -o proto:FILE' wrote", path);
	return rc ? err_set(err, rc, "cannot read '%.200s': %s", path, strerror(-rc)) : 0;
}
