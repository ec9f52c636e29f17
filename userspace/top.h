/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_TOP_H
#define WARDER_TOP_H

#include <stdbool.h>
#include <stdio.h>

#include "err.h"
#include "warder/v1/report.pb-c.h"

#define TOP_STAGES     8 /* Lost.Stage */
#define TOP_SEVERITIES 6
#define TOP_NAME       256 /* bytes, quoted */
#define TOP_LINE       1024
#define TOP_HEAD       5 /* lines above the table; the last are its titles */

/*
 * What `warder top` shows, without a terminal: the sensor's newest answer, what it is against the one before, and both as lines. Names come
 * from outside: they are quoted as they are taken, so that no line holds a control character or anything but UTF-8.
 */
struct top_row {
	uint64_t origin, received, lost;
	uint32_t findings, score;
	unsigned int severity; /* Severity */
	double rate;
	char name[TOP_NAME], image[TOP_NAME], trust[64];
};

enum top_sort {
	TOP_BY_RATE,
	TOP_BY_LOST,
	TOP_BY_FINDINGS,
	TOP_BY_SEVERITY,
	TOP_BY_SCORE,
	TOP_BY_NAME,
	TOP_SORTS
};

struct top {
	bool taken; /* there was an answer */
	bool rated; /* and one before it, of the same run of the sensor: there are rates */
	char node[TOP_NAME];
	uint64_t started_ns, now_ns, received, lost[TOP_STAGES], findings, capture_bytes;
	uint32_t open_findings[TOP_SEVERITIES], open_incidents[TOP_SEVERITIES];
	uint32_t containers, more;
	double rate, lost_rate[TOP_STAGES];
	enum top_sort sort;
	struct top_row *rows;
	size_t n_rows;
};

/* Takes an answer. On -ENOMEM all stays as it was. */
int top_take(struct top *t, const Warder__V1__Status *s);
/* Asks the sensor on a socket, and takes what it answers. */
int top_ask(struct top *t, const char *socket, struct err *err);
void top_sort(struct top *t, enum top_sort by);
void top_destroy(struct top *t);

/*
 * Lines without their ends: of the head, below TOP_HEAD, and of the row `i`. `columns` is how wide the line may be, in characters as a
 * terminal counts them; the names get what the numbers leave.
 */
void top_head(const struct top *t, unsigned int i, char out[TOP_LINE], unsigned int columns);
void top_line(const struct top *t, size_t i, char out[TOP_LINE], unsigned int columns);

/* All of it as plain lines, then an empty one. */
void top_print(const struct top *t, FILE *to, unsigned int columns);

#endif
