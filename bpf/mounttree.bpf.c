// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Changes to a container's own mount tree, after its seal. No LSM hook sees all of them (mount_setattr passes none, trap T5) and
 * those that are passed come before the kernel's refusal. So the tree is looked at after each call that can change it: does each
 * wall of the seal still stand, and does no mount show what they cover? Where a mount goes is seen when it is attached.
 */
#include "tree.h"

static __always_inline __u32 change_via(struct task_struct *task)
{
	switch (syscall_nr(task)) {
	case SYS_mount:
		return WD_VIA_MOUNT;
	case SYS_umount2:
		return WD_VIA_UMOUNT;
	case SYS_move_mount:
		return WD_VIA_MOVE_MOUNT;
	case SYS_mount_setattr:
	case SYS_open_tree_attr:
		return WD_VIA_MOUNT_SETATTR;
	default:
		return WD_VIA_KERNEL;
	}
}

static __always_inline bool wall_stands(const struct wall *w, const struct container *c)
{
	struct mount *m = (void *)w->mount;

	return mount_ns(m) == c->ns[NS_MNT] && (__u64)BPF_CORE_READ(m, mnt_parent) == w->parent &&
	       (!w->readonly || (BPF_CORE_READ(m, mnt.mnt_flags) & MNT_READONLY));
}

static __always_inline void walls_check(struct task_struct *task, struct container *c, struct tree *t)
{
	struct owner own = {.kind = WD_OWNER_HOST};
	struct wd_mount_change *change;
	struct wd_record *r;
	__u32 zero = 0;
	struct walk *w = bpf_map_lookup_elem(&walks, &zero);

	if (!w)
		return;
	w->down = w->standing = 0;
#pragma nounroll
	for (__u64 i = 0; i < TREE_WALLS; i++) {
		struct wall *wall = &t->walls[i];

		if (!wall->mount)
			continue;
		w->standing++;
		if (wall_stands(wall, c))
			continue;
		wall->mount = 0; /* reported once */
		w->first = i;
		w->down++;
	}
	if (!w->down)
		return;
	r = CRITICAL(WD_SMALL, wd_mount_change, WD_MOUNT_CHANGE, task, c->id, &own);
	if (!r)
		return;
	change = record_body(r);
	change->via = change_via(task);
	change->change = WD_TREE_WALL_DOWN;
	change->down = w->down;
	change->standing = w->standing;
	if (w->first < TREE_WALLS) {
		change->magic = t->walls[w->first].magic;
		__builtin_memcpy(change->name, t->walls[w->first].name, sizeof(change->name));
	}
	critical_send(r);
}

/*
 * Does this mount show, writable, what the container's walls cover? All of a filesystem without the masks, a part that a mask
 * hides, or any of one that was read-only. Procfs's paths are short: eight components.
 */
__weak __attribute__((noinline)) int is_uncovering(__u64 container, __u64 address)
{
	struct mount *m = (void *)address;
	struct dentry *root = BPF_CORE_READ(m, mnt.mnt_root), *dentry = root;
	struct cover_key key = {.container = container};

#pragma nounroll
	for (int i = 0; i < 8; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		__u32 *how;

		key.dentry = (__u64)dentry;
		how = bpf_map_lookup_elem(&covers, &key);
		if (how && *how == COVER_ROOT)
			return dentry == root && BPF_CORE_READ(m, mnt_mounts.next) == &m->mnt_mounts;
		if (how)
			return true;
		if (parent == dentry)
			return false;
		dentry = parent;
	}
	return false;
}

/* Reports what became of `m`, by the path of `dentry` on `mnt`. */
static __always_inline void change_report(struct task_struct *task, struct container *c, struct mount *m, __u32 what,
					  struct vfsmount *mnt, struct dentry *dentry)
{
	struct owner own = {.kind = WD_OWNER_HOST};
	struct wd_mount_change *change;
	struct wd_record *r;

	r = CRITICAL(WD_LARGE, wd_mount_change, WD_MOUNT_CHANGE, task, c->id, &own);
	if (!r)
		return;
	change = record_body(r);
	change->via = change_via(task);
	change->change = what;
	change->nested = what == WD_TREE_UNCOVERED && mount_ns(m) != c->ns[NS_MNT];
	change->magic = BPF_CORE_READ(m, mnt.mnt_sb, s_magic);
	path_write(r, STRINGS_AT(wd_mount_change), &change->path, mnt, dentry);
	critical_send(r);
}

/* Looks for a mount of the task's tree that shows what the walls cover, and that was neither sealed nor reported. */
static __always_inline struct mount *uncovering(struct task_struct *task, struct container *c)
{
	struct walk *w = walk_tree(BPF_CORE_READ(task, nsproxy, mnt_ns, root), false);
	struct cover_key key = {.container = c->id};
	__u32 one = 1;

#pragma nounroll
	for (__u32 i = 0; w && i < TREE_FOUND; i++) {
		if (i >= w->n)
			break;
		key.dentry = (__u64)w->found[i];
		if (bpf_map_lookup_elem(&mounts_told, &key) || !is_uncovering(c->id, (__u64)w->found[i]))
			continue;
		bpf_map_update_elem(&mounts_told, &key, &one, BPF_ANY);
		return w->found[i];
	}
	return NULL;
}

static __always_inline int mount_change(long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct origin *o = ret < 0 ? NULL : origin_current();
	struct container *c = o ? container_of_origin(o) : NULL;
	struct tree *t = c ? tree_of(c) : NULL;
	struct mount *m;

	if (!t || !t->n)
		return 0; /* sealed without walls: there is none to take down */
	walls_check(task, c, t);
	if (is_child_user_ns(task, c))
		return 0;
	m = uncovering(task, c);
	if (m)
		change_report(task, c, m, WD_TREE_UNCOVERED, &m->mnt, BPF_CORE_READ(m, mnt.mnt_root));
	return 0;
}

SEC("fexit/path_mount")
int BPF_PROG(fexit_mount_change, const char *name, struct path *path, const char *type, unsigned long flags, void *data,
	     int ret)
{
	return mount_change(ret);
}

SEC("fexit/path_umount")
int BPF_PROG(fexit_mount_change__umount, struct path *path, int flags, int ret)
{
	return mount_change(ret);
}

#define CHANGED(call)                                                                                                          \
	SEC("fexit/" SYSCALL_PREFIX #call)                                                                                     \
	int BPF_PROG(fexit_mount_change__##call, struct pt_regs *regs, long ret)                                               \
	{                                                                                                                      \
		return mount_change(ret);                                                                                      \
	}                                                                                                                      \
	SEC("kretprobe/" SYSCALL_PREFIX #call)                                                                                 \
	int BPF_KRETPROBE(kprobe_mount_change__##call, long ret)                                                               \
	{                                                                                                                      \
		return mount_change(ret);                                                                                      \
	}

CHANGED(move_mount)
CHANGED(mount_setattr)
CHANGED(open_tree_attr)

SEC("kretprobe/path_mount")
int BPF_KRETPROBE(kprobe_mount_change, int ret)
{
	return mount_change(ret);
}

SEC("kretprobe/path_umount")
int BPF_KRETPROBE(kprobe_mount_change__umount, int ret)
{
	return mount_change(ret);
}

SEC("tracepoint/mount umount move_mount mount_setattr open_tree_attr")
int sysexit_mount_change(struct sys_exit *ctx)
{
	return mount_change(ctx->ret);
}

/*
 * A mount in a shared directory of the host's (a Bidirectional volume) arrives in the host's tree too. mnt_set_mountpoint is
 * passed for each copy, with the mount that it is attached to. Without it, the call's exit shows the newest mount, and the
 * peers of the mount that it is on.
 */
static __always_inline int mount_attach(struct mount *parent, struct mountpoint *mp, struct mount *m)
{
	struct origin *o = origin_current();
	struct container *c = o ? container_of_origin(o) : NULL;

	if (c && c->ns[NS_MNT] != host.ns[NS_MNT] && mount_ns(parent) == host.ns[NS_MNT] && !(o->broken & WD_DIM_MNT))
		change_report((void *)bpf_get_current_task(), c, m, WD_TREE_PROPAGATED, &parent->mnt,
			      BPF_CORE_READ(mp, m_dentry));
	return 0;
}

SEC("fentry/mnt_set_mountpoint")
int BPF_PROG(fentry_mount_attach, struct mount *parent, struct mountpoint *mp, struct mount *m)
{
	return mount_attach(parent, mp, m);
}

SEC("kprobe/mnt_set_mountpoint")
int BPF_KPROBE(kprobe_mount_attach, struct mount *parent, struct mountpoint *mp, struct mount *m)
{
	return mount_attach(parent, mp, m);
}

#define MS_NOT_NEW 0x1e2020 /* MS_REMOUNT, MS_MOVE and the changes of propagation */

SEC("tracepoint/mount")
int sysexit_mount_attach(struct sys_exit *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct origin *o = ctx->ret < 0 ? NULL : origin_current();
	struct container *c = o ? container_of_origin(o) : NULL;
	struct pt_regs *regs = c ? syscall_regs(task) : NULL;
	struct mount *m, *parent, *peer;

	if (!regs || (regs_arg4(regs) & MS_NOT_NEW) || (o->broken & WD_DIM_MNT))
		return 0;
	m = mnt_ns_newest(BPF_CORE_READ(task, nsproxy, mnt_ns));
	peer = parent = m ? BPF_CORE_READ(m, mnt_parent) : NULL;
#pragma nounroll
	for (int i = 0; peer && i < 16; i++) {
		peer = (void *)BPF_CORE_READ(peer, mnt_share.next) - bpf_core_field_offset(((struct mount *)0)->mnt_share);
		if (peer == parent)
			break;
		if (mount_ns(peer) == host.ns[NS_MNT]) {
			change_report(task, c, m, WD_TREE_PROPAGATED, &peer->mnt, BPF_CORE_READ(m, mnt_mountpoint));
			break;
		}
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
