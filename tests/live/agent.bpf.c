// SPDX-License-Identifier: Apache-2.0
/* What a node's agent of somebody else's loads (B15): a program that does nothing, at a tracepoint. */
__attribute__((section("tracepoint/sched/sched_process_fork"), used)) int agent(void *ctx)
{
	(void)ctx;
	return 0;
}

char _license[] __attribute__((section("license"), used)) = "Apache-2.0";
