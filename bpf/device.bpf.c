// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Device nodes: made, and refused. inode_mknod has the number and is behind every call that makes a node; the open of one is
 * file_open's. The devices cgroup refuses before either hook: its own function tells of which device, and without that the exit
 * of mknod does, from registers. A refused open shows no object there.
 */
#include "device.h"

static __always_inline int device_access(const struct access *a)
{
	/* Whiteouts (0:0, B46) and standard devices are among what is not. */
	if (origin_current() && is_dangerous(a->block, a->dev))
		access_report(a, NULL);
	return 0;
}

static __always_inline int device_make(umode_t mode, dev_t dev)
{
	struct access a = {.via = WD_VIA_MKNOD, .block = is_block(mode), .dev = dev};

	return is_device(mode) ? device_access(&a) : 0;
}

SEC("lsm/inode_mknod")
int BPF_PROG(lsm_device_make, struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev, int ret)
{
	device_make(mode, dev);
	return 0;
}

SEC("fentry/security_inode_mknod")
int BPF_PROG(fentry_device_make, struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev)
{
	return device_make(mode, dev);
}

SEC("kprobe/security_inode_mknod")
int BPF_KPROBE(kprobe_device_make, struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev)
{
	return device_make(mode, dev);
}

/* The calls pass a device's number in the format of stat(2), with the middle of the minor above the major. */
static __always_inline dev_t dev_decode(__u32 dev)
{
	return ((dev & 0xfff00) >> 8) << 20 | (dev & 0xff) | ((dev >> 12) & 0xfff00);
}

static __always_inline int mknod_exit(struct pt_regs *regs, long nr, long result)
{
	struct access a = {.via = WD_VIA_MKNOD, .result = result};
	umode_t mode;

	if (!regs)
		return 0;
	mode = nr == SYS_mknod ? regs_arg2(regs) : regs_arg3(regs);
	a.dev = dev_decode(nr == SYS_mknod ? regs_arg3(regs) : regs_arg4(regs));
	a.block = is_block(mode);
	return is_device(mode) ? device_access(&a) : 0;
}

SEC("tracepoint/mknod mknodat")
int sysexit_device_make(struct sys_exit *ctx)
{
	if (ctx->ret || !origin_current())
		return 0;
	return mknod_exit(syscall_regs((void *)bpf_get_current_task()), ctx->nr, 0);
}

SEC("tracepoint/mknod mknodat")
int sysexit_device_denied(struct sys_exit *ctx)
{
	if (ctx->ret != -1 /* EPERM */ || !origin_current())
		return 0;
	return mknod_exit(syscall_regs((void *)bpf_get_current_task()), ctx->nr, ctx->ret);
}

#define DEVCG_BLOCK 1
#define DEVCG_MKNOD 1
#define DEVCG_WRITE 4

SEC("fexit/devcgroup_check_permission")
int BPF_PROG(fexit_device_denied__cgroup, short type, __u32 major, __u32 minor, short access, int ret)
{
	struct access a = {
		.via = access & DEVCG_MKNOD ? WD_VIA_MKNOD : WD_VIA_OPEN,
		.block = type == DEVCG_BLOCK,
		.write = access & DEVCG_WRITE,
		.dev = major << 20 | minor,
		.result = ret,
	};

	return ret < 0 ? device_access(&a) : 0;
}

/* CAP_MKNOD is asked for before the devices cgroup. */
#define DENIED(call)                                                                                                           \
	SEC("fexit/" SYSCALL_PREFIX #call)                                                                                     \
	int BPF_PROG(fexit_device_denied__##call, struct pt_regs *regs, long ret)                                              \
	{                                                                                                                      \
		return ret == -1 && origin_current() ? mknod_exit(regs, SYS_##call, ret) : 0;                                  \
	}                                                                                                                      \
	SEC("kretprobe/" SYSCALL_PREFIX #call)                                                                                 \
	int BPF_KRETPROBE(kprobe_device_denied__##call, long ret)                                                              \
	{                                                                                                                      \
		if (ret != -1 || !origin_current())                                                                            \
			return 0;                                                                                              \
		return mknod_exit(syscall_regs((void *)bpf_get_current_task()), SYS_##call, ret);                              \
	}

DENIED(mknod)
DENIED(mknodat)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
