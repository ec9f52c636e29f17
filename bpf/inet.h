/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sockets of the internet: the fields that are read beside those of kernel.h, and addresses as all of warder has them. */
#ifndef WARDER_INET_H
#define WARDER_INET_H

#include "origin.h"

#define AF_INET      2
#define AF_INET6     10
#define IPPROTO_UDP_ 17

/* include/net/tcp_states.h */
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT    2
#define TCP_CLOSE       7
#define TCP_LISTEN      10

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct sock_common___inet {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	volatile unsigned char skc_state;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct msghdr {
	void *msg_name;
	int msg_namelen;
};

#pragma clang attribute pop

/* The uapi's, which do not change. Of struct sockaddr_in and sockaddr_in6: the address of the latter is where flow and address are. */
struct inet_name {
	__u16 family;
	__be16 port;
	__be32 addr; /* in6: the flow's label */
	__be32 addr6[4];
};

/* An address of IPv6 in two numbers, one of IPv4 as IPv6 has it. */
struct address {
	__u64 high;
	__u64 low;
};

static __always_inline struct address address_v4(__be32 addr)
{
	return (struct address){.low = 0xffffull << 32 | __builtin_bswap32(addr)};
}

static __always_inline struct address address_v6(const __be32 *addr)
{
	return (struct address){
		.high = (__u64)__builtin_bswap32(addr[0]) << 32 | __builtin_bswap32(addr[1]),
		.low = (__u64)__builtin_bswap32(addr[2]) << 32 | __builtin_bswap32(addr[3]),
	};
}

/* Where a socket is connected to, where it is. An IPv6 socket that talks IPv4 has the address of that kind in the same place. */
static __always_inline struct address sock_peer(struct sock *sk)
{
	struct sock_common___inet *c = (void *)&sk->__sk_common;
	__be32 v6[4] = {};

	if (BPF_CORE_READ(sk, __sk_common.skc_family) != AF_INET6)
		return address_v4(BPF_CORE_READ(c, skc_daddr));
	bpf_core_read(v6, sizeof(v6), &c->skc_v6_daddr);
	return address_v6(v6);
}

static __always_inline struct address sock_local(struct sock *sk)
{
	struct sock_common___inet *c = (void *)&sk->__sk_common;
	__be32 v6[4] = {};

	if (BPF_CORE_READ(sk, __sk_common.skc_family) != AF_INET6)
		return address_v4(BPF_CORE_READ(c, skc_rcv_saddr));
	bpf_core_read(v6, sizeof(v6), &c->skc_v6_rcv_saddr);
	return address_v6(v6);
}

static __always_inline bool address_is_loopback(const struct address *a)
{
	if (a->high)
		return false;
	return a->low == 1 || a->low >> 24 == 0xffff7f;
}

static __always_inline bool address_is(const struct address *a, const struct address *b)
{
	return a->high == b->high && a->low == b->low;
}

#endif
