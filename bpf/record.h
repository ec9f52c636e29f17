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
#define WD_PATH_MAX       4096 /* bytes of a path */
#define WD_PATH_DEPTH     40   /* components of a path */
#define WD_ARGS_MAX       1024 /* bytes of a command line */
#define WD_LINK_MAX       256  /* of what a symbolic link says */
#define WD_SMALL          1024
#define WD_LARGE          6400

#define WD_CRITICAL_RING  (2 * 1024 * 1024)
#define WD_TELEMETRY_RING (4 * 1024 * 1024)

/*
 * A container's account: what its records came to, and the budgets that keep its flood from other containers' records. `made`
 * is what came through the rings and what was lost at them or over a budget (enum wd_stage). A budget is kept as the time at
 * which it will be whole again (GCRA: a token bucket in one number).
 */
#define WD_STAGES 8
#define WD_TYPES  64 /* event types told apart, by their last six bits */

struct wd_account {
	__u64 sealed; /* its container is alive */
	__u64 made;
	__u64 lost[WD_STAGES];
	__u64 telemetry_due;
	__u64 critical_due;
	__u64 type_due[WD_TYPES];
};

/* Set by userspace once what ran before it is taken in, and with each new policy. 0: no budget is kept. */
struct wd_budget {
	__u64 telemetry_ns; /* a KiB of telemetry */
	__u64 critical_ns;  /* a critical record */
};

/*
 * So much of a second's may come at once. With the built-in policy: 4000 KiB of telemetry, of which a quarter is a quarter of the ring;
 * 200 critical records, 100 of them at once, which are a third of their ring if each is large; 50 of one type, all of them at once.
 */
#define WD_TELEMETRY_BURST_NS 250000000ull
#define WD_CRITICAL_BURST_NS  500000000ull
#define WD_TYPE_SHARE         4 /* of the critical ones one type has the fourth part */
#define WD_TYPE_BURST_NS      1000000000ull

/* Capability checks of a container: by capability, then 1: against the host's user namespace, 2: granted. */
#define WD_CAPS 48 /* capabilities are numbered to 40 since 5.9 */

struct wd_capabilities {
	__u64 checks[WD_CAPS][4];
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
	__u64 root;   /* address of the root's dentry: a private mount namespace of the host still has it */
	__u64 sensor; /* address of the sensor's own task */
};

/* How many containers, processes and foreign namespaces are told apart at once. */
#define WD_MAX_CONTAINERS 2048
#define WD_CLOSED         32   /* accounts that are forgotten at once */
#define WD_MAX_ACCOUNTS   2560 /* those of containers that ended are kept until they were told */
#define WD_MAX_PROCESSES  32768
#define WD_MAX_NAMESPACES 16384
#define WD_MAX_CGROUPS    16384

/* Files and directories of the node's own that are told apart. */
#define WD_SENSITIVE_ROWS  384
#define WD_SENSITIVE_WHOLE 0x1000000 /* all of it is, by however deep a mount of a part of it */

/* Set by userspace for a row: a descriptor of what is there now, below 0 for nothing; 0 once it was taken. */
struct wd_sensitive_ask {
	__s32 fd;
	__u32 kinds; /* enum wd_sensitive when it is read, written, removed: a byte each; WD_SENSITIVE_WHOLE */
};

/* An inode in memory: its number, and its superblock's address in place of a device's number, which in btrfs is not the inode's. */
struct wd_inode {
	__u64 inode;
	__u64 sb;
};

/* How many files are remembered with the container that wrote them last. */
#define WD_MAX_WRITTEN 32768

/*
 * A container's id is its cgroup's (kernfs) id. Where the container is in no cgroup v2 of its own but in version 1's, the
 * number of that hierarchy is in the upper byte: each hierarchy counts its own ids.
 */
#define WD_ORIGIN_HIERARCHY_SHIFT 56

#endif
