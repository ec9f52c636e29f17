/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_POSTURE_H
#define WARDER_POSTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "record.h"

/*
 * What a container may do: as the runtime's specification promised it (identity/spec.c), or as it is (identity/actual.c). Plain
 * values; strings and arrays live in the arena that they were read into. They may hold any bytes but NUL.
 */

#define POSTURE_MOUNTS 256 /* more of anything is left out, and the posture is marked as cut */
#define POSTURE_PATHS  128

struct posture_mount {
	const char *target;   /* where it is in the container, without a trailing "/" */
	const char *source;   /* promised: what is bound there. Actual: a host's path to the same; empty where there is none */
	const char *root;     /* actual: what of its filesystem is there */
	const char *device;   /* actual: of its filesystem, "MAJOR:MINOR" */
	const char *type;     /* of the filesystem, as mount(8) names it */
	bool bind, recursive; /* promised */
	bool strayed;         /* actual: promised as a part of a volume, and is none */
	bool writable;        /* the mount, whatever the filesystem is */
	unsigned int id, parent; /* actual: as in /proc/PID/mountinfo */
};

struct posture {
	uint64_t caps;      /* bounding set */
	uint32_t shared_ns; /* Dimension bits of the namespaces that are the host's */
	uint32_t joined_ns; /* promised: of those that it joins by a path, which may be anybody's */
	uint32_t uid;       /* real user of the first process, in the initial user namespace */
	bool seccomp, no_new_privs;
	bool all_devices;  /* no device is refused */
	bool no_devices;   /* promised: none is allowed but those that are named */
	bool cut;          /* there was more than fits */
	const char *label; /* of AppArmor or SELinux; empty where none is said */
	const char *upper; /* actual: the host's directory with what is new or changed since the image; empty: there is none */
	struct posture_mount *mounts;
	unsigned int n_mounts;
	const char **masked, **readonly, **sysctls;   /* promised: paths, and names of settings */
	unsigned int n_masked, n_readonly, n_sysctls; /* actual: how many mounts are in /proc, and nothing of the others */
};

/* Whether a path is a directory's or lies below it. */
bool posture_within(const char *path, const char *dir);

/* What shows at a place: the last that was mounted there. NULL: nothing. */
const struct posture_mount *posture_mount_at(const struct posture *p, const char *target);
const struct posture_mount *posture_mount_by_id(const struct posture *p, uint64_t id);

/* One thing in which a container is not what was promised. */
struct posture_difference {
	enum wd_difference what;
	uint64_t promised, actual; /* capabilities, Dimension bits, user numbers */
	const char *place;         /* in the container; a label that was promised */
	const char *found;         /* what is there: a host's path, a filesystem's type, a label; empty: nothing */
	bool whole;                /* a mount of all of a filesystem that the host has too */
};

#define POSTURE_DIFFERENCES 32

/*
 * In what `actual` is more than `promised`, into `out` (room for POSTURE_DIFFERENCES); what is less (fewer capabilities) is none.
 * Mounts are compared where both were read. Returns how many there are, which may be more than fit.
 */
unsigned int posture_compare(const struct posture *promised, const struct posture *actual, struct posture_difference *out);

/* With what a container has the host. Capabilities count as they are held against the host's user namespace. */
struct posture_grants {
	uint32_t what; /* Grant bits */
	uint64_t caps;
	const struct posture_mount *mount; /* that gives most; NULL: none does */
};

struct posture_grants posture_grants(const struct posture *p);

/* The Pod Security Standards' levels; the numbers are those of warder.v1.Posture.Level. */
enum pss {
	PSS_NONE = 0,
	PSS_PRIVILEGED = 1,
	PSS_BASELINE = 2,
	PSS_RESTRICTED = 3,
};

#define PSS_REASONS 24

struct rating {
	enum pss level;
	const char *reasons[PSS_REASONS]; /* why it is no better, in words: "hostPID: ..." */
	unsigned int n;
};

/*
 * The level that a container keeps, from what it may do: mounts are read as promised ones. Without memory for a reason the
 * level is right and the reason left out.
 */
void posture_rate(const struct posture *p, struct arena *a, struct rating *out);

/* Whether a bind's source is the runtime's or the kubelet's own work for this container (a volume, a hosts file), not a hostPath. */
bool posture_is_volume(const char *source);

#endif
