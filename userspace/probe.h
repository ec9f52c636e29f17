/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_PROBE_H
#define WARDER_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "nameset.h"

/* How a hook's program is attached, best first. The names are the prefixes of the programs. */
enum tier {
	TIER_LSM,
	TIER_FENTRY,
	TIER_FEXIT,
	TIER_KPROBE,
	TIER_TP_BTF,
	TIER_ITER,
	TIER_SYSEXIT,
	TIER_NONE
};

extern const char *const tier_names[]; /* by enum tier; "none" last */

int tier_find(const char *name, enum tier *out); /* "kprobe"; -EINVAL: there is no such tier */

/* What this kernel and these rights allow. */
struct probe {
	struct nameset types;    /* its functions, and its tracepoints as btf_trace_NAME */
	struct nameset *symbols; /* its symbols; read when first asked for */
	bool has[TIER_NONE];
	char why_not[TIER_NONE][160]; /* where it has not */
	int tracefs;                  /* directory of tracepoints, -1 where there is none */
	unsigned int label_size;      /* of the LSMs' part of a credential; 0: not known */
	char kernel[65], node[65], boot_id[40];
};

/*
 * Looks at the kernel: its BTF, the active LSMs, whether a tracing program can really be attached. `best` leaves better tiers
 * out (TIER_LSM: none left out). -EPERM without the rights, -ENOTSUP without BTF, each with a sentence.
 */
int probe_init(struct probe *p, enum tier best, struct err *err);
void probe_destroy(struct probe *p);

/* Whether a program of this section ("lsm/file_open", "tracepoint/setns unshare") has its target, or one of them, here. */
bool probe_target(const struct probe *p, enum tier tier, const char *section);

/*
 * Walks the system calls that a sysexit program's section lists: copies the next one's name and returns where it is, NULL at the
 * end. `from` is NULL, then what was returned.
 */
const char *probe_next_call(const char *section, const char *from, char *name, size_t size);

/* The id of the tracepoint at the exit of a system call, -ENOENT where the kernel has none. */
int probe_tracepoint(const struct probe *p, const char *call);

#endif
