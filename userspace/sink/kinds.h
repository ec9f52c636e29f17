/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_SINK_KINDS_H
#define WARDER_SINK_KINDS_H

#include "sink.h"

/* The rows of sink.c's table, one in each file of this directory. */
extern const struct sink_kind sink_console, sink_ndjson, sink_proto, sink_capture;

#endif
