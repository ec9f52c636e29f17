/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Upper directories: where what a container changes in its root file system lies. Another container that was given a directory
 * above it (a runtime's storage, the host's root) reaches the container's files by no mount of its (X06).
 */
#ifndef WARDER_UPPER_H
#define WARDER_UPPER_H

#include "magic.h"
#include "maps.h"
#include "path.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WD_MAX_CONTAINERS);
	__type(key, __u64); /* the directory's dentry, which the container's root holds */
	__type(value, __u64);
} uppers __weak SEC(".maps");

/* The filesystems that such directories lie on: few. On others no path is followed for it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, __u8);
} upper_filesystems __weak SEC(".maps");

/* Notes the upper directory of a container that is sealed, by the root of its task. Gives its dentry, 0 where it has none. */
static __always_inline __u64 upper_claim(struct task_struct *task, __u64 id)
{
	struct super_block *sb = BPF_CORE_READ(task, fs, root.mnt, mnt_sb);
	struct dentry *upper;
	__u64 key, fs;
	__u8 one = 1;

	if (BPF_CORE_READ(sb, s_magic) != OVERLAYFS_MAGIC)
		return 0;
	upper = ovl_upper_dentry(BPF_CORE_READ(sb, s_root, d_inode));
	if (!upper)
		return 0;
	key = (__u64)upper;
	fs = (__u64)BPF_CORE_READ(upper, d_sb);
	if (bpf_map_update_elem(&uppers, &key, &id, BPF_ANY))
		return 0;
	bpf_map_update_elem(&upper_filesystems, &fs, &one, BPF_ANY);
	return key;
}

static __always_inline void upper_release(__u64 key, __u64 id)
{
	__u64 *owner = key ? bpf_map_lookup_elem(&uppers, &key) : NULL;

	if (owner && *owner == id)
		bpf_map_delete_elem(&uppers, &key);
}

/* The container whose upper directory `dentry` lies in, 0 where in none. */
static __always_inline __u64 upper_owner(struct super_block *sb, struct dentry *dentry)
{
	__u64 key = (__u64)sb;

	if (!bpf_map_lookup_elem(&upper_filesystems, &key))
		return 0;
#pragma nounroll
	for (int i = 0; i < REACH_DEPTH; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		__u64 *owner;

		key = (__u64)dentry;
		owner = bpf_map_lookup_elem(&uppers, &key);
		if (owner)
			return *owner;
		if (parent == dentry)
			return 0;
		dentry = parent;
	}
	return 0;
}

#endif
