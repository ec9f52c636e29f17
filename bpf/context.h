/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What programs are called with: the contexts of iterators and tracepoints, and a task's registers. */
#ifndef WARDER_CONTEXT_H
#define WARDER_CONTEXT_H

#include "kernel.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

#ifdef __TARGET_ARCH_x86
struct pt_regs {
	unsigned long bx, r10, r9, r8, ax, cx, dx, si, di, orig_ax;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	unsigned long regs[31];
};

struct pt_regs {
	unsigned long regs[31];
	unsigned long orig_x0;
	int syscallno;
};
#endif

#pragma clang attribute pop

/* The context of a syscalls:sys_exit_* tracepoint: ABI, not looked up. */
struct sys_exit {
	__u64 common;
	int nr; /* what is behind it, up to ret, is not set */
	long ret;
};

#endif
