// SPDX-License-Identifier: Apache-2.0
#include "inventory.h"

#include <string.h>

#include "facts.h"

#define EXECUTABLES_TOLD 64 /* of a container */

/* The place of a mount other than the root that holds the path. */
static bool is_mounted(const struct posture *p, const char *path)
{
	for (unsigned int i = 0; i < p->n_mounts; i++) {
		size_t n = strlen(p->mounts[i].target);

		if (n > 1 && !strncmp(path, p->mounts[i].target, n) && path[n] == '/')
			return true;
	}
	return false;
}

static Warder__V1__Inventory__Executable *executable_message(struct arena *a, const struct executable *x,
							     const struct posture *p)
{
	Warder__V1__Inventory__Executable *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return NULL;
	warder__v1__inventory__executable__init(m);
	m->path = event_text(a, x->path, strlen(x->path), x->cut);
	m->times = x->times;
	m->from = (Warder__V1__Inventory__From)x->from;
	if (x->from != FROM_MEMORY && is_mounted(p, x->path))
		m->from = WARDER__V1__INVENTORY__FROM__FROM_MOUNT;
	return m->path ? m : NULL;
}

static int list_executables(struct engine *e, const struct state_container *c, Warder__V1__Inventory *m)
{
	struct posture promised, actual = {0};

	arena_reset(&e->scratch);
	if (e->state.identity)
		identity_posture(e->state.identity, &c->workload, &c->first, &e->scratch, &promised, &actual);
	m->executables = arena_alloc(&e->arena, EXECUTABLES_TOLD * sizeof(*m->executables));
	if (!m->executables)
		return -1;
	for (uint32_t i = 0; i < e->state.executables.used; i++) {
		struct executable *x = table_at(&e->state.executables, i);

		if (!x->times || x->origin != c->workload.origin_id)
			continue;
		if (m->n_executables == EXECUTABLES_TOLD) {
			m->more++;
			continue;
		}
		state_trace(&e->state, c, x);
		if (!(m->executables[m->n_executables] = executable_message(&e->arena, x, &actual)))
			return -1;
		m->n_executables++;
	}
	return 0;
}

static Warder__V1__Event *container_event(struct engine *e, const struct state_container *c)
{
	Warder__V1__Inventory *m;
	Warder__V1__Event *ev;

	arena_reset(&e->arena);
	m = arena_alloc(&e->arena, sizeof(*m));
	ev = event_own(&e->stream, &e->arena, e->now_ns, WARDER__V1__EVENT_TYPE__INVENTORY, m);
	if (!ev)
		return NULL;
	warder__v1__inventory__init(m);
	m->workload = event_workload(&e->arena, c->workload.origin_id, &c->workload);
	m->level = (Warder__V1__Posture__Level)c->level;
	m->sealed = event_time(&e->arena, &e->stream, c->sealed_ns);
	if (!m->workload || !m->sealed || event_tags(&e->arena, state_tags(&e->state, c->workload.origin_id), m->workload) ||
	    list_executables(e, c, m))
		return NULL;
	return ev;
}

Warder__V1__Event *inventory_next(struct engine *e, uint32_t *slot)
{
	while (*slot < e->state.containers.used) {
		const struct state_container *c = table_at(&e->state.containers, (*slot)++);

		if (c->workload.origin_id && !c->ended)
			return container_event(e, c);
	}
	*slot = UINT32_MAX;
	return NULL;
}

void inventory_report(struct engine *e)
{
	e->listed = 0;
}

void inventory_step(struct engine *e)
{
	for (unsigned int n = 0; n < INVENTORY_AT_ONCE && e->listed != UINT32_MAX; n++) {
		const Warder__V1__Event *ev = inventory_next(e, &e->listed);

		if (ev || e->listed != UINT32_MAX)
			engine_emit(e, ev);
	}
}

Warder__V1__Event *inventory_node(struct engine *e)
{
	if (!e->findings.node)
		return NULL;
	arena_reset(&e->arena);
	return event_own(&e->stream, &e->arena, e->now_ns, WARDER__V1__EVENT_TYPE__NODE_FACTS,
			 facts_message(&e->arena, e->node));
}
