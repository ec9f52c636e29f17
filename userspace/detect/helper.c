// SPDX-License-Identifier: Apache-2.0
/*
 * The kernel runs a program of a container's as root on the host: core_pattern, release_agent, modprobe, request-key. Who set the
 * kernel's knob, or wrote over it in memory (K07, K08), is another event's: the program says whose it is. Helpers that are the
 * host's own are silent, whoever caused them (B24, B29).
 */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

/* The n-th argument, "" where there is none: words with a NUL behind each. */
static const char *argument(const char *args, size_t len, int n)
{
	const char *end = args + len;

	for (; n > 0 && args < end; n--)
		args += strnlen(args, (size_t)(end - args)) + 1;
	return args < end ? args : "";
}

/* The helpers by what the kernel gives them to work on; kernel/umh.c's callers. */
static void judge_kind(const struct wd_helper_exec *h, const char *args, size_t len, struct verdict *v, const char **what)
{
	if (h->core_dump) {
		v->technique = "M17";
		*what = "to handle a core dump";
	} else if (!strcmp(argument(args, len, 1), "create")) {
		v->technique = "P18";
		*what = "to make a key";
	} else if (argument(args, len, 1)[0] == '/') {
		v->technique = "M16";
		*what = "to release a cgroup";
	} else {
		v->technique = "M18";
		*what = "as a helper";
	}
}

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_helper_exec *h = view->body;
	const char *what, *bytes;
	char path[4224], args[1025];
	size_t len = 0;

	if (!view->rec->origin)
		return false;
	schema_path(view->rec, &h->path, path, sizeof(path));
	bytes = schema_bytes(view->rec, &h->args, &len);
	if (!bytes || len >= sizeof(args))
		len = 0;
	if (len)
		memcpy(args, bytes, len);
	args[len] = '\0';
	judge_kind(h, args, len, v, &what);
	v->dimension = "file";
	v->stage = WARDER__V1__STAGE__BREACH;
	v->severity = WARDER__V1__SEVERITY__CRITICAL;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	v->invariant = WARDER__V1__INVARIANT__PROVENANCE;
	snprintf(v->message, sizeof(v->message), "had the kernel run %s %s, as %s on the host: %s", view_path(path), what,
		 view_process(&h->helper), h->written ? "the container wrote it" : "it lies in the container's mount tree");
	return true;
}

const struct detector detect_helper = {"helper", "1", WD_HELPER_EXEC, judge};
