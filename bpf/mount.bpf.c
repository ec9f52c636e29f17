// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * New mounts. sb_kern_mount is passed by mount(2) and by fsmount with the superblock itself; sb_mount would miss the second
 * (trap T5) and shows strings. Binds pass neither and make nothing new. Without it, the calls' exits show the new mount.
 */
#include "tree.h"

#define BINFMTFS_MAGIC   0x42494e4d
#define SECURITYFS_MAGIC 0x73636673
#define DEBUGFS_MAGIC    0x64626720
#define TRACEFS_MAGIC    0x74726163
#define BPF_FS_MAGIC     0xcafe4a11
#define OVERLAYFS_MAGIC  0x794c7630
#define FUSE_SUPER_MAGIC 0x65735546
#define LOOP_MAJOR       7

/* Loop device (its minor number) -> container that gave it its file. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} loops SEC(".maps");

/* set_capacity_and_notify is what each way to set up a loop device ends in (LOOP_SET_FD, LOOP_CONFIGURE), and is passed rarely. */
static __always_inline int loop_setup(struct gendisk *disk)
{
	struct origin *o = origin_current();
	__u32 minor;

	if (BPF_CORE_READ(disk, major) != LOOP_MAJOR)
		return 0;
	minor = BPF_CORE_READ(disk, first_minor);
	if (o)
		bpf_map_update_elem(&loops, &minor, &o->container, BPF_ANY);
	else
		bpf_map_delete_elem(&loops, &minor);
	return 0;
}

SEC("fentry/set_capacity_and_notify")
int BPF_PROG(fentry_loop_setup, struct gendisk *disk)
{
	return loop_setup(disk);
}

SEC("kprobe/set_capacity_and_notify")
int BPF_KPROBE(kprobe_loop_setup, struct gendisk *disk)
{
	return loop_setup(disk);
}

/* Was the device that this superblock is on set up by the container itself? */
static __always_inline bool is_own_loop(dev_t dev, __u64 container)
{
	__u32 minor = dev & 0xfffff;
	__u64 *owner = dev >> 20 == LOOP_MAJOR ? bpf_map_lookup_elem(&loops, &minor) : NULL;

	return owner && *owner == container;
}

/* Filesystems that show the kernel, and what of the container's walls a new mount of one goes round: any, where they had none. */
static __always_inline bool is_unmasking(__u64 magic, const struct container *c)
{
	struct tree *t = tree_of(c);
	__u32 masked = t ? t->masked : 0;

	switch (magic) {
	case PROC_SUPER_MAGIC:
		return masked & MASK_PROC;
	case SYSFS_MAGIC:
		return masked & MASK_SYS;
	case CGROUP2_SUPER_MAGIC:
		return masked & MASK_CGROUP;
	case SECURITYFS_MAGIC:
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
	case BPF_FS_MAGIC:
		return masked;
	default:
		return false;
	}
}

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
	bool foreign, child, unmasks, follows;

	if (!o)
		return 0;
	c = container_of_origin(o);
	if (!c)
		return 0;
	envelope_check_current(task, o, c, via);
	magic = BPF_CORE_READ(sb, s_magic);
	child = is_child_user_ns(task, c);
	foreign = BPF_CORE_READ(sb, s_bdev) || magic == CGROUP_SUPER_MAGIC || magic == BINFMTFS_MAGIC;
	unmasks = !child && is_unmasking(magic, c); /* in a user namespace of its own the kernel lets none of them unmask */
	follows = child && (magic == OVERLAYFS_MAGIC || magic == FUSE_SUPER_MAGIC);
	if (!foreign && !unmasks)
		own = (struct owner){.kind = WD_OWNER_CONTAINER, .container = c->id};
	r = foreign || unmasks || follows ? CRITICAL(WD_SMALL, wd_mount_create, WD_MOUNT_CREATE, task, c->id, &own)
					  : TELEMETRY(WD_SMALL, wd_mount_create, WD_MOUNT_CREATE, task, c->id, &own);
	if (!r)
		return 0;
	n = record_body(r);
	n->via = via;
	n->magic = magic;
	n->detached = via == WD_VIA_FSMOUNT;
	n->nested = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum) != c->ns[NS_MNT];
	n->child_user_ns = child;
	n->unmasks = unmasks;
	if (BPF_CORE_READ(sb, s_bdev)) {
		dev = BPF_CORE_READ(sb, s_dev);
		n->device_major = dev >> 20;
		n->device_minor = dev & 0xfffff;
		n->own_loop = is_own_loop(dev, c->id);
	}
	bpf_probe_read_kernel_str(n->fstype, sizeof(n->fstype), BPF_CORE_READ(sb, s_type, name));
	if (r->critical)
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
