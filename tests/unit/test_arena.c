// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>
#include <string.h>

#include "arena.h"

#define SIZE 256

static int setup(void **state)
{
	static struct arena a;

	*state = &a;
	return arena_init(&a, SIZE);
}

static int teardown(void **state)
{
	arena_destroy(*state);
	return 0;
}

static void memory_is_zeroed_aligned_and_apart(void **state)
{
	static const size_t sizes[] = {1, 7, 8, 16, 17, 3};
	struct arena *a = *state;
	char *end = NULL, *p;

	/* The second round gets the first one's memory. */
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			p = arena_alloc(a, sizes[i]);
			assert_non_null(p);
			assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
			assert_true(!end || p >= end);
			assert_true(p >= a->base && p + sizes[i] <= a->base + a->size);
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(p[k], 0);
			memset(p, 0xa5, sizes[i]);
			end = p + sizes[i];
		}
		arena_reset(a);
		end = NULL;
	}
}

static void it_never_grows(void **state)
{
	static const size_t beyond[] = {SIZE + 1, SIZE * 2, SIZE_MAX - 15, SIZE_MAX - 1, SIZE_MAX};
	struct arena *a = *state;
	size_t used;

	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		used = a->used;
		assert_null(arena_alloc(a, beyond[i]));
		assert_int_equal(a->used, used);
	}
	assert_non_null(arena_alloc(a, SIZE));
	assert_null(arena_alloc(a, 1));
	arena_reset(a);
	assert_non_null(arena_alloc(a, SIZE - 15)); /* aligned up, the next would begin at the end */
	assert_null(arena_alloc(a, 1));
	assert_null(arena_copy(a, "x", 2));
	assert_null(arena_printf(a, "%d", 1));
	arena_reset(a);
	assert_non_null(arena_alloc(a, SIZE - 16));
	assert_non_null(arena_alloc(a, 16));
	assert_null(arena_alloc(a, 1));
}

static void a_refused_allocation_leaves_room_for_smaller_ones(void **state)
{
	struct arena *a = *state;

	assert_non_null(arena_alloc(a, SIZE / 2));
	assert_null(arena_alloc(a, SIZE));
	assert_non_null(arena_alloc(a, SIZE / 2));
}

static void copies_and_prints(void **state)
{
	struct arena *a = *state;
	char big[SIZE + 1];

	assert_memory_equal(arena_copy(a, "a\0b", 4), "a\0b", 4);
	assert_string_equal(arena_printf(a, "%s:%d", "x", 12), "x:12");
	assert_string_equal(arena_printf(a, "%s", ""), "");
	arena_reset(a);
	memset(big, 'x', sizeof(big));
	big[SIZE - 1] = '\0';
	assert_string_equal(arena_printf(a, "%s", big), big); /* with its NUL it just fits */
	arena_reset(a);
	big[SIZE - 1] = 'x';
	big[SIZE] = '\0';
	assert_null(arena_printf(a, "%s", big));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(memory_is_zeroed_aligned_and_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(it_never_grows, setup, teardown),
		cmocka_unit_test_setup_teardown(a_refused_allocation_leaves_room_for_smaller_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(copies_and_prints, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
