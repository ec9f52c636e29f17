// SPDX-License-Identifier: Apache-2.0
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

const char *const tier_names[] = {"lsm", "fentry", "fexit", "kprobe", "tp_btf", "iter", "sysexit", "none"};

int tier_find(const char *name, enum tier *out)
{
	for (int t = 0; t < TIER_NONE; t++)
		if (!strcmp(tier_names[t], name)) {
			*out = t;
			return 0;
		}
	return -EINVAL;
}

static ssize_t read_file(int dir, const char *path, char *buf, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	buf[0] = '\0';
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		return -errno;
	while (n && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return n;
}

/*
 * The kernel's own filesystems, where they are mounted or else as a mount that is in no tree: the sensor leaves nothing mounted
 * behind, and needs no mount from the host.
 */
static int kernel_fs(const char *fstype, const char *mounted, const char *marker)
{
	int fd = open(mounted, O_PATH | O_DIRECTORY | O_CLOEXEC), fs, mnt = -1;

	if (fd >= 0 && faccessat(fd, marker, F_OK, 0) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	fs = fsopen(fstype, FSOPEN_CLOEXEC);
	if (fs < 0)
		return -errno;
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mnt = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	close(fs);
	return mnt < 0 ? -errno : mnt;
}

static ssize_t lsm_list(char *list, size_t size)
{
	int dir = kernel_fs("securityfs", "/sys/kernel/security", "lsm");
	ssize_t n = dir < 0 ? dir : read_file(dir, "lsm", list, size);

	if (dir >= 0)
		close(dir);
	return n;
}

/*
 * How long the active LSMs' part of a credential is: in the order of the list, each aligned. 0 where one of them is not known
 * to leave it alone once the credential is in use (Smack has its rules there, SELinux in 6.16 a cache).
 */
static unsigned int label_size(const struct btf *btf)
{
	static const struct {
		const char *lsm, *type;
	} rows[] = {{"landlock", "landlock_cred_security"},
		    {"selinux", "cred_security_struct"}, /* from 6.17 */
		    {"selinux", "task_security_struct"}};
	static const char none[] = " capability lockdown yama loadpin safesetid integrity bpf ima evm ipe tomoyo ";
	unsigned int size = 0;
	char list[256], word[64];

	if (lsm_list(list, sizeof(list)) < 0)
		return 0;
	for (char *save, *m = strtok_r(list, ",\n", &save); m; m = strtok_r(NULL, ",\n", &save)) {
		const struct btf_type *t = NULL;

		snprintf(word, sizeof(word), " %s ", m);
		if (strstr(none, word))
			continue;
		if (!strcmp(m, "apparmor")) {
			size += sizeof(void *);
			continue;
		}
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !t; i++)
			if (!strcmp(m, rows[i].lsm))
				t = btf__type_by_id(btf, btf__find_by_name_kind(btf, rows[i].type, BTF_KIND_STRUCT));
		if (!t || t->size > 24)
			return 0;
		size += (t->size + 7) & ~7u;
	}
	return size < 64 ? size : 0; /* LABEL_MAX in bpf/envelope.h */
}

/* LSM programs load, attach and never fire where bpf is not among the active modules: the list decides, not a try. */
static bool lsm_has_bpf(char *why, size_t size)
{
	char list[256];
	ssize_t n = lsm_list(list, sizeof(list));

	if (n < 0) {
		snprintf(why, size, "the list of active LSMs cannot be read: %s", strerror((int)-n));
		return false;
	}
	for (char *save, *m = strtok_r(list, ",", &save); m; m = strtok_r(NULL, ",", &save))
		if (!strcmp(m, "bpf"))
			return true;
	snprintf(why, size, "bpf is not among the active LSMs (boot with lsm=...,bpf)");
	return false;
}

/* Loads and attaches a program that does nothing to a function that every kernel has: some machines list a tier and refuse it. */
static bool try_attach(const struct btf *btf, enum bpf_prog_type type, enum bpf_attach_type attach, const char *function,
		       char *why, size_t size)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int id = btf__find_by_name_kind(btf, function, BTF_KIND_FUNC), fd, link, e;
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach, .attach_btf_id = id > 0 ? id : 0);

	fd = id < 0 ? id : bpf_prog_load(type, "warder_probe", "GPL", insns, 2, &opts);
	link = fd < 0 ? fd : bpf_raw_tracepoint_open(NULL, fd);
	e = link < 0 ? -link : 0;
	if (link >= 0)
		close(link);
	if (fd >= 0)
		close(fd);
	if (e)
		snprintf(why, size, "attaching to %s: %s", function, strerror(e));
	return !e;
}

static bool has_cap(cap_t caps, cap_value_t c)
{
	cap_flag_value_t v = CAP_CLEAR;

	return cap_get_flag(caps, c, CAP_EFFECTIVE, &v) == 0 && v == CAP_SET;
}

static int check_rights(struct err *err)
{
	cap_t caps = cap_get_proc();
	bool ok;

	if (!caps)
		return err_set(err, -ENOMEM, "reading own capabilities: %s", strerror(errno));
	ok = has_cap(caps, CAP_SYS_ADMIN) || (has_cap(caps, CAP_BPF) && has_cap(caps, CAP_PERFMON));
	cap_free(caps);
	return ok ? 0
		  : err_set(err, -EPERM,
			    "loading BPF programs needs CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN): run as root, or "
			    "give the container these capabilities");
}

/* Functions and tracepoints (typedefs named btf_trace_...) that the kernel's type information knows. */
static int index_btf(struct probe *p, const struct btf *btf)
{
	unsigned int n = btf__type_cnt(btf);
	int rc = 0;

	for (unsigned int id = 1; id < n && !rc; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *name;

		if (!btf_is_func(t) && !btf_is_typedef(t))
			continue;
		name = btf__name_by_offset(btf, t->name_off);
		if (btf_is_func(t) || !strncmp(name, "btf_trace_", 10))
			rc = nameset_add(&p->types, "", name);
	}
	return rc;
}

int probe_init(struct probe *p, enum tier best, struct err *err)
{
	struct utsname u;
	struct btf *btf;
	int rc;

	memset(p, 0, sizeof(*p));
	p->tracefs = -1;
	rc = check_rights(err);
	if (rc)
		return rc;
	uname(&u);
	snprintf(p->kernel, sizeof(p->kernel), "%s", u.release);
	snprintf(p->node, sizeof(p->node), "%s", u.nodename);
	read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", p->boot_id, sizeof(p->boot_id));
	libbpf_set_print(NULL); /* what it has to say is said below, in one sentence */
	btf = btf__load_vmlinux_btf();
	if (!btf)
		return err_set(err, -ENOTSUP,
			       "kernel %s has no type information (/sys/kernel/btf/vmlinux): it must be built with "
			       "CONFIG_DEBUG_INFO_BTF, as distributions' kernels from 5.10 are",
			       p->kernel);
	p->label_size = label_size(btf);
	p->symbols = calloc(1, sizeof(*p->symbols));
	if (!p->symbols || index_btf(p, btf)) {
		btf__free(btf);
		return err_set(err, -ENOMEM, "not enough memory for the names of the kernel's functions");
	}
	p->has[TIER_LSM] = lsm_has_bpf(p->why_not[TIER_LSM], sizeof(p->why_not[0])) &&
			   try_attach(btf, BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "bpf_lsm_file_open", p->why_not[TIER_LSM],
				      sizeof(p->why_not[0]));
	p->has[TIER_FENTRY] = try_attach(btf, BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "commit_creds", p->why_not[TIER_FENTRY],
					 sizeof(p->why_not[0]));
	p->has[TIER_FEXIT] = p->has[TIER_FENTRY];
	btf__free(btf);
	memcpy(p->why_not[TIER_FEXIT], p->why_not[TIER_FENTRY], sizeof(p->why_not[0]));
	p->has[TIER_KPROBE] = access("/sys/bus/event_source/devices/kprobe/type", F_OK) == 0;
	if (!p->has[TIER_KPROBE])
		snprintf(p->why_not[TIER_KPROBE], sizeof(p->why_not[0]), "the kernel has no kprobes");
	p->has[TIER_TP_BTF] = p->has[TIER_ITER] = true;
	p->tracefs = kernel_fs("tracefs", "/sys/kernel/tracing", "events");
	p->has[TIER_SYSEXIT] = p->tracefs >= 0;
	if (p->tracefs < 0)
		snprintf(p->why_not[TIER_SYSEXIT], sizeof(p->why_not[0]), "tracefs cannot be had: %s", strerror(-p->tracefs));
	for (int t = 0; t < TIER_NONE; t++)
		if (t < (int)best && t != TIER_TP_BTF && t != TIER_ITER && p->has[t]) {
			p->has[t] = false;
			snprintf(p->why_not[t], sizeof(p->why_not[0]), "left out by --best-tier=%s", tier_names[best]);
		}
	return 0;
}

void probe_destroy(struct probe *p)
{
	nameset_destroy(&p->types);
	if (p->symbols)
		nameset_destroy(p->symbols);
	free(p->symbols);
	if (p->tracefs >= 0)
		close(p->tracefs);
}

/* The kernel's symbols, read when a kprobe is asked for first. */
static bool has_symbol(const struct probe *p, const char *name)
{
	FILE *f = p->symbols->n ? NULL : fopen("/proc/kallsyms", "re");
	char line[256], sym[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*c %127s", sym) == 1 && nameset_add(p->symbols, "", sym))
			break;
	if (f)
		fclose(f);
	return nameset_has(p->symbols, "", name);
}

const char *probe_next_call(const char *section, const char *from, char *name, size_t size)
{
	size_t len;

	from = from ? from + strcspn(from, " ") : strchr(section, '/') + 1;
	from += strspn(from, " ");
	len = strcspn(from, " ");
	snprintf(name, size, "%.*s", (int)len, from);
	return len ? from : NULL;
}

static bool has_call(const struct probe *p, const char *section)
{
	const char *call = NULL;
	char name[64];

	while ((call = probe_next_call(section, call, name, sizeof(name))))
		if (probe_tracepoint(p, name) >= 0)
			return true;
	return false;
}

bool probe_target(const struct probe *p, enum tier tier, const char *section)
{
	const char *name = strchr(section, '/');

	if (!name || !p->has[tier])
		return false;
	name++;
	switch (tier) {
	case TIER_LSM:
		return nameset_has(&p->types, "bpf_lsm_", name);
	case TIER_FENTRY:
	case TIER_FEXIT:
		return nameset_has(&p->types, "", name);
	case TIER_KPROBE:
		return has_symbol(p, name);
	case TIER_TP_BTF:
		return nameset_has(&p->types, "btf_trace_", name);
	case TIER_ITER:
		return nameset_has(&p->types, "bpf_iter_", name);
	case TIER_SYSEXIT:
		return has_call(p, section);
	default:
		return false;
	}
}

int probe_tracepoint(const struct probe *p, const char *call)
{
	char path[160], id[16];
	ssize_t n;

	snprintf(path, sizeof(path), "events/syscalls/sys_exit_%s/id", call);
	n = read_file(p->tracefs, path, id, sizeof(id));
	return n <= 0 ? -ENOENT : atoi(id);
}
