/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_DETECT_H
#define WARDER_DETECT_H

#include <stdbool.h>

#include "view.h"

/* What a detector says of a record. The enums are the stream's own (warder.v1). */
struct verdict {
	const char *technique; /* a row of technique.c */
	const char *dimension; /* ns, cap, root, cgroup, file, mount, task, socket, kernel */
	Warder__V1__Stage stage;
	Warder__V1__Severity severity;
	Warder__V1__Confidence confidence;
	Warder__V1__Invariant invariant;
	char message[512]; /* what happened, in words; it may hold hostile names */
};

/*
 * A detector: one file in detect/, one row in the table. `judge` is called with each record of its type, after the state took
 * it; it keeps nothing and returns true with a whole verdict for a finding. `v` comes zeroed.
 */
struct detector {
	const char *name;
	const char *version;
	unsigned int type;
	bool (*judge)(const struct view *view, struct verdict *v);
};

extern const struct detector *const detectors[]; /* NULL-terminated */

/* Those of a record's type, in their order; NULL-terminated. */
const struct detector *const *detectors_of(unsigned int type);

/* Namespaces by enum ns_index, which is the order of the first Dimension bits: "mnt", "pid", ... */
extern const char *const namespace_names[NS_COUNT];
/* Those of a set of Dimension bits, with commas between them. Returns `out`, which 64 bytes always hold. */
const char *namespaces_text(uint32_t dimensions, char *out, size_t size);

/* Shared by detectors: the outcome decides stage and severity. An attempt is never worse than MEDIUM. */
void verdict_outcome(const struct view *view, struct verdict *v, Warder__V1__Severity breach);
/*
 * What a container does with a namespace that it made itself: of little weight, `severity`, and low confidence, for sandboxes and
 * engines in containers do so all day. Where the policy is strict it is MEDIUM, and as sure as what was seen.
 */
void verdict_own(const struct view *view, struct verdict *v, Warder__V1__Severity severity);
/* Who owns the object, in words: "the host", "container web", "an unknown owner". Valid until the next call. */
const char *view_owner(const struct view *view);
/* Whether actor and owner are containers of one pod, as their cgroups tell, whose names no container chooses. */
bool view_pod_mates(const struct view *view);
/* A Process of the record in words: "dockerd (pid 12)". Valid until the next call. */
const char *view_process(const struct wd_process *p);
/* A path fit for a sentence: of a long one its end, since the leaf says most. The event has all of it. */
const char *view_path(const char *path);

#endif
