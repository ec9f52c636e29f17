// SPDX-License-Identifier: Apache-2.0
#include "story/pen.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "text.h"

void pen_say(struct pen *p, const char *fmt, ...)
{
	va_list ap;

	if (!p->out)
		return;
	va_start(ap, fmt);
	vfprintf(p->out, fmt, ap);
	va_end(ap);
}

void pen_put(struct pen *p, const void *bytes, size_t n)
{
	if (n && p->out)
		p->kind->bytes(p, bytes, n);
}

void pen_str(struct pen *p, const char *s)
{
	if (s)
		pen_put(p, s, strlen(s));
}

void pen_text(struct pen *p, const Warder__V1__Text *t)
{
	if (!t)
		return;
	if (t->raw.len)
		pen_put(p, t->raw.data, t->raw.len);
	else
		pen_str(p, t->utf8);
	if (t->truncated)
		pen_str(p, "...");
}

void pen_path(struct pen *p, const Warder__V1__Path *t)
{
	if (!t)
		return;
	if (t->raw.len)
		pen_put(p, t->raw.data, t->raw.len);
	else
		pen_str(p, t->utf8);
}

/* A character, or one byte that begins none. Returns how many bytes it has. */
static size_t next(const uint8_t *s, size_t n, bool *shown)
{
	uint32_t cp = 0;
	size_t step = text_char(s, n, &cp);

	*shown = step && text_is_printable(cp);
	return step ? step : 1;
}

static void markup_char(FILE *out, const uint8_t *s, size_t n)
{
	static const struct {
		char c;
		const char *entity;
	} rows[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (*s != (uint8_t)rows[i].c)
			continue;
		fputs(rows[i].entity, out);
		return;
	}
	fwrite(s, 1, n, out);
}

/* Up to `max` columns (0: all); what is not shown stands between `before` and `after`. */
static void markup(struct pen *p, const uint8_t *s, size_t n, unsigned int max, const char *before, const char *after)
{
	unsigned int columns = 0;
	bool shown, hiding = false;

	for (size_t i = 0, step; i < n; i += step) {
		step = next(s + i, n - i, &shown);
		columns += shown ? 1 : 4 * (unsigned int)step;
		if (max && columns >= max && i + step < n) {
			fputs(hiding ? after : "", p->out);
			fputs("\xe2\x80\xa6", p->out);
			return;
		}
		if (hiding == shown)
			fputs(shown ? after : before, p->out);
		hiding = !shown;
		if (shown)
			markup_char(p->out, s + i, step);
		for (size_t k = 0; !shown && k < step; k++)
			fprintf(p->out, "\\x%02x", s[i + k]);
	}
	if (hiding)
		fputs(after, p->out);
}

static void html_bytes(struct pen *p, const void *bytes, size_t n)
{
	fputs("<bdi>", p->out);
	markup(p, bytes, n, p->max, "<span class=\"odd\">", "</span>");
	fputs("</bdi>", p->out);
}

static void label_bytes(struct pen *p, const void *bytes, size_t n)
{
	markup(p, bytes, n, p->max, "", "");
}

static void plain_bytes(struct pen *p, const void *bytes, size_t n)
{
	const uint8_t *s = bytes;
	bool shown;

	for (size_t i = 0, step; i < n; i += step) {
		step = next(s + i, n - i, &shown);
		if (shown)
			fwrite(s + i, 1, step, p->out);
		for (size_t k = 0; !shown && k < step; k++)
			fprintf(p->out, "\\x%02x", s[i + k]);
	}
}

/* Bare where no shell reads anything into it, else quoted; what is no printable ASCII as bash, ksh and zsh have it: $'\xNN'. */
static void shell_bytes(struct pen *p, const void *bytes, size_t n)
{
	const uint8_t *s = bytes;
	bool bare = true, ascii = true;

	for (size_t i = 0; i < n; i++) {
		bare &= isalnum(s[i]) || (s[i] && strchr("._/:@%+,-", s[i]));
		ascii &= s[i] >= 0x20 && s[i] < 0x7f;
	}
	if (bare && *s != '-') {
		fwrite(s, 1, n, p->out);
		return;
	}
	fputs(ascii ? "'" : "$'", p->out);
	for (size_t i = 0; i < n; i++) {
		if (s[i] < 0x20 || s[i] >= 0x7f)
			fprintf(p->out, "\\x%02x", s[i]);
		else if (s[i] == '\'')
			fputs(ascii ? "'\\''" : "\\'", p->out);
		else if (s[i] == '\\' && !ascii)
			fputs("\\\\", p->out);
		else
			fputc(s[i], p->out);
	}
	fputs("'", p->out);
}

static void raw_bytes(struct pen *p, const void *bytes, size_t n)
{
	fwrite(bytes, 1, n, p->out);
}

const struct pen_kind pen_html = {html_bytes};
const struct pen_kind pen_label = {label_bytes};
const struct pen_kind pen_plain = {plain_bytes};
const struct pen_kind pen_shell = {shell_bytes};
const struct pen_kind pen_bytes = {raw_bytes};
