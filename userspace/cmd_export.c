// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>

#include "cmd_capture.h"
#include "json.h"
#include "ocsf.h"

static int help(FILE *to, int code)
{
	fputs("usage: warder export [OPTION]... FILE...\n\n"
	      "Prints the events of capture files for other programs, one a line; several files as one, in the order of time. - is the\n"
	      "standard input. There is no pcapng or MCAP: they are for packets and messages, and 'warder cat' has all there is.\n\n"
	      "  -f, --format FORMAT   ocsf: JSON in the words of OCSF 1.8.0; ndjson: warder's own, as 'warder cat'; default: ocsf\n",
	      to);
	fputs(query_help, to);
	fputs("  -h, --help            print this\n", to);
	return code;
}

static ssize_t ndjson_line(const Warder__V1__Event *e, char *out, size_t size)
{
	return json_line(&e->base, out, size);
}

static int export(struct capture_set *set, ssize_t (*line)(const Warder__V1__Event *e, char *out, size_t size), struct err *err)
{
	static char out[1 << 20];
	struct capture_frame f;
	Warder__V1__Event *e;
	ssize_t n;
	int rc;

	while ((rc = set_next(set, &f, err)) > 0) {
		e = warder__v1__event__unpack(NULL, f.len, f.bytes);
		n = e ? line(e, out, sizeof(out)) : -EBADMSG;
		if (n < 0)
			fprintf(stderr, "warder: event %llu cannot be written: %s\n", (unsigned long long)f.mark.seq,
				strerror((int)-n));
		else
			fwrite(out, 1, (size_t)n, stdout);
		if (e)
			warder__v1__event__free_unpacked(e, NULL);
		if (ferror(stdout))
			return err_set(err, -EIO, "standard output takes no more");
	}
	return rc;
}

int cmd_export(int argc, char **argv)
{
	static const struct option longs[] = {
		QUERY_LONG,
		{"format", required_argument, NULL, 'f'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct capture_query q = {0};
	struct capture_set set;
	struct err err = {""};
	ssize_t (*line)(const Warder__V1__Event *e, char *out, size_t size) = ocsf_line;
	int ch, rc;

	while ((ch = getopt_long(argc, argv, QUERY_SHORT "f:h", longs, NULL)) != -1) {
		if (ch == 'h')
			return help(stdout, EXIT_OK);
		rc = query_option(&q, ch, optarg, &err);
		if (rc < 0)
			return capture_fail(&err), EXIT_USAGE;
		if (rc)
			continue;
		if (ch != 'f')
			return help(stderr, EXIT_USAGE);
		if (strcmp(optarg, "ocsf") && strcmp(optarg, "ndjson")) {
			fprintf(stderr, "warder: there is no format '%.100s': ocsf or ndjson\n", optarg);
			return EXIT_USAGE;
		}
		line = *optarg == 'o' ? ocsf_line : ndjson_line;
	}
	if (optind == argc)
		return help(stderr, EXIT_USAGE);
	rc = set_open(&set, argv + optind, argc - optind, &q, false, &err);
	if (!rc) {
		rc = export(&set, line, &err);
		ch = set_damage(&set);
		set_close(&set);
	}
	if (!rc && fflush(stdout))
		rc = err_set(&err, -EIO, "standard output takes no more");
	return rc ? capture_fail(&err) : ch;
}
