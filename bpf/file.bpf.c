// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Opened files, judged by the mount and the dentry that the open ended at, never by a path: is the mount in the container's
 * tree, and does the dentry lie below the mount's root? file_open sees every open but O_PATH's, by whatever call (open,
 * io_uring, a handle, fanotify, exec). Without it, the exits of the open calls show the descriptor's file.
 */
#include "device.h"
#include "kernelfs.h"

/* The running task's own mount namespace, when that was found within the envelope: no number to be read. */
static __always_inline bool is_own_ns(const struct origin *o, const struct mnt_namespace *ns)
{
	struct task_struct *task = task_typed();

	return task && task->nsproxy == o->nsproxy && task->nsproxy->mnt_ns == ns;
}

static __always_inline int file_open(struct origin *o, struct file *file)
{
	bool same = envelope_unchanged(o);
	struct task_struct *task;
	struct mnt_namespace *ns;
	struct container *c;
	struct opened f;
	__u32 broken;

	opened_read(&f, file);
	if (same && o->root_plain && f.path.mnt == o->root && !is_device(f.i_mode))
		return 0; /* on the container's root file system, as most are */
	c = container_of_origin(o);
	if (!c)
		return 0;
	task = (void *)bpf_get_current_task();
	broken = same ? o->broken : envelope_check(task, o, c, WD_VIA_OPEN);
	if (is_device(f.i_mode))
		device_open(task, c, &f);
	else
		kernel_file(task, c, &f, 0);
	ns = mount_ns_raw(real_mount(f.path.mnt));
	file_reach(task, o, c, file, &f.path, is_own_ns(o, ns) ? o->mnt_ns : mnt_ns_number(ns), broken, 0);
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
