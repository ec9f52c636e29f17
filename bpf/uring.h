/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Completed io_uring requests: what they opened or connected. For kernels where the object's own hook cannot be had: the
 * tracepoint at a completion passes the request from 5.19 (before, a program that reads its result is refused).
 *
 * It runs in the submitter's thread, a worker or the polling thread: all of them of one thread group, with one table of files.
 */
#ifndef WARDER_URING_H
#define WARDER_URING_H

#include "origin.h"

/* include/uapi/linux/io_uring.h */
#define IORING_OP_CONNECT       16
#define IORING_OP_OPENAT        18
#define IORING_OP_OPENAT2       28
#define IORING_FILE_INDEX_ALLOC 0xffffffff

/* A file in the ring's own table, which is no descriptor ("direct"). The pointer's two lowest bits are flags. */
static __always_inline struct file *uring_fixed(struct io_kiocb *req, __u32 slot)
{
	struct io_ring_ctx *ring = BPF_CORE_READ(req, ctx);
	struct io_rsrc_node *node = NULL;

	if (!bpf_core_field_exists(ring->file_table.data) || slot >= BPF_CORE_READ(ring, file_table.data.nr))
		return NULL;
	bpf_probe_read_kernel(&node, sizeof(node), BPF_CORE_READ(ring, file_table.data.nodes) + slot);
	return node ? (struct file *)(BPF_CORE_READ(node, file_ptr) & ~3ul) : NULL;
}

/* The file that a request opened; NULL for one that did not. */
static __always_inline struct file *uring_opened(struct io_kiocb *req)
{
	__u8 op = BPF_CORE_READ(req, opcode);
	__s32 res = BPF_CORE_READ(req, cqe.res);
	__u32 slot;

	if ((op != IORING_OP_OPENAT && op != IORING_OP_OPENAT2) || res < 0)
		return NULL;
	slot = BPF_CORE_READ((struct io_open *)req, file_slot);
	if (!slot)
		return file_of_own_fd(res);
	return uring_fixed(req, slot == IORING_FILE_INDEX_ALLOC ? (__u32)res : slot - 1);
}

/* The socket file that a request connected. */
static __always_inline struct file *uring_connected(struct io_kiocb *req)
{
	if (BPF_CORE_READ(req, opcode) != IORING_OP_CONNECT || BPF_CORE_READ(req, cqe.res))
		return NULL;
	return BPF_CORE_READ(req, file);
}

#endif
