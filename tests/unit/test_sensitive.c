// SPDX-License-Identifier: Apache-2.0
/* The node's own files, looked up below a root: which rows the kernel programs are asked for, and when. */
#include "identity_fixture.h"

#include "sensitive.h"

static struct wd_sensitive_ask asks[WD_SENSITIVE_ROWS];
static struct sensitive sensitive;

/* How many rows changed. What was opened is closed: the kinds that are asked for stay. */
static size_t look(void)
{
	size_t n = sensitive_look(&sensitive, asks);

	for (size_t i = 0; i < WD_SENSITIVE_ROWS; i++)
		if (asks[i].fd > 0)
			close(asks[i].fd);
	return n;
}

static size_t asked_with(uint32_t kind, unsigned int act)
{
	size_t n = 0;

	for (size_t i = 0; i < WD_SENSITIVE_ROWS; i++)
		n += asks[i].fd > 0 && (asks[i].kinds >> 8 * act & 0xff) == kind;
	return n;
}

static struct node *begin(void **state)
{
	struct node *n = *state;
	struct err err;

	assert_int_equal(sensitive_init(&sensitive, n->dir, &err), 0);
	return n;
}

static void test_asked_once_and_again_when_changed(void **state)
{
	struct node *n = begin(state);
	char from[128], to[128];

	puts_at(n, "etc/crontab", "");
	puts_at(n, "etc/shadow", "");
	assert_int_equal(look(), 3); /* with /etc itself */
	assert_int_equal(asked_with(WD_SENSITIVE_CRON, 1), 1);
	assert_int_equal(asked_with(WD_SENSITIVE_CREDENTIAL, 0), 1);
	assert_int_equal(look(), 0);
	puts_at(n, "etc/shadow.new", "");
	snprintf(from, sizeof(from), "%s/etc/shadow.new", n->dir);
	snprintf(to, sizeof(to), "%s/etc/shadow", n->dir);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(look(), 1);
	assert_int_equal(asked_with(WD_SENSITIVE_ACCOUNTS, 2), 1);
	unlink_at(n, "etc/crontab");
	assert_int_equal(look(), 1);
	assert_int_equal(asked_with(WD_SENSITIVE_CRON, 1), 0); /* it is asked to be forgotten */
	sensitive_destroy(&sensitive);
}

static void test_one_inode_is_one_row(void **state)
{
	struct node *n = begin(state);

	puts_at(n, "usr/lib/x", "");
	link_at(n, "lib", "usr/lib");
	assert_int_equal(look(), 2); /* /usr, /usr/lib */
	sensitive_destroy(&sensitive);
}

static void test_no_link_leads_out(void **state)
{
	struct node *n = begin(state);

	puts_at(n, "etc/x", "");
	link_at(n, "etc/crontab", "/");             /* the node's own root, as the node has it */
	link_at(n, "etc/cron.d", "../../../../.."); /* likewise, and no farther: the same inode */
	puts_at(n, "home/good/.ssh/authorized_keys", "");
	puts_at(n, "home/evil/x", "");
	link_at(n, "home/evil/.ssh", "/etc");
	assert_int_equal(look(), 3); /* /etc, the root once, and one home's */
	assert_int_equal(asked_with(WD_SENSITIVE_SSH, 1), 1);
	sensitive_destroy(&sensitive);
}

static void test_what_a_policy_adds_comes_first(void **state)
{
	struct node *n = begin(state);
	static const struct sensitive_path more[] = {
		{"/srv/keys/", SENSITIVE_READ, "P16"},
		{"/etc/crontab", SENSITIVE_WRITE, NULL},
	};

	puts_at(n, "etc/crontab", "");
	puts_at(n, "srv/keys/key", "");
	assert_int_equal(look(), 2);
	sensitive_add(&sensitive, more, 2);
	assert_int_equal(look(), SENSITIVE_MORE + 1); /* all of the policy's, and crontab's own */
	assert_int_equal(asked_with(WD_SENSITIVE_CREDENTIAL, 0), 1);
	assert_int_equal(asked_with(WD_SENSITIVE_OTHER, 1), 1);
	assert_int_equal(look(), 0);
	sensitive_add(&sensitive, NULL, 0);
	look();
	assert_int_equal(asked_with(WD_SENSITIVE_CRON, 1), 1);
	sensitive_destroy(&sensitive);
}

static void test_no_root(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(sensitive_init(&sensitive, "/nothing/of/this/name", &err), -ENOENT);
	assert_non_null(strstr(err.msg, "opening the node's root"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_asked_once_and_again_when_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_inode_is_one_row, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_link_leads_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_a_policy_adds_comes_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_root, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
