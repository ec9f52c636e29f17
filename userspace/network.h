/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_NETWORK_H
#define WARDER_NETWORK_H

#include "state.h"

/*
 * Whose an address is on this node: the host's, or that of a network namespace with containers in it, as /proc shows them. Containers of
 * one network namespace (a pod's) are one principal. Where two have the same address (networks that do not meet) it is that one's who
 * had it first, and the host's before all: no container takes another's by setting it on an interface of its own. Bounded; what has
 * not been used for longest is forgotten.
 */

#define NETWORK_APIS  4
#define NETWORK_PORTS 16 /* different ones that are counted of one target, within a minute */

struct network {
	struct table spaces;               /* network namespaces of containers, by their inodes' numbers */
	struct table addresses;            /* by a hash of them */
	struct table scans;                /* by who asks and who is asked */
	struct address apis[NETWORK_APIS]; /* the API server's, as containers of pods were told */
	unsigned int n_apis;
	uint32_t next;    /* the slot of `spaces` that is looked at next */
	uint64_t node_ns; /* when the host's addresses were read last; 0: never */
	uint64_t unread;  /* files of addresses that were too long: what is behind is not known */
};

int network_init(struct network *n); /* 0 or -ENOMEM */
void network_destroy(struct network *n);

/* A container was sealed, or ended: after the state took it, or before the state forgets it. */
void network_sealed(struct network *n, struct state *s, uint64_t origin);
void network_ended(struct network *n, struct state *s, uint64_t origin);

/* Looks at the addresses of containers that are new. */
void network_tick(struct network *n, struct state *s, uint64_t now_ns);

/* A NET_CONNECT as a hook made it, and with what is known of whose the address is. */
struct network_record {
	struct wd_record head;
	struct wd_net_connect body;
};

/*
 * Fills *out: target, ports and the owner; one that has a target already is left as it is. Returns &out->head. Addresses that were read a
 * while ago are read again for it, and those of some containers where nobody is known to have it.
 */
const struct wd_record *network_resolve(struct network *n, struct state *s, const struct wd_record *r,
					struct network_record *out);

#endif
