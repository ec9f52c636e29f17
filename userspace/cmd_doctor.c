// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "coverage.h"
#include "json.h"
#include "source/bpf.h"
#include "technique.h"

static int help(FILE *to, int code)
{
	fputs("usage: warder doctor [--json]\n\n"
	      "Says for each hook and each catalogue technique how it is seen on this node: what 'warder run' would attach, and\n"
	      "what stays unseen. Loads nothing.\n\n"
	      "      --json    one JSON object instead of a table\n"
	      "  -h, --help    print this\n",
	      to);
	return code;
}

static const char *state_word(Warder__V1__Coverage__State s)
{
	static const char *const words[] = {"?", "seen", "degraded", "unseen"};

	return words[s];
}

static void print_table(const struct probe *p, const Warder__V1__Coverage *c)
{
	unsigned int n[4] = {0};

	printf("kernel %s\n\nTIER     HERE\n", p->kernel);
	for (int t = 0; t < TIER_NONE; t++)
		printf("%-8s %s%s\n", tier_names[t], p->has[t] ? "yes" : "no: ", p->has[t] ? "" : p->why_not[t]);
	printf("\nHOOK              TIER     STATE     NOT SEEN\n");
	for (size_t i = 0; i < c->n_hooks; i++) {
		const Warder__V1__Coverage__Hook *h = c->hooks[i];

		printf("%-17s %-8s %-9s %s\n", h->hook, h->tier, state_word(h->state), h->unseen);
	}
	printf("\nTECHNIQUE STATE     NOT SEEN\n");
	for (size_t i = 0; i < c->n_techniques; i++) {
		const Warder__V1__Coverage__Technique *t = c->techniques[i];
		const struct technique *row = technique_find(t->id);

		n[t->state]++;
		if (row->hooks)
			printf("%-9s %-9s %s\n          %s%s\n", t->id, state_word(t->state), row->title,
			       *t->unseen ? "not: " : "", t->unseen);
	}
	printf("\n%u techniques seen, %u degraded, %u unseen:", n[1], n[2], n[3]);
	for (size_t i = 0; i < c->n_techniques; i++)
		if (c->techniques[i]->state == WARDER__V1__COVERAGE__STATE__UNSEEN)
			printf(" %s", c->techniques[i]->id);
	putchar('\n');
}

static int print_json(const ProtobufCMessage *m, struct err *err)
{
	static char line[256 * 1024];
	ssize_t n = json_line(m, line, sizeof(line));

	if (n < 0)
		return err_set(err, (int)n, "writing the report as JSON: %s", strerror((int)-n));
	fwrite(line, 1, n, stdout);
	return 0;
}

int cmd_doctor(int argc, char **argv)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	const Warder__V1__Coverage *c = NULL;
	struct attach at = {0};
	struct err err = {""};
	struct arena a = {0};
	struct probe p;
	int ch, rc, json = 0;

	while ((ch = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (ch == 'h')
			return help(stdout, EXIT_OK);
		if (ch != 'j')
			return help(stderr, EXIT_USAGE);
		json = 1;
	}
	if (optind < argc) {
		fprintf(stderr, "warder doctor: '%s' is no option\n", argv[optind]);
		return EXIT_USAGE;
	}
	rc = probe_init(&p, TIER_LSM, &err);
	if (!rc)
		rc = source_bpf_plan(&p, &at, &err);
	if (!rc && !arena_init(&a, 256 * 1024))
		c = coverage_make(&a, &at);
	if (!rc && !c)
		rc = err_set(&err, -ENOMEM, "not enough memory for the report");
	if (!rc && json)
		rc = print_json(&c->base, &err);
	else if (!rc)
		print_table(&p, c);
	if (rc)
		fprintf(stderr, "warder: %s\n", err.msg);
	arena_destroy(&a);
	probe_destroy(&p);
	return rc ? EXIT_KERNEL : EXIT_OK;
}
