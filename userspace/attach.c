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
	{"capability_use", NULL, "which capabilities a container uses", false},
	{"mount_create", "mounts by a call that failed or was undone at once; on kernels 6.8 to 6.13 mount(2); " EXIT_VIEW,
	 "new mounts", false},
	{"file_open", "opens by io_uring, by exec, by fanotify and by a descriptor passed on; " EXIT_VIEW,
	 "opened files: other mount trees, handles, procfs, interfaces of the kernel, devices", false},
	{"ptrace_access", EXIT_VIEW, "tracing of, memory access to and descriptors taken from other principals' processes",
	 false},
	{"ptrace_denied", "32-bit calls", "refused attempts on other principals' processes", false},
	{"unix_connect", "connections by io_uring; " EXIT_VIEW, "connections to other principals' unix sockets", false},
	{"cgroup_move", NULL, "moves between cgroups", false},
	{"kernel_write", NULL, "whether an interface of the kernel that was opened for writing was written to", false},
	{"device_make", EXIT_VIEW, "device nodes that are made", false},
	{"device_denied", "refused opens; 32-bit calls", "refused attempts on devices", false},
	{"sweep", NULL, "tasks whose credentials, namespaces or root were rewritten with no hook passed", false},
};
const unsigned int hooks_n = sizeof(hooks) / sizeof(hooks[0]);
_Static_assert(sizeof(hooks) / sizeof(hooks[0]) <= ATTACH_HOOKS, "struct attach has room for each");

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
							strcmp(bpf_program__name(prog), "iter_sweep"));
	for (unsigned int i = 0; i < hooks_n; i++) {
		enum tier t = a->floor[i];

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
		if (hooks[i].required && a->tiers[i] == TIER_NONE)
			return err_set(err, -ENOTSUP, "this kernel has no way to hook %s, without which is not seen: %s",
				       hooks[i].name, hooks[i].unseen);
	return 0;
}

bool attach_lower(struct attach *a, const char *program)
{
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
			attach_lower(a, name);
			return err_set(err, -EAGAIN, "attaching %s: %s", name, strerror(-rc));
		}
	}
	return 0;
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
	return tier == TIER_SYSEXIT && hooks[hook].degraded ? hooks[hook].degraded : "";
}
