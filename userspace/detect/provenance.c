// SPDX-License-Identifier: Apache-2.0
/*
 * What a container wrote is executed by somebody else: the host, or another container (I4). The actor is the writer. Who executes
 * a file is as innocent as can be: what is judged is who it is, by which door, and from where.
 */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

static const char *const vias[] = {
	[WD_VIA_EXEC] = "executed",           [WD_VIA_SCRIPT] = "ran the script",
	[WD_VIA_EXEC_MAP] = "loaded as code", [WD_VIA_KERNEL_READ] = "had the kernel load",
	[WD_VIA_LINK] = "followed",
};

#define SYSTEM WARDER__V1__SEVERITY__CRITICAL
#define OTHER  WARDER__V1__SEVERITY__HIGH
#define TOOL   WARDER__V1__SEVERITY__MEDIUM
#define LEGAL  WARDER__V1__SEVERITY__LOW

/*
 * Places that say what a program executed by the host was put there for; the first that fits counts. Network and storage
 * plug-ins come from installer containers on every node (B05, B10, B12): worth a record, and a policy's to say by whom.
 */
static const struct {
	const char *begins;
	const char *technique;
	Warder__V1__Severity severity;
} places[] = {
	{"/opt/cni/bin/", "O16", LEGAL},
	{"/usr/libexec/kubernetes/kubelet-plugins/", "O16", LEGAL},
	{"/var/lib/kubelet/plugins/", "O16", LEGAL},
	{"/usr/local/nvidia/", "P07", LEGAL},
	{"/usr/", "P07", SYSTEM},
	{"/bin/", "P07", SYSTEM},
	{"/sbin/", "P07", SYSTEM},
	{"/lib", "P07", SYSTEM},
	{"/opt/", "P07", SYSTEM},
	{"/etc/", "P07", SYSTEM},
	{"", "P10", OTHER},
};

static void judge_place(const char *path, struct verdict *v)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (strncmp(path, places[i].begins, strlen(places[i].begins)))
			continue;
		v->technique = places[i].technique;
		v->severity = places[i].severity;
		return;
	}
}

static void judge_host(const struct wd_provenance_use *u, const char *path, struct verdict *v)
{
	judge_place(path, v);
	if (u->via == WD_VIA_KERNEL_READ) {
		v->technique = "PROVENANCE";
		v->severity = SYSTEM;
	} else if (u->inside) {
		v->technique = "P10";
		v->severity = LEGAL; /* an administrator entered the container and runs what is in it (B37) */
		v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_LOW;
		return;
	} else if (u->gains) {
		v->technique = "M59";
		v->severity = SYSTEM;
	} else if (u->via == WD_VIA_EXEC_MAP && u->chrooted) {
		v->technique = "R17";
		v->severity = SYSTEM;
	} else if (u->via == WD_VIA_EXEC_MAP && u->cwd_there) {
		v->technique = "R13";
		v->severity = SYSTEM;
	}
	v->confidence = v->severity == LEGAL ? WARDER__V1__CONFIDENCE__CONFIDENCE_LOW : WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
}

/* Daemons that work in containers' files, by the beginning of their process's name. What else follows is somebody's tool. */
static const struct {
	const char *begins, *technique;
	Warder__V1__Severity severity;
} followers[] = {
	{"kubelet", "O15", OTHER},   {"dockerd", "R18", OTHER}, {"docker-", "R18", OTHER}, {"containerd", "R10", OTHER},
	{"buildkitd", "R15", OTHER}, {"crio", "R23", OTHER},    {"conmon", "R23", OTHER},  {"podman", "R23", OTHER},
	{"buildah", "R23", OTHER},   {"runc", "R23", OTHER},    {"crun", "R23", OTHER},    {"", "PROVENANCE", TOOL},
};

/* Out of the directory that it is in: from the root, or up. One that is not known counts. */
static bool leads_out(const char *target)
{
	return *target == '/' || !*target || !strcmp(target, "..") || !strncmp(target, "../", 3) || strstr(target, "/../");
}

/*
 * A link that stays below its directory is how logs are turned over (B13). An absolute one stays in the root of who follows it: who
 * went into the container's files first, as for a copy, ends up in them.
 */
static bool judge_link(const struct view *view, const char *path, struct verdict *v)
{
	const struct wd_provenance_use *u = view->body;
	char target[256] = "", shown[200], user[128];
	const char *bytes;
	size_t len, i = 0;

	bytes = schema_bytes(view->rec, &u->target, &len);
	if (bytes)
		memcpy(target, bytes, len < sizeof(target) - 1 ? len : sizeof(target) - 1);
	if (!leads_out(target) || u->chrooted || u->inside)
		return false;
	while (strncmp(u->user.comm, followers[i].begins, strlen(followers[i].begins)))
		i++;
	v->technique = followers[i].technique;
	v->severity = followers[i].severity;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_MEDIUM;
	text_quote(shown, sizeof(shown), target, strlen(target), "");
	snprintf(user, sizeof(user), "%s", view_process(&u->user));
	snprintf(v->message, sizeof(v->message), "made the link %s%s%s, which %s of %s followed", view_path(path),
		 target[0] ? " to " : "", shown, user, view_owner(view));
	return true;
}

/* The same container after a restart, which to the kernel is another one. */
static bool is_same(const struct workload *a, const struct workload *b)
{
	return a && b && a->id[0] && !strcmp(a->id, b->id);
}

/* No container's, so far: the pod that the volume is for does not run yet. The kubelet's git runs the repository's hooks as root. */
static bool judge_git_repo(const char *path, struct verdict *v, const char *user)
{
	v->technique = "R20";
	v->severity = SYSTEM;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	snprintf(v->message, sizeof(v->message),
		 "%s of the host executed %s, which a git repository brought for a pod's volume", user, view_path(path));
	return true;
}

/* Some make room for code this way as well: context. */
static bool judge_deleted(const char *path, struct verdict *v)
{
	v->technique = "O13";
	v->stage = WARDER__V1__STAGE__ATTEMPT;
	v->severity = LEGAL;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_MEDIUM;
	snprintf(v->message, sizeof(v->message), "loaded as code a file that it had written and deleted, %s", view_path(path));
	return true;
}

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_provenance_use *u = view->body;
	const char *act = u->via < sizeof(vias) / sizeof(vias[0]) && vias[u->via] ? vias[u->via] : "used";
	char path[4224], user[128];

	schema_path(view->rec, &u->path, path, sizeof(path));
	v->dimension = "file";
	v->stage = WARDER__V1__STAGE__BREACH;
	v->invariant = WARDER__V1__INVARIANT__PROVENANCE;
	snprintf(user, sizeof(user), "%s", view_process(&u->user));
	if (u->deleted)
		return judge_deleted(path, v);
	if (u->git_repo)
		return judge_git_repo(path, v, user);
	if (u->via == WD_VIA_LINK) {
		if (view->rec->owner_kind == WD_OWNER_HOST)
			return judge_link(view, path, v);
		return false; /* another container's own affair: what it opens by it, it may */
	}
	if (view->rec->owner_kind == WD_OWNER_HOST) {
		judge_host(u, path, v);
	} else {
		/* A pod's containers share what they will: an init container brings a program for the next (B33). */
		if (u->same_pod || view_pod_mates(view) || is_same(view->actor, view->owner))
			return false;
		v->technique = "X01";
		v->severity = u->writer_ended ? WARDER__V1__SEVERITY__LOW : WARDER__V1__SEVERITY__HIGH;
		v->confidence =
			u->writer_ended ? WARDER__V1__CONFIDENCE__CONFIDENCE_LOW : WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	}
	snprintf(v->message, sizeof(v->message), "wrote %s, which %s of %s %s%s", view_path(path), user, view_owner(view), act,
		 u->gains ? " with the privileges that the file gives" : "");
	return true;
}

const struct detector detect_provenance = {"provenance", "1", WD_PROVENANCE_USE, judge};
