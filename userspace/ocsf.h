/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_OCSF_H
#define WARDER_OCSF_H

#include <stddef.h>
#include <sys/types.h>

#include "warder/v1/event.pb-c.h"

/*
 * An event in the words of OCSF 1.8.0: findings and incidents as Detection Findings (2004), what a process does as the system
 * activity that it is (1001 to 1007), what has no class there as a Base Event. What OCSF has no attribute for stands in `unmapped`
 * as warder has it, so that nothing is lost. One line of ASCII with '\n' at its end, as json_line: its length, or -errno.
 */
ssize_t ocsf_line(const Warder__V1__Event *e, char *out, size_t size);

#endif
