/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ledger: for each container, made = received + lost. A record is counted before anything can refuse it, and a refusal is
 * counted at its stage, each by one atomic addition, so that the sum is exact. The functions are global ones: verified once,
 * not at each of the places that make a record.
 */
#ifndef WARDER_ACCOUNT_H
#define WARDER_ACCOUNT_H

#include "maps.h"

/* The account of an origin, made where there is none; NULL when the table is full. */
static __always_inline struct wd_account *account_of(__u64 origin)
{
	struct wd_account *a = bpf_map_lookup_elem(&accounts, &origin);

	if (a)
		return a;
	bpf_map_update_elem(&accounts, &origin, &account_empty, BPF_NOEXIST);
	return bpf_map_lookup_elem(&accounts, &origin);
}

/* One more loss at a stage: of a record that was counted as made, or of an entry in a table that was full. */
__weak __attribute__((noinline)) int lost_count(__u64 origin, __u32 stage)
{
	struct wd_account *a = account_of(origin);

	if (a)
		__sync_fetch_and_add(&a->lost[stage & (WD_STAGES - 1)], 1);
	return 0;
}

/* Two processors at once may both take the last of a budget: it is a bound on a flood, not a count. */
static __always_inline bool budget_take(__u64 *due, __u64 now, __u64 cost_ns, __u64 burst_ns)
{
	__u64 whole = (*due > now ? *due : now) + cost_ns;

	if (whole - now > burst_ns)
		return false;
	*due = whole;
	return true;
}

/*
 * Begins a record of `size` bytes: counted as made, and held against its container's budget. 0 when it may go to its ring. A
 * container's birth and end and the canary are always let through. Critical records have a budget for each type too, so that
 * a flood of one kind does not hide another of the same container.
 */
__weak __attribute__((noinline)) int record_charge(__u64 origin, __u32 type, __u32 size, __u32 is_critical)
{
	struct wd_account *a = account_of(origin);
	__u64 now = bpf_ktime_get_boot_ns();
	__u32 stage = 0;

	if (!a) {
		lost_count(0, WD_TABLE); /* neither made nor sent */
		return -1;
	}
	__sync_fetch_and_add(&a->made, 1);
	if (type == WD_CONTAINER_SEAL || type == WD_CONTAINER_END || type == WD_CANARY)
		return 0;
	if (!is_critical) {
		if (budget.telemetry_ns &&
		    !budget_take(&a->telemetry_due, now, budget.telemetry_ns * (size >> 10), WD_TELEMETRY_BURST_NS))
			stage = WD_BUDGET;
	} else if (budget.critical_ns && (!budget_take(&a->type_due[type & (WD_TYPES - 1)], now,
						       budget.critical_ns * WD_TYPE_SHARE, WD_TYPE_BURST_NS) ||
					  !budget_take(&a->critical_due, now, budget.critical_ns, WD_CRITICAL_BURST_NS))) {
		stage = WD_BUDGET_CRITICAL;
	}
	if (!stage)
		return 0;
	__sync_fetch_and_add(&a->lost[stage], 1);
	return -1;
}

#endif
