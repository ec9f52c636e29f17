/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_CAPTURE_BLOCK_H
#define WARDER_CAPTURE_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A capture file is blocks, one after the other, then a footer. A block is a header of fixed size, the payload as it is stored,
 * zeros up to a multiple of 8, and the block's whole length once more. All numbers are little-endian; wcap(5) has the layout.
 * Here it is encoded, decoded and checked; bytes from a file are distrusted here, and nowhere is anything inflated before its
 * header, its checksums and its bounds were found good.
 */
enum {
	BLOCK_HEADER = 120,          /* bytes of a header */
	BLOCK_TRAILER = 8,           /* of the length at a block's end */
	BLOCK_FOOTER = 24,           /* of the file's footer */
	BLOCK_RAW_MAX = 4 << 20,     /* of a payload once inflated */
	BLOCK_STORED_MAX = 5 << 20,  /* of a payload as stored: zlib's worst is a little more than raw */
	BLOCK_RECORDS_MAX = 1 << 16, /* in a block */
	BLOCK_ID = 16,
	BLOCK_HASH = 32,
};

enum block_type {
	BLOCK_TYPE_HEADER = 1,   /* a CaptureHeader */
	BLOCK_TYPE_SNAPSHOT = 2, /* a CaptureSnapshot */
	BLOCK_TYPE_EVENTS = 3,   /* Events, each after its length as a varint */
	BLOCK_TYPE_LOST = 4,     /* likewise: LOST events about what the recorder itself dropped */
	BLOCK_TYPE_INDEX = 5,    /* a CaptureIndex */
};

enum block_codec {
	BLOCK_CODEC_NONE = 0,
	BLOCK_CODEC_ZLIB = 1,
};

struct block {
	uint8_t type, codec;
	uint8_t severity; /* the highest of its events */
	uint32_t stored_crc, stored_len, raw_len, records;
	uint64_t number;                /* of the block in its file, from 0 */
	uint64_t seq_first, seq_last;   /* the lowest and highest of its events */
	uint64_t time_first, time_last; /* likewise, nanoseconds since the epoch */
	uint8_t prev[BLOCK_HASH];       /* SHA-256 of the block before; in the first one of the file before, or zeros */
	uint8_t file_id[BLOCK_ID];
};

/* What is wrong with a block or with where it stands. */
enum block_fault {
	BLOCK_GOOD = 0,
	BLOCK_NO_MAGIC,     /* no block begins here */
	BLOCK_CUT,          /* it goes beyond the file's end */
	BLOCK_BAD_HEADER,   /* its header fails its checksum or its bounds */
	BLOCK_BAD_PAYLOAD,  /* likewise the payload */
	BLOCK_BAD_END,      /* padding or trailing length are wrong; the payload is good */
	BLOCK_BAD_CONTENT,  /* the checksums are good, and it cannot be inflated or holds something else than it says */
	BLOCK_FOREIGN,      /* it is another file's */
	BLOCK_OUT_OF_ORDER, /* its number is not the next one: blocks are missing, doubled or in another order */
	BLOCK_BAD_CHAIN,    /* the block before is not the one that was written before it */
};

/* A few words for a fault. */
const char *block_fault_name(enum block_fault fault);
const char *block_type_name(unsigned int type);

/* The bytes of a whole block whose payload is stored in so many; a multiple of 8. */
size_t block_size(uint32_t stored_len);

/* At most so many bytes does block_encode write. */
size_t block_bound(size_t raw_len);

/*
 * Makes a whole block of `raw` bytes (at most BLOCK_RAW_MAX) at `out`, which has room for block_bound bytes. Fills codec,
 * lengths and the payload's checksum in *b; the rest of *b is the caller's. Returns the block's size; -errno.
 */
int64_t block_encode(struct block *b, const void *raw, size_t raw_len, uint8_t *out);

/* Reads and checks a header of BLOCK_HEADER bytes: magic, checksum, bounds. */
enum block_fault block_decode(struct block *b, const uint8_t *bytes);

/* Checks a whole block's payload and end against its header. `bytes` are block_size ones. */
enum block_fault block_check(const struct block *b, const uint8_t *bytes);

/* The payload of a checked block, inflated into `out`, which has room for raw_len bytes. */
enum block_fault block_inflate(const struct block *b, const uint8_t *bytes, uint8_t *out);

/* SHA-256 of a block's header and stored payload: what the next block's `prev` is. */
void block_hash(const struct block *b, const uint8_t *bytes, uint8_t out[BLOCK_HASH]);

/* Where the next magic lies in `bytes`; `n` where it does not. */
size_t block_seek(const uint8_t *bytes, size_t n);

void block_footer_encode(uint8_t out[BLOCK_FOOTER], uint64_t index_offset);
bool block_footer_decode(const uint8_t bytes[BLOCK_FOOTER], uint64_t *index_offset);

#endif
