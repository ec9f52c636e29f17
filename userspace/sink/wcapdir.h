/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_SINK_WCAPDIR_H
#define WARDER_SINK_WCAPDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/*
 * The directory that a sensor writes its capture files to: their names, and how many may stay. A name is the node, the time of the first
 * event and a number, so that files sort by age; other files there are nobody's business.
 */
struct wcapdir {
	char path[384];
	char node[72];       /* of the names, as it can be in one */
	uint64_t file_max;   /* bytes of a file, before the next is begun */
	uint64_t file_age_s; /* likewise */
	uint64_t total_max;  /* bytes of all files: the oldest go */
	uint64_t days;       /* that a file is kept */
	unsigned int made;
};

/* Takes "DIR[,file=MIB][,total=MIB][,days=N][,memory=MIB][,all]" and makes the directory. -EINVAL, -errno with `err` set. */
int wcapdir_parse(struct wcapdir *d, const char *arg, size_t *memory, bool *all, struct err *err);

/*
 * The next file's path, for events of `node` from `time_ns` on. At the first call, files that a sensor before this one could not
 * end (it was killed) get their names: what is in them can be read.
 */
void wcapdir_next(struct wcapdir *d, const char *node, uint64_t time_ns, char *out, size_t size);

/* Removes what is too old or too much. */
void wcapdir_prune(struct wcapdir *d);

#endif
