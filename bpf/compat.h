/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kernel differences, one commented inline each, and the two architectures' registers. */
#ifndef WARDER_COMPAT_H
#define WARDER_COMPAT_H

#include "kernel.h"

/* 6.15 renamed kernfs_node.parent to __parent (it became RCU-protected). */
static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *kn)
{
	struct kernfs_node___new *n = (void *)kn;

	if (bpf_core_field_exists(n->__parent))
		return BPF_CORE_READ(n, __parent);
	return BPF_CORE_READ(kn, parent);
}

/* 5.15 made sock_cgroup_data.cgroup a plain pointer; before, `val` was the pointer unless its lowest bit was set. */
static __always_inline struct cgroup *sock_cgroup(struct sock *sk)
{
	struct sock_cgroup_data___old *old = (void *)&sk->sk_cgrp_data;

	if (bpf_core_field_exists(sk->sk_cgrp_data.cgroup))
		return BPF_CORE_READ(sk, sk_cgrp_data.cgroup);
	__u64 val = BPF_CORE_READ(old, val);

	return val & 1 ? NULL : (struct cgroup *)val;
}

/* A capability set is one 64-bit value from 6.3, two 32-bit words before: the same bytes on a little-endian machine. */
static __always_inline __u64 cred_caps(const kernel_cap_t *set)
{
	__u64 caps = 0;

	bpf_probe_read_kernel(&caps, sizeof(caps), set);
	return caps;
}

/* All that a task can do or get: what is held against the bounding set that its container was sealed with. */
static __always_inline __u64 cred_all_caps(const struct cred *cred)
{
	return cred_caps(&cred->cap_permitted) | cred_caps(&cred->cap_effective) | cred_caps(&cred->cap_bset);
}

/*
 * The running task as a typed pointer, from 5.11: its fields are plain loads, where each helper that reads kernel memory costs
 * some 25 ns. NULL before: callers then go the long way.
 */
static __always_inline struct task_struct *task_typed(void)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		return bpf_get_current_task_btf();
	return NULL;
}

/*
 * The mount that was added last to a mount namespace: the end of a list to 6.7, from 6.8 the right end of a tree sorted by
 * mount id, whose last node is kept from 6.14. Between the two the namespace gives no cheap answer: NULL.
 */
static __always_inline struct mount *mnt_ns_newest(struct mnt_namespace *ns)
{
	struct mnt_namespace___rb *rb = (void *)ns;
	struct mount___rb *m = NULL;

	if (bpf_core_field_exists(rb->mnt_last_node)) {
		void *node = BPF_CORE_READ(rb, mnt_last_node);

		return node ? node - bpf_core_field_offset(m->mnt_node) : NULL;
	}
	if (bpf_core_field_exists(ns->list)) {
		void *node = BPF_CORE_READ(ns, list.prev);

		return node ? node - bpf_core_field_offset(((struct mount *)0)->mnt_list) : NULL;
	}
	return NULL;
}

/*
 * The saved registers of the system call in progress, NULL for a kernel thread. bpf_task_pt_regs came with 5.15; before, they
 * are at the top of a kernel stack of four pages (x86-64 without KASAN).
 */
static __always_inline struct pt_regs *syscall_regs(struct task_struct *task)
{
	if (BPF_CORE_READ(task, flags) & 0x200000 /* PF_KTHREAD */)
		return NULL;
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return BPF_CORE_READ(task, stack) + 4 * 4096 - 21 * sizeof(long);
}

#if defined(__TARGET_ARCH_x86)
#define SYSCALL_PREFIX "__x64_sys_"
enum {
	SYS_ptrace = 101,
	SYS_mount = 165,
	SYS_unshare = 272,
	SYS_setns = 308,
	SYS_open_by_handle_at = 304,
	SYS_clone = 56,
	SYS_clone3 = 435,
	SYS_process_vm_readv = 310,
	SYS_process_vm_writev = 311,
	SYS_open_tree = 428,
	SYS_move_mount = 429,
	SYS_fsmount = 432,
	SYS_pidfd_getfd = 438,
	SYS_mknod = 133,
	SYS_mknodat = 259,
	SYS_read = 0,
	SYS_fork = 57,
	SYS_vfork = 58
};

static __always_inline long regs_nr(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, orig_ax);
}
static __always_inline unsigned long regs_arg1(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, di);
}
static __always_inline unsigned long regs_arg2(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, si);
}
static __always_inline unsigned long regs_arg3(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, dx);
}
static __always_inline unsigned long regs_arg4(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, r10);
}
#elif defined(__TARGET_ARCH_arm64)
#define SYSCALL_PREFIX "__arm64_sys_"
enum {
	SYS_ptrace = 117,
	SYS_mount = 40,
	SYS_unshare = 97,
	SYS_setns = 268,
	SYS_open_by_handle_at = 265,
	SYS_clone = 220,
	SYS_clone3 = 435,
	SYS_process_vm_readv = 270,
	SYS_process_vm_writev = 271,
	SYS_open_tree = 428,
	SYS_move_mount = 429,
	SYS_fsmount = 432,
	SYS_pidfd_getfd = 438,
	SYS_mknodat = 33,
	SYS_read = 63,
	SYS_fork = -2,
	SYS_vfork = -3,
	SYS_mknod = -4 /* it has none of these */
};

static __always_inline long regs_nr(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, syscallno);
}
static __always_inline unsigned long regs_arg1(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, orig_x0);
}
static __always_inline unsigned long regs_arg2(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, regs[1]);
}
static __always_inline unsigned long regs_arg3(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, regs[2]);
}
static __always_inline unsigned long regs_arg4(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, regs[3]);
}
#endif

static __always_inline long syscall_nr(struct task_struct *task)
{
	struct pt_regs *regs = syscall_regs(task);

	return regs ? regs_nr(regs) : -1;
}

#endif
