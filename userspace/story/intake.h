/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_STORY_INTAKE_H
#define WARDER_STORY_INTAKE_H

#include "story/story.h"

/* An event that is kept, packed until somebody wants it whole. */
struct kept {
	uint8_t *bytes;
	uint32_t len;
	uint32_t type;    /* EventType */
	uint64_t node;    /* a hash of its name and boot */
	uint64_t origin;  /* whose it is: the actor's, or the workload's that it tells of */
	uint64_t owner;   /* origin of the owner, where that is a container */
	uint64_t missing; /* numbers between the one before in its stream and this */
	int64_t at;
	bool stood;        /* when the record was begun: it did not happen in it */
	int64_t unwatched; /* since when, where its stream begins with it after another one of that node; else 0 */
	Warder__V1__Event *event;
};

struct stream_place {
	uint64_t node, seq;
	int64_t at;
};

struct intake {
	struct kept *kept;
	size_t n, room;
	uint64_t bytes;
	struct stream_place streams[STORY_STREAMS];
	unsigned int n_streams;
	struct {
		uint64_t uid; /* a hash */
		size_t at;    /* the kept event that is the last of it */
	} incidents[STORY_INCIDENTS];
	size_t n_incidents, more_incidents;
};

/* A kept event as a message; it lives as long as the story. NULL: out of memory. */
const Warder__V1__Event *intake_event(struct kept *k);

/* The workload that an event of userspace's own tells of (POSTURE, IDENTITY, INVENTORY); NULL: none. */
const Warder__V1__Workload *intake_told_of(const Warder__V1__Event *e);

/* Whether a container has this name, or an id that begins so. */
bool intake_is_called(const Warder__V1__Workload *w, const char *name);

/* A time as nanoseconds since the epoch; 0 where there is none, or it is out of range. */
int64_t intake_time(const Google__Protobuf__Timestamp *t);

#endif
