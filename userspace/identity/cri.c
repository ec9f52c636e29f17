// SPDX-License-Identifier: Apache-2.0
#include "cri.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "containerd/v1/services.pb-c.h"
#include "cri/v1/runtime.pb-c.h"

#define AT_ONCE    4
#define WAITING    256           /* containers that wait to be asked for */
#define TRIES      3             /* for one of them */
#define TIMEOUT_MS 2000          /* for one call */
#define QUIET_NS   5000000000ull /* so long a runtime that failed is left alone */
#define ANSWER_MAX (256 * 1024)  /* one container's is some kB */
#define ID_MAX     72
#define NS_MAX     64
#define FRAME      5   /* of gRPC: a flag, and the length of what follows */
#define REQUEST    512 /* an image's name is the longest that is asked for */

struct question {
	uint64_t origin;
	char id[ID_MAX], ns[NS_MAX];
	unsigned int tries;
};

struct call;

/* One container's calls, one after the other. */
struct transfer {
	CURL *easy;
	const struct call *call; /* NULL: it has nothing to do */
	struct question q;
	bool known;
	char sandbox[ID_MAX];
	struct workload w; /* what was said so far */
	struct tags tags;
	uint8_t request[REQUEST];
	struct curl_slist *headers; /* for a namespace of containerd's */
	uint8_t *answer;
	size_t len;
	bool too_big;
	long status; /* gRPC's, from the trailers; -1: it did not come */
};

#define GRPC_NOT_FOUND 5

/* What is asked: how, and what becomes of the answer. `read` returns 0 or -errno, and sets the next call where there is one. */
struct call {
	const char *url;
	size_t (*pack)(const struct transfer *t, uint8_t *to); /* at most REQUEST - FRAME bytes */
	int (*read)(struct transfer *t, const uint8_t *message, size_t len, const struct call **next);
};

struct cri {
	CURLM *multi;
	struct curl_slist *headers;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct transfer transfers[AT_ONCE];
	struct question waiting[WAITING];
	unsigned int first, n;
	uint64_t quiet_until;
	struct cri_counters counters;
};

static size_t pack_containers(const struct transfer *t, uint8_t *to)
{
	Runtime__V1__ContainerFilter filter = RUNTIME__V1__CONTAINER_FILTER__INIT;
	Runtime__V1__ListContainersRequest m = RUNTIME__V1__LIST_CONTAINERS_REQUEST__INIT;

	filter.id = (char *)t->q.id;
	m.filter = &filter;
	return runtime__v1__list_containers_request__pack(&m, to);
}

static size_t pack_sandboxes(const struct transfer *t, uint8_t *to)
{
	Runtime__V1__PodSandboxFilter filter = RUNTIME__V1__POD_SANDBOX_FILTER__INIT;
	Runtime__V1__ListPodSandboxRequest m = RUNTIME__V1__LIST_POD_SANDBOX_REQUEST__INIT;

	filter.id = (char *)t->sandbox;
	m.filter = &filter;
	return runtime__v1__list_pod_sandbox_request__pack(&m, to);
}

static size_t pack_container(const struct transfer *t, uint8_t *to)
{
	Containerd__V1__GetContainerRequest m = CONTAINERD__V1__GET_CONTAINER_REQUEST__INIT;

	m.id = (char *)t->q.id;
	return containerd__v1__get_container_request__pack(&m, to);
}

static size_t pack_image(const struct transfer *t, uint8_t *to)
{
	Containerd__V1__GetImageRequest m = CONTAINERD__V1__GET_IMAGE_REQUEST__INIT;

	m.name = (char *)t->w.image;
	return containerd__v1__get_image_request__pack(&m, to);
}

static int read_sandboxes(struct transfer *t, const uint8_t *message, size_t len, const struct call **next)
{
	int r = cri_read_sandboxes(message, len, t->sandbox, &t->w, &t->tags);

	(void)next;
	t->known |= !r;
	return r;
}

static const struct call call_sandboxes = {
	"http://localhost/runtime.v1.RuntimeService/ListPodSandbox",
	pack_sandboxes,
	read_sandboxes,
};

static int read_containers(struct transfer *t, const uint8_t *message, size_t len, const struct call **next)
{
	int r = cri_read_containers(message, len, t->q.id, &t->w, &t->tags, t->sandbox, sizeof(t->sandbox));

	*next = &call_sandboxes;
	t->known = !r;
	if (r == -ENOENT) {
		strcpy(t->sandbox, t->q.id); /* it may be one itself */
		t->w.sandbox = true;
		r = 0;
	}
	return r;
}

static const struct call call_containers = {
	"http://localhost/runtime.v1.RuntimeService/ListContainers",
	pack_containers,
	read_containers,
};

static int read_image(struct transfer *t, const uint8_t *message, size_t len, const struct call **next)
{
	(void)next;
	return cri_read_image(message, len, &t->w);
}

static const struct call call_image = {
	"http://localhost/containerd.services.images.v1.Images/Get",
	pack_image,
	read_image,
};

static int read_container(struct transfer *t, const uint8_t *message, size_t len, const struct call **next)
{
	int r = cri_read_container(message, len, t->q.id, &t->w, &t->tags);

	t->known = !r;
	if (!r && *t->w.image)
		*next = &call_image;
	return r;
}

static const struct call call_container = {
	"http://localhost/containerd.services.containers.v1.Containers/Get",
	pack_container,
	read_container,
};

static size_t on_bytes(char *bytes, size_t one, size_t n, void *transfer)
{
	struct transfer *t = transfer;

	(void)one;
	if (n > ANSWER_MAX - t->len) {
		t->too_big = true;
		return 0; /* ends the call */
	}
	memcpy(t->answer + t->len, bytes, n);
	t->len += n;
	return n;
}

/* Headers and trailers, one at a time. */
static size_t on_header(char *line, size_t one, size_t n, void *transfer)
{
	static const char name[] = "grpc-status:";
	struct transfer *t = transfer;
	char value[16] = "";

	(void)one;
	if (n < sizeof(name) || strncasecmp(line, name, sizeof(name) - 1))
		return n;
	line += sizeof(name) - 1;
	memcpy(value, line, n - sizeof(name) + 1 < sizeof(value) ? n - sizeof(name) + 1 : sizeof(value) - 1);
	t->status = strtol(value, NULL, 10);
	return n;
}

/* What goes with each call; in a namespace of containerd's where `ns` is not empty. NULL: no memory. */
static struct curl_slist *call_headers(const char *ns)
{
	struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/grpc");
	char header[NS_MAX + 32];

	if (list)
		curl_slist_append(list, "TE: trailers");
	snprintf(header, sizeof(header), "containerd-namespace: %s", ns);
	if (list && *ns)
		curl_slist_append(list, header);
	return list;
}

static int transfer_init(struct cri *c, struct transfer *t)
{
	t->easy = curl_easy_init();
	t->answer = malloc(ANSWER_MAX);
	if (!t->easy || !t->answer)
		return -ENOMEM;
	curl_easy_setopt(t->easy, CURLOPT_UNIX_SOCKET_PATH, c->path);
	curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
	/* A connection a call: a second one on it fails in libcurl 7.88 ("HTTP2 framing layer"), and a unix socket's costs little. */
	curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
	curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)TIMEOUT_MS);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, (char *)t);
	return 0;
}

int cri_open(const char *path, struct cri **out, struct err *err)
{
	struct cri *c;
	int r = 0;

	if (strlen(path) >= sizeof(c->path))
		return err_set(err, -ENAMETOOLONG, "CRI socket %s: a socket's path has at most %zu bytes", path,
			       sizeof(c->path) - 1);
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return err_set(err, -ENOMEM, "CRI socket %s: libcurl does not start", path);
	if (!(curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTP2))
		return err_set(err, -ENOTSUP, "CRI socket %s: this libcurl has no HTTP/2", path);
	c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(err, -ENOMEM, "CRI socket %s: not enough memory", path);
	strcpy(c->path, path);
	c->multi = curl_multi_init();
	if (c->multi)
		curl_multi_setopt(c->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	c->headers = call_headers("");
	for (unsigned int i = 0; i < AT_ONCE && !r; i++)
		r = transfer_init(c, &c->transfers[i]);
	if (!c->multi || !c->headers || r) {
		cri_close(c);
		return err_set(err, -ENOMEM, "CRI socket %s: not enough memory", path);
	}
	*out = c;
	return 0;
}

void cri_close(struct cri *c)
{
	if (!c)
		return;
	for (unsigned int i = 0; i < AT_ONCE; i++) {
		struct transfer *t = &c->transfers[i];

		if (t->call)
			curl_multi_remove_handle(c->multi, t->easy);
		curl_easy_cleanup(t->easy);
		curl_slist_free_all(t->headers);
		free(t->answer);
	}
	curl_multi_cleanup(c->multi);
	curl_slist_free_all(c->headers);
	free(c);
	curl_global_cleanup();
}

const struct cri_counters *cri_counters(const struct cri *c)
{
	return &c->counters;
}

static int wait_in_line(struct cri *c, const struct question *q)
{
	if (c->n == WAITING)
		return -EAGAIN;
	c->waiting[(c->first + c->n++) % WAITING] = *q;
	return 0;
}

/* Of what containerd lets a namespace be called; nothing else may go into a header. */
static bool is_ns(const char *ns)
{
	size_t n = strspn(ns, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	return n && n < NS_MAX && !ns[n];
}

int cri_ask(struct cri *c, uint64_t origin, const char *id, const char *ns)
{
	struct question q = {.origin = origin};

	if (!*id || strlen(id) >= sizeof(q.id) || (ns && !is_ns(ns)))
		return 0; /* no runtime has such an id */
	strcpy(q.id, id);
	strcpy(q.ns, ns ? ns : "");
	if (wait_in_line(c, &q))
		return -EAGAIN;
	c->counters.asked++;
	return 0;
}

static void transfer_start(struct cri *c, struct transfer *t, const struct call *call)
{
	size_t len = call->pack(t, t->request + FRAME);

	memset(t->request, 0, FRAME);
	t->request[3] = (uint8_t)(len >> 8);
	t->request[4] = (uint8_t)len;
	t->len = 0;
	t->too_big = false;
	t->status = -1;
	curl_easy_setopt(t->easy, CURLOPT_URL, call->url);
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers ? t->headers : c->headers);
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, (char *)t->request);
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long)(len + FRAME));
	t->call = curl_multi_add_handle(c->multi, t->easy) == CURLM_OK ? call : NULL;
	c->counters.failed += !t->call;
}

/* The first call for what waited longest. */
static void transfer_begin(struct cri *c, struct transfer *t)
{
	t->q = c->waiting[c->first];
	c->first = (c->first + 1) % WAITING;
	c->n--;
	t->known = false;
	t->w = (struct workload){0};
	t->tags = (struct tags){0};
	curl_slist_free_all(t->headers);
	t->headers = *t->q.ns ? call_headers(t->q.ns) : NULL;
	transfer_start(c, t, *t->q.ns ? &call_container : &call_containers);
}

/* What was not answered is asked again after a while, with what else waits. */
static void transfer_failed(struct cri *c, struct transfer *t, uint64_t *counter, uint64_t now_ns)
{
	(*counter)++;
	c->quiet_until = now_ns + QUIET_NS;
	if (++t->q.tries == TRIES || wait_in_line(c, &t->q))
		c->counters.dropped++;
}

static int read_answer(struct transfer *t, const struct call *call, const struct call **next)
{
	const uint8_t *message;
	size_t len;
	int r;

	if (t->status == GRPC_NOT_FOUND)
		return -ENOENT;
	r = t->status ? -EBADMSG : cri_frame(t->answer, t->len, &message, &len);
	return r ? r : call->read(t, message, len, next);
}

static void transfer_ended(struct cri *c, struct transfer *t, CURLcode code, uint64_t now_ns, cri_fn fn, void *ctx)
{
	const struct call *call = t->call, *next = NULL;
	int r;

	curl_multi_remove_handle(c->multi, t->easy);
	t->call = NULL;
	if (t->too_big) {
		transfer_failed(c, t, &c->counters.invalid, now_ns);
		return;
	}
	if (code != CURLE_OK || (t->status > 0 && t->status != GRPC_NOT_FOUND)) {
		transfer_failed(c, t, code == CURLE_OPERATION_TIMEDOUT ? &c->counters.late : &c->counters.failed, now_ns);
		return;
	}
	r = read_answer(t, call, &next);
	if (r && r != -ENOENT) {
		transfer_failed(c, t, &c->counters.invalid, now_ns);
	} else if (!r && next) {
		transfer_start(c, t, next);
	} else if (!t->known) {
		c->counters.unknown++;
	} else {
		c->counters.answered++;
		fn(ctx, t->q.origin, &t->w, &t->tags);
	}
}

static void start_waiting(struct cri *c, uint64_t now_ns)
{
	for (unsigned int i = 0; i < AT_ONCE && c->n && now_ns >= c->quiet_until; i++)
		if (!c->transfers[i].call)
			transfer_begin(c, &c->transfers[i]);
}

void cri_turn(struct cri *c, uint64_t now_ns, cri_fn fn, void *ctx)
{
	int running, left;
	CURLMsg *m;

	start_waiting(c, now_ns);
	curl_multi_perform(c->multi, &running);
	while ((m = curl_multi_info_read(c->multi, &left))) {
		CURLcode code = m->data.result;
		char *t;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
		transfer_ended(c, (struct transfer *)(void *)t, code, now_ns, fn, ctx);
	}
}
