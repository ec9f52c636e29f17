/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The envelope: is this task still what its container was sealed as? Asked at every hook that runs anyway and by the sweep, so
 * that a change that passed no hook (a kernel exploit's) is found at the next one.
 */
#ifndef WARDER_ENVELOPE_H
#define WARDER_ENVELOPE_H

#include "emit.h"
#include "magic.h"

#define NS_DIMS (WD_DIM_MNT | WD_DIM_PID | WD_DIM_NET | WD_DIM_UTS | WD_DIM_IPC | WD_DIM_CGROUP_NS | WD_DIM_USER)

struct broken {
	__u32 dims;
	__u32 ns, ns_index;    /* the first namespace that is broken, and its kind */
	__u32 root_ns, cwd_ns; /* mount trees that root and working directory lie in */
};

/* Is this namespace the container's? If not, a dimension is broken. One of unknown owner is for `unknown` to say. */
static __always_inline void ns_judge(struct broken *b, struct container *c, __u32 inum, __u32 index, bool unknown)
{
	struct owner own;

	if (inum == c->ns[index])
		return;
	own = owner_of_ns(inum, index);
	if (owner_is(&own, c->id) || (own.kind == WD_OWNER_UNKNOWN && !unknown))
		return;
	if (!b->ns) {
		b->ns = inum;
		b->ns_index = index;
	}
	b->dims |= host.bit[index];
}

/* Whose it is what was reached: the first namespace's, else that of the root, else the host's. */
static __always_inline struct owner broken_owner(const struct broken *b)
{
	struct owner own = {.kind = WD_OWNER_HOST};

	if (b->ns && b->ns_index < NS_COUNT)
		return owner_of_ns(b->ns, b->ns_index);
	if (b->root_ns)
		return owner_of_ns(b->root_ns, NS_MNT);
	if (b->cwd_ns)
		return owner_of_ns(b->cwd_ns, NS_MNT);
	return own;
}

/* Where a task's root or working directory lies, when it is in another's mount tree: that tree, else 0. */
static __always_inline __u32 path_foreign(const struct vfsmount *mnt, struct container *c)
{
	__u32 inum = mount_ns(real_mount((struct vfsmount *)mnt));
	struct owner own;

	if (inum == c->ns[NS_MNT] || inum == MNT_INTERNAL || inum == MNT_DETACHED)
		return 0;
	own = owner_of_ns(inum, NS_MNT);
	return own.kind == WD_OWNER_UNKNOWN || owner_is(&own, c->id) ? 0 : inum;
}

/* Is a mount in the container's own tree all of a filesystem of files alone? Then nothing but a device can be out of reach on it. */
static __always_inline bool is_plain(const struct vfsmount *mnt, const struct container *c)
{
	struct super_block *sb = BPF_CORE_READ(mnt, mnt_sb);

	return mount_ns(real_mount((struct vfsmount *)mnt)) == c->ns[NS_MNT] &&
	       BPF_CORE_READ(sb, s_root) == BPF_CORE_READ(mnt, mnt_root) && !is_kernel_magic(BPF_CORE_READ(sb, s_magic));
}

static __always_inline void envelope_compare(struct task_struct *task, struct origin *o, struct container *c, struct broken *b)
{
	const struct cred *cred = BPF_CORE_READ(task, real_cred);
	const struct nsproxy *nsp = BPF_CORE_READ(task, nsproxy);
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	__u32 user = BPF_CORE_READ(cred, user_ns, ns.inum);
	const struct vfsmount *mnt;

	if (!nsp || !fs)
		return; /* it is exiting */
	if (nsp != o->nsproxy) {
		__u32 ns[NS_COUNT] = {};

		ns_read((struct nsproxy *)nsp, cred, ns);
#pragma nounroll
		for (int i = 0; i < NS_USER; i++)
			ns_judge(b, c, ns[i], i, false);
		if (!b->ns) {
			o->nsproxy = nsp;
			o->mnt_ns = ns[NS_MNT];
		}
	}
	if (user == c->ns[NS_USER]) {
		o->user_ns = BPF_CORE_READ(cred, user_ns);
		/* In a child user namespace capabilities are full and say nothing (trap T8). Bounding sets only shrink. */
		__u64 have = cred_all_caps(cred);

		if (have & ~c->caps)
			b->dims |= WD_DIM_CAP;
	} else {
		ns_judge(b, c, user, NS_USER, false);
	}
	mnt = BPF_CORE_READ(fs, root.mnt);
	if (mnt != o->root) {
		b->root_ns = path_foreign(mnt, c);
		if (b->root_ns) {
			b->dims |= WD_DIM_ROOT;
		} else {
			o->root = mnt;
			o->root_plain = is_plain(mnt, c);
		}
	}
	mnt = BPF_CORE_READ(fs, pwd.mnt);
	if (mnt != o->cwd) {
		b->cwd_ns = path_foreign(mnt, c);
		if (b->cwd_ns)
			b->dims |= WD_DIM_CWD;
		else
			o->cwd = mnt;
	}
}

/* Reports what was not reported yet of this process. Returns the dimensions broken by now. */
static __always_inline __u32 envelope_report(struct task_struct *task, struct origin *o, struct container *c, struct broken *b,
					     __u32 via)
{
	struct wd_envelope_violation *v;
	struct wd_record *r;
	struct owner own;

	if (!(b->dims & ~o->broken))
		return o->broken;
	own = broken_owner(b);
	r = CRITICAL(WD_SMALL, wd_envelope_violation, WD_ENVELOPE_VIOLATION, task, o->container, &own);
	if (!r)
		return o->broken; /* counted as lost, and found again by the next check */
	o->broken |= b->dims;
	v = record_body(r);
	v->via = via;
	v->dimensions = b->dims;
	v->sealed_caps = c->caps;
	v->sealed_mnt_ns = c->ns[NS_MNT];
	v->root_mnt_ns = b->root_ns;
	v->cwd_mnt_ns = b->cwd_ns;
	v->entered = o->entered;
	critical_send(r);
	return o->broken;
}

/*
 * Is the running task as it was when it was last found within its envelope? Pointers equal to those that were judged need no
 * second look; capabilities are compared by value, since an exploit writes them in place. False is no verdict.
 */
static __always_inline bool envelope_unchanged(const struct origin *o)
{
	struct task_struct *task = task_typed();
	const struct cred *cred;
	__u64 caps;

	if (!task || task->nsproxy != o->nsproxy || task->fs->root.mnt != o->root || task->fs->pwd.mnt != o->cwd)
		return false;
	cred = task->real_cred;
	if (cred->user_ns != o->user_ns)
		return false;
	if (bpf_core_field_exists(cred->cap_effective.val))
		caps = cred->cap_permitted.val | cred->cap_effective.val | cred->cap_bset.val;
	else
		caps = cred_all_caps(cred);
	return !(caps & ~o->caps);
}

/* Compares and reports. Returns the dimensions broken by now. */
static __always_inline __u32 envelope_check(struct task_struct *task, struct origin *o, struct container *c, __u32 via)
{
	struct broken b = {};

	envelope_compare(task, o, c, &b);
	return envelope_report(task, o, c, &b, via);
}

/* The same of the running task, at a hook that is passed often. */
static __always_inline __u32 envelope_check_current(struct task_struct *task, struct origin *o, struct container *c, __u32 via)
{
	return envelope_unchanged(o) ? o->broken : envelope_check(task, o, c, via);
}

#endif
