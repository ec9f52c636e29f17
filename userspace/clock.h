/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_CLOCK_H
#define WARDER_CLOCK_H

#include <stdint.h>
#include <time.h>

/* For how long something took, and when it is due again. It goes on while the machine's time is set, and is no record's time. */
static inline uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* The records' own clock (bpf_ktime_get_boot_ns). */
static inline uint64_t now_boot(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static inline int64_t monotonic_ms(void)
{
	return (int64_t)(monotonic_ns() / 1000000);
}

#endif
