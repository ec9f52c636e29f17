/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_FILE_H
#define WARDER_FILE_H

#include <stddef.h>

#include "err.h"

/*
 * A whole file that an operator named, of less than 1 MiB. *buf is the caller's to free, and has a NUL behind its end. Returns
 * 0; -errno with *err set, which names the file, and nothing to free.
 */
int file_read(const char *path, char **buf, size_t *len, struct err *err);

#endif
