// SPDX-License-Identifier: Apache-2.0
#include "capture/reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/input.h"
#include "capture/scan.h"
#include "capture/wire.h"

struct piece {
	uint32_t at, len; /* in the block's payload */
	struct capture_mark mark;
};

/* A block that events are being taken from. */
struct opened {
	uint8_t *raw;
	struct piece *pieces; /* in the order of their numbers */
	uint32_t n, next;
	size_t bytes; /* that it holds */
	uint64_t offset;
	uint8_t type;
};

struct capture {
	struct input in;
	char *path;
	Warder__V1__CaptureHeader *meta;
	struct capture_index index;
	struct directory directory;
	bool indexed, whole_directory, as_written;
	uint8_t id[BLOCK_ID];
	struct capture_filter filter;
	uint32_t *order; /* rows of the index that are wanted, by their first number */
	size_t n_order, next;
	struct opened open[READER_OPEN];
	size_t n_open, bytes_open, last; /* last: whose event was delivered, n_open: none was */
	struct capture_damage damage[READER_DAMAGE];
	size_t n_damage;
	struct capture_stats stats;
};

static void damage_add(struct capture *c, uint64_t offset, uint64_t length, enum block_fault fault)
{
	/* A block that is read again is no further damage. */
	for (size_t i = 0; i < c->n_damage; i++)
		if (c->damage[i].offset == offset)
			return;
	if (c->n_damage < READER_DAMAGE)
		c->damage[c->n_damage++] = (struct capture_damage){offset, length, fault};
	c->stats.damaged++;
}

/* Blocks by their own headers: where there is no index that can be believed. */
static int capture_scan(struct capture *c)
{
	struct scan_step step;
	struct scan s;
	int rc = scan_open(&s, &c->in, false), found = 0;

	while (!rc && (found = scan_next(&s, &step)) > 0) {
		if (step.fault)
			damage_add(c, step.offset, step.length, step.fault);
		if (step.found)
			rc = index_add(&c->index, &step.block, step.offset, NULL, 0);
	}
	if (!rc && s.footer) /* it is good, and what it points to is not */
		damage_add(c, s.index_offset, 0, BLOCK_BAD_CONTENT);
	scan_close(&s);
	return rc ? rc : found;
}

static int capture_map(struct capture *c)
{
	uint8_t footer[BLOCK_FOOTER];
	uint64_t offset;
	int rc = -EBADMSG;

	if (c->in.size >= BLOCK_FOOTER) {
		rc = input_read(&c->in, c->in.size - BLOCK_FOOTER, footer, sizeof(footer));
		if (rc)
			return rc;
		rc = block_footer_decode(footer, &offset) ? index_read(&c->index, &c->directory, &c->in, offset) : -EBADMSG;
	}
	c->indexed = c->whole_directory = !rc;
	if (!rc || (rc != -EBADMSG && rc != -EIO))
		return rc;
	index_clear(&c->index);
	directory_destroy(&c->directory);
	return capture_scan(c);
}

/* Reads a block of the index's and checks it. 1: *payload is the caller's to free; 0: it is damaged; -errno. */
static int capture_block(struct capture *c, const struct capture_entry *e, struct block *b, uint8_t **payload)
{
	uint8_t *bytes = malloc(e->length);
	enum block_fault fault;
	int rc;

	*payload = NULL;
	if (!bytes)
		return -ENOMEM;
	rc = input_read(&c->in, e->offset, bytes, e->length);
	if (rc) {
		free(bytes);
		return rc;
	}
	fault = block_decode(b, bytes);
	if (!fault && (block_size(b->stored_len) != e->length || b->type != e->type || b->records != e->records ||
		       b->seq_first != e->seq_first || b->seq_last != e->seq_last))
		fault = BLOCK_BAD_CONTENT;
	if (!fault && c->stats.blocks && memcmp(b->file_id, c->id, BLOCK_ID))
		fault = BLOCK_FOREIGN;
	if (!fault)
		fault = block_check(b, bytes);
	if (fault)
		damage_add(c, e->offset, e->length, fault);
	if (!fault || fault == BLOCK_BAD_END) {
		*payload = malloc((size_t)b->raw_len + 1);
		rc = *payload ? 0 : -ENOMEM;
		if (!rc && block_inflate(b, bytes, *payload)) {
			damage_add(c, e->offset, e->length, BLOCK_BAD_CONTENT);
			free(*payload);
			*payload = NULL;
		}
	}
	free(bytes);
	c->stats.read++;
	return rc ? rc : *payload != NULL;
}

/* The first block says whose file it is. */
static int capture_header(struct capture *c)
{
	uint8_t *payload;
	struct block b;
	int rc = capture_block(c, &c->index.rows[0], &b, &payload);

	if (rc <= 0)
		return rc;
	memcpy(c->id, b.file_id, BLOCK_ID);
	if (b.type == BLOCK_TYPE_HEADER) {
		c->meta = warder__v1__capture_header__unpack(NULL, b.raw_len, payload);
		if (!c->meta)
			damage_add(c, c->index.rows[0].offset, c->index.rows[0].length, BLOCK_BAD_CONTENT);
		c->as_written = c->meta && c->meta->as_written;
	}
	c->stats.blocks = c->index.n; /* from now on others must have the same id */
	free(payload);
	return 0;
}

int capture_open(struct capture **out, const char *path, struct err *err)
{
	struct capture *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return err_set(err, -ENOMEM, "%.200s: no memory", path);
	rc = input_open(&c->in, path, err);
	if (rc) {
		free(c);
		return rc;
	}
	c->path = strdup(strcmp(path, "-") ? path : "standard input");
	rc = c->path ? capture_map(c) : -ENOMEM;
	if (!rc && !c->index.n)
		rc = err_set(err, -EBADMSG, "%.200s: no capture: there is not one whole block in its %llu bytes", path,
			     (unsigned long long)c->in.size);
	else if (!rc)
		rc = capture_header(c);
	if (rc && rc != -EBADMSG)
		err_set(err, rc, "%.200s: reading: %s", path, strerror(-rc));
	if (rc) {
		capture_free(c);
		return rc;
	}
	capture_filter(c, &(struct capture_filter){0});
	*out = c;
	return 0;
}

static void opened_drop(struct capture *c, size_t i)
{
	free(c->open[i].raw);
	free(c->open[i].pieces);
	c->bytes_open -= c->open[i].bytes;
	c->open[i] = c->open[--c->n_open];
	c->last = READER_OPEN;
}

void capture_free(struct capture *c)
{
	if (!c)
		return;
	while (c->n_open)
		opened_drop(c, 0);
	input_close(&c->in);
	index_destroy(&c->index);
	directory_destroy(&c->directory);
	if (c->meta)
		warder__v1__capture_header__free_unpacked(c->meta, NULL);
	free(c->order);
	free(c->path);
	free(c);
}

const Warder__V1__CaptureHeader *capture_meta(const struct capture *c)
{
	return c->meta;
}

const char *capture_path(const struct capture *c)
{
	return c->path;
}

struct input *capture_input(struct capture *c)
{
	return &c->in;
}

static bool wants_block(const struct capture *c, const struct capture_entry *e)
{
	const struct capture_filter *f = &c->filter;

	if (e->type == BLOCK_TYPE_SNAPSHOT)
		return f->snapshots;
	if (e->type != BLOCK_TYPE_EVENTS && e->type != BLOCK_TYPE_LOST)
		return false;
	if (e->time_last < f->from_ns || (f->to_ns && e->time_first > f->to_ns))
		return false;
	if (e->type == BLOCK_TYPE_LOST)
		return true;
	if (f->no_origin || e->severity < f->severity)
		return false;
	for (size_t i = 0; i < f->n_origins; i++)
		if (index_has_origin(&c->index, e, f->origins[i]))
			return true;
	return !f->n_origins;
}

static bool wants_event(const struct capture_filter *f, const struct capture_mark *m, uint8_t type)
{
	bool typed = f->types[0] | f->types[1] | f->types[2] | f->types[3];

	if (m->time_ns < f->from_ns || (f->to_ns && m->time_ns > f->to_ns))
		return false;
	if (type == BLOCK_TYPE_LOST)
		return true;
	if (m->severity < f->severity)
		return false;
	if (typed && (m->type > 255 || !(f->types[m->type / 64] >> m->type % 64 & 1)))
		return false;
	for (size_t i = 0; i < f->n_origins; i++)
		if (f->origins[i] == m->origin || f->origins[i] == m->owner)
			return true;
	return !f->n_origins;
}

/* What events and blocks are sorted by. */
static uint64_t entry_key(const struct capture *c, const struct capture_entry *e)
{
	return c->as_written ? e->offset : e->seq_first;
}

static uint64_t piece_key(const struct capture *c, const struct opened *o)
{
	return c->as_written ? o->offset : o->pieces[o->next].mark.seq;
}

static int entry_compare(const void *a, const void *b, void *c)
{
	const struct capture_entry *rows = ((const struct capture *)c)->index.rows;
	const struct capture_entry *x = &rows[*(const uint32_t *)a], *y = &rows[*(const uint32_t *)b];
	uint64_t i = entry_key(c, x), k = entry_key(c, y);

	if (i != k)
		return i < k ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

void capture_filter(struct capture *c, const struct capture_filter *f)
{
	while (c->n_open)
		opened_drop(c, 0);
	c->filter = *f;
	c->n_order = c->next = 0;
	c->last = READER_OPEN;
	free(c->order);
	/* Without memory nothing is wanted, and capture_next says so. */
	c->order = calloc(c->index.n + 1, sizeof(*c->order));
	for (uint32_t i = 0; c->order && i < c->index.n; i++)
		if (wants_block(c, &c->index.rows[i]))
			c->order[c->n_order++] = i;
	if (c->order)
		qsort_r(c->order, c->n_order, sizeof(*c->order), entry_compare, c);
}

static int piece_compare(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->mark.seq != y->mark.seq)
		return x->mark.seq < y->mark.seq ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Takes a block's payload apart, and keeps what is wanted of it. 1; 0: it holds something else than it says; -ENOMEM. */
static int opened_fill(const struct capture *c, struct opened *o, const struct block *b)
{
	struct wire in = wire_of(o->raw, b->raw_len), event;
	bool sorted = true;
	struct piece *p;
	uint64_t len;

	o->pieces = malloc(((size_t)b->records + 1) * sizeof(*o->pieces));
	if (!o->pieces)
		return -ENOMEM;
	o->bytes = b->raw_len + (size_t)b->records * sizeof(*o->pieces);
	o->type = b->type;
	if (b->type == BLOCK_TYPE_SNAPSHOT) {
		o->pieces[o->n++] = (struct piece){0, b->raw_len, {.seq = b->seq_first, .time_ns = b->time_first}};
		return b->records == 1;
	}
	for (uint32_t i = 0; i < b->records; i++) {
		p = &o->pieces[o->n];
		if (!wire_varint(&in, &len) || !wire_bytes(&in, len, &event) ||
		    capture_mark_read(event.at, (size_t)len, &p->mark))
			return 0;
		p->at = (uint32_t)(event.at - o->raw);
		p->len = (uint32_t)len;
		if (!wants_event(&c->filter, &p->mark, b->type))
			continue;
		sorted &= c->as_written || !o->n || p[-1].mark.seq <= p->mark.seq;
		o->n++;
	}
	if (!sorted)
		qsort(o->pieces, o->n, sizeof(*o->pieces), piece_compare);
	return in.at == in.end;
}

/* Opens the next wanted block. 0, also where it is damaged; -errno. */
static int capture_open_next(struct capture *c)
{
	const struct capture_entry *e = &c->index.rows[c->order[c->next++]];
	struct opened o = {.offset = e->offset};
	struct block b;
	int rc = capture_block(c, e, &b, &o.raw);

	if (rc <= 0)
		return rc;
	rc = opened_fill(c, &o, &b);
	if (rc == 0)
		damage_add(c, e->offset, e->length, BLOCK_BAD_CONTENT);
	if (rc <= 0 || !o.n) {
		free(o.raw);
		free(o.pieces);
		return rc < 0 ? rc : 0;
	}
	c->bytes_open += o.bytes;
	c->open[c->n_open++] = o;
	return 0;
}

/* Which open block has the next event; n_open: none is open. */
static size_t capture_first(const struct capture *c)
{
	size_t best = 0;

	for (size_t i = 1; i < c->n_open; i++) {
		const struct opened *x = &c->open[i], *y = &c->open[best];
		uint64_t a = piece_key(c, x), b = piece_key(c, y);

		if (a < b || (a == b && x->offset < y->offset))
			best = i;
	}
	return best;
}

int capture_next(struct capture *c, struct capture_frame *out)
{
	const struct capture_entry *e;
	const struct piece *p;
	struct opened *o;
	uint64_t key;
	size_t i;
	int rc;

	if (!c->order)
		return -ENOMEM;
	if (c->last < READER_OPEN && ++c->open[c->last].next == c->open[c->last].n)
		opened_drop(c, c->last);
	c->last = READER_OPEN;
	for (;;) {
		i = capture_first(c);
		if (c->next == c->n_order)
			break;
		e = &c->index.rows[c->order[c->next]];
		key = c->n_open ? piece_key(c, &c->open[i]) : UINT64_MAX;
		if (c->n_open && (key < entry_key(c, e) || c->n_open == READER_OPEN || c->bytes_open > READER_BYTES)) {
			c->stats.disorder += key > entry_key(c, e);
			break;
		}
		rc = capture_open_next(c);
		if (rc)
			return rc;
	}
	if (!c->n_open)
		return 0;
	o = &c->open[i];
	p = &o->pieces[o->next];
	*out = (struct capture_frame){o->raw + p->at, p->len, o->type, o->offset, p->mark};
	c->last = i;
	return 1;
}

uint64_t capture_begins(const struct capture *c)
{
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < c->n_order; i++)
		if (c->index.rows[c->order[i]].time_first < first)
			first = c->index.rows[c->order[i]].time_first;
	return first;
}

const struct directory *capture_directory(struct capture *c)
{
	struct capture_filter was = c->filter;
	struct capture_frame f;
	int rc = 1;

	if (c->whole_directory)
		return &c->directory;
	capture_filter(c, &(struct capture_filter){.snapshots = true});
	while (rc > 0 && (rc = capture_next(c, &f)) > 0)
		if (f.type != BLOCK_TYPE_SNAPSHOT)
			rc = directory_event(&c->directory, f.bytes, f.len, &f.mark) ? -ENOMEM : 1;
		else if (directory_snapshot(&c->directory, f.bytes, f.len) == -ENOMEM)
			rc = -ENOMEM;
	capture_filter(c, &was);
	c->whole_directory = rc == 0;
	return rc ? NULL : &c->directory;
}

struct capture_stats capture_stats(const struct capture *c)
{
	struct capture_stats s = c->stats;

	s.indexed = c->indexed;
	s.size = c->in.size;
	s.bytes = c->in.bytes;
	s.blocks = c->index.n;
	return s;
}

const struct capture_damage *capture_damages(const struct capture *c, size_t *n)
{
	*n = c->n_damage;
	return c->damage;
}
