/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The filesystems that are interfaces of the kernel, by their superblocks' magic numbers (linux/magic.h). */
#ifndef WARDER_MAGIC_H
#define WARDER_MAGIC_H

#include "kernel.h"

#define PROC_SUPER_MAGIC 0x9fa0
#define SYSFS_MAGIC      0x62656572
#define CGROUP_V1_MAGIC  0x27e0eb
#define CGROUP_V2_MAGIC  0x63677270
#define BINFMTFS_MAGIC   0x42494e4d
#define TRACEFS_MAGIC    0x74726163
#define DEBUGFS_MAGIC    0x64626720
#define SECURITYFS_MAGIC 0x73636673
#define SELINUX_MAGIC    0xf97cff8c
#define SMACK_MAGIC      0x43415d53
#define APPARMORFS_MAGIC 0x5a3c69f0
#define BPF_FS_MAGIC     0xcafe4a11
#define OVERLAYFS_MAGIC  0x794c7630
#define FUSE_SUPER_MAGIC 0x65735546 /* not the kernel's, but lxcfs serves cgroups by it */

/* Are there files in it whose effect no mount confines? Then its mount alone clears no open. */
static __always_inline bool is_kernel_magic(__u64 magic)
{
	switch (magic) {
	case PROC_SUPER_MAGIC:
	case SYSFS_MAGIC:
	case CGROUP_V1_MAGIC:
	case CGROUP_V2_MAGIC:
	case BINFMTFS_MAGIC:
	case TRACEFS_MAGIC:
	case DEBUGFS_MAGIC:
	case SECURITYFS_MAGIC:
	case SELINUX_MAGIC:
	case SMACK_MAGIC:
	case APPARMORFS_MAGIC:
	case BPF_FS_MAGIC:
	case FUSE_SUPER_MAGIC:
		return true;
	default:
		return false;
	}
}

#endif
