// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <sys/stat.h>

#include "engine_fixture.h"

static void a_record_is_an_event_and_a_breach_a_finding(void **state)
{
	const Warder__V1__Event *e, *f;

	(void)state;
	take_seal(7, "web");
	assert_int_equal(kept.n, 1);
	open_host_file(7, 2 * SECOND);
	assert_int_equal(kept.n, 4); /* and what it comes to */
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
	identity.refused = (struct refusals){1, 2, 3, 4, 5};
	engine_heartbeat(&engine, 5 * SECOND);
	identity.refused = (struct refusals){0};
	e = only(WARDER__V1__EVENT_TYPE__HEARTBEAT);
	assert_int_equal(e->heartbeat->state_files->invalid, 1);
	assert_int_equal(e->heartbeat->state_files->too_big, 2);
	assert_int_equal(e->heartbeat->state_files->not_a_file, 3);
	assert_int_equal(e->heartbeat->state_files->link, 4);
	assert_int_equal(e->heartbeat->state_files->unreadable, 5);
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

/* A finding that was sent without a name is sent again with it, and is the same finding. */
static void a_finding_gets_the_name_too(void **state)
{
	static const char *const name = "var/lib/docker/containers/" ID "/config.v2.json";
	const Warder__V1__Event *e;
	char uid[37];

	(void)state;
	engine.state.wait_ms = 0;
	take_seal(7, "docker/" ID);
	open_host_file(7, 2 * SECOND);
	e = only(WARDER__V1__EVENT_TYPE__FINDING);
	assert_int_equal(e->actor->workload->resolution, WARDER__V1__RESOLUTION__CGROUP_ONLY);
	snprintf(uid, sizeof(uid), "%s", e->finding->uid);
	forget();
	write_file(name, "{\"ID\":\"" ID "\",\"Config\":{\"Image\":\"nginx:1\"},\"Name\":\"/shop\"}");
	tick(3 * SECOND);
	remove_tree(name);
	e = only(WARDER__V1__EVENT_TYPE__FINDING);
	assert_string_equal(e->finding->uid, uid);
	assert_int_equal(e->finding->activity, WARDER__V1__FINDING__ACTIVITY__UPDATE);
	assert_int_equal(e->finding->count, 1);
	assert_int_equal(e->finding->n_evidence, 1);
	assert_string_equal(e->actor->workload->container->name, "shop");
	assert_int_equal(e->owner->kind, WARDER__V1__OWNER__KIND__OWNER_HOST);
	assert_non_null(only(WARDER__V1__EVENT_TYPE__IDENTITY));
	forget();
	tick(4 * SECOND);
	assert_int_equal(kept.n, 0);
}

/* What a runtime said over its socket, by its own words: more than its files had. */
static void a_runtime_says_more(void **state)
{
	static const char *const name = "var/lib/docker/containers/" ID "/config.v2.json";
	struct workload said = {.pod = "web-7d9f", .pod_ns = "shop", .restarts = 3, .isolation = "gvisor"};
	struct tags tags = {0};
	const struct workload *w;
	const Warder__V1__Event *e;

	(void)state;
	write_file(name, "{\"ID\":\"" ID "\",\"Config\":{\"Image\":\"nginx:1\"},\"Name\":\"/shop\"}");
	take_seal(7, "docker/" ID);
	remove_tree(name);
	labels_add(&tags.labels, "app", "web");
	assert_null(state_answered(&engine.state, 8, &said, &tags));
	w = state_answered(&engine.state, 7, &said, &tags);
	assert_string_equal(w->name, "shop"); /* of which nothing was said */
	assert_string_equal(w->image, "nginx:1");
	assert_int_equal(w->resolution, RESOLVED_KUBERNETES);
	forget();
	open_host_file(7, 5 * SECOND);
	e = only(WARDER__V1__EVENT_TYPE__FINDING);
	assert_string_equal(e->actor->workload->pod->name, "web-7d9f");
	assert_int_equal(e->actor->workload->container->restarts, 3);
	assert_string_equal(e->actor->workload->container->isolation, "gvisor");
	assert_int_equal(e->actor->workload->n_labels, 1);
	assert_string_equal(e->actor->workload->labels[0]->value, "web");
	assert_int_equal(only(WARDER__V1__EVENT_TYPE__FILE_OPEN)->actor->workload->n_labels, 0);
}

/* What a process of a container in the container does. */
static void open_inside(uint64_t cgroup, uint64_t at)
{
	struct wd_file_open *f = build_start(&rec, WD_FILE_OPEN);

	f->foreign = 1;
	build_path(&rec, &f->path, "/etc/shadow", false);
	build_record(&rec)->origin = 7;
	build_record(&rec)->owner_kind = WD_OWNER_HOST;
	build_record(&rec)->boot_ns = at;
	build_record(&rec)->actor.cgroup_id = cgroup;
	take();
	build_record(&rec)->actor.cgroup_id = 0;
}

static void a_finding_names_the_inner_container(void **state)
{
	const Warder__V1__Event *f;

	(void)state;
	take_seal(7, "web");
	*(struct state_inner *)table_put(&engine.state.inners, 70) =
		(struct state_inner){7, true, {.origin_id = 70, .resolution = RESOLVED_CGROUP, .id = "job", .name = "job"}};
	*(struct state_inner *)table_put(&engine.state.inners, 71) =
		(struct state_inner){7, false, {.origin_id = 71, .resolution = RESOLVED_CGROUP, .id = "init"}};
	*(struct state_inner *)table_put(&engine.state.inners, 80) =
		(struct state_inner){8, true, {.origin_id = 80, .resolution = RESOLVED_CGROUP, .id = "other"}};
	open_inside(70, 2 * SECOND);
	f = only(WARDER__V1__EVENT_TYPE__FINDING);
	assert_string_equal(f->actor->workload->container->name, "web");
	assert_int_equal(f->actor->workload->origin_id, 7);
	assert_string_equal(f->actor->inner->container->id, "job");
	assert_int_equal(f->actor->inner->origin_id, 70);
	assert_int_equal(f->actor->inner->resolution, WARDER__V1__RESOLUTION__CGROUP_ONLY);
	assert_null(only(WARDER__V1__EVENT_TYPE__FILE_OPEN)->actor->inner);
	/* the outer's own cgroup, one below it that is no container's, another container's */
	for (unsigned int i = 0; i < 3; i++) {
		static const uint64_t cgroups[] = {7, 71, 80};

		forget();
		open_inside(cgroups[i], (3 + i) * SECOND);
		assert_null(only(WARDER__V1__EVENT_TYPE__FINDING)->actor->inner);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_record_is_an_event_and_a_breach_a_finding),
		TEST(no_owner_is_not_the_host),
		TEST(numbers_have_no_gaps),
		TEST(a_canary_is_not_emitted),
		TEST(every_sink_gets_every_event),
		TEST(a_heartbeat_counts),
		TEST(coverage_is_passed_on),
		TEST(a_name_that_comes_late_follows),
		TEST(a_finding_gets_the_name_too),
		TEST(a_runtime_says_more),
		TEST(a_finding_names_the_inner_container),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
