// SPDX-License-Identifier: Apache-2.0
/* What somebody asks a running sensor to record: whose events come to the capture, from when, until when, and what is refused. */
#include "engine_fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

#include "capture/reader.h"
#include "control.h"
#include "recording.h"

static char captures[128], file[512];
static struct sink *capture;

/* The capture is closed, and removed with its directory: none of the fixture's sinks. */
static void close_capture(void)
{
	if (!capture)
		return;
	engine.n_sinks--;
	sink_close(capture);
	capture = NULL;
}

static void open_capture(void)
{
	const struct sink_stream stream = {.node = engine.stream.node,
					   .boot_id = engine.stream.boot_id,
					   .kernel = engine.stream.kernel,
					   .version = "1",
					   .realtime_0 = engine.stream.realtime_0};
	char spec[160];
	struct err err;

	snprintf(captures, sizeof(captures), "%s/captures", dir);
	snprintf(spec, sizeof(spec), "capture:%s", captures);
	assert_int_equal(sink_open(spec, &capture, &err), 0);
	sink_begin(capture, &stream);
	engine_add_sink(&engine, capture);
	file[0] = '\0';
}

static int teardown_capture(void **state)
{
	close_capture();
	if (*file)
		unlink(file);
	rmdir(captures);
	return teardown(state);
}

static void called(uint64_t origin, const char *id, const char *name, const char *ns, const char *pod)
{
	struct state_container *c;

	take_seal(origin, name);
	c = table_get(&engine.state.containers, origin);
	assert_non_null(c);
	c->named = true; /* no look-up takes it back */
	snprintf(c->workload.id, sizeof(c->workload.id), "%s", id);
	snprintf(c->workload.name, sizeof(c->workload.name), "%s", name);
	snprintf(c->workload.pod_ns, sizeof(c->workload.pod_ns), "%s", ns);
	snprintf(c->workload.pod, sizeof(c->workload.pod), "%s", pod);
}

static void act(uint64_t origin, uint64_t at)
{
	struct wd_process_exec *e = build_start(&rec, WD_PROCESS_EXEC);

	build_path(&rec, &e->file, "/bin/a", false);
	build_record(&rec)->origin = origin;
	build_record(&rec)->boot_ns = at * SECOND;
	take();
}

static const Warder__V1__Recording *ask(const char *words, uint64_t at)
{
	const Warder__V1__Recording *m = recording_begin(&engine, words, at * SECOND);

	assert_non_null(m);
	if (m->n_files)
		snprintf(file, sizeof(file), "%s", m->files[0]);
	return m;
}

static void refused(const char *words, const char *because)
{
	const Warder__V1__Recording *m = ask(words, 3);

	if (!strstr(m->error, because))
		fail_msg("'%s': '%s' does not say '%s'", words, m->error, because);
	assert_int_equal(m->n_containers + m->n_files + m->whole_node, 0);
	assert_null(m->until);
}

/* What a container executed, by the capture: the seconds since boot, a digit each. */
static const char *acts(uint64_t origin)
{
	static char seconds[64];
	struct capture_frame f;
	struct capture *c;
	struct err err = {""};
	size_t n = 0;

	close_capture();
	if (capture_open(&c, file, &err))
		fail_msg("%s", err.msg);
	while (capture_next(c, &f) == 1)
		if (f.mark.type == WARDER__V1__EVENT_TYPE__PROCESS_EXEC && f.mark.origin == origin && n + 1 < sizeof(seconds))
			seconds[n++] = (char)('0' + (f.mark.time_ns - (uint64_t)engine.stream.realtime_0) / SECOND);
	assert_int_equal(capture_stats(c).damaged + capture_stats(c).disorder, 0);
	capture_free(c);
	seconds[n] = '\0';
	return seconds;
}

static void a_container_from_before_until_then(void **state)
{
	const Warder__V1__Recording *m;

	(void)state;
	open_capture();
	called(7, "aaaaaa11", "web", "", "");
	called(8, "bbbbbb22", "db", "", "");
	act(7, 1);
	act(8, 1);
	act(7, 2);
	m = ask("3 container web", 3);
	assert_string_equal(m->error, "");
	assert_int_equal(m->n_containers, 1);
	assert_int_equal(m->containers[0]->origin_id, 7);
	assert_int_equal(m->n_files, 1);
	assert_int_equal(m->until->seconds, 1700000000 + 6);
	assert_false(m->whole_node);
	act(7, 4);
	act(8, 4);
	tick(5 * SECOND);
	act(7, 5);
	act(7, 6); /* then it is over */
	tick(7 * SECOND);
	act(7, 7);
	assert_int_equal(engine.recordings[0].of + engine.recordings[ENGINE_RECORDINGS - 1].of, RECORDING_NONE);
	assert_string_equal(acts(7), "1245");
	assert_string_equal(acts(8), "");
}

static void a_pod_with_those_that_join(void **state)
{
	const Warder__V1__Recording *m;

	(void)state;
	open_capture();
	called(7, "aaaaaa11", "app", "shop", "web-1");
	called(8, "bbbbbb22", "side", "shop", "web-1");
	called(9, "cccccc33", "app", "shop", "web-2");
	act(7, 1);
	act(8, 1);
	act(9, 1);
	m = ask("5 pod shop/web-1", 2);
	assert_string_equal(m->error, "");
	assert_int_equal(m->n_containers, 2);
	called(10, "dddddd44", "late", "shop", "web-1");
	act(10, 3);
	tick(4 * SECOND);
	act(10, 4);
	called(11, "eeeeee55", "short", "shop", "web-1"); /* has ended before the next tick */
	act(11, 4);
	take_end(11);
	act(9, 5);
	tick(5 * SECOND);
	act(8, 6);
	act(10, 7);
	assert_string_equal(acts(7), "1");
	assert_string_equal(acts(8), "16");
	assert_string_equal(acts(9), "");
	assert_string_equal(acts(10), "34");
	assert_string_equal(acts(11), "4");
}

static void the_node_with_the_host(void **state)
{
	(void)state;
	open_capture();
	called(7, "aaaaaa11", "web", "", "");
	act(7, 1);
	act(0, 2);
	assert_true(ask("2 node", 3)->whole_node);
	act(0, 4);
	called(8, "bbbbbb22", "db", "", "");
	act(8, 4);
	tick(5 * SECOND);
	act(0, 5);
	act(7, 6);
	assert_string_equal(acts(0), "24");
	assert_string_equal(acts(7), "1");
	assert_string_equal(acts(8), "4");
}

/* More than is taken at once goes out at the flushes, and at the end. */
static void the_node_by_and_by(void **state)
{
	unsigned int n = 0;

	(void)state;
	open_capture();
	for (unsigned int c = 0; c < 12; c++)
		for (unsigned int i = 0; i < 3000; i++) {
			act(100 + c, 1);
			forget();
		}
	ask("9 node", 2);
	assert_int_equal(sink_flush(capture), 0);
	for (unsigned int c = 0; c < 12; c++)
		n += *acts(100 + c) == '1';
	assert_int_equal(n, 12);
}

static void what_is_refused(void **state)
{
	char words[400], name[8];

	(void)state;
	called(7, "aaaaaa11bbbb", "web", "shop", "web-1");
	called(8, "aaaaaa22bbbb", "web", "shop", "web-2");
	called(9, "cccccc33bbbb", "gone", "", "");
	take_end(9);
	refused("5 container aaaaaa11", "writes no captures");
	refused("5 node", "writes no captures");
	open_capture();
	refused("", "from 1 to 86400 seconds");
	refused("0 node", "from 1 to 86400 seconds");
	refused("86401 node", "from 1 to 86400 seconds");
	refused("-1 node", "from 1 to 86400 seconds");
	refused("5node", "from 1 to 86400 seconds");
	refused("5 all", "can be recorded");
	refused("5 nodes", "no name");
	refused("5 container ", "no container '' runs here");
	refused("5 container nobody", "no container 'nobody' runs here");
	refused("5 container gone", "no container 'gone' runs here");
	refused("5 container web", "'web' are 2 containers");
	refused("5 container aaaaaa", "'aaaaaa' are 2 containers");
	refused("5 container aaa", "no container 'aaa' runs here");
	refused("5 container shop/web-3/web", "no container");
	refused("5 pod web-1", "no container of a pod 'web-1'");
	refused("5 pod shop/", "no container of a pod");
	refused("5 pod /", "no container of a pod");
	memset(words, 'x', sizeof(words));
	memcpy(words, "5 pod ", 6);
	words[sizeof(words) - 1] = '\0';
	refused(words, "no container of a pod");
	assert_int_equal(ask("5 container shop/web-2/web", 3)->containers[0]->origin_id, 8);
	assert_int_equal(ask("5 container aaaaaa11", 3)->containers[0]->origin_id, 7);
	for (unsigned int i = 0; i < ENGINE_RECORDINGS; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		called(100 + i, name, name, "", "");
		snprintf(words, sizeof(words), "50 container %s", name);
		if (i < ENGINE_RECORDINGS - 2)
			assert_string_equal(ask(words, 3)->error, "");
		else
			refused(words, "16 recordings go on already");
	}
	assert_int_equal(ask("20 container shop/web-2/web", 4)->until->seconds, 1700000000 + 24); /* takes no room of its own */
	assert_int_equal(ask("1 container shop/web-2/web", 5)->until->seconds, 1700000000 + 24);
	take_end(100);
	assert_string_equal(ask(words, 6)->error, ""); /* one has ended */
}

/* Over the socket. */

static char path[64];

struct client {
	const char *words;
	Warder__V1__Recording *answer;
	int rc;
};

static void *client(void *ctx)
{
	struct client *c = ctx;
	struct err err;

	c->rc = control_ask_recording(path, c->words, &c->answer, &err);
	return NULL;
}

static void talk(struct control *control, struct client *c)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, client, c), 0);
	for (int turn = 0; pthread_tryjoin_np(thread, NULL) && turn < 5000; turn++) {
		control_turn(control, &engine, 3 * SECOND);
		nanosleep(&pause, NULL);
	}
}

static void over_the_socket(void **state)
{
	struct client good = {.words = "5 container a b\xff"}, bad = {.words = "5 container c"},
		      line = {.words = "5 node\nstatus"};
	struct control *control;
	struct err err;
	uint64_t seq;

	(void)state;
	open_capture();
	called(7, "aaaaaa11", "a b\xff", "", "");
	snprintf(path, sizeof(path), "%s/socket", dir);
	assert_int_equal(control_open(path, &control, &err), 0);
	seq = engine.stream.seq;
	talk(control, &good);
	assert_int_equal(good.rc, 0);
	assert_string_equal(good.answer->error, "");
	assert_string_equal(good.answer->containers[0]->container->name, "a b\\xff");
	snprintf(file, sizeof(file), "%s", good.answer->files[0]);
	talk(control, &bad);
	assert_int_equal(bad.rc, 0);
	assert_non_null(strstr(bad.answer->error, "no container 'c'"));
	talk(control, &line);
	assert_int_equal(line.rc, -EINVAL);
	assert_null(line.answer);
	assert_int_equal(engine.stream.seq, seq);
	warder__v1__recording__free_unpacked(good.answer, NULL);
	warder__v1__recording__free_unpacked(bad.answer, NULL);
	control_close(control);
}

#define RECORDING_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown_capture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDING_TEST(a_container_from_before_until_then),
		RECORDING_TEST(a_pod_with_those_that_join),
		RECORDING_TEST(the_node_with_the_host),
		RECORDING_TEST(the_node_by_and_by),
		RECORDING_TEST(what_is_refused),
		RECORDING_TEST(over_the_socket),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
