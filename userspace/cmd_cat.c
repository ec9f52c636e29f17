// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>

#include "cmd_capture.h"
#include "sink.h"

static int help(FILE *to, int code)
{
	fputs("usage: warder cat [OPTION]... FILE...\n\n"
	      "Prints the events of capture files as JSON, one a line; several files as one, in the order of time. - is the standard\n"
	      "input. What is damaged is skipped and told; the exit code is 3 then.\n\n",
	      to);
	fputs(query_help, to);
	fputs("      --console         for people: findings and incidents as lines of text\n"
	      "  -o, --output SINK     as of 'warder run'; default: ndjson:-\n"
	      "  -h, --help            print this\n",
	      to);
	return code;
}

enum {
	LOST_MAX = 1000, /* in a row: then nobody takes them any more */
};

static int cat(struct capture_set *set, struct sink *s, struct err *err)
{
	uint64_t lost = 0, in_a_row = 0;
	struct capture_frame f;
	Warder__V1__Event *e;
	int rc = 0;

	while (in_a_row < LOST_MAX && (rc = set_next(set, &f, err)) > 0) {
		e = warder__v1__event__unpack(NULL, f.len, f.bytes);
		if (!e) {
			fprintf(stderr, "warder: event %llu is none that this version can read\n",
				(unsigned long long)f.mark.seq);
			continue;
		}
		sink_write(s, e);
		drain(s);
		warder__v1__event__free_unpacked(e, NULL);
		in_a_row = s->lost > lost ? in_a_row + 1 : 0;
		if (s->lost > lost && !lost)
			fprintf(stderr, "warder: event %llu: '%s' does not take it\n", (unsigned long long)f.mark.seq, s->spec);
		lost = s->lost;
	}
	if (rc >= 0 && lost)
		return err_set(err, -EIO, "'%.200s' did not take %llu events", s->spec, (unsigned long long)lost);
	return rc;
}

int cmd_cat(int argc, char **argv)
{
	static const struct option longs[] = {
		QUERY_LONG,
		{"console", no_argument, NULL, 'c'},
		{"output", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	const char *spec = "ndjson:-";
	struct capture_query q = {0};
	struct capture_set set;
	struct err err = {""};
	struct sink *s;
	int ch, rc;

	while ((ch = getopt_long(argc, argv, QUERY_SHORT "o:h", longs, NULL)) != -1) {
		if (ch == 'h')
			return help(stdout, EXIT_OK);
		rc = query_option(&q, ch, optarg, &err);
		if (rc < 0)
			return capture_fail(&err), EXIT_USAGE;
		if (rc)
			continue;
		if (ch != 'c' && ch != 'o')
			return help(stderr, EXIT_USAGE);
		spec = ch == 'c' ? "console" : optarg;
	}
	if (optind == argc)
		return help(stderr, EXIT_USAGE);
	if (sink_open(spec, &s, &err))
		return capture_fail(&err), EXIT_USAGE;
	rc = set_open(&set, argv + optind, argc - optind, &q, false, &err);
	if (!rc) {
		rc = cat(&set, s, &err);
		ch = set_damage(&set);
		set_close(&set);
	}
	sink_close(s);
	return rc ? capture_fail(&err) : ch;
}
