// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_capture.h"
#include "control.h"
#include "inventory.h"
#include "json.h"
#include "replays.h"
#include "text.h"

#define LINE_BYTES (512 * 1024)

static int help(FILE *to, int code)
{
	fputs("usage: warder inventory [OPTION]... [FILE]...\n\n"
	      "Asks the running sensor what this node is made of, what runs in its containers, and which programs of theirs are not of their\n"
	      "image. With capture files: what was so at their end, as far as they tell.\n\n"
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

/* How each event of an inventory is printed. */
struct printing {
	void (*fn)(void *ctx, const Warder__V1__Event *e);
	void *ctx;
};

/* A sensor tells once what its node is made of. */
static void print_facts(void *ctx, const Warder__V1__Event *e)
{
	const struct printing *p = ctx;

	if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_NODE_FACTS)
		p->fn(p->ctx, e);
}

static void print_run(struct engine *e, const struct printing *p)
{
	Warder__V1__Event *ev;
	uint32_t slot = 0;

	while (slot != UINT32_MAX)
		if ((ev = inventory_next(e, &slot))) {
			event_unnumber(ev);
			p->fn(p->ctx, ev);
		}
}

static void ignore(void *ctx, const Warder__V1__Event *e)
{
	(void)ctx;
	(void)e;
}

/* An exit code. */
static int print_captures(char **paths, int n, const struct printing *p, struct err *err)
{
	const struct capture_query all = {0};
	struct capture_frame f;
	struct policy policy;
	struct replays r = {.policy = &policy, .tell = ignore, .see = print_facts, .ctx = (void *)p};
	struct capture_set set;
	int rc, damage;

	if (policy_init(&policy, NULL, err) || replays_init(&r, err) || set_open(&set, paths, n, &all, true, err))
		return capture_fail(err);
	while ((rc = set_next(&set, &f, err)) > 0 && !(rc = replays_frame(&r, set.merge.files[set.merge.last], &f, err)))
		;
	for (size_t i = 0; !rc && i < r.n; i++)
		print_run(&replays_at(&r, i)->engine, p);
	damage = set_damage(&set);
	set_close(&set);
	replays_destroy(&r);
	policy_destroy(&policy);
	return rc ? capture_fail(err) : damage;
}

static int ask(const struct printing *p, struct err *err)
{
	if (!control_ask(CONTROL_SOCKET, "inventory", p->fn, p->ctx, err))
		return EXIT_OK;
	fprintf(stderr, "warder: %s\n", err->msg);
	return EXIT_KERNEL;
}

static int print(bool json, char **paths, int n, struct err *err)
{
	struct programs *p = json ? NULL : calloc(1, sizeof(*p));
	char *line = json ? malloc(LINE_BYTES) : NULL;
	struct printing how = {json ? print_json : print_table, json ? (void *)line : (void *)p};
	int code = EXIT_INPUT;

	if (!how.ctx)
		err_set(err, -ENOMEM, "not enough memory"), capture_fail(err);
	else
		code = n ? print_captures(paths, n, &how, err) : ask(&how, err);
	if (p && code == EXIT_OK)
		print_programs(p);
	free(p);
	free(line);
	return code;
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
	return print(json, argv + optind, argc - optind, &err);
}
