// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "containerd/v1/services.pb-c.h"
#include "cri.h"
#include "cri/v1/runtime.pb-c.h"
#include "runtime.h"

#define FRAME 5 /* gRPC's length-prefixed message: a flag for compression, then the length */

int cri_frame(const uint8_t *bytes, size_t len, const uint8_t **message, size_t *message_len)
{
	if (len < FRAME || bytes[0])
		return -EBADMSG;
	*message_len = (size_t)bytes[1] << 24 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 8 | bytes[4];
	if (*message_len != len - FRAME)
		return -EBADMSG;
	*message = bytes + FRAME;
	return 0;
}

static void read_pairs(struct labels *to, Runtime__V1__Pair *const *pairs, size_t n)
{
	*to = (struct labels){0};
	for (size_t i = 0; i < n; i++)
		labels_add(to, pairs[i]->key, pairs[i]->value);
}

static void read_image(const Runtime__V1__Container *c, struct workload *w)
{
	const char *name = c->image && *c->image->user_specified_image ? c->image->user_specified_image
			   : c->image                                  ? c->image->image
								       : "";
	const char *digest = strstr(c->image_ref, "sha256:");

	/* What was asked for may be an image's id alone: that is no name. */
	if (strncmp(name, "sha256:", strlen("sha256:")))
		runtime_copy(w->image, sizeof(w->image), name);
	if (digest)
		runtime_copy(w->digest, sizeof(w->digest), digest);
}

static void read_container(const Runtime__V1__Container *c, struct workload *w, struct tags *tags)
{
	if (c->metadata) {
		runtime_copy(w->name, sizeof(w->name), c->metadata->name);
		w->restarts = c->metadata->attempt;
	}
	if (c->created_at > 0)
		w->created_s = c->created_at / 1000000000;
	read_image(c, w);
	read_pairs(&tags->labels, c->labels, c->n_labels);
	read_pairs(&tags->annotations, c->annotations, c->n_annotations);
}

int cri_read_containers(const uint8_t *message, size_t len, const char *id, struct workload *w, struct tags *tags,
			char *sandbox, size_t size)
{
	Runtime__V1__ListContainersResponse *m = runtime__v1__list_containers_response__unpack(NULL, len, message);
	int r = -ENOENT;

	if (!m)
		return -EBADMSG;
	for (size_t i = 0; i < m->n_containers && r; i++) {
		const Runtime__V1__Container *c = m->containers[i];

		if (strcmp(c->id, id) || strlen(c->pod_sandbox_id) >= size)
			continue;
		read_container(c, w, tags);
		strcpy(sandbox, c->pod_sandbox_id);
		r = 0;
	}
	runtime__v1__list_containers_response__free_unpacked(m, NULL);
	return r;
}

/* The pod's labels are those that people gave; a container's own are the kubelet's. */
static void read_sandbox(const Runtime__V1__PodSandbox *s, struct workload *w, struct tags *tags)
{
	if (s->metadata) {
		runtime_copy(w->pod, sizeof(w->pod), s->metadata->name);
		runtime_copy(w->pod_ns, sizeof(w->pod_ns), s->metadata->namespace_);
		runtime_copy(w->pod_uid, sizeof(w->pod_uid), s->metadata->uid);
	}
	runtime_copy(w->handler, sizeof(w->handler), s->runtime_handler);
	runtime_copy(w->isolation, sizeof(w->isolation), isolation_of(s->runtime_handler));
	read_pairs(&tags->labels, s->labels, s->n_labels);
	read_pairs(&tags->annotations, s->annotations, s->n_annotations);
}

int cri_read_sandboxes(const uint8_t *message, size_t len, const char *id, struct workload *w, struct tags *tags)
{
	Runtime__V1__ListPodSandboxResponse *m = runtime__v1__list_pod_sandbox_response__unpack(NULL, len, message);
	int r = -ENOENT;

	if (!m)
		return -EBADMSG;
	for (size_t i = 0; i < m->n_items && r; i++) {
		if (strcmp(m->items[i]->id, id))
			continue;
		read_sandbox(m->items[i], w, tags);
		r = 0;
	}
	runtime__v1__list_pod_sandbox_response__free_unpacked(m, NULL);
	return r;
}

int cri_read_container(const uint8_t *message, size_t len, const char *id, struct workload *w, struct tags *tags)
{
	Containerd__V1__GetContainerResponse *m = containerd__v1__get_container_response__unpack(NULL, len, message);
	const Containerd__V1__Container *c = m ? m->container : NULL;
	int r = c && !strcmp(c->id, id) ? 0 : m ? -ENOENT : -EBADMSG;

	if (!r) {
		runtime_copy(w->image, sizeof(w->image), c->image);
		read_pairs(&tags->labels, c->labels, c->n_labels);
	}
	if (m)
		containerd__v1__get_container_response__free_unpacked(m, NULL);
	return r;
}

int cri_read_image(const uint8_t *message, size_t len, struct workload *w)
{
	Containerd__V1__GetImageResponse *m = containerd__v1__get_image_response__unpack(NULL, len, message);
	int r = m && m->image && m->image->target ? 0 : m ? -ENOENT : -EBADMSG;

	if (!r)
		runtime_copy(w->digest, sizeof(w->digest), m->image->target->digest);
	if (m)
		containerd__v1__get_image_response__free_unpacked(m, NULL);
	return r;
}
