/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_IDENTITY_NODE_H
#define WARDER_IDENTITY_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cve.h"
#include "identity.h"

/*
 * What a node's walls are made of: kernel, runtimes and engines, in which versions, and which known escapes those are open to. Read from
 * files only: package databases and what is written in the programs. None of them is run.
 */

#define NODE_COMPONENTS 16
#define NODE_CVES       256

struct component {
	const char *name;  /* as the table of CVEs has it: "runc" */
	char path[160];    /* of its program on the node; empty for the kernel */
	char version[64];  /* upstream's; empty: it was not to be found out */
	char package[160]; /* name and version; empty where it is of none */
	bool distribution; /* whose it is, which may mend it and leave the version as it is */
	dev_t device;      /* of the program's file */
	ino_t inode;
};

struct node_cve {
	const struct cve *cve;
	const struct component *component;
	bool unknown;    /* else it is open */
	const char *why; /* in words */
};

struct node_facts {
	struct cves table;
	struct component components[NODE_COMPONENTS];
	unsigned int n_components;
	struct node_cve cves[NODE_CVES]; /* that are open or not known to be closed */
	unsigned int n_cves;
	unsigned int next; /* component to be looked for */
};

/* With the table of CVEs in `path`, or the built-in one where that is NULL. */
int node_init(struct node_facts *n, const char *path, struct err *err);
void node_destroy(struct node_facts *n);

/* Looks for one more component, which takes some file reads. False: there is none left, and everything is told. */
bool node_step(struct node_facts *n, const struct identity *id);

/* Inside of identity only. */

/*
 * gobuild.c: the version of a Go program, from the `variable` that its linker was told to set ("main.version") or of its main
 * `module`. 0; -ENOENT where it does not tell; -EINVAL where it is no such program. gobuild_parse takes the section's bytes.
 */
int gobuild_version(int fd, const char *variable, const char *module, char *out, size_t size);
int gobuild_parse(const char *buf, size_t len, const char *variable, const char *module, char *out, size_t size);

/* package.c: Debian's packages. */
struct package {
	char version[96];
	bool distribution; /* kept by Debian or Ubuntu, who backport fixes; else by a vendor */
};

/* Whether the package is installed and `path` is of it. 0 or -ENOENT. */
int package_owns(int root, const char *name, const char *path, struct package *out);
/* Calls `fn` for each CVE that the package's changelog names. 0; -ENOENT where there is none. */
int package_mentions(int root, const char *name, void (*fn)(void *ctx, const char *cve), void *ctx);

#endif
