// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Access to another task's inside: ptrace, process_vm_*, pidfd_getfd. All ask ptrace_access_check with mode ATTACH; a READ is
 * asked for by procfs and setns too, and is judged there by the object that it leads to. Without the hook, the calls' exits
 * show the tracee, or the task that the number or pidfd means.
 */
#include "envelope.h"

#define PTRACE_MODE_ATTACH 2
#define PTRACE_ATTACH      16
#define PTRACE_SEIZE       0x4206

static __always_inline __u32 access_via(struct task_struct *task)
{
	switch (syscall_nr(task)) {
	case SYS_ptrace:
		return WD_VIA_PTRACE;
	case SYS_process_vm_readv:
	case SYS_process_vm_writev:
		return WD_VIA_PROCESS_VM;
	case SYS_pidfd_getfd:
		return WD_VIA_PIDFD_GETFD;
	default:
		return WD_VIA_PROCFS;
	}
}

static __always_inline int ptrace_access(struct task_struct *target, __u32 mode, __u32 via, long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct origin *o = origin_current();
	struct wd_ptrace_access *p;
	struct container *c;
	struct wd_record *r;
	struct owner own;

	if (!o || !target)
		return 0;
	c = container_of_origin(o);
	if (!c)
		return 0;
	own = owner_of_process(BPF_CORE_READ(target, tgid));
	if (owner_is(&own, o->container))
		return 0;
	r = CRITICAL(WD_SMALL, wd_ptrace_access, WD_PTRACE_ACCESS, task, o->container, &own);
	if (!r)
		return 0;
	r->outcome = ret < 0 ? WD_DENIED : WD_SUCCEEDED;
	p = record_body(r);
	p->via = via;
	p->mode = mode;
	p->result = ret;
	process_fill(&p->target, target);
	critical_send(r);
	return 0;
}

/* procfs (mem, opened for writing) asks too; the file's open is the event there. */
static __always_inline int ptrace_check(struct task_struct *target, unsigned int mode)
{
	__u32 via;

	if (!(mode & PTRACE_MODE_ATTACH) || !origin_current())
		return 0;
	via = access_via((void *)bpf_get_current_task());
	return via == WD_VIA_PROCFS ? 0 : ptrace_access(target, mode, via, 0);
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(lsm_ptrace_access, struct task_struct *target, unsigned int mode, int ret)
{
	ptrace_check(target, mode);
	return 0;
}

SEC("fentry/security_ptrace_access_check")
int BPF_PROG(fentry_ptrace_access, struct task_struct *target, unsigned int mode)
{
	return ptrace_check(target, mode);
}

SEC("kprobe/security_ptrace_access_check")
int BPF_KPROBE(kprobe_ptrace_access, struct task_struct *target, unsigned int mode)
{
	return ptrace_check(target, mode);
}

/* The exits' view of success and refusal, and the refusals' alone for the tiers above, where the hook is not reached. */
enum { WANT_GRANTED = 1, WANT_DENIED = 2 };

static __always_inline int ptrace_exit(struct pt_regs *regs, __u32 via, long ret, __u32 want)
{
	struct task_struct *task = (void *)bpf_get_current_task(), *target;
	unsigned long request;

	if (!regs || !(want & (ret < 0 ? WANT_DENIED : WANT_GRANTED)))
		return 0;
	if (ret < 0 && ret != -1 /* EPERM */ && ret != -13 /* EACCES */)
		return 0;
	if (via == WD_VIA_PIDFD_GETFD) {
		struct file *file = file_of_fd(task, (int)regs_arg1(regs));

		target = file ? pidfd_task(file) : NULL;
	} else if (via == WD_VIA_PTRACE) {
		request = regs_arg1(regs);
		if (request != PTRACE_ATTACH && request != PTRACE_SEIZE)
			return 0;
		target = task_find(task, regs_arg2(regs));
	} else {
		target = task_find(task, regs_arg1(regs));
	}
	return ptrace_access(target, PTRACE_MODE_ATTACH, via, ret);
}

#define PTRACE_CALL(name, via)                                                                                                 \
	SEC("fexit/" SYSCALL_PREFIX #name)                                                                                     \
	int BPF_PROG(fexit_ptrace_denied__##name, struct pt_regs *regs, long ret)                                              \
	{                                                                                                                      \
		return origin_current() ? ptrace_exit(regs, via, ret, WANT_DENIED) : 0;                                        \
	}                                                                                                                      \
	SEC("kretprobe/" SYSCALL_PREFIX #name)                                                                                 \
	int BPF_KRETPROBE(kprobe_ptrace_denied__##name, long ret)                                                              \
	{                                                                                                                      \
		return origin_current() ? ptrace_exit(syscall_regs((void *)bpf_get_current_task()), via, ret, WANT_DENIED) : 0; \
	}                                                                                                                      \
	SEC("tracepoint/syscalls/sys_exit_" #name)                                                                             \
	int sysexit_ptrace_access__##name(struct sys_exit *ctx)                                                                \
	{                                                                                                                      \
		return origin_current() ? ptrace_exit(syscall_regs((void *)bpf_get_current_task()), via, ctx->ret,             \
						      WANT_GRANTED)                                                            \
					: 0;                                                                                   \
	}                                                                                                                      \
	SEC("tracepoint/syscalls/sys_exit_" #name)                                                                             \
	int sysexit_ptrace_denied__##name(struct sys_exit *ctx)                                                                \
	{                                                                                                                      \
		return origin_current() ? ptrace_exit(syscall_regs((void *)bpf_get_current_task()), via, ctx->ret,             \
						      WANT_DENIED)                                                             \
					: 0;                                                                                   \
	}

PTRACE_CALL(ptrace, WD_VIA_PTRACE)
PTRACE_CALL(process_vm_readv, WD_VIA_PROCESS_VM)
PTRACE_CALL(process_vm_writev, WD_VIA_PROCESS_VM)
PTRACE_CALL(pidfd_getfd, WD_VIA_PIDFD_GETFD)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
