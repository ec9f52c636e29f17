// SPDX-License-Identifier: Apache-2.0
/* What a policy makes of a verdict: no finding, which is counted, or another severity. */
#include <stdio.h>

#include "engine_fixture.h"
#include "policy.h"
#include "silence.h"
#include "text.h"

static struct policy policy;

static void decide(const char *text)
{
	struct err err = {""};

	policy_destroy(&policy);
	if (policy_parse(&policy, "p", text, strlen(text), &err))
		fail_msg("%s", err.msg);
	engine.rules = &policy.rules;
}

static const Warder__V1__Exceptions *exceptions(void)
{
	const Warder__V1__Event *e;

	forget();
	silence_report(&engine);
	e = only(WARDER__V1__EVENT_TYPE__EXCEPTIONS);
	return e ? e->exceptions : NULL;
}

static void an_exception_is_for_its_own_and_counts(void **state)
{
	const Warder__V1__Exceptions *x;

	(void)state;
	decide("exceptions:\n  - name: backup\n    techniques: M34\n    containers: web\n    users: 0\n    owners: host\n");
	take_seal(7, "web");
	take_seal(8, "db");
	forget();
	open_host_file(7, 2 * SECOND);
	open_host_file(7, 4 * SECOND);
	assert_int_equal(kept.n, 2); /* the records themselves are told */
	assert_null(only(WARDER__V1__EVENT_TYPE__FINDING));
	open_host_file(8, 5 * SECOND);
	assert_string_equal(only(WARDER__V1__EVENT_TYPE__FINDING)->actor->workload->container->name, "db");
	assert_int_equal(engine.findings.created + engine.silenced, 3);
	x = exceptions();
	assert_int_equal(x->n_rows, 1);
	assert_string_equal(x->rows[0]->name, "backup");
	assert_string_equal(x->rows[0]->technique, "M34");
	assert_string_equal(x->rows[0]->workload->container->name, "web");
	assert_int_equal(x->rows[0]->count, 2);
	assert_int_equal(x->rows[0]->first_seen->seconds, 1700000002);
	assert_int_equal(x->rows[0]->last_seen->seconds, 1700000004);
	assert_int_equal(x->silenced, 2);
	assert_null(exceptions()); /* nothing moved */
	/* another policy goes on where the exception has the same name */
	decide("exceptions:\n  - name: backup\n    techniques: M34\n    containers: w*\n");
	open_host_file(7, 6 * SECOND);
	assert_int_equal(exceptions()->rows[0]->count, 3);
	decide("{}");
	open_host_file(7, 7 * SECOND);
	assert_non_null(only(WARDER__V1__EVENT_TYPE__FINDING));
	assert_null(exceptions());
}

static void a_technique_weighs_what_the_policy_says(void **state)
{
	(void)state;
	decide("techniques:\n  M34: {severity: low}\n");
	take_seal(7, "web");
	open_host_file(7, 2 * SECOND);
	assert_int_equal(only(WARDER__V1__EVENT_TYPE__FINDING)->severity, WARDER__V1__SEVERITY__LOW);
	assert_null(only(WARDER__V1__EVENT_TYPE__INCIDENT));
	forget();
	decide("techniques:\n  M34: {severity: critical}\n");
	open_host_file(7, 3 * SECOND);
	assert_int_equal(only(WARDER__V1__EVENT_TYPE__FINDING)->severity, WARDER__V1__SEVERITY__CRITICAL);
	forget();
	/* what was refused is an attempt, whatever it would have been */
	build_record(&rec)->outcome = WD_DENIED;
	take();
	assert_int_equal(only(WARDER__V1__EVENT_TYPE__FINDING)->severity, WARDER__V1__SEVERITY__MEDIUM);
}

static void a_technique_that_is_off_is_counted(void **state)
{
	const Warder__V1__Exceptions *x;

	(void)state;
	decide("techniques:\n  M34: {enabled: false}\n");
	take_seal(7, "web");
	open_host_file(7, 2 * SECOND);
	assert_null(only(WARDER__V1__EVENT_TYPE__FINDING));
	x = exceptions();
	assert_string_equal(x->rows[0]->name, "techniques: M34");
	assert_int_equal(x->rows[0]->count, 1);
}

/* A string of a message is UTF-8, wherever it was cut. */
static void a_long_name_is_cut_at_a_character(void **state)
{
	const Warder__V1__Exceptions *x;
	char text[512], name[400] = "";
	size_t len;

	(void)state;
	while (strlen(name) < 200)
		strcat(name, "\xe2\x82\xac");
	for (unsigned int skip = 0; skip < 3; skip++) {
		snprintf(text, sizeof(text), "exceptions:\n  - name: '%.*s%s'\n    techniques: M34\n    containers: web\n",
			 (int)skip, "abc", name);
		decide(text);
		take_seal(7, "web");
		open_host_file(7, (2 + skip) * SECOND);
		x = exceptions();
		len = strlen(x->rows[0]->name);
		assert_true(len > 100 && len < 112);
		assert_true(text_is_utf8(x->rows[0]->name, len));
	}
}

static void many_rows_are_told_in_several_events(void **state)
{
	unsigned int rows = 0, events = 0;

	(void)state;
	decide("techniques:\n  M34: {enabled: false}\n");
	for (uint64_t i = 1; i <= 150; i++) {
		take_seal(i, "c");
		open_host_file(i, i * SECOND);
		forget();
	}
	silence_report(&engine);
	for (unsigned int i = 0; i < kept.n; i++) {
		events++;
		rows += kept.events[i]->exceptions->n_rows;
	}
	assert_int_equal(rows, 150);
	assert_int_equal(events, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_exception_is_for_its_own_and_counts), TEST(a_technique_weighs_what_the_policy_says),
		TEST(a_technique_that_is_off_is_counted),     TEST(a_long_name_is_cut_at_a_character),
		TEST(many_rows_are_told_in_several_events),
	};
	int failed = cmocka_run_group_tests(tests, group_setup, group_teardown);

	policy_destroy(&policy);
	return failed;
}
