// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Signals to another principal's task, and the other ways to handle it that need no look inside: limits, priority, processors.
 *
 * signal_generate is a tracepoint on every kernel, passes the target itself, and fires whatever call sent (kill, tgkill, sigqueue,
 * pidfd_send_signal, a 32-bit one, io_uring). The kernel's own signals pass it too and are no acts: a child's end, a timer's, the
 * terminal's, out of memory. Refusals are at the calls' exits only: the check comes before task_kill and the tracepoint.
 */
#include "told.h"

#define SIGKILL 9
#define SIGCHLD 17
#define SIGSTOP 19
#define SIGURG  23
#define SIGIO   29

static __always_inline bool is_signalling(long nr)
{
	return nr == SYS_kill || nr == SYS_tkill || nr == SYS_tgkill || nr == SYS_rt_sigqueueinfo ||
	       nr == SYS_rt_tgsigqueueinfo || nr == SYS_pidfd_send_signal;
}

/*
 * Did the running task mean it? A sender chooses the code (any below 0 with sigqueue), so that the call in progress counts too.
 * fcntl(F_SETSIG) makes a file's readiness into any signal: such a one is the kernel's only where it is one of those that are
 * made so every day.
 */
static __always_inline bool is_act(int sig, struct kernel_siginfo *info)
{
	int code;

	if ((__u64)info <= 1)
		return false; /* SEND_SIG_NOINFO, SEND_SIG_PRIV */
	code = BPF_CORE_READ(info, si_code);
	if (code == 0 /* SI_USER */ || code == -1 /* SI_QUEUE */ || code == -6 /* SI_TKILL */)
		return true;
	if (code > 0 && code <= 6 /* POLL_* */ && (sig == SIGKILL || sig == SIGSTOP))
		return true;
	return code < 0 && is_signalling(syscall_nr((void *)bpf_get_current_task()));
}

/* The host's, but in the container's own mount tree: a runtime's or an administrator's on its way in, whom kill(-1) meets too. */
static __always_inline bool is_visitor(const struct owner *own, struct origin *o, struct task_struct *target)
{
	return own->kind == WD_OWNER_HOST && BPF_CORE_READ(target, nsproxy, mnt_ns, ns.inum) == o->mnt_ns;
}

/* Its end took its origin with it, and left nothing to harm: a zombie that waits for its parent, such as kill(-1) meets. */
static __always_inline bool is_gone(struct task_struct *target)
{
	return !BPF_CORE_READ(target, signal, live.counter);
}

static __always_inline int signal_send(struct origin *o, int sig, struct task_struct *target, long ret)
{
	__u32 tgid = BPF_CORE_READ(target, tgid);
	struct owner own = owner_of_process(tgid);
	struct wd_signal_send *s;
	struct wd_record *r;

	if (owner_is(&own, o->container) || is_visitor(&own, o, target) || is_gone(target))
		return 0;
	if (told_before(o->container, tgid, TOLD_SIGNAL | (ret < 0) << 8 | (sig & 127)))
		return 0;
	r = CRITICAL(WD_SMALL, wd_signal_send, WD_SIGNAL_SEND, (void *)bpf_get_current_task(), o->container, &own);
	if (!r)
		return 0;
	r->outcome = ret < 0 ? WD_DENIED : WD_SUCCEEDED;
	s = record_body(r);
	s->signal = sig;
	s->result = ret;
	process_fill(&s->target, target);
	critical_send(r);
	return 0;
}

SEC("tp_btf/signal_generate")
int BPF_PROG(tp_btf_signal_send, int sig, struct kernel_siginfo *info, struct task_struct *target, int group, int result)
{
	struct origin *o = origin_current();

	return o && is_act(sig, info) ? signal_send(o, sig, target, 0) : 0;
}

/* kill and tkill have the signal second, tgkill third. A negative pid is a group, of which any member may have refused. */
static __always_inline int signal_denied(long nr, long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task(), *target = NULL;
	struct origin *o = origin_current();
	struct pt_regs *regs;
	int sig;

	if (!o || ret != -1 /* EPERM */)
		return 0;
	regs = syscall_regs(task);
	if (!regs)
		return 0;
	sig = (int)regs_arg2(regs);
	if (nr == SYS_pidfd_send_signal) {
		struct file *file = file_of_fd(task, (int)regs_arg1(regs));

		target = file ? pidfd_task(file) : NULL;
	} else {
		int pid = (int)(nr == SYS_tgkill ? regs_arg2(regs) : regs_arg1(regs));

		if (nr == SYS_tgkill)
			sig = (int)regs_arg3(regs);
		target = pid > 0 ? task_find(task, pid) : NULL;
	}
	return target ? signal_send(o, sig, target, ret) : 0;
}

SEC("tracepoint/kill tkill tgkill rt_sigqueueinfo pidfd_send_signal")
int sysexit_signal_denied(struct sys_exit *ctx)
{
	return ctx->ret == -1 ? signal_denied(ctx->nr, ctx->ret) : 0;
}

#define DENIED(call)                                                                                                           \
	SEC("fexit/" SYSCALL_PREFIX #call)                                                                                     \
	int BPF_PROG(fexit_signal_denied__##call, struct pt_regs *regs, long ret)                                              \
	{                                                                                                                      \
		return ret == -1 ? signal_denied(SYS_##call, ret) : 0;                                                         \
	}                                                                                                                      \
	SEC("kretprobe/" SYSCALL_PREFIX #call)                                                                                 \
	int BPF_KRETPROBE(kprobe_signal_denied__##call, long ret)                                                              \
	{                                                                                                                      \
		return ret == -1 ? signal_denied(SYS_##call, ret) : 0;                                                         \
	}

DENIED(kill)
DENIED(tkill)
DENIED(tgkill)
DENIED(rt_sigqueueinfo)
DENIED(pidfd_send_signal)

/* Other tasks' knobs. A task's own are set all day long: limits at a login, processors by a runtime of threads. */
static __always_inline int task_control(struct task_struct *target, __u32 knob, long ret)
{
	struct origin *o = origin_current();
	struct wd_task_control *t;
	struct wd_record *r;
	struct owner own;
	__u32 tgid;

	if (!o || !target)
		return 0;
	tgid = BPF_CORE_READ(target, tgid);
	own = owner_of_process(tgid);
	if (owner_is(&own, o->container) || told_before(o->container, tgid, TOLD_CONTROL | (ret < 0) << 8 | knob))
		return 0;
	r = CRITICAL(WD_SMALL, wd_task_control, WD_TASK_CONTROL, (void *)bpf_get_current_task(), o->container, &own);
	if (!r)
		return 0;
	r->outcome = ret < 0 ? WD_DENIED : WD_SUCCEEDED;
	t = record_body(r);
	t->knob = knob;
	t->result = ret;
	process_fill(&t->target, target);
	critical_send(r);
	return 0;
}

/* CONTROL(LSM hook, knob, the hook's arguments): its three wrappers */
#define CONTROL(hook, knob, ...)                                                                                               \
	SEC("lsm/" #hook)                                                                                                      \
	int BPF_PROG(lsm_task_control__##hook, __VA_ARGS__, int ret)                                                           \
	{                                                                                                                      \
		task_control(target, knob, 0);                                                                                 \
		return 0;                                                                                                      \
	}                                                                                                                      \
	SEC("fentry/security_" #hook)                                                                                          \
	int BPF_PROG(fentry_task_control__##hook, __VA_ARGS__)                                                                 \
	{                                                                                                                      \
		return task_control(target, knob, 0);                                                                          \
	}                                                                                                                      \
	SEC("kprobe/security_" #hook)                                                                                          \
	int BPF_KPROBE(kprobe_task_control__##hook, __VA_ARGS__)                                                               \
	{                                                                                                                      \
		return task_control(target, knob, 0);                                                                          \
	}

CONTROL(task_setrlimit, WD_KNOB_RLIMIT, struct task_struct *target, unsigned int resource, struct rlimit *limit)
CONTROL(task_setnice, WD_KNOB_NICE, struct task_struct *target, int nice)
CONTROL(task_setioprio, WD_KNOB_IO_PRIORITY, struct task_struct *target, int priority)
CONTROL(task_setscheduler, WD_KNOB_SCHEDULER, struct task_struct *target)
CONTROL(task_movememory, WD_KNOB_MEMORY, struct task_struct *target)

/* Without the hooks: the exits, where the pid is in a register. prlimit64 without a new limit only asks. */
SEC("tracepoint/prlimit64 sched_setscheduler sched_setparam sched_setattr sched_setaffinity migrate_pages move_pages")
int sysexit_task_control(struct sys_exit *ctx)
{
	struct task_struct *task;
	struct pt_regs *regs;
	__u32 knob;
	int pid;

	if ((ctx->ret < 0 && ctx->ret != -1 /* EPERM */) || !origin_current())
		return 0;
	task = (void *)bpf_get_current_task();
	regs = syscall_regs(task);
	pid = regs ? (int)regs_arg1(regs) : 0;
	if (pid <= 0 || (ctx->nr == SYS_prlimit64 && !regs_arg3(regs)))
		return 0; /* itself */
	knob = ctx->nr == SYS_prlimit64                                    ? WD_KNOB_RLIMIT
	       : ctx->nr == SYS_migrate_pages || ctx->nr == SYS_move_pages ? WD_KNOB_MEMORY
									   : WD_KNOB_SCHEDULER;
	return task_control(task_find(task, pid), knob, ctx->ret);
}

/* setpriority and ioprio_set name a kind first; 0 and 1 are a process, the others a group of them or a user's. */
SEC("tracepoint/setpriority ioprio_set")
int sysexit_task_control__priority(struct sys_exit *ctx)
{
	struct task_struct *task;
	struct pt_regs *regs;
	bool io;

	if ((ctx->ret < 0 && ctx->ret != -1 /* EPERM */ && ctx->ret != -13 /* EACCES */) || !origin_current())
		return 0;
	task = (void *)bpf_get_current_task();
	regs = syscall_regs(task);
	io = ctx->nr == SYS_ioprio_set;
	if (!regs || regs_arg1(regs) != io || (int)regs_arg2(regs) <= 0)
		return 0;
	return task_control(task_find(task, (int)regs_arg2(regs)), io ? WD_KNOB_IO_PRIORITY : WD_KNOB_NICE, ctx->ret);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
