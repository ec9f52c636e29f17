// SPDX-License-Identifier: Apache-2.0
/* A task that a container bore changes its root directory to one outside: the host's, another's, or above its container's. */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

static const char *const calls[] = {
	[WD_VIA_SETNS_NSFS] = "setns",
	[WD_VIA_CHROOT] = "chroot",
	[WD_VIA_PIVOT_ROOT] = "pivot_root",
};

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_root_change *c = view->body;
	const char *call = c->via < sizeof(calls) / sizeof(calls[0]) ? calls[c->via] : NULL;
	const char *where;
	char path[4224], shown[256], tree[192];

	schema_path(view->rec, &c->path, path, sizeof(path));
	text_quote(shown, sizeof(shown), path, strlen(path), "");
	v->dimension = "root";
	v->invariant = WARDER__V1__INVARIANT__ENVELOPE;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	verdict_outcome(view, v, WARDER__V1__SEVERITY__HIGH);
	if (c->foreign) {
		v->technique = "M58";
		snprintf(tree, sizeof(tree), "in the mount tree of %s", view_owner(view));
		where = tree;
		verdict_outcome(view, v, WARDER__V1__SEVERITY__CRITICAL);
	} else if (c->above) {
		v->technique = "M58";
		where = "above the root that its container was sealed with";
	} else if (c->host_root) {
		v->technique = "M06";
		where = "the root of the host's file system";
	} else if (c->whole) {
		/* A volume is given whole too, and software unpacks images on it. */
		v->technique = "M06";
		v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_LOW;
		verdict_outcome(view, v, WARDER__V1__SEVERITY__LOW);
		where = "all of a file system of the host's";
	} else {
		return false;
	}
	snprintf(v->message, sizeof(v->message), "changed its root directory to %s, %s, with %s", shown, where,
		 call ? call : "no call that does");
	return true;
}

const struct detector detect_root = {"root", "1", WD_ROOT_CHANGE, judge};
