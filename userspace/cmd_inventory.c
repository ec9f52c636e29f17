// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "control.h"
#include "json.h"
#include "text.h"

#define LINE_BYTES (512 * 1024)

static int help(FILE *to, int code)
{
	fputs("usage: warder inventory [OPTION]...\n\n"
	      "Asks the running sensor what this node is made of, what runs in its containers, and which programs of theirs are not of their\n"
	      "image.\n\n"
	      "      --json            the sensor's events, one a line, instead of tables\n"
	      "  -h, --help            print this\n",
	      to);
	return code;
}

static void print_json(void *ctx, const Warder__V1__Event *e)
{
	char *line = ctx;
	ssize_t n = json_line(&e->base, line, LINE_BYTES);

	if (n > 0)
		fwrite(line, 1, (size_t)n, stdout);
}

/* Tables. What comes from outside is quoted: a name must not break a column. */

static const char *quoted(char out[256], const char *s, const char *also)
{
	if (!s || !*s)
		return "-";
	text_quote(out, 256, s, strlen(s), also);
	return out;
}

static const char *cell(char out[256], const char *s)
{
	return quoted(out, s, " ");
}

static const char *text_cell(char out[256], const Warder__V1__Text *t)
{
	if (!t)
		return "-";
	if (t->raw.len)
		text_quote(out, 256, t->raw.data, t->raw.len, " ");
	else
		text_quote(out, 256, t->utf8, strlen(t->utf8), " ");
	return out;
}

static void print_node(const Warder__V1__NodeFacts *n)
{
	char name[256], version[256], path[256], package[256];

	printf("%-26s %-14s %-24s %s\n", "COMPONENT", "VERSION", "PROGRAM", "PACKAGE");
	for (size_t i = 0; i < n->n_components; i++) {
		const Warder__V1__NodeFacts__Component *c = n->components[i];

		printf("%-26s %-14s %-24s %s\n", cell(name, c->name), cell(version, c->version), text_cell(path, c->path),
		       quoted(package, c->package, ""));
	}
	printf("\nKnown escapes (table of %s, %" PRIu32 " rows) that this node is open to, or may be:\n", n->table, n->rows);
	for (size_t i = 0; i < n->n_cves; i++)
		printf("  %-16s %-12s %-10s %s\n", n->cves[i]->id, n->cves[i]->component,
		       n->cves[i]->unknown ? "may be open" : "open", n->cves[i]->title);
	if (!n->n_cves)
		printf("  none\n");
}

static const char *workload_cell(char out[256], const Warder__V1__Workload *w)
{
	char name[600];

	if (w->pod)
		snprintf(name, sizeof(name), "%s/%s/%s", w->pod->namespace_, w->pod->name,
			 w->container->sandbox ? "sandbox" : w->container->name);
	else
		snprintf(name, sizeof(name), "%s", w->container ? w->container->name : "");
	return cell(out, name);
}

/* The start of a digest tells images of one node apart. */
static const char *digest_cell(char out[256], const Warder__V1__Image *i)
{
	char digest[13];

	if (!i || strncmp(i->digest, "sha256:", 7))
		return "-";
	snprintf(digest, sizeof(digest), "%.12s", i->digest + 7);
	return cell(out, digest);
}

static void print_container(const Warder__V1__Inventory *inv)
{
	static const char *const levels[] = {"-", "privileged", "baseline", "restricted"};
	static const char *const from[] = {"not known whether of its image", "", "changed or new since its image", "on a mount",
					   "in memory only"};
	const Warder__V1__Container *c = inv->workload->container;
	const Warder__V1__Image *image = c ? c->image : NULL;
	char name[256], runtime[256], trust[256], ref[256], digest[256], path[256];

	printf("%-40s %-11s %-11s %-12s %-32s %-13s %zu\n", workload_cell(name, inv->workload),
	       cell(runtime, c ? c->runtime : NULL), (unsigned int)inv->level < 4 ? levels[inv->level] : "-",
	       cell(trust, inv->workload->trust), cell(ref, image ? image->ref : NULL), digest_cell(digest, image),
	       inv->n_executables + inv->more);
	for (size_t i = 0; i < inv->n_executables; i++) {
		const Warder__V1__Inventory__Executable *x = inv->executables[i];

		if (x->from != WARDER__V1__INVENTORY__FROM__FROM_IMAGE && (unsigned int)x->from < 5)
			printf("    %" PRIu64 "x %s: %s\n", x->times, text_cell(path, x->path), from[x->from]);
	}
}

/* The programs that were seen of each image, whatever containers it is in. */

#define PROGRAMS_MAX 16384

struct program {
	char *image, *path;
	uint64_t times;
};

struct programs {
	struct program rows[PROGRAMS_MAX];
	size_t n, more;
	bool begun; /* the table of containers */
};

static void keep_programs(struct programs *p, const Warder__V1__Inventory *inv)
{
	const Warder__V1__Image *image = inv->workload->container ? inv->workload->container->image : NULL;
	char ref[256], path[256];

	for (size_t i = 0; i < inv->n_executables && image; i++) {
		struct program *row = &p->rows[p->n];

		if (p->n == PROGRAMS_MAX) {
			p->more++;
			continue;
		}
		row->image = strdup(cell(ref, *image->ref ? image->ref : image->digest));
		row->path = strdup(text_cell(path, inv->executables[i]->path));
		row->times = inv->executables[i]->times;
		if (row->image && row->path)
			p->n++;
	}
}

static int by_image(const void *a, const void *b)
{
	const struct program *x = a, *y = b;
	int r = strcmp(x->image, y->image);

	return r ? r : strcmp(x->path, y->path);
}

static void print_programs(struct programs *p)
{
	qsort(p->rows, p->n, sizeof(p->rows[0]), by_image);
	if (p->n)
		printf("\n%-40s %-10s %s\n", "IMAGE", "TIMES", "PROGRAM");
	for (size_t i = 0; i < p->n; i++) {
		uint64_t times = p->rows[i].times;

		while (i + 1 < p->n && !by_image(&p->rows[i], &p->rows[i + 1]))
			times += p->rows[++i].times;
		printf("%-40s %-10" PRIu64 " %s\n", p->rows[i].image, times, p->rows[i].path);
	}
	if (p->more)
		printf("and %zu more\n", p->more);
	for (size_t i = 0; i < p->n; i++) {
		free(p->rows[i].image);
		free(p->rows[i].path);
	}
}

static void print_table(void *ctx, const Warder__V1__Event *e)
{
	struct programs *p = ctx;

	if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_NODE_FACTS)
		print_node(e->node_facts);
	if (e->payload_case != WARDER__V1__EVENT__PAYLOAD_INVENTORY || !e->inventory->workload)
		return;
	if (!p->begun)
		printf("\n%-40s %-11s %-11s %-12s %-32s %-13s %s\n", "CONTAINER", "RUNTIME", "POSTURE", "TRUST", "IMAGE",
		       "DIGEST", "PROGRAMS");
	p->begun = true;
	print_container(e->inventory);
	keep_programs(p, e->inventory);
}

static int print(bool json, struct err *err)
{
	struct programs *p = json ? NULL : calloc(1, sizeof(*p));
	char *line = json ? malloc(LINE_BYTES) : NULL;
	int rc;

	if (!p && !line)
		return err_set(err, -ENOMEM, "not enough memory");
	rc = json ? control_ask(CONTROL_SOCKET, "inventory", print_json, line, err)
		  : control_ask(CONTROL_SOCKET, "inventory", print_table, p, err);
	if (p && !rc)
		print_programs(p);
	free(p);
	free(line);
	return rc;
}

int cmd_inventory(int argc, char **argv)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct err err = {""};
	bool json = false;
	int ch;

	while ((ch = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (ch == 'h')
			return help(stdout, EXIT_OK);
		if (ch != 'j')
			return help(stderr, EXIT_USAGE);
		json = true;
	}
	if (optind < argc) {
		fprintf(stderr, "warder inventory: '%s' is no option\n", argv[optind]);
		return EXIT_USAGE;
	}
	if (print(json, &err)) {
		fprintf(stderr, "warder: %s\n", err.msg);
		return EXIT_KERNEL;
	}
	return EXIT_OK;
}
