// SPDX-License-Identifier: Apache-2.0
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "frame.h"
#include "inventory.h"
#include "recording.h"
#include "status.h"

#define REQUEST_MAX CONTROL_REQUEST_MAX
#define FRAME_MAX   (256 * 1024)
#define PATIENCE_NS (10 * 1000000000ull)
#define PATIENCE_S  30 /* of a client */

/*
 * Who is answered: in `next`, the message to be sent next, in the engine's arena; NULL and *slot UINT32_MAX: that was all. `words`: what follows
 * the name.
 */
struct answer {
	const char *name;
	bool has_words;
	const ProtobufCMessage *(*next)(struct engine *e, const char *words, uint64_t now_ns, uint32_t *slot);
};

/* An event that is no part of the stream takes no number of it. */
static const ProtobufCMessage *aside(struct engine *e, uint64_t seq, Warder__V1__Event *ev)
{
	e->stream.seq = seq;
	if (!ev)
		return NULL;
	event_unnumber(ev);
	return &ev->base;
}

/* The node first. */
static const ProtobufCMessage *next_inventory(struct engine *e, const char *words, uint64_t now_ns, uint32_t *slot)
{
	uint64_t seq = e->stream.seq;
	Warder__V1__Event *ev;
	uint32_t container;

	(void)words;
	(void)now_ns;
	if (!*slot) {
		*slot = 1;
		return aside(e, seq, inventory_node(e));
	}
	container = *slot - 1;
	ev = inventory_next(e, &container);
	*slot = container == UINT32_MAX ? UINT32_MAX : container + 1;
	return aside(e, seq, ev);
}

static const ProtobufCMessage *next_status(struct engine *e, const char *words, uint64_t now_ns, uint32_t *slot)
{
	const Warder__V1__Status *m = status_message(e, now_ns);

	(void)words;
	*slot = UINT32_MAX;
	return m ? &m->base : NULL;
}

static const ProtobufCMessage *next_record(struct engine *e, const char *words, uint64_t now_ns, uint32_t *slot)
{
	const Warder__V1__Recording *m = recording_begin(e, words, now_ns);

	*slot = UINT32_MAX;
	return m ? &m->base : NULL;
}

static const struct answer answers[] = {
	{"inventory", false, next_inventory},
	{"status", false, next_status},
	{"record", true, next_record},
};

struct control {
	int listener, client; /* -1: none */
	char path[108];
	uint64_t until_ns;
	char request[REQUEST_MAX];
	size_t n_request;
	const struct answer *answer; /* NULL: the request is not whole yet */
	const char *words;           /* of the request */
	uint32_t slot;
	size_t len, sent; /* of the frame in hand */
	char frame[FRAME_MAX];
};

static int socket_address(const char *path, struct sockaddr_un *a, struct err *err)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(a->sun_path))
		return err_set(err, -ENAMETOOLONG, "socket %.200s: more than %zu bytes", path, sizeof(a->sun_path) - 1);
	strcpy(a->sun_path, path);
	return 0;
}

int control_open(const char *path, struct control **out, struct err *err)
{
	struct sockaddr_un a;
	struct control *c;
	mode_t old;
	int rc = socket_address(path, &a, err);

	*out = NULL;
	if (rc)
		return rc;
	c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(err, -ENOMEM, "not enough memory for socket %s", path);
	strcpy(c->path, a.sun_path);
	c->client = -1;
	c->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	unlink(path); /* of a sensor that was killed: there is one at a time */
	old = umask(0177);
	if (c->listener < 0 || bind(c->listener, (struct sockaddr *)&a, sizeof(a)) || listen(c->listener, 4))
		rc = err_set(err, -errno, "listening on %s: %s", path, strerror(errno));
	umask(old);
	if (rc) {
		control_close(c);
		return rc;
	}
	*out = c;
	return 0;
}

static void hang_up(struct control *c)
{
	if (c->client >= 0)
		close(c->client);
	c->client = -1;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	hang_up(c);
	if (c->listener >= 0) {
		close(c->listener);
		unlink(c->path);
	}
	free(c);
}

static void welcome(struct control *c, uint64_t now_ns)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	c->client = accept4(c->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	c->until_ns = now_ns + PATIENCE_NS;
	c->n_request = c->len = c->sent = 0;
	c->answer = NULL;
	c->slot = 0;
	if (c->client >= 0 && (getsockopt(c->client, SOL_SOCKET, SO_PEERCRED, &who, &len) || (who.uid && who.uid != geteuid())))
		hang_up(c);
}

static void pick_answer(struct control *c)
{
	size_t n = strcspn(c->request, " ");

	c->words = c->request + n + (c->request[n] == ' ');
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (strlen(answers[i].name) == n && !memcmp(c->request, answers[i].name, n) &&
		    answers[i].has_words == (c->request[n] == ' '))
			c->answer = &answers[i];
}

static void read_request(struct control *c)
{
	ssize_t n = read(c->client, c->request + c->n_request, sizeof(c->request) - c->n_request);
	char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	c->n_request += n > 0 ? (size_t)n : 0;
	end = memchr(c->request, '\n', c->n_request);
	if (!end) {
		if (n <= 0 || c->n_request == sizeof(c->request))
			hang_up(c);
		return;
	}
	*end = '\0';
	pick_answer(c);
	if (!c->answer)
		hang_up(c);
}

/* The next message's frame; false: that was all. One that cannot be built is left out. */
static bool next_frame(struct control *c, struct engine *e, uint64_t now_ns)
{
	c->len = c->sent = 0;
	while (c->slot != UINT32_MAX) {
		const ProtobufCMessage *m = c->answer->next(e, c->words, now_ns, &c->slot);
		ssize_t n;

		if (!m)
			continue;
		n = frame_pack(m, c->frame, sizeof(c->frame));
		if (n > 0) {
			c->len = (size_t)n;
			return true;
		}
	}
	return false;
}

static void answer(struct control *c, struct engine *e, uint64_t now_ns)
{
	for (unsigned int n_frames = 0; c->sent < c->len || next_frame(c, e, now_ns); n_frames++) {
		ssize_t n;

		if (n_frames == INVENTORY_AT_ONCE)
			return; /* the rest at the next turn: the rings come first */
		n = send(c->client, c->frame + c->sent, c->len - c->sent, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			break;
		c->sent += (size_t)n;
		c->until_ns = now_ns + PATIENCE_NS;
	}
	hang_up(c);
}

void control_turn(struct control *c, struct engine *e, uint64_t now_ns)
{
	if (c->client < 0)
		welcome(c, now_ns);
	if (c->client >= 0 && !c->answer)
		read_request(c);
	if (c->client >= 0 && c->answer)
		answer(c, e, now_ns);
	if (c->client >= 0 && now_ns > c->until_ns)
		hang_up(c);
}

static int call(const char *path, const char *what, FILE **out, struct err *err)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct sockaddr_un a;
	int rc = socket_address(path, &a, err), fd;

	if (rc)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, -errno, "opening a socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		rc = err_set(err, -errno, "no sensor answers on %s: %s: 'warder run' must be running, and you root", path,
			     strerror(errno));
		close(fd);
		return rc;
	}
	if (dprintf(fd, "%s\n", what) > 0 && (*out = fdopen(fd, "r")))
		return 0;
	close(fd);
	return err_set(err, -EPIPE, "the sensor on %s hung up", path);
}

/* Calls `take` for each message of the answer; it returns false where that is none. */
static int ask(const char *path, const char *what, bool (*take)(void *ctx, const uint8_t *bytes, size_t n), void *ctx,
	       struct err *err)
{
	uint8_t *frame = malloc(FRAME_MAX);
	FILE *f = NULL;
	size_t len;
	int rc = frame ? call(path, what, &f, err) : err_set(err, -ENOMEM, "not enough memory");

	if (rc) {
		free(frame);
		return rc;
	}
	while ((rc = frame_read_head(f, FRAME_MAX, &len)) > 0)
		if (fread(frame, 1, len, f) != len || !take(ctx, frame, len)) {
			rc = -EBADMSG;
			break;
		}
	fclose(f);
	free(frame);
	return rc ? err_set(err, rc, "the answer of the sensor on %s breaks off", path) : 0;
}

struct events {
	void (*fn)(void *ctx, const Warder__V1__Event *e);
	void *ctx;
};

static bool take_event(void *ctx, const uint8_t *bytes, size_t n)
{
	const struct events *to = ctx;
	Warder__V1__Event *e = warder__v1__event__unpack(NULL, n, bytes);

	if (!e)
		return false;
	to->fn(to->ctx, e);
	warder__v1__event__free_unpacked(e, NULL);
	return true;
}

int control_ask(const char *path, const char *what, void (*fn)(void *ctx, const Warder__V1__Event *e), void *ctx,
		struct err *err)
{
	struct events to = {.fn = fn, .ctx = ctx};

	return ask(path, what, take_event, &to, err);
}

struct one {
	const ProtobufCMessageDescriptor *type;
	ProtobufCMessage *message; /* NULL: it did not come yet */
};

/* One, and no more. */
static bool take_one(void *ctx, const uint8_t *bytes, size_t n)
{
	struct one *one = ctx;

	if (!one->message)
		one->message = protobuf_c_message_unpack(one->type, NULL, n, bytes);
	return one->message;
}

/* NULL with *err set: there is no such answer. */
static ProtobufCMessage *ask_one(const char *path, const char *what, const ProtobufCMessageDescriptor *type, int *rc,
				 struct err *err)
{
	struct one one = {.type = type};

	*rc = ask(path, what, take_one, &one, err);
	if (!*rc && !one.message)
		*rc = err_set(err, -ENODATA, "the sensor on %s gave no answer: it ends, or is of an older version", path);
	if (!*rc)
		return one.message;
	if (one.message)
		protobuf_c_message_free_unpacked(one.message, NULL);
	return NULL;
}

int control_ask_status(const char *path, Warder__V1__Status **out, struct err *err)
{
	int rc;

	*out = (Warder__V1__Status *)ask_one(path, "status", &warder__v1__status__descriptor, &rc, err);
	return rc;
}

int control_ask_recording(const char *path, const char *words, Warder__V1__Recording **out, struct err *err)
{
	char what[CONTROL_REQUEST_MAX];
	int rc, n = snprintf(what, sizeof(what), "record %s", words);

	*out = NULL;
	if (n + 1 >= (int)sizeof(what) || strchr(words, '\n'))
		return err_set(err, -EINVAL, "no container and no pod has such a name");
	*out = (Warder__V1__Recording *)ask_one(path, what, &warder__v1__recording__descriptor, &rc, err);
	return rc;
}
