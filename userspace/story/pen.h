/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_STORY_PEN_H
#define WARDER_STORY_PEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "warder/v1/event.pb-c.h"

struct pen;

/*
 * How bytes from outside are written, in each place that they go to. What cannot be shown, or would change how the rest is shown (control
 * characters, bidi overrides, invalid UTF-8), is written as \xNN everywhere.
 */
struct pen_kind {
	void (*bytes)(struct pen *p, const void *bytes, size_t n);
};

extern const struct pen_kind pen_html;  /* text of an element, in a <bdi> */
extern const struct pen_kind pen_label; /* text of an SVG's */
extern const struct pen_kind pen_plain; /* a line of a terminal */
extern const struct pen_kind pen_shell; /* a word of a shell command, in ASCII */
extern const struct pen_kind pen_bytes; /* as they are: on their way to another pen */

struct pen {
	const struct pen_kind *kind;
	FILE *out;        /* NULL: nothing is written, to ask whether anything would be */
	unsigned int max; /* columns of one piece of bytes, in pen_html and pen_label; 0: no bound */
};

/* Our own words: markup and all, as it is. */
__attribute__((format(printf, 2, 3))) void pen_say(struct pen *p, const char *fmt, ...);
/* Bytes from outside. NULL is nothing. */
void pen_put(struct pen *p, const void *bytes, size_t n);
void pen_str(struct pen *p, const char *s);
void pen_text(struct pen *p, const Warder__V1__Text *t);
void pen_path(struct pen *p, const Warder__V1__Path *t);

#endif
