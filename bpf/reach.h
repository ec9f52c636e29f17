/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reach: may the container have the file that its task got hold of? Judged by mount and dentry, never by a path: is the mount in
 * the container's tree, and does the dentry lie below the mount's root? Asked wherever a file comes into a task's hands.
 */
#ifndef WARDER_REACH_H
#define WARDER_REACH_H

#include "envelope.h"
#include "opened.h"
#include "provenance.h"
#include "told.h"
#include "upper.h"

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

/*
 * Files out of reach that are known: those that a container was born or entered with, and those that were told. The sweep asks for
 * each that it finds, which keeps it in the table as long as it is held. By inode: it outlives the open file.
 */
struct held_key {
	__u64 container;
	__u64 inode;
	__u64 sb;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct held_key);
	__type(value, __u8);
} held __weak SEC(".maps");

static __always_inline bool held_before(__u64 container, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct held_key key = {container, BPF_CORE_READ(inode, i_ino), (__u64)BPF_CORE_READ(inode, i_sb)};
	__u8 one = 1;

	if (bpf_map_lookup_elem(&held, &key))
		return true;
	bpf_map_update_elem(&held, &key, &one, BPF_ANY);
	return false;
}

/* Who sent what the running task receives: the process at the other end of the connected socket that it receives from. */
static __always_inline struct task_struct *file_sender(struct task_struct *task)
{
	struct pt_regs *regs = syscall_regs(task);
	struct socket *socket = regs ? socket_of_fd(task, (int)regs_arg1(regs)) : NULL;

	return socket ? pid_task(BPF_CORE_READ(socket, sk, sk_peer_pid), 1) : NULL;
}

static __always_inline __u32 open_via(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	/* Its registers are a copy of those that its creator had when it made it, in whatever call. */
	if (BPF_CORE_READ(task, flags) & 0x10 /* PF_IO_WORKER */)
		return WD_VIA_IO_URING;
	switch (syscall_nr(task)) {
	case SYS_io_uring_enter:
		return WD_VIA_IO_URING;
	case SYS_open_by_handle_at:
		return WD_VIA_OPEN_BY_HANDLE;
	case SYS_read:
		return WD_VIA_FANOTIFY;
	case SYS_execve:
	case SYS_execveat:
		return WD_VIA_EXEC;
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

/* What is found of a file: the door it came by, flags, who owns it. */
#define REACH_VIA(n)       (n)
#define REACH_FOREIGN      (1u << 8)
#define REACH_DETACHED     (1u << 9)
#define REACH_BEYOND_ROOT  (1u << 10)
#define REACH_GUARDED_PROC (1u << 11)
#define REACH_JOINING      (1u << 12)
#define REACH_UPPER        (1u << 13)
#define REACH_GIVEN        (1u << 14)
#define REACH_KIND(n)      ((__u32)(n) << 16)
#define REACH_SENSITIVE(n) ((__u32)(n) << 24)

/* Reports `file`, on a mount of the tree `mnt_ns`, of which `what` was found. */
__weak __attribute__((noinline)) int reach_report(__u64 task_at, __u64 file_at, __u32 mnt_ns, __u32 what)
{
	struct task_struct *task = (void *)task_at, *target = NULL;
	struct owner own = {.kind = (what >> 16) & 0xff};
	struct origin *o = origin_of(BPF_CORE_READ(task, tgid));
	struct file *file = (void *)file_at;
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u32 via = what & 0xff, dev;
	struct wd_file_open *f;
	struct wd_record *r;

	if (!o || (held_before(o->container, file) && via == WD_VIA_SWEEP))
		return 0;
	if (what & REACH_GUARDED_PROC)
		target = proc_target(file, o, &own);
	else if (what & REACH_UPPER)
		own.container = upper_owner(BPF_CORE_READ(inode, i_sb), BPF_CORE_READ(file, f_path.dentry));
	else if ((what & REACH_FOREIGN) && own.kind == WD_OWNER_CONTAINER)
		own = owner_of_ns(mnt_ns, NS_MNT);
	r = CRITICAL(WD_LARGE, wd_file_open, WD_FILE_OPEN, task, o->container, &own);
	if (!r)
		return 0;
	f = record_body(r);
	f->via = via ? via : open_via();
	f->foreign = !!(what & REACH_FOREIGN);
	f->detached = !!(what & REACH_DETACHED);
	f->beyond_root = !!(what & REACH_BEYOND_ROOT);
	f->guarded_proc = !!(what & REACH_GUARDED_PROC);
	f->joining = !!(what & REACH_JOINING);
	f->upper = !!(what & REACH_UPPER);
	f->given = !!(what & REACH_GIVEN);
	f->sensitive = what >> 24;
	f->passed = BPF_CORE_READ(file, f_cred) != BPF_CORE_READ(task, real_cred);
	f->runtime = is_runtime(inode);
	f->mnt_ns = f->detached ? 0 : mnt_ns;
	f->write = (BPF_CORE_READ(file, f_mode) & FMODE_WRITE) != 0;
	f->mode = BPF_CORE_READ(inode, i_mode);
	f->inode = BPF_CORE_READ(inode, i_ino);
	f->magic = BPF_CORE_READ(inode, i_sb, s_magic);
	dev = BPF_CORE_READ(inode, i_sb, s_dev);
	f->device_major = dev >> 20;
	f->device_minor = dev & 0xfffff;
	if (!target && via == WD_VIA_RECEIVE)
		target = file_sender(task);
	if (target)
		process_fill(&f->target, target);
	path_write(r, STRINGS_AT(wd_file_open), &f->path, f->beyond_root ? NULL : BPF_CORE_READ(file, f_path.mnt),
		   BPF_CORE_READ(file, f_path.dentry));
	critical_send(r);
	return 0;
}

/*
 * What of `file`, on a mount of the tree `mnt_ns`, is out of its container's reach: REACH_* flags and the owner's kind, or 0. `broken`:
 * what is known of the task by now. A global function: verified once, not at each way to it.
 */
__weak __attribute__((noinline)) int reach_of(__u64 task_at, __u64 file_at, __u32 mnt_ns, __u32 broken)
{
	struct task_struct *task = (void *)task_at, *target;
	struct origin *o = origin_of(BPF_CORE_READ(task, tgid));
	struct container *c = o ? container_of_origin(o) : NULL;
	struct file *file = (void *)file_at;
	struct owner own = {};
	struct super_block *sb;
	struct vfsmount *at, mnt;
	__u64 upper;

	if (!c || mnt_ns == MNT_INTERNAL)
		return 0;
	at = BPF_CORE_READ(file, f_path.mnt);
	bpf_core_read(&mnt, sizeof(mnt), &at->mnt_root);
	sb = mnt.mnt_sb;
	if (mnt_ns == MNT_DETACHED) {
		if (is_inherited(c, file))
			return 0;
		return REACH_DETACHED | REACH_KIND(BPF_CORE_READ(sb, s_bdev) ? WD_OWNER_HOST : WD_OWNER_UNKNOWN);
	}
	if (mnt_ns != c->ns[NS_MNT] && mnt_ns != o->mnt_ns) {
		own = owner_of_ns(mnt_ns, NS_MNT);
		if (owner_is(&own, c->id))
			return 0;
		/* Reported when it went there; what it opens there follows from that. */
		if ((broken & WD_DIM_MNT) && mnt_ns == BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum))
			return 0;
		if ((broken & (WD_DIM_ROOT | WD_DIM_CWD)) && own.kind == WD_OWNER_HOST)
			return 0;
		return is_inherited(c, file) ? 0 : REACH_FOREIGN | REACH_KIND(own.kind);
	}
	upper = upper_owner(sb, BPF_CORE_READ(file, f_path.dentry));
	if (upper && upper != c->id)
		return REACH_UPPER | REACH_KIND(WD_OWNER_CONTAINER);
	if (BPF_CORE_READ(sb, s_root) == mnt.mnt_root) {
		/* All of the filesystem is mounted: nothing in it is out of reach, but procfs shows other tasks. */
		target = BPF_CORE_READ(sb, s_magic) == PROC_SUPER_MAGIC ? proc_target(file, o, &own) : NULL;
		if (!target)
			return 0;
		if (own.kind == WD_OWNER_HOST && BPF_CORE_READ(target, nsproxy, mnt_ns, ns.inum) == c->ns[NS_MNT])
			return REACH_GUARDED_PROC | REACH_JOINING | REACH_KIND(own.kind);
		return REACH_GUARDED_PROC | REACH_KIND(own.kind);
	}
	/* A part of a filesystem was mounted: the rest was not given. */
	return dentry_below(BPF_CORE_READ(file, f_path.dentry), mnt.mnt_root) ? 0
									      : REACH_BEYOND_ROOT | REACH_KIND(WD_OWNER_HOST);
}

#define O_TRUNC       01000
#define FMODE_CREATED 0x100000

/* Does this open empty a file that was there? After it the file no longer says so, but the call in progress does (not openat2's). */
static __always_inline bool truncates(struct file *file, __u32 f_mode)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pt_regs *regs;

	if (f_mode & FMODE_CREATED)
		return false;
	if (BPF_CORE_READ(file, f_flags) & O_TRUNC)
		return true;
	regs = syscall_regs(task);
	switch (regs ? syscall_nr(task) : 0) {
	case SYS_open:
		return regs_arg2(regs) & O_TRUNC;
	case SYS_openat:
		return regs_arg3(regs) & O_TRUNC;
	default:
		return false;
	}
}

/*
 * A file of its own tree may still be the node's own (nodefile.h): REACH_* flags and the kind, or 0. It is told once a minute for
 * each file and act.
 */
__weak __attribute__((noinline)) int reach_sensitive(__u64 task_at, __u64 file_at)
{
	struct origin *o = origin_of(BPF_CORE_READ((struct task_struct *)task_at, tgid));
	struct container *c = o ? container_of_origin(o) : NULL;
	struct file *file = (void *)file_at;
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u32 f_mode = BPF_CORE_READ(file, f_mode);
	__u64 m, dentry, key;
	int kind = 0;

	if (!c || !is_regular(BPF_CORE_READ(inode, i_mode)))
		return 0;
	m = (__u64)real_mount(BPF_CORE_READ(file, f_path.mnt));
	dentry = (__u64)BPF_CORE_READ(file, f_path.dentry);
	if (f_mode & FMODE_WRITE)
		kind = sensitive_kind(m, dentry, c->root, SENSITIVE_WRITE);
	if (!kind && (f_mode & FMODE_WRITE) && truncates(file, f_mode))
		kind = sensitive_kind(m, dentry, c->root, SENSITIVE_REMOVE);
	if (!kind && (f_mode & FMODE_READ))
		kind = sensitive_kind(m, dentry, c->root, SENSITIVE_READ);
	key = BPF_CORE_READ(inode, i_ino) ^ (__u64)BPF_CORE_READ(inode, i_sb);
	if (!kind || told_before(c->id, key, TOLD_SENSITIVE | (kind & 0xff)))
		return 0;
	return REACH_SENSITIVE(kind & 0xff) | (kind & SENSITIVE_GIVEN ? REACH_GIVEN : 0) | REACH_KIND(WD_OWNER_HOST);
}

/* Reports it if it is. `via`: the door, VIA_UNSPECIFIED where the call in progress tells it. */
static __always_inline void file_reach(struct task_struct *task, struct file *file, __u32 mnt_ns, __u32 broken, __u32 via)
{
	__u32 what = reach_of(number_of(task), number_of(file), mnt_ns, broken);

	if (!what && mnt_ns != MNT_INTERNAL && mnt_ns != MNT_DETACHED)
		what = reach_sensitive(number_of(task), number_of(file));
	if (what)
		reach_report(number_of(task), number_of(file), mnt_ns, what | REACH_VIA(via));
}

/* The same of a file that the running task got hold of by another way than an open. */
static __always_inline int file_brought(struct origin *o, struct file *file, __u32 via)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct container *c = container_of_origin(o);

	if (c)
		file_reach(task, file, mount_ns(real_mount(BPF_CORE_READ(file, f_path.mnt))),
			   envelope_check_current(task, o, via), via);
	return 0;
}

#endif
