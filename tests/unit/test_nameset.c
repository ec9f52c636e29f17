// SPDX-License-Identifier: Apache-2.0
/* nameset: what was added is there and nothing else is, through several growths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "nameset.h"

static void test_empty(void **state)
{
	struct nameset s = {0};

	(void)state;
	assert_false(nameset_has(&s, "", "commit_creds"));
	nameset_destroy(&s);
}

static void test_two_parts(void **state)
{
	struct nameset s = {0};

	(void)state;
	assert_int_equal(nameset_add(&s, "bpf_lsm_", "file_open"), 0);
	assert_true(nameset_has(&s, "", "bpf_lsm_file_open"));
	assert_true(nameset_has(&s, "bpf_", "lsm_file_open"));
	assert_false(nameset_has(&s, "", "file_open"));
	assert_int_equal(nameset_add(&s, "", "bpf_lsm_file_open"), 0);
	assert_int_equal(s.n, 1);
	nameset_destroy(&s);
}

static void test_many(void **state)
{
	struct nameset s = {0};
	char name[32];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "symbol_%d", i);
		assert_int_equal(nameset_add(&s, "", name), 0);
	}
	assert_int_equal(s.n, 100000);
	assert_true(s.size >= 2 * s.n);
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		assert_true(nameset_has(&s, "symbol_", name));
		assert_false(nameset_has(&s, "symbal_", name));
	}
	nameset_destroy(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_two_parts),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
