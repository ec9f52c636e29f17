// SPDX-License-Identifier: Apache-2.0
#include "replays.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENT_SIZE (1 << 20) /* more than most events come to, unpacked */

/* One run of one sensor. */
struct replays_run {
	char node[128], boot[64];
	uint64_t nonce;
	struct replay replay;
};

/* All engines have this sink, which passes on and owns nothing. */
static int pass_write(struct sink *s, const Warder__V1__Event *e)
{
	struct replays *r = s->state;

	r->tell(r->ctx, e);
	return 0;
}

static const struct sink_kind pass = {.name = "pass", .help = "", .write = pass_write};

int replays_init(struct replays *r, struct err *err)
{
	return unpack_init(&r->unpack, EVENT_SIZE) ? err_set(err, -ENOMEM, "not enough memory for a replay") : 0;
}

void replays_destroy(struct replays *r)
{
	for (size_t i = 0; i < r->n; i++) {
		replay_destroy(&r->runs[i]->replay);
		free(r->runs[i]);
	}
	r->n = 0;
	unpack_destroy(&r->unpack);
}

static struct replays_run *run_new(struct replays *r, const Warder__V1__CaptureHeader *m, struct err *err)
{
	struct replays_run *run = calloc(1, sizeof(*run));
	struct sink *sink = calloc(1, sizeof(*sink));

	if (!run || !sink || replay_init(&run->replay, &r->policy->rules, &r->policy->trust, r->other, err)) {
		free(run);
		free(sink);
		err_set(err, -ENOMEM, "not enough memory for one more stream");
		return NULL;
	}
	snprintf(run->node, sizeof(run->node), "%s", m->node);
	snprintf(run->boot, sizeof(run->boot), "%s", m->boot_id);
	run->nonce = m->stream;
	sink->kind = &pass;
	sink->state = r;
	engine_add_sink(&run->replay.engine, sink);
	replay_begin(&run->replay, m->node, m->boot_id, m->kernel, m->realtime_0, m->stream);
	return run;
}

static struct replays_run *run_of(struct replays *r, const struct capture *c, struct err *err)
{
	const Warder__V1__CaptureHeader *m = capture_meta(c);
	struct replays_run *run;

	if (!m) {
		err_set(err, -EBADMSG,
			"%s: the first block is damaged, which says whose stream it is; 'warder cat' prints its events",
			capture_path(c));
		return NULL;
	}
	for (size_t i = 0; i < r->n; i++)
		if (r->runs[i]->nonce == m->stream && !strcmp(r->runs[i]->boot, m->boot_id) &&
		    !strcmp(r->runs[i]->node, m->node))
			return r->runs[i];
	if (r->n == REPLAYS_MAX) {
		err_set(err, -E2BIG, "more than %d runs of sensors in these files", REPLAYS_MAX);
		return NULL;
	}
	run = run_new(r, m, err);
	if (run)
		r->runs[r->n++] = run;
	return run;
}

/* What stood when the file was begun. A stream that came from another file knows it. */
static void take_snapshot(struct replay *r, const struct capture_frame *f)
{
	Warder__V1__CaptureSnapshot *m;

	if (r->events)
		return;
	m = warder__v1__capture_snapshot__unpack(NULL, f->len, f->bytes);
	for (size_t i = 0; m && i < m->n_events; i++)
		replay_snapshot(r, m->events[i]);
	if (m)
		warder__v1__capture_snapshot__free_unpacked(m, NULL);
}

int replays_frame(struct replays *r, const struct capture *c, const struct capture_frame *f, struct err *err)
{
	struct replays_run *run = run_of(r, c, err);
	Warder__V1__Event *e;

	if (!run)
		return -EBADMSG;
	if (f->type == BLOCK_TYPE_SNAPSHOT) {
		take_snapshot(&run->replay, f);
		return 0;
	}
	if (f->type != BLOCK_TYPE_EVENTS)
		return 0; /* what the recorder let go of is no part of the stream */
	e = (Warder__V1__Event *)unpack(&r->unpack, &warder__v1__event__descriptor, f->bytes, f->len);
	if (!e) {
		run->replay.refused++;
		return 0;
	}
	if (r->see)
		r->see(r->ctx, e);
	replay_event(&run->replay, e);
	unpack_done(&r->unpack, &e->base);
	return 0;
}

struct replay *replays_at(struct replays *r, size_t i)
{
	return &r->runs[i]->replay;
}
