/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_CAPTURE_INPUT_H
#define WARDER_CAPTURE_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* A capture's bytes, which can be read in any order. What is a pipe is copied to a nameless temporary file first. */
struct input {
	int fd;
	uint64_t size;  /* when it was opened: a file that grows is read up to there */
	uint64_t bytes; /* read so far */
	/* NULL, or told after each reading at which byte of the file it ended */
	void (*watch)(uint64_t done, uint64_t total);
};

/* `path`: "-" is the standard input. 0, or -errno with *err set and nothing to close. */
int input_open(struct input *in, const char *path, struct err *err);
void input_close(struct input *in);

/* `n` bytes at `offset`, all of them. 0; -EIO where there are fewer; -errno. */
int input_read(struct input *in, uint64_t offset, void *out, size_t n);

#endif
