// SPDX-License-Identifier: Apache-2.0
/*
 * For a person: findings, losses and blind spots, one line each, and a finding's evidence below it. A reader must be able to
 * trust the line's shape: whatever comes from outside is quoted, with the shape's own delimiters among what is escaped.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sink/kinds.h"
#include "sink/stream.h"
#include "text.h"

#define SENTENCE "|"      /* escaped in sentences, which hold spaces */
#define QUOTED   "|\""    /* within double quotes, and command names */
#define WORD     " |\"()" /* in names, which end at a space or a bracket */

enum {
	WORD_MAX = 256,
	SENTENCE_MAX = 1024,
	EVIDENCE_LINES_MAX = 16,
	LOST_COUNTS_MAX = 8,
};

struct line {
	char *buf;
	size_t size, len;
};

__attribute__((format(printf, 2, 3))) static void say(struct line *l, const char *fmt, ...)
{
	size_t left = l->size - l->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->buf + l->len, left, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->len += (size_t)n < left ? (size_t)n : left - 1;
}

static void say_bytes(struct line *l, const void *bytes, size_t n, size_t max, const char *also)
{
	size_t left = l->size - l->len;

	l->len += text_quote(l->buf + l->len, left < max ? left : max, bytes, n, also);
}

static void say_str(struct line *l, const char *s, size_t max, const char *also)
{
	if (s)
		say_bytes(l, s, strlen(s), max, also);
}

static void say_text(struct line *l, const Warder__V1__Text *t, const char *also)
{
	if (t->raw.len)
		say_bytes(l, t->raw.data, t->raw.len, WORD_MAX, also);
	else
		say_str(l, t->utf8, WORD_MAX, also);
	if (t->truncated)
		say(l, "...");
}

static bool is_set(const char *s)
{
	return s && *s;
}

/* UTC: the times of many nodes are read side by side. */
static void say_time(struct line *l, const Google__Protobuf__Timestamp *t)
{
	time_t when = t ? (time_t)t->seconds : 0;
	struct tm tm;

	if (t && gmtime_r(&when, &tm))
		say(l, "%02d:%02d:%02dZ ", tm.tm_hour, tm.tm_min, tm.tm_sec);
	else
		say(l, "--:--:--  ");
}

static void say_severity(struct line *l, Warder__V1__Severity severity)
{
	static const struct {
		const char *name, *colour;
	} rows[] = {
		{"-", "0"}, {"INFO", "0"}, {"LOW", "36"}, {"MEDIUM", "33"}, {"HIGH", "31"}, {"CRITICAL", "1;31"},
	};
	const char *no_color = getenv("NO_COLOR");
	unsigned int i = (unsigned int)severity < sizeof(rows) / sizeof(rows[0]) ? (unsigned int)severity : 0;

	if (isatty(STDOUT_FILENO) && !is_set(no_color))
		say(l, "\033[%sm%-8s\033[0m ", rows[i].colour, rows[i].name);
	else
		say(l, "%-8s ", rows[i].name);
}

/* A runtime's 64 hex digits are known by their first 12; a name that somebody chose is not cut. */
static void say_id(struct line *l, const char *id)
{
	size_t n = strlen(id), i = 0;

	while (i < n && isxdigit((unsigned char)id[i]))
		i++;
	say_bytes(l, id, i == n && n >= 32 ? 12 : n, WORD_MAX, WORD);
}

/*
 * "web-1 (docker 4f1c2ab3d9e0, busybox:1, privileged)", in a pod "shop/web-7d9f/app (containerd ...)". Only the host is a bare
 * "host", whatever a container is called.
 */
static void say_workload(struct line *l, const Warder__V1__Workload *w, bool brief)
{
	const Warder__V1__Container *c = w ? w->container : NULL;
	bool named = c && is_set(c->name), known = c && (is_set(c->runtime) || is_set(c->id));

	if (!w || w->resolution == WARDER__V1__RESOLUTION__HOST) {
		say(l, w ? "host" : "unknown workload");
		return;
	}
	if (!known && !is_set(w->cgroup_path))
		say(l, "container ");
	if (w->pod) {
		say_str(l, w->pod->namespace_, WORD_MAX, WORD);
		say(l, "/");
		say_str(l, w->pod->name, WORD_MAX, WORD);
		say(l, "/");
	}
	if (c && c->sandbox)
		say(l, "sandbox");
	else if (named)
		say_str(l, c->name, WORD_MAX, WORD);
	else if (c && is_set(c->id))
		say_id(l, c->id);
	else
		say(l, "%" PRIu64, w->origin_id);
	if (known) {
		say(l, " (");
		say_str(l, is_set(c->runtime) ? c->runtime : "runtime unknown", WORD_MAX, "|()");
		if (named && is_set(c->id)) {
			say(l, " ");
			say_id(l, c->id);
		}
		if (!brief && c->image && is_set(c->image->ref)) {
			say(l, ", ");
			say_str(l, c->image->ref, WORD_MAX, WORD);
		}
		if (!brief && is_set(c->isolation)) {
			say(l, ", in ");
			say_str(l, c->isolation, WORD_MAX, WORD);
		}
		say(l, "%s)", c->privileged ? ", privileged" : "");
	} else if (is_set(w->cgroup_path)) {
		say(l, " (cgroup ");
		say_str(l, w->cgroup_path, WORD_MAX, WORD);
		say(l, ")");
	}
}

/* The container in it: of what it is called there, nothing but its id is known. */
static void say_inner(struct line *l, const Warder__V1__Workload *w)
{
	if (!w || !w->container)
		return;
	say(l, " inner ");
	say_id(l, w->container->id);
}

static void say_owner(struct line *l, const Warder__V1__Owner *o)
{
	if (!o || o->kind == WARDER__V1__OWNER__KIND__KIND_UNSPECIFIED)
		return;
	say(l, " -> ");
	if (o->kind == WARDER__V1__OWNER__KIND__OWNER_HOST)
		say(l, "host");
	else if (o->kind == WARDER__V1__OWNER__KIND__OWNER_CONTAINER)
		say_workload(l, o->workload, true);
	else
		say(l, "unknown owner");
}

/* "mount[4242] /bin/busybox "mount /dev/x /mnt"" */
static void say_process(struct line *l, const Warder__V1__Process *p)
{
	say(l, " | ");
	if (!p) {
		say(l, "process unknown");
		return;
	}
	say_str(l, p->comm, WORD_MAX, QUOTED);
	say(l, "[%" PRIu32 "]", p->pid);
	if (p->exe) {
		say(l, " ");
		say_text(l, p->exe, WORD);
	}
	if (p->args) {
		say(l, " \"");
		say_text(l, p->args, QUOTED);
		say(l, "\"");
	}
}

/* "BREACH", "ATTEMPT denied": the stage, and whether the kernel refused. */
static const char *finding_outcome(const Warder__V1__Finding *f)
{
	static const char *const stages[][2] = {
		{"BREACH", "ATTEMPT denied"},          {"RECON", "RECON denied"},
		{"ATTEMPT", "ATTEMPT denied"},         {"BREACH", "ATTEMPT denied"},
		{"POST_BREACH", "POST_BREACH denied"},
	};
	unsigned int i = (unsigned int)f->stage < sizeof(stages) / sizeof(stages[0]) ? (unsigned int)f->stage : 0;

	return stages[i][f->outcome == WARDER__V1__OUTCOME__DENIED];
}

static void say_technique(struct line *l, const Warder__V1__Finding *f)
{
	const ProtobufCEnumValue *invariant =
		protobuf_c_enum_descriptor_get_value(&warder__v1__invariant__descriptor, (int)f->invariant);

	say_str(l, is_set(f->technique) ? f->technique : "-", WORD_MAX, WORD);
	/* An invariant alone, without a catalogue row, says little without its dimension. */
	if (invariant && is_set(f->dimension) && f->technique && !strcmp(f->technique, invariant->name)) {
		say(l, "/");
		say_str(l, f->dimension, WORD_MAX, WORD);
	}
	say(l, " ");
}

static void say_confidence(struct line *l, Warder__V1__Confidence confidence)
{
	static const char *const words[] = {"not rated", "low", "medium", "high"};

	say(l, ", confidence %s", (unsigned int)confidence < 4 ? words[confidence] : words[0]);
}

/* How complete the view was. */
static void say_completeness(struct line *l, uint64_t lost)
{
	if (lost)
		say(l, ", view incomplete: %" PRIu64 " records lost", lost);
}

static void say_judgement(struct line *l, const Warder__V1__Event *e, const Warder__V1__Finding *f)
{
	size_t i;

	say(l, " | %s", f->activity == WARDER__V1__FINDING__ACTIVITY__CREATE ? "CREATE" : "NO ACTIVITY");
	for (i = 0; i < e->n_attack && i < 4; i++) {
		say(l, ", ");
		say_str(l, e->attack[i]->technique, WORD_MAX, WORD);
	}
	say_confidence(l, f->confidence);
	for (i = 0; i < f->n_cves; i++) {
		say(l, ", node %s to ", f->cves[i]->unknown ? "may be open" : "open");
		say_str(l, f->cves[i]->id, WORD_MAX, WORD);
	}
	say_completeness(l, f->lost);
}

static void say_evidence(struct line *l, const Warder__V1__Event *e, const Warder__V1__Finding *f)
{
	const Warder__V1__Evidence *ev;
	size_t i;

	for (i = 0; i < f->n_evidence && i < EVIDENCE_LINES_MAX; i++) {
		ev = f->evidence[i];
		if (!strcmp(ev->summary, e->message))
			continue; /* the act itself is the line above */
		say(l, "\n    ");
		say_time(l, ev->time);
		say_str(l, is_set(ev->role) ? ev->role : "evidence", WORD_MAX, WORD);
		say(l, ": ");
		say_str(l, ev->summary, SENTENCE_MAX, SENTENCE);
	}
	if (i < f->n_evidence)
		say(l, "\n    and %zu more", f->n_evidence - i);
}

static void say_finding(struct line *l, const Warder__V1__Event *e)
{
	const Warder__V1__Finding *f = e->finding;
	bool update =
		f->activity == WARDER__V1__FINDING__ACTIVITY__UPDATE || f->activity == WARDER__V1__FINDING__ACTIVITY__CLOSE;
	const char *word = f->activity == WARDER__V1__FINDING__ACTIVITY__CLOSE ? "CLOSE" : "UPDATE";

	say_severity(l, e->severity);
	say_technique(l, f);
	say(l, "%-8s ", update ? word : finding_outcome(f));
	say_workload(l, e->actor ? e->actor->workload : NULL, update);
	say_inner(l, e->actor ? e->actor->inner : NULL);
	say_owner(l, e->owner);
	say(l, ": ");
	if (update) {
		say_str(l, is_set(f->title) ? f->title : e->message, SENTENCE_MAX, SENTENCE);
		say(l, " | %s, seen %" PRIu32 " times since ", finding_outcome(f), f->count);
		say_time(l, f->first_seen);
		l->len--; /* say_time's space */
		return;
	}
	say_str(l, is_set(e->message) ? e->message : f->title, SENTENCE_MAX, SENTENCE);
	say_process(l, e->actor ? e->actor->process : NULL);
	say_judgement(l, e, f);
	say_evidence(l, e, f);
}

/* One page: who, from where to what, how far it came. What it is made of are the findings' own lines. */
static void say_incident(struct line *l, const Warder__V1__Event *e)
{
	static const char *const words[] = {"-", "CREATE", "UPDATE", "CLOSE"};
	const Warder__V1__Incident *m = e->incident;

	say_severity(l, e->severity);
	say(l, "INCIDENT %s ", (unsigned int)m->activity < 4 ? words[m->activity] : words[0]);
	say_workload(l, e->actor ? e->actor->workload : NULL, false);
	say(l, ": ");
	say_str(l, is_set(m->technique) ? m->technique : "-", WORD_MAX, WORD);
	say(l, " ");
	say_str(l, is_set(e->message) ? e->message : m->title, SENTENCE_MAX, SENTENCE);
	say(l, " | score %" PRIu32, m->score);
	say_confidence(l, m->confidence);
	say(l, ", %" PRIu32 " done, %" PRIu32 " denied", m->succeeded, m->denied);
	say_completeness(l, m->lost);
	if (m->ran_before)
		say(l, ", it ran before this sensor");
	say(l, " | ");
	say_str(l, m->uid, WORD_MAX, WORD);
}

static void say_lost(struct line *l, const Warder__V1__Event *e)
{
	static const char *const stages[] = {
		"unknown stage",        "critical ring", "telemetry ring", "telemetry budget",
		"a table that is full", "invalid",       "sink",
	};
	const Warder__V1__Lost__Count *c;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < e->lost->n_counts; i++)
		sum += e->lost->counts[i]->records;
	say(l, "LOST     %" PRIu64 " records not delivered", sum);
	for (i = 0; i < e->lost->n_counts && i < LOST_COUNTS_MAX; i++) {
		c = e->lost->counts[i];
		say(l, "%s %" PRIu64 " %s", i ? "," : ":", c->records,
		    (unsigned int)c->stage < 7 ? stages[c->stage] : stages[0]);
		if (is_set(c->where)) {
			say(l, " ");
			say_str(l, c->where, WORD_MAX, WORD);
		}
		if (c->workload) {
			say(l, " of ");
			say_workload(l, c->workload, true);
		}
	}
	if (i < e->lost->n_counts)
		say(l, " and %zu more", e->lost->n_counts - i);
}

static void say_coverage(struct line *l, const Warder__V1__Event *e)
{
	size_t count[4] = {0}, i;

	for (i = 0; i < e->coverage->n_hooks; i++)
		count[(unsigned int)e->coverage->hooks[i]->state & 3]++;
	say(l, "COVERAGE %zu hooks: %zu seen, %zu degraded, %zu unseen; 'warder doctor' has the list", e->coverage->n_hooks,
	    count[WARDER__V1__COVERAGE__STATE__SEEN], count[WARDER__V1__COVERAGE__STATE__DEGRADED],
	    count[WARDER__V1__COVERAGE__STATE__UNSEEN]);
}

static void say_mix(struct line *l, const Warder__V1__Event *e)
{
	const Warder__V1__TrustMix *m = e->trust_mix;

	say(l, "TRUST    this node %s", m->mixed ? "mixes trust levels" : "has containers of one trust level");
	for (size_t i = 0; i < m->n_levels; i++) {
		say(l, "%s ", i ? "," : ":");
		say_str(l, is_set(m->levels[i]->name) ? m->levels[i]->name : "without", WORD_MAX, WORD);
		say(l, " %" PRIu32 " as ", m->levels[i]->containers);
		say_workload(l, m->levels[i]->example, true);
	}
}

static int console_open(struct sink *s, const char *arg, struct err *err)
{
	if (*arg || s->spec[strlen(s->kind->name)])
		return err_set(err, -EINVAL, "sink '%.200s': console takes no argument: it writes to stdout", s->spec);
	return stream_open(s, "-", err);
}

static int console_write(struct sink *s, const Warder__V1__Event *e)
{
	static const struct {
		Warder__V1__Event__PayloadCase payload;
		void (*say)(struct line *l, const Warder__V1__Event *e);
	} shown[] = {
		{WARDER__V1__EVENT__PAYLOAD_FINDING, say_finding}, {WARDER__V1__EVENT__PAYLOAD_INCIDENT, say_incident},
		{WARDER__V1__EVENT__PAYLOAD_LOST, say_lost},       {WARDER__V1__EVENT__PAYLOAD_COVERAGE, say_coverage},
		{WARDER__V1__EVENT__PAYLOAD_TRUST_MIX, say_mix},
	};
	struct line l = {.buf = stream_room(s), .size = STREAM_RECORD_MAX - 1}; /* the '\n' always has a place */
	size_t i;

	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		if (shown[i].payload != e->payload_case || !e->finding)
			continue;
		say_time(&l, e->time);
		shown[i].say(&l, e);
		l.buf[l.len++] = '\n';
		return stream_commit(s, l.len);
	}
	return 0;
}

const struct sink_kind sink_console = {
	.name = "console",
	.help = "console  incidents, findings, losses, blind spots and mixed trust as lines of text on stdout",
	.open = console_open,
	.write = console_write,
	.flush = stream_flush,
	.close = stream_close,
};
