// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a container wrote is used by somebody else: executed, run by an interpreter, mapped as code, loaded by the kernel (I4). And
 * the kernel's own helpers, which run as root outside of any container (trap T6): no envelope sees them, their file tells whose
 * they are. The acts are seen where the file itself is passed; scripts only by bprm_check, since by exec's end the file is the
 * interpreter's. Mapping as code has no rare syscall to look at: unseen where security_mmap_file cannot be hooked.
 */
#include "principal.h"

#define PF_KTHREAD 0x200000
#define S_IFIFO    0010000
#define S_IFREG    0100000
#define SET_ID     06000
#define PROT_EXEC  4

/* Reports the use of a file that a container wrote, if the user is another principal; of one that nobody wrote, if it is the host. */
static __always_inline void provenance_use(struct principal *p, struct file *file, struct writer *w, __u32 via, bool gains)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct wd_provenance_use *u;
	struct wd_record *r;
	bool deleted = false;

	if (owner_is(&p->own, w->container)) {
		/* Its own. But a file with no name left that is loaded as code was hidden from who looks into the container (O13). */
		deleted = via == WD_VIA_EXEC_MAP && !BPF_CORE_READ(inode, i_nlink);
		if (!deleted)
			return;
	}
	if (!w->container && p->own.kind != WD_OWNER_HOST)
		return;
	u = use_begin(&r, inode, w, via, &p->own);
	if (!u)
		return;
	u->gains = gains || (via != WD_VIA_EXEC_MAP && (u->mode & SET_ID));
	u->deleted = deleted;
	u->git_repo = !w->container;
	path_write(r, STRINGS_AT(wd_provenance_use), &u->path, BPF_CORE_READ(file, f_path.mnt),
		   BPF_CORE_READ(file, f_path.dentry));
	critical_send(r);
}

/*
 * Below a volume that the kubelet filled from a git repository: what is executed there is a hook that the repository brought
 * (CVE-2024-10220). Those are few components up; the name of the volume's directory is the kubelet's own.
 */
#define GIT_REPO_DEPTH 24

static __always_inline bool in_git_repo(struct dentry *dentry)
{
#pragma nounroll
	for (int i = 0; i < GIT_REPO_DEPTH; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		char name[24] __attribute__((aligned(8))) = {};

		if (parent == dentry)
			return false;
		dentry = parent;
		bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(dentry, d_name.name));
		/* by eight bytes, which takes no function */
		if (!__builtin_memcmp(name, "kubernet", 8) && !__builtin_memcmp(name + 8, "es.io~gi", 8) &&
		    !__builtin_memcmp(name + 16, "t-repo\0", 8))
			return true;
	}
	return false;
}

/* Whose the file is that the running task executes: false where it is nobody's, and brought by nobody. */
static __always_inline bool exec_writer(struct writer *who, struct writer *w, struct file *file)
{
	if (w)
		*who = *w;
	return w || (!origin_current() && in_git_repo(BPF_CORE_READ(file, f_path.dentry)));
}

/*
 * A usermode helper: the child of a kernel thread, kthreadd or the worker that waits for it. Process 1 is one of process 0.
 * call_usermodehelper_setup does not see all of them (release_agent's is inlined).
 */
static __always_inline bool is_helper(struct task_struct *task)
{
	struct task_struct *parent = BPF_CORE_READ(task, real_parent);

	return (BPF_CORE_READ(parent, flags) & PF_KTHREAD) && BPF_CORE_READ(parent, pid);
}

static __always_inline void helper_exec(struct task_struct *task, struct file *file, struct writer *w)
{
	struct owner own = {.kind = WD_OWNER_HOST}, tree;
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct file *in = file_of_fd(task, 0);
	struct wd_helper_exec *h;
	struct wd_record *r;
	__u64 origin;
	__u32 dev;

	tree = owner_of_ns(mount_ns(real_mount(BPF_CORE_READ(file, f_path.mnt))), NS_MNT);
	origin = w ? w->container : (tree.kind == WD_OWNER_CONTAINER ? tree.container : 0);
	r = CRITICAL(WD_LARGE, wd_helper_exec, WD_HELPER_EXEC, task, origin,
		     &own); /* they are few, and nobody's are told too */
	if (!r)
		return;
	h = record_body(r);
	h->helper = r->actor;
	if (w) {
		h->written = 1;
		h->written_ns = w->time_ns;
		actor_is_writer(r, w);
	}
	h->in_tree = owner_is(&tree, origin);
	h->core_dump = in && (BPF_CORE_READ(in, f_inode, i_mode) & 0170000) == S_IFIFO;
	h->inode = BPF_CORE_READ(inode, i_ino);
	dev = BPF_CORE_READ(inode, i_sb, s_dev);
	h->device_major = dev >> 20;
	h->device_minor = dev & 0xfffff;
	if (mm)
		args_write(r, STRINGS_AT(wd_helper_exec), &h->args, mm);
	path_write(r, STRINGS_AT(wd_helper_exec) + WD_ARGS_MAX, &h->path, BPF_CORE_READ(file, f_path.mnt),
		   BPF_CORE_READ(file, f_path.dentry));
	critical_send(r);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(tp_btf_exec_file, struct task_struct *task, pid_t old, struct linux_binprm *bprm)
{
	struct file *file = BPF_CORE_READ(bprm, file);
	struct writer *w, who = {};
	struct principal p;

	if (!host.ready)
		return 0;
	w = file_writer(BPF_CORE_READ(file, f_inode));
	if (is_helper(task)) {
		helper_exec(task, file, w);
		return 0;
	}
	if (!exec_writer(&who, w, file))
		return 0;
	p = principal_of(task);
	provenance_use(&p, file, &who, WD_VIA_EXEC, BPF_CORE_READ_BITFIELD_PROBED(bprm, secureexec));
	return 0;
}

#define ELF_MAGIC 0x464c457f

/* What is no program itself: "#!", or a handler's of binfmt_misc. Asked again for the interpreter, which exec_file sees. */
static __always_inline int exec_script(struct linux_binprm *bprm)
{
	struct writer *w, who = {};
	struct task_struct *task;
	struct principal p;
	struct file *file;
	__u32 magic = 0;

	bpf_core_read(&magic, sizeof(magic), &bprm->buf);
	if (magic == ELF_MAGIC || !host.ready)
		return 0;
	file = BPF_CORE_READ(bprm, file);
	w = file_writer(BPF_CORE_READ(file, f_inode));
	task = (void *)bpf_get_current_task();
	if (is_helper(task)) {
		helper_exec(task, file, w);
		return 0;
	}
	if (!exec_writer(&who, w, file))
		return 0;
	p = principal_of(task);
	/* A container that starts again runs what it wrote in its former life: until it is sealed nobody knows that it is the same. */
	if (p.settled || bpf_map_lookup_elem(&containers, &who.container))
		provenance_use(&p, file, &who, WD_VIA_SCRIPT, false);
	return 0;
}

SEC("lsm/bprm_check_security")
int BPF_PROG(lsm_exec_script, struct linux_binprm *bprm, int ret)
{
	exec_script(bprm);
	return 0;
}

SEC("fentry/security_bprm_check")
int BPF_PROG(fentry_exec_script, struct linux_binprm *bprm)
{
	return exec_script(bprm);
}

SEC("kprobe/security_bprm_check")
int BPF_KPROBE(kprobe_exec_script, struct linux_binprm *bprm)
{
	return exec_script(bprm);
}

/*
 * Code that is not the program itself: libraries, plug-ins, the program's loader. Of all the calls of mmap those that map a
 * file as code are few; what a runtime's task maps before its exec is over is the new program's.
 */
static __always_inline int code_map(struct file *file, unsigned long prot)
{
	struct task_struct *task;
	struct principal p;
	struct writer *w;

	if (!file || !(prot & PROT_EXEC) || !host.ready)
		return 0;
	w = file_writer(BPF_CORE_READ(file, f_inode));
	if (!w)
		return 0;
	task = (void *)bpf_get_current_task();
	if (BPF_CORE_READ(task, mm, exe_file, f_inode) == BPF_CORE_READ(file, f_inode))
		return 0; /* the program itself, by its exec */
	p = principal_of(task);
	if (p.settled)
		provenance_use(&p, file, w, WD_VIA_EXEC_MAP, false);
	return 0;
}

SEC("lsm/mmap_file")
int BPF_PROG(lsm_code_map, struct file *file, unsigned long reqprot, unsigned long prot, unsigned long flags, int ret)
{
	code_map(file, prot);
	return 0;
}

SEC("fentry/security_mmap_file")
int BPF_PROG(fentry_code_map, struct file *file, unsigned long prot)
{
	return code_map(file, prot);
}

SEC("kprobe/security_mmap_file")
int BPF_KPROBE(kprobe_code_map, struct file *file, unsigned long prot)
{
	return code_map(file, prot);
}

/* The kernel reads a module, a firmware or a kernel to boot from a file. */
static __always_inline int kernel_read(struct file *file)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct writer *w = file ? file_writer(BPF_CORE_READ(file, f_inode)) : NULL;
	struct principal p;

	if (!w || !host.ready)
		return 0;
	p = principal_of(task);
	provenance_use(&p, file, w, WD_VIA_KERNEL_READ, false);
	return 0;
}

SEC("lsm/kernel_read_file")
int BPF_PROG(lsm_kernel_read, struct file *file)
{
	kernel_read(file);
	return 0;
}

SEC("fentry/security_kernel_read_file")
int BPF_PROG(fentry_kernel_read, struct file *file)
{
	return kernel_read(file);
}

SEC("kprobe/security_kernel_read_file")
int BPF_KPROBE(kprobe_kernel_read, struct file *file)
{
	return kernel_read(file);
}

SEC("tracepoint/finit_module")
int sysexit_kernel_read(struct sys_exit *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pt_regs *regs = ctx->ret < 0 ? NULL : syscall_regs(task);

	return regs ? kernel_read(file_of_fd(task, (int)regs_arg1(regs))) : 0;
}

/*
 * A container gives a program another's privileges (M59): chmod with a set-id bit counts as writing it, whoever made its
 * contents.
 */
static __always_inline int set_id(const struct path *path, umode_t mode)
{
	struct origin *o = mode & SET_ID ? origin_current() : NULL;
	struct inode *inode = o ? BPF_CORE_READ(path, dentry, d_inode) : NULL;

	if (inode && (BPF_CORE_READ(inode, i_mode) & 0170000) == S_IFREG)
		file_written(o, inode, false);
	return 0;
}

SEC("lsm/path_chmod")
int BPF_PROG(lsm_set_id, const struct path *path, umode_t mode, int ret)
{
	set_id(path, mode);
	return 0;
}

SEC("fentry/security_path_chmod")
int BPF_PROG(fentry_set_id, const struct path *path, umode_t mode)
{
	return set_id(path, mode);
}

SEC("kprobe/security_path_chmod")
int BPF_KPROBE(kprobe_set_id, const struct path *path, umode_t mode)
{
	return set_id(path, mode);
}

SEC("tracepoint/fchmod")
int sysexit_set_id(struct sys_exit *ctx)
{
	struct origin *o = ctx->ret < 0 ? NULL : origin_current();
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pt_regs *regs = o ? syscall_regs(task) : NULL;
	struct file *file = regs ? file_of_own_fd((int)regs_arg1(regs)) : NULL;

	return file ? set_id(&file->f_path, regs_arg2(regs)) : 0;
}

#define O_ACCMODE 3

/* The access that the open in progress asks for: in a register of open and openat, else not known. */
static __always_inline bool opens_to_write(struct task_struct *task)
{
	struct pt_regs *regs = syscall_regs(task);

	switch (regs ? regs_nr(regs) : -1) {
	case SYS_open:
		return regs_arg2(regs) & O_ACCMODE;
	case SYS_openat:
		return regs_arg3(regs) & O_ACCMODE;
	default:
		return false;
	}
}

/*
 * The way to a runtime's program by a link of procfs, to write it (R01): while the program runs the open ends in ETXTBSY before
 * any other hook (trap T11).
 */
static __always_inline int runtime_link(struct path *path)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct origin *o = origin_current();
	struct owner own = {.kind = WD_OWNER_HOST};
	struct wd_file_open *f;
	struct inode *inode;
	struct wd_record *r;

	if (!o || !opens_to_write(task))
		return 0;
	inode = BPF_CORE_READ(path, dentry, d_inode);
	if (!inode || !is_runtime(inode))
		return 0;
	r = CRITICAL(WD_LARGE, wd_file_open, WD_FILE_OPEN, task, o->container, &own);
	if (!r)
		return 0;
	f = record_body(r);
	f->via = WD_VIA_MAGIC_LINK;
	f->runtime = f->write = f->foreign = 1;
	f->mnt_ns = mount_ns(real_mount(BPF_CORE_READ(path, mnt)));
	f->mode = BPF_CORE_READ(inode, i_mode);
	f->inode = BPF_CORE_READ(inode, i_ino);
	path_write(r, STRINGS_AT(wd_file_open), &f->path, BPF_CORE_READ(path, mnt), BPF_CORE_READ(path, dentry));
	critical_send(r);
	return 0;
}

SEC("fentry/nd_jump_link")
int BPF_PROG(fentry_runtime_link, struct path *path)
{
	return runtime_link(path);
}

SEC("kprobe/nd_jump_link")
int BPF_KPROBE(kprobe_runtime_link, struct path *path)
{
	return runtime_link(path);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
