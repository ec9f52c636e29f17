// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime.h"

int host_open_root(const char *host_root)
{
	int fd = open(*host_root ? host_root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/*
 * /var/lib/docker is a link on many nodes, often an absolute one, so links on the way must be followed as the host would: the
 * kernel does that (5.6) and cannot be led out of the root. The file itself is never a link. O_NONBLOCK is for a FIFO in its
 * place, which must not hold us.
 */
static int host_open(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* Reads what there is to the end. A file that has more than RUNTIME_FILE_MAX (or grew to it meanwhile) is refused. */
static int read_all(int fd, size_t size, char **buf, size_t *len)
{
	*buf = malloc(size + 1);
	for (*len = 0; *buf;) {
		ssize_t n = read(fd, *buf + *len, size + 1 - *len);
		char *more;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return 0;
		*len += n;
		if (*len <= size)
			continue;
		if (size >= RUNTIME_FILE_MAX)
			return -EFBIG;
		size = size * 4 < RUNTIME_FILE_MAX ? size * 4 : RUNTIME_FILE_MAX;
		more = realloc(*buf, size + 1);
		if (!more)
			return -ENOMEM;
		*buf = more;
	}
	return -ENOMEM;
}

int host_read(int root, const char *path, char **buf, size_t *len)
{
	struct stat st;
	int fd, r;

	*buf = NULL;
	fd = host_open(root, path, 0);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -ENXIO;
	else if (st.st_size > RUNTIME_FILE_MAX)
		r = -EFBIG;
	else /* files of /proc say that they have no size */
		r = read_all(fd, st.st_size > 4096 ? st.st_size : 4096, buf, len);
	close(fd);
	if (r) {
		free(*buf);
		*buf = NULL;
		return r;
	}
	(*buf)[*len] = 0;
	return 0;
}

/* A link that aims out of the root ends inside of it, mostly at nothing: that is a file which is not there. */
int refusals_count(struct refusals *to, int r)
{
	const struct {
		int error;
		uint64_t *counter;
	} reasons[] = {
		{0, NULL},
		{-ENOENT, NULL},
		{-ENAMETOOLONG, NULL},
		{-EINVAL, &to->invalid},
		{-EFBIG, &to->too_big},
		{-ENOMEM, &to->too_big},
		{-ENXIO, &to->not_a_file},
		{-ENOTDIR, &to->not_a_file},
		{-ELOOP, &to->link},
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (r != reasons[i].error)
			continue;
		if (reasons[i].counter)
			++*reasons[i].counter;
		return r;
	}
	to->unreadable++;
	return r;
}

int runtime_read(const struct runtime_query *q, const char *path, char **buf, size_t *len)
{
	return refusals_count(q->refused, host_read(q->root, path, buf, len));
}

/* Field 2 may hold blanks and brackets itself: what comes after its end is counted. */
int host_process(int root, unsigned int pid, struct process_stat *out)
{
	unsigned long long start = 0; /* where the line is cut */
	char path[32], *buf, *p;
	size_t len;
	int n, r;

	out->flags = 0;
	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	r = host_read(root, path, &buf, &len);
	if (r)
		return r;
	p = strrchr(buf, ')');
	n = p ? sscanf(p, ") %c %u %*s %*s %*s %*s %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &out->state,
		       &out->parent, &out->flags, &start)
	      : 0;
	free(buf);
	if (n < 2)
		return -EINVAL;
	out->start = start;
	return 0;
}

FILE *host_stream(int root, const char *path)
{
	struct stat st;
	int fd = host_open(root, path, 0);
	FILE *f = NULL;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		f = fdopen(fd, "re");
	if (!f)
		close(fd);
	return f;
}

bool host_line(FILE *f, char *line, size_t size)
{
	size_t n = 0;
	int c;

	while ((c = getc_unlocked(f)) != EOF && c != '\n')
		if (n + 1 < size)
			line[n++] = (char)c;
	line[n] = '\0';
	return n || c != EOF;
}

int host_lookup(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | flags,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

bool host_exists(int root, const char *path)
{
	int fd = host_lookup(root, path, O_NOFOLLOW);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Procfs tells where a descriptor leads as this process sees it; so it does of the root. */
static ssize_t path_of(int fd, char *out, size_t size)
{
	char link[40];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, out, size);
	if (n < 0)
		return -errno;
	if ((size_t)n == size)
		return -ENAMETOOLONG;
	out[n] = '\0';
	return n;
}

int host_realpath(int root, const char *path, char *out, size_t size)
{
	char full[PATH_MAX], top[PATH_MAX];
	int fd = host_lookup(root, path, 0);
	ssize_t n, skip;

	if (fd < 0)
		return fd;
	n = path_of(fd, full, sizeof(full));
	close(fd);
	skip = path_of(root, top, sizeof(top));
	if (n < 0 || skip < 0)
		return n < 0 ? (int)n : (int)skip;
	if (skip == 1)
		skip = 0;
	return (size_t)snprintf(out, size, "%s", full[skip] ? full + skip : "/") < size ? 0 : -ENAMETOOLONG;
}

DIR *host_opendir(int root, const char *path)
{
	int fd = host_open(root, path, O_DIRECTORY);
	DIR *d;

	if (fd < 0)
		return NULL;
	d = fdopendir(fd);
	if (!d)
		close(fd);
	return d;
}

int64_t host_seconds(const char *rfc3339)
{
	int hours = 0, minutes = 0, n = 0;
	struct tm tm = {0};
	int64_t t;
	char sign;

	if (sscanf(rfc3339, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
		   &tm.tm_sec, &n) != 6 ||
	    !n)
		return 0;
	if (tm.tm_year < 1970 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour < 0 ||
	    tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	t = timegm(&tm);
	rfc3339 += n;
	if (*rfc3339 == '.')
		for (rfc3339++; *rfc3339 >= '0' && *rfc3339 <= '9';)
			rfc3339++;
	sign = *rfc3339;
	if (sign == 'Z')
		return t;
	if ((sign != '+' && sign != '-') || sscanf(rfc3339 + 1, "%2d:%2d", &hours, &minutes) != 2)
		return 0;
	t += (sign == '+' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return t > 0 ? t : 0;
}
