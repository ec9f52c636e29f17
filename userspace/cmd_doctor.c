// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
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
	      "Says for each hook and each catalogue technique how it is seen on this node, and what stays unseen: attaches what\n"
	      "'warder run' would attach, for a moment.\n\n"
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

static void print_tiers(const struct probe *p)
{
	printf("kernel %s\n\nTIER     HERE\n", p->kernel);
	for (int t = 0; t < TIER_NONE; t++)
		printf("%-8s %s%s\n", tier_names[t], p->has[t] ? "yes" : "no: ", p->has[t] ? "" : p->why_not[t]);
	fflush(stdout);
}

static void print_table(const Warder__V1__Coverage *c)
{
	unsigned int n[4] = {0};

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

/* A refusal lowers a hook without a word of the kernel's: it is the sensor's to say. */
static void print_refused(const struct attach *a)
{
	for (unsigned int i = 0; i < a->n_refused && i < ATTACH_REFUSED; i++)
		printf("%sREFUSED  %s: %s\n", i ? "" : "\n", a->refused[i].program, a->refused[i].why);
	if (a->n_refused > ATTACH_REFUSED)
		printf("REFUSED  and %u more\n", a->n_refused - ATTACH_REFUSED);
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

static void print_program(const struct program_cost *c)
{
	printf("%s\t%u\t%u\t%u\n", c->name, c->verified, c->insns, c->jited);
}

struct options {
	enum tier best;
	bool json, programs;
};

/* Returns -1 to go on, else an exit code. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{"best-tier", required_argument, NULL, 'T'}, /* for tests: leaves better tiers out */
		{"programs", no_argument, NULL,
		 'p'}, /* for tests: name, verified and final instructions, bytes of machine code */
		{0},
	};
	int ch;

	*o = (struct options){0};
	while ((ch = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (ch) {
		case 'j':
			o->json = true;
			break;
		case 'p':
			o->programs = true;
			break;
		case 'T':
			if (tier_find(optarg, &o->best)) {
				fprintf(stderr, "warder doctor: --best-tier: there is no tier '%s'\n", optarg);
				return EXIT_USAGE;
			}
			break;
		case 'h':
			return help(stdout, EXIT_OK);
		default:
			return help(stderr, EXIT_USAGE);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "warder doctor: '%s' is no option\n", argv[optind]);
		return EXIT_USAGE;
	}
	return -1;
}

static int report(const struct options *o, const struct source *src, struct err *err)
{
	const Warder__V1__Coverage *c = NULL;
	struct arena a = {0};
	int rc = 0;

	if (o->programs) {
		source_bpf_programs(src, print_program);
		return 0;
	}
	if (!arena_init(&a, 256 * 1024))
		c = coverage_make(&a, source_bpf_attach(src));
	if (!c)
		rc = err_set(err, -ENOMEM, "not enough memory for the report");
	else if (o->json)
		rc = print_json(&c->base, err);
	else
		print_table(c);
	if (c && !o->json)
		print_refused(source_bpf_attach(src));
	arena_destroy(&a);
	return rc;
}

/* What a list of the kernel's functions promises, its verifier may refuse: only loading and attaching gives the truth. */
int cmd_doctor(int argc, char **argv)
{
	const struct source_bpf_options bo = {0};
	struct source *src = NULL;
	struct err err = {""};
	struct options o;
	struct probe p;
	int rc = parse(argc, argv, &o);

	if (rc >= 0)
		return rc;
	rc = probe_init(&p, o.best, &err);
	if (!rc && !o.json && !o.programs)
		print_tiers(&p);
	if (!rc)
		rc = source_bpf_open(&p, &bo, &src, &err);
	if (!rc)
		rc = report(&o, src, &err);
	if (rc)
		fprintf(stderr, "warder: %s\n", err.msg);
	if (src)
		src->ops->close(src);
	probe_destroy(&p);
	return rc ? EXIT_KERNEL : EXIT_OK;
}
