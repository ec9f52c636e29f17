// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Credentials. commit_creds is where every legal change ends and what payloads call; the LSM has no hook for it. A change in
 * place (K02) passes nothing: the envelope check at the next hook and the sweep find it.
 */
#include "envelope.h"

static __always_inline int cred_change(const struct cred *new)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct origin *o = origin_current();
	struct container *c;
	struct broken b = {};
	__u32 user;

	user = BPF_CORE_READ(new, user_ns, ns.inum);
	if (user != BPF_CORE_READ(task, real_cred, user_ns, ns.inum) && syscall_nr(task) == SYS_unshare)
		ns_made(user, o);
	if (o && BPF_CORE_READ(task, pid) == BPF_CORE_READ(task, tgid))
		o->cred = NULL; /* its label is the new credentials' from here on */
	c = o ? container_of_origin(o) : NULL;
	if (!c)
		return 0;
	if (user == c->ns[NS_USER]) {
		__u64 have = cred_all_caps(new);

		if (have & ~c->caps)
			b.dims |= WD_DIM_CAP;
	} else {
		ns_judge(&b, c, user, NS_USER, true);
	}
	envelope_report(task, o, c, &b, WD_VIA_CREDS);
	return 0;
}

SEC("fentry/commit_creds")
int BPF_PROG(fentry_cred_change, struct cred *new)
{
	return cred_change(new);
}

SEC("kprobe/commit_creds")
int BPF_KPROBE(kprobe_cred_change, struct cred *new)
{
	return cred_change(new);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
