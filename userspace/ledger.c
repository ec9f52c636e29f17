// SPDX-License-Identifier: Apache-2.0
#include "ledger.h"

#include <string.h>

#include "event.h"

#define MAX_ACCOUNTS 8192 /* more than the kernel has: none is evicted */
#define CLOSE_NS     60000000000ull

_Static_assert(MAX_ACCOUNTS > WD_MAX_ACCOUNTS, "none is evicted");

int ledger_init(struct ledger *l)
{
	return table_init(&l->accounts, MAX_ACCOUNTS, sizeof(struct account));
}

void ledger_destroy(struct ledger *l)
{
	table_destroy(&l->accounts);
}

struct account *ledger_account(struct ledger *l, uint64_t origin)
{
	struct account *a = table_put(&l->accounts, origin);

	a->origin = origin;
	return a;
}

void ledger_received(struct ledger *l, uint64_t origin)
{
	ledger_account(l, origin)->received++;
}

/* What is lost of the records that were made. A table that was full lost an entry, not a record. */
uint64_t ledger_lost(const struct account *a)
{
	return a->lost[WD_RING_CRITICAL] + a->lost[WD_RING_TELEMETRY] + a->lost[WD_BUDGET] + a->lost[WD_BUDGET_CRITICAL];
}

static uint64_t on_way(const struct account *a)
{
	uint64_t known = a->received + ledger_lost(a);

	return a->made > known ? a->made - known : 0;
}

uint64_t ledger_moves(const struct account *a)
{
	return a->made + a->received + ledger_lost(a);
}

uint64_t ledger_on_way(const struct ledger *l)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < l->accounts.used; i++)
		n += on_way(table_at(&l->accounts, i));
	return n;
}

uint64_t ledger_told(const struct account *a)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < WD_STAGES; i++)
		n += a->told[i];
	return n;
}

/* The last row waits for what is on its way, though not for ever; then one look more that nothing came after it. */
bool ledger_take(struct ledger *l, uint64_t origin, const struct wd_account *k, uint64_t now_ns)
{
	struct account *a = ledger_account(l, origin);
	bool moved = a->made != k->made;

	a->made = k->made;
	memcpy(a->lost, k->lost, sizeof(a->lost));
	if (k->sealed || !origin) {
		a->ended_ns = 0;
		a->closing = a->closed = false;
		return false;
	}
	if (!a->ended_ns)
		a->ended_ns = now_ns ? now_ns : 1;
	if (moved)
		a->closed = false;
	else if (a->closed && !memcmp(a->told, a->lost, sizeof(a->told))) {
		table_del(&l->accounts, origin);
		return true;
	}
	a->closing = !a->closed && !moved && (!on_way(a) || now_ns - a->ended_ns > CLOSE_NS);
	return false;
}

Warder__V1__Ledger__Row *ledger_row(struct arena *arena, struct state *st, const struct account *a)
{
	Warder__V1__Ledger__Row *row = arena_alloc(arena, sizeof(*row));
	Warder__V1__Ledger__Loss *losses = arena_alloc(arena, WD_STAGES * sizeof(*losses));

	if (!row || !losses)
		return NULL;
	warder__v1__ledger__row__init(row);
	row->losses = arena_alloc(arena, WD_STAGES * sizeof(*row->losses));
	row->workload = event_workload(arena, a->origin, state_workload(st, a->origin));
	if (!row->losses || !row->workload)
		return NULL;
	row->made = a->made;
	row->received = a->received;
	row->lost = ledger_lost(a);
	row->closed = a->closing;
	for (unsigned int i = 0; i < WD_STAGES; i++) {
		if (!a->lost[i] || i == WD_TABLE)
			continue;
		warder__v1__ledger__loss__init(&losses[i]);
		losses[i].stage = (Warder__V1__Lost__Stage)i;
		losses[i].records = a->lost[i];
		row->losses[row->n_losses++] = &losses[i];
	}
	return row;
}
