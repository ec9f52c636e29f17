// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Access to another task's inside: ptrace, process_vm_*, pidfd_getfd. All ask ptrace_access_check with mode ATTACH; a READ is
 * asked for by procfs and setns too, and is judged there by the object that it leads to. Without the hook, the calls' exits
 * show the tracee, or the task that the number or pidfd means.
 */
#include "envelope.h"

#define PTRACE_MODE_ATTACH  2
#define PTRACE_MODE_FSCREDS 8 /* asked by a file operation */
#define PTRACE_ATTACH       16
#define PTRACE_SEIZE        0x4206

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
		return WD_VIA_KERNEL;
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
	p->joining = own.kind == WD_OWNER_HOST && BPF_CORE_READ(target, nsproxy, mnt_ns, ns.inum) == c->ns[NS_MNT];
	process_fill(&p->target, target);
	critical_send(r);
	return 0;
}

/* procfs (mem, opened for writing) asks too, with the file system's credentials; the file's open is the event there. */
static __always_inline int ptrace_check(struct task_struct *target, unsigned int mode)
{
	if (!(mode & PTRACE_MODE_ATTACH) || (mode & PTRACE_MODE_FSCREDS) || !origin_current())
		return 0;
	return ptrace_access(target, mode, access_via((void *)bpf_get_current_task()), 0);
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

/*
 * The exits' view: of a grant (where the hook above cannot be had), and of a refusal, at which the hook is often not reached.
 * The pid is of the caller's namespace and in a saved register; a pidfd is a descriptor.
 */
static __always_inline int ptrace_exit(struct pt_regs *regs, long nr, long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task(), *target = NULL;
	__u32 via = WD_VIA_PROCESS_VM;

	if (!regs || (ret < 0 && ret != -1 /* EPERM */ && ret != -13 /* EACCES */))
		return 0;
	if (nr == SYS_pidfd_getfd) {
		struct file *file = file_of_fd(task, (int)regs_arg1(regs));

		via = WD_VIA_PIDFD_GETFD;
		target = file ? pidfd_task(file) : NULL;
	} else if (nr == SYS_ptrace) {
		unsigned long request = regs_arg1(regs);

		if (request != PTRACE_ATTACH && request != PTRACE_SEIZE)
			return 0;
		via = WD_VIA_PTRACE;
		target = task_find(task, regs_arg2(regs));
	} else {
		target = task_find(task, regs_arg1(regs));
	}
	return ptrace_access(target, PTRACE_MODE_ATTACH, via, ret);
}

SEC("tracepoint/ptrace process_vm_readv process_vm_writev pidfd_getfd")
int sysexit_ptrace_access(struct sys_exit *ctx)
{
	if (ctx->ret < 0 || !origin_current())
		return 0;
	return ptrace_exit(syscall_regs((void *)bpf_get_current_task()), ctx->nr, ctx->ret);
}

SEC("tracepoint/ptrace process_vm_readv process_vm_writev pidfd_getfd")
int sysexit_ptrace_denied(struct sys_exit *ctx)
{
	if (ctx->ret >= 0 || !origin_current())
		return 0;
	return ptrace_exit(syscall_regs((void *)bpf_get_current_task()), ctx->nr, ctx->ret);
}

#define DENIED(call)                                                                                                           \
	SEC("fexit/" SYSCALL_PREFIX #call)                                                                                     \
	int BPF_PROG(fexit_ptrace_denied__##call, struct pt_regs *regs, long ret)                                              \
	{                                                                                                                      \
		return ret < 0 && origin_current() ? ptrace_exit(regs, SYS_##call, ret) : 0;                                   \
	}                                                                                                                      \
	SEC("kretprobe/" SYSCALL_PREFIX #call)                                                                                 \
	int BPF_KRETPROBE(kprobe_ptrace_denied__##call, long ret)                                                              \
	{                                                                                                                      \
		if (ret >= 0 || !origin_current())                                                                             \
			return 0;                                                                                              \
		return ptrace_exit(syscall_regs((void *)bpf_get_current_task()), SYS_##call, ret);                             \
	}

DENIED(ptrace)
DENIED(process_vm_readv)
DENIED(process_vm_writev)
DENIED(pidfd_getfd)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
