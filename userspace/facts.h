/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_FACTS_H
#define WARDER_FACTS_H

#include "event.h"
#include "identity/node.h"

/* Messages about the node itself. They live as long as the arena's contents, and the strings as the node. NULL: the arena is full. */

Warder__V1__NodeFacts *facts_message(struct arena *a, const struct node_facts *n);

/* What this node is open to, or may be, and is done by a technique: the open ones first. 0 or -1. */
int facts_cves(struct arena *a, const struct node_facts *n, const char *technique, Warder__V1__Cve ***cves, size_t *n_cves);

#endif
