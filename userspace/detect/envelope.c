// SPDX-License-Identifier: Apache-2.0
/*
 * A task is found outside of its envelope though no hook saw it leave: the state after a kernel exploit, or a process that was
 * put into the container's cgroup without going through its namespaces. Named by the widest wall: namespaces, then the root,
 * then credentials.
 */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#define NS_DIMS  127
#define SEC_DIMS (WD_DIM_SECCOMP | WD_DIM_NO_NEW_PRIVS | WD_DIM_LSM)

static const struct {
	unsigned int bit;
	const char *name;
} dims[] = {
	{WD_DIM_MNT, "mount namespace"},   {WD_DIM_PID, "pid namespace"},    {WD_DIM_NET, "network namespace"},
	{WD_DIM_UTS, "uts namespace"},     {WD_DIM_IPC, "ipc namespace"},    {WD_DIM_CGROUP_NS, "cgroup namespace"},
	{WD_DIM_USER, "user namespace"},   {WD_DIM_CAP, "capabilities"},     {WD_DIM_ROOT, "root directory"},
	{WD_DIM_CWD, "working directory"}, {WD_DIM_UID, "user id"},          {WD_DIM_CGROUP, "cgroup"},
	{WD_DIM_LSM, "security label"},    {WD_DIM_SECCOMP, "seccomp mode"}, {WD_DIM_NO_NEW_PRIVS, "no_new_privs flag"},
};

static const char *const vias[] = {
	[WD_VIA_EXEC] = "at exec",
	[WD_VIA_SWEEP] = "by the sweep",
	[WD_VIA_OPEN] = "when it opened a file",
	[WD_VIA_CREDS] = "when credentials were installed",
	[WD_VIA_MOUNT] = "when it mounted",
	[WD_VIA_FSMOUNT] = "when it mounted",
	[WD_VIA_CONNECT] = "when it connected a socket",
	[WD_VIA_RECEIVE] = "when it received a descriptor",
};

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_envelope_violation *e = view->body;
	char list[256] = "", found[128];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(dims) / sizeof(dims[0]); i++)
		if (e->dimensions & dims[i].bit)
			n += snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "", dims[i].name);
	v->invariant = WARDER__V1__INVARIANT__ENVELOPE;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	verdict_outcome(view, v, WARDER__V1__SEVERITY__CRITICAL);
	if (e->dimensions & NS_DIMS) {
		v->technique = "K03";
		v->dimension = "ns";
	} else if (e->dimensions & WD_DIM_ROOT) {
		v->technique = "K04";
		v->dimension = "root";
	} else if (e->dimensions & WD_DIM_CAP) {
		v->technique = "K01";
		v->dimension = "cap";
		if (e->entered) {
			/* An administrator's privileged exec into the container looks the same: worth a look, not a page. */
			v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_MEDIUM;
			verdict_outcome(view, v, WARDER__V1__SEVERITY__MEDIUM);
		}
	} else if (e->dimensions & WD_DIM_UID) {
		v->technique = "K02";
		v->dimension = "uid";
	} else if (e->dimensions & (WD_DIM_SECCOMP | WD_DIM_NO_NEW_PRIVS)) {
		v->technique = "K05";
		v->dimension = "sec";
	} else if (e->dimensions & WD_DIM_LSM) {
		v->technique = "K06";
		v->dimension = "lsm";
	} else {
		v->technique = "ENVELOPE";
		v->dimension = "root";
		v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_MEDIUM;
		verdict_outcome(view, v, WARDER__V1__SEVERITY__HIGH);
	}
	snprintf(found, sizeof(found), "found %s%s",
		 e->via < sizeof(vias) / sizeof(vias[0]) && vias[e->via] ? vias[e->via] : "at a hook",
		 e->entered ? "; it came from outside into the container's cgroup" : "");
	if (e->dimensions == WD_DIM_CAP)
		snprintf(v->message, sizeof(v->message), "has capabilities beyond what its container was sealed with (%s)",
			 found);
	else if (e->dimensions == WD_DIM_UID)
		snprintf(v->message, sizeof(v->message),
			 "has user ids that no call gave it, or a map of them that is not its container's (%s)", found);
	else if (!(e->dimensions & ~SEC_DIMS))
		snprintf(v->message, sizeof(v->message), "lost its %s, which no call takes away (%s)", list, found);
	else
		snprintf(v->message, sizeof(v->message), "has the %s of %s, with no call seen that gives %s (%s)", list,
			 view_owner(view), strchr(list, ',') ? "them" : "it", found);
	return true;
}

const struct detector detect_envelope = {"envelope", "1", WD_ENVELOPE_VIOLATION, judge};
