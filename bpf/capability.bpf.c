// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Capability checks, counted for each container by capability, target and outcome: a record the first time that a cell is
 * counted, none per check. lsm/capable sees no refusal (the capability module before it ends the call), so the function that
 * decides is hooked.
 */
#include "surface.h"

#define CAP_SYS_ADMIN   21
#define CAP_OPT_NOAUDIT 2 /* a question, not a use; include/linux/security.h, 5.1 */

#define CLONE_NEW_FLAGS 0x7e020080

#define HOST_USER_NS    1
#define GRANTED         2

static __always_inline void capability_first(__u64 origin, int cap, __u32 cell, bool refused_before)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct wd_capability_use *u;
	struct wd_record *r;

	r = TELEMETRY(WD_SMALL, wd_capability_use, WD_CAPABILITY_USE, task, origin, NULL);
	if (!r)
		return;
	u = record_body(r);
	u->capability = cap;
	u->host_user_ns = cell & HOST_USER_NS;
	u->granted = !!(cell & GRANTED);
	u->refused_before = refused_before;
	u->host_net_ns = BPF_CORE_READ(task, nsproxy, net_ns, ns.inum) == host.ns[NS_NET];
	r->outcome = u->granted ? WD_SUCCEEDED : WD_DENIED;
	telemetry_send(r);
}

/* overlayfs acts with its mounter's credentials in every open (trap T1), and another task's may be asked about: no use of this. */
static __always_inline bool is_own(const struct cred *cred)
{
	struct task_struct *task = task_typed();

	return cred == (task ? task->real_cred : BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), real_cred));
}

/* What no program of a container asks for by the way: modules, ports, accounting, reboot, the clock, terminals, the kernel's log. */
#define RARE_CAPS                                                                                                              \
	(1ull << 16 | 1ull << 17 | 1ull << 20 | 1ull << 22 | 1ull << 25 | 1ull << 26 | 1ull << 34 | 1ull << 35 | 1ull << 36)
#define RARE_MANY 4
#define RARE_FOR  2000000000ull

static __always_inline int capability_use(struct origin *o, const struct cred *cred, int level, int cap, int ret)
{
	__u32 cell = (level ? 0 : HOST_USER_NS) | (ret ? 0 : GRANTED);
	struct wd_capabilities *c;
	__u64 n = (__u32)cap;
	bool is_first, refused;

	asm volatile("" : "+r"(n)); /* 5.10 does not take the compiler's 32-bit comparison for a bound */
	if (n >= WD_CAPS || !is_own(cred))
		return 0;
	c = bpf_map_lookup_elem(&wd_capabilities, &o->container);
	if (!c)
		return 0;
	is_first = !c->checks[n][cell];
	refused = (cell & GRANTED) && c->checks[n][cell & HOST_USER_NS];
	__sync_fetch_and_add(&c->checks[n][cell], 1);
	if (!(cell & GRANTED) && (RARE_CAPS >> n & 1))
		burst_add(o, WD_CALL_CAPABILITY_HUNT, n, RARE_MANY, RARE_FOR);
	if (is_first)
		capability_first(o->container, cap, cell, refused);
	return 0;
}

SEC("fexit/security_capable")
int BPF_PROG(fexit_capability_use, const struct cred *cred, struct user_namespace *ns, int cap, unsigned int opts, int ret)
{
	struct origin *o = opts & CAP_OPT_NOAUDIT ? NULL : origin_current();

	return o ? capability_use(o, cred, ns->level, cap, ret) : 0;
}

/*
 * Each mapping of memory asks whether the task may go beyond the overcommit limit, with no audit (cap_vm_enough_memory). The
 * tracepoint does not pass that flag; but the calls that map memory ask for this capability for nothing else.
 */
static __always_inline bool is_memory_question(int cap, int level)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pt_regs *regs;

	if (cap != CAP_SYS_ADMIN || level)
		return false;
	regs = syscall_regs(task);
	if (!regs)
		return false;
	switch (regs_nr(regs)) {
	case SYS_mmap:
	case SYS_mremap:
	case SYS_mprotect:
	case SYS_brk:
	case SYS_execve:
	case SYS_execveat:
	case SYS_fork:
	case SYS_vfork:
	case -1: /* a page fault */
		return true;
	case SYS_clone:
		return !(regs_arg1(regs) & CLONE_NEW_FLAGS);
	default:
		return false;
	}
}

/* A tracepoint since 6.14. It does not say whether the check was a question only. */
SEC("tp_btf/cap_capable")
int BPF_PROG(tp_btf_capability_use, const struct cred *cred, struct user_namespace *target,
	     const struct user_namespace *capable, int cap, int ret)
{
	struct origin *o = origin_current();

	return o && !is_memory_question(cap, target->level) ? capability_use(o, cred, target->level, cap, ret) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
