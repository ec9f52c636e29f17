// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The sweep: every few seconds each thread with an origin is held against its envelope. It finds what passed no hook, within
 * one period even if the task never opens a file again. And the canary: a record through the whole path, on request; and
 * what is forgotten of a container that ended.
 */
#include "envelope.h"

SEC("iter/task")
int iter_sweep(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct container *c;
	struct origin *o;

	if (!task || !origin_filter[(__u32)BPF_CORE_READ(task, tgid) % ORIGIN_FILTER])
		return 0;
	o = origin_of(BPF_CORE_READ(task, tgid));
	c = o ? container_of_origin(o) : NULL;
	if (c)
		envelope_check(task, o, c, WD_VIA_SWEEP);
	return 0;
}

__u64 canary_nonce; /* asked for by userspace; zeroed once it was sent */

SEC("iter/task")
int iter_canary(struct bpf_iter__task *ctx)
{
	struct wd_record *r;

	if (!canary_nonce)
		return 0;
	r = CRITICAL(WD_SMALL, wd_canary, WD_CANARY, (void *)bpf_get_current_task(), 0, NULL);
	if (!r)
		return 0;
	((struct wd_canary *)record_body(r))->nonce = canary_nonce;
	canary_nonce = 0;
	critical_send(r);
	return 0;
}

/* Accounts that userspace has told to the end: it writes no table of the sensor's itself. */
__u64 accounts_closed[WD_CLOSED];

SEC("iter/task")
int iter_forget(struct bpf_iter__task *ctx)
{
#pragma nounroll
	for (int i = 0; i < WD_CLOSED; i++) {
		__u64 origin = accounts_closed[i];

		if (!origin)
			break;
		bpf_map_delete_elem(&wd_capabilities, &origin);
		bpf_map_delete_elem(&accounts, &origin);
		accounts_closed[i] = 0;
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
