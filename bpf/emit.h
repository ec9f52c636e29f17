/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Making a record: reserve, fill the header and the actor, send. What cannot be sent is counted under the actor's origin. */
#ifndef WARDER_EMIT_H
#define WARDER_EMIT_H

#include "origin.h"
#include "path.h"

/* Everything of a task that a finding shows. Only paid when there is something to say. */
static __always_inline void process_fill(struct wd_process *p, struct task_struct *task)
{
	const struct cred *cred = BPF_CORE_READ(task, real_cred); /* never cred: overlayfs swaps it in every open (trap T1) */
	struct nsproxy *nsp = BPF_CORE_READ(task, nsproxy);
	struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	__u32 ns[NS_COUNT] = {};
	__u32 level = BPF_CORE_READ(pid, level);

	p->pid = BPF_CORE_READ(task, tgid);
	p->tid = BPF_CORE_READ(task, pid);
	if (level < 32)
		bpf_probe_read_kernel(&p->ns_pid, sizeof(p->ns_pid), (void *)&pid->numbers + level * 16);
	p->ppid = BPF_CORE_READ(task, real_parent, tgid);
	p->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	bpf_core_read_str(p->comm, sizeof(p->comm), &task->comm);
	p->uid = BPF_CORE_READ(cred, uid.val);
	p->gid = BPF_CORE_READ(cred, gid.val);
	p->euid = BPF_CORE_READ(cred, euid.val);
	p->cap_effective = cred_caps(&cred->cap_effective);
	p->cap_permitted = cred_caps(&cred->cap_permitted);
	p->cap_bounding = cred_caps(&cred->cap_bset);
	p->cgroup_id = cgroup_origin_id(task_cgroup(task));
	if (nsp) {
		ns_read(nsp, cred, ns);
		p->mnt_ns = ns[NS_MNT];
		p->pid_ns = ns[NS_PID];
		p->net_ns = ns[NS_NET];
		p->uts_ns = ns[NS_UTS];
		p->ipc_ns = ns[NS_IPC];
		p->cgroup_ns = ns[NS_CGROUP];
		p->user_ns = ns[NS_USER];
	}
	p->seccomp_mode = BPF_CORE_READ(task, seccomp.mode);
	p->no_new_privs = BPF_CORE_READ(task, atomic_flags) & 1; /* PFA_NO_NEW_PRIVS */
}

/* Fills what record_begin reserved. `body` is the size of the body behind the header. */
static __always_inline void record_fill(struct wd_record *r, __u32 type, bool is_critical, struct task_struct *task,
					__u64 origin, const struct owner *own, __u32 body)
{
	r->len = sizeof(*r) + body;
	r->type = type;
	r->critical = is_critical;
	r->boot_ns = bpf_ktime_get_boot_ns();
	r->origin = origin;
	r->owner = own ? own->container : 0;
	r->owner_kind = own ? own->kind : 0;
	r->outcome = WD_SUCCEEDED;
	process_fill(&r->actor, task);
	r->actor.syscall = 0;
}

/* A zeroed record of `size` bytes (constant for the verifier), or NULL and a loss counted. */
static __always_inline struct wd_record *record_begin(void *ring, __u64 size, __u32 zero, __u64 origin, __u32 type,
						      bool is_critical)
{
	struct wd_record *r;

	if (record_charge(origin, type, size, is_critical))
		return NULL;
	r = bpf_ringbuf_reserve(ring, size, 0);
	if (!r) {
		lost_count(origin, is_critical ? WD_RING_CRITICAL : WD_RING_TELEMETRY);
		return NULL;
	}
	__builtin_memset(r, 0, zero);
	return r;
}

/*
 * CRITICAL(size, body type, type, task, origin, owner): a record on the ring that findings hang on. TELEMETRY: on the other.
 * Both give NULL when the ring is full or the container's budget is spent. record_body is the body behind the header.
 */
#define RECORD_(ring, is_critical, size, body, type, task, origin, own)                                                        \
	({                                                                                                                     \
		struct wd_record *r_ =                                                                                         \
			record_begin(&ring, size, sizeof(struct wd_record) + sizeof(struct body), origin, type, is_critical);  \
		if (r_)                                                                                                        \
			record_fill(r_, type, is_critical, task, origin, own, sizeof(struct body));                            \
		r_;                                                                                                            \
	})
#define CRITICAL(size, body, type, task, origin, own)  RECORD_(critical, true, size, body, type, task, origin, own)
#define TELEMETRY(size, body, type, task, origin, own) RECORD_(telemetry, false, size, body, type, task, origin, own)

#define record_body(r)                                 ((void *)((r) + 1))
#define STRINGS_AT(body)                               (sizeof(struct wd_record) + sizeof(struct body))

static __always_inline void critical_send(struct wd_record *r)
{
	bpf_ringbuf_submit(r, BPF_RB_FORCE_WAKEUP);
}

/* But a ring that is half full does not wait for it. */
static __always_inline void telemetry_send(struct wd_record *r)
{
	bool waits = bpf_ringbuf_query(&telemetry, BPF_RB_AVAIL_DATA) < WD_TELEMETRY_RING / 2;

	bpf_ringbuf_submit(r, waits ? BPF_RB_NO_WAKEUP : BPF_RB_FORCE_WAKEUP);
}

#endif
