/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_HASH_H
#define WARDER_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * FNV-1a, 64 bits (RFC 9923): for keys of tables, where a collision costs a wrong row once in 2^64 and nobody gains by making
 * one. A hash of several things is carried from one call to the next; the first takes HASH_START.
 */
#define HASH_START 0xcbf29ce484222325ull

static inline uint64_t hash_bytes(uint64_t h, const void *bytes, size_t n)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3ull;
	return h;
}

static inline uint64_t hash_string(uint64_t h, const char *s)
{
	return hash_bytes(h, s, strlen(s));
}

#endif
