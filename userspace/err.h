/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_ERR_H
#define WARDER_ERR_H

/*
 * One error: a sentence for a person (what, where, what to do) beside the -errno that the function returns. The caller owns
 * it; nothing in it is allocated. The first error of a chain is kept by whoever returns first: err_set overwrites.
 */
struct err {
	char msg[512];
};

/* Sets the sentence and returns `code` (a negative errno), so that setting and returning are one line. `e` may be NULL. */
__attribute__((format(printf, 3, 4))) int err_set(struct err *e, int code, const char *fmt, ...);

#endif
