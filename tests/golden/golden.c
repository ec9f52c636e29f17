// SPDX-License-Identifier: Apache-2.0
/*
 * golden CASES...: recorded events through the engine, and the findings that they must make. No kernel, no root. The format is
 * described in README; fields are found by their names in the descriptors, so that no event type is named here.
 *
 * Each case runs twice, and everything that the engine sends must be the same bytes; then what it sent is replayed, which must send the same
 * once more.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "build.h"
#include "engine.h"
#include "json.h"
#include "run.h"
#include "technique.h"
#include "text.h"

#define SECOND    1000000000ull
#define MAX_LINES 256
#define LINE      8192

struct script {
	const char *file;
	char *lines[MAX_LINES]; /* events only, of the prelude and the case */
	unsigned int numbers[MAX_LINES];
	unsigned int n_lines, n_prelude;
	char id[64];
	unsigned int number; /* of its "case" line */
	char *want;          /* the expected lines as they stand */
	size_t want_size;
	FILE *want_file;
	bool silent;
	bool incidents; /* the file is about what findings come to, and not about them */
	bool strict;    /* the file's policy is */
};

static const char *at_file;
static unsigned int at_line;
static char last_uid[64]; /* of the event sent last that is no finding */
static uint64_t last_seq;

static void __attribute__((format(printf, 1, 2), noreturn)) die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%u: ", at_file, at_line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

/* Values */

/* A word, or a quoted string with C's escapes, that `*p` begins with. Returns its length; it may hold NULs. */
static size_t read_value(const char **p, char *out)
{
	const char *s = *p;
	size_t n = 0;
	bool quoted = *s == '"';

	for (s += quoted; *s && (quoted ? *s != '"' : !isspace((unsigned char)*s)); s++) {
		if (*s != '\\') {
			out[n++] = *s;
			continue;
		}
		switch (*++s) {
		case 'x':
			out[n++] = (char)strtoul((char[]){s[1], s[1] ? s[2] : '\0', '\0'}, NULL, 16);
			if (!isxdigit((unsigned char)s[1]) || !isxdigit((unsigned char)s[2]))
				die("\\x wants two digits");
			s += 2;
			break;
		case 'n':
			out[n++] = '\n';
			break;
		case '0':
			out[n++] = '\0';
			break;
		case '\\':
		case '"':
			out[n++] = *s;
			break;
		default:
			die("no such escape: \\%c", *s);
		}
	}
	if (quoted && *s++ != '"')
		die("a string has no end");
	if (*s && !isspace((unsigned char)*s))
		die("no space behind a string");
	*p = s;
	out[n] = '\0';
	return n;
}

static bool enum_value(const ProtobufCEnumDescriptor *d, const char *name, uint64_t *out)
{
	const ProtobufCEnumValue *v = d ? protobuf_c_enum_descriptor_get_value_by_name(d, name) : NULL;

	if (v)
		*out = (uint64_t)(int64_t)v->value;
	return v;
}

/* Enums whose values are bits; each name says whose it is. */
static const struct {
	const char *prefix;
	const ProtobufCEnumDescriptor *d;
} bits[] = {
	{"DIM_", &warder__v1__dimension__descriptor},
	{"GRANT_", &warder__v1__grant__descriptor},
};

/* Bits with '|' between them. */
static uint64_t sum(const char *text, const ProtobufCEnumDescriptor *d)
{
	uint64_t v = 0, bit;
	char copy[LINE], *save;

	strcpy(copy, text);
	for (char *word = strtok_r(copy, "|", &save); word; word = strtok_r(NULL, "|", &save)) {
		if (!enum_value(d, word, &bit))
			die("no bit %s", word);
		v |= bit;
	}
	return v;
}

/* A number, an enumerator of the field's, or bits. */
static uint64_t number(const char *text, const ProtobufCEnumDescriptor *d)
{
	uint64_t v = 0;
	char *end;

	if (enum_value(d, text, &v))
		return v;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (!strncmp(text, bits[i].prefix, strlen(bits[i].prefix)))
			return sum(text, bits[i].d);
	errno = 0;
	v = *text == '-' ? (uint64_t)strtoll(text, &end, 0) : strtoull(text, &end, 0);
	if (errno || !*text || *end)
		die("neither a number nor a name that belongs here: %s", text);
	return v;
}

/* Records */

static struct build rec;
static unsigned int seconds;

static void set_field(build_message m, size_t base, const char *name, const char *text, size_t n)
{
	bool cut = !strncmp(text, "...", 3);
	struct build_field f;
	unsigned char *at;
	uint64_t v;

	if (!build_find(m, name, &f))
		die("%s has no field %s", m->short_name, name);
	at = rec.bytes + base + f.offset;
	switch (f.kind) {
	case BUILD_COMM:
		if (n > 16)
			die("%s: longer than 16 bytes", name);
		memcpy(at, text, n);
		break;
	case BUILD_TEXT:
		build_text(&rec, at, text, n, false);
		break;
	case BUILD_PATH:
		if (text[cut ? 3 : 0] != '/')
			die("%s: begins with neither / nor .../", name);
		build_path_n(&rec, at, text + (cut ? 3 : 0), n - (cut ? 3 : 0), cut);
		break;
	case BUILD_U64:
		v = number(text, NULL);
		memcpy(at, &v, 8);
		break;
	case BUILD_U32:
	case BUILD_I32:
	case BUILD_BOOL:
		v = number(text, f.member->type == PROTOBUF_C_TYPE_ENUM ? f.member->descriptor : NULL);
		if (v > UINT32_MAX && v < (uint64_t)INT32_MIN)
			die("%s: too large", name);
		memcpy(at, &v, 4);
		break;
	default:
		die("%s is a message: name a field of it", name);
	}
}

/* "key=value" of the record's header, of its actor, else of its body. */
static void set(build_message m, const char *key, const char *text, size_t n)
{
	struct wd_record *r = build_record(&rec);

	if (!strcmp(key, "at"))
		seconds = (unsigned int)number(text, NULL);
	else if (!strcmp(key, "origin"))
		r->origin = number(text, NULL);
	else if (!strcmp(key, "owner"))
		r->owner = number(text, NULL);
	else if (!strcmp(key, "owner_kind"))
		r->owner_kind = (uint32_t)number(text, &warder__v1__owner__kind__descriptor);
	else if (!strcmp(key, "outcome"))
		r->outcome = (uint32_t)number(text, &warder__v1__outcome__descriptor);
	else if (!strncmp(key, "actor.", 6))
		set_field(&warder__v1__process__descriptor, offsetof(struct wd_record, actor), key + 6, text, n);
	else
		set_field(m, sizeof(struct wd_record), key, text, n);
}

/* "TYPE key=value ...": a record of its own time, by default a second after the last. */
static void make_record(const char *p)
{
	char word[LINE], text[LINE];
	build_message m;
	uint64_t type;
	size_t n;

	n = strcspn(p, " \t");
	snprintf(word, sizeof(word), "%.*s", (int)n, p);
	if (!enum_value(&warder__v1__event_type__descriptor, word, &type) || !build_payload((unsigned int)type))
		die("the kernel makes no event %s", word);
	m = build_payload((unsigned int)type);
	build_start(&rec, (unsigned int)type);
	((struct wd_record *)rec.bytes)->critical = true;
	seconds++;
	for (p += n; *(p += strspn(p, " \t"));) {
		n = strcspn(p, "= \t");
		if (p[n] != '=')
			die("not key=value: %s", p);
		snprintf(word, sizeof(word), "%.*s", (int)n, p);
		p += n + 1;
		n = read_value(&p, text);
		set(m, word, text, n);
	}
	build_record(&rec)->boot_ns = seconds * SECOND;
}

/* Runs */

static const char *enum_name(const ProtobufCEnumDescriptor *d, int value)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(d, value);

	return v ? v->name : "?";
}

/* Quoted, so that a line stays a line whatever a name holds. */
static void write_quoted(FILE *f, const char *text)
{
	static char shown[4096];

	text_quote(shown, sizeof(shown), text, strlen(text), "");
	fputs(shown, f);
}

static void write_workload(FILE *f, const Warder__V1__Workload *w)
{
	if (!w)
		fprintf(f, "?");
	else if (w->container && *w->container->name)
		write_quoted(f, w->container->name);
	else if (w->resolution == WARDER__V1__RESOLUTION__HOST)
		fprintf(f, "HOST");
	else
		fprintf(f, "#%llu", (unsigned long long)w->origin_id);
}

/* As README has it. */
static void write_finding(FILE *f, const Warder__V1__Event *e)
{
	const Warder__V1__Finding *m = e->finding;

	fprintf(f, "finding %s %s %s %s %s ", m->technique,
		enum_name(&warder__v1__finding__activity__descriptor, (int)m->activity),
		enum_name(&warder__v1__outcome__descriptor, (int)m->outcome),
		enum_name(&warder__v1__stage__descriptor, (int)m->stage),
		enum_name(&warder__v1__severity__descriptor, (int)e->severity));
	write_workload(f, e->actor->workload);
	fprintf(f, " -> ");
	if (!e->owner)
		fprintf(f, "-");
	else if (e->owner->kind == WARDER__V1__OWNER__KIND__OWNER_CONTAINER)
		write_workload(f, e->owner->workload);
	else
		fprintf(f, "%s", e->owner->kind == WARDER__V1__OWNER__KIND__OWNER_HOST ? "HOST" : "UNKNOWN");
	fprintf(f, ": ");
	write_quoted(f, e->message);
	fputc('\n', f);
}

static void write_incident(FILE *f, const Warder__V1__Event *e)
{
	const Warder__V1__Incident *m = e->incident;

	fprintf(f, "incident %s %s %u %s %s ", enum_name(&warder__v1__incident__activity__descriptor, (int)m->activity),
		enum_name(&warder__v1__severity__descriptor, (int)e->severity), m->score,
		enum_name(&warder__v1__confidence__descriptor, (int)m->confidence) + strlen("CONFIDENCE_"), m->technique);
	write_workload(f, e->actor->workload);
	fprintf(f, ":");
	for (size_t i = 0; i < m->n_steps; i++) {
		fprintf(f, " %s(", enum_name(&warder__v1__stage__descriptor, (int)m->steps[i]->stage));
		for (size_t n = 0; n < m->steps[i]->n_techniques; n++)
			fprintf(f, "%s%s", n ? " " : "", m->steps[i]->techniques[n]);
		fprintf(f, ")");
	}
	for (size_t i = 0; i < m->n_reached; i++) {
		const Warder__V1__Owner *o = m->reached[i]->owner;

		fprintf(f, i ? ", " : " -> ");
		if (o->workload)
			write_workload(f, o->workload);
		else
			fprintf(f, "HOST");
	}
	fprintf(f, "; %u done, %u denied\n", m->succeeded, m->denied);
}

/* What holds of every finding, whatever the case expects. Says what does not; NULL: all does. */
static const char *broken(const Warder__V1__Event *e)
{
	const Warder__V1__Finding *m = e->finding;
	const struct technique *t = technique_find(m->technique);

	if (!t || !t->hooks || strcmp(m->title, t->title))
		return "it is of no technique that is seen";
	if (!*m->rule || !*m->dimension || !m->confidence || !m->invariant || !m->stage || !e->severity)
		return "it is not whole";
	if (e->n_attack != 1 || !*e->attack[0]->technique || !*e->attack[0]->name)
		return "it has no ATT&CK technique";
	if (m->n_evidence != 1 || strcmp(m->evidence[0]->event_uid, last_uid))
		return "its evidence is not the event before it";
	if (m->outcome == WARDER__V1__OUTCOME__DENIED &&
	    (m->stage != WARDER__V1__STAGE__ATTEMPT || e->severity > WARDER__V1__SEVERITY__MEDIUM))
		return "an attempt is never worse than MEDIUM";
	if (!text_is_utf8(e->message, strlen(e->message)))
		return "its message is not UTF-8";
	return NULL;
}

static int run_write(struct sink *s, const Warder__V1__Event *e)
{
	static char line[1 << 20];
	struct run *r = s->state;
	ssize_t n = json_line(&e->base, line, sizeof(line));

	if (n < 0)
		die("an event has no JSON: %s", strerror((int)-n));
	fwrite(line, 1, (size_t)n, r->stream_file);
	packed_write(r->packed_file, e, line);
	if (e->seq != last_seq + 1)
		die("event %llu follows %llu", (unsigned long long)e->seq, (unsigned long long)last_seq);
	last_seq = e->seq;
	if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_INCIDENT && r->incidents)
		write_incident(r->findings_file, e);
	if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_FINDING) {
		if (r->incidents)
			return 0;
		write_finding(r->findings_file, e);
		if (broken(e))
			fprintf(r->findings_file, "broken: %s\n", broken(e));
	} else {
		snprintf(last_uid, sizeof(last_uid), "%s", e->uid);
	}
	return 0;
}

static const struct sink_kind run_kind = {.name = "golden", .help = "", .write = run_write};
static char empty_root[] = "/tmp/warder-golden-XXXXXX"; /* of the identity: names come from the cgroup paths alone */

static void run_sink(struct run *r, struct engine *e)
{
	struct sink *sink = calloc(1, sizeof(*sink));

	sink->kind = &run_kind;
	sink->state = r;
	engine_add_sink(e, sink);
}

static void run(const struct script *s, struct run *r)
{
	static struct identity identity;
	const struct rules rules = {.strict = s->strict};
	struct engine e;
	struct err err;

	run_begin(r, s->incidents);
	last_seq = 0;
	seconds = 0;
	if (identity_init(&identity, empty_root, &err) || engine_init(&e, &identity, &err))
		die("%s", err.msg);
	stream_init(&e.stream, "node", "boot", "kernel", 1700000000 * (int64_t)SECOND, 1);
	run_sink(r, &e);
	e.state.wait_ms = 0; /* there are no names to wait for */
	e.rules = &rules;
	for (unsigned int i = 0; i < s->n_lines; i++) {
		at_line = s->numbers[i];
		make_record(s->lines[i]);
		engine_record(&e, rec.bytes, rec.len);
		if (e.invalid || e.unbuilt)
			die("the engine refused the record");
	}
	engine_destroy(&e);
	run_end(r);
}

/* What the first run sent, and what is made of it again. */
static void replay(const struct run *of, struct run *r, bool strict)
{
	const struct rules rules = {.strict = strict};
	struct replay again;
	struct err err;

	run_begin(r, of->incidents);
	last_seq = 0;
	if (replay_init(&again, &rules, NULL, false, &err))
		die("%s", err.msg);
	run_sink(r, &again.engine);
	replay_begin(&again, "node", "boot", "kernel", 1700000000 * (int64_t)SECOND, 1);
	if (replay_packed(&again, of->packed, of->packed_size))
		die("an event that was sent cannot be read, or is no record again");
	replay_destroy(&again);
	run_end(r);
}

/* Cases */

static unsigned int passed, failed;

static void case_end(struct script *s)
{
	struct run a, b, c;

	if (!*s->id)
		return;
	fclose(s->want_file);
	at_line = s->number;
	if (!s->want_size == !s->silent)
		die("case %s: wants findings, or says that it is silent", s->id);
	if (s->n_lines == s->n_prelude)
		die("case %s: no event", s->id);
	run(s, &a);
	run(s, &b);
	replay(&a, &c, s->strict);
	if (a.stream_size != b.stream_size || memcmp(a.stream, b.stream, a.stream_size)) {
		printf("%s:%u: FAILED %s: two runs differ\n", s->file, s->number, s->id);
		failed++;
	} else if (a.packed_size != c.packed_size || memcmp(a.packed, c.packed, a.packed_size)) {
		printf("%s:%u: FAILED %s: a replay differs\n recorded:\n%s replayed:\n%s", s->file, s->number, s->id, a.stream,
		       c.stream);
		failed++;
	} else if (strcmp(a.findings, s->want)) {
		printf("%s:%u: FAILED %s\n wanted:\n%s got:\n%s", s->file, s->number, s->id, s->silent ? "silent\n" : s->want,
		       *a.findings ? a.findings : "silent\n");
		failed++;
	} else {
		passed++;
	}
	run_free(&a);
	run_free(&b);
	run_free(&c);
	free(s->want);
	while (s->n_lines > s->n_prelude)
		free(s->lines[--s->n_lines]);
	s->id[0] = '\0';
}

/* The rows that a case is of: techniques of ours or benign workloads, by '+'. */
static void check_id(const char *id)
{
	char copy[64], *save;

	snprintf(copy, sizeof(copy), "%s", id);
	for (char *word = strtok_r(copy, "+", &save); word; word = strtok_r(NULL, "+", &save)) {
		bool benign = word[0] == 'B' && strlen(word) == 3 && atoi(word + 1) >= 1 && atoi(word + 1) <= 50;

		if (!benign && !technique_find(word))
			die("case of no catalogue row: %s", word);
	}
}

static void case_begin(struct script *s, const char *rest)
{
	size_t n = strcspn(rest, " \t");

	if (!n || n >= sizeof(s->id))
		die("a case has no id");
	snprintf(s->id, sizeof(s->id), "%.*s", (int)n, rest);
	check_id(s->id);
	s->number = at_line;
	s->silent = false;
	s->want_file = open_memstream(&s->want, &s->want_size);
}

static void read_line(struct script *s, char *line)
{
	size_t n = strlen(line);

	while (n && isspace((unsigned char)line[n - 1]))
		line[--n] = '\0';
	if (!n || line[0] == '#')
		return;
	if (!strncmp(line, "case ", 5)) {
		unsigned int number_ = at_line;

		case_end(s);
		at_line = number_;
		case_begin(s, line + 5);
	} else if (!strncmp(line, "event ", 6)) {
		if (s->n_lines == MAX_LINES)
			die("more than %d events", MAX_LINES);
		s->numbers[s->n_lines] = at_line;
		s->lines[s->n_lines++] = strdup(line + 6);
		if (!*s->id)
			s->n_prelude = s->n_lines;
	} else if (!*s->id && !strcmp(line, "incidents")) {
		s->incidents = true;
	} else if (!*s->id && !strcmp(line, "strict")) {
		s->strict = true;
	} else if (*s->id && !strncmp(line, s->incidents ? "incident " : "finding ", s->incidents ? 9 : 8)) {
		fprintf(s->want_file, "%s\n", line);
		fflush(s->want_file);
	} else if (*s->id && !strcmp(line, "silent")) {
		s->silent = true;
	} else {
		die("none of case, event, finding (or incident) and silent, or in no case: %s", line);
	}
}

static void read_cases(const char *path)
{
	static char line[LINE];
	struct script s = {.file = path};
	FILE *f = fopen(path, "r");

	at_file = path;
	at_line = 0;
	if (!f)
		die("%s", strerror(errno));
	for (unsigned int i = 1; fgets(line, sizeof(line), f); i++) {
		at_line = i;
		if (!strchr(line, '\n'))
			die("a line has no end or is too long");
		read_line(&s, line);
	}
	case_end(&s);
	fclose(f);
	while (s.n_lines)
		free(s.lines[--s.n_lines]);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return fprintf(stderr, "usage: golden CASES...\n"), 2;
	if (!mkdtemp(empty_root))
		return perror(empty_root), 2;
	for (int i = 1; i < argc; i++)
		read_cases(argv[i]);
	rmdir(empty_root);
	printf("%u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
