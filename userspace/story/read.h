/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_STORY_READ_H
#define WARDER_STORY_READ_H

#include "story/story.h"

/*
 * Gives a story each event of its record, and says in it what the record says of itself: captures (wcap(5)), several as one, whose
 * chains are checked; or one stream of warder.v1.Event messages, each after its length as a varint, as the proto sink writes them. What
 * is damaged in a capture is skipped; of a stream what is behind the damage is lost. "-" is the standard input. 0; -errno with *err set.
 */
int story_read(struct story *s, struct err *err);

#endif
