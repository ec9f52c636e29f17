/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_PROGRESS_H
#define WARDER_PROGRESS_H

#include <stdint.h>

/*
 * Says on a terminal's standard error how far it is, and how long it will take; nothing within the first second, and nothing where it would
 * be between what is printed on the same terminal. `total` 0: it is over, and the line is wiped off.
 */
void progress(uint64_t done, uint64_t total);

/* Nothing is printed until the line is wiped off: it is shown although the standard output is a terminal too. */
void progress_alone(void);

#endif
