/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_STORY_READ_H
#define WARDER_STORY_READ_H

#include "story/story.h"

/*
 * Gives a story each event of a recorded file ("-" is the standard input): warder.v1.Event messages, each after its length as a varint, as
 * the proto sink writes them. A last one that is cut is counted as malformed. 0; -errno with *err set.
 */
int story_read(struct story *s, const char *path, struct err *err);

#endif
