/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_RULES_H
#define WARDER_RULES_H

#include "patterns.h"
#include "workload.h"

/* What an operator decided about findings: how severe a technique is, and what is no finding. Strings are the policy's. */

struct rule_technique {
	const char *id;
	unsigned int severity; /* Severity of the stream; 0: as it is judged */
	bool enabled;
};

/* All conditions that are given must hold. There is one of who it is at least. */
struct rule_exception {
	const char *name;
	struct patterns techniques;
	struct patterns namespaces, pods, containers, images, registries, runtimes, accounts, labels;
	struct patterns executables; /* the process's, as it is called in the container */
	struct patterns users;       /* their numbers */
	struct patterns owners;      /* of what was reached: host, container, unknown */
	bool built_in;               /* a file's of the same name takes its place */
};

struct rules {
	bool strict; /* what a container does with namespaces that it made itself is judged as anything else */
	struct rule_exception *exceptions;
	struct rule_technique *techniques;
	size_t n_exceptions, n_techniques;
};

/* What a finding would be about. Empty strings: not known. */
struct rule_subject {
	const char *technique;
	const struct workload *who; /* NULL: the host, which no exception is for */
	const struct tags *tags;    /* NULL: not known */
	const char *executable, *user, *owner;
};

/* The first that fits, or NULL. */
const struct rule_exception *rules_exception(const struct rules *r, const struct rule_subject *s);
struct rule_technique *rules_technique(const struct rules *r, const char *id);

#endif
