// SPDX-License-Identifier: Apache-2.0
#include "cri.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "cri/v1/runtime.pb-c.h"

#define AT_ONCE    4
#define WAITING    256           /* containers that wait to be asked for */
#define TRIES      3             /* for one of them */
#define TIMEOUT_MS 2000          /* for one call */
#define QUIET_NS   5000000000ull /* so long a runtime that failed is left alone */
#define ANSWER_MAX (256 * 1024)  /* one container's is some kB */
#define REQUEST    128
#define ID_MAX     72

struct question {
	uint64_t origin;
	char id[ID_MAX];
	unsigned int tries;
};

/* One container's calls: for itself, then for its pod's sandbox. */
struct transfer {
	CURL *easy;
	struct question q;
	bool busy, of_sandbox, known;
	char sandbox[ID_MAX];
	struct workload w; /* what was said so far */
	struct tags tags;
	uint8_t request[REQUEST];
	uint8_t *answer;
	size_t len;
	bool too_big;
	long status; /* gRPC's, from the trailers; -1: it did not come */
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

static int transfer_init(struct cri *c, struct transfer *t)
{
	t->easy = curl_easy_init();
	t->answer = malloc(ANSWER_MAX);
	if (!t->easy || !t->answer)
		return -ENOMEM;
	curl_easy_setopt(t->easy, CURLOPT_UNIX_SOCKET_PATH, c->path);
	curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, c->headers);
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
	c->headers = curl_slist_append(NULL, "Content-Type: application/grpc");
	if (c->headers)
		curl_slist_append(c->headers, "TE: trailers");
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

		if (t->busy)
			curl_multi_remove_handle(c->multi, t->easy);
		curl_easy_cleanup(t->easy);
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

int cri_ask(struct cri *c, uint64_t origin, const char *id)
{
	struct question q = {.origin = origin};

	if (!*id || strlen(id) >= sizeof(q.id))
		return 0; /* no runtime has such an id */
	strcpy(q.id, id);
	if (wait_in_line(c, &q))
		return -EAGAIN;
	c->counters.asked++;
	return 0;
}

static size_t pack_request(struct transfer *t)
{
	Runtime__V1__ContainerFilter container = RUNTIME__V1__CONTAINER_FILTER__INIT;
	Runtime__V1__ListContainersRequest containers = RUNTIME__V1__LIST_CONTAINERS_REQUEST__INIT;
	Runtime__V1__PodSandboxFilter sandbox = RUNTIME__V1__POD_SANDBOX_FILTER__INIT;
	Runtime__V1__ListPodSandboxRequest sandboxes = RUNTIME__V1__LIST_POD_SANDBOX_REQUEST__INIT;
	size_t len;

	container.id = t->q.id;
	containers.filter = &container;
	sandbox.id = t->sandbox;
	sandboxes.filter = &sandbox;
	if (t->of_sandbox)
		len = runtime__v1__list_pod_sandbox_request__pack(&sandboxes, t->request + 5);
	else
		len = runtime__v1__list_containers_request__pack(&containers, t->request + 5);
	memset(t->request, 0, 5);
	t->request[4] = (uint8_t)len; /* an id and two tags: below 128 */
	return len + 5;
}

static void transfer_start(struct cri *c, struct transfer *t)
{
	size_t len = pack_request(t);

	t->len = 0;
	t->too_big = false;
	t->status = -1;
	curl_easy_setopt(t->easy, CURLOPT_URL,
			 t->of_sandbox ? "http://localhost/runtime.v1.RuntimeService/ListPodSandbox"
				       : "http://localhost/runtime.v1.RuntimeService/ListContainers");
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, (char *)t->request);
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long)len);
	t->busy = curl_multi_add_handle(c->multi, t->easy) == CURLM_OK;
	c->counters.failed += !t->busy;
}

/* What was not answered is asked again after a while, with what else waits. */
static void transfer_failed(struct cri *c, struct transfer *t, uint64_t *counter, uint64_t now_ns)
{
	(*counter)++;
	c->quiet_until = now_ns + QUIET_NS;
	if (++t->q.tries == TRIES || wait_in_line(c, &t->q))
		c->counters.dropped++;
}

/* 0; 1 when there is another call to make for it; -errno. */
static int read_answer(struct transfer *t)
{
	const uint8_t *message;
	size_t len;
	int r = cri_frame(t->answer, t->len, &message, &len);

	if (r)
		return r;
	if (t->of_sandbox) {
		r = cri_read_sandboxes(message, len, t->sandbox, &t->w, &t->tags);
		t->known |= !r;
		return r == -ENOENT ? 0 : r;
	}
	r = cri_read_containers(message, len, t->q.id, &t->w, &t->tags, t->sandbox, sizeof(t->sandbox));
	t->known = !r;
	if (r == -ENOENT) {
		strcpy(t->sandbox, t->q.id); /* it may be one itself */
		t->w.sandbox = true;
	}
	return r && r != -ENOENT ? r : 1;
}

static void transfer_ended(struct cri *c, struct transfer *t, CURLcode code, uint64_t now_ns, cri_fn fn, void *ctx)
{
	int r;

	curl_multi_remove_handle(c->multi, t->easy);
	t->busy = false;
	if (t->too_big) {
		transfer_failed(c, t, &c->counters.invalid, now_ns);
		return;
	}
	if (code != CURLE_OK || t->status > 0) {
		transfer_failed(c, t, code == CURLE_OPERATION_TIMEDOUT ? &c->counters.late : &c->counters.failed, now_ns);
		return;
	}
	r = t->status ? -EBADMSG : read_answer(t);
	if (r < 0) {
		transfer_failed(c, t, &c->counters.invalid, now_ns);
	} else if (r > 0) {
		t->of_sandbox = true;
		transfer_start(c, t);
	} else if (!t->known) {
		c->counters.unknown++;
	} else {
		c->counters.answered++;
		fn(ctx, t->q.origin, &t->w, &t->tags);
	}
}

static void start_waiting(struct cri *c, uint64_t now_ns)
{
	for (unsigned int i = 0; i < AT_ONCE && c->n && now_ns >= c->quiet_until; i++) {
		struct transfer *t = &c->transfers[i];

		if (t->busy)
			continue;
		t->q = c->waiting[c->first];
		c->first = (c->first + 1) % WAITING;
		c->n--;
		t->of_sandbox = t->known = false;
		t->w = (struct workload){0};
		t->tags = (struct tags){0};
		transfer_start(c, t);
	}
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
