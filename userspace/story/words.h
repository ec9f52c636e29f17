/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_STORY_WORDS_H
#define WARDER_STORY_WORDS_H

#include "story/pen.h"
#include "story/story.h"

/* What a responder reads, in words, for whichever pen. Static strings are words of ours, without markup. */

const char *words_severity(Warder__V1__Severity s); /* "critical"; "-" where it is none */
const char *words_confidence(Warder__V1__Confidence c);
const char *words_stage(Warder__V1__Stage s); /* "post-breach" */
const char *words_level(Warder__V1__Posture__Level l);

/* UTC: the times of many nodes are read side by side. */
const char *words_date(char out[40], int64_t at);  /* "2026-11-28 03:59:23.836 UTC" */
const char *words_clock(char out[40], int64_t at); /* "03:59:23.836" */
const char *words_span(char out[40], int64_t ns);  /* "0.8 ms", "9.2 s", "3 min 12 s" */

/* A name of an enum's or a flag's bits: "setns pidfd" for VIA_SETNS_PIDFD; the number where it has none. */
void words_enum(struct pen *p, const ProtobufCEnumDescriptor *d, int value);
void words_bits(struct pen *p, const ProtobufCEnumDescriptor *d, uint32_t bits);

void words_workload(struct pen *p, const Warder__V1__Workload *w); /* "shop/web-7d9f/app", "web-1" */
void words_kind(struct pen *p, const Warder__V1__Workload *w);     /* "docker container 4f1c2ab3d9e0, image busybox:1" */
void words_owner(struct pen *p, const Warder__V1__Owner *o);
void words_process(struct pen *p, const Warder__V1__Process *q); /* "mount[4242]" */

/* One sentence about what an event tells. */
void words_event(struct pen *p, const Warder__V1__Event *e);
/* What an act was done to: "block device 7:0 (ext4)". False: it has no name, and nothing was written. */
bool words_object(struct pen *p, const Warder__V1__Event *e);
/* A loss, gap or start of the sensor. */
void words_missing(struct pen *p, const struct story_row *r);
/* "in the host's mnt, net namespaces; +SYS_ADMIN": what a process came to. */
void words_change(struct pen *p, const struct story_change *c);

/* Who got out, from where to where. One sentence. */
void words_verdict(struct pen *p, const struct story *s);
/* How it came out: "succeeded: 3 acts done, 1 denied". */
void words_outcome(struct pen *p, const struct story *s);
/* How complete the view was; true: nothing is known to be missing. */
bool words_complete(struct pen *p, const struct story *s);

/* What to do next. `say` writes a shell command; false, and nothing written, where it is not for this story. */
struct story_command {
	const char *why;
	bool (*say)(struct pen *p, const struct story *s);
};

extern const struct story_command story_commands[];
extern const size_t story_commands_n;

#endif
