/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The state that the programs share. Each .bpf.c includes it; the linker makes one of them (__weak). Hash maps are
 * preallocated: a hook must not allocate.
 */
#ifndef WARDER_MAPS_H
#define WARDER_MAPS_H

#include "kernel.h"
#include "record.h"

/* Files that a container was born holding: its descriptors 0 to 2 are often the host's log or terminal (trap T14). */
#define STDIO_SLOTS 8

struct inherited_file {
	__u64 inode;
	__u64 sb;
};

/* A container's envelope, as it was sealed. */
struct container {
	__u64 id;
	__u64 caps; /* the bounding set */
	__u32 ns[NS_COUNT];
	__u32 processes; /* alive with this origin; the last one's exit ends the container */
	__u32 stdio_next;
	__u32 id_maps; /* fold of what its user namespace maps; 0: not both of uids and gids yet */
	__u64 upper;   /* dentry of its root's upper directory */
	__u64 root;    /* the mount (struct mount) of its root */
	struct inherited_file stdio[STDIO_SLOTS];
};

/* A process with an origin. A process without an entry is the host's. */
struct origin {
	__u64 container;
	__u64 caps;                    /* the container's, here to save a look-up */
	const struct nsproxy *nsproxy; /* last one found within the envelope: equal pointers need no second look */
	const struct vfsmount *root;   /* likewise */
	const struct vfsmount *cwd;
	const struct user_namespace *user_ns;
	/* Of the first thread (each has its own); what a thread can only gain, and label and user ids of the credentials that it had. */
	const struct cred *cred;
	__u32 label;
	__u32 ids;
	__u32 seccomp_mode;
	__u32 no_new_privs;
	__u32 unfiltered; /* looks in a row that found a seccomp mode without its flag */
	__u32 mapped;     /* it had user ids that its container's user namespace maps */
	__u32 mnt_ns;     /* last mount namespace found within it */
	__u32 broken;     /* Dimension bits reported already: it and its children are not reported for them again */
	__u32 entered;    /* it came in by an exec into the container */
	__u32 root_plain; /* `root` is all of a filesystem, none of the kernel's, in its tree: only a device on it leads out */
};

#define ORIGIN_FILTER 65536

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WD_MAX_CONTAINERS);
	__type(key, __u64);
	__type(value, struct container);
} containers __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WD_MAX_PROCESSES);
	__type(key, __u32); /* thread group: a punted io_uring worker has its submitter's (trap T12) */
	__type(value, struct origin);
} origins __weak SEC(".maps");

/*
 * How many entries of `origins` have a thread group whose number ends so: where it is 0, as for most of the host's processes, there is
 * no need to look one up, which is what a hook costs the host. Defined once: of what is __weak the linker keeps the room that each
 * object had for it, and on 5.10 no map holds a value of more than 4 MiB.
 */
extern __u32 origin_filter[ORIGIN_FILTER];

/* Namespace inode number -> container that it was sealed with, or that made it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WD_MAX_NAMESPACES);
	__type(key, __u32);
	__type(value, __u64);
} ns_owners __weak SEC(".maps");

/*
 * The cgroups that a container was sealed in beside the one that tells it: one a controller of version 1, by the same kind of id. The
 * ids are not given out again.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WD_MAX_CGROUPS);
	__type(key, __u64);
	__type(value, __u64);
} cgroup_owners __weak SEC(".maps");

/* By container; 0 is the host's. Made at the seal, deleted by userspace after the container's end. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WD_MAX_ACCOUNTS);
	__type(key, __u64);
	__type(value, struct wd_account);
} accounts __weak SEC(".maps");

/* Likewise. Another warder reads it by its name ('warder caps'). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WD_MAX_ACCOUNTS);
	__type(key, __u64);
	__type(value, struct wd_capabilities);
} wd_capabilities __weak SEC(".maps");

/* Findings hang on these records: they have a ring to themselves, and each wakes the reader. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WD_CRITICAL_RING);
} critical __weak SEC(".maps");

/* The rest waits for the reader's next turn: a wake-up is the dearest part of a record. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WD_TELEMETRY_RING);
} telemetry __weak SEC(".maps");

/* Written once by iter_host before any hook is attached. */
struct wd_host host __weak;

struct wd_budget budget __weak;

/* Strict mode, set by userspace: namespaces that a container makes for itself are told. */
__u32 strict __weak;

/* Set by userspace where commit_creds is hooked: credentials at an address that was remembered are those that were remembered. */
__u32 creds_told __weak;

/* Bytes of a credential's security blob, set by userspace where they are known and commit_creds is hooked; 0: not looked at. */
__u32 label_size __weak;

/* What a new account starts as: too big for a program's stack. */
struct wd_account account_empty __weak;
struct wd_capabilities capabilities_empty __weak;

#endif
