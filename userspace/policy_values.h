/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_POLICY_VALUES_H
#define WARDER_POLICY_VALUES_H

#include <stdbool.h>

#include "patterns.h"
#include "yamlmap.h"

/*
 * Values that sections of a policy have in common. Those with the arguments of a row of yamlmap's are for its tables; what `to` points to is
 * said. All: 0, or -errno with the error set.
 */

int policy_list(struct yamlmap *y, struct yaml_node_s *node, void *to);   /* struct patterns; one string is a list of one */
int policy_labels(struct yamlmap *y, struct yaml_node_s *node, void *to); /* struct patterns: a name, its pattern, and so on */
int policy_bool(struct yamlmap *y, struct yaml_node_s *node, void *to);   /* bool */
int policy_technique(struct yamlmap *y, struct yaml_node_s *node, void *to); /* const char *, of the catalogue */

/* A list of which each item must be good. */
int policy_checked(struct yamlmap *y, struct yaml_node_s *node, struct patterns *to,
		   int (*check)(struct yamlmap *y, const struct yaml_node_s *node, const char *item));
int policy_check_technique(struct yamlmap *y, const struct yaml_node_s *node, const char *id);

/* One of `n` words, by its number. `what` is what the message calls what it is not: "is no severity". */
int policy_word(struct yamlmap *y, struct yaml_node_s *node, const char *const *words, size_t n, const char *what,
		unsigned int *to);
/* A number from `min` to `max`, or 0 where that stands for `zero` (NULL: it does not). `unit` is for the message: "KiB". */
int policy_number(struct yamlmap *y, struct yaml_node_s *node, unsigned int min, unsigned int max, const char *unit,
		  const char *zero, unsigned int *to);

/* Room for `before` rows and one an item of a list or mapping. NULL: the error is set. */
void *policy_rows(struct yamlmap *y, const struct yaml_node_s *node, size_t before, size_t size);

#endif
