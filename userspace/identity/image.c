// SPDX-License-Identifier: Apache-2.0
/*
 * When a container's image was made: its configuration says so (OCI image specification, config.md), which each engine keeps in its own
 * store. The store is beside the directory of the container's changes.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "identity.h"
#include "runtime.h"

#define HOPS_MAX 3 /* index, manifest, configuration */

#if defined(__aarch64__)
#define ARCHITECTURE "arm64"
#else
#define ARCHITECTURE "amd64"
#endif

/* The 64 digits of "sha256:…", also behind a name; NULL: it is no such digest. */
static const char *digits_of(const char *digest)
{
	const char *at = strstr(digest, "sha256:");

	if (!at)
		return NULL;
	at += strlen("sha256:");
	return strspn(at, "0123456789abcdef") == 64 && !at[64] ? at : NULL;
}

static const char *member(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

/* Of an index the manifest for this machine, of a manifest its configuration. */
static const char *next_digest(const json_t *blob)
{
	const json_t *manifests = json_object_get(blob, "manifests"), *m;
	size_t i;

	json_array_foreach(manifests, i, m)
	{
		const json_t *platform = json_object_get(m, "platform");

		if (!strcmp(member(platform, "os"), "linux") && !strcmp(member(platform, "architecture"), ARCHITECTURE))
			return member(m, "digest");
	}
	if (json_array_size(manifests)) /* one without platforms, for this machine then */
		return member(json_array_get(manifests, 0), "digest");
	return member(json_object_get(blob, "config"), "digest");
}

int image_parse_blob(const char *buf, size_t len, int64_t *created_s, char next[65])
{
	json_auto_t *blob = json_loadb(buf, len, 0, NULL);
	const char *digits;

	if (!json_is_object(blob))
		return -EINVAL;
	*created_s = 0;
	next[0] = '\0';
	digits = digits_of(next_digest(blob));
	if (digits)
		memcpy(next, digits, 65);
	else
		*created_s = host_seconds(member(blob, "created"));
	return 0;
}

int image_parse_list(const char *buf, size_t len, const char *digits, int64_t *created_s)
{
	json_auto_t *list = json_loadb(buf, len, 0, NULL);
	const json_t *image;
	size_t i;

	if (!json_is_array(list))
		return -EINVAL;
	json_array_foreach(list, i, image)
	{
		if (strcmp(member(image, "id"), digits))
			continue;
		*created_s = host_seconds(member(image, "created"));
		return 0;
	}
	return -ENOENT;
}

static int64_t read_blobs(const struct runtime_query *q, const char *store, int store_len, const char *directory,
			  const char *digits)
{
	char path[PATH_MAX], next[65];
	int64_t created_s = 0;

	memcpy(next, digits, 65);
	for (int hop = 0; hop < HOPS_MAX && *next && !created_s; hop++) {
		size_t len;
		char *buf;
		int r;

		if ((size_t)snprintf(path, sizeof(path), "%.*s%s%s", store_len, store, directory, next) >= sizeof(path) ||
		    runtime_read(q, path, &buf, &len))
			return 0;
		r = refusals_count(q->refused, image_parse_blob(buf, len, &created_s, next));
		free(buf);
		if (r)
			return 0;
	}
	return created_s;
}

static int64_t read_docker(const struct runtime_query *q, const char *store, int store_len, const char *digits)
{
	return read_blobs(q, store, store_len, "/image/overlay2/imagedb/content/sha256/", digits);
}

static int64_t read_containerd(const struct runtime_query *q, const char *store, int store_len, const char *digits)
{
	return read_blobs(q, store, store_len, "/io.containerd.content.v1.content/blobs/sha256/", digits);
}

static int64_t read_containers(const struct runtime_query *q, const char *store, int store_len, const char *digits)
{
	char path[PATH_MAX], *buf;
	int64_t created_s = 0;
	size_t len;

	if ((size_t)snprintf(path, sizeof(path), "%.*s/overlay-images/images.json", store_len, store) >= sizeof(path) ||
	    runtime_read(q, path, &buf, &len))
		return 0;
	refusals_count(q->refused, image_parse_list(buf, len, digits, &created_s));
	free(buf);
	return created_s;
}

int64_t identity_image_created(struct identity *id, const struct workload *w, const char *upper)
{
	static const struct {
		const char *mark; /* what follows the store in the directory's path */
		int64_t (*read)(const struct runtime_query *q, const char *store, int store_len, const char *digits);
	} stores[] = {
		{"/overlay2/", read_docker},
		{"/io.containerd.snapshotter.v1.overlayfs/", read_containerd},
		{"/overlay/", read_containers}, /* containers/storage: podman, CRI-O */
	};
	const char *digits = digits_of(w->digest);
	int64_t created_s = 0;
	struct runtime_query q = {.root = digits ? host_open_root(id->host_root) : -1, .refused = &id->refused};

	if (q.root < 0)
		return 0;
	for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]) && !created_s; i++) {
		const char *at = strstr(upper, stores[i].mark);

		if (at)
			created_s = stores[i].read(&q, upper, (int)(at - upper), digits);
	}
	close(q.root);
	return created_s;
}
