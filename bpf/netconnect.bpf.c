// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A container's connections of TCP and datagrams of UDP: where to, and what came of it. Of TCP the tracepoint at a socket's change of
 * state tells, which every kernel has: it is passed the socket itself, with the address that is really connected to (what a load
 * balancer in the cgroup put there), whoever asked for it: connect, sendto with a first piece of data, io_uring, MPTCP.
 *
 * A connection is told when it is known whether it was answered, which is often in another task's time: who began it is remembered. Of
 * the same container to the same place with the same end there is one record a minute, however many connections.
 */
#include "inet.h"
#include "told.h"

struct flow {
	__u64 container;
	struct address peer;
	__u32 net_ns;
	__u16 port;
	__u8 protocol;
	__u8 outcome;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct flow);
	__type(value, __u64);
} flows SEC(".maps");

/* Who began a connection that has no answer yet, by its socket. */
struct connecting {
	struct flow flow;
	struct address local;
	struct wd_process actor;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct connecting);
} connecting SEC(".maps");

/* Who listens: a network namespace and a port, to the container of who called listen(2); 0 is the host. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} listeners SEC(".maps");

static __always_inline __u64 listener_key(__u32 net_ns, __u16 port)
{
	return (__u64)net_ns << 16 | port;
}

static __always_inline bool flow_was_told(const struct flow *f)
{
	__u64 *then = bpf_map_lookup_elem(&flows, f);

	return then && bpf_ktime_get_boot_ns() - *then < TOLD_FOR;
}

static __always_inline struct flow flow_of(struct origin *o, struct sock *sk)
{
	struct sock_common___inet *c = (void *)&sk->__sk_common;

	return (struct flow){
		.container = o->container,
		.peer = sock_peer(sk),
		.net_ns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum),
		.port = __builtin_bswap16(BPF_CORE_READ(c, skc_dport)),
		.protocol = BPF_CORE_READ(sk, sk_protocol),
		.outcome = WD_SUCCEEDED,
	};
}

/* Tells it, once a minute. `actor` NULL: the running task. */
static __always_inline int flow_tell(const struct flow *f, const struct address *local, const struct wd_process *actor)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	bool own = address_is_loopback(&f->peer) || address_is(&f->peer, local);
	__u64 key = listener_key(own ? f->net_ns : host.ns[NS_NET], f->port), container = f->container, *listener;
	__u64 now = bpf_ktime_get_boot_ns();
	struct wd_net_connect *n;
	struct wd_record *r;

	if (flow_was_told(f) || !bpf_map_lookup_elem(&containers, &container))
		return 0;
	bpf_map_update_elem(&flows, f, &now, BPF_ANY);
	r = TELEMETRY(WD_SMALL, wd_net_connect, WD_NET_CONNECT, task, container, NULL);
	if (!r)
		return 0;
	r->outcome = f->outcome;
	if (actor)
		r->actor = *actor;
	n = record_body(r);
	n->protocol = f->protocol;
	n->port = f->port;
	n->peer_high = f->peer.high;
	n->peer_low = f->peer.low;
	n->local_high = local->high;
	n->local_low = local->low;
	n->net_ns = f->net_ns;
	n->host_net_ns = f->net_ns == host.ns[NS_NET];
	listener = bpf_map_lookup_elem(&listeners, &key);
	if (listener) {
		n->listener_known = true;
		n->listener = *listener;
	}
	telemetry_send(r);
	return 0;
}

static __always_inline int connect_begun(struct sock *sk)
{
	struct origin *o = origin_current();
	__u64 key = (__u64)sk;
	struct connecting c = {};

	if (!o)
		return 0;
	c.flow = flow_of(o, sk);
	if (flow_was_told(&c.flow))
		return 0;
	c.local = sock_local(sk);
	process_fill(&c.actor, (void *)bpf_get_current_task());
	bpf_map_update_elem(&connecting, &key, &c, BPF_ANY);
	return 0;
}

static __always_inline int connect_ended(struct sock *sk, int state)
{
	__u64 key = (__u64)sk;
	struct connecting *c = bpf_map_lookup_elem(&connecting, &key);
	struct flow f;

	if (!c)
		return 0;
	f = c->flow;
	f.outcome = state == TCP_CLOSE ? WD_DENIED : WD_SUCCEEDED;
	flow_tell(&f, &c->local, &c->actor);
	bpf_map_delete_elem(&connecting, &key);
	return 0;
}

static __always_inline int listen_begun(struct sock *sk)
{
	struct origin *o = origin_current();
	struct sock_common___inet *c = (void *)&sk->__sk_common;
	__u64 container = o ? o->container : 0;
	__u64 key = listener_key(BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum), BPF_CORE_READ(c, skc_num));

	bpf_map_update_elem(&listeners, &key, &container, BPF_ANY);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tp_btf_net_connect, struct sock *sk, int from, int to)
{
	if (to == TCP_SYN_SENT)
		return connect_begun(sk);
	if (from == TCP_SYN_SENT)
		return connect_ended(sk, to);
	if (to == TCP_LISTEN)
		return listen_begun(sk);
	return 0;
}

/* Each datagram: to the name that comes with it, or to where the socket is connected. The kernel has copied the name by now. */
static __always_inline int net_send(struct sock *sk, struct msghdr *msg)
{
	struct origin *o = origin_current();
	struct inet_name to = {};
	struct address local;
	struct flow f;
	void *name;

	if (!o)
		return 0;
	f = flow_of(o, sk);
	name = BPF_CORE_READ(msg, msg_name);
	if (name) {
		bpf_probe_read_kernel(&to, sizeof(to) - sizeof(to.addr6), name);
		if (to.family == AF_INET6)
			bpf_probe_read_kernel(&to.addr6, sizeof(to.addr6), name + 8);
		f.peer = to.family == AF_INET6 ? address_v6(to.addr6) : address_v4(to.addr);
		f.port = __builtin_bswap16(to.port);
	}
	local = sock_local(sk);
	return flow_tell(&f, &local, NULL);
}

SEC("fentry/udp_sendmsg")
int BPF_PROG(fentry_net_send, struct sock *sk, struct msghdr *msg)
{
	return net_send(sk, msg);
}

SEC("fentry/udpv6_sendmsg")
int BPF_PROG(fentry_net_send__v6, struct sock *sk, struct msghdr *msg)
{
	return net_send(sk, msg);
}

SEC("kprobe/udp_sendmsg")
int BPF_KPROBE(kprobe_net_send, struct sock *sk, struct msghdr *msg)
{
	return net_send(sk, msg);
}

SEC("kprobe/udpv6_sendmsg")
int BPF_KPROBE(kprobe_net_send__v6, struct sock *sk, struct msghdr *msg)
{
	return net_send(sk, msg);
}

/* A socket of datagrams that was connected: it is taken for a datagram, since the exits of the sending calls are too hot. */
SEC("tracepoint/connect")
int sysexit_net_send(struct sys_exit *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct origin *o = ctx->ret ? NULL : origin_current();
	struct pt_regs *regs = o ? syscall_regs(task) : NULL;
	struct socket *socket = regs ? socket_of_fd(task, (int)regs_arg1(regs)) : NULL;
	struct sock *sk = socket ? BPF_CORE_READ(socket, sk) : NULL;
	struct sock_common___inet *c = (void *)sk;
	struct address local;
	__u16 family;
	struct flow f;

	if (!sk)
		return 0;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if ((family != AF_INET && family != AF_INET6) || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_UDP_ ||
	    BPF_CORE_READ(c, skc_state) != TCP_ESTABLISHED)
		return 0;
	f = flow_of(o, sk);
	local = sock_local(sk);
	return flow_tell(&f, &local, NULL);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
