// SPDX-License-Identifier: Apache-2.0
#include "sink/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"

enum {
	RETRY_FIRST_MS = 100,
	RETRY_MAX_MS = 5000,
	CLOSE_WAIT_MS = 1000,
};

struct record {
	struct record *next;
	size_t len;
	char bytes[];
};

struct stream {
	struct sink *sink;
	ssize_t (*push)(struct stream *st, const char *p, size_t n); /* bytes taken, 0: none now; -errno: that record is lost */
	int fd;                                                      /* -1: not connected */
	struct record *first, *last;
	size_t queued, sent;        /* bytes in the queue's memory; bytes of `first` that are out */
	int64_t retry_at, retry_ms; /* a socket's next connect */
	struct sockaddr_un peer;
	char room[STREAM_RECORD_MAX];
};

/* A file takes all or, on a full disk, nothing: what a short write left is taken back, unless another writer came after it. */
static ssize_t push_file(struct stream *st, const char *p, size_t n)
{
	ssize_t done = write(st->fd, p, n);
	struct stat sb;
	off_t end;

	if (done < 0)
		return errno == EINTR ? 0 : -errno;
	if (done == (ssize_t)n)
		return done;
	end = lseek(st->fd, 0, SEEK_CUR);
	if (end >= done && !fstat(st->fd, &sb) && sb.st_size == end && !ftruncate(st->fd, end - done))
		lseek(st->fd, end - done, SEEK_SET);
	return -ENOSPC;
}

/* A pipe or a terminal of which the stream has a description of its own, so that O_NONBLOCK concerns nobody else. */
static ssize_t push_nonblocking(struct stream *st, const char *p, size_t n)
{
	ssize_t done = write(st->fd, p, n);

	return done >= 0 ? done : errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

/* One that could not be opened anew (another user's): a pipe that polls as writable takes a page without blocking. */
static ssize_t push_polled(struct stream *st, const char *p, size_t n)
{
	struct pollfd pfd = {.fd = st->fd, .events = POLLOUT};

	if (poll(&pfd, 1, 0) <= 0)
		return 0;
	return push_nonblocking(st, p, n < 4096 ? n : 4096);
}

static ssize_t push_socket(struct stream *st, const char *p, size_t n)
{
	ssize_t done = send(st->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);

	return done >= 0 ? done : errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

static void stream_disconnect(struct stream *st)
{
	close(st->fd);
	st->fd = -1;
	st->sent = 0; /* the next reader gets the record from its start */
}

/* 0 when connected. A unix socket's connect is done or refused at once: it cannot block here. */
static int stream_connect(struct stream *st)
{
	int64_t now = monotonic_ms();
	int ret;

	if (st->fd >= 0)
		return 0;
	if (now < st->retry_at)
		return -EAGAIN;
	st->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (st->fd >= 0 && !connect(st->fd, (struct sockaddr *)&st->peer, sizeof(st->peer))) {
		st->retry_ms = RETRY_FIRST_MS;
		return 0;
	}
	ret = -errno;
	if (st->fd >= 0)
		stream_disconnect(st);
	st->retry_at = now + st->retry_ms;
	st->retry_ms = st->retry_ms * 2 < RETRY_MAX_MS ? st->retry_ms * 2 : RETRY_MAX_MS;
	return ret;
}

static ssize_t push_unix(struct stream *st, const char *p, size_t n)
{
	ssize_t done;

	if (stream_connect(st))
		return 0;
	done = push_socket(st, p, n);
	if (done < 0) {
		stream_disconnect(st);
		st->retry_at = monotonic_ms() + st->retry_ms;
		return 0;
	}
	return done;
}

/* A reader that is gone for good: each record is lost. */
static ssize_t push_gone(struct stream *st, const char *p, size_t n)
{
	(void)st;
	(void)p;
	(void)n;
	return -EPIPE;
}

static void stream_pop(struct stream *st)
{
	struct record *r = st->first;

	st->first = r->next;
	st->queued -= sizeof(*r) + r->len;
	st->sent = 0;
	free(r);
}

/* What was counted as written when it was queued turns out to be lost. */
static void stream_give_up(struct stream *st)
{
	while (st->first) {
		stream_pop(st);
		st->sink->written--;
		st->sink->lost++;
	}
	if (st->push != push_file)
		st->push = push_gone;
}

static void stream_drain(struct stream *st)
{
	ssize_t done;

	while (st->first) {
		done = st->push(st, st->first->bytes + st->sent, st->first->len - st->sent);
		if (done < 0)
			stream_give_up(st);
		if (done <= 0)
			return;
		st->sent += (size_t)done;
		if (st->sent == st->first->len)
			stream_pop(st);
	}
}

static int stream_queue(struct stream *st, size_t n)
{
	size_t size = sizeof(struct record) + n;
	struct record *r;

	if (size > STREAM_QUEUE_MAX - st->queued)
		return -ENOBUFS;
	r = malloc(size);
	if (!r)
		return -ENOMEM;
	r->next = NULL;
	r->len = n;
	memcpy(r->bytes, st->room, n);
	if (st->first)
		st->last->next = r;
	else
		st->first = r;
	st->last = r;
	st->queued += size;
	return 0;
}

char *stream_room(struct sink *s)
{
	return ((struct stream *)s->state)->room;
}

int stream_commit(struct sink *s, size_t n)
{
	struct stream *st = s->state;
	ssize_t done = 0;
	int ret;

	stream_drain(st);
	if (!st->first) {
		done = st->push(st, st->room, n);
		if (done == (ssize_t)n)
			return 0;
		if (done < 0) {
			stream_give_up(st);
			return (int)done;
		}
	}
	ret = stream_queue(st, n);
	if (!ret)
		st->sent = done ? (size_t)done : st->sent;
	else if (done && st->push == push_unix) /* half of it is out and the rest has no place: nothing may follow it there */
		stream_disconnect(st);
	else if (done)
		stream_give_up(st);
	return ret;
}

int stream_flush(struct sink *s)
{
	struct stream *st = s->state;

	stream_drain(st);
	return st->first ? -EAGAIN : 0;
}

void stream_close(struct sink *s)
{
	struct stream *st = s->state;
	int64_t until = monotonic_ms() + CLOSE_WAIT_MS, left;
	struct pollfd pfd = {.events = POLLOUT};

	while (stream_flush(s) && (left = until - monotonic_ms()) > 0) {
		pfd.fd = st->fd;
		poll(&pfd, 1, st->fd < 0 || left < 50 ? (int)(left < 50 ? left : 50) : (int)left);
	}
	stream_give_up(st);
	if (st->fd >= 0)
		close(st->fd);
	free(st);
	s->state = NULL;
}

static int open_unix(struct stream *st, const char *path, struct err *err)
{
	int ret;

	if (path[0] != '/')
		return err_set(err, -EINVAL, "sink '%.100s': a socket's path is absolute, such as unix:/run/collector.sock",
			       st->sink->spec);
	if (strlen(path) >= sizeof(st->peer.sun_path))
		return err_set(err, -ENAMETOOLONG, "sink '%.200s': a socket's path has %zu bytes at most", st->sink->spec,
			       sizeof(st->peer.sun_path) - 1);
	st->peer.sun_family = AF_UNIX;
	strcpy(st->peer.sun_path, path);
	st->retry_ms = RETRY_FIRST_MS;
	st->push = push_unix;
	ret = stream_connect(st);
	/* A collector that starts after the sensor, or is busy, is no error: records wait for it. */
	if (!ret || ret == -ENOENT || ret == -ECONNREFUSED || ret == -EAGAIN)
		return 0;
	return err_set(err, ret, "sink '%.200s': connect: %s", st->sink->spec, strerror(-ret));
}

static int open_stdout(struct stream *st, struct err *err)
{
	struct stat sb;

	if (fstat(STDOUT_FILENO, &sb))
		return err_set(err, -errno, "sink '%.200s': stdout: %s", st->sink->spec, strerror(errno));
	st->push = S_ISREG(sb.st_mode) ? push_file : S_ISSOCK(sb.st_mode) ? push_socket : push_nonblocking;
	/* O_NONBLOCK belongs to the open file, which the shell has too: the stream gets one of its own where it can. */
	if (st->push == push_nonblocking) {
		st->fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (st->fd >= 0)
			return 0;
		st->push = push_polled;
	}
	st->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return st->fd < 0 ? err_set(err, -errno, "sink '%.200s': stdout: %s", st->sink->spec, strerror(errno)) : 0;
}

static int open_file(struct stream *st, const char *path, struct err *err)
{
	struct stat sb;

	st->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	if (st->fd < 0 || fstat(st->fd, &sb))
		return err_set(err, -errno, "sink '%.200s': %s%s", st->sink->spec, strerror(errno),
			       errno == ENXIO ? " (a socket is unix:PATH; a FIFO needs a reader first)" : "");
	st->push = S_ISREG(sb.st_mode) ? push_file : push_nonblocking;
	return 0;
}

int stream_open(struct sink *s, const char *arg, struct err *err)
{
	struct stream *st;
	int ret;

	if (!*arg)
		return err_set(err, -EINVAL, "sink '%.200s': say where to: %s:PATH, %s:- for stdout or %s:unix:PATH", s->spec,
			       s->kind->name, s->kind->name, s->kind->name);
	st = calloc(1, sizeof(*st));
	if (!st)
		return err_set(err, -ENOMEM, "sink '%.200s': out of memory", s->spec);
	st->sink = s;
	st->fd = -1;
	if (!strncmp(arg, "unix:", 5))
		ret = open_unix(st, arg + 5, err);
	else
		ret = strcmp(arg, "-") ? open_file(st, arg, err) : open_stdout(st, err);
	if (ret) {
		if (st->fd >= 0)
			close(st->fd);
		free(st);
		return ret;
	}
	s->state = st;
	return 0;
}
