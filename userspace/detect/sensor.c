// SPDX-License-Identifier: Apache-2.0
/* A container lays hands on the sensor itself. */
#include "../detect.h"

#include <stdio.h>

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_sensor_tamper *s = view->body;

	v->technique = "P14";
	v->dimension = "task";
	v->stage = WARDER__V1__STAGE__POST_BREACH;
	v->severity = WARDER__V1__SEVERITY__CRITICAL;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	v->invariant = WARDER__V1__INVARIANT__REACH;
	switch (s->act) {
	case WD_TAMPER_SIGNAL:
		snprintf(v->message, sizeof(v->message), "sent signal %u to the sensor", s->signal);
		return true;
	case WD_TAMPER_FREEZE:
		snprintf(v->message, sizeof(v->message), "froze the sensor's cgroup");
		return true;
	default:
		return false;
	}
}

const struct detector detect_sensor = {"sensor", "1", WD_SENSOR_TAMPER, judge};
