/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The mount tree that a container was sealed with: its root, and its walls. A wall is a mount that hides a part of procfs or
 * sysfs, or a read-only one. They are noted as objects at the seal, so that afterwards it does not matter by which call one is
 * taken down: the tree is looked at again (mount_setattr passes no LSM hook at all, trap T5).
 */
#ifndef WARDER_TREE_H
#define WARDER_TREE_H

#include "envelope.h"

#define SYSFS_MAGIC         0x62656572
#define CGROUP_SUPER_MAGIC  0x27e0eb
#define CGROUP2_SUPER_MAGIC 0x63677270
#define MNT_READONLY        0x40
#define TREE_WALLS          24
#define TREE_STEPS          128 /* of a walk: some 60 mounts */
#define TREE_FOUND          32

struct wall {
	__u64 mount, parent;
	__u64 magic;    /* of the filesystem that it covers */
	__u32 readonly; /* it is a wall because it is read-only; else it hides a file behind a device */
	__u32 pad_;
	char name[16];
};

struct tree {
	__u64 root_mnt, root_dentry;
	__u32 masked; /* MASK_* */
	__u32 n;
	struct wall walls[TREE_WALLS];
};

#define MASK_PROC   1
#define MASK_SYS    2
#define MASK_CGROUP 4

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WD_MAX_CONTAINERS);
	__type(key, __u64);
	__type(value, struct tree);
} trees __weak SEC(".maps");

/* What a container's walls cover: the dentry, in whose container, and how. */
struct cover_key {
	__u64 container;
	__u64 dentry;
};

enum cover {
	COVER_PART = 1, /* a file or directory that a wall is mounted on */
	COVER_ROOT,     /* the root of a filesystem that has such parts */
	COVER_ALL,      /* the root of a filesystem that was mounted read-only */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct cover_key);
	__type(value, __u32);
} covers __weak SEC(".maps");

/* Writable mounts of procfs and sysfs that a container was sealed with, or that were reported. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WD_MAX_CONTAINERS);
	__type(key, struct cover_key); /* the mount in place of the dentry */
	__type(value, __u32);
} mounts_told __weak SEC(".maps");

/* A walk's place and what it found. In a map, not in registers: each turn of its loop then looks like the one before to the verifier. */
struct walk {
	struct mount *root, *m;
	__u32 up; /* m's children are done */
	__u32 n;
	__u32 down, standing; /* walls, and */
	__u64 first;          /* one that is down */
	struct mount *found[TREE_FOUND];
	struct tree tree;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct walk);
} walks __weak SEC(".maps");

/* One step, children before siblings: 1 with a new mount in w->m, 0 on the way, -1 at the end. */
static __always_inline int walk_step(struct walk *w)
{
	struct list_head *next, *end;
	struct mount *m, *parent;

	/* Read the place anew each turn: else clang enters the loop in its middle, which verifiers to 6.1 take for a back-edge. */
	asm volatile("" ::: "memory");
	m = w->m;
	parent = BPF_CORE_READ(m, mnt_parent);
	if (w->up && m == w->root)
		return -1;
	next = w->up ? BPF_CORE_READ(m, mnt_child.next) : BPF_CORE_READ(m, mnt_mounts.next);
	end = w->up ? &parent->mnt_mounts : &m->mnt_mounts;
	if (next == end) {
		w->m = w->up ? parent : m;
		w->up = 1;
		return 0;
	}
	w->m = (void *)next - bpf_core_field_offset(((struct mount *)0)->mnt_child);
	w->up = 0;
	return 1;
}

static __always_inline bool is_kernel_view(__u64 magic)
{
	return magic == PROC_SUPER_MAGIC || magic == SYSFS_MAGIC;
}

/* Finds the mounts below `root` that matter: procfs and sysfs, with `sealing` also what is mounted on them or read-only. */
static __always_inline struct walk *walk_tree(struct mount *root, bool sealing)
{
	__u32 zero = 0;
	struct walk *w = bpf_map_lookup_elem(&walks, &zero);

	if (!w)
		return NULL;
	w->root = w->m = root;
	w->up = w->n = 0;
#pragma nounroll
	for (int i = 0; i < TREE_STEPS; i++) {
		int step = walk_step(w);
		struct mount *m = w->m;
		bool readonly;

		if (step < 0)
			break;
		if (!step)
			continue;
		readonly = BPF_CORE_READ(m, mnt.mnt_flags) & MNT_READONLY;
		if (sealing ? readonly || is_kernel_view(BPF_CORE_READ(m, mnt.mnt_sb, s_magic)) ||
				      is_kernel_view(BPF_CORE_READ(m, mnt_parent, mnt.mnt_sb, s_magic))
			    : !readonly && is_kernel_view(BPF_CORE_READ(m, mnt.mnt_sb, s_magic))) {
			w->found[w->n & (TREE_FOUND - 1)] = m;
			w->n++;
		}
	}
	return w;
}

static __always_inline __u32 mask_of(__u64 magic)
{
	switch (magic) {
	case PROC_SUPER_MAGIC:
		return MASK_PROC;
	case SYSFS_MAGIC:
		return MASK_SYS;
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
		return MASK_CGROUP;
	default:
		return 0;
	}
}

static __always_inline void cover_note(__u64 container, struct dentry *dentry, __u32 how)
{
	struct cover_key key = {.container = container, .dentry = (__u64)dentry};

	bpf_map_update_elem(&covers, &key, &how, how == COVER_ROOT ? BPF_NOEXIST : BPF_ANY);
}

/* The mount is in the tree at the seal: is it a wall, and what does it cover? */
static __always_inline void wall_note(struct tree *t, __u64 container, struct mount *m)
{
	struct super_block *sb = BPF_CORE_READ(m, mnt.mnt_sb), *psb = BPF_CORE_READ(m, mnt_parent, mnt.mnt_sb);
	__u64 magic = BPF_CORE_READ(sb, s_magic), under = BPF_CORE_READ(psb, s_magic);
	struct dentry *mountpoint = BPF_CORE_READ(m, mnt_mountpoint);
	bool readonly = BPF_CORE_READ(m, mnt.mnt_flags) & MNT_READONLY;
	bool over = is_kernel_view(under);
	struct wall *w;
	__u32 n = t->n;

	if (!readonly && !(over && (BPF_CORE_READ(m, mnt.mnt_root, d_inode, i_mode) & 0170000) == 0020000)) {
		struct cover_key key = {.container = container, .dentry = (__u64)m};
		__u32 one = 1;

		if (mask_of(magic))
			bpf_map_update_elem(&mounts_told, &key, &one, BPF_ANY);
		return;
	}
	if (over) {
		cover_note(container, mountpoint, COVER_PART);
		cover_note(container, BPF_CORE_READ(psb, s_root), COVER_ROOT);
	} else if (is_kernel_view(magic)) {
		cover_note(container, BPF_CORE_READ(m, mnt.mnt_root), COVER_ALL);
	}
	t->masked |= mask_of(over ? under : magic);
	if (n >= TREE_WALLS)
		return;
	w = &t->walls[n];
	w->mount = (__u64)m;
	w->parent = (__u64)BPF_CORE_READ(m, mnt_parent);
	w->magic = over ? under : magic;
	w->readonly = readonly;
	bpf_probe_read_kernel_str(w->name, sizeof(w->name), BPF_CORE_READ(mountpoint, d_name.name));
	t->n = n + 1;
}

/* Notes the tree of a task that is its container's first. */
static __always_inline void tree_seal(struct task_struct *task, __u64 container)
{
	struct mount *root = real_mount(BPF_CORE_READ(task, fs, root.mnt));
	struct walk *w = walk_tree(root, true);

	if (!w)
		return;
	w->tree.root_mnt = (__u64)root;
	w->tree.root_dentry = (__u64)BPF_CORE_READ(task, fs, root.dentry);
	w->tree.masked = w->tree.n = 0;
	for (int i = 0; i < TREE_WALLS; i++)
		w->tree.walls[i].mount = 0;
#pragma nounroll
	for (__u32 i = 0; i < TREE_FOUND; i++)
		if (i < w->n)
			wall_note(&w->tree, container, w->found[i]);
	bpf_map_update_elem(&trees, &container, &w->tree, BPF_ANY);
}

static __always_inline struct tree *tree_of(const struct container *c)
{
	return bpf_map_lookup_elem(&trees, &c->id);
}

/* A task that is in a user namespace of the container's own making: the kernel itself holds its mounts back there. */
static __always_inline bool is_child_user_ns(struct task_struct *task, const struct container *c)
{
	return BPF_CORE_READ(task, real_cred, user_ns, ns.inum) != c->ns[NS_USER];
}

#endif
