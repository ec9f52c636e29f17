// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../golden/build.h"
#include "engine.h"

#define SECOND      1000000000ull

#define STAGE(name) WARDER__V1__LOST__STAGE__##name

static struct build rec;
static struct engine engine;

/* A sink that keeps what it is given. */

#define KEPT 256

static struct kept {
	Warder__V1__Event *events[KEPT];
	unsigned int n;
	bool refuse;
	unsigned int flushes, closes;
} kept;

static int kept_write(struct sink *s, const Warder__V1__Event *e)
{
	size_t n = warder__v1__event__get_packed_size(e);
	uint8_t *bytes = malloc(n);

	(void)s;
	if (kept.refuse) {
		free(bytes);
		return -ENOSPC;
	}
	assert_true(kept.n < KEPT);
	assert_int_equal(warder__v1__event__pack(e, bytes), n);
	kept.events[kept.n] = warder__v1__event__unpack(NULL, n, bytes);
	assert_non_null(kept.events[kept.n++]);
	free(bytes);
	return 0;
}

static int kept_flush(struct sink *s)
{
	(void)s;
	kept.flushes++;
	return 0;
}

static void kept_close(struct sink *s)
{
	(void)s;
	kept.closes++;
}

static const struct sink_kind kept_kind = {"kept", "", NULL, kept_write, kept_flush, kept_close};

static void forget(void)
{
	while (kept.n)
		warder__v1__event__free_unpacked(kept.events[--kept.n], NULL);
}

static struct sink *kept_sink(void)
{
	struct sink *s = calloc(1, sizeof(*s));

	s->kind = &kept_kind;
	strcpy(s->spec, "kept:here");
	return s;
}

/* A source with losses as the test sets them. */

#define LOSSES 128

static struct test_source {
	struct source source;
	struct {
		uint64_t origin;
		unsigned int stage;
		uint64_t total;
	} losses[LOSSES];
	unsigned int n;
} source;

static int source_next(struct source *s, int timeout_ms, source_record_fn fn, void *ctx)
{
	(void)s;
	(void)timeout_ms;
	fn(ctx, rec.bytes, rec.len);
	return 1;
}

static void source_lost(struct source *s, source_lost_fn fn, void *ctx)
{
	const struct test_source *t = (const void *)s;

	for (unsigned int i = 0; i < t->n; i++)
		fn(ctx, t->losses[i].origin, t->losses[i].stage, t->losses[i].total);
}

static const struct source_ops source_ops = {.name = "test", .next = source_next, .lost = source_lost};

static void lose(unsigned int i, uint64_t origin, unsigned int stage, uint64_t total)
{
	source.losses[i].origin = origin;
	source.losses[i].stage = stage;
	source.losses[i].total = total;
	if (i >= source.n)
		source.n = i + 1;
}

static char dir[] = "/tmp/warder-test-engine-XXXXXX";
static struct identity identity;

static int group_setup(void **state)
{
	struct err err;

	(void)state;
	return mkdtemp(dir) ? identity_init(&identity, dir, &err) : -1;
}

static int group_teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

static int setup(void **state)
{
	struct err err;

	(void)state;
	kept = (struct kept){0};
	source = (struct test_source){.source.ops = &source_ops};
	if (engine_init(&engine, &identity, &err))
		return -1;
	stream_init(&engine.stream, "node", "boot", "kernel", 1700000000 * (int64_t)SECOND, 5);
	engine_add_sink(&engine, kept_sink());
	return 0;
}

static int teardown(void **state)
{
	unsigned int sinks = engine.n_sinks;

	(void)state;
	forget();
	engine_destroy(&engine);
	assert_int_equal(kept.closes, sinks);
	return 0;
}

static void take(void)
{
	assert_int_equal(source.source.ops->next(&source.source, 0, engine_record, &engine), 1);
}

static void tick(uint64_t at)
{
	engine_tick(&engine, &source.source, at);
}

static void take_seal(uint64_t id, const char *name)
{
	build_seal(&rec, id, name, SECOND);
	take();
}

static void open_host_file(uint64_t origin, uint64_t at)
{
	struct wd_file_open *f = build_start(&rec, WD_FILE_OPEN);

	f->foreign = 1;
	f->via = WD_VIA_OPEN;
	build_path(&rec, &f->path, "/etc/shadow", false);
	build_record(&rec)->origin = origin;
	build_record(&rec)->owner_kind = WD_OWNER_HOST;
	build_record(&rec)->boot_ns = at;
	take();
}

/* The one event of a type that was kept since the last forget(); NULL where there is none. */
static const Warder__V1__Event *only(Warder__V1__EventType type)
{
	const Warder__V1__Event *found = NULL;

	for (unsigned int i = 0; i < kept.n; i++)
		if (kept.events[i]->type == type) {
			assert_null(found);
			found = kept.events[i];
		}
	return found;
}

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

static void a_record_is_an_event_and_a_breach_a_finding(void **state)
{
	const Warder__V1__Event *e, *f;

	(void)state;
	take_seal(7, "web");
	assert_int_equal(kept.n, 1);
	open_host_file(7, 2 * SECOND);
	assert_int_equal(kept.n, 3);
	e = only(WARDER__V1__EVENT_TYPE__FILE_OPEN);
	f = only(WARDER__V1__EVENT_TYPE__FINDING);
	assert_non_null(e);
	assert_non_null(f);
	assert_string_equal(e->file_open->path->utf8, "/etc/shadow");
	assert_string_equal(e->actor->workload->container->name, "web");
	assert_int_equal(e->owner->kind, WARDER__V1__OWNER__KIND__OWNER_HOST);
	assert_string_equal(e->node->name, "node");
	assert_int_equal(e->time->seconds, 1700000002);
	assert_int_equal(e->severity, WARDER__V1__SEVERITY__INFORMATIONAL);
	assert_string_equal(f->finding->technique, "M34");
	assert_string_equal(f->finding->evidence[0]->event_uid, e->uid);
	assert_string_equal(f->actor->workload->container->name, "web");
	assert_int_equal(engine.received, 2);
	assert_int_equal(engine.now_ns, 2 * SECOND);
}

/* What an event without an owner says of it is nothing: "unknown" never reads as the host. */
static void no_owner_is_not_the_host(void **state)
{
	(void)state;
	take_seal(7, "web");
	assert_null(kept.events[0]->owner);
}

static void numbers_have_no_gaps(void **state)
{
	Warder__V1__Coverage coverage = WARDER__V1__COVERAGE__INIT;

	(void)state;
	take_seal(7, "web");
	for (uint64_t i = 1; i <= 20; i++)
		open_host_file(7, i * SECOND); /* findings that are not due take no number */
	rec.len = 3;
	take();
	build_start(&rec, WD_CANARY);
	take();
	tick(30 * SECOND);
	engine_coverage(&engine, &coverage, 31 * SECOND);
	engine_heartbeat(&engine, 32 * SECOND);
	lose(0, 7, STAGE(BUDGET), 5);
	tick(33 * SECOND);
	assert_true(kept.n > 25);
	for (unsigned int i = 0; i < kept.n; i++) {
		assert_int_equal(kept.events[i]->seq, i + 1);
		for (unsigned int k = 0; k < i; k++)
			assert_string_not_equal(kept.events[i]->uid, kept.events[k]->uid);
	}
	assert_int_equal(engine.stream.seq, kept.n);
}

static void a_canary_is_not_emitted(void **state)
{
	(void)state;
	((struct wd_canary *)build_start(&rec, WD_CANARY))->nonce = 0x123456789a;
	build_record(&rec)->boot_ns = 9 * SECOND;
	take();
	assert_int_equal(engine.canary, 0x123456789a);
	assert_int_equal(engine.received, 1);
	assert_int_equal(engine.now_ns, 9 * SECOND);
	assert_int_equal(kept.n, 0);
	assert_int_equal(engine.stream.seq, 0);
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
	for (uint32_t i = 1; i <= 4096 + 6; i++)
		take_seal(i, "c");
	kept.refuse = false;
	tick(SECOND);
	e = only(WARDER__V1__EVENT_TYPE__LOST);
	assert_int_equal(lost_of(e, 0, STAGE(TABLE), "containers"), 6);
}

static void every_sink_gets_every_event(void **state)
{
	(void)state;
	engine_add_sink(&engine, kept_sink());
	take_seal(7, "web");
	assert_int_equal(kept.n, 2);
	assert_int_equal(kept.events[0]->seq, kept.events[1]->seq);
	engine_flush(&engine);
	assert_int_equal(kept.flushes, 2);
}

static void a_heartbeat_counts(void **state)
{
	const Warder__V1__Event *e;

	(void)state;
	take_seal(7, "web");
	take_seal(8, "db");
	*(uint64_t *)build_start(&rec, WD_CONTAINER_END) = 8;
	take();
	open_host_file(7, 2 * SECOND);
	open_host_file(7, 3 * SECOND);
	lose(0, 7, STAGE(BUDGET), 5);
	tick(4 * SECOND);
	engine_heartbeat(&engine, 5 * SECOND);
	e = only(WARDER__V1__EVENT_TYPE__HEARTBEAT);
	assert_int_equal(e->heartbeat->received, 5);
	assert_int_equal(e->heartbeat->findings, 1);
	assert_int_equal(e->heartbeat->lost, 5);
	assert_int_equal(e->heartbeat->containers, 1);
	assert_int_equal(e->boot_ns, 5 * SECOND);
}

static void coverage_is_passed_on(void **state)
{
	Warder__V1__Coverage__Hook hook = WARDER__V1__COVERAGE__HOOK__INIT, *hooks[] = {&hook};
	Warder__V1__Coverage c = WARDER__V1__COVERAGE__INIT;

	(void)state;
	hook.hook = "sweep";
	c.hooks = hooks;
	c.n_hooks = 1;
	engine_coverage(&engine, &c, SECOND);
	assert_string_equal(only(WARDER__V1__EVENT_TYPE__COVERAGE)->coverage->hooks[0]->hook, "sweep");
}

/* A name that the runtime writes after the container's first events: they were sent without it, and it follows. */
#define ID "20ce11d1489f20ce11d1489f20ce11d1489f20ce11d1489f20ce11d1489f0123"

static void write_file(const char *name, const char *text)
{
	char path[512], *slash;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	for (slash = path + strlen(dir); (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void remove_tree(const char *name)
{
	char path[512], *slash;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
	while ((slash = strrchr(path, '/')) && (size_t)(slash - path) > strlen(dir)) {
		*slash = '\0';
		rmdir(path);
	}
}

static void a_name_that_comes_late_follows(void **state)
{
	static const char *const name = "var/lib/docker/containers/" ID "/config.v2.json";
	const Warder__V1__Event *e;

	(void)state;
	take_seal(7, "docker/" ID);
	assert_int_equal(kept.events[0]->actor->workload->resolution, WARDER__V1__RESOLUTION__CGROUP_ONLY);
	tick(2 * SECOND);
	assert_int_equal(kept.n, 1);
	write_file(name, "{\"State\":{\"Running\":true,\"Pid\":0,\"StartedAt\":\"2026-11-23T22:25:13.969869334Z\"},\"ID\":\"" ID
			 "\",\"Config\":{\"Image\":\"nginx:1\"},\"Image\":\"sha256:00\",\"Name\":\"/shop\"}");
	tick(3 * SECOND);
	remove_tree(name);
	e = only(WARDER__V1__EVENT_TYPE__IDENTITY);
	assert_non_null(e);
	assert_int_equal(e->identity->workload->origin_id, 7);
	assert_int_equal(e->identity->workload->resolution, WARDER__V1__RESOLUTION__RUNTIME);
	assert_string_equal(e->identity->workload->container->name, "shop");
	assert_int_equal(e->seq, 2);
	assert_int_equal(e->boot_ns, 3 * SECOND);
	forget();
	tick(4 * SECOND);
	assert_int_equal(kept.n, 0); /* once */
	open_host_file(7, 5 * SECOND);
	assert_string_equal(only(WARDER__V1__EVENT_TYPE__FINDING)->actor->workload->container->name, "shop");
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
	assert_int_equal(kept.n, 2);
	assert_int_equal(kept.events[0]->seq, seq + 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_record_is_an_event_and_a_breach_a_finding),
		TEST(no_owner_is_not_the_host),
		TEST(numbers_have_no_gaps),
		TEST(a_canary_is_not_emitted),
		TEST(invalid_records_are_lost_exactly_once),
		TEST(losses_are_told_by_origin_as_what_came_since),
		TEST(a_loss_of_no_container_is_nobodys),
		TEST(origins_of_other_hierarchies_are_told_apart),
		TEST(many_losses_are_told_over_time),
		TEST(what_a_sink_lost_is_told_when_it_takes_again),
		TEST(evictions_are_losses),
		TEST(every_sink_gets_every_event),
		TEST(a_heartbeat_counts),
		TEST(coverage_is_passed_on),
		TEST(a_name_that_comes_late_follows),
		TEST(an_event_that_does_not_fit_is_lost_and_said),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
