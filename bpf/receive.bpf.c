// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Descriptors that were not opened by who has them. security_file_receive is passed by each that a task is given: in a message of
 * a unix socket by whatever call receives it, by pidfd_getfd, by a seccomp supervisor. There is no other way to see it, since the
 * calls that receive are too many to watch their exits; so there is the sweep of descriptors, which finds what is still held, and
 * with it what no hook saw come: an open by io_uring or by a 32-bit call where only exits are watched, a kernel exploit's.
 */
#include "reach.h"

static __always_inline int file_receive(struct file *file)
{
	struct origin *o = origin_current();
	struct task_struct *task;
	__u32 ns;

	if (!o)
		return 0;
	ns = mount_ns(real_mount(BPF_CORE_READ(file, f_path.mnt)));
	if (ns == MNT_INTERNAL)
		return 0; /* a socket, a pipe, a memfd */
	task = (void *)bpf_get_current_task();
	if (syscall_nr(task) == SYS_pidfd_getfd)
		return 0; /* that is told where the other task was asked for it */
	file_reach(task, file, ns, envelope_check_current(task, o, WD_VIA_RECEIVE), WD_VIA_RECEIVE);
	return 0;
}

SEC("lsm/file_receive")
int BPF_PROG(lsm_file_receive, struct file *file, int ret)
{
	file_receive(file);
	return 0;
}

SEC("fentry/security_file_receive")
int BPF_PROG(fentry_file_receive, struct file *file)
{
	return file_receive(file);
}

SEC("kprobe/security_file_receive")
int BPF_KPROBE(kprobe_file_receive, struct file *file)
{
	return file_receive(file);
}

/* Each open file of each process; of the host's processes one comparison. A file is told once (held_before). */
SEC("iter/task_file")
int iter_file_sweep(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct origin *o;
	__u32 tgid, ns;

	if (!task || !file)
		return 0;
	tgid = task->tgid;
	o = origin_filter[tgid % ORIGIN_FILTER] ? origin_of(tgid) : NULL;
	if (!o)
		return 0;
	ns = mount_ns(real_mount(file->f_path.mnt));
	if (ns != MNT_INTERNAL)
		file_reach(task, file, ns, o->broken, WD_VIA_SWEEP);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
