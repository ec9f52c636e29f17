/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_REPORT_H
#define WARDER_REPORT_H

#include "engine.h"

/* Events on what the kernel counts and what the sensor lost. */

/* LOST: what each stage lost since the last. */
void report_lost(struct engine *e, struct source *src);
/* LEDGER: the accounts that moved since they were told last. */
void report_ledger(struct engine *e);
/* CAPABILITY_MATRIX: of the containers that had a check since they were told last; is_asked: of all. */
void report_capabilities(struct engine *e, struct source *src, bool is_asked);
/* Both for the last time, of the containers that ended. */
void report_closing(struct engine *e, struct source *src);

#endif
