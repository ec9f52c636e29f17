// SPDX-License-Identifier: Apache-2.0
#include "rules.h"

#include <string.h>

#include "trust.h"

static bool fits(const struct rule_exception *x, const struct rule_subject *s)
{
	char registry[sizeof(s->who->image)];
	const struct workload *w = s->who;
	const struct {
		const struct patterns *patterns;
		const char *value;
	} conditions[] = {
		{&x->techniques, s->technique},
		{&x->namespaces, w->pod_ns},
		{&x->pods, w->pod},
		{&x->containers, w->name},
		{&x->images, w->image},
		{&x->registries, trust_registry(w->image, registry, sizeof(registry))},
		{&x->runtimes, w->runtime},
		{&x->accounts, w->account},
		{&x->executables, s->executable},
		{&x->users, s->user},
		{&x->owners, s->owner},
	};

	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		if (!patterns_hold(conditions[i].patterns, conditions[i].value))
			return false;
	return patterns_hold_labels(&x->labels, s->tags);
}

const struct rule_exception *rules_exception(const struct rules *r, const struct rule_subject *s)
{
	for (size_t i = 0; i < r->n_exceptions && s->who; i++)
		if (fits(&r->exceptions[i], s))
			return &r->exceptions[i];
	return NULL;
}

struct rule_technique *rules_technique(const struct rules *r, const char *id)
{
	for (size_t i = 0; i < r->n_techniques; i++)
		if (!strcmp(r->techniques[i].id, id))
			return &r->techniques[i];
	return NULL;
}
