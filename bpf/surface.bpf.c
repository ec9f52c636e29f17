// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Doors to parts of the kernel that exploits come through: io_uring, userfaultfd, rare socket families, marks on whole mounts.
 * Each has honest users (B21, B24, B27, B44, B49): context for what follows, so telemetry, and never a page by itself.
 */
#include "emit.h"

static __always_inline int surface_report(struct origin *o, __u32 call, __u64 argument)
{
	struct owner own = {.kind = WD_OWNER_CONTAINER, .container = o->container};
	struct wd_kernel_call *k;
	struct wd_record *r;

	r = TELEMETRY(WD_SMALL, wd_kernel_call, WD_KERNEL_CALL, (void *)bpf_get_current_task(), o->container, &own);
	if (!r)
		return 0;
	k = record_body(r);
	k->call = call;
	k->argument = argument;
	telemetry_send(r);
	return 0;
}

SEC("tp_btf/io_uring_create")
int BPF_PROG(tp_btf_io_uring, int fd, void *ring, __u32 sq_entries, __u32 cq_entries, __u32 flags)
{
	struct origin *o = origin_current();

	return o ? surface_report(o, WD_CALL_IO_URING, flags) : 0;
}

#define UFFD_USER_MODE_ONLY 1

/* One that serves faults of user mode only cannot hold the kernel in the middle of a copy. */
static __always_inline int userfaultfd_made(long fd)
{
	struct origin *o = fd < 0 ? NULL : origin_current();
	struct file *file = o ? file_of_own_fd(fd) : NULL;
	struct userfaultfd_ctx *ctx;

	if (!file)
		return 0;
	ctx = BPF_CORE_READ(file, private_data);
	if (BPF_CORE_READ(ctx, flags) & UFFD_USER_MODE_ONLY)
		return 0;
	return surface_report(o, WD_CALL_USERFAULTFD, 0);
}

SEC("fexit/" SYSCALL_PREFIX "userfaultfd")
int BPF_PROG(fexit_userfaultfd, struct pt_regs *regs, long ret)
{
	return userfaultfd_made(ret);
}

SEC("kretprobe/" SYSCALL_PREFIX "userfaultfd")
int BPF_KRETPROBE(kprobe_userfaultfd, long ret)
{
	return userfaultfd_made(ret);
}

SEC("tracepoint/userfaultfd")
int sysexit_userfaultfd(struct sys_exit *ctx)
{
	return userfaultfd_made(ctx->ret);
}

/* A mark on one inode is a file watcher's (B13); on a mount or a filesystem it shows what others do there. */
static __always_inline int path_notify(unsigned int type)
{
	struct origin *o = origin_current();

	if (!o)
		return 0;
	if (type == bpf_core_enum_value(enum fsnotify_obj_type, FSNOTIFY_OBJ_TYPE_VFSMOUNT))
		return surface_report(o, WD_CALL_MARK_MOUNT, 0);
	if (type == bpf_core_enum_value(enum fsnotify_obj_type, FSNOTIFY_OBJ_TYPE_SB))
		return surface_report(o, WD_CALL_MARK_FILESYSTEM, 0);
	return 0;
}

SEC("lsm/path_notify")
int BPF_PROG(lsm_path_notify, const struct path *path, __u64 mask, unsigned int type, int ret)
{
	path_notify(type);
	return 0;
}

SEC("fentry/security_path_notify")
int BPF_PROG(fentry_path_notify, const struct path *path, __u64 mask, unsigned int type)
{
	return path_notify(type);
}

SEC("kprobe/security_path_notify")
int BPF_KPROBE(kprobe_path_notify, const struct path *path, __u64 mask, unsigned int type)
{
	return path_notify(type);
}

#define FAN_MARK_ADD        1
#define FAN_MARK_MOUNT      0x10
#define FAN_MARK_FILESYSTEM 0x100

SEC("tracepoint/fanotify_mark")
int sysexit_path_notify(struct sys_exit *ctx)
{
	struct origin *o = ctx->ret < 0 ? NULL : origin_current();
	struct pt_regs *regs = o ? syscall_regs((void *)bpf_get_current_task()) : NULL;
	unsigned int flags;

	if (!regs)
		return 0;
	flags = regs_arg2(regs);
	if (!(flags & FAN_MARK_ADD) || !(flags & (FAN_MARK_MOUNT | FAN_MARK_FILESYSTEM)))
		return 0;
	return surface_report(o, flags & FAN_MARK_FILESYSTEM ? WD_CALL_MARK_FILESYSTEM : WD_CALL_MARK_MOUNT, 0);
}

/* Sockets by family, judged by the socket that was made: one that the kernel has no support for was not. */

enum {
	AF_KEY = 15,
	AF_NETLINK = 16,
	AF_PACKET = 17,
	AF_RXRPC = 33,
	AF_ALG = 38,
	AF_VSOCK = 40,
	NETLINK_XFRM = 6,
	NETLINK_NETFILTER = 12,
};

static __always_inline int socket_create(struct origin *o, struct sock *sk)
{
	struct owner own = {.kind = WD_OWNER_CONTAINER, .container = o->container};
	unsigned int family = BPF_CORE_READ(sk, __sk_common.skc_family), protocol;
	struct wd_socket_create *s;
	struct wd_record *r;
	bool child;

	if (family != AF_NETLINK && family != AF_PACKET && family != AF_ALG && family != AF_VSOCK && family != AF_RXRPC &&
	    family != AF_KEY)
		return 0;
	protocol = BPF_CORE_READ(sk, sk_protocol);
	child = BPF_CORE_READ(sk, __sk_common.skc_net.net, user_ns, level) > 0;
	if (family == AF_NETLINK && (!child || (protocol != NETLINK_XFRM && protocol != NETLINK_NETFILTER)))
		return 0;
	r = TELEMETRY(WD_SMALL, wd_socket_create, WD_SOCKET_CREATE, (void *)bpf_get_current_task(), o->container, &own);
	if (!r)
		return 0;
	s = record_body(r);
	s->family = family;
	s->socket_type = BPF_CORE_READ(sk, sk_type);
	s->protocol = protocol;
	s->child_user_ns = child;
	telemetry_send(r);
	return 0;
}

SEC("lsm/socket_post_create")
int BPF_PROG(lsm_socket_create, struct socket *sock, int family, int type, int protocol, int kern, int ret)
{
	struct origin *o = kern ? NULL : origin_current();

	if (o)
		socket_create(o, BPF_CORE_READ(sock, sk));
	return 0;
}

SEC("fentry/security_socket_post_create")
int BPF_PROG(fentry_socket_create, struct socket *sock, int family, int type, int protocol, int kern)
{
	struct origin *o = kern ? NULL : origin_current();

	return o ? socket_create(o, BPF_CORE_READ(sock, sk)) : 0;
}

SEC("kprobe/security_socket_post_create")
int BPF_KPROBE(kprobe_socket_create, struct socket *sock, int family, int type, int protocol, int kern)
{
	struct origin *o = kern ? NULL : origin_current();

	return o ? socket_create(o, BPF_CORE_READ(sock, sk)) : 0;
}

SEC("tracepoint/socket")
int sysexit_socket_create(struct sys_exit *ctx)
{
	struct origin *o = ctx->ret < 0 ? NULL : origin_current();
	struct file *file = o ? file_of_own_fd(ctx->ret) : NULL;
	struct socket *socket;

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & 0170000) != 0140000)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	return socket_create(o, BPF_CORE_READ(socket, sk));
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
