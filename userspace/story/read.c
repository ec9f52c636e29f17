// SPDX-License-Identifier: Apache-2.0
#include "story/read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/merge.h"
#include "capture/verify.h"
#include "capture/wire.h"
#include "frame.h"

#define FRAME_MAX (4u << 20) /* far more than any event has: what claims more is no such file */

static int read_frames(struct story *s, FILE *in, uint8_t *frame)
{
	size_t len = 0;
	int rc;

	while ((rc = frame_read_head(in, FRAME_MAX, &len)) == 1) {
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

static int read_stream(struct story *s, const char *path, struct err *err)
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
			       "'%.200s' holds no events of warder's: give a capture, or what 'warder run -o proto:FILE' wrote",
			       path);
	return rc ? err_set(err, rc, "cannot read '%.200s': %s", path, strerror(-rc)) : 0;
}

/* The first fault of a kind is told in its own words. */
struct faults {
	char first[256];
};

static void note_fault(void *ctx, const struct verify_fault *f)
{
	struct faults *all = ctx;

	if (!*all->first || f->kind == VERIFY_TAMPERED)
		snprintf(all->first, sizeof(all->first), "%s", f->what);
}

static void say_chain(struct story_record *record, const char *name, const struct verify_result *r, const struct faults *all)
{
	uint64_t faults = r->faults[VERIFY_DAMAGED] + r->faults[VERIFY_OPEN] + r->faults[VERIFY_TAMPERED];
	char head[17] = "", which[256];

	for (unsigned int i = 0; i < 8; i++)
		snprintf(head + 2 * i, 3, "%02x", r->head[i]);
	snprintf(which, sizeof(which), "%s ", record->n > 1 ? name : "it");
	if (faults)
		snprintf(record->chain, sizeof(record->chain), "%s%s: %s%s", which,
			 r->faults[VERIFY_TAMPERED] ? "was changed by somebody"
						    : "is untouched as far as it goes, but not whole",
			 all->first, faults > 1 ? ", and more: see warder verify" : "");
	else
		snprintf(record->chain, sizeof(record->chain),
			 "%sis whole, and its chain holds over %" PRIu64
			 " blocks; the last is %s...: nothing was changed if the sensor sent that into its stream",
			 which, r->blocks, head);
}

/* Of several captures what is said of the worst: of those that are equal, the last. */
static int check_chain(struct story_record *record, const char *name, struct capture *c)
{
	struct faults all = {""};
	struct input *in = capture_input(c);
	struct verify_result r;
	int rc, state = RECORD_WHOLE;

	in->watch = record->watch;
	rc = capture_verify(in, NULL, note_fault, &all, &r);
	in->watch = NULL;
	if (r.faults[VERIFY_TAMPERED])
		state = RECORD_CHANGED;
	else if (r.faults[VERIFY_DAMAGED] + r.faults[VERIFY_OPEN])
		state = RECORD_DAMAGED;
	if (!rc && state >= (int)record->state) {
		record->state = state;
		say_chain(record, name, &r, &all);
	}
	record->selection |= !rc && r.meta && r.meta->n_made_of;
	verify_destroy(&r);
	return rc;
}

/* What was there when a file was begun is in front of its events. */
static int add_frame(struct story *s, const struct capture_frame *f)
{
	struct wire all = wire_of(f->bytes, f->len);
	struct wire_field one;
	int rc = 0;

	if (f->type != BLOCK_TYPE_SNAPSHOT)
		return story_add(s, f->bytes, f->len);
	while (!rc && wire_next(&all, &one) > 0)
		if (one.tag == 1 && one.sub.at) /* CaptureSnapshot.events */
			rc = story_stood(s, one.sub.at, (size_t)(one.sub.end - one.sub.at));
	return rc;
}

static int add_merged(struct story *s, struct capture **files, size_t n)
{
	const struct capture_filter all = {.snapshots = true};
	struct capture_merge merge;
	struct capture_frame f;
	int rc;

	for (size_t i = 0; i < n; i++)
		capture_filter(files[i], &all);
	rc = capture_merge_init(&merge, files, n);
	if (rc)
		return rc;
	while ((rc = capture_merge_next(&merge, &f, NULL)) > 0 && !(rc = add_frame(s, &f)))
		;
	capture_merge_destroy(&merge);
	return rc;
}

static int read_captures(struct story *s, struct capture **files, struct err *err)
{
	int rc = 0;

	s->record.format = s->record.n > 1 ? "captures" : "a capture";
	for (size_t i = 0; !rc && i < s->record.n; i++) {
		if (files[i] || !(rc = capture_open(&files[i], s->record.names[i], err)))
			rc = check_chain(&s->record, s->record.names[i], files[i]);
		else
			return rc;
	}
	rc = rc ? rc : add_merged(s, files, s->record.n);
	return rc ? err_set(err, rc, "cannot read '%.200s': %s", s->record.names[0], strerror(-rc)) : 0;
}

/* What comes through a pipe is looked at twice: as a capture, then as a stream. */
static int keep_stdin(struct err *err)
{
	struct input in;
	int rc = input_open(&in, "-", err);

	if (rc)
		return rc;
	if (dup2(in.fd, STDIN_FILENO) < 0 || lseek(STDIN_FILENO, 0, SEEK_SET) < 0)
		rc = err_set(err, -errno, "cannot read the standard input: %s", strerror(errno));
	input_close(&in);
	return rc;
}

int story_read(struct story *s, struct err *err)
{
	struct capture **files = calloc(s->record.n, sizeof(*files));
	int rc = files ? 0 : err_set(err, -ENOMEM, "not enough memory");

	if (!rc && !strcmp(s->record.names[0], "-"))
		rc = keep_stdin(err);
	rc = rc ? rc : capture_open(&files[0], s->record.names[0], err);
	if (!rc)
		rc = read_captures(s, files, err);
	else if (rc == -EBADMSG && s->record.n == 1)
		rc = read_stream(s, s->record.names[0], err);
	for (size_t i = 0; files && i < s->record.n; i++)
		capture_free(files[i]);
	free(files);
	return rc;
}
