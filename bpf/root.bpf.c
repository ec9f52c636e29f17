// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Root directories. set_fs_root is behind chroot and behind setns of a mount namespace, chroot_fs_refs behind pivot_root; both
 * have the new root itself and are passed after all checks. Without them, the calls' exits show the task's root.
 */
#include "tree.h"

static __always_inline __u32 root_via(struct task_struct *task)
{
	switch (syscall_nr(task)) {
	case SYS_chroot:
		return WD_VIA_CHROOT;
	case SYS_pivot_root:
		return WD_VIA_PIVOT_ROOT;
	case SYS_setns:
		return WD_VIA_SETNS_NSFS;
	default:
		return WD_VIA_KERNEL;
	}
}

/* Is `mnt` a mount that the container's sealed root is mounted on, or its own but with `dentry` not below the root? */
static __always_inline bool is_above(const struct tree *t, struct mount *m, struct dentry *dentry)
{
	struct mount *up = (void *)t->root_mnt;

	if (m == up)
		return !dentry_below(dentry, (void *)t->root_dentry);
#pragma nounroll
	for (int i = 0; i < 8; i++) {
		struct mount *parent = BPF_CORE_READ(up, mnt_parent);

		if (parent == up)
			return false;
		if (parent == m)
			return true;
		up = parent;
	}
	return false;
}

static __always_inline int root_change(struct path *path)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct owner own = {.kind = WD_OWNER_HOST};
	struct wd_root_change what = {};
	struct origin *o = origin_current();
	struct container *c = o ? container_of_origin(o) : NULL;
	struct wd_root_change *change;
	struct super_block *sb;
	struct wd_record *r;
	struct vfsmount *mnt;
	struct dentry *dentry;
	struct mount *m;
	struct tree *t;

	if (!c || (o->broken & WD_DIM_ROOT))
		return 0; /* it is out already */
	mnt = BPF_CORE_READ(path, mnt);
	dentry = BPF_CORE_READ(path, dentry);
	m = real_mount(mnt);
	sb = BPF_CORE_READ(mnt, mnt_sb);
	what.mnt_ns = path_foreign(mnt, c);
	if (what.mnt_ns) {
		if (syscall_nr(task) == SYS_setns)
			return 0; /* it comes with the namespace, whose joining is the event */
		what.foreign = 1;
		own = owner_of_ns(what.mnt_ns, NS_MNT);
	}
	what.host_root = (__u64)dentry == host.root;
	t = tree_of(c);
	if (t && !what.foreign) {
		struct mount *sealed = (void *)t->root_mnt;

		what.above = mount_ns(m) == c->ns[NS_MNT] && is_above(t, m, dentry);
		what.whole = dentry == BPF_CORE_READ(sb, s_root) && BPF_CORE_READ(sb, s_bdev) &&
			     sb != BPF_CORE_READ(sealed, mnt.mnt_sb);
	}
	if (!what.foreign && !what.host_root && !what.above && !what.whole)
		return 0;
	r = CRITICAL(WD_LARGE, wd_root_change, WD_ROOT_CHANGE, task, c->id, &own);
	if (!r)
		return 0;
	change = record_body(r);
	change->via = root_via(task);
	change->foreign = what.foreign;
	change->host_root = what.host_root;
	change->above = what.above;
	change->whole = what.whole;
	change->mnt_ns = what.mnt_ns;
	change->nested = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum) != c->ns[NS_MNT];
	change->magic = BPF_CORE_READ(sb, s_magic);
	path_write(r, STRINGS_AT(wd_root_change), &change->path, mnt, dentry);
	critical_send(r);
	if (what.foreign)
		o->broken |= WD_DIM_ROOT | WD_DIM_CWD; /* a chdir follows */
	return 0;
}

SEC("fentry/set_fs_root")
int BPF_PROG(fentry_root_change, struct fs_struct *fs, struct path *path)
{
	return root_change(path);
}

SEC("fentry/chroot_fs_refs")
int BPF_PROG(fentry_root_change__pivot, struct path *old, struct path *new)
{
	return root_change(new);
}

SEC("kprobe/set_fs_root")
int BPF_KPROBE(kprobe_root_change, struct fs_struct *fs, struct path *path)
{
	return root_change(path);
}

SEC("kprobe/chroot_fs_refs")
int BPF_KPROBE(kprobe_root_change__pivot, struct path *old, struct path *new)
{
	return root_change(new);
}

SEC("tracepoint/chroot pivot_root setns")
int sysexit_root_change(struct sys_exit *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fs_struct *fs;

	if (ctx->ret < 0 || !origin_current())
		return 0;
	fs = BPF_CORE_READ(task, fs);
	return fs ? root_change(&fs->root) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
