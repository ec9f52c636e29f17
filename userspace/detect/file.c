// SPDX-License-Identifier: Apache-2.0
/* A container opens a file that is not in its mount tree, not below its mount's root, or the inside of another's process. */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

/* Which of procfs's guarded files it is: the last component, procfs's own name and not one that a caller chose. */
static const char *leaf(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* A program that starts containers: whoever writes it is started as root with the next one. */
static void judge_runtime(const struct view *view, const struct wd_file_open *f, const char *shown, struct verdict *v)
{
	v->technique = f->foreign ? "R01" : "P07";
	if (f->write)
		verdict_outcome(view, v, WARDER__V1__SEVERITY__CRITICAL);
	if (f->via == WD_VIA_MAGIC_LINK) {
		/* The way was gone; whether it could be opened, while it runs, the open itself will tell. */
		v->stage = WARDER__V1__STAGE__ATTEMPT;
		v->severity = WARDER__V1__SEVERITY__MEDIUM;
	}
	snprintf(v->message, sizeof(v->message), "%s %s, the program of a container runtime%s",
		 f->via == WD_VIA_MAGIC_LINK ? "followed a link to write" : (f->write ? "opened for writing" : "opened"), shown,
		 f->foreign ? ", through a process of the host" : "");
}

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_file_open *f = view->body;
	bool host = view->rec->owner_kind != WD_OWNER_CONTAINER;
	const char *act = f->write ? "opened for writing" : "opened";
	const char *shown;
	char path[4224];

	schema_path(view->rec, &f->path, path, sizeof(path));
	shown = view_path(path);
	v->dimension = "file";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	verdict_outcome(view, v, WARDER__V1__SEVERITY__HIGH);
	if (f->guarded_proc) {
		v->technique = !host ? "X03" : strcmp(leaf(path), "mem") ? "M35" : "M38";
		v->dimension = "task";
		snprintf(v->message, sizeof(v->message), "%s %s of %s, a process of %s", act, leaf(shown),
			 view_process(&f->target), view_owner(view));
	} else if (f->runtime && host && (f->write || f->foreign)) {
		judge_runtime(view, f, shown, v);
	} else if (f->beyond_root) {
		v->technique = f->via == WD_VIA_FANOTIFY ? "M56" : "M33";
		snprintf(v->message, sizeof(v->message), "%s %s, which is not below its mount's root, %s", act, shown,
			 f->via == WD_VIA_OPEN_BY_HANDLE ? "by a file handle"
							 : (f->via == WD_VIA_FANOTIFY ? "through fanotify" : "by an open"));
	} else if (f->detached) {
		v->technique = "M09";
		v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_MEDIUM;
		snprintf(v->message, sizeof(v->message), "%s %s on a mount that is in no mount tree", act, shown);
	} else if (f->foreign) {
		v->technique = host ? "M34" : "X02";
		snprintf(v->message, sizeof(v->message), "%s %s in the mount tree of %s", act, shown, view_owner(view));
	} else {
		return false;
	}
	return true;
}

const struct detector detect_file = {"file", "1", WD_FILE_OPEN, judge};
