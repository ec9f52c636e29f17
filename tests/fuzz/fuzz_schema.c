// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as a record: what the check lets through must have a payload, a path and a JSON line, and must go through the whole
 * engine. The engine stays from input to input, so that its state is fuzzed as well; it is told the time now and then.
 */
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "json.h"
#include "text.h"

#define RECORD_MAX 65536
#define TYPES_MIN  100
#define TYPES      15

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static int null_write(struct sink *s, const Warder__V1__Event *e)
{
	static char line[4 << 20];
	ssize_t n = json_line(&e->base, line, sizeof(line));
	uint64_t *seq = s->state;

	must(n > 0 && line[n - 1] == '\n' && !memchr(line, '\n', (size_t)n - 1));
	must(e->seq > *seq && e->uid && *e->uid && e->time && e->type);
	*seq = e->seq;
	if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_FINDING)
		must(e->finding->n_evidence == 1 && *e->finding->technique && *e->finding->title && *e->message);
	return 0;
}

static struct engine *the_engine(void)
{
	static const struct sink_kind kind = {.name = "null", .help = "", .write = null_write};
	static struct engine e;
	static uint64_t seq;
	struct err err;
	struct sink *s;

	if (e.n_sinks)
		return &e;
	must(!engine_init(&e, NULL, &err));
	stream_init(&e.stream, "node", "boot", "kernel", 1700000000000000000, 1);
	s = calloc(1, sizeof(*s));
	must(s);
	s->kind = &kind;
	s->state = &seq;
	engine_add_sink(&e, s);
	return &e;
}

/* A path in every size around its own, and an event in arenas that are too small. */
static void check_record(const void *bytes, size_t len)
{
	static struct arena arena;
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	const struct wd_record *r = bytes;
	static char line[4 << 20];
	struct wd_str whole = {sizeof(*r), 0};
	size_t n, left;
	char *out;

	if (schema_check(bytes, len))
		return;
	if (!arena.base)
		must(!arena_init(&arena, 512 * 1024));
	must(!schema_payload(r, &arena, &e));
	must(schema_process(r, &r->actor, &arena) && e.payload_case == r->type && e.type == r->type);
	must(json_line(&e.base, line, sizeof(line)) > 0);
	arena_reset(&arena);
	for (left = arena.size, arena.size = 0; arena.size < 2048; arena.size += 61) {
		e.payload_case = WARDER__V1__EVENT__PAYLOAD__NOT_SET;
		must(schema_payload(r, &arena, &e) ? !e.payload_case : e.payload_case == r->type);
		arena_reset(&arena);
	}
	arena.size = left;
	whole.len = (uint16_t)((r->len - sizeof(*r)) & ~WD_STR_CUT);
	for (n = 1; n < 5000; n += n < 40 ? 1 : 311) {
		out = malloc(n);
		must(schema_path(r, &whole, out, n) < n && memchr(out, '\0', n));
		free(out);
	}
}

/* As it came, and again with the header made right, so that the body's bytes are not all refused by it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct engine *e = the_engine();
	struct wd_record *r;
	void *bytes;

	if (size > RECORD_MAX)
		return 0;
	bytes = malloc(size ? size : 1); /* of just that size, and aligned as a ring's records are */
	must(bytes);
	memcpy(bytes, data, size);
	check_record(bytes, size);
	engine_record(e, bytes, size);
	if (size >= sizeof(*r)) {
		r = bytes;
		r->len = (uint32_t)size;
		r->type = TYPES_MIN + r->type % TYPES;
		r->owner_kind %= WD_OWNER_UNKNOWN + 1;
		r->outcome %= WD_DENIED + 1;
		check_record(bytes, size);
		engine_record(e, bytes, size);
	}
	if (e->received % 64 == 0)
		engine_tick(e, NULL, e->now_ns);
	free(bytes);
	return 0;
}
