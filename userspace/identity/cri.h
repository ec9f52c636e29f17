/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_IDENTITY_CRI_H
#define WARDER_IDENTITY_CRI_H

#include <stddef.h>
#include <stdint.h>

#include "../err.h"
#include "../labels.h"
#include "../workload.h"

/*
 * A container runtime that is asked over its unix socket (Kubernetes' CRI: gRPC over HTTP/2; and containerd's own API for what is in another of
 * its namespaces than Kubernetes') for what is not on disk: labels,
 * annotations, image and digest, restarts. Calls that only read. Nothing here waits: a runtime that is slow, dead or hostile costs
 * its own answers, which are counted, and nobody's time.
 */
struct cri;

struct cri_counters {
	uint64_t asked;    /* containers */
	uint64_t answered; /* with something about them */
	uint64_t unknown;  /* the runtime does not know them */
	uint64_t late;     /* no answer in time */
	uint64_t failed;   /* no connection, or an error */
	uint64_t invalid;  /* an answer that is none, or bigger than any */
	uint64_t dropped;  /* given up, or more at once than can wait */
};

/* `path` is the socket's; it need not be there yet. 0; -ENAMETOOLONG, -ENOMEM, -ENOTSUP with the reason in *err. */
int cri_open(const char *path, struct cri **out, struct err *err);
void cri_close(struct cri *c);

/*
 * Puts a container on the list of those to ask for. `id` is the runtime's; `ns` is containerd's namespace, NULL for the CRI. 0, or
 * -EAGAIN when the list is full.
 */
int cri_ask(struct cri *c, uint64_t origin, const char *id, const char *ns);

/*
 * Moves on what is under way, and calls `fn` for each answer: *w and *tags have what the runtime said and nothing else (the
 * pod's tags, where it is in one); they are valid during the call. `now_ns` is any clock that only rises.
 */
typedef void (*cri_fn)(void *ctx, uint64_t origin, const struct workload *w, const struct tags *tags);
void cri_turn(struct cri *c, uint64_t now_ns, cri_fn fn, void *ctx);

const struct cri_counters *cri_counters(const struct cri *c);

/* Inside of identity and for its tests: an answer's bytes. */

/* The one message of an answer: behind a flag and a length of four bytes. 0, or -EBADMSG. */
int cri_frame(const uint8_t *bytes, size_t len, const uint8_t **message, size_t *message_len);
/* What is said of container `id`, and the id of its pod's sandbox. 0; -ENOENT when it is not in the answer; -EBADMSG. */
int cri_read_containers(const uint8_t *message, size_t len, const char *id, struct workload *w, struct tags *tags,
			char *sandbox, size_t size);
/* What is said of the sandbox `id`: the pod. Likewise. */
int cri_read_sandboxes(const uint8_t *message, size_t len, const char *id, struct workload *w, struct tags *tags);

/* What containerd says of a container in a namespace of its, and of an image. 0, -ENOENT or -EBADMSG. */
int cri_read_container(const uint8_t *message, size_t len, const char *id, struct workload *w, struct tags *tags);
int cri_read_image(const uint8_t *message, size_t len, struct workload *w);

#endif
