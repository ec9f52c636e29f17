/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_IDENTITY_H
#define WARDER_IDENTITY_H

#include <stddef.h>

#include "address.h"
#include "err.h"
#include "posture.h"
#include "workload.h"

/* Reads of state files that were refused, since the start. A file that is not there is not counted; one that is looked at again is, again. */
struct refusals {
	uint64_t invalid; /* not what such a file holds, or another container's */
	uint64_t too_big;
	uint64_t not_a_file; /* a FIFO, a device, a directory; or no directory where one should be */
	uint64_t link;       /* a link in the file's place, or links on the way that have no end */
	uint64_t unreadable;
};

/*
 * Who a container is, from its cgroup's path and from what the runtime keeps on disk. It reads files below the host's root
 * only; nothing that it reads is trusted (sizes are bounded, JSON is checked, a bad file is "not resolved").
 */
struct identity {
	char host_root[256]; /* prefix of every path read; "" for "/" */
	struct refusals refused;
};

int identity_init(struct identity *id, const char *host_root, struct err *err);

/*
 * Fills everything but origin_id of `out` for the container whose cgroup path is `cgroup_path` ("/docker/<id>", as the kernel
 * has it from the hierarchy's root) and whose first process is `init_pid` in the node's pid namespace (0: not known). Always
 * leaves a usable workload: where no runtime knows it, resolution is RESOLVED_CGROUP and the name comes from the path alone.
 * Returns 0 when a runtime's state was found, -ENOENT when only the path was to be had.
 */
int identity_resolve(struct identity *id, const char *cgroup_path, unsigned int init_pid, struct workload *out);

#define IDENTITY_PROMISED 1
#define IDENTITY_ACTUAL   2

/*
 * What the runtime was told about a container that is resolved (`w`), into *promised, and what its first process
 * (as it was at the seal) shows, into *actual: its mounts and its label; the rest of *actual is the kernel's to tell and left alone.
 * Strings are in the arena. Paths that were promised to be masked or read-only are those that this kernel has; a place that was
 * promised behind a link is told as it is called in the container. It reads no file of the container's. Returns which of both
 * were found.
 */
int identity_posture(struct identity *id, const struct workload *w, const struct wd_process *first, struct arena *a,
		     struct posture *promised, struct posture *actual);

/* The service account whose token the kubelet mounts into a container with these mounts. 0; -ENOENT, -EINVAL: none is told. */
int identity_account(const struct identity *id, const struct posture *promised, char *out, size_t size);

/* When the image of a container with this upper directory was made, since the epoch; 0: not known. */
int64_t identity_image_created(struct identity *id, const struct workload *w, const char *upper);

/* Whether a file of a container is in its upper directory (posture.upper): new or changed since the image. */
bool identity_in_upper(const struct identity *id, const char *upper, const char *path);

struct addresses {
	struct address *list; /* the caller's */
	unsigned int n, max;
};

/*
 * The addresses of the network namespace that a process is in, but for loopback and link-local ones, into to->list. `net_ns`: its inode's
 * number; 0: whichever it is. 0; -ESTALE where the process is in another one; -E2BIG where there are more than there is room for, or
 * too many routes, and the first ones are told; -errno.
 */
int identity_addresses(const struct identity *id, unsigned int pid, uint32_t net_ns, struct addresses *to);

/* The address of the cluster's API server, by the environment that a container's first process was started with. 0; -ENOENT; -EINVAL. */
int identity_api_address(const struct identity *id, unsigned int pid, struct address *out);

/* The file of /proc, below the host's root, with the node's own mounts: seen from another root they are process 1's. */
const char *identity_mount_table(const struct identity *id);

/*
 * The runtime's id in a cgroup path: the last 64 hex digits ("docker-<id>.scope" and the like too), else the last component
 * without its ".scope". Returns its length (cut to size - 1), 0 where the path has no component.
 */
size_t identity_id_from_cgroup(const char *cgroup_path, char *id, size_t size);

/*
 * The path of the cgroup that a container's id is the number of, as the kernel has it from the hierarchy's root: the way back.
 * Needs CAP_DAC_READ_SEARCH. 0; -ESTALE where the cgroup is gone; -errno.
 */
int identity_cgroup_path(const struct identity *id, uint64_t origin, char *path, size_t size);

/*
 * What a cgroup below that of the container `outer` is called: all but origin_id of `out`, by its path alone. `unique`: the name is one that
 * an engine draws by lot (64 hex digits), so that it is a container's; any other (runc's) may be. 0; -ENOENT where it does not lie there.
 */
int identity_inner(const struct identity *id, const struct workload *outer, uint64_t cgroup, bool *unique,
		   struct workload *out);

#endif
