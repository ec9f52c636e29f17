// SPDX-License-Identifier: Apache-2.0
/*
 * A container opens a file that is an interface of the whole kernel. The kernel program says that it is one, by identity; what it
 * is good for is told here, by its path in its own filesystem, which no mount and no link changes.
 */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define NO     WARDER__V1__SEVERITY__SEVERITY_UNSPECIFIED /* no finding */
#define INFO   WARDER__V1__SEVERITY__INFORMATIONAL
#define LOW    WARDER__V1__SEVERITY__LOW
#define MEDIUM WARDER__V1__SEVERITY__MEDIUM
#define HIGH   WARDER__V1__SEVERITY__HIGH
#define CRIT   WARDER__V1__SEVERITY__CRITICAL

/* The first row of the interface whose pattern fits decides. A pattern may have one '*'. */
static const struct row {
	unsigned int interface;
	const char *pattern, *technique;
	Warder__V1__Severity read, write;
	const char *what;
} rows[] = {
	{WD_KERNEL_SYSCTL, "kernel/core_pattern", "M17", NO, CRIT, "which names the program that the host runs at a crash"},
	{WD_KERNEL_SYSCTL, "kernel/modprobe", "M18", NO, CRIT, "which names a program that the kernel runs on the host"},
	{WD_KERNEL_SYSCTL, "kernel/hotplug", "M18", NO, CRIT, "which names a program that the kernel runs on the host"},
	{WD_KERNEL_SYSCTL, "kernel/poweroff_cmd", "M18", NO, CRIT, "which names a program that the kernel runs on the host"},
	{WD_KERNEL_SYSCTL, "kernel/usermodehelper/*", "M18", NO, HIGH, "the rights of programs that the kernel runs"},
	{WD_KERNEL_SYSCTL, "kernel/sysrq", "M21", NO, HIGH, "which commands by sysrq the machine obeys"},
	{WD_KERNEL_SYSCTL, "kernel/panic_on_*", "M22", NO, HIGH, "which stops the machine"},
	{WD_KERNEL_SYSCTL, "vm/panic_on_oom", "M22", NO, HIGH, "which stops the machine"},
	{WD_KERNEL_SYSCTL, "kernel/*_panic", "M22", NO, HIGH, "which stops the machine"},
	{WD_KERNEL_SYSCTL, "kernel/randomize_va_space", "M22", NO, MEDIUM, "a hardening of the machine"},
	{WD_KERNEL_SYSCTL, "kernel/kptr_restrict", "M22", NO, MEDIUM, "a hardening of the machine"},
	{WD_KERNEL_SYSCTL, "kernel/dmesg_restrict", "M22", NO, MEDIUM, "a hardening of the machine"},
	{WD_KERNEL_SYSCTL, "kernel/perf_event_paranoid", "M22", NO, MEDIUM, "a hardening of the machine"},
	{WD_KERNEL_SYSCTL, "kernel/unprivileged_*", "M22", NO, MEDIUM, "a hardening of the machine"},
	{WD_KERNEL_SYSCTL, "kernel/yama/*", "M22", NO, MEDIUM, "a hardening of the machine"},
	{WD_KERNEL_SYSCTL, "kernel/apparmor_*", "M22", NO, MEDIUM, "a hardening of the machine"},
	{WD_KERNEL_SYSCTL, "kernel/io_uring_*", "M22", NO, MEDIUM, "a hardening of the machine"},
	{WD_KERNEL_SYSCTL, "vm/mmap_min_addr", "M22", NO, MEDIUM, "a hardening of the machine"},
	{WD_KERNEL_SYSCTL, "vm/unprivileged_userfaultfd", "M22", NO, MEDIUM, "a hardening of the machine"},
	{WD_KERNEL_SYSCTL, "fs/protected_*", "M22", NO, MEDIUM, "a hardening of the machine"},
	{WD_KERNEL_SYSCTL, "fs/suid_dumpable", "M22", NO, MEDIUM, "a hardening of the machine"},
	/* Of a namespace by their handlers, which the tables do not show; those of ipc are to 5.18. */
	{WD_KERNEL_SYSCTL, "kernel/hostname", NULL, NO, NO, NULL},
	{WD_KERNEL_SYSCTL, "kernel/domainname", NULL, NO, NO, NULL},
	{WD_KERNEL_SYSCTL, "kernel/ns_last_pid", NULL, NO, NO, NULL},
	{WD_KERNEL_SYSCTL, "kernel/shm*", NULL, NO, NO, NULL},
	{WD_KERNEL_SYSCTL, "kernel/msg*", NULL, NO, NO, NULL},
	{WD_KERNEL_SYSCTL, "kernel/sem", NULL, NO, NO, NULL},
	{WD_KERNEL_SYSCTL, "kernel/sem_next_id", NULL, NO, NO, NULL},
	{WD_KERNEL_SYSCTL, "kernel/auto_msgmni", NULL, NO, NO, NULL},
	{WD_KERNEL_SYSCTL, "fs/mqueue/*", NULL, NO, NO, NULL},
	{WD_KERNEL_SYSCTL, "*", "M22", NO, LOW, "a setting of the machine"},
	{WD_KERNEL_PROCFS, "kcore", "M27", HIGH, HIGH, "the kernel's memory"},
	{WD_KERNEL_PROCFS, "kpage*", "M27", MEDIUM, MEDIUM, "what the machine's memory pages hold"},
	{WD_KERNEL_PROCFS, "kallsyms", "M27", INFO, INFO, "the kernel's symbols"},
	{WD_KERNEL_PROCFS, "kmsg", "M28", LOW, LOW, "the kernel's log"},
	{WD_KERNEL_PROCFS, "sysrq-trigger", "M21", NO, CRIT, "which takes commands to the whole machine"},
	{WD_KERNEL_SYSFS, "kernel/uevent_helper", "M20", NO, CRIT, "which names a program that the kernel runs on the host"},
	{WD_KERNEL_SYSFS, "power/*", "M22", NO, HIGH, "which sends the machine to sleep"},
	{WD_KERNEL_SYSFS, "module/*", "M22", NO, MEDIUM, "a kernel module's parameter"},
	{WD_KERNEL_SYSFS, "devices/pci*/config", "M26", NO, MEDIUM, "a PCI device's registers"},
	{WD_KERNEL_SYSFS, "*", "M22", NO, LOW, "a setting of the machine"},
	{WD_KERNEL_CGROUP, "release_agent", "M16", NO, CRIT,
	 "which names the program that the host runs when a cgroup empties"},
	{WD_KERNEL_CGROUP, "*/devices.allow", "M13", NO, HIGH, "which says what devices a container may use"},
	{WD_KERNEL_CGROUP, "*/devices.deny", "M13", NO, HIGH, "which says what devices a container may use"},
	{WD_KERNEL_CGROUP, "*", "X15", NO, HIGH, "a cgroup beyond the container's own"},
	{WD_KERNEL_CGROUP_FUSE, "*", "M14", NO, CRIT, "by which a daemon writes to the host's cgroups"},
	{WD_KERNEL_BINFMT_MISC, "*", "M19", NO, CRIT, "which names interpreters that the whole host runs"},
	/* What any program may write its own marks to. */
	{WD_KERNEL_TRACEFS, "*trace_marker", NULL, NO, NO, NULL},
	{WD_KERNEL_TRACEFS, "*trace_marker_raw", NULL, NO, NO, NULL},
	{WD_KERNEL_TRACEFS, "*", "M60", NO, HIGH, "the kernel's tracing"},
	{WD_KERNEL_DEBUGFS, "*", "M60", NO, HIGH, "the kernel's debugging"},
	/* Questions to the security modules, asked by writing them. */
	{WD_KERNEL_SECURITYFS, "access", NULL, NO, NO, NULL},
	{WD_KERNEL_SECURITYFS, "context", NULL, NO, NO, NULL},
	{WD_KERNEL_SECURITYFS, "create", NULL, NO, NO, NULL},
	{WD_KERNEL_SECURITYFS, "relabel", NULL, NO, NO, NULL},
	{WD_KERNEL_SECURITYFS, "member", NULL, NO, NO, NULL},
	{WD_KERNEL_SECURITYFS, "user", NULL, NO, NO, NULL},
	{WD_KERNEL_SECURITYFS, "validatetrans", NULL, NO, NO, NULL},
	{WD_KERNEL_SECURITYFS, "*/.access", NULL, NO, NO, NULL},
	{WD_KERNEL_SECURITYFS, "*", "M61", NO, CRIT, "the policy of the host's security modules"},
	{WD_KERNEL_BPFFS, "*", "M32", LOW, LOW, "a pinned object of BPF"},
};

/* What the path is to be read in. */
static const char *const filesystems[] = {
	[WD_KERNEL_SYSCTL] = "procfs",   [WD_KERNEL_PROCFS] = "procfs",    [WD_KERNEL_SYSFS] = "sysfs",
	[WD_KERNEL_CGROUP] = "cgroupfs", [WD_KERNEL_CGROUP_FUSE] = "FUSE", [WD_KERNEL_BINFMT_MISC] = "binfmt_misc",
	[WD_KERNEL_TRACEFS] = "tracefs", [WD_KERNEL_DEBUGFS] = "debugfs",  [WD_KERNEL_SECURITYFS] = "securityfs",
	[WD_KERNEL_BPFFS] = "bpffs",
};

static bool fits(const char *pattern, const char *path)
{
	const char *star = strchr(pattern, '*');
	size_t before = star ? (size_t)(star - pattern) : 0, after = star ? strlen(star + 1) : 0, len = strlen(path);

	if (!star)
		return !strcmp(pattern, path);
	return len >= before + after && !strncmp(pattern, path, before) && !strcmp(star + 1, path + len - after);
}

/* A sysctl goes by its name, any other file by its path without the first slash. */
static const char *name_of(unsigned int interface, const char *path)
{
	path += *path == '/';
	return interface == WD_KERNEL_SYSCTL && !strncmp(path, "sys/", 4) ? path + 4 : path;
}

static const struct row *find(unsigned int interface, const char *path)
{
	const char *name = name_of(interface, path);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].interface == interface && fits(rows[i].pattern, name))
			return &rows[i];
	return NULL;
}

#define INIT_USER_NS 0xeffffffd /* the number of the first user namespace, the same on every kernel (proc_ns.h) */

/* Rows that are told apart by more than the file. */
static const char *technique(const struct view *view, const struct row *row)
{
	if (!strcmp(row->technique, "M16") && view->rec->actor.user_ns != INIT_USER_NS)
		return "K14";
	if (view->rec->owner_kind == WD_OWNER_CONTAINER)
		return "X15";
	return strcmp(row->technique, "X15") ? row->technique : "R24";
}

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_kernel_file *k = view->body;
	char path[4224], shown[256];
	const struct row *row;

	schema_path(view->rec, &k->path, path, sizeof(path));
	row = find(k->interface, path);
	if (!row || !row->technique)
		return false;
	v->severity = k->write ? row->write : row->read;
	if (v->severity == NO)
		return false;
	text_quote(shown, sizeof(shown), path, strlen(path), "");
	v->technique = technique(view, row);
	v->dimension = "file";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	if (v->severity >= MEDIUM)
		verdict_outcome(view, v, v->severity);
	else
		v->stage = k->write ? WARDER__V1__STAGE__ATTEMPT : WARDER__V1__STAGE__RECON;
	/* A file may be opened for writing and not written to. */
	v->confidence = k->write && k->via != WD_VIA_WRITE ? WARDER__V1__CONFIDENCE__CONFIDENCE_MEDIUM
							   : WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	snprintf(v->message, sizeof(v->message), "%s %s of %s, %s%s%s",
		 k->via == WD_VIA_WRITE ? "wrote to" : (k->write ? "opened for writing" : "opened"), shown,
		 filesystems[row->interface], row->what, view->rec->owner_kind == WD_OWNER_CONTAINER ? ": " : "",
		 view->rec->owner_kind == WD_OWNER_CONTAINER ? view_owner(view) : "");
	return true;
}

const struct detector detect_kernelfs = {"kernelfs", "1", WD_KERNEL_FILE, judge};
