/* SPDX-License-Identifier: Apache-2.0 */
/* An engine for its tests: between a source that gives the records they build and a sink that keeps what it is given. */
#ifndef WARDER_TEST_ENGINE_FIXTURE_H
#define WARDER_TEST_ENGINE_FIXTURE_H

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <errno.h>
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

static inline int kept_write(struct sink *s, const Warder__V1__Event *e)
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

static inline int kept_flush(struct sink *s)
{
	(void)s;
	kept.flushes++;
	return 0;
}

static inline void kept_close(struct sink *s)
{
	(void)s;
	kept.closes++;
}

static const struct sink_kind kept_kind = {
	.name = "kept", .help = "", .write = kept_write, .flush = kept_flush, .close = kept_close};

static inline void forget(void)
{
	while (kept.n)
		warder__v1__event__free_unpacked(kept.events[--kept.n], NULL);
}

static inline struct sink *kept_sink(void)
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

static inline int source_next(struct source *s, int timeout_ms, source_record_fn fn, void *ctx)
{
	(void)s;
	(void)timeout_ms;
	fn(ctx, rec.bytes, rec.len);
	return 1;
}

static inline void source_accounts(struct source *s, source_account_fn fn, void *ctx)
{
	const struct test_source *t = (const void *)s;

	for (unsigned int i = 0; i < t->n; i++) {
		struct wd_account a = {.sealed = 1};

		for (unsigned int j = 0; j < t->n; j++)
			if (t->losses[j].origin == t->losses[i].origin)
				a.lost[t->losses[j].stage] = t->losses[j].total;
		fn(ctx, t->losses[i].origin, &a);
	}
}

static const struct source_ops source_ops = {.name = "test", .next = source_next, .accounts = source_accounts};

static inline void lose(unsigned int i, uint64_t origin, unsigned int stage, uint64_t total)
{
	source.losses[i].origin = origin;
	source.losses[i].stage = stage;
	source.losses[i].total = total;
	if (i >= source.n)
		source.n = i + 1;
}

static char dir[] = "/tmp/warder-test-engine-XXXXXX";
static struct identity identity;

static inline int group_setup(void **state)
{
	struct err err;

	(void)state;
	return mkdtemp(dir) ? identity_init(&identity, dir, &err) : -1;
}

static inline int group_teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

static inline int setup(void **state)
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

static inline int teardown(void **state)
{
	unsigned int sinks = engine.n_sinks;

	(void)state;
	forget();
	engine_destroy(&engine);
	assert_int_equal(kept.closes, sinks);
	return 0;
}

static inline void take(void)
{
	assert_int_equal(source.source.ops->next(&source.source, 0, engine_record, &engine), 1);
}

static inline void tick(uint64_t at)
{
	engine_tick(&engine, &source.source, at);
}

static inline void take_seal(uint64_t id, const char *name)
{
	build_seal(&rec, id, name, SECOND);
	take();
}

static inline void take_end(uint64_t id)
{
	*(uint64_t *)build_start(&rec, WD_CONTAINER_END) = id;
	build_record(&rec)->boot_ns = engine.now_ns;
	take();
}

static inline void open_host_file(uint64_t origin, uint64_t at)
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
static inline const Warder__V1__Event *only(Warder__V1__EventType type)
{
	const Warder__V1__Event *found = NULL;

	for (unsigned int i = 0; i < kept.n; i++)
		if (kept.events[i]->type == type) {
			assert_null(found);
			found = kept.events[i];
		}
	return found;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
