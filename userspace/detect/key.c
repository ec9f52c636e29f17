// SPDX-License-Identifier: Apache-2.0
/* A container gets at a key that it did not make, or tries the numbers of keys until one answers. */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

static const struct {
	unsigned int operation;
	const char *did;
} operations[] = {
	{2, "updated"},   {3, "revoked"}, {4, "gave away"}, {5, "changed the permissions of"},
	{6, "asked for"}, {7, "cleared"}, {8, "linked"},    {9, "unlinked"},
	{10, "searched"}, {11, "read"},   {15, "limited"},  {21, "invalidated"},
};

static bool judge_access(const struct view *view, struct verdict *v)
{
	const struct wd_key_access *k = view->body;
	bool denied = view->rec->outcome == WD_DENIED;
	const char *did = "used", *bytes;
	char name[160] = "";
	size_t len;

	bytes = schema_bytes(view->rec, &k->description, &len);
	if (bytes)
		text_quote(name, sizeof(name), bytes, len, "");
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (operations[i].operation == k->operation)
			did = operations[i].did;
	v->technique = view->rec->owner_kind == WD_OWNER_HOST ? "M53" : "X10";
	v->dimension = "key";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_MEDIUM;
	verdict_outcome(view, v, WARDER__V1__SEVERITY__MEDIUM);
	if (denied)
		snprintf(v->message, sizeof(v->message), "tried a key of %s and was refused: %d", view_owner(view), k->serial);
	else
		snprintf(v->message, sizeof(v->message), "%s key %d%s%s%s of %s", did, k->serial, name[0] ? ", " : "", name,
			 name[0] ? "," : "", view_owner(view));
	return true;
}

static bool judge_search(const struct view *view, struct verdict *v)
{
	const struct wd_key_search *k = view->body;

	v->technique = "M53";
	v->dimension = "key";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_MEDIUM;
	verdict_outcome(view, v, WARDER__V1__SEVERITY__MEDIUM);
	snprintf(v->message, sizeof(v->message), "tried the numbers of keys: %u were refused within ten seconds, the last %d",
		 k->refused, k->serial);
	return true;
}

const struct detector detect_key = {"key", "1", WD_KEY_ACCESS, judge_access};
const struct detector detect_key_search = {"key_search", "1", WD_KEY_SEARCH, judge_search};
