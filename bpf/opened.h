/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What an open is judged by at first: one read of the file's head and one of its inode's, where the fields lie within these bytes
 * on every kernel to 7.2. Each read by a helper costs some 25 ns, and most opens need no more than these.
 */
#ifndef WARDER_OPENED_H
#define WARDER_OPENED_H

#include "compat.h"

#define FMODE_READ  1
#define FMODE_WRITE 2

struct opened {
	struct path path;
	struct inode *inode;
	struct super_block *sb;
	__u32 f_mode;
	dev_t i_rdev;
	umode_t i_mode;
};

#define HEAD_SIZE       160
#define INODE_HEAD_SIZE 96

/* A field of the head of an object, or one more read where a kernel has it farther behind. */
#define HEAD_FIELD(to, head, object, field)                                                                                    \
	({                                                                                                                     \
		__u32 at_ = bpf_core_field_offset((object)->field);                                                            \
		if (at_ <= sizeof(head) - sizeof(to))                                                                          \
			(to) = *(typeof(to) *)((head) + at_);                                                                  \
		else                                                                                                           \
			bpf_core_read(&(to), sizeof(to), &(object)->field);                                                    \
	})

/* Not inlined: its buffers are half of the stack that a program has for all of its functions. */
static __attribute__((noinline, unused)) int opened_read(struct opened *f, struct file *file)
{
	char head[HEAD_SIZE] __attribute__((aligned(8)));
	char inode_head[INODE_HEAD_SIZE] __attribute__((aligned(8)));

	bpf_probe_read_kernel(head, sizeof(head), file);
	HEAD_FIELD(f->path, head, file, f_path);
	HEAD_FIELD(f->f_mode, head, file, f_mode);
	HEAD_FIELD(f->inode, head, file, f_inode);
	bpf_probe_read_kernel(inode_head, sizeof(inode_head), f->inode);
	HEAD_FIELD(f->sb, inode_head, f->inode, i_sb);
	HEAD_FIELD(f->i_rdev, inode_head, f->inode, i_rdev);
	HEAD_FIELD(f->i_mode, inode_head, f->inode, i_mode);
	return 0;
}

static __always_inline bool is_regular(umode_t mode)
{
	return (mode & 0170000) == 0100000;
}

static __always_inline bool is_pipe(umode_t mode)
{
	return (mode & 0170000) == 0010000;
}

static __always_inline bool is_block(umode_t mode)
{
	return (mode & 0170000) == 0060000;
}

/* A block or a character device: the two differ in one bit. */
static __always_inline bool is_device(umode_t mode)
{
	return (mode & 0130000) == 0020000;
}

#endif
