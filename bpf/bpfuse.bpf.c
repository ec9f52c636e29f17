// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bpf(2), judged by the object that the call gave: its exit's descriptor. A program that is loaded sees or changes the host;
 * one got by its id, a map or a link, is whoever's made it. security_bpf has the request only, before it is decided, and
 * security_bpf_prog no links and no refusals.
 */
#include "emit.h"

/* Ids of the sensor's own programs, maps and links, by kind << 32 | id. Filled and frozen when all is attached. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u8);
} sensor_objects SEC(".maps");

static __always_inline void program_fill(struct wd_bpf_use *u, struct bpf_prog *prog)
{
	u->program_type = BPF_CORE_READ(prog, type);
	bpf_probe_read_kernel_str(u->name, sizeof(u->name), &BPF_CORE_READ(prog, aux)->name);
}

/* What a descriptor of bpf(2) is, by the name of its anonymous inode, since the id says nothing of the kind. */
static __always_inline bool object_fill(struct wd_bpf_use *u, struct file *file)
{
	void *object = BPF_CORE_READ(file, private_data);
	char name[8] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(file, f_path.dentry, d_name.name));
	if (name[0] != 'b' || name[1] != 'p' || name[2] != 'f')
		return false;
	switch (name[4]) {
	case 'p':
		u->object = WD_BPF_OBJECT_PROGRAM;
		u->id = BPF_CORE_READ((struct bpf_prog *)object, aux, id);
		program_fill(u, object);
		return true;
	case 'm':
		u->object = WD_BPF_OBJECT_MAP;
		u->id = BPF_CORE_READ((struct bpf_map *)object, id);
		bpf_probe_read_kernel_str(u->name, sizeof(u->name), &((struct bpf_map *)object)->name);
		return true;
	case 'l':
		u->object = WD_BPF_OBJECT_LINK;
		u->id = BPF_CORE_READ((struct bpf_link *)object, id);
		program_fill(u, BPF_CORE_READ((struct bpf_link *)object, prog));
		return true;
	default:
		return false;
	}
}

static __always_inline __u32 bpf_act(__u32 cmd)
{
	switch (cmd) {
	case BPF_PROG_LOAD:
		return WD_BPF_ACT_LOAD;
	case BPF_PROG_GET_FD_BY_ID:
	case BPF_MAP_GET_FD_BY_ID:
	case BPF_LINK_GET_FD_BY_ID:
		return WD_BPF_ACT_BY_ID;
	case BPF_OBJ_GET:
		return WD_BPF_ACT_BY_PIN;
	default:
		return 0;
	}
}

static __always_inline int bpf_use(struct pt_regs *regs, long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct owner own = {.kind = WD_OWNER_HOST};
	struct origin *o = origin_current();
	struct wd_bpf_use use = {}, *u;
	struct wd_record *r;
	struct file *file;
	__u64 key;

	if (!o || !regs || (ret < 0 && ret != -1 /* EPERM */ && ret != -13 /* EACCES */))
		return 0;
	use.act = bpf_act(regs_arg1(regs));
	if (!use.act)
		return 0;
	if (ret >= 0) {
		file = file_of_fd(task, ret);
		if (!file || !object_fill(&use, file))
			return 0;
		if (use.act == WD_BPF_ACT_LOAD && use.program_type == BPF_PROG_TYPE_SOCKET_FILTER)
			return 0; /* sees its own socket only */
		key = (__u64)use.object << 32 | use.id;
		use.sensor = bpf_map_lookup_elem(&sensor_objects, &key) != NULL;
	}
	use.result = ret;
	r = CRITICAL(WD_SMALL, wd_bpf_use, WD_BPF_USE, task, o->container, &own);
	if (!r)
		return 0;
	r->outcome = ret < 0 ? WD_DENIED : WD_SUCCEEDED;
	u = record_body(r);
	*u = use;
	critical_send(r);
	return 0;
}

SEC("fexit/" SYSCALL_PREFIX "bpf")
int BPF_PROG(fexit_bpf_use, struct pt_regs *regs, long ret)
{
	return bpf_use(regs, ret);
}

SEC("kretprobe/" SYSCALL_PREFIX "bpf")
int BPF_KRETPROBE(kprobe_bpf_use, long ret)
{
	return origin_current() ? bpf_use(syscall_regs((void *)bpf_get_current_task()), ret) : 0;
}

SEC("tracepoint/bpf")
int sysexit_bpf_use(struct sys_exit *ctx)
{
	return origin_current() ? bpf_use(syscall_regs((void *)bpf_get_current_task()), ctx->ret) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
