/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Devices, which belong to the machine: told by their number, wherever their node lies. Any block device counts (what it holds is
 * the host's or another's), of the character devices those that give away memory, ports or the kernel's log.
 */
#ifndef WARDER_DEVICE_H
#define WARDER_DEVICE_H

#include "opened.h"
#include "reach.h"

#define DEV_MAJOR(dev) ((dev) >> 20)
#define DEV_MINOR(dev) ((dev)&0xfffff)

static __always_inline bool is_dangerous_char(dev_t dev)
{
	__u32 minor = DEV_MINOR(dev);

	switch (DEV_MAJOR(dev)) {
	case 1: /* mem, kmem, port, kmsg; not null, zero, full, random, urandom */
		return minor == 1 || minor == 2 || minor == 4 || minor == 11;
	case 10: /* vfio, kvm */
		return minor == 196 || minor == 232;
	case 21:  /* SCSI commands (sg) */
	case 202: /* a processor's registers (msr) */
		return true;
	default:
		return false;
	}
}

static __always_inline bool is_dangerous(bool block, dev_t dev)
{
	return block ? dev != 0 : is_dangerous_char(dev);
}

#define SUPERBLOCKS 64

/*
 * Is a filesystem in use on this device, or on a partition of it? All superblocks are in one list in the order of their birth: from the
 * host's root on come those that the node mounted when it booted. Read without its lock; the list's head is no superblock, and what is
 * read of it instead is no device's number. No branch but the way out, or the verifier would follow each through every turn.
 */
static __always_inline bool is_mounted(dev_t dev)
{
	struct dentry *root = (void *)host.root;
	struct super_block *sb = BPF_CORE_READ(root, d_sb);

#pragma nounroll
	for (int i = 0; i < SUPERBLOCKS; i++) {
		__u32 whole = BPF_CORE_READ(sb, s_bdev, bd_disk, major) << 20 | BPF_CORE_READ(sb, s_bdev, bd_disk, first_minor);

		if (BPF_CORE_READ(sb, s_dev) == dev || whole == dev)
			return true;
		sb = (void *)BPF_CORE_READ(sb, s_list.next) - bpf_core_field_offset(((struct super_block *)0)->s_list);
	}
	return false;
}

/* What is known of an access to a device; its node only of an open, where the kernel has it in hand. */
struct access {
	__u32 via;
	bool block, write;
	dev_t dev;
	long result;
};

#define ACCESS_BLOCK  (1u << 8)
#define ACCESS_WRITE  (1u << 9)
#define ACCESS_DENIED (1u << 10)

/* `what`: the door and ACCESS_* flags. A global function, as reach_report is. */
__weak __attribute__((noinline)) int device_report(__u32 what, __u32 dev, __u64 node)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct owner own = {.kind = WD_OWNER_HOST};
	struct origin *o = origin_current();
	struct wd_device_access *d;
	struct wd_record *r;

	r = o ? CRITICAL(WD_LARGE, wd_device_access, WD_DEVICE_ACCESS, task, o->container, &own) : NULL;
	if (!r)
		return 0;
	r->outcome = what & ACCESS_DENIED ? WD_DENIED : WD_SUCCEEDED;
	d = record_body(r);
	d->via = what & 0xff;
	d->block = !!(what & ACCESS_BLOCK);
	d->write = !!(what & ACCESS_WRITE);
	d->device_major = DEV_MAJOR(dev);
	d->device_minor = DEV_MINOR(dev);
	d->mounted = d->block && is_mounted(dev);
	if (node)
		path_write(r, STRINGS_AT(wd_device_access), &d->path, NULL, (void *)node);
	critical_send(r);
	return 0;
}

static __always_inline void access_report(const struct access *a, struct dentry *node)
{
	__u32 what = a->via;

	what |= a->block ? ACCESS_BLOCK : 0;
	what |= a->write ? ACCESS_WRITE : 0;
	what |= a->result < 0 ? ACCESS_DENIED : 0;
	device_report(what, a->dev, number_of(node));
}

static __always_inline void device_open(const struct opened *f)
{
	struct access a = {.via = WD_VIA_OPEN, .block = is_block(f->i_mode), .dev = f->i_rdev};

	if (!is_dangerous(a.block, a.dev) || !(f->f_mode & (FMODE_READ | FMODE_WRITE)))
		return;
	a.write = f->f_mode & FMODE_WRITE;
	access_report(&a, f->path.dentry);
}

#endif
