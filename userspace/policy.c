// SPDX-License-Identifier: Apache-2.0
#include "policy.h"

#include <errno.h>
#include <string.h>

#include "technique.h"
#include "text.h"
#include "yamlmap.h"

#define ARENA_SIZE (1024 * 1024)
#define RULES_MAX  256
#define ITEMS_MAX  256

static int list_room(struct yamlmap *y, struct yaml_node_s *node, size_t n, struct patterns *list)
{
	if (list->n + n > ITEMS_MAX)
		return yamlmap_wrong(y, node, "more than %d items", ITEMS_MAX);
	list->items = arena_alloc(y->arena, (n ? n : 1) * sizeof(*list->items));
	return list->items ? 0 : err_set(y->err, -ENOMEM, "%.200s: more than fits", y->name);
}

/* Room for a row an item of a list or mapping. NULL: the error is set. */
static void *rows_room(struct yamlmap *y, const struct yaml_node_s *node, size_t size)
{
	void *rows = arena_alloc(y->arena, (yamlmap_count(node) + 1) * size);

	if (!rows)
		err_set(y->err, -ENOMEM, "%.200s: more than fits", y->name);
	return rows;
}

static int list_item(struct yamlmap *y, struct yaml_node_s *item, void *to)
{
	struct patterns *list = to;

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
	struct patterns *list = to;

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

	t->rules = rows_room(y, node, sizeof(*t->rules));
	return t->rules ? yamlmap_sequence(y, node, RULES_MAX, take_rule, t) : -ENOMEM;
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

static int check_technique(struct yamlmap *y, const struct yaml_node_s *node, const char *id)
{
	if (technique_find(id))
		return 0;
	return yamlmap_wrong(y, node, "'%.40s' is no technique: 'warder doctor' lists them", id);
}

static int take_severity(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	static const char *const names[] = {"informational", "low", "medium", "high", "critical"};
	unsigned int *severity = to;
	const char *name;
	int r = yamlmap_string(y, node, &name);

	if (r)
		return r;
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name)) {
			*severity = i + 1;
			return 0;
		}
	return yamlmap_wrong(y, node, "'%.40s' is no severity; these are: informational, low, medium, high, critical", name);
}

static int take_enabled(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	bool *off = to;
	const char *word;
	int r = yamlmap_string(y, node, &word);

	if (r)
		return r;
	*off = !strcmp(word, "false");
	return *off || !strcmp(word, "true") ? 0 : yamlmap_wrong(y, node, "'%.40s' is neither true nor false", word);
}

static const struct yamlmap_key technique_keys[] = {
	{"severity", take_severity, offsetof(struct rule_technique, severity)},
	{"enabled", take_enabled, offsetof(struct rule_technique, off)},
	{NULL, NULL, 0},
};

static int take_technique(struct yamlmap *y, const char *id, struct yaml_node_s *value, void *to)
{
	struct rules *rules = to;
	struct rule_technique *t = &rules->techniques[rules->n_techniques++];
	int r = check_technique(y, y->key, id);

	t->id = id;
	return r ? r : yamlmap_mapping(y, value, "a technique", technique_keys, t);
}

static int take_techniques(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	struct rules *rules = to;

	rules->techniques = rows_room(y, node, sizeof(*rules->techniques));
	return rules->techniques ? yamlmap_pairs(y, node, RULES_MAX, take_technique, rules) : -ENOMEM;
}

/* A list of which each item must be good. */
static int take_checked(struct yamlmap *y, struct yaml_node_s *node, void *to,
			int (*check)(struct yamlmap *y, const struct yaml_node_s *node, const char *item))
{
	struct patterns *list = to;
	int r = take_list(y, node, to);

	for (size_t i = 0; i < list->n && !r; i++)
		r = check(y, node, list->items[i]);
	return r;
}

/* By their names: what an exception is for must be seen from the file. */
static int take_excepted(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	return take_checked(y, node, to, check_technique);
}

static int check_owner(struct yamlmap *y, const struct yaml_node_s *node, const char *owner)
{
	static const char *const owners[] = {"host", "container", "unknown"};

	if (text_is_one_of(owner, owners, sizeof(owners) / sizeof(owners[0])))
		return 0;
	return yamlmap_wrong(y, node, "'%.40s' owns nothing; these do: host, container, unknown", owner);
}

static int take_owners(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	return take_checked(y, node, to, check_owner);
}

static int check_user(struct yamlmap *y, const struct yaml_node_s *node, const char *user)
{
	return user[strspn(user, "0123456789")] ? yamlmap_wrong(y, node, "'%.40s' is no user's number", user) : 0;
}

static int take_users(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	return take_checked(y, node, to, check_user);
}

static const struct yamlmap_key exception_keys[] = {
	{"name", yamlmap_string, offsetof(struct rule_exception, name)},
	{"techniques", take_excepted, offsetof(struct rule_exception, techniques)},
	{"namespaces", take_list, offsetof(struct rule_exception, namespaces)},
	{"pods", take_list, offsetof(struct rule_exception, pods)},
	{"containers", take_list, offsetof(struct rule_exception, containers)},
	{"labels", take_labels, offsetof(struct rule_exception, labels)},
	{"accounts", take_list, offsetof(struct rule_exception, accounts)},
	{"images", take_list, offsetof(struct rule_exception, images)},
	{"registries", take_list, offsetof(struct rule_exception, registries)},
	{"runtimes", take_list, offsetof(struct rule_exception, runtimes)},
	{"executables", take_list, offsetof(struct rule_exception, executables)},
	{"users", take_users, offsetof(struct rule_exception, users)},
	{"owners", take_owners, offsetof(struct rule_exception, owners)},
	{NULL, NULL, 0},
};

static int check_exception(struct yamlmap *y, const struct yaml_node_s *node, const struct rules *rules,
			   const struct rule_exception *x)
{
	if (!x->name)
		return yamlmap_wrong(y, node, "the exception has no 'name', by which the stream says how often it was used");
	if (!x->techniques.n)
		return yamlmap_wrong(y, node, "the exception has no 'techniques': it would be for everything");
	if (!x->namespaces.n && !x->pods.n && !x->containers.n && !x->labels.n && !x->accounts.n && !x->images.n &&
	    !x->registries.n)
		return yamlmap_wrong(
			y, node,
			"the exception says of nobody who it is for: it needs namespaces, pods, containers, labels, "
			"accounts, images or registries (a program's name or a user's number is no identity)");
	for (const struct rule_exception *other = rules->exceptions; other < x; other++)
		if (!strcmp(other->name, x->name))
			return yamlmap_wrong(y, node, "there is another exception '%.80s'", x->name);
	return 0;
}

static int take_exception(struct yamlmap *y, struct yaml_node_s *item, void *ctx)
{
	struct rules *rules = ctx;
	struct rule_exception *x = &rules->exceptions[rules->n_exceptions];
	int r = yamlmap_mapping(y, item, "an exception", exception_keys, x);

	if (r)
		return r;
	rules->n_exceptions++;
	return check_exception(y, item, rules, x);
}

static int take_exceptions(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	struct rules *rules = to;

	rules->exceptions = rows_room(y, node, sizeof(*rules->exceptions));
	return rules->exceptions ? yamlmap_sequence(y, node, RULES_MAX, take_exception, rules) : -ENOMEM;
}

static const struct yamlmap_key policy_keys[] = {
	{"trust", take_trust, offsetof(struct policy, trust)},
	{"techniques", take_techniques, offsetof(struct policy, rules)},
	{"exceptions", take_exceptions, offsetof(struct policy, rules)},
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
