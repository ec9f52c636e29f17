// SPDX-License-Identifier: Apache-2.0
#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"

#define MAX_CONTAINERS 2048 /* with those that ended, which late events still name */
#define MAX_PROCESSES  8192
#define MAX_TAGGED     1024 /* containers whose labels are remembered */
#define MAX_INNERS     1024 /* cgroups below containers' */
#define MAX_TRIES      80   /* at one look-up a tick, some ten seconds: then a runtime that never told will not */
#define WAIT_STEP_MS   20
#define RENAME_MS      50 /* of look-ups a tick */
#define FORGET_NS      (10 * 1000000000ull)
#define FORGET_AT_ONCE 32 /* each is a walk over what is known of all */

int state_init(struct state *s, struct identity *identity)
{
	*s = (struct state){.identity = identity, .wait_ms = STATE_WAIT_MS};
	if (!table_init(&s->containers, MAX_CONTAINERS, sizeof(struct state_container)) &&
	    !table_init(&s->processes, MAX_PROCESSES, sizeof(struct process)) &&
	    !table_init(&s->tags, MAX_TAGGED, sizeof(struct tags)) && !executables_init(&s->executables) &&
	    !table_init(&s->inners, MAX_INNERS, sizeof(struct state_inner)))
		return 0;
	state_destroy(s);
	return -ENOMEM;
}

void state_destroy(struct state *s)
{
	table_destroy(&s->containers);
	table_destroy(&s->processes);
	table_destroy(&s->tags);
	table_destroy(&s->executables);
	table_destroy(&s->inners);
}

#define ASK_AFTER 4 /* look-ups that found nothing on disk: a second */

/* Docker, podman and runtimes alone have no CRI. */
static bool may_be_cri(const struct state_container *c)
{
	const char *runtime = c->workload.runtime;

	if (!*runtime)
		return c->named || c->tries >= ASK_AFTER;
	return !strcmp(runtime, "containerd") || !strcmp(runtime, "cri-o");
}

void state_changed(struct state *s, struct state_container *c)
{
	const char *level = "";

	if (s->trust && c->named)
		level = trust_level(s->trust, &c->workload, table_get(&s->tags, c->workload.origin_id));
	snprintf(c->workload.trust, sizeof(c->workload.trust), "%s", level);
	c->workload.rank = s->trust ? (unsigned int)trust_rank(s->trust, level) : 0;
	s->changes++;
}

static void container_name(struct state *s, struct state_container *c)
{
	struct workload w = {.origin_id = c->workload.origin_id};

	if (c->named || !s->identity)
		return;
	memcpy(w.cgroup_path, c->workload.cgroup_path, sizeof(w.cgroup_path));
	c->named = identity_resolve(s->identity, c->workload.cgroup_path, c->first.pid, &w) == 0 || ++c->tries >= MAX_TRIES;
	w.origin_id = c->workload.origin_id;
	c->workload = w;
	c->workload.pending = s->cri && may_be_cri(c);
	state_changed(s, c);
}

static void container_sealed(struct state *s, const struct wd_record *r)
{
	const struct wd_container_seal *seal = schema_body(r);
	const struct state_container *oldest = table_oldest(&s->containers);
	struct state_container *c;

	if (oldest && !oldest->ended && !table_get(&s->containers, seal->container_id))
		s->forgotten++;
	c = table_put(&s->containers, seal->container_id);
	s->alive -= c->workload.origin_id && !c->ended;
	*c = (struct state_container){.seal = *seal, .first = r->actor, .sealed_ns = r->boot_ns};
	c->workload.origin_id = seal->container_id;
	c->workload.resolution = RESOLVED_CGROUP;
	schema_path(r, &seal->cgroup_path, c->workload.cgroup_path, sizeof(c->workload.cgroup_path));
	s->alive++;
	container_name(s, c);
}

static void container_ended(struct state *s, const struct wd_record *r)
{
	const struct wd_container_end *end = schema_body(r);
	struct state_container *c = table_get(&s->containers, end->container_id);

	/* It is kept: later records of an object of its, or its own last ones, still name it. */
	if (c && !c->ended) {
		c->ended = true;
		c->ended_ns = r->boot_ns;
		c->named = true;
		s->alive -= s->alive > 0;
		s->changes++;
	}
}

static struct process *process_put(struct state *s, const struct wd_process *w, uint64_t origin)
{
	struct process *p = table_put(&s->processes, w->pid);

	if (p->start_ns != w->start_ns) {
		memset(p, 0, sizeof(*p));
		p->start_ns = w->start_ns;
		p->pid = w->pid;
	}
	p->ppid = w->ppid;
	p->origin = origin;
	p->cgroup = w->cgroup_id;
	memcpy(p->comm, w->comm, sizeof(p->comm));
	return p;
}

#define HOST_PID_NS 0xeffffffc /* include/linux/proc_ns.h, PROC_PID_INIT_INO */

/* As the kernel programs see a container's birth: in namespaces of its own, made by somebody in another cgroup. */
static bool inner_born(struct state *s, const struct state_container *outer, const struct wd_process *p)
{
	const struct process *parent = state_process(s, p->ppid, 0);

	return p->mnt_ns != outer->first.mnt_ns && p->pid_ns != outer->first.pid_ns && p->pid_ns != HOST_PID_NS && parent &&
	       parent->cgroup != p->cgroup_id;
}

static const struct state_inner *inner_seen(struct state *s, const struct wd_record *r)
{
	const struct state_container *c = r->origin ? table_get(&s->containers, r->origin) : NULL;
	struct state_inner *i;

	if (!c || !r->actor.cgroup_id || r->actor.cgroup_id == r->origin)
		return NULL;
	if (!s->identity)
		return table_get(&s->inners, r->actor.cgroup_id);
	i = table_put(&s->inners, r->actor.cgroup_id);
	if (i->outer != r->origin) {
		*i = (struct state_inner){.outer = r->origin, .workload.origin_id = r->actor.cgroup_id};
		identity_inner(s->identity, &c->workload, r->actor.cgroup_id, &i->is_one, &i->workload);
	}
	i->is_one |= inner_born(s, c, &r->actor);
	return i;
}

const struct workload *state_inner(struct state *s, const struct wd_record *r)
{
	const struct state_inner *i = inner_seen(s, r);

	return i && i->is_one && i->workload.resolution ? &i->workload : NULL;
}

void state_trace(struct state *s, const struct state_container *c, struct executable *x)
{
	if (x->from != FROM_UNKNOWN || x->cut || *x->path != '/' || !c->upper[0] || c->ended)
		return;
	x->from = identity_in_upper(s->identity, c->upper, x->path) ? FROM_CHANGED : FROM_IMAGE;
}

static void executed(struct state *s, uint64_t origin, const char *path)
{
	struct executable *x = executables_take(&s->executables, origin, path);
	const struct state_container *c = x->times == 1 ? table_get(&s->containers, origin) : NULL;

	if (c && s->identity)
		state_trace(s, c, x);
}

static void process_exec(struct state *s, const struct wd_record *r)
{
	const struct wd_process_exec *e = schema_body(r);
	struct process *p = process_put(s, &r->actor, r->origin);
	const char *args;
	size_t len;

	schema_path(r, &e->file, p->exe, sizeof(p->exe));
	args = schema_bytes(r, &e->args, &len);
	p->args_cut = (e->args.len & WD_STR_CUT) || len > sizeof(p->args);
	p->args_len = len < sizeof(p->args) ? len : sizeof(p->args);
	if (args)
		memcpy(p->args, args, p->args_len);
	if (r->origin)
		executed(s, r->origin, p->exe);
}

/* A child runs what its parent runs, until it executes. */
static void process_fork(struct state *s, const struct wd_record *r)
{
	const struct wd_process_fork *f = schema_body(r);
	struct process *parent = table_get(&s->processes, r->actor.pid), child = {0}, *p;

	if (parent && parent->start_ns == r->actor.start_ns) {
		parent->cgroup = r->actor.cgroup_id;
		child = *parent;
	}
	child.pid = f->child_pid;
	child.ppid = r->actor.pid;
	child.start_ns = f->child_start_ns;
	child.origin = r->origin;
	child.cgroup = r->actor.cgroup_id;
	memcpy(child.comm, r->actor.comm, sizeof(child.comm));
	p = table_put(&s->processes, f->child_pid);
	*p = child;
}

void state_take(struct state *s, const struct wd_record *r, struct view *v)
{
	switch (r->type) {
	case WD_CONTAINER_SEAL:
		container_sealed(s, r);
		break;
	case WD_CONTAINER_END:
		container_ended(s, r);
		break;
	case WD_PROCESS_EXEC:
		process_exec(s, r);
		break;
	case WD_PROCESS_FORK:
		process_fork(s, r);
		break;
	}
	/* What a finding may come from is told before what was executed: where its cgroup is looked up at once, it still stands. */
	if (r->critical || r->type == WD_PROCESS_EXEC)
		inner_seen(s, r);
	state_view(s, r, v);
	v->body = schema_body(r);
}

void state_view(struct state *s, const struct wd_record *r, struct view *v)
{
	v->rec = r;
	v->actor = state_workload(s, r->origin);
	v->tags = state_tags(s, r->origin);
	v->owner = r->owner_kind == WD_OWNER_CONTAINER ? state_workload(s, r->owner) : NULL;
	v->process = state_process(s, r->actor.pid, r->actor.start_ns);
}

const struct workload *state_workload(struct state *s, uint64_t origin)
{
	struct state_container *c = origin ? table_get(&s->containers, origin) : NULL;

	return c ? &c->workload : NULL;
}

const struct tags *state_tags(struct state *s, uint64_t origin)
{
	return origin ? table_get(&s->tags, origin) : NULL;
}

const struct process *state_process(struct state *s, uint32_t pid, uint64_t start_ns)
{
	const struct process *p = table_get(&s->processes, pid);

	return p && (!start_ns || p->start_ns == start_ns) ? p : NULL;
}

void state_wait_name(struct state *s, uint64_t origin)
{
	struct state_container *c = origin ? table_get(&s->containers, origin) : NULL;
	const struct timespec pause = {.tv_nsec = WAIT_STEP_MS * 1000000};

	if (!c || c->named || c->waited || !s->identity)
		return;
	c->waited = true;
	for (int ms = 0; ms < (int)s->wait_ms; ms += WAIT_STEP_MS) {
		container_name(s, c);
		if (c->named)
			return;
		nanosleep(&pause, NULL);
	}
}

void state_rename(struct state *s, void (*fn)(void *ctx, const struct workload *w), void *ctx)
{
	int64_t until = monotonic_ms() + RENAME_MS;

	for (uint32_t i = 0; i < s->containers.used; i++) {
		struct state_container *c = table_at(&s->containers, s->rename_at++ % s->containers.used);

		if (c->workload.origin_id == 0 || c->named || !s->identity)
			continue;
		container_name(s, c);
		if (c->named && c->workload.resolution > RESOLVED_CGROUP)
			fn(ctx, &c->workload);
		if (monotonic_ms() >= until)
			return;
	}
}

/* The namespace of containerd's that a bundle is in; NULL where that is not one of its own, or Kubernetes'. */
static const char *containerd_ns(const struct workload *w, char *out, size_t size)
{
	static const char tasks[] = "/io.containerd.runtime.v2.task/";
	const char *at = strstr(w->bundle, tasks), *end = at ? strchr(at + sizeof(tasks) - 1, '/') : NULL;

	if (!end)
		return NULL;
	at += sizeof(tasks) - 1;
	snprintf(out, size, "%.*s", (int)(end - at), at);
	return strcmp(out, "k8s.io") ? out : NULL;
}

void state_ask(struct state *s)
{
	char ns[80];

	for (uint32_t i = 0; i < s->containers.used; i++) {
		struct state_container *c = table_at(&s->containers, i);

		if (!c->workload.origin_id || c->asked || c->ended || !may_be_cri(c))
			continue;
		if (cri_ask(s->cri, c->workload.origin_id, c->workload.id, containerd_ns(&c->workload, ns, sizeof(ns))))
			return;
		c->asked = true;
	}
}

#define TAKE(field)                                                                                                            \
	do {                                                                                                                   \
		if (said->field[0])                                                                                            \
			memcpy(w->field, said->field, sizeof(w->field));                                                       \
	} while (0)

const struct workload *state_answered(struct state *s, uint64_t origin, const struct workload *said, const struct tags *tags)
{
	struct state_container *c = table_get(&s->containers, origin);
	struct workload *w = c ? &c->workload : NULL;

	if (!c)
		return NULL;
	TAKE(name);
	TAKE(image);
	TAKE(digest);
	TAKE(pod);
	TAKE(pod_ns);
	TAKE(pod_uid);
	TAKE(handler);
	if (!w->isolation[0])
		TAKE(isolation);
	w->pending = false;
	w->sandbox |= said->sandbox;
	w->restarts = said->restarts;
	w->created_s = said->created_s ? said->created_s : w->created_s;
	*(struct tags *)table_put(&s->tags, origin) = *tags;
	if (w->pod_ns[0])
		w->resolution = RESOLVED_KUBERNETES;
	else if (w->resolution < RESOLVED_RUNTIME)
		w->resolution = RESOLVED_RUNTIME;
	c->named = true;
	state_changed(s, c);
	return w;
}

static void forget(struct state *s, uint64_t origin)
{
	for (uint32_t i = 0; i < s->processes.used; i++)
		if (((const struct process *)table_at(&s->processes, i))->origin == origin)
			table_del(&s->processes, table_key_at(&s->processes, i));
	executables_forget(&s->executables, origin);
}

void state_forget(struct state *s, uint64_t now_ns)
{
	unsigned int left = FORGET_AT_ONCE;

	for (uint32_t i = 0; i < s->containers.used && left; i++) {
		struct state_container *c = table_at(&s->containers, i);

		if (!c->ended || c->forgotten || now_ns < c->ended_ns + FORGET_NS)
			continue;
		c->forgotten = true;
		forget(s, c->workload.origin_id);
		left--;
	}
}

void state_retrust(struct state *s, const struct trust *trust)
{
	s->trust = trust;
	for (uint32_t i = 0; i < s->containers.used; i++) {
		struct state_container *c = table_at(&s->containers, i);

		if (c->workload.origin_id)
			state_changed(s, c);
	}
}
