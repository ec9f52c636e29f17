// SPDX-License-Identifier: Apache-2.0
/* A container mounts what is the host's: a block device, or a filesystem that is a switch of the whole kernel. */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

static const struct {
	uint64_t magic;
	const char *technique, *what;
} host_filesystems[] = {
	{0x27e0eb, "M15", "a cgroup v1 hierarchy, whose release_agent runs on the host"},
	{0x42494e4d, "M19", "binfmt_misc, whose handlers run for the whole host"},
};

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_mount_create *m = view->body;
	char fstype[4 * sizeof(m->fstype) + 1];
	const char *call = m->via == WD_VIA_FSMOUNT ? "fsopen and fsmount" : "mount(2)";

	text_quote(fstype, sizeof(fstype), m->fstype, strnlen(m->fstype, sizeof(m->fstype)), "");
	if (m->device_major || m->device_minor) {
		v->technique = m->via == WD_VIA_FSMOUNT ? "M08" : "M07";
		v->severity = WARDER__V1__SEVERITY__CRITICAL;
		snprintf(v->message, sizeof(v->message), "mounted the host's block device %u:%u (%s) with %s", m->device_major,
			 m->device_minor, fstype, call);
	} else {
		for (size_t i = 0; i < sizeof(host_filesystems) / sizeof(host_filesystems[0]); i++)
			if (host_filesystems[i].magic == m->magic) {
				v->technique = host_filesystems[i].technique;
				snprintf(v->message, sizeof(v->message), "mounted %s, with %s", host_filesystems[i].what, call);
			}
		if (!v->technique)
			return false;
	}
	v->dimension = "mount";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	verdict_outcome(view, v, WARDER__V1__SEVERITY__CRITICAL);
	return true;
}

const struct detector detect_mount = {"mount", "1", WD_MOUNT_CREATE, judge};
