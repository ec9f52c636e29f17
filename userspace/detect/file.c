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

/*
 * What it can do with a file that was opened by another: a directory leads on to others, and a file that can be written is a way
 * out. Devices and pipes are what helpers pass on purpose (/dev/fuse, a terminal, logind's inhibitors).
 */
static void judge_passed(const struct view *view, struct verdict *v, const char *shown)
{
	const struct wd_file_open *f = view->body;
	bool known = f->target.pid;

	switch (f->mode & 0170000) {
	case 0040000:
	case 0060000:
		break;
	case 0100000:
		if (!f->write)
			v->severity = WARDER__V1__SEVERITY__MEDIUM;
		break;
	default:
		v->severity = WARDER__V1__SEVERITY__LOW;
	}
	v->technique = view->rec->owner_kind == WD_OWNER_CONTAINER ? "X05" : "M40";
	snprintf(v->message, sizeof(v->message), "%s %s%s in the mount tree of %s%s%s",
		 f->via == WD_VIA_SWEEP ? "holds" : "received", f->write ? "for writing " : "", shown, view_owner(view),
		 known                    ? ", from "
		 : f->via == WD_VIA_SWEEP ? ", opened by another task (found by the sweep)"
					  : "",
		 known ? view_process(&f->target) : "");
}

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_file_open *f = view->body;
	bool host = view->rec->owner_kind != WD_OWNER_CONTAINER;
	const char *act = f->write ? "opened for writing" : "opened";
	bool passed = f->via == WD_VIA_RECEIVE || (f->via == WD_VIA_SWEEP && f->passed);
	bool fanotify = f->via == WD_VIA_FANOTIFY; /* its descriptors are on the mount by which another opened the file */
	const char *with = fanotify                    ? ", through fanotify"
			   : f->via == WD_VIA_IO_URING ? ", with io_uring"
			   : f->via == WD_VIA_EXEC     ? ", to execute it"
						       : "";
	const char *shown;
	char path[4224];

	schema_path(view->rec, &f->path, path, sizeof(path));
	shown = view_path(path);
	v->dimension = "file";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	verdict_outcome(view, v, WARDER__V1__SEVERITY__HIGH);
	if (f->guarded_proc) {
		v->technique = !host ? "X03" : f->joining ? "R03" : strcmp(leaf(path), "mem") ? "M35" : "M38";
		v->dimension = "task";
		snprintf(v->message, sizeof(v->message), "%s %s of %s, a process of %s", act, leaf(shown),
			 view_process(&f->target), view_owner(view));
	} else if (f->runtime && host && (f->write || (f->foreign && f->via != WD_VIA_EXEC))) {
		judge_runtime(view, f, shown, v);
	} else if (f->upper) {
		v->technique = "X06";
		if (!f->write) {
			/* Who scans images and measures disks reads them all (B15). */
			v->stage = WARDER__V1__STAGE__RECON;
			v->severity = WARDER__V1__SEVERITY__LOW;
		}
		snprintf(v->message, sizeof(v->message), "%s %s, where the root file system of %s lies", act, shown,
			 view_owner(view));
	} else if (f->beyond_root) {
		v->technique = f->via == WD_VIA_FANOTIFY ? "M56" : "M33";
		snprintf(v->message, sizeof(v->message), "%s %s, which is not below its mount's root, %s", act, shown,
			 f->via == WD_VIA_OPEN_BY_HANDLE ? "by a file handle"
							 : (f->via == WD_VIA_FANOTIFY ? "through fanotify" : "by an open"));
		if (f->via == WD_VIA_SWEEP) {
			/* A file that was moved out of the mounted directory after its open looks the same. */
			v->severity = WARDER__V1__SEVERITY__MEDIUM;
			v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_MEDIUM;
			snprintf(v->message, sizeof(v->message),
				 "holds %s, which is not below its mount's root (found by the sweep)", shown);
		}
	} else if (f->detached) {
		v->technique = "M09";
		v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_MEDIUM;
		snprintf(v->message, sizeof(v->message), "%s %s on a mount that is in no mount tree", act, shown);
		if (f->via == WD_VIA_SWEEP && view->rec->owner_kind == WD_OWNER_UNKNOWN) {
			/* So does who mounts with fsmount, between that and move_mount, and who unmounts lazily. */
			v->severity = WARDER__V1__SEVERITY__LOW;
			v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_LOW;
		}
	} else if (f->foreign && passed) {
		judge_passed(view, v, shown);
	} else if (f->foreign) {
		v->technique = !host ? "X02" : fanotify ? "M56" : "M34";
		if (!f->write && !f->joining && view_pod_mates(view)) {
			/* A pod that shares its processes shares them for this: a sidecar reads its application's log (B40). */
			v->stage = WARDER__V1__STAGE__RECON;
			v->severity = WARDER__V1__SEVERITY__LOW;
		}
		snprintf(v->message, sizeof(v->message), "%s %s in the mount tree of %s%s", act, shown, view_owner(view), with);
	} else {
		return false;
	}
	return true;
}

const struct detector detect_file = {"file", "1", WD_FILE_OPEN, judge};
