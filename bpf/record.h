/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a ring carries: this header, the body of the type (from proto/warder/v1/event.proto through scripts/gen.c), then the
 * bytes that the struct wd_str fields of header and body point to. Shared by the kernel programs and userspace.
 */
#ifndef WARDER_RECORD_H
#define WARDER_RECORD_H

#include <linux/types.h>

#include "record.gen.h"

struct wd_record {
	__u32 len;        /* of all of it */
	__u16 type;       /* enum wd_event_type */
	__u16 critical;   /* it came by the critical ring */
	__u64 boot_ns;    /* CLOCK_BOOTTIME's kin: bpf_ktime_get_boot_ns, 5.8 */
	__u64 origin;     /* of the actor; 0 is the host */
	__u64 owner;      /* of the object, where owner_kind is OWNER_CONTAINER */
	__u32 owner_kind; /* enum wd_kind */
	__u32 outcome;    /* enum wd_outcome */
	struct wd_process actor;
};
_Static_assert(sizeof(struct wd_record) == 40 + sizeof(struct wd_process), "no holes");

/* Bounds. A record is reserved at one of two sizes; what is longer is cut and marked so. */
#define WD_PATH_MAX   4096 /* bytes of a path */
#define WD_PATH_DEPTH 40   /* components of a path */
#define WD_ARGS_MAX   1024 /* bytes of a command line */
#define WD_SMALL      1024
#define WD_LARGE      6400

/* Why a record was not sent; the numbers are those of warder.v1.Lost.Stage. */
struct wd_lost_key {
	__u64 origin;
	__u32 stage;
	__u32 pad_;
};

/* Namespaces by inode number, in the order of the first Dimension bits. */
enum ns_index {
	NS_MNT,
	NS_PID,
	NS_NET,
	NS_UTS,
	NS_IPC,
	NS_CGROUP,
	NS_USER,
	NS_COUNT
};

/* The host's own namespaces and root, from process 1. */
struct wd_host {
	__u32 ready;
	__u32 ns[NS_COUNT];
	/* 1 << index, in a map so that the verifier takes it for any number: it would follow each set of bits */
	__u32 bit[NS_COUNT];
	__u64 root; /* address of the root's dentry: a private mount namespace of the host still has it */
};

/* How many containers, processes and foreign namespaces are told apart at once. */
#define WD_MAX_CONTAINERS 4096
#define WD_MAX_PROCESSES  32768
#define WD_MAX_NAMESPACES 16384
#define WD_MAX_CGROUPS    16384

/*
 * A container's id is its cgroup's (kernfs) id. Where the container is in no cgroup v2 of its own but in version 1's, the
 * number of that hierarchy is in the upper byte: each hierarchy counts its own ids.
 */
#define WD_ORIGIN_HIERARCHY_SHIFT 56

#endif
