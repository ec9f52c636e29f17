// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "google/protobuf/timestamp.pb-c.h"
#include "json.h"
#include "warder/v1/event.pb-c.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The line of `m` is `want`, is ASCII and parses; returns what was parsed. */
static void expect_line(const void *m, const char *want)
{
	static char line[1 << 20];
	ssize_t n = json_line(m, line, sizeof(line)), i;
	json_t *parsed;

	assert_true(n > 0 && line[n - 1] == '\n');
	for (i = 0; i < n - 1; i++)
		assert_true(line[i] >= 0x20 && (unsigned char)line[i] < 0x80);
	line[n - 1] = '\0';
	if (want)
		assert_string_equal(line, want);
	parsed = json_loads(line, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	assert_non_null(parsed);
	json_decref(parsed);
}

static void defaults_are_left_out(void **state)
{
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	Warder__V1__Process p = WARDER__V1__PROCESS__INIT;

	(void)state;
	expect_line(&e, "{}");
	expect_line(&p, "{}");
	e.uid = NULL; /* a bug of the caller's, not a crash */
	expect_line(&e, "{}");
}

static void integers_keep_their_extremes(void **state)
{
	Warder__V1__Process p = WARDER__V1__PROCESS__INIT;
	Warder__V1__ProcessExit x = WARDER__V1__PROCESS_EXIT__INIT;

	(void)state;
	p.pid = UINT32_MAX;
	p.start_ns = UINT64_MAX;
	p.cgroup_id = (1ull << 53) + 1; /* what a double cannot hold */
	p.no_new_privs = true;
	expect_line(&p, "{\"pid\":4294967295,\"start_ns\":\"18446744073709551615\",\"cgroup_id\":\"9007199254740993\","
			"\"no_new_privs\":true}");
	x.exit_code = INT32_MIN;
	expect_line(&x, "{\"exit_code\":-2147483648}");
	x.exit_code = INT32_MAX;
	expect_line(&x, "{\"exit_code\":2147483647}");
}

static void strings_are_escaped_and_made_valid(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"sh", "{\"comm\":\"sh\"}"},
		{"a\nb\"c\\", "{\"comm\":\"a\\nb\\\"c\\\\\"}"},
		{"\x1b[2J", "{\"comm\":\"\\u001B[2J\"}"},
		{"caf\xc3\xa9", "{\"comm\":\"caf\\u00E9\"}"},
		{"\xf0\x9f\x90\xa7", "{\"comm\":\"\\uD83D\\uDC27\"}"},
		{"\xe2\x80\xa8\xc2\x85", "{\"comm\":\"\\u2028\\u0085\"}"},
		{"caf\xe9", "{\"comm\":\"caf\\\\xe9\"}"},
		{"\xed\xa0\x80", "{\"comm\":\"\\\\xed\\\\xa0\\\\x80\"}"},
		{"\xff", "{\"comm\":\"\\\\xff\"}"},
	};
	Warder__V1__Process p = WARDER__V1__PROCESS__INIT;
	char path[4096];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		p.comm = (char *)cases[i].in;
		expect_line(&p, cases[i].out);
	}
	memset(path, 0xfe, 4095);
	path[4095] = '\0';
	p.comm = path;
	expect_line(&p, NULL);
}

static void bytes_are_base64(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *out;
	} cases[] = {
		{"", 0, "{}"},
		{"f", 1, "{\"raw\":\"Zg==\"}"},
		{"fo", 2, "{\"raw\":\"Zm8=\"}"},
		{"foo", 3, "{\"raw\":\"Zm9v\"}"},
		{"foob", 4, "{\"raw\":\"Zm9vYg==\"}"},
		{"\xff\xff\xbe", 3, "{\"raw\":\"//++\"}"},
		{"a\0b\0", 4, "{\"raw\":\"YQBiAA==\"}"},
	};
	Warder__V1__Text t = WARDER__V1__TEXT__INIT;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		t.raw.data = (uint8_t *)cases[i].in;
		t.raw.len = cases[i].n;
		expect_line(&t, cases[i].out);
	}
}

static void timestamps_are_rfc3339_in_utc(void **state)
{
	static const struct {
		int64_t s;
		int32_t ns;
		const char *out;
	} cases[] = {
		{0, 0, "\"1970-01-01T00:00:00Z\""},
		{1700000000, 500000000, "\"2023-11-14T22:13:20.500Z\""},
		{1700000000, 1000, "\"2023-11-14T22:13:20.000001Z\""},
		{1700000000, 999999999, "\"2023-11-14T22:13:20.999999999Z\""},
		{951782400, 0, "\"2000-02-29T00:00:00Z\""},
		{-1, 0, "\"1969-12-31T23:59:59Z\""},
		{-62135596800, 0, "\"0001-01-01T00:00:00Z\""},
		{253402300799, 0, "\"9999-12-31T23:59:59Z\""},
		{INT64_MIN, INT32_MIN, "\"0001-01-01T00:00:00Z\""},
		{INT64_MAX, INT32_MAX, "\"9999-12-31T23:59:59.999999999Z\""},
	};
	Google__Protobuf__Timestamp t = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		t.seconds = cases[i].s;
		t.nanos = cases[i].ns;
		expect_line(&t, cases[i].out);
	}
	t.seconds = t.nanos = 0;
	e.time = &t;
	expect_line(&e, "{\"time\":\"1970-01-01T00:00:00Z\"}");
}

static void enums_go_by_name_and_by_number_when_unknown(void **state)
{
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;

	(void)state;
	e.type = WARDER__V1__EVENT_TYPE__FINDING;
	e.severity = WARDER__V1__SEVERITY__CRITICAL;
	e.outcome = WARDER__V1__OUTCOME__DENIED;
	expect_line(&e, "{\"type\":\"FINDING\",\"severity\":\"CRITICAL\",\"outcome\":\"DENIED\"}");
	e.type = (Warder__V1__EventType)9999;
	e.severity = (Warder__V1__Severity)-1;
	e.outcome = (Warder__V1__Outcome)INT32_MAX;
	expect_line(&e, "{\"type\":9999,\"severity\":-1,\"outcome\":2147483647}");
}

static void repeated_fields_are_arrays(void **state)
{
	Warder__V1__Attack a = WARDER__V1__ATTACK__INIT, none = WARDER__V1__ATTACK__INIT, *list[] = {&a, &none};
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;

	(void)state;
	a.technique = "T1611";
	e.n_attack = 2;
	e.attack = list;
	expect_line(&e, "{\"attack\":[{\"technique\":\"T1611\"},{}]}");
}

static void every_arm_of_the_payload_is_shown_even_when_empty(void **state)
{
	const ProtobufCMessageDescriptor *d = &warder__v1__event__descriptor;
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	const ProtobufCMessageDescriptor *arm;
	ProtobufCMessage *m;
	char want[128];
	unsigned int i, arms = 0;

	(void)state;
	for (i = 0; i < d->n_fields; i++) {
		if (!(d->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
			continue;
		arm = d->fields[i].descriptor;
		m = malloc(arm->sizeof_message);
		assert_non_null(m);
		protobuf_c_message_init(arm, m);
		e.payload_case = (Warder__V1__Event__PayloadCase)d->fields[i].id;
		e.finding = (void *)m;
		snprintf(want, sizeof(want), "{\"%s\":{}}", d->fields[i].name);
		expect_line(&e, want);
		free(m);
		arms++;
	}
	assert_true(arms > 0);
	e.finding = NULL; /* the case alone, without the message */
	expect_line(&e, "{}");
}

static void what_does_not_fit_is_refused_whole(void **state)
{
	Warder__V1__Process p = WARDER__V1__PROCESS__INIT;
	static const char want[] = "{\"comm\":\"sh\"}\n";
	char line[64];
	size_t size;

	(void)state;
	p.comm = "sh";
	for (size = 0; size < sizeof(want) - 1; size++)
		assert_int_equal(json_line(&p.base, line, size), -EMSGSIZE);
	assert_int_equal(json_line(&p.base, line, sizeof(want) - 1), sizeof(want) - 1);
	assert_memory_equal(line, want, sizeof(want) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_left_out),
		cmocka_unit_test(integers_keep_their_extremes),
		cmocka_unit_test(strings_are_escaped_and_made_valid),
		cmocka_unit_test(bytes_are_base64),
		cmocka_unit_test(timestamps_are_rfc3339_in_utc),
		cmocka_unit_test(enums_go_by_name_and_by_number_when_unknown),
		cmocka_unit_test(repeated_fields_are_arrays),
		cmocka_unit_test(every_arm_of_the_payload_is_shown_even_when_empty),
		cmocka_unit_test(what_does_not_fit_is_refused_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
