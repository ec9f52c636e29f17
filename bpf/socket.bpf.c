// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A container's connection or datagram to a unix socket that another principal bound: a runtime's API, a host daemon's, another
 * pod's. The hooks have the named socket itself, so that a socket moved or mounted under another name is the same (M41). Without
 * them, the exit of connect shows the connected pair; a datagram to a name is not seen then, since sendto's exit is too hot.
 */
#include "told.h"

#include "envelope.h"
#include "uring.h"

#define AF_UNIX    1
#define SOCK_DGRAM 2

/* A socket's address, which each bind sets anew, to its binder's container; 0 is the host. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} binders SEC(".maps");

static __always_inline int unix_bind(struct socket *socket)
{
	struct origin *o = origin_current();
	__u64 sk = (__u64)BPF_CORE_READ(socket, sk), binder = o ? o->container : 0;

	if (BPF_CORE_READ((struct sock *)sk, __sk_common.skc_family) == AF_UNIX)
		bpf_map_update_elem(&binders, &sk, &binder, BPF_ANY);
	return 0;
}

SEC("lsm/socket_bind")
int BPF_PROG(lsm_unix_bind, struct socket *socket, struct sockaddr *address, int len, int ret)
{
	unix_bind(socket);
	return 0;
}

SEC("fentry/security_socket_bind")
int BPF_PROG(fentry_unix_bind, struct socket *socket, struct sockaddr *address, int len)
{
	return unix_bind(socket);
}

SEC("kprobe/security_socket_bind")
int BPF_KPROBE(kprobe_unix_bind, struct socket *socket)
{
	return unix_bind(socket);
}

SEC("tracepoint/bind")
int sysexit_unix_bind(struct sys_exit *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pt_regs *regs = ctx->ret ? NULL : syscall_regs(task);
	struct socket *socket = regs ? socket_of_fd(task, (int)regs_arg1(regs)) : NULL;

	return socket ? unix_bind(socket) : 0;
}

/*
 * Whose a named socket is: of the process that called listen(2), while it lives; of who bound it; of the container whose cgroup it
 * was made in; of its network namespace. In the host's, one that was made in a cgroup of version 2 that is no container's is the
 * host's; of one in the root cgroup nothing is known, since a container in version 1's only is there too.
 */
static __always_inline struct owner socket_owner(struct sock *named, struct pid *pid, struct task_struct **peer)
{
	struct owner own = {.kind = WD_OWNER_UNKNOWN};
	struct task_struct *task = pid_task(pid, 1);
	__u64 sk = (__u64)named, *binder;
	struct cgroup *cg;
	struct container *c;

	if (task) {
		*peer = task;
		return owner_of_process(BPF_CORE_READ(task, tgid));
	}
	binder = bpf_map_lookup_elem(&binders, &sk);
	if (binder) {
		own.kind = *binder ? WD_OWNER_CONTAINER : WD_OWNER_HOST;
		own.container = *binder;
		return own;
	}
	cg = sock_cgroup(named);
	c = cgroup_container(cg);
	if (c) {
		own.kind = WD_OWNER_CONTAINER;
		own.container = c->id;
		return own;
	}
	own = owner_of_ns(BPF_CORE_READ(named, __sk_common.skc_net.net, ns.inum), NS_NET);
	if (own.kind == WD_OWNER_HOST && !cgroup_origin_id(cg))
		own.kind = WD_OWNER_UNKNOWN;
	return own;
}

static __always_inline int unix_connect(struct sock *named, struct pid *listener)
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
	envelope_check_current(task, o, WD_VIA_CONNECT);
	own = socket_owner(named, listener, &peer);
	if (owner_is(&own, o->container))
		return 0;
	addr = BPF_CORE_READ((struct unix_sock *)named, addr);
	if (told_before(o->container, number_of(named) ^ (__u64)addr, TOLD_SOCKET))
		return 0;
	r = CRITICAL(WD_SMALL, wd_unix_connect, WD_UNIX_CONNECT, task, o->container, &own);
	if (!r)
		return 0;
	u = record_body(r);
	u->datagram = BPF_CORE_READ(named, sk_type) == SOCK_DGRAM;
	if (peer) {
		process_fill(&u->peer, peer);
		bpf_probe_read_kernel_str(u->peer_exe, sizeof(u->peer_exe),
					  BPF_CORE_READ(peer, mm, exe_file, f_path.dentry, d_name.name));
	}
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
	unix_connect(other, BPF_CORE_READ(other, sk_peer_pid));
	return 0;
}

SEC("fentry/security_unix_stream_connect")
int BPF_PROG(fentry_unix_connect, struct sock *sock, struct sock *other, struct sock *newsk)
{
	return unix_connect(other, BPF_CORE_READ(other, sk_peer_pid));
}

SEC("kprobe/security_unix_stream_connect")
int BPF_KPROBE(kprobe_unix_connect, struct sock *sock, struct sock *other, struct sock *newsk)
{
	return unix_connect(other, BPF_CORE_READ(other, sk_peer_pid));
}

/* After the call, the caller's socket has the listener's credentials, and its peer the listener's name. */
static __always_inline int unix_connected(struct socket *socket)
{
	struct sock *sk = socket ? BPF_CORE_READ(socket, sk) : NULL;

	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_family) != AF_UNIX)
		return 0;
	return unix_connect(BPF_CORE_READ((struct unix_sock *)sk, peer), BPF_CORE_READ(sk, sk_peer_pid));
}

SEC("tracepoint/connect")
int sysexit_unix_connect(struct sys_exit *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pt_regs *regs;

	if (ctx->ret || !origin_current())
		return 0;
	regs = syscall_regs(task);
	return regs ? unix_connected(socket_of_fd(task, (int)regs_arg1(regs))) : 0;
}

SEC("tp_btf/io_uring_complete")
int BPF_PROG(tp_btf_uring_connect, struct io_ring_ctx *ring, struct io_kiocb *req)
{
	return origin_current() ? unix_connected(socket_of_file(uring_connected(req))) : 0;
}

/* Each datagram, and connect of a socket of datagrams. A receiver that took no name cannot be meant by a stranger. */
static __always_inline int unix_send(struct socket *other)
{
	struct sock *sk;

	if (!origin_current())
		return 0;
	sk = BPF_CORE_READ(other, sk);
	return sk && BPF_CORE_READ((struct unix_sock *)sk, addr) ? unix_connect(sk, NULL) : 0;
}

SEC("lsm/unix_may_send")
int BPF_PROG(lsm_unix_send, struct socket *socket, struct socket *other, int ret)
{
	unix_send(other);
	return 0;
}

SEC("fentry/security_unix_may_send")
int BPF_PROG(fentry_unix_send, struct socket *socket, struct socket *other)
{
	return unix_send(other);
}

SEC("kprobe/security_unix_may_send")
int BPF_KPROBE(kprobe_unix_send, struct socket *socket, struct socket *other)
{
	return unix_send(other);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
