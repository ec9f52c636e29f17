// SPDX-License-Identifier: Apache-2.0
/* Names, times and numbers in words. */
#include "story/words.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *word_of(const char *const *words, size_t n, unsigned int i)
{
	return words[i < n ? i : 0];
}

const char *words_severity(Warder__V1__Severity s)
{
	static const char *const words[] = {"-", "informational", "low", "medium", "high", "critical"};

	return word_of(words, COUNT(words), (unsigned int)s);
}

const char *words_confidence(Warder__V1__Confidence c)
{
	static const char *const words[] = {"not rated", "low", "medium", "high"};

	return word_of(words, COUNT(words), (unsigned int)c);
}

const char *words_stage(Warder__V1__Stage s)
{
	static const char *const words[] = {"-", "recon", "attempt", "breach", "post-breach"};

	return word_of(words, COUNT(words), (unsigned int)s);
}

const char *words_level(Warder__V1__Posture__Level l)
{
	static const char *const words[] = {"not known", "privileged", "baseline", "restricted"};

	return word_of(words, COUNT(words), (unsigned int)l);
}

static bool broken_down(int64_t at, struct tm *tm)
{
	time_t s = (time_t)(at / 1000000000);

	return at > 0 && gmtime_r(&s, tm);
}

const char *words_date(char out[40], int64_t at)
{
	struct tm tm;

	if (!broken_down(at, &tm))
		return "-";
	snprintf(out, 40, "%04d-%02d-%02d %02d:%02d:%02d.%03d UTC", (tm.tm_year + 1900) % 10000, tm.tm_mon + 1, tm.tm_mday,
		 tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(at / 1000000 % 1000));
	return out;
}

const char *words_clock(char out[40], int64_t at)
{
	struct tm tm;

	if (!broken_down(at, &tm))
		return "-";
	snprintf(out, 40, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(at / 1000000 % 1000));
	return out;
}

const char *words_span(char out[40], int64_t ns)
{
	int64_t ms = ns / 1000000, s = ms / 1000;

	if (ms < 1000)
		snprintf(out, 40, "%" PRId64 ".%" PRId64 " ms", ms, ns / 100000 % 10);
	else if (s < 100)
		snprintf(out, 40, "%" PRId64 ".%" PRId64 " s", s, ms / 100 % 10);
	else if (s < 6000)
		snprintf(out, 40, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
	else
		snprintf(out, 40, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
	return out;
}

/* "VIA_SETNS_PIDFD" without the word that all names of its enum begin with. */
static void say_value(struct pen *p, const char *name)
{
	const char *at = strchr(name, '_');

	for (at = at ? at + 1 : name; *at; at++)
		pen_say(p, "%c", *at == '_' ? ' ' : tolower((unsigned char)*at));
}

void words_enum(struct pen *p, const ProtobufCEnumDescriptor *d, int value)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(d, value);

	if (v)
		say_value(p, v->name);
	else
		pen_say(p, "%d", value);
}

void words_bits(struct pen *p, const ProtobufCEnumDescriptor *d, uint32_t bits)
{
	const char *between = "";

	for (unsigned int i = 0; i < 31; i++) {
		if (!(bits & 1u << i))
			continue;
		pen_say(p, "%s", between);
		words_enum(p, d, (int)(1u << i));
		between = ", ";
	}
}

static bool is_set(const char *s)
{
	return s && *s;
}

/* A runtime's 64 hex digits are known by their first 12; a name that somebody chose is not cut. */
static size_t id_length(const char *id)
{
	size_t n = strlen(id);

	return n >= 32 && strspn(id, "0123456789abcdef") == n ? 12 : n;
}

void words_workload(struct pen *p, const Warder__V1__Workload *w)
{
	const Warder__V1__Container *c = w ? w->container : NULL;

	if (!w) {
		pen_say(p, "somebody unknown");
	} else if (w->resolution == WARDER__V1__RESOLUTION__HOST) {
		pen_say(p, "the host");
	} else {
		if (w->pod && is_set(w->pod->namespace_)) {
			pen_str(p, w->pod->namespace_);
			pen_say(p, "/");
		}
		if (w->pod && is_set(w->pod->name)) {
			pen_str(p, w->pod->name);
			pen_say(p, "/");
		}
		if (c && c->sandbox)
			pen_say(p, "sandbox");
		else if (c && is_set(c->name))
			pen_put(p, c->name, id_length(c->name));
		else if (c && is_set(c->id))
			pen_put(p, c->id, id_length(c->id));
		else if (is_set(w->cgroup_path))
			pen_str(p, w->cgroup_path);
		else
			pen_say(p, "container %" PRIu64, w->origin_id);
	}
}

void words_kind(struct pen *p, const Warder__V1__Workload *w)
{
	const Warder__V1__Container *c = w ? w->container : NULL;

	if (!c) {
		pen_say(p, "container without a known runtime");
		return;
	}
	pen_str(p, c->runtime);
	pen_say(p, "%scontainer", is_set(c->runtime) ? " " : "");
	if (is_set(c->name) && is_set(c->id) && strcmp(c->name, c->id)) {
		pen_say(p, " ");
		pen_put(p, c->id, id_length(c->id));
	}
	if (c->image && is_set(c->image->ref)) {
		pen_say(p, ", image ");
		pen_str(p, c->image->ref);
	}
	if (c->privileged)
		pen_say(p, ", privileged");
}

void words_owner(struct pen *p, const Warder__V1__Owner *o)
{
	if (!o || o->kind == WARDER__V1__OWNER__KIND__KIND_UNSPECIFIED)
		return;
	if (o->kind == WARDER__V1__OWNER__KIND__OWNER_HOST)
		pen_say(p, "the host");
	else if (o->kind == WARDER__V1__OWNER__KIND__OWNER_CONTAINER)
		words_workload(p, o->workload);
	else
		pen_say(p, "an unknown owner");
}

void words_process(struct pen *p, const Warder__V1__Process *q)
{
	if (!q) {
		pen_say(p, "a process unknown");
		return;
	}
	pen_str(p, q->comm);
	pen_say(p, "[%" PRIu32 "]", q->pid);
}
