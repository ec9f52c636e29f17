/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_WORKLOAD_H
#define WARDER_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

/* How far a name was resolved; the numbers are those of warder.v1.Resolution. */
enum resolution {
	RESOLVED_NOT = 0,
	RESOLVED_HOST = 1,
	RESOLVED_CGROUP = 2,
	RESOLVED_RUNTIME = 3,
	RESOLVED_KUBERNETES = 4,
};

/*
 * Who a container is. A plain value of fixed size: copied, never shared. Every string is valid UTF-8 and NUL-terminated; one
 * that did not fit or was not valid is sanitised or cut, never refused.
 */
struct workload {
	uint64_t origin_id; /* the sensor's id of the container; 0 is the host */
	enum resolution resolution;
	char id[72];      /* the runtime's id; 64 hex digits, or free-form for runc and crun */
	char name[128];   /* what a person calls it; the id where the runtime has no other */
	char runtime[16]; /* "docker", "containerd", "podman", "cri-o", "runc", "crun"; empty when not resolved */
	char image[256];  /* as it was asked for */
	char digest[80];  /* sha256:… */
	bool privileged;
	bool pending;  /* the runtime is asked for more */
	bool sandbox;  /* holds its pod's namespaces, runs nothing of the user's */
	char pod[256]; /* its name; podman's: the start of its id, for the name is in a database. Empty where it is in no pod */
	char pod_ns[64]; /* the pod's namespace */
	char pod_uid[72];
	char account[64];  /* the service account that it acts as */
	int64_t started_s; /* since the epoch; 0 is unknown */
	int64_t created_s;
	int64_t image_created_s;
	uint32_t restarts;
	char trust[16];    /* the level that the policy gives it; empty: none */
	unsigned int rank; /* of that level, from the least trusted */
	char handler[32];  /* the runtime's kind, where a pod asked for another than the default: "kata", "gvisor" */
	char isolation[8]; /* "gvisor", "kata"; empty where it runs on the node's kernel, or nothing tells */
	char cgroup_path[512];
	char bundle[384]; /* the directory that an OCI runtime made it from; empty where it is not known, or longer */
};

/* Whether it is known who it is, and no more is to come. NULL: nobody. */
static inline bool workload_named(const struct workload *w)
{
	return w && w->resolution > RESOLVED_CGROUP && !w->pending;
}

#endif
