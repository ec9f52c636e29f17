// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime.h"

/* The outer "Image" is the image's own id (a manifest's digest with the containerd store): what runs, whatever the tag says. */
int docker_parse_config(const char *buf, size_t len, const char *id, struct workload *out)
{
	const char *own_id, *name, *image, *digest = "", *started = "", *created = "";
	json_auto_t *root = json_loadb(buf, len, 0, NULL);
	int running = 0;

	if (!root ||
	    json_unpack(root, "{s:s, s:s, s:{s:s}, s?s, s?s, s?{s?b, s?s}}", "ID", &own_id, "Name", &name, "Config", "Image",
			&image, "Image", &digest, "Created", &created, "State", "Running", &running, "StartedAt", &started))
		return -EINVAL;
	if (strcmp(own_id, id))
		return -EINVAL;
	if (*name == '/')
		name++;
	runtime_copy(out->id, sizeof(out->id), id);
	runtime_copy(out->name, sizeof(out->name), *name ? name : id);
	runtime_copy(out->runtime, sizeof(out->runtime), "docker");
	runtime_copy(out->image, sizeof(out->image), image);
	runtime_copy(out->digest, sizeof(out->digest), digest);
	/* While a container starts again, the file still has its last run's time. */
	out->started_s = running ? host_seconds(started) : 0;
	out->created_s = host_seconds(created);
	return 0;
}

int docker_parse_hostconfig(const char *buf, size_t len, struct workload *out)
{
	json_auto_t *root = json_loadb(buf, len, 0, NULL);
	const char *runtime = "";
	int v;

	if (!root || json_unpack(root, "{s:b, s?s}", "Privileged", &v, "Runtime", &runtime))
		return -EINVAL;
	out->privileged = v;
	runtime_copy(out->isolation, sizeof(out->isolation), isolation_of(runtime));
	return 0;
}

int docker_parse_daemon(const char *buf, size_t len, char *data_root, size_t size)
{
	json_auto_t *root = json_loadb(buf, len, 0, NULL);
	const json_t *set = json_object_get(root, "data-root");
	const char *v = json_string_value(set);

	if (json_is_object(root) && !set)
		return -ENOENT;
	if (!v || *v != '/' || strlen(v) >= size)
		return -EINVAL;
	strcpy(data_root, v);
	return 0;
}

static void find_data_root(const struct runtime_query *q, char *data_root, size_t size)
{
	char *buf;
	size_t len;

	snprintf(data_root, size, "/var/lib/docker");
	if (runtime_read(q, "/etc/docker/daemon.json", &buf, &len))
		return;
	refusals_count(q->refused, docker_parse_daemon(buf, len, data_root, size));
	free(buf);
}

static int read_container_file(const struct runtime_query *q, const char *data_root, const char *file, char **buf, size_t *len)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/containers/%s/%s", data_root, q->id, file) >= sizeof(path))
		return -ENAMETOOLONG;
	return runtime_read(q, path, buf, len);
}

/*
 * No pid is compared: dockerd writes it only after the start, and the container is sealed before that. The id is proof enough:
 * 256 random bits, the same in the cgroup's path, the directory's name and the file.
 */
int docker_read(const struct runtime_query *q, const char *data_root, struct workload *out)
{
	size_t len;
	char *buf;
	int r;

	if (read_container_file(q, data_root, "config.v2.json", &buf, &len))
		return -ENOENT;
	r = refusals_count(q->refused, docker_parse_config(buf, len, q->id, out));
	free(buf);
	if (r)
		return -ENOENT;
	if (!read_container_file(q, data_root, "hostconfig.json", &buf, &len)) {
		refusals_count(q->refused, docker_parse_hostconfig(buf, len, out));
		free(buf);
	}
	return 0;
}

int docker_find(const struct runtime_query *q, struct workload *out)
{
	char data_root[PATH_MAX];

	if (!q->unique)
		return -ENOENT;
	find_data_root(q, data_root, sizeof(data_root));
	return docker_read(q, data_root, out);
}
