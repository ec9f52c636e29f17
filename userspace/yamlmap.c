// SPDX-License-Identifier: Apache-2.0
#include "yamlmap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "text.h"

#define STRING_MAX 1024

int yamlmap_wrong(struct yamlmap *y, const yaml_node_t *node, const char *fmt, ...)
{
	char what[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(y->err, -EBADMSG, "%.200s:%zu:%zu: %s", y->name, node->start_mark.line + 1, node->start_mark.column + 1,
		       what);
}

static yaml_node_t *node_at(struct yamlmap *y, int index)
{
	return yaml_document_get_node(y->document, index);
}

/* A scalar as it is shown in a message; it may be anything. */
static const char *quoted(const yaml_node_t *node, char *out, size_t size)
{
	if (node->type != YAML_SCALAR_NODE)
		return node->type == YAML_MAPPING_NODE ? "a mapping" : "a list";
	text_quote(out, size, node->data.scalar.value, node->data.scalar.length, "'");
	return out;
}

/* "trust:", and what follows is commented out. */
static bool is_nothing(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE && !node->data.scalar.length;
}

size_t yamlmap_count(const yaml_node_t *node)
{
	if (node->type == YAML_SEQUENCE_NODE)
		return (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	if (node->type == YAML_MAPPING_NODE)
		return (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
	return 0;
}

int yamlmap_string(struct yamlmap *y, yaml_node_t *node, void *to)
{
	const char **out = to;

	if (node->type != YAML_SCALAR_NODE || !node->data.scalar.length)
		return yamlmap_wrong(y, node, "a string must be here");
	if (node->data.scalar.length > STRING_MAX || memchr(node->data.scalar.value, 0, node->data.scalar.length))
		return yamlmap_wrong(y, node, "the string has more than %d bytes, or a NUL", STRING_MAX);
	*out = arena_string(y->arena, (const char *)node->data.scalar.value);
	return *out ? 0 : err_set(y->err, -ENOMEM, "%.200s: more than fits", y->name);
}

int yamlmap_sequence(struct yamlmap *y, yaml_node_t *node, size_t max,
		     int (*fn)(struct yamlmap *y, yaml_node_t *item, void *ctx), void *ctx)
{
	if (is_nothing(node))
		return 0;
	if (node->type != YAML_SEQUENCE_NODE)
		return yamlmap_wrong(y, node, "a list must be here");
	if (yamlmap_count(node) > max)
		return yamlmap_wrong(y, node, "more than %zu items", max);
	for (const yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top; i++) {
		int r = fn(y, node_at(y, *i), ctx);

		if (r)
			return r;
	}
	return 0;
}

static bool is_twice(struct yamlmap *y, const yaml_node_t *node, const yaml_node_pair_t *pair)
{
	const yaml_node_t *key = node_at(y, pair->key);

	for (const yaml_node_pair_t *p = node->data.mapping.pairs.start; p < pair; p++) {
		const yaml_node_t *other = node_at(y, p->key);

		if (other->data.scalar.length == key->data.scalar.length &&
		    !memcmp(other->data.scalar.value, key->data.scalar.value, key->data.scalar.length))
			return true;
	}
	return false;
}

int yamlmap_pairs(struct yamlmap *y, yaml_node_t *node, size_t max,
		  int (*fn)(struct yamlmap *y, const char *key, yaml_node_t *value, void *ctx), void *ctx)
{
	char text[80];

	if (is_nothing(node))
		return 0;
	if (node->type != YAML_MAPPING_NODE)
		return yamlmap_wrong(y, node, "a mapping must be here");
	if (yamlmap_count(node) > max)
		return yamlmap_wrong(y, node, "more than %zu keys", max);
	for (const yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
		yaml_node_t *key = node_at(y, p->key);
		const char *name;
		int r = yamlmap_string(y, key, &name);

		if (!r && is_twice(y, node, p))
			r = yamlmap_wrong(y, key, "'%s' is here twice", quoted(key, text, sizeof(text)));
		y->key = key;
		if (!r)
			r = fn(y, name, node_at(y, p->value), ctx);
		if (r)
			return r;
	}
	return 0;
}

struct mapping {
	const char *what;
	const struct yamlmap_key *rows;
	char *to;
};

static int take_key(struct yamlmap *y, const char *key, yaml_node_t *value, void *ctx)
{
	const struct mapping *m = ctx;
	char known[200] = "", text[80];
	size_t n = 0;

	for (const struct yamlmap_key *row = m->rows; row->name; row++)
		if (!strcmp(row->name, key))
			return row->take(y, value, m->to + row->offset);
	for (const struct yamlmap_key *row = m->rows; row->name && n < sizeof(known); row++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", n ? ", " : "", row->name);
	text_quote(text, sizeof(text), key, strlen(key), "'");
	return yamlmap_wrong(y, y->key, "'%s' is no key of %s; these are: %s", text, m->what, known);
}

#define KEYS_MAX 64

int yamlmap_mapping(struct yamlmap *y, yaml_node_t *node, const char *what, const struct yamlmap_key *rows, void *to)
{
	return yamlmap_pairs(y, node, KEYS_MAX, take_key, &(struct mapping){what, rows, to});
}

static int load(struct yamlmap *y, yaml_parser_t *parser, yaml_document_t *document)
{
	if (yaml_parser_load(parser, document))
		return 0;
	return err_set(y->err, parser->error == YAML_MEMORY_ERROR ? -ENOMEM : -EBADMSG, "%.200s:%zu:%zu: %s", y->name,
		       parser->problem_mark.line + 1, parser->problem_mark.column + 1,
		       parser->problem ? parser->problem : "not enough memory");
}

/* An alias is the node that it stands for, not a copy: what leads up to itself ends at the tables' depth. */
static int take_document(struct yamlmap *y, yaml_parser_t *parser, const struct yamlmap_key *rows, void *to)
{
	yaml_node_t *root;
	int r = load(y, parser, y->document);

	if (r)
		return r;
	root = yaml_document_get_root_node(y->document);
	if (root)
		r = yamlmap_mapping(y, root, "a policy", rows, to);
	yaml_document_delete(y->document);
	if (r || !root)
		return r;
	r = load(y, parser, y->document);
	if (r)
		return r;
	root = yaml_document_get_root_node(y->document);
	if (root)
		r = yamlmap_wrong(y, root, "a second document: one is all that there may be");
	yaml_document_delete(y->document);
	return r;
}

int yamlmap_parse(const char *name, const char *buf, size_t len, struct arena *arena, const struct yamlmap_key *rows, void *to,
		  struct err *err)
{
	yaml_document_t document;
	struct yamlmap y = {.name = name, .arena = arena, .err = err, .document = &document};
	yaml_parser_t parser;
	int r;

	if (!yaml_parser_initialize(&parser))
		return err_set(err, -ENOMEM, "%.200s: not enough memory", name);
	yaml_parser_set_input_string(&parser, (const unsigned char *)buf, len);
	r = take_document(&y, &parser, rows, to);
	yaml_parser_delete(&parser);
	return r;
}
