/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_SENSITIVE_PATH_H
#define WARDER_SENSITIVE_PATH_H

/* A file or directory of the host that containers are not to touch, though it may be mounted into them. Strings are their giver's. */

#define SENSITIVE_READ  1
#define SENSITIVE_WRITE 2

struct sensitive_path {
	const char *path;      /* absolute, with no "." and ".."; one that ends with "/" is a directory and all below it */
	unsigned int access;   /* which accesses are meant: SENSITIVE_* */
	const char *technique; /* of the catalogue; NULL: that of what touches any sensitive path */
};

#endif
