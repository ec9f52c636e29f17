// SPDX-License-Identifier: Apache-2.0
/* The sections "techniques" and "exceptions": what becomes of findings. */
#include <errno.h>
#include <string.h>

#include "policy_sections.h"
#include "policy_values.h"
#include "rules.h"
#include "text.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static int take_severity(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	static const char *const names[] = {"informational", "low", "medium", "high", "critical"};
	unsigned int *severity = to;
	int r = policy_word(y, node, names, N(names), "is no severity", severity);

	++*severity;
	return r;
}

static const struct yamlmap_key technique_keys[] = {
	{"severity", take_severity, offsetof(struct rule_technique, severity)},
	{"enabled", policy_bool, offsetof(struct rule_technique, enabled)},
	{NULL, NULL, 0},
};

static int take_technique(struct yamlmap *y, const char *id, struct yaml_node_s *value, void *to)
{
	struct rules *rules = to;
	struct rule_technique *t = rules_technique(rules, id);
	int r = policy_check_technique(y, y->key, id);

	if (r)
		return r;
	if (!t)
		t = &rules->techniques[rules->n_techniques++];
	*t = (struct rule_technique){.id = id, .enabled = true};
	return yamlmap_mapping(y, value, "a technique", technique_keys, t);
}

/* Copies the rows that are there to where there is room for more. */
static int more_rows(struct yamlmap *y, const struct yaml_node_s *node, void **rows, size_t n, size_t size)
{
	void *more = policy_rows(y, node, n, size);

	if (!more)
		return -ENOMEM;
	if (n)
		memcpy(more, *rows, n * size);
	*rows = more;
	return 0;
}

int policy_techniques(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	struct rules *rules = to;
	void *rows = rules->techniques;
	int r = more_rows(y, node, &rows, rules->n_techniques, sizeof(*rules->techniques));

	rules->techniques = rows;
	return r ? r : yamlmap_pairs(y, node, POLICY_ROWS_MAX, take_technique, rules);
}

/* By their names: what an exception is for must be seen from the file. */
static int take_excepted(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	return policy_checked(y, node, to, policy_check_technique);
}

static int check_owner(struct yamlmap *y, const struct yaml_node_s *node, const char *owner)
{
	static const char *const owners[] = {"host", "container", "unknown"};

	if (text_is_one_of(owner, owners, N(owners)))
		return 0;
	return yamlmap_wrong(y, node, "'%.40s' owns nothing; these do: host, container, unknown", owner);
}

static int take_owners(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	return policy_checked(y, node, to, check_owner);
}

static int check_user(struct yamlmap *y, const struct yaml_node_s *node, const char *user)
{
	return user[strspn(user, "0123456789")] ? yamlmap_wrong(y, node, "'%.40s' is no user's number", user) : 0;
}

static int take_users(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	return policy_checked(y, node, to, check_user);
}

static const struct yamlmap_key exception_keys[] = {
	{"name", yamlmap_string, offsetof(struct rule_exception, name)},
	{"techniques", take_excepted, offsetof(struct rule_exception, techniques)},
	{"namespaces", policy_list, offsetof(struct rule_exception, namespaces)},
	{"pods", policy_list, offsetof(struct rule_exception, pods)},
	{"containers", policy_list, offsetof(struct rule_exception, containers)},
	{"labels", policy_labels, offsetof(struct rule_exception, labels)},
	{"accounts", policy_list, offsetof(struct rule_exception, accounts)},
	{"images", policy_list, offsetof(struct rule_exception, images)},
	{"registries", policy_list, offsetof(struct rule_exception, registries)},
	{"runtimes", policy_list, offsetof(struct rule_exception, runtimes)},
	{"executables", policy_list, offsetof(struct rule_exception, executables)},
	{"users", take_users, offsetof(struct rule_exception, users)},
	{"owners", take_owners, offsetof(struct rule_exception, owners)},
	{NULL, NULL, 0},
};

static int check_exception(struct yamlmap *y, const struct yaml_node_s *node, const struct rule_exception *x)
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
	return 0;
}

static int take_exception(struct yamlmap *y, struct yaml_node_s *item, void *ctx)
{
	struct rules *rules = ctx;
	struct rule_exception x = {0}, *place = &rules->exceptions[rules->n_exceptions];
	int r = yamlmap_mapping(y, item, "an exception", exception_keys, &x);

	r = r ? r : check_exception(y, item, &x);
	if (r)
		return r;
	for (size_t i = 0; i < rules->n_exceptions; i++)
		if (!strcmp(rules->exceptions[i].name, x.name))
			place = &rules->exceptions[i];
	if (place != &rules->exceptions[rules->n_exceptions] && !place->built_in)
		return yamlmap_wrong(y, item, "there is another exception '%.80s'", x.name);
	if (!place->name)
		rules->n_exceptions++;
	*place = x;
	return 0;
}

int policy_exceptions(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	struct rules *rules = to;
	void *rows = rules->exceptions;
	int r = more_rows(y, node, &rows, rules->n_exceptions, sizeof(*rules->exceptions));

	rules->exceptions = rows;
	return r ? r : yamlmap_sequence(y, node, POLICY_ROWS_MAX, take_exception, rules);
}
