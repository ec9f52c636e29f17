/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_IDENTITY_RUNTIME_H
#define WARDER_IDENTITY_RUNTIME_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "identity.h"
#include "posture.h"
#include "text.h"
#include "workload.h"

/* Inside of identity only: what the runtimes share. Parsers take bytes and know no files, so that they can be fuzzed. */

#define RUNTIME_FILE_MAX    (1024 * 1024) /* a bigger file is no engine's; real ones have some kB */
#define RUNTIME_STATE_MAX   (256 * 1024)  /* likewise of runc's and crun's, of which many may have to be looked at */
#define RUNTIME_ENTRIES_MAX 1024          /* directory entries looked at for one container, all roots of a runtime together */

/* The container that is asked for. */
struct runtime_query {
	int root;              /* descriptor of the host's root directory */
	const char *cgroup;    /* path as the kernel has it, never NULL */
	unsigned int init_pid; /* 0: not known */
	char id[NAME_MAX + 1]; /* from the path; one path component, never "." or "..", may be empty */
	bool unique;           /* the id is 64 hex digits: an engine drew it by lot, nothing else has it */
	struct refusals *refused;
};

/* Fills name, runtime and what else it knows of `out`. 0, or -ENOENT when this runtime does not know the container. */
struct runtime {
	const char *name;
	int (*find)(const struct runtime_query *q, struct workload *out);
};

int docker_find(const struct runtime_query *q, struct workload *out);
int runc_find(const struct runtime_query *q, struct workload *out);
int crun_find(const struct runtime_query *q, struct workload *out);
int monitor_find(const struct runtime_query *q, struct workload *out);
/* What sandbox the process that waits for the container is of, if any. */
void monitor_isolation(const struct runtime_query *q, struct workload *out);

/* isolation.c: the sandbox that a runtime of this name puts containers into, such as "gvisor"; "" for none. */
const char *isolation_of(const char *runtime);

/* cgroup_path.c */
bool cgroup_path_id(const char *cgroup_path, const char **start, size_t *len); /* true: 64 hex digits. *len 0: none */
/* Whether a cgroup lies below another, and the id that it has there; `unique` as cgroup_path_id returns it. */
bool cgroup_path_inner(const char *path, const char *outer, bool *unique, const char **start, size_t *len);
size_t cgroup_path_pod(const char *cgroup_path, const char **start); /* of podman: 64, or 0 where it is in none */
const char *cgroup_path_engine(const char *cgroup_path); /* "docker", "podman", "containerd", "crio"; NULL: it does not tell */

/* What /proc/PID/stat says of a process. */
struct process_stat {
	char state;
	unsigned int parent;
	unsigned int flags; /* PF_*, of the kernel's include/linux/sched.h */
	uint64_t start;     /* clock ticks since boot */
};

/* host.c: files below the host's root. `path` is absolute as the host sees it; links cannot lead out of that root. */
int host_open_root(const char *host_root);
/* *buf is the caller's to free. 0; -ENXIO for what is no regular file; -EFBIG; -errno. */
int host_read(int root, const char *path, char **buf, size_t *len);
/* The same of a state file. */
int runtime_read(const struct runtime_query *q, const char *path, char **buf, size_t *len);
/* Counts what reading or parsing a state file came to. Returns it. */
int refusals_count(struct refusals *to, int r);
FILE *host_stream(int root, const char *path);    /* NULL: it is no regular file, or not to be opened */
bool host_line(FILE *f, char *line, size_t size); /* the next one, cut where it does not fit; false: the end */
DIR *host_opendir(int root, const char *path);
/* A descriptor (O_PATH) of what a path leads to, by the links on its way; with O_NOFOLLOW in `flags` not by a last one. -errno. */
int host_lookup(int root, const char *path, int flags);
bool host_exists(int root, const char *path);
/* Without links on its way. 0; -ENAMETOOLONG; -errno. */
int host_realpath(int root, const char *path, char *out, size_t size);
int host_process(int root, unsigned int pid, struct process_stat *out);
int64_t host_seconds(const char *rfc3339); /* since the epoch; 0 when it is not a time after it */

/* state.c: runtimes of the OCI command line keep one directory per container in a few roots. */
struct runtime_state {
	char id[NAME_MAX + 1]; /* as the file has it; empty where the format has none */
	unsigned int pid;      /* of the container's first process */
	uint64_t pid_start;    /* when it started, in clock ticks since boot; 0: the file does not tell */
	int64_t created_s;
	bool in_cgroup;        /* the file names the cgroup that was asked for */
	char bundle[PATH_MAX]; /* the directory that the container was made from; empty: the file does not tell */
};

/* What waits for a container's first process, from its command line: containerd's shim or conmon. */
struct monitor {
	const char *id,
		*bundle; /* into the command line; bundle NULL: it is the working directory; id NULL: that one's last name */
	const char *runtime; /* the program that it calls, or it itself */
};

struct state_kind {
	const char *runtime;
	const char *file;         /* in the container's directory */
	const char *const *roots; /* NULL-terminated; one that ends in a "/" + "*" stands for each directory there */
	int (*parse)(const char *buf, size_t len, const char *cgroup, struct runtime_state *st);
};

extern const struct state_kind runc_states, crun_states;

int state_find(const struct runtime_query *q, const struct state_kind *kind, struct workload *out);
/* The bundle of a container that is known already: into out->bundle, where one of both keeps its state. */
void state_find_bundle(const struct runtime_query *q, struct workload *out);

/* docker.c: what dockerd keeps of the container below its data directory. 0, or -ENOENT. */
int docker_read(const struct runtime_query *q, const char *data_root, struct workload *out);

/* bundle.c: what the engine above an OCI runtime wrote down of the container that is now `out`. Nothing, where no engine is known. */
void bundle_enrich(const struct runtime_query *q, const char *bundle, struct workload *out);

/* A line of /proc/PID/mountinfo; the strings are in what was parsed. */
struct mount_line {
	unsigned int id, parent;
	char *device, *root, *target, *type;
	char *options; /* of the filesystem, as they stand there; empty: none */
	bool writable;
};

#define HOST_MOUNTS 4096 /* a node has hundreds */

/* mountinfo.c. Changes `buf`, of which lines that are none are left out. 0; -E2BIG where there are more than `max`. */
int mountinfo_parse(char *buf, struct mount_line *out, unsigned int max, unsigned int *n);
/* The mounts of a process. *buf has their strings, and is the caller's to free, whatever is returned. Likewise; -errno. */
int mountinfo_read(int root, unsigned int pid, char **buf, struct mount_line *out, unsigned int max, unsigned int *n);

/*
 * subpath.c: marks the mounts that were promised as parts of a pod's volumes (subPath) and are none. Volumes that the kubelet has no
 * directory for (hostPath) are passed over.
 */
void subpaths_check(int root, const struct posture *promised, struct posture *actual);

/*
 * image.c. A blob of an image: when it was made, or where that is told, `next`: the digits of the blob that it leads to. 0; -EINVAL. A list of
 * all images, of containers/storage: when the one with these digits was made. 0; -ENOENT; -EINVAL.
 */
int image_parse_blob(const char *buf, size_t len, int64_t *created_s, char next[65]);
int image_parse_list(const char *buf, size_t len, const char *digits, int64_t *created_s);

/* account.c: the name of the service account that a token is of. 0; -EINVAL. */
int account_parse_token(const char *buf, size_t len, char *out, size_t size);

/*
 * addresses.c: from /proc/PID/net/fib_trie and if_inet6: 0; -E2BIG where there is no room for more. Out of /proc/PID/environ, with a NUL behind
 * its end: 0; -ENOENT; -EINVAL for a name in the address's place.
 */
int addresses_parse_fib(FILE *f, struct addresses *to);
int addresses_parse_inet6(FILE *f, struct addresses *to);
int environ_parse_api(const char *buf, size_t len, struct address *out);

/* cgroup_id.c: where the hierarchy with these controllers ("" for cgroup v2) is mounted, out of a table of mounts. 0 or -ENOENT. */
int hierarchy_mount(const char *mounts, const char *controllers, char *out, size_t size);

/*
 * device_filter.c. 1: the kernel refuses a process devices, or something is there that may; 0: it refuses none; -errno: not known. `table`: the
 * file of /proc with the node's mounts. The path of a process in the hierarchy with a controller ("" for cgroup v2), out of its /proc/PID/cgroup: 0 or -ENOENT.
 */
int device_filter(int root, const char *table, unsigned int pid);
int cgroup_of(const char *cgroups, const char *controller, char *out, size_t size);

/* spec.c: a bundle's config.json. Everything in *p is in the arena. 0; -EINVAL; -ENOMEM when the arena is full. */
int spec_parse(const char *buf, size_t len, struct arena *a, struct posture *p);

/* Parsers: 0, or -EINVAL for what is no such file. */
int runc_parse_state(const char *buf, size_t len, const char *cgroup, struct runtime_state *st);
int crun_parse_status(const char *buf, size_t len, const char *cgroup, struct runtime_state *st);
int monitor_parse_cmdline(const char *buf, size_t len, struct monitor *m);
int docker_parse_config(const char *buf, size_t len, const char *id, struct workload *out);
int docker_parse_hostconfig(const char *buf, size_t len, struct workload *out);
int bundle_parse_docker(const char *buf, size_t len, const char *id, char *data_root, size_t size);
int bundle_parse_cri(const char *buf, size_t len, struct workload *out);
int bundle_parse_crio(const char *buf, size_t len, struct workload *out);
int podman_parse_containers(const char *buf, size_t len, const char *id, struct workload *out);
int docker_parse_daemon(const char *buf, size_t len, char *data_root, size_t size);

/* Into a field of the workload: valid UTF-8, cut where it does not fit. */
static inline void runtime_copy(char *dst, size_t size, const char *src)
{
	text_sanitise(dst, size, src, strlen(src));
}

/* A directory of which no path can be is left out: the rest of the state counts all the same. */
static inline void runtime_bundle(struct runtime_state *st, const char *dir)
{
	if (strlen(dir) < sizeof(st->bundle))
		strcpy(st->bundle, dir);
}

static inline void workload_bundle(struct workload *out, const char *dir)
{
	if (strlen(dir) < sizeof(out->bundle))
		strcpy(out->bundle, dir);
}

static inline void cleanup_closedir(DIR **d)
{
	if (*d)
		closedir(*d);
}

#endif
