// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "sink/kinds.h"
#include "sink/stream.h"

/* Whether a crash left half a line at the file's end: the first new event must not be glued to it. */
static bool ndjson_is_torn(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char last = '\n';
	struct stat st;

	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size && pread(fd, &last, 1, st.st_size - 1) != 1)
		last = '\n';
	close(fd);
	return last != '\n';
}

static int ndjson_open(struct sink *s, const char *arg, struct err *err)
{
	int ret = stream_open(s, arg, err);

	if (!ret && ndjson_is_torn(arg)) {
		*stream_room(s) = '\n';
		stream_commit(s, 1);
	}
	return ret;
}

static int ndjson_write(struct sink *s, const Warder__V1__Event *e)
{
	ssize_t n = json_line(&e->base, stream_room(s), STREAM_RECORD_MAX);

	return n < 0 ? (int)n : stream_commit(s, (size_t)n);
}

const struct sink_kind sink_ndjson = {
	.name = "ndjson",
	.help = "ndjson:PATH, ndjson:- (stdout), ndjson:unix:PATH  one JSON object a line, for log shippers",
	.open = ndjson_open,
	.write = ndjson_write,
	.flush = stream_flush,
	.close = stream_close,
};
