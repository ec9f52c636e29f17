// SPDX-License-Identifier: Apache-2.0
#include "network.h"

#include <errno.h>
#include <string.h>

#include "hash.h"

#define MAX_SPACES      2048
#define MAX_ADDRESSES   16384
#define MAX_SCANS       1024
#define SPACE_ADDRESSES 64
#define NODE_ADDRESSES  8192                 /* a load balancer of the kernel's (IPVS) has one for each service */
#define REFRESH_NS      (30 * 1000000000ull) /* what was read so long ago is read again before it is believed */
#define READ_AT_ONCE    8                    /* a tick, or for one address that is nobody's: each is two small files of /proc */
#define SCAN_NS         (60 * 1000000000ull)
#define NODE            1 /* in the place of a network namespace's number: no inode's is so low */

/* A network namespace with containers in it. */
struct space {
	uint32_t inum;
	unsigned int pid; /* of the process by which its addresses are read: the first of the container */
	uint64_t origin;  /* the container that was sealed in it last */
	uint64_t read_ns; /* 0: never */
	bool asked;       /* for the API server's address */
};

struct holder {
	struct address address;
	uint32_t space;   /* NODE, or its number */
	uint64_t seen_ns; /* the time of the reading that found it */
};

struct scan {
	uint64_t begun_ns;
	uint16_t ports[NETWORK_PORTS];
	unsigned int n;
};

int network_init(struct network *n)
{
	*n = (struct network){0};
	if (!table_init(&n->spaces, MAX_SPACES, sizeof(struct space)) &&
	    !table_init(&n->addresses, MAX_ADDRESSES, sizeof(struct holder)) &&
	    !table_init(&n->scans, MAX_SCANS, sizeof(struct scan)))
		return 0;
	network_destroy(n);
	return -ENOMEM;
}

void network_destroy(struct network *n)
{
	table_destroy(&n->spaces);
	table_destroy(&n->addresses);
	table_destroy(&n->scans);
}

/* Who is where */

static bool in_host_net(const struct state_container *c)
{
	return c->seal.shared_ns & 1u << NS_NET;
}

static void space_take(struct network *n, const struct state_container *c)
{
	struct space *s = table_put(&n->spaces, c->first.net_ns);

	*s = (struct space){
		.inum = c->first.net_ns,
		.pid = c->first.pid,
		.origin = c->workload.origin_id,
		.read_ns = s->read_ns,
		.asked = s->asked,
	};
}

void network_sealed(struct network *n, struct state *s, uint64_t origin)
{
	const struct state_container *c = table_get(&s->containers, origin);

	if (c && c->first.net_ns && !in_host_net(c))
		space_take(n, c);
}

/* Another container of the same pod stands for it from now on. */
void network_ended(struct network *n, struct state *s, uint64_t origin)
{
	const struct state_container *c = table_get(&s->containers, origin);
	struct space *space = c ? table_get(&n->spaces, c->first.net_ns) : NULL;

	if (!space || space->origin != origin)
		return;
	for (uint32_t i = 0; i < s->containers.used; i++) {
		const struct state_container *other = table_at(&s->containers, i);

		if (other->workload.origin_id && other != c && !other->ended && other->first.net_ns == c->first.net_ns) {
			space_take(n, other);
			return;
		}
	}
	table_del(&n->spaces, c->first.net_ns);
}

/* Addresses */

static uint64_t key_of(struct address a)
{
	return hash_bytes(HASH_START, &a, sizeof(a));
}

/* Where it is kept when a space was read; NULL: the space is gone. */
static uint64_t *read_time(struct network *n, uint32_t inum)
{
	struct space *s = inum == NODE ? NULL : table_get(&n->spaces, inum);

	return inum == NODE ? &n->node_ns : s ? &s->read_ns : NULL;
}

/* Who has an address. What the last reading of its holder did not find again is given up. */
static struct holder *holder_of(struct network *n, struct address a)
{
	struct holder *h = table_get(&n->addresses, key_of(a));
	const uint64_t *read_ns = h && address_is(h->address, a) ? read_time(n, h->space) : NULL;

	return read_ns && h->seen_ns == *read_ns ? h : NULL;
}

/* Reads what a space has by a process in it. Where that process is elsewhere by now, what was known stays. */
static void space_read(struct network *n, struct state *s, uint32_t space, unsigned int pid, uint64_t now_ns)
{
	static struct address list[NODE_ADDRESSES];
	struct addresses found = {.list = list, .max = space == NODE ? NODE_ADDRESSES : SPACE_ADDRESSES};
	uint64_t *read_ns = read_time(n, space);
	int r = s->identity ? identity_addresses(s->identity, pid, space == NODE ? 0 : space, &found) : -ENOENT;

	n->unread += r == -E2BIG;
	if (r && r != -E2BIG && *read_ns) {
		now_ns = *read_ns;
		found.n = 0;
	}
	for (unsigned int i = 0; i < found.n; i++) {
		const struct holder *h = holder_of(n, found.list[i]);

		if (!h || h->space == space || space == NODE)
			*(struct holder *)table_put(&n->addresses, key_of(found.list[i])) =
				(struct holder){found.list[i], space, now_ns};
	}
	*read_ns = now_ns;
}

static void api_learn(struct network *n, struct state *s, struct space *space)
{
	const struct workload *w = state_workload(s, space->origin);
	struct address a;

	/* By the name of a pod's namespace it is Kubernetes that runs it. */
	if (space->asked || !s->identity || !w || !w->pod_ns[0])
		return;
	space->asked = true;
	if (n->n_apis == NETWORK_APIS || identity_api_address(s->identity, space->pid, &a))
		return;
	for (unsigned int i = 0; i < n->n_apis; i++)
		if (address_is(n->apis[i], a))
			return;
	n->apis[n->n_apis++] = a;
}

/* Some of those that were never read, and with `again` of those that were read a while ago. */
static void spaces_read(struct network *n, struct state *s, uint64_t now_ns, bool again)
{
	unsigned int left = READ_AT_ONCE;

	for (uint32_t i = 0; i < n->spaces.used && left; i++) {
		struct space *space = table_at(&n->spaces, n->next++ % n->spaces.used);

		if (!space->inum)
			continue;
		api_learn(n, s, space);
		if (space->read_ns && (!again || now_ns < space->read_ns + REFRESH_NS))
			continue;
		space_read(n, s, space->inum, space->pid, now_ns);
		left--;
	}
}

void network_tick(struct network *n, struct state *s, uint64_t now_ns)
{
	if (n->spaces.used && !n->node_ns) /* first: nobody takes an address of the host's */
		space_read(n, s, NODE, 1, now_ns);
	spaces_read(n, s, now_ns, false);
}

static const struct holder *find(struct network *n, struct state *s, struct address a, uint64_t now_ns)
{
	const struct holder *h;
	const struct space *space;

	if (!n->node_ns || now_ns >= n->node_ns + REFRESH_NS)
		space_read(n, s, NODE, 1, now_ns);
	h = holder_of(n, a);
	if (!h) {
		spaces_read(n, s, now_ns, true);
		return holder_of(n, a);
	}
	space = h->space == NODE ? NULL : table_get(&n->spaces, h->space);
	if (!space || now_ns < space->read_ns + REFRESH_NS)
		return h;
	space_read(n, s, space->inum, space->pid, now_ns);
	return holder_of(n, a);
}

static bool is_api(const struct network *n, struct address a)
{
	for (unsigned int i = 0; i < n->n_apis; i++)
		if (address_is(n->apis[i], a))
			return true;
	return false;
}

/* Connections */

static void set_owner(struct network_record *r, uint64_t container)
{
	r->head.owner_kind = container ? WD_OWNER_CONTAINER : WD_OWNER_HOST;
	r->head.owner = container;
}

/* On the node, or in its own network namespace: who listens there, as far as that was seen. */
static void target_here(struct network_record *r, bool node)
{
	struct wd_net_connect *c = &r->body;

	if (node && !(c->listener_known && c->listener == r->head.origin)) {
		c->target = WD_NET_TARGET_NODE;
		set_owner(r, c->listener_known ? c->listener : 0);
	} else {
		c->target = WD_NET_TARGET_OWN;
		set_owner(r, c->listener_known && c->listener ? c->listener : r->head.origin);
	}
}

static void target_find(struct network *n, struct state *s, struct network_record *r)
{
	struct wd_net_connect *c = &r->body;
	struct address peer = {c->peer_high, c->peer_low}, local = {c->local_high, c->local_low};
	const struct holder *h;
	const struct space *space;

	if (address_is_metadata(peer)) {
		c->target = WD_NET_TARGET_METADATA;
		return;
	}
	if (address_is_loopback(peer) || address_is(peer, local)) {
		target_here(r, c->host_net_ns);
		return;
	}
	h = find(n, s, peer, r->head.boot_ns);
	if (!h) {
		c->target = is_api(n, peer) ? WD_NET_TARGET_API : WD_NET_TARGET_UNSPECIFIED;
		return;
	}
	space = h->space == NODE ? NULL : table_get(&n->spaces, h->space);
	if (!space || space->inum == c->net_ns || space->origin == r->head.origin) {
		target_here(r, !space);
		return;
	}
	c->target = WD_NET_TARGET_CONTAINER;
	set_owner(r, space->origin);
}

/* How many ports of one target a container tries: a scrape asks the same few again. */
static unsigned int ports_count(struct network *n, const struct network_record *r)
{
	const struct {
		uint64_t origin, owner, kind;
	} pair = {r->head.origin, r->head.owner, r->head.owner_kind};
	struct scan *scan = table_put(&n->scans, hash_bytes(HASH_START, &pair, sizeof(pair)));

	if (!scan->n || r->head.boot_ns > scan->begun_ns + SCAN_NS)
		*scan = (struct scan){.begun_ns = r->head.boot_ns};
	for (unsigned int i = 0; i < scan->n; i++)
		if (scan->ports[i] == r->body.port)
			return scan->n;
	if (scan->n < NETWORK_PORTS)
		scan->ports[scan->n++] = (uint16_t)r->body.port;
	return scan->n;
}

const struct wd_record *network_resolve(struct network *n, struct state *s, const struct wd_record *r,
					struct network_record *out)
{
	struct wd_net_connect *c = &out->body;

	out->head = *r;
	out->body = *(const struct wd_net_connect *)schema_body(r);
	out->head.len = sizeof(*out);
	if (c->target)
		return &out->head;
	target_find(n, s, out);
	if (c->target == WD_NET_TARGET_CONTAINER ||
	    (c->target == WD_NET_TARGET_NODE && !address_is_loopback((struct address){c->peer_high, c->peer_low})))
		c->ports = ports_count(n, out);
	return &out->head;
}
