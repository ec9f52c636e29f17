// SPDX-License-Identifier: Apache-2.0
#include "top.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "control.h"
#include "text.h"

#define NAME " |\"()" /* escaped in names, which end at a space: only the host is a bare "(host)" */

/* Answers. */

static void quote(char *out, size_t size, const char *s)
{
	if (*s)
		text_quote(out, size, s, strlen(s), NAME);
	else
		snprintf(out, size, "-");
}

static void name_row(struct top_row *r, const Warder__V1__Status__Row *m)
{
	char name[1024];

	if (!m->origin_id)
		snprintf(r->name, sizeof(r->name), "(host)");
	else if (*m->pod)
		snprintf(name, sizeof(name), "%.200s/%.400s/%.200s", m->namespace_, m->pod, m->name);
	else
		snprintf(name, sizeof(name), "%.1000s", m->name);
	if (m->origin_id)
		quote(r->name, sizeof(r->name), name);
	quote(r->image, sizeof(r->image), m->image);
	quote(r->trust, sizeof(r->trust), m->trust);
}

static double rate_of(uint64_t now, uint64_t before, double seconds)
{
	return now > before ? (double)(now - before) / seconds : 0;
}

static int by_origin(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;

	return x->origin < y->origin ? -1 : x->origin > y->origin;
}

/* A container that was not in the answer before began since, and so did its counts. */
static void rate_row(struct top_row *r, const struct top *before, double seconds)
{
	const struct top_row none = {0}, *old;

	old = before->n_rows ? bsearch(r, before->rows, before->n_rows, sizeof(*r), by_origin) : NULL;
	if (!old && before->more)
		return; /* or it was one of those that had no room */
	if (!old)
		old = &none;
	r->rate = rate_of(r->received, old->received, seconds);
}

static void take_row(struct top_row *r, const Warder__V1__Status__Row *m)
{
	r->origin = m->origin_id;
	r->received = m->received;
	r->lost = m->lost;
	r->findings = m->findings;
	r->severity = (unsigned int)m->severity < TOP_SEVERITIES ? m->severity : 0;
	r->score = m->score;
	name_row(r, m);
}

static void take_counts(struct top *t, const Warder__V1__Status *s)
{
	t->taken = true;
	quote(t->node, sizeof(t->node), s->node);
	t->started_ns = s->started_ns;
	t->now_ns = s->now_ns;
	t->received = s->received;
	t->findings = s->findings;
	t->capture_bytes = s->capture_bytes;
	t->containers = s->containers;
	t->more = s->more;
	for (size_t i = 0; i < s->n_lost && i < TOP_STAGES; i++)
		t->lost[i] = s->lost[i];
	for (size_t i = 0; i < s->n_open_findings && i < TOP_SEVERITIES; i++)
		t->open_findings[i] = s->open_findings[i];
	for (size_t i = 0; i < s->n_open_incidents && i < TOP_SEVERITIES; i++)
		t->open_incidents[i] = s->open_incidents[i];
}

/* Of a sensor that was started anew all counts began anew. */
static bool is_later(const struct top *t, const struct top *before)
{
	return before->taken && t->started_ns == before->started_ns && t->now_ns > before->now_ns;
}

static void rate(struct top *t, struct top *before)
{
	double seconds = (double)(t->now_ns - before->now_ns) / 1e9;

	t->rated = true;
	t->rate = rate_of(t->received, before->received, seconds);
	for (unsigned int i = 0; i < TOP_STAGES; i++)
		t->lost_rate[i] = rate_of(t->lost[i], before->lost[i], seconds);
	if (before->n_rows)
		qsort(before->rows, before->n_rows, sizeof(before->rows[0]), by_origin);
	for (size_t i = 0; i < t->n_rows; i++)
		rate_row(&t->rows[i], before, seconds);
}

int top_take(struct top *t, const Warder__V1__Status *s)
{
	struct top next = {.sort = t->sort};

	next.rows = calloc(s->n_rows ? s->n_rows : 1, sizeof(*next.rows));
	if (!next.rows)
		return -ENOMEM;
	take_counts(&next, s);
	for (size_t i = 0; i < s->n_rows; i++)
		take_row(&next.rows[next.n_rows++], s->rows[i]);
	if (is_later(&next, t))
		rate(&next, t);
	free(t->rows);
	*t = next;
	top_sort(t, t->sort);
	return 0;
}

int top_ask(struct top *t, const char *socket, struct err *err)
{
	Warder__V1__Status *s;
	int rc = control_ask_status(socket, &s, err);

	if (rc)
		return rc;
	rc = top_take(t, s);
	warder__v1__status__free_unpacked(s, NULL);
	return rc ? err_set(err, rc, "not enough memory for the answer of the sensor") : 0;
}

void top_destroy(struct top *t)
{
	free(t->rows);
	*t = (struct top){0};
}

/* Order: the most first; what is alike by what it did so far, then by name. */

static int descending(double x, double y)
{
	return x > y ? -1 : x < y;
}

static double sorted_by(const struct top_row *r, enum top_sort by)
{
	switch (by) {
	case TOP_BY_LOST:
		return (double)r->lost;
	case TOP_BY_FINDINGS:
		return r->findings;
	case TOP_BY_SEVERITY:
		return r->severity;
	case TOP_BY_SCORE:
		return r->score;
	case TOP_BY_NAME:
		return 0;
	default:
		return r->rate;
	}
}

static int compare(const void *a, const void *b, void *ctx)
{
	const struct top_row *x = a, *y = b;
	enum top_sort by = *(enum top_sort *)ctx;
	int r = descending(sorted_by(x, by), sorted_by(y, by));

	if (!r && by != TOP_BY_NAME)
		r = descending((double)x->received, (double)y->received);
	if (!r)
		r = strcmp(x->name, y->name);
	return r ? r : by_origin(x, y);
}

void top_sort(struct top *t, enum top_sort by)
{
	t->sort = by;
	if (t->n_rows)
		qsort_r(t->rows, t->n_rows, sizeof(t->rows[0]), compare, &by);
}

/* Lines. */

struct line {
	char *out;
	size_t len;
	unsigned int column, columns; /* where it is, and what there is */
};

static unsigned int char_width(uint32_t cp)
{
	int n = wcwidth((wchar_t)cp);

	return n < 0 ? 1 : (unsigned int)n; /* not known to this locale: it is printable, and takes some room */
}

static unsigned int text_width(const char *s)
{
	unsigned int width = 0;
	size_t n = strlen(s), step;
	uint32_t cp;

	for (size_t i = 0; i < n; i += step) {
		step = text_char(s + i, n - i, &cp);
		if (!step)
			return width; /* what is quoted has none such */
		width += char_width(cp);
	}
	return width;
}

/* As much of a text as is at most `max` wide. */
static void put(struct line *l, const char *s, unsigned int max)
{
	size_t n = strlen(s), step;
	uint32_t cp;

	if (max > l->columns - l->column)
		max = l->columns - l->column;
	for (size_t i = 0; i < n; i += step) {
		step = text_char(s + i, n - i, &cp);
		if (!step || char_width(cp) > max || l->len + step >= TOP_LINE)
			break;
		memcpy(l->out + l->len, s + i, step);
		l->len += step;
		l->column += char_width(cp);
		max -= char_width(cp);
	}
	l->out[l->len] = '\0';
}

__attribute__((format(printf, 2, 3))) static void say(struct line *l, const char *fmt, ...)
{
	char text[TOP_LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(l, text, l->columns);
}

/* A column of a table; what is longer ends in "...". One space stands behind it. */
static void cell(struct line *l, const char *s, unsigned int width)
{
	unsigned int end = l->column + width;

	if (text_width(s) > width) {
		put(l, s, width - 3);
		put(l, "...", 3);
	} else {
		put(l, s, width);
	}
	for (unsigned int i = l->column; i <= end; i++)
		put(l, " ", 1);
}

static struct line line_start(char out[TOP_LINE], unsigned int columns)
{
	out[0] = '\0';
	return (struct line){.out = out, .columns = columns};
}

static void say_rate(struct line *l, bool rated, double rate)
{
	if (rated)
		say(l, "%.1f/s", rate);
	else
		say(l, "-/s");
}

static void head_node(const struct top *t, struct line *l)
{
	static const char *const sorts[TOP_SORTS] = {"activity", "lost", "findings", "severity", "score", "name"};
	uint64_t up = t->now_ns > t->started_ns ? (t->now_ns - t->started_ns) / 1000000000 : 0;

	say(l, "node %s up %" PRIu64 ":%02u:%02u, %" PRIu32 " containers", t->node, up / 3600, (unsigned int)(up / 60 % 60),
	    (unsigned int)(up % 60), t->containers);
	if (t->more)
		say(l, " (%" PRIu32 " not shown)", t->more);
	if (t->capture_bytes)
		say(l, ", capture %.1f MiB", (double)t->capture_bytes / (1024 * 1024));
	say(l, ", by %s", sorts[t->sort < TOP_SORTS ? t->sort : TOP_BY_RATE]);
}

/* Stages of loss, as a reader sums them up. */
static void head_records(const struct top *t, struct line *l)
{
	static const struct {
		const char *name;
		unsigned int stages[3]; /* 0: no more */
	} kinds[] = {
		{"rings", {WARDER__V1__LOST__STAGE__RING_CRITICAL, WARDER__V1__LOST__STAGE__RING_TELEMETRY}},
		{"budgets", {WARDER__V1__LOST__STAGE__BUDGET, WARDER__V1__LOST__STAGE__BUDGET_CRITICAL}},
		{"tables", {WARDER__V1__LOST__STAGE__TABLE}},
		{"other", {WARDER__V1__LOST__STAGE__INVALID, WARDER__V1__LOST__STAGE__SINK}},
	};

	say(l, "events ");
	say_rate(l, t->rated, t->rate);
	say(l, ", %" PRIu64 " in all; lost", t->received);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint64_t lost = 0;
		double per_second = 0;

		for (const unsigned int *stage = kinds[i].stages; *stage; stage++) {
			lost += t->lost[*stage];
			per_second += t->lost_rate[*stage];
		}
		say(l, "%s %s ", i ? "," : "", kinds[i].name);
		say_rate(l, t->rated, per_second);
		say(l, " %" PRIu64, lost);
	}
}

static const char *const severities[TOP_SEVERITIES] = {"-", "info", "low", "medium", "high", "critical"};

static void say_severities(struct line *l, const uint32_t counts[TOP_SEVERITIES])
{
	uint32_t sum = 0;
	bool begun = false;

	for (unsigned int i = 0; i < TOP_SEVERITIES; i++)
		sum += counts[i];
	say(l, "%" PRIu32 " open", sum);
	for (unsigned int i = TOP_SEVERITIES; i-- > 1;) {
		if (counts[i])
			say(l, "%s %" PRIu32 " %s", begun ? "," : ":", counts[i], severities[i]);
		begun |= counts[i];
	}
}

static void head_findings(const struct top *t, struct line *l)
{
	say(l, "findings %" PRIu64 ", ", t->findings);
	say_severities(l, t->open_findings);
	say(l, "; incidents ");
	say_severities(l, t->open_incidents);
}

/* The numbers stand first, so that a narrow terminal has them; the names share what is left. */
#define NUMBERS "%9s %10s %8s %8s %-8s %5s "

struct widths {
	unsigned int name, image, trust;
};

static struct widths widths_of(unsigned int columns)
{
	const unsigned int numbers = 54, trust = 11;
	unsigned int left = columns > numbers + trust + 2 ? columns - numbers - trust - 2 : 0;

	if (left < 24)
		return (struct widths){.name = left + trust > 8 ? left + trust : 8, .image = 8, .trust = trust};
	return (struct widths){.name = left * 3 / 5, .image = left - left * 3 / 5, .trust = trust};
}

static void names(struct line *l, const char *name, const char *trust, const char *image)
{
	struct widths w = widths_of(l->columns);

	cell(l, name, w.name);
	cell(l, trust, w.trust);
	cell(l, image, w.image);
	while (l->len && l->out[l->len - 1] == ' ')
		l->out[--l->len] = '\0';
}

void top_head(const struct top *t, unsigned int i, char out[TOP_LINE], unsigned int columns)
{
	struct line l = line_start(out, columns);

	if (i == 0)
		head_node(t, &l);
	else if (i == 1)
		head_records(t, &l);
	else if (i == 2)
		head_findings(t, &l);
	else if (i == TOP_HEAD - 1) {
		say(&l, NUMBERS, "EVENTS/S", "EVENTS", "LOST", "FINDINGS", "SEVERITY", "SCORE");
		names(&l, "CONTAINER", "TRUST", "IMAGE");
	}
}

void top_line(const struct top *t, size_t i, char out[TOP_LINE], unsigned int columns)
{
	const struct top_row *r = &t->rows[i];
	char per_second[32] = "-", received[24], lost[24], findings[16], score[16] = "-";
	struct line l = line_start(out, columns);

	if (t->rated)
		snprintf(per_second, sizeof(per_second), "%.1f", r->rate);
	snprintf(received, sizeof(received), "%" PRIu64, r->received);
	snprintf(lost, sizeof(lost), "%" PRIu64, r->lost);
	snprintf(findings, sizeof(findings), "%" PRIu32, r->findings);
	if (r->score)
		snprintf(score, sizeof(score), "%" PRIu32, r->score);
	say(&l, NUMBERS, per_second, received, lost, findings, severities[r->severity], score);
	names(&l, r->name, r->trust, r->image);
}

void top_print(const struct top *t, FILE *to, unsigned int columns)
{
	char out[TOP_LINE];

	for (unsigned int i = 0; i < TOP_HEAD; i++) {
		top_head(t, i, out, columns);
		if (*out)
			fprintf(to, "%s\n", out);
	}
	for (size_t i = 0; i < t->n_rows; i++) {
		top_line(t, i, out, columns);
		fprintf(to, "%s\n", out);
	}
	fputc('\n', to);
}
