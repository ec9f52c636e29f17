/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The node's own files that a container has no business with even where it was given them: schedules, keys, units, the kubelet's
 * directories (I6). A hostPath is inside of the envelope, so neither mount nor dentry tells it from what the container may have:
 * which inode it is does. Userspace names the files and directories (userspace/sensitive.c); a file is one of them when it or
 * a directory above it is, on the mount that it was reached by or on those that this one is mounted on.
 */
#ifndef WARDER_NODEFILE_H
#define WARDER_NODEFILE_H

#include "maps.h"
#include "path.h"

/* What is done to a file, each of which may make it another kind's or nobody's: the byte of a row's `kinds`. */
enum sensitive_act {
	SENSITIVE_READ,
	SENSITIVE_WRITE,
	SENSITIVE_REMOVE
};

#define SENSITIVE_KIND(kinds, act) ((kinds) >> 8 * (act)&0xff)
#define SENSITIVE_GIVEN            0x100 /* beside the kind that is found: the mount is of just that, or of a part of it */
#define SENSITIVE_DEPTH            40
#define SENSITIVE_MOUNTS           4

/* An inode of the node's -> enum wd_sensitive by act, and WD_SENSITIVE_WHOLE. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * WD_SENSITIVE_ROWS);
	__type(key, struct wd_inode);
	__type(value, __u32);
} sensitive_files __weak SEC(".maps");

/* The filesystems that they lie on: few. On others no path is followed. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, __u8);
} sensitive_filesystems __weak SEC(".maps");

/* What the root of a mount lies below, so that a volume deep in the kubelet's directory is followed up once and not at each open. */
struct above {
	__u32 generation; /* of sensitive_files, when it was found */
	__u32 kinds;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct wd_inode); /* the dentry in place of the superblock */
	__type(value, struct above);
} sensitive_above __weak SEC(".maps");

__u32 sensitive_generation __weak; /* goes up with each change */

static __always_inline bool is_sensitive_filesystem(struct super_block *sb)
{
	__u64 key = (__u64)sb;

	return bpf_map_lookup_elem(&sensitive_filesystems, &key);
}

/* What the inode of a dentry is by itself. A global function, as walk_step is: verified once, and not at each turn of the loops around it. */
__weak __attribute__((noinline)) int sensitive_at(__u64 dentry_at)
{
	struct inode *inode = BPF_CORE_READ((struct dentry *)dentry_at, d_inode);
	struct wd_inode key = {};
	__u32 *kinds;

	if (!inode)
		return 0; /* a name that nothing has yet */
	key.inode = BPF_CORE_READ(inode, i_ino);
	key.sb = (__u64)BPF_CORE_READ(inode, i_sb);
	kinds = bpf_map_lookup_elem(&sensitive_files, &key);
	return kinds ? *kinds : 0;
}

/* The nearest from `dentry_at` up to the mount's root, both included: its kind, with SENSITIVE_GIVEN at the root. A global function: verified once. */
__weak __attribute__((noinline)) int sensitive_below(__u64 dentry_at, __u64 root, __u32 act)
{
	struct dentry *dentry = (void *)dentry_at;

#pragma nounroll
	for (int i = 0; i < SENSITIVE_DEPTH; i++) {
		__u32 kind = SENSITIVE_KIND((__u32)sensitive_at((__u64)dentry), act);
		struct dentry *parent;

		if (kind)
			return kind | ((__u64)dentry == root ? SENSITIVE_GIVEN : 0);
		parent = BPF_CORE_READ(dentry, d_parent);
		if ((__u64)dentry == root || parent == dentry)
			return 0;
		dentry = parent;
	}
	return 0;
}

/* With what lies farther up: by act, the nearer counts. Likewise a global function. */
__weak __attribute__((noinline)) int sensitive_join(__u32 kinds, __u32 above)
{
	if (!(above & WD_SENSITIVE_WHOLE))
		return kinds;
	for (int act = 0; act <= SENSITIVE_REMOVE; act++)
		if (!SENSITIVE_KIND(kinds, act))
			kinds |= above & 0xffu << 8 * act;
	return kinds;
}

/* What all of which is sensitive lies above a mount's root: the kinds by act, each of the nearest. */
__weak __attribute__((noinline)) int sensitive_above_root(__u64 root_at)
{
	struct dentry *dentry = (void *)root_at;
	struct wd_inode key = {.inode = BPF_CORE_READ(dentry, d_inode, i_ino), .sb = root_at};
	struct above found = {.generation = sensitive_generation}, *known = bpf_map_lookup_elem(&sensitive_above, &key);

	if (known && known->generation == found.generation)
		return known->kinds;
#pragma nounroll
	for (int i = 0; i < SENSITIVE_DEPTH; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

		if (parent == dentry)
			break;
		dentry = parent;
		found.kinds = sensitive_join(found.kinds, sensitive_at((__u64)dentry));
	}
	bpf_map_update_elem(&sensitive_above, &key, &found, BPF_ANY);
	return found.kinds;
}

/*
 * Which kind of sensitive file (enum wd_sensitive, with SENSITIVE_GIVEN) `dentry_at` is for this act, when it is reached by the mount
 * `m_at`; 0 if none. Never on `own_root`, the mount that the container was sealed with as its root.
 */
__weak __attribute__((noinline)) int sensitive_kind(__u64 m_at, __u64 dentry_at, __u64 own_root, __u32 act)
{
	struct dentry *dentry = (void *)dentry_at;
	struct mount *m = (void *)m_at;

	if (act > SENSITIVE_REMOVE)
		return 0;
#pragma nounroll
	for (int i = 0; i < SENSITIVE_MOUNTS; i++) {
		struct mount *up = BPF_CORE_READ(m, mnt_parent);
		int kind;

		if ((__u64)m == own_root)
			return 0;
		if (is_sensitive_filesystem(BPF_CORE_READ(m, mnt.mnt_sb))) {
			__u64 root = (__u64)BPF_CORE_READ(m, mnt.mnt_root);

			kind = sensitive_below((__u64)dentry, root, act);
			if (kind)
				return kind;
			kind = SENSITIVE_KIND((__u32)sensitive_above_root(root), act);
			if (kind)
				return kind | SENSITIVE_GIVEN;
		}
		if (up == m)
			return 0;
		dentry = BPF_CORE_READ(m, mnt_mountpoint);
		m = up;
	}
	return 0;
}

#endif
