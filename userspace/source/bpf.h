/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_SOURCE_BPF_H
#define WARDER_SOURCE_BPF_H

#include "../attach.h"
#include "../source.h"

struct source_bpf_options {
	unsigned int sweep_ms; /* between two sweeps */
	unsigned int budget;   /* KiB of telemetry that a container may make a second */
};

/*
 * The live kernel: loads and attaches the programs, seals what runs already. On success *out is the caller's to close, which
 * detaches everything. `probe` must outlive it.
 */
int source_bpf_open(const struct probe *probe, const struct source_bpf_options *opt, struct source **out, struct err *err);

/* How it is attached. Valid until it is closed. */
const struct attach *source_bpf_attach(const struct source *s);

/* Sends a canary with this nonce through hook and ring. 0 or -errno; it arrives with the next records. */
int source_bpf_canary(struct source *s, uint64_t nonce);

/* Which tier each hook would have here, into `a`; nothing is loaded. */
int source_bpf_plan(const struct probe *probe, struct attach *a, struct err *err);

#endif
