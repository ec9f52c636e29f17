// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Opened files, judged by the mount and the dentry that the open ended at, never by a path: is the mount in the container's
 * tree, and does the dentry lie below the mount's root? file_open sees every open but O_PATH's, by whatever call (open,
 * io_uring, a handle, fanotify, exec). Without it, the exits of the open calls show the descriptor's file.
 */
#include "device.h"
#include "kernelfs.h"
#include "uring.h"

/* The running task's own mount namespace, when that was found within the envelope: no number to be read. */
static __always_inline bool is_own_ns(const struct origin *o, const struct mnt_namespace *ns)
{
	struct task_struct *task = task_typed();

	return task && task->nsproxy == o->nsproxy && task->nsproxy->mnt_ns == ns;
}

/* A runtime's program was opened for writing: worth a record by whatever mount it was reached (R01, P07). */
static __always_inline int runtime_open(struct origin *o, struct file *file, const struct path *path)
{
	__u32 mnt_ns = mount_ns(real_mount(path->mnt));
	bool foreign = mnt_ns != MNT_INTERNAL && mnt_ns != o->mnt_ns;

	reach_report(bpf_get_current_task(), number_of(file), mnt_ns,
		     REACH_KIND(WD_OWNER_HOST) | (foreign ? REACH_FOREIGN : 0));
	return 0;
}

/* `after`: the call is over, and what overlayfs does below it too. */
static __always_inline int file_open(struct origin *o, struct file *file, bool after)
{
	bool same = envelope_unchanged(o);
	struct task_struct *task;
	struct mnt_namespace *ns;
	struct super_block *sb;
	struct container *c;
	struct opened f;
	__u32 broken;
	__u64 magic;

	opened_read(&f, file);
	if ((f.f_mode & FMODE_WRITE) && is_regular(f.i_mode) && file_written(o, f.inode, !after))
		return runtime_open(o, file, &f.path);
	if (same && o->root_plain && f.path.mnt == o->root && !is_device(f.i_mode))
		return 0; /* on the container's root file system, as most are */
	c = container_of_origin(o);
	if (!c)
		return 0;
	task = (void *)bpf_get_current_task();
	broken = same ? o->broken : envelope_check(task, WD_VIA_OPEN);
	sb = f.sb;
	magic = BPF_CORE_READ(sb, s_magic);
	if (is_device(f.i_mode))
		device_open(&f);
	else if (is_regular(f.i_mode) && (f.f_mode & (FMODE_READ | FMODE_WRITE)) && is_kernel_magic(magic))
		kernel_file(number_of(file), number_of(f.inode), f.f_mode, magic, 0);
	ns = mount_ns_raw(real_mount(f.path.mnt));
	file_reach(task, file, is_own_ns(o, ns) ? o->mnt_ns : mnt_ns_number(ns), broken, 0);
	return 0;
}

SEC("lsm/file_open")
int BPF_PROG(lsm_file_open, struct file *file, int ret)
{
	struct origin *o = origin_current();

	if (o)
		file_open(o, file, false);
	return 0;
}

SEC("fentry/security_file_open")
int BPF_PROG(fentry_file_open, struct file *file)
{
	struct origin *o = origin_current();

	return o ? file_open(o, file, false) : 0;
}

SEC("kprobe/security_file_open")
int BPF_KPROBE(kprobe_file_open, struct file *file)
{
	struct origin *o = origin_current();

	return o ? file_open(o, file, false) : 0;
}

SEC("tracepoint/openat open openat2 creat open_by_handle_at")
int sysexit_file_open(struct sys_exit *ctx)
{
	struct origin *o = ctx->ret < 0 ? NULL : origin_current();
	struct file *file = o ? file_of_own_fd(ctx->ret) : NULL;

	return file ? file_open(o, file, true) : 0;
}

/*
 * What the exits do not show, where file_open cannot be had: the program of an exec, and what io_uring opened. Both tracepoints
 * pass the object. A request that completes into a full ring of completions passes by another, with its result alone: a
 * descriptor, or a number that is one of the task's own by chance, whose file is judged all the same.
 */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(tp_btf_exec_open, struct task_struct *task, pid_t old, struct linux_binprm *bprm)
{
	struct origin *o = origin_current();

	return o ? file_brought(o, BPF_CORE_READ(bprm, file), WD_VIA_EXEC) : 0;
}

SEC("tp_btf/io_uring_complete")
int BPF_PROG(tp_btf_uring_open, struct io_ring_ctx *ring, struct io_kiocb *req)
{
	struct origin *o = origin_current();
	struct file *file = o ? uring_opened(req) : NULL;

	return file ? file_brought(o, file, WD_VIA_IO_URING) : 0;
}

SEC("tp_btf/io_uring_cqe_overflow")
int BPF_PROG(tp_btf_uring_open__overflow, void *ring, __u64 user_data, int res)
{
	struct origin *o = origin_current();
	struct file *file = o ? file_of_own_fd(res) : NULL;

	return file ? file_brought(o, file, WD_VIA_IO_URING) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
