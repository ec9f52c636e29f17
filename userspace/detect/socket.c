// SPDX-License-Identifier: Apache-2.0
/*
 * A container talks to a daemon that can act for it outside. What counts is who listens, not how the socket's file is called:
 * it may be bind-mounted anywhere. Pathname sockets of other peers are a volume's, given on purpose: an event, no finding.
 */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

static const struct {
	const char *comm;
	const char *technique, *what;
} daemons[] = {
	{"dockerd", "M41", "Docker's API"},       {"containerd", "M42", "containerd's API"},
	{"crio", "M42", "CRI-O's API"},           {"podman", "M42", "Podman's API"},
	{"buildkitd", "M42", "BuildKit's API"},   {"systemd", "M45", "the service manager"},
	{"dbus-daemon", "M45", "the system bus"}, {"dbus-broker", "M45", "the system bus"},
};

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_unix_connect *u = view->body;
	char name[160] = "", peer[17] = "";
	const char *what = NULL, *bytes;
	size_t len;

	bytes = schema_bytes(view->rec, &u->name, &len);
	if (bytes && !u->abstract)
		len = strnlen(bytes, len);
	if (bytes)
		text_quote(name, sizeof(name), u->abstract ? bytes + 1 : bytes, u->abstract ? len - 1 : len, "");
	memcpy(peer, u->peer.comm, 16);
	if (view->rec->owner_kind == WD_OWNER_HOST)
		for (size_t i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++)
			if (!strcmp(daemons[i].comm, peer)) {
				v->technique = daemons[i].technique;
				what = daemons[i].what;
			}
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	if (!v->technique && u->abstract) {
		v->technique = view->rec->owner_kind == WD_OWNER_CONTAINER ? "X08" : "M44";
		v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_MEDIUM;
	}
	if (!v->technique)
		return false;
	v->dimension = "socket";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	verdict_outcome(view, v, what ? WARDER__V1__SEVERITY__CRITICAL : WARDER__V1__SEVERITY__MEDIUM);
	snprintf(v->message, sizeof(v->message), "connected to %s of %s, a process of %s, by socket %s%s",
		 what ? what : "a socket", view_process(&u->peer), view_owner(view), u->abstract ? "@" : "", name);
	return true;
}

const struct detector detect_socket = {"socket", "1", WD_UNIX_CONNECT, judge};
