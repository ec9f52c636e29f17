// SPDX-License-Identifier: Apache-2.0
/* A container watches with perf what is not its own: all of a processor, or another principal's task. */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_perf_open *p = view->body;
	bool denied = view->rec->outcome == WD_DENIED;
	char pmu[4 * sizeof(p->pmu) + 1], whose[320];

	text_quote(pmu, sizeof(pmu), p->pmu, strnlen(p->pmu, sizeof(p->pmu)), "");
	v->technique = "M29";
	v->dimension = "task";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	verdict_outcome(view, v, WARDER__V1__SEVERITY__HIGH);
	if (p->system_wide)
		snprintf(whose, sizeof(whose), "all tasks of the host");
	else
		snprintf(whose, sizeof(whose), "%s, a process of %s,", view_process(&p->target), view_owner(view));
	if (denied) {
		/* perf asks for all and falls back to its own. */
		if (p->system_wide)
			v->severity = WARDER__V1__SEVERITY__LOW;
		snprintf(v->message, sizeof(v->message), "tried to watch %s with perf: refused", whose);
	} else {
		snprintf(v->message, sizeof(v->message), "watches %s with perf (%s)", whose, pmu);
	}
	return true;
}

const struct detector detect_perf = {"perf", "1", WD_PERF_OPEN, judge};
