// SPDX-License-Identifier: Apache-2.0
/* When an image was made, as docker's, containerd's and containers/storage's stores tell it. */
#include "identity_fixture.h"

#define MADE      "2024-01-02T03:04:05.678Z"
#define MADE_S    1704164645
#define CONFIG    "{\"created\":\"" MADE "\",\"architecture\":\"amd64\",\"config\":{\"Cmd\":[\"x\"]},\"rootfs\":{}}"
#define SHA(hex)  "sha256:" hex
#define LEADS(to) "{\"schemaVersion\":2,\"config\":{\"digest\":\"" SHA(to) "\"},\"layers\":[]}"
#define INDEX(to, other)                                                                                                       \
	"{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"" SHA(                                                              \
		other) "\",\"platform\":{\"os\":\"linux\",\"architecture\":\"s390x\"}},"                                       \
		       "{\"digest\":\"" SHA(to) "\",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},"              \
						"{\"digest\":\"" SHA(                                                          \
							to) "\",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}}]}"
#define HEX3 "1111111111111111111111111111111111111111111111111111111111111111"
#define HEX4 "2222222222222222222222222222222222222222222222222222222222222222"

static void test_blobs(void **state)
{
	static const struct {
		const char *text;
		int r;
		int64_t created_s;
		const char *next;
	} rows[] = {
		{CONFIG, 0, MADE_S, ""},
		{LEADS(HEX), 0, 0, HEX},
		{INDEX(HEX, HEX2), 0, 0, HEX},
		{"{\"manifests\":[{\"digest\":\"" SHA(HEX2) "\"}]}", 0, 0, HEX2},
		{"{\"manifests\":[7]}", 0, 0, ""},
		{"{\"config\":{\"digest\":\"sha256:../../../../etc/shadow\"},\"created\":\"" MADE "\"}", 0, MADE_S, ""},
		{"{\"config\":{\"digest\":\"" SHA(HEX) "0\"}}", 0, 0, ""},
		{"{\"created\":7}", 0, 0, ""},
		{"{\"created\":\"0001-01-01T00:00:00Z\"}", 0, 0, ""},
		{"[]", -EINVAL, 0, ""},
		{"", -EINVAL, 0, ""},
		{"{\"created\":\"" MADE "\"", -EINVAL, 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		int64_t created_s = 0;
		char next[65] = "";

		if (image_parse_blob(rows[i].text, strlen(rows[i].text), &created_s, next) != rows[i].r ||
		    created_s != rows[i].created_s || strcmp(next, rows[i].next))
			fail_msg("row %zu: made %lld, leads to '%s'", i, (long long)created_s, next);
	}
}

static int64_t made(struct node *n, const char *digest, const char *upper)
{
	struct workload w = {0};

	snprintf(w.digest, sizeof(w.digest), "%s", digest);
	return identity_image_created(&n->id, &w, upper);
}

static void test_stores(void **state)
{
	struct node *n = *state;

	puts_at(n, "data/image/overlay2/imagedb/content/sha256/" HEX, CONFIG);
	puts_at(n, "c/io.containerd.content.v1.content/blobs/sha256/" HEX, INDEX(HEX2, HEX4));
	puts_at(n, "c/io.containerd.content.v1.content/blobs/sha256/" HEX2, LEADS(HEX3));
	puts_at(n, "c/io.containerd.content.v1.content/blobs/sha256/" HEX3, CONFIG);
	puts_at(n, "c/io.containerd.content.v1.content/blobs/sha256/" HEX4, LEADS(HEX4)); /* to itself */
	puts_at(n, "p/overlay-images/images.json",
		"[{\"id\":\"" HEX2 "\",\"created\":\"2020-01-01T00:00:00Z\"},{\"id\":\"" HEX "\",\"created\":\"" MADE "\"},7]");

	assert_int_equal(made(n, SHA(HEX), "/data/overlay2/abc/diff"), MADE_S);
	assert_int_equal(made(n, SHA(HEX), "/c/io.containerd.snapshotter.v1.overlayfs/snapshots/3/fs"), MADE_S);
	assert_int_equal(made(n, "x@" SHA(HEX2), "/c/io.containerd.snapshotter.v1.overlayfs/snapshots/3/fs"), MADE_S);
	assert_int_equal(made(n, SHA(HEX), "/p/overlay/abc/diff"), MADE_S);

	assert_int_equal(made(n, SHA(HEX4), "/c/io.containerd.snapshotter.v1.overlayfs/snapshots/3/fs"), 0);
	assert_int_equal(made(n, SHA(HEX3), "/p/overlay/abc/diff"), 0);
	assert_int_equal(made(n, SHA(HEX3), "/data/overlay2/abc/diff"), 0);
	assert_int_equal(made(n, "", "/data/overlay2/abc/diff"), 0);
	assert_int_equal(made(n, "sha256:../x", "/data/overlay2/abc/diff"), 0);
	assert_int_equal(made(n, SHA(HEX), "/elsewhere/upper"), 0);
	assert_int_equal(made(n, SHA(HEX), ""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blobs),
		cmocka_unit_test_setup_teardown(test_stores, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
