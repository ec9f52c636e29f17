// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The node's own files, changed without an open: one that is moved or linked into its place, one that is removed. security_path_*
 * are passed by each of these calls (and io_uring's) with the mount that it was made by, and not by what overlayfs does below
 * itself. No exit of a call shows what was there before. And where userspace says which inodes are meant.
 */
#include "emit.h"
#include "nodefile.h"
#include "told.h"

static __always_inline void change_report(struct container *c, __u32 change, __u32 kind, struct vfsmount *mnt,
					  struct dentry *dentry)
{
	struct owner own = {.kind = WD_OWNER_HOST};
	struct wd_sensitive_change *s;
	struct wd_record *r;

	if (told_before(c->id, (__u64)dentry, TOLD_SENSITIVE | change << 8 | (kind & 0xff)))
		return;
	r = CRITICAL(WD_LARGE, wd_sensitive_change, WD_SENSITIVE_CHANGE, (void *)bpf_get_current_task(), c->id, &own);
	if (!r)
		return;
	s = record_body(r);
	s->change = change;
	s->sensitive = kind & 0xff;
	s->given = !!(kind & SENSITIVE_GIVEN);
	path_write(r, STRINGS_AT(wd_sensitive_change), &s->path, mnt, dentry);
	critical_send(r);
}

/* `dentry`, reached by `mnt`: does it lie in one of the node's own? A global function: verified once, not for each call. */
__weak __attribute__((noinline)) int sensitive_change(__u64 mnt_at, __u64 dentry_at, __u32 act, __u32 change)
{
	struct vfsmount *mnt = (void *)mnt_at;
	struct origin *o = origin_current();
	struct container *c = o ? container_of_origin(o) : NULL;
	int kind;

	if (!c)
		return 0;
	kind = sensitive_kind((__u64)real_mount(mnt), dentry_at, c->root, act);
	if (kind)
		change_report(c, change, kind, mnt, (void *)dentry_at);
	return kind;
}

static __always_inline int changed(struct vfsmount *mnt, struct dentry *dentry, __u32 act, __u32 change)
{
	return sensitive_change(number_of(mnt), number_of(dentry), act, change);
}

static __always_inline int moved(struct path *from, struct dentry *old, struct path *to, struct dentry *new)
{
	if (origin_current() && !changed(BPF_CORE_READ(to, mnt), new, SENSITIVE_WRITE, WD_FILE_MOVED_IN))
		changed(BPF_CORE_READ(from, mnt), old, SENSITIVE_REMOVE, WD_FILE_MOVED_AWAY);
	return 0;
}

static __always_inline int named(struct path *dir, struct dentry *dentry, __u32 act, __u32 change)
{
	if (origin_current())
		changed(BPF_CORE_READ(dir, mnt), dentry, act, change);
	return 0;
}

static __always_inline int truncated(struct path *path)
{
	return named(path, BPF_CORE_READ(path, dentry), SENSITIVE_REMOVE, WD_FILE_TRUNCATED);
}

SEC("lsm/path_rename")
int BPF_PROG(lsm_sensitive_change__rename, struct path *from, struct dentry *old, struct path *to, struct dentry *new)
{
	moved(from, old, to, new);
	return 0;
}

SEC("fentry/security_path_rename")
int BPF_PROG(fentry_sensitive_change__rename, struct path *from, struct dentry *old, struct path *to, struct dentry *new)
{
	return moved(from, old, to, new);
}

SEC("kprobe/security_path_rename")
int BPF_KPROBE(kprobe_sensitive_change__rename, struct path *from, struct dentry *old, struct path *to, struct dentry *new)
{
	return moved(from, old, to, new);
}

SEC("lsm/path_link")
int BPF_PROG(lsm_sensitive_change__link, struct dentry *old, struct path *dir, struct dentry *new)
{
	named(dir, new, SENSITIVE_WRITE, WD_FILE_LINKED);
	return 0;
}

SEC("fentry/security_path_link")
int BPF_PROG(fentry_sensitive_change__link, struct dentry *old, struct path *dir, struct dentry *new)
{
	return named(dir, new, SENSITIVE_WRITE, WD_FILE_LINKED);
}

SEC("kprobe/security_path_link")
int BPF_KPROBE(kprobe_sensitive_change__link, struct dentry *old, struct path *dir, struct dentry *new)
{
	return named(dir, new, SENSITIVE_WRITE, WD_FILE_LINKED);
}

SEC("lsm/path_symlink")
int BPF_PROG(lsm_sensitive_change__symlink, struct path *dir, struct dentry *dentry)
{
	named(dir, dentry, SENSITIVE_WRITE, WD_FILE_SYMLINKED);
	return 0;
}

SEC("fentry/security_path_symlink")
int BPF_PROG(fentry_sensitive_change__symlink, struct path *dir, struct dentry *dentry)
{
	return named(dir, dentry, SENSITIVE_WRITE, WD_FILE_SYMLINKED);
}

SEC("kprobe/security_path_symlink")
int BPF_KPROBE(kprobe_sensitive_change__symlink, struct path *dir, struct dentry *dentry)
{
	return named(dir, dentry, SENSITIVE_WRITE, WD_FILE_SYMLINKED);
}

SEC("lsm/path_unlink")
int BPF_PROG(lsm_sensitive_change__unlink, struct path *dir, struct dentry *dentry)
{
	named(dir, dentry, SENSITIVE_REMOVE, WD_FILE_UNLINKED);
	return 0;
}

SEC("fentry/security_path_unlink")
int BPF_PROG(fentry_sensitive_change__unlink, struct path *dir, struct dentry *dentry)
{
	return named(dir, dentry, SENSITIVE_REMOVE, WD_FILE_UNLINKED);
}

SEC("kprobe/security_path_unlink")
int BPF_KPROBE(kprobe_sensitive_change__unlink, struct path *dir, struct dentry *dentry)
{
	return named(dir, dentry, SENSITIVE_REMOVE, WD_FILE_UNLINKED);
}

SEC("lsm/path_truncate")
int BPF_PROG(lsm_sensitive_change__truncate, struct path *path)
{
	truncated(path);
	return 0;
}

SEC("fentry/security_path_truncate")
int BPF_PROG(fentry_sensitive_change__truncate, struct path *path)
{
	return truncated(path);
}

SEC("kprobe/security_path_truncate")
int BPF_KPROBE(kprobe_sensitive_change__truncate, struct path *path)
{
	return truncated(path);
}

/* What userspace asks for, by row, and what each row stands for by now: it writes no table of the sensor's itself. */
struct wd_sensitive_ask sensitive_asks[WD_SENSITIVE_ROWS];
struct wd_inode sensitive_rows[WD_SENSITIVE_ROWS];
__u32 sensitive_asked;

__weak __attribute__((noinline)) int sensitive_drop(__u32 row)
{
	struct wd_inode key = {};

	if (row >= WD_SENSITIVE_ROWS || !sensitive_asks[row].fd)
		return 0;
	key = sensitive_rows[row];
	if (key.inode)
		bpf_map_delete_elem(&sensitive_files, &key);
	return 0;
}

__weak __attribute__((noinline)) int sensitive_take(__u32 row)
{
	struct wd_sensitive_ask *ask;
	struct wd_inode key = {};
	struct inode *inode;
	struct file *file;
	__u8 one = 1;

	if (row >= WD_SENSITIVE_ROWS || !sensitive_asks[row].fd)
		return 0;
	ask = &sensitive_asks[row];
	file = ask->fd > 0 ? file_of_own_fd(ask->fd) : NULL;
	if (file) {
		inode = BPF_CORE_READ(file, f_inode);
		key.inode = BPF_CORE_READ(inode, i_ino);
		key.sb = (__u64)BPF_CORE_READ(inode, i_sb);
		bpf_map_update_elem(&sensitive_files, &key, &ask->kinds, BPF_ANY);
		bpf_map_update_elem(&sensitive_filesystems, &key.sb, &one, BPF_ANY);
	}
	sensitive_rows[row] = key;
	ask->fd = 0;
	return 0;
}

SEC("iter/task")
int iter_sensitive(struct bpf_iter__task *ctx)
{
	if (!sensitive_asked)
		return 0;
	sensitive_asked = 0;
	/* What one row leaves another may have taken: all leave first. */
#pragma nounroll
	for (__u32 row = 0; row < WD_SENSITIVE_ROWS; row++)
		sensitive_drop(row);
#pragma nounroll
	for (__u32 row = 0; row < WD_SENSITIVE_ROWS; row++)
		sensitive_take(row);
	sensitive_generation++;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
