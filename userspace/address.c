// SPDX-License-Identifier: Apache-2.0
#include "address.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

#define V4_PREFIX 0xffffull

static bool is_v4(struct address a)
{
	return !a.high && a.low >> 32 == V4_PREFIX;
}

const char *address_text(struct address a, char *out)
{
	uint64_t bytes[2] = {htobe64(a.high), htobe64(a.low)};
	uint32_t v4 = htonl((uint32_t)a.low);

	*out = 0;
	if (is_v4(a))
		inet_ntop(AF_INET, &v4, out, ADDRESS_TEXT);
	else
		inet_ntop(AF_INET6, bytes, out, ADDRESS_TEXT);
	return out;
}

int address_parse(const char *text, struct address *out)
{
	uint64_t bytes[2];
	uint32_t v4;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		*out = (struct address){.low = V4_PREFIX << 32 | ntohl(v4)};
		return 0;
	}
	if (inet_pton(AF_INET6, text, bytes) != 1)
		return -EINVAL;
	*out = (struct address){be64toh(bytes[0]), be64toh(bytes[1])};
	return 0;
}

bool address_is(struct address a, struct address b)
{
	return a.high == b.high && a.low == b.low;
}

bool address_is_loopback(struct address a)
{
	return is_v4(a) ? (a.low >> 24 & 0xff) == 127 : !a.high && a.low == 1;
}

bool address_is_local(struct address a)
{
	return address_is_loopback(a) || (!a.high && (!a.low || a.low == V4_PREFIX << 32)) || a.high >> 54 == 0xfe80 >> 6;
}

/*
 * As the clouds' manuals name them: 169.254.169.254 is Amazon's, Google's, Azure's, Oracle's, DigitalOcean's, OpenStack's; 169.254.170.2
 * and .23 Amazon's for the roles of ECS' tasks and EKS' pods; 169.254.0.23 Tencent's; 168.63.129.16 the host of Azure's machines;
 * 100.100.100.200 Alibaba's; 100.96.0.96 Volcengine's; fd00:ec2:: Amazon's and fd20:ce:: Google's by IPv6. 100.80.80.80 is one more that
 * attackers' tools ask.
 */
bool address_is_metadata(struct address a)
{
	static const struct address known[] = {
		{0, V4_PREFIX << 32 | 0xa9fea9fe}, {0, V4_PREFIX << 32 | 0xa9feaa02}, {0, V4_PREFIX << 32 | 0xa9feaa17},
		{0, V4_PREFIX << 32 | 0xa9fe0017}, {0, V4_PREFIX << 32 | 0xa83f8110}, {0, V4_PREFIX << 32 | 0x646464c8},
		{0, V4_PREFIX << 32 | 0x64600060}, {0, V4_PREFIX << 32 | 0x64505050}, {0xfd000ec200000000, 0x254},
		{0xfd000ec200000000, 0x23},        {0xfd2000ce00000000, 0x254},
	};

	for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (address_is(a, known[i]))
			return true;
	return false;
}
