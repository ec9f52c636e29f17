/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's types, with only the fields that the programs read: libbpf finds each in the running kernel's BTF, so the
 * build depends on no kernel and this file shows what the sensor depends on. Fields that some kernels name or hold
 * otherwise have a second struct (___old, ___new) and one commented inline in compat.h.
 */
#ifndef WARDER_KERNEL_H
#define WARDER_KERNEL_H

#include <asm/types.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

/* libbpf's register macros then use the kernel's own names of struct pt_regs, as below. */
#define __VMLINUX_H__
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

typedef __s32 pid_t;
typedef __u32 dev_t;
typedef unsigned short umode_t;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct list_head {
	struct list_head *next, *prev;
};

struct rb_node {
	struct rb_node *rb_right;
};

struct qstr {
	const unsigned char *name;
};

/* namespaces */

struct ns_common {
	unsigned int inum;
};

/* More than five ranges are in memory of their own, and two pointers lie here. */
#define UID_GID_MAP_EXTENTS 5

struct uid_gid_extent {
	__u32 first;
	__u32 lower_first;
	__u32 count;
};

struct uid_gid_map {
	__u32 nr_extents;
	struct uid_gid_extent extent[UID_GID_MAP_EXTENTS];
};

struct user_namespace {
	struct uid_gid_map uid_map;
	struct uid_gid_map gid_map;
	struct user_namespace *parent;
	int level;
	struct ns_common ns;
};

struct uts_namespace {
	struct ns_common ns;
};

struct ipc_namespace;

struct cgroup_namespace {
	struct ns_common ns;
};

struct net {
	struct user_namespace *user_ns;
	struct ns_common ns;
};

struct xarray {
	void *xa_head;
};

struct xa_node {
	unsigned char shift;
	void *slots[64];
};

struct idr {
	struct xarray idr_rt;
};

struct ipc_ids {
	struct idr ipcs_idr;
	int last_idx;
};

struct ipc_namespace {
	struct ipc_ids ids[3]; /* semaphores, messages, shared memory */
	struct ns_common ns;
};

struct pid_namespace {
	struct idr idr;
	unsigned int level;
	struct ns_common ns;
};

struct mount;

struct mnt_namespace {
	struct ns_common ns;
	struct mount *root;
	struct list_head list; /* to 6.7 */
};

struct mnt_namespace___rb {
	struct rb_node *mnt_last_node; /* from 6.14 */
};

struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
	struct cgroup_namespace *cgroup_ns;
};

/* pids */

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct hlist_head tasks[4];
	struct upid numbers[1];
};

/* credentials */

typedef struct {
	__u32 val;
} kuid_t;

typedef struct {
	__u32 val;
} kgid_t;

typedef struct {
	__u64 val; /* not looked up: see cred_caps */
} kernel_cap_t;

struct key;

struct cred {
	kuid_t uid;
	kgid_t gid;
	kuid_t suid;
	kuid_t euid;
	kuid_t fsuid;
	kernel_cap_t cap_permitted;
	kernel_cap_t cap_effective;
	kernel_cap_t cap_bset;
	void *security;
	struct key *session_keyring;
	struct key *process_keyring;
	struct key *thread_keyring;
	struct user_namespace *user_ns;
};

struct key_type {
	const char *name;
};

struct key {
	__s32 serial;
	kuid_t uid;
	__u32 perm;
	struct key_type *type;
	char *description;
};

/* files */

struct super_block;

struct inode {
	umode_t i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
	__u32 i_generation;
	dev_t i_rdev;
	unsigned int i_nlink;
	char *i_link; /* of a symbolic link that is short enough */
	void *i_private;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};

struct file_system_type {
	const char *name;
};

enum fs_value_type {
	fs_value_is_string = 2,
};

struct fs_parameter {
	enum fs_value_type type : 8;
	size_t size;
};

struct fs_context {
	struct file_system_type *fs_type;
};

struct gendisk {
	int major;
	int first_minor;
};

struct block_device {
	struct gendisk *bd_disk;
};

struct super_block {
	struct list_head s_list;
	dev_t s_dev;
	struct file_system_type *s_type;
	unsigned long s_iflags;
	unsigned long s_magic;
	struct dentry *s_root;
	struct block_device *s_bdev;
	struct user_namespace *s_user_ns;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	int mnt_flags;
};

struct vfsmount___map {
	struct user_namespace *mnt_userns; /* 5.12 to 6.1 */
	struct mnt_idmap *mnt_idmap;       /* from 6.2 */
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct list_head mnt_mounts; /* its children */
	struct list_head mnt_child;  /* its place among its parent's */
	struct list_head mnt_list;
	struct list_head mnt_share; /* its peers */
	struct mnt_namespace *mnt_ns;
};

struct mount___rb {
	struct rb_node mnt_node;
};

struct mountpoint {
	struct dentry *m_dentry;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_mode;
	unsigned int f_flags;
	const struct cred *f_cred;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct fs_struct {
	struct path root;
	struct path pwd;
};

struct kiocb {
	struct file *ki_filp;
};

/* procfs */

struct ctl_table_set;

struct ctl_table_root {
	struct ctl_table_set *(*lookup)(struct ctl_table_root *root);
};

struct ctl_table_header {
	struct ctl_table_root *root;
};

struct proc_dir_entry {
	char *name;
};

struct proc_inode {
	struct pid *pid;
	struct proc_dir_entry *pde;
	struct ctl_table_header *sysctl;
	struct inode vfs_inode;
};

/* cgroups */

struct kernfs_node {
	struct kernfs_node *parent;
	const char *name;
	const void *ns;
	__u64 id;
	void *priv;
};

struct kernfs_node___new {
	struct kernfs_node *__parent; /* from 6.15 */
};

struct kernfs_open_file {
	struct file *file;
};

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup_root {
	unsigned int subsys_mask;
	int hierarchy_id;
};

struct cgroup {
	struct cgroup_subsys_state self;
	int level;
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct css_set {
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *dfl_cgrp;
};

enum cgroup_subsys_id {
	pids_cgrp_id,
	memory_cgrp_id,
	devices_cgrp_id,
	freezer_cgrp_id,
};

/* tasks */

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
};

struct mm_struct {
	unsigned long arg_start, arg_end;
	struct file *exe_file;
};

struct seccomp {
	int mode;
};

struct thread_info {
	unsigned long syscall_work; /* from 5.11 (x86-64) */
	__u32 status;               /* x86-64 */
};

struct task_struct {
	struct thread_info thread_info;
	void *stack;
	unsigned int flags;
	struct mm_struct *mm;
	int exit_code;
	pid_t pid;
	pid_t tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct hlist_node pid_links[4];
	__u64 start_boottime;
	const struct cred *real_cred;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct seccomp seccomp;
	unsigned long atomic_flags;
	struct css_set *cgroups;
};

struct kernel_siginfo {
	int si_code;
};

struct rlimit;

/* System V objects */

struct kern_ipc_perm {
	int id;
	int key;
	kuid_t cuid;
	umode_t mode;
};

struct shmid_kernel {
	struct kern_ipc_perm shm_perm;
	struct pid *shm_cprid;
};

struct linux_binprm {
	struct file *file;
	unsigned int secureexec : 1;
	char buf[256];
};

/* io_uring */

struct io_rsrc_node {
	unsigned long file_ptr;
};

struct io_rsrc_data {
	unsigned int nr;
	struct io_rsrc_node **nodes;
};

struct io_file_table {
	struct io_rsrc_data data; /* from 6.13 */
};

struct io_ring_ctx {
	struct io_file_table file_table;
};

struct io_cqe {
	__s32 res;
};

struct io_kiocb {
	struct file *file;
	__u8 opcode;
	struct io_cqe cqe; /* from 5.19 */
	struct io_ring_ctx *ctx;
};

struct io_open {
	__u32 file_slot;
};

/* sockets */

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	unsigned short skc_family;
	possible_net_t skc_net;
};

struct sockaddr;

struct sock_cgroup_data {
	struct cgroup *cgroup; /* from 5.15; before: val */
};

struct sock_cgroup_data___old {
	__u64 val;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type;
	__u16 sk_protocol;
	struct pid *sk_peer_pid;
	struct sock_cgroup_data sk_cgrp_data;
};

struct socket {
	struct sock *sk;
};

struct sockaddr_un {
	unsigned short sun_family;
	char sun_path[108];
};

struct unix_address {
	int len;
	struct sockaddr_un name[];
};

struct unix_sock {
	struct sock sk;
	struct unix_address *addr;
	struct sock *peer;
};

/* what calls into the whole kernel show */

struct module {
	char name[56];
};

enum lockdown_reason {
	LOCKDOWN_DEV_MEM,
	LOCKDOWN_KEXEC,
	LOCKDOWN_PCI_ACCESS,
	LOCKDOWN_IOPORT,
	LOCKDOWN_MSR,
	LOCKDOWN_BPF_WRITE_USER,
	LOCKDOWN_KCORE,
};

enum fsnotify_obj_type {
	FSNOTIFY_OBJ_TYPE_VFSMOUNT,
	FSNOTIFY_OBJ_TYPE_SB,
};

struct __kernel_timex {
	unsigned int modes;
};

struct userfaultfd_ctx {
	unsigned int flags;
};

struct bpf_prog_aux {
	__u32 id;
	char name[16];
};

struct bpf_prog {
	enum bpf_prog_type type;
	struct bpf_prog_aux *aux;
};

struct bpf_map {
	__u32 id;
	char name[16];
};

struct bpf_link {
	__u32 id;
	struct bpf_prog *prog;
};

#pragma clang attribute pop

#endif
