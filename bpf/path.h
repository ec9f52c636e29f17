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
 * each turn of a loop looks like the one before to it. False when the bound (an offset in the record) is reached.
 */
static __always_inline bool path_add(struct wd_record *rec, __u32 bound, const void *name)
{
	__u32 at = rec->len;
	long n;

	if (at > bound - PATH_SLACK)
		return false;
	n = bpf_probe_read_kernel_str((char *)rec + at, PATH_SLACK, name);
	if (n > 0)
		rec->len = at + n;
	return true;
}

/* Names what was added since `base` as a string field. */
static __always_inline void path_end(struct wd_record *rec, __u32 base, struct wd_str *out, bool cut)
{
	out->off = base;
	out->len = (rec->len - base) | (cut ? WD_STR_CUT : 0);
}

/* The path of `dentry` on `mnt`, up to the root of its mount namespace; with mnt NULL, up to its filesystem's root. */
static __always_inline void path_write(struct wd_record *rec, __u32 base, struct wd_str *out, struct vfsmount *mnt,
				       struct dentry *dentry)
{
	struct mount *m = mnt ? real_mount(mnt) : NULL;
	struct dentry *root = mnt ? BPF_CORE_READ(mnt, mnt_root) : NULL;
	bool cut = true;

	rec->len = base;
#pragma nounroll
	for (int i = 0; i < WD_PATH_DEPTH; i++) {
		struct dentry *parent;

		if (!dentry)
			break;
		if (m && dentry == root) {
			struct mount *up = BPF_CORE_READ(m, mnt_parent);

			if (!up || up == m) {
				cut = false;
				break;
			}
			dentry = BPF_CORE_READ(m, mnt_mountpoint);
			m = up;
			root = BPF_CORE_READ(m, mnt.mnt_root);
			continue;
		}
		parent = BPF_CORE_READ(dentry, d_parent);
		if (parent == dentry) {
			cut = false;
			break;
		}
		if (!path_add(rec, base + WD_PATH_MAX, BPF_CORE_READ(dentry, d_name.name)))
			break;
		dentry = parent;
	}
	path_end(rec, base, out, cut);
}

/* A cgroup's path in its hierarchy. */
static __always_inline void path_write_cgroup(struct wd_record *rec, __u32 base, struct wd_str *out, struct kernfs_node *kn)
{
	bool cut = true;

	rec->len = base;
#pragma nounroll
	for (int i = 0; i < 24; i++) {
		struct kernfs_node *parent = kn ? kernfs_parent(kn) : NULL;

		if (!parent) {
			cut = false;
			break;
		}
		if (!path_add(rec, base + WD_PATH_MAX, BPF_CORE_READ(kn, name)))
			break;
		kn = parent;
	}
	path_end(rec, base, out, cut);
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
