// SPDX-License-Identifier: Apache-2.0
#include <getopt.h>
#include <stdio.h>

#include "cmd.h"
#include "policy.h"

static int help(FILE *to, int code)
{
	fputs("usage: warder check POLICY\n\n"
	      "Reads a policy as 'warder run -c' would, and tells what is wrong in it, with line and column. The exit code is 3 then.\n\n"
	      "  -h, --help            print this\n",
	      to);
	return code;
}

int cmd_check(int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'}, {0}};
	struct err err = {""};
	struct policy p;
	int ch;

	while ((ch = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		return ch == 'h' ? help(stdout, EXIT_OK) : help(stderr, EXIT_USAGE);
	if (argc - optind != 1)
		return help(stderr, EXIT_USAGE);
	if (policy_init(&p, argv[optind], &err)) {
		fprintf(stderr, "warder: %s\n", err.msg);
		return EXIT_INPUT;
	}
	printf("%s: good: %zu trust levels with %zu rules, %zu techniques, %zu exceptions\n", argv[optind], p.trust.levels.n,
	       p.trust.n, p.rules.n_techniques, p.rules.n_exceptions);
	policy_destroy(&p);
	return EXIT_OK;
}
