/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_TOP_SCREEN_H
#define WARDER_TOP_SCREEN_H

#include "top.h"

/* What `warder top` draws on a terminal, and the keys that it is given there. There is one at a time. */

enum top_key {
	TOP_KEY_NONE,
	TOP_KEY_DRAW,
	TOP_KEY_QUIT,
	TOP_KEY_SORT,
	TOP_KEY_PAUSE
};

/* Takes the terminal. False: it is one that cannot be drawn on. Signals that are to end it are the caller's to take, after this. */
bool top_screen_open(void);
/* Gives it back as it was. */
void top_screen_close(void);

/* `note` stands below the head: empty where there is nothing to say. */
void top_screen_draw(const struct top *t, const char *note);

/*
 * Waits at most `timeout_ms` for a key, or a signal. Those that scroll, and another size of the terminal, are TOP_KEY_DRAW. TOP_KEY_QUIT also
 * where the terminal is gone.
 */
enum top_key top_screen_key(int timeout_ms);

#endif
