// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * System V shared memory, semaphores and message queues. A namespace of a container's or a pod's is its own; in the host's, which
 * hostIPC shares, an object is its maker's: the host's or a container's. The kernel keeps a maker's pid of shared memory only, so
 * each object's maker is noted as it is made.
 *
 * security_ipc_permission is passed by every use of an object but its removal, after the mode bits allowed it. Without it, the
 * exits show the id, and the id the object. An operation on a semaphore has no exit here: databases make them by the million.
 */
#include "told.h"

struct ipc_maker {
	__u64 container; /* 0 is the host */
	__s64 id;        /* the object's, or IPC_ANY_ID where it was not yet given one */
};

#define IPC_ANY_ID -1

/*
 * By an object's address, which is given out again. Where the making is hooked each object sets its own; at the exits its id, with
 * a sequence number in it, tells whether it is still the same.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct ipc_maker);
} ipc_makers SEC(".maps");

static __always_inline int ipc_make(struct kern_ipc_perm *perm, __s64 id)
{
	struct origin *o = origin_current();
	struct ipc_maker maker = {.container = o ? o->container : 0, .id = id};
	__u64 object = (__u64)perm;

	bpf_map_update_elem(&ipc_makers, &object, &maker, BPF_ANY);
	return 0;
}

/* NULL where it is not known. */
static __always_inline struct ipc_maker *ipc_maker_of(struct kern_ipc_perm *perm)
{
	__u64 object = (__u64)perm;
	struct ipc_maker *maker = bpf_map_lookup_elem(&ipc_makers, &object);

	return maker && (maker->id == IPC_ANY_ID || maker->id == BPF_CORE_READ(perm, id)) ? maker : NULL;
}

/* IPC_CREATE(kind): the wrappers of its kind's hook, which has the object before it can be found */
#define IPC_CREATE(kind)                                                                                                       \
	SEC("lsm/" #kind "_alloc_security")                                                                                    \
	int BPF_PROG(lsm_ipc_create__##kind, struct kern_ipc_perm *perm, int ret)                                              \
	{                                                                                                                      \
		ipc_make(perm, IPC_ANY_ID);                                                                                    \
		return 0;                                                                                                      \
	}                                                                                                                      \
	SEC("fentry/security_" #kind "_alloc")                                                                                 \
	int BPF_PROG(fentry_ipc_create__##kind, struct kern_ipc_perm *perm)                                                    \
	{                                                                                                                      \
		return ipc_make(perm, IPC_ANY_ID);                                                                             \
	}                                                                                                                      \
	SEC("kprobe/security_" #kind "_alloc")                                                                                 \
	int BPF_KPROBE(kprobe_ipc_create__##kind, struct kern_ipc_perm *perm)                                                  \
	{                                                                                                                      \
		return ipc_make(perm, IPC_ANY_ID);                                                                             \
	}

IPC_CREATE(shm)
IPC_CREATE(sem)
IPC_CREATE(msg_queue)

/* Which kind of object a call is about. A 32-bit program's calls have other numbers: no kind. */
static __always_inline __u32 ipc_kind(long nr)
{
	switch (nr) {
	case SYS_shmget:
	case SYS_shmat:
	case SYS_shmctl:
		return WD_IPC_SHM;
	case SYS_semget:
	case SYS_semop:
	case SYS_semtimedop:
	case SYS_semctl:
		return WD_IPC_SEM;
	case SYS_msgget:
	case SYS_msgsnd:
	case SYS_msgrcv:
	case SYS_msgctl:
		return WD_IPC_MSG;
	default:
		return WD_IPC_KIND_UNSPECIFIED;
	}
}

/* Whose an object is. One that was made before the sensor started is nobody's that is known, but for shared memory's living maker. */
static __always_inline struct owner ipc_owner(struct kern_ipc_perm *perm, struct task_struct *creator)
{
	struct owner own = {.kind = WD_OWNER_UNKNOWN};
	struct ipc_maker *maker = ipc_maker_of(perm);

	if (maker && !maker->container) {
		own.kind = WD_OWNER_HOST;
	} else if (maker && bpf_map_lookup_elem(&containers, &maker->container)) {
		own.kind = WD_OWNER_CONTAINER;
		own.container = maker->container;
	} else if (!maker && creator) {
		return owner_of_process(BPF_CORE_READ(creator, tgid));
	}
	return own;
}

static __always_inline int ipc_access(struct kern_ipc_perm *perm, long nr)
{
	struct task_struct *task = (void *)bpf_get_current_task(), *creator = NULL;
	bool control = nr == SYS_shmctl || nr == SYS_semctl || nr == SYS_msgctl;
	struct origin *o = origin_current();
	struct wd_ipc_access *a;
	__u32 kind = ipc_kind(nr);
	struct wd_record *r;
	struct owner own;

	if (!o || BPF_CORE_READ(task, nsproxy, ipc_ns, ns.inum) != host.ns[NS_IPC])
		return 0;
	if (kind == WD_IPC_SHM)
		creator = pid_task(BPF_CORE_READ((struct shmid_kernel *)perm, shm_cprid), 1);
	own = ipc_owner(perm, creator);
	if (owner_is(&own, o->container) || told_before(o->container, (__u64)perm, TOLD_IPC | control << 8 | kind))
		return 0;
	r = CRITICAL(WD_SMALL, wd_ipc_access, WD_IPC_ACCESS, task, o->container, &own);
	if (!r)
		return 0;
	a = record_body(r);
	a->kind = kind;
	a->key = BPF_CORE_READ(perm, key);
	a->id = BPF_CORE_READ(perm, id);
	a->mode = BPF_CORE_READ(perm, mode);
	a->creator_uid = BPF_CORE_READ(perm, cuid.val);
	a->control = control;
	if (creator)
		process_fill(&a->creator, creator);
	critical_send(r);
	return 0;
}

SEC("lsm/ipc_permission")
int BPF_PROG(lsm_ipc_access, struct kern_ipc_perm *perm, short flag, int ret)
{
	if (origin_current())
		ipc_access(perm, syscall_nr((void *)bpf_get_current_task()));
	return 0;
}

SEC("fentry/security_ipc_permission")
int BPF_PROG(fentry_ipc_access, struct kern_ipc_perm *perm, short flag)
{
	return origin_current() ? ipc_access(perm, syscall_nr((void *)bpf_get_current_task())) : 0;
}

SEC("kprobe/security_ipc_permission")
int BPF_KPROBE(kprobe_ipc_access, struct kern_ipc_perm *perm, short flag)
{
	return origin_current() ? ipc_access(perm, syscall_nr((void *)bpf_get_current_task())) : 0;
}

#define IPC_INDEX 0x7fff /* the rest of an id is a sequence number (unless booted with ipcmni_extend) */

static __always_inline struct kern_ipc_perm *ipc_find(struct ipc_namespace *ns, __u32 kind, int id, int *newest)
{
	struct kern_ipc_perm *perm;
	void *head;

	if (kind == WD_IPC_SHM) {
		head = BPF_CORE_READ(ns, ids[2].ipcs_idr.idr_rt.xa_head);
		*newest = BPF_CORE_READ(ns, ids[2].last_idx);
	} else if (kind == WD_IPC_MSG) {
		head = BPF_CORE_READ(ns, ids[1].ipcs_idr.idr_rt.xa_head);
		*newest = BPF_CORE_READ(ns, ids[1].last_idx);
	} else {
		head = BPF_CORE_READ(ns, ids[0].ipcs_idr.idr_rt.xa_head);
		*newest = BPF_CORE_READ(ns, ids[0].last_idx);
	}
	perm = idr_find(head, id & IPC_INDEX);
	return perm && BPF_CORE_READ(perm, id) == id ? perm : NULL;
}

#define IPC_CREAT 01000

/*
 * The *get calls, which make or find. One that may make, that found nothing known, and whose object is the namespace's newest is
 * taken for its maker.
 */
SEC("tracepoint/shmget semget msgget")
int sysexit_ipc_create(struct sys_exit *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct kern_ipc_perm *perm;
	struct pt_regs *regs;
	unsigned long flags;
	int newest = -1;

	if (ctx->ret < 0)
		return 0;
	regs = syscall_regs(task);
	if (!regs)
		return 0;
	perm = ipc_find(BPF_CORE_READ(task, nsproxy, ipc_ns), ipc_kind(ctx->nr), ctx->ret, &newest);
	if (!perm)
		return 0;
	flags = ctx->nr == SYS_msgget ? regs_arg2(regs) : regs_arg3(regs);
	if ((flags & IPC_CREAT) && newest == (ctx->ret & IPC_INDEX) && !ipc_maker_of(perm))
		return ipc_make(perm, ctx->ret);
	return ipc_access(perm, ctx->nr);
}

/* What comes with an id. A *ctl that removed its object finds none. */
SEC("tracepoint/shmat shmctl semctl msgctl msgsnd msgrcv")
int sysexit_ipc_access(struct sys_exit *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct kern_ipc_perm *perm;
	struct pt_regs *regs;
	int newest;

	if ((ctx->ret < 0 && ctx->ret >= -4095) || !origin_current())
		return 0;
	regs = syscall_regs(task);
	if (!regs)
		return 0;
	perm = ipc_find(BPF_CORE_READ(task, nsproxy, ipc_ns), ipc_kind(ctx->nr), (int)regs_arg1(regs), &newest);
	return perm ? ipc_access(perm, ctx->nr) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
