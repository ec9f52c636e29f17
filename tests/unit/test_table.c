// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

/* The same by brute force: an array in the order of use, the longest untouched first. */
struct model {
	uint64_t key[64];
	uint32_t value[64];
	unsigned int n, cap;
	uint64_t evicted;
};

static int model_find(const struct model *m, uint64_t key)
{
	for (unsigned int i = 0; i < m->n; i++)
		if (m->key[i] == key)
			return (int)i;
	return -1;
}

static void model_remove(struct model *m, unsigned int i)
{
	memmove(m->key + i, m->key + i + 1, (m->n - i - 1) * sizeof(m->key[0]));
	memmove(m->value + i, m->value + i + 1, (m->n - i - 1) * sizeof(m->value[0]));
	m->n--;
}

static void model_append(struct model *m, uint64_t key, uint32_t value)
{
	if (m->n == m->cap) {
		model_remove(m, 0);
		m->evicted++;
	}
	m->key[m->n] = key;
	m->value[m->n++] = value;
}

static uint32_t *model_touch(struct model *m, uint64_t key)
{
	int i = model_find(m, key);
	uint32_t value;

	if (i < 0)
		return NULL;
	value = m->value[i];
	model_remove(m, (unsigned int)i);
	model_append(m, key, value);
	return &m->value[m->n - 1];
}

static uint64_t seed;

static uint32_t roll(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 20) % below;
}

/* Dense ones, ones that differ in the upper bits only, and the ends of the range. */
static uint64_t pick_key(uint32_t keys)
{
	uint32_t k = roll(keys);

	switch (k % 4) {
	case 0:
		return k;
	case 1:
		return (uint64_t)k << 40;
	case 2:
		return (uint64_t)k << 56 | 7;
	default:
		return UINT64_MAX - k / 4;
	}
}

/* What a walk over the slots finds is what the model holds: each value is its key's own, and a deleted slot is zero. */
static void same_walk(const struct table *t, const struct model *m)
{
	unsigned int live = 0;

	for (uint32_t i = 0; i < t->used; i++) {
		const uint32_t *v = table_at(t, i);

		if (!v[0])
			continue;
		live++;
		assert_true(m->n > 0);
		for (unsigned int k = 0; k <= m->n; k++) {
			assert_true(k < m->n); /* a value that no key has */
			if (m->value[k] == v[0])
				break;
		}
		assert_int_equal(v[1], ~v[0]);
	}
	assert_int_equal(live, m->n);
	if (m->n == t->cap)
		assert_int_equal(*(const uint32_t *)table_oldest(t), m->value[0]);
	else
		assert_null(table_oldest(t));
	assert_true(t->used <= t->cap);
}

static void random_ops(uint32_t cap, uint32_t keys, int ops)
{
	struct model m = {.cap = cap};
	struct table t;
	uint32_t next = 1;

	assert_int_equal(table_init(&t, cap, 2 * sizeof(uint32_t)), 0);
	for (int i = 0; i < ops; i++) {
		uint64_t key = pick_key(keys);
		uint32_t *want, *got;

		switch (roll(4)) {
		case 0:
			table_del(&t, key);
			if (model_find(&m, key) >= 0)
				model_remove(&m, (unsigned int)model_find(&m, key));
			break;
		case 1:
			got = table_get(&t, key);
			want = model_touch(&m, key);
			assert_int_equal(!!got, !!want);
			assert_true(!want || *got == *want);
			break;
		default:
			got = table_put(&t, key);
			want = model_touch(&m, key);
			assert_non_null(got);
			assert_int_equal(got[0], want ? *want : 0);
			if (!want) {
				assert_int_equal(got[1], 0);
				model_append(&m, key, next);
				got[0] = next;
				got[1] = ~next;
				next++;
			}
		}
		assert_int_equal(t.evicted, m.evicted);
		same_walk(&t, &m);
	}
	assert_true(next > 2);
	table_destroy(&t);
}

static void it_does_what_the_model_does(void **state)
{
	(void)state;
	for (uint64_t s = 1; s < 9; s++) {
		seed = s * 0x9e3779b97f4a7c15;
		random_ops(1, 3, 500);
		random_ops(2, 5, 2000);
		random_ops(16, 12, 4000); /* never full */
		random_ops(16, 40, 6000);
		random_ops(64, 400, 10000); /* nearly every put evicts */
	}
}

static void the_longest_untouched_goes_first(void **state)
{
	struct table t;

	(void)state;
	assert_int_equal(table_init(&t, 4, 8), 0);
	for (uint64_t k = 1; k <= 4; k++)
		*(uint64_t *)table_put(&t, k) = k;
	assert_int_equal(t.evicted, 0);
	assert_non_null(table_get(&t, 1)); /* a look is a touch */
	assert_non_null(table_put(&t, 2)); /* and so is a put of what is there */
	table_put(&t, 5);
	assert_null(table_get(&t, 3));
	table_put(&t, 6);
	assert_null(table_get(&t, 4));
	table_put(&t, 7);
	assert_null(table_get(&t, 1));
	assert_int_equal(*(uint64_t *)table_get(&t, 2), 2);
	assert_int_equal(t.evicted, 3);
	assert_null(table_get(&t, 99)); /* one that is not there touches and evicts nothing */
	table_del(&t, 99);
	assert_int_equal(t.evicted, 3);
	assert_non_null(table_get(&t, 5));
	table_destroy(&t);
}

static void a_deleted_slot_is_given_out_before_an_eviction(void **state)
{
	struct table t;

	(void)state;
	assert_int_equal(table_init(&t, 4, 8), 0);
	for (uint64_t k = 1; k <= 4; k++)
		*(uint64_t *)table_put(&t, k) = k;
	table_del(&t, 2);
	table_del(&t, 2);
	assert_null(table_get(&t, 2));
	assert_int_equal(*(uint64_t *)table_put(&t, 5), 0); /* zeroed: nothing of key 2 */
	assert_int_equal(t.evicted, 0);
	for (uint64_t k = 1; k <= 4; k++)
		assert_int_equal(!!table_get(&t, k), k != 2);
	table_put(&t, 6);
	assert_int_equal(t.evicted, 1);
	table_destroy(&t);
}

static void an_evicted_value_is_not_the_next_ones(void **state)
{
	struct table t;

	(void)state;
	assert_int_equal(table_init(&t, 1, 24), 0);
	memset(table_put(&t, 1), 0xff, 24);
	for (int i = 0; i < 24; i++)
		assert_int_equal(((char *)table_put(&t, 2))[i], 0);
	assert_int_equal(t.evicted, 1);
	table_destroy(&t);
	table_destroy(&t); /* what a failed start of the engine does */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_does_what_the_model_does),
		cmocka_unit_test(the_longest_untouched_goes_first),
		cmocka_unit_test(a_deleted_slot_is_given_out_before_an_eviction),
		cmocka_unit_test(an_evicted_value_is_not_the_next_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
