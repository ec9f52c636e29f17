// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "cmd_capture.h"
#include "difference.h"
#include "replays.h"
#include "silence.h"

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
	      "      --speed FACTOR    so much faster than it happened (1: as it did); default: as fast as it can be done\n"
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
	double speed; /* 0: nothing is waited for */
};

struct replaying {
	const struct options *o;
	struct replays all;
	struct sink *sinks[ENGINE_SINKS];
	unsigned int n_sinks;
	struct difference *difference; /* NULL: not asked for */
	uint64_t first_ns, start_ns;   /* of the first event, and when it was replayed */
};

static void tell(void *ctx, const Warder__V1__Event *e)
{
	struct replaying *r = ctx;

	if (r->difference && e->payload_case == WARDER__V1__EVENT__PAYLOAD_FINDING)
		difference_take(r->difference, e, true);
	for (unsigned int i = 0; i < r->n_sinks; i++)
		sink_write(r->sinks[i], e);
}

static void see(void *ctx, const Warder__V1__Event *e)
{
	struct replaying *r = ctx;

	if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_FINDING)
		difference_take(r->difference, e, false);
}

static void drain_all(struct replaying *r)
{
	for (unsigned int i = 0; i < r->n_sinks; i++)
		drain(r->sinks[i]);
}

/* Until it is the event's turn, at the speed that is asked for. */
static void wait_for(struct replaying *r, uint64_t time_ns)
{
	struct timespec left;
	uint64_t now, due;

	if (!r->o->speed || time_ns <= r->first_ns)
		return;
	now = monotonic_ns();
	if (!r->first_ns) {
		r->first_ns = time_ns;
		r->start_ns = now;
	}
	due = r->start_ns + (uint64_t)((double)(time_ns - r->first_ns) / r->o->speed);
	if (due < now + 1000000) /* too short to be seen */
		return;
	drain_all(r);
	left = (struct timespec){(time_t)((due - now) / 1000000000), (long)((due - now) % 1000000000)};
	nanosleep(&left, NULL);
}

static void finish(struct replaying *r, uint64_t start_ns)
{
	uint64_t events = 0, records = 0, refused = 0, findings = 0, incidents = 0;
	double took;

	for (size_t i = 0; i < r->all.n; i++) {
		struct replay *p = replays_at(&r->all, i);

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
static void compare_policies(const struct replaying *r, const struct capture_set *set)
{
	for (unsigned int i = 0; i < set->merge.n; i++) {
		const Warder__V1__CaptureHeader *m = capture_meta(set->merge.files[i]);

		if (m && m->policy.len == POLICY_DIGEST && memcmp(m->policy.data, r->all.policy->digest, POLICY_DIGEST))
			fprintf(stderr,
				"warder: %s: recorded under another policy: give that one (-c), or findings may differ (--what-if "
				"takes that for granted)\n",
				capture_path(set->merge.files[i]));
	}
}

static int replay_all(struct replaying *r, char **paths, int n, struct err *err)
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
	while ((rc = set_next(&set, &f, err)) > 0) {
		wait_for(r, f.type == BLOCK_TYPE_EVENTS ? f.mark.time_ns : 0);
		rc = replays_frame(&r->all, set.merge.files[set.merge.last], &f, err);
		if (rc)
			break;
		drain_all(r);
	}
	finish(r, start_ns);
	drain_all(r);
	damage = set_damage(&set);
	set_close(&set);
	return rc ? capture_fail(err) : damage;
}

static int parse_speed(const char *arg, double *out)
{
	char *end;

	*out = strtod(arg, &end);
	if (*arg >= '0' && *arg <= '9' && !*end && *out >= 0.001 && *out <= 1e9)
		return 0;
	fprintf(stderr, "warder replay: --speed: '%.100s' is no factor from 0.001 to 1000000000\n", arg);
	return -EINVAL;
}

static int parse(int argc, char **argv, struct options *o, struct err *err)
{
	static const struct option longs[] = {
		QUERY_LONG,
		{"config", required_argument, NULL, 'c'},
		{"what-if", no_argument, NULL, 'w'},
		{"diff", no_argument, NULL, 'd'},
		{"speed", required_argument, NULL, 'S'},
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
		else if (ch == 'S' && parse_speed(optarg, &o->speed))
			return EXIT_USAGE;
		else if (ch == 'S')
			continue;
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
	struct replaying r = {.o = &o};
	struct policy policy;
	struct err err = {""};
	int code = parse(argc, argv, &o, &err);

	if (code >= 0)
		return code;
	if (policy_init(&policy, o.policy, &err))
		return capture_fail(&err);
	if (o.diff && !(r.difference = difference_new()))
		return err_set(&err, -ENOMEM, "not enough memory"), capture_fail(&err);
	r.all = (struct replays){
		.policy = &policy, .other = o.other, .tell = tell, .see = r.difference ? see : NULL, .ctx = &r};
	if (replays_init(&r.all, &err))
		return capture_fail(&err);
	for (code = 0; !code && r.n_sinks < o.n_sinks; r.n_sinks += !code)
		code = sink_open(o.sinks[r.n_sinks], &r.sinks[r.n_sinks], &err) ? EXIT_USAGE : 0;
	code = code ? (capture_fail(&err), code) : replay_all(&r, argv + optind, argc - optind, &err);
	for (unsigned int i = 0; i < r.n_sinks; i++)
		sink_close(r.sinks[i]);
	if (r.difference && !code)
		code = difference_print(r.difference, stdout) ? EXIT_FINDINGS : EXIT_OK;
	difference_free(r.difference);
	replays_destroy(&r.all);
	policy_destroy(&policy);
	return code;
}
