// SPDX-License-Identifier: Apache-2.0
/* What runs here, as it goes into the stream by and by, and as the sensor answers to another command. */
#include "engine_fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "control.h"
#include "inventory.h"

static void execute(uint64_t origin, const char *path)
{
	struct wd_process_exec *e = build_start(&rec, WD_PROCESS_EXEC);

	build_path(&rec, &e->file, path, false);
	build_record(&rec)->origin = origin;
	build_record(&rec)->boot_ns = 2 * SECOND;
	take();
}

static void seal_many(unsigned int n)
{
	char name[16];

	for (unsigned int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		take_seal(100 + i, name);
	}
}

static unsigned int listed(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < kept.n; i++)
		n += kept.events[i]->type == WARDER__V1__EVENT_TYPE__INVENTORY;
	return n;
}

static void all_are_told_some_a_tick(void **state)
{
	(void)state;
	seal_many(40);
	take_end(105);
	forget();
	tick(3 * SECOND);
	assert_int_equal(listed(), 0);
	inventory_report(&engine);
	tick(4 * SECOND);
	assert_int_equal(listed(), 32);
	tick(5 * SECOND);
	assert_int_equal(listed(), 39); /* one has ended */
	tick(6 * SECOND);
	assert_int_equal(listed(), 39);
}

static void programs_are_counted(void **state)
{
	const Warder__V1__Inventory *m;
	uint32_t slot = 0;

	(void)state;
	take_seal(7, "web");
	take_seal(8, "db");
	execute(7, "/bin/a");
	execute(7, "/bin/a");
	execute(7, "/");
	execute(8, "/bin/b");
	m = inventory_next(&engine, &slot)->inventory;
	assert_int_equal(m->workload->origin_id, 7);
	assert_int_equal(m->n_executables, 2);
	assert_string_equal(m->executables[0]->path->utf8, "/bin/a");
	assert_int_equal(m->executables[0]->times, 2);
	assert_int_equal(m->executables[0]->from, WARDER__V1__INVENTORY__FROM__FROM_UNSPECIFIED);
	assert_int_equal(m->executables[1]->from, WARDER__V1__INVENTORY__FROM__FROM_MEMORY);
	assert_int_equal(m->more, 0);
	for (unsigned int i = 0; i < 70; i++) {
		char path[16];

		snprintf(path, sizeof(path), "/p%u", i);
		execute(7, path);
	}
	slot = 0;
	m = inventory_next(&engine, &slot)->inventory;
	assert_int_equal(m->n_executables, 64);
	assert_int_equal(m->more, 8);
	assert_int_equal(inventory_next(&engine, &slot)->inventory->workload->origin_id, 8);
	assert_null(inventory_next(&engine, &slot));
	assert_int_equal(slot, UINT32_MAX);
}

/* A client on the other side of the socket. */

static char path[] = "/tmp/warder-test-control-XXXXXX/socket";

struct client {
	const char *asks;
	unsigned int events;
	uint64_t origins;
	int rc;
	bool numbered;
};

static void answered(void *ctx, const Warder__V1__Event *e)
{
	struct client *c = ctx;

	c->events++;
	c->numbered |= e->seq || *e->uid;
	if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_INVENTORY)
		c->origins += e->inventory->workload->origin_id;
}

static void *ask(void *ctx)
{
	struct client *c = ctx;
	struct err err;

	c->rc = control_ask(path, c->asks, answered, c, &err);
	return NULL;
}

static void answer_until_done(struct control *c, struct client *client)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, ask, client), 0);
	for (int turn = 0; pthread_tryjoin_np(thread, NULL) && turn < 5000; turn++) {
		control_turn(c, &engine, SECOND);
		nanosleep(&pause, NULL);
	}
}

static void a_command_is_answered(void **state)
{
	struct client good = {.asks = "inventory"}, bad = {.asks = "passwords"},
		      long_one = {.asks = "a request that has no end in time"};
	struct control *c;
	struct err err;
	uint64_t seq;

	(void)state;
	*strrchr(path, '/') = '\0';
	assert_non_null(mkdtemp(path));
	path[strlen(path)] = '/';
	seal_many(50);
	seq = engine.stream.seq;
	assert_int_equal(control_open(path, &c, &err), 0);
	answer_until_done(c, &good);
	assert_int_equal(good.rc, 0);
	assert_int_equal(good.events, 50);
	assert_int_equal(good.origins, 50 * 100 + 49 * 50 / 2);
	assert_false(good.numbered);
	assert_int_equal(engine.stream.seq, seq); /* the stream has no gap */
	answer_until_done(c, &bad);
	assert_int_equal(bad.events, 0);
	answer_until_done(c, &long_one);
	assert_int_equal(long_one.events, 0);
	control_close(c);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(control_ask(path, "inventory", answered, &good, &err), -ENOENT);
	*strrchr(path, '/') = '\0';
	rmdir(path);
}

/* One that connects and says nothing, and one that asks and reads nothing, do not keep others out for ever. */
static void silent_clients_are_left(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct client good = {.asks = "inventory"};
	struct control *c;
	struct err err;
	char byte;
	int fd;

	(void)state;
	snprintf(a.sun_path, sizeof(a.sun_path), "/tmp/warder-test-silent-%d", getpid());
	snprintf(path, sizeof(path), "%s", a.sun_path);
	assert_int_equal(control_open(path, &c, &err), 0);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	control_turn(c, &engine, SECOND);
	control_turn(c, &engine, 5 * SECOND);
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1); /* still there */
	control_turn(c, &engine, 12 * SECOND);
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	close(fd);
	take_seal(7, "web");
	answer_until_done(c, &good);
	assert_int_equal(good.events, 1);
	control_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_are_told_some_a_tick),
		TEST(programs_are_counted),
		TEST(a_command_is_answered),
		TEST(silent_clients_are_left),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
