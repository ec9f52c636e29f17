// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A container's life: the seal at its first exec, its processes' forks, execs and exits, and its end with the last of them.
 *
 * The hooks are the scheduler's tracepoints on every kernel and tier: they pass the task itself, exec's fires after the new
 * credentials are in place and before the program runs, and there is no way past them.
 */
#include "provenance.h"
#include "reach.h"
#include "tree.h"

__u32 origin_filter[ORIGIN_FILTER];

/* Descriptors 0 to 2 of a task that begins a container's life or enters it: what it may open again by /proc/self/fd. */
static __always_inline void stdio_remember(struct container *c, struct task_struct *task)
{
#pragma nounroll
	for (int fd = 0; fd < 3; fd++) {
		struct file *file = file_of_fd(task, fd);
		struct inode *inode = file ? BPF_CORE_READ(file, f_inode) : NULL;
		__u32 slot = c->stdio_next++ & (STDIO_SLOTS - 1);

		if (!inode)
			continue;
		c->stdio[slot].inode = BPF_CORE_READ(inode, i_ino);
		c->stdio[slot].sb = (__u64)BPF_CORE_READ(inode, i_sb);
	}
}

/* The sweep of descriptors need not tell them. Those of the kernel's own mounts (pipes) it never looks at. */
static __always_inline void stdio_hold(__u64 container, struct task_struct *task)
{
#pragma nounroll
	for (int fd = 0; fd < 3; fd++) {
		struct file *file = file_of_fd(task, fd);

		if (file && mount_ns(real_mount(BPF_CORE_READ(file, f_path.mnt))) != MNT_INTERNAL)
			held_before(container, file);
	}
}

/* Directories that a task holds outside its own mount tree at its seal: leaked by the runtime (CVE-2024-21626's shape). */
static __always_inline __u32 leaked_dirs(struct task_struct *task, __u32 own_ns)
{
	__u32 leaked = 0;

#pragma nounroll
	for (int fd = 0; fd < 16; fd++) {
		struct file *file = file_of_fd(task, fd);
		__u32 ns;

		if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & 0170000) != 0040000)
			continue;
		ns = mount_ns(real_mount(BPF_CORE_READ(file, f_path.mnt)));
		if (ns != own_ns && ns != MNT_INTERNAL)
			leaked++;
	}
	return leaked;
}

static __always_inline int container_seal(struct task_struct *task, struct cgroup *cg, __u64 id, bool late)
{
	struct container c = {.id = id};
	const struct cred *cred = BPF_CORE_READ(task, real_cred);
	struct wd_container_seal *s;
	struct wd_account *a;
	struct wd_record *r;
	__u32 shared = 0;

	ns_read(BPF_CORE_READ(task, nsproxy), cred, c.ns);
	c.caps = cred_caps(&cred->cap_bset);
	c.upper = upper_claim(task, id);
	c.root = (__u64)real_mount(BPF_CORE_READ(task, fs, root.mnt));
	stdio_remember(&c, task);
	stdio_hold(id, task);
	if (bpf_map_update_elem(&containers, &id, &c, BPF_ANY)) {
		lost_count(0, WD_TABLE);
		return -1;
	}
	a = account_of(id);
	if (a)
		a->sealed = 1;
	if (bpf_map_update_elem(&wd_capabilities, &id, &capabilities_empty, BPF_NOEXIST) &&
	    !bpf_map_lookup_elem(&wd_capabilities, &id))
		lost_count(id, WD_TABLE); /* its checks are not counted */
#pragma nounroll
	for (int i = 0; i < NS_COUNT; i++) {
		if (c.ns[i] == host.ns[i])
			shared |= 1 << i;
		else if (owner_of_ns(c.ns[i], i).kind == WD_OWNER_UNKNOWN)
			ns_claim(c.ns[i], id); /* one that it joined stays its first owner's (a pod's network) */
	}
	cgroups_claim(BPF_CORE_READ(task, cgroups), id);
	r = CRITICAL(WD_LARGE, wd_container_seal, WD_CONTAINER_SEAL, task, id, NULL);
	if (!r)
		return 0;
	s = record_body(r);
	s->container_id = id;
	s->late = late;
	s->cap_bounding = c.caps;
	s->seccomp_mode = r->actor.seccomp_mode;
	s->no_new_privs = r->actor.no_new_privs;
	s->shared_ns = shared;
	if (!late)
		s->leaked_dirs = leaked_dirs(task, c.ns[NS_MNT]);
	path_write_cgroup(r, STRINGS_AT(wd_container_seal), &s->cgroup_path, BPF_CORE_READ(cg, kn));
	critical_send(r);
	return 0;
}

static __always_inline struct origin *origin_give(__u32 tgid, struct origin *o)
{
	struct container *c = container_of_origin(o);

	o->caps = c ? c->caps : 0;
	if (bpf_map_update_elem(&origins, &tgid, o, BPF_NOEXIST)) {
		lost_count(o->container, WD_TABLE);
		return NULL;
	}
	__sync_fetch_and_add(&origin_filter[tgid % ORIGIN_FILTER], 1);
	if (c)
		__sync_fetch_and_add(&c->processes, 1);
	return origin_of(tgid);
}

static __always_inline struct origin *container_enter(struct task_struct *task, struct container *c, bool late)
{
	struct origin o = {.container = c->id, .mnt_ns = c->ns[NS_MNT], .entered = !late};
	struct wd_container_enter *e;
	struct wd_record *r;

	if (!late)
		stdio_remember(c, task);
	stdio_hold(c->id, task);
	r = TELEMETRY(WD_SMALL, wd_container_enter, WD_CONTAINER_ENTER, task, c->id, NULL);
	if (r) {
		e = record_body(r);
		e->container_id = c->id;
		e->late = late;
		telemetry_send(r);
	}
	return origin_give(BPF_CORE_READ(task, tgid), &o);
}

/* A host process executes: does that make it a container's first, or one that enters a container? */
static __always_inline struct origin *seal_or_enter(struct task_struct *task)
{
	struct cgroup *cg = task_cgroup(task);
	struct container *c = cgroup_container(cg);
	struct origin o = {};

	if (c)
		return container_enter(task, c, false);
	o.container = cgroup_origin_id(cg);
	if (!is_born(task, cg, o.container) || container_seal(task, cg, o.container, false))
		return NULL;
	o.mnt_ns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	return origin_give(BPF_CORE_READ(task, tgid), &o);
}

static __always_inline void exec_tell(struct task_struct *task, __u64 origin, struct linux_binprm *bprm)
{
	struct file *file = bprm ? BPF_CORE_READ(bprm, file) : NULL;
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct wd_process_exec *e;
	struct wd_record *r;

	r = TELEMETRY(WD_LARGE, wd_process_exec, WD_PROCESS_EXEC, task, origin, NULL);
	if (!r)
		return;
	e = record_body(r);
	e->snapshot = !bprm;
	if (bprm)
		e->secure = BPF_CORE_READ_BITFIELD_PROBED(bprm, secureexec);
	if (bprm && mm)
		args_write(r, STRINGS_AT(wd_process_exec), &e->args, mm);
	/* Args have their full room, so that the path's place is a constant to the verifier. */
	if (!file && mm)
		file = BPF_CORE_READ(mm, exe_file);
	if (file)
		path_write(r, STRINGS_AT(wd_process_exec) + WD_ARGS_MAX, &e->file, BPF_CORE_READ(file, f_path.mnt),
			   BPF_CORE_READ(file, f_path.dentry));
	telemetry_send(r);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(tp_btf_process_exec, struct task_struct *task, pid_t old, struct linux_binprm *bprm)
{
	struct origin *o;

	if (!host.ready)
		return 0;
	o = origin_of(BPF_CORE_READ(task, tgid));
	if (!o) {
		o = seal_or_enter(task);
		if (o)
			runtime_learn(BPF_CORE_READ(task, real_parent));
	}
	if (!o)
		return 0;
	if (old != (pid_t)BPF_CORE_READ(task, pid))
		security_remember(o, task); /* another thread executed and became the first */
	exec_tell(task, o->container, bprm);
	return 0;
}

/*
 * The mount tree of a container that was just sealed, and the envelope of whoever executes. A program of its own, behind the one above
 * on the same tracepoint: the two together have more stack than a program may (5.10), and the verifier would take this one for
 * each way through that one.
 */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(tp_btf_process_exec__check, struct task_struct *task, pid_t old, struct linux_binprm *bprm)
{
	struct origin *o = origin_of(BPF_CORE_READ(task, tgid));

	if (!o)
		return 0;
	if (!bpf_map_lookup_elem(&trees, &o->container))
		tree_seal(task, o->container);
	envelope_check(task, WD_VIA_EXEC);
	return 0;
}

/* clone with CLONE_NEW* makes namespaces and joins none. Gives their Dimension bits. */
static __always_inline __u32 ns_cloned(struct task_struct *parent, struct task_struct *child, struct origin *o)
{
	__u32 old[NS_COUNT] = {}, new[NS_COUNT] = {}, made = 0;

	ns_read(BPF_CORE_READ(parent, nsproxy), BPF_CORE_READ(parent, real_cred), old);
	ns_read(BPF_CORE_READ(child, nsproxy), BPF_CORE_READ(child, real_cred), new);
#pragma nounroll
	for (int i = 0; i < NS_COUNT; i++)
		if (new[i] != old[i]) {
			ns_made(new[i], o);
			made |= host.bit[i];
		}
	return made;
}

/* Strict mode: what a container made for itself is told. A global function: a stack of its own. */
__weak __attribute__((noinline)) int ns_made_tell(__u64 container, __u32 dims)
{
	struct owner own = {.kind = WD_OWNER_CONTAINER, .container = container};
	struct wd_namespace_change *n;
	struct wd_record *r;

	if (!strict || !dims)
		return 0;
	r = CRITICAL(WD_SMALL, wd_namespace_change, WD_NAMESPACE_CHANGE, (void *)bpf_get_current_task(), container, &own);
	if (!r)
		return 0;
	n = record_body(r);
	n->via = WD_VIA_CLONE;
	n->dimensions = dims;
	critical_send(r);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(tp_btf_process_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 parent_id = BPF_CORE_READ(parent, tgid), child_id = BPF_CORE_READ(child, tgid);
	struct origin *o;
	struct wd_record *r;
	__u32 made = 0;

	if (parent_id == child_id)
		return 0; /* a thread */
	o = origin_of(parent_id);
	/* A user namespace alone, as sandboxes try whether they may have one, is not in the proxy. */
	if (BPF_CORE_READ(child, nsproxy) != BPF_CORE_READ(parent, nsproxy) ||
	    BPF_CORE_READ(child, real_cred, user_ns) != BPF_CORE_READ(parent, real_cred, user_ns))
		made = ns_cloned(parent, child, o);
	if (!o)
		return 0;
	if (made)
		ns_made_tell(o->container, made);
	o = origin_give(child_id, o);
	if (!o)
		return 0;
	if ((__u32)BPF_CORE_READ(parent, pid) != parent_id)
		security_remember(o, child); /* another thread than the one whose state is remembered */
	r = TELEMETRY(WD_SMALL, wd_process_fork, WD_PROCESS_FORK, parent, o->container, NULL);
	if (r) {
		struct wd_process_fork *f = record_body(r);

		f->child_pid = child_id;
		f->child_tid = BPF_CORE_READ(child, pid);
		f->child_start_ns = BPF_CORE_READ(child, start_boottime);
		telemetry_send(r);
	}
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(tp_btf_process_exit, struct task_struct *task)
{
	__u32 tgid = BPF_CORE_READ(task, tgid);
	struct origin *o = origin_of(tgid);
	struct wd_account *a;
	struct container *c;
	struct wd_record *r;
	__u64 id;

	if (!o || BPF_CORE_READ(task, signal, live.counter))
		return 0;
	id = o->container;
	r = TELEMETRY(WD_SMALL, wd_process_exit, WD_PROCESS_EXIT, task, id, NULL);
	if (r) {
		struct wd_process_exit *e = record_body(r);

		e->exit_code = BPF_CORE_READ(task, exit_code);
		telemetry_send(r);
	}
	c = container_of_origin(o);
	if (!bpf_map_delete_elem(&origins, &tgid))
		__sync_fetch_and_add(&origin_filter[tgid % ORIGIN_FILTER], -1);
	if (!c)
		return 0;
	__sync_fetch_and_add(&c->processes, -1);
	if (c->processes)
		return 0;
	upper_release(c->upper, id);
	bpf_map_delete_elem(&containers, &id);
	bpf_map_delete_elem(&trees, &id);
	r = CRITICAL(WD_SMALL, wd_container_end, WD_CONTAINER_END, task, id, NULL);
	if (r) {
		struct wd_container_end *e = record_body(r);

		e->container_id = id;
		critical_send(r);
	}
	a = account_of(id);
	if (a)
		a->sealed = 0; /* nothing more will be made: userspace closes it when all has come */
	return 0;
}

/*
 * What ran when the sensor started, in two walks over the tasks: the first seals each container from the process whose parent
 * is outside of it, the second gives everybody in a sealed container's cgroup that origin, wherever it is by then.
 */
static __always_inline bool is_leader(struct task_struct *task)
{
	return task && host.ready && BPF_CORE_READ(task, pid) == BPF_CORE_READ(task, tgid) && BPF_CORE_READ(task, mm) &&
	       BPF_CORE_READ(task, nsproxy);
}

SEC("iter/task")
int iter_seal(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct cgroup *cg;
	__u64 id;

	if (!is_leader(task) || origin_of(BPF_CORE_READ(task, tgid)))
		return 0;
	cg = task_cgroup(task);
	id = cgroup_origin_id(cg);
	if (!bpf_map_lookup_elem(&containers, &id) && is_born(task, cg, id) && !container_seal(task, cg, id, true))
		tree_seal(task, id);
	return 0;
}

SEC("iter/task")
int iter_enter(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct container *c;
	struct origin *o;

	if (!is_leader(task) || origin_of(BPF_CORE_READ(task, tgid)))
		return 0;
	c = cgroup_container(task_cgroup(task));
	if (!c)
		return 0;
	o = container_enter(task, c, true);
	if (o)
		exec_tell(task, o->container, NULL);
	return 0;
}

/* The host, seen from its process 1: found by walking up from the sensor, which may be in a container itself. */
SEC("iter/task")
int iter_host(struct bpf_iter__task *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	if (host.ready)
		return 0;
#pragma nounroll
	for (int i = 0; i < 64 && BPF_CORE_READ(task, tgid) != 1; i++)
		task = BPF_CORE_READ(task, real_parent);
	if (BPF_CORE_READ(task, tgid) != 1)
		return 0;
	ns_read(BPF_CORE_READ(task, nsproxy), BPF_CORE_READ(task, real_cred), host.ns);
	host.root = (__u64)BPF_CORE_READ(task, fs, root.dentry);
	for (int i = 0; i < NS_COUNT; i++)
		host.bit[i] = 1 << i;
	host.sensor = bpf_get_current_task();
	host.ready = 1;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
