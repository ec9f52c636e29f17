// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capability.h"
#include "cmd.h"
#include "identity.h"
#include "json.h"
#include "source/running.h"
#include "text.h"

static int help(FILE *to, int code)
{
	fputs("usage: warder caps [OPTION]...\n\n"
	      "Prints which capabilities the containers' processes were checked for since the running sensor started, how often,\n"
	      "and whether they were granted. NAMESPACE is the user namespace that the check was against: the host's or another.\n\n"
	      "      --json            one JSON object a container and line instead of a table\n"
	      "      --host-root DIR   where the node's / is, for the containers' names; default: /\n"
	      "  -h, --help            print this\n",
	      to);
	return code;
}

/* Who a container is: its cgroup may be gone by now, then its number is all that there is. */
static void name(struct identity *id, uint64_t origin, struct workload *w)
{
	char path[sizeof(w->cgroup_path)] = "";

	*w = (struct workload){.origin_id = origin};
	if (!identity_cgroup_path(id, origin, path, sizeof(path)))
		identity_resolve(id, path, 0, w);
	if (!w->name[0])
		snprintf(w->name, sizeof(w->name), "%" PRIu64, origin);
}

static void print_row(const Warder__V1__CapabilityMatrix__Row *row)
{
	const Warder__V1__Container *c = row->workload->container;
	char who[256], number[16];

	text_quote(who, sizeof(who), c->name, strlen(c->name), " ");
	for (size_t i = 0; i < row->n_uses; i++) {
		const Warder__V1__CapabilityMatrix__Use *u = row->uses[i];

		snprintf(number, sizeof(number), "%" PRIu32, u->capability);
		printf("%-24s %-8s %-22s %-9s %12" PRIu64 " %12" PRIu64 "\n", who, *c->runtime ? c->runtime : "-",
		       *u->name ? u->name : number, u->host_user_ns ? "host" : "own", u->granted, u->denied);
	}
	if (!row->n_uses)
		printf("%-24s %-8s none\n", who, *c->runtime ? c->runtime : "-");
}

static int print(struct identity *id, const struct running *r, int json, struct err *err)
{
	static char line[64 * 1024];
	struct arena a;
	int rc = 0;

	if (arena_init(&a, 64 * 1024))
		return err_set(err, -ENOMEM, "not enough memory for the table");
	if (!json)
		printf("%-24s %-8s %-22s %-9s %12s %12s\n", "CONTAINER", "RUNTIME", "CAPABILITY", "NAMESPACE", "GRANTED",
		       "DENIED");
	for (uint32_t i = 0; i < r->n && !rc; i++) {
		const Warder__V1__CapabilityMatrix__Row *row;
		struct workload w;
		ssize_t n;

		arena_reset(&a);
		name(id, r->origins[i], &w);
		row = capability_row(&a, r->origins[i], &w, &r->capabilities[i]);
		n = !row ? -ENOMEM : json ? json_line(&row->base, line, sizeof(line)) : 0;
		if (n < 0)
			rc = err_set(err, (int)n, "writing a row: %s", strerror((int)-n));
		else if (json)
			fwrite(line, 1, n, stdout);
		else
			print_row(row);
	}
	arena_destroy(&a);
	return rc;
}

int cmd_caps(int argc, char **argv)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"host-root", required_argument, NULL, 'R'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	const char *host_root = "/";
	struct running r = {0};
	struct err err = {""};
	struct identity id;
	int ch, rc, json = 0;

	while ((ch = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (ch == 'h')
			return help(stdout, EXIT_OK);
		if (ch == 'j')
			json = 1;
		else if (ch == 'R')
			host_root = optarg;
		else
			return help(stderr, EXIT_USAGE);
	}
	if (optind < argc) {
		fprintf(stderr, "warder caps: '%s' is no option\n", argv[optind]);
		return EXIT_USAGE;
	}
	rc = identity_init(&id, host_root, &err);
	if (!rc)
		rc = running_read(&r, &err);
	if (!rc)
		rc = print(&id, &r, json, &err);
	if (rc)
		fprintf(stderr, "warder: %s\n", err.msg);
	running_destroy(&r);
	return rc ? EXIT_KERNEL : EXIT_OK;
}
