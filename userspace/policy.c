// SPDX-License-Identifier: Apache-2.0
#include "policy.h"

#include <errno.h>
#include <string.h>

#include "yamlmap.h"

#define ARENA_SIZE (1024 * 1024)
#define RULES_MAX  256
#define ITEMS_MAX  256

static int list_room(struct yamlmap *y, struct yaml_node_s *node, size_t n, struct trust_list *list)
{
	if (list->n + n > ITEMS_MAX)
		return yamlmap_wrong(y, node, "more than %d items", ITEMS_MAX);
	list->items = arena_alloc(y->arena, (n ? n : 1) * sizeof(*list->items));
	return list->items ? 0 : err_set(y->err, -ENOMEM, "%.200s: more than fits", y->name);
}

static int list_item(struct yamlmap *y, struct yaml_node_s *item, void *to)
{
	struct trust_list *list = to;

	return yamlmap_string(y, item, &list->items[list->n++]);
}

/* One string stands for a list of one. */
static int take_list(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	size_t n = yamlmap_count(node);
	int r = list_room(y, node, n, to);

	if (r)
		return r;
	return n ? yamlmap_sequence(y, node, ITEMS_MAX, list_item, to) : list_item(y, node, to);
}

static int label(struct yamlmap *y, const char *name, struct yaml_node_s *value, void *to)
{
	struct trust_list *list = to;

	list->items[list->n++] = name;
	return yamlmap_string(y, value, &list->items[list->n++]);
}

static int take_labels(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	int r = list_room(y, node, 2 * yamlmap_count(node), to);

	return r ? r : yamlmap_pairs(y, node, ITEMS_MAX / 2, label, to);
}

static const struct yamlmap_key rule_keys[] = {
	{"level", yamlmap_string, offsetof(struct trust_rule, level)},
	{"namespaces", take_list, offsetof(struct trust_rule, namespaces)},
	{"labels", take_labels, offsetof(struct trust_rule, labels)},
	{"registries", take_list, offsetof(struct trust_rule, registries)},
	{"images", take_list, offsetof(struct trust_rule, images)},
	{"runtimes", take_list, offsetof(struct trust_rule, runtimes)},
	{NULL, NULL, 0},
};

static int take_levels(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	struct trust *t = to;
	int r = take_list(y, node, &t->levels);

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
	for (size_t i = 0; i < t->levels.n; i++)
		if (!strcmp(t->levels.items[i], name))
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

	t->rules = arena_alloc(y->arena, (yamlmap_count(node) + 1) * sizeof(*t->rules));
	return t->rules ? yamlmap_sequence(y, node, RULES_MAX, take_rule, t)
			: err_set(y->err, -ENOMEM, "%.200s: more than fits", y->name);
}

static const struct yamlmap_key trust_keys[] = {
	{"levels", take_levels, 0},
	{"default", take_default, 0},
	{"rules", take_rules, 0},
	{NULL, NULL, 0},
};

static int take_trust(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	return yamlmap_mapping(y, node, "trust", trust_keys, to);
}

static const struct yamlmap_key policy_keys[] = {
	{"trust", take_trust, offsetof(struct policy, trust)},
	{NULL, NULL, 0},
};

static int begin(struct policy *p, struct err *err)
{
	*p = (struct policy){0};
	return arena_init(&p->arena, ARENA_SIZE) ? err_set(err, -ENOMEM, "not enough memory for a policy") : 0;
}

int policy_init(struct policy *p, const char *path, struct err *err)
{
	int r = begin(p, err);

	if (!r && path)
		r = yamlmap_read(path, &p->arena, policy_keys, p, err);
	if (r)
		policy_destroy(p);
	return r;
}

int policy_parse(struct policy *p, const char *name, const char *buf, size_t len, struct err *err)
{
	int r = begin(p, err);

	if (!r)
		r = yamlmap_parse(name, buf, len, &p->arena, policy_keys, p, err);
	if (r)
		policy_destroy(p);
	return r;
}

void policy_destroy(struct policy *p)
{
	arena_destroy(&p->arena);
	*p = (struct policy){0};
}
