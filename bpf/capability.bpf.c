// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Capabilities in use: a record the first time that a container is granted or refused one, none per check. lsm/capable sees
 * no refusal (the capability module before it ends the call), so the function that decides is hooked.
 */
#include "emit.h"

struct cap_key {
	__u64 origin;
	__u32 capability;
	__u32 bits; /* 1: against the host's user namespace, 2: granted */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct cap_key);
	__type(value, __u8);
} caps_seen SEC(".maps");

#define CAP_OPT_NOAUDIT 2 /* a question, not a use; include/linux/security.h, 5.1 */

static __always_inline int capability_use(struct user_namespace *ns, int cap, unsigned int opts, int ret)
{
	struct origin *o = origin_current();
	struct wd_capability_use *u;
	struct cap_key key = {};
	struct wd_record *r;
	__u8 one = 1;

	if (!o || (opts & CAP_OPT_NOAUDIT))
		return 0;
	key.origin = o->container;
	key.capability = cap;
	key.bits = (BPF_CORE_READ(ns, level) == 0) | (ret == 0) << 1;
	if (bpf_map_lookup_elem(&caps_seen, &key))
		return 0;
	bpf_map_update_elem(&caps_seen, &key, &one, BPF_ANY);
	r = TELEMETRY(WD_SMALL, wd_capability_use, WD_CAPABILITY_USE, (void *)bpf_get_current_task(), o->container, NULL);
	if (!r)
		return 0;
	u = record_body(r);
	u->capability = cap;
	u->host_user_ns = key.bits & 1;
	u->granted = key.bits >> 1;
	r->outcome = ret ? WD_DENIED : WD_SUCCEEDED;
	telemetry_send(r);
	return 0;
}

SEC("fexit/security_capable")
int BPF_PROG(fexit_capability_use, const struct cred *cred, struct user_namespace *ns, int cap, unsigned int opts, int ret)
{
	return capability_use(ns, cap, opts, ret);
}

/* A tracepoint since 6.14. It does not say whether the check was a question only. */
SEC("tp_btf/cap_capable")
int BPF_PROG(tp_btf_capability_use, const struct cred *cred, struct user_namespace *target,
	     const struct user_namespace *capable, int cap, int ret)
{
	return capability_use(target, cap, 0, ret);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
