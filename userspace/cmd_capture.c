// SPDX-License-Identifier: Apache-2.0
#include "cmd_capture.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text.h"
#include "warder/v1/event.pb-c.h"

const char query_help[] =
	"  -C, --container WHO   what this container does, or what is done to it: by its name, its id (from 6 digits on),\n"
	"                        its pod (POD or NAMESPACE/POD), or its number; may be given more than once\n"
	"      --pod WHO         the same\n"
	"      --from TIME       not before: 2026-11-28T04:00:00Z, or seconds since the epoch\n"
	"      --to TIME         not after\n"
	"  -t, --type TYPE       events of this type, such as finding or process_exec; may be given more than once\n"
	"  -s, --severity LEVEL  informational, low, medium, high or critical: that, or more severe\n";

/* A buffer for one of the *_text functions: the four last ones are good at a time. */
static char *text_buffer(void)
{
	static char buffers[4][512];
	static unsigned int next;

	return buffers[next++ % 4];
}

const char *time_text(uint64_t ns)
{
	time_t s = (time_t)(ns / 1000000000);
	char *out = text_buffer();
	struct tm tm;

	if (!ns || ns == UINT64_MAX)
		return "-";
	gmtime_r(&s, &tm);
	snprintf(out, 512, "%04d-%02d-%02dT%02d:%02d:%02d.%09uZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		 tm.tm_min, tm.tm_sec, (unsigned int)(ns % 1000000000));
	return out;
}

const char *hex_text(const uint8_t *bytes, size_t n)
{
	char *out = text_buffer();

	for (size_t i = 0; i < n && i < 255; i++)
		sprintf(out + 2 * i, "%02x", bytes[i]);
	return n ? out : "-";
}

const char *shown(const char *name)
{
	char *out = text_buffer();

	text_quote(out, 256, name, strlen(name), " ");
	return *name ? out : "-";
}

void drain(struct sink *s)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	while (sink_flush(s))
		poll(&out, 1, 10);
}

int capture_fail(const struct err *err)
{
	fprintf(stderr, "warder: %s\n", err->msg);
	return EXIT_INPUT;
}

/* RFC 3339 in UTC, with or without a fraction; or seconds since the epoch, likewise. */
static int parse_time(const char *s, uint64_t *out)
{
	struct tm tm = {0};
	char *end, *rest;
	uint64_t seconds, nanos = 0, unit = 100000000;

	end = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	if (end) {
		time_t t = timegm(&tm);

		if (t < 0)
			return -EINVAL;
		seconds = (uint64_t)t;
	} else {
		errno = 0;
		seconds = strtoull(s, &end, 10);
		if (errno || end == s || !isdigit((unsigned char)*s))
			return -EINVAL;
	}
	rest = end;
	if (*rest == '.')
		for (rest++; isdigit((unsigned char)*rest) && unit; rest++, unit /= 10)
			nanos += (uint64_t)(*rest - '0') * unit;
	if (*rest == 'Z')
		rest++;
	if (*rest || seconds > UINT64_MAX / 1000000000 - 1)
		return -EINVAL;
	*out = seconds * 1000000000 + nanos;
	return 0;
}

/* A value of an enum by its name, in either case. */
static const ProtobufCEnumValue *enum_by_name(const ProtobufCEnumDescriptor *d, const char *name)
{
	char upper[64];
	size_t i;

	for (i = 0; i < sizeof(upper) - 1 && name[i]; i++)
		upper[i] = name[i] == '-' ? '_' : (char)toupper((unsigned char)name[i]);
	upper[i] = 0;
	return protobuf_c_enum_descriptor_get_value_by_name(d, upper);
}

int query_option(struct capture_query *q, int ch, const char *arg, struct err *err)
{
	const ProtobufCEnumValue *value;

	switch (ch) {
	case 'C':
		if (q->n_words == QUERY_WORDS_MAX)
			return err_set(err, -EINVAL, "more than %d containers", QUERY_WORDS_MAX);
		q->words[q->n_words++] = arg;
		return 1;
	case 'F':
	case 'T':
		if (parse_time(arg, ch == 'F' ? &q->filter.from_ns : &q->filter.to_ns))
			return err_set(err, -EINVAL,
				       "'%.100s' is no time; write 2026-11-28T04:00:00Z or seconds since the epoch", arg);
		return 1;
	case 't':
		value = enum_by_name(&warder__v1__event_type__descriptor, arg);
		if (!value || value->value <= 0 || value->value > 255)
			return err_set(err, -EINVAL, "there are no events of type '%.100s'", arg);
		q->filter.types[value->value / 64] |= 1ull << value->value % 64;
		return 1;
	case 's':
		value = enum_by_name(&warder__v1__severity__descriptor, arg);
		if (!value || value->value <= 0)
			return err_set(err, -EINVAL, "'%.100s' is no severity: informational, low, medium, high or critical",
				       arg);
		q->filter.severity = (uint32_t)value->value;
		return 1;
	default:
		return 0;
	}
}

/* The numbers that the words mean in a file. NULL: no memory. */
static uint64_t *set_origins(struct capture *c, const struct capture_query *q, size_t *n)
{
	const struct directory *d = capture_directory(c);
	uint64_t *origins = d ? calloc(d->n + 1, sizeof(*origins)) : NULL;

	*n = 0;
	for (size_t i = 0; origins && i < d->n; i++)
		for (size_t k = 0; k < q->n_words; k++)
			if (directory_means(&d->rows[i], q->words[k])) {
				origins[(*n)++] = d->rows[i].origin;
				break;
			}
	return origins;
}

static int set_add(struct capture_set *s, const char *path, const struct capture_query *q, bool snapshots, size_t *known,
		   struct err *err)
{
	struct capture_filter f = q->filter;
	struct capture *c;
	int rc = capture_open(&c, path, err);

	if (rc)
		return rc;
	s->files[s->n++] = c;
	s->size += capture_stats(c).size;
	f.snapshots = snapshots;
	if (q->n_words) {
		f.origins = s->origins[s->n - 1] = set_origins(c, q, &f.n_origins);
		if (!f.origins)
			return err_set(err, -ENOMEM, "%.200s: who is in it: no memory, or it cannot be read", path);
		f.no_origin = !f.n_origins;
		*known += f.n_origins;
	}
	capture_filter(c, &f);
	return 0;
}

int set_open(struct capture_set *s, char **paths, int n, const struct capture_query *q, bool snapshots, struct err *err)
{
	size_t known = 0;
	int rc = 0;

	*s = (struct capture_set){0};
	if (n > MERGE_MAX)
		return err_set(err, -E2BIG, "%d files; at most %d at once", n, MERGE_MAX);
	s->files = calloc((size_t)n + 1, sizeof(*s->files));
	s->origins = calloc((size_t)n + 1, sizeof(*s->origins));
	if (!s->files || !s->origins)
		rc = err_set(err, -ENOMEM, "no memory for %d files", n);
	for (int i = 0; !rc && i < n; i++)
		rc = set_add(s, paths[i], q, snapshots, &known, err);
	if (!rc && q->n_words && !known)
		rc = err_set(err, -ENOENT, "'%.100s' is not in there; 'warder info' lists the containers of a file",
			     q->words[0]);
	if (!rc && capture_merge_init(&s->merge, s->files, s->n))
		rc = err_set(err, -ENOMEM, "no memory for %d files", n);
	if (rc)
		set_close(s);
	return rc;
}

void set_close(struct capture_set *s)
{
	capture_merge_destroy(&s->merge);
	for (size_t i = 0; i < s->n; i++) {
		capture_free(s->files[i]);
		free(s->origins[i]);
	}
	free(s->files);
	free(s->origins);
	*s = (struct capture_set){0};
}

int set_next(struct capture_set *s, struct capture_frame *out, struct err *err)
{
	static unsigned int calls;
	struct capture *from = NULL;
	uint64_t done = 0;
	int rc = capture_merge_next(&s->merge, out, &from);

	if (++calls % 4096 == 0) {
		for (size_t i = 0; i < s->n; i++)
			done += capture_stats(s->files[i]).bytes;
		progress(done, s->size);
	}
	if (rc <= 0)
		progress(0, 0);
	return rc < 0 ? err_set(err, rc, "%.200s: reading: %s", from ? capture_path(from) : "?", strerror(-rc)) : rc;
}

int set_damage(const struct capture_set *s)
{
	int code = EXIT_OK;
	size_t n;

	for (size_t i = 0; i < s->n; i++) {
		const struct capture_damage *d = capture_damages(s->files[i], &n);
		struct capture_stats stats = capture_stats(s->files[i]);

		for (size_t k = 0; k < n; k++)
			fprintf(stderr, "warder: %s: at byte %" PRIu64 ", %" PRIu64 " bytes: %s\n", capture_path(s->files[i]),
				d[k].offset, d[k].length, block_fault_name(d[k].fault));
		if (stats.damaged > n)
			fprintf(stderr, "warder: %s: and %" PRIu64 " more places\n", capture_path(s->files[i]),
				stats.damaged - n);
		if (stats.disorder)
			fprintf(stderr, "warder: %s: %" PRIu64 " events came too late to be put in order\n",
				capture_path(s->files[i]), stats.disorder);
		if (stats.damaged)
			code = EXIT_INPUT;
	}
	return code;
}
