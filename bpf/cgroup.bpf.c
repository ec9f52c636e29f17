// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A container's task moves a task between cgroups: itself out of its container (M57), or another principal's. The tracepoint
 * is there on every kernel, passes task and destination, and is behind every way to attach but clone3's into a cgroup (5.7):
 * there the child is born elsewhere, which fork shows.
 */
#include "envelope.h"

static __always_inline int cgroup_move(struct cgroup *to, struct task_struct *target, struct owner own)
{
	struct origin *o = origin_current();
	struct wd_cgroup_move *m;
	struct container *c;
	struct wd_record *r;
	bool is_own;

	if (!o)
		return 0; /* the runtime, the kubelet, systemd */
	c = container_of_origin(o);
	if (!c)
		return 0;
	/* Judged in the hierarchy that tells the container; on a hybrid host the others are not compared. */
	if ((__u32)BPF_CORE_READ(to, root, hierarchy_id) != c->id >> WD_ORIGIN_HIERARCHY_SHIFT)
		return 0;
	is_own = owner_is(&own, c->id);
	if (is_own) {
		if (cgroup_below(to, c->id))
			return 0;
		own = (struct owner){.kind = WD_OWNER_HOST};
	}
	r = CRITICAL(WD_LARGE, wd_cgroup_move, WD_CGROUP_MOVE, (void *)bpf_get_current_task(), c->id, &own);
	if (!r)
		return 0;
	m = record_body(r);
	m->own = is_own;
	m->from_id = c->id;
	m->to_id = cgroup_origin_id(to);
	process_fill(&m->target, target);
	path_write_cgroup(r, STRINGS_AT(wd_cgroup_move), &m->to_path, BPF_CORE_READ(to, kn));
	critical_send(r);
	return 0;
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(tp_btf_cgroup_move, struct cgroup *to, const char *path, struct task_struct *target, bool group)
{
	return cgroup_move(to, target, owner_of_process(BPF_CORE_READ(target, tgid)));
}

/* A child is its parent's, whose origin it may not have been given yet. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(tp_btf_cgroup_move__fork, struct task_struct *parent, struct task_struct *child)
{
	if (BPF_CORE_READ(child, cgroups) == BPF_CORE_READ(parent, cgroups))
		return 0;
	return cgroup_move(BPF_CORE_READ(child, cgroups, dfl_cgrp), child, owner_of_process(BPF_CORE_READ(parent, tgid)));
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
