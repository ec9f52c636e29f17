// SPDX-License-Identifier: Apache-2.0
#include "audit.h"

#include <string.h>

#include "capset.h"
#include "text.h"

#define AT_ONCE     32            /* audits a tick: each costs some file reads */
#define LATE_NS     2000000000ull /* so long after its seal a container may have done itself what is found */
#define MOUNTS_TOLD 32
#define TEXT_MAX    256 /* bytes of a path or label in an event: with all that it can hold it fits a line of 256 KiB */

struct audit {
	struct engine *e;
	const struct state_container *c;
	struct posture promised, actual, rated; /* rated: as it is, with what only the promise tells */
	struct posture_difference differences[POSTURE_DIFFERENCES];
	unsigned int n;
	bool is_promised, late;
};

/* Records as the kernel programs make them. */
struct difference_record {
	struct wd_record head;
	struct wd_seal_difference body;
	char strings[2 * TEXT_MAX];
};

struct grant_record {
	struct wd_record head;
	struct wd_host_grant body;
	char strings[TEXT_MAX];
};

static struct wd_str put_text(struct wd_record *r, const char *s)
{
	size_t n = strlen(s), max = n < TEXT_MAX ? n : TEXT_MAX;
	struct wd_str to = {.off = (uint16_t)r->len, .len = (uint16_t)(max | (max < n ? WD_STR_CUT : 0))};

	memcpy((char *)r + r->len, s, max);
	r->len += (uint32_t)max;
	return to;
}

static struct wd_record record_head(const struct audit *a, unsigned int type, size_t strings)
{
	return (struct wd_record){
		.len = (uint32_t)strings,
		.type = type,
		.critical = 1,
		.boot_ns = a->e->now_ns,
		.origin = a->c->workload.origin_id,
		.outcome = WD_SUCCEEDED,
		.actor = a->c->first,
	};
}

#define CAP_SYS_ADMIN 21

/* Whether the container may have done it itself by now: what it holds at its seal does not change, what is mounted may. */
static bool may_be_own(const struct audit *a, enum wd_difference what)
{
	static const uint32_t of_mounts = 1u << WD_DIFFERS_MOUNT | 1u << WD_DIFFERS_MOUNT_GONE | 1u << WD_DIFFERS_KERNEL_FILES |
					  1u << WD_DIFFERS_MASK | 1u << WD_DIFFERS_READONLY | 1u << WD_DIFFERS_CONSOLE |
					  1u << WD_DIFFERS_SUBPATH;

	return a->late || (of_mounts & 1u << what && a->c->seal.cap_bounding & CAPSET(CAP_SYS_ADMIN));
}

static void difference_record(const struct audit *a, const struct posture_difference *d, struct difference_record *r)
{
	bool of_host = d->what == WD_DIFFERS_MOUNT || d->what == WD_DIFFERS_SUBPATH || d->what == WD_DIFFERS_NAMESPACE;

	r->head = record_head(a, WD_SEAL_DIFFERENCE, offsetof(struct difference_record, strings));
	if (of_host)
		r->head.owner_kind = WD_OWNER_HOST;
	r->body = (struct wd_seal_difference){
		.what = d->what,
		.late = may_be_own(a, d->what),
		.whole = d->whole,
		.promised = d->promised,
		.actual = d->actual,
	};
	r->body.place = put_text(&r->head, d->place);
	r->body.found = put_text(&r->head, d->found);
}

/* By what it was given it has the host: told once, whether or not that was promised. */
static void take_grants(const struct audit *a)
{
	struct posture_grants g = posture_grants(&a->rated);
	struct grant_record r;

	if (!g.what)
		return;
	r.head = record_head(a, WD_HOST_GRANT, offsetof(struct grant_record, strings));
	r.head.owner_kind = WD_OWNER_HOST;
	r.body = (struct wd_host_grant){.grants = g.what, .caps = g.caps};
	r.body.place = put_text(&r.head, g.mount ? g.mount->source : "");
	engine_take(a->e, &r.head);
}

static void read_posture(struct audit *a)
{
	const struct state_container *c = a->c;
	struct posture compared;
	int found;

	a->actual = (struct posture){
		.caps = c->seal.cap_bounding,
		.shared_ns = c->seal.shared_ns,
		.uid = c->first.uid,
		.seccomp = c->seal.seccomp_mode != 0,
		.no_new_privs = c->seal.no_new_privs,
	};
	found = identity_posture(a->e->state.identity, &c->workload, &c->first, &a->e->scratch, &a->promised, &a->actual);
	a->is_promised = found & IDENTITY_PROMISED;
	a->late = c->seal.late || a->e->now_ns - c->sealed_ns > LATE_NS;
	if (!a->is_promised)
		return;
	compared = a->actual;
	if (a->late) /* a process may change its user */
		compared.uid = a->promised.uid;
	a->n = posture_compare(&a->promised, &compared, a->differences);
	if (a->n > POSTURE_DIFFERENCES)
		a->n = POSTURE_DIFFERENCES;
}

/* Filesystems that are in each container anew, or that the kernel makes up. */
static bool holds_files(const struct posture_mount *m)
{
	static const char *const types[] = {"proc", "sysfs", "cgroup", "cgroup2", "mqueue", "devpts", "devtmpfs"};

	if (!*m->source || !strcmp(m->target, "/"))
		return false;
	return !text_is_one_of(m->type, types, sizeof(types) / sizeof(types[0]));
}

static bool is_undeclared(const struct audit *a, const struct posture_mount *m)
{
	for (unsigned int i = 0; i < a->n; i++)
		if (a->differences[i].what == WD_DIFFERS_MOUNT && a->differences[i].place == m->target)
			return true;
	return false;
}

/* The host's files that are mounted: as promised and what came on top, or where there is no promise all that are found. */
static int rated_mounts(struct audit *a)
{
	struct posture *r = &a->rated;

	r->n_mounts = 0;
	r->mounts = arena_alloc(&a->e->scratch, (a->promised.n_mounts + a->actual.n_mounts) * sizeof(*r->mounts));
	if (!r->mounts)
		return -1;
	for (unsigned int i = 0; i < a->promised.n_mounts; i++)
		if (a->promised.mounts[i].bind)
			r->mounts[r->n_mounts++] = a->promised.mounts[i];
	for (unsigned int i = 0; i < a->actual.n_mounts; i++) {
		const struct posture_mount *m = &a->actual.mounts[i];

		if (!holds_files(m) || (a->is_promised && !is_undeclared(a, m)))
			continue;
		r->mounts[r->n_mounts] = *m;
		r->mounts[r->n_mounts++].bind = true;
	}
	return 0;
}

static int rate(struct audit *a, struct rating *out)
{
	struct posture *r = &a->rated;

	*r = a->actual;
	if (rated_mounts(a))
		return -1;
	r->all_devices = a->actual.all_devices || a->promised.all_devices;
	r->sysctls = a->promised.sysctls;
	r->n_sysctls = a->promised.n_sysctls;
	r->n_masked = a->is_promised ? a->promised.n_masked : a->actual.n_masked;
	posture_rate(r, &a->e->scratch, out);
	return 0;
}

/* Strings of a message are UTF-8; those of a rating may name paths. */
static char *keep_text(struct arena *to, const char *s)
{
	char *copy = arena_alloc(to, 4 * strlen(s) + 1);

	if (copy)
		text_sanitise(copy, 4 * strlen(s) + 1, s, strlen(s));
	return copy;
}

static Warder__V1__Text *short_text(struct arena *to, const char *s)
{
	size_t n = strlen(s);

	return event_text(to, s, n < TEXT_MAX ? n : TEXT_MAX, n > TEXT_MAX);
}

static int say_reasons(struct arena *to, const struct rating *r, Warder__V1__Posture *m)
{
	m->level = (Warder__V1__Posture__Level)r->level;
	m->reasons = arena_alloc(to, r->n * sizeof(*m->reasons));
	for (unsigned int i = 0; i < r->n && m->reasons; i++)
		if (!(m->reasons[m->n_reasons++] = keep_text(to, r->reasons[i])))
			return -1;
	return m->reasons ? 0 : -1;
}

static int say_rights(struct arena *to, const struct posture *p, Warder__V1__Posture *m)
{
	m->capabilities = arena_alloc(to, 64 * sizeof(*m->capabilities));
	m->host_namespaces = arena_alloc(to, sizeof(namespace_names));
	m->label = *p->label ? short_text(to, p->label) : NULL;
	if (!m->capabilities || !m->host_namespaces || (*p->label && !m->label))
		return -1;
	for (unsigned int cap = 0; capset_name(cap); cap++)
		if (p->caps & CAPSET(cap))
			m->capabilities[m->n_capabilities++] = (char *)capset_name(cap);
	for (unsigned int i = 0; i < NS_COUNT; i++)
		if (p->shared_ns & 1u << i)
			m->host_namespaces[m->n_host_namespaces++] = (char *)namespace_names[i];
	m->seccomp = p->seccomp;
	m->no_new_privs = p->no_new_privs;
	m->all_devices = p->all_devices;
	m->uid = p->uid;
	return 0;
}

static int say_mounts(struct arena *to, const struct posture *p, Warder__V1__Posture *m)
{
	m->mounts = arena_alloc(to, MOUNTS_TOLD * sizeof(*m->mounts));
	for (unsigned int i = 0; i < p->n_mounts && m->mounts; i++) {
		Warder__V1__Posture__Mount *mount;

		if (m->n_mounts == MOUNTS_TOLD) {
			m->more_mounts = p->n_mounts - i;
			break;
		}
		mount = arena_alloc(to, sizeof(*mount));
		if (!mount)
			return -1;
		warder__v1__posture__mount__init(mount);
		mount->source = short_text(to, p->mounts[i].source);
		mount->target = short_text(to, p->mounts[i].target);
		mount->writable = p->mounts[i].writable;
		mount->volume = posture_is_volume(p->mounts[i].source);
		if (!mount->source || !mount->target)
			return -1;
		m->mounts[m->n_mounts++] = mount;
	}
	return m->mounts ? 0 : -1;
}

static int say_differences(struct audit *a, struct arena *to, Warder__V1__Posture *m)
{
	struct difference_record r;
	Warder__V1__Event ev;

	m->differences = arena_alloc(to, a->n * sizeof(*m->differences));
	for (unsigned int i = 0; i < a->n && m->differences; i++) {
		warder__v1__event__init(&ev);
		difference_record(a, &a->differences[i], &r);
		if (schema_payload(&r.head, to, &ev))
			return -1;
		m->differences[m->n_differences++] = ev.seal_difference;
	}
	return m->differences ? 0 : -1;
}

/* What is asked for later. A directory with a longer name is none that an engine makes. */
static void remember(struct state_container *c, const struct audit *a)
{
	if (strlen(a->actual.upper) < sizeof(c->upper))
		strcpy(c->upper, a->actual.upper);
	if (a->is_promised && c->workload.pod[0])
		identity_account(a->e->state.identity, &a->promised, c->workload.account, sizeof(c->workload.account));
}

static Warder__V1__Event *posture_event(struct audit *a, struct rating *rating)
{
	struct arena *to = &a->e->arena;
	Warder__V1__Posture *m;
	Warder__V1__Event *ev;

	arena_reset(to);
	m = arena_alloc(to, sizeof(*m));
	ev = event_own(&a->e->stream, to, a->e->now_ns, WARDER__V1__EVENT_TYPE__POSTURE, m);
	if (!ev || rate(a, rating))
		return NULL;
	warder__v1__posture__init(m);
	m->workload = event_workload(to, a->c->workload.origin_id, &a->c->workload);
	m->promised = a->is_promised;
	m->late = a->late;
	if (!m->workload || event_tags(to, state_tags(&a->e->state, a->c->workload.origin_id), m->workload) ||
	    say_reasons(to, rating, m) || say_rights(to, &a->rated, m) || say_mounts(to, &a->rated, m) ||
	    say_differences(a, to, m))
		return NULL;
	return ev;
}

static bool is_due(const struct engine *e, const struct state_container *c)
{
	return e->state.identity && c->workload.origin_id && c->named && !c->audited && !c->ended;
}

/* When its image was made, once the digest is known, which a runtime may tell late. True: it was looked up. */
static bool date_image(struct engine *e, struct state_container *c)
{
	if (!e->state.identity || c->dated || !c->upper[0] || !c->workload.digest[0] || c->ended)
		return false;
	c->dated = true;
	c->workload.image_created_s = identity_image_created(e->state.identity, &c->workload, c->upper);
	return true;
}

static void audit(struct engine *e, struct state_container *c)
{
	struct audit a = {.e = e, .c = c};
	struct rating rating = {0};
	struct difference_record r;

	c->audited = true;
	arena_reset(&e->scratch);
	read_posture(&a);
	remember(c, &a);
	date_image(e, c);
	engine_emit(e, posture_event(&a, &rating));
	c->level = rating.level;
	take_grants(&a);
	for (unsigned int i = 0; i < a.n; i++) {
		difference_record(&a, &a.differences[i], &r);
		engine_take(e, &r.head);
	}
}

void audit_container(struct engine *e, uint64_t origin)
{
	struct state_container *c = table_get(&e->state.containers, origin);

	if (c && is_due(e, c))
		audit(e, c);
}

void audit_named(struct engine *e)
{
	unsigned int left = AT_ONCE;

	for (uint32_t i = 0; i < e->state.containers.used && left; i++) {
		struct state_container *c = table_at(&e->state.containers, i);

		if (is_due(e, c)) {
			audit(e, c);
			left--;
		} else if (date_image(e, c)) {
			left--;
		}
	}
}
