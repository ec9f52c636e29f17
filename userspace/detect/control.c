// SPDX-License-Identifier: Apache-2.0
/*
 * A container sets another principal's task's limits, priority or processors: a way to starve it. Node agents tune the host's
 * tasks for a living (B30), so that it is a line in the record, not a page.
 */
#include "../detect.h"

#include <stdio.h>

static const char *const knobs[] = {
	[WD_KNOB_RLIMIT] = "resource limits",    [WD_KNOB_NICE] = "priority",
	[WD_KNOB_IO_PRIORITY] = "disk priority", [WD_KNOB_SCHEDULER] = "scheduling or processors",
	[WD_KNOB_MEMORY] = "memory's placement",
};

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_task_control *t = view->body;
	bool denied = view->rec->outcome == WD_DENIED;

	if (t->knob >= sizeof(knobs) / sizeof(knobs[0]) || !knobs[t->knob])
		return false;
	v->technique = "X04";
	v->dimension = "task";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_LOW;
	verdict_outcome(view, v, WARDER__V1__SEVERITY__LOW);
	v->severity = WARDER__V1__SEVERITY__LOW;
	snprintf(v->message, sizeof(v->message), "%s the %s of %s, a process of %s%s", denied ? "tried to set" : "set",
		 knobs[t->knob], view_process(&t->target), view_owner(view), denied ? ": refused" : "");
	return true;
}

const struct detector detect_control = {"control", "1", WD_TASK_CONTROL, judge};
