/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_ATTACH_H
#define WARDER_ATTACH_H

#include "probe.h"
#include "warder/v1/event.pb-c.h"

struct bpf_object;

/*
 * A hook: its programs are those named "<tier>_<name>", and "<tier>_<name>__<part>" where a tier needs several. The first tier
 * that the kernel has and that attaches is used.
 */
struct hook {
	const char *name;
	const char *degraded; /* what the iter or sysexit tier does not see; NULL where nothing */
	const char *unseen;   /* what is not seen without the hook */
	unsigned int flags;   /* HOOK_*; true is HOOK_REQUIRED */
};

enum {
	HOOK_REQUIRED = 1,        /* without it the sensor does not start */
	HOOK_TP_BTF_DEGRADED = 2, /* on the tp_btf tier `degraded` holds already */
	HOOK_LABELS = 4, /* no program of its own: the sweep's, where security modules have labels and cred_change is hooked */
	HOOK_IDS = 8     /* no program of its own: the sweep's, and cred_change's where that is hooked */
};

extern const struct hook hooks[];
extern const unsigned int hooks_n;

#define ATTACH_LINKS   256
#define ATTACH_HOOKS   96
#define ATTACH_REFUSED 16

/* The hooks as they are attached. */
struct attach {
	struct bpf_object *object; /* the caller's */
	struct bpf_link *links[ATTACH_LINKS];
	unsigned int n_links;
	enum tier tiers[ATTACH_HOOKS]; /* by index of hooks[]; TIER_NONE: not attached */
	enum tier floor[ATTACH_HOOKS]; /* tiers better than this failed here: not tried again */
	struct {
		char program[48], why[160];
	} refused[ATTACH_REFUSED]; /* programs that this kernel has the means for, and refused */
	unsigned int n_refused;    /* may be more than there is room for */
};

/* Which tier each hook would use here, without loading anything. Needs the object opened only. */
void attach_plan(struct attach *a, const struct probe *p, struct bpf_object *object);

/*
 * Turns on the planned programs of an opened object. A program that does not attach after loading lowers its hook's floor and
 * gives -EAGAIN: open the object again, plan again. -ENOTSUP where a required hook has no tier left.
 */
int attach_select(struct attach *a, struct err *err);
int attach_hooks(struct attach *a, const struct probe *p, struct err *err);
void attach_destroy(struct attach *a);

/* The tier that a hook is attached at. */
enum tier attach_tier(const struct attach *a, const char *hook);

/* A program failed to load, and why: its hook goes to the next tier. False where the program is no hook's. */
bool attach_lower(struct attach *a, const char *program, const char *why);

const char *hook_state_text(unsigned int hook, enum tier tier); /* what is not seen; "" where all is */
Warder__V1__Coverage__State hook_state(unsigned int hook, enum tier tier);

#endif
