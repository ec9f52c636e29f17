// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "../golden/build.h"
#include "finding.h"
#include "mix.h"

#define SECOND   1000000000ull
#define OPEN_FOR (15 * 60 * SECOND)

#define CREATE   WARDER__V1__FINDING__ACTIVITY__CREATE
#define UPDATE   WARDER__V1__FINDING__ACTIVITY__UPDATE

static struct build rec;
static struct arena arena;
static struct stream stream;
static struct findings findings;
static struct state state;
static struct verdict verdict;
static const struct tags *tags; /* of the actor's pod */
static Warder__V1__Event *evidence;

static const struct detector detector = {"test", "3", WD_FILE_OPEN, NULL};

static int setup(void **unused)
{
	(void)unused;
	if (findings_init(&findings) || state_init(&state, NULL))
		return -1;
	stream_init(&stream, "node", "boot", "kernel", 1700000000 * (int64_t)SECOND, 5);
	build_start(&rec, WD_FILE_OPEN);
	build_record(&rec)->origin = 7;
	build_record(&rec)->owner = 8;
	build_record(&rec)->owner_kind = WD_OWNER_CONTAINER;
	verdict = (struct verdict){
		.technique = "M34",
		.dimension = "file",
		.stage = WARDER__V1__STAGE__BREACH,
		.severity = WARDER__V1__SEVERITY__HIGH,
		.confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH,
		.invariant = WARDER__V1__INVARIANT__REACH,
		.message = "opened it",
	};
	return arena_init(&arena, 1 << 16);
}

static int teardown(void **unused)
{
	(void)unused;
	arena_destroy(&arena);
	state_destroy(&state);
	findings_destroy(&findings);
	return 0;
}

/* The record as it stands, at a time. NULL: nothing is due. */
static const Warder__V1__Event *take(uint64_t at)
{
	const Warder__V1__Event *e;
	struct view view = {0};
	const char *uid = NULL;
	bool full = true;

	build_record(&rec)->boot_ns = at;
	arena_reset(&arena);
	state_take(&state, build_record(&rec), &view);
	view.tags = tags;
	evidence = event_record(&stream, &arena, &state, &view);
	assert_non_null(evidence);
	e = findings_take(&findings, &stream, &arena, &view, &detector, &verdict, evidence, 42, &uid, &full);
	assert_false(full);
	assert_non_null(uid);
	return e;
}

static void must_be(const Warder__V1__Event *e, Warder__V1__Finding__Activity activity, uint32_t count)
{
	assert_non_null(e);
	assert_int_equal(e->payload_case, WARDER__V1__EVENT__PAYLOAD_FINDING);
	assert_int_equal(e->finding->activity, activity);
	assert_int_equal(e->finding->count, count);
}

/* In a replay the evidence is not of the arena: what a finding alone says must not be put into it. */
static void the_evidence_stays_as_it_was(void **unused)
{
	struct tags pod = {0};
	const Warder__V1__Event *e;

	(void)unused;
	labels_add(&pod.labels, "app", "web");
	tags = &pod;
	e = take(5 * SECOND);
	tags = NULL;
	must_be(e, CREATE, 1);
	assert_int_equal(e->actor->workload->n_labels, 1);
	assert_int_equal(evidence->actor->workload->n_labels, 0);
	assert_ptr_not_equal(e->actor, evidence->actor);
}

static void a_finding_says_it_all(void **unused)
{
	const Warder__V1__Event *e = take(5 * SECOND);
	const Warder__V1__Finding *f;

	(void)unused;
	must_be(e, CREATE, 1);
	assert_int_equal(e->type, WARDER__V1__EVENT_TYPE__FINDING);
	assert_int_equal(e->severity, WARDER__V1__SEVERITY__HIGH);
	assert_int_equal(e->outcome, WARDER__V1__OUTCOME__SUCCEEDED);
	assert_int_equal(e->seq, evidence->seq + 1);
	assert_int_equal(e->boot_ns, 5 * SECOND);
	assert_string_equal(e->message, "opened it");
	assert_ptr_equal(e->actor->process, evidence->actor->process);
	assert_ptr_equal(e->owner, evidence->owner);
	assert_int_equal(e->owner->workload->origin_id, 8);
	assert_int_equal(e->n_attack, 1);
	assert_string_equal(e->attack[0]->technique, "T1611");
	assert_string_equal(e->attack[0]->name, "Escape to Host");
	f = e->finding;
	assert_string_equal(f->rule, "test");
	assert_string_equal(f->rule_version, "3");
	assert_string_equal(f->technique, "M34");
	assert_string_equal(f->title, "Host process's files reached through /proc/PID");
	assert_string_equal(f->dimension, "file");
	assert_int_equal(f->stage, WARDER__V1__STAGE__BREACH);
	assert_int_equal(f->outcome, WARDER__V1__OUTCOME__SUCCEEDED);
	assert_int_equal(f->confidence, WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH);
	assert_int_equal(f->invariant, WARDER__V1__INVARIANT__REACH);
	assert_int_equal(f->first_seen->seconds, 1700000005);
	assert_int_equal(f->last_seen->seconds, 1700000005);
	assert_int_equal(f->lost, 42);
	assert_int_equal(f->n_evidence, 1);
	assert_string_equal(f->evidence[0]->event_uid, evidence->uid);
	assert_int_equal(f->evidence[0]->seq, evidence->seq);
	assert_int_equal(f->evidence[0]->time->seconds, evidence->time->seconds);
	assert_int_equal(f->evidence[0]->time->nanos, evidence->time->nanos);
	assert_string_equal(f->evidence[0]->summary, "opened it");
	assert_string_not_equal(e->uid, evidence->uid);
	assert_string_not_equal(f->uid, evidence->uid);
	assert_string_not_equal(f->uid, e->uid);
	assert_int_equal(strlen(f->uid), 36);
	assert_int_equal(findings.created, 1);
}

/* The first four one by one, then one a doubling; none is forgotten in the count. */
static void repeats_are_counted_and_rarely_sent(void **unused)
{
	char uid[37];
	unsigned int sent = 0;

	(void)unused;
	for (uint32_t i = 1; i <= 1100; i++) {
		uint64_t before = stream.seq;
		const Warder__V1__Event *e = take(i * SECOND);
		bool due = i <= 4 || (i & (i - 1)) == 0;

		assert_int_equal(!!e, due);
		assert_int_equal(stream.seq - before, due ? 2 : 1); /* what is not sent takes no number */
		if (!e)
			continue;
		sent++;
		must_be(e, i == 1 ? CREATE : UPDATE, i);
		if (i == 1)
			memcpy(uid, e->finding->uid, sizeof(uid));
		assert_string_equal(e->finding->uid, uid);
		assert_int_equal(e->finding->first_seen->seconds, 1700000001);
		assert_int_equal(e->finding->last_seen->seconds, 1700000000 + i);
		assert_string_equal(e->finding->evidence[0]->event_uid, evidence->uid);
	}
	assert_int_equal(sent, 4 + 8); /* 8, 16 … 1024 */
	assert_int_equal(findings.created, 1);
}

/* Each of these makes it another finding, with a number of its own. */
static void what_differs_is_another_finding(void **unused)
{
	char uids[8][37];
	unsigned int n = 0;

	(void)unused;
#define ANOTHER(change)                                                                                                        \
	do {                                                                                                                   \
		const Warder__V1__Event *e_;                                                                                   \
		change;                                                                                                        \
		e_ = take(SECOND);                                                                                             \
		must_be(e_, CREATE, 1);                                                                                        \
		memcpy(uids[n++], e_->finding->uid, 37);                                                                       \
	} while (0)
	ANOTHER((void)0);
	ANOTHER(build_record(&rec)->origin = 9);
	ANOTHER(build_record(&rec)->owner = 10);
	ANOTHER(build_record(&rec)->owner_kind = WD_OWNER_UNKNOWN);
	ANOTHER(build_record(&rec)->outcome = WD_DENIED);
	ANOTHER(verdict.technique = "M33");
	for (unsigned int i = 0; i < n; i++)
		for (unsigned int k = 0; k < i; k++)
			assert_string_not_equal(uids[i], uids[k]);
	assert_int_equal(findings.created, n);
}

static void what_does_not_differ_is_the_same(void **unused)
{
	(void)unused;
	must_be(take(SECOND), CREATE, 1);
	build_record(&rec)->actor.pid = 77; /* another process of the container */
	strcpy(verdict.message, "opened another");
	must_be(take(SECOND), UPDATE, 2);
	assert_string_equal(take(SECOND)->message, "opened another");
}

/* An administrator's exec is K01 at MEDIUM. An exploit in the same container must not vanish among its repeats. */
static void a_worse_one_is_not_lost_among_repeats(void **unused)
{
	const Warder__V1__Event *e;

	(void)unused;
	verdict.severity = WARDER__V1__SEVERITY__MEDIUM;
	for (int i = 0; i < 4; i++)
		assert_non_null(take(SECOND));
	assert_null(take(SECOND));
	verdict.severity = WARDER__V1__SEVERITY__CRITICAL;
	e = take(2 * SECOND);
	assert_non_null(e);
	assert_int_equal(e->severity, WARDER__V1__SEVERITY__CRITICAL);
}

static void after_a_long_silence_it_is_a_new_one(void **unused)
{
	char first[37];

	(void)unused;
	memcpy(first, take(SECOND)->finding->uid, 37);
	/* The silence counts, not the age. */
	must_be(take(SECOND + OPEN_FOR), UPDATE, 2);
	must_be(take(SECOND + 2 * OPEN_FOR), UPDATE, 3);
	must_be(take(SECOND + 3 * OPEN_FOR + 1), CREATE, 1);
	assert_int_equal(findings.created, 2);
	must_be(take(SECOND + 3 * OPEN_FOR + 2), UPDATE, 2);
	assert_string_not_equal(take(SECOND + 3 * OPEN_FOR + 3)->finding->uid, first);
}

static void a_repeat_that_is_not_sent_keeps_it_open(void **unused)
{
	(void)unused;
	for (int i = 1; i <= 7; i++)
		take((uint64_t)i * OPEN_FOR);
	must_be(take(8 * OPEN_FOR), UPDATE, 8);
}

/* Two processors' records come a little out of order. */
static void an_earlier_record_is_a_repeat_too(void **unused)
{
	const Warder__V1__Event *e;

	(void)unused;
	must_be(take(10 * SECOND), CREATE, 1);
	e = take(9 * SECOND);
	must_be(e, UPDATE, 2);
	assert_true(e->finding->last_seen->seconds >= e->finding->first_seen->seconds);
	assert_int_equal(findings.created, 1);
}

/* A replay of the same records makes the same findings; another stream's have numbers of their own. */
static void uids_follow_from_the_stream(void **unused)
{
	char first[37], event[37];
	const Warder__V1__Event *e = take(SECOND);

	(void)unused;
	memcpy(first, e->finding->uid, 37);
	memcpy(event, e->uid, 37);
	findings_destroy(&findings);
	assert_int_equal(findings_init(&findings), 0);
	stream_init(&stream, "node", "boot", "kernel", 1700000000 * (int64_t)SECOND, 5);
	e = take(SECOND);
	assert_string_equal(e->finding->uid, first);
	assert_string_equal(e->uid, event);
	findings_destroy(&findings);
	assert_int_equal(findings_init(&findings), 0);
	stream_init(&stream, "node", "boot", "kernel", 1700000000 * (int64_t)SECOND, 6);
	assert_string_not_equal(take(SECOND)->finding->uid, first);
}

static void a_technique_of_no_row_is_still_a_finding(void **unused)
{
	const Warder__V1__Event *e;

	(void)unused;
	verdict.technique = "Z99";
	e = take(SECOND);
	assert_string_equal(e->finding->technique, "Z99");
	assert_string_equal(e->finding->title, "Z99");
	assert_string_equal(e->attack[0]->technique, "T1611");
}

static void open_findings_are_bounded_and_evictions_counted(void **unused)
{
	(void)unused;
	for (uint64_t i = 1; i <= 2048 + 3; i++) {
		build_record(&rec)->origin = i;
		must_be(take(SECOND), CREATE, 1);
	}
	assert_int_equal(findings.open.evicted, 3);
	must_be(take(SECOND), UPDATE, 2);
	build_record(&rec)->origin = 1;
	must_be(take(SECOND), CREATE, 1);
}

/* No size of the arena makes half a finding. */
static void a_full_arena_is_said(void **unused)
{
	struct view view = {.rec = build_record(&rec), .body = build_body(&rec)};
	Warder__V1__Event from = WARDER__V1__EVENT__INIT, *e = NULL;
	Warder__V1__Workload workload = WARDER__V1__WORKLOAD__INIT;
	Warder__V1__Actor actor = WARDER__V1__ACTOR__INIT;
	unsigned int refused = 0;

	(void)unused;
	from.uid = "uid";
	actor.workload = &workload;
	from.actor = &actor;
	for (size_t size = 0; !e; size += 8) {
		struct arena small = {malloc(size + 1), size, 0};
		const char *uid;
		bool full = false;

		verdict.technique = "M34";
		findings_destroy(&findings);
		assert_int_equal(findings_init(&findings), 0);
		e = findings_take(&findings, &stream, &small, &view, &detector, &verdict, &from, 0, &uid, &full);
		assert_int_equal(full, !e);
		refused += full;
		if (e) {
			assert_non_null(e->uid);
			assert_non_null(e->time);
			assert_non_null(e->attack[0]->technique);
			assert_string_equal(e->finding->evidence[0]->event_uid, "uid");
			e = (void *)"done";
		}
		arena_destroy(&small);
	}
	assert_true(refused > 10);
}

/* What the node is open to, of what is done by this technique: the open ones first. */
static void known_escapes_of_the_node_are_named(void **unused)
{
	static const struct component kernel = {.name = "kernel", .version = "6.1.2"};
	static const struct cve may = {.id = "CVE-1", .title = "t", .source = "s", .techniques = {"M34"}, .n_techniques = 1},
				open = {.id = "CVE-2",
					.title = "t",
					.source = "s",
					.techniques = {"M01", "M34"},
					.n_techniques = 2},
				other = {.id = "CVE-3", .title = "t", .source = "s", .techniques = {"M3"}, .n_techniques = 1};
	static struct node_facts node = {.n_cves = 3};
	const Warder__V1__Event *e;

	(void)unused;
	node.cves[0] = (struct node_cve){&may, &kernel, true, "why"};
	node.cves[1] = (struct node_cve){&other, &kernel, false, "why"};
	node.cves[2] = (struct node_cve){&open, &kernel, false, "because"};
	findings.node = &node;
	e = take(SECOND);
	must_be(e, CREATE, 1);
	assert_int_equal(e->finding->n_cves, 2);
	assert_string_equal(e->finding->cves[0]->id, "CVE-2");
	assert_string_equal(e->finding->cves[0]->component, "kernel");
	assert_string_equal(e->finding->cves[0]->version, "6.1.2");
	assert_string_equal(e->finding->cves[0]->why, "because");
	assert_false(e->finding->cves[0]->unknown);
	assert_string_equal(e->finding->cves[1]->id, "CVE-1");
	assert_true(e->finding->cves[1]->unknown);
}

/* A breach from one level of trust into another is one step worse; an attempt, and what has no level, is not. */
static void levels_of_trust_weigh(void **unused)
{
	static const struct {
		const char *actor, *owner;
		unsigned int outcome;
		int severity, becomes;
	} rows[] = {
		{"low", "high", WD_SUCCEEDED, 4, 5}, {"high", "low", WD_SUCCEEDED, 3, 4}, {"low", "high", WD_SUCCEEDED, 5, 5},
		{"low", "low", WD_SUCCEEDED, 4, 4},  {"low", "high", WD_DENIED, 3, 3},    {"", "high", WD_SUCCEEDED, 4, 4},
		{"low", "", WD_SUCCEEDED, 4, 4},     {"low", NULL, WD_SUCCEEDED, 4, 4},   {"low", "high", WD_SUCCEEDED, 1, 1},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct workload actor = {0}, owner = {0};
		struct view view = {.rec = build_record(&rec), .actor = &actor, .owner = rows[i].owner ? &owner : NULL};
		struct verdict v = {.severity = (Warder__V1__Severity)rows[i].severity};

		strcpy(actor.trust, rows[i].actor);
		strcpy(owner.trust, rows[i].owner ? rows[i].owner : "");
		build_record(&rec)->outcome = rows[i].outcome;
		mix_weigh(&view, &v);
		if ((int)v.severity != rows[i].becomes)
			fail_msg("row %zu: %d", i, (int)v.severity);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_finding_says_it_all),
		TEST(the_evidence_stays_as_it_was),
		TEST(repeats_are_counted_and_rarely_sent),
		TEST(what_differs_is_another_finding),
		TEST(what_does_not_differ_is_the_same),
		TEST(a_worse_one_is_not_lost_among_repeats),
		TEST(after_a_long_silence_it_is_a_new_one),
		TEST(a_repeat_that_is_not_sent_keeps_it_open),
		TEST(an_earlier_record_is_a_repeat_too),
		TEST(uids_follow_from_the_stream),
		TEST(a_technique_of_no_row_is_still_a_finding),
		TEST(open_findings_are_bounded_and_evictions_counted),
		TEST(a_full_arena_is_said),
		TEST(known_escapes_of_the_node_are_named),
		TEST(levels_of_trust_weigh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
