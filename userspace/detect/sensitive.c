// SPDX-License-Identifier: Apache-2.0
/*
 * The node's own files, reached by a mount that the container was given (I6). A hostPath breaks no wall: what was done to which file is
 * the finding. A mount of just such a file or directory was somebody's intention (a network plug-in's installer, the control
 * plane's own pods): of what such workloads do, less is made of it then.
 */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define HIGH   WARDER__V1__SEVERITY__HIGH
#define MEDIUM WARDER__V1__SEVERITY__MEDIUM
#define LOW    WARDER__V1__SEVERITY__LOW
#define INFO   WARDER__V1__SEVERITY__INFORMATIONAL

static const struct row {
	const char *technique, *what;
	Warder__V1__Severity severity, given; /* given: by a mount of just that */
} rows[] = {
	[WD_SENSITIVE_CRON] = {"P01", "which the node's cron runs", HIGH, HIGH},
	[WD_SENSITIVE_SSH] = {"P02", "which says who may log in to the node", HIGH, HIGH},
	[WD_SENSITIVE_LOADER] = {"P03", "by which each program of the node is loaded", HIGH, HIGH},
	[WD_SENSITIVE_SYSTEM] = {"P04", "which the node's system manager acts by", HIGH,
				 MEDIUM}, /* storage agents' rules (B42) */
	[WD_SENSITIVE_ACCOUNTS] = {"P05", "which says who is who on the node", HIGH, HIGH},
	[WD_SENSITIVE_STATIC_POD] = {"P06", "which the kubelet starts as a static pod", HIGH, HIGH},
	[WD_SENSITIVE_PROGRAM] = {"P07", "which is among the node's programs", HIGH, LOW}, /* installers (B12) */
	[WD_SENSITIVE_RUNTIME] = {"P08", "which the container runtime or the kubelet acts by", HIGH, LOW}, /* likewise */
	[WD_SENSITIVE_SHELL] = {"P09", "which the node's logins or timers run", HIGH, HIGH},
	[WD_SENSITIVE_IMAGE] = {"P13", "which is in the engine's store of images", HIGH, HIGH},
	[WD_SENSITIVE_CREDENTIAL] = {"P16", "which holds a secret of the node", HIGH, LOW},
	[WD_SENSITIVE_LOG] = {"P17", "which is the node's log", HIGH, HIGH},
	[WD_SENSITIVE_POD_VOLUME] = {"O02", "which is another pod's", HIGH, HIGH},
	[WD_SENSITIVE_CLUSTER_KEY] = {"O12", "which holds a key to the cluster", HIGH,
				      LOW},                          /* the control plane's pods (B32) */
	[WD_SENSITIVE_ETCD] = {"O05", "which is etcd's", HIGH, LOW}, /* likewise */
	[WD_SENSITIVE_PLUGIN] = {"O16", "which is a plug-in of the node's or its configuration", LOW, INFO}, /* B05, B10 */
	[WD_SENSITIVE_OTHER] = {"M47", "which is the node's own", MEDIUM, LOW},
};

/* Files that are sensitive from the moment they are there: no inode of theirs is known when they are made. */
static const struct {
	const char *leaf;
	uint32_t kind;
} made[] = {
	{"/ld.so.preload", WD_SENSITIVE_LOADER}, {"/crontab", WD_SENSITIVE_CRON},    {"/rc.local", WD_SENSITIVE_SYSTEM},
	{"/shadow", WD_SENSITIVE_ACCOUNTS},      {"/passwd", WD_SENSITIVE_ACCOUNTS}, {"/sudoers", WD_SENSITIVE_ACCOUNTS},
	{"/authorized_keys", WD_SENSITIVE_SSH},
};

static bool ends_with(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n >= m && !strcmp(path + n - m, end);
}

static uint32_t kind_of(uint32_t kind, const char *path)
{
	for (size_t i = 0; kind == WD_SENSITIVE_OTHER && i < sizeof(made) / sizeof(made[0]); i++)
		if (ends_with(path, made[i].leaf))
			return made[i].kind;
	return kind;
}

/* A pod's uid is in its containers' cgroup's path from the start ("pod<uid>"; systemd's slices have "_" for its "-"), before any name is. */
static bool is_own_pod(const struct workload *w, const char *uid, size_t n)
{
	const char *pod = w ? w->cgroup_path : "";

	while (n && (pod = strstr(pod, "pod"))) {
		size_t same = 0;

		pod += 3;
		while (same < n && (pod[same] == uid[same] || (pod[same] == '_' && uid[same] == '-')))
			same++;
		if (same == n)
			return true;
	}
	return false;
}

/*
 * Below the kubelet's pods: the directory after "/pods/" is the pod's uid. A pod's own is its own, and what backup agents copy
 * (B22) are volumes of data: those with secrets are what nobody but the pod has to read.
 */
static bool judge_volume(const struct view *view, const char *path, struct verdict *v)
{
	static const char *const secret[] = {"/kubernetes.io~secret/", "/kubernetes.io~projected/"};
	const char *pod = strstr(path, "/pods/");

	if (pod && is_own_pod(view->actor, pod + 6, strcspn(pod + 6, "/")))
		return false;
	for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		if (strstr(path, secret[i]))
			return true;
	v->severity = LOW;
	return true;
}

/* What all that is told of such a file has in common. `did`: in words, the path after it. */
static bool judge_sensitive(const struct view *view, const struct wd_str *at, uint32_t kind, bool given, const char *did,
			    struct verdict *v)
{
	const struct row *row;
	char path[4224];

	schema_path(view->rec, at, path, sizeof(path));
	kind = kind_of(kind, path);
	if (kind >= sizeof(rows) / sizeof(rows[0]) || !rows[kind].technique)
		return false;
	row = &rows[kind];
	v->technique = row->technique;
	v->dimension = "file";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	v->confidence = given ? WARDER__V1__CONFIDENCE__CONFIDENCE_MEDIUM : WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	verdict_outcome(view, v, given ? row->given : row->severity);
	if (kind == WD_SENSITIVE_POD_VOLUME && !judge_volume(view, path, v))
		return false;
	if (v->severity <= LOW)
		v->stage = WARDER__V1__STAGE__RECON;
	snprintf(v->message, sizeof(v->message), "%s %s, %s, by a mount that it was given", did, view_path(path), row->what);
	return true;
}

static bool judge_open(const struct view *view, struct verdict *v)
{
	const struct wd_file_open *f = view->body;

	if (!f->sensitive)
		return false;
	return judge_sensitive(view, &f->path, f->sensitive, f->given,
			       f->sensitive == WD_SENSITIVE_LOG ? "emptied"
			       : f->write                       ? "opened for writing"
								: "opened",
			       v);
}

static const char *const changes[] = {
	[WD_FILE_MOVED_IN] = "moved a file to", [WD_FILE_MOVED_AWAY] = "moved away", [WD_FILE_LINKED] = "linked a file as",
	[WD_FILE_SYMLINKED] = "made the link",  [WD_FILE_UNLINKED] = "removed",      [WD_FILE_TRUNCATED] = "cut",
};

static bool judge_change(const struct view *view, struct verdict *v)
{
	const struct wd_sensitive_change *s = view->body;

	if (s->change >= sizeof(changes) / sizeof(changes[0]) || !changes[s->change])
		return false;
	return judge_sensitive(view, &s->path, s->sensitive, s->given, changes[s->change], v);
}

const struct detector detect_sensitive = {"sensitive", "1", WD_FILE_OPEN, judge_open};
const struct detector detect_sensitive_change = {"sensitive_change", "1", WD_SENSITIVE_CHANGE, judge_change};
