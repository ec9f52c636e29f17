/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files that are interfaces of the whole kernel: sysctls, procfs's, sysfs's and cgroups' files and the like, which no mount namespace
 * confines. A file is told by its superblock and by the kernel's own name for it (the sysctl's table, the procfs entry, the
 * kernfs node), never by the path of the open: a second procfs and a bind mount under another name give the same.
 */
#ifndef WARDER_KERNELFS_H
#define WARDER_KERNELFS_H

#include "magic.h"
#include "opened.h"
#include "reach.h"

struct interface {
	__u32 kind; /* enum wd_kernel_interface */
	struct kernfs_node *kn;
	struct owner own;
};

/* Names of the kernel's, of which none that matters is longer. What is not filled is 0: equal names are equal words. */
union kernel_name {
	char text[16];
	__u64 words[2];
};

static __always_inline void name_read(union kernel_name *name, const void *from)
{
	name->words[0] = name->words[1] = 0;
	bpf_probe_read_kernel_str(name->text, sizeof(name->text), from);
}

#define NAME_IS(name, literal)                                                                                                 \
	({                                                                                                                     \
		const union kernel_name is_ = {.text = literal};                                                               \
		(name).words[0] == is_.words[0] && (name).words[1] == is_.words[1];                                            \
	})

/*
 * A sysctl belongs to a namespace when its table's root looks the set of tables up by the task (net; user; ipc from 5.19). procfs's
 * other entries are the machine's, but for those below /proc/PID/net, of which none is named here.
 */
static __always_inline bool procfs_interface(struct interface *i, struct inode *inode, bool write)
{
	struct proc_inode *pi = (void *)inode - bpf_core_field_offset(((struct proc_inode *)0)->vfs_inode);
	struct ctl_table_header *sysctl;
	struct proc_dir_entry *entry;
	union kernel_name name;

	if (BPF_CORE_READ(pi, pid))
		return false; /* about a process, as most are: reach.h's */
	sysctl = BPF_CORE_READ(pi, sysctl);
	if (sysctl) {
		i->kind = WD_KERNEL_SYSCTL;
		return write && !BPF_CORE_READ(sysctl, root, lookup);
	}
	i->kind = WD_KERNEL_PROCFS;
	entry = BPF_CORE_READ(pi, pde);
	if (!entry)
		return false;
	name_read(&name, BPF_CORE_READ(entry, name));
	return NAME_IS(name, "kcore") || NAME_IS(name, "kallsyms") || NAME_IS(name, "kmsg") || NAME_IS(name, "kpagecount") ||
	       NAME_IS(name, "kpageflags") || NAME_IS(name, "kpagecgroup") || (write && NAME_IS(name, "sysrq-trigger"));
}

/*
 * Is a sysfs file the machine's? Those of network devices lie below a directory that is tagged with their namespace. Devices are
 * announced again all day (udevadm trigger, B43): what it takes to abuse that is uevent_helper.
 */
static __always_inline bool is_global(struct kernfs_node *kn)
{
	union kernel_name name;

	name_read(&name, BPF_CORE_READ(kn, name));
	if (NAME_IS(name, "uevent"))
		return false;
#pragma nounroll
	for (int i = 0; i < 16 && kn; i++) {
		if (BPF_CORE_READ(kn, ns))
			return false;
		kn = kernfs_parent(kn);
	}
	return true;
}

/*
 * A cgroup's file, opened for writing. The container may write to those of its own cgroups, but not let itself have more devices (v1); a
 * cgroup below its own can have no more than its own has. A task's move is an event of its own (cgroup.bpf.c).
 */
static __always_inline bool is_cgroup_breach(struct container *c, struct kernfs_node *kn, struct owner *own)
{
	struct cgroup *cg = BPF_CORE_READ(kernfs_parent(kn), priv);
	bool below = false;
	union kernel_name name;

	name_read(&name, BPF_CORE_READ(kn, name));
	if (NAME_IS(name, "release_agent"))
		return true;
	if (NAME_IS(name, "tasks") || NAME_IS(name, "cgroup.procs") || NAME_IS(name, "cgroup.threads"))
		return false;
	/* A named hierarchy of v1 controls nothing. */
	if (!BPF_CORE_READ(cg, root, subsys_mask) && BPF_CORE_READ(cg, root, hierarchy_id))
		return false;
	*own = owner_of_cgroup(cg, &below);
	if (!owner_is(own, c->id))
		return true;
	*own = (struct owner){.kind = WD_OWNER_HOST}; /* the policy is the host's */
	return !below && (NAME_IS(name, "devices.allow") || NAME_IS(name, "devices.deny"));
}

static __always_inline bool is_fuse_cgroup(struct dentry *dentry)
{
	union kernel_name name;

	name_read(&name, BPF_CORE_READ(dentry, d_name.name));
	return NAME_IS(name, "release_agent") || NAME_IS(name, "devices.allow") || NAME_IS(name, "devices.deny");
}

/*
 * Is it an interface of the kernel, opened in a way that is not the container's right? Answers by a way out each and not by `kind`: the
 * verifier would go on with each kind apart.
 */
static __always_inline bool interface_of(struct interface *i, struct container *c, struct file *file, struct inode *inode,
					 bool write, __u64 magic)
{
	i->own.kind = WD_OWNER_HOST;
	if (magic == PROC_SUPER_MAGIC)
		return procfs_interface(i, inode, write);
	if (magic == BPF_FS_MAGIC) {
		i->kind = WD_KERNEL_BPFFS;
		return true;
	}
	if (!write)
		return false;
	switch (magic) {
	case SYSFS_MAGIC:
		i->kind = WD_KERNEL_SYSFS;
		i->kn = BPF_CORE_READ(inode, i_private);
		return is_global(i->kn);
	case CGROUP_V1_MAGIC:
	case CGROUP_V2_MAGIC:
		i->kind = WD_KERNEL_CGROUP;
		i->kn = BPF_CORE_READ(inode, i_private);
		return is_cgroup_breach(c, i->kn, &i->own);
	case BINFMTFS_MAGIC:
		i->kind = WD_KERNEL_BINFMT_MISC;
		return BPF_CORE_READ(inode, i_sb, s_user_ns, level) ==
		       0; /* from 6.7 a user namespace can have one of its own */
	case TRACEFS_MAGIC:
		i->kind = WD_KERNEL_TRACEFS;
		return true;
	case DEBUGFS_MAGIC:
		i->kind = WD_KERNEL_DEBUGFS;
		return true;
	case SECURITYFS_MAGIC:
	case SELINUX_MAGIC:
	case SMACK_MAGIC:
	case APPARMORFS_MAGIC:
		i->kind = WD_KERNEL_SECURITYFS;
		return true;
	case FUSE_SUPER_MAGIC:
		i->kind = WD_KERNEL_CGROUP_FUSE;
		return is_fuse_cgroup(BPF_CORE_READ(file, f_path.dentry));
	default:
		return false;
	}
}

/*
 * Reports a regular file, opened (or written, by `via`), if it is an interface of the kernel that is not the container's own. The caller
 * has read what it is told by: the inode, the file's mode and its file system's magic. A global function, as reach_report is.
 */
__weak __attribute__((noinline)) int kernel_file(__u64 file_at, __u64 inode_at, __u32 f_mode, __u64 magic, __u32 via)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct origin *o = origin_current();
	struct container *c = o ? container_of_origin(o) : NULL;
	struct file *file = (void *)file_at;
	bool write = f_mode & FMODE_WRITE;
	struct interface i = {};
	struct wd_kernel_file *k;
	struct wd_record *r;

	if (!c || !interface_of(&i, c, file, (void *)inode_at, write, magic))
		return 0;
	r = CRITICAL(WD_LARGE, wd_kernel_file, WD_KERNEL_FILE, task, c->id, &i.own);
	if (!r)
		return 0;
	k = record_body(r);
	k->via = via ? via : open_via();
	k->interface = i.kind;
	k->write = write;
	k->magic = magic;
	if (i.kn)
		path_write_cgroup(r, STRINGS_AT(wd_kernel_file), &k->path, i.kn);
	else
		path_write(r, STRINGS_AT(wd_kernel_file), &k->path, NULL, BPF_CORE_READ(file, f_path.dentry));
	critical_send(r);
	return 0;
}

#endif
