// SPDX-License-Identifier: Apache-2.0
#include "recall.h"

#include <stdio.h>
#include <string.h>

#define TAKE(to, from) snprintf(to, sizeof(to), "%s", (from) ? (from) : "")

static int64_t seconds_of(const Google__Protobuf__Timestamp *t)
{
	return t ? t->seconds : 0;
}

static void take_container(struct workload *w, const Warder__V1__Container *c)
{
	TAKE(w->id, c->id);
	TAKE(w->name, c->name);
	TAKE(w->runtime, c->runtime);
	TAKE(w->isolation, c->isolation);
	w->privileged = c->privileged;
	w->sandbox = c->sandbox;
	w->restarts = c->restarts;
	w->started_s = seconds_of(c->started);
	w->created_s = seconds_of(c->created);
	if (c->image) {
		TAKE(w->image, c->image->ref);
		TAKE(w->digest, c->image->digest);
		w->image_created_s = seconds_of(c->image->created);
	}
}

static void take_workload(struct workload *w, const Warder__V1__Workload *m)
{
	*w = (struct workload){.origin_id = m->origin_id, .resolution = (enum resolution)m->resolution};
	TAKE(w->cgroup_path, m->cgroup_path);
	TAKE(w->trust, m->trust);
	if (m->container)
		take_container(w, m->container);
	if (m->pod) {
		TAKE(w->pod, m->pod->name);
		TAKE(w->pod_ns, m->pod->namespace_);
		TAKE(w->pod_uid, m->pod->uid);
		TAKE(w->handler, m->pod->runtime_handler);
		TAKE(w->account, m->pod->service_account);
	}
}

static void take_labels(struct labels *l, Warder__V1__Label *const *from, size_t n, bool cut)
{
	*l = (struct labels){0};
	for (size_t i = 0; i < n; i++)
		labels_add(l, from[i]->name, from[i]->value);
	l->cut |= cut;
}

uint64_t recall_workload(struct state *s, const Warder__V1__Workload *m)
{
	struct state_container *c;
	struct tags *tags;

	if (!m || !m->origin_id)
		return 0;
	c = table_put(&s->containers, m->origin_id);
	take_workload(&c->workload, m);
	c->named = m->resolution > WARDER__V1__RESOLUTION__CGROUP_ONLY;
	if (m->n_labels || m->n_annotations) {
		tags = table_put(&s->tags, m->origin_id);
		take_labels(&tags->labels, m->labels, m->n_labels, m->labels_cut);
		take_labels(&tags->annotations, m->annotations, m->n_annotations, m->labels_cut);
	}
	if (s->trust)
		state_changed(s, c);
	return m->origin_id;
}

/* Most records say what is known already. */
static void recall_if_new(struct state *s, const Warder__V1__Workload *m)
{
	const struct workload *w = state_workload(s, m->origin_id);

	if (!m->container)
		return; /* who it is was not known */
	if (!w || w->resolution != (enum resolution)m->resolution || strcmp(w->name, m->container->name) ||
	    (m->container->image && strcmp(w->image, m->container->image->ref)) ||
	    (m->pod && strcmp(w->account, m->pod->service_account)) || (!s->trust && strcmp(w->trust, m->trust)))
		recall_workload(s, m);
}

static void take_end(char *out, size_t size, const Warder__V1__Text *t)
{
	const char *from = t->raw.len ? (char *)t->raw.data : t->utf8;
	size_t n = t->raw.len ? t->raw.len : strlen(from);

	if (n >= size) {
		from += n - (size - 1);
		n = size - 1;
	}
	memcpy(out, from, n);
	out[n] = '\0';
}

static void recall_process(struct state *s, const Warder__V1__Process *m, uint64_t origin)
{
	struct process *p = m ? table_get(&s->processes, m->pid) : NULL;
	size_t n;

	if (!m || (p && p->start_ns == m->start_ns && p->exe[0]) || (!m->exe && !m->args))
		return;
	p = table_put(&s->processes, m->pid);
	*p = (struct process){
		.start_ns = m->start_ns, .origin = origin, .cgroup = m->cgroup_id, .pid = m->pid, .ppid = m->ppid};
	schema_comm(p->comm, m->comm);
	if (m->exe)
		take_end(p->exe, sizeof(p->exe), m->exe);
	if (m->args) {
		n = strlen(m->args->utf8);
		p->args_len = n < sizeof(p->args) ? n : sizeof(p->args);
		memcpy(p->args, m->args->utf8, p->args_len);
		p->args_cut = m->args->truncated;
	}
}

static void recall_inner(struct state *s, uint64_t outer, const Warder__V1__Workload *m)
{
	struct state_inner *i = table_put(&s->inners, m->origin_id);

	i->outer = outer;
	i->is_one = true;
	take_workload(&i->workload, m);
}

void recall_event(struct state *s, const Warder__V1__Event *e)
{
	uint64_t origin = e->actor && e->actor->workload ? e->actor->workload->origin_id : 0;

	if (e->owner && e->owner->workload)
		recall_if_new(s, e->owner->workload);
	if (!e->actor)
		return;
	if (e->actor->workload)
		recall_if_new(s, e->actor->workload);
	if (e->actor->inner)
		recall_inner(s, origin, e->actor->inner);
	recall_process(s, e->actor->process, origin);
	for (size_t i = 0; i < e->actor->n_ancestry; i++)
		recall_process(s, e->actor->ancestry[i], origin);
}

void recall_inventory(struct state *s, const Warder__V1__Inventory *m)
{
	uint64_t origin = m->workload ? m->workload->origin_id : 0;

	for (size_t i = 0; origin && i < m->n_executables; i++) {
		const Warder__V1__Inventory__Executable *from = m->executables[i];
		struct executable *x;
		char path[sizeof(x->path)];

		if (!from->path || from->path->truncated)
			continue;
		take_end(path, sizeof(path), from->path);
		x = executables_take(&s->executables, origin, path);
		x->times = from->times >= x->times ? from->times : x->times - 1;
		if ((unsigned int)from->from <= FROM_MEMORY)
			x->from = (enum executable_from)from->from;
	}
}
