// SPDX-License-Identifier: Apache-2.0
/* A container that has the host by what it was given (O07): nothing that it does with that breaks a wall, so it is said once, as context. */
#include "../detect.h"

#include <stdio.h>

#include "../capset.h"
#include "text.h"

static const struct row {
	uint32_t grant;
	const char *what;
} rows[] = {
	{WD_GRANT_DEVICES, "every device"},
	{WD_GRANT_PROCESSES, "the host's processes"},
	{WD_GRANT_FILES, "the host's files"},
	{WD_GRANT_ENGINE, "a container engine's socket"},
	{WD_GRANT_CAPABILITIES, "capabilities that give the host"},
};

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_host_grant *g = view->body;
	uint32_t placed = g->grants & WD_GRANT_FILES ? WD_GRANT_FILES : WD_GRANT_ENGINE;
	char place[160], names[128], list[448] = "";
	const char *bytes;
	size_t len, at = 0;

	bytes = schema_bytes(view->rec, &g->place, &len);
	text_quote(place, sizeof(place), bytes ? bytes : "", bytes ? len : 0, "");
	capset_text(g->caps, names, sizeof(names));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && at < sizeof(list); i++) {
		uint32_t grant = g->grants & rows[i].grant;
		const char *detail = grant == WD_GRANT_CAPABILITIES ? names : grant == placed ? place : "";

		if (grant)
			at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s%s%s%s", at ? ", " : "", rows[i].what,
					       *detail ? " (" : "", detail, *detail ? ")" : "");
	}
	v->technique = "O07";
	v->dimension = g->grants & WD_GRANT_CAPABILITIES ? "cap" : "mount";
	v->invariant = WARDER__V1__INVARIANT__ENVELOPE;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	v->stage = WARDER__V1__STAGE__RECON;
	v->severity = WARDER__V1__SEVERITY__INFORMATIONAL;
	snprintf(v->message, sizeof(v->message), "was given %s", list);
	return at > 0;
}

const struct detector detect_posture = {"posture", "1", WD_HOST_GRANT, judge};
