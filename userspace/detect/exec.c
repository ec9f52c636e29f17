// SPDX-License-Identifier: Apache-2.0
/*
 * A program in a container that gives its user privileges. Within the envelope, and what sudo, su and ping are for: context. Started
 * with no arguments at all, which no shell does, it is how one was broken (CVE-2021-4034).
 */
#include "../detect.h"

#include <stdio.h>

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_process_exec *e = view->body;
	const char *args;
	char path[4224];
	bool bare;
	size_t len;

	if (!e->secure)
		return false;
	args = schema_bytes(view->rec, &e->args, &len);
	bare = !args || !len || !args[0]; /* from 5.18 the kernel puts an empty one in */
	schema_path(view->rec, &e->file, path, sizeof(path));
	v->technique = "K21";
	v->dimension = "cred";
	v->invariant = WARDER__V1__INVARIANT__ENVELOPE;
	v->stage = bare ? WARDER__V1__STAGE__ATTEMPT : WARDER__V1__STAGE__RECON;
	v->severity = bare ? WARDER__V1__SEVERITY__MEDIUM : WARDER__V1__SEVERITY__INFORMATIONAL;
	v->confidence = bare ? WARDER__V1__CONFIDENCE__CONFIDENCE_MEDIUM : WARDER__V1__CONFIDENCE__CONFIDENCE_LOW;
	snprintf(v->message, sizeof(v->message), "executed %s, which gives privileges%s", view_path(path),
		 bare ? ", with no arguments" : "");
	return true;
}

const struct detector detect_exec = {"exec", "1", WD_PROCESS_EXEC, judge};
