/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The envelope: is this task still what its container was sealed as? Asked at every hook that runs anyway and by the sweep, so
 * that a change that passed no hook (a kernel exploit's) is found at the next one.
 */
#ifndef WARDER_ENVELOPE_H
#define WARDER_ENVELOPE_H

#include "emit.h"
#include "magic.h"
#include "nodefile.h"

#define NS_DIMS (WD_DIM_MNT | WD_DIM_PID | WD_DIM_NET | WD_DIM_UTS | WD_DIM_IPC | WD_DIM_CGROUP_NS | WD_DIM_USER)

struct broken {
	__u32 dims;
	__u32 ns, ns_index;    /* the first namespace that is broken, and its kind */
	__u32 root_ns, cwd_ns; /* mount trees that root and working directory lie in */
};

/*
 * Is this namespace another's than the container's? One of unknown owner is for `unknown` to say. A global function: verified once and
 * not for each kind of namespace.
 */
__weak __attribute__((noinline)) int ns_is_foreign(__u64 container, __u32 inum, __u32 index, __u32 unknown)
{
	struct owner own;

	if (index >= NS_COUNT)
		return 0;
	own = owner_of_ns(inum, index);
	return !owner_is(&own, container) && (own.kind != WD_OWNER_UNKNOWN || unknown);
}

static __always_inline void ns_judge(struct broken *b, struct container *c, __u32 inum, __u32 index, bool unknown)
{
	if (inum == c->ns[index] || !ns_is_foreign(c->id, inum, index, unknown))
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

/*
 * Is a mount in the container's own tree all of a filesystem of files alone, and none that the node has its own files on? Then nothing
 * but a device can be out of reach on it.
 */
static __always_inline bool is_plain(const struct vfsmount *mnt, const struct container *c)
{
	struct super_block *sb = BPF_CORE_READ(mnt, mnt_sb);
	struct mount *m = real_mount((struct vfsmount *)mnt);

	return mount_ns(m) == c->ns[NS_MNT] && BPF_CORE_READ(sb, s_root) == BPF_CORE_READ(mnt, mnt_root) &&
	       !is_kernel_magic(BPF_CORE_READ(sb, s_magic)) && ((__u64)m == c->root || !is_sensitive_filesystem(sb));
}

#define FOLD 0x9e3779b97f4a7c15ull /* 2^64 by the golden ratio: a factor that spreads what is folded */

/* Changes with each of them. */
#define IDS_FOLD(uid, suid, euid, fsuid)                                                                                       \
	((__u32)(((((__u64)(uid) << 32 | (euid)) * FOLD ^ ((__u64)(suid) << 32 | (fsuid))) * FOLD) >> 32))

static __always_inline __u32 cred_ids(const struct cred *cred)
{
	return IDS_FOLD(BPF_CORE_READ(cred, uid.val), BPF_CORE_READ(cred, suid.val), BPF_CORE_READ(cred, euid.val),
			BPF_CORE_READ(cred, fsuid.val));
}

static __always_inline bool id_is_mapped(const struct uid_gid_extent *ranges, __u32 id)
{
	for (int i = 0; i < UID_GID_MAP_EXTENTS; i++)
		if (id - ranges[i].lower_first < ranges[i].count)
			return true;
	return false;
}

static __always_inline __u64 id_map_fold(__u64 fold, const struct uid_gid_extent *ranges)
{
	for (int i = 0; i < UID_GID_MAP_EXTENTS; i++) {
		fold = (fold ^ ((__u64)ranges[i].first << 32 | ranges[i].lower_first)) * FOLD;
		fold = (fold ^ ranges[i].count) * FOLD;
	}
	return fold;
}

/*
 * Does a task in the user namespace of its container have user ids that this does not map, having had such as it maps; or is the map
 * another than it was? No call does either: set*id takes ids of the map, and a map is written once. A task that joins with ids
 * of its own keeps them. More than five ranges are not looked into. Gives the Dimension bit, or 0. A global function, as envelope_judge
 * is, and beside that one and not below it: the two have more stack than a program may.
 */
__weak __attribute__((noinline)) int ids_lost(__u64 address)
{
	struct task_struct *task = (void *)address;
	const struct cred *cred = BPF_CORE_READ(task, real_cred);
	const struct user_namespace *ns = BPF_CORE_READ(cred, user_ns);
	struct origin *o = origin_of(BPF_CORE_READ(task, tgid));
	struct container *c = o ? container_of_origin(o) : NULL;
	struct uid_gid_extent ranges[UID_GID_MAP_EXTENTS] = {};
	__u32 n, groups;
	__u64 fold;

	if (!c || c->ns[NS_USER] == host.ns[NS_USER] || BPF_CORE_READ(ns, ns.inum) != c->ns[NS_USER])
		return 0; /* the node's own has all ids; in a child of the container's it has those that it gave it */
	n = BPF_CORE_READ(ns, uid_map.nr_extents);
	groups = BPF_CORE_READ(ns, gid_map.nr_extents);
	BPF_CORE_READ_INTO(&ranges, ns, gid_map.extent);
	fold = id_map_fold((__u64)n << 32 | groups, ranges);
	BPF_CORE_READ_INTO(&ranges, ns, uid_map.extent);
	fold = (id_map_fold(fold, ranges) >> 32) | 1;
	if (!c->id_maps && n && groups)
		c->id_maps = fold;
	if (c->id_maps && fold != c->id_maps)
		return WD_DIM_UID;
	if (n > UID_GID_MAP_EXTENTS)
		return 0;
	if (id_is_mapped(ranges, BPF_CORE_READ(cred, uid.val)) && id_is_mapped(ranges, BPF_CORE_READ(cred, euid.val)))
		o->mapped = 1;
	else if (o->mapped)
		return WD_DIM_UID;
	return 0;
}

#define SYSCALL_WORK_SECCOMP 1 /* bit 0, from 5.11 */
#define LABEL_MAX            64

/* The LSMs' blob of credentials, folded. What is committed never changes in place: a label comes with new credentials. */
static __always_inline __u32 cred_label(const struct cred *cred)
{
	__u64 blob[LABEL_MAX / 8] = {}, label = 0;

	bpf_probe_read_kernel(blob, label_size & (LABEL_MAX - 1), BPF_CORE_READ(cred, security));
	for (int i = 0; i < LABEL_MAX / 8; i++)
		label = (label ^ blob[i]) * FOLD;
	return label >> 32;
}

/* Takes what a thread has as it is: after an exec by another thread, which becomes the first, or at a fork by one. */
static __always_inline void security_remember(struct origin *o, struct task_struct *task)
{
	o->seccomp_mode = BPF_CORE_READ(task, seccomp.mode);
	o->no_new_privs = BPF_CORE_READ(task, atomic_flags) & 1;
	o->unfiltered = 0;
	o->cred = NULL;
}

/*
 * What no call takes away: a thread's seccomp mode only rises (SECCOMP_MODE_DEAD is 3), no_new_privs never clears, and credentials
 * that were committed keep label and ids. The mode is set a moment before the flag that makes it work, so its loss counts when it
 * is seen twice. An exploit writes them in place.
 */
static __always_inline void security_compare(struct task_struct *task, const struct cred *cred, struct origin *o,
					     struct broken *b)
{
	__u32 mode = BPF_CORE_READ(task, seccomp.mode), nnp = BPF_CORE_READ(task, atomic_flags) & 1;
	__u32 label, ids;

	if (BPF_CORE_READ(task, pid) != BPF_CORE_READ(task, tgid))
		return;
	if (bpf_core_field_exists(task->thread_info.syscall_work)) {
		bool works = BPF_CORE_READ(task, thread_info.syscall_work) & SYSCALL_WORK_SECCOMP;

		o->unfiltered = mode && !works ? o->unfiltered + 1 : 0;
	}
	if (mode < o->seccomp_mode || o->unfiltered > 1)
		b->dims |= WD_DIM_SECCOMP;
	else
		o->seccomp_mode = mode;
	if (nnp < o->no_new_privs)
		b->dims |= WD_DIM_NO_NEW_PRIVS;
	else
		o->no_new_privs = nnp;
	if (!creds_told)
		return;
	label = label_size ? cred_label(cred) : 0;
	ids = cred_ids(cred);
	if (cred == o->cred && (label != o->label || ids != o->ids)) {
		b->dims |= (label != o->label ? WD_DIM_LSM : 0) | (ids != o->ids ? WD_DIM_UID : 0);
		return;
	}
	o->cred = cred;
	o->label = label;
	o->ids = ids;
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
	security_compare(task, cred, o, b);
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
 * second look; capabilities and ids are compared by value, since an exploit writes them in place. False is no verdict.
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
	if (cred == o->cred && IDS_FOLD(cred->uid.val, cred->suid.val, cred->euid.val, cred->fsuid.val) != o->ids)
		return false;
	if (bpf_core_field_exists(cred->cap_effective.val))
		caps = cred->cap_permitted.val | cred->cap_effective.val | cred->cap_bset.val;
	else
		caps = cred_all_caps(cred);
	return !(caps & ~o->caps);
}

/*
 * Compares and reports, beside `dims` that were found already; gives the dimensions broken by now. A global function, as reach_report is:
 * verified once, not at each place that calls it with what is known there. Its arguments are numbers, since 5.10 passes no pointers to one.
 */
__weak __attribute__((noinline)) int envelope_judge(__u64 address, __u32 via, __u32 dims)
{
	struct task_struct *task = (void *)address;
	struct origin *o = origin_of(BPF_CORE_READ(task, tgid));
	struct container *c = o ? container_of_origin(o) : NULL;
	struct broken b = {.dims = dims};

	if (!c)
		return 0;
	envelope_compare(task, o, c, &b);
	return envelope_report(task, o, c, &b, via);
}

static __always_inline __u32 envelope_check(struct task_struct *task, __u32 via)
{
	return envelope_judge(number_of(task), via, ids_lost(number_of(task)));
}

/* The same of the running task, at a hook that is passed often. */
static __always_inline __u32 envelope_check_current(struct task_struct *task, struct origin *o, __u32 via)
{
	return envelope_unchanged(o) ? o->broken : envelope_check(task, via);
}

#endif
