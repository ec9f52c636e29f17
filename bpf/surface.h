/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Context about a container: what exploits and their scouts do first, and some honest programs too. Telemetry. */
#ifndef WARDER_SURFACE_H
#define WARDER_SURFACE_H

#include "emit.h"

static __always_inline int surface_report(struct origin *o, __u32 call, __u64 argument)
{
	struct owner own = {.kind = WD_OWNER_CONTAINER, .container = o->container};
	struct wd_kernel_call *k;
	struct wd_record *r;

	r = TELEMETRY(WD_SMALL, wd_kernel_call, WD_KERNEL_CALL, (void *)bpf_get_current_task(), o->container, &own);
	if (!r)
		return 0;
	k = record_body(r);
	k->call = call;
	k->argument = argument;
	telemetry_send(r);
	return 0;
}

/*
 * Different things that a container tried in vain, a bit each (a hash's, where they are no numbers). One program that tries the same
 * again and again is none that looks around.
 */
struct burst_key {
	__u64 container;
	__u64 call;
};

struct burst {
	__u64 since;
	__u64 tried;
	__u32 count;
	__u32 told;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WD_MAX_CONTAINERS);
	__type(key, struct burst_key);
	__type(value, struct burst);
} bursts __weak SEC(".maps");

/* One more, number `bit` of 64. `many` different ones within `within` nanoseconds are reported, once for that time. */
static __always_inline int burst_add(struct origin *o, __u32 call, __u32 bit, __u32 many, __u64 within)
{
	struct burst_key key = {o->container, call};
	__u64 now = bpf_ktime_get_boot_ns(), mask = 1ull << (bit & 63);
	struct burst *b = bpf_map_lookup_elem(&bursts, &key), first = {.since = now, .tried = mask, .count = 1};

	if (!b || now - b->since > within) {
		bpf_map_update_elem(&bursts, &key, &first, BPF_ANY);
		return 0;
	}
	if (b->tried & mask)
		return 0;
	b->tried |= mask;
	b->count++;
	if (b->count < many || b->told)
		return 0;
	b->told = 1;
	return surface_report(o, call, b->count);
}

#endif
