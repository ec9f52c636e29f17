/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_STORY_PAGE_H
#define WARDER_STORY_PAGE_H

#include "story/words.h"

/* The sections of the page, for a pen_html. */
void page_map(struct pen *p, const struct story *s);
void page_timeline(struct pen *p, const struct story *s);
void page_raw(struct pen *p, const struct story *s);
void page_processes(struct pen *p, const struct story *s);
void page_container(struct pen *p, const struct story *s);

#endif
