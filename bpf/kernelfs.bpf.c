// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Writes to the kernel's interfaces that run a program, or stop the machine, for whoever writes to them: an open for writing
 * (file_open's) says what was wanted, the write's own function with its result says that it was done. Fexit only: an entry has no
 * result and a kretprobe no arguments; without it the open is the signal.
 */
#include "kernelfs.h"

static __always_inline int kernel_write(struct file *file, long ret)
{
	struct inode *inode;

	if (ret <= 0 || !origin_current())
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	kernel_file(number_of(file), number_of(inode), BPF_CORE_READ(file, f_mode), BPF_CORE_READ(inode, i_sb, s_magic),
		    WD_VIA_WRITE);
	return 0;
}

/* Any sysctl: every read and write of one comes by here, with the file. */
SEC("fexit/proc_sys_call_handler")
int BPF_PROG(fexit_kernel_write__sysctl, struct kiocb *iocb, void *iter, int write, long ret)
{
	return write ? kernel_write(BPF_CORE_READ(iocb, ki_filp), ret) : 0;
}

SEC("fexit/cgroup_release_agent_write")
int BPF_PROG(fexit_kernel_write__release_agent, struct kernfs_open_file *of, char *buf, __u64 size, __s64 at, long ret)
{
	return kernel_write(BPF_CORE_READ(of, file), ret);
}

SEC("fexit/write_sysrq_trigger")
int BPF_PROG(fexit_kernel_write__sysrq, struct file *file, const char *buf, __u64 size, __s64 *at, long ret)
{
	return kernel_write(file, ret);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
