// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * perf_event_open, judged by the event that it gave: of which task, or of all. security_perf_event_open is asked before the
 * task is looked up, so the call's exit is hooked. A container that profiles its own tasks is silent (B19, B27).
 */
#include "emit.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pmu {
	const char *name;
};

struct hw_perf_event {
	struct task_struct *target;
};

struct perf_event_attr {
	__u64 config;
};

struct perf_event {
	struct pmu *pmu;
	struct perf_event_attr attr;
	struct hw_perf_event hw;
	int cpu;
};

#pragma clang attribute pop

static __always_inline int perf_report(struct origin *o, struct perf_event *event, struct task_struct *target, long ret)
{
	struct owner own = {.kind = WD_OWNER_HOST};
	struct wd_perf_open *p;
	struct wd_record *r;

	if (target) {
		own = owner_of_process(BPF_CORE_READ(target, tgid));
		if (owner_is(&own, o->container))
			return 0;
	}
	r = CRITICAL(WD_SMALL, wd_perf_open, WD_PERF_OPEN, (void *)bpf_get_current_task(), o->container, &own);
	if (!r)
		return 0;
	r->outcome = ret < 0 ? WD_DENIED : WD_SUCCEEDED;
	p = record_body(r);
	p->result = ret;
	p->system_wide = !target;
	p->cpu = -1;
	if (target)
		process_fill(&p->target, target);
	if (event) {
		p->cpu = BPF_CORE_READ(event, cpu);
		p->config = BPF_CORE_READ(event, attr.config);
		bpf_probe_read_kernel_str(p->pmu, sizeof(p->pmu), BPF_CORE_READ(event, pmu, name));
	}
	critical_send(r);
	return 0;
}

static __always_inline struct perf_event *perf_event_of(struct file *file)
{
	char name[8] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(file, f_path.dentry, d_name.name));
	return name[0] == '[' && name[1] == 'p' && name[2] == 'e' /* [perf_event] */ ? BPF_CORE_READ(file, private_data) : NULL;
}

/* Where it was refused there is no event; what was asked is in registers: a task's number to the caller, or -1 for all. */
static __always_inline int perf_open(struct pt_regs *regs, long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task(), *target = NULL;
	struct origin *o = origin_current();
	struct perf_event *event = NULL;
	struct file *file;

	if (!o || !regs)
		return 0;
	if (ret >= 0) {
		file = file_of_fd(task, ret);
		event = file ? perf_event_of(file) : NULL;
		if (!event)
			return 0;
		target = BPF_CORE_READ(event, hw.target);
	} else {
		int pid = regs_arg2(regs);

		if (ret != -1 /* EPERM */ && ret != -13 /* EACCES */)
			return 0;
		target = pid > 0 ? task_find(task, pid) : NULL;
		if (!target && pid != -1)
			return 0; /* itself, or nobody */
	}
	return perf_report(o, event, target, ret);
}

SEC("fexit/" SYSCALL_PREFIX "perf_event_open")
int BPF_PROG(fexit_perf_open, struct pt_regs *regs, long ret)
{
	return perf_open(regs, ret);
}

SEC("kretprobe/" SYSCALL_PREFIX "perf_event_open")
int BPF_KRETPROBE(kprobe_perf_open, long ret)
{
	return origin_current() ? perf_open(syscall_regs((void *)bpf_get_current_task()), ret) : 0;
}

SEC("tracepoint/perf_event_open")
int sysexit_perf_open(struct sys_exit *ctx)
{
	return origin_current() ? perf_open(syscall_regs((void *)bpf_get_current_task()), ctx->ret) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
