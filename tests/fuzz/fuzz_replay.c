// SPDX-License-Identifier: Apache-2.0
/* Recorded events that anybody may have made, judged again, by the policy they were recorded under and by another; and what ran at their end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture/wire.h"
#include "inventory.h"
#include "policy.h"
#include "replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is told can be told: it has the length that it says, and is an event again. */
static int tell(struct sink *s, const Warder__V1__Event *e)
{
	size_t n = warder__v1__event__get_packed_size(e);
	uint8_t *bytes = malloc(n ? n : 1);
	Warder__V1__Event *again;

	(void)s;
	if (!bytes || warder__v1__event__pack(e, bytes) != n)
		abort();
	again = warder__v1__event__unpack(NULL, n, bytes);
	if (!again)
		abort();
	warder__v1__event__free_unpacked(again, NULL);
	free(bytes);
	return 0;
}

static const struct sink_kind kind = {.name = "tell", .help = "", .write = tell};

static void replay(const uint8_t *data, size_t size, const struct policy *p, bool other)
{
	struct sink *s = calloc(1, sizeof(*s));
	struct wire all = wire_of(data, size), one;
	bool stood = false; /* every other one is also what stood when a file was begun */
	Warder__V1__Event *ev;
	struct replay r;
	struct err err;
	uint64_t n;

	if (!s || replay_init(&r, &p->rules, &p->trust, other, &err))
		abort();
	s->kind = &kind;
	engine_add_sink(&r.engine, s);
	replay_begin(&r, "node", "b1a7c0de-0000-4000-8000-000000000001", "6.1.0", 1700000000000000000, 7);
	while (wire_varint(&all, &n) && wire_bytes(&all, n, &one)) {
		ev = warder__v1__event__unpack(NULL, (size_t)(one.end - one.at), one.at);
		if (!ev)
			continue;
		if (stood)
			replay_snapshot(&r, ev);
		stood = !stood;
		replay_event(&r, ev);
		warder__v1__event__free_unpacked(ev, NULL);
	}
	for (uint32_t slot = 0; slot != UINT32_MAX;)
		if ((ev = inventory_next(&r.engine, &slot)))
			tell(s, ev);
	replay_destroy(&r);
}

/* Events after their lengths, as the sink 'proto' writes them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct policy policy;
	static bool ready;
	struct err err;

	if (!ready && policy_init(&policy, NULL, &err))
		abort();
	ready = true;
	replay(data, size, &policy, false);
	replay(data, size, &policy, true);
	return 0;
}
