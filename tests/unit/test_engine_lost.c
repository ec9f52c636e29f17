// SPDX-License-Identifier: Apache-2.0
#include "engine_fixture.h"

static uint64_t lost_of(const Warder__V1__Event *e, uint64_t origin, unsigned int stage, const char *where)
{
	uint64_t n = 0;

	for (size_t i = 0; e && i < e->lost->n_counts; i++) {
		const Warder__V1__Lost__Count *c = e->lost->counts[i];

		if (c->stage == stage &&
		    (where ? !c->workload && !strcmp(c->where, where) : c->workload && c->workload->origin_id == origin))
			n += c->records;
	}
	return n;
}

static void invalid_records_are_lost_exactly_once(void **state)
{
	const Warder__V1__Event *e;

	(void)state;
	for (rec.len = 0; rec.len < 40; rec.len++)
		take();
	build_start(&rec, 99);
	rec.len += 100;
	build_record(&rec)->len = (uint32_t)rec.len;
	take();
	assert_int_equal(engine.invalid, 41);
	assert_int_equal(engine.received, 41);
	assert_int_equal(kept.n, 0);
	tick(SECOND);
	e = only(WARDER__V1__EVENT_TYPE__LOST);
	assert_non_null(e);
	assert_int_equal(e->lost->n_counts, 1);
	assert_int_equal(lost_of(e, 0, STAGE(INVALID), "check"), 41);
	assert_int_equal(e->severity, WARDER__V1__SEVERITY__LOW);
	assert_int_equal(e->boot_ns, SECOND);
	forget();
	tick(2 * SECOND);
	tick(3 * SECOND);
	assert_int_equal(kept.n, 0);
	rec.len = 0;
	take();
	tick(4 * SECOND);
	assert_int_equal(lost_of(only(WARDER__V1__EVENT_TYPE__LOST), 0, STAGE(INVALID), "check"), 1);
	assert_int_equal(engine.lost_total, 42);
}

static void losses_are_told_by_origin_as_what_came_since(void **state)
{
	const Warder__V1__Event *e;

	(void)state;
	take_seal(7, "web");
	forget();
	lose(0, 7, STAGE(RING_CRITICAL), 10);
	lose(1, 7, STAGE(BUDGET), 3);
	lose(2, 8, STAGE(RING_CRITICAL), 1);
	lose(3, 9, STAGE(RING_CRITICAL), 0);
	tick(SECOND);
	e = only(WARDER__V1__EVENT_TYPE__LOST);
	assert_non_null(e);
	assert_int_equal(e->lost->n_counts, 3);
	assert_int_equal(lost_of(e, 7, STAGE(RING_CRITICAL), NULL), 10);
	assert_int_equal(lost_of(e, 7, STAGE(BUDGET), NULL), 3);
	assert_int_equal(lost_of(e, 8, STAGE(RING_CRITICAL), NULL), 1);
	assert_string_equal(e->lost->counts[0]->workload->container->name, "web");
	forget();
	tick(2 * SECOND);
	assert_int_equal(kept.n, 0);
	lose(0, 7, STAGE(RING_CRITICAL), 14);
	lose(3, 9, STAGE(RING_CRITICAL), 2);
	tick(3 * SECOND);
	e = only(WARDER__V1__EVENT_TYPE__LOST);
	assert_int_equal(e->lost->n_counts, 2);
	assert_int_equal(lost_of(e, 7, STAGE(RING_CRITICAL), NULL), 4);
	assert_int_equal(lost_of(e, 9, STAGE(RING_CRITICAL), NULL), 2);
	assert_int_equal(engine.lost_total, 20);
	/* And findings say how complete the view of their container was. */
	open_host_file(7, 4 * SECOND);
	assert_int_equal(only(WARDER__V1__EVENT_TYPE__FINDING)->finding->lost, 17);
}

/* A loss that is counted under no container is not said to be the host's. */
static void a_loss_of_no_container_is_nobodys(void **state)
{
	const Warder__V1__Event *e;

	(void)state;
	lose(0, 0, STAGE(TABLE), 4);
	tick(SECOND);
	e = only(WARDER__V1__EVENT_TYPE__LOST);
	assert_int_equal(lost_of(e, 0, STAGE(TABLE), NULL), 4);
	assert_int_equal(e->lost->counts[0]->workload->resolution, WARDER__V1__RESOLUTION__RESOLUTION_UNSPECIFIED);
}

/* Each hierarchy of cgroup version 1 counts its own ids: the upper byte alone tells these apart. */
static void origins_of_other_hierarchies_are_told_apart(void **state)
{
	const uint64_t a = 1ull << WD_ORIGIN_HIERARCHY_SHIFT | 7, b = 4ull << WD_ORIGIN_HIERARCHY_SHIFT | 7;
	const Warder__V1__Event *e;

	(void)state;
	lose(0, a, STAGE(BUDGET), 10);
	lose(1, b, STAGE(BUDGET), 3);
	tick(SECOND);
	e = only(WARDER__V1__EVENT_TYPE__LOST);
	assert_int_equal(lost_of(e, a, STAGE(BUDGET), NULL), 10);
	assert_int_equal(lost_of(e, b, STAGE(BUDGET), NULL), 3);
	assert_int_equal(engine.lost_total, 13);
	forget();
	tick(2 * SECOND);
	assert_int_equal(kept.n, 0);
}

/* More at once than an event holds: the rest comes with the next, and nothing twice. */
static void many_losses_are_told_over_time(void **state)
{
	uint64_t told[101] = {0};
	unsigned int ticks = 0, n;

	(void)state;
	for (unsigned int i = 0; i < 100; i++)
		lose(i, i + 1, STAGE(BUDGET), i + 1);
	do {
		forget();
		tick(++ticks * SECOND);
		n = kept.n;
		assert_true(n <= 1);
		for (size_t i = 0; n && i < kept.events[0]->lost->n_counts; i++) {
			const Warder__V1__Lost__Count *c = kept.events[0]->lost->counts[i];

			told[c->workload->origin_id] += c->records;
		}
		assert_true(ticks < 10);
	} while (n);
	assert_true(ticks > 2);
	for (unsigned int i = 1; i <= 100; i++)
		assert_int_equal(told[i], i);
	assert_int_equal(engine.lost_total, 5050);
}

static void what_a_sink_lost_is_told_when_it_takes_again(void **state)
{
	const Warder__V1__Event *e;

	(void)state;
	kept.refuse = true;
	take_seal(7, "web");
	take_seal(8, "db");
	kept.refuse = false;
	assert_int_equal(engine.sinks[0]->lost, 2);
	tick(SECOND);
	e = only(WARDER__V1__EVENT_TYPE__LOST);
	assert_int_equal(e->seq, 3); /* the gap shows in the numbers too */
	assert_int_equal(lost_of(e, 0, STAGE(SINK), "kept:here"), 2);
	forget();
	tick(2 * SECOND);
	assert_int_equal(kept.n, 0);
	/* The report itself is lost: it counts, and so does what it told of. */
	kept.refuse = true;
	take_seal(9, "x");
	tick(3 * SECOND);
	kept.refuse = false;
	tick(4 * SECOND);
	e = only(WARDER__V1__EVENT_TYPE__LOST);
	assert_true(lost_of(e, 0, STAGE(SINK), "kept:here") >= 1);
}

static void evictions_are_losses(void **state)
{
	const Warder__V1__Event *e;

	(void)state;
	kept.refuse = true; /* they are many */
	for (uint32_t i = 1; i <= 4; i++) {
		take_seal(i, "c");
		take_end(i); /* those that ended are forgotten for nothing */
	}
	for (uint32_t i = 5; i <= 2048 + 10; i++)
		take_seal(i, "c");
	kept.refuse = false;
	tick(SECOND);
	e = only(WARDER__V1__EVENT_TYPE__LOST);
	assert_int_equal(lost_of(e, 0, STAGE(TABLE), "containers"), 6);
}

/* An event that does not fit the arena is counted, and the next one is as if nothing had been. */
static void an_event_that_does_not_fit_is_lost_and_said(void **state)
{
	size_t size = engine.arena.size;
	uint64_t seq;

	(void)state;
	take_seal(7, "web");
	engine.arena.size = 900;
	open_host_file(7, 2 * SECOND);
	engine.arena.size = size;
	assert_int_equal(kept.n, 1);
	assert_int_equal(engine.unbuilt, 1);
	tick(3 * SECOND);
	assert_int_equal(lost_of(only(WARDER__V1__EVENT_TYPE__LOST), 0, STAGE(INVALID), "event too big"), 1);
	seq = kept.events[kept.n - 1]->seq;
	forget();
	open_host_file(7, 4 * SECOND);
	assert_int_equal(kept.n, 3); /* with its finding, and what that comes to */
	assert_int_equal(kept.events[0]->seq, seq + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(invalid_records_are_lost_exactly_once),
		TEST(losses_are_told_by_origin_as_what_came_since),
		TEST(a_loss_of_no_container_is_nobodys),
		TEST(origins_of_other_hierarchies_are_told_apart),
		TEST(many_losses_are_told_over_time),
		TEST(what_a_sink_lost_is_told_when_it_takes_again),
		TEST(evictions_are_losses),
		TEST(an_event_that_does_not_fit_is_lost_and_said),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
