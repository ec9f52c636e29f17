// SPDX-License-Identifier: Apache-2.0
#include "attach.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#define EXIT_VIEW "32-bit calls; a descriptor that another thread replaced before the call returned"

const struct hook hooks[] = {
	{"process_exec", NULL, "containers' births, entries and programs: everything", true},
	{"process_fork", NULL, "children of a container's processes: everything after its first", true},
	{"process_exit", NULL, "ends of processes and containers; the tables would fill up", true},
	{"namespace_change", "namespaces switched by anything but setns and unshare, until the next hook or sweep; " EXIT_VIEW,
	 "joined namespaces, until the next hook or sweep", false},
	{"namespace_denied", "32-bit calls", "refused attempts to join namespaces", false},
	{"cred_change", NULL, "credentials beyond the seal when they are installed; the next hook or sweep finds them", false},
	{"capability_use", "which checks were questions without an audit (but those of memory mappings): they count as uses",
	 "which capabilities a container uses", HOOK_TP_BTF_DEGRADED},
	{"mount_create", "mounts by a call that failed or was undone at once; on kernels 6.8 to 6.13 mount(2); " EXIT_VIEW,
	 "new mounts", false},
	{"loop_setup", NULL,
	 "that a mounted loop device was set up by the container: its mount is reported as a block device's", false},
	{"root_change", "roots changed by anything but chroot, pivot_root and setns; 32-bit calls",
	 "root directories changed; the next hook or sweep finds those in another mount tree", false},
	{"userns_create", "32-bit calls", "user namespaces that a container makes", false},
	{"ns_handle", "32-bit calls", "namespace files opened by handle: the joining is seen, under another door's name",
	 false},
	{"mount_attach", "mounts by move_mount; behind more than 16 peers; on kernels 6.8 to 6.13; 32-bit calls",
	 "mounts of a container that arrive in the host's tree", false},
	{"mount_change", "32-bit calls",
	 "masks and read-only mounts taken down in a container's own mount tree, and mounts that go round them", false},
	{"file_open", "opens by fanotify and by a descriptor passed on; io_uring's that post no completion; " EXIT_VIEW,
	 "opened files: other mount trees, handles, procfs, interfaces of the kernel, devices", false},
	{"sensitive_change", NULL,
	 "files moved, linked or removed in the node's own directories: only those that are opened are seen", false},
	{"ptrace_access", EXIT_VIEW, "tracing of, memory access to and descriptors taken from other principals' processes",
	 false},
	{"ptrace_denied", "32-bit calls", "refused attempts on other principals' processes", false},
	{"uring_open", NULL, "opens by io_uring", false},
	{"exec_open", NULL, "executed programs: other mount trees, handles", false},
	{"unix_connect", "connections by io_uring that post no completion; " EXIT_VIEW,
	 "connections to other principals' unix sockets", false},
	{"uring_connect", NULL, "connections by io_uring", false},
	{"connect_refused", "connections by io_uring; " EXIT_VIEW, "unix sockets that are tried in vain", false},
	{"unix_send", NULL, "datagrams to other principals' unix sockets that no connect came before", false},
	{"net_connect", NULL, "connections of TCP by a container", false},
	{"net_send", "datagrams that no connect came before; connects by io_uring; " EXIT_VIEW,
	 "datagrams of UDP by a container", false},
	{"unix_bind", "sockets bound by 32-bit calls or io_uring",
	 "whose a unix socket is whose listener ended, or of datagrams", false},
	{"cgroup_move", NULL, "moves between cgroups", false},
	{"module_load", NULL, "modules that a container loads", false},
	{"module_request", NULL, "modules that the kernel asks for on a container's behalf", false},
	{"locked_down", NULL, "access to ports, /dev/mem, model-specific registers and PCI devices, except by iopl and ioperm",
	 false},
	{"kernel_call", "a clock that is adjusted with leave; 32-bit calls",
	 "module, kexec, port, kernel log, clock and reboot calls", false},
	{"reboot", NULL, "reboots that are granted", false},
	{"bpf_use", "32-bit calls; a descriptor that another thread replaced before the call returned",
	 "BPF programs loaded, other principals' BPF objects opened", false},
	{"perf_open", EXIT_VIEW, "perf events of other principals' tasks and of all", false},
	{"io_uring", NULL, "io_uring set up", false},
	{"userfaultfd", "by /dev/userfaultfd; " EXIT_VIEW, "userfaultfd", false},
	{"path_notify", "32-bit calls", "fanotify marks on mounts and filesystems", false},
	{"splice", "32-bit calls", "single bytes of files spliced into pipes", false},
	{"mount_option", "32-bit calls", "options of mounts by fsconfig", false},
	{"mount_list", "32-bit calls", "mounts and namespaces listed by their numbers", false},
	{"socket_create", "by io_uring; " EXIT_VIEW, "sockets of rare families", false},
	{"sensor_signal", NULL, "signals to the sensor", false},
	{"sensor_freeze", NULL, "the sensor's cgroup frozen", false},
	{"ipc_create", "System V objects made by 32-bit calls", "who made a System V object", false},
	{"ipc_access", "semop alone, on a set whose number was guessed; 32-bit calls",
	 "use of other principals' System V objects", false},
	{"key_create", "keys made by 32-bit calls or by the kernel itself", "who made a key", false},
	{"key_access", "keys that were found by a search of keyrings, or used by the kernel for the task; 32-bit calls",
	 "use of other principals' keys", false},
	{"key_refused", "32-bit calls", "searches for other principals' keys", false},
	{"signal_send", NULL, "signals to other principals' processes", false},
	{"signal_denied", "32-bit calls; signals to a group", "refused signals to other principals' processes", false},
	{"task_control", "32-bit calls; calls on a group of processes",
	 "limits, priorities and processors of other principals' processes set", false},
	{"file_receive", NULL,
	 "descriptors as they are received; what is still held at the next sweep of descriptors is seen then", false},
	{"file_sweep", "descriptors that were closed again before the next sweep, some ten seconds apart",
	 "descriptors that came in by a way that no hook sees", false},
	{"exec_file", NULL, "programs that another principal's container wrote; usermode helpers", false},
	{"exec_script", NULL, "scripts that another principal's container wrote: only their interpreter is seen", false},
	{"code_map", NULL, "libraries that another principal's container wrote, mapped as code", false},
	{"kernel_read", "firmware; " EXIT_VIEW, "modules and firmware that a container wrote, read by the kernel", false},
	{"set_id", "set-id bits given by a path; " EXIT_VIEW, "set-id bits that a container gives a file it did not write",
	 false},
	{"runtime_link", NULL, "attempts to write a runtime's program while it runs", false},
	{"link_create", NULL, "symbolic links that a container makes, which others may follow", false},
	{"link_follow", NULL, "symbolic links of a container's that another principal follows", false},
	{"kernel_write", NULL, "whether an interface of the kernel that was opened for writing was written to", false},
	{"device_make", EXIT_VIEW, "device nodes that are made", false},
	{"device_denied", "refused opens; 32-bit calls", "refused attempts on devices", false},
	{"sweep", NULL, "tasks whose credentials, namespaces or root were rewritten with no hook passed", false},
	{"sweep_labels", NULL,
	 "rewritten security labels: cred_change is not hooked, or no active security module has any that stay", HOOK_LABELS},
	{"sweep_ids", "user ids that were rewritten to others that the container may have: cred_change is not hooked",
	 "rewritten user ids, and maps of them", HOOK_IDS},
};
const unsigned int hooks_n = sizeof(hooks) / sizeof(hooks[0]);
_Static_assert(sizeof(hooks) / sizeof(hooks[0]) <= ATTACH_HOOKS, "struct attach has room for each");

/* Hooks that show what another misses on the sysexit tier: where that one has a better tier it shows the same, and they stay off. */
static const struct {
	const char *hook, *of;
} complements[] = {
	{"uring_open", "file_open"},
	{"exec_open", "file_open"},
	{"uring_connect", "unix_connect"},
};

/* The tier of the hook that makes this one needless; TIER_NONE where it is needed. Its row is before this one's. */
static enum tier covering_tier(const struct attach *a, unsigned int hook)
{
	for (size_t n = 0; n < sizeof(complements) / sizeof(complements[0]); n++)
		for (unsigned int i = 0; i < hook && !strcmp(hooks[hook].name, complements[n].hook); i++)
			if (!strcmp(hooks[i].name, complements[n].of) && a->tiers[i] < TIER_SYSEXIT)
				return a->tiers[i];
	return TIER_NONE;
}

/* "fentry_file_open", "sysexit_file_open__openat": is it the hook's on this tier? */
static bool is_program_of(const char *program, enum tier tier, const char *hook)
{
	size_t t = strlen(tier_names[tier]), h = strlen(hook);

	if (strncmp(program, tier_names[tier], t) || program[t] != '_' || strncmp(program + t + 1, hook, h))
		return false;
	program += t + 1 + h;
	return !*program || !strncmp(program, "__", 2);
}

/* A tier serves a hook when it has programs, and at least one has its target here: a kernel may lack one of several calls. */
static bool tier_serves(const struct attach *a, const struct probe *p, enum tier tier, const char *hook)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, a->object)
		if (is_program_of(bpf_program__name(prog), tier, hook) &&
		    probe_target(p, tier, bpf_program__section_name(prog)))
			return true;
	return false;
}

void attach_plan(struct attach *a, const struct probe *p, struct bpf_object *object)
{
	struct bpf_program *prog;

	a->object = object;
	bpf_object__for_each_program(prog, object)
		bpf_program__set_autoload(prog, !strncmp(bpf_program__name(prog), "iter_", 5) &&
							!strstr(bpf_program__name(prog), "sweep"));
	for (unsigned int i = 0; i < hooks_n; i++) {
		enum tier t = covering_tier(a, i);

		if (t < TIER_NONE) {
			a->tiers[i] = t;
			continue;
		}
		if (hooks[i].flags & HOOK_LABELS) {
			/* New credentials at the old ones' address have another label: cred_change tells them apart. */
			bool labels = p->label_size && attach_tier(a, "cred_change") < TIER_NONE;

			a->tiers[i] = labels ? attach_tier(a, "sweep") : TIER_NONE;
			continue;
		}
		if (hooks[i].flags & HOOK_IDS) {
			t = attach_tier(a, "cred_change");
			a->tiers[i] = t < TIER_NONE ? t : attach_tier(a, "sweep");
			continue;
		}
		t = a->floor[i];
		while (t < TIER_NONE && !tier_serves(a, p, t, hooks[i].name))
			t++;
		a->tiers[i] = t;
		bpf_object__for_each_program(prog, object)
			if (t < TIER_NONE && is_program_of(bpf_program__name(prog), t, hooks[i].name) &&
			    probe_target(p, t, bpf_program__section_name(prog)))
				bpf_program__set_autoload(prog, true);
	}
}

int attach_select(struct attach *a, struct err *err)
{
	for (unsigned int i = 0; i < hooks_n; i++)
		if ((hooks[i].flags & HOOK_REQUIRED) && a->tiers[i] == TIER_NONE)
			return err_set(err, -ENOTSUP, "this kernel has no way to hook %s, without which is not seen: %s",
				       hooks[i].name, hooks[i].unseen);
	return 0;
}

bool attach_lower(struct attach *a, const char *program, const char *why)
{
	if (a->n_refused++ < ATTACH_REFUSED) {
		snprintf(a->refused[a->n_refused - 1].program, sizeof(a->refused->program), "%s", program);
		snprintf(a->refused[a->n_refused - 1].why, sizeof(a->refused->why), "%s", why);
	}
	for (unsigned int i = 0; i < hooks_n; i++)
		if (a->tiers[i] < TIER_NONE && is_program_of(program, a->tiers[i], hooks[i].name)) {
			a->floor[i] = a->tiers[i] + 1;
			return true;
		}
	return false;
}

static int link_add(struct attach *a, struct bpf_link *link)
{
	if (a->n_links == ATTACH_LINKS) {
		bpf_link__destroy(link);
		return -E2BIG;
	}
	a->links[a->n_links++] = link;
	return 0;
}

/*
 * By perf_event_open with the tracepoint's id rather than by libbpf, which wants tracefs mounted and one tracepoint a program.
 * The event is opened on one processor: the program runs on all of them, since it hangs on the tracepoint itself.
 */
static int attach_tracepoint(struct attach *a, struct bpf_program *prog, int id)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .config = (unsigned int)id};
	struct bpf_link *link;
	int fd;

	attr.sample_period = 1;
	fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	link = bpf_program__attach_perf_event(prog, fd);
	if (!link) {
		int e = errno;

		close(fd);
		return -e;
	}
	return link_add(a, link);
}

/* A sysexit program's section lists its system calls; those that this kernel does not have are left out. */
static int attach_sysexit(struct attach *a, const struct probe *p, struct bpf_program *prog)
{
	const char *call = NULL;
	char name[64];
	int id, rc;

	while ((call = probe_next_call(bpf_program__section_name(prog), call, name, sizeof(name)))) {
		id = probe_tracepoint(p, name);
		rc = id < 0 ? 0 : attach_tracepoint(a, prog, id);
		if (rc)
			return rc;
	}
	return 0;
}

int attach_hooks(struct attach *a, const struct probe *p, struct err *err)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, a->object) {
		const char *name = bpf_program__name(prog);
		int rc;

		if (!bpf_program__autoload(prog) || !strncmp(name, "iter_", 5))
			continue;
		if (strncmp(name, "sysexit_", 8)) {
			struct bpf_link *link = bpf_program__attach(prog);

			rc = link ? link_add(a, link) : -errno;
		} else {
			rc = attach_sysexit(a, p, prog);
		}
		if (rc) {
			attach_lower(a, name, strerror(-rc));
			return err_set(err, -EAGAIN, "attaching %s: %s", name, strerror(-rc));
		}
	}
	return 0;
}

enum tier attach_tier(const struct attach *a, const char *hook)
{
	for (unsigned int i = 0; i < hooks_n; i++)
		if (!strcmp(hooks[i].name, hook))
			return a->tiers[i];
	return TIER_NONE;
}

void attach_destroy(struct attach *a)
{
	while (a->n_links)
		bpf_link__destroy(a->links[--a->n_links]);
}

Warder__V1__Coverage__State hook_state(unsigned int hook, enum tier tier)
{
	if (tier == TIER_NONE)
		return WARDER__V1__COVERAGE__STATE__UNSEEN;
	return *hook_state_text(hook, tier) ? WARDER__V1__COVERAGE__STATE__DEGRADED : WARDER__V1__COVERAGE__STATE__SEEN;
}

const char *hook_state_text(unsigned int hook, enum tier tier)
{
	if (tier == TIER_NONE)
		return hooks[hook].unseen;
	if (tier >= TIER_ITER || (tier == TIER_TP_BTF && (hooks[hook].flags & HOOK_TP_BTF_DEGRADED)))
		return hooks[hook].degraded ? hooks[hook].degraded : "";
	return "";
}
