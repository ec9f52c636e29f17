/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Paths from the dentry and mount trees. Never bpf_d_path: it is refused in most hooks and says "/" for a file reached through
 * a handle (trap T3). Components are written leaf first with a NUL behind each; the reader turns them round.
 */
#ifndef WARDER_PATH_H
#define WARDER_PATH_H

#include "compat.h"
#include "record.h"

#define PATH_SLACK 256 /* one component behind the bound, so that the verifier sees each write inside the record */

static __always_inline struct mount *real_mount(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(((struct mount *)0)->mnt);
}

/*
 * Adds a component at the record's end. The end is kept in the record alone: a value that the verifier does not follow, so that
 * each turn of a loop looks like the one before to it. False when the bound (an offset in the record) is reached, or nothing read.
 */
static __always_inline bool path_add(struct wd_record *rec, __u32 bound, const void *name)
{
	__u32 at = rec->len;
	long n;

	if (at > bound - PATH_SLACK)
		return false;
	n = bpf_probe_read_kernel_str((char *)rec + at, PATH_SLACK, name);
	if (n < 0)
		return false;
	rec->len = at + n;
	return true;
}

/* Names what was added since `base` as a string field. */
static __always_inline void path_end(struct wd_record *rec, __u32 base, struct wd_str *out, bool cut)
{
	out->off = base;
	out->len = (rec->len - base) | (cut ? WD_STR_CUT : 0);
}

/*
 * Where a walk stands, kept in the record's last bytes, where the verifier does not follow it: at each turn of the loop it then knows
 * the same, and looks at the turn once instead of for each way through the turns before. That is most of what a path costs it.
 */
struct path_cursor {
	struct dentry *dentry;
	struct dentry *root; /* of the mount */
	struct mount *m;
	struct kernfs_node *kn;
};

static __always_inline volatile struct path_cursor *path_cursor(struct wd_record *rec)
{
	return (void *)((char *)rec + WD_LARGE - sizeof(struct path_cursor));
}

static __always_inline __u32 path_bound(__u32 base)
{
	return base + WD_PATH_MAX < WD_LARGE - sizeof(struct path_cursor) ? base + WD_PATH_MAX
									  : WD_LARGE - sizeof(struct path_cursor);
}

/* One turn: adds a component, or goes up to the next mount. False at the end; `whole`: it is the root. */
static __always_inline bool path_step(struct wd_record *rec, __u32 bound, bool *whole)
{
	volatile struct path_cursor *at = path_cursor(rec);
	struct dentry *dentry = at->dentry, *parent;
	struct mount *m = at->m, *up;

	if (!dentry)
		return false;
	if (m && dentry == at->root) {
		up = BPF_CORE_READ(m, mnt_parent);
		if (!up || up == m) {
			*whole = true;
			return false;
		}
		at->dentry = BPF_CORE_READ(m, mnt_mountpoint);
		at->root = BPF_CORE_READ(up, mnt.mnt_root);
		at->m = up;
		return true;
	}
	parent = BPF_CORE_READ(dentry, d_parent);
	if (parent == dentry) {
		*whole = true;
		return false;
	}
	at->dentry = parent;
	return path_add(rec, bound, BPF_CORE_READ(dentry, d_name.name));
}

/* The path of `dentry` on `mnt`, up to the root of its mount namespace; with mnt NULL, up to its filesystem's root. */
static __always_inline void path_write(struct wd_record *rec, __u32 base, struct wd_str *out, struct vfsmount *mnt,
				       struct dentry *dentry)
{
	volatile struct path_cursor *at = path_cursor(rec);
	bool whole = false;

	at->dentry = dentry;
	at->m = mnt ? real_mount(mnt) : NULL;
	at->root = mnt ? BPF_CORE_READ(mnt, mnt_root) : NULL;
	rec->len = base;
#pragma nounroll
	for (int i = 0; i < WD_PATH_DEPTH; i++)
		if (!path_step(rec, path_bound(base), &whole))
			break;
	path_end(rec, base, out, !whole);
}

/* A cgroup's path in its hierarchy. */
static __always_inline void path_write_cgroup(struct wd_record *rec, __u32 base, struct wd_str *out, struct kernfs_node *kn)
{
	volatile struct path_cursor *at = path_cursor(rec);
	bool whole = false;

	at->kn = kn;
	rec->len = base;
#pragma nounroll
	for (int i = 0; i < 24; i++) {
		struct kernfs_node *here = at->kn, *parent = here ? kernfs_parent(here) : NULL;

		if (!parent) {
			whole = true;
			break;
		}
		at->kn = parent;
		if (!path_add(rec, path_bound(base), BPF_CORE_READ(here, name)))
			break;
	}
	path_end(rec, base, out, !whole);
}

/* The command line of a program that just begins: nobody wrote over it yet. */
static __always_inline void args_write(struct wd_record *rec, __u32 at, struct wd_str *out, struct mm_struct *mm)
{
	unsigned long start = BPF_CORE_READ(mm, arg_start), end = BPF_CORE_READ(mm, arg_end);
	bool cut = end - start > WD_ARGS_MAX;
	__u32 len = cut ? WD_ARGS_MAX : end - start;

	if (len && len <= WD_ARGS_MAX && !bpf_probe_read_user((char *)rec + at, len, (void *)start)) {
		out->off = at;
		out->len = len | (cut ? WD_STR_CUT : 0);
	}
}

#define REACH_DEPTH 64

/* Is `dentry` below `root` (or it)? A disconnected one, such as a handle gives, is not. Deeper than the bound reads as below. */
static __always_inline bool dentry_below(struct dentry *dentry, struct dentry *root)
{
#pragma nounroll
	for (int i = 0; i < REACH_DEPTH; i++) {
		struct dentry *parent;

		if (dentry == root)
			return true;
		parent = BPF_CORE_READ(dentry, d_parent);
		if (parent == dentry)
			return false;
		dentry = parent;
	}
	return true;
}

#endif
