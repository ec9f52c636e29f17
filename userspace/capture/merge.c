// SPDX-License-Identifier: Apache-2.0
#include "capture/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct merge_head {
	struct capture_frame frame;
	uint64_t time_ns; /* never goes back */
	const char *node;
	bool begun, ended;
};

int capture_merge_init(struct capture_merge *m, struct capture **files, size_t n)
{
	*m = (struct capture_merge){.files = files, .n = n, .last = n};
	if (n > MERGE_MAX)
		return -E2BIG;
	m->heads = calloc(n + 1, sizeof(*m->heads));
	if (!m->heads)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const Warder__V1__CaptureHeader *meta = capture_meta(files[i]);

		m->heads[i].node = meta ? meta->node : "";
		m->heads[i].time_ns = capture_begins(files[i]);
		m->heads[i].ended = m->heads[i].time_ns == UINT64_MAX;
	}
	return 0;
}

void capture_merge_destroy(struct capture_merge *m)
{
	free(m->heads);
	*m = (struct capture_merge){0};
}

static bool merge_before(const struct merge_head *a, const struct merge_head *b)
{
	int nodes;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns;
	/* One that may begin at this time is looked into before anything of that time is given out. */
	if (a->begun != b->begun)
		return !a->begun;
	nodes = strcmp(a->node, b->node);
	return nodes ? nodes < 0 : a->frame.mark.seq < b->frame.mark.seq;
}

/* The next frame of a file. 0, also at its end; -errno. */
static int merge_advance(struct capture_merge *m, size_t i)
{
	struct merge_head *h = &m->heads[i];
	int rc = capture_next(m->files[i], &h->frame);

	h->begun = true;
	h->ended = rc <= 0;
	if (rc > 0 && h->frame.mark.time_ns > h->time_ns)
		h->time_ns = h->frame.mark.time_ns;
	return rc < 0 ? rc : 0;
}

int capture_merge_next(struct capture_merge *m, struct capture_frame *out, struct capture **from)
{
	size_t i, best = m->last;
	int rc = best < m->n ? merge_advance(m, best) : 0;

	m->last = m->n;
	while (!rc) {
		for (best = m->n, i = 0; i < m->n; i++)
			if (!m->heads[i].ended && (best == m->n || merge_before(&m->heads[i], &m->heads[best])))
				best = i;
		if (best == m->n)
			return 0;
		if (m->heads[best].begun)
			break;
		rc = merge_advance(m, best);
	}
	if (from)
		*from = m->files[best];
	if (rc)
		return rc;
	*out = m->heads[best].frame;
	m->last = best;
	return 1;
}
