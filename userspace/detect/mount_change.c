// SPDX-License-Identifier: Apache-2.0
/* A container takes down what its runtime put before procfs and sysfs, or a read-only mount, or goes round them. */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

static const struct {
	uint64_t magic;
	const char *name;
} kernel_views[] = {
	{0x9fa0, "procfs"},
	{0x62656572, "sysfs"},
	{0x27e0eb, "the cgroup filesystem"},
	{0x63677270, "the cgroup filesystem"},
};

static const char *const calls[] = {
	[WD_VIA_MOUNT] = "mount(2)",
	[WD_VIA_UMOUNT] = "umount(2)",
	[WD_VIA_MOVE_MOUNT] = "move_mount(2)",
	[WD_VIA_MOUNT_SETATTR] = "mount_setattr(2) or open_tree_attr(2)",
};

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_mount_change *m = view->body;
	const char *what = NULL, *call = m->via < sizeof(calls) / sizeof(calls[0]) ? calls[m->via] : NULL;
	char path[4224], shown[256];

	for (size_t i = 0; i < sizeof(kernel_views) / sizeof(kernel_views[0]); i++)
		if (kernel_views[i].magic == m->magic)
			what = kernel_views[i].name;
	if (!call)
		call = "another call";
	v->technique = "M11";
	v->dimension = "mount";
	v->invariant = WARDER__V1__INVARIANT__ENVELOPE;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	verdict_outcome(view, v, WARDER__V1__SEVERITY__HIGH);
	switch (m->change) {
	case WD_TREE_WALL_DOWN:
		text_quote(shown, sizeof(shown), m->name, strnlen(m->name, sizeof(m->name)), "");
		if (!what) /* a volume that was given for reading only: less than the kernel's own switches */
			verdict_outcome(view, v, WARDER__V1__SEVERITY__MEDIUM);
		snprintf(
			v->message, sizeof(v->message),
			"took down %u of the %u masks and read-only mounts that it was sealed with, the one at %s (%s), with %s",
			m->down, m->standing, shown, what ? what : "a volume", call);
		return true;
	case WD_TREE_UNCOVERED:
		schema_path(view->rec, &m->path, path, sizeof(path));
		text_quote(shown, sizeof(shown), path, strlen(path), "");
		/* A sandbox or an engine inside of the container does so for its own processes. */
		if (m->nested && !view->strict) {
			v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_LOW;
			verdict_outcome(view, v, WARDER__V1__SEVERITY__LOW);
		}
		snprintf(v->message, sizeof(v->message),
			 "has what its masks and read-only mounts cover of %s writable at %s%s, by %s",
			 what ? what : "a filesystem", shown, m->nested ? " in a mount namespace of its own" : "", call);
		return true;
	case WD_TREE_PROPAGATED:
		/* What a volume with Bidirectional propagation is given for: storage plugins do it all day. */
		v->technique = "M10";
		v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_LOW;
		verdict_outcome(view, v, WARDER__V1__SEVERITY__LOW);
		schema_path(view->rec, &m->path, path, sizeof(path));
		text_quote(shown, sizeof(shown), path, strlen(path), "");
		snprintf(v->message, sizeof(v->message),
			 "made a mount that the host has too, at %s: the volume is shared with it", shown);
		return true;
	default:
		return false;
	}
}

const struct detector detect_mount_change = {"mount_change", "1", WD_MOUNT_CHANGE, judge};
