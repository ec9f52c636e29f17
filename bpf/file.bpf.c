// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Opened files, judged by the mount and the dentry that the open ended at, never by a path: is the mount in the container's
 * tree, and does the dentry lie below the mount's root? file_open sees every open but O_PATH's, by whatever call (open,
 * io_uring, a handle, fanotify, exec). Without it, the exits of the open calls show the descriptor's file.
 */
#include "envelope.h"

#define FMODE_WRITE_FLAGS 3 /* O_WRONLY, O_RDWR */

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

static __always_inline void open_report(struct task_struct *task, struct origin *o, struct file *file,
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
	f->via = open_via(task);
	f->foreign = what->foreign;
	f->detached = what->detached;
	f->beyond_root = what->beyond_root;
	f->guarded_proc = what->guarded_proc;
	f->mnt_ns = what->mnt_ns;
	f->write = (BPF_CORE_READ(file, f_flags) & FMODE_WRITE_FLAGS) != 0;
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

/* The running task's own mount namespace, when that was found within the envelope: no number to be read. */
static __always_inline bool is_own_ns(const struct origin *o, const struct mnt_namespace *ns)
{
	struct task_struct *task = task_typed();

	return task && task->nsproxy == o->nsproxy && task->nsproxy->mnt_ns == ns;
}

static __always_inline int file_open(struct origin *o, struct file *file)
{
	struct wd_file_open what = {};
	struct task_struct *task, *target = NULL;
	struct owner own = {};
	struct mnt_namespace *ns;
	struct super_block *sb;
	struct vfsmount mnt;
	struct container *c;
	struct path path;
	__u32 broken;
	bool same;

	same = envelope_unchanged(o);
	bpf_core_read(&path, sizeof(path), &file->f_path);
	if (same && o->root_plain && path.mnt == o->root)
		return 0; /* on the container's root file system, as most are */
	c = container_of_origin(o);
	if (!c)
		return 0;
	task = (void *)bpf_get_current_task();
	broken = same ? o->broken : envelope_check(task, o, c, WD_VIA_OPEN);
	ns = mount_ns_raw(real_mount(path.mnt));
	what.mnt_ns = is_own_ns(o, ns) ? o->mnt_ns : mnt_ns_number(ns);
	if (what.mnt_ns == MNT_INTERNAL)
		return 0;
	if (what.mnt_ns == MNT_DETACHED) {
		what.mnt_ns = 0;
		what.detached = 1;
		own.kind = WD_OWNER_UNKNOWN;
		if (BPF_CORE_READ(path.mnt, mnt_sb, s_bdev))
			own.kind = WD_OWNER_HOST;
	} else if (what.mnt_ns != c->ns[NS_MNT] && what.mnt_ns != o->mnt_ns) {
		own = owner_of_ns(what.mnt_ns, NS_MNT);
		if (owner_is(&own, c->id))
			return 0;
		/* Reported when it went there; what it opens there follows from that. */
		if ((broken & WD_DIM_MNT) && what.mnt_ns == BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum))
			return 0;
		if ((broken & (WD_DIM_ROOT | WD_DIM_CWD)) && own.kind == WD_OWNER_HOST)
			return 0;
		what.foreign = 1;
	}
	if (what.foreign || what.detached) {
		if (is_inherited(c, file))
			return 0;
	} else {
		bpf_core_read(&mnt, sizeof(mnt), &path.mnt->mnt_root);
		sb = mnt.mnt_sb;
		if (BPF_CORE_READ(sb, s_root) == mnt.mnt_root) {
			/* All of the filesystem is mounted: nothing in it is out of reach, but procfs shows other tasks. */
			if (BPF_CORE_READ(sb, s_magic) != PROC_SUPER_MAGIC)
				return 0;
			target = proc_target(file, o, &own);
			if (!target)
				return 0;
			what.guarded_proc = 1;
		} else {
			if (dentry_below(path.dentry, mnt.mnt_root))
				return 0;
			what.beyond_root = 1;
			own.kind = WD_OWNER_HOST; /* a part of a filesystem was mounted: the rest was not given */
		}
	}
	open_report(task, o, file, &what, &own, target);
	return 0;
}

SEC("lsm/file_open")
int BPF_PROG(lsm_file_open, struct file *file, int ret)
{
	struct origin *o = origin_current();

	if (o)
		file_open(o, file);
	return 0;
}

SEC("fentry/security_file_open")
int BPF_PROG(fentry_file_open, struct file *file)
{
	struct origin *o = origin_current();

	return o ? file_open(o, file) : 0;
}

SEC("kprobe/security_file_open")
int BPF_KPROBE(kprobe_file_open, struct file *file)
{
	struct origin *o = origin_current();

	return o ? file_open(o, file) : 0;
}

SEC("tracepoint/openat open openat2 creat open_by_handle_at")
int sysexit_file_open(struct sys_exit *ctx)
{
	struct origin *o = ctx->ret < 0 ? NULL : origin_current();
	struct file *file = o ? file_of_own_fd(ctx->ret) : NULL;

	return file ? file_open(o, file) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
