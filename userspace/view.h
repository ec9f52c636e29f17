/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_VIEW_H
#define WARDER_VIEW_H

#include "labels.h"
#include "schema.h"
#include "workload.h"

/* A process as the state remembers it. */
struct process {
	uint64_t start_ns;
	uint64_t origin;
	uint64_t cgroup; /* when it last executed or forked */
	uint32_t pid, ppid;
	char comm[16];
	char exe[256];  /* the end of it, where it is longer */
	char args[512]; /* NULs between the arguments */
	uint16_t args_len;
	bool args_cut;
};

/* A checked record with what the state knows of it: what a detector sees. All of it is valid during the call only. */
struct view {
	const struct wd_record *rec;
	const void *body;              /* the struct of rec->type */
	const struct workload *actor;  /* of the actor's origin; NULL: the host */
	const struct tags *tags;       /* of the actor's origin; NULL: none are known */
	const struct workload *owner;  /* of the object; NULL where it is no container */
	const struct process *process; /* the actor; NULL where its exec was not seen */
	bool strict;                   /* what is done with namespaces of the actor's own making is no affair of its own */
};

#endif
