// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A container's hand on the sensor itself: a signal, or its cgroup frozen. Both tracepoints are there on every kernel and pass
 * the object. What it does to the sensor's programs and maps is bpf_use's, to its memory ptrace_access's. The host may stop
 * its own sensor. SIGKILL is beyond telling: who would read the record is gone.
 */
#include "emit.h"

static __always_inline int sensor_tamper(__u32 act, __u32 signal)
{
	struct owner own = {.kind = WD_OWNER_HOST};
	struct origin *o = origin_current();
	struct wd_sensor_tamper *s;
	struct wd_record *r;

	if (!o)
		return 0;
	r = CRITICAL(WD_SMALL, wd_sensor_tamper, WD_SENSOR_TAMPER, (void *)bpf_get_current_task(), o->container, &own);
	if (!r)
		return 0;
	s = record_body(r);
	s->act = act;
	s->signal = signal;
	critical_send(r);
	return 0;
}

static __always_inline struct task_struct *sensor_task(void)
{
	return (void *)host.sensor;
}

/* By another's hand: a timer or the kernel may raise one while any task runs. */
SEC("tp_btf/signal_generate")
int BPF_PROG(tp_btf_sensor_signal, int sig, struct kernel_siginfo *info, struct task_struct *task)
{
	struct task_struct *sensor = sensor_task();

	if (!sensor || BPF_CORE_READ(task, group_leader) != BPF_CORE_READ(sensor, group_leader))
		return 0;
	if ((__u64)info > 1 && BPF_CORE_READ(info, si_code) > 0)
		return 0;
	return sensor_tamper(WD_TAMPER_SIGNAL, sig);
}

/* Passed for each cgroup below the one that is written to. */
SEC("tp_btf/cgroup_freeze")
int BPF_PROG(tp_btf_sensor_freeze, struct cgroup *cgroup)
{
	struct task_struct *sensor = sensor_task();

	if (!sensor || BPF_CORE_READ(sensor, cgroups, dfl_cgrp) != cgroup)
		return 0;
	return sensor_tamper(WD_TAMPER_FREEZE, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
