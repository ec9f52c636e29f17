// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a node's agent of somebody else's loads (B15): a program that does nothing at a tracepoint. */
__attribute__((section("tracepoint/sched/sched_process_fork"), used)) int agent(void *ctx)
{
	(void)ctx;
	return 0;
}

char _license[] __attribute__((section("license"), used)) = "GPL";
