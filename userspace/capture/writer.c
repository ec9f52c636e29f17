// SPDX-License-Identifier: Apache-2.0
#include "capture/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "capture/directory.h"
#include "capture/index.h"
#include "capture/wire.h"

enum {
	INDEX_FLUSH = 1 << 20, /* bytes of an INDEX block's message before the directory */
};

/* The schema that the sensor was built with: a FileDescriptorSet, between two symbols of the linker's. */
extern const uint8_t protoset_start[] __asm__("_binary_warder_protoset_start");
extern const uint8_t protoset_end[] __asm__("_binary_warder_protoset_end");

/* What an open block is made of. */
struct gathering {
	struct block head;
	uint64_t origins[INDEX_ORIGINS_MAX];
	size_t n_origins; /* beyond INDEX_ORIGINS_MAX: any */
	size_t used;
	uint8_t raw[WRITER_BLOCK + WRITER_FRAME_MAX];
};

struct capture_writer {
	int fd;
	bool stdout_; /* nothing to sync, to take back or to rename */
	char path[PATH_MAX], part[PATH_MAX];
	uint64_t size, blocks, last_index;
	uint8_t id[BLOCK_ID], head[BLOCK_HASH];
	struct capture_index index; /* since the last INDEX block */
	struct directory directory;
	struct gathering events;
	uint8_t *out; /* of block_bound(BLOCK_RAW_MAX) bytes */
	struct err err;
};

/* All of it, or nothing: what was half written is taken back. */
static int writer_write(struct capture_writer *w, const uint8_t *bytes, size_t n)
{
	size_t done = 0;
	ssize_t k;
	int rc;

	while (done < n) {
		k = write(w->fd, bytes + done, n - done);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0) {
			rc = k < 0 ? -errno : -EIO;
			if (!w->stdout_ && (ftruncate(w->fd, (off_t)w->size) || lseek(w->fd, (off_t)w->size, SEEK_SET) < 0))
				return err_set(&w->err, rc, "%.200s: writing: %s; and its last block is cut: %s", w->part,
					       strerror(-rc), strerror(errno));
			return err_set(&w->err, rc, "%.200s: writing: %s%s", w->part, strerror(-rc),
				       rc == -ENOSPC || rc == -EDQUOT ? ": make room, or give it a smaller quota" : "");
		}
		done += (size_t)k;
	}
	w->size += n;
	return 0;
}

static int writer_sync(struct capture_writer *w)
{
	if (!w->stdout_ && fdatasync(w->fd))
		return err_set(&w->err, -errno, "%.200s: syncing: %s", w->part, strerror(errno));
	return 0;
}

static int writer_index(struct capture_writer *w, const struct directory *d);

/* Writes one block; what *b has of the file's order and chain is filled here. `origins` NULL: any. */
static int writer_block(struct capture_writer *w, struct block *b, const void *raw, size_t len, const uint64_t *origins,
			size_t n_origins)
{
	uint64_t offset = w->size;
	uint8_t hash[BLOCK_HASH];
	int64_t n;
	int rc;

	b->number = w->blocks;
	memcpy(b->prev, w->head, BLOCK_HASH);
	memcpy(b->file_id, w->id, BLOCK_ID);
	n = block_encode(b, raw, len, w->out);
	if (n < 0)
		return err_set(&w->err, (int)n, "%.200s: a block of %zu bytes: %s", w->part, len, strerror((int)-n));
	block_hash(b, w->out, hash);
	/* The row first, so that nothing is in the file that is not in its index. */
	rc = index_add(&w->index, b, offset, origins, n_origins);
	if (rc)
		return err_set(&w->err, rc, "%.200s: no memory for its index", w->part);
	rc = writer_write(w, w->out, (size_t)n);
	if (rc) {
		w->index.n--;
		w->index.n_origins = w->index.rows[w->index.n].origins_at;
		return rc;
	}
	w->blocks++;
	memcpy(w->head, hash, BLOCK_HASH);
	/* Where this fails, it is tried again with the next block: this one is written. */
	if (b->type != BLOCK_TYPE_INDEX && index_pack_bound(&w->index) > INDEX_FLUSH)
		writer_index(w, NULL);
	return 0;
}

/* The blocks since the last INDEX block, as one. It is the first row of the next. */
static int writer_index(struct capture_writer *w, const struct directory *d)
{
	struct block b = {.type = BLOCK_TYPE_INDEX};
	uint64_t offset = w->size;
	struct capture_entry row;
	uint8_t *packed;
	int64_t n = index_pack(&w->index, w->last_index, d, &packed);
	int rc;

	if (n < 0)
		return err_set(&w->err, (int)n, "%.200s: no memory for its index", w->part);
	rc = writer_block(w, &b, packed, (size_t)n, NULL, 0);
	free(packed);
	if (rc)
		return rc;
	row = w->index.rows[w->index.n - 1];
	index_clear(&w->index);
	w->index.rows[w->index.n++] = row;
	w->index.rows[0].origins_at = 0;
	w->last_index = offset;
	return 0;
}

static void gather_clear(struct gathering *g, uint8_t type)
{
	g->head = (struct block){.type = type, .seq_first = UINT64_MAX, .time_first = UINT64_MAX};
	g->n_origins = g->used = 0;
}

static void gather_origin(struct gathering *g, uint64_t origin)
{
	for (size_t i = 0; i < g->n_origins && i < INDEX_ORIGINS_MAX; i++)
		if (g->origins[i] == origin)
			return;
	if (g->n_origins < INDEX_ORIGINS_MAX)
		g->origins[g->n_origins] = origin;
	if (g->n_origins <= INDEX_ORIGINS_MAX)
		g->n_origins++;
}

static void gather_mark(struct gathering *g, const struct capture_mark *m)
{
	struct block *b = &g->head;

	b->records++;
	b->seq_first = m->seq < b->seq_first ? m->seq : b->seq_first;
	b->seq_last = m->seq > b->seq_last ? m->seq : b->seq_last;
	b->time_first = m->time_ns < b->time_first ? m->time_ns : b->time_first;
	b->time_last = m->time_ns > b->time_last ? m->time_ns : b->time_last;
	if (m->severity > b->severity)
		b->severity = m->severity > UINT8_MAX ? UINT8_MAX : (uint8_t)m->severity;
	gather_origin(g, m->origin);
	if (m->owner)
		gather_origin(g, m->owner);
}

int capture_flush(struct capture_writer *w, bool sync)
{
	struct gathering *g = &w->events;
	int rc;

	if (g->used) {
		rc = writer_block(w, &g->head, g->raw, g->used, g->n_origins > INDEX_ORIGINS_MAX ? NULL : g->origins,
				  g->n_origins);
		if (rc)
			return rc;
		gather_clear(g, BLOCK_TYPE_EVENTS);
	}
	return sync ? writer_sync(w) : 0;
}

/* The event in a frame, and its mark. */
static int writer_frame(struct capture_writer *w, const void *frame, size_t len, const struct capture_mark *mark,
			struct wire *event, struct capture_mark *out)
{
	struct wire in = wire_of(frame, len);
	uint64_t said;

	if (len > WRITER_FRAME_MAX)
		return err_set(&w->err, -EMSGSIZE, "%.200s: an event of %zu bytes is too long; at most %d", w->part, len,
			       WRITER_FRAME_MAX);
	if (!wire_varint(&in, &said) || !wire_bytes(&in, said, event) || in.at != in.end ||
	    capture_mark_read(event->at, (size_t)said, out))
		return err_set(&w->err, -EBADMSG, "%.200s: what should be an event after its length is none", w->part);
	if (mark)
		*out = *mark;
	if (directory_event(&w->directory, event->at, (size_t)said, out))
		return err_set(&w->err, -ENOMEM, "%.200s: no memory for the names in it", w->part);
	return 0;
}

int capture_append(struct capture_writer *w, const void *frame, size_t len, const struct capture_mark *mark)
{
	struct gathering *g = &w->events;
	struct capture_mark m;
	struct wire event;
	int rc = writer_frame(w, frame, len, mark, &event, &m);

	if (!rc && g->used && (g->used + len > WRITER_BLOCK || g->head.records == BLOCK_RECORDS_MAX))
		rc = capture_flush(w, false);
	if (rc)
		return rc;
	memcpy(g->raw + g->used, frame, len);
	g->used += len;
	gather_mark(g, &m);
	return 0;
}

int capture_lost(struct capture_writer *w, const void *frame, size_t len, const struct capture_mark *mark)
{
	struct gathering *g;
	struct capture_mark m;
	struct wire event;
	int rc = writer_frame(w, frame, len, mark, &event, &m);

	if (!rc)
		rc = capture_flush(w, false);
	if (rc)
		return rc;
	g = &w->events; /* is empty, and lends its counting */
	gather_clear(g, BLOCK_TYPE_LOST);
	gather_mark(g, &m);
	rc = writer_block(w, &g->head, frame, len, g->origins, g->n_origins);
	gather_clear(g, BLOCK_TYPE_EVENTS);
	return rc;
}

int capture_snapshot(struct capture_writer *w, const void *bytes, size_t len, const struct capture_mark *mark)
{
	struct block b = {.type = BLOCK_TYPE_SNAPSHOT, .records = 1};
	int rc;

	if (len > BLOCK_RAW_MAX)
		return err_set(&w->err, -EMSGSIZE, "%.200s: a snapshot of %zu bytes; at most %d", w->part, len, BLOCK_RAW_MAX);
	rc = directory_snapshot(&w->directory, bytes, len);
	if (rc)
		return err_set(&w->err, rc, "%.200s: a snapshot: %s", w->part,
			       rc == -EBADMSG ? "these bytes are none" : strerror(-rc));
	rc = capture_flush(w, false);
	if (rc)
		return rc;
	if (mark) {
		b.seq_first = b.seq_last = mark->seq;
		b.time_first = b.time_last = mark->time_ns;
	}
	return writer_block(w, &b, bytes, len, NULL, 0);
}

uint64_t capture_size(const struct capture_writer *w)
{
	return w->size;
}

const uint8_t *capture_head(const struct capture_writer *w)
{
	return w->head;
}

const uint8_t *capture_id(const struct capture_writer *w)
{
	return w->id;
}

const char *capture_error(const struct capture_writer *w)
{
	return w->err.msg;
}

static void writer_free(struct capture_writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	index_destroy(&w->index);
	directory_destroy(&w->directory);
	free(w->out);
	free(w);
}

static int writer_open(struct capture_writer *w, const char *path)
{
	if (strlen(path) + sizeof(".part") > sizeof(w->part))
		return err_set(&w->err, -ENAMETOOLONG, "%.200s...: too long a path", path);
	strcpy(w->path, path);
	w->stdout_ = !strcmp(path, "-");
	if (w->stdout_) {
		strcpy(w->part, "standard output");
		w->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		return w->fd < 0 ? err_set(&w->err, -errno, "standard output: %s", strerror(errno)) : 0;
	}
	sprintf(w->part, "%s.part", path);
	if (!access(path, F_OK))
		return err_set(&w->err, -EEXIST, "%.200s: it is there already, and no capture is written over", path);
	w->fd = open(w->part, O_RDWR | O_CREAT | O_EXCL | O_NOCTTY | O_CLOEXEC, 0600);
	if (w->fd < 0 && errno == EEXIST)
		return err_set(&w->err, -EEXIST, "%.200s: it is there already: 'warder recover' makes a whole file of it",
			       w->part);
	return w->fd < 0 ? err_set(&w->err, -errno, "%.200s: %s", w->part, strerror(errno)) : 0;
}

/* The first block. */
static int writer_header(struct capture_writer *w, const Warder__V1__CaptureHeader *meta)
{
	struct block b = {.type = BLOCK_TYPE_HEADER, .records = 1};
	Warder__V1__CaptureHeader m = *meta;
	struct timespec now;
	uint8_t *packed;
	size_t n;
	int rc;

	if (m.file_id.len && m.file_id.len != BLOCK_ID)
		return err_set(&w->err, -EINVAL, "%.200s: a file's id has %d bytes", w->part, BLOCK_ID);
	if (m.file_id.len)
		memcpy(w->id, m.file_id.data, BLOCK_ID);
	else if (getrandom(w->id, BLOCK_ID, 0) != BLOCK_ID)
		return err_set(&w->err, -EIO, "%.200s: no random numbers for its id", w->part);
	m.file_id = (ProtobufCBinaryData){BLOCK_ID, w->id};
	clock_gettime(CLOCK_REALTIME, &now);
	if (!m.created)
		m.created = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	if (!m.schema.len)
		m.schema = (ProtobufCBinaryData){(size_t)((uintptr_t)protoset_end - (uintptr_t)protoset_start),
						 (uint8_t *)protoset_start};
	if (m.previous_head.len == BLOCK_HASH)
		memcpy(w->head, m.previous_head.data, BLOCK_HASH);
	n = warder__v1__capture_header__get_packed_size(&m);
	packed = malloc(n);
	if (!packed)
		return err_set(&w->err, -ENOMEM, "%.200s: no memory", w->part);
	warder__v1__capture_header__pack(&m, packed);
	b.time_first = b.time_last = m.created;
	rc = writer_block(w, &b, packed, n, NULL, 0);
	free(packed);
	return rc;
}

int capture_create(struct capture_writer **out, const char *path, const Warder__V1__CaptureHeader *meta, struct err *err)
{
	struct capture_writer *w = calloc(1, sizeof(*w));
	int rc;

	if (w)
		w->out = malloc(block_bound(BLOCK_RAW_MAX));
	if (!w || !w->out) {
		free(w);
		return err_set(err, -ENOMEM, "%.200s: no memory", path);
	}
	w->fd = -1;
	gather_clear(&w->events, BLOCK_TYPE_EVENTS);
	rc = writer_open(w, path);
	if (!rc)
		rc = writer_header(w, meta);
	if (rc) {
		err_set(err, rc, "%s", w->err.msg);
		if (w->fd < 0)
			w->stdout_ = true; /* nothing of ours to remove */
		capture_discard(w);
		return rc;
	}
	*out = w;
	return 0;
}

/* The name is in its directory for good. */
static int writer_name(struct capture_writer *w)
{
	char *slash;
	int dir;

	/* A filesystem that cannot refuse to replace is given the name all the same: there was none when it was begun. */
	if (renameat2(AT_FDCWD, w->part, AT_FDCWD, w->path, RENAME_NOREPLACE) && (errno != EINVAL || rename(w->part, w->path)))
		return err_set(&w->err, -errno, "%.200s: renaming it to %.200s: %s", w->part, w->path, strerror(errno));
	slash = strrchr(w->path, '/');
	if (slash)
		slash[slash == w->path] = 0;
	dir = open(slash ? w->path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0) {
		fsync(dir); /* the bytes are safe already, and under one name or the other they are found */
		close(dir);
	}
	return 0;
}

int capture_close(struct capture_writer *w, uint8_t head[BLOCK_HASH], struct err *err)
{
	uint8_t footer[BLOCK_FOOTER];
	int rc = capture_flush(w, false);

	if (!rc)
		rc = writer_index(w, &w->directory);
	if (!rc) {
		block_footer_encode(footer, w->last_index);
		rc = writer_write(w, footer, sizeof(footer));
	}
	if (!rc)
		rc = writer_sync(w);
	if (!rc && !w->stdout_)
		rc = writer_name(w);
	if (head)
		memcpy(head, w->head, BLOCK_HASH);
	if (rc)
		err_set(err, rc, "%s", w->err.msg);
	writer_free(w);
	return rc;
}

void capture_discard(struct capture_writer *w)
{
	if (!w)
		return;
	if (!w->stdout_)
		unlink(w->part);
	writer_free(w);
}
