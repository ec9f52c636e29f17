/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_SENSITIVE_H
#define WARDER_SENSITIVE_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "record.h"
#include "sensitive_path.h"

/*
 * The node's own files that no container has business with, named by path and told to the kernel programs as descriptors, which they
 * know the inodes by. A path is looked up again every few seconds, since editors and package managers put new files into the
 * place of old ones. Paths are followed below the node's root and cannot lead out of it (openat2, 5.6).
 */
#define SENSITIVE_MORE 128 /* that a policy can add */

/* One that a policy adds. */
struct sensitive_more {
	char path[256];
	uint32_t kinds; /* enum wd_sensitive when it is read, written, removed: a byte each; WD_SENSITIVE_WHOLE */
};

/* What stood at a row's path when it was last looked up. */
struct sensitive_row {
	uint64_t device, inode; /* 0: nothing */
};

struct sensitive {
	int root;
	struct sensitive_row rows[WD_SENSITIVE_ROWS];
	struct sensitive_more more[SENSITIVE_MORE];
	size_t n_more;
};

/* `host_root`: where the node's / is. 0 or -errno with `err` set. */
int sensitive_init(struct sensitive *s, const char *host_root, struct err *err);
void sensitive_destroy(struct sensitive *s);

/* Replaces those that a policy added. What is longer than fits, or more, is left out. */
void sensitive_add(struct sensitive *s, const struct sensitive_path *paths, size_t n);

/* Which enum wd_sensitive a technique of the catalogue is about; 0: none. */
uint32_t sensitive_kind(const char *technique);

/*
 * Looks all of them up. `asks` has WD_SENSITIVE_ROWS elements: those of rows that changed are set, with open descriptors that are the
 * caller's to close, the others zeroed. Returns how many changed.
 */
size_t sensitive_look(struct sensitive *s, struct wd_sensitive_ask *asks);

#endif
