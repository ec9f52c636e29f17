/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDER_LEDGER_H
#define WARDER_LEDGER_H

#include "source.h"
#include "state.h"
#include "table.h"
#include "warder/v1/event.pb-c.h"

/*
 * What became of each container's records: what the kernel says that it made and lost, against what came. Once nothing is on
 * its way, made = received + lost. An account is kept until its container ended and it was told for the last time.
 */
struct account {
	uint64_t origin;
	uint64_t made, received;
	uint64_t lost[WD_STAGES];
	uint64_t told[WD_STAGES]; /* of `lost`, in LOST events */
	uint64_t told_row;        /* ledger_moves of the last row in a LEDGER event */
	uint64_t checks;          /* of capabilities, in CAPABILITY_MATRIX events */
	uint64_t ended_ns;        /* when its end was seen here; 0: it lives */
	bool closing;             /* the last row is due */
	bool closed;              /* it was told */
};

struct ledger {
	struct table accounts; /* by origin */
};

int ledger_init(struct ledger *l);
void ledger_destroy(struct ledger *l);

/* One more record of an origin came. */
void ledger_received(struct ledger *l, uint64_t origin);
/* The account of an origin; never NULL. */
struct account *ledger_account(struct ledger *l, uint64_t origin);
/* Takes the kernel's side of an account. True: it was told to the end, and both sides forget it. */
bool ledger_take(struct ledger *l, uint64_t origin, const struct wd_account *k, uint64_t now_ns);
/* Records of a container that were made and neither came nor were lost: on their way. */
uint64_t ledger_on_way(const struct ledger *l);
/* Records of a container that were lost by now. What no table had room for is no record. */
uint64_t ledger_lost(const struct account *a);
/* Grows with each number of the account's row: the row is told again when it differs. */
uint64_t ledger_moves(const struct account *a);
/* What was lost of a container's records and told so, in all stages. */
uint64_t ledger_told(const struct account *a);

/* A row of a LEDGER event. NULL: no memory. */
Warder__V1__Ledger__Row *ledger_row(struct arena *arena, struct state *st, const struct account *a);

#endif
