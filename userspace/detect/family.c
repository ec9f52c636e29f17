// SPDX-License-Identifier: Apache-2.0
/*
 * A container makes a socket of a family that exploits like. tcpdump, cryptsetup and whatever tries all families (B21, B24,
 * B49) do it too: context, LOW at most.
 */
#include "../detect.h"

#include <stdio.h>

/* protocol -1: any; `child`: only in a network namespace of a user namespace that the container made */
static const struct {
	unsigned int family;
	int protocol;
	bool child;
	const char *technique;
	Warder__V1__Severity severity;
	const char *what;
} families[] = {
	{17, -1, false, "K17", WARDER__V1__SEVERITY__INFORMATIONAL, "a packet socket"},
	{38, -1, false, "K11", WARDER__V1__SEVERITY__LOW, "a socket of the kernel's cryptography (AF_ALG)"},
	{33, -1, false, "K12", WARDER__V1__SEVERITY__LOW, "an RxRPC socket"},
	{15, -1, false, "K12", WARDER__V1__SEVERITY__LOW, "a key management socket (AF_KEY)"},
	{40, -1, false, "M63", WARDER__V1__SEVERITY__LOW, "a socket to the hypervisor (AF_VSOCK)"},
	{16, 6, true, "K12", WARDER__V1__SEVERITY__LOW, "an XFRM netlink socket in a user namespace of its own"},
	{16, 12, true, "K16", WARDER__V1__SEVERITY__LOW, "a netfilter netlink socket in a user namespace of its own"},
};

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_socket_create *s = view->body;

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (families[i].family == s->family &&
		    (families[i].protocol < 0 || (unsigned int)families[i].protocol == s->protocol) &&
		    (!families[i].child || s->child_user_ns)) {
			v->technique = families[i].technique;
			v->dimension = "socket";
			v->stage = WARDER__V1__STAGE__RECON;
			v->severity = families[i].severity;
			v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_LOW;
			if (families[i].child)
				verdict_own(view, v, families[i].severity);
			v->invariant = WARDER__V1__INVARIANT__REACH;
			snprintf(v->message, sizeof(v->message), "made %s", families[i].what);
			return true;
		}
	return false;
}

const struct detector detect_family = {"family", "1", WD_SOCKET_CREATE, judge};
