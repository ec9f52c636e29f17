// SPDX-License-Identifier: Apache-2.0
/* The timeline, and the events whole. */
#include <inttypes.h>
#include <stdlib.h>

#include "json.h"
#include "story/page.h"

static const char *const kinds[] = {
	[ROW_CONTEXT] = "context", [ROW_EVIDENCE] = "evidence", [ROW_FINDING] = "finding", [ROW_INCIDENT] = "incident",
	[ROW_LOSS] = "missing",    [ROW_GAP] = "missing",       [ROW_START] = "missing",
};

static bool is_missing(const struct story_row *r)
{
	return r->kind == ROW_LOSS || r->kind == ROW_GAP || r->kind == ROW_START;
}

/* By which box of the filter a row goes. */
static const char *stage_of(const struct story_row *r)
{
	if (is_missing(r))
		return "missing";
	return r->kind == ROW_FINDING || r->kind == ROW_EVIDENCE ? words_stage(r->stage) : "context";
}

#define ARGS_COLUMNS 160 /* the process has them whole */

static void say_name(struct pen *p, const struct story_row *r)
{
	const Warder__V1__Actor *a = r->event->actor;

	if (r->kind == ROW_INCIDENT || !a || (!a->process && !r->other))
		return;
	if (r->other) {
		words_workload(p, a->workload);
		pen_say(p, ": ");
	}
	if (a->process)
		words_process(p, a->process);
}

/* Below a finding who did it, and as what it was started. */
static void say_who(struct pen *p, const struct story_row *r)
{
	const Warder__V1__Process *q = r->event->actor ? r->event->actor->process : NULL;

	pen_say(p, "<span class=\"who\">");
	say_name(p, r);
	if (q && q->args) {
		pen_say(p, " <span class=\"mono\">");
		p->max = ARGS_COLUMNS;
		pen_text(p, q->args);
		p->max = 0;
		pen_say(p, "</span>");
	}
	pen_say(p, "</span>");
}

static void say_what(struct pen *p, const struct story_row *r)
{
	if (r->kind == ROW_FINDING) {
		pen_say(p, "<span class=\"%s\">", words_stage(r->stage));
		pen_str(p, r->event->finding->technique);
		pen_say(p, "</span> ");
	} else if (r->kind == ROW_EVIDENCE) {
		pen_say(p, "<span class=\"soft\">");
		pen_str(p, r->role && *r->role ? r->role : "evidence");
		pen_say(p, " of ");
		pen_str(p, r->finding->finding->technique);
		pen_say(p, ":</span> ");
	}
	if (r->kind != ROW_FINDING && r->kind != ROW_INCIDENT) {
		pen_say(p, "<span class=\"name\">");
		say_name(p, r);
		pen_say(p, "</span> ");
	}
	p->max = ARGS_COLUMNS * 2;
	words_event(p, r->event);
	p->max = 0;
	if (r->count > 1)
		pen_say(p, " <span class=\"tag\">%" PRIu32 " times</span>", r->count);
	if (r->kind != ROW_FINDING)
		return;
	pen_say(p, " <span class=\"tag %s\">%s</span>", words_stage(r->stage), words_severity(r->event->severity));
	if (r->event->finding->outcome == WARDER__V1__OUTCOME__DENIED)
		pen_say(p, " <span class=\"tag\">denied</span>");
	if (r->event->finding->lost)
		pen_say(p, " <span class=\"tag loss\">%" PRIu64 " records lost until then</span>", r->event->finding->lost);
}

static void say_row(struct pen *p, const struct story *s, const struct story_row *r)
{
	const char *stage = stage_of(r);
	char clock[40], span[40];

	pen_say(p, "<tr class=\"r-%s\" data-stage=\"%s\"><td class=\"nowrap\">%s</td><td class=\"nowrap\">%s%s</td>",
		kinds[r->kind], stage, words_clock(clock, r->at), r->at < s->first_sign ? "\xe2\x88\x92" : "+",
		words_span(span, r->at < s->first_sign ? s->first_sign - r->at : r->at - s->first_sign));
	if (is_missing(r)) {
		pen_say(p, "<td colspan=\"3\">");
		words_missing(p, r);
		pen_say(p, "</td></tr>\n");
		return;
	}
	pen_say(p, "<td class=\"stage %s\">%s</td><td><span class=\"what\">", stage,
		r->kind == ROW_FINDING || r->kind == ROW_EVIDENCE ? stage
		: r->kind == ROW_INCIDENT                         ? "incident"
								  : "");
	say_what(p, r);
	pen_say(p, "</span>");
	if (r->kind == ROW_FINDING)
		say_who(p, r);
	pen_say(p, "</td><td class=\"num\">");
	if (r->event && r->raw)
		pen_say(p, "<a href=\"#e%zu\">%" PRIu64 "</a>", (size_t)(r - s->rows), r->event->seq);
	else if (r->event)
		pen_say(p, "%" PRIu64, r->event->seq);
	pen_say(p, "</td></tr>\n");
}

void page_timeline(struct pen *p, const struct story *s)
{
	static const char *const boxes[][2] = {
		{"recon", "recon"},     {"attempt", "attempt"}, {"breach", "breach"}, {"post-breach", "post-breach"},
		{"context", "context"},
	};

	pen_say(p,
		"<section aria-labelledby=\"timeline\">\n<h2 id=\"timeline\">Timeline</h2>\n<p class=\"lead\">Findings, what they hang on, what the "
		"container did around them, and what is missing. Numbers lead to the raw event.</p>\n"
		"<div class=\"controls\" role=\"search\" data-script hidden><input type=\"search\" id=\"search\" aria-label=\"Filter the timeline\" "
		"placeholder=\"Filter: words that a row must have\">");
	for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++)
		pen_say(p, "<label class=\"%s\"><input type=\"checkbox\" value=\"%s\" checked>%s</label>", boxes[i][0],
			boxes[i][0], boxes[i][1]);
	pen_say(p,
		"<output id=\"shown\" class=\"soft\"></output></div>\n"
		"<table class=\"time\"><thead><tr><th scope=\"col\" class=\"at\">Time, UTC</th><th scope=\"col\" class=\"since\">Since sign</th>"
		"<th scope=\"col\" class=\"stage\">Stage</th><th scope=\"col\">What</th><th scope=\"col\" class=\"no num\">Event</th></tr></thead>\n"
		"<tbody id=\"rows\">\n");
	for (size_t i = 0; i < s->n_rows; i++)
		say_row(p, s, &s->rows[i]);
	pen_say(p, "</tbody></table>\n");
	if (s->left_out)
		pen_say(p,
			"<p class=\"note bad\">%zu more rows of context, further from the first sign, are left out. The file has them.</p>\n",
			s->left_out);
	pen_say(p, "</section>\n");
}

static void say_json(struct pen *p, const Warder__V1__Event *e)
{
	json_t *j = json_from_message(&e->base);
	char *text = j ? json_dumps(j, JSON_INDENT(2) | JSON_ENSURE_ASCII) : NULL;
	char *line = text;

	/* Each line is bytes from outside; the breaks between them are ours. */
	while (line && *line) {
		char *end = line;

		while (*end && *end != '\n')
			end++;
		pen_put(p, line, (size_t)(end - line));
		pen_say(p, "\n");
		line = *end ? end + 1 : end;
	}
	if (!text)
		pen_say(p, "(too deep, or no memory for it)");
	free(text);
	json_decref(j);
}

void page_raw(struct pen *p, const struct story *s)
{
	char clock[40];

	pen_say(p,
		"<section aria-labelledby=\"raw\" class=\"raw\">\n<h2 id=\"raw\">Raw events</h2>\n<p class=\"lead\">The events behind the timeline, "
		"as they were sent.</p>\n<details class=\"more rawlist\"><summary>%zu events</summary>\n",
		s->n_raw);
	for (size_t i = 0; i < s->n_rows; i++) {
		const struct story_row *r = &s->rows[i];

		if (!r->event || !r->raw)
			continue;
		pen_say(p, "<details id=\"e%zu\"><summary><span class=\"mono\">%" PRIu64 "</span> %s ", i, r->event->seq,
			words_clock(clock, r->at));
		words_event(p, r->event);
		pen_say(p, "</summary><pre>");
		say_json(p, r->event);
		pen_say(p, "</pre></details>\n");
	}
	pen_say(p, "</details>\n<p class=\"onpaper\">They are not printed: the file has them.</p>\n");
	if (s->raw_left_out)
		pen_say(p, "<p class=\"soft\">%zu more are in the file and not here.</p>\n", s->raw_left_out);
	pen_say(p, "</section>\n");
}
