// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "control.h"
#include "top_screen.h"

#define PLAIN_COLUMNS  240
#define INTERVAL_MAX_S 3600

static volatile sig_atomic_t stopped;

static int help(FILE *to, int code)
{
	fputs("usage: warder top [OPTION]...\n\n"
	      "Shows how the running sensor and its containers fare: events and losses a second, findings, incidents. On a terminal it is drawn\n"
	      "anew at each interval; elsewhere it is plain lines, a block each interval.\n\n"
	      "  -i, --interval SECS   between two looks; default: 2\n"
	      "  -n, --count N         end after so many; default: go on\n"
	      "      --plain           plain lines on a terminal too\n"
	      "  -h, --help            print this\n\n"
	      "Keys: q quits, s sorts by the next column, p pauses, arrows, PgUp, PgDn and Home scroll.\n",
	      to);
	return code;
}

struct options {
	double interval_s;
	unsigned long count; /* 0: no end */
	bool plain;
};

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

/* Without SA_RESTART: a wait for the sensor ends too. */
static void take_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	const struct sigaction sa = {.sa_handler = stop};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
}

/* Names are UTF-8, whatever the environment says. */
static void take_locale(void)
{
	if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

static int64_t interval_ms(const struct options *o)
{
	return (int64_t)(o->interval_s * 1000);
}

static void wait_until(int64_t due)
{
	int64_t left;

	while (!stopped && (left = due - now_ms()) > 0) {
		const struct timespec ts = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};

		nanosleep(&ts, NULL);
	}
}

/* Rates need two answers: the first block comes after the first interval. */
static int plain(struct top *t, const struct options *o, struct err *err)
{
	int64_t due = now_ms();
	int rc = top_ask(t, CONTROL_SOCKET, err);

	for (unsigned long n = 0; !rc && !stopped && (!o->count || n < o->count); n++) {
		due += interval_ms(o);
		wait_until(due);
		if (stopped)
			break;
		rc = top_ask(t, CONTROL_SOCKET, err);
		if (rc)
			break;
		top_print(t, stdout, PLAIN_COLUMNS);
		if (fflush(stdout))
			rc = err_set(err, -errno, "writing to stdout: %s", strerror(errno));
	}
	return rc;
}

/* What a key asks for, until the next look is due. False: to end. */
static bool follow_keys(struct top *t, bool *paused, int64_t due)
{
	while (!stopped && (*paused || now_ms() < due)) {
		int64_t left = due - now_ms();
		enum top_key key = top_screen_key(*paused || left < 0 ? 1000 : (int)left);

		if (key == TOP_KEY_QUIT)
			return false;
		if (key == TOP_KEY_NONE)
			continue;
		if (key == TOP_KEY_SORT)
			top_sort(t, (t->sort + 1) % TOP_SORTS);
		if (key == TOP_KEY_PAUSE)
			*paused = !*paused;
		top_screen_draw(t, *paused ? "paused: p goes on" : "");
	}
	return !stopped;
}

/* It draws at once, without rates. */
static int drawn(struct top *t, const struct options *o, struct err *err)
{
	bool paused = false;
	int rc = top_ask(t, CONTROL_SOCKET, err);

	for (unsigned long n = 0; !rc;) {
		top_screen_draw(t, "");
		if ((o->count && ++n > o->count) || !follow_keys(t, &paused, now_ms() + interval_ms(o)))
			break;
		rc = top_ask(t, CONTROL_SOCKET, err);
	}
	return rc;
}

static int show(const struct options *o, struct err *err)
{
	struct top t = {0};
	int rc;

	if (!o->plain && isatty(STDOUT_FILENO) && isatty(STDIN_FILENO) && top_screen_open()) {
		take_signals();
		rc = drawn(&t, o, err);
		top_screen_close();
	} else {
		take_signals();
		rc = plain(&t, o, err);
	}
	top_destroy(&t);
	return stopped ? 0 : rc;
}

static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"interval", required_argument, NULL, 'i'},
		{"count", required_argument, NULL, 'n'},
		{"plain", no_argument, NULL, 'P'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	char *end;
	int ch;

	while ((ch = getopt_long(argc, argv, "i:n:h", longs, NULL)) != -1) {
		if (ch == 'h')
			return help(stdout, EXIT_OK);
		if (ch == 'P') {
			o->plain = true;
		} else if (ch == 'i') {
			o->interval_s = strtod(optarg, &end);
			if (*end || !(o->interval_s >= 0.1 && o->interval_s <= INTERVAL_MAX_S)) {
				fprintf(stderr, "warder top: '%s' is no interval: seconds, from 0.1 to %d\n", optarg,
					INTERVAL_MAX_S);
				return EXIT_USAGE;
			}
		} else if (ch == 'n') {
			o->count = strtoul(optarg, &end, 10);
			if (*optarg < '0' || *optarg > '9' || *end || !o->count) {
				fprintf(stderr, "warder top: '%s' is no count: a number from 1 on\n", optarg);
				return EXIT_USAGE;
			}
		} else {
			return help(stderr, EXIT_USAGE);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "warder top: '%s' is no option\n", argv[optind]);
		return EXIT_USAGE;
	}
	return -1;
}

int cmd_top(int argc, char **argv)
{
	struct options o = {.interval_s = 2};
	struct err err = {""};
	int code = read_options(argc, argv, &o);

	if (code >= 0)
		return code;
	take_locale();
	if (show(&o, &err)) {
		fprintf(stderr, "warder: %s\n", err.msg);
		return EXIT_KERNEL;
	}
	return EXIT_OK;
}
