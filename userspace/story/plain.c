// SPDX-License-Identifier: Apache-2.0
/* The story as text, for a terminal or a mail. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "story/words.h"

static void heading(struct pen *p, const char *name)
{
	pen_say(p, "\n%s\n", name);
}

static void fact(struct pen *p, const char *name)
{
	pen_say(p, "  %-12s ", name);
}

static void say_stages(struct pen *p, const struct story *s)
{
	char span[40];

	if (!s->incident || !s->incident->n_steps)
		return;
	fact(p, "Stages");
	for (size_t i = 0; i < s->incident->n_steps; i++) {
		const Warder__V1__Incident__Step *step = s->incident->steps[i];
		int64_t at = step->first_seen ? step->first_seen->seconds * 1000000000 + step->first_seen->nanos : 0;

		pen_say(p, "%s%s", i ? " > " : "", words_stage(step->stage));
		if (i && at >= s->first_sign)
			pen_say(p, " (+%s)", words_span(span, at - s->first_sign));
	}
	pen_say(p, "\n");
}

static void say_head(struct pen *p, const struct story *s)
{
	const Warder__V1__Incident *m = s->incident;
	char date[40], span[40];

	if (m) {
		pen_say(p, "INCIDENT ");
		pen_str(p, m->uid);
		pen_say(p, ", severity %s, score %" PRIu32 "\n", words_severity(s->event->severity), m->score);
	}
	words_verdict(p, s);
	pen_say(p, "\n");
	if (m) {
		pen_str(p, m->title);
		pen_say(p, " (");
		pen_str(p, m->technique);
		pen_say(p, ")\n\n");
		fact(p, "Outcome");
		words_outcome(p, s);
		pen_say(p, "\n");
		fact(p, "Confidence");
		pen_say(p, "%s\n", words_confidence(m->confidence));
	} else {
		pen_say(p, "\n");
	}
	fact(p, "First sign");
	pen_say(p, "%s\n", words_date(date, s->first_sign));
	if (s->breach) {
		fact(p, "Breach");
		pen_say(p, "%s", words_date(date, s->breach));
		pen_say(p, ", %s after the first sign\n", words_span(span, s->breach - s->first_sign));
	}
	fact(p, "Last");
	pen_say(p, "%s\n", words_date(date, s->last));
	say_stages(p, s);
	if (s->subject) {
		fact(p, "Container");
		words_workload(p, s->subject);
		pen_say(p, " (");
		words_kind(p, s->subject);
		pen_say(p, ")\n");
	}
	if (s->on) {
		fact(p, "Node");
		pen_str(p, s->on->name);
		pen_say(p, ", kernel ");
		pen_str(p, s->on->kernel);
		pen_say(p, "\n");
	}
	fact(p, "View");
	words_complete(p, s);
	pen_say(p, "\n");
	if (*s->record.chain) {
		fact(p, "Capture");
		pen_str(p, s->record.chain);
		pen_say(p, "\n");
	}
}

static void say_commands(struct pen *p, const struct story *s)
{
	struct pen shell = {.kind = &pen_shell, .out = p->out}, nowhere = {.kind = &pen_shell};

	heading(p, "WHAT TO DO NEXT");
	for (size_t i = 0; i < story_commands_n; i++) {
		if (!story_commands[i].say(&nowhere, s))
			continue;
		pen_say(p, "  %s\n    ", story_commands[i].why);
		story_commands[i].say(&shell, s);
		pen_say(p, "\n");
	}
}

static void say_map(struct pen *p, const struct story *s)
{
	if (!s->n_crossings)
		return;
	heading(p, "WALLS");
	for (size_t i = 0; i < s->n_crossings; i++) {
		const struct story_crossing *c = &s->crossings[i];
		const Warder__V1__Owner owner = {.kind = c->owner, .workload = (Warder__V1__Workload *)c->whose};

		pen_say(p, "  %s ", c->succeeded ? "crossed" : "held   ");
		pen_str(p, c->technique);
		pen_say(p, "  ");
		words_workload(p, c->who);
		pen_say(p, " -> ");
		words_owner(p, &owner);
		pen_say(p, ": ");
		pen_str(p, c->object);
		pen_say(p, c->count > 1 ? ", %" PRIu32 " times\n" : "\n", c->count);
	}
	if (s->more_crossings)
		pen_say(p, "  and %zu more\n", s->more_crossings);
}

static void say_row(struct pen *p, const struct story *s, const struct story_row *r)
{
	char clock[40], span[40];

	pen_say(p, "  %s %c%-11s ", words_clock(clock, r->at), r->at < s->first_sign ? '-' : '+',
		words_span(span, r->at < s->first_sign ? s->first_sign - r->at : r->at - s->first_sign));
	if (r->kind == ROW_GAP || r->kind == ROW_LOSS || r->kind == ROW_START) {
		pen_say(p, "!!! ");
		words_missing(p, r);
		pen_say(p, "\n");
		return;
	}
	pen_say(p, "%-11s ", r->kind == ROW_FINDING || r->kind == ROW_EVIDENCE ? words_stage(r->stage) : "");
	if (r->kind == ROW_FINDING) {
		pen_str(p, r->event->finding->technique);
		pen_say(p, " %s%s, ", words_severity(r->event->severity),
			r->event->finding->outcome == WARDER__V1__OUTCOME__DENIED ? ", denied" : "");
	} else if (r->kind == ROW_EVIDENCE) {
		pen_say(p, "| ");
		pen_str(p, r->role && *r->role ? r->role : "evidence");
		pen_say(p, " of ");
		pen_str(p, r->finding->finding->technique);
		pen_say(p, ": ");
	}
	if (r->other && r->event->actor) {
		words_workload(p, r->event->actor->workload);
		pen_say(p, " ");
	}
	if (r->kind != ROW_INCIDENT && r->event->actor && r->event->actor->process) {
		words_process(p, r->event->actor->process);
		pen_say(p, " ");
	}
	words_event(p, r->event);
	pen_say(p, r->count > 1 ? " (%" PRIu32 " times)\n" : "\n", r->count);
}

static void say_timeline(struct pen *p, const struct story *s)
{
	heading(p, "TIMELINE");
	for (size_t i = 0; i < s->n_rows; i++)
		say_row(p, s, &s->rows[i]);
	if (s->left_out)
		pen_say(p, "  %zu rows of context are left out\n", s->left_out);
}

static void say_process(struct pen *p, const struct story_process *q, int depth)
{
	char clock[40];

	pen_say(p, "  %*s", depth < 20 ? depth * 2 : 40, "");
	words_process(p, q->seen);
	pen_say(p, " ");
	pen_text(p, q->args ? q->args : q->exe);
	pen_say(p, " from %s", words_clock(clock, q->first));
	if (q->entered)
		pen_say(p, ", entered from outside");
	if (q->findings)
		pen_say(p, ", findings: %" PRIu32, q->findings);
	pen_say(p, "\n");
	for (unsigned int i = 0; i < q->n_changes; i++) {
		pen_say(p, "  %*s  %s %s ", depth < 20 ? depth * 2 : 40, "", words_clock(clock, q->changes[i].at),
			q->changes[i].first ? "differs from the container's start:" : "changed:");
		words_change(p, &q->changes[i]);
		pen_say(p, "\n");
	}
	for (const struct story_process *child = q->child; child; child = child->next)
		say_process(p, child, depth + 1);
}

static void say_processes(struct pen *p, const struct story *s)
{
	if (!s->n_processes)
		return;
	heading(p, "PROCESSES");
	for (size_t i = 0; i < s->n_processes; i++)
		if (!s->processes[i]->parent)
			say_process(p, s->processes[i], 0);
	if (s->more_processes)
		pen_say(p, "  and %zu events of more processes\n", s->more_processes);
}

static void say_posture(struct pen *p, const struct story *s)
{
	const Warder__V1__Posture *m = s->posture ? s->posture->posture : NULL;

	if (!m)
		return;
	heading(p, "POSTURE");
	pen_say(p, "  %s\n", words_level(m->level));
	for (size_t i = 0; i < m->n_reasons; i++) {
		pen_say(p, "  - ");
		pen_str(p, m->reasons[i]);
		pen_say(p, "\n");
	}
	for (size_t i = 0; i < m->n_differences; i++) {
		pen_say(p, "  - not as the runtime was told: ");
		words_enum(p, &warder__v1__difference__descriptor, (int)m->differences[i]->what);
		pen_say(p, " ");
		pen_text(p, m->differences[i]->place);
		pen_say(p, " ");
		pen_text(p, m->differences[i]->found);
		pen_say(p, "\n");
	}
}

static void say_others(struct pen *p, const struct story *s)
{
	if (s->n_incidents < (s->incident ? 2 : 1))
		return;
	heading(p, "OTHER INCIDENTS IN THIS FILE");
	for (size_t i = 0; i < s->n_incidents; i++) {
		const Warder__V1__Event *e = s->incidents[i].event;

		if (e == s->event)
			continue;
		pen_say(p, "  ");
		pen_str(p, e->incident->uid);
		pen_say(p, " %-8s %3" PRIu32 " ", words_severity(e->severity), e->incident->score);
		words_workload(p, e->actor ? e->actor->workload : NULL);
		pen_say(p, ": ");
		pen_str(p, e->incident->title);
		pen_say(p, "\n");
	}
	if (s->more_incidents)
		pen_say(p, "  and %zu more\n", s->more_incidents);
}

int plain_write(const struct story *s, FILE *out)
{
	struct pen p = {.kind = &pen_plain, .out = out};

	say_head(&p, s);
	say_commands(&p, s);
	say_map(&p, s);
	say_timeline(&p, s);
	say_processes(&p, s);
	say_posture(&p, s);
	say_others(&p, s);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
