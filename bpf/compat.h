/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kernel differences, one commented inline each, and the two architectures' registers. */
#ifndef WARDER_COMPAT_H
#define WARDER_COMPAT_H

#include "context.h"

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
 * What is in its upper directory behind a file or directory of overlayfs, NULL while it was not copied up. struct ovl_inode is the
 * module's, whose types a kernel before 5.11 does not tell: from 4.13 to 7.2 the upper dentry is what follows the inode in it.
 */
static __always_inline struct dentry *ovl_upper_dentry(struct inode *inode)
{
	struct dentry *upper = NULL;

	bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + bpf_core_type_size(struct inode));
	return upper;
}

static __always_inline struct inode *ovl_upper(struct inode *inode)
{
	struct dentry *upper = ovl_upper_dentry(inode);

	return upper ? BPF_CORE_READ(upper, d_inode) : NULL;
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

/* A pointer as a number, which a global function can be given: the verifier keeps a typed one from being taken for such. */
static __always_inline __u64 number_of(const void *pointer)
{
	__u64 n = 0;

	bpf_probe_read_kernel(&n, sizeof(n), &pointer);
	return n;
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
#define O_LARGEFILE    0100000
enum {
	SYS_ptrace = 101,
	SYS_mount = 165,
	SYS_umount2 = 166,
	SYS_chroot = 161,
	SYS_pivot_root = 155,
	SYS_mount_setattr = 442,
	SYS_open_tree_attr = 467,
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
	SYS_kill = 62,
	SYS_tkill = 200,
	SYS_tgkill = 234,
	SYS_rt_sigqueueinfo = 129,
	SYS_rt_tgsigqueueinfo = 297,
	SYS_pidfd_send_signal = 424,
	SYS_prlimit64 = 302,
	SYS_ioprio_set = 251,
	SYS_migrate_pages = 256,
	SYS_move_pages = 279,
	SYS_keyctl = 250,
	SYS_add_key = 248,
	SYS_request_key = 249,
	SYS_shmget = 29,
	SYS_shmat = 30,
	SYS_shmctl = 31,
	SYS_semget = 64,
	SYS_semop = 65,
	SYS_semctl = 66,
	SYS_semtimedop = 220,
	SYS_msgget = 68,
	SYS_msgsnd = 69,
	SYS_msgrcv = 70,
	SYS_msgctl = 71,
	SYS_io_uring_enter = 426,
	SYS_mknod = 133,
	SYS_mknodat = 259,
	SYS_read = 0,
	SYS_fork = 57,
	SYS_vfork = 58,
	SYS_mmap = 9,
	SYS_mprotect = 10,
	SYS_brk = 12,
	SYS_mremap = 25,
	SYS_execve = 59,
	SYS_execveat = 322,
	SYS_open = 2,
	SYS_openat = 257
};

enum {
	SYS_init_module = 175,
	SYS_finit_module = 313,
	SYS_delete_module = 176,
	SYS_kexec_load = 246,
	SYS_kexec_file_load = 320,
	SYS_iopl = 172,
	SYS_ioperm = 173,
	SYS_syslog = 103,
	SYS_reboot = 169,
	SYS_clock_settime = 227,
	SYS_settimeofday = 164,
	SYS_clock_adjtime = 305,
	SYS_adjtimex = 159
};

/*
 * Is the call in progress a 32-bit one (int $0x80, also from a 64-bit program)? The kernel notes it in the thread's status, not in
 * the registers. Its number and its arguments are the other ABI's: what names a door must not take them for this one's.
 */
static __always_inline bool is_compat(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, thread_info.status) & 2 /* TS_COMPAT */;
}

/* i386's numbers of the calls above; from 403 on (5.1) all ABIs count alike. */
static __always_inline long compat_nr(long nr)
{
	switch (nr) {
	case 2:
		return SYS_fork;
	case 3:
		return SYS_read;
	case 21:
		return SYS_mount;
	case 26:
		return SYS_ptrace;
	case 120:
		return SYS_clone;
	case 190:
		return SYS_vfork;
	case 310:
		return SYS_unshare;
	case 342:
		return SYS_open_by_handle_at;
	case 346:
		return SYS_setns;
	case 347:
		return SYS_process_vm_readv;
	case 348:
		return SYS_process_vm_writev;
	default:
		return nr >= 403 ? nr : -1;
	}
}

#define X32_BIT 0x40000000 /* of a call by the x32 ABI, which most kernels leave out */

static __always_inline long regs_nr(struct pt_regs *regs)
{
	long nr = BPF_CORE_READ(regs, orig_ax);

	return is_compat() ? compat_nr((__u32)nr) : nr & ~X32_BIT;
}
static __always_inline unsigned long regs_arg1(struct pt_regs *regs)
{
	return is_compat() ? (__u32)BPF_CORE_READ(regs, bx) : BPF_CORE_READ(regs, di);
}
static __always_inline unsigned long regs_arg2(struct pt_regs *regs)
{
	return is_compat() ? (__u32)BPF_CORE_READ(regs, cx) : BPF_CORE_READ(regs, si);
}
static __always_inline unsigned long regs_arg3(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, dx);
}
static __always_inline unsigned long regs_arg4(struct pt_regs *regs)
{
	return is_compat() ? (__u32)BPF_CORE_READ(regs, si) : BPF_CORE_READ(regs, r10);
}
static __always_inline unsigned long regs_arg5(struct pt_regs *regs)
{
	return is_compat() ? (__u32)BPF_CORE_READ(regs, di) : BPF_CORE_READ(regs, r8);
}
#elif defined(__TARGET_ARCH_arm64)
#define SYSCALL_PREFIX "__arm64_sys_"
#define O_LARGEFILE    0400000
enum {
	SYS_ptrace = 117,
	SYS_mount = 40,
	SYS_umount2 = 39,
	SYS_chroot = 51,
	SYS_pivot_root = 41,
	SYS_mount_setattr = 442,
	SYS_open_tree_attr = 467,
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
	SYS_kill = 129,
	SYS_tkill = 130,
	SYS_tgkill = 131,
	SYS_rt_sigqueueinfo = 138,
	SYS_rt_tgsigqueueinfo = 240,
	SYS_pidfd_send_signal = 424,
	SYS_prlimit64 = 261,
	SYS_ioprio_set = 30,
	SYS_migrate_pages = 238,
	SYS_move_pages = 239,
	SYS_keyctl = 219,
	SYS_add_key = 217,
	SYS_request_key = 218,
	SYS_shmget = 194,
	SYS_shmat = 196,
	SYS_shmctl = 195,
	SYS_semget = 190,
	SYS_semop = 193,
	SYS_semctl = 191,
	SYS_semtimedop = 192,
	SYS_msgget = 186,
	SYS_msgsnd = 189,
	SYS_msgrcv = 188,
	SYS_msgctl = 187,
	SYS_io_uring_enter = 426,
	SYS_mknodat = 33,
	SYS_read = 63,
	SYS_fork = -2,
	SYS_vfork = -3,
	SYS_mknod = -7, /* it has none of these */
	SYS_mmap = 222,
	SYS_mprotect = 226,
	SYS_brk = 214,
	SYS_mremap = 216,
	SYS_execve = 221,
	SYS_execveat = 281
};

enum {
	SYS_init_module = 105,
	SYS_finit_module = 273,
	SYS_delete_module = 106,
	SYS_kexec_load = 104,
	SYS_kexec_file_load = 294,
	SYS_iopl = -4,
	SYS_ioperm = -5, /* it has neither */
	SYS_syslog = 116,
	SYS_reboot = 142,
	SYS_clock_settime = 112,
	SYS_settimeofday = 170,
	SYS_clock_adjtime = 266,
	SYS_adjtimex = 171,
	SYS_open = -6, /* it has none */
	SYS_openat = 56
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
static __always_inline unsigned long regs_arg5(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, regs[4]);
}
#endif

static __always_inline long syscall_nr(struct task_struct *task)
{
	struct pt_regs *regs = syscall_regs(task);

	return regs ? regs_nr(regs) : -1;
}

#endif
