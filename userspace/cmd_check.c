// SPDX-License-Identifier: Apache-2.0
#include <getopt.h>
#include <stdio.h>

#include "cmd.h"
#include "policy.h"

static int help(FILE *to, int code)
{
	fputs("usage: warder check POLICY | --default | --schema\n\n"
	      "Reads a policy as 'warder run -c' would, and tells what is wrong in it, with line and column. The exit code is 3 then.\n\n"
	      "      --default         print what is built in\n"
	      "      --schema          print the form of a policy, as JSON Schema\n"
	      "  -h, --help            print this\n",
	      to);
	return code;
}

static int print(const char *bytes, size_t len)
{
	fwrite(bytes, 1, len, stdout);
	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_OK;
	fprintf(stderr, "warder: the standard output cannot be written\n");
	return EXIT_KERNEL;
}

static void summary(const char *path, const struct policy *p)
{
	size_t built_in = 0;

	for (size_t i = 0; i < p->rules.n_exceptions; i++)
		built_in += p->rules.exceptions[i].built_in;
	printf("%s: good: %s mode, %zu trust levels with %zu rules, %zu techniques, %zu exceptions and %zu built-in ones, "
	       "%zu sensitive paths\n",
	       path, p->rules.strict ? "strict" : "production", p->trust.levels.n, p->trust.n, p->rules.n_techniques,
	       p->rules.n_exceptions - built_in, built_in, policy_sensitive_count(p));
}

int cmd_check(int argc, char **argv)
{
	static const struct option longs[] = {
		{"default", no_argument, NULL, 'd'}, {"schema", no_argument, NULL, 's'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct err err = {""};
	struct policy p;
	const char *text = NULL;
	size_t len;
	int ch;

	while ((ch = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (ch == 'd')
			text = policy_builtin(&len);
		else if (ch == 's')
			text = policy_schema(&len);
		else
			return ch == 'h' ? help(stdout, EXIT_OK) : help(stderr, EXIT_USAGE);
	}
	if (argc - optind != !text)
		return help(stderr, EXIT_USAGE);
	if (text)
		return print(text, len);
	if (policy_init(&p, argv[optind], &err)) {
		fprintf(stderr, "warder: %s\n", err.msg);
		return EXIT_INPUT;
	}
	summary(argv[optind], &p);
	policy_destroy(&p);
	return EXIT_OK;
}
