/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_VERSION_H
#define WARDER_VERSION_H

#include <stddef.h>

/*
 * Versions of software, in the order that Debian's policy gives them (5.6.12): runs of digits by their number, the rest by character,
 * '~' before everything and the end. Upstreams' pre-releases ("1.0-rc1") are before what they lead to ("1.0") too. <0, 0, >0.
 */
int version_compare(const char *a, const char *b);

/*
 * Upstream's version in a package's: without epoch, revision and what the packager says of the source ("+ds1", "~dfsg").
 * "5:24.0.7-1~debian.12" is "24.0.7". Returns `out`.
 */
const char *version_upstream(const char *package, char *out, size_t size);

/* Whether two versions are of one series: "6.1.100" and "6.1.2". */
int version_same_series(const char *a, const char *b);

#endif
