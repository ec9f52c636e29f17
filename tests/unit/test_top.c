// SPDX-License-Identifier: Apache-2.0
/* What a running sensor answers to `warder top`, and what is made of two such answers: rates, order, lines. */
#include "engine_fixture.h"

#include <locale.h>
#include <stdio.h>

#include "control.h"
#include "status.h"
#include "text.h"
#include "top.h"

static struct top top;

static int setup_top(void **state)
{
	top = (struct top){0};
	return setup(state);
}

static int teardown_top(void **state)
{
	top_destroy(&top);
	return teardown(state);
}

static void look(uint64_t at)
{
	const Warder__V1__Status *s = status_message(&engine, at);

	assert_non_null(s);
	assert_int_equal(top_take(&top, s), 0);
}

static const struct top_row *row(uint64_t origin)
{
	for (size_t i = 0; i < top.n_rows; i++)
		if (top.rows[i].origin == origin)
			return &top.rows[i];
	fail_msg("no row of %u", (unsigned int)origin);
	return NULL;
}

static void act(uint64_t origin, unsigned int times)
{
	while (times--) {
		struct wd_process_exec *e = build_start(&rec, WD_PROCESS_EXEC);

		build_path(&rec, &e->file, "/bin/a", false);
		build_record(&rec)->origin = origin;
		build_record(&rec)->boot_ns = 2 * SECOND;
		take();
	}
}

/* The sensor's side. */

static void status_counts(void **state)
{
	const Warder__V1__Status *s;
	uint64_t seq;

	(void)state;
	engine.started_ns = SECOND;
	take_seal(7, "web");
	take_seal(8, "db");
	take_seal(9, "gone");
	act(7, 3);
	open_host_file(8, 3 * SECOND);
	take_end(9);
	lose(0, 7, WD_RING_TELEMETRY, 5);
	lose(1, 7, WD_BUDGET, 2);
	tick(4 * SECOND);
	seq = engine.stream.seq;
	s = status_message(&engine, 5 * SECOND);
	assert_int_equal(engine.stream.seq, seq);
	assert_string_equal(s->node, "node");
	assert_int_equal(s->started_ns, SECOND);
	assert_int_equal(s->now_ns, 5 * SECOND);
	assert_int_equal(s->received, engine.received);
	assert_int_equal(s->containers, 2);
	assert_int_equal(s->lost[WD_RING_TELEMETRY], 5);
	assert_int_equal(s->lost[WD_BUDGET], 2);
	assert_int_equal(s->capture_bytes, 0);
	assert_int_equal(s->n_rows, 3); /* the host, and those that live */
	assert_int_equal(s->rows[0]->origin_id, 0);
	assert_string_equal(s->rows[1]->name, "web");
	assert_int_equal(s->rows[1]->received, 4);
	assert_int_equal(s->rows[1]->lost, 7);
	assert_int_equal(s->rows[1]->findings, 0);
	assert_int_equal(s->rows[2]->findings, 1);
	assert_true(s->rows[2]->severity >= WARDER__V1__SEVERITY__MEDIUM);
	assert_true(s->rows[2]->score > 0);
	assert_int_equal(s->findings, 1);
	assert_int_equal(s->open_findings[s->rows[2]->severity], 1);
	assert_int_equal(s->open_incidents[s->rows[2]->severity], 1);
	s = status_message(&engine, 3000 * SECOND); /* nothing came for long */
	assert_int_equal(s->rows[2]->findings, 0);
	assert_int_equal(s->findings, 1);
}

static void status_is_bounded(void **state)
{
	const Warder__V1__Status *s;
	char name[16];

	(void)state;
	for (unsigned int i = 0; i < 1500; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		build_seal(&rec, 100 + i, name, SECOND);
		engine_record(&engine, rec.bytes, rec.len);
		forget();
	}
	s = status_message(&engine, 2 * SECOND);
	assert_int_equal(s->n_rows, 1024);
	assert_int_equal(s->more, 1501 - 1024);
	assert_true(warder__v1__status__get_packed_size(s) < 256 * 1024);
}

/* The model. */

static void rates_are_differences(void **state)
{
	(void)state;
	take_seal(7, "web");
	act(7, 10);
	look(3 * SECOND);
	assert_false(top.rated);
	act(7, 30);
	take_seal(8, "db");
	act(8, 4);
	engine.lost[WD_RING_CRITICAL] = 8;
	look(5 * SECOND);
	assert_true(top.rated);
	assert_int_equal((int)(row(7)->rate * 10), 150);
	assert_int_equal((int)(row(8)->rate * 10), 25); /* with its seal */
	assert_int_equal((int)(row(0)->rate * 10), 0);
	assert_int_equal((int)(top.rate * 10), 175);
	assert_int_equal((int)(top.lost_rate[WD_RING_CRITICAL] * 10), 40);
	look(5 * SECOND); /* no time passed */
	assert_false(top.rated);
	look(6 * SECOND);
	engine.started_ns = SECOND; /* another run: its counts are no differences */
	look(7 * SECOND);
	assert_false(top.rated);
}

static Warder__V1__Status__Row made_row(uint64_t origin, const char *name, uint64_t received)
{
	Warder__V1__Status__Row r = WARDER__V1__STATUS__ROW__INIT;

	r.origin_id = origin;
	r.name = (char *)name;
	r.received = received;
	return r;
}

static void take_rows(Warder__V1__Status__Row *rows, size_t n, uint64_t at)
{
	Warder__V1__Status s = WARDER__V1__STATUS__INIT;
	Warder__V1__Status__Row *pointers[8];

	for (size_t i = 0; i < n; i++)
		pointers[i] = &rows[i];
	s.now_ns = at;
	s.n_rows = n;
	s.rows = pointers;
	assert_int_equal(top_take(&top, &s), 0);
}

static void assert_order(enum top_sort by, uint64_t a, uint64_t b, uint64_t c)
{
	top_sort(&top, by);
	assert_int_equal(top.rows[0].origin, a);
	assert_int_equal(top.rows[1].origin, b);
	assert_int_equal(top.rows[2].origin, c);
}

static void rows_are_sorted(void **state)
{
	Warder__V1__Status__Row rows[] = {made_row(1, "b", 10), made_row(2, "c", 20), made_row(3, "a", 0)};

	(void)state;
	rows[0].lost = 9;
	rows[1].lost = 10;
	rows[2].findings = 2;
	rows[0].severity = WARDER__V1__SEVERITY__CRITICAL;
	rows[2].score = 50;
	rows[0].score = 40;
	take_rows(rows, 3, SECOND);
	assert_order(TOP_BY_RATE, 2, 1, 3); /* no rates yet: the most so far */
	rows[2].received = 100;
	take_rows(rows, 3, 2 * SECOND);
	assert_int_equal(top.rows[0].origin, 3); /* in the order that it had */
	assert_order(TOP_BY_LOST, 2, 1, 3);
	assert_order(TOP_BY_FINDINGS, 3, 2, 1);
	assert_order(TOP_BY_SEVERITY, 1, 3, 2);
	assert_order(TOP_BY_SCORE, 3, 1, 2);
	assert_order(TOP_BY_NAME, 3, 1, 2);
}

static void new_rows_of_a_cut_answer_have_no_rate(void **state)
{
	Warder__V1__Status__Row rows[] = {made_row(1, "a", 1000), made_row(2, "b", 1000)};

	(void)state;
	take_rows(rows, 1, SECOND);
	top.more = 1;
	take_rows(rows, 2, 2 * SECOND);
	assert_int_equal((int)row(2)->rate, 0);
	rows[1].received = 1500;
	take_rows(rows, 2, 3 * SECOND);
	assert_int_equal((int)row(2)->rate, 500);
}

/* Lines. */

static bool is_clean(const char *line)
{
	size_t n = strlen(line), step;
	uint32_t cp;

	for (size_t i = 0; i < n; i += step) {
		step = text_char(line + i, n - i, &cp);
		if (!step || !text_is_printable(cp))
			return false;
	}
	return true;
}

static void names_are_quoted(void **state)
{
	static const char *const hostile[] = {
		"\033[2Jx", "a\nb", "\xff\xfe", "\xe2\x80\xaetxt", "(host)", "a b", "\xc3\xa9t\xc3\xa9", "",
	};
	static const char *const shown[] = {
		"\\x1b[2Jx",      "a\\x0ab", "\\xff\\xfe",        "\\xe2\\x80\\xaetxt",
		"\\x28host\\x29", "a\\x20b", "\xc3\xa9t\xc3\xa9", "-",
	};
	char line[TOP_LINE];

	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		Warder__V1__Status__Row r = made_row(5, hostile[i], 1);

		r.image = r.trust = (char *)hostile[i];
		take_rows(&r, 1, SECOND);
		assert_string_equal(top.rows[0].name, shown[i]);
		assert_string_equal(top.rows[0].image, shown[i]);
		top_line(&top, 0, line, 200);
		assert_true(is_clean(line));
	}
}

static void lines_are_bounded(void **state)
{
	char name[2000], line[TOP_LINE];
	Warder__V1__Status__Row r;

	(void)state;
	for (size_t i = 0; i + 4 < sizeof(name); i += 3)
		memcpy(name + i, "\xe5\xae\xb9\0", 4); /* two columns each */
	r = made_row(UINT64_MAX, name, UINT64_MAX);
	r.pod = r.image = r.trust = name;
	r.namespace_ = "ns";
	r.lost = UINT64_MAX;
	r.findings = r.score = UINT32_MAX;
	take_rows(&r, 1, SECOND);
	for (unsigned int columns = 1; columns < 600; columns++) {
		top_line(&top, 0, line, columns);
		assert_true(is_clean(line));
		assert_true(mbstowcs(NULL, line, 0) <= columns);
		for (unsigned int i = 0; i < TOP_HEAD; i++) {
			top_head(&top, i, line, columns);
			assert_true(is_clean(line));
			assert_true(mbstowcs(NULL, line, 0) <= columns);
		}
	}
}

static void plain_lines(void **state)
{
	Warder__V1__Status__Row rows[] = {made_row(0, "", 5), made_row(7, "web", 10)};
	uint64_t lost[TOP_STAGES] = {0, 1, 2, 4};
	uint32_t counts[TOP_SEVERITIES] = {0, 0, 0, 2, 0, 1};
	Warder__V1__Status__Row *pointers[] = {&rows[0], &rows[1]};
	Warder__V1__Status s = WARDER__V1__STATUS__INIT;
	char *out;
	size_t n;
	FILE *f = open_memstream(&out, &n);

	(void)state;
	rows[1].pod = "web-1";
	rows[1].namespace_ = "shop";
	rows[1].image = "busybox:1";
	rows[1].trust = "low";
	rows[1].findings = 3;
	rows[1].severity = WARDER__V1__SEVERITY__CRITICAL;
	rows[1].score = 70;
	s.node = "n1";
	s.now_ns = 3661 * SECOND;
	s.received = 15;
	s.lost = lost;
	s.n_lost = TOP_STAGES;
	s.findings = 4;
	s.open_findings = s.open_incidents = counts;
	s.n_open_findings = s.n_open_incidents = TOP_SEVERITIES;
	s.containers = 1;
	s.capture_bytes = 3 * 512 * 1024;
	s.rows = pointers;
	s.n_rows = 2;
	assert_int_equal(top_take(&top, &s), 0);
	s.now_ns += 2 * SECOND;
	rows[1].received = 15;
	s.received = 20;
	lost[1] = 2;
	assert_int_equal(top_take(&top, &s), 0);
	top_print(&top, f, 120);
	fclose(f);
	assert_string_equal(
		out,
		"node n1 up 1:01:03, 1 containers, capture 1.5 MiB, by activity\n"
		"events 2.5/s, 20 in all; lost rings 0.5/s 4, budgets 0.0/s 4, tables 0.0/s 0, other 0.0/s 0\n"
		"findings 4, 3 open: 1 critical, 2 medium; incidents 3 open: 1 critical, 2 medium\n"
		" EVENTS/S     EVENTS     LOST FINDINGS SEVERITY SCORE CONTAINER                       TRUST       IMAGE\n"
		"      2.5         15        0        3 critical    70 shop/web-1/web                  low         busybox:1\n"
		"      0.0          5        0        0 -            - (host)                          -           -\n"
		"\n");
	free(out);
}

static void a_sensor_that_is_not_there(void **state)
{
	struct err err = {""};

	(void)state;
	assert_int_equal(top_ask(&top, "/tmp/warder-test-no-such-socket", &err), -ENOENT);
	assert_null(strchr(err.msg, '\n'));
	assert_non_null(strstr(err.msg, "no sensor answers"));
}

#define TEST_TOP(f) cmocka_unit_test_setup_teardown(f, setup_top, teardown_top)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_TOP(status_counts),
		TEST_TOP(status_is_bounded),
		TEST_TOP(rates_are_differences),
		TEST_TOP(rows_are_sorted),
		TEST_TOP(new_rows_of_a_cut_answer_have_no_rate),
		TEST_TOP(names_are_quoted),
		TEST_TOP(lines_are_bounded),
		TEST_TOP(plain_lines),
		TEST_TOP(a_sensor_that_is_not_there),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
