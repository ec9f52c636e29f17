// SPDX-License-Identifier: Apache-2.0
#include "capture/directory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum {
	TRIES_MAX = 16, /* for a name that may never come */
};

void directory_destroy(struct directory *d)
{
	free(d->rows);
	*d = (struct directory){0};
}

/* Where a row is, or belongs. */
static size_t directory_place(const struct directory *d, uint64_t origin)
{
	size_t low = 0, high = d->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (d->rows[mid].origin < origin)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The row, made where it is not there. NULL with *rc 0: there are too many; with -ENOMEM: no memory. */
static struct directory_row *directory_row(struct directory *d, uint64_t origin, int *rc)
{
	size_t at = directory_place(d, origin), room = d->room ? d->room * 2 : 16;
	struct directory_row *rows;

	*rc = 0;
	if (at < d->n && d->rows[at].origin == origin)
		return &d->rows[at];
	if (d->n == DIRECTORY_MAX) {
		d->cut = true;
		return NULL;
	}
	if (d->n == d->room) {
		rows = reallocarray(d->rows, room, sizeof(*rows));
		if (!rows) {
			*rc = -ENOMEM;
			return NULL;
		}
		d->rows = rows;
		d->room = room;
	}
	memmove(&d->rows[at + 1], &d->rows[at], (d->n - at) * sizeof(*d->rows));
	d->n++;
	d->rows[at] = (struct directory_row){.origin = origin};
	return &d->rows[at];
}

static void learn(char out[DIRECTORY_TEXT], const char *s)
{
	if (s && *s)
		text_sanitise(out, DIRECTORY_TEXT, s, strlen(s));
}

static int directory_workload(struct directory *d, const Warder__V1__Workload *w)
{
	struct directory_row *row;
	int rc = 0;

	row = w && w->origin_id ? directory_row(d, w->origin_id, &rc) : NULL;
	if (!row)
		return rc;
	if (w->container) {
		learn(row->id, w->container->id);
		learn(row->name, w->container->name);
		learn(row->image, w->container->image ? w->container->image->ref : NULL);
	}
	if (w->pod) {
		learn(row->pod, w->pod->name);
		learn(row->ns, w->pod->namespace_);
	}
	return 0;
}

/* Whether an event is worth unpacking for this container's sake. */
static bool directory_wants(struct directory *d, uint64_t origin, int *rc)
{
	struct directory_row *row = origin ? directory_row(d, origin, rc) : NULL;

	if (!row || row->name[0] || row->tries == TRIES_MAX)
		return false;
	row->tries++;
	return true;
}

int directory_event(struct directory *d, const void *event, size_t len, const struct capture_mark *m)
{
	int rc = 0, more = 0;
	bool wants = directory_wants(d, m->origin, &rc);
	Warder__V1__Event *e;

	wants |= directory_wants(d, m->owner, &more);
	if (rc || more || !(wants || m->type == WARDER__V1__EVENT_TYPE__IDENTITY))
		return rc ? rc : more;
	e = warder__v1__event__unpack(NULL, len, event);
	if (!e)
		return 0;
	if (e->actor)
		rc = directory_workload(d, e->actor->workload);
	if (!rc && e->owner)
		rc = directory_workload(d, e->owner->workload);
	if (!rc && e->payload_case == WARDER__V1__EVENT__PAYLOAD_IDENTITY)
		rc = directory_workload(d, e->identity->workload);
	warder__v1__event__free_unpacked(e, NULL);
	return rc;
}

int directory_snapshot(struct directory *d, const void *bytes, size_t len)
{
	struct wire in = wire_of(bytes, len);
	struct capture_mark m;
	struct wire_field f;
	int more = 0, rc = 0;

	while (!rc && (more = wire_next(&in, &f)) > 0)
		if (f.tag == 1 && f.sub.at && !capture_mark_read(f.sub.at, (size_t)(f.sub.end - f.sub.at), &m))
			rc = directory_event(d, f.sub.at, (size_t)(f.sub.end - f.sub.at), &m);
	return rc ? rc : more ? -EBADMSG : 0;
}

void directory_take(struct directory *d, struct wire w)
{
	Warder__V1__CaptureIndex__Container *c = (void *)protobuf_c_message_unpack(
		&warder__v1__capture_index__container__descriptor, NULL, (size_t)(w.end - w.at), w.at);
	struct directory_row *row;
	int rc;

	row = c ? directory_row(d, c->origin, &rc) : NULL;
	if (row) {
		learn(row->id, c->id);
		learn(row->name, c->name);
		learn(row->pod, c->pod);
		learn(row->ns, c->namespace_);
		learn(row->image, c->image);
	}
	if (c)
		protobuf_c_message_free_unpacked(&c->base, NULL);
}

int directory_message(const struct directory *d, Warder__V1__CaptureIndex *m)
{
	Warder__V1__CaptureIndex__Container *rows = calloc(d->n + 1, sizeof(*rows));

	m->containers = calloc(d->n + 1, sizeof(*m->containers));
	if (!rows || !m->containers) {
		free(rows);
		return -ENOMEM;
	}
	m->containers[0] = rows; /* all are one piece, by its first */
	for (size_t i = 0; i < d->n; i++) {
		struct directory_row *row = &d->rows[i];

		warder__v1__capture_index__container__init(&rows[i]);
		rows[i].origin = row->origin;
		rows[i].id = row->id;
		rows[i].name = row->name;
		rows[i].pod = row->pod;
		rows[i].namespace_ = row->ns;
		rows[i].image = row->image;
		m->containers[i] = &rows[i];
	}
	m->n_containers = d->n;
	m->containers_cut = d->cut;
	return 0;
}

void directory_message_free(Warder__V1__CaptureIndex *m)
{
	if (m->containers)
		free(m->containers[0]);
	free(m->containers);
	m->containers = NULL;
}

bool directory_means(const struct directory_row *row, const char *word)
{
	char text[2 * DIRECTORY_TEXT];

	if (!*word)
		return false;
	snprintf(text, sizeof(text), "%s/%s", row->ns, row->pod);
	if (!strcmp(row->name, word) || !strcmp(row->pod, word) || (row->pod[0] && !strcmp(text, word)))
		return true;
	snprintf(text, sizeof(text), "%" PRIu64, row->origin);
	return !strcmp(text, word) || (strlen(word) >= 6 && !strncmp(row->id, word, strlen(word)));
}
