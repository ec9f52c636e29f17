// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "capture/verify.h"
#include "cmd_capture.h"
#include "schema.h"

static int help(FILE *to, int code)
{
	fputs("usage: warder info FILE...\n\n"
	      "Tells what is in capture files: whose they are, what time they cover, which containers and how many events of which\n"
	      "type, and whether they are whole and untouched ('warder verify' tells more of that). - is the standard input.\n\n"
	      "  -h, --help            print this\n",
	      to);
	return code;
}

struct counts {
	uint64_t types[256], severities[8], events, first_ns, last_ns, first_seq, last_seq;
	uint64_t *of; /* of each container in the directory, that it acts in or is acted on in */
};

static void count(struct counts *n, const struct directory *d, const struct capture_mark *m)
{
	n->types[m->type < 256 ? m->type : 0]++;
	n->severities[m->severity < 8 ? m->severity : 0]++;
	n->first_ns = n->events && n->first_ns <= m->time_ns ? n->first_ns : m->time_ns;
	n->last_ns = m->time_ns > n->last_ns ? m->time_ns : n->last_ns;
	n->first_seq = n->events && n->first_seq <= m->seq ? n->first_seq : m->seq;
	n->last_seq = m->seq > n->last_seq ? m->seq : n->last_seq;
	n->events++;
	for (size_t low = 0, high = d->n; low < high;) {
		size_t mid = low + (high - low) / 2;

		if (d->rows[mid].origin == m->origin) {
			n->of[mid]++;
			break;
		}
		if (d->rows[mid].origin < m->origin)
			low = mid + 1;
		else
			high = mid;
	}
}

static void print_meta(const Warder__V1__CaptureHeader *m)
{
	if (!m) {
		puts("  made by    unknown: the first block is damaged");
		return;
	}
	printf("  node       %s, boot %s, kernel %s\n", shown(m->node), shown(m->boot_id), shown(m->kernel));
	printf("  made       %s by warder %s, stream %016" PRIx64 "\n", time_text(m->created), shown(m->version), m->stream);
	printf("  id         %s\n", hex_text(m->file_id.data, m->file_id.len));
	if (m->previous_id.len)
		printf("  continues  %s\n", hex_text(m->previous_id.data, m->previous_id.len));
	for (size_t i = 0; i < m->n_made_of; i++)
		printf("  made of    %s\n", hex_text(m->made_of[i].data, m->made_of[i].len));
	if (m->policy.len)
		printf("  policy     %s\n", hex_text(m->policy.data, m->policy.len));
	if (m->as_written)
		puts("  order      as it stands: it has events of several streams");
}

static void print_counts(const struct counts *n, const struct directory *d)
{
	printf("  events     %" PRIu64 ", numbers %" PRIu64 " to %" PRIu64 "\n", n->events, n->first_seq, n->last_seq);
	printf("  from       %s\n  to         %s\n", time_text(n->first_ns), time_text(n->last_ns));
	for (unsigned int i = 0; i < 256; i++)
		if (n->types[i])
			printf("  type       %-22s %10" PRIu64 "\n", i ? schema_type_name(i) : "unknown", n->types[i]);
	for (size_t i = 0; i < d->n; i++) {
		const struct directory_row *row = &d->rows[i];

		printf("  container  %-22s %10" PRIu64 "  %" PRIu64 " %.12s %s", shown(row->name), n->of[i], row->origin,
		       shown(row->id), shown(row->image));
		if (*row->pod)
			printf(" pod %s/%s", shown(row->ns), shown(row->pod));
		putchar('\n');
	}
	if (d->cut)
		printf("  containers more than %d: the others are not listed\n", DIRECTORY_MAX);
}

/* Whether it is whole and untouched. Returns an exit code; -errno. */
static int print_state(struct capture *c)
{
	struct verify_result r;
	int rc = capture_verify(capture_input(c), NULL, NULL, NULL, &r), code = EXIT_OK;

	if (!rc) {
		printf("  blocks     %" PRIu64 " in %" PRIu64 " bytes, %s\n", r.blocks, r.size,
		       capture_stats(c).indexed ? "with an index" : "without an index");
		if (r.faults[VERIFY_TAMPERED]) {
			printf("  state      CHANGED in %" PRIu64 " places: see 'warder verify'\n", r.faults[VERIFY_TAMPERED]);
			code = EXIT_TAMPERED;
		} else if (r.faults[VERIFY_DAMAGED]) {
			printf("  state      DAMAGED in %" PRIu64 " places: see 'warder verify' and 'warder recover'\n",
			       r.faults[VERIFY_DAMAGED]);
			code = EXIT_INPUT;
		} else {
			printf("  state      %s, and untouched: the chain holds\n",
			       r.faults[VERIFY_OPEN] ? "not closed" : "whole");
		}
		printf("  head       %s\n", hex_text(r.head, BLOCK_HASH));
	}
	verify_destroy(&r);
	return rc ? rc : code;
}

static int print_file(struct capture *c, int *code)
{
	const struct directory *d = capture_directory(c);
	struct counts *n = calloc(1, sizeof(*n));
	struct capture_frame f;
	int rc = -ENOMEM, state;

	if (d && n && (n->of = calloc(d->n + 1, sizeof(*n->of))))
		while ((rc = capture_next(c, &f)) > 0) {
			count(n, d, &f.mark);
			if (n->events % 65536 == 0)
				progress(capture_stats(c).bytes, capture_stats(c).size);
		}
	progress(0, 0);
	if (!rc) {
		printf("%s\n", capture_path(c));
		print_meta(capture_meta(c));
		print_counts(n, d);
		state = print_state(c);
		rc = state < 0 ? state : 0;
		*code = state > *code ? state : *code;
	}
	if (n)
		free(n->of);
	free(n);
	return rc;
}

int cmd_info(int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'}, {0}};
	int ch, rc, code = EXIT_OK;
	struct err err = {""};
	struct capture *c;

	while ((ch = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		return ch == 'h' ? help(stdout, EXIT_OK) : help(stderr, EXIT_USAGE);
	if (optind == argc)
		return help(stderr, EXIT_USAGE);
	for (int i = optind; i < argc; i++) {
		rc = capture_open(&c, argv[i], &err);
		if (!rc) {
			rc = print_file(c, &code);
			if (rc)
				err_set(&err, rc, "%.200s: reading: %s", argv[i], strerror(-rc));
			capture_free(c);
		}
		if (rc) {
			fprintf(stderr, "warder: %s\n", err.msg);
			code = code > EXIT_INPUT ? code : EXIT_INPUT;
		}
	}
	return code;
}
