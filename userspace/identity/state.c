// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime.h"

/* How surely a state file is that of the container that was asked for. */
enum match {
	MATCH_NOT,
	MATCH_CGROUP, /* its cgroup, and nothing that contradicts */
	MATCH_LIVE,   /* its cgroup or its first process, and the process that the file names is running */
	MATCH_SURE,   /* both, or an id that cannot be another's */
};

struct walk {
	const struct runtime_query *q;
	const struct state_kind *kind;
	struct runtime_state best;
	enum match match;
	unsigned int left; /* directory entries that may still be looked at */
};

/* Whether the process that a state file names is still that one: states outlive crashes, and pids are used again. */
static bool is_live(int root, const struct runtime_state *st)
{
	struct process_stat p;

	return st->pid_start && !host_process(root, st->pid, &p) && p.state != 'Z' && p.state != 'X' &&
	       p.start == st->pid_start;
}

static enum match match_state(const struct runtime_query *q, const struct runtime_state *st)
{
	bool pid = q->init_pid && st->pid == q->init_pid;

	if (q->unique && !strcmp(st->id, q->id))
		return MATCH_SURE;
	if (st->in_cgroup && pid)
		return MATCH_SURE;
	if ((st->in_cgroup || pid) && is_live(q->root, st))
		return MATCH_LIVE;
	return st->in_cgroup && !q->init_pid ? MATCH_CGROUP : MATCH_NOT;
}

static void try_state(struct walk *w, const char *dir, const char *name)
{
	struct runtime_state st = {0};
	char path[PATH_MAX], *buf;
	enum match match;
	size_t len;
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s/%s", dir, name, w->kind->file) >= sizeof(path))
		return;
	if (runtime_read(w->q, path, &buf, &len))
		return;
	r = len > RUNTIME_STATE_MAX ? -EFBIG : w->kind->parse(buf, len, w->q->cgroup, &st);
	free(buf);
	if (!r && st.id[0] && strcmp(st.id, name))
		r = -EINVAL;
	if (refusals_count(w->q->refused, r))
		return;
	snprintf(st.id, sizeof(st.id), "%s", name);
	match = match_state(w->q, &st);
	if (match > w->match) {
		w->match = match;
		w->best = st;
	}
}

static struct dirent *next_entry(struct walk *w, DIR *d)
{
	struct dirent *e;

	while (w->left && (e = readdir(d))) {
		w->left--;
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			return e;
	}
	return NULL;
}

/* By name first: it is one file. A free-form name may differ from the cgroup's, and then only the states themselves tell. */
static void walk_root(struct walk *w, const char *dir)
{
	__attribute__((cleanup(cleanup_closedir))) DIR *d = NULL;
	struct dirent *e;

	if (w->q->id[0])
		try_state(w, dir, w->q->id);
	if (w->q->unique)
		return;
	d = host_opendir(w->q->root, dir);
	while (d && w->match < MATCH_SURE && (e = next_entry(w, d)))
		try_state(w, dir, e->d_name);
}

static void walk_each(struct walk *w, const char *parent)
{
	__attribute__((cleanup(cleanup_closedir))) DIR *d = host_opendir(w->q->root, parent);
	char dir[PATH_MAX];
	struct dirent *e;

	while (d && w->match < MATCH_SURE && (e = next_entry(w, d)))
		if ((size_t)snprintf(dir, sizeof(dir), "%s/%s", parent, e->d_name) < sizeof(dir))
			walk_root(w, dir);
}

static enum match state_match(const struct runtime_query *q, const struct state_kind *kind, struct runtime_state *best)
{
	struct walk w = {.q = q, .kind = kind, .left = RUNTIME_ENTRIES_MAX};

	for (const char *const *root = kind->roots; *root && w.match < MATCH_SURE; root++) {
		size_t n = strlen(*root);
		char parent[PATH_MAX];

		if (n < 2 || strcmp(*root + n - 2, "/*")) {
			walk_root(&w, *root);
			continue;
		}
		snprintf(parent, sizeof(parent), "%.*s", (int)n - 2, *root);
		walk_each(&w, parent);
	}
	*best = w.best;
	return w.match;
}

int state_find(const struct runtime_query *q, const struct state_kind *kind, struct workload *out)
{
	struct runtime_state st;

	if (state_match(q, kind, &st) == MATCH_NOT)
		return -ENOENT;
	runtime_copy(out->id, sizeof(out->id), st.id);
	runtime_copy(out->name, sizeof(out->name), st.id);
	runtime_copy(out->runtime, sizeof(out->runtime), kind->runtime);
	out->started_s = out->created_s = st.created_s;
	workload_bundle(out, st.bundle);
	bundle_enrich(q, st.bundle, out);
	return 0;
}

void state_find_bundle(const struct runtime_query *q, struct workload *out)
{
	static const struct state_kind *const kinds[] = {&runc_states, &crun_states};
	struct runtime_state st;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (state_match(q, kinds[i], &st) == MATCH_NOT)
			continue;
		workload_bundle(out, st.bundle);
		return;
	}
}
