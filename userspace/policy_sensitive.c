// SPDX-License-Identifier: Apache-2.0
/* The section "sensitive": paths of the host that containers are not to touch. */
#include <errno.h>
#include <string.h>

#include "policy.h"
#include "policy_sections.h"
#include "policy_values.h"
#include "sensitive.h"

static int wrong_path(struct yamlmap *y, const struct yaml_node_s *node, const char *path, const char *why)
{
	return yamlmap_wrong(y, node, "'%.80s' %s", path, why);
}

/* What it means must be seen from it: no other component than names, and no pattern but all of a directory. */
static int take_path(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	const char **out = to;
	char *path;
	size_t len, n;
	int r = yamlmap_string(y, node, out);

	if (r)
		return r;
	path = arena_string(y->arena, *out);
	if (!path)
		return err_set(y->err, -ENOMEM, "%.200s: more than fits", y->name);
	len = strlen(path);
	if (len > 1 && path[len - 1] == '*' && path[len - 2] == '/')
		path[--len] = '\0'; /* all of a directory, as that with its slash */
	if (*path != '/')
		return wrong_path(y, node, *out, "is no absolute path of the host");
	if (len == 1)
		return wrong_path(y, node, *out, "is all of the host");
	if (strchr(path, '*'))
		return wrong_path(y, node, *out, "has a '*' that is not all of its last component");
	for (const char *p = path; *p; p += 1 + n) {
		n = strcspn(p + 1, "/");
		if ((!n && p[1]) || (n == 1 && p[1] == '.') || (n == 2 && !memcmp(p + 1, "..", 2)))
			return wrong_path(y, node, *out, "has a component that is empty, '.' or '..'");
	}
	*out = path;
	return 0;
}

static int take_access(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	static const char *const words[] = {"read", "write", "any"}; /* by their bits, from 1 */
	unsigned int *access = to;
	int r = policy_word(y, node, words, 3, "is no access", access);

	++*access;
	return r;
}

static const struct yamlmap_key sensitive_keys[] = {
	{"path", take_path, offsetof(struct sensitive_path, path)},
	{"access", take_access, offsetof(struct sensitive_path, access)},
	{"technique", policy_technique, offsetof(struct sensitive_path, technique)},
	{NULL, NULL, 0},
};

static int take_one(struct yamlmap *y, struct yaml_node_s *item, void *ctx)
{
	struct policy *p = ctx;
	struct sensitive_path *s = &p->sensitive[p->n_sensitive];
	int r = yamlmap_mapping(y, item, "a sensitive path", sensitive_keys, s);

	if (r)
		return r;
	if (!s->path)
		return yamlmap_wrong(y, item, "there is no 'path'");
	if (s->technique && !sensitive_kind(s->technique))
		return yamlmap_wrong(
			y, item,
			"'%s' is no technique of files of the node's own (P01 to P09, P13, P16, P17, O02, O05, O12, O16, M47)",
			s->technique);
	for (size_t i = 0; i < p->n_sensitive; i++)
		if (!strcmp(p->sensitive[i].path, s->path))
			return yamlmap_wrong(y, item, "'%.80s' is here twice", s->path);
	if (!s->access)
		s->access = SENSITIVE_READ | SENSITIVE_WRITE;
	p->n_sensitive++;
	return 0;
}

int policy_sensitive(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	struct policy *p = to;

	p->n_sensitive = 0;
	p->sensitive = policy_rows(y, node, 0, sizeof(*p->sensitive));
	return p->sensitive ? yamlmap_sequence(y, node, POLICY_SENSITIVE_MAX, take_one, p) : -ENOMEM;
}
