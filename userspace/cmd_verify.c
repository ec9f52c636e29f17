// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "capture/verify.h"
#include "cmd_capture.h"

static int help(FILE *to, int code)
{
	fputs("usage: warder verify [OPTION]... FILE...\n\n"
	      "Reads capture files wholly and tells whether they are whole (nothing was lost by a crash, a disk or a copy) and\n"
	      "untouched (their chain of SHA-256 holds: nothing was changed, taken out or put into another order by anybody who did\n"
	      "not make all of it anew). With several files, also whether each continues the one that it says it does.\n"
	      "The exit code is 0, 3 for damage, 4 where somebody changed something.\n\n"
	      "      --head HASH       a head that the sensor sent into its stream: it must be in one of the files, and then all that\n"
	      "                        was written before it was sent is as it was, whoever could write to the files since\n"
	      "  -q, --quiet           the exit code alone\n"
	      "  -h, --help            print this\n",
	      to);
	return code;
}

struct told {
	const char *path;
	bool quiet;
};

static void tell(void *ctx, const struct verify_fault *f)
{
	static const char *const words[] = {"DAMAGED", "NOT CLOSED", "CHANGED"};
	const struct told *t = ctx;

	progress(0, 0);
	if (!t->quiet)
		printf("%s: %s at byte %" PRIu64 ": %s\n", t->path, words[f->kind], f->offset, f->what);
}

/* One file. 0; -errno, and *code is what the command ends with at least. */
static int verify_one(const char *path, const uint8_t *head, bool quiet, struct verify_result *r, int *code)
{
	struct told t = {path, quiet};
	struct err err = {""};
	struct input in;
	int rc = input_open(&in, path, &err);

	if (!rc) {
		in.watch = progress;
		rc = capture_verify(&in, head, tell, &t, r);
		progress(0, 0);
		if (rc)
			err_set(&err, rc, "%.200s: reading: %s", path, strerror(-rc));
		input_close(&in);
	}
	if (rc) {
		fprintf(stderr, "warder: %s\n", err.msg);
		*code = *code == EXIT_TAMPERED ? *code : EXIT_INPUT;
		return rc;
	}
	if (r->faults[VERIFY_TAMPERED])
		*code = EXIT_TAMPERED;
	else if ((r->faults[VERIFY_DAMAGED] || r->faults[VERIFY_OPEN]) && *code != EXIT_TAMPERED)
		*code = EXIT_INPUT;
	if (quiet)
		return 0;
	printf("%s: %s: %" PRIu64 " blocks, %" PRIu64 " events, head %s\n", path,
	       r->faults[VERIFY_TAMPERED]                           ? "changed by somebody"
	       : r->faults[VERIFY_DAMAGED] + r->faults[VERIFY_OPEN] ? "untouched as far as it goes, and not whole"
								    : "whole and untouched",
	       r->blocks, r->records, hex_text(r->head, BLOCK_HASH));
	return 0;
}

/* Whether a file of the same node was begun before. */
static bool is_first(const struct verify_result *all, int n, const struct verify_result *r)
{
	for (int i = 0; i < n; i++)
		if (all[i].meta && !strcmp(all[i].meta->node, r->meta->node) && all[i].meta->created < r->meta->created)
			return false;
	return true;
}

/* How the files hang together. */
static void verify_files(char **paths, const struct verify_result *all, int n, bool quiet, int *code)
{
	for (int i = 0; i < n; i++) {
		const struct verify_result *r = &all[i];
		int k = 0, link = 0;

		if (!r->meta || !r->meta->previous_id.len)
			continue;
		for (k = 0; k < n && !link; k++)
			link = k == i ? 0 : verify_continues(&all[k], r);
		k -= link != 0;
		if (link > 0 && !quiet)
			printf("%s continues %s\n", paths[i], paths[k]);
		if (link > 0 || (!link && is_first(all, n, r)))
			continue;
		*code = EXIT_TAMPERED;
		if (quiet)
			continue;
		if (link < 0)
			printf("%s: CHANGED: it continues %s, which ended otherwise then: blocks at its end were changed or taken away\n",
			       paths[i], paths[k]);
		else
			printf("%s: MISSING: the file that it continues, %s, is not among these\n", paths[i],
			       hex_text(r->meta->previous_id.data, r->meta->previous_id.len));
	}
}

static void verify_head(char **paths, const struct verify_result *all, int n, bool quiet, int *code)
{
	for (int i = 0; i < n; i++)
		if (all[i].head_found) {
			if (!quiet)
				printf("%s: the head is that of block %" PRIu64
				       ": all that is before it is as it was when it was sent\n",
				       paths[i], all[i].head_number);
			return;
		}
	*code = EXIT_TAMPERED;
	if (!quiet)
		printf("CHANGED: no block has that head: what was written before it was sent was changed or taken away\n");
}

static int parse_hash(const char *s, uint8_t out[BLOCK_HASH])
{
	unsigned int byte;

	if (strlen(s) != 2 * BLOCK_HASH || strspn(s, "0123456789abcdefABCDEF") != 2 * BLOCK_HASH)
		return -EINVAL;
	for (size_t i = 0; i < BLOCK_HASH; i++) {
		sscanf(s + 2 * i, "%2x", &byte);
		out[i] = (uint8_t)byte;
	}
	return 0;
}

int cmd_verify(int argc, char **argv)
{
	static const struct option longs[] = {
		{"head", required_argument, NULL, 'H'},
		{"quiet", no_argument, NULL, 'q'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int ch, n, code = EXIT_OK;
	struct verify_result *all;
	uint8_t head[BLOCK_HASH];
	bool quiet = false, has_head = false;

	while ((ch = getopt_long(argc, argv, "qh", longs, NULL)) != -1) {
		if (ch == 'h')
			return help(stdout, EXIT_OK);
		if (ch == 'q') {
			quiet = true;
		} else if (ch != 'H') {
			return help(stderr, EXIT_USAGE);
		} else if (parse_hash(optarg, head)) {
			fprintf(stderr, "warder: '%.100s' is no head: they have %d hex digits\n", optarg, 2 * BLOCK_HASH);
			return EXIT_USAGE;
		} else {
			has_head = true;
		}
	}
	n = argc - optind;
	if (!n)
		return help(stderr, EXIT_USAGE);
	progress_alone();
	all = calloc((size_t)n, sizeof(*all));
	if (!all)
		return EXIT_INPUT;
	for (int i = 0; i < n; i++)
		verify_one(argv[optind + i], has_head ? head : NULL, quiet, &all[i], &code);
	verify_files(argv + optind, all, n, quiet, &code);
	if (has_head)
		verify_head(argv + optind, all, n, quiet, &code);
	for (int i = 0; i < n; i++)
		verify_destroy(&all[i]);
	free(all);
	return code;
}
