// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"
#include "sink/kinds.h"
#include "sink/stream.h"

static int proto_open(struct sink *s, const char *arg, struct err *err)
{
	if (!strcmp(arg, "-") && isatty(STDOUT_FILENO))
		return err_set(err, -EINVAL, "sink '%.100s': stdout is a terminal and frames are binary; use a pipe or a file",
			       s->spec);
	return stream_open(s, arg, err);
}

static int proto_write(struct sink *s, const Warder__V1__Event *e)
{
	ssize_t n = frame_pack(&e->base, stream_room(s), STREAM_RECORD_MAX);

	return n < 0 ? (int)n : stream_commit(s, (size_t)n);
}

const struct sink_kind sink_proto = {
	.name = "proto",
	.help = "proto:PATH, proto:- (stdout), proto:unix:PATH  protobuf Events, each after its length as a varint",
	.open = proto_open,
	.write = proto_write,
	.flush = stream_flush,
	.close = stream_close,
};
