// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * New mounts. sb_kern_mount is passed by mount(2) and by fsmount with the superblock itself; sb_mount would miss the second
 * (trap T5) and shows strings. Binds pass neither and make nothing new. Without it, the calls' exits show the new mount.
 */
#include "envelope.h"

static __always_inline int mount_create(struct super_block *sb, __u32 via)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct owner own = {.kind = WD_OWNER_HOST};
	struct origin *o = origin_current();
	struct wd_mount_create *n;
	struct container *c;
	struct wd_record *r;
	__u64 magic;
	__u32 dev;
	bool foreign;

	if (!o)
		return 0;
	c = container_of_origin(o);
	if (!c)
		return 0;
	envelope_check_current(task, o, c, via);
	magic = BPF_CORE_READ(sb, s_magic);
	foreign = BPF_CORE_READ(sb, s_bdev) || magic == CGROUP_V1_MAGIC || magic == BINFMTFS_MAGIC;
	if (!foreign)
		own = (struct owner){.kind = WD_OWNER_CONTAINER, .container = c->id};
	r = foreign ? CRITICAL(WD_SMALL, wd_mount_create, WD_MOUNT_CREATE, task, c->id, &own)
		    : TELEMETRY(WD_SMALL, wd_mount_create, WD_MOUNT_CREATE, task, c->id, &own);
	if (!r)
		return 0;
	n = record_body(r);
	n->via = via;
	n->magic = magic;
	n->detached = via == WD_VIA_FSMOUNT;
	if (BPF_CORE_READ(sb, s_bdev)) {
		dev = BPF_CORE_READ(sb, s_dev);
		n->device_major = dev >> 20;
		n->device_minor = dev & 0xfffff;
	}
	bpf_probe_read_kernel_str(n->fstype, sizeof(n->fstype), BPF_CORE_READ(sb, s_type, name));
	if (foreign)
		critical_send(r);
	else
		telemetry_send(r);
	return 0;
}

static __always_inline __u32 mount_via(void)
{
	/* The superblock is made by mount(2), or by fsconfig before fsmount. */
	return syscall_nr((void *)bpf_get_current_task()) == SYS_mount ? WD_VIA_MOUNT : WD_VIA_FSMOUNT;
}

SEC("lsm/sb_kern_mount")
int BPF_PROG(lsm_mount_create, struct super_block *sb, int ret)
{
	mount_create(sb, mount_via());
	return 0;
}

SEC("fentry/security_sb_kern_mount")
int BPF_PROG(fentry_mount_create, struct super_block *sb)
{
	return mount_create(sb, mount_via());
}

SEC("kprobe/security_sb_kern_mount")
int BPF_KPROBE(kprobe_mount_create, struct super_block *sb)
{
	return mount_create(sb, mount_via());
}

#define MS_REMOUNT 32
#define MS_BIND    0x1000
#define MS_MOVE    0x2000
#define MS_CHANGE  0x1e0000 /* MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED: propagation only */

/* The flags are in the saved registers: another thread cannot rewrite them. The object is the namespace's newest mount. */
static __always_inline struct mount *mounted(struct task_struct *task, struct pt_regs *regs)
{
	if (regs_arg4(regs) & (MS_REMOUNT | MS_BIND | MS_MOVE | MS_CHANGE))
		return NULL;
	return mnt_ns_newest(BPF_CORE_READ(task, nsproxy, mnt_ns));
}

SEC("tracepoint/mount fsmount")
int sysexit_mount_create(struct sys_exit *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pt_regs *regs;
	struct mount *m = NULL;
	__u32 via = WD_VIA_MOUNT;

	if (ctx->ret < 0 || !origin_current())
		return 0;
	regs = syscall_regs(task);
	if (!regs)
		return 0;
	if (ctx->nr == SYS_fsmount) {
		struct file *file = file_of_fd(task, ctx->ret);
		struct vfsmount *mnt = file ? BPF_CORE_READ(file, f_path.mnt) : NULL;

		via = WD_VIA_FSMOUNT;
		m = mnt ? real_mount(mnt) : NULL;
	} else {
		m = mounted(task, regs);
	}
	return m ? mount_create(BPF_CORE_READ(m, mnt.mnt_sb), via) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
