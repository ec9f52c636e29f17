// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Calls that change or read the kernel that all containers share: modules, kexec, port access, its log, its clock, reboot.
 * None of them changes an attribute of the task, so that no envelope shows them. Where a function with a result decides, its
 * exit is hooked: it tells a refusal from an act, whatever ABI called. The rest are rare calls' exits.
 */
#include "emit.h"

static __always_inline int call_report(__u32 call, __u64 argument, long ret)
{
	struct origin *o = origin_current();
	struct owner own = {.kind = WD_OWNER_HOST};
	struct wd_kernel_call *k;
	struct wd_record *r;

	if (!o)
		return 0;
	r = CRITICAL(WD_SMALL, wd_kernel_call, WD_KERNEL_CALL, (void *)bpf_get_current_task(), o->container, &own);
	if (!r)
		return 0;
	r->outcome = ret < 0 ? WD_DENIED : WD_SUCCEEDED;
	k = record_body(r);
	k->call = call;
	k->argument = argument;
	k->result = ret;
	critical_send(r);
	return 0;
}

/* Modules */

#define MNT_READONLY 0x40
#define NAME_ROOM    64

/* The file that finit_module was given; init_module has bytes only. */
static __always_inline struct file *module_file(struct task_struct *task)
{
	struct pt_regs *regs = syscall_regs(task);

	return regs && regs_nr(regs) == SYS_finit_module ? file_of_fd(task, (int)regs_arg1(regs)) : NULL;
}

/*
 * Passed for each module that is linked in, before its first instruction runs. A container with the host's module directory,
 * read-only, loads what the host has (B06); from its own files, what it likes.
 */
SEC("tp_btf/module_load")
int BPF_PROG(tp_btf_module_load, struct module *mod)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct origin *o = origin_current();
	struct owner own = {.kind = WD_OWNER_HOST};
	struct wd_kernel_call *k;
	struct wd_record *r;
	struct vfsmount *mnt;
	struct file *file;
	long len;

	if (!o)
		return 0;
	r = CRITICAL(WD_LARGE, wd_kernel_call, WD_KERNEL_CALL, task, o->container, &own);
	if (!r)
		return 0;
	k = record_body(r);
	k->call = WD_CALL_MODULE_LOAD;
	len = bpf_probe_read_kernel_str((char *)r + STRINGS_AT(wd_kernel_call), NAME_ROOM, &mod->name);
	r->len = STRINGS_AT(wd_kernel_call) + NAME_ROOM;
	if (len > 1) {
		k->name.off = STRINGS_AT(wd_kernel_call);
		k->name.len = len - 1;
	}
	file = module_file(task);
	if (file) {
		mnt = BPF_CORE_READ(file, f_path.mnt);
		k->given = (BPF_CORE_READ(mnt, mnt_flags) & MNT_READONLY) && mnt != BPF_CORE_READ(task, fs, root.mnt);
		path_write(r, STRINGS_AT(wd_kernel_call) + NAME_ROOM, &k->file, mnt, BPF_CORE_READ(file, f_path.dentry));
	}
	critical_send(r);
	return 0;
}

/* Context, never more: applications that try socket families make the kernel ask too (trap T13). */
SEC("tp_btf/module_request")
int BPF_PROG(tp_btf_module_request, char *name)
{
	struct origin *o = origin_current();
	struct owner own = {.kind = WD_OWNER_HOST};
	struct wd_kernel_call *k;
	struct wd_record *r;
	long len;

	if (!o)
		return 0;
	r = TELEMETRY(WD_SMALL, wd_kernel_call, WD_KERNEL_CALL, (void *)bpf_get_current_task(), o->container, &own);
	if (!r)
		return 0;
	k = record_body(r);
	k->call = WD_CALL_MODULE_REQUEST;
	len = bpf_probe_read_kernel_str((char *)r + STRINGS_AT(wd_kernel_call), NAME_ROOM, name);
	if (len > 1) {
		r->len = STRINGS_AT(wd_kernel_call) + NAME_ROOM;
		k->name.off = STRINGS_AT(wd_kernel_call);
		k->name.len = len - 1;
	}
	telemetry_send(r);
	return 0;
}

/*
 * locked_down is asked before all that reads or writes the kernel's memory past its own rules, also where no lockdown is on,
 * and whatever ABI called. Its reasons are numbered differently on each kernel.
 */
#define REASON(name, as)                                                                                                       \
	if (bpf_core_enum_value_exists(enum lockdown_reason, LOCKDOWN_##name) &&                                               \
	    what == bpf_core_enum_value(enum lockdown_reason, LOCKDOWN_##name))                                                \
		return as;

static __always_inline __u32 lockdown_call(__u64 what)
{
	REASON(DEV_MEM, WD_CALL_DEVICE_MEMORY)
	REASON(KEXEC, WD_CALL_KEXEC)
	REASON(PCI_ACCESS, WD_CALL_PCI)
	REASON(IOPORT, WD_CALL_IO_PORTS)
	REASON(MSR, WD_CALL_MSR)
	REASON(BPF_WRITE_USER, WD_CALL_BPF_WRITE_USER)
	REASON(KCORE, WD_CALL_KCORE)
	return 0;
}

static __always_inline int locked_down(__u64 what, long ret)
{
	__u32 call = origin_current() ? lockdown_call(what) : 0;

	return call ? call_report(call, 0, ret) : 0;
}

SEC("lsm/locked_down")
int BPF_PROG(lsm_locked_down, enum lockdown_reason what, int ret)
{
	locked_down(what, 0);
	return 0;
}

SEC("fexit/security_locked_down")
int BPF_PROG(fexit_locked_down, enum lockdown_reason what, int ret)
{
	return locked_down(what, ret);
}

SEC("kprobe/security_locked_down")
int BPF_KPROBE(kprobe_locked_down, enum lockdown_reason what)
{
	return locked_down(what, 0);
}

/* Rare calls, judged at their exits by what is in registers. */

/* The actions of syslog(2) that read, clear or silence the log; the others open, close and measure it. */
static __always_inline bool is_log_action(unsigned int action)
{
	return action >= 2 && action <= 8;
}

/* reboot(2)'s commands but those for ctrl-alt-del; include/uapi/linux/reboot.h. */
static __always_inline bool is_reboot(__u32 command)
{
	switch (command) {
	case 0x01234567: /* restart */
	case 0xa1b2c3d4: /* restart, with a string */
	case 0xcdef0123: /* halt */
	case 0x4321fedc: /* power off */
	case 0x45584543: /* kexec */
	case 0xd000fce2: /* hibernate */
		return true;
	default:
		return false;
	}
}

#define REBOOT_MAGIC   0xfee1dead
#define CLOCK_REALTIME 0
#define EEXIST         17

/*
 * What a call asked the whole kernel for, 0 for nothing. In a pid namespace of its own, reboot ends the container. A clock
 * that is adjusted is only told from one that is read when that is refused: what is asked is in the caller's memory.
 */
static __always_inline __u32 call_asked(struct task_struct *task, long nr, struct pt_regs *regs, long ret)
{
	switch (nr) {
	case SYS_init_module:
	case SYS_finit_module:
		return ret < 0 && ret != -EEXIST ? WD_CALL_MODULE_LOAD : 0; /* a success is the hook's above */
	case SYS_delete_module:
		return WD_CALL_MODULE_UNLOAD;
	case SYS_kexec_load:
	case SYS_kexec_file_load:
		return WD_CALL_KEXEC;
	case SYS_iopl:
		return regs_arg1(regs) ? WD_CALL_IO_PORTS : 0;
	case SYS_ioperm:
		return regs_arg3(regs) ? WD_CALL_IO_PORTS : 0;
	case SYS_syslog:
		return is_log_action(regs_arg1(regs)) ? WD_CALL_KERNEL_LOG : 0;
	case SYS_clock_settime:
		return (int)regs_arg1(regs) == CLOCK_REALTIME ? WD_CALL_CLOCK_SET : 0;
	case SYS_settimeofday:
		return WD_CALL_CLOCK_SET;
	case SYS_clock_adjtime:
	case SYS_adjtimex:
		return ret < 0 ? WD_CALL_CLOCK_ADJUST : 0;
	case SYS_reboot:
		return BPF_CORE_READ(task, thread_pid, level) == 0 && is_reboot(regs_arg3(regs)) ? WD_CALL_REBOOT : 0;
	default:
		return 0;
	}
}

#define ENOSYS 38

static __always_inline int call_exit(long nr, struct pt_regs *regs, long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 call;

	if (!regs || ret == -ENOSYS)
		return 0;
	call = call_asked(task, nr, regs, ret);
	if (!call)
		return 0;
	return call_report(call, nr == SYS_reboot ? regs_arg3(regs) : regs_arg1(regs), ret);
}

SEC("tracepoint/init_module finit_module delete_module kexec_load kexec_file_load iopl ioperm syslog clock_settime settimeofday "
    "clock_adjtime adjtimex reboot")
int sysexit_kernel_call(struct sys_exit *ctx)
{
	return origin_current() ? call_exit(ctx->nr, syscall_regs((void *)bpf_get_current_task()), ctx->ret) : 0;
}

/* What locked_down, kernel_log, clock_set and reboot tell where they can be had is here the refusal alone. */
#define CALL_EXIT(call, if_done)                                                                                               \
	SEC("fexit/" SYSCALL_PREFIX #call)                                                                                     \
	int BPF_PROG(fexit_kernel_call__##call, struct pt_regs *regs, long ret)                                                \
	{                                                                                                                      \
		return (if_done || ret < 0) && origin_current() ? call_exit(SYS_##call, regs, ret) : 0;                        \
	}                                                                                                                      \
	SEC("kretprobe/" SYSCALL_PREFIX #call)                                                                                 \
	int BPF_KRETPROBE(kprobe_kernel_call__##call, long ret)                                                                \
	{                                                                                                                      \
		if (!(if_done || ret < 0) || !origin_current())                                                                \
			return 0;                                                                                              \
		return call_exit(SYS_##call, syscall_regs((void *)bpf_get_current_task()), ret);                               \
	}

CALL_EXIT(init_module, false)
CALL_EXIT(finit_module, false)
CALL_EXIT(delete_module, true)
CALL_EXIT(kexec_load, false)
CALL_EXIT(kexec_file_load, false)
CALL_EXIT(iopl, false)
CALL_EXIT(ioperm, false)
CALL_EXIT(reboot, false)

SEC("fexit/do_syslog")
int BPF_PROG(fexit_kernel_call__log, int action, char *buf, int len, int source, int ret)
{
	return is_log_action(action) ? call_report(WD_CALL_KERNEL_LOG, action, ret) : 0;
}

SEC("kretprobe/" SYSCALL_PREFIX "syslog")
int BPF_KRETPROBE(kprobe_kernel_call__log, long ret)
{
	return origin_current() ? call_exit(SYS_syslog, syscall_regs((void *)bpf_get_current_task()), ret) : 0;
}

SEC("fexit/security_settime64")
int BPF_PROG(fexit_kernel_call__clock, const void *tv, const void *zone, int ret)
{
	return call_report(WD_CALL_CLOCK_SET, 0, ret);
}

SEC("kretprobe/security_settime64")
int BPF_KRETPROBE(kprobe_kernel_call__clock, int ret)
{
	return call_report(WD_CALL_CLOCK_SET, 0, ret);
}

/* The request is the kernel's copy of it. */
SEC("fexit/do_adjtimex")
int BPF_PROG(fexit_kernel_call__adjust, struct __kernel_timex *timex, int ret)
{
	return origin_current() && BPF_CORE_READ(timex, modes) ? call_report(WD_CALL_CLOCK_ADJUST, 0, ret) : 0;
}

#define CAP_SYS_TIME 25

/* The entry has the request and no result: the kernel grants it to the host's CAP_SYS_TIME. */
SEC("kprobe/do_adjtimex")
int BPF_KPROBE(kprobe_kernel_call__adjust, struct __kernel_timex *timex)
{
	const struct cred *cred;
	bool may;

	if (!origin_current() || !BPF_CORE_READ(timex, modes))
		return 0;
	cred = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), real_cred);
	may = BPF_CORE_READ(cred, user_ns, level) == 0 && (cred_caps(&cred->cap_effective) >> CAP_SYS_TIME & 1);
	return call_report(WD_CALL_CLOCK_ADJUST, 0, may ? 0 : -1);
}

/* A reboot that is granted has no exit. The functions are behind it and behind sysrq and ctrl-alt-del; the host's. */

SEC("fentry/kernel_restart")
int BPF_PROG(fentry_reboot__restart)
{
	return call_report(WD_CALL_REBOOT, 0, 0);
}

SEC("fentry/kernel_halt")
int BPF_PROG(fentry_reboot__halt)
{
	return call_report(WD_CALL_REBOOT, 0, 0);
}

SEC("fentry/kernel_power_off")
int BPF_PROG(fentry_reboot__power_off)
{
	return call_report(WD_CALL_REBOOT, 0, 0);
}

SEC("kprobe/kernel_restart")
int BPF_KPROBE(kprobe_reboot__restart)
{
	return call_report(WD_CALL_REBOOT, 0, 0);
}

SEC("kprobe/kernel_halt")
int BPF_KPROBE(kprobe_reboot__halt)
{
	return call_report(WD_CALL_REBOOT, 0, 0);
}

SEC("kprobe/kernel_power_off")
int BPF_KPROBE(kprobe_reboot__power_off)
{
	return call_report(WD_CALL_REBOOT, 0, 0);
}

#define CAP_SYS_BOOT 22

/* A tracepoint since 6.14: that reboot's capability was granted, before its arguments are looked at. */
SEC("tp_btf/cap_capable")
int BPF_PROG(tp_btf_reboot, const struct cred *cred, struct user_namespace *target, const struct user_namespace *capable,
	     int cap, int ret)
{
	struct task_struct *task;
	struct pt_regs *regs;

	if (cap != CAP_SYS_BOOT || ret || !origin_current())
		return 0;
	task = (void *)bpf_get_current_task();
	regs = syscall_regs(task);
	if (!regs || regs_nr(regs) != SYS_reboot || (__u32)regs_arg1(regs) != REBOOT_MAGIC || !is_reboot(regs_arg3(regs)))
		return 0;
	return BPF_CORE_READ(task, thread_pid, level) ? 0 : call_report(WD_CALL_REBOOT, regs_arg3(regs), 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
