/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_IDENTITY_CVE_H
#define WARDER_IDENTITY_CVE_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

/*
 * The table of known escapes by fault of a node's software, with the versions that closed them: userspace/cves.json, which is built in, or a newer
 * one of the same form.
 */

#define CVES_MAX 1024 /* rows */
#define CVE_LIST 12   /* versions, techniques of a row */

struct json_t;

struct cve {
	const char *id, *component, *title, *source;
	const char *introduced; /* "": in every version before those that fix it */
	const char *fixed[CVE_LIST], *techniques[CVE_LIST];
	size_t n_fixed, n_techniques;
};

struct cves {
	const char *dated; /* "2026-11-25" */
	struct cve *rows;
	size_t n;
	struct json_t *file; /* owns all strings */
};

/* Takes the bytes of a table. `name` is for messages. -EBADMSG with the row that is wrong; -ENOMEM. */
int cves_parse(struct cves *c, const char *buf, size_t len, const char *name, struct err *err);
/* Reads the file; the built-in table where `path` is NULL. As above, and -errno where it cannot be read. */
int cves_read(struct cves *c, const char *path, struct err *err);
void cves_destroy(struct cves *c);

/*
 * Whether a version has the fault: it is not older than `introduced`, and older than what fixed its series (the newest fix, where its
 * series has none).
 */
bool cve_affects(const struct cve *c, const char *version);
/* Whether the fault is one way to do what a row of the catalogue describes. */
bool cve_fits(const struct cve *c, const char *technique);

#endif
