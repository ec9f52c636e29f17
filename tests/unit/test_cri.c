// SPDX-License-Identifier: Apache-2.0
/* A runtime that is asked over its socket: its answers, and those that are none. The real one is asked by tests/live/identity.sh. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "containerd/v1/services.pb-c.h"
#include "cri/v1/runtime.pb-c.h"
#include "identity/cri.h"

#define N(a)   (sizeof(a) / sizeof((a)[0]))
#define SECOND 1000000000ull

static char dir[] = "/tmp/warder-test-cri-XXXXXX";
static char path[sizeof(dir) + 8];

/* The value of a name; NULL where there is none. */
static const char *labels_get(const struct labels *l, const char *name)
{
	const char *n, *value;

	for (size_t at = 0; labels_next(l, &at, &n, &value);)
		if (!strcmp(n, name))
			return value;
	return NULL;
}

static int setup(void **state)
{
	(void)state;
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void test_frame(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{"", 0}, {"\0\0\0\0", 4}, {"\0\0\0\0\1", 5}, {"\1\0\0\0\0", 5}, {"\0\0\0\0\0x", 6}, {"\0\xff\xff\xff\xff", 5},
	};
	const uint8_t *message;
	size_t len;

	(void)state;
	for (size_t i = 0; i < N(bad); i++)
		assert_int_equal(cri_frame((const uint8_t *)bad[i].bytes, bad[i].len, &message, &len), -EBADMSG);
	assert_int_equal(cri_frame((const uint8_t *)"\0\0\0\0\2ab", 7, &message, &len), 0);
	assert_int_equal(len, 2);
	assert_memory_equal(message, "ab", 2);
}

static void test_containers(void **state)
{
	Runtime__V1__ListContainersResponse m = RUNTIME__V1__LIST_CONTAINERS_RESPONSE__INIT;
	Runtime__V1__ContainerMetadata metadata = RUNTIME__V1__CONTAINER_METADATA__INIT;
	Runtime__V1__Container other = RUNTIME__V1__CONTAINER__INIT, c = RUNTIME__V1__CONTAINER__INIT, *list[] = {&other, &c};
	Runtime__V1__ImageSpec image = RUNTIME__V1__IMAGE_SPEC__INIT;
	Runtime__V1__Pair label = RUNTIME__V1__PAIR__INIT, *labels[] = {&label};
	char sandbox[72] = "";
	struct workload w = {0};
	struct tags tags = {0};
	uint8_t buf[512];
	size_t len;

	(void)state;
	m.containers = list;
	m.n_containers = 2;
	other.id = "ab";
	c.id = "abc";
	c.pod_sandbox_id = "p1";
	c.metadata = &metadata;
	metadata.name = "a\x1bpp\xff";
	metadata.attempt = 4;
	c.image = &image;
	image.image = "sha256:1234";
	image.user_specified_image = "r.test/a:1";
	c.image_ref = "r.test/a@sha256:1234";
	c.created_at = 1795472676000000001;
	label.key = "app";
	label.value = "web";
	c.labels = labels;
	c.n_labels = 1;
	len = runtime__v1__list_containers_response__pack(&m, buf);
	assert_int_equal(cri_read_containers(buf, len, "abc", &w, &tags, sandbox, sizeof(sandbox)), 0);
	assert_string_equal(sandbox, "p1");
	assert_string_equal(w.name, "a\x1bpp\\xff"); /* sanitised */
	assert_int_equal(w.restarts, 4);
	assert_string_equal(w.image, "r.test/a:1");
	assert_string_equal(w.digest, "sha256:1234");
	assert_int_equal(w.created_s, 1795472676);
	assert_string_equal(labels_get(&tags.labels, "app"), "web");
	assert_int_equal(cri_read_containers(buf, len, "a", &w, &tags, sandbox, sizeof(sandbox)), -ENOENT);
	assert_int_equal(cri_read_containers(buf, len - 1, "abc", &w, &tags, sandbox, sizeof(sandbox)), -EBADMSG);
	/* an image that is asked for by its id alone has no name */
	image.user_specified_image = "";
	w.image[0] = '\0';
	len = runtime__v1__list_containers_response__pack(&m, buf);
	assert_int_equal(cri_read_containers(buf, len, "abc", &w, &tags, sandbox, sizeof(sandbox)), 0);
	assert_string_equal(w.image, "");
	/* a sandbox's id that is none */
	assert_int_equal(cri_read_containers(buf, len, "abc", &w, &tags, sandbox, 2), -ENOENT);
}

static void test_sandboxes(void **state)
{
	Runtime__V1__ListPodSandboxResponse m = RUNTIME__V1__LIST_POD_SANDBOX_RESPONSE__INIT;
	Runtime__V1__PodSandboxMetadata metadata = RUNTIME__V1__POD_SANDBOX_METADATA__INIT;
	Runtime__V1__PodSandbox s = RUNTIME__V1__POD_SANDBOX__INIT, *list[] = {&s};
	struct workload w = {0};
	struct tags tags = {0};
	uint8_t buf[512];
	size_t len;

	(void)state;
	m.items = list;
	m.n_items = 1;
	s.id = "p1";
	s.metadata = &metadata;
	metadata.name = "web-7d9f";
	metadata.namespace_ = "shop";
	metadata.uid = "1b2c";
	s.runtime_handler = "kata";
	len = runtime__v1__list_pod_sandbox_response__pack(&m, buf);
	assert_int_equal(cri_read_sandboxes(buf, len, "p1", &w, &tags), 0);
	assert_string_equal(w.pod, "web-7d9f");
	assert_string_equal(w.pod_ns, "shop");
	assert_string_equal(w.pod_uid, "1b2c");
	assert_string_equal(w.handler, "kata");
	assert_string_equal(w.isolation, "kata");
	assert_int_equal(cri_read_sandboxes(buf, len, "p2", &w, &tags), -ENOENT);
	assert_int_equal(cri_read_sandboxes((const uint8_t *)"\xff", 1, "p1", &w, &tags), -EBADMSG);
}

/* containerd's own API. */
static void test_container_and_image(void **state)
{
	Containerd__V1__GetContainerResponse m = CONTAINERD__V1__GET_CONTAINER_RESPONSE__INIT;
	Containerd__V1__Container c = CONTAINERD__V1__CONTAINER__INIT;
	Runtime__V1__Pair label = RUNTIME__V1__PAIR__INIT, *labels[] = {&label};
	Containerd__V1__GetImageResponse i = CONTAINERD__V1__GET_IMAGE_RESPONSE__INIT;
	Containerd__V1__Image image = CONTAINERD__V1__IMAGE__INIT;
	Containerd__V1__Descriptor target = CONTAINERD__V1__DESCRIPTOR__INIT;
	struct workload w = {0};
	struct tags tags = {0};
	uint8_t buf[512];
	size_t len;

	(void)state;
	m.container = &c;
	c.id = "web";
	c.image = "r.test/a:1";
	label.key = "app";
	label.value = "shop";
	c.labels = labels;
	c.n_labels = 1;
	len = containerd__v1__get_container_response__pack(&m, buf);
	assert_int_equal(cri_read_container(buf, len, "web", &w, &tags), 0);
	assert_string_equal(w.image, "r.test/a:1");
	assert_string_equal(labels_get(&tags.labels, "app"), "shop");
	assert_int_equal(cri_read_container(buf, len, "other", &w, &tags), -ENOENT);
	assert_int_equal(cri_read_container(NULL, 0, "web", &w, &tags), -ENOENT);
	assert_int_equal(cri_read_container((const uint8_t *)"\xff", 1, "web", &w, &tags), -EBADMSG);
	i.image = &image;
	len = containerd__v1__get_image_response__pack(&i, buf);
	assert_int_equal(cri_read_image(buf, len, &w), -ENOENT);
	image.target = &target;
	target.digest = "sha256:12";
	len = containerd__v1__get_image_response__pack(&i, buf);
	assert_int_equal(cri_read_image(buf, len, &w), 0);
	assert_string_equal(w.digest, "sha256:12");
}

/* A label that does not fit is left out whole, and what fits behind it is not. */
static void test_labels(void **state)
{
	char big[900];
	struct labels l = {0};

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	labels_add(&l, "a", "1");
	labels_add(&l, "big", big);
	assert_true(l.cut);
	labels_add(&l, "b\xff", "");
	assert_string_equal(labels_get(&l, "a"), "1");
	assert_string_equal(labels_get(&l, "b\\xff"), "");
	assert_null(labels_get(&l, "big"));
	for (int i = 0; i < 500; i++)
		labels_add(&l, "key", "value");
	assert_true(l.len <= sizeof(l.packed));
}

static void answered(void *ctx, uint64_t origin, const struct workload *w, const struct tags *tags)
{
	(void)tags;
	(void)ctx;
	(void)origin;
	(void)w;
	fail();
}

/* Turns until a counter is what it should be; `now` is the records' clock. */
static void turn_until(struct cri *c, uint64_t now, const uint64_t *counter, uint64_t value)
{
	const struct timespec pause = {.tv_nsec = 5000000};

	for (int i = 0; i < 2000 && *counter < value; i++) {
		struct timespec a, b;

		clock_gettime(CLOCK_MONOTONIC, &a);
		cri_turn(c, now, answered, NULL);
		clock_gettime(CLOCK_MONOTONIC, &b);
		/* no turn waits for the other side */
		assert_true((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 < 200);
		nanosleep(&pause, NULL);
	}
	assert_int_equal(*counter, value);
}

/* A server that takes connections and answers each with these bytes, or with nothing. */
static pid_t serve(const char *bytes, size_t len, bool hold)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t pid;

	strcpy(at.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 8), 0);
	pid = fork();
	if (!pid) {
		for (;;) {
			int peer = accept(fd, NULL, NULL);

			if (write(peer, bytes, len) < 0 || !hold)
				close(peer);
		}
	}
	close(fd);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static struct cri *opened(void)
{
	struct cri *c;
	struct err err;

	assert_int_equal(cri_open(path, &c, &err), 0);
	return c;
}

static void test_nobody_there(void **state)
{
	struct cri *c = opened();
	const struct cri_counters *n = cri_counters(c);

	(void)state;
	assert_int_equal(cri_ask(c, 7, "abc", NULL), 0);
	turn_until(c, 1 * SECOND, &n->failed, 1);
	turn_until(c, 2 * SECOND, &n->failed, 1); /* it is left alone for a while */
	turn_until(c, 10 * SECOND, &n->failed, 2);
	assert_int_equal(n->dropped, 0);
	turn_until(c, 20 * SECOND, &n->failed, 3);
	assert_int_equal(n->dropped, 1);
	turn_until(c, 30 * SECOND, &n->failed, 3);
	assert_int_equal(n->asked, 1);
	cri_close(c);
}

static void test_one_that_hangs(void **state)
{
	pid_t pid = serve("", 0, true);
	struct cri *c = opened();

	(void)state;
	assert_int_equal(cri_ask(c, 7, "abc", NULL), 0);
	turn_until(c, 1 * SECOND, &cri_counters(c)->late, 1);
	cri_close(c);
	end(pid);
}

static void test_garbage(void **state)
{
	static const char h1[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", none[64] = {1};
	/* an empty SETTINGS frame, then a frame that claims to be 16 MB */
	static const char h2[] = "\0\0\0\4\0\0\0\0\0\xff\xff\xff\0\0\0\0\0\1aaaaaaaa";
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {{h1, sizeof(h1) - 1}, {none, sizeof(none)}, {h2, sizeof(h2) - 1}};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		pid_t pid = serve(rows[i].bytes, rows[i].len, false);
		struct cri *c = opened();

		assert_int_equal(cri_ask(c, 7, "abc", NULL), 0);
		turn_until(c, 1 * SECOND, &cri_counters(c)->failed, 1);
		cri_close(c);
		end(pid);
		unlink(path);
	}
}

static void test_bounds(void **state)
{
	char id[100], name[200];
	struct err err;
	struct cri *c = opened();
	unsigned int n = 0;

	(void)state;
	memset(id, 'a', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	assert_int_equal(cri_ask(c, 1, id, NULL), 0); /* no such id: not asked */
	assert_int_equal(cri_ask(c, 1, "", NULL), 0);
	assert_int_equal(cri_ask(c, 1, "abc", "no\r\nspace"), 0);
	assert_int_equal(cri_ask(c, 1, "abc", ""), 0);
	assert_int_equal(cri_counters(c)->asked, 0);
	while (n < 1000 && !cri_ask(c, n, "abc", NULL))
		n++;
	assert_int_equal(n, 256);
	cri_close(c);
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(cri_open(name, &c, &err), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_sandboxes),
		cmocka_unit_test(test_container_and_image),
		cmocka_unit_test(test_labels),
		cmocka_unit_test_setup_teardown(test_nobody_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_that_hangs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_garbage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
