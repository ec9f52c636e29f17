// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/merge.h"
#include "capture/verify.h"
#include "json.h"
#include "ocsf.h"

/*
 * A capture file, read by all that the commands do with one. By the first byte it is the bytes as they are, or blocks with good
 * checksums around hostile contents, which no fuzzer would find.
 */

static uint8_t file[4 << 20];
static size_t file_len;

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* [type, flags, length of two bytes, contents]...; a footer that points to the last INDEX block. */
static void build(const uint8_t *data, size_t size)
{
	uint64_t number = 0, index = 0;

	while (size >= 4 && file_len + block_bound(65536) + BLOCK_FOOTER < sizeof(file)) {
		size_t len = data[2] | (size_t)data[3] << 8;
		struct block b = {.type = data[0] % 7,
				  .number = number++,
				  .records = data[1] & 15,
				  .seq_last = UINT64_MAX,
				  .time_last = UINT64_MAX};
		int64_t n;

		len = len < size - 4 ? len : size - 4;
		if (data[1] & 128)
			index = file_len;
		n = block_encode(&b, data + 4, len, file + file_len);
		check(n > 0);
		file_len += (size_t)n;
		data += 4 + len;
		size -= 4 + len;
	}
	block_footer_encode(file + file_len, index);
	file_len += BLOCK_FOOTER;
}

static void print(const struct capture_frame *f)
{
	static char line[2 << 20];
	Warder__V1__CaptureSnapshot *s;
	Warder__V1__Event *e;

	if (f->type == BLOCK_TYPE_SNAPSHOT) {
		s = warder__v1__capture_snapshot__unpack(NULL, f->len, f->bytes);
		if (s)
			warder__v1__capture_snapshot__free_unpacked(s, NULL);
		return;
	}
	e = warder__v1__event__unpack(NULL, f->len, f->bytes);
	if (!e)
		return;
	json_line(&e->base, line, sizeof(line));
	ocsf_line(e, line, sizeof(line));
	warder__v1__event__free_unpacked(e, NULL);
}

static void read_capture(const char *path)
{
	uint64_t origin = 1000, last = 0, key;
	struct capture_frame f;
	struct capture_merge m;
	struct err err = {""};
	struct capture *c;

	if (capture_open(&c, path, &err)) {
		check(err.msg[0]);
		return;
	}
	capture_directory(c);
	capture_filter(c, &(struct capture_filter){.snapshots = true});
	while (capture_next(c, &f) > 0) {
		check(f.len <= BLOCK_RAW_MAX);
		print(&f);
	}
	capture_filter(c, &(struct capture_filter){.origins = &origin, .n_origins = 1, .severity = 3});
	while (capture_next(c, &f) > 0)
		check(f.type == BLOCK_TYPE_LOST ||
		      (f.mark.severity >= 3 && (f.mark.origin == origin || f.mark.owner == origin)));
	capture_filter(c, &(struct capture_filter){0});
	check(!capture_merge_init(&m, &c, 1));
	while (capture_merge_next(&m, &f, NULL) > 0) {
		key = capture_meta(c) && capture_meta(c)->as_written ? f.block : f.mark.seq;
		check(key >= last || capture_stats(c).disorder);
		last = key;
	}
	capture_merge_destroy(&m);
	capture_free(c);
}

static void verify(const char *path)
{
	struct verify_result r;
	struct input in;

	check(!input_open(&in, path, NULL));
	capture_verify(&in, (const uint8_t *)"................................", NULL, NULL, &r);
	verify_destroy(&r);
	input_close(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[64];

	if (!size || size > 1 << 20)
		return 0;
	if (fd < 0) {
		fd = memfd_create("capture", 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	file_len = 0;
	if (data[0] & 1) {
		build(data + 1, size - 1);
	} else {
		file_len = size - 1;
		memcpy(file, data + 1, size - 1);
	}
	check(!ftruncate(fd, 0) && pwrite(fd, file, file_len, 0) == (ssize_t)file_len);
	read_capture(path);
	verify(path);
	return 0;
}
