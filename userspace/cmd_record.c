// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "control.h"
#include "recording.h"
#include "text.h"

#define DEFAULT_S 60

static int help(FILE *to, int code)
{
	fprintf(to,
		"usage: warder record --container WHO | --pod NAMESPACE/NAME | --node [OPTION]...\n\n"
		"Has the running sensor ('warder run -o capture:DIR') write to its capture what it still remembers of a container, a pod or the\n"
		"node, and all that this does for a while. Containers that join the pod are recorded too. It does not wait for the end.\n\n"
		"  -C, --container WHO   by its name, its id, six digits of its id's start, or as NAMESPACE/POD/NAME\n"
		"      --pod POD         all containers of a pod, as NAMESPACE/NAME\n"
		"      --node            the host and all containers\n"
		"      --for SECONDS     from 1 to %d; default: %d\n"
		"  -h, --help            print this\n",
		RECORDING_MAX_S, DEFAULT_S);
	return code;
}

struct options {
	const char *subject; /* NULL: none was given */
	const char *who;
	unsigned long seconds;
};

static int subject(struct options *o, const char *name, const char *who)
{
	if (o->subject) {
		fprintf(stderr, "warder record: one of --container, --pod and --node at a time\n");
		return EXIT_USAGE;
	}
	o->subject = name;
	o->who = who;
	return -1;
}

static int seconds(struct options *o, const char *arg)
{
	char *end;

	o->seconds = strtoul(arg, &end, 10);
	if (*arg >= '0' && *arg <= '9' && !*end && o->seconds && o->seconds <= RECORDING_MAX_S)
		return -1;
	fprintf(stderr, "warder record: --for: '%s' is no number of seconds from 1 to %d\n", arg, RECORDING_MAX_S);
	return EXIT_USAGE;
}

/* Returns -1 to go on, else an exit code. */
static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"container", required_argument, NULL, 'C'},
		{"pod", required_argument, NULL, 'P'},
		{"node", no_argument, NULL, 'N'},
		{"for", required_argument, NULL, 'f'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int ch, code = -1;

	while (code < 0 && (ch = getopt_long(argc, argv, "C:h", longs, NULL)) != -1) {
		if (ch == 'C')
			code = subject(o, "container ", optarg);
		else if (ch == 'P')
			code = subject(o, "pod ", optarg);
		else if (ch == 'N')
			code = subject(o, "node", "");
		else if (ch == 'f')
			code = seconds(o, optarg);
		else
			code = ch == 'h' ? help(stdout, EXIT_OK) : help(stderr, EXIT_USAGE);
	}
	if (code >= 0)
		return code;
	if (optind < argc) {
		fprintf(stderr, "warder record: '%s' is no option\n", argv[optind]);
		return EXIT_USAGE;
	}
	return o->subject ? -1 : help(stderr, EXIT_USAGE);
}

/* What comes from outside is quoted, as in the inventory. */
static void print_text(const char *s, const char *also)
{
	char out[1024];

	text_quote(out, sizeof(out), s, strlen(s), also);
	fputs(out, stdout);
}

static void print_container(const Warder__V1__Workload *w)
{
	const Warder__V1__Container *c = w->container;
	char name[600];

	if (w->pod)
		snprintf(name, sizeof(name), "%s/%s/%s", w->pod->namespace_, w->pod->name,
			 !c           ? ""
			 : c->sandbox ? "sandbox"
				      : c->name);
	else
		snprintf(name, sizeof(name), "%s", c ? c->name : "");
	fputs("  ", stdout);
	print_text(*name ? name : "-", " ");
	if (c && *c->id && strcmp(c->id, name)) {
		fputs("  ", stdout);
		print_text(c->id, " ");
	}
	putchar('\n');
}

static void print(const Warder__V1__Recording *m)
{
	time_t until = m->until ? (time_t)m->until->seconds : 0;
	char when[32];
	struct tm tm;

	gmtime_r(&until, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	printf("recorded until %s:\n", when);
	if (m->whole_node)
		puts("  the node, and all containers");
	for (size_t i = 0; i < m->n_containers; i++)
		print_container(m->containers[i]);
	if (m->more)
		printf("  and %" PRIu32 " more\n", m->more);
	for (size_t i = 0; i < m->n_files; i++) {
		fputs("into ", stdout);
		print_text(m->files[i], "");
		puts(" (.part while it is written)");
	}
}

int cmd_record(int argc, char **argv)
{
	struct options o = {.seconds = DEFAULT_S};
	int code = read_options(argc, argv, &o);
	char words[CONTROL_REQUEST_MAX];
	Warder__V1__Recording *m = NULL;
	struct err err = {""};
	int n, rc;

	if (code >= 0)
		return code;
	n = snprintf(words, sizeof(words), "%lu %s%s", o.seconds, o.subject, o.who);
	if (n >= (int)sizeof(words)) {
		fprintf(stderr, "warder record: no container and no pod has so long a name\n");
		return EXIT_USAGE;
	}
	rc = control_ask_recording(CONTROL_SOCKET, words, &m, &err);
	if (rc) {
		fprintf(stderr, "warder: %s\n", err.msg);
		return rc == -EINVAL ? EXIT_USAGE : EXIT_KERNEL;
	}
	code = *m->error ? EXIT_INPUT : EXIT_OK;
	if (*m->error) {
		char said[1100];

		text_quote(said, sizeof(said), m->error, strlen(m->error), "");
		fprintf(stderr, "warder: %s\n", said);
	} else {
		print(m);
	}
	warder__v1__recording__free_unpacked(m, NULL);
	return code;
}
