// SPDX-License-Identifier: Apache-2.0
#include "difference.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "table.h"
#include "text.h"

#define MAX_FINDINGS 65536

struct side {
	uint32_t count;
	Warder__V1__Severity severity;
};

struct row {
	char technique[16], container[128], message[192];
	Warder__V1__Outcome outcome;
	struct side before, after;
};

struct difference {
	struct table rows;
	uint64_t before, after, left_out;
};

struct difference *difference_new(void)
{
	struct difference *d = calloc(1, sizeof(*d));

	if (d && table_init(&d->rows, MAX_FINDINGS, sizeof(struct row))) {
		free(d);
		return NULL;
	}
	return d;
}

void difference_free(struct difference *d)
{
	if (!d)
		return;
	table_destroy(&d->rows);
	free(d);
}

static uint64_t key_of(const Warder__V1__Event *e)
{
	const Warder__V1__Workload *who = e->actor ? e->actor->workload : NULL, *owner = e->owner ? e->owner->workload : NULL;
	const struct {
		uint64_t origin, owner;
		uint32_t kind, outcome;
	} id = {who ? who->origin_id : 0, owner ? owner->origin_id : 0, e->owner ? e->owner->kind : 0, e->finding->outcome};

	return hash_string(hash_string(hash_bytes(HASH_START, &id, sizeof(id)), e->finding->technique),
			   e->node ? e->node->name : "");
}

void difference_take(struct difference *d, const Warder__V1__Event *e, bool again)
{
	uint64_t key = key_of(e);
	struct row *row = table_get(&d->rows, key);
	struct side *side;
	const char *name;

	if (!row && table_oldest(&d->rows)) {
		d->left_out++;
		return;
	}
	row = table_put(&d->rows, key);
	side = again ? &row->after : &row->before;
	if (!row->technique[0]) {
		snprintf(row->technique, sizeof(row->technique), "%s", e->finding->technique);
		name = e->actor && e->actor->workload && e->actor->workload->container ? e->actor->workload->container->name
										       : "";
		text_quote(row->container, sizeof(row->container), name, strlen(name), "");
		text_quote(row->message, sizeof(row->message), e->message, strlen(e->message), "");
		row->outcome = e->finding->outcome;
	}
	if (!side->count)
		*(again ? &d->after : &d->before) += 1;
	if (e->finding->count > side->count)
		side->count = e->finding->count;
	if (e->severity > side->severity)
		side->severity = e->severity;
}

static const char *severity_name(Warder__V1__Severity s)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(&warder__v1__severity__descriptor, (int)s);

	return v ? v->name : "?";
}

size_t difference_print(const struct difference *d, FILE *to)
{
	size_t n = 0;

	for (uint32_t i = 0; i < d->rows.used; i++) {
		const struct row *r = table_at(&d->rows, i);
		bool changed = r->before.count && r->after.count;

		if (changed && r->before.severity == r->after.severity)
			continue;
		fprintf(to, "%c %s %s%s%s %s: %s\n",
			changed          ? '~'
			: r->after.count ? '+'
					 : '-',
			r->technique, severity_name(r->before.count ? r->before.severity : r->after.severity),
			changed ? " -> " : "", changed ? severity_name(r->after.severity) : "",
			r->container[0] ? r->container : "-", r->message);
		n++;
	}
	fprintf(to, "%llu findings were recorded, %llu are made of it now; %zu differ\n", (unsigned long long)d->before,
		(unsigned long long)d->after, n);
	if (d->left_out)
		fprintf(to, "%llu findings beyond %d different ones were not compared\n", (unsigned long long)d->left_out,
			MAX_FINDINGS);
	return n;
}
