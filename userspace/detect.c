// SPDX-License-Identifier: Apache-2.0
#include "detect.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

extern const struct detector detect_seal, detect_envelope, detect_namespace, detect_mount, detect_file, detect_ptrace,
	detect_socket, detect_cgroup, detect_kernelcall, detect_bpfuse, detect_perf, detect_family, detect_sensor,
	detect_signal, detect_control, detect_ipc, detect_key, detect_key_search, detect_mount_change, detect_root,
	detect_userns, detect_provenance, detect_helper, detect_kernelfs, detect_device, detect_capability, detect_exec,
	detect_audit, detect_posture, detect_sensitive, detect_sensitive_change, detect_network;

/* Adding one: its file, this list. */
const struct detector *const detectors[] = {
	&detect_seal,
	&detect_envelope,
	&detect_namespace,
	&detect_mount,
	&detect_file,
	&detect_ptrace,
	&detect_socket,
	&detect_cgroup,
	&detect_kernelcall,
	&detect_bpfuse,
	&detect_perf,
	&detect_family,
	&detect_sensor,
	&detect_signal,
	&detect_control,
	&detect_ipc,
	&detect_key,
	&detect_key_search,
	&detect_mount_change,
	&detect_root,
	&detect_userns,
	&detect_provenance,
	&detect_helper,
	&detect_kernelfs,
	&detect_device,
	&detect_capability,
	&detect_exec,
	&detect_audit,
	&detect_posture,
	&detect_sensitive,
	&detect_sensitive_change,
	&detect_network,
	NULL,
};

enum {
	N_DETECTORS = sizeof(detectors) / sizeof(detectors[0]) - 1,
	N_TYPES = 256, /* of records: below 200 */
};

/* The same by type, each type's with a NULL behind them; the first list is empty. */
static const struct detector *by_type[1 + 2 * N_DETECTORS];
static uint8_t list_of[N_TYPES];

static void sort_by_type(void)
{
	size_t n = 1;

	for (size_t i = 0; i < N_DETECTORS; i++) {
		unsigned int type = detectors[i]->type;

		if (list_of[type])
			continue;
		list_of[type] = (uint8_t)n;
		for (size_t k = i; k < N_DETECTORS; k++)
			if (detectors[k]->type == type)
				by_type[n++] = detectors[k];
		by_type[n++] = NULL;
	}
}

const struct detector *const *detectors_of(unsigned int type)
{
	static bool sorted;

	if (!sorted)
		sort_by_type();
	sorted = true;
	return &by_type[type < N_TYPES ? list_of[type] : 0];
}

const char *const namespace_names[NS_COUNT] = {
	[NS_MNT] = "mnt", [NS_PID] = "pid",       [NS_NET] = "net",   [NS_UTS] = "uts",
	[NS_IPC] = "ipc", [NS_CGROUP] = "cgroup", [NS_USER] = "user",
};

const char *namespaces_text(uint32_t dimensions, char *out, size_t size)
{
	size_t len = 0;

	*out = 0;
	for (unsigned int i = 0; i < NS_COUNT && len < size; i++)
		if (dimensions & 1u << i)
			len += snprintf(out + len, size - len, "%s%s", len ? ", " : "", namespace_names[i]);
	return out;
}

void verdict_outcome(const struct view *view, struct verdict *v, Warder__V1__Severity breach)
{
	if (view->rec->outcome == WD_DENIED) {
		v->stage = WARDER__V1__STAGE__ATTEMPT;
		v->severity = WARDER__V1__SEVERITY__MEDIUM;
	} else {
		v->stage = WARDER__V1__STAGE__BREACH;
		v->severity = breach;
	}
}

void verdict_own(const struct view *view, struct verdict *v, Warder__V1__Severity severity)
{
	v->severity = view->strict ? WARDER__V1__SEVERITY__MEDIUM : severity;
	v->confidence = view->strict ? WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH : WARDER__V1__CONFIDENCE__CONFIDENCE_LOW;
}

const char *view_owner(const struct view *view)
{
	static char buf[512];
	const struct workload *w = view->owner;
	const char *name = "";
	char shown[128], pod[320], quoted[340];

	switch (view->rec->owner_kind) {
	case WD_OWNER_HOST:
		return "the host";
	case WD_OWNER_CONTAINER:
		if (w)
			name = w->name[0] ? w->name : w->id;
		text_quote(shown, sizeof(shown), name, strlen(name), "");
		if (!w || !w->pod[0]) {
			snprintf(buf, sizeof(buf), "container %s", shown[0] ? shown : "(not known by name)");
			return buf;
		}
		snprintf(pod, sizeof(pod), "%s/%s", w->pod_ns, w->pod);
		text_quote(quoted, sizeof(quoted), pod, strlen(pod), "");
		snprintf(buf, sizeof(buf), "%s%s of pod %s", w->sandbox ? "the sandbox" : "container ", w->sandbox ? "" : shown,
			 quoted);
		return buf;
	default:
		return "an unknown owner";
	}
}

/* How much of a cgroup's path is its pod's ("kubepods/besteffort/pod<uid>", "...-pod<uid>.slice"); 0 where it is in none. */
static size_t pod_length(const char *cgroup)
{
	const char *leaf = strrchr(cgroup, '/'), *pod;

	for (pod = leaf; pod && pod > cgroup && pod[-1] != '/';)
		pod--;
	for (; pod && (pod = strstr(pod, "pod")) && pod < leaf; pod += 3)
		if (isxdigit((unsigned char)pod[3 + (pod[3] == '_')]))
			return (size_t)(leaf - cgroup);
	return 0;
}

bool view_pod_mates(const struct view *view)
{
	const struct workload *a = view->actor, *b = view->owner;
	size_t n = a && b ? pod_length(a->cgroup_path) : 0;

	return n && n == pod_length(b->cgroup_path) && !memcmp(a->cgroup_path, b->cgroup_path, n);
}

const char *view_process(const struct wd_process *p)
{
	static char buf[128];
	char comm[4 * 16 + 1];

	text_quote(comm, sizeof(comm), p->comm, strnlen(p->comm, sizeof(p->comm)), "");
	snprintf(buf, sizeof(buf), "%s (pid %u)", comm, p->pid);
	return buf;
}

const char *view_path(const char *path)
{
	static char buf[512];
	size_t len = strlen(path), max = (sizeof(buf) - 4) / 4;
	bool cut = len > max;

	memcpy(buf, "...", 3);
	text_quote(buf + (cut ? 3 : 0), sizeof(buf) - 3, cut ? path + len - max : path, cut ? max : len, "");
	return buf;
}
