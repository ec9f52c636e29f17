// SPDX-License-Identifier: Apache-2.0
#include "policy_values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "technique.h"

#define ITEMS_MAX 256 /* of a list in a row */

static int no_room(struct yamlmap *y)
{
	return err_set(y->err, -ENOMEM, "%.200s: more than fits", y->name);
}

static int list_room(struct yamlmap *y, struct yaml_node_s *node, size_t n, struct patterns *list)
{
	if (n > ITEMS_MAX)
		return yamlmap_wrong(y, node, "more than %d items", ITEMS_MAX);
	*list = (struct patterns){.items = arena_alloc(y->arena, (n ? n : 1) * sizeof(*list->items))};
	return list->items ? 0 : no_room(y);
}

void *policy_rows(struct yamlmap *y, const struct yaml_node_s *node, size_t before, size_t size)
{
	void *rows = arena_alloc(y->arena, (before + yamlmap_count(node) + 1) * size);

	if (!rows)
		no_room(y);
	return rows;
}

static int list_item(struct yamlmap *y, struct yaml_node_s *item, void *to)
{
	struct patterns *list = to;

	return yamlmap_string(y, item, &list->items[list->n++]);
}

int policy_list(struct yamlmap *y, struct yaml_node_s *node, void *to)
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

int policy_labels(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	struct patterns *list = to;
	int r = list_room(y, node, 2 * yamlmap_count(node), list);

	r = r ? r : yamlmap_pairs(y, node, ITEMS_MAX / 2, label, list);
	if (r || list->n)
		return r;
	return yamlmap_wrong(y, node, "no label is here: what was meant for some would be for all");
}

int policy_checked(struct yamlmap *y, struct yaml_node_s *node, struct patterns *to,
		   int (*check)(struct yamlmap *y, const struct yaml_node_s *node, const char *item))
{
	int r = policy_list(y, node, to);

	for (size_t i = 0; i < to->n && !r; i++)
		r = check(y, node, to->items[i]);
	return r;
}

int policy_bool(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	bool *out = to;
	const char *word;
	int r = yamlmap_string(y, node, &word);

	if (r)
		return r;
	*out = !strcmp(word, "true");
	return *out || !strcmp(word, "false") ? 0 : yamlmap_wrong(y, node, "'%.40s' is neither true nor false", word);
}

int policy_check_technique(struct yamlmap *y, const struct yaml_node_s *node, const char *id)
{
	if (technique_find(id))
		return 0;
	return yamlmap_wrong(y, node, "'%.40s' is no technique: 'warder doctor' lists them", id);
}

int policy_technique(struct yamlmap *y, struct yaml_node_s *node, void *to)
{
	const char **id = to;
	int r = yamlmap_string(y, node, id);

	return r ? r : policy_check_technique(y, node, *id);
}

int policy_word(struct yamlmap *y, struct yaml_node_s *node, const char *const *words, size_t n, const char *what,
		unsigned int *to)
{
	const char *word;
	char known[100];
	size_t len = 0;
	int r = yamlmap_string(y, node, &word);

	if (r)
		return r;
	for (unsigned int i = 0; i < n; i++) {
		if (!strcmp(words[i], word)) {
			*to = i;
			return 0;
		}
		if (len < sizeof(known))
			len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s", i ? ", " : "", words[i]);
	}
	return yamlmap_wrong(y, node, "'%.40s' %s; these are: %s", word, what, known);
}

int policy_number(struct yamlmap *y, struct yaml_node_s *node, unsigned int min, unsigned int max, const char *unit,
		  const char *zero, unsigned int *to)
{
	const char *word;
	unsigned long n;
	int r = yamlmap_string(y, node, &word);

	if (r)
		return r;
	n = strlen(word) > 9 || word[strspn(word, "0123456789")] ? max + 1ul : strtoul(word, NULL, 10);
	*to = (unsigned int)n;
	if ((!n && zero) || (n >= min && n <= max))
		return 0;
	return yamlmap_wrong(y, node, "'%.40s' is no number of %s from %u to %u%s%s%s", word, unit, min, max,
			     zero ? ", or 0 (" : "", zero ? zero : "", zero ? ")" : "");
}
