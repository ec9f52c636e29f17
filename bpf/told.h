/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What was told already: an act that a container can repeat as fast as it likes (a signal, a datagram, a semaphore's operation)
 * is one record a minute for each object, so that it cannot fill the ring that findings come by.
 */
#ifndef WARDER_TOLD_H
#define WARDER_TOLD_H

#include "emit.h"

#define TOLD_FOR 60000000000ull

struct told_key {
	__u64 origin;
	__u64 object;
	__u64 act;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct told_key);
	__type(value, __u64);
} told __weak SEC(".maps");

/* The acts, so that two subjects' do not meet. The lower bits are the subject's. */
enum {
	TOLD_FILE = 1 << 16,
	TOLD_IPC = 2 << 16,
	TOLD_KEY = 3 << 16,
	TOLD_SIGNAL = 4 << 16,
	TOLD_SOCKET = 5 << 16,
	TOLD_CONTROL = 6 << 16,
	TOLD_LINK = 7 << 16,
	TOLD_SURFACE = 8 << 16,
	TOLD_SENSITIVE = 9 << 16
};

/* True where the container's act on the object was told within the last minute. False marks it as told now. */
static __always_inline bool told_before(__u64 origin, __u64 object, __u64 act)
{
	struct told_key key = {.origin = origin, .object = object, .act = act};
	__u64 now = bpf_ktime_get_boot_ns(), *then = bpf_map_lookup_elem(&told, &key);

	if (then && now - *then < TOLD_FOR)
		return true;
	bpf_map_update_elem(&told, &key, &now, BPF_ANY);
	return false;
}

#endif
