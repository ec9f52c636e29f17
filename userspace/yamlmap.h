/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_YAMLMAP_H
#define WARDER_YAMLMAP_H

#include <stddef.h>

#include "arena.h"
#include "err.h"

/*
 * YAML into structs, by tables: a row a key, with the function that takes its value and where that goes. What the tables do not have is an error,
 * and errors have their place: "policy.yaml:3:5: 'lebel' is no key of a rule; these are: level, namespaces".
 */

struct yaml_node_s;

struct yamlmap {
	const char *name;    /* of the file, for messages */
	struct arena *arena; /* what is taken is copied there */
	struct err *err;
	void *document;
	const struct yaml_node_s *key; /* of the pair in hand */
};

struct yamlmap_key {
	const char *name;
	/* 0, or -errno with the error set. `to` is the struct's begin plus `offset`. */
	int (*take)(struct yamlmap *y, struct yaml_node_s *value, void *to);
	size_t offset;
};

/* Reads one mapping by the keys of `rows` (which end with a NULL name). `name` is of the file. -EBADMSG for what is wrong in it. */
int yamlmap_parse(const char *name, const char *buf, size_t len, struct arena *arena, const struct yamlmap_key *rows, void *to,
		  struct err *err);

/* For functions that take values. `what` is what messages call it: "a rule". */
int yamlmap_mapping(struct yamlmap *y, struct yaml_node_s *node, const char *what, const struct yamlmap_key *rows, void *to);
/* Calls `fn` for each item of a list. */
int yamlmap_sequence(struct yamlmap *y, struct yaml_node_s *node, size_t max,
		     int (*fn)(struct yamlmap *y, struct yaml_node_s *item, void *ctx), void *ctx);
/* Calls `fn` for each pair of a mapping whose keys are free. */
int yamlmap_pairs(struct yamlmap *y, struct yaml_node_s *node, size_t max,
		  int (*fn)(struct yamlmap *y, const char *key, struct yaml_node_s *value, void *ctx), void *ctx);
/* A scalar's text, into the arena; `to` is a const char **. Not the empty one. */
int yamlmap_string(struct yamlmap *y, struct yaml_node_s *node, void *to);
/* How many items a list or pairs a mapping has; 0 of anything else. */
size_t yamlmap_count(const struct yaml_node_s *node);

/* Sets the error, with the node's place. Returns -EBADMSG. */
int yamlmap_wrong(struct yamlmap *y, const struct yaml_node_s *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
