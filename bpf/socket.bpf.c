// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A container's connection to a unix socket that another principal listens on: a runtime's API, a host daemon, another pod's.
 * The hook has the listening socket itself, so that a socket moved or mounted under another name is the same (M41). Without
 * it, the exit of connect shows the connected pair.
 */
#include "envelope.h"
#include "uring.h"

#define AF_UNIX 1

/* Who listens: the process that called listen(2), else whoever is in the socket's cgroup. */
static __always_inline struct owner socket_owner(struct sock *listener, struct pid *pid, struct task_struct **peer)
{
	struct owner own = {.kind = WD_OWNER_UNKNOWN};
	struct task_struct *task = pid_task(pid, 1);
	struct container *c;

	if (task) {
		*peer = task;
		return owner_of_process(BPF_CORE_READ(task, tgid));
	}
	c = cgroup_container(sock_cgroup(listener));
	if (c) {
		own.kind = WD_OWNER_CONTAINER;
		own.container = c->id;
	}
	return own;
}

static __always_inline int unix_connect(struct sock *named, struct pid *listener, long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task(), *peer = NULL;
	struct origin *o = origin_current();
	struct unix_address *addr;
	struct wd_unix_connect *u;
	struct container *c;
	struct wd_record *r;
	struct owner own;
	__u32 len;

	if (!o || !named)
		return 0;
	c = container_of_origin(o);
	if (!c)
		return 0;
	envelope_check_current(task, o, c, WD_VIA_CONNECT);
	own = socket_owner(named, listener, &peer);
	if (owner_is(&own, o->container))
		return 0;
	r = CRITICAL(WD_SMALL, wd_unix_connect, WD_UNIX_CONNECT, task, o->container, &own);
	if (!r)
		return 0;
	r->outcome = ret < 0 ? WD_DENIED : WD_SUCCEEDED;
	u = record_body(r);
	u->result = ret;
	u->datagram = BPF_CORE_READ(named, sk_type) == 2 /* SOCK_DGRAM */;
	if (peer)
		process_fill(&u->peer, peer);
	addr = BPF_CORE_READ((struct unix_sock *)named, addr);
	len = addr ? (BPF_CORE_READ(addr, len) - 2) & 127 : 0; /* at most 108, sun_path's size */
	if (len) {
		char *to = (char *)r + STRINGS_AT(wd_unix_connect);

		if (!bpf_probe_read_kernel(to, len, (void *)&addr->name + 2)) {
			u->abstract = !to[0];
			u->name.off = STRINGS_AT(wd_unix_connect);
			u->name.len = len;
			r->len += len;
		}
	}
	critical_send(r);
	return 0;
}

SEC("lsm/unix_stream_connect")
int BPF_PROG(lsm_unix_connect, struct sock *sock, struct sock *other, struct sock *newsk, int ret)
{
	unix_connect(other, BPF_CORE_READ(other, sk_peer_pid), 0);
	return 0;
}

SEC("fentry/security_unix_stream_connect")
int BPF_PROG(fentry_unix_connect, struct sock *sock, struct sock *other, struct sock *newsk)
{
	return unix_connect(other, BPF_CORE_READ(other, sk_peer_pid), 0);
}

SEC("kprobe/security_unix_stream_connect")
int BPF_KPROBE(kprobe_unix_connect, struct sock *sock, struct sock *other, struct sock *newsk)
{
	return unix_connect(other, BPF_CORE_READ(other, sk_peer_pid), 0);
}

/* After the call, the caller's socket has the listener's credentials, and its peer the listener's name. */
static __always_inline int unix_connected(struct file *file)
{
	struct socket *socket;
	struct sock *sk;

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & 0170000) != 0140000)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	if (BPF_CORE_READ(sk, __sk_common.skc_family) != AF_UNIX)
		return 0;
	return unix_connect(BPF_CORE_READ((struct unix_sock *)sk, peer), BPF_CORE_READ(sk, sk_peer_pid), 0);
}

SEC("tracepoint/connect")
int sysexit_unix_connect(struct sys_exit *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pt_regs *regs;

	if (ctx->ret || !origin_current())
		return 0;
	regs = syscall_regs(task);
	return regs ? unix_connected(file_of_fd(task, (int)regs_arg1(regs))) : 0;
}

SEC("tp_btf/io_uring_complete")
int BPF_PROG(tp_btf_uring_connect, struct io_ring_ctx *ring, struct io_kiocb *req)
{
	return origin_current() ? unix_connected(uring_connected(req)) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
