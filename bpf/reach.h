/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reach: may the container have the file that its task got hold of? Judged by mount and dentry, never by a path: is the mount in
 * the container's tree, and does the dentry lie below the mount's root? Asked wherever a file comes into a task's hands.
 */
#ifndef WARDER_REACH_H
#define WARDER_REACH_H

#include "envelope.h"
#include "opened.h"

static __always_inline bool is_inherited(struct container *c, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u64 ino = BPF_CORE_READ(inode, i_ino), sb = (__u64)BPF_CORE_READ(inode, i_sb);

#pragma nounroll
	for (int i = 0; i < STDIO_SLOTS; i++)
		if (c->stdio[i].inode == ino && c->stdio[i].sb == sb)
			return true;
	return false;
}

static __always_inline __u32 open_via(struct task_struct *task)
{
	switch (syscall_nr(task)) {
	case SYS_open_by_handle_at:
		return WD_VIA_OPEN_BY_HANDLE;
	case SYS_read:
		return WD_VIA_FANOTIFY;
	default:
		return WD_VIA_OPEN;
	}
}

/* The process that a procfs inode is about, when it is behind a ptrace check (owner-only mode) and another principal's. */
static __always_inline struct task_struct *proc_target(struct file *file, struct origin *o, struct owner *own)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct proc_inode *pi = (void *)inode - bpf_core_field_offset(((struct proc_inode *)0)->vfs_inode);
	umode_t mode = BPF_CORE_READ(inode, i_mode);
	struct task_struct *target;

	if ((mode & 0170000) != 0100000 || (mode & 0004))
		return NULL;
	target = pid_task(BPF_CORE_READ(pi, pid), 0);
	if (!target)
		return NULL;
	*own = owner_of_process(BPF_CORE_READ(target, tgid));
	return owner_is(own, o->container) ? NULL : target;
}

static __always_inline void reach_report(struct task_struct *task, struct origin *o, struct file *file,
					 struct wd_file_open *what, struct owner *own, struct task_struct *target)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct wd_file_open *f;
	struct wd_record *r;
	__u32 dev;

	r = CRITICAL(WD_LARGE, wd_file_open, WD_FILE_OPEN, task, o->container, own);
	if (!r)
		return;
	f = record_body(r);
	f->via = what->via ? what->via : open_via(task);
	f->foreign = what->foreign;
	f->detached = what->detached;
	f->beyond_root = what->beyond_root;
	f->guarded_proc = what->guarded_proc;
	f->mnt_ns = what->mnt_ns;
	f->write = (BPF_CORE_READ(file, f_mode) & FMODE_WRITE) != 0;
	f->mode = BPF_CORE_READ(inode, i_mode);
	f->inode = BPF_CORE_READ(inode, i_ino);
	f->magic = BPF_CORE_READ(inode, i_sb, s_magic);
	dev = BPF_CORE_READ(inode, i_sb, s_dev);
	f->device_major = dev >> 20;
	f->device_minor = dev & 0xfffff;
	if (target)
		process_fill(&f->target, target);
	path_write(r, STRINGS_AT(wd_file_open), &f->path, what->beyond_root ? NULL : BPF_CORE_READ(file, f_path.mnt),
		   BPF_CORE_READ(file, f_path.dentry));
	critical_send(r);
}

/*
 * Reports `file`, opened at `path` on a mount of the tree `mnt_ns`, if it is out of its container's reach. `broken`: what is known
 * of the task by now; `via`: the door, VIA_UNSPECIFIED where the call in progress tells it.
 */
static __always_inline void file_reach(struct task_struct *task, struct origin *o, struct container *c, struct file *file,
				       const struct path *path, __u32 mnt_ns, __u32 broken, __u32 via)
{
	struct wd_file_open what = {.via = via, .mnt_ns = mnt_ns};
	struct task_struct *target = NULL;
	struct owner own = {};
	struct super_block *sb;
	struct vfsmount mnt;

	if (mnt_ns == MNT_INTERNAL)
		return;
	if (mnt_ns == MNT_DETACHED) {
		what.mnt_ns = 0;
		what.detached = 1;
		own.kind = WD_OWNER_UNKNOWN;
		if (BPF_CORE_READ(path->mnt, mnt_sb, s_bdev))
			own.kind = WD_OWNER_HOST;
	} else if (mnt_ns != c->ns[NS_MNT] && mnt_ns != o->mnt_ns) {
		own = owner_of_ns(mnt_ns, NS_MNT);
		if (owner_is(&own, c->id))
			return;
		/* Reported when it went there; what it opens there follows from that. */
		if ((broken & WD_DIM_MNT) && mnt_ns == BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum))
			return;
		if ((broken & (WD_DIM_ROOT | WD_DIM_CWD)) && own.kind == WD_OWNER_HOST)
			return;
		what.foreign = 1;
	}
	if (what.foreign || what.detached) {
		if (is_inherited(c, file))
			return;
	} else {
		bpf_core_read(&mnt, sizeof(mnt), &path->mnt->mnt_root);
		sb = mnt.mnt_sb;
		if (BPF_CORE_READ(sb, s_root) == mnt.mnt_root) {
			/* All of the filesystem is mounted: nothing in it is out of reach, but procfs shows other tasks. */
			if (BPF_CORE_READ(sb, s_magic) != PROC_SUPER_MAGIC)
				return;
			target = proc_target(file, o, &own);
			if (!target)
				return;
			what.guarded_proc = 1;
		} else {
			if (dentry_below(path->dentry, mnt.mnt_root))
				return;
			what.beyond_root = 1;
			own.kind = WD_OWNER_HOST; /* a part of a filesystem was mounted: the rest was not given */
		}
	}
	reach_report(task, o, file, &what, &own, target);
}

#endif
