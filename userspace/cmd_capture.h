/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_CMD_CAPTURE_H
#define WARDER_CMD_CAPTURE_H

#include <getopt.h>
#include <stdio.h>

#include "capture/merge.h"
#include "cmd.h"
#include "progress.h"
#include "sink.h"

/* What the commands on capture files have in common: which events are wanted, files opened as one, progress, damage told. */

enum {
	QUERY_WORDS_MAX = 32,
};

struct capture_query {
	struct capture_filter filter;
	const char *words[QUERY_WORDS_MAX]; /* containers, as the user calls them */
	size_t n_words;
};

#define QUERY_SHORT "C:t:s:"
#define QUERY_LONG                                                                                                             \
	{"container", required_argument, NULL, 'C'}, {"pod", required_argument, NULL, 'C'},                                    \
		{"from", required_argument, NULL, 'F'}, {"to", required_argument, NULL, 'T'},                                  \
		{"type", required_argument, NULL, 't'},                                                                        \
	{                                                                                                                      \
		"severity", required_argument, NULL, 's'                                                                       \
	}

extern const char query_help[];

/* Takes an option of QUERY_LONG. 1: it was one; 0: it is another; -EINVAL with *err set. */
int query_option(struct capture_query *q, int ch, const char *arg, struct err *err);

/* Files that were opened for a query, as one. */
struct capture_set {
	struct capture **files;
	size_t n;
	uint64_t **origins; /* of each file, that the query's words mean there */
	struct capture_merge merge;
	uint64_t size; /* bytes in all */
};

/* `snapshots`: SNAPSHOT blocks are delivered too. 0; -errno with *err set: nothing is left open. */
int set_open(struct capture_set *s, char **paths, int n, const struct capture_query *q, bool snapshots, struct err *err);
void set_close(struct capture_set *s);

/* The next event of all. 1, 0 at the end, -errno with *err set. Shows progress on a terminal's standard error. */
int set_next(struct capture_set *s, struct capture_frame *out, struct err *err);

/* Tells on the standard error what was damaged in the files. Returns EXIT_OK, or EXIT_INPUT where something was. */
int set_damage(const struct capture_set *s);

/* Waits until all that was written is out: a sink never waits for a slow reader by itself. */
void drain(struct sink *s);

/* Prints an error, and returns the exit code for it. */
int capture_fail(const struct err *err);

/* 1700000000000000000 as 2023-11-14T22:13:20.000000000Z; a static buffer, of which there are four in turn. */
const char *time_text(uint64_t ns);

/* Bytes of a hash or an id as hex digits; likewise. */
const char *hex_text(const uint8_t *bytes, size_t n);

/* A name from a file, fit for a terminal; likewise. */
const char *shown(const char *name);

#endif
