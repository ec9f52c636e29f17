// SPDX-License-Identifier: Apache-2.0
/* A task that a container bore joins a namespace that is not the container's, or tries to. */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_namespace_change *n = view->body;
	bool denied = view->rec->outcome == WD_DENIED;
	const char *door = "without a call that joins one";
	char list[64];

	v->dimension = "ns";
	v->invariant = WARDER__V1__INVARIANT__ENVELOPE;
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
