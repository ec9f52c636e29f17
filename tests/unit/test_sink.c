// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "sink.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char dir[] = "/tmp/warder-test-sink-XXXXXX";
static char path[128], spec[256];

/* A file's name in the test's directory, new for each test, and the sink's specification for it. */
static void use(const char *prefix, const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	snprintf(spec, sizeof(spec), "%s%s", prefix, path);
}

static struct sink *must_open(const char *of)
{
	struct err err = {""};
	struct sink *s = NULL;

	if (sink_open(of, &s, &err))
		fail_msg("%s", err.msg);
	return s;
}

static size_t read_all(int fd, char *buf, size_t size)
{
	size_t n = 0;
	ssize_t r;

	while (n < size && (r = read(fd, buf + n, size - n)) > 0)
		n += (size_t)r;
	return n;
}

static size_t read_path(char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	size_t n;

	assert_true(fd >= 0);
	n = read_all(fd, buf, size - 1);
	close(fd);
	buf[n] = '\0';
	return n;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int listen_at(const char *at)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%.*s", (int)sizeof(a.sun_path) - 1, at);
	unlink(at);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

/* Counts the frames in `buf` and checks that their seq goes up; *rest is what an unfinished last one leaves. */
static uint64_t count_frames(const uint8_t *buf, size_t n, uint64_t *first, uint64_t *last, size_t *rest)
{
	uint64_t count = 0, len, shift;
	Warder__V1__Event *e;
	size_t i = 0, start;

	*rest = 0;
	while (i < n) {
		start = i;
		for (len = 0, shift = 0; i < n; shift += 7) {
			len |= (uint64_t)(buf[i] & 127) << shift;
			if (!(buf[i++] & 128))
				break;
		}
		if (len > n - i) {
			*rest = n - start;
			break;
		}
		e = warder__v1__event__unpack(NULL, len, buf + i);
		assert_non_null(e);
		assert_true(!count || e->seq > *last);
		*first = count ? *first : e->seq;
		*last = e->seq;
		warder__v1__event__free_unpacked(e, NULL);
		i += len;
		count++;
	}
	return count;
}

static void a_bad_specification_is_explained(void **state)
{
	static const struct {
		const char *spec;
		int ret;
		const char *says;
	} cases[] = {
		{"", -EINVAL, "console, ndjson, proto"},
		{"syslog:x", -EINVAL, "no such kind"},
		{"ndjsonx:-", -EINVAL, "no such kind"},
		{"ndjson", -EINVAL, "ndjson:PATH"},
		{"ndjson:", -EINVAL, "ndjson:-"},
		{"proto:", -EINVAL, "proto:unix:PATH"},
		{"console:x", -EINVAL, "no argument"},
		{"console:", -EINVAL, "no argument"},
		{"proto:unix:", -EINVAL, "absolute"},
		{"proto:unix:rel.sock", -EINVAL, "absolute"},
		{"ndjson:/", -EISDIR, "directory"},
		{"ndjson:/nonexistent/x", -ENOENT, "/nonexistent/x"},
		{"proto:unix:/etc/passwd/x", -ENOTDIR, "connect"},
	};
	struct sink *s = NULL;
	char longer[600];
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		err.msg[0] = '\0';
		assert_int_equal(sink_open(cases[i].spec, &s, &err), cases[i].ret);
		assert_non_null(strstr(err.msg, cases[i].says));
		assert_null(s);
	}
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	memcpy(longer, "ndjson:", 7);
	assert_int_equal(sink_open(longer, &s, &err), -ENAMETOOLONG);
	memcpy(longer, "proto:unix:/", 12);
	longer[150] = '\0';
	assert_int_equal(sink_open(longer, &s, &err), -ENAMETOOLONG);
	sink_close(NULL);
}

static void every_kind_has_a_help_line(void **state)
{
	const struct sink_kind *const *k;

	(void)state;
	for (k = sink_kinds; *k; k++)
		assert_true(!strncmp((*k)->help, (*k)->name, strlen((*k)->name)) && !strchr((*k)->help, '\n'));
}

static void a_file_is_private_and_appended_to(void **state)
{
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	struct sink *s;
	struct stat sb;
	char buf[256];
	int i;

	(void)state;
	use("ndjson:", "appended");
	for (i = 1; i <= 2; i++) {
		s = must_open(spec);
		e.seq = (uint64_t)i;
		sink_write(s, &e);
		assert_int_equal(s->written, 1);
		assert_int_equal(s->lost, 0);
		assert_int_equal(sink_flush(s), 0);
		sink_close(s);
	}
	assert_int_equal(stat(path, &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0600);
	read_path(buf, sizeof(buf));
	assert_string_equal(buf, "{\"seq\":\"1\"}\n{\"seq\":\"2\"}\n");
}

static void half_a_line_from_a_crash_is_ended_first(void **state)
{
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	struct sink *s;
	char buf[256];
	int fd;

	(void)state;
	use("ndjson:", "torn");
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "{\"seq\":", 7), 7);
	close(fd);
	s = must_open(spec);
	e.seq = 2;
	sink_write(s, &e);
	sink_close(s);
	read_path(buf, sizeof(buf));
	assert_string_equal(buf, "{\"seq\":\n{\"seq\":\"2\"}\n");
}

static void a_full_disk_leaves_no_half_record(void **state)
{
	struct rlimit before, small = {1000, 1000};
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	char text[101], buf[4096];
	struct sink *s;
	size_t n, lines = 0, i;

	(void)state;
	use("ndjson:", "full");
	s = must_open(spec);
	memset(text, 'x', 100);
	text[100] = '\0';
	e.message = text;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (i = 0; i < 20; i++)
		sink_write(s, &e);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(s->written && s->lost && s->written + s->lost == 20);
	sink_write(s, &e); /* there is space again */
	n = read_path(buf, sizeof(buf));
	for (i = 0; i < n; i++)
		lines += buf[i] == '\n';
	assert_int_equal(lines, s->written);
	assert_int_equal(n, s->written * (100 + sizeof("{\"message\":\"\"}")));
	sink_close(s);
}

static void an_unread_socket_loses_whole_records_and_never_blocks(void **state)
{
	static uint8_t buf[8 << 20];
	static char text[50001]; /* more than the kernel takes at once: sends end within a frame */
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	uint64_t first = 0, last = 0, count;
	int lfd, fd;
	size_t n, rest;
	struct sink *s;

	(void)state;
	use("proto:unix:", "unread");
	lfd = listen_at(path);
	s = must_open(spec);
	fd = accept(lfd, NULL, NULL);
	memset(text, 'x', 50000);
	e.message = text;
	for (e.seq = 1; e.seq <= 200; e.seq++)
		sink_write(s, &e);
	assert_true(s->lost > 0);
	assert_int_equal(s->written + s->lost, 200);
	assert_int_equal(sink_flush(s), -EAGAIN);
	/* The reader wakes up: it gets what was taken, then new records, all of them whole. */
	n = 0;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (sink_flush(s))
		n += read_all(fd, (char *)buf + n, sizeof(buf) - n);
	e.seq = 5000;
	sink_write(s, &e);
	count = s->written;
	sink_close(s);
	fcntl(fd, F_SETFL, 0);
	n += read_all(fd, (char *)buf + n, sizeof(buf) - n);
	assert_int_equal(count_frames(buf, n, &first, &last, &rest), count);
	assert_int_equal(rest, 0);
	assert_int_equal(first, 1);
	assert_int_equal(last, 5000);
	close(fd);
	close(lfd);
}

static void a_socket_that_nobody_listens_on_is_connected_later(void **state)
{
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	uint64_t first = 0, last = 0;
	uint8_t buf[4096];
	struct sink *s;
	size_t n, rest;
	int lfd, fd;

	(void)state;
	use("proto:unix:", "later");
	s = must_open(spec);
	for (e.seq = 1; e.seq <= 3; e.seq++)
		sink_write(s, &e);
	assert_int_equal(s->lost, 0);
	lfd = listen_at(path);
	while (sink_flush(s))
		usleep(10000);
	fd = accept(lfd, NULL, NULL);
	sink_close(s);
	n = read_all(fd, (char *)buf, sizeof(buf));
	assert_int_equal(count_frames(buf, n, &first, &last, &rest), 3);
	assert_int_equal(first, 1);
	assert_int_equal(rest, 0);
	close(fd);
	close(lfd);
}

static void a_dead_socket_is_connected_again_and_starts_with_a_whole_record(void **state)
{
	static uint8_t buf[8 << 20];
	static char text[50001];
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	uint64_t first = 0, last = 0, got, old_last;
	struct sink *s;
	size_t n, rest;
	int lfd, fd;

	(void)state;
	use("proto:unix:", "dead");
	lfd = listen_at(path);
	s = must_open(spec);
	fd = accept(lfd, NULL, NULL);
	memset(text, 'x', 50000);
	e.message = text;
	for (e.seq = 1; e.seq <= 15; e.seq++)
		sink_write(s, &e);
	assert_int_equal(s->lost, 0);
	/* The reader takes all that the kernel holds, which ends within a frame, and dies. */
	fcntl(fd, F_SETFL, O_NONBLOCK);
	n = read_all(fd, (char *)buf, sizeof(buf));
	got = count_frames(buf, n, &first, &old_last, &rest);
	assert_true(got >= 1 && got < 15 && rest > 0);
	close(fd);
	close(lfd);
	e.seq = 16;
	sink_write(s, &e);
	lfd = listen_at(path);
	while (sink_flush(s)) {
		fd = -1;
		fcntl(lfd, F_SETFL, O_NONBLOCK);
		fd = accept(lfd, NULL, NULL);
		if (fd >= 0)
			break;
		usleep(10000);
	}
	assert_true(fd >= 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	n = 0;
	while (sink_flush(s))
		n += read_all(fd, (char *)buf + n, sizeof(buf) - n);
	n += read_all(fd, (char *)buf + n, sizeof(buf) - n);
	got = count_frames(buf, n, &first, &last, &rest);
	assert_int_equal(rest, 0);
	assert_int_equal(first, old_last + 1); /* the half one again, whole */
	assert_int_equal(last, 16);
	assert_int_equal(got, 16 - old_last);
	assert_int_equal(s->lost, 0);
	sink_close(s);
	close(fd);
	close(lfd);
}

static void a_socket_that_stays_dead_never_blocks_and_loss_is_counted(void **state)
{
	static char text[100001];
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	struct sink *s;
	int64_t start;
	int i;

	(void)state;
	use("ndjson:unix:", "never");
	s = must_open(spec);
	memset(text, 'x', 100000);
	e.message = text;
	for (i = 0; i < 100; i++)
		sink_write(s, &e);
	assert_int_equal(s->written, 10); /* 1 MiB of 100 kB records */
	assert_int_equal(s->lost, 90);
	start = now_ms();
	sink_close(s);
	assert_true(now_ms() - start < 5000); /* it waits one second; the rest is for a loaded machine */
}

static void an_event_beyond_the_bound_is_lost_alone(void **state)
{
	static char text[(300 << 10) + 1];
	static const char *const kinds[] = {"ndjson:", "proto:"};
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	struct sink *s;
	size_t i;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	for (i = 0; i < COUNT(kinds); i++) {
		use(kinds[i], "bound");
		s = must_open(spec);
		e.message = text;
		sink_write(s, &e);
		assert_int_equal(s->lost, 1);
		e.message = text + sizeof(text) - 10;
		sink_write(s, &e);
		assert_int_equal(s->written, 1);
		sink_close(s);
	}
}

static void proto_sends_no_invalid_string(void **state)
{
	Warder__V1__Process p = WARDER__V1__PROCESS__INIT;
	Warder__V1__Actor a = WARDER__V1__ACTOR__INIT;
	Warder__V1__Attack t = WARDER__V1__ATTACK__INIT, *list[] = {&t};
	Warder__V1__Event e = WARDER__V1__EVENT__INIT, *got;
	char buf[512], comm[] = "sh\xff";
	struct sink *s;
	size_t n;

	(void)state;
	use("proto:", "strings");
	p.comm = comm;
	a.process = &p;
	e.actor = &a;
	t.technique = "T\xed\xa0\x80";
	e.n_attack = 1;
	e.attack = list;
	s = must_open(spec);
	sink_write(s, &e);
	sink_close(s);
	assert_string_equal(comm, "sh\xff"); /* the caller's event is as it was */
	n = read_path(buf, sizeof(buf));
	assert_int_equal((size_t)buf[0], n - 1);
	got = warder__v1__event__unpack(NULL, n - 1, (uint8_t *)buf + 1);
	assert_non_null(got);
	assert_string_equal(got->actor->process->comm, "sh\\xff");
	assert_string_equal(got->attack[0]->technique, "T\\xed\\xa0\\x80");
	warder__v1__event__free_unpacked(got, NULL);
}

/* Runs `body` with stdout on one end of a pipe or socket, whose other end it gets. cmocka's own output comes back afterwards.
 */
static void with_stdout(bool on_socket, void (*body)(int reader))
{
	int saved = dup(STDOUT_FILENO), fds[2];

	assert_int_equal(on_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, fds) : pipe(fds), 0);
	fflush(stdout);
	dup2(fds[1], STDOUT_FILENO);
	close(fds[1]);
	body(fds[0]);
	dup2(saved, STDOUT_FILENO);
	close(saved);
}

static uint64_t pipe_written, pipe_lost, pipe_taken;
static int pipe_flags;

static void body_unread(int reader)
{
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	static char text[3001];
	struct sink *s = must_open("ndjson:-");

	memset(text, 'x', 3000);
	e.message = text;
	for (e.seq = 1; e.seq <= 1000; e.seq++)
		sink_write(s, &e);
	pipe_written = s->written;
	pipe_lost = s->lost;
	pipe_flags = fcntl(STDOUT_FILENO, F_GETFL);
	close(reader); /* now it vanishes: what waited is lost too */
	sink_write(s, &e);
	pipe_taken = s->written;
	assert_int_equal(s->written + s->lost, 1001);
	sink_write(s, &e);
	assert_int_equal(s->written, pipe_taken);
	assert_int_equal(s->lost, 1002 - pipe_taken);
	sink_close(s);
}

static void an_unread_or_closed_stdout_is_loss_and_no_block(void **state)
{
	int on_socket;

	(void)state;
	for (on_socket = 0; on_socket < 2; on_socket++) {
		with_stdout(on_socket, body_unread);
		assert_true(pipe_lost > 0);
		assert_int_equal(pipe_written + pipe_lost, 1000);
		assert_true(pipe_taken < pipe_written);
		assert_false(pipe_flags & O_NONBLOCK); /* it is the shell's too */
	}
}

static int group_setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	alarm(60); /* a sink that blocks ends the test */
	return mkdtemp(dir) ? 0 : -1;
}

static int group_teardown(void **state)
{
	static const char *const names[] = {"appended", "torn", "full", "unread", "later", "dead", "bound", "strings"};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(names); i++) {
		use("", names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

/* Captures in the directory, each of which is removed; their number. */
static unsigned int captures(const char *in)
{
	char name[512];
	unsigned int n = 0;
	struct dirent *d;
	DIR *all = opendir(in);

	assert_non_null(all);
	while ((d = readdir(all))) {
		snprintf(name, sizeof(name), "%s/%s", in, d->d_name);
		if (strstr(d->d_name, ".wcap"))
			n += !unlink(name);
	}
	closedir(all);
	assert_int_equal(rmdir(in), 0);
	return n;
}

static void a_capture_ends_where_the_policy_does(void **state)
{
	struct sink_stream stream = {.node = "node", .boot_id = "boot", .kernel = "6.1", .version = "1"};
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	unsigned int policies[] = {1, 1, 2, 2, 1};
	struct sink *s;

	(void)state;
	use("capture:", "policies");
	snprintf(spec + strlen(spec), sizeof(spec) - strlen(spec), ",all");
	s = must_open(spec);
	time.seconds = 1700000000;
	e.time = &time;
	e.type = WARDER__V1__EVENT_TYPE__HEARTBEAT;
	for (size_t i = 0; i < COUNT(policies); i++) {
		stream.policy[0] = (uint8_t)policies[i];
		sink_begin(s, &stream);
		e.seq = i + 1;
		sink_write(s, &e);
		time.seconds++;
	}
	assert_int_equal(s->written, COUNT(policies));
	sink_close(s);
	assert_int_equal(captures(path), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bad_specification_is_explained),
		cmocka_unit_test(every_kind_has_a_help_line),
		cmocka_unit_test(a_file_is_private_and_appended_to),
		cmocka_unit_test(half_a_line_from_a_crash_is_ended_first),
		cmocka_unit_test(a_full_disk_leaves_no_half_record),
		cmocka_unit_test(an_unread_socket_loses_whole_records_and_never_blocks),
		cmocka_unit_test(a_socket_that_nobody_listens_on_is_connected_later),
		cmocka_unit_test(a_dead_socket_is_connected_again_and_starts_with_a_whole_record),
		cmocka_unit_test(a_socket_that_stays_dead_never_blocks_and_loss_is_counted),
		cmocka_unit_test(an_event_beyond_the_bound_is_lost_alone),
		cmocka_unit_test(proto_sends_no_invalid_string),
		cmocka_unit_test(an_unread_or_closed_stdout_is_loss_and_no_block),
		cmocka_unit_test(a_capture_ends_where_the_policy_does),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
