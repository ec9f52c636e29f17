// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <ctype.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "detect.h"
#include "technique.h"

#define SEEN     WARDER__V1__COVERAGE__STATE__SEEN
#define DEGRADED WARDER__V1__COVERAGE__STATE__DEGRADED
#define UNSEEN   WARDER__V1__COVERAGE__STATE__UNSEEN

static struct arena arena;
static struct attach attach;

static int setup(void **state)
{
	(void)state;
	attach = (struct attach){0};
	return arena_init(&arena, 1 << 18);
}

static int teardown(void **state)
{
	(void)state;
	arena_destroy(&arena);
	return 0;
}

static void all_at(enum tier t)
{
	for (unsigned int i = 0; i < hooks_n; i++)
		attach.tiers[i] = t;
}

static int hook_named(const char *name, size_t len)
{
	for (unsigned int i = 0; i < hooks_n; i++)
		if (strlen(hooks[i].name) == len && !memcmp(hooks[i].name, name, len))
			return (int)i;
	return -1;
}

static void at(const char *hook, enum tier t)
{
	int i = hook_named(hook, strlen(hook));

	assert_true(i >= 0);
	attach.tiers[i] = t;
}

static const Warder__V1__Coverage *map(void)
{
	const Warder__V1__Coverage *c;

	arena_reset(&arena);
	c = coverage_make(&arena, &attach);
	assert_non_null(c);
	assert_int_equal(c->n_hooks, hooks_n);
	assert_int_equal(c->n_techniques, techniques_n);
	return c;
}

static const Warder__V1__Coverage__Technique *technique(const Warder__V1__Coverage *c, const char *id)
{
	for (size_t i = 0; i < c->n_techniques; i++)
		if (!strcmp(c->techniques[i]->id, id))
			return c->techniques[i];
	fail_msg("no %s in the map", id);
	return NULL;
}

/* Each state says what is not seen, and only when something is not. */
static void states_explain_themselves(const Warder__V1__Coverage *c)
{
	for (size_t i = 0; i < c->n_hooks; i++) {
		const Warder__V1__Coverage__Hook *h = c->hooks[i];

		assert_in_range(h->state, SEEN, UNSEEN);
		assert_int_equal(!*h->unseen, h->state == SEEN);
		assert_string_equal(h->hook, hooks[i].name);
		assert_string_equal(h->tier, tier_names[attach.tiers[i]]);
	}
	for (size_t i = 0; i < c->n_techniques; i++) {
		const Warder__V1__Coverage__Technique *t = c->techniques[i];

		assert_in_range(t->state, SEEN, UNSEEN);
		assert_int_equal(!*t->unseen, t->state == SEEN);
		assert_string_equal(t->id, techniques[i].id);
		if (!techniques[i].hooks) {
			assert_int_equal(t->state, UNSEEN);
			assert_string_equal(t->unseen, "no detector yet");
			assert_string_equal(t->hooks, "");
		} else {
			assert_string_equal(t->hooks, techniques[i].hooks);
		}
	}
}

static void with_every_hook_all_that_has_a_detector_is_seen(void **state)
{
	static const enum tier full[] = {TIER_LSM, TIER_FENTRY, TIER_KPROBE};

	(void)state;
	for (size_t k = 0; k < sizeof(full) / sizeof(full[0]); k++) {
		const Warder__V1__Coverage *c;

		all_at(full[k]);
		c = map();
		states_explain_themselves(c);
		for (size_t i = 0; i < c->n_hooks; i++)
			assert_int_equal(c->hooks[i]->state, SEEN);
		for (size_t i = 0; i < c->n_techniques; i++)
			assert_int_equal(c->techniques[i]->state, techniques[i].hooks ? SEEN : UNSEEN);
	}
}

static void without_a_hook_nothing_is_seen(void **state)
{
	const Warder__V1__Coverage *c;

	(void)state;
	all_at(TIER_NONE);
	c = map();
	states_explain_themselves(c);
	for (size_t i = 0; i < c->n_hooks; i++) {
		assert_int_equal(c->hooks[i]->state, UNSEEN);
		assert_string_equal(c->hooks[i]->unseen, hooks[i].unseen);
	}
	for (size_t i = 0; i < c->n_techniques; i++)
		assert_int_equal(c->techniques[i]->state, UNSEEN);
}

static void the_exits_of_calls_see_less(void **state)
{
	const Warder__V1__Coverage *c;

	(void)state;
	all_at(TIER_SYSEXIT);
	c = map();
	states_explain_themselves(c);
	for (size_t i = 0; i < c->n_hooks; i++) {
		assert_int_equal(c->hooks[i]->state, hooks[i].degraded ? DEGRADED : SEEN);
		assert_string_equal(c->hooks[i]->unseen, hooks[i].degraded ? hooks[i].degraded : "");
	}
	assert_int_equal(technique(c, "M33")->state, DEGRADED);
	assert_non_null(strstr(technique(c, "M33")->unseen, "io_uring"));
}

/* As well as the best of its hooks: each alone tells it. */
static void a_technique_is_seen_as_its_best_hook_sees_it(void **state)
{
	const struct technique *k03 = technique_find("K03"); /* namespace_change file_open sweep */
	const Warder__V1__Coverage__Technique *t;

	(void)state;
	assert_non_null(strchr(k03->hooks, ' '));
	all_at(TIER_NONE);
	at("file_open", TIER_SYSEXIT);
	t = technique(map(), "K03");
	assert_int_equal(t->state, DEGRADED);
	assert_string_equal(t->unseen, hooks[hook_named("file_open", 9)].degraded);
	at("sweep", TIER_ITER); /* the last */
	t = technique(map(), "K03");
	assert_int_equal(t->state, SEEN);
	assert_string_equal(t->unseen, "");
	at("sweep", TIER_NONE);
	at("namespace_change", TIER_FENTRY); /* the first */
	assert_int_equal(technique(map(), "K03")->state, SEEN);
	at("namespace_change", TIER_NONE);
	at("file_open", TIER_NONE);
	at("unix_connect", TIER_LSM); /* none of them */
	t = technique(map(), "K03");
	assert_int_equal(t->state, UNSEEN);
	assert_string_equal(t->unseen, "none of its hooks is attached");
	assert_int_equal(technique(map(), "M41")->state, SEEN);
	states_explain_themselves(map());
}

static void a_full_arena_gives_no_half_map(void **state)
{
	size_t used;

	(void)state;
	map();
	used = arena.used;
	for (size_t size = 0; size < used; size += 40) {
		struct arena small = {malloc(size + 1), size, 0};

		assert_null(coverage_make(&small, &attach));
		arena_destroy(&small);
	}
}

static void every_techniques_hooks_exist(void **state)
{
	(void)state;
	for (size_t i = 0; i < techniques_n; i++) {
		const char *p = techniques[i].hooks;

		if (!p)
			continue;
		assert_true(*p && *p != ' '); /* NULL where there is none */
		while (*p) {
			size_t len = strcspn(p, " ");

			if (hook_named(p, len) < 0)
				fail_msg("%s: no hook '%.*s'", techniques[i].id, (int)len, p);
			p += len;
			assert_true(!*p || (p[1] && p[1] != ' '));
			p += *p == ' ';
		}
	}
}

static void techniques_are_whole_and_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < techniques_n; i++) {
		const struct technique *t = &techniques[i];

		assert_true(*t->id && *t->title);
		assert_ptr_equal(technique_find(t->id), t);
		assert_int_equal(t->attack[0], 'T');
		/* A finding shows the name beside the number. */
		if (t->hooks && !*attack_name(t->attack))
			fail_msg("%s: no name for %s", t->id, t->attack);
	}
	assert_null(technique_find("Z99"));
	assert_null(technique_find(""));
	assert_string_equal(attack_name("T0"), "");
	assert_string_equal(attack_name("T1611"), "Escape to Host");
}

static void hooks_are_whole_and_told_apart(void **state)
{
	(void)state;
	assert_true(hooks_n <= sizeof(attach.tiers) / sizeof(attach.tiers[0]));
	for (unsigned int i = 0; i < hooks_n; i++) {
		assert_true(*hooks[i].unseen);
		assert_int_equal(hook_named(hooks[i].name, strlen(hooks[i].name)), i);
		assert_true(!hooks[i].degraded || *hooks[i].degraded);
	}
}

/*
 * What detectors say is read from their text: every string that looks like a catalogue id, or that is given as a technique.
 * Each must be a row, and the row must name hooks, or `warder doctor` would call unseen what is found.
 */

#define MAX_SAID 512

static char said[MAX_SAID][16];
static unsigned int n_said;

static bool is_id(const char *s, size_t n)
{
	static const char *const invariants[] = {"ENVELOPE", "REACH", "PROVENANCE"};

	for (size_t i = 0; i < 3; i++)
		if (strlen(invariants[i]) == n && !memcmp(invariants[i], s, n))
			return true;
	return n == 3 && isupper((unsigned char)s[0]) && isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2]);
}

static void read_ids(const char *path)
{
	static char text[1 << 16];
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	for (const char *p = strchr(text, '"'), *q; p; p = strchr(q + 1, '"')) {
		q = strchr(p + 1, '"');
		if (!q)
			break;
		if (!is_id(p + 1, (size_t)(q - p) - 1))
			continue;
		assert_true(n_said < MAX_SAID);
		snprintf(said[n_said++], sizeof(said[0]), "%.*s", (int)(q - p) - 1, p + 1);
	}
}

/* The sources, from the working directory or from where this file was compiled. */
static void read_detectors(void)
{
	const char *slash = strrchr(__FILE__, '/');
	char pattern[512];
	glob_t g;

	n_said = 0;
	snprintf(pattern, sizeof(pattern), "%.*s/../../userspace/detect/*.c", slash ? (int)(slash - __FILE__) : 1,
		 slash ? __FILE__ : ".");
	if (glob(pattern, 0, NULL, &g) && glob("userspace/detect/*.c", 0, NULL, &g))
		fail_msg("no detectors' sources by %s", pattern);
	for (size_t i = 0; i < g.gl_pathc; i++)
		read_ids(g.gl_pathv[i]);
	globfree(&g);
	assert_true(n_said >= 25);
}

static void what_detectors_say_is_in_the_catalogue(void **state)
{
	(void)state;
	read_detectors();
	for (unsigned int i = 0; i < n_said; i++) {
		const struct technique *t = technique_find(said[i]);

		if (!t)
			fail_msg("%s is no technique", said[i]);
		else if (!t->hooks)
			fail_msg("%s is found, and has no hooks", said[i]);
	}
}

/* The other way round: what is claimed to be seen must be said by a detector. */
static void what_is_claimed_is_found(void **state)
{
	/*
	 * K02 is K01 by a way that passes no hook: the state afterwards is the same, and K01 is what is said. So are K07 and K08
	 * to M18 and M17: what the kernel runs is the same, whether its knob was written as a file or in memory. Others say in their
	 * title what they are told as.
	 */
	static const char *const said_otherwise[] = {"K02", "K07", "K08"};

	(void)state;
	read_detectors();
	for (size_t i = 0; i < techniques_n; i++) {
		bool found = !techniques[i].hooks || strstr(techniques[i].title, "told as ");

		for (unsigned int k = 0; k < n_said && !found; k++)
			found = !strcmp(said[k], techniques[i].id);
		for (size_t k = 0; k < sizeof(said_otherwise) / sizeof(said_otherwise[0]) && !found; k++)
			found = !strcmp(said_otherwise[k], techniques[i].id);
		if (!found)
			fail_msg("%s is claimed to be seen, and no detector says it", techniques[i].id);
	}
}

static void every_detector_has_a_name_and_a_kernel_event(void **state)
{
	(void)state;
	assert_non_null(detectors[0]);
	for (const struct detector *const *d = detectors; *d; d++) {
		assert_true(*(*d)->name && *(*d)->version);
		assert_non_null((*d)->judge);
		assert_string_not_equal(schema_type_name((*d)->type), "UNKNOWN");
		assert_in_range((*d)->type, 100, 199);
		for (const struct detector *const *other = detectors; other < d; other++)
			assert_string_not_equal((*d)->name, (*other)->name);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(with_every_hook_all_that_has_a_detector_is_seen),
		TEST(without_a_hook_nothing_is_seen),
		TEST(the_exits_of_calls_see_less),
		TEST(a_technique_is_seen_as_its_best_hook_sees_it),
		TEST(a_full_arena_gives_no_half_map),
		TEST(every_techniques_hooks_exist),
		TEST(techniques_are_whole_and_told_apart),
		TEST(hooks_are_whole_and_told_apart),
		TEST(what_detectors_say_is_in_the_catalogue),
		TEST(what_is_claimed_is_found),
		TEST(every_detector_has_a_name_and_a_kernel_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
