/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Provenance: which container opened a file for writing last, and which programs are the runtimes'. A file is known by where its
 * contents are (superblock's device, inode number, generation), so that it is the same one by every path and mount, from the host
 * and from another container; a rename or a link takes its writer along.
 */
#ifndef WARDER_PROVENANCE_H
#define WARDER_PROVENANCE_H

#include "emit.h"
#include "magic.h"

#define BTRFS_MAGIC 0x9123683e
#define SB_I_NOEXEC 2 /* include/linux/fs.h: procfs, sysfs, ...: nothing on it can be executed */

struct file_key {
	__u64 inode;
	__u32 device;
	__u32 generation;
};

struct writer {
	__u64 container;
	__u64 time_ns;
	__u64 start_ns; /* of the process */
	__u32 pid;
	__u32 net_ns; /* the container's: it tells a pod's containers, also those that ended (an init container) */
	char comm[16];
};

/* The least recently used goes first: who pushes it out is counted under `lost`. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WD_MAX_WRITTEN);
	__type(key, struct file_key);
	__type(value, struct writer);
} written __weak SEC(".maps");

__u64 written_files __weak; /* added to `written` so far */

/* The programs that start containers and that enter them, learnt when they do. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, struct file_key);
	__type(value, __u8);
} runtimes __weak SEC(".maps");

/* The key of an inode; false where nothing on its file system can be executed. */
static __always_inline bool inode_key(struct file_key *key, struct inode *inode)
{
	struct super_block *sb = BPF_CORE_READ(inode, i_sb);

	if (BPF_CORE_READ(sb, s_iflags) & SB_I_NOEXEC)
		return false;
	key->inode = BPF_CORE_READ(inode, i_ino);
	key->device = BPF_CORE_READ(sb, s_dev);
	key->generation = BPF_CORE_READ(inode, i_generation);
	/* A snapshot of a subvolume has the same numbers: tell them by the inode in memory, and forget when it goes. */
	if (BPF_CORE_READ(sb, s_magic) == BTRFS_MAGIC)
		key->generation = (__u64)inode >> 4;
	return true;
}

static __always_inline bool is_overlay(struct inode *inode)
{
	return BPF_CORE_READ(inode, i_sb, s_magic) == OVERLAYFS_MAGIC;
}

/*
 * Where a file's contents are. Of a file in overlayfs its own inode says nothing to the others who have its upper directory: the
 * upper inode does. One that was not copied up has been written by nobody.
 */
static __always_inline struct inode *file_contents(struct inode *inode)
{
	struct inode *upper = is_overlay(inode) ? ovl_upper(inode) : NULL;

	return upper ? upper : inode;
}

static __always_inline bool file_key_read(struct file_key *key, struct inode *inode)
{
	return inode_key(key, file_contents(inode));
}

/* By the inode as it was found, not by its contents: those of a runtime in overlayfs move when it is copied up to be written. */
static __always_inline bool is_runtime(struct inode *inode)
{
	struct file_key key = {};

	return inode_key(&key, inode) && bpf_map_lookup_elem(&runtimes, &key);
}

/*
 * The program of a task that starts a container or enters one is a runtime's. The nameless copy that some make of themselves for
 * each start is run by nobody again.
 */
static __always_inline void runtime_learn(struct task_struct *task)
{
	struct inode *inode = BPF_CORE_READ(task, mm, exe_file, f_inode);
	struct file_key key = {};
	__u8 one = 1;

	if (inode && BPF_CORE_READ(inode, i_nlink) && !origin_of(BPF_CORE_READ(task, tgid)) && inode_key(&key, inode))
		bpf_map_update_elem(&runtimes, &key, &one, BPF_ANY);
}

static __always_inline __u64 start_of(struct task_struct *task)
{
	struct task_struct *typed = task_typed();

	return typed ? typed->group_leader->start_boottime : BPF_CORE_READ(task, group_leader, start_boottime);
}

/* The running task, of origin `o`, as the one who wrote something now. */
static __always_inline void writer_is_current(struct writer *w, struct origin *o)
{
	struct container *c = container_of_origin(o);

	w->container = o->container;
	w->time_ns = bpf_ktime_get_boot_ns();
	w->start_ns = start_of((void *)bpf_get_current_task());
	w->pid = bpf_get_current_pid_tgid() >> 32;
	w->net_ns = c ? c->ns[NS_NET] : 0;
	bpf_get_current_comm(w->comm, sizeof(w->comm));
}

/*
 * The running task, of origin `o`, opened a regular file for writing. True where that file is a runtime's program. Nothing but
 * opens for writing pays for this. A file of overlayfs is opened twice (trap T1), and where the hook sees both opens the second
 * has the file that will be written: the first may be before it was copied up.
 */
static __always_inline bool file_written(struct origin *o, struct inode *inode, bool sees_backing)
{
	struct writer new = {}, *w;
	struct file_key key = {};

	if (sees_backing && is_overlay(inode))
		return is_runtime(inode);
	if (!file_key_read(&key, inode))
		return false;
	w = bpf_map_lookup_elem(&written, &key);
	if (w && w->container == o->container && w->pid == bpf_get_current_pid_tgid() >> 32) {
		w->time_ns = bpf_ktime_get_boot_ns();
		return false;
	}
	writer_is_current(&new, o);
	if (!bpf_map_update_elem(&written, &key, &new, BPF_ANY) && !w) {
		__sync_fetch_and_add(&written_files, 1);
		if (written_files > WD_MAX_WRITTEN)
			lost_count(o->container, WD_TABLE);
	}
	/* Elsewhere than in overlayfs it is the same inode. */
	return is_overlay(inode) ? is_runtime(inode) : bpf_map_lookup_elem(&runtimes, &key) != NULL;
}

/* The container that wrote a file last, NULL where none did or it is forgotten. */
static __always_inline struct writer *file_writer(struct inode *inode)
{
	struct file_key key = {};

	return file_key_read(&key, inode) ? bpf_map_lookup_elem(&written, &key) : NULL;
}

#endif
