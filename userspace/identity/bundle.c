// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime.h"

/*
 * An engine above an OCI runtime writes what it knows of a container into the bundle that it hands down: containerd and CRI-O as
 * annotations of config.json, podman in a file beside all of its bundles. Anyone who may start a container may give it annotations
 * too, so whose they are is told by the directory, which is the engine's, and the cgroup's path, not by themselves.
 */

/* An annotation, and the field that it is copied to. */
struct annotation {
	const char *key;
	size_t offset, size;
};

#define TO(field) offsetof(struct workload, field), sizeof(((struct workload *)0)->field)

/* containerd/pkg/cri/annotations */
static const struct annotation cri_annotations[] = {
	{"io.kubernetes.cri.container-name", TO(name)}, {"io.kubernetes.cri.image-name", TO(image)},
	{"io.kubernetes.cri.sandbox-name", TO(pod)},    {"io.kubernetes.cri.sandbox-namespace", TO(pod_ns)},
	{"io.kubernetes.cri.sandbox-uid", TO(pod_uid)}, {0},
};

/* cri-o/pkg/annotations and the kubelet's labels, which CRI-O copies */
static const struct annotation crio_annotations[] = {
	{"io.kubernetes.container.name", TO(name)}, {"io.kubernetes.cri-o.ImageName", TO(image)},
	{"io.kubernetes.pod.name", TO(pod)},        {"io.kubernetes.pod.namespace", TO(pod_ns)},
	{"io.kubernetes.pod.uid", TO(pod_uid)},     {0},
};

/* A reference that names the image by what is in it: "registry/name@sha256:...". */
static void digest_of_reference(struct workload *out)
{
	const char *at = strstr(out->image, "@sha256:");

	if (at && !out->digest[0])
		runtime_copy(out->digest, sizeof(out->digest), at + 1);
}

static int parse_annotations(const char *buf, size_t len, const struct annotation *rows, const char *type_key,
			     struct workload *out)
{
	json_auto_t *root = json_loadb(buf, len, 0, NULL);
	const json_t *annotations = json_object_get(root, "annotations");
	const char *type = json_string_value(json_object_get(annotations, type_key));

	if (!json_is_object(root))
		return -EINVAL;
	for (; rows->key; rows++) {
		const char *value = json_string_value(json_object_get(annotations, rows->key));

		if (value && *value)
			runtime_copy((char *)out + rows->offset, rows->size, value);
	}
	out->sandbox = type && !strcmp(type, "sandbox");
	digest_of_reference(out);
	return 0;
}

int bundle_parse_cri(const char *buf, size_t len, struct workload *out)
{
	return parse_annotations(buf, len, cri_annotations, "io.kubernetes.cri.container-type", out);
}

int bundle_parse_crio(const char *buf, size_t len, struct workload *out)
{
	return parse_annotations(buf, len, crio_annotations, "io.kubernetes.cri-o.ContainerType", out);
}

/* Where dockerd keeps its containers' files: it mounts a hostname of its own into each. */
int bundle_parse_docker(const char *buf, size_t len, const char *id, char *data_root, size_t size)
{
	json_auto_t *root = json_loadb(buf, len, 0, NULL);
	const json_t *mount;
	char end[128];
	size_t i;

	if (!json_is_object(root))
		return -EINVAL;
	snprintf(end, sizeof(end), "/containers/%s/hostname", id);
	json_array_foreach(json_object_get(root, "mounts"), i, mount)
	{
		const char *source = json_string_value(json_object_get(mount, "source"));
		size_t n = source ? strlen(source) : 0;

		if (n < strlen(end) || *source != '/' || strcmp(source + n - strlen(end), end) || n - strlen(end) >= size)
			continue;
		snprintf(data_root, size, "%.*s", (int)(n - strlen(end)), source);
		return 0;
	}
	return -ENOENT;
}

/* containers/storage: one file for all containers; what podman put into it is JSON once more, in a string. */
int podman_parse_containers(const char *buf, size_t len, const char *id, struct workload *out)
{
	json_auto_t *root = json_loadb(buf, len, 0, NULL), *metadata = NULL;
	const char *text = NULL, *name = "", *image = "", *digest = "";
	char full[80];
	const json_t *entry = NULL;
	size_t i;

	if (!json_is_array(root))
		return -EINVAL;
	json_array_foreach(root, i, entry)
	{
		const char *its = json_string_value(json_object_get(entry, "id"));

		if (its && !strcmp(its, id))
			break;
	}
	if (i == json_array_size(root))
		return -ENOENT;
	text = json_string_value(json_object_get(entry, "metadata"));
	metadata = text ? json_loads(text, 0, NULL) : NULL;
	if (!metadata || json_unpack(metadata, "{s?s, s?s, s?s}", "name", &name, "image-name", &image, "image-id", &digest))
		return -EINVAL;
	if (*name)
		runtime_copy(out->name, sizeof(out->name), name);
	runtime_copy(out->image, sizeof(out->image), image);
	if (strlen(digest) == 64) {
		snprintf(full, sizeof(full), "sha256:%s", digest);
		runtime_copy(out->digest, sizeof(out->digest), full);
	}
	return 0;
}

static int read_file(const struct runtime_query *q, const char *dir, int dir_len, const char *name, char **buf, size_t *len)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%.*s%s", dir_len, dir, name) >= sizeof(path))
		return -ENAMETOOLONG;
	return runtime_read(q, path, buf, len);
}

static int read_config(const struct runtime_query *q, const char *bundle, struct workload *out,
		       int (*parse)(const char *buf, size_t len, struct workload *out))
{
	size_t len;
	char *buf;
	int r = read_file(q, bundle, PATH_MAX, "/config.json", &buf, &len);

	if (r)
		return r;
	r = refusals_count(q->refused, parse(buf, len, out));
	free(buf);
	return r;
}

static int read_cri(const struct runtime_query *q, const char *bundle, struct workload *out)
{
	return read_config(q, bundle, out, bundle_parse_cri);
}

static int read_crio(const struct runtime_query *q, const char *bundle, struct workload *out)
{
	return read_config(q, bundle, out, bundle_parse_crio);
}

/* ".../overlay-containers/ID/userdata": the file is in the directory of all. */
static int read_podman(const struct runtime_query *q, const char *bundle, struct workload *out)
{
	const char *end = strstr(bundle, "-containers/") + sizeof("-containers/") - 1, *pod;
	size_t len, pod_len;
	char *buf;
	int r = read_file(q, bundle, (int)(end - bundle), "containers.json", &buf, &len);

	if (r)
		return r;
	r = refusals_count(q->refused, podman_parse_containers(buf, len, out->id, out));
	free(buf);
	pod_len = cgroup_path_pod(q->cgroup, &pod);
	snprintf(out->pod_uid, sizeof(out->pod_uid), "%.*s", (int)pod_len, pod);
	snprintf(out->pod, sizeof(out->pod), "%.*s", pod_len ? 12 : 0, pod);
	return r;
}

static int read_docker(const struct runtime_query *q, const char *bundle, struct workload *out)
{
	char data_root[PATH_MAX], *buf;
	size_t len;
	int r = read_file(q, bundle, PATH_MAX, "/config.json", &buf, &len);

	if (r)
		return r;
	r = refusals_count(q->refused, bundle_parse_docker(buf, len, q->id, data_root, sizeof(data_root)));
	free(buf);
	return r ? r : docker_read(q, data_root, out);
}

/* The first whose words are in the bundle's path, and whose name the cgroup's path does not contradict. */
static const struct engine {
	const char *name;   /* of cgroup_path_engine too, but for what it calls "crio" */
	const char *cgroup; /* what the cgroup's path must tell; NULL: nothing, or the name */
	const char *bundle;
	int (*read)(const struct runtime_query *q, const char *bundle, struct workload *out); /* NULL: nothing more is known */
} engines[] = {
	{"containerd", NULL, "/io.containerd.runtime.v2.task/k8s.io/", read_cri},
	{"docker", NULL, "/io.containerd.runtime.v2.task/moby/", read_docker},
	{"containerd", NULL, "/io.containerd.runtime.v2.task/", NULL},
	{"cri-o", "crio", "-containers/", read_crio},
	{"podman", NULL, "-containers/", read_podman},
};

static bool fits(const struct engine *e, const char *cgroup_engine, const char *bundle)
{
	if (!strstr(bundle, e->bundle))
		return false;
	if (e->cgroup)
		return cgroup_engine && !strcmp(cgroup_engine, e->cgroup);
	return !cgroup_engine || !strcmp(cgroup_engine, e->name);
}

void bundle_enrich(const struct runtime_query *q, const char *bundle, struct workload *out)
{
	const char *engine = cgroup_path_engine(q->cgroup);
	char part[sizeof(out->id) + 2];

	/* Every engine names the bundle by the id. One that does not is somebody's own, for runc alone. */
	snprintf(part, sizeof(part), "/%s", out->id);
	if (*bundle != '/' || !strstr(bundle, part))
		return;
	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
		if (!fits(&engines[i], engine, bundle))
			continue;
		runtime_copy(out->runtime, sizeof(out->runtime), engines[i].name);
		if (engines[i].read)
			engines[i].read(q, bundle, out);
		return;
	}
}
