// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Symbolic links that a container made, followed by somebody else: a daemon of the host that copies, cleans up or reads logs in a
 * container's files goes where the container wants (I4). A link is known by its inode, as a written file is. vfs_symlink is what
 * each way to make one ends in, and its exit has the inode; inode_follow_link is passed for each link in a path. No exit of a
 * call shows either.
 */
#include "principal.h"
#include "told.h"

#define S_IFMT  0170000
#define S_IFLNK 0120000

/* The least recently used goes first. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct file_key);
	__type(value, struct writer);
} links SEC(".maps");

__u64 links_made; /* while it is 0 a link that is followed costs nothing more */

static __always_inline int link_create(struct inode *inode)
{
	struct origin *o = origin_current();
	struct file_key key = {};
	struct writer new = {};

	if (!o || !inode || (BPF_CORE_READ(inode, i_mode) & S_IFMT) != S_IFLNK || !file_key_read(&key, inode))
		return 0;
	writer_is_current(&new, o);
	if (!bpf_map_update_elem(&links, &key, &new, BPF_ANY))
		__sync_fetch_and_add(&links_made, 1);
	return 0;
}

/* vfs_symlink's first argument, from 5.12, is the mount's map of ids. */
SEC("fexit/vfs_symlink")
int fexit_link_create(__u64 *ctx)
{
	struct vfsmount___map *mnt = NULL;
	bool mapped = bpf_core_field_exists(mnt->mnt_userns) || bpf_core_field_exists(mnt->mnt_idmap);
	__u64 second = ctx[1], third = ctx[2];

	/* The verifier knows them by type, and no pointer that is one of two types. */
	asm volatile("" : "+r"(second), "+r"(third));
	return link_create(BPF_CORE_READ((struct dentry *)(mapped ? third : second), d_inode));
}

/* A kretprobe has no arguments: what makes an inode's name known has the inode, for all that has one. */
SEC("kprobe/d_instantiate")
int BPF_KPROBE(kprobe_link_create, struct dentry *dentry, struct inode *inode)
{
	return link_create(inode);
}

SEC("kprobe/d_instantiate_new")
int BPF_KPROBE(kprobe_link_create__new, struct dentry *dentry, struct inode *inode)
{
	return link_create(inode);
}

/* Once a minute for each program that follows it. */
static __always_inline bool follow_told(const struct file_key *key, struct task_struct *task, __u64 container)
{
	return told_before(container, key->inode ^ (__u64)BPF_CORE_READ(task, mm, exe_file, f_inode), TOLD_LINK);
}

static __always_inline int link_follow(struct dentry *dentry, struct inode *inode)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct wd_provenance_use *u;
	struct file_key key = {};
	struct principal p;
	struct wd_record *r;
	struct writer *w;
	const char *target;
	long len;

	if (!links_made || !host.ready || !inode || !file_key_read(&key, inode))
		return 0;
	w = bpf_map_lookup_elem(&links, &key);
	if (!w)
		return 0;
	p = principal_of(task);
	if (!p.settled || owner_is(&p.own, w->container) || follow_told(&key, task, w->container))
		return 0;
	u = use_begin(&r, file_contents(inode), w, WD_VIA_LINK, &p.own);
	if (!u)
		return 0;
	/* Short ones are kept in memory; of others it is not known where they lead. */
	target = BPF_CORE_READ(file_contents(inode), i_link);
	len = target ? bpf_probe_read_kernel_str((char *)r + STRINGS_AT(wd_provenance_use), WD_LINK_MAX, target) : 0;
	if (len > 1) {
		u->target.off = STRINGS_AT(wd_provenance_use);
		u->target.len = len - 1;
	}
	path_write(r, STRINGS_AT(wd_provenance_use) + WD_LINK_MAX, &u->path, NULL, dentry);
	critical_send(r);
	return 0;
}

SEC("lsm/inode_follow_link")
int BPF_PROG(lsm_link_follow, struct dentry *dentry, struct inode *inode, bool rcu, int ret)
{
	link_follow((void *)number_of(dentry), (void *)number_of(inode));
	return 0;
}

SEC("fentry/security_inode_follow_link")
int BPF_PROG(fentry_link_follow, struct dentry *dentry, struct inode *inode)
{
	return link_follow((void *)number_of(dentry), (void *)number_of(inode));
}

SEC("kprobe/security_inode_follow_link")
int BPF_KPROBE(kprobe_link_follow, struct dentry *dentry, struct inode *inode)
{
	return link_follow(dentry, inode);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
