/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_POLICY_SECTIONS_H
#define WARDER_POLICY_SECTIONS_H

#include "yamlmap.h"

/* Sections of a policy, as rows of yamlmap's tables; each goes over what is there. What `to` points to is said. */

int policy_trust(struct yamlmap *y, struct yaml_node_s *node, void *to);      /* struct trust */
int policy_techniques(struct yamlmap *y, struct yaml_node_s *node, void *to); /* struct rules */
int policy_exceptions(struct yamlmap *y, struct yaml_node_s *node, void *to); /* struct rules */
int policy_sensitive(struct yamlmap *y, struct yaml_node_s *node, void *to);  /* struct policy */

#define POLICY_ROWS_MAX 256 /* of a list or mapping of a section's */

#endif
