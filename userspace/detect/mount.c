// SPDX-License-Identifier: Apache-2.0
/* A container mounts what is the host's: a block device, or a filesystem that shows or switches the whole kernel. */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

enum {
	ANYWHERE, /* it is the host's wherever it is mounted */
	UNMASKS,  /* only where the container was sealed with masks or read-only mounts over such */
	CHILD_NS, /* only in a user namespace of the container's own */
};

/* The first row that fits. In its own user namespace a container may mount a cgroup v1 hierarchy, but gets no release_agent. */
static const struct row {
	uint64_t magic;
	int when;
	Warder__V1__Severity severity;
	const char *technique, *what;
} rows[] = {
	{0x27e0eb, CHILD_NS, WARDER__V1__SEVERITY__LOW, "K14", "a cgroup v1 hierarchy in a user namespace of its own"},
	{0x27e0eb, ANYWHERE, WARDER__V1__SEVERITY__CRITICAL, "M15",
	 "a cgroup v1 hierarchy, whose release_agent runs on the host"},
	{0x42494e4d, ANYWHERE, WARDER__V1__SEVERITY__CRITICAL, "M19", "binfmt_misc, whose handlers run for the whole host"},
	{0x794c7630, CHILD_NS, WARDER__V1__SEVERITY__LOW, "K15", "overlayfs in a user namespace of its own"},
	{0x65735546, CHILD_NS, WARDER__V1__SEVERITY__LOW, "K15", "FUSE in a user namespace of its own"},
	{0x9fa0, UNMASKS, WARDER__V1__SEVERITY__HIGH, "M11", "a procfs without the masks of its container's"},
	{0x62656572, UNMASKS, WARDER__V1__SEVERITY__HIGH, "M11", "a sysfs without the masks of its container's"},
	{0x63677270, UNMASKS, WARDER__V1__SEVERITY__MEDIUM, "M11", "a cgroup filesystem; its container's is read-only"},
	{0x64626720, UNMASKS, WARDER__V1__SEVERITY__HIGH, "M11", "debugfs, which its container was not given"},
	{0x74726163, UNMASKS, WARDER__V1__SEVERITY__HIGH, "M11", "tracefs, which its container was not given"},
	{0x73636673, UNMASKS, WARDER__V1__SEVERITY__LOW, "M11", "securityfs, which its container was not given"},
	{0xcafe4a11, UNMASKS, WARDER__V1__SEVERITY__LOW, "M11", "a BPF filesystem, which its container was not given"},
};

static const struct row *find(const struct wd_mount_create *m)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].magic == m->magic &&
		    (rows[i].when == ANYWHERE || (rows[i].when == UNMASKS ? m->unmasks : m->child_user_ns)))
			return &rows[i];
	return NULL;
}

/* What it mounts for itself alone is the container's own affair, but where the policy is strict. */
static bool judge_own(const struct view *view, struct verdict *v, const char *fstype, const char *call)
{
	v->technique = "ENVELOPE";
	v->dimension = "mount";
	v->invariant = WARDER__V1__INVARIANT__ENVELOPE;
	v->stage = WARDER__V1__STAGE__ATTEMPT;
	verdict_own(view, v, WARDER__V1__SEVERITY__INFORMATIONAL);
	snprintf(v->message, sizeof(v->message), "mounted a filesystem (%s) for itself, with %s", fstype, call);
	return view->strict;
}

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_mount_create *m = view->body;
	const struct row *row = NULL;
	char fstype[4 * sizeof(m->fstype) + 1];
	const char *call = m->via == WD_VIA_FSMOUNT ? "fsopen and fsmount" : "mount(2)";
	Warder__V1__Severity severity = WARDER__V1__SEVERITY__CRITICAL;

	text_quote(fstype, sizeof(fstype), m->fstype, strnlen(m->fstype, sizeof(m->fstype)), "");
	if (m->own_loop) {
		/* An image of its own making: the kernel's parser of it is what is reached. Image builders do it too. */
		v->technique = "M62";
		severity = WARDER__V1__SEVERITY__MEDIUM;
		snprintf(v->message, sizeof(v->message), "mounted the loop device %u:%u (%s), which it set up itself, with %s",
			 m->device_major, m->device_minor, fstype, call);
	} else if (m->device_major || m->device_minor) {
		v->technique = m->via == WD_VIA_FSMOUNT ? "M08" : "M07";
		snprintf(v->message, sizeof(v->message), "mounted the host's block device %u:%u (%s) with %s", m->device_major,
			 m->device_minor, fstype, call);
	} else {
		row = find(m);
		if (!row)
			return judge_own(view, v, fstype, call);
		v->technique = row->technique;
		severity = row->severity;
		/* An engine or sandbox inside of the container does so for the processes that it starts. */
		if (row->when == UNMASKS && m->nested && !view->strict)
			severity = WARDER__V1__SEVERITY__LOW;
		snprintf(v->message, sizeof(v->message), "mounted %s, with %s", row->what, call);
	}
	v->dimension = "mount";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	v->confidence = severity == WARDER__V1__SEVERITY__LOW ? WARDER__V1__CONFIDENCE__CONFIDENCE_LOW
							      : WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	verdict_outcome(view, v, severity);
	if (row && row->when == CHILD_NS && view->rec->outcome != WD_DENIED)
		verdict_own(view, v, severity);
	return true;
}

const struct detector detect_mount = {"mount", "1", WD_MOUNT_CREATE, judge};
