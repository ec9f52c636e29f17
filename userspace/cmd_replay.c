// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "cmd_capture.h"
#include "difference.h"
#include "policy.h"
#include "replay.h"
#include "silence.h"
#include "unpack.h"

#define MAX_STREAMS 64        /* runs of sensors, in the files of one replay */
#define EVENT_SIZE  (1 << 20) /* more than most events come to, unpacked */

static int help(FILE *to, int code)
{
	fputs("usage: warder replay [OPTION]... FILE...\n\n"
	      "Makes the findings of capture files again, by the same detectors as a live sensor. With the policy that was in force they\n"
	      "are the same bytes; with another one they are what it would have found. Several files, also of several nodes, are taken in\n"
	      "the order of time. - is the standard input. No privileges are needed, and nothing of this machine is looked at.\n\n",
	      to);
	fputs(query_help, to);
	fputs("  -c, --config FILE     the policy; default: the built-in one\n"
	      "      --what-if         the policy is another one than when it was recorded\n"
	      "      --diff            what the recorded findings have more or less than these, or other; exit code 1 where they differ\n"
	      "  -o, --output SINK     as of 'warder run', up to 8 times; default: console\n"
	      "  -h, --help            print this\n",
	      to);
	return code;
}

struct options {
	struct capture_query query;
	const char *policy, *sinks[ENGINE_SINKS];
	unsigned int n_sinks;
	bool other, diff;
};

/* One run of one sensor, which may be in several files. */
struct stream_replay {
	char node[128], boot[64];
	uint64_t nonce;
	struct replay replay;
};

struct replays {
	const struct options *o;
	const struct policy *policy;
	struct sink *sinks[ENGINE_SINKS];
	unsigned int n_sinks;
	struct difference *difference; /* NULL: not asked for */
	struct unpack unpack;
	struct stream_replay *streams[MAX_STREAMS];
	size_t n;
};

/* All streams go to the same sinks: each engine has this one, which passes on and owns nothing. */
static int pass_write(struct sink *s, const Warder__V1__Event *e)
{
	struct replays *r = s->state;

	if (r->difference && e->payload_case == WARDER__V1__EVENT__PAYLOAD_FINDING)
		difference_take(r->difference, e, true);
	for (unsigned int i = 0; i < r->n_sinks; i++)
		sink_write(r->sinks[i], e);
	return 0;
}

static int pass_flush(struct sink *s)
{
	(void)s;
	return 0;
}

static void pass_close(struct sink *s)
{
	(void)s;
}

static const struct sink_kind pass = {
	.name = "pass", .help = "", .write = pass_write, .flush = pass_flush, .close = pass_close};

static void drain_all(struct replays *r)
{
	for (unsigned int i = 0; i < r->n_sinks; i++)
		drain(r->sinks[i]);
}

static struct stream_replay *stream_new(struct replays *r, const Warder__V1__CaptureHeader *m, struct err *err)
{
	struct stream_replay *s = calloc(1, sizeof(*s));
	struct sink *sink = calloc(1, sizeof(*sink));

	if (!s || !sink || replay_init(&s->replay, &r->policy->rules, &r->policy->trust, r->o->other, err)) {
		free(s);
		free(sink);
		err_set(err, -ENOMEM, "not enough memory for one more stream");
		return NULL;
	}
	snprintf(s->node, sizeof(s->node), "%s", m->node);
	snprintf(s->boot, sizeof(s->boot), "%s", m->boot_id);
	s->nonce = m->stream;
	sink->kind = &pass;
	sink->state = r;
	engine_add_sink(&s->replay.engine, sink);
	replay_begin(&s->replay, m->node, m->boot_id, m->kernel, m->realtime_0, m->stream);
	return s;
}

static struct stream_replay *stream_of(struct replays *r, const struct capture *c, struct err *err)
{
	const Warder__V1__CaptureHeader *m = capture_meta(c);
	struct stream_replay *s;

	if (!m) {
		err_set(err, -EBADMSG,
			"%s: the first block is damaged, which says whose stream it is; 'warder cat' prints its events",
			capture_path(c));
		return NULL;
	}
	for (size_t i = 0; i < r->n; i++)
		if (r->streams[i]->nonce == m->stream && !strcmp(r->streams[i]->boot, m->boot_id) &&
		    !strcmp(r->streams[i]->node, m->node))
			return r->streams[i];
	if (r->n == MAX_STREAMS) {
		err_set(err, -E2BIG, "more than %d runs of sensors in these files", MAX_STREAMS);
		return NULL;
	}
	s = stream_new(r, m, err);
	if (s)
		r->streams[r->n++] = s;
	return s;
}

/* What stood when the file was begun. A stream that came from another file knows it. */
static void take_snapshot(struct replay *r, const struct capture_frame *f)
{
	Warder__V1__CaptureSnapshot *m;

	if (r->events)
		return;
	m = warder__v1__capture_snapshot__unpack(NULL, f->len, f->bytes);
	for (size_t i = 0; m && i < m->n_events; i++)
		replay_snapshot(r, m->events[i]);
	if (m)
		warder__v1__capture_snapshot__free_unpacked(m, NULL);
}

static int take_frame(struct replays *r, const struct capture *c, const struct capture_frame *f, struct err *err)
{
	struct stream_replay *s = stream_of(r, c, err);
	Warder__V1__Event *e;

	if (!s)
		return -EBADMSG;
	if (f->type == BLOCK_TYPE_SNAPSHOT) {
		take_snapshot(&s->replay, f);
		return 0;
	}
	if (f->type != BLOCK_TYPE_EVENTS)
		return 0; /* what the recorder let go of is no part of the stream */
	e = (Warder__V1__Event *)unpack(&r->unpack, &warder__v1__event__descriptor, f->bytes, f->len);
	if (!e) {
		s->replay.refused++;
		return 0;
	}
	if (r->difference && e->payload_case == WARDER__V1__EVENT__PAYLOAD_FINDING)
		difference_take(r->difference, e, false);
	replay_event(&s->replay, e);
	unpack_done(&r->unpack, &e->base);
	drain_all(r);
	return 0;
}

static void finish(struct replays *r, uint64_t start_ns)
{
	uint64_t events = 0, records = 0, refused = 0, findings = 0, incidents = 0;
	double took;

	for (size_t i = 0; i < r->n; i++) {
		struct replay *p = &r->streams[i]->replay;

		if (r->o->other) {
			incidents_hurry(&p->engine.incidents, 0);
			engine_incidents(&p->engine, p->engine.now_ns, false);
			silence_report(&p->engine);
		}
		events += p->events;
		records += p->records;
		refused += p->refused;
		findings += p->engine.findings.created;
		incidents += p->engine.incidents.opened;
		replay_destroy(p);
		free(r->streams[i]);
	}
	took = (double)(monotonic_ns() - start_ns) / 1e9;
	fprintf(stderr,
		"warder: replayed %llu events, %llu of them records, in %.2f s (%.0f a second): %llu findings, %llu incidents\n",
		(unsigned long long)events, (unsigned long long)records, took, took > 0 ? (double)events / took : 0,
		(unsigned long long)findings, (unsigned long long)incidents);
	if (refused)
		fprintf(stderr, "warder: %llu events cannot be read by this version, and were left out\n",
			(unsigned long long)refused);
}

/* Findings hang on the policy: one that is not the recorded one's is worth a word, unless that is what is asked for. */
static void compare_policies(const struct replays *r, const struct capture_set *set)
{
	for (unsigned int i = 0; i < set->merge.n; i++) {
		const Warder__V1__CaptureHeader *m = capture_meta(set->merge.files[i]);

		if (m && m->policy.len == POLICY_DIGEST && memcmp(m->policy.data, r->policy->digest, POLICY_DIGEST))
			fprintf(stderr,
				"warder: %s: recorded under another policy: give that one (-c), or findings may differ (--what-if "
				"takes that for granted)\n",
				capture_path(set->merge.files[i]));
	}
}

static int replay_all(struct replays *r, char **paths, int n, struct err *err)
{
	struct capture_frame f;
	struct capture_set set;
	uint64_t start_ns;
	int rc = set_open(&set, paths, n, &r->o->query, true, err), damage;

	if (rc)
		return capture_fail(err);
	if (!r->o->other)
		compare_policies(r, &set);
	start_ns = monotonic_ns();
	while ((rc = set_next(&set, &f, err)) > 0 && !(rc = take_frame(r, set.merge.files[set.merge.last], &f, err)))
		;
	finish(r, start_ns);
	drain_all(r);
	damage = set_damage(&set);
	set_close(&set);
	return rc ? capture_fail(err) : damage;
}

static int parse(int argc, char **argv, struct options *o, struct err *err)
{
	static const struct option longs[] = {
		QUERY_LONG,
		{"config", required_argument, NULL, 'c'},
		{"what-if", no_argument, NULL, 'w'},
		{"diff", no_argument, NULL, 'd'},
		{"output", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int ch, rc;

	while ((ch = getopt_long(argc, argv, QUERY_SHORT "c:o:h", longs, NULL)) != -1) {
		if (ch == 'h')
			return help(stdout, EXIT_OK);
		rc = query_option(&o->query, ch, optarg, err);
		if (rc < 0)
			return capture_fail(err), EXIT_USAGE;
		if (rc)
			continue;
		if (ch == 'c')
			o->policy = optarg;
		else if (ch == 'w')
			o->other = true;
		else if (ch == 'd')
			o->diff = true;
		else if (ch == 'o' && o->n_sinks < ENGINE_SINKS)
			o->sinks[o->n_sinks++] = optarg;
		else
			return help(stderr, EXIT_USAGE);
	}
	if (optind == argc)
		return help(stderr, EXIT_USAGE);
	if (!o->n_sinks && !o->diff)
		o->sinks[o->n_sinks++] = "console";
	return -1;
}

int cmd_replay(int argc, char **argv)
{
	struct options o = {0};
	struct replays r = {.o = &o};
	struct policy policy;
	struct err err = {""};
	int code = parse(argc, argv, &o, &err);

	if (code >= 0)
		return code;
	if (policy_init(&policy, o.policy, &err))
		return capture_fail(&err);
	r.policy = &policy;
	if (unpack_init(&r.unpack, EVENT_SIZE) || (o.diff && !(r.difference = difference_new())))
		return err_set(&err, -ENOMEM, "not enough memory"), capture_fail(&err);
	for (code = 0; !code && r.n_sinks < o.n_sinks; r.n_sinks += !code)
		code = sink_open(o.sinks[r.n_sinks], &r.sinks[r.n_sinks], &err) ? EXIT_USAGE : 0;
	code = code ? (capture_fail(&err), code) : replay_all(&r, argv + optind, argc - optind, &err);
	for (unsigned int i = 0; i < r.n_sinks; i++)
		sink_close(r.sinks[i]);
	if (r.difference && !code)
		code = difference_print(r.difference, stdout) ? EXIT_FINDINGS : EXIT_OK;
	difference_free(r.difference);
	unpack_destroy(&r.unpack);
	policy_destroy(&policy);
	return code;
}
