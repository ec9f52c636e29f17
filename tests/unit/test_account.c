// SPDX-License-Identifier: Apache-2.0
/* The service account of a pod, from the token that the kubelet mounts into it: from its documented layout, not from the real thing. */
#include "identity_fixture.h"

/* {"iss":"x","kubernetes.io":{"namespace":"shop","serviceaccount":{"name":"front","uid":"1"}},"sub":"system:serviceaccount:shop:front"} */
#define PAYLOAD                                                                                                                    \
	"eyJpc3MiOiJ4Iiwia3ViZXJuZXRlcy5pbyI6eyJuYW1lc3BhY2UiOiJzaG9wIiwic2VydmljZWFjY291bnQiOnsibmFtZSI6ImZyb250IiwidWlkIjoiMSJ9" \
	"fSwic3ViIjoic3lzdGVtOnNlcnZpY2VhY2NvdW50OnNob3A6ZnJvbnQifQ"
#define TOKEN "eyJhbGciOiJSUzI1NiJ9." PAYLOAD ".c2lnbmF0dXJl"

static void test_tokens(void **state)
{
	static const char *const bad[] = {
		"",
		".",
		"..",
		"a.b",
		"a." PAYLOAD, /* no signature */
		"a.!!!!.b",
		"a." PAYLOAD "=.b",
		"a.e30.b",                                                             /* {} */
		"a.eyJrdWJlcm5ldGVzLmlvIjp7InNlcnZpY2VhY2NvdW50Ijp7Im5hbWUiOjd9fX0.b", /* the name is 7 */
		"a.bm90IEpTT04.b",
	};
	char out[8] = "", large[8192];

	(void)state;
	assert_int_equal(account_parse_token(TOKEN, strlen(TOKEN), out, sizeof(out)), 0);
	assert_string_equal(out, "front");
	for (size_t i = 0; i < N(bad); i++)
		if (account_parse_token(bad[i], strlen(bad[i]), out, sizeof(out)) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
	for (size_t cut = 0; cut < strlen("eyJhbGciOiJSUzI1NiJ9." PAYLOAD "."); cut++)
		assert_int_equal(account_parse_token(TOKEN, cut, out, sizeof(out)), -EINVAL);
	memset(large, 'e', sizeof(large));
	large[1] = large[sizeof(large) - 2] = '.';
	assert_int_equal(account_parse_token(large, sizeof(large), out, sizeof(out)), -EINVAL);
	assert_string_equal(out, "front");
}

#define VOLUME "/var/lib/kubelet/pods/1b2c/volumes/kubernetes.io~projected/kube-api-access-x"

static int account(struct node *n, const char *target, const char *source, char out[64])
{
	struct posture_mount mounts[] = {{.target = "/", .source = "/"}, {.target = target, .source = source, .bind = true}};
	struct posture p = {.mounts = mounts, .n_mounts = 2};

	out[0] = 0;
	return identity_account(&n->id, &p, out, 64);
}

static void test_volume(void **state)
{
	struct node *n = *state;
	char out[64];

	/* As the kubelet writes it: the newest directory behind a link. */
	puts_at(n, VOLUME "/..2026_11_25/token", TOKEN);
	link_at(n, VOLUME "/..data", "..2026_11_25");
	link_at(n, VOLUME "/token", "..data/token");
	assert_int_equal(account(n, "/var/run/secrets/kubernetes.io/serviceaccount", VOLUME, out), 0);
	assert_string_equal(out, "front");
	assert_int_equal(account(n, "/run/secrets/kubernetes.io/serviceaccount", VOLUME, out), 0);
	assert_int_equal(account(n, "/data", VOLUME, out), -ENOENT);
	assert_int_equal(account(n, "/run/secrets/kubernetes.io/serviceaccount", "relative", out), -ENOENT);
	assert_int_equal(account(n, "/run/secrets/kubernetes.io/serviceaccount", "/elsewhere", out), -ENOENT);
	puts_at(n, VOLUME "/..2026_11_25/token", "no token");
	assert_int_equal(account(n, "/run/secrets/kubernetes.io/serviceaccount", VOLUME, out), -EINVAL);
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test_setup_teardown(test_volume, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
