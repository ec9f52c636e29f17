/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_ADDRESS_H
#define WARDER_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

/* An address of IPv6 in two numbers of the machine's order; one of IPv4 is as IPv6 has it (::ffff:10.0.0.1). */
struct address {
	uint64_t high;
	uint64_t low;
};

#define ADDRESS_TEXT 46 /* bytes of the longest, with its NUL */

/* "10.0.0.1", "fd00::1". Returns `out`, of ADDRESS_TEXT bytes. */
const char *address_text(struct address a, char *out);
/* The way back. 0; -EINVAL for what is no address. */
int address_parse(const char *text, struct address *out);

bool address_is(struct address a, struct address b);
bool address_is_loopback(struct address a);
/* Of this machine or link alone: the same one is on every node. */
bool address_is_local(struct address a);
/* Where a cloud answers its machines: who asks there gets what the node may do. */
bool address_is_metadata(struct address a);

#endif
