// SPDX-License-Identifier: Apache-2.0
/* A container gets at the inside of another principal's process: its registers, its memory, its descriptors. */
#include "../detect.h"

#include <stdio.h>

static const struct {
	const char *host, *container; /* technique, by who owns the process */
	const char *did, *tried, *with;
} doors[] = {
	[WD_VIA_KERNEL] = {"M36", "X03", "got into", "get into", "a call that is not known to do this"},
	[WD_VIA_PTRACE] = {"M36", "X03", "attached to", "attach to", "ptrace"},
	[WD_VIA_PROCESS_VM] = {"M37", "X03", "accessed the memory of", "access the memory of", "process_vm_readv or _writev"},
	[WD_VIA_PIDFD_GETFD] = {"M39", "X05", "took a descriptor from", "take a descriptor from", "pidfd_getfd"},
};

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_ptrace_access *p = view->body;
	bool denied = view->rec->outcome == WD_DENIED;

	if (p->via >= sizeof(doors) / sizeof(doors[0]) || !doors[p->via].did)
		return false;
	v->technique = view->rec->owner_kind == WD_OWNER_CONTAINER ? doors[p->via].container : doors[p->via].host;
	if (p->joining)
		v->technique = "R03";
	v->dimension = "task";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	verdict_outcome(view, v, WARDER__V1__SEVERITY__HIGH);
	snprintf(v->message, sizeof(v->message), "%s%s %s, a process of %s, with %s%s", denied ? "tried to " : "",
		 denied ? doors[p->via].tried : doors[p->via].did, view_process(&p->target), view_owner(view),
		 doors[p->via].with, denied ? ": refused" : "");
	return true;
}

const struct detector detect_ptrace = {"ptrace", "1", WD_PTRACE_ACCESS, judge};
