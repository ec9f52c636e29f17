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

/* The bytes of /proc/PID/cmdline, with one more NUL behind them. */
int monitor_parse_cmdline(const char *buf, size_t len, struct monitor *m)
{
	const char *end = buf + len, *name = strrchr(buf, '/'), *flag_id, *flag_bundle;

	if (!len)
		return -EINVAL;
	name = name ? name + 1 : buf;
	if (!strncmp(name, "containerd-shim", strlen("containerd-shim"))) {
		flag_id = "-id";
		flag_bundle = NULL;
	} else if (!strcmp(name, "conmon")) {
		flag_id = "-c";
		flag_bundle = "-b";
	} else {
		return -EINVAL;
	}
	*m = (struct monitor){0};
	for (const char *word = buf, *value; word && (value = next(word, end)); word = value) {
		if (!strcmp(word, flag_id) && !m->id)
			m->id = value;
		else if (flag_bundle && !strcmp(word, flag_bundle) && !m->bundle)
			m->bundle = value;
	}
	return m->id && *m->id && (!flag_bundle || m->bundle) ? 0 : -EINVAL;
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

	if (monitor_parse_cmdline(cmdline, len, &m) || strcmp(m.id, q->id))
		return -ENOENT;
	if (!m.bundle) {
		if (cwd_of(q->root, pid, cwd, sizeof(cwd)))
			return -ENOENT;
		m.bundle = cwd;
	}
	bundle_enrich(q, m.bundle, out);
	if (!out->runtime[0])
		return -ENOENT;
	workload_bundle(out, m.bundle);
	return 0;
}

int monitor_find(const struct runtime_query *q, struct workload *out)
{
	char path[32], *cmdline;
	struct process_stat p;
	size_t len;
	int r;

	if (!q->init_pid || host_process(q->root, q->init_pid, &p) || p.parent < 2)
		return -ENOENT;
	snprintf(path, sizeof(path), "/proc/%u/cmdline", p.parent);
	if (host_read(q->root, path, &cmdline, &len))
		return -ENOENT;
	r = read_monitor(q, p.parent, cmdline, len, out);
	free(cmdline);
	return r;
}
