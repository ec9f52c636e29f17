// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A container looks for a daemon's socket: it tries all names that it finds or knows. What is refused for want of a listener or a file
 * passes no security hook, so the call's exit is looked at; __sys_connect is what the calls of each ABI end in.
 */
#include "surface.h"

#define AF_UNIX       1

#define ENOENT_       (-2)
#define EACCES_       (-13)
#define EPROTOTYPE_   (-91)
#define ECONNREFUSED_ (-111)

/* Different names within ten seconds: a program that waits for its daemon tries one name, or a few. */
#define SOCKETS_MANY 10
#define SOCKETS_FOR  10000000000ull

struct unix_name {
	__u16 family;
	char path[110];
};

static __always_inline int connect_refused(const void *address, __u64 len, long ret)
{
	struct origin *o =
		ret == ENOENT_ || ret == EACCES_ || ret == EPROTOTYPE_ || ret == ECONNREFUSED_ ? origin_current() : NULL;
	struct unix_name given = {}, name __attribute__((aligned(8))) = {};
	__u64 hash = 0xcbf29ce484222325;

	if (!o)
		return 0;
	asm volatile("" : "+r"(len));
	if (!len || len > sizeof(given) || bpf_probe_read_user(&given, len, address) || given.family != AF_UNIX)
		return 0;
	/* Behind a path's end lies what was on the caller's stack: glibc asks for nscd with all of the structure (B24). */
	if (given.path[0])
		bpf_probe_read_kernel_str(name.path, sizeof(name.path), given.path);
	else
		name = given;
#pragma unroll
	for (unsigned int i = 0; i < sizeof(name) / sizeof(hash); i++)
		hash = (hash ^ ((__u64 *)&name)[i]) * 0x100000001b3;
	return burst_add(o, WD_CALL_SOCKET_HUNT, (hash >> 32) & 63, SOCKETS_MANY, SOCKETS_FOR);
}

SEC("fexit/__sys_connect")
int BPF_PROG(fexit_connect_refused, int fd, const void *address, int len, int ret)
{
	return connect_refused(address, (__u32)len, ret);
}

SEC("tracepoint/connect")
int sysexit_connect_refused(struct sys_exit *ctx)
{
	struct pt_regs *regs = ctx->ret < 0 ? syscall_regs((void *)bpf_get_current_task()) : NULL;

	return regs ? connect_refused((void *)regs_arg2(regs), (__u32)regs_arg3(regs), ctx->ret) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
