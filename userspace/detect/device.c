// SPDX-License-Identifier: Apache-2.0
/*
 * A container opens a device that gives it the machine, or makes a node of one. Told by the number: any block device, and the
 * character devices that the kernel program knows. A disk from which nothing is mounted may be a volume that was declared.
 */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define ANY  0xffffffff

#define NONE WARDER__V1__SEVERITY__SEVERITY_UNSPECIFIED /* no finding */

/* The first row that fits decides. */
static const struct row {
	bool block, mounted;
	unsigned int major, minor;
	const char *technique;
	Warder__V1__Severity read, write, make;
	const char *what;
} rows[] = {
	{true, true, ANY, ANY, "M48", WARDER__V1__SEVERITY__HIGH, WARDER__V1__SEVERITY__CRITICAL, WARDER__V1__SEVERITY__MEDIUM,
	 "a disk with a file system that is in use"},
	{true, false, ANY, ANY, "M48", WARDER__V1__SEVERITY__LOW, WARDER__V1__SEVERITY__LOW, WARDER__V1__SEVERITY__MEDIUM,
	 "a disk"},
	{false, false, 1, 11, "M28", WARDER__V1__SEVERITY__LOW, WARDER__V1__SEVERITY__LOW, WARDER__V1__SEVERITY__LOW,
	 "the kernel's log"},
	{false, false, 1, ANY, "M26", WARDER__V1__SEVERITY__HIGH, WARDER__V1__SEVERITY__CRITICAL, WARDER__V1__SEVERITY__MEDIUM,
	 "the machine's memory or ports"},
	{false, false, 202, ANY, "M26", WARDER__V1__SEVERITY__LOW, WARDER__V1__SEVERITY__CRITICAL, WARDER__V1__SEVERITY__MEDIUM,
	 "a processor's registers"},
	{false, false, 21, ANY, "M26", WARDER__V1__SEVERITY__MEDIUM, WARDER__V1__SEVERITY__HIGH, WARDER__V1__SEVERITY__MEDIUM,
	 "a disk's own commands"},
	{false, false, 10, 196, "M64", WARDER__V1__SEVERITY__INFORMATIONAL, WARDER__V1__SEVERITY__INFORMATIONAL, NONE,
	 "devices that are passed through (vfio)"},
	{false, false, 10, 232, "M64", WARDER__V1__SEVERITY__INFORMATIONAL, WARDER__V1__SEVERITY__INFORMATIONAL, NONE,
	 "virtual machines (kvm)"},
};

static const struct row *find(const struct wd_device_access *d)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];

		if (r->block == (d->block != 0) && r->mounted == (d->mounted != 0) &&
		    (r->major == ANY || r->major == d->device_major) && (r->minor == ANY || r->minor == d->device_minor))
			return r;
	}
	return NULL;
}

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_device_access *d = view->body;
	const char *act = d->write ? "opened for writing" : "opened", *wanted = d->write ? "open for writing" : "open";
	bool made = d->via == WD_VIA_MKNOD, denied = view->rec->outcome == WD_DENIED;
	const struct row *row = find(d);
	char path[4224], shown[256];

	if (!row)
		return false;
	v->severity = made ? row->make : (d->write ? row->write : row->read);
	if (v->severity == NONE)
		return false;
	if (made) {
		act = "made a node of";
		wanted = "make a node of";
	}
	schema_path(view->rec, &d->path, path, sizeof(path));
	text_quote(shown, sizeof(shown), path, strlen(path), "");
	v->technique = made ? "M12" : row->technique;
	v->dimension = "file";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	if (v->severity >= WARDER__V1__SEVERITY__MEDIUM)
		verdict_outcome(view, v, v->severity);
	else
		v->stage = WARDER__V1__STAGE__ATTEMPT;
	if (made)
		v->stage = WARDER__V1__STAGE__ATTEMPT; /* a node gives nothing until it is opened */
	snprintf(v->message, sizeof(v->message), "%s%s %s device %u:%u, %s%s%s", denied ? "tried to " : "",
		 denied ? wanted : act, d->block ? "block" : "character", d->device_major, d->device_minor, row->what,
		 denied ? ": refused" : (*shown ? ", by " : ""), denied ? "" : shown);
	return true;
}

const struct detector detect_device = {"device", "1", WD_DEVICE_ACCESS, judge};
