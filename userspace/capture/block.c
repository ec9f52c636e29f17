// SPDX-License-Identifier: Apache-2.0
#include "capture/block.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <nettle/sha2.h>
#include <zlib.h>

/* The first byte is no ASCII and the line ends are two: a transfer as text is noticed at once (as PNG does it). */
static const uint8_t magic[8] = {0x89, 'W', 'C', 'A', 'P', '\r', '\n', 0x1a};
static const uint8_t footer_magic[8] = {0x89, 'W', 'C', 'E', 'N', 'D', '\r', '\n'};

/* Where each field is in a header. */
enum {
	AT_TYPE = 8,
	AT_CODEC = 9,
	AT_SEVERITY = 10,
	AT_ZERO = 11,
	AT_HEADER_CRC = 12,
	AT_STORED_CRC = 16,
	AT_STORED_LEN = 20,
	AT_RAW_LEN = 24,
	AT_RECORDS = 28,
	AT_NUMBER = 32,
	AT_SEQ_FIRST = 40,
	AT_SEQ_LAST = 48,
	AT_TIME_FIRST = 56,
	AT_TIME_LAST = 64,
	AT_PREV = 72,
	AT_FILE_ID = 104,
};

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static void put32(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static void put64(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
}

/* CRC-32C (RFC 3720, B.4); what ISA-L has is without the inversions. `before`: of the bytes before, 0 for none. */
static uint32_t crc32c(uint32_t before, const uint8_t *bytes, size_t n)
{
	return ~crc32_iscsi((unsigned char *)bytes, (int)n, ~before);
}

/* Of the header as if its own checksum were zero. */
static uint32_t header_crc(const uint8_t *header)
{
	static const uint8_t zero[4];
	uint32_t crc = crc32c(0, header, AT_HEADER_CRC);

	crc = crc32c(crc, zero, sizeof(zero));
	return crc32c(crc, header + AT_STORED_CRC, BLOCK_HEADER - AT_STORED_CRC);
}

const char *block_fault_name(enum block_fault fault)
{
	static const char *const names[] = {
		[BLOCK_GOOD] = "good",
		[BLOCK_NO_MAGIC] = "no block begins here",
		[BLOCK_CUT] = "cut: the file ends before the block does",
		[BLOCK_BAD_HEADER] = "its header fails its checksum or has impossible lengths",
		[BLOCK_BAD_PAYLOAD] = "its contents fail their checksum",
		[BLOCK_BAD_END] = "the length at its end is wrong",
		[BLOCK_BAD_CONTENT] = "its checksums are good, but its contents are not what it says they are",
		[BLOCK_FOREIGN] = "it is another file's",
		[BLOCK_OUT_OF_ORDER] = "it is not the next one",
		[BLOCK_BAD_CHAIN] = "it was not written after the block before it",
	};

	return (size_t)fault < sizeof(names) / sizeof(names[0]) ? names[fault] : "unknown";
}

const char *block_type_name(unsigned int type)
{
	static const char *const names[] = {"?", "HEADER", "SNAPSHOT", "EVENTS", "LOST", "INDEX"};

	return names[type < sizeof(names) / sizeof(names[0]) ? type : 0];
}

size_t block_size(uint32_t stored_len)
{
	return BLOCK_HEADER + (((size_t)stored_len + 7) & ~(size_t)7) + BLOCK_TRAILER;
}

size_t block_bound(size_t raw_len)
{
	return block_size((uint32_t)compressBound(raw_len));
}

/* Level 1: a seventh of the size at some 100 MB/s. What does not become smaller is stored as it is. */
static int block_deflate(struct block *b, const void *raw, size_t raw_len, uint8_t *out)
{
	uLongf n = compressBound(raw_len);

	if (compress2(out, &n, raw, raw_len, 1) != Z_OK)
		return -ENOMEM;
	b->codec = BLOCK_CODEC_ZLIB;
	if (n >= raw_len) {
		b->codec = BLOCK_CODEC_NONE;
		n = raw_len;
		memcpy(out, raw, raw_len);
	}
	b->stored_len = (uint32_t)n;
	b->raw_len = (uint32_t)raw_len;
	b->stored_crc = crc32c(0, out, n);
	return 0;
}

int64_t block_encode(struct block *b, const void *raw, size_t raw_len, uint8_t *out)
{
	size_t size;
	int rc;

	if (raw_len > BLOCK_RAW_MAX)
		return -EMSGSIZE;
	rc = block_deflate(b, raw, raw_len, out + BLOCK_HEADER);
	if (rc)
		return rc;
	size = block_size(b->stored_len);
	memset(out, 0, BLOCK_HEADER);
	memcpy(out, magic, sizeof(magic));
	out[AT_TYPE] = b->type;
	out[AT_CODEC] = b->codec;
	out[AT_SEVERITY] = b->severity;
	put32(out + AT_STORED_CRC, b->stored_crc);
	put32(out + AT_STORED_LEN, b->stored_len);
	put32(out + AT_RAW_LEN, b->raw_len);
	put32(out + AT_RECORDS, b->records);
	put64(out + AT_NUMBER, b->number);
	put64(out + AT_SEQ_FIRST, b->seq_first);
	put64(out + AT_SEQ_LAST, b->seq_last);
	put64(out + AT_TIME_FIRST, b->time_first);
	put64(out + AT_TIME_LAST, b->time_last);
	memcpy(out + AT_PREV, b->prev, BLOCK_HASH);
	memcpy(out + AT_FILE_ID, b->file_id, BLOCK_ID);
	put32(out + AT_HEADER_CRC, header_crc(out));
	memset(out + BLOCK_HEADER + b->stored_len, 0, size - BLOCK_HEADER - b->stored_len);
	put64(out + size - BLOCK_TRAILER, size);
	return (int64_t)size;
}

enum block_fault block_decode(struct block *b, const uint8_t *bytes)
{
	if (memcmp(bytes, magic, sizeof(magic)))
		return BLOCK_NO_MAGIC;
	if (get32(bytes + AT_HEADER_CRC) != header_crc(bytes))
		return BLOCK_BAD_HEADER;
	*b = (struct block){
		.type = bytes[AT_TYPE],
		.codec = bytes[AT_CODEC],
		.severity = bytes[AT_SEVERITY],
		.stored_crc = get32(bytes + AT_STORED_CRC),
		.stored_len = get32(bytes + AT_STORED_LEN),
		.raw_len = get32(bytes + AT_RAW_LEN),
		.records = get32(bytes + AT_RECORDS),
		.number = get64(bytes + AT_NUMBER),
		.seq_first = get64(bytes + AT_SEQ_FIRST),
		.seq_last = get64(bytes + AT_SEQ_LAST),
		.time_first = get64(bytes + AT_TIME_FIRST),
		.time_last = get64(bytes + AT_TIME_LAST),
	};
	memcpy(b->prev, bytes + AT_PREV, BLOCK_HASH);
	memcpy(b->file_id, bytes + AT_FILE_ID, BLOCK_ID);
	/* A type that is not known is a later format's: it is skipped by its length. */
	if (!b->type || bytes[AT_ZERO] || b->codec > BLOCK_CODEC_ZLIB || b->raw_len > BLOCK_RAW_MAX ||
	    b->stored_len > BLOCK_STORED_MAX || b->records > BLOCK_RECORDS_MAX ||
	    (b->codec == BLOCK_CODEC_NONE && b->stored_len != b->raw_len) || b->seq_first > b->seq_last ||
	    b->time_first > b->time_last)
		return BLOCK_BAD_HEADER;
	return BLOCK_GOOD;
}

enum block_fault block_check(const struct block *b, const uint8_t *bytes)
{
	size_t size = block_size(b->stored_len), i;

	if (crc32c(0, bytes + BLOCK_HEADER, b->stored_len) != b->stored_crc)
		return BLOCK_BAD_PAYLOAD;
	for (i = BLOCK_HEADER + b->stored_len; i < size - BLOCK_TRAILER; i++)
		if (bytes[i])
			return BLOCK_BAD_END;
	return get64(bytes + size - BLOCK_TRAILER) == size ? BLOCK_GOOD : BLOCK_BAD_END;
}

enum block_fault block_inflate(const struct block *b, const uint8_t *bytes, uint8_t *out)
{
	struct inflate_state s;

	if (b->codec == BLOCK_CODEC_NONE) {
		memcpy(out, bytes + BLOCK_HEADER, b->raw_len);
		return BLOCK_GOOD;
	}
	isal_inflate_init(&s);
	s.crc_flag = ISAL_ZLIB;
	s.next_in = (uint8_t *)bytes + BLOCK_HEADER; /* which it does not write to */
	s.avail_in = b->stored_len;
	s.next_out = out;
	s.avail_out = b->raw_len;
	if (isal_inflate_stateless(&s) != ISAL_DECOMP_OK || s.block_state != ISAL_BLOCK_FINISH || s.avail_in || s.avail_out)
		return BLOCK_BAD_CONTENT;
	return BLOCK_GOOD;
}

void block_hash(const struct block *b, const uint8_t *bytes, uint8_t out[BLOCK_HASH])
{
	struct sha256_ctx c;

	sha256_init(&c);
	sha256_update(&c, BLOCK_HEADER + (size_t)b->stored_len, bytes);
	sha256_digest(&c, BLOCK_HASH, out);
}

size_t block_seek(const uint8_t *bytes, size_t n)
{
	const uint8_t *at = memmem(bytes, n, magic, sizeof(magic));

	return at ? (size_t)(at - bytes) : n;
}

void block_footer_encode(uint8_t out[BLOCK_FOOTER], uint64_t index_offset)
{
	memset(out, 0, BLOCK_FOOTER);
	memcpy(out, footer_magic, sizeof(footer_magic));
	put64(out + 8, index_offset);
	put32(out + 16, crc32c(0, out, 16));
}

bool block_footer_decode(const uint8_t bytes[BLOCK_FOOTER], uint64_t *index_offset)
{
	*index_offset = get64(bytes + 8);
	return !memcmp(bytes, footer_magic, sizeof(footer_magic)) && get32(bytes + 16) == crc32c(0, bytes, 16) &&
	       !get32(bytes + 20);
}
