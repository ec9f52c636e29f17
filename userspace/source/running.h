/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_SOURCE_RUNNING_H
#define WARDER_SOURCE_RUNNING_H

#include <stdint.h>

#include "../err.h"
#include "record.h"

/* What a sensor that runs on this node has counted, read from its maps: it is not asked and does not notice. */
struct running {
	uint32_t n;
	uint64_t *origins;
	struct wd_capabilities *capabilities; /* of each */
};

/* -ESRCH where no sensor runs, -EPERM without the rights, each with a sentence. */
int running_read(struct running *r, struct err *err);
void running_destroy(struct running *r);

#endif
