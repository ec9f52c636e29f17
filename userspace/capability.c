// SPDX-License-Identifier: Apache-2.0
#include "capability.h"

#include "capset.h"
#include "event.h"

uint64_t capability_checks(const struct wd_capabilities *c)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < WD_CAPS; i++)
		for (unsigned int cell = 0; cell < 4; cell++)
			n += c->checks[i][cell];
	return n;
}

static Warder__V1__CapabilityMatrix__Use *use(struct arena *a, unsigned int cap, bool host_user_ns, const uint64_t *checks)
{
	Warder__V1__CapabilityMatrix__Use *u = arena_alloc(a, sizeof(*u));

	if (!u)
		return NULL;
	warder__v1__capability_matrix__use__init(u);
	u->capability = cap;
	if (capset_name(cap))
		u->name = (char *)capset_name(cap);
	u->host_user_ns = host_user_ns;
	u->denied = checks[host_user_ns];
	u->granted = checks[host_user_ns | 2];
	return u;
}

Warder__V1__CapabilityMatrix__Row *capability_row(struct arena *a, uint64_t origin, const struct workload *w,
						  const struct wd_capabilities *c)
{
	Warder__V1__CapabilityMatrix__Row *row = arena_alloc(a, sizeof(*row));

	if (!row)
		return NULL;
	warder__v1__capability_matrix__row__init(row);
	row->workload = event_workload(a, origin, w);
	row->uses = arena_alloc(a, 2 * WD_CAPS * sizeof(*row->uses));
	if (!row->workload || !row->uses)
		return NULL;
	for (unsigned int i = 0; i < WD_CAPS; i++)
		for (unsigned int host = 0; host < 2; host++) {
			const uint64_t checks[4] = {c->checks[i][0], c->checks[i][1], c->checks[i][2], c->checks[i][3]};

			if (!checks[host] && !checks[host | 2])
				continue;
			row->uses[row->n_uses] = use(a, i, host, checks);
			if (!row->uses[row->n_uses++])
				return NULL;
		}
	return row;
}
