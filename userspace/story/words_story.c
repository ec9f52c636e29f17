// SPDX-License-Identifier: Apache-2.0
/* The story as a whole in words: verdict, outcome, how complete it is, what to do next. */
#include <inttypes.h>
#include <string.h>

#include "capset.h"
#include "story/words.h"

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static bool has_stage(const struct story *s, Warder__V1__Stage stage)
{
	for (size_t i = 0; s->incident && i < s->incident->n_steps; i++)
		if (s->incident->steps[i]->stage == stage)
			return true;
	return false;
}

/* "the host and 2 other containers"; a container alone by its name. */
static void say_reached(struct pen *p, const Warder__V1__Incident *m)
{
	const Warder__V1__Workload *only = NULL;
	uint64_t containers = m->more_reached;
	bool host = false, unknown = false;

	for (size_t i = 0; i < m->n_reached; i++) {
		const Warder__V1__Owner *o = m->reached[i]->owner;

		if (!o)
			continue;
		host |= o->kind == WARDER__V1__OWNER__KIND__OWNER_HOST;
		unknown |= o->kind == WARDER__V1__OWNER__KIND__OWNER_UNKNOWN;
		if (o->kind != WARDER__V1__OWNER__KIND__OWNER_CONTAINER)
			continue;
		containers++;
		only = o->workload;
	}
	if (host)
		pen_say(p, " and reached the host");
	else if (!containers)
		pen_say(p, unknown ? " and reached what is not its own" : "");
	if (containers == 1 && only) {
		pen_say(p, host ? " and container " : " and reached container ");
		words_workload(p, only);
	} else if (containers) {
		pen_say(p, "%s%" PRIu64 " other container%s", host ? " and " : " and reached ", containers, plural(containers));
	}
}

/* Findings of the subject, or of others that reached it. */
static size_t findings(const struct story *s, bool others)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_rows; i++)
		n += s->rows[i].kind == ROW_FINDING && s->rows[i].other == others;
	return n;
}

static void say_no_incident(struct pen *p, const struct story *s)
{
	size_t own = findings(s, false);

	if (!own && findings(s, true)) {
		words_workload(p, s->subject);
		pen_say(p, " was reached by another container");
		return;
	}
	pen_say(p, s->subject ? "No incident of " : "No incident in this record");
	if (s->subject)
		words_workload(p, s->subject);
	if (own)
		pen_say(p, ": %zu finding%s", own, plural(own));
	else
		pen_say(p, ": no findings");
}

void words_verdict(struct pen *p, const struct story *s)
{
	if (!s->incident) {
		say_no_incident(p, s);
		return;
	}
	words_workload(p, s->subject);
	if (s->breach || has_stage(s, WARDER__V1__STAGE__POST_BREACH)) {
		pen_say(p, " broke out");
		say_reached(p, s->incident);
	} else if (has_stage(s, WARDER__V1__STAGE__ATTEMPT)) {
		pen_say(p, " tried to break out; nothing shows that it did");
	} else {
		pen_say(p, " prepared to break out; no attempt was seen");
	}
}

void words_outcome(struct pen *p, const struct story *s)
{
	const Warder__V1__Incident *m = s->incident;

	if (!m)
		return;
	pen_say(p, "%s: %" PRIu32 " act%s done, %" PRIu32 " denied by the kernel", m->succeeded ? "succeeded" : "denied",
		m->succeeded, plural(m->succeeded), m->denied);
}

bool words_complete(struct pen *p, const struct story *s)
{
	const struct {
		uint64_t n;
		const char *one, *many;
	} rows[] = {
		{s->incident ? s->incident->lost : 0, "record of this container was lost since its first finding",
		 "records of this container were lost since its first finding"},
		{s->lost, "record is reported lost by the sensor", "records are reported lost by the sensor"},
		{s->gaps, "event is missing in the stream's numbers", "events are missing in the stream's numbers"},
		{s->malformed, "message in the file is no event", "messages in the file are no events"},
		{s->over, "event is left out here for want of memory", "events are left out here for want of memory"},
	};
	const char *between = "";
	bool complete = true;
	char span[40];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!rows[i].n)
			continue;
		pen_say(p, "%s%" PRIu64 " %s", between, rows[i].n, rows[i].n == 1 ? rows[i].one : rows[i].many);
		between = "; ";
		complete = false;
	}
	if (s->record.state != RECORD_WHOLE) {
		pen_say(p, "%sthe capture is not as it was written: what else was in it is not known", between);
		between = "; ";
		complete = false;
	}
	if (s->unwatched) {
		pen_say(p, "%sfor %s nobody watched: the sensor was started anew", between, words_span(span, s->unwatched));
		between = "; ";
		complete = false;
	}
	if (s->incident && s->incident->ran_before) {
		pen_say(p, "%sthe container ran before the sensor did: what it did then was not seen", between);
		between = "; ";
		complete = false;
	}
	if (complete)
		pen_say(p, s->record.selection
				   ? "the file is a selection of events: what is not in it cannot be told from a loss"
				   : "nothing is known to be missing");
	return complete && !s->record.selection;
}

void words_missing(struct pen *p, const struct story_row *r)
{
	char span[40];

	if (r->kind == ROW_START)
		pen_say(p, "not watched: the sensor starts anew %s after its last event",
			words_span(span, (int64_t)r->missing));
	else if (r->kind == ROW_GAP)
		pen_say(p, "gap: %" PRIu64 " event%s of this stream %s not in the file", r->missing, plural(r->missing),
			r->missing == 1 ? "is" : "are");
	else
		pen_say(p, "lost: %" PRIu64 " record%s that the sensor could not deliver", r->missing, plural(r->missing));
}

void words_change(struct pen *p, const struct story_change *c)
{
	static const char *const names[] = {"mnt", "pid", "net", "uts", "ipc", "cgroup", "user"};
	const char *between = "";
	char caps[512];

	for (int host = 1; host >= 0; host--) {
		uint32_t bits = host ? c->host : c->namespaces & ~c->host;

		if (!bits)
			continue;
		pen_say(p, "%s", between);
		for (unsigned int d = 0, n = 0; d < 7; d++)
			if (bits & 1u << d)
				pen_say(p, "%s%s", n++ ? ", " : "", names[d]);
		pen_say(p, host ? " namespace: the host's" : " namespace: another");
		between = "; ";
	}
	if (c->caps_gained) {
		pen_say(p, "%sgained %s", between, capset_text(c->caps_gained, caps, sizeof(caps)));
		between = "; ";
	}
	if (c->caps_lost) {
		pen_say(p, "%sdropped %s", between, capset_text(c->caps_lost, caps, sizeof(caps)));
		between = "; ";
	}
	if (c->uid) {
		pen_say(p, "%suser %" PRIu32, between, c->to_uid);
		between = "; ";
	}
	if (c->cgroup)
		pen_say(p, "%sanother cgroup than the container's", between);
}

/* A file's name is no option, whatever it is. */
static void say_files(struct pen *p, const struct story *s)
{
	for (size_t i = 0; i < s->record.n; i++) {
		pen_say(p, i ? " " : "");
		if (*s->record.names[i] == '-' && s->record.names[i][1])
			pen_say(p, "./");
		pen_str(p, s->record.names[i]);
	}
}

/* What came by the standard input cannot be read again. */
static bool has_files(const struct story *s)
{
	for (size_t i = 0; i < s->record.n; i++)
		if (!strcmp(s->record.names[i], "-"))
			return false;
	return true;
}

static const char *container_of(const struct story *s)
{
	const Warder__V1__Container *c = s->subject ? s->subject->container : NULL;

	return !c ? NULL : *c->name ? c->name : *c->id ? c->id : NULL;
}

static bool say_hold(struct pen *p, const struct story *s)
{
	static const struct {
		const char *runtime, *command;
	} rows[] = {
		{"docker", "docker pause "},
		{"podman", "podman pause "},
		{"runc", "runc pause "},
		{"crun", "crun pause "},
	};
	const Warder__V1__Container *c = s->subject ? s->subject->container : NULL;

	for (size_t i = 0; c && *c->id && *c->id != '-' && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].runtime, c->runtime))
			continue;
		pen_say(p, "%s", rows[i].command);
		pen_str(p, c->id);
		return true;
	}
	return false;
}

static bool say_cordon(struct pen *p, const struct story *s)
{
	if (!s->subject || !s->subject->pod || !*s->subject->pod->namespace_ || !s->on || !*s->on->name || *s->on->name == '-')
		return false;
	pen_say(p, "kubectl cordon ");
	pen_str(p, s->on->name);
	return true;
}

static bool say_verify(struct pen *p, const struct story *s)
{
	if (!*s->record.chain || !has_files(s))
		return false;
	pen_say(p, "warder verify ");
	say_files(p, s);
	return true;
}

static bool say_filter(struct pen *p, const struct story *s)
{
	if (!*s->record.chain || !has_files(s) || !container_of(s))
		return false;
	pen_say(p, "warder filter --container ");
	pen_str(p, container_of(s));
	pen_say(p, " -o incident.wcap ");
	say_files(p, s);
	return true;
}

static bool say_cat(struct pen *p, const struct story *s)
{
	if (!*s->record.chain || !has_files(s))
		return false;
	pen_say(p, "warder cat --console ");
	if (container_of(s)) {
		pen_say(p, "--container ");
		pen_str(p, container_of(s));
		pen_say(p, " ");
	}
	say_files(p, s);
	return true;
}

static bool say_this(struct pen *p, const struct story *s)
{
	if (!s->incident || !has_files(s))
		return false;
	pen_say(p, "warder report --incident ");
	pen_str(p, s->incident->uid);
	pen_say(p, " ");
	say_files(p, s);
	return true;
}

static bool reached_subject(const struct story *s, const struct story_incident *i)
{
	const Warder__V1__Incident *m = i->event->incident;

	for (size_t n = 0; n < m->n_reached && i->node == s->node; n++)
		if (m->reached[n]->owner && m->reached[n]->owner->workload &&
		    m->reached[n]->owner->workload->origin_id == s->origin)
			return true;
	return false;
}

static bool say_incident(struct pen *p, const struct story *s, const struct story_incident *i)
{
	pen_say(p, "warder report --incident ");
	pen_str(p, i->event->incident->uid);
	pen_say(p, " -o next.html ");
	say_files(p, s);
	return true;
}

static bool say_cause(struct pen *p, const struct story *s)
{
	for (size_t i = 0; i < s->n_incidents && s->n_cluster && has_files(s); i++)
		if (s->incidents[i].event != s->event && reached_subject(s, &s->incidents[i]))
			return say_incident(p, s, &s->incidents[i]);
	return false;
}

static bool say_next(struct pen *p, const struct story *s)
{
	for (size_t i = 0; i < s->n_incidents && has_files(s); i++)
		if (s->incidents[i].event != s->event && !(s->n_cluster && reached_subject(s, &s->incidents[i])))
			return say_incident(p, s, &s->incidents[i]);
	return false;
}

const struct story_command story_commands[] = {
	{"Freeze the container: it stops, and what is in its memory stays for a later look", say_hold},
	{"Let no more pods onto the node", say_cordon},
	{"See whether the capture is whole and unchanged", say_verify},
	{"Take out what this container did, to hand on", say_filter},
	{"Read its findings as lines", say_cat},
	{"This report as text", say_this},
	{"The incident of a container that reached this one", say_cause},
	{"The next incident of this file", say_next},
};

const size_t story_commands_n = sizeof(story_commands) / sizeof(story_commands[0]);
