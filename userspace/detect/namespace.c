// SPDX-License-Identifier: Apache-2.0
/*
 * A task that a container bore joins a namespace that is not the container's, or tries to. In strict mode the kernel programs tell as well
 * of those that it makes for itself.
 */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

static bool is_made(const struct view *view, const struct wd_namespace_change *n)
{
	return (n->via == WD_VIA_UNSHARE || n->via == WD_VIA_CLONE) && view->rec->owner_kind == WD_OWNER_CONTAINER &&
	       view->rec->owner == view->rec->origin;
}

/* After a reload of a policy that is not strict some records may still come. */
static bool judge_made(const struct view *view, const struct wd_namespace_change *n, struct verdict *v)
{
	char list[64];

	v->technique = "ENVELOPE";
	v->stage = WARDER__V1__STAGE__ATTEMPT;
	verdict_own(view, v, WARDER__V1__SEVERITY__INFORMATIONAL);
	namespaces_text(n->dimensions, list, sizeof(list));
	snprintf(v->message, sizeof(v->message), "made the %s namespace%s for itself, with %s", list,
		 strchr(list, ',') ? "s" : "", n->via == WD_VIA_UNSHARE ? "unshare" : "clone");
	return view->strict;
}

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_namespace_change *n = view->body;
	bool denied = view->rec->outcome == WD_DENIED;
	const char *door = "without a call that joins one";
	char list[64];

	v->dimension = "ns";
	v->invariant = WARDER__V1__INVARIANT__ENVELOPE;
	if (is_made(view, n))
		return judge_made(view, n, v);
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	verdict_outcome(view, v, WARDER__V1__SEVERITY__CRITICAL);
	switch (n->via) {
	case WD_VIA_SETNS_NSFS:
		v->technique = "M01";
		door = "with setns on a namespace file";
		break;
	case WD_VIA_SETNS_IOCTL:
		v->technique = "M03";
		door = "with setns on a namespace file that an ioctl gave";
		break;
	case WD_VIA_SETNS_HANDLE:
		v->technique = "M04";
		door = "with a namespace file opened by its handle";
		break;
	case WD_VIA_SETNS_PIDFD:
		v->technique = "M02";
		door = "with setns on a pidfd";
		break;
	default:
		v->technique = "K03";
	}
	if (n->via != WD_VIA_KERNEL && view->rec->owner_kind == WD_OWNER_CONTAINER && n->dimensions == WD_DIM_NET)
		v->technique = "X07";
	namespaces_text(n->dimensions, list, sizeof(list));
	if (denied)
		snprintf(v->message, sizeof(v->message), "tried to join namespaces of %s %s: refused", view_owner(view), door);
	else
		snprintf(v->message, sizeof(v->message), "joined the %s namespace%s of %s %s", list,
			 strchr(list, ',') ? "s" : "", view_owner(view), door);
	return true;
}

const struct detector detect_namespace = {"namespace", "1", WD_NAMESPACE_CHANGE, judge};
