// SPDX-License-Identifier: Apache-2.0
/*
 * A container signals a task of another principal, with which it shares a pid namespace. To end or to stop it is an attack on it;
 * other signals are what sidecars send all day (a reloader's SIGHUP): worth a line, no page.
 */
#include "../detect.h"

#include <stdio.h>

/* The record's numbers are Linux's on x86 and arm64. */
static const struct {
	int number;
	const char *name;
	bool ends;
} signals[] = {
	{1, "SIGHUP", false},   {2, "SIGINT", false},   {3, "SIGQUIT", false}, {6, "SIGABRT", true},
	{9, "SIGKILL", true},   {10, "SIGUSR1", false}, {11, "SIGSEGV", true}, {12, "SIGUSR2", false},
	{15, "SIGTERM", false}, {18, "SIGCONT", false}, {19, "SIGSTOP", true},
};

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_signal_send *s = view->body;
	bool denied = view->rec->outcome == WD_DENIED, ends = false;
	char name[24];

	snprintf(name, sizeof(name), "signal %d", s->signal);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (signals[i].number == s->signal) {
			snprintf(name, sizeof(name), "%s", signals[i].name);
			ends = signals[i].ends;
		}
	v->technique = "X04";
	v->dimension = "task";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	v->confidence = ends ? WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH : WARDER__V1__CONFIDENCE__CONFIDENCE_LOW;
	verdict_outcome(view, v, WARDER__V1__SEVERITY__HIGH);
	if (!ends)
		v->severity = WARDER__V1__SEVERITY__LOW;
	snprintf(v->message, sizeof(v->message), "%s %s to %s, a process of %s%s", denied ? "tried to send" : "sent", name,
		 view_process(&s->target), view_owner(view), denied ? ": refused" : "");
	return true;
}

const struct detector detect_signal = {"signal", "1", WD_SIGNAL_SEND, judge};
