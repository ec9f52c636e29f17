// SPDX-License-Identifier: Apache-2.0
#include "running.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

/* The map by its name, type and sizes. A sensor that ended has none: nothing is pinned. */
static int find_map(const char *name)
{
	struct bpf_map_info info;
	uint32_t id = 0, len;
	int fd;

	while (!bpf_map_get_next_id(id, &id)) {
		fd = bpf_map_get_fd_by_id(id);
		if (fd < 0 && errno == ENOENT)
			continue; /* it went meanwhile */
		if (fd < 0)
			return -errno;
		memset(&info, 0, sizeof(info));
		len = sizeof(info);
		if (!bpf_obj_get_info_by_fd(fd, &info, &len) && !strcmp(info.name, name) && info.type == BPF_MAP_TYPE_HASH &&
		    info.key_size == sizeof(uint64_t) && info.value_size == sizeof(struct wd_capabilities))
			return fd;
		close(fd);
	}
	return errno == ENOENT ? -ESRCH : -errno;
}

int running_read(struct running *r, struct err *err)
{
	uint32_t at, n = WD_MAX_ACCOUNTS;
	int fd, rc = 0;

	*r = (struct running){0};
	fd = find_map("wd_capabilities");
	if (fd == -ESRCH)
		return err_set(err, fd, "no sensor of this version runs on this node: start it with 'warder run'");
	if (fd == -EPERM || fd == -EACCES)
		return err_set(err, -EPERM, "reading the sensor's maps needs CAP_SYS_ADMIN: run it as root");
	if (fd < 0)
		return err_set(err, fd, "looking for the sensor's maps: %s", strerror(-fd));
	r->origins = calloc(n, sizeof(*r->origins));
	r->capabilities = calloc(n, sizeof(*r->capabilities));
	if (!r->origins || !r->capabilities)
		rc = err_set(err, -ENOMEM, "not enough memory for the containers' capabilities");
	else if (bpf_map_lookup_batch(fd, NULL, &at, r->origins, r->capabilities, &n, NULL) && errno != ENOENT)
		rc = err_set(err, -errno, "reading the sensor's map: %s", strerror(errno));
	close(fd);
	r->n = rc ? 0 : n;
	return rc;
}

void running_destroy(struct running *r)
{
	free(r->origins);
	free(r->capabilities);
}
