// SPDX-License-Identifier: Apache-2.0
/*
 * A container uses a capability on what the host's network namespace has: addresses, routes, filters, queues. Network agents do
 * (B05, B06, B20): context, and a policy's to say by whom.
 */
#include "../detect.h"

#include <stdio.h>

#define CAP_NET_ADMIN 12

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_capability_use *u = view->body;

	if (u->capability != CAP_NET_ADMIN || !u->host_user_ns || !u->host_net_ns)
		return false;
	v->technique = "M51";
	v->dimension = "net";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	v->stage = WARDER__V1__STAGE__RECON;
	v->severity = u->granted ? WARDER__V1__SEVERITY__LOW : WARDER__V1__SEVERITY__INFORMATIONAL;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_LOW;
	snprintf(v->message, sizeof(v->message), "%s CAP_NET_ADMIN in the host's network namespace",
		 u->granted ? "used" : "tried to use");
	return true;
}

const struct detector detect_capability = {"capability", "1", WD_CAPABILITY_USE, judge};
