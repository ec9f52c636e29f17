// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A container makes a user namespace: all of the kernel that asks for capabilities there is open to it then. Sandboxes do it
 * too, so it is told once a container, as context; each one in strict mode. Without the hook, the exits of the calls show the task's new credentials.
 */
#include "envelope.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WD_MAX_CONTAINERS);
	__type(key, __u64);
	__type(value, __u32);
} userns_told SEC(".maps");

static __always_inline int userns_create(struct origin *o, __u32 level)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct wd_userns_create *u;
	struct wd_record *r;
	struct owner own;
	__u32 one = 1;

	if (bpf_map_update_elem(&userns_told, &o->container, &one, BPF_NOEXIST) && !strict)
		return 0;
	own = (struct owner){.kind = WD_OWNER_CONTAINER, .container = o->container};
	r = CRITICAL(WD_SMALL, wd_userns_create, WD_USERNS_CREATE, task, o->container, &own);
	if (!r)
		return 0;
	u = record_body(r);
	u->via = syscall_nr(task) == SYS_unshare ? WD_VIA_UNSHARE : WD_VIA_CLONE;
	u->level = level;
	critical_send(r);
	return 0;
}

/* `cred` is the maker's still. */
static __always_inline int userns_make(const struct cred *cred)
{
	struct origin *o = origin_current();

	return o ? userns_create(o, BPF_CORE_READ(cred, user_ns, level) + 1) : 0;
}

SEC("lsm/userns_create")
int BPF_PROG(lsm_userns_create, const struct cred *cred, int ret)
{
	userns_make(cred);
	return 0;
}

SEC("fentry/create_user_ns")
int BPF_PROG(fentry_userns_create, struct cred *new)
{
	return userns_make(new);
}

SEC("kprobe/create_user_ns")
int BPF_KPROBE(kprobe_userns_create, struct cred *new)
{
	return userns_make(new);
}

/* clone returns in the child as well, with 0. */
SEC("tracepoint/unshare clone clone3")
int sysexit_userns_create(struct sys_exit *ctx)
{
	struct origin *o = ctx->ret ? NULL : origin_current();
	struct container *c = o ? container_of_origin(o) : NULL;
	struct user_namespace *ns;

	if (!c)
		return 0;
	ns = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), real_cred, user_ns);
	return BPF_CORE_READ(ns, ns.inum) == c->ns[NS_USER] ? 0 : userns_create(o, BPF_CORE_READ(ns, level));
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
