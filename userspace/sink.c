// SPDX-License-Identifier: Apache-2.0
#include "sink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/kinds.h"

const struct sink_kind *const sink_kinds[] = {
	&sink_console, &sink_ndjson, &sink_proto, &sink_capture, NULL,
};

static const struct sink_kind *sink_kind_find(const char *name, size_t len)
{
	const struct sink_kind *const *k;

	for (k = sink_kinds; *k; k++)
		if (strlen((*k)->name) == len && !memcmp((*k)->name, name, len))
			return *k;
	return NULL;
}

/* "console, ndjson:…, proto:…" for an error's sentence, so that it can never lag behind the table. */
static void sink_kind_list(char *out, size_t size)
{
	const struct sink_kind *const *k;
	size_t len = 0;

	for (k = sink_kinds; *k && len < size; k++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", k == sink_kinds ? "" : ", ", (*k)->name);
}

int sink_open(const char *spec, struct sink **out, struct err *err)
{
	size_t len = strcspn(spec, ":");
	const struct sink_kind *kind = sink_kind_find(spec, len);
	char kinds[128];
	struct sink *s;
	int ret;

	if (!kind) {
		sink_kind_list(kinds, sizeof(kinds));
		return err_set(err, -EINVAL, "sink '%.100s': no such kind; there are %s", spec, kinds);
	}
	if (strlen(spec) >= sizeof(s->spec))
		return err_set(err, -ENAMETOOLONG, "sink '%.100s...': longer than %zu bytes", spec, sizeof(s->spec) - 1);
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, -ENOMEM, "sink '%.100s': out of memory", spec);
	s->kind = kind;
	strcpy(s->spec, spec);
	ret = kind->open(s, spec + len + (spec[len] == ':'), err);
	if (ret) {
		free(s);
		return ret;
	}
	*out = s;
	return 0;
}

void sink_write(struct sink *s, const Warder__V1__Event *e)
{
	if (s->kind->write(s, e))
		s->lost++;
	else
		s->written++;
}

void sink_begin(struct sink *s, const struct sink_stream *stream)
{
	if (s->kind->begin)
		s->kind->begin(s, stream);
}

void sink_matters(struct sink *s)
{
	if (s->kind->matters && s->kind->matters(s))
		s->lost++;
}

int sink_head(struct sink *s, struct sink_head *out)
{
	return s->kind->head ? s->kind->head(s, out) : -ENOENT;
}

int sink_record(struct sink *s, uint64_t origin, uint64_t until_ns, char *file, size_t size)
{
	return s->kind->record ? s->kind->record(s, origin, until_ns, file, size) : -ENOENT;
}

int sink_flush(struct sink *s)
{
	return s->kind->flush ? s->kind->flush(s) : 0;
}

void sink_close(struct sink *s)
{
	if (!s)
		return;
	if (s->kind->close)
		s->kind->close(s);
	free(s);
}
