// SPDX-License-Identifier: Apache-2.0
/*
 * capture_torture FRAMES CUTS FLIPS [SEED]: makes captures of the events in FRAMES (varint-delimited, as gen_events writes
 * them), and breaks them: a small one is cut at every byte, a large one at CUTS places, and one bit of the large one is flipped
 * FLIPS times. After each cut all that was before it must be read again, but for the block that was cut; each flip must be
 * found, and cost one block at most; and whatever is read must be what was written.
 * capture_torture --write FRAMES FILE [NODE]: only makes a capture.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "capture/verify.h"
#include "capture_fixture.h"
#include "hash.h"

struct frame {
	const uint8_t *bytes;
	size_t len, head; /* with its length, which has `head` bytes */
	uint64_t hash;
	uint64_t ends; /* offset at which the block ends that it is in */
};

struct made {
	char path[64];
	const char *node;
	struct frame *frames;
	size_t n, block; /* events, and in a block */
	uint8_t *bytes;
	size_t size;
};

static uint64_t seed = 1;
static unsigned long passed, failed;

static uint64_t roll(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % below;
}

static void check(bool ok, const char *what, uint64_t where)
{
	passed += ok;
	failed += !ok;
	if (!ok && failed < 20)
		printf("FAIL %s at %" PRIu64 "\n", what, where);
}

static struct frame *frames_read(const char *path, size_t *n)
{
	size_t size, room = 0;
	uint8_t *bytes = fixture_slurp(path, &size);
	struct frame *all = NULL;

	*n = 0;
	for (size_t at = 0; at < size;) {
		struct frame f = {.bytes = bytes + at};
		size_t len = 0;

		do
			len |= (size_t)(bytes[at + f.head] & 127) << 7 * f.head;
		while (bytes[at + f.head++] & 128);
		f.len = f.head + len;
		f.hash = hash_bytes(HASH_START, f.bytes + f.head, len);
		if (*n == room)
			all = realloc(all, (room = room * 2 + 64) * sizeof(*all));
		all[(*n)++] = f;
		at += f.len;
	}
	return all;
}

static void make(struct made *m, bool schema)
{
	Warder__V1__CaptureHeader meta = fixture_meta();
	struct capture_writer *w;
	struct err err = {""};

	if (m->node)
		meta.node = (char *)m->node;
	if (!schema) /* so that a small file is small */
		meta.schema = (ProtobufCBinaryData){1, (uint8_t *)"x"};
	if (capture_create(&w, m->path, &meta, &err)) {
		fprintf(stderr, "%s\n", err.msg);
		exit(2);
	}
	for (size_t i = 0, first = 0; i < m->n; i++) {
		uint64_t size = capture_size(w);

		if (capture_append(w, m->frames[i].bytes, m->frames[i].len, NULL))
			abort();
		/* A block is full where its bytes are many, too: then what was in it before is out. */
		for (; capture_size(w) != size && first < i; first++)
			m->frames[first].ends = capture_size(w);
		if ((i + 1) % m->block && i + 1 < m->n)
			continue;
		if (capture_flush(w, false))
			abort();
		for (; first <= i; first++)
			m->frames[first].ends = capture_size(w);
	}
	if (capture_close(w, NULL, &err))
		abort();
	m->bytes = fixture_slurp(m->path, &m->size);
}

/* Reads what is left of it: which events are there. Each must be what it was. Returns how many. */
static size_t read_back(const struct made *m, bool *there, uint64_t where)
{
	struct capture *c = NULL;
	struct capture_frame f;
	struct err err = {""};
	size_t n = 0;
	int rc = capture_open(&c, m->path, &err);

	memset(there, 0, m->n * sizeof(*there));
	if (rc)
		return 0;
	while ((rc = capture_next(c, &f)) > 0) {
		bool same = f.mark.seq >= 1 && f.mark.seq <= m->n && !there[f.mark.seq - 1] &&
			    hash_bytes(HASH_START, f.bytes, f.len) == m->frames[f.mark.seq - 1].hash;

		if (!same)
			check(false, "an event is read that was never written, or twice", where);
		else
			there[f.mark.seq - 1] = true;
		n++;
	}
	check(!rc, "it can be read to its end", where);
	capture_free(c);
	return n;
}

static bool found(const struct made *m)
{
	struct verify_result r;
	struct input in;
	bool faults = true;

	if (!input_open(&in, m->path, NULL)) {
		faults = capture_verify(&in, NULL, NULL, NULL, &r) || r.faults[0] + r.faults[1] + r.faults[2];
		verify_destroy(&r);
		input_close(&in);
	}
	return faults;
}

/* `at`: the file has so many bytes now. */
static void check_cut(const struct made *m, bool *there, size_t at)
{
	read_back(m, there, at);
	for (size_t i = 0; i < m->n; i++)
		if (there[i] != (m->frames[i].ends <= at)) {
			check(false, "what is before the cut is there, and nothing else is", at);
			return;
		}
	check(at == m->size || found(m), "the cut is found", at);
}

static void cut_everywhere(const struct made *m, bool *there)
{
	for (size_t at = m->size; at > 0; at--) {
		if (truncate(m->path, (off_t)at))
			abort();
		check_cut(m, there, at);
	}
	fixture_spill(m->path, m->bytes, m->size);
	printf("cut at each of its %zu bytes: a file of %zu events\n", m->size, m->n);
}

static void cut_anywhere(const struct made *m, bool *there, unsigned long times)
{
	for (unsigned long i = 0; i < times; i++) {
		size_t at = (size_t)roll(m->size);
		int fd;

		if (truncate(m->path, (off_t)at))
			abort();
		check_cut(m, there, at);
		fd = open(m->path, O_WRONLY | O_APPEND);
		if (fd < 0 || write(fd, m->bytes + at, m->size - at) != (ssize_t)(m->size - at))
			abort();
		close(fd);
	}
	printf("cut at %lu places: a file of %zu events and %zu bytes\n", times, m->n, m->size);
}

static void flip(const struct made *m, bool *there, unsigned long times)
{
	int fd = open(m->path, O_WRONLY);
	size_t worst = 0;

	for (unsigned long i = 0; i < times; i++) {
		uint64_t bit = roll(m->size * 8);
		uint8_t byte = m->bytes[bit / 8] ^ (uint8_t)(1 << bit % 8);
		size_t n;

		if (pwrite(fd, &byte, 1, (off_t)(bit / 8)) != 1)
			abort();
		n = read_back(m, there, bit);
		worst = m->n - n > worst ? m->n - n : worst;
		check(n + m->block >= m->n, "a flipped bit costs one block at most", bit);
		check(found(m), "the flipped bit is found", bit);
		if (pwrite(fd, &m->bytes[bit / 8], 1, (off_t)(bit / 8)) != 1)
			abort();
	}
	close(fd);
	printf("flipped %lu bits, one at a time: %zu events lost at most, of %zu\n", times, worst, m->n);
}

int main(int argc, char **argv)
{
	struct made small = {.path = "/tmp/capture_torture.XXXXXX", .block = 3}, large = {.block = 10};
	size_t n;
	struct frame *frames;
	bool *there;

	if (argc >= 4 && !strcmp(argv[1], "--write")) {
		small.node = argv[4];
		snprintf(small.path, sizeof(small.path), "%s", argv[3]);
		small.frames = frames_read(argv[2], &small.n);
		small.block = 100;
		make(&small, true);
		return 0;
	}
	if (argc < 4)
		return fprintf(stderr, "usage: capture_torture FRAMES CUTS FLIPS [SEED]\n"), 2;
	seed = argc > 4 ? strtoull(argv[4], NULL, 10) | 1 : 1;
	frames = frames_read(argv[1], &n);
	there = calloc(n, sizeof(*there));
	if (!there || n < 100 || !mkdtemp(small.path))
		return 2;
	strcpy(large.path, small.path);
	strcat(small.path, "/small.wcap");
	strcat(large.path, "/large.wcap");
	small.frames = large.frames = frames;
	small.n = 12;
	make(&small, false);
	cut_everywhere(&small, there);
	unlink(small.path);
	large.n = n;
	make(&large, true);
	cut_anywhere(&large, there, strtoul(argv[2], NULL, 10));
	flip(&large, there, strtoul(argv[3], NULL, 10));
	check(!found(&large), "the file is whole again at the end", 0);
	unlink(large.path);
	*strrchr(large.path, '/') = 0;
	rmdir(large.path);
	printf("%lu passed, %lu failed\n", passed, failed);
	return failed != 0;
}
