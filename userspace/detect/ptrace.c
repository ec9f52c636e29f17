// SPDX-License-Identifier: Apache-2.0
/* A container gets at the inside of another principal's process: its registers, its memory, its descriptors. */
#include "../detect.h"

#include <stdio.h>

static const struct {
	const char *host, *container, *act;
} doors[] = {
	[WD_VIA_PTRACE] = {"M36", "X03", "attached to %s with ptrace"},
	[WD_VIA_PROCESS_VM] = {"M37", "X03", "accessed the memory of %s with process_vm_readv or process_vm_writev"},
	[WD_VIA_PIDFD_GETFD] = {"M39", "X05", "took a descriptor from %s with pidfd_getfd"},
};

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_ptrace_access *p = view->body;
	bool denied = view->rec->outcome == WD_DENIED;
	char act[256];

	if (p->via >= sizeof(doors) / sizeof(doors[0]) || !doors[p->via].act)
		return false;
	v->technique = view->rec->owner_kind == WD_OWNER_CONTAINER ? doors[p->via].container : doors[p->via].host;
	v->dimension = "task";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	verdict_outcome(view, v, WARDER__V1__SEVERITY__HIGH);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(act, sizeof(act), doors[p->via].act, view_process(&p->target));
#pragma GCC diagnostic pop
	snprintf(v->message, sizeof(v->message), "%s, a process of %s%s", act, view_owner(view), denied ? ": refused" : "");
	return true;
}

const struct detector detect_ptrace = {"ptrace", "1", WD_PTRACE_ACCESS, judge};
