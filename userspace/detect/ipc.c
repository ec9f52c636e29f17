// SPDX-License-Identifier: Apache-2.0
/*
 * A container with the host's IPC namespace uses a System V object that it did not make. The namespace was given on purpose, so
 * that this is of medium weight; where only its state was asked for, or its maker is not known, less.
 */
#include "../detect.h"

#include <stdio.h>

static const char *const kinds[] = {
	[WD_IPC_KIND_UNSPECIFIED] = "a System V object",
	[WD_IPC_SHM] = "shared memory",
	[WD_IPC_SEM] = "semaphores",
	[WD_IPC_MSG] = "a message queue",
};

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_ipc_access *a = view->body;
	const char *kind = kinds[a->kind < sizeof(kinds) / sizeof(kinds[0]) ? a->kind : 0];

	v->technique = view->rec->owner_kind == WD_OWNER_CONTAINER ? "X09" : "M49";
	v->dimension = "ipc";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_MEDIUM;
	verdict_outcome(view, v, WARDER__V1__SEVERITY__MEDIUM);
	if (a->control || view->rec->owner_kind == WD_OWNER_UNKNOWN) {
		v->severity = WARDER__V1__SEVERITY__LOW;
		v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_LOW;
	}
	snprintf(v->message, sizeof(v->message), "%s %s (id %d, key 0x%x) of %s%s%s",
		 a->control ? "asked for the state of" : "used", kind, a->id, (unsigned int)a->key, view_owner(view),
		 a->creator.pid ? ", made by " : "", a->creator.pid ? view_process(&a->creator) : "");
	return true;
}

const struct detector detect_ipc = {"ipc", "1", WD_IPC_ACCESS, judge};
