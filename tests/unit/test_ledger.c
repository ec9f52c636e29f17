// SPDX-License-Identifier: Apache-2.0
#include "engine_fixture.h"

#include "capability.h"
#include "report.h"

/* The kernel's side of one container, as the test sets it. */

static struct wd_account account;
static struct wd_capabilities checks;
static unsigned int forgotten;

static void one_account(struct source *s, source_account_fn fn, void *ctx)
{
	(void)s;
	if (!forgotten && fn(ctx, 7, &account))
		forgotten++;
}

static bool one_matrix(struct source *s, uint64_t origin, struct wd_capabilities *out)
{
	(void)s;
	*out = checks;
	return origin == 7;
}

static const struct source_ops kernel_ops = {
	.name = "test", .next = source_next, .accounts = one_account, .capabilities = one_matrix};

static int kernel_setup(void **state)
{
	account = (struct wd_account){.sealed = 1};
	checks = (struct wd_capabilities){0};
	forgotten = 0;
	if (setup(state))
		return -1;
	source.source.ops = &kernel_ops;
	return 0;
}

static const Warder__V1__Ledger__Row *row(void)
{
	const Warder__V1__Event *e = only(WARDER__V1__EVENT_TYPE__LEDGER);

	if (!e)
		return NULL;
	assert_int_equal(e->ledger->n_rows, 1);
	return e->ledger->rows[0];
}

static const Warder__V1__CapabilityMatrix__Row *matrix(void)
{
	const Warder__V1__Event *e = only(WARDER__V1__EVENT_TYPE__CAPABILITY_MATRIX);

	if (!e)
		return NULL;
	assert_int_equal(e->capability_matrix->n_rows, 1);
	return e->capability_matrix->rows[0];
}

static void made_is_received_and_lost(void **state)
{
	const Warder__V1__Ledger__Row *r;

	(void)state;
	take_seal(7, "web");
	open_host_file(7, 2 * SECOND);
	account.made = 12;
	account.lost[WD_BUDGET] = 6;
	account.lost[WD_RING_CRITICAL] = 4;
	account.lost[WD_TABLE] = 3; /* no record */
	tick(3 * SECOND);
	assert_int_equal(ledger_on_way(&engine.ledger), 0);
	report_ledger(&engine);
	r = row();
	assert_non_null(r);
	assert_int_equal(r->made, 12);
	assert_int_equal(r->received, 2);
	assert_int_equal(r->lost, 10);
	assert_int_equal(r->n_losses, 2);
	assert_string_equal(r->workload->container->name, "web");
	assert_false(r->closed);
	/* What did not move is not told again. */
	forget();
	tick(4 * SECOND);
	report_ledger(&engine);
	assert_null(row());
	/* One that is told while a record is on its way is told again when that came. */
	account.made++;
	tick(5 * SECOND);
	assert_int_equal(ledger_on_way(&engine.ledger), 1);
	report_ledger(&engine);
	assert_int_equal(row()->received, 2);
	open_host_file(7, 5 * SECOND);
	forget();
	report_ledger(&engine);
	assert_int_equal(row()->received, 3);
}

/* The last row waits for what is on its way, and the kernel's side is kept until it was told. */
static void an_account_is_closed_when_all_has_come(void **state)
{
	(void)state;
	take_seal(7, "web");
	account.made = 2;
	account.lost[WD_BUDGET] = 0;
	checks.checks[21][1] = 5;
	tick(SECOND);
	account.sealed = 0;
	for (unsigned int i = 2; i < 6; i++) {
		tick(i * SECOND);
		assert_null(row());
	}
	open_host_file(7, 6 * SECOND);
	forget();
	tick(6 * SECOND);
	assert_true(row()->closed);
	assert_int_equal(row()->received, 2);
	assert_int_equal(matrix()->n_uses, 1);
	assert_int_equal(forgotten, 0);
	forget();
	tick(7 * SECOND);
	assert_int_equal(forgotten, 1);
	assert_null(row());
	assert_null(matrix());
}

/* A record that came after the last row opens the account again; one that never comes does not hold it for ever. */
static void what_comes_after_the_end_is_told(void **state)
{
	(void)state;
	take_seal(7, "web");
	account.made = 1;
	account.sealed = 0;
	tick(SECOND);
	tick(2 * SECOND);
	assert_true(row()->closed);
	forget();
	account.made = 2;
	tick(3 * SECOND);
	assert_int_equal(forgotten, 0);
	assert_null(row());
	tick(62 * SECOND);
	assert_true(row()->closed);
	assert_int_equal(row()->made, 2);
	assert_int_equal(row()->received, 1);
	tick(63 * SECOND);
	assert_int_equal(forgotten, 1);
}

static void a_container_that_lives_again_is_not_closed(void **state)
{
	(void)state;
	take_seal(7, "web");
	account.made = 1;
	tick(SECOND);
	account.sealed = 0;
	tick(2 * SECOND);
	forget();
	account.sealed = 1;
	tick(3 * SECOND);
	tick(4 * SECOND);
	assert_int_equal(forgotten, 0);
}

static void the_matrix_is_told_when_it_moved_or_was_asked_for(void **state)
{
	const Warder__V1__CapabilityMatrix__Row *r;

	(void)state;
	take_seal(7, "web");
	account.made = 1;
	checks.checks[21][0] = 1;     /* CAP_SYS_ADMIN, own namespace, refused */
	checks.checks[21][1 | 2] = 4; /* the host's, granted */
	checks.checks[47][2] = 9;     /* one that has no name yet */
	tick(SECOND);
	report_capabilities(&engine, &source.source, false);
	r = matrix();
	assert_int_equal(r->n_uses, 3);
	assert_string_equal(r->uses[0]->name, "CAP_SYS_ADMIN");
	assert_false(r->uses[0]->host_user_ns);
	assert_int_equal(r->uses[0]->denied, 1);
	assert_int_equal(r->uses[0]->granted, 0);
	assert_true(r->uses[1]->host_user_ns);
	assert_int_equal(r->uses[1]->granted, 4);
	assert_string_equal(r->uses[2]->name, "");
	assert_int_equal(r->uses[2]->capability, 47);
	forget();
	report_capabilities(&engine, &source.source, false);
	assert_null(matrix());
	report_capabilities(&engine, &source.source, true);
	assert_int_equal(matrix()->n_uses, 3);
}

#define LEDGER_TEST(f) cmocka_unit_test_setup_teardown(f, kernel_setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(made_is_received_and_lost),
		LEDGER_TEST(an_account_is_closed_when_all_has_come),
		LEDGER_TEST(what_comes_after_the_end_is_told),
		LEDGER_TEST(a_container_that_lives_again_is_not_closed),
		LEDGER_TEST(the_matrix_is_told_when_it_moved_or_was_asked_for),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
