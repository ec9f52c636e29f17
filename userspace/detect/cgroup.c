// SPDX-License-Identifier: Apache-2.0
/* A container moves its own task out of its cgroup, or another principal's task anywhere. */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_cgroup_move *m = view->body;
	char path[4224], shown[256];

	schema_path(view->rec, &m->to_path, path, sizeof(path));
	text_quote(shown, sizeof(shown), path, strlen(path), "");
	v->dimension = "cgroup";
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	verdict_outcome(view, v, WARDER__V1__SEVERITY__HIGH);
	if (m->target.pid == view->rec->actor.pid) {
		v->technique = "M57";
		v->invariant = WARDER__V1__INVARIANT__ENVELOPE;
		snprintf(v->message, sizeof(v->message), "left its container's cgroup for %s", shown);
	} else {
		v->technique = m->own ? "M57" : "X15";
		v->invariant = m->own ? WARDER__V1__INVARIANT__ENVELOPE : WARDER__V1__INVARIANT__REACH;
		snprintf(v->message, sizeof(v->message), "moved %s into cgroup %s", view_process(&m->target), shown);
	}
	return true;
}

const struct detector detect_cgroup = {"cgroup", "1", WD_CGROUP_MOVE, judge};
