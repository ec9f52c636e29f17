/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whose task is this: an origin is given at seal, inherited at fork, and sticky. And whose object: a container's, the host's.
 */
#ifndef WARDER_ORIGIN_H
#define WARDER_ORIGIN_H

#include "account.h"
#include "compat.h"
#include "maps.h"

/* Who owns an object; `kind` is enum wd_kind. */
struct owner {
	__u64 container;
	__u32 kind;
};

static __always_inline struct origin *origin_of(__u32 tgid)
{
	return bpf_map_lookup_elem(&origins, &tgid);
}

/* The origin of the running process, NULL for the host's: the first thing that every hook asks. */
static __always_inline struct origin *origin_current(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;

	return origin_filter[tgid % ORIGIN_FILTER] ? origin_of(tgid) : NULL;
}

static __always_inline struct container *container_of_origin(struct origin *o)
{
	return bpf_map_lookup_elem(&containers, &o->container);
}

/* The id that a container in this cgroup would have, 0 for a hierarchy's root. */
static __always_inline __u64 cgroup_origin_id(struct cgroup *cg)
{
	__u64 hierarchy;

	if (!cg || BPF_CORE_READ(cg, level) == 0)
		return 0;
	hierarchy = BPF_CORE_READ(cg, root, hierarchy_id);
	return BPF_CORE_READ(cg, kn, id) | hierarchy << WD_ORIGIN_HIERARCHY_SHIFT;
}

static __always_inline struct cgroup *cgroup_v1_of(struct css_set *css, int subsys)
{
	struct cgroup_subsys_state *state = NULL;

	if (subsys >= 0 && subsys < 16)
		bpf_probe_read_kernel(&state, sizeof(state), (void *)&css->subsys + subsys * sizeof(void *));
	return state ? BPF_CORE_READ(state, cgroup) : NULL;
}

#define V1_CGROUP(css, name)                                                                                                   \
	cgroup_v1_of(css, bpf_core_enum_value_exists(enum cgroup_subsys_id, name##_cgrp_id)                                    \
				  ? (int)bpf_core_enum_value(enum cgroup_subsys_id, name##_cgrp_id)                            \
				  : -1)

/*
 * The cgroup that tells a task's container: version 2's, or where the task is at its root (a hybrid host, a container in
 * version 1 only), the first controller's of version 1 in which it is not.
 */
static __always_inline struct cgroup *task_cgroup(struct task_struct *task)
{
	struct css_set *css = BPF_CORE_READ(task, cgroups);
	struct cgroup *cg = BPF_CORE_READ(css, dfl_cgrp);

	if (BPF_CORE_READ(cg, level))
		return cg;
	cg = V1_CGROUP(css, pids);
	if (cg && BPF_CORE_READ(cg, level))
		return cg;
	cg = V1_CGROUP(css, devices);
	if (cg && BPF_CORE_READ(cg, level))
		return cg;
	cg = V1_CGROUP(css, freezer);
	if (cg && BPF_CORE_READ(cg, level))
		return cg;
	return V1_CGROUP(css, memory);
}

/* The sealed container that a cgroup is of, or lies in. */
static __always_inline struct container *cgroup_container(struct cgroup *cg)
{
#pragma nounroll
	for (int i = 0; i < 8; i++) {
		__u64 id = cgroup_origin_id(cg);
		struct container *c;
		struct cgroup_subsys_state *parent;

		if (!id)
			return NULL;
		c = bpf_map_lookup_elem(&containers, &id);
		if (c)
			return c;
		parent = BPF_CORE_READ(cg, self.parent);
		if (!parent)
			return NULL;
		cg = BPF_CORE_READ(parent, cgroup);
	}
	return NULL;
}

static __always_inline bool cgroup_below(struct cgroup *cg, __u64 container)
{
#pragma nounroll
	for (int i = 0; i < 24; i++) {
		struct cgroup_subsys_state *parent;

		if (cgroup_origin_id(cg) == container)
			return true;
		parent = BPF_CORE_READ(cg, self.parent);
		if (!parent)
			return false;
		cg = BPF_CORE_READ(parent, cgroup);
	}
	return false;
}

/* Owners */

static __always_inline struct owner owner_of_process(__u32 tgid)
{
	struct origin *o = origin_of(tgid);
	struct owner own = {.kind = WD_OWNER_HOST};

	if (o) {
		own.kind = WD_OWNER_CONTAINER;
		own.container = o->container;
	}
	return own;
}

/* Whose a namespace is; `index` is its kind. */
static __always_inline struct owner owner_of_ns(__u32 inum, enum ns_index index)
{
	struct owner own = {.kind = WD_OWNER_UNKNOWN};
	__u64 *id;

	if (inum == host.ns[index]) {
		own.kind = WD_OWNER_HOST;
		return own;
	}
	id = bpf_map_lookup_elem(&ns_owners, &inum);
	if (id && bpf_map_lookup_elem(&containers, id)) {
		own.kind = WD_OWNER_CONTAINER;
		own.container = *id;
	}
	return own;
}

static __always_inline bool owner_is(const struct owner *own, __u64 container)
{
	return own->kind == WD_OWNER_CONTAINER && own->container == container;
}

/* Whose a cgroup of any hierarchy is: the container's that was sealed in it, or (`below`) in one above it, else the host's. */
static __always_inline struct owner owner_of_cgroup(struct cgroup *cg, bool *below)
{
	struct owner own = {.kind = WD_OWNER_HOST};

#pragma nounroll
	for (int i = 0; i < 24; i++) {
		__u64 id = cgroup_origin_id(cg), *claim = bpf_map_lookup_elem(&cgroup_owners, &id);
		struct cgroup_subsys_state *parent;

		if (claim)
			id = *claim;
		if (bpf_map_lookup_elem(&containers, &id)) {
			own.kind = WD_OWNER_CONTAINER;
			own.container = id;
			return own;
		}
		parent = BPF_CORE_READ(cg, self.parent);
		if (!parent)
			return own;
		*below = true;
		cg = BPF_CORE_READ(parent, cgroup);
	}
	return own;
}

/* A container is sealed in these cgroups. Version 2 is left out: a controller that is not on in the container is an ancestor's. */
static __always_inline void cgroups_claim(struct css_set *css, __u64 container)
{
	struct cgroup_root *v2 = BPF_CORE_READ(css, dfl_cgrp, root);

#pragma nounroll
	for (int i = 0; i < (int)(bpf_core_field_size(css->subsys) / sizeof(void *)); i++) {
		struct cgroup *cg = cgroup_v1_of(css, i);
		__u64 id = cg && BPF_CORE_READ(cg, root) != v2 ? cgroup_origin_id(cg) : 0;

		if (id && id != container)
			bpf_map_update_elem(&cgroup_owners, &id, &container, BPF_ANY);
	}
}

static __always_inline void ns_claim(__u32 inum, __u64 container)
{
	bpf_map_update_elem(&ns_owners, &inum, &container, BPF_ANY);
}

/* Namespaces */

/*
 * A namespace was made: by a container's task it is the container's, by the host's it is nobody's. Numbers are given out again
 * soon after a namespace ends, and a claim that outlived it must not name the next one.
 */
static __always_inline void ns_made(__u32 inum, struct origin *o)
{
	if (o)
		ns_claim(inum, o->container);
	else
		bpf_map_delete_elem(&ns_owners, &inum);
}

static __always_inline void ns_read(struct nsproxy *nsp, const struct cred *cred, __u32 *ns)
{
	ns[NS_MNT] = BPF_CORE_READ(nsp, mnt_ns, ns.inum);
	ns[NS_PID] = BPF_CORE_READ(nsp, pid_ns_for_children, ns.inum);
	ns[NS_NET] = BPF_CORE_READ(nsp, net_ns, ns.inum);
	ns[NS_UTS] = BPF_CORE_READ(nsp, uts_ns, ns.inum);
	ns[NS_IPC] = BPF_CORE_READ(nsp, ipc_ns, ns.inum);
	ns[NS_CGROUP] = BPF_CORE_READ(nsp, cgroup_ns, ns.inum);
	ns[NS_USER] = BPF_CORE_READ(cred, user_ns, ns.inum);
}

/*
 * A mount's tree: its mount namespace's inode number. INTERNAL where the mount is the kernel's own (pipes, memfd, nsfs,
 * overlayfs' backing files: an error pointer or none, trap T2), DETACHED where it is in no tree yet or any more (an anonymous
 * namespace: number 0, from 6.18 the fixed 0xeffffff7).
 */
#define MNT_INTERNAL 0xffffffff
#define MNT_DETACHED 0xfffffffe

static __always_inline struct mnt_namespace *mount_ns_raw(struct mount *m)
{
	return BPF_CORE_READ(m, mnt_ns);
}

static __always_inline __u32 mnt_ns_number(struct mnt_namespace *ns)
{
	__u32 inum;

	if (!ns || (__u64)ns >= (__u64)-4095)
		return MNT_INTERNAL;
	inum = BPF_CORE_READ(ns, ns.inum);
	return inum == 0 || inum == 0xeffffff7 ? MNT_DETACHED : inum;
}

static __always_inline __u32 mount_ns(struct mount *m)
{
	return mnt_ns_number(mount_ns_raw(m));
}

/*
 * A container is born by the first exec in a cgroup of its own, in a mount namespace and with a root that are not the host's.
 * Before it, the runtime sets up and is silent. A mount namespace that a container has already is joined by an administrator's
 * nsenter (B37), in a cgroup that is not that container's: no birth, and the task stays the host's.
 */
static __always_inline bool is_born(struct task_struct *task, struct cgroup *cg, __u64 id)
{
	__u32 mnt = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	struct owner own;

	if (!id || mnt == host.ns[NS_MNT] || (__u64)BPF_CORE_READ(task, fs, root.dentry) == host.root)
		return false;
	if (cgroup_origin_id(task_cgroup(BPF_CORE_READ(task, real_parent))) == id)
		return false;
	own = owner_of_ns(mnt, NS_MNT);
	return own.kind == WD_OWNER_UNKNOWN;
}

/* A task behind a struct pid, through its list of tasks of `type` (0: by thread, 1: by thread group). */
static __always_inline struct task_struct *pid_task(struct pid *pid, int type)
{
	void *node = NULL;

	if (!pid)
		return NULL;
	bpf_probe_read_kernel(&node, sizeof(node), (void *)&pid->tasks + type * sizeof(void *));
	if (!node)
		return NULL;
	return node - bpf_core_field_offset(((struct task_struct *)0)->pid_links) - type * 2 * sizeof(void *);
}

/* What a number means in an idr, which is a radix tree: a node of it has 2 in its pointer's lower bits. */
static __always_inline void *idr_find(void *entry, __u32 nr)
{
	if (((__u64)entry & 3) != 2 && nr)
		return NULL; /* a tree of one entry has it in the root's place, as number 0 */
#pragma nounroll
	for (int i = 0; i < 6; i++) {
		struct xa_node *node;
		__u32 slot;

		if (((__u64)entry & 3) != 2)
			break;
		node = entry - 2;
		slot = (nr >> BPF_CORE_READ(node, shift)) & 63;
		entry = NULL;
		bpf_probe_read_kernel(&entry, sizeof(entry), (void *)&node->slots + slot * sizeof(void *));
	}
	return (__u64)entry & 3 ? NULL : entry;
}

/* The task that a number means to `task`: a look-up in its own pid namespace. */
static __always_inline struct task_struct *task_find(struct task_struct *task, __u32 nr)
{
	struct pid *self = BPF_CORE_READ(task, thread_pid);
	struct pid_namespace *ns = NULL;
	__u32 level;

	level = BPF_CORE_READ(self, level);
	/* numbers[] holds {int nr, pad, ns}, one of them a level */
	bpf_probe_read_kernel(&ns, sizeof(ns), (void *)&self->numbers + level * 16 + 8);
	return pid_task(idr_find(BPF_CORE_READ(ns, idr.idr_rt.xa_head), nr), 0);
}

/* The open file behind a descriptor. */
static __always_inline struct file *file_of_fd(struct task_struct *task, long fd)
{
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL;

	if (fd < 0 || fd >= BPF_CORE_READ(fdt, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(fdt, fd) + fd);
	return file;
}

/* The same of the running task. */
static __always_inline struct file *file_of_own_fd(long fd)
{
	struct task_struct *task = task_typed();
	struct file *file = NULL;
	struct fdtable *fdt;

	if (!task)
		return file_of_fd((void *)bpf_get_current_task(), fd);
	fdt = task->files->fdt;
	if (fd >= 0 && fd < fdt->max_fds)
		bpf_probe_read_kernel(&file, sizeof(file), fdt->fd + fd);
	return file;
}

/* The socket behind a file, a descriptor; NULL where it is none. */
static __always_inline struct socket *socket_of_file(struct file *file)
{
	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & 0170000) != 0140000)
		return NULL;
	return BPF_CORE_READ(file, private_data);
}

static __always_inline struct socket *socket_of_fd(struct task_struct *task, long fd)
{
	return socket_of_file(file_of_fd(task, fd));
}

/* The process behind a pidfd: from 6.9 a file of pidfs, before an anonymous inode's. */
static __always_inline struct task_struct *pidfd_task(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	if (BPF_CORE_READ(inode, i_sb, s_magic) == 0x50494446 /* PIDFS_MAGIC */)
		return pid_task(BPF_CORE_READ(inode, i_private), 1);
	return pid_task(BPF_CORE_READ(file, private_data), 1);
}

#endif
