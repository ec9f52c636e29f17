// SPDX-License-Identifier: Apache-2.0
/* filter, merge and recover: captures in, one whole capture out. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "capture/wire.h"
#include "capture/writer.h"
#include "cmd_capture.h"
#include "frame.h"

struct copied {
	uint64_t events, lost_notes, snapshots;
};

/* The new file's facts: those of the files that it is made of, as far as they agree. */
static void copy_meta(const struct capture_set *set, Warder__V1__CaptureHeader *m, ProtobufCBinaryData *made_of)
{
	const Warder__V1__CaptureHeader *first = NULL, *h;

	for (size_t i = 0; i < set->n; i++) {
		h = capture_meta(set->files[i]);
		if (!h)
			continue;
		made_of[m->n_made_of++] = h->file_id;
		if (!first) {
			first = h;
			m->node = h->node;
			m->boot_id = h->boot_id;
			m->kernel = h->kernel;
			m->realtime_0 = h->realtime_0;
			m->stream = h->stream;
			m->version = h->version;
			m->policy = h->policy;
			m->schema = h->schema;
			m->as_written = h->as_written;
		} else if (strcmp(h->node, first->node) || strcmp(h->boot_id, first->boot_id) || h->stream != first->stream) {
			m->as_written = true;
		}
		m->as_written |= h->as_written;
		if (strcmp(h->node, first->node))
			m->node = "";
	}
	m->made_of = made_of;
}

/* Of a snapshot's events those that are about a wanted container; *out is the caller's to free. */
static int64_t copy_snapshot(const struct capture_frame *f, const uint64_t *origins, uint8_t **out)
{
	struct wire in = wire_of(f->bytes, f->len);
	const uint8_t *from = in.at;
	struct capture_mark m;
	struct wire_field field;
	int64_t n = 0;
	bool keep;

	*out = malloc(f->len + 1);
	if (!*out)
		return -ENOMEM;
	for (; wire_next(&in, &field) > 0; from = in.at) {
		keep = !origins;
		if (origins && field.sub.at && !capture_mark_read(field.sub.at, (size_t)(field.sub.end - field.sub.at), &m))
			for (const uint64_t *o = origins; *o && !keep; o++)
				keep = *o == m.origin || *o == m.owner;
		if (!keep)
			continue;
		memcpy(*out + n, from, (size_t)(in.at - from));
		n += in.at - from;
	}
	return n;
}

/* An event after its length, as the writer takes it. */
static int copy_event(struct capture_writer *w, const struct capture_frame *f)
{
	static uint8_t framed[WRITER_FRAME_MAX];
	size_t head;

	if (f->len > sizeof(framed) - 8)
		return -EMSGSIZE;
	head = frame_head(framed, f->len);
	memcpy(framed + head, f->bytes, f->len);
	return (f->type == BLOCK_TYPE_LOST ? capture_lost : capture_append)(w, framed, head + f->len, &f->mark);
}

static int copy_all(struct capture_set *set, struct capture_writer *w, struct copied *done, struct err *err)
{
	struct capture_frame f;
	uint8_t *bytes;
	int64_t n;
	int rc;

	while ((rc = set_next(set, &f, err)) > 0) {
		if (f.type != BLOCK_TYPE_SNAPSHOT) {
			rc = copy_event(w, &f);
			done->events += f.type == BLOCK_TYPE_EVENTS;
			done->lost_notes += f.type == BLOCK_TYPE_LOST;
		} else {
			n = copy_snapshot(&f, set->origins[set->merge.last], &bytes);
			rc = n > 0 ? capture_snapshot(w, bytes, (size_t)n, &f.mark) : (int)n;
			done->snapshots += n > 0;
			free(bytes);
		}
		if (rc)
			return err_set(err, rc, "%s", *capture_error(w) ? capture_error(w) : "an event is too long");
	}
	return rc;
}

static int copy(char **paths, int n, const struct capture_query *q, const char *to, int damage_code)
{
	Warder__V1__CaptureHeader meta = WARDER__V1__CAPTURE_HEADER__INIT;
	struct capture_writer *w = NULL;
	ProtobufCBinaryData *made_of;
	struct copied done = {0};
	struct capture_set set;
	struct err err = {""};
	int rc = set_open(&set, paths, n, q, true, &err), code = EXIT_OK;

	if (rc)
		return capture_fail(&err);
	made_of = calloc((size_t)n, sizeof(*made_of));
	if (!made_of)
		rc = err_set(&err, -ENOMEM, "no memory");
	else
		copy_meta(&set, &meta, made_of);
	if (!rc)
		rc = capture_create(&w, to, &meta, &err);
	if (!rc) {
		rc = copy_all(&set, w, &done, &err);
		if (rc)
			capture_discard(w);
		else
			rc = capture_close(w, NULL, &err);
		code = set_damage(&set) == EXIT_OK ? EXIT_OK : damage_code;
	}
	if (!rc)
		fprintf(stderr, "warder: %s: %" PRIu64 " events, %" PRIu64 " notes of losses, %" PRIu64 " snapshots\n",
			strcmp(to, "-") ? to : "standard output", done.events, done.lost_notes, done.snapshots);
	free(made_of);
	set_close(&set);
	return rc ? capture_fail(&err) : code;
}

static int help_filter(FILE *to, int code)
{
	fputs("usage: warder filter [OPTION]... -o FILE FILE...\n\n"
	      "Makes a capture of some of the events of others. By their index, only the parts of them that are needed are read.\n"
	      "- is the standard input, and as the output the standard output.\n\n",
	      to);
	fputs(query_help, to);
	fputs("  -o, --output FILE     the new capture\n"
	      "  -h, --help            print this\n",
	      to);
	return code;
}

static int help_merge(FILE *to, int code)
{
	fputs("usage: warder merge -o FILE FILE...\n\n"
	      "Makes one capture of several: of a rotation, or of several nodes; in the order of time, then node, then number.\n\n"
	      "  -o, --output FILE     the new capture; - is the standard output\n"
	      "  -h, --help            print this\n",
	      to);
	return code;
}

static int help_recover(FILE *to, int code)
{
	fputs("usage: warder recover -o FILE FILE\n\n"
	      "Makes a whole capture of one that is damaged, was cut, or was never closed (.part), and tells what is lost. The exit\n"
	      "code is 0 then, and 3 where nothing can be recovered.\n\n"
	      "  -o, --output FILE     the new capture; - is the standard output\n"
	      "  -h, --help            print this\n",
	      to);
	return code;
}

static int run(int argc, char **argv, bool query, int files, int damage_code, int (*help)(FILE *to, int code))
{
	static const struct option longs[] = {
		QUERY_LONG,
		{"output", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	const struct option *mine = longs;
	struct capture_query q = {0};
	const char *to = NULL;
	struct err err = {""};
	int ch, rc;

	while (!query && strcmp(mine->name, "output"))
		mine++;
	while ((ch = getopt_long(argc, argv, query ? QUERY_SHORT "o:h" : "o:h", mine, NULL)) != -1) {
		if (ch == 'h')
			return help(stdout, EXIT_OK);
		rc = query_option(&q, ch, optarg, &err);
		if (rc < 0)
			return capture_fail(&err), EXIT_USAGE;
		if (!rc && ch != 'o')
			return help(stderr, EXIT_USAGE);
		if (!rc)
			to = optarg;
	}
	if (!to || optind == argc || argc - optind > files)
		return help(stderr, EXIT_USAGE);
	return copy(argv + optind, argc - optind, &q, to, damage_code);
}

int cmd_filter(int argc, char **argv)
{
	return run(argc, argv, true, MERGE_MAX, EXIT_INPUT, help_filter);
}

int cmd_merge(int argc, char **argv)
{
	return run(argc, argv, false, MERGE_MAX, EXIT_INPUT, help_merge);
}

int cmd_recover(int argc, char **argv)
{
	return run(argc, argv, false, 1, EXIT_OK, help_recover);
}
