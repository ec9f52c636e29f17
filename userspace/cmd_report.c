// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "progress.h"
#include "story/read.h"
#include "story/story.h"

static int help(FILE *to, int code)
{
	fputs("usage: warder report [OPTION]... FILE...\n\n"
	      "Tells an incident from recorded events: who got out, from where to where, what was done when, and what was not seen. FILE is a\n"
	      "capture (several are read as one), or what 'warder run -o proto:FILE' wrote; '-' is the standard input. Of several incidents\n"
	      "the worst is told.\n\n"
	      "  -o, --output FILE     as one HTML file (- is the standard output), instead of as text\n"
	      "      --incident UID    this incident, by its uid or the start of it\n"
	      "      --container NAME  the worst incident of this container, by its name or the start of its id\n"
	      "  -h, --help            print this\n",
	      to);
	return code;
}

static int write_to(const struct story *s, const char *path, struct err *err)
{
	FILE *out = fopen(path, "we");
	int rc;

	if (!out)
		return err_set(err, -errno, "cannot write '%.200s': %s", path, strerror(errno));
	rc = page_write(s, out);
	if (fclose(out) && !rc)
		rc = -errno;
	return rc ? err_set(err, rc, "cannot write '%.200s': %s", path, strerror(-rc)) : 0;
}

/* Beside the file's place, so that nobody finds half a page there; but a device or a pipe is written to as it is. */
static int write_page(const struct story *s, const char *path, struct err *err)
{
	char part[4096];
	struct stat sb;
	int rc;

	if (!strcmp(path, "-"))
		return page_write(s, stdout) ? err_set(err, -EIO, "cannot write to the standard output") : 0;
	if (!stat(path, &sb) && !S_ISREG(sb.st_mode))
		return write_to(s, path, err);
	if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part))
		return err_set(err, -ENAMETOOLONG, "'%.200s...' is too long a name", path);
	rc = write_to(s, part, err);
	if (!rc && rename(part, path))
		rc = err_set(err, -errno, "cannot write '%.200s': %s", path, strerror(errno));
	if (rc)
		unlink(part);
	return rc;
}

/* Of captures that are not as they were written there is a report too, and the exit code says it. */
static int report(char *const *paths, size_t n, const char *output, const struct story_choice *want)
{
	static const int codes[] = {[RECORD_WHOLE] = EXIT_OK, [RECORD_DAMAGED] = EXIT_INPUT, [RECORD_CHANGED] = EXIT_TAMPERED};
	struct story *s = story_new(want, paths, n);
	struct err err = {"not enough memory"};
	int code = EXIT_INPUT, rc = s ? 0 : -ENOMEM;

	if (s) {
		progress_alone();
		s->record.watch = progress;
		rc = story_read(s, &err);
		progress(0, 0);
	}
	rc = rc ? rc : story_tell(s, &err);
	if (!rc && output)
		rc = write_page(s, output, &err);
	else if (!rc && (rc = plain_write(s, stdout)))
		err_set(&err, rc, "cannot write to the standard output");
	if (rc)
		fprintf(stderr, "warder: %s\n", err.msg);
	else
		code = codes[s->record.state];
	story_free(s);
	return code;
}

int cmd_report(int argc, char **argv)
{
	static const struct option longs[] = {
		{"output", required_argument, NULL, 'o'},
		{"incident", required_argument, NULL, 'i'},
		{"container", required_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct story_choice want = {0};
	const char *output = NULL;
	int ch;

	while ((ch = getopt_long(argc, argv, "ho:", longs, NULL)) != -1) {
		if (ch == 'h')
			return help(stdout, EXIT_OK);
		else if (ch == 'o')
			output = optarg;
		else if (ch == 'i')
			want.incident = optarg;
		else if (ch == 'c')
			want.container = optarg;
		else
			return help(stderr, EXIT_USAGE);
	}
	if (optind == argc) {
		fputs("warder report: which file?\n", stderr);
		return EXIT_USAGE;
	}
	if (want.incident && want.container) {
		fputs("warder report: --incident and --container are two ways to say which: give one\n", stderr);
		return EXIT_USAGE;
	}
	return report(argv + optind, (size_t)(argc - optind), output, &want);
}
