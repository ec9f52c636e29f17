// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../golden/build.h"
#include "state.h"

static struct build rec;
static struct view view;
static char dir[] = "/tmp/warder-test-state-XXXXXX";
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
	static struct state s;

	*state = &s;
	return state_init(&s, &identity);
}

static int teardown(void **state)
{
	state_destroy(*state);
	return 0;
}

static const struct view *take(struct state *s)
{
	assert_int_equal(schema_check(rec.bytes, rec.len), 0);
	memset(&view, 0xff, sizeof(view));
	state_take(s, build_record(&rec), &view);
	return &view;
}

static void seal(struct state *s, uint64_t id, const char *name)
{
	build_seal(&rec, id, name, 1000);
	take(s);
}

static void end(struct state *s, uint64_t id)
{
	*(uint64_t *)build_start(&rec, WD_CONTAINER_END) = id;
	take(s);
}

static void as_process(uint64_t origin, uint32_t pid, uint64_t start_ns, uint32_t ppid, const char *comm)
{
	struct wd_record *r = build_record(&rec);

	r->origin = origin;
	r->actor.pid = r->actor.tid = pid;
	r->actor.start_ns = start_ns;
	r->actor.ppid = ppid;
	strncpy(r->actor.comm, comm, sizeof(r->actor.comm));
}

static void exec_args(struct state *s, uint32_t pid, uint64_t start_ns, const char *file, const char *args, size_t n, bool cut)
{
	struct wd_process_exec *e = build_start(&rec, WD_PROCESS_EXEC);

	as_process(7, pid, start_ns, 1, "comm");
	build_text(&rec, &e->args, args, n, cut);
	build_path(&rec, &e->file, file, false);
	take(s);
}

static void fork_of(struct state *s, uint32_t pid, uint64_t start_ns, uint32_t child, uint64_t child_start_ns)
{
	struct wd_process_fork *f = build_start(&rec, WD_PROCESS_FORK);

	as_process(7, pid, start_ns, 1, "parent");
	f->child_pid = f->child_tid = child;
	f->child_start_ns = child_start_ns;
	take(s);
}

static void a_container_is_known_from_its_seal(void **state)
{
	struct state *s = *state;
	const struct workload *w;

	assert_null(state_workload(s, 7));
	seal(s, 7, "web");
	assert_int_equal(s->alive, 1);
	w = state_workload(s, 7);
	assert_non_null(w);
	assert_ptr_equal(view.actor, w); /* its own seal names it already */
	assert_int_equal(w->origin_id, 7);
	assert_int_equal(w->resolution, RESOLVED_CGROUP);
	assert_string_equal(w->cgroup_path, "/web");
	assert_string_equal(w->name, "web");
	assert_null(state_workload(s, 8));
	assert_null(state_workload(s, 0)); /* the host is no container, even if a record said so */
	seal(s, 0, "evil");
	assert_null(state_workload(s, 0));
}

static void an_ended_container_still_has_its_name(void **state)
{
	struct state *s = *state;

	seal(s, 7, "web");
	seal(s, 8, "db");
	assert_int_equal(s->alive, 2);
	end(s, 7);
	assert_int_equal(s->alive, 1);
	assert_string_equal(state_workload(s, 7)->name, "web");
	end(s, 7); /* twice is once */
	end(s, 99);
	assert_int_equal(s->alive, 1);
	end(s, 8);
	assert_int_equal(s->alive, 0);
}

static void a_container_is_alive_once(void **state)
{
	struct state *s = *state;

	seal(s, 7, "web");
	seal(s, 7, "web"); /* a walk over the tasks may tell it again */
	assert_int_equal(s->alive, 1);
	end(s, 7);
	assert_int_equal(s->alive, 0);
}

static void a_number_that_is_given_out_again_is_another_container(void **state)
{
	struct state *s = *state;

	seal(s, 7, "web");
	end(s, 7);
	seal(s, 7, "db");
	assert_string_equal(state_workload(s, 7)->name, "db");
	assert_string_equal(state_workload(s, 7)->cgroup_path, "/db");
	assert_int_equal(s->alive, 1);
	end(s, 7);
	assert_int_equal(s->alive, 0);
}

static void the_view_has_actor_owner_and_body(void **state)
{
	struct state *s = *state;
	const struct view *v;

	seal(s, 7, "web");
	seal(s, 8, "db");
	build_start(&rec, WD_FILE_OPEN);
	build_record(&rec)->origin = 7;
	build_record(&rec)->owner = 8;
	build_record(&rec)->owner_kind = WD_OWNER_CONTAINER;
	v = take(s);
	assert_ptr_equal(v->rec, build_record(&rec));
	assert_ptr_equal(v->body, build_body(&rec));
	assert_string_equal(v->actor->name, "web");
	assert_string_equal(v->owner->name, "db");
	assert_null(v->process);
	/* The number means nothing where the owner is no container. */
	build_record(&rec)->owner_kind = WD_OWNER_HOST;
	assert_null(take(s)->owner);
	build_record(&rec)->owner_kind = WD_OWNER_UNKNOWN;
	assert_null(take(s)->owner);
	build_record(&rec)->owner_kind = WD_OWNER_CONTAINER;
	build_record(&rec)->owner = 99;
	build_record(&rec)->origin = 0;
	v = take(s);
	assert_null(v->owner);
	assert_null(v->actor);
}

static void a_process_is_what_it_executed(void **state)
{
	struct state *s = *state;
	const struct process *p;

	exec_args(s, 40, 100, "/usr/bin/sleep",
		  "sleep\0"
		  "60\0",
		  9, false);
	p = state_process(s, 40, 100);
	assert_non_null(p);
	assert_ptr_equal(view.process, p);
	assert_string_equal(p->exe, "/usr/bin/sleep");
	assert_int_equal(p->args_len, 9);
	assert_memory_equal(p->args,
			    "sleep\0"
			    "60\0",
			    9);
	assert_false(p->args_cut);
	assert_int_equal(p->origin, 7);
	assert_int_equal(p->ppid, 1);
	assert_memory_equal(p->comm, "comm", 5);
	/* Another start is another process. */
	assert_null(state_process(s, 40, 101));
	assert_non_null(state_process(s, 40, 0)); /* not asked for */
	exec_args(s, 40, 100, "/bin/sh", "sh\0", 3, false);
	p = state_process(s, 40, 100);
	assert_string_equal(p->exe, "/bin/sh");
	assert_int_equal(p->args_len, 3);
	exec_args(s, 40, 200, "/bin/true", "", 0, false);
	assert_null(state_process(s, 40, 100));
	p = state_process(s, 40, 200);
	assert_string_equal(p->exe, "/bin/true");
	assert_int_equal(p->args_len, 0);
}

static void what_a_container_ran_is_forgotten_after_its_end(void **state)
{
	const uint64_t second = 1000000000ull;
	struct state *s = *state;

	seal(s, 7, "web");
	exec_args(s, 40, 100, "/bin/sh", "sh\0", 3, false);
	build_record(&rec)->origin = 8;
	build_record(&rec)->actor.pid = 41;
	take(s);
	assert_int_equal(s->executables.used, 2);
	state_forget(s, 100 * second); /* it lives */
	end(s, 7);
	state_forget(s, build_record(&rec)->boot_ns + 9 * second);
	assert_non_null(state_process(s, 40, 100));
	state_forget(s, build_record(&rec)->boot_ns + 11 * second);
	assert_null(state_process(s, 40, 100));
	assert_non_null(state_process(s, 41, 100));
	assert_string_equal(state_workload(s, 7)->name, "web");
	/* its room is given out again */
	exec_args(s, 42, 100, "/bin/sh", "sh\0", 3, false);
	assert_int_equal(s->executables.used, 2);
	assert_int_equal(s->processes.used, 2);
}

static void arguments_are_bounded_and_say_so(void **state)
{
	static char args[1024];
	struct state *s = *state;
	const struct process *p;

	memset(args, 'x', sizeof(args));
	exec_args(s, 40, 100, "/x", args, 512, false);
	p = state_process(s, 40, 100);
	assert_int_equal(p->args_len, 512);
	assert_false(p->args_cut);
	exec_args(s, 40, 100, "/x", args, 513, false);
	p = state_process(s, 40, 100);
	assert_int_equal(p->args_len, 512);
	assert_true(p->args_cut);
	exec_args(s, 40, 100, "/x", args, 10, true); /* cut by the kernel */
	p = state_process(s, 40, 100);
	assert_int_equal(p->args_len, 10);
	assert_true(p->args_cut);
}

static void an_executables_path_keeps_its_end(void **state)
{
	static char path[4096];
	struct state *s = *state;
	const struct process *p;

	for (size_t i = 0; i < 4000; i++)
		path[i] = i % 10 ? 'd' : '/';
	memcpy(path + 4000, "/end", 5);
	exec_args(s, 40, 100, path, "", 0, false);
	p = state_process(s, 40, 100);
	assert_memory_equal(p->exe, "...", 3);
	assert_string_equal(p->exe + strlen(p->exe) - 4, "/end");
}

static void a_child_runs_what_its_parent_runs(void **state)
{
	struct state *s = *state;
	const struct process *p;

	exec_args(s, 40, 100, "/bin/sh", "sh\0-c\0", 6, false);
	fork_of(s, 40, 100, 41, 200);
	p = state_process(s, 41, 200);
	assert_non_null(p);
	assert_string_equal(p->exe, "/bin/sh");
	assert_int_equal(p->args_len, 6);
	assert_int_equal(p->pid, 41);
	assert_int_equal(p->ppid, 40);
	assert_int_equal(p->origin, 7);
	assert_string_equal(p->comm, "parent");
	assert_string_equal(state_process(s, 40, 100)->exe, "/bin/sh");
	exec_args(s, 41, 200, "/bin/ls", "ls\0", 3, false);
	assert_string_equal(state_process(s, 41, 200)->exe, "/bin/ls");
	assert_string_equal(state_process(s, 40, 100)->exe, "/bin/sh");
}

static void a_child_of_an_unknown_parent_runs_nothing_known(void **state)
{
	struct state *s = *state;

	exec_args(s, 41, 50, "/bin/old", "old\0", 4, false); /* the number's last bearer */
	exec_args(s, 40, 90, "/bin/other", "o\0", 2, false); /* and the parent's */
	fork_of(s, 40, 100, 41, 200);
	assert_null(state_process(s, 41, 50));
	assert_string_equal(state_process(s, 41, 200)->exe, "");
	assert_int_equal(state_process(s, 41, 200)->args_len, 0);
}

static void the_tables_are_bounded(void **state)
{
	struct state *s = *state;

	for (uint32_t i = 1; i <= 2048 + 10; i++)
		seal(s, i, "c");
	assert_int_equal(s->forgotten, 10);
	seal(s, 2000, "c"); /* anew, in its own place */
	assert_int_equal(s->forgotten, 10);
	assert_null(state_workload(s, 10));
	assert_non_null(state_workload(s, 11));
	for (uint32_t i = 1; i <= 8192 + 5; i++)
		exec_args(s, i, 1, "/x", "", 0, false);
	assert_int_equal(s->processes.evicted, 5);
	assert_null(state_process(s, 5, 1));
	assert_non_null(state_process(s, 6, 1));
}

static void count_name(void *ctx, const struct workload *w)
{
	(void)w;
	++*(unsigned int *)ctx;
}

static void names_that_no_runtime_tells_are_given_up(void **state)
{
	struct state *s = *state;
	unsigned int told = 0;

	seal(s, 7, "web");
	for (int i = 0; i < 100; i++)
		state_rename(s, count_name, &told);
	assert_int_equal(told, 0);
	assert_string_equal(state_workload(s, 7)->name, "web");
	seal(s, 8, "db");
	end(s, 8);
	state_rename(s, count_name, &told);
	assert_int_equal(told, 0);
}

#define SLOW_FILES 24

static const char *state_path(unsigned int i, const char *file)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/run/runc/n%u%s", dir, i, file);
	return path;
}

/* Valid, no state, and long to parse. */
static void make_slow_file(unsigned int i)
{
	FILE *f;

	mkdir(state_path(i, ""), 0700);
	f = fopen(state_path(i, "/state.json"), "w");
	assert_non_null(f);
	fputs("[{}", f);
	for (int n = 0; n < 80000; n++)
		fputs(",{}", f);
	fputs("]", f);
	fclose(f);
}

static void slow_files_hold_nothing_up(void **state)
{
	struct state *s = *state;
	unsigned int told = 0;
	char run[64], roots[80];

	snprintf(run, sizeof(run), "%s/run", dir);
	mkdir(run, 0700);
	snprintf(roots, sizeof(roots), "%s/runc", run);
	mkdir(roots, 0700);
	for (unsigned int i = 0; i < SLOW_FILES; i++)
		make_slow_file(i);
	for (uint32_t id = 1; id <= 3; id++)
		seal(s, id, "c");
	identity.refused.invalid = 0;
	state_rename(s, count_name, &told);
	assert_in_range(identity.refused.invalid, SLOW_FILES, 2 * SLOW_FILES); /* of three containers that are due */
	state_rename(s, count_name, &told);
	state_rename(s, count_name, &told);
	for (uint32_t id = 1; id <= 3; id++)
		assert_in_range(((struct state_container *)table_get(&s->containers, id))->tries, 2, 3);
	for (unsigned int i = 0; i < SLOW_FILES; i++) {
		remove(state_path(i, "/state.json"));
		remove(state_path(i, ""));
	}
	remove(roots);
	remove(run);
}

/* An exec by process `pid`, child of `ppid`, in a cgroup and namespaces. */
static bool inner_exec(struct state *s, uint32_t pid, uint32_t ppid, uint64_t cgroup, uint32_t mnt_ns, uint32_t pid_ns)
{
	struct wd_record *r;

	build_start(&rec, WD_PROCESS_EXEC);
	as_process(7, pid, pid, ppid, "comm");
	r = build_record(&rec);
	r->actor.cgroup_id = cgroup;
	r->actor.mnt_ns = mnt_ns;
	r->actor.pid_ns = pid_ns;
	take(s);
	return state_inner(s, r) != NULL;
}

/* A cgroup below the container's, with a name of somebody's choice, as if it had been looked up. */
static void make_below(struct state *s, uint64_t cgroup)
{
	*(struct state_inner *)table_put(&s->inners, cgroup) =
		(struct state_inner){7, false, {.origin_id = cgroup, .resolution = RESOLVED_CGROUP, .id = "job"}};
}

#define MNT   100
#define PID   200
#define INNER 1 /* more than that: in a namespace of its own */

static void an_inner_container_is_born_apart(void **state)
{
	struct state *s = *state;

	build_seal(&rec, 7, "web", 1000);
	build_record(&rec)->actor.mnt_ns = MNT;
	build_record(&rec)->actor.pid_ns = PID;
	take(s);
	for (uint64_t cgroup = 70; cgroup < 76; cgroup++)
		make_below(s, cgroup);
	assert_false(inner_exec(s, 1, 0, 7, MNT, PID));
	assert_false(inner_exec(s, 2, 1, 70, MNT, PID));                 /* an engine's own cgroup, beside its containers' */
	assert_false(inner_exec(s, 3, 2, 70, MNT + INNER, PID + INNER)); /* who leaves its namespaces there is no container */
	assert_false(inner_exec(s, 4, 2, 71, MNT, PID));                 /* a runtime's, before it goes in */
	assert_true(inner_exec(s, 5, 2, 71, MNT + INNER, PID + INNER));
	assert_true(inner_exec(s, 6, 5, 71, MNT, PID)); /* and stays one, whoever leaves it */
	assert_false(inner_exec(s, 7, 2, 72, MNT + INNER, PID));
	assert_false(inner_exec(s, 8, 2, 73, MNT, PID + INNER));
	assert_false(inner_exec(s, 9, 2, 74, MNT + INNER, 0xeffffffc));    /* the host's */
	assert_false(inner_exec(s, 10, 99, 75, MNT + INNER, PID + INNER)); /* made by nobody knows whom */
	assert_false(inner_exec(s, 11, 2, 7, MNT + INNER, PID + INNER));
}

static void without_an_identity_names_are_not_looked_up(void **state)
{
	struct state s;
	unsigned int told = 0;

	(void)state;
	assert_int_equal(state_init(&s, NULL), 0);
	seal(&s, 7, "web");
	state_rename(&s, count_name, &told);
	assert_int_equal(told, 0);
	assert_string_equal(state_workload(&s, 7)->cgroup_path, "/web");
	assert_string_equal(state_workload(&s, 7)->name, "");
	state_destroy(&s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_container_is_known_from_its_seal),
		TEST(an_ended_container_still_has_its_name),
		TEST(a_container_is_alive_once),
		TEST(a_number_that_is_given_out_again_is_another_container),
		TEST(the_view_has_actor_owner_and_body),
		TEST(a_process_is_what_it_executed),
		TEST(what_a_container_ran_is_forgotten_after_its_end),
		TEST(arguments_are_bounded_and_say_so),
		TEST(an_executables_path_keeps_its_end),
		TEST(a_child_runs_what_its_parent_runs),
		TEST(a_child_of_an_unknown_parent_runs_nothing_known),
		TEST(the_tables_are_bounded),
		TEST(names_that_no_runtime_tells_are_given_up),
		TEST(an_inner_container_is_born_apart),
		TEST(slow_files_hold_nothing_up),
		cmocka_unit_test(without_an_identity_names_are_not_looked_up),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
