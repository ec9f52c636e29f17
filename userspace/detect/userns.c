// SPDX-License-Identifier: Apache-2.0
/* A container made a user namespace: context for what follows, since sandboxes and rootless engines do so all day. */
#include "../detect.h"

#include <stdio.h>

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_userns_create *u = view->body;

	v->technique = "M05";
	v->dimension = "ns";
	v->invariant = WARDER__V1__INVARIANT__ENVELOPE;
	v->stage = WARDER__V1__STAGE__ATTEMPT;
	verdict_own(view, v, WARDER__V1__SEVERITY__INFORMATIONAL);
	snprintf(v->message, sizeof(v->message), "made a user namespace (level %u) with %s, in which it has every capability",
		 u->level, u->via == WD_VIA_UNSHARE ? "unshare" : "clone");
	return true;
}

const struct detector detect_userns = {"userns", "1", WD_USERNS_CREATE, judge};
