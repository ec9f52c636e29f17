// SPDX-License-Identifier: Apache-2.0
#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1024 * 1024)

int file_read(const char *path, char **buf, size_t *len, struct err *err)
{
	FILE *f = fopen(path, "re");
	int r = 0;

	*buf = NULL;
	if (!f)
		return err_set(err, -errno, "%.200s: %s", path, strerror(errno));
	*buf = malloc(FILE_MAX);
	*len = *buf ? fread(*buf, 1, FILE_MAX, f) : 0;
	if (!*buf)
		r = err_set(err, -ENOMEM, "%.200s: not enough memory", path);
	else if (ferror(f))
		r = err_set(err, -EIO, "%.200s: it cannot be read", path);
	else if (*len == FILE_MAX)
		r = err_set(err, -EFBIG, "%.200s: it has %d bytes or more", path, FILE_MAX);
	else
		(*buf)[*len] = 0;
	fclose(f);
	if (r) {
		free(*buf);
		*buf = NULL;
	}
	return r;
}
