// SPDX-License-Identifier: Apache-2.0
/*
 * The story as one HTML file. It fetches nothing, and runs and styles itself by nothing but the script and the style in it, which its
 * content policy names by their hashes; what comes from events is text, by pen_html.
 */
#include "story/page.h"

#include <errno.h>
#include <inttypes.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

#include "technique.h"

/* userspace/story/style.css and page.js, by the linker. */
extern const char style_start[] __asm__("_binary_style_css_start");
extern const char style_end[] __asm__("_binary_style_css_end");
extern const char script_start[] __asm__("_binary_page_js_start");
extern const char script_end[] __asm__("_binary_page_js_end");

/* As a content policy names it (CSP Level 3, 2.3.1): base64 of the SHA-256 of what is between the tags. */
static void say_hash(struct pen *p, const char *start, const char *end)
{
	char text[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1] = "";
	uint8_t sum[SHA256_DIGEST_SIZE];
	struct sha256_ctx c;

	sha256_init(&c);
	sha256_update(&c, (size_t)(end - start), (const uint8_t *)start);
	sha256_digest(&c, sizeof(sum), sum);
	base64_encode_raw(text, sizeof(sum), sum);
	pen_say(p, "'sha256-%s'", text);
}

static void say_asset(struct pen *p, const char *start, const char *end)
{
	fwrite(start, 1, (size_t)(end - start), p->out);
}

static void say_start(struct pen *p)
{
	pen_say(p,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
		"style-src ");
	say_hash(p, style_start, style_end);
	pen_say(p, "; script-src ");
	say_hash(p, script_start, script_end);
	pen_say(p, "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		   "<meta name=\"referrer\" content=\"no-referrer\">\n<title>warder: incident report</title>\n<style>");
	say_asset(p, style_start, style_end);
	pen_say(p, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#what\">To the report</a>\n");
}

static void fact(struct pen *p, const char *name)
{
	pen_say(p, "<div><dt>%s</dt><dd>", name);
}

static void end_fact(struct pen *p)
{
	pen_say(p, "</dd></div>\n");
}

static void say_facts(struct pen *p, const struct story *s)
{
	const Warder__V1__Incident *m = s->incident;
	char date[40], span[40];

	pen_say(p, "<dl class=\"facts\">\n");
	if (m) {
		fact(p, "Outcome");
		pen_say(p, "%s<small>%" PRIu32 " done, %" PRIu32 " denied by the kernel</small>",
			m->succeeded ? "Succeeded" : "Denied", m->succeeded, m->denied);
		end_fact(p);
		fact(p, "Severity");
		pen_say(p, "%c%s<small>score %" PRIu32 " of 100</small>", words_severity(s->event->severity)[0] - 32,
			words_severity(s->event->severity) + 1, m->score);
		end_fact(p);
		fact(p, "Confidence");
		pen_say(p, "%c%s<small>posture: %s</small>", words_confidence(m->confidence)[0] - 32,
			words_confidence(m->confidence) + 1, words_level(m->posture));
		end_fact(p);
	}
	if (s->first_sign) {
		fact(p, s->breach ? "First sign to breach" : "First sign to last");
		pen_say(p, "%s<small>last act after %s</small>",
			words_span(span, (s->breach ? s->breach : s->last) - s->first_sign),
			words_span(date, s->last - s->first_sign));
		end_fact(p);
		fact(p, "First sign");
		pen_say(p, "%.10s<small>%s UTC</small>", words_date(date, s->first_sign), words_clock(span, s->first_sign));
		end_fact(p);
	}
	if (s->subject) {
		fact(p, "Container");
		words_workload(p, s->subject);
		pen_say(p, "<small>");
		words_kind(p, s->subject);
		pen_say(p, "</small>");
		end_fact(p);
	}
	if (s->on) {
		fact(p, "Node");
		pen_str(p, s->on->name);
		pen_say(p, "<small>kernel ");
		pen_str(p, s->on->kernel);
		pen_say(p, "</small>");
		end_fact(p);
	}
	fact(p, "Record");
	pen_say(p, "%" PRIu64 " events<small>%s</small>", s->events, s->record.format);
	end_fact(p);
	pen_say(p, "</dl>\n");
}

static const Warder__V1__Incident__Step *step_of(const struct story *s, Warder__V1__Stage stage)
{
	for (size_t i = 0; i < s->incident->n_steps; i++)
		if (s->incident->steps[i]->stage == stage)
			return s->incident->steps[i];
	return NULL;
}

static void say_path(struct pen *p, const struct story *s)
{
	char span[40];

	if (!s->incident)
		return;
	pen_say(p, "<ol class=\"path\" aria-label=\"Stages of the attack\">\n");
	for (int stage = WARDER__V1__STAGE__RECON; stage <= WARDER__V1__STAGE__POST_BREACH; stage++) {
		const char *name = words_stage((Warder__V1__Stage)stage);
		const Warder__V1__Incident__Step *step = step_of(s, (Warder__V1__Stage)stage);
		int64_t at = step && step->first_seen ? step->first_seen->seconds * 1000000000 + step->first_seen->nanos : 0;

		if (!step) {
			pen_say(p, "<li><b>%c%s</b><span>not seen</span></li>\n", name[0] - 32, name + 1);
			continue;
		}
		pen_say(p, "<li class=\"on %s\"><b>%c%s</b><span>+%s: ", name, name[0] - 32, name + 1,
			words_span(span, at > s->first_sign ? at - s->first_sign : 0));
		for (size_t i = 0; i < step->n_techniques && i < 8; i++) {
			pen_say(p, "%s", i ? ", " : "");
			pen_str(p, step->techniques[i]);
		}
		pen_say(p, "%s</span></li>\n", step->n_techniques > 8 ? " and more" : "");
	}
	pen_say(p, "</ol>\n");
}

static void say_view(struct pen *p, const struct story *s)
{
	struct pen nowhere = {.kind = &pen_bytes};

	pen_say(p, "<p class=\"note%s\"><b>View:</b> ", words_complete(&nowhere, s) ? "" : " bad");
	words_complete(p, s);
	pen_say(p, ".</p>\n");
	if (!*s->record.chain)
		return;
	pen_say(p, "<p class=\"note%s\"><b>Capture:</b> ", s->record.state ? " bad" : "");
	pen_str(p, s->record.chain);
	pen_say(p, ".</p>\n");
}

static void say_header(struct pen *p, const struct story *s)
{
	static const char *const sections[][2] = {
		{"next", "What to do next"}, {"map", "Map"},           {"timeline", "Timeline"}, {"processes", "Processes"},
		{"container", "Container"},  {"attack", "Techniques"}, {"record", "Record"},     {"raw", "Raw events"},
	};

	pen_say(p, "<header class=\"page\">\n<p class=\"kind\">Incident report");
	if (s->incident) {
		pen_say(p, " <span class=\"mono\">");
		pen_str(p, s->incident->uid);
		pen_say(p, "</span>");
	}
	pen_say(p, "</p>\n<h1 id=\"what\">");
	words_verdict(p, s);
	pen_say(p, "</h1>\n<p class=\"how\">");
	if (s->incident) {
		pen_str(p, s->incident->title);
		pen_say(p, " (");
		pen_str(p, s->incident->technique);
		pen_say(p, ")");
	}
	pen_say(p, "</p>\n");
	say_path(p, s);
	say_facts(p, s);
	say_view(p, s);
	pen_say(p, "<nav aria-label=\"Sections\"><ul>\n");
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		pen_say(p, "<li><a href=\"#%s\">%s</a></li>\n", sections[i][0], sections[i][1]);
	pen_say(p, "</ul></nav>\n</header>\n<main class=\"page\">\n");
}

static void say_commands(struct pen *p, const struct story *s)
{
	struct pen nowhere = {.kind = &pen_shell};
	char *bytes = NULL;
	size_t n = 0;

	pen_say(p, "<section aria-labelledby=\"next\">\n<h2 id=\"next\">What to do next</h2>\n<ul class=\"commands\">\n");
	for (size_t i = 0; i < story_commands_n; i++) {
		struct pen shell = {.kind = &pen_shell};

		if (!story_commands[i].say(&nowhere, s) || !(shell.out = open_memstream(&bytes, &n)))
			continue;
		story_commands[i].say(&shell, s);
		fclose(shell.out);
		pen_say(p, "<li>%s<div class=\"command\"><code>", story_commands[i].why);
		pen_put(p, bytes, n);
		pen_say(p, "</code><button type=\"button\" data-script hidden>Copy</button></div></li>\n");
		free(bytes);
		bytes = NULL;
	}
	pen_say(p, "</ul>\n</section>\n");
}

static void say_attack_ids(struct pen *p, const Warder__V1__Event *e)
{
	for (size_t i = 0; i < e->n_attack; i++) {
		pen_say(p, "%s", i ? "<br>" : "");
		pen_str(p, e->attack[i]->technique);
		pen_say(p, " ");
		pen_str(p, e->attack[i]->name);
	}
}

static void say_cves(struct pen *p, const Warder__V1__Finding *f)
{
	for (size_t i = 0; i < f->n_cves; i++) {
		pen_say(p, "<br><span class=\"soft\">this node %s open to ", f->cves[i]->unknown ? "may be" : "is");
		pen_str(p, f->cves[i]->id);
		pen_say(p, " (");
		pen_str(p, f->cves[i]->component);
		pen_say(p, " ");
		pen_str(p, f->cves[i]->version);
		pen_say(p, ")</span>");
	}
}

static bool told_before(const struct story *s, size_t row)
{
	const struct story_row *r = &s->rows[row];

	for (size_t i = 0; i < row; i++)
		if (s->rows[i].kind == ROW_FINDING && s->rows[i].stage == r->stage &&
		    s->rows[i].event->outcome == r->event->outcome &&
		    !strcmp(s->rows[i].event->finding->technique, r->event->finding->technique))
			return true;
	return false;
}

#define TECHNIQUES_MAX 100

static void say_techniques(struct pen *p, const struct story *s)
{
	unsigned int told = 0;
	char clock[40];

	pen_say(p,
		"<section aria-labelledby=\"attack\">\n<h2 id=\"attack\">Techniques</h2>\n"
		"<p class=\"lead\">By warder's catalogue and MITRE ATT&amp;CK for Containers, as they were first seen.</p>\n"
		"<table><thead><tr><th scope=\"col\">Technique</th><th scope=\"col\">What</th><th scope=\"col\">ATT&amp;CK</th><th scope=\"col\">Stage</th>"
		"<th scope=\"col\">Outcome</th><th scope=\"col\">Severity</th><th scope=\"col\">First</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < s->n_rows && told < TECHNIQUES_MAX; i++) {
		const struct story_row *r = &s->rows[i];
		const Warder__V1__Finding *f = r->kind == ROW_FINDING ? r->event->finding : NULL;

		if (!f || told_before(s, i))
			continue;
		told++;
		pen_say(p, "<tr><td><b>");
		pen_str(p, f->technique);
		pen_say(p, "</b></td><td>");
		pen_str(p, f->title);
		say_cves(p, f);
		pen_say(p, "</td><td>");
		say_attack_ids(p, r->event);
		pen_say(p, "</td><td class=\"nowrap %s\">%s</td><td>%s</td><td>%s</td><td class=\"nowrap\">%s</td></tr>\n",
			words_stage(r->stage), words_stage(r->stage),
			f->outcome == WARDER__V1__OUTCOME__DENIED ? "denied" : "succeeded", words_severity(r->event->severity),
			words_clock(clock, r->at));
	}
	pen_say(p, "</tbody></table>\n%s</section>\n",
		told == TECHNIQUES_MAX ? "<p class=\"soft\">More are in the timeline.</p>\n" : "");
}

static void say_unseen(struct pen *p, const struct story *s)
{
	const Warder__V1__Coverage *c = s->coverage ? s->coverage->coverage : NULL;
	size_t unseen = 0;

	for (size_t i = 0; c && i < c->n_techniques; i++)
		unseen += c->techniques[i]->state == WARDER__V1__COVERAGE__STATE__UNSEEN;
	if (!c)
		return;
	pen_say(p,
		"<h3>What this node could not show</h3>\n<p>%zu of %zu techniques cannot be seen with this kernel, or are not looked for%s</p>\n",
		unseen, c->n_techniques, unseen ? ":" : ".");
	if (!unseen)
		return;
	pen_say(p, "<details class=\"more\"><summary>Which</summary><ul class=\"reasons\">\n");
	for (size_t i = 0; i < c->n_techniques; i++) {
		const struct technique *t = technique_find(c->techniques[i]->id);

		if (c->techniques[i]->state != WARDER__V1__COVERAGE__STATE__UNSEEN)
			continue;
		pen_say(p, "<li>");
		pen_str(p, c->techniques[i]->id);
		pen_say(p, " ");
		pen_str(p, t ? t->title : NULL);
		if (*c->techniques[i]->unseen) {
			pen_say(p, " <span class=\"soft\">");
			pen_str(p, c->techniques[i]->unseen);
			pen_say(p, "</span>");
		}
		pen_say(p, "</li>\n");
	}
	pen_say(p, "</ul></details>\n");
}

static void say_others(struct pen *p, const struct story *s)
{
	char clock[40];

	if (s->n_incidents < (s->incident ? 2 : 1))
		return;
	pen_say(p,
		"<h3>Other incidents in this file</h3>\n<table><thead><tr><th scope=\"col\">Container</th><th scope=\"col\">What</th>"
		"<th scope=\"col\">Severity</th><th scope=\"col\" class=\"num\">Score</th><th scope=\"col\">First sign</th><th scope=\"col\">Incident</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < s->n_incidents && i < TECHNIQUES_MAX; i++) {
		const Warder__V1__Event *e = s->incidents[i].event;

		if (e == s->event)
			continue;
		pen_say(p, "<tr><td>");
		words_workload(p, e->actor ? e->actor->workload : NULL);
		pen_say(p, "</td><td>");
		pen_str(p, e->incident->title);
		pen_say(p,
			"</td><td>%s</td><td class=\"num\">%" PRIu32
			"</td><td class=\"nowrap\">%s</td><td class=\"mono nowrap\">",
			words_severity(e->severity), e->incident->score,
			words_clock(clock, e->incident->first_seen ? e->incident->first_seen->seconds * 1000000000 +
									     e->incident->first_seen->nanos
								   : 0));
		pen_put(p, e->incident->uid, strnlen(e->incident->uid, 8));
		pen_say(p, "</td></tr>\n");
	}
	pen_say(p, "</tbody></table>\n");
	if (s->n_incidents > TECHNIQUES_MAX || s->more_incidents)
		pen_say(p, "<p class=\"soft\">There are more, which are not listed.</p>\n");
}

static void say_record(struct pen *p, const struct story *s)
{
	char date[40];

	pen_say(p,
		"<section aria-labelledby=\"record\">\n<h2 id=\"record\">Record</h2>\n<p class=\"lead\">What this report was made from, and how "
		"complete that is.</p>\n<dl class=\"plain\">\n<dt>File</dt><dd class=\"mono\">");
	for (size_t i = 0; i < s->record.n; i++) {
		pen_say(p, i ? "<br>" : "");
		pen_str(p, s->record.names[i]);
	}
	pen_say(p, "</dd>\n<dt>Format</dt><dd>%s</dd>\n<dt>Events</dt><dd>%" PRIu64 "</dd>\n", s->record.format, s->events);
	pen_say(p, "<dt>From</dt><dd>%s</dd>\n", words_date(date, s->from));
	pen_say(p, "<dt>To</dt><dd>%s</dd>\n<dt>Complete</dt><dd>", words_date(date, s->to));
	words_complete(p, s);
	pen_say(p, "</dd>\n<dt>Chain</dt><dd>");
	if (*s->record.chain)
		pen_str(p, s->record.chain);
	else
		pen_say(p, "none: a plain stream of events cannot show that nobody changed it");
	pen_say(p, "</dd>\n</dl>\n");
	say_unseen(p, s);
	say_others(p, s);
	pen_say(p, "</section>\n");
}

static void say_end(struct pen *p)
{
	pen_say(p, "</main>\n<footer class=\"page\">Made by warder " WARDER_VERSION
		   ". Times are UTC. Bytes that cannot be shown are written "
		   "<span class=\"odd\">\\xNN</span>.</footer>\n<script>");
	say_asset(p, script_start, script_end);
	pen_say(p, "</script>\n</body>\n</html>\n");
}

int page_write(const struct story *s, FILE *out)
{
	struct pen p = {.kind = &pen_html, .out = out};

	say_start(&p);
	say_header(&p, s);
	say_commands(&p, s);
	page_map(&p, s);
	page_timeline(&p, s);
	page_processes(&p, s);
	page_container(&p, s);
	say_techniques(&p, s);
	say_record(&p, s);
	page_raw(&p, s);
	say_end(&p);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
