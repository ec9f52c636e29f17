// SPDX-License-Identifier: Apache-2.0
#include "coverage.h"

#include <string.h>

#include "technique.h"

static int find_hook(const char *name, size_t len)
{
	for (unsigned int i = 0; i < hooks_n; i++)
		if (strlen(hooks[i].name) == len && !memcmp(hooks[i].name, name, len))
			return (int)i;
	return -1;
}

/* A technique is seen as well as the best of its hooks sees it, since each of them alone tells it. */
static void technique_state(const struct technique *t, const struct attach *at, Warder__V1__Coverage__Technique *m)
{
	m->state = WARDER__V1__COVERAGE__STATE__UNSEEN;
	m->unseen = "no detector yet";
	if (!t->hooks)
		return;
	m->hooks = (char *)t->hooks;
	m->unseen = "none of its hooks is attached";
	for (const char *p = t->hooks; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");
		int i = find_hook(p, len);

		p += len;
		if (i < 0 || hook_state(i, at->tiers[i]) >= m->state)
			continue;
		m->state = hook_state(i, at->tiers[i]);
		m->unseen = (char *)hook_state_text(i, at->tiers[i]);
	}
}

Warder__V1__Coverage *coverage_make(struct arena *a, const struct attach *at)
{
	Warder__V1__Coverage *c = arena_alloc(a, sizeof(*c));

	if (!c)
		return NULL;
	warder__v1__coverage__init(c);
	c->hooks = arena_alloc(a, hooks_n * sizeof(*c->hooks));
	c->techniques = arena_alloc(a, techniques_n * sizeof(*c->techniques));
	if (!c->hooks || !c->techniques)
		return NULL;
	for (unsigned int i = 0; i < hooks_n; i++) {
		Warder__V1__Coverage__Hook *m = arena_alloc(a, sizeof(*m));

		if (!m)
			return NULL;
		warder__v1__coverage__hook__init(m);
		m->hook = (char *)hooks[i].name;
		m->tier = (char *)tier_names[at->tiers[i]];
		m->state = hook_state(i, at->tiers[i]);
		m->unseen = (char *)hook_state_text(i, at->tiers[i]);
		c->hooks[c->n_hooks++] = m;
	}
	for (size_t i = 0; i < techniques_n; i++) {
		Warder__V1__Coverage__Technique *m = arena_alloc(a, sizeof(*m));

		if (!m)
			return NULL;
		warder__v1__coverage__technique__init(m);
		m->id = (char *)techniques[i].id;
		technique_state(&techniques[i], at, m);
		c->techniques[c->n_techniques++] = m;
	}
	return c;
}
