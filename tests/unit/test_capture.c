// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/merge.h"
#include "capture/verify.h"
#include "capture_fixture.h"

static char dir[] = "/tmp/test_capture.XXXXXX", path[128], other[128];

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/a.wcap", dir);
	snprintf(other, sizeof(other), "%s/b.wcap", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

static int tidy(void **state)
{
	char part[160];

	(void)state;
	for (int i = 0; i < 2; i++) {
		snprintf(part, sizeof(part), "%s.part", i ? other : path);
		unlink(part);
		unlink(i ? other : path);
	}
	return 0;
}

static struct capture *opened(const char *file)
{
	struct capture *c = NULL;
	struct err err = {""};

	if (capture_open(&c, file, &err))
		fail_msg("%s", err.msg);
	return c;
}

/* Reads all that is wanted; the numbers must rise. Returns how many, and the first and last one. */
static uint64_t read_all(struct capture *c, uint64_t *first, uint64_t *last)
{
	struct capture_frame f;
	uint64_t n = 0;

	while (capture_next(c, &f) == 1) {
		assert_true(!n || f.mark.seq > *last);
		if (!n)
			*first = f.mark.seq;
		*last = f.mark.seq;
		n++;
	}
	return n;
}

static void test_round_trip(void **state)
{
	Warder__V1__CaptureHeader meta = fixture_meta();
	uint64_t first, last;
	struct capture_frame f;
	struct capture *c;
	uint8_t want[1024];
	size_t n;

	(void)state;
	fixture_write(path, &meta, 1, 5000, 700, NULL, NULL);
	c = opened(path);
	assert_non_null(capture_meta(c));
	assert_string_equal(capture_meta(c)->node, "node-a");
	assert_int_equal(capture_meta(c)->file_id.len, BLOCK_ID);
	assert_true(capture_meta(c)->created > 1700000000ull * 1000000000);
	assert_true(capture_meta(c)->schema.len > 1000); /* it describes itself */
	assert_true(capture_stats(c).indexed);
	assert_int_equal(read_all(c, &first, &last), 5000);
	assert_int_equal(first, 1);
	assert_int_equal(last, 5000);
	assert_int_equal(capture_stats(c).damaged, 0);
	assert_true(capture_stats(c).bytes >= capture_stats(c).size);

	/* The bytes are those that were given. */
	capture_filter(c, &(struct capture_filter){.from_ns = event_ns(777), .to_ns = event_ns(777)});
	assert_int_equal(capture_next(c, &f), 1);
	n = event_frame(want, 777, fixture_origin(777), 0, 1, "");
	assert_true(f.len > n - 2 && f.mark.seq == 777 && f.mark.time_ns == event_ns(777));
	assert_int_equal(f.mark.origin, fixture_origin(777));
	assert_int_equal(f.mark.type, WARDER__V1__EVENT_TYPE__PROCESS_EXEC);
	assert_int_equal(capture_next(c, &f), 0);
	capture_free(c);
}

/* What the wire walker takes for the mark is what protobuf-c unpacks. */
static void test_mark(void **state)
{
	struct capture_mark m;
	uint8_t frame[1024];
	size_t n = event_frame(frame, 300, 11, 12, 5, "m"), head = n > 128 ? 2 : 1;
	Warder__V1__Event *e = warder__v1__event__unpack(NULL, n - head, frame + head);

	(void)state;
	assert_non_null(e);
	assert_int_equal(capture_mark_read(frame + head, n - head, &m), 0);
	assert_int_equal(m.seq, e->seq);
	assert_int_equal(m.type, e->type);
	assert_int_equal(m.severity, e->severity);
	assert_int_equal(m.origin, e->actor->workload->origin_id);
	assert_int_equal(m.owner, e->owner->workload->origin_id);
	assert_int_equal(m.time_ns, (uint64_t)e->time->seconds * 1000000000 + (uint64_t)e->time->nanos);
	for (size_t cut = 1; cut < n - head; cut++) /* whatever it is cut to, it is read within its bounds */
		capture_mark_read(frame + head, cut, &m);
	warder__v1__event__free_unpacked(e, NULL);
}

/* What was remembered from before is written after what is younger, and read before it. */
static void test_order(void **state)
{
	Warder__V1__CaptureHeader meta = fixture_meta();
	struct capture_writer *w;
	struct err err = {""};
	uint64_t first, last;
	struct capture *c;

	(void)state;
	assert_int_equal(capture_create(&w, path, &meta, &err), 0);
	for (uint64_t seq = 1000; seq < 2000; seq++)
		fixture_append(w, seq);
	assert_int_equal(capture_flush(w, false), 0);
	for (uint64_t seq = 999; seq > 499; seq--) /* in one block, backwards */
		fixture_append(w, seq);
	assert_int_equal(capture_flush(w, true), 0);
	for (uint64_t seq = 1; seq < 500; seq += 2) /* and two that are woven into each other */
		fixture_append(w, seq);
	assert_int_equal(capture_flush(w, true), 0);
	for (uint64_t seq = 2; seq < 500; seq += 2)
		fixture_append(w, seq);
	assert_int_equal(capture_close(w, NULL, &err), 0);
	c = opened(path);
	assert_int_equal(read_all(c, &first, &last), 1999);
	assert_int_equal(first, 1);
	assert_int_equal(capture_stats(c).disorder, 0);
	capture_free(c);
}

/* One container of a large file: its blocks are read and little else. */
static void test_filter(void **state)
{
	Warder__V1__CaptureHeader meta = fixture_meta();
	uint64_t first, last, n = 100000, origin = 1003;
	const struct directory *d;
	struct capture_stats s;
	struct capture *c;

	(void)state;
	fixture_write(path, &meta, 0, n, 100, NULL, NULL);
	c = opened(path);
	d = capture_directory(c);
	assert_non_null(d);
	assert_int_equal(d->n, 5);
	assert_true(directory_means(&d->rows[3], "box-1003") && d->rows[3].origin == origin);
	capture_filter(c, &(struct capture_filter){.origins = &origin, .n_origins = 1, .from_ns = event_ns(50000)});
	assert_int_equal(read_all(c, &first, &last), n / 10);
	assert_int_equal(fixture_origin(first), origin);
	s = capture_stats(c);
	assert_int_equal(s.read, 1 + n / 1000); /* the header, and that container's blocks */
	assert_true(s.bytes < s.size / 4);
	capture_filter(c, &(struct capture_filter){.severity = 4});
	assert_int_equal(read_all(c, &first, &last), n / 50);
	capture_filter(c, &(struct capture_filter){.types = {[WARDER__V1__EVENT_TYPE__FINDING / 64] =
								     1ull << WARDER__V1__EVENT_TYPE__FINDING % 64}});
	assert_int_equal(read_all(c, &first, &last), 0);
	capture_free(c);
}

/* Many INDEX blocks, of which each is reached from the next. */
static void test_long_index(void **state)
{
	Warder__V1__CaptureHeader meta = fixture_meta();
	uint64_t first, last, n = 25000;
	struct capture *c;

	(void)state;
	fixture_write(path, &meta, 0, n, 1, NULL, NULL);
	c = opened(path);
	assert_true(capture_stats(c).indexed);
	assert_true(capture_stats(c).blocks > n + 3); /* the header, and at least two INDEX blocks */
	assert_int_equal(read_all(c, &first, &last), n);
	assert_int_equal(capture_stats(c).damaged, 0);
	capture_free(c);
}

/* Not closed: what was flushed is there, under the name that it has until then. */
static void test_part(void **state)
{
	Warder__V1__CaptureHeader meta = fixture_meta();
	struct capture_writer *w, *second = NULL;
	struct err err = {""};
	uint64_t first, last;
	struct capture *c;
	char part[160];

	(void)state;
	snprintf(part, sizeof(part), "%s.part", path);
	assert_int_equal(capture_create(&w, path, &meta, &err), 0);
	for (uint64_t seq = 0; seq < 100; seq++)
		fixture_append(w, seq);
	assert_int_equal(capture_flush(w, true), 0);
	fixture_append(w, 100); /* this one stays in memory */
	assert_int_not_equal(access(path, F_OK), 0);
	c = opened(part);
	assert_false(capture_stats(c).indexed);
	assert_int_equal(read_all(c, &first, &last), 100);
	assert_int_equal(capture_stats(c).damaged, 0);
	capture_free(c);
	assert_int_equal(capture_create(&second, path, &meta, &err), -EEXIST);
	assert_non_null(strstr(err.msg, "recover"));
	assert_int_equal(capture_close(w, NULL, &err), 0);
	assert_int_not_equal(access(part, F_OK), 0);
	assert_int_equal(capture_create(&second, path, &meta, &err), -EEXIST);
}

/* A full disk: what does not fit is refused, what was written stays whole, and it goes on when there is room again. */
static void test_full(void **state)
{
	struct rlimit was, small;
	Warder__V1__CaptureHeader meta = fixture_meta();
	struct capture_writer *w;
	struct err err = {""};
	uint64_t first, last, size;
	struct capture *c;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(capture_create(&w, path, &meta, &err), 0);
	for (uint64_t seq = 0; seq < 1000; seq++)
		fixture_append(w, seq);
	size = capture_size(w);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = was;
	small.rlim_cur = size + 1000; /* a short write first, then an error */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(capture_flush(w, false), -EFBIG);
	assert_non_null(strstr(capture_error(w), "File too large"));
	assert_int_equal(capture_size(w), size);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	fixture_append(w, 1000);
	assert_int_equal(capture_close(w, NULL, &err), 0);
	c = opened(path);
	assert_int_equal(read_all(c, &first, &last), 1001);
	assert_int_equal(capture_stats(c).damaged, 0);
	capture_free(c);
}

static void test_refused(void **state)
{
	Warder__V1__CaptureHeader meta = fixture_meta();
	static uint8_t big[WRITER_FRAME_MAX + 1];
	struct capture_writer *w;
	struct capture *c = NULL;
	struct err err = {""};
	uint8_t frame[1024];
	size_t n = event_frame(frame, 1, 1, 0, 1, "x");

	(void)state;
	assert_int_equal(capture_create(&w, path, &meta, &err), 0);
	assert_int_equal(capture_append(w, frame, n - 1, NULL), -EBADMSG);
	assert_int_equal(capture_append(w, frame + 1, n - 1, NULL), -EBADMSG);
	assert_int_equal(capture_append(w, big, sizeof(big), NULL), -EMSGSIZE);
	assert_int_equal(capture_snapshot(w, "\xff\xff", 2, NULL), -EBADMSG);
	capture_discard(w);
	assert_int_equal(capture_open(&c, path, &err), -ENOENT);
	fixture_spill(path, "this is no capture at all, however long it is made", 50);
	assert_int_equal(capture_open(&c, path, &err), -EBADMSG);
	assert_non_null(strstr(err.msg, "no capture"));
	assert_int_equal(capture_open(&c, dir, &err), -EISDIR);
}

/* A snapshot's bytes are carried, and the names in it are known without reading anything else. */
static void test_snapshot(void **state)
{
	Warder__V1__CaptureHeader meta = fixture_meta();
	Warder__V1__CaptureSnapshot s = WARDER__V1__CAPTURE_SNAPSHOT__INIT, *got;
	uint8_t frame[1024], packed[1024];
	size_t n = event_frame(frame, 1, 42, 0, 1, "x"), head = n > 128 ? 2 : 1;
	Warder__V1__Event *e = warder__v1__event__unpack(NULL, n - head, frame + head);
	struct capture_mark mark = {.seq = 1, .time_ns = event_ns(1)};
	struct capture_writer *w;
	struct capture_frame f;
	struct err err = {""};
	struct capture *c;

	(void)state;
	s.n_events = 1;
	s.events = &e;
	n = warder__v1__capture_snapshot__pack(&s, packed);
	assert_int_equal(capture_create(&w, path, &meta, &err), 0);
	assert_int_equal(capture_snapshot(w, packed, n, &mark), 0);
	fixture_append(w, 2);
	assert_int_equal(capture_close(w, NULL, &err), 0);
	c = opened(path);
	assert_int_equal(capture_directory(c)->n, 2);
	assert_string_equal(capture_directory(c)->rows[0].name, "box-42");
	capture_filter(c, &(struct capture_filter){.snapshots = true, .severity = 5});
	assert_int_equal(capture_next(c, &f), 1);
	assert_int_equal(f.type, BLOCK_TYPE_SNAPSHOT);
	got = warder__v1__capture_snapshot__unpack(NULL, f.len, f.bytes);
	assert_non_null(got);
	assert_int_equal(got->n_events, 1);
	warder__v1__capture_snapshot__free_unpacked(got, NULL);
	assert_int_equal(capture_next(c, &f), 0);
	capture_free(c);
	warder__v1__event__free_unpacked(e, NULL);
}

/* What the recorder lost is read whatever is asked for, but for its time. */
static void test_lost(void **state)
{
	Warder__V1__CaptureHeader meta = fixture_meta();
	uint64_t origin = 1000;
	struct capture_writer *w;
	struct capture_frame f;
	struct err err = {""};
	uint8_t frame[1024];
	struct capture *c;
	size_t n;

	(void)state;
	assert_int_equal(capture_create(&w, path, &meta, &err), 0);
	fixture_append(w, 1); /* of container 1000 */
	fixture_append(w, 101);
	n = event_frame(frame, 102, 0, 0, 0, "lost");
	assert_int_equal(capture_lost(w, frame, n, NULL), 0);
	assert_int_equal(capture_lost(w, frame, n - 1, NULL), -EBADMSG);
	fixture_append(w, 103);
	assert_int_equal(capture_close(w, NULL, &err), 0);
	c = opened(path);
	capture_filter(c, &(struct capture_filter){.origins = &origin, .n_origins = 1, .severity = 1});
	assert_int_equal(capture_next(c, &f), 1);
	assert_int_equal(f.mark.seq, 1);
	assert_int_equal(capture_next(c, &f), 1);
	assert_int_equal(f.mark.seq, 102);
	assert_int_equal(f.type, BLOCK_TYPE_LOST);
	assert_int_equal(capture_next(c, &f), 0);
	capture_filter(c, &(struct capture_filter){.from_ns = event_ns(103)});
	assert_int_equal(capture_next(c, &f), 1);
	assert_int_equal(f.mark.seq, 103);
	assert_int_equal(capture_next(c, &f), 0);
	capture_free(c);
}

static void verified(const char *file, struct verify_result *r)
{
	struct err err = {""};
	struct input in;

	assert_int_equal(input_open(&in, file, &err), 0);
	assert_int_equal(capture_verify(&in, NULL, NULL, NULL, r), 0);
	input_close(&in);
}

/* A rotation: each file continues the one before it, and as one they are one stream. */
static void test_rotation(void **state)
{
	Warder__V1__CaptureHeader meta = fixture_meta();
	uint8_t head[BLOCK_HASH], id[BLOCK_ID], bad[BLOCK_HASH] = {1};
	struct capture *files[2], *from;
	struct verify_result one, two;
	struct capture_merge m;
	struct capture_frame f;
	uint64_t n = 0;

	(void)state;
	fixture_write(path, &meta, 1, 1000, 100, head, id);
	meta.previous_id = (ProtobufCBinaryData){BLOCK_ID, id};
	meta.previous_head = (ProtobufCBinaryData){BLOCK_HASH, head};
	fixture_write(other, &meta, 1001, 1000, 100, NULL, NULL);
	verified(path, &one);
	verified(other, &two);
	assert_int_equal(one.faults[0] + one.faults[1] + one.faults[2] + two.faults[0] + two.faults[1] + two.faults[2], 0);
	assert_memory_equal(one.head, head, BLOCK_HASH);
	assert_int_equal(verify_continues(&one, &two), 1);
	assert_int_equal(verify_continues(&two, &one), 0);
	memcpy(one.head, bad, BLOCK_HASH);
	assert_int_equal(verify_continues(&one, &two), -1);
	verify_destroy(&one);
	verify_destroy(&two);
	files[0] = opened(other);
	files[1] = opened(path);
	assert_int_equal(capture_merge_init(&m, files, 2), 0);
	while (capture_merge_next(&m, &f, &from) > 0) {
		assert_int_equal(f.mark.seq, ++n);
		assert_ptr_equal(from, files[n <= 1000]);
		assert_true(n > 1000 || capture_stats(files[0]).read == 1); /* not before its time */
	}
	assert_int_equal(n, 2000);
	capture_merge_destroy(&m);
	capture_free(files[0]);
	capture_free(files[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_round_trip, tidy), cmocka_unit_test(test_mark),
		cmocka_unit_test_teardown(test_order, tidy),      cmocka_unit_test_teardown(test_filter, tidy),
		cmocka_unit_test_teardown(test_long_index, tidy), cmocka_unit_test_teardown(test_part, tidy),
		cmocka_unit_test_teardown(test_full, tidy),       cmocka_unit_test_teardown(test_refused, tidy),
		cmocka_unit_test_teardown(test_snapshot, tidy),   cmocka_unit_test_teardown(test_rotation, tidy),
		cmocka_unit_test_teardown(test_lost, tidy),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
