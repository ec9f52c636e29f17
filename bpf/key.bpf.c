// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Keys. The kernel tells them apart by uid and user namespace, not by container: two containers' roots are one owner to it. So
 * each key's maker is noted as it is made, and who asks for it is held against that.
 *
 * key_permission is passed by each use of a key, by the keyctl calls and by the kernel's own users. Its first argument's type is
 * not a struct to the verifier, so that only a kprobe reads it, and both hooks are kprobes; without them, the calls' exits show a serial number. A search for
 * others' keys is one of numbers, most of which are refused: counted at the exit on all tiers, since the hook is not reached.
 */
#include "told.h"

/* A key's address, or its serial number where the address cannot be had, to its maker's container; 0 is the host. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} key_makers SEC(".maps");

static __always_inline int key_make(__u64 key)
{
	struct origin *o = origin_current();
	__u64 maker = o ? o->container : 0;

	bpf_map_update_elem(&key_makers, &key, &maker, BPF_ANY);
	return 0;
}

SEC("kprobe/security_key_alloc")
int BPF_KPROBE(kprobe_key_create, struct key *key)
{
	return key_make((__u64)key);
}

/* The task's own keyrings: a runtime makes the session's, before the container is its task's origin. */
static __always_inline bool is_own_keyring(struct task_struct *task, const struct key *key)
{
	const struct cred *cred = BPF_CORE_READ(task, real_cred);

	return key == BPF_CORE_READ(cred, session_keyring) || key == BPF_CORE_READ(cred, process_keyring) ||
	       key == BPF_CORE_READ(cred, thread_keyring);
}

/* "_uid.0", "_uid_ses.0": a user's, made by whichever of its tasks asked first, and linked by every login. */
static __always_inline bool is_user_keyring(const struct key *key)
{
	char name[4] = {};

	bpf_probe_read_kernel(name, sizeof(name), BPF_CORE_READ(key, description));
	return name[0] == '_' && name[1] == 'u' && name[2] == 'i' && name[3] == 'd';
}

/* `id` is what key_makers knows it by; `key` is NULL where there is a serial number only. */
static __always_inline int key_access(__u64 id, struct key *key, __u32 serial, __u32 operation, long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 *maker = bpf_map_lookup_elem(&key_makers, &id);
	struct origin *o = origin_current();
	struct owner own = {.kind = WD_OWNER_HOST};
	struct wd_key_access *k;
	struct wd_record *r;

	if (!o || !maker || *maker == o->container)
		return 0;
	if (key && (is_own_keyring(task, key) || is_user_keyring(key)))
		return 0;
	if (*maker) {
		own.kind = bpf_map_lookup_elem(&containers, maker) ? WD_OWNER_CONTAINER : WD_OWNER_UNKNOWN;
		own.container = *maker;
	}
	if (told_before(o->container, id, TOLD_KEY | (ret < 0)))
		return 0;
	r = CRITICAL(WD_SMALL, wd_key_access, WD_KEY_ACCESS, task, o->container, &own);
	if (!r)
		return 0;
	r->outcome = ret < 0 ? WD_DENIED : WD_SUCCEEDED;
	k = record_body(r);
	k->operation = operation;
	k->serial = serial;
	k->result = ret;
	if (key) {
		long len;

		k->serial = BPF_CORE_READ(key, serial);
		k->uid = BPF_CORE_READ(key, uid.val);
		k->permissions = BPF_CORE_READ(key, perm);
		bpf_probe_read_kernel_str(k->key_type, sizeof(k->key_type), BPF_CORE_READ(key, type, name));
		len = bpf_probe_read_kernel_str((char *)r + STRINGS_AT(wd_key_access), 128, BPF_CORE_READ(key, description));
		if (len > 1 && len <= 128) {
			k->description.off = STRINGS_AT(wd_key_access);
			k->description.len = len - 1;
			r->len += len;
		}
	}
	critical_send(r);
	return 0;
}

SEC("kprobe/security_key_permission")
int BPF_KPROBE(kprobe_key_access, unsigned long key_ref)
{
	struct key *key = (void *)(key_ref & ~1ul); /* bit 0: found in the caller's own keyrings */
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pt_regs *regs;
	__u32 operation = 0;

	if (!origin_current())
		return 0;
	regs = syscall_regs(task);
	if (regs && regs_nr(regs) == SYS_keyctl)
		operation = regs_arg1(regs);
	return key_access((__u64)key, key, 0, operation, 0);
}

#define KEYCTL_JOIN_SESSION_KEYRING 1
#define KEYCTL_SEARCH               10
#define EPERM_                      -1
#define EACCES_                     -13
#define ENOKEY_                     -126

/* A serial number that a call gave is its caller's, where nobody's yet: made by it, or found. */
static __always_inline void serial_given(__u64 serial)
{
	if (!bpf_map_lookup_elem(&key_makers, &serial))
		key_make(serial);
}

SEC("tracepoint/add_key request_key")
int sysexit_key_create(struct sys_exit *ctx)
{
	if (ctx->ret > 0)
		serial_given(ctx->ret);
	return 0;
}

SEC("tracepoint/keyctl")
int sysexit_key_access(struct sys_exit *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pt_regs *regs = syscall_regs(task);
	const struct cred *cred;
	struct key *session;
	long op, serial;

	if (!regs)
		return 0;
	op = (int)regs_arg1(regs);
	serial = (int)regs_arg2(regs);
	if (op == KEYCTL_JOIN_SESSION_KEYRING && ctx->ret > 0) {
		serial_given(ctx->ret);
		return 0;
	}
	if (op == KEYCTL_JOIN_SESSION_KEYRING || serial <= 0 || !origin_current() ||
	    (ctx->ret < 0 && ctx->ret != EACCES_ && ctx->ret != EPERM_))
		return 0;
	cred = BPF_CORE_READ(task, real_cred);
	session = BPF_CORE_READ(cred, session_keyring);
	if (BPF_CORE_READ(session, serial) == serial)
		return 0;
	return key_access(serial, NULL, serial, op, ctx->ret);
}

/* Numbers that were tried in vain, by container. */
struct search {
	__u64 since;
	__u32 refused;
	__u32 told;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WD_MAX_CONTAINERS);
	__type(key, __u64);
	__type(value, struct search);
} key_searches SEC(".maps");

#define SEARCH_MANY 64
#define SEARCH_FOR  10000000000ull

/* So many within ten seconds are told once. A search by name is told apart: it fails every day. */
static __always_inline int key_refused(long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct origin *o = origin_current();
	__u64 now = bpf_ktime_get_boot_ns();
	struct search *s, first = {.since = now, .refused = 1};
	struct pt_regs *regs;
	struct wd_key_search *k;
	struct wd_record *r;
	struct owner own = {.kind = WD_OWNER_UNKNOWN};
	int op, serial;

	if (!o || (ret != ENOKEY_ && ret != EACCES_))
		return 0;
	regs = syscall_regs(task);
	op = regs ? (int)regs_arg1(regs) : KEYCTL_JOIN_SESSION_KEYRING;
	serial = regs ? (int)regs_arg2(regs) : 0;
	if (op == KEYCTL_JOIN_SESSION_KEYRING || op == KEYCTL_SEARCH || serial <= 0)
		return 0;
	s = bpf_map_lookup_elem(&key_searches, &o->container);
	if (!s || now - s->since > SEARCH_FOR) {
		bpf_map_update_elem(&key_searches, &o->container, &first, BPF_ANY);
		return 0;
	}
	__sync_fetch_and_add(&s->refused, 1);
	if (s->refused < SEARCH_MANY || s->told)
		return 0;
	s->told = 1;
	r = CRITICAL(WD_SMALL, wd_key_search, WD_KEY_SEARCH, task, o->container, &own);
	if (!r)
		return 0;
	r->outcome = WD_DENIED;
	k = record_body(r);
	k->refused = s->refused;
	k->serial = serial;
	k->result = ret;
	critical_send(r);
	return 0;
}

SEC("fexit/" SYSCALL_PREFIX "keyctl")
int BPF_PROG(fexit_key_refused, const struct pt_regs *regs, long ret)
{
	return ret < 0 ? key_refused(ret) : 0;
}

SEC("kretprobe/" SYSCALL_PREFIX "keyctl")
int BPF_KRETPROBE(kprobe_key_refused, long ret)
{
	return ret < 0 ? key_refused(ret) : 0;
}

SEC("tracepoint/keyctl")
int sysexit_key_refused(struct sys_exit *ctx)
{
	return ctx->ret < 0 ? key_refused(ctx->ret) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
