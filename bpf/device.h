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

static __always_inline void device_report(struct task_struct *task, struct container *c, const struct access *a,
					  struct dentry *node)
{
	struct owner own = {.kind = WD_OWNER_HOST};
	struct wd_device_access *d;
	struct wd_record *r;

	r = CRITICAL(WD_LARGE, wd_device_access, WD_DEVICE_ACCESS, task, c->id, &own);
	if (!r)
		return;
	r->outcome = a->result < 0 ? WD_DENIED : WD_SUCCEEDED;
	d = record_body(r);
	d->via = a->via;
	d->block = a->block;
	d->write = a->write;
	d->device_major = DEV_MAJOR(a->dev);
	d->device_minor = DEV_MINOR(a->dev);
	d->mounted = a->block && is_mounted(a->dev);
	if (node)
		path_write(r, STRINGS_AT(wd_device_access), &d->path, NULL, node);
	critical_send(r);
}

static __always_inline void device_open(struct task_struct *task, struct container *c, const struct opened *f)
{
	struct access a = {.via = WD_VIA_OPEN, .block = is_block(f->i_mode), .dev = f->i_rdev};

	if (!is_dangerous(a.block, a.dev) || !(f->f_mode & (FMODE_READ | FMODE_WRITE)))
		return;
	a.write = f->f_mode & FMODE_WRITE;
	device_report(task, c, &a, f->path.dentry);
}

#endif
