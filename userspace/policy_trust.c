// SPDX-License-Identifier: Apache-2.0
/* The section "trust": levels, and the rules that give them. */
#include <errno.h>
#include <string.h>

#include "policy_sections.h"
#include "policy_values.h"
#include "text.h"
#include "trust.h"

static const struct yamlmap_key rule_keys[] = {
	{"level", yamlmap_string, offsetof(struct trust_rule, level)},
	{"namespaces", policy_list, offsetof(struct trust_rule, namespaces)},
	{"labels", policy_labels, offsetof(struct trust_rule, labels)},
	{"registries", policy_list, offsetof(struct trust_rule, registries)},
	{"images", policy_list, offsetof(struct trust_rule, images)},
	{"runtimes", policy_list, offsetof(struct trust_rule, runtimes)},
	{NULL, NULL, 0},
};

static int take_levels(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	struct trust *t = to;
	int r = policy_list(y, node, &t->levels);

	if (r)
		return r;
	if (t->levels.n > TRUST_LEVELS)
		return yamlmap_wrong(y, node, "more than %d levels", TRUST_LEVELS);
	for (size_t i = 0; i < t->levels.n; i++)
		if (strlen(t->levels.items[i]) >= TRUST_NAME)
			return yamlmap_wrong(y, node, "level '%.40s' has more than %zu bytes", t->levels.items[i],
					     TRUST_NAME - 1);
	return 0;
}

static int check_level(struct yamlmap *y, const struct yaml_node_s *node, const struct trust *t, const char *name)
{
	if (text_is_one_of(name, t->levels.items, t->levels.n))
		return 0;
	return yamlmap_wrong(y, node, "'%.40s' is none of the 'levels', which must stand before what uses them", name);
}

static int take_default(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	struct trust *t = to;
	int r = yamlmap_string(y, node, &t->unmatched);

	return r ? r : check_level(y, node, t, t->unmatched);
}

static int take_rule(struct yamlmap *y, struct yaml_node_s *item, void *ctx)
{
	struct trust *t = ctx;
	struct trust_rule *r = &t->rules[t->n];
	int rc = yamlmap_mapping(y, item, "a rule", rule_keys, r);

	if (rc)
		return rc;
	if (!r->level)
		return yamlmap_wrong(y, item, "the rule has no 'level'");
	if (!r->namespaces.n && !r->labels.n && !r->registries.n && !r->images.n && !r->runtimes.n)
		return yamlmap_wrong(y, item, "the rule has no condition: the level of what no rule fits is 'default'");
	t->n++;
	return check_level(y, item, t, r->level);
}

static int take_rules(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	struct trust *t = to;

	t->n = 0;
	t->rules = policy_rows(y, node, 0, sizeof(*t->rules));
	return t->rules ? yamlmap_sequence(y, node, POLICY_ROWS_MAX, take_rule, t) : -ENOMEM;
}

static const struct yamlmap_key trust_keys[] = {
	{"levels", take_levels, 0},
	{"default", take_default, 0},
	{"rules", take_rules, 0},
	{NULL, NULL, 0},
};

/* As a whole: rules and default of one policy with the levels of another say nothing. */
int policy_trust(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	*(struct trust *)to = (struct trust){0};
	return yamlmap_mapping(y, node, "trust", trust_keys, to);
}
