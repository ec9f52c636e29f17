// SPDX-License-Identifier: Apache-2.0
/* What findings come to: when it is told, how it ends, what it is rated. Chains of records are in tests/golden/cases/incident.txt. */
#include <stdio.h>

#include "engine_fixture.h"
#include "posture.h"

#define ACTIVITY(name) WARDER__V1__INCIDENT__ACTIVITY__##name
#define SEVERITY(name) WARDER__V1__SEVERITY__##name
#define HOUR           (3600 * SECOND)

/* The only INCIDENT since the last call, by then forgotten but for this copy. */
static Warder__V1__Event *told(void)
{
	const Warder__V1__Event *e = only(WARDER__V1__EVENT_TYPE__INCIDENT);
	Warder__V1__Event *copy = NULL;
	uint8_t *bytes;
	size_t n;

	if (e) {
		n = warder__v1__event__get_packed_size(e);
		bytes = malloc(n);
		warder__v1__event__pack(e, bytes);
		copy = warder__v1__event__unpack(NULL, n, bytes);
		free(bytes);
	}
	forget();
	return copy;
}

/* Says it is of this activity, or that there is none. Returns its uid, until the next call. */
static const char *must_tell(int activity)
{
	static char uid[37];
	Warder__V1__Event *e = told();

	assert_int_equal(e ? (int)e->incident->activity : -1, activity);
	snprintf(uid, sizeof(uid), "%s", e ? e->incident->uid : "");
	if (e)
		warder__v1__event__free_unpacked(e, NULL);
	return uid;
}

static void connect_to(uint64_t origin, const char *daemon, uint64_t at)
{
	struct wd_unix_connect *u = build_start(&rec, WD_UNIX_CONNECT);

	build_text(&rec, &u->name, "/x", 3, false);
	u->peer.pid = 9;
	snprintf((char *)u->peer.comm, sizeof(u->peer.comm), "%s", daemon);
	build_record(&rec)->origin = origin;
	build_record(&rec)->owner_kind = WD_OWNER_HOST;
	build_record(&rec)->boot_ns = at;
	take();
}

static void it_is_created_updated_and_closed(void **state)
{
	char uid[37];

	(void)state;
	take_seal(7, "web");
	open_host_file(7, 2 * SECOND);
	strcpy(uid, must_tell(ACTIVITY(CREATE)));
	/* the same again is told by and by */
	open_host_file(7, 3 * SECOND);
	must_tell(-1);
	tick(5 * SECOND);
	must_tell(-1);
	tick(13 * SECOND);
	assert_string_equal(must_tell(ACTIVITY(UPDATE)), uid);
	tick(30 * SECOND);
	must_tell(-1);
	/* what is worse is told at once */
	connect_to(7, "dockerd", 31 * SECOND);
	assert_string_equal(must_tell(ACTIVITY(UPDATE)), uid);
	tick(31 * SECOND + 15 * 60 * SECOND);
	must_tell(-1);
	tick(32 * SECOND + 15 * 60 * SECOND);
	assert_string_equal(must_tell(ACTIVITY(CLOSE)), uid);
	tick(HOUR);
	must_tell(-1);
	/* it goes on: the same incident */
	open_host_file(7, HOUR);
	assert_string_equal(must_tell(ACTIVITY(UPDATE)), uid);
	assert_int_equal(engine.incidents.opened, 1);
}

static void what_is_new_at_the_end_is_told(void **state)
{
	(void)state;
	take_seal(7, "web");
	take_seal(8, "db");
	open_host_file(7, 2 * SECOND);
	must_tell(ACTIVITY(CREATE));
	open_host_file(8, 2 * SECOND);
	must_tell(ACTIVITY(CREATE));
	open_host_file(7, 3 * SECOND);
	open_host_file(8, 3 * SECOND);
	incidents_hurry(&engine.incidents, 8);
	engine_incidents(&engine, 4 * SECOND, false);
	must_tell(ACTIVITY(UPDATE));
	incidents_hurry(&engine.incidents, 0);
	engine_incidents(&engine, 4 * SECOND, false);
	must_tell(ACTIVITY(UPDATE));
	/* once */
	incidents_hurry(&engine.incidents, 0);
	engine_incidents(&engine, 4 * SECOND, false);
	must_tell(-1);
}

static void it_ends_with_its_container(void **state)
{
	Warder__V1__Event *e;

	(void)state;
	take_seal(7, "web");
	open_host_file(7, 2 * SECOND);
	must_tell(ACTIVITY(CREATE));
	take_end(7);
	tick(61 * SECOND);
	must_tell(-1);
	tick(63 * SECOND);
	e = told();
	assert_int_equal(e->incident->activity, ACTIVITY(CLOSE));
	assert_true(e->incident->ended);
	assert_string_equal(e->actor->workload->container->name, "web");
	warder__v1__event__free_unpacked(e, NULL);
	/* what it left behind may be used later: that is the same incident, and no second page */
	tick(64 * SECOND);
	open_host_file(7, 100 * SECOND);
	must_tell(ACTIVITY(UPDATE));
	tick(161 * SECOND);
	must_tell(ACTIVITY(CLOSE));
	assert_int_equal(engine.incidents.opened, 1);
}

static void context_of_what_ended_is_forgotten(void **state)
{
	struct verdict v = {.technique = "D03", .stage = WARDER__V1__STAGE__RECON, .severity = SEVERITY(LOW)};
	struct wd_record r = {.origin = 7, .owner_kind = WD_OWNER_HOST, .boot_ns = SECOND};
	struct view view = {.rec = &r};
	Warder__V1__Incident__Activity activity;
	struct incidents s;

	(void)state;
	assert_int_equal(incidents_init(&s), 0);
	incidents_take(&s, &view, &v, "finding", 0);
	incidents_ended(&s, 7, 2 * SECOND);
	assert_null(incidents_next(&s, 62 * SECOND, true, &activity));
	assert_non_null(table_get(&s.table, 7));
	assert_null(incidents_next(&s, 63 * SECOND, true, &activity));
	assert_null(table_get(&s.table, 7));
	incidents_destroy(&s);
}

static void its_uid_is_the_containers(void **state)
{
	struct stream other = engine.stream;
	char a[37], b[37];

	(void)state;
	incident_uid(a, &engine.stream, 7);
	other.seq = 99;
	other.nonce = 98; /* another run of the sensor */
	incident_uid(b, &other, 7);
	assert_string_equal(a, b);
	incident_uid(b, &other, 8);
	assert_string_not_equal(a, b);
	strcpy(other.boot_id, "another");
	incident_uid(b, &other, 7);
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), 36);
	assert_int_equal(a[14], '8');
	assert_non_null(strchr("89ab", a[19]));
}

static void what_the_host_does_for_a_container_is_that_ones(void **state)
{
	const struct wd_record own = {.origin = 7, .owner_kind = WD_OWNER_CONTAINER, .owner = 8};
	const struct wd_record hosts = {.owner_kind = WD_OWNER_CONTAINER, .owner = 8};
	const struct wd_record nobodys = {.owner_kind = WD_OWNER_HOST, .owner = 8};

	(void)state;
	assert_int_equal(incident_origin(&own), 7);
	assert_int_equal(incident_origin(&hosts), 8);
	assert_int_equal(incident_origin(&nobodys), 0);
}

/* So many findings, each another. */
static void take_many(struct incidents *s, const struct view *view, const struct verdict *v, unsigned int n)
{
	char uid[37];

	for (unsigned int i = 0; i < n; i++) {
		snprintf(uid, sizeof(uid), "%u", i);
		incidents_take(s, view, v, uid, 0);
	}
}

static void evidence_is_bounded_and_the_worst_is_kept(void **state)
{
	struct verdict v = {.technique = "M34", .stage = WARDER__V1__STAGE__BREACH, .severity = SEVERITY(LOW)};
	struct wd_record r = {.origin = 7, .owner_kind = WD_OWNER_HOST, .boot_ns = SECOND};
	struct view view = {.rec = &r};
	struct incidents s;
	struct incident *i;

	(void)state;
	assert_int_equal(incidents_init(&s), 0);
	take_many(&s, &view, &v, INCIDENT_EVIDENCE + 5);
	i = table_get(&s.table, 7);
	assert_int_equal(i->n_evidence, INCIDENT_EVIDENCE);
	assert_int_equal(i->more_evidence, 5);
	assert_false(i->due);
	v.severity = SEVERITY(CRITICAL);
	incidents_take(&s, &view, &v, "worst", 0);
	assert_int_equal(i->n_evidence, INCIDENT_EVIDENCE);
	assert_int_equal(i->more_evidence, 6);
	assert_string_equal(incident_rate(i, 0).worst->finding, "worst");
	assert_true(i->due);
	for (uint64_t n = 100; n < 100 + 2 * INCIDENT_OWNERS; n++) {
		r.owner_kind = WD_OWNER_CONTAINER;
		r.owner = n;
		incidents_take(&s, &view, &v, "worst", 0);
	}
	assert_int_equal(i->n_owners, INCIDENT_OWNERS);
	assert_int_equal(i->more_owners, INCIDENT_OWNERS + 1);
	incidents_destroy(&s);
}

static void a_stage_has_room_whatever_came_before(void **state)
{
	struct verdict v = {.technique = "D03", .stage = WARDER__V1__STAGE__RECON, .severity = SEVERITY(LOW)};
	struct wd_record r = {.origin = 7, .owner_kind = WD_OWNER_HOST, .boot_ns = SECOND};
	struct view view = {.rec = &r};
	struct incidents s;
	struct incident *i;

	(void)state;
	assert_int_equal(incidents_init(&s), 0);
	incidents_take(&s, &view, &v, "first", 0);
	v = (struct verdict){.technique = "M07", .stage = WARDER__V1__STAGE__ATTEMPT, .severity = SEVERITY(MEDIUM)};
	r.outcome = WD_DENIED;
	take_many(&s, &view, &v, 2 * INCIDENT_EVIDENCE);
	i = table_get(&s.table, 7);
	i->open = true;
	i->due = false;
	v = (struct verdict){.technique = "M44", .stage = WARDER__V1__STAGE__BREACH, .severity = SEVERITY(MEDIUM)};
	r.outcome = WD_SUCCEEDED;
	r.owner_kind = WD_OWNER_UNKNOWN; /* nobody new is reached: it is the stage that is told */
	incidents_take(&s, &view, &v, "breach", 0);
	assert_true(i->due);
	assert_int_equal(i->n_evidence, INCIDENT_EVIDENCE);
	assert_int_equal(i->more_evidence, INCIDENT_EVIDENCE + 2);
	assert_int_equal(incident_rate(i, 0).stages, 3);
	assert_int_equal(incident_rate(i, 0).severity, SEVERITY(HIGH));
	incidents_destroy(&s);
}

static void times_are_the_records(void **state)
{
	struct verdict v = {.technique = "M34", .stage = WARDER__V1__STAGE__BREACH, .severity = SEVERITY(HIGH)};
	struct wd_record r = {.origin = 7, .owner_kind = WD_OWNER_HOST, .boot_ns = 5 * SECOND};
	struct view view = {.rec = &r};
	struct incidents s;
	struct incident *i;

	(void)state;
	assert_int_equal(incidents_init(&s), 0);
	incidents_take(&s, &view, &v, "finding", 0);
	r.boot_ns = 4 * SECOND; /* it came late, from another processor */
	incidents_take(&s, &view, &v, "finding", 0);
	i = table_get(&s.table, 7);
	assert_int_equal(i->first_ns, 4 * SECOND);
	assert_int_equal(i->last_ns, 5 * SECOND);
	assert_int_equal(i->evidence[0].first_ns, 4 * SECOND);
	assert_int_equal(i->evidence[0].last_ns, 5 * SECOND);
	incidents_destroy(&s);
}

static void open_ones_that_are_forgotten_are_counted(void **state)
{
	struct verdict v = {.technique = "M34", .stage = WARDER__V1__STAGE__BREACH, .severity = SEVERITY(HIGH)};
	struct wd_record r = {.owner_kind = WD_OWNER_HOST, .boot_ns = SECOND};
	struct view view = {.rec = &r};
	Warder__V1__Incident__Activity activity;
	struct incidents s;

	(void)state;
	assert_int_equal(incidents_init(&s), 0);
	for (r.origin = 1; r.origin <= 512 + 3; r.origin++) {
		incidents_take(&s, &view, &v, "finding", 0);
		assert_non_null(incidents_next(&s, SECOND, false, &activity));
		assert_null(incidents_next(&s, SECOND, false, &activity));
	}
	assert_int_equal(s.forgotten, 3);
	incidents_destroy(&s);
}

#define ONE(t, s, sev, conf, out)                                                                                              \
	{                                                                                                                      \
		.technique = t, .stage = WARDER__V1__STAGE__##s, .severity = SEVERITY(sev), .confidence = conf,                \
		.outcome = WD_##out                                                                                            \
	}

static void ratings_are_as_by_hand(void **state)
{
	static const struct {
		struct incident_evidence evidence[4];
		int posture;
		unsigned int score, severity, confidence;
	} cases[] = {
		{{ONE("M34", BREACH, HIGH, 3, SUCCEEDED)}, 0, 45, SEVERITY(HIGH), 3},
		{{ONE("M34", ATTEMPT, MEDIUM, 3, DENIED)}, 0, 10, SEVERITY(MEDIUM), 3},
		{{ONE("M41", BREACH, CRITICAL, 1, SUCCEEDED)}, 0, 35, SEVERITY(CRITICAL), 1},
		/* a technique and outcome counts once, by the worst; the other outcome is another */
		{{ONE("M34", BREACH, HIGH, 3, SUCCEEDED), ONE("M34", BREACH, CRITICAL, 3, SUCCEEDED)},
		 0,
		 70,
		 SEVERITY(CRITICAL),
		 3},
		{{ONE("M34", BREACH, HIGH, 3, SUCCEEDED), ONE("M34", ATTEMPT, MEDIUM, 3, DENIED)}, 0, 55, SEVERITY(HIGH), 3},
		/* three stages with a breach are one step worse, three without are not */
		{{ONE("D03", RECON, LOW, 3, SUCCEEDED), ONE("M07", ATTEMPT, MEDIUM, 3, DENIED),
		  ONE("M34", BREACH, HIGH, 3, SUCCEEDED)},
		 0,
		 60,
		 SEVERITY(CRITICAL),
		 3},
		{{ONE("M07", ATTEMPT, CRITICAL, 3, SUCCEEDED), ONE("M34", BREACH, CRITICAL, 3, SUCCEEDED)},
		 0,
		 100,
		 SEVERITY(CRITICAL),
		 3},
		/* who was given the host is less surely an attacker; who was given little is more */
		{{ONE("O07", RECON, INFORMATIONAL, 3, SUCCEEDED), ONE("M07", BREACH, HIGH, 3, SUCCEEDED)},
		 PSS_PRIVILEGED,
		 46,
		 SEVERITY(HIGH),
		 2},
		{{ONE("M44", BREACH, MEDIUM, 2, SUCCEEDED)}, PSS_BASELINE, 16, SEVERITY(MEDIUM), 3},
		{{ONE("M44", BREACH, MEDIUM, 2, SUCCEEDED)}, PSS_PRIVILEGED, 16, SEVERITY(MEDIUM), 2},
	};

	(void)state;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		struct incident i = {0};
		struct incident_rating r;

		memcpy(i.evidence, cases[n].evidence, sizeof(cases[n].evidence));
		while (i.n_evidence < 4 && i.evidence[i.n_evidence].technique)
			i.n_evidence++;
		r = incident_rate(&i, cases[n].posture);
		if (r.score != cases[n].score || r.severity != cases[n].severity || r.confidence != cases[n].confidence)
			fail_msg("case %zu: score %u severity %u confidence %u", n, r.score, r.severity, r.confidence);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_created_updated_and_closed),
		TEST(what_is_new_at_the_end_is_told),
		TEST(it_ends_with_its_container),
		TEST(context_of_what_ended_is_forgotten),
		TEST(its_uid_is_the_containers),
		TEST(what_the_host_does_for_a_container_is_that_ones),
		TEST(evidence_is_bounded_and_the_worst_is_kept),
		TEST(a_stage_has_room_whatever_came_before),
		TEST(times_are_the_records),
		TEST(open_ones_that_are_forgotten_are_counted),
		TEST(ratings_are_as_by_hand),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
