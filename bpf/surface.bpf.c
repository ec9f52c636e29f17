// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Doors to parts of the kernel that exploits come through, and their first steps: io_uring, userfaultfd, rare socket families, marks
 * on whole mounts, a byte spliced, a page of mount options. Most have honest users (B21, B24, B27, B44, B49, B50): context for what
 * follows, so telemetry.
 */
#include "surface.h"
#include "opened.h"
#include "told.h"

/* CALL_DONE(hook, call, done): the exit of a system call; without a tracepoint where that can be, since one slows every call down */
#define CALL_DONE(hook, call, done)                                                                                            \
	SEC("fexit/" SYSCALL_PREFIX #call)                                                                                     \
	int BPF_PROG(fexit_##hook, struct pt_regs *regs, long ret)                                                             \
	{                                                                                                                      \
		return done(ret);                                                                                              \
	}                                                                                                                      \
	SEC("kretprobe/" SYSCALL_PREFIX #call)                                                                                 \
	int BPF_KRETPROBE(kprobe_##hook, long ret)                                                                             \
	{                                                                                                                      \
		return done(ret);                                                                                              \
	}                                                                                                                      \
	SEC("tracepoint/" #call)                                                                                               \
	int sysexit_##hook(struct sys_exit *ctx)                                                                               \
	{                                                                                                                      \
		return done(ctx->ret);                                                                                         \
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

CALL_DONE(userfaultfd, userfaultfd, userfaultfd_made)

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

/*
 * One byte of a file that may only be read, into a pipe: how a pipe was made to write to a file's pages (CVE-2022-0847, to
 * 5.16.10). Programs that move data move more of it.
 */
static __always_inline int splice_done(long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct origin *o = ret == 1 ? origin_current() : NULL;
	struct pt_regs *regs = o ? syscall_regs(task) : NULL;
	struct file *in, *out;

	if (!regs || regs_arg5(regs) != 1)
		return 0;
	in = file_of_own_fd((int)regs_arg1(regs));
	out = file_of_own_fd((int)regs_arg3(regs));
	if (!in || !out || !is_regular(BPF_CORE_READ(in, f_inode, i_mode)) || (BPF_CORE_READ(in, f_mode) & FMODE_WRITE) ||
	    !is_pipe(BPF_CORE_READ(out, f_inode, i_mode)))
		return 0;
	if (told_before(o->container, (__u64)BPF_CORE_READ(in, f_inode), TOLD_SURFACE | WD_CALL_SPLICE_BYTE))
		return 0;
	return surface_report(o, WD_CALL_SPLICE_BYTE, 0);
}

CALL_DONE(splice, splice, splice_done)

static __always_inline int list_told(struct origin *o, __u32 call)
{
	return told_before(o->container, 0, TOLD_SURFACE | call) ? 0 : surface_report(o, call, 0);
}

/* Of another mount namespace than one's own, by its number: asked for with the longer form of the request (6.10). */
static __always_inline int mounts_listed(long ret)
{
	struct origin *o = ret < 0 ? NULL : origin_current();
	struct pt_regs *regs = o ? syscall_regs((void *)bpf_get_current_task()) : NULL;
	struct {
		__u32 size, spare;
		__u64 mnt_id, param, mnt_ns_id;
	} request = {};

	if (!regs || bpf_probe_read_user(&request, sizeof(request), (void *)regs_arg1(regs)))
		return 0;
	return request.size < sizeof(request) || !request.mnt_ns_id ? 0 : list_told(o, WD_CALL_LIST_MOUNTS);
}

static __always_inline int namespaces_listed(long ret)
{
	struct origin *o = ret < 0 ? NULL : origin_current();

	return o ? list_told(o, WD_CALL_LIST_NAMESPACES) : 0;
}

CALL_DONE(mount_list__list, listmount, mounts_listed)
CALL_DONE(mount_list__stat, statmount, mounts_listed)
CALL_DONE(mount_list__namespaces, listns, namespaces_listed)

/*
 * Options for a mount, one string a call, that come to more than a page in all: the sum once ran over (CVE-2022-0185). Overlayfs is
 * mounted with as many by honest programs (a layer an option).
 */
#define PAGE            4096
#define OPTIONS_FOR     10000000000ull /* a context's address is given out again */
#define OPTION_MAX      256
#define FSCONFIG_STRING 1

struct options {
	__u64 since;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct options);
} mount_options SEC(".maps");

static __always_inline int options_add(struct origin *o, struct fs_context *fc, __u64 bytes)
{
	__u64 key = (__u64)fc, now = bpf_ktime_get_boot_ns();
	struct options *had = bpf_map_lookup_elem(&mount_options, &key), sum = {.since = now, .bytes = bytes};
	char type[8] = {};

	if (had && now - had->since < OPTIONS_FOR)
		sum = (struct options){.since = had->since, .bytes = had->bytes + bytes};
	bpf_map_update_elem(&mount_options, &key, &sum, BPF_ANY);
	if (sum.bytes < PAGE || sum.bytes - bytes >= PAGE)
		return 0;
	bpf_probe_read_kernel_str(type, sizeof(type), BPF_CORE_READ(fc, fs_type, name));
	if (!__builtin_memcmp(type, "overlay", sizeof(type)))
		return 0;
	return surface_report(o, WD_CALL_MOUNT_OPTIONS, sum.bytes);
}

static __always_inline int mount_option(struct fs_context *fc, struct fs_parameter *param)
{
	struct origin *o = origin_current();

	if (!o || BPF_CORE_READ_BITFIELD_PROBED(param, type) != fs_value_is_string)
		return 0;
	return options_add(o, fc, BPF_CORE_READ(param, size));
}

SEC("lsm/fs_context_parse_param")
int BPF_PROG(lsm_mount_option, struct fs_context *fc, struct fs_parameter *param, int ret)
{
	mount_option(fc, param);
	return 0;
}

SEC("fentry/security_fs_context_parse_param")
int BPF_PROG(fentry_mount_option, struct fs_context *fc, struct fs_parameter *param)
{
	return mount_option(fc, param);
}

SEC("kprobe/security_fs_context_parse_param")
int BPF_KPROBE(kprobe_mount_option, struct fs_context *fc, struct fs_parameter *param)
{
	return mount_option(fc, param);
}

SEC("tracepoint/fsconfig")
int sysexit_mount_option(struct sys_exit *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct origin *o = ctx->ret < 0 ? NULL : origin_current();
	struct pt_regs *regs = o ? syscall_regs(task) : NULL;
	struct file *file;
	char value[OPTION_MAX];
	long len;

	if (!regs || regs_arg2(regs) != FSCONFIG_STRING)
		return 0;
	file = file_of_own_fd((int)regs_arg1(regs));
	len = bpf_probe_read_user_str(value, sizeof(value), (void *)regs_arg4(regs));
	return file && len > 0 ? options_add(o, BPF_CORE_READ(file, private_data), len - 1) : 0;
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
