// SPDX-License-Identifier: Apache-2.0
/*
 * A container talks to a daemon that can act for it outside. What counts is who listens, or the name that the host bound the
 * socket by where systemd listens for a daemon: not how its file is called here, since it may be bind-mounted anywhere. Pathname
 * sockets of other peers are a volume's, given on purpose: an event, no finding.
 */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

/* By the listener's program, or by the last components of the bound name. An abstract name tells nothing: anybody may take it. */
static const struct daemon {
	const char *exe, *name;
	const char *technique, *what;
	Warder__V1__Severity severity;
} daemons[] = {
	{"dockerd", "docker.sock", "M41", "Docker's API", WARDER__V1__SEVERITY__CRITICAL},
	{"containerd", "containerd.sock", "M42", "containerd's API", WARDER__V1__SEVERITY__CRITICAL},
	{"crio", "crio.sock", "M42", "CRI-O's API", WARDER__V1__SEVERITY__CRITICAL},
	{"podman", "podman.sock", "M42", "Podman's API", WARDER__V1__SEVERITY__CRITICAL},
	{"buildkitd", "buildkitd.sock", "M42", "BuildKit's API", WARDER__V1__SEVERITY__CRITICAL},
	{"cri-dockerd", "cri-dockerd.sock", "M42", "cri-dockerd's API", WARDER__V1__SEVERITY__CRITICAL},
	{NULL, "dockershim.sock", "M42", "dockershim's API", WARDER__V1__SEVERITY__CRITICAL},
	{NULL, "nri.sock", "M42", "containerd's plugin interface", WARDER__V1__SEVERITY__CRITICAL},
	{"containerd-shim", NULL, "R09", "a container's shim", WARDER__V1__SEVERITY__CRITICAL},
	{NULL, "systemd/private", "M45", "the service manager", WARDER__V1__SEVERITY__CRITICAL},
	{NULL, "io.systemd.Manager", "M45", "the service manager", WARDER__V1__SEVERITY__CRITICAL},
	{"dbus-daemon", NULL, "M45", "the system bus", WARDER__V1__SEVERITY__CRITICAL},
	{"dbus-broker", NULL, "M45", "the system bus", WARDER__V1__SEVERITY__CRITICAL},
	{NULL, "system_bus_socket", "M45", "the system bus", WARDER__V1__SEVERITY__CRITICAL},
	/* what device plugins and storage drivers are made for (B11 B12 B43) */
	{"kubelet", "kubelet.sock", "M46", "the kubelet", WARDER__V1__SEVERITY__LOW},
};

/* A shim's name goes on behind the 15 bytes that comm has, such as "-runc-v2". */
static bool is_exe(const struct daemon *d, const char *exe)
{
	return d->exe && (strlen(d->exe) == 15 ? !strncmp(exe, d->exe, 15) : !strcmp(exe, d->exe));
}

static bool is_name(const struct daemon *d, const char *name, size_t len)
{
	size_t n = d->name ? strlen(d->name) : 0;

	return n && len > n && name[len - n - 1] == '/' && !memcmp(name + len - n, d->name, n);
}

static const struct daemon *daemon_find(const struct view *view, const char *name, size_t len)
{
	const struct wd_unix_connect *u = view->body;
	char exe[17] = "", comm[17] = "";

	memcpy(exe, u->peer_exe, 16);
	memcpy(comm, u->peer.comm, 16);
	if (view->rec->owner_kind != WD_OWNER_HOST)
		return NULL;
	for (size_t i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++)
		if (is_exe(&daemons[i], exe[0] ? exe : comm) || (!u->abstract && is_name(&daemons[i], name, len)))
			return &daemons[i];
	return NULL;
}

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_unix_connect *u = view->body;
	const char *verb = u->datagram ? "sent to" : "connected to", *bytes;
	const struct daemon *d;
	char name[160] = "";
	size_t len;

	bytes = schema_bytes(view->rec, &u->name, &len);
	if (!bytes)
		len = 0;
	if (!u->abstract)
		len = strnlen(bytes ? bytes : "", len);
	if (bytes)
		text_quote(name, sizeof(name), u->abstract ? bytes + 1 : bytes, u->abstract ? len - 1 : len, "");
	d = daemon_find(view, bytes, len);
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	if (d) {
		v->technique = d->technique;
	} else if (u->abstract) {
		v->technique = view->rec->owner_kind == WD_OWNER_CONTAINER ? "X08" : "M44";
		v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_MEDIUM;
	} else {
		return false;
	}
	v->dimension = "socket";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	verdict_outcome(view, v, d ? d->severity : WARDER__V1__SEVERITY__MEDIUM);
	if (d && d->severity == WARDER__V1__SEVERITY__LOW) {
		v->severity = d->severity;
		v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_LOW;
	}
	if (u->peer.pid)
		snprintf(v->message, sizeof(v->message), "%s %s of %s, a process of %s, by socket %s%s", verb,
			 d ? d->what : "a socket", view_process(&u->peer), view_owner(view), u->abstract ? "@" : "", name);
	else
		snprintf(v->message, sizeof(v->message), "%s %s of %s, by socket %s%s", verb, d ? d->what : "a socket",
			 view_owner(view), u->abstract ? "@" : "", name);
	return true;
}

const struct detector detect_socket = {"socket", "2", WD_UNIX_CONNECT, judge};
