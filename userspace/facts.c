// SPDX-License-Identifier: Apache-2.0
#include "facts.h"

#include <string.h>

#define CVES_TOLD 8 /* in a finding */

static Warder__V1__Cve *cve_message(struct arena *a, const struct node_cve *c)
{
	Warder__V1__Cve *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return NULL;
	warder__v1__cve__init(m);
	m->id = (char *)c->cve->id;
	m->component = (char *)c->component->name;
	m->version = (char *)c->component->version;
	m->unknown = c->unknown;
	m->why = (char *)c->why;
	m->title = (char *)c->cve->title;
	m->source = (char *)c->cve->source;
	m->techniques = (char **)c->cve->techniques;
	m->n_techniques = c->cve->n_techniques;
	return m;
}

static Warder__V1__NodeFacts__Component *component_message(struct arena *a, const struct component *c)
{
	Warder__V1__NodeFacts__Component *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return NULL;
	warder__v1__node_facts__component__init(m);
	m->name = (char *)c->name;
	m->version = (char *)c->version;
	m->package = (char *)c->package;
	m->distribution = c->distribution;
	if (c->path[0] && !(m->path = event_text(a, c->path, strlen(c->path), false)))
		return NULL;
	return m;
}

Warder__V1__NodeFacts *facts_message(struct arena *a, const struct node_facts *n)
{
	Warder__V1__NodeFacts *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return NULL;
	warder__v1__node_facts__init(m);
	m->table = (char *)n->table.dated;
	m->rows = (uint32_t)n->table.n;
	m->components = arena_alloc(a, n->n_components * sizeof(*m->components));
	m->cves = arena_alloc(a, n->n_cves * sizeof(*m->cves));
	if (!m->components || !m->cves)
		return NULL;
	for (; m->n_components < n->n_components; m->n_components++)
		if (!(m->components[m->n_components] = component_message(a, &n->components[m->n_components])))
			return NULL;
	for (; m->n_cves < n->n_cves; m->n_cves++)
		if (!(m->cves[m->n_cves] = cve_message(a, &n->cves[m->n_cves])))
			return NULL;
	return m;
}

int facts_cves(struct arena *a, const struct node_facts *n, const char *technique, Warder__V1__Cve ***cves, size_t *n_cves)
{
	if (!n)
		return 0;
	*cves = arena_alloc(a, CVES_TOLD * sizeof(**cves));
	if (!*cves)
		return -1;
	for (int unknown = 0; unknown < 2; unknown++)
		for (unsigned int i = 0; i < n->n_cves && *n_cves < CVES_TOLD; i++) {
			if (n->cves[i].unknown != unknown || !cve_fits(n->cves[i].cve, technique))
				continue;
			if (!((*cves)[*n_cves] = cve_message(a, &n->cves[i])))
				return -1;
			++*n_cves;
		}
	return 0;
}
