// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

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

	strncpy(a.sun_path, at, sizeof(a.sun_path) - 1);
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
	static char text[70001]; /* more than the kernel takes at once: sends end within a frame */
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
	memset(text, 'x', 70000);
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

static char console_out[1 << 16];
static const Warder__V1__Event *console_event;

static void body_console(int reader)
{
	struct sink *s = must_open("console");

	sink_write(s, console_event);
	sink_close(s);
	fcntl(reader, F_SETFL, O_NONBLOCK);
	console_out[read_all(reader, console_out, sizeof(console_out) - 1)] = '\0';
	close(reader);
}

static const char *console(const Warder__V1__Event *e)
{
	console_event = e;
	with_stdout(false, body_console);
	return console_out;
}

/* A finding as the engine sends it; the tests change it. */
struct example {
	Warder__V1__Event e;
	Warder__V1__Finding f;
	Google__Protobuf__Timestamp t;
	Warder__V1__Actor actor;
	Warder__V1__Workload w;
	Warder__V1__Container c;
	Warder__V1__Image image;
	Warder__V1__Process p;
	Warder__V1__Text exe, args;
	Warder__V1__Owner o;
	Warder__V1__Attack attack, *attacks[1];
	Warder__V1__Evidence ev, *evs[1];
};

static void example_init(struct example *x)
{
	warder__v1__event__init(&x->e);
	warder__v1__finding__init(&x->f);
	google__protobuf__timestamp__init(&x->t);
	warder__v1__actor__init(&x->actor);
	warder__v1__workload__init(&x->w);
	warder__v1__container__init(&x->c);
	warder__v1__image__init(&x->image);
	warder__v1__process__init(&x->p);
	warder__v1__text__init(&x->exe);
	warder__v1__text__init(&x->args);
	warder__v1__owner__init(&x->o);
	warder__v1__attack__init(&x->attack);
	warder__v1__evidence__init(&x->ev);
	x->t.seconds = 1700000043;
	x->e.time = x->f.first_seen = x->ev.time = &x->t;
	x->e.severity = WARDER__V1__SEVERITY__HIGH;
	x->e.actor = &x->actor;
	x->e.owner = &x->o;
	x->e.message = "mounted the host's block device 254:0 (ext4) by mount(2)";
	x->e.n_attack = 1;
	x->e.attack = x->attacks;
	x->attacks[0] = &x->attack;
	x->attack.technique = "T1611";
	x->e.payload_case = WARDER__V1__EVENT__PAYLOAD_FINDING;
	x->e.finding = &x->f;
	x->actor.workload = &x->w;
	x->actor.process = &x->p;
	x->w.resolution = WARDER__V1__RESOLUTION__RUNTIME;
	x->w.container = &x->c;
	x->c.id = "4f1c2ab3d9e04f1c2ab3d9e04f1c2ab3d9e04f1c2ab3d9e04f1c2ab3d9e01234";
	x->c.name = "web-1";
	x->c.runtime = "docker";
	x->c.image = &x->image;
	x->image.ref = "busybox:1";
	x->p.pid = 4242;
	x->p.comm = "mount";
	x->p.exe = &x->exe;
	x->p.args = &x->args;
	x->exe.utf8 = "/bin/busybox";
	x->args.utf8 = "mount /dev/x /mnt";
	x->o.kind = WARDER__V1__OWNER__KIND__OWNER_HOST;
	x->f.activity = WARDER__V1__FINDING__ACTIVITY__CREATE;
	x->f.technique = "M07";
	x->f.title = "Host block device mounted";
	x->f.stage = WARDER__V1__STAGE__BREACH;
	x->f.outcome = WARDER__V1__OUTCOME__SUCCEEDED;
	x->f.confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	x->f.invariant = WARDER__V1__INVARIANT__REACH;
	x->f.dimension = "mount";
	x->f.n_evidence = 1;
	x->f.evidence = x->evs;
	x->evs[0] = &x->ev;
	x->ev.role = "act";
	x->ev.summary = "mount(2) of 254:0";
}

#define WHO "web-1 (docker 4f1c2ab3d9e0, busybox:1)"

static void console_says_who_did_what_to_whom(void **state)
{
	struct example x;

	(void)state;
	example_init(&x);
	assert_string_equal(console(&x.e),
			    "22:14:03Z HIGH     M07 BREACH   " WHO " -> host: mounted the host's block device 254:0 "
			    "(ext4) by mount(2) | mount[4242] /bin/busybox \"mount /dev/x /mnt\" | CREATE, T1611, "
			    "confidence high\n    22:14:03Z act: mount(2) of 254:0\n");
	x.f.outcome = WARDER__V1__OUTCOME__DENIED;
	x.f.stage = WARDER__V1__STAGE__ATTEMPT;
	x.f.technique = "REACH";
	x.f.lost = 3;
	x.f.n_evidence = 0;
	x.e.actor = NULL;
	x.e.owner = NULL;
	assert_string_equal(console(&x.e),
			    "22:14:03Z HIGH     REACH/mount ATTEMPT denied unknown workload: mounted the host's block "
			    "device 254:0 (ext4) by mount(2) | process unknown | CREATE, T1611, confidence high, view "
			    "incomplete: 3 records lost\n");
}

static void console_is_brief_on_an_update(void **state)
{
	struct example x;
	Warder__V1__Workload other = WARDER__V1__WORKLOAD__INIT;

	(void)state;
	example_init(&x);
	x.f.activity = WARDER__V1__FINDING__ACTIVITY__UPDATE;
	x.f.count = 12;
	other.origin_id = 77;
	other.cgroup_path = "/a b";
	x.o.kind = WARDER__V1__OWNER__KIND__OWNER_CONTAINER;
	x.o.workload = &other;
	assert_string_equal(console(&x.e), "22:14:03Z HIGH     M07 UPDATE   web-1 (docker 4f1c2ab3d9e0) -> 77 (cgroup "
					   "/a\\x20b): Host block device mounted | BREACH, seen 12 times since 22:14:03Z\n");
}

static void console_names_a_workload_as_far_as_it_is_known(void **state)
{
	static const struct {
		enum {
			HOST,
			NO_CONTAINER,
			NO_CGROUP,
			NAME_ONLY,
			ID_ONLY,
			CHOSEN_ID
		} known;
		const char *says;
	} cases[] = {
		{HOST, " host: "},
		{NO_CONTAINER, " 77 (cgroup /docker/4f1c): "},
		{NO_CGROUP, " container 77: "},
		{NAME_ONLY, " container host: "},
		{ID_ONLY, " 4f1c2ab3d9e0 (runtime unknown, busybox:1): "},
		{CHOSEN_ID, " my-own-name-for-it (runc, busybox:1, privileged): "},
	};
	struct example x;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		example_init(&x);
		x.e.owner = NULL;
		x.w.origin_id = 77;
		if (cases[i].known == HOST)
			x.w.resolution = WARDER__V1__RESOLUTION__HOST;
		else if (cases[i].known == NO_CONTAINER)
			x.w.container = NULL, x.w.cgroup_path = "/docker/4f1c";
		else if (cases[i].known == NO_CGROUP)
			x.w.container = NULL;
		else if (cases[i].known == NAME_ONLY)
			x.c.id = x.c.runtime = "", x.c.name = "host";
		else
			x.c.name = "", x.c.runtime = "";
		if (cases[i].known == CHOSEN_ID)
			x.c.id = "my-own-name-for-it", x.c.runtime = "runc", x.c.privileged = true;
		if (!strstr(console(&x.e), cases[i].says))
			fail_msg("'%s' is not in %s", cases[i].says, console_out);
	}
}

static void console_is_not_fooled_by_names(void **state)
{
	struct example x;
	const char *out;

	(void)state;
	example_init(&x);
	x.c.name = "web-1 (docker 0, x) -> host";
	x.c.id = "a\nb";
	x.p.comm = "sh\x1b[2J";
	x.exe.utf8 = "";
	x.exe.raw.data = (uint8_t *)"/tmp/\xff\0\x9b";
	x.exe.raw.len = 8;
	x.exe.truncated = true;
	x.args.utf8 = "a\" | T1611, confidence low\r\n22:14:03Z LOW";
	x.e.message = "opened /tmp/\xe2\x80\xae\xc2\x9bx | nothing\n";
	x.ev.summary = "\n    and more";
	x.f.technique = "M07\n";
	out = console(&x.e);
	assert_string_equal(
		out, "22:14:03Z HIGH     M07\\x0a BREACH   web-1\\x20\\x28docker\\x200,\\x20x\\x29\\x20->\\x20host (docker "
		     "a\\x0ab, busybox:1) -> host: opened /tmp/\\xe2\\x80\\xae\\xc2\\x9bx \\x7c nothing\\x0a | "
		     "sh\\x1b[2J[4242] /tmp/\\xff\\x00\\x9b... \"a\\x22 \\x7c T1611, confidence "
		     "low\\x0d\\x0a22:14:03Z LOW\" | CREATE, T1611, confidence high\n    22:14:03Z act: \\x0a    and more\n");
}

static void console_sums_up_losses_and_blind_spots(void **state)
{
	Warder__V1__Lost__Count a = WARDER__V1__LOST__COUNT__INIT, b = WARDER__V1__LOST__COUNT__INIT, *counts[] = {&a, &b};
	Warder__V1__Coverage__Hook h[4], *hooks[4];
	Warder__V1__Coverage coverage = WARDER__V1__COVERAGE__INIT;
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	Warder__V1__Lost lost = WARDER__V1__LOST__INIT;
	Warder__V1__Heartbeat beat = WARDER__V1__HEARTBEAT__INIT;
	struct example x;
	int i;

	(void)state;
	example_init(&x);
	e.time = &x.t;
	a.stage = WARDER__V1__LOST__STAGE__BUDGET;
	a.records = 1000;
	a.workload = &x.w;
	b.stage = (Warder__V1__Lost__Stage)-1;
	b.records = 2;
	b.where = "x\ny";
	lost.n_counts = 2;
	lost.counts = counts;
	e.payload_case = WARDER__V1__EVENT__PAYLOAD_LOST;
	e.lost = &lost;
	assert_string_equal(console(&e),
			    "22:14:03Z LOST     1002 records not delivered: 1000 telemetry budget of web-1 (docker "
			    "4f1c2ab3d9e0), 2 unknown stage x\\x0ay\n");
	for (i = 0; i < 4; i++) {
		warder__v1__coverage__hook__init(&h[i]);
		h[i].state = (Warder__V1__Coverage__State)(i < 2 ? 1 : i);
		hooks[i] = &h[i];
	}
	coverage.n_hooks = 4;
	coverage.hooks = hooks;
	e.payload_case = WARDER__V1__EVENT__PAYLOAD_COVERAGE;
	e.coverage = &coverage;
	assert_string_equal(console(&e),
			    "22:14:03Z COVERAGE 4 hooks: 2 seen, 1 degraded, 1 unseen; 'warder doctor' has the list\n");
	e.payload_case = WARDER__V1__EVENT__PAYLOAD_HEARTBEAT;
	e.heartbeat = &beat;
	assert_string_equal(console(&e), "");
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
		cmocka_unit_test(console_says_who_did_what_to_whom),
		cmocka_unit_test(console_is_brief_on_an_update),
		cmocka_unit_test(console_names_a_workload_as_far_as_it_is_known),
		cmocka_unit_test(console_is_not_fooled_by_names),
		cmocka_unit_test(console_sums_up_losses_and_blind_spots),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
