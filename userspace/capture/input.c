// SPDX-License-Identifier: Apache-2.0
#include "capture/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int copy(int from, int to)
{
	static char buf[64 << 10];
	ssize_t n, done, k;

	for (;;) {
		n = read(from, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		for (done = 0; done < n; done += k) {
			k = write(to, buf + done, (size_t)(n - done));
			if (k < 0 && errno != EINTR)
				return -errno;
			k = k < 0 ? 0 : k;
		}
	}
}

/* Puts a nameless file with the same bytes in the descriptor's place. */
static int spool(struct input *in, const char *path, struct err *err)
{
	const char *dir = getenv("TMPDIR");
	FILE *f = NULL;
	int rc, fd;

	fd = dir && *dir ? open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;
	if (fd < 0) {
		f = tmpfile();
		fd = f ? fcntl(fileno(f), F_DUPFD_CLOEXEC, 3) : -1;
		rc = -errno;
		if (f)
			fclose(f);
		if (fd < 0)
			return err_set(err, rc, "%.200s: no temporary file to read it from: %s", path, strerror(-rc));
	}
	rc = copy(in->fd, fd);
	close(in->fd);
	in->fd = fd;
	return rc ? err_set(err, rc, "%.200s: copying it to a temporary file: %s", path, strerror(-rc)) : 0;
}

int input_open(struct input *in, const char *path, struct err *err)
{
	struct stat sb;
	int rc = 0;

	*in = (struct input){.fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
						     : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)};
	if (in->fd < 0)
		return err_set(err, -errno, "%.200s: %s", path, strerror(errno));
	if (fstat(in->fd, &sb))
		rc = err_set(err, -errno, "%.200s: %s", path, strerror(errno));
	else if (S_ISDIR(sb.st_mode))
		rc = err_set(err, -EISDIR, "%.200s: it is a directory; name the files in it", path);
	else if (!S_ISREG(sb.st_mode) && (!(rc = spool(in, path, err))) && fstat(in->fd, &sb))
		rc = err_set(err, -errno, "%.200s: %s", path, strerror(errno));
	if (rc) {
		input_close(in);
		return rc;
	}
	in->size = (uint64_t)sb.st_size;
	return 0;
}

void input_close(struct input *in)
{
	if (in->fd >= 0)
		close(in->fd);
	in->fd = -1;
}

int input_read(struct input *in, uint64_t offset, void *out, size_t n)
{
	char *at = out;
	ssize_t k;

	if (offset > in->size || n > in->size - offset)
		return -EIO;
	while (n) {
		k = pread(in->fd, at, n, (off_t)offset);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return k < 0 ? -errno : -EIO; /* it has become shorter */
		at += k;
		offset += (uint64_t)k;
		n -= (size_t)k;
		in->bytes += (uint64_t)k;
	}
	if (in->watch)
		in->watch(offset, in->size);
	return 0;
}
