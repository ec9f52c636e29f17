// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime.h"

/*
 * Where no runtime's state is found, its directory being elsewhere: a container's first process is the child of what the engine left to
 * wait for it, which says the container's id and its bundle: containerd's shim (its working directory) and conmon, of podman and CRI-O
 * (an argument). It is the host's own process. No container chooses who the parent of its first process is.
 */

static const char *next(const char *word, const char *end)
{
	word += strlen(word) + 1;
	return word < end ? word : NULL;
}

/* By the start of its name; its flags, NULL where it has none. */
static const struct monitor_kind {
	const char *name;
	const char *id, *bundle, *runtime;
} kinds[] = {
	{"containerd-shim", "-id", NULL, NULL}, /* gVisor's has no id */
	{"conmon", "-c", "-b", "-r"},
};

static const struct monitor_kind *kind_of(const char *program)
{
	const char *name = strrchr(program, '/');

	name = name ? name + 1 : program;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = strlen(kinds[i].name);

		if (!strncmp(name, kinds[i].name, n) && (!name[n] || name[n] == '-'))
			return &kinds[i];
	}
	return NULL;
}

static void take_flag(const char *word, const char *flag, const char *value, const char **to)
{
	if (flag && !*to && !strcmp(word, flag))
		*to = value;
}

/* The bytes of /proc/PID/cmdline, with one more NUL behind them. */
int monitor_parse_cmdline(const char *buf, size_t len, struct monitor *m)
{
	const struct monitor_kind *k = len ? kind_of(buf) : NULL;
	const char *end = buf + len;

	if (!k)
		return -EINVAL;
	*m = (struct monitor){0};
	for (const char *word = buf, *value; word && (value = next(word, end)); word = value) {
		take_flag(word, k->id, value, &m->id);
		take_flag(word, k->bundle, value, &m->bundle);
		take_flag(word, k->runtime, value, &m->runtime);
	}
	if (!m->runtime)
		m->runtime = buf;
	if (m->id && !*m->id)
		return -EINVAL;
	return k->bundle && (!m->bundle || !m->id) ? -EINVAL : 0;
}

/* Where a process is, as the host sees it. */
static int cwd_of(int root, unsigned int pid, char *path, size_t size)
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "proc/%u/cwd", pid);
	n = readlinkat(root, link, path, size - 1);
	if (n <= 0)
		return n ? -errno : -ENOENT;
	path[n] = 0;
	return 0;
}

static int read_monitor(const struct runtime_query *q, unsigned int pid, const char *cmdline, size_t len, struct workload *out)
{
	char cwd[PATH_MAX];
	struct monitor m;

	if (monitor_parse_cmdline(cmdline, len, &m))
		return -ENOENT;
	if (!m.bundle) {
		if (cwd_of(q->root, pid, cwd, sizeof(cwd)))
			return -ENOENT;
		m.bundle = cwd;
	}
	if (!m.id) /* engines name a bundle by it */
		m.id = strrchr(m.bundle, '/') ? strrchr(m.bundle, '/') + 1 : "";
	if (!*m.id || strcmp(m.id, q->id))
		return -ENOENT;
	bundle_enrich(q, m.bundle, out);
	if (!out->runtime[0])
		return -ENOENT;
	workload_bundle(out, m.bundle);
	return 0;
}

/* The command line of the first process's parent. */
static int read_parent(const struct runtime_query *q, unsigned int *pid, char **cmdline, size_t *len)
{
	struct process_stat p;
	char path[32];

	if (!q->init_pid || host_process(q->root, q->init_pid, &p) || p.parent < 2)
		return -ENOENT;
	*pid = p.parent;
	snprintf(path, sizeof(path), "/proc/%u/cmdline", p.parent);
	return host_read(q->root, path, cmdline, len);
}

int monitor_find(const struct runtime_query *q, struct workload *out)
{
	unsigned int pid;
	char *cmdline;
	size_t len;
	int r;

	if (read_parent(q, &pid, &cmdline, &len))
		return -ENOENT;
	r = read_monitor(q, pid, cmdline, len, out);
	free(cmdline);
	return r;
}

void monitor_isolation(const struct runtime_query *q, struct workload *out)
{
	struct monitor m;
	unsigned int pid;
	char *cmdline;
	size_t len;

	if (read_parent(q, &pid, &cmdline, &len))
		return;
	/* While it is made, the parent is the runtime itself. */
	runtime_copy(out->isolation, sizeof(out->isolation),
		     isolation_of(monitor_parse_cmdline(cmdline, len, &m) ? cmdline : m.runtime));
	free(cmdline);
}
