/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_SOURCE_BPF_H
#define WARDER_SOURCE_BPF_H

#include "../attach.h"
#include "../sensitive.h"
#include "../source.h"

/* What may change while it runs. Of a container, a second; 0: no bound. */
struct source_bpf_limits {
	unsigned int telemetry; /* KiB */
	unsigned int critical;  /* records that findings hang on */
	bool strict;            /* namespaces that a container makes for itself are told too */
};

struct source_bpf_options {
	unsigned int sweep_ms; /* between two sweeps */
	struct source_bpf_limits limits;
	struct sensitive *sensitive; /* the node's own files, looked up in every tick; must outlive the source. NULL: none */
};

/*
 * The live kernel: loads and attaches the programs, seals what runs already. On success *out is the caller's to close, which
 * detaches everything. `probe` must outlive it.
 */
int source_bpf_open(const struct probe *probe, const struct source_bpf_options *opt, struct source **out, struct err *err);

/* From the next record on. */
void source_bpf_limit(struct source *s, const struct source_bpf_limits *limits);

/* How it is attached. Valid until it is closed. */
const struct attach *source_bpf_attach(const struct source *s);

/* Sends a canary with this nonce through hook and ring. 0 or -errno; it arrives with the next records. */
int source_bpf_canary(struct source *s, uint64_t nonce);

/* What a loaded program costs. */
struct program_cost {
	const char *name;
	unsigned int
		verified; /* instructions that the verifier looked at to prove it safe; 0: the kernel does not say (before 5.16) */
	unsigned int insns; /* instructions after the verifier's rewriting */
	unsigned int jited; /* bytes of machine code; 0: none was made */
};

/* Calls `fn` for each program that is loaded. */
void source_bpf_programs(const struct source *s, void (*fn)(const struct program_cost *));

#endif
