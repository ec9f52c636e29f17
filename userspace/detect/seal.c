// SPDX-License-Identifier: Apache-2.0
/*
 * A breach at birth: the runtime left a directory of another mount tree open in the container's first process, or as its
 * working directory (CVE-2024-21626's shape).
 */
#include "../detect.h"

#include <stdio.h>

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_container_seal *s = view->body;

	if (!s->leaked_dirs)
		return false;
	v->technique = "R02";
	v->dimension = "root";
	v->invariant = WARDER__V1__INVARIANT__ENVELOPE;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	verdict_outcome(view, v, WARDER__V1__SEVERITY__CRITICAL);
	snprintf(v->message, sizeof(v->message), "was started holding %u director%s outside of its own mount tree",
		 s->leaked_dirs, s->leaked_dirs == 1 ? "y" : "ies");
	return true;
}

const struct detector detect_seal = {"seal", "1", WD_CONTAINER_SEAL, judge};
