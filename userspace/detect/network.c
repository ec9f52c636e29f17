// SPDX-License-Identifier: Apache-2.0
/*
 * A container talks to another principal of its node over the network. A flow is an event; it is a finding where it goes to what steers
 * the node or the cluster, or from one level of trust to a higher one, or where port after port is tried.
 *
 * What every cluster does each minute must not page anybody, and a port alone tells no thief from a client. So: what lets in everybody
 * who reaches it (Docker's TCP, the kubelet's read-only port) or holds all secrets (etcd) is HIGH; its figures and health, which are
 * scraped (B32), LOW. The kubelet's own port asks who it is: a client that has what to answer with (a service account, or the host's
 * network, where certificates may lie) is LOW, as metrics agents are; a pod that has neither has no business there. The API server is
 * every operator's (B34) and a cloud's metadata every driver's (B35): context of what comes before and after. What is refused is no more
 * than a question: LOW, but for many of them.
 */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "address.h"
#include "text.h"

#define SEVERITY(name)   WARDER__V1__SEVERITY__##name
#define CONFIDENCE(name) WARDER__V1__CONFIDENCE__CONFIDENCE_##name
#define TCP              6
#define DNS              53
#define MANY_PORTS       16 /* network.h counts no further */

/* Services of a node by their ports, as their manuals have them; who listens elsewhere is not known by it. */
static const struct service {
	unsigned int port;
	const char *technique;
	Warder__V1__Severity severity;
	const char *what;
} services[] = {
	{2375, "M43", SEVERITY(HIGH), "Docker's API"},
	{2376, "M43", SEVERITY(MEDIUM), "Docker's API (which asks for a certificate)"},
	{10250, "O03", SEVERITY(MEDIUM), "the kubelet's API"},
	{10255, "O04", SEVERITY(HIGH), "the kubelet's read-only port"},
	{4194, "O04", SEVERITY(MEDIUM), "cAdvisor"},
	{10248, "O04", SEVERITY(LOW), "the kubelet's health"},
	{10249, "O04", SEVERITY(LOW), "kube-proxy's figures"},
	{10257, "O04", SEVERITY(LOW), "the controller manager's figures"},
	{10259, "O04", SEVERITY(LOW), "the scheduler's figures"},
	{2381, "O04", SEVERITY(LOW), "etcd's figures"},
	{2379, "O05", SEVERITY(HIGH), "etcd"},
	{2380, "O05", SEVERITY(HIGH), "etcd's peers' port"},
	{6443, "O01", SEVERITY(INFORMATIONAL), "the API server"},
};

static const struct service *service_find(const struct wd_net_connect *c)
{
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]) && c->protocol == TCP; i++)
		if (services[i].port == c->port)
			return &services[i];
	return NULL;
}

static struct address peer_of(const struct wd_net_connect *c)
{
	return (struct address){c->peer_high, c->peer_low};
}

/* etcd's own clients, by what the kubelet called them and where: only who rules the cluster starts pods in these namespaces. */
static bool is_control_plane(const struct workload *w)
{
	static const char *const namespaces[] = {"kube-system", "openshift-etcd", "openshift-kube-apiserver"};
	static const char *const names[] = {"kube-apiserver", "etcd", "etcdctl", "etcd-metrics", "etcd-readyz"};

	return w && w->resolution == RESOLVED_KUBERNETES &&
	       text_is_one_of(w->pod_ns, namespaces, sizeof(namespaces) / sizeof(namespaces[0])) &&
	       text_is_one_of(w->name, names, sizeof(names) / sizeof(names[0]));
}

/* Whether it has what the kubelet wants to see, or that is not known. */
static bool may_log_in(const struct view *view, const struct wd_net_connect *c)
{
	const struct workload *w = view->actor;

	return c->host_net_ns || !w || w->resolution < RESOLVED_RUNTIME || w->account[0] || (w->pod_ns[0] && !w->bundle[0]);
}

static Warder__V1__Severity service_severity(const struct view *view, const struct wd_net_connect *c, const struct service *s)
{
	if (s->port == 10250 && may_log_in(view, c))
		return SEVERITY(LOW);
	if (!strcmp(s->technique, "O05") && is_control_plane(view->actor))
		return SEVERITY(INFORMATIONAL);
	return s->severity;
}

/* From a less trusted level to a more trusted one. Names are asked for by all. */
static bool goes_up(const struct view *view, const struct wd_net_connect *c)
{
	const struct workload *from = view->actor, *to = view->owner;

	return from && to && from->trust[0] && to->trust[0] && from->rank < to->rank && c->port != DNS;
}

static bool differs(const struct view *view)
{
	return view->actor && view->owner && view->actor->trust[0] && view->owner->trust[0] &&
	       strcmp(view->actor->trust, view->owner->trust);
}

static bool judge_container(const struct view *view, const struct wd_net_connect *c, struct verdict *v, const char **what)
{
	v->technique = "X14";
	*what = "a port";
	if (c->ports >= MANY_PORTS) {
		v->severity = SEVERITY(MEDIUM);
		*what = "port after port";
		return true;
	}
	/* one step more is what a crossing always weighs (mix.c) */
	v->severity = goes_up(view, c) ? SEVERITY(LOW) : SEVERITY(INFORMATIONAL);
	return differs(view);
}

static bool judge_node(const struct view *view, const struct wd_net_connect *c, struct verdict *v, const char **what)
{
	const struct service *s = service_find(c);

	if (s) {
		v->severity = service_severity(view, c, s);
		v->technique = address_is_loopback(peer_of(c)) && s->severity == SEVERITY(LOW) ? "M50" : s->technique;
		*what = s->what;
		return true;
	}
	if (address_is_loopback(peer_of(c))) {
		v->technique = "M50";
		v->severity = !view->owner || goes_up(view, c) ? SEVERITY(LOW) : SEVERITY(INFORMATIONAL);
		*what = "a service of the loopback";
		return view->rec->outcome != WD_DENIED; /* is it there yet? */
	}
	return c->ports >= MANY_PORTS && judge_container(view, c, v, what);
}

static bool judge_target(const struct view *view, const struct wd_net_connect *c, struct verdict *v, const char **what)
{
	switch (c->target) {
	case WD_NET_TARGET_METADATA:
		v->technique = "O17";
		v->severity = SEVERITY(LOW);
		*what = "a cloud's metadata";
		return true;
	case WD_NET_TARGET_API:
		v->technique = "O01";
		v->severity = SEVERITY(INFORMATIONAL);
		*what = "the API server";
		return true;
	case WD_NET_TARGET_NODE:
		return judge_node(view, c, v, what);
	case WD_NET_TARGET_CONTAINER:
		return judge_container(view, c, v, what);
	default:
		return false;
	}
}

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_net_connect *c = view->body;
	const char *what, *verb = c->protocol == TCP ? "connected to" : "sent to";
	bool denied = view->rec->outcome == WD_DENIED, owned = view->rec->owner_kind, v6;
	Warder__V1__Severity most;
	char address[ADDRESS_TEXT];

	if (!judge_target(view, c, v, &what))
		return false;
	v->dimension = "socket";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	most = c->ports < MANY_PORTS ? SEVERITY(LOW) : SEVERITY(MEDIUM);
	if (denied && v->severity > most)
		v->severity = most;
	v->confidence = v->severity > SEVERITY(LOW) ? CONFIDENCE(MEDIUM) : CONFIDENCE(LOW);
	v->stage = denied                                            ? WARDER__V1__STAGE__ATTEMPT
		   : v->severity > SEVERITY(LOW) || goes_up(view, c) ? WARDER__V1__STAGE__BREACH
								     : WARDER__V1__STAGE__RECON;
	address_text(peer_of(c), address);
	v6 = strchr(address, ':');
	snprintf(v->message, sizeof(v->message), "%s %s%s%s at %s%s%s:%u", denied ? "was refused by" : verb, what,
		 owned ? " of " : "", owned ? view_owner(view) : "", v6 ? "[" : "", address, v6 ? "]" : "", c->port);
	return true;
}

const struct detector detect_network = {"network", "1", WD_NET_CONNECT, judge};
