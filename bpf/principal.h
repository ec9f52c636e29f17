/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who uses what a container left behind: the principal that a task acts for, and how it stands to the one who wrote. */
#ifndef WARDER_PRINCIPAL_H
#define WARDER_PRINCIPAL_H

#include "reach.h"

/*
 * The principal that a task acts for. One that a runtime is still setting up, or that joins a container, is by its exec's end what
 * its cgroup says: `settled` is false until then.
 */
struct principal {
	struct owner own;
	bool settled;
};

static __always_inline struct principal principal_of(struct task_struct *task)
{
	struct principal p = {.own = owner_of_process(BPF_CORE_READ(task, tgid)), .settled = true};
	struct container *c;
	struct cgroup *cg;
	__u64 id;

	if (p.own.kind == WD_OWNER_CONTAINER)
		return p;
	cg = task_cgroup(task);
	c = cgroup_container(cg);
	id = c ? c->id : cgroup_origin_id(cg);
	if (c || is_born(task, cg, id)) {
		p.own = (struct owner){.kind = WD_OWNER_CONTAINER, .container = id};
		p.settled = false;
	}
	return p;
}

/* The actor of what is reported here is the one who wrote the file, as far as that is remembered. */
static __always_inline void actor_is_writer(struct wd_record *r, const struct writer *w)
{
	__builtin_memset(&r->actor, 0, sizeof(r->actor));
	r->actor.pid = w->pid;
	r->actor.start_ns = w->start_ns;
	__builtin_memcpy(r->actor.comm, w->comm, sizeof(r->actor.comm));
}

static __always_inline void user_describe(struct wd_provenance_use *u, struct task_struct *task, struct inode *inode,
					  const struct writer *w, const struct owner *own)
{
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	struct owner mnt = owner_of_ns(BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum), NS_MNT);
	__u32 net = BPF_CORE_READ(task, nsproxy, net_ns, ns.inum);
	__u64 id = w->container;

	u->inside = owner_is(&mnt, id);
	u->chrooted = own->kind == WD_OWNER_HOST && (__u64)BPF_CORE_READ(fs, root.dentry) != host.root;
	u->cwd_there = BPF_CORE_READ(fs, pwd.mnt, mnt_sb) == BPF_CORE_READ(inode, i_sb);
	u->same_pod = own->kind == WD_OWNER_CONTAINER && net == w->net_ns && net != host.ns[NS_NET];
	u->writer_ended = !bpf_map_lookup_elem(&containers, &id);
}

/* A record of the use of `inode`, which `w` wrote, by the running task, which acts for `own`. NULL where there is no room. */
static __always_inline struct wd_provenance_use *use_begin(struct wd_record **record, struct inode *inode,
							   const struct writer *w, __u32 via, struct owner *own)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct wd_record *r = CRITICAL(WD_LARGE, wd_provenance_use, WD_PROVENANCE_USE, task, w->container, own);
	struct wd_provenance_use *u;
	__u32 dev;

	*record = r;
	if (!r)
		return NULL;
	u = record_body(r);
	u->via = via;
	u->user = r->actor;
	if (w->container)
		actor_is_writer(r, w);
	dev = BPF_CORE_READ(inode, i_sb, s_dev);
	u->inode = BPF_CORE_READ(inode, i_ino);
	u->device_major = dev >> 20;
	u->device_minor = dev & 0xfffff;
	u->mode = BPF_CORE_READ(inode, i_mode);
	u->written_ns = w->time_ns;
	user_describe(u, task, inode, w, own);
	return u;
}

#endif
