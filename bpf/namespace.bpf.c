// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Namespaces. Every legal route ends in switch_task_namespaces (setns by namespace file, by pidfd, unshare), and so does a
 * payload that calls it; no LSM hook exists for it on any kernel to 7.2 (trap T4). clone's are seen at fork. A user namespace
 * comes with credentials instead. Where the function cannot be hooked, the exit of setns and unshare shows the same object.
 */
#include "envelope.h"

/*
 * Namespace files that a container opened by a handle: the file itself does not tell. Its address is soon another file's, so it
 * counts for that container and that namespace only.
 */
struct ns_handle_key {
	__u64 file;
	__u64 container;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct ns_handle_key);
	__type(value, __u32); /* the namespace */
} ns_handles SEC(".maps");

#define NSFS_MAGIC 0x6e736673

static __always_inline __u32 nsfs_inum(struct file *file)
{
	struct ns_common *ns = BPF_CORE_READ(file, f_inode, i_private);

	return BPF_CORE_READ(ns, inum);
}

static __always_inline bool is_nsfs(struct file *file)
{
	return file && BPF_CORE_READ(file, f_inode, i_sb, s_magic) == NSFS_MAGIC;
}

/* How a namespace file came to be. Those that an ioctl makes lack O_LARGEFILE, which the open calls of 64-bit tasks add. */
static __always_inline __u32 nsfs_via(struct file *file, struct origin *o)
{
	struct ns_handle_key key = {(__u64)file, o ? o->container : 0};
	__u32 *inum = bpf_map_lookup_elem(&ns_handles, &key);

	if (inum && *inum == nsfs_inum(file))
		return WD_VIA_SETNS_HANDLE;
	return BPF_CORE_READ(file, f_flags) & O_LARGEFILE ? WD_VIA_SETNS_NSFS : WD_VIA_SETNS_IOCTL;
}

/* By which door, and whether that door makes new namespaces (else an unknown one was joined). */
static __always_inline __u32 ns_via(struct task_struct *task, struct origin *o)
{
	struct pt_regs *regs = syscall_regs(task);
	struct file *file;

	switch (regs ? regs_nr(regs) : -1) {
	case SYS_unshare:
		return WD_VIA_UNSHARE;
	case SYS_clone:
	case SYS_clone3:
	case SYS_fork:
	case SYS_vfork:
		return WD_VIA_CLONE;
	case SYS_setns:
		file = file_of_fd(task, (int)regs_arg1(regs));
		return is_nsfs(file) ? nsfs_via(file, o) : WD_VIA_SETNS_PIDFD;
	default:
		return WD_VIA_KERNEL;
	}
}

static __always_inline void ns_report(struct task_struct *task, struct origin *o, struct owner *own, __u32 via, __u32 dims,
				      const __u32 *to, long ret)
{
	struct pt_regs *regs = syscall_regs(task);
	struct wd_namespace_change *n;
	struct wd_record *r;

	r = CRITICAL(WD_SMALL, wd_namespace_change, WD_NAMESPACE_CHANGE, task, o->container, own);
	if (!r)
		return;
	r->outcome = ret < 0 ? WD_DENIED : WD_SUCCEEDED;
	n = record_body(r);
	n->via = via;
	n->dimensions = dims;
	n->result = ret;
	if (to) {
		n->to_mnt = to[NS_MNT];
		n->to_pid = to[NS_PID];
		n->to_net = to[NS_NET];
		n->to_uts = to[NS_UTS];
		n->to_ipc = to[NS_IPC];
		n->to_cgroup = to[NS_CGROUP];
		n->to_user = to[NS_USER];
	}
	if (regs)
		n->wanted = via == WD_VIA_UNSHARE ? regs_arg1(regs) : regs_arg2(regs);
	critical_send(r);
}

/* The namespaces that unshare was asked to make; include/uapi/linux/sched.h. */
static __always_inline bool is_asked(unsigned long flags, int index)
{
	switch (index) {
	case NS_MNT:
		return flags & 0x00020000;
	case NS_PID:
		return flags & 0x20000000;
	case NS_NET:
		return flags & 0x40000000;
	case NS_UTS:
		return flags & 0x04000000;
	case NS_IPC:
		return flags & 0x08000000;
	case NS_CGROUP:
		return flags & 0x02000000;
	default:
		return flags & 0x10000000;
	}
}

/* The task is given the namespaces of `nsp`; `after` the call it has them, and its new user namespace too. */
static __always_inline int namespace_change(struct task_struct *task, struct nsproxy *nsp, bool after)
{
	struct origin *o = origin_current();
	struct container *c;
	struct broken b = {};
	struct owner own;
	__u32 via, made = 0, ns[NS_COUNT] = {};

	if (!nsp)
		return 0; /* exiting */
	via = ns_via(task, o);
	if (!o && via != WD_VIA_UNSHARE)
		return 0;
	ns_read(nsp, BPF_CORE_READ(task, real_cred), ns);
	if (via == WD_VIA_UNSHARE) {
		unsigned long flags = regs_arg1(syscall_regs(task));

#pragma nounroll
		for (int i = 0; i < NS_COUNT; i++)
			if (is_asked(flags, i) && (after || i != NS_USER)) {
				ns_made(ns[i], o);
				made |= host.bit[i];
			}
	}
	c = o ? container_of_origin(o) : NULL;
	if (!c)
		return 0;
#pragma nounroll
	for (int i = 0; i < NS_COUNT; i++)
		ns_judge(&b, c, ns[i], i, true);
	if (!b.ns) {
		o->nsproxy = nsp;
		o->mnt_ns = ns[NS_MNT];
		if (!strict || !made)
			return 0;
		own = (struct owner){.kind = WD_OWNER_CONTAINER, .container = c->id};
		b.dims = made;
	} else {
		if (!(b.dims & ~o->broken))
			return 0;
		own = broken_owner(&b);
		o->broken |= b.dims;
		if (b.dims & WD_DIM_MNT)
			o->broken |= WD_DIM_ROOT | WD_DIM_CWD; /* joining a mount namespace moves both */
	}
	ns_report(task, o, &own, via, b.dims, ns, 0);
	return 0;
}

SEC("fentry/switch_task_namespaces")
int BPF_PROG(fentry_namespace_change, struct task_struct *task, struct nsproxy *nsp)
{
	return namespace_change(task, nsp, false);
}

SEC("kprobe/switch_task_namespaces")
int BPF_KPROBE(kprobe_namespace_change, struct task_struct *task, struct nsproxy *nsp)
{
	return namespace_change(task, nsp, false);
}

SEC("tracepoint/setns unshare")
int sysexit_namespace_change(struct sys_exit *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return ctx->ret < 0 ? 0 : namespace_change(task, BPF_CORE_READ(task, nsproxy), true);
}

/*
 * An attempt: setns was refused. The object is the descriptor's: a namespace file's namespace, a pidfd's process. The result
 * is at the call's exit only, before it the namespaces are not touched.
 */
static __always_inline int namespace_denied(long ret)
{
	struct task_struct *task;
	struct origin *o = origin_current();
	struct owner own;
	struct file *file;
	struct pt_regs *regs;
	__u32 via;

	if (!o || ret >= 0)
		return 0;
	task = (void *)bpf_get_current_task();
	regs = syscall_regs(task);
	file = regs ? file_of_fd(task, (int)regs_arg1(regs)) : NULL;
	if (!file)
		return 0;
	via = ns_via(task, o);
	if (via != WD_VIA_SETNS_PIDFD) {
		__u32 inum = nsfs_inum(file);

		own = owner_of_ns(inum, NS_MNT);
#pragma nounroll
		for (int i = 1; i < NS_COUNT; i++)
			if (host.ns[i] == inum)
				own.kind = WD_OWNER_HOST;
	} else {
		struct task_struct *target = pidfd_task(file);

		if (!target)
			return 0;
		own = owner_of_process(BPF_CORE_READ(target, tgid));
	}
	if (owner_is(&own, o->container))
		return 0;
	ns_report(task, o, &own, via, 0, NULL, ret);
	return 0;
}

SEC("fexit/" SYSCALL_PREFIX "setns")
int BPF_PROG(fexit_namespace_denied, const struct pt_regs *regs, long ret)
{
	return namespace_denied(ret);
}

SEC("kretprobe/" SYSCALL_PREFIX "setns")
int BPF_KRETPROBE(kprobe_namespace_denied, long ret)
{
	return namespace_denied(ret);
}

SEC("tracepoint/setns")
int sysexit_namespace_denied(struct sys_exit *ctx)
{
	return namespace_denied(ctx->ret);
}

/*
 * A namespace file opened by its handle (6.18): no procfs, no ptrace check. The opening is remembered for the door's name; one
 * that is refused is an attempt, told by the descriptor that the handle was to be looked up on: nsfs's own, or its root.
 */
#define FD_NSFS_ROOT (-10003)

static __always_inline int ns_handle(struct pt_regs *regs, long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct owner own = {.kind = WD_OWNER_UNKNOWN};
	struct origin *o = origin_current();
	struct file *file;
	__u32 inum;

	if (!o || !regs)
		return 0;
	if (ret >= 0) {
		file = file_of_own_fd(ret);
		if (is_nsfs(file)) {
			struct ns_handle_key key = {(__u64)file, o->container};

			inum = nsfs_inum(file);
			bpf_map_update_elem(&ns_handles, &key, &inum, BPF_ANY);
		}
		return 0;
	}
	if (ret != -1 /* EPERM */)
		return 0;
	if ((int)regs_arg1(regs) == FD_NSFS_ROOT || is_nsfs(file_of_fd(task, (int)regs_arg1(regs))))
		ns_report(task, o, &own, WD_VIA_SETNS_HANDLE, 0, NULL, ret);
	return 0;
}

SEC("fexit/" SYSCALL_PREFIX "open_by_handle_at")
int BPF_PROG(fexit_ns_handle, struct pt_regs *regs, long ret)
{
	/* 5.10 does not know the argument's type. */
	return ns_handle(syscall_regs((void *)bpf_get_current_task()), ret);
}

SEC("kretprobe/" SYSCALL_PREFIX "open_by_handle_at")
int BPF_KRETPROBE(kprobe_ns_handle, long ret)
{
	return ns_handle(syscall_regs((void *)bpf_get_current_task()), ret);
}

SEC("tracepoint/open_by_handle_at")
int sysexit_ns_handle(struct sys_exit *ctx)
{
	return ns_handle(syscall_regs((void *)bpf_get_current_task()), ctx->ret);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
