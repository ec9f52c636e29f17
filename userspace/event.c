// SPDX-License-Identifier: Apache-2.0
#include "event.h"

#include <stdio.h>
#include <string.h>

#include "address.h"
#include "text.h"

#define SCHEMA_MINOR  1
#define MAX_ANCESTORS 6

void stream_init(struct stream *s, const char *node, const char *boot_id, const char *kernel, int64_t realtime_0,
		 uint64_t nonce)
{
	*s = (struct stream){.realtime_0 = realtime_0, .nonce = nonce};
	text_sanitise(s->node, sizeof(s->node), node, strlen(node));
	text_sanitise(s->boot_id, sizeof(s->boot_id), boot_id, strlen(boot_id));
	text_sanitise(s->kernel, sizeof(s->kernel), kernel, strlen(kernel));
	warder__v1__node__init(&s->message);
	s->message.name = s->node;
	s->message.boot_id = s->boot_id;
	s->message.kernel = s->kernel;
}

/* splitmix64's last step: spreads nonce and number over all bits; no secret. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

void event_uid(char out[37], const struct stream *s, uint64_t boot_ns, uint64_t seq)
{
	uint64_t ms = ((uint64_t)s->realtime_0 + boot_ns) / 1000000;
	uint64_t low = mix(s->nonce + seq);

	snprintf(out, 37, "%08llx-%04llx-7%03llx-%04llx-%012llx", (unsigned long long)(ms >> 16 & 0xffffffff),
		 (unsigned long long)(ms & 0xffff), (unsigned long long)(seq & 0xfff),
		 (unsigned long long)(0x8000 | (low >> 48 & 0x3fff)), (unsigned long long)(low & 0xffffffffffff));
}

Google__Protobuf__Timestamp *event_time(struct arena *a, const struct stream *s, uint64_t boot_ns)
{
	Google__Protobuf__Timestamp *t = arena_alloc(a, sizeof(*t));
	uint64_t ns = (uint64_t)s->realtime_0 + boot_ns;

	if (!t)
		return NULL;
	google__protobuf__timestamp__init(t);
	t->seconds = (int64_t)(ns / 1000000000);
	t->nanos = (int32_t)(ns % 1000000000);
	return t;
}

Warder__V1__Event *event_new(struct stream *s, struct arena *a, uint64_t boot_ns)
{
	Warder__V1__Event *e = arena_alloc(a, sizeof(*e));
	char *uid = arena_alloc(a, 37);

	if (!e || !uid)
		return NULL;
	warder__v1__event__init(e);
	e->seq = ++s->seq;
	event_uid(uid, s, boot_ns, e->seq);
	e->uid = uid;
	e->time = event_time(a, s, boot_ns);
	e->boot_ns = boot_ns;
	e->severity = WARDER__V1__SEVERITY__INFORMATIONAL;
	e->node = &s->message;
	e->schema_minor = SCHEMA_MINOR;
	return e->time ? e : NULL;
}

void event_unnumber(Warder__V1__Event *e)
{
	e->seq = 0;
	e->uid = (char *)protobuf_c_empty_string;
}

Warder__V1__Event *event_own(struct stream *s, struct arena *a, uint64_t boot_ns, Warder__V1__EventType type, void *message)
{
	Warder__V1__Event *e = event_new(s, a, boot_ns);

	if (!e || !message)
		return NULL;
	e->type = type;
	e->payload_case = (Warder__V1__Event__PayloadCase)type;
	e->finding = message; /* all arms are pointers in one union */
	return e;
}

static char *copy(struct arena *a, const char *s)
{
	return *s ? arena_string(a, s) : (char *)protobuf_c_empty_string;
}

static Google__Protobuf__Timestamp *seconds(struct arena *a, int64_t s)
{
	Google__Protobuf__Timestamp *t = arena_alloc(a, sizeof(*t));

	if (!t)
		return NULL;
	google__protobuf__timestamp__init(t);
	t->seconds = s;
	return t;
}

Warder__V1__Workload *event_workload(struct arena *a, uint64_t origin, const struct workload *w)
{
	Warder__V1__Workload *m = arena_alloc(a, sizeof(*m));
	Warder__V1__Container *c = arena_alloc(a, sizeof(*c));
	Warder__V1__Image *i = arena_alloc(a, sizeof(*i));
	Warder__V1__Pod *p = arena_alloc(a, sizeof(*p));
	char registry[sizeof(w->image)];

	if (!m || !c || !i || !p)
		return NULL;
	warder__v1__workload__init(m);
	m->origin_id = origin;
	if (!origin) {
		m->resolution = WARDER__V1__RESOLUTION__HOST;
		return m;
	}
	m->resolution = WARDER__V1__RESOLUTION__CGROUP_ONLY;
	if (!w)
		return m;
	m->resolution = (Warder__V1__Resolution)w->resolution;
	m->cgroup_path = copy(a, w->cgroup_path);
	m->trust = copy(a, w->trust);
	warder__v1__container__init(c);
	c->id = copy(a, w->id);
	c->name = copy(a, w->name);
	c->runtime = copy(a, w->runtime);
	c->isolation = copy(a, w->isolation);
	c->privileged = w->privileged;
	c->sandbox = w->sandbox;
	c->restarts = w->restarts;
	if (w->image[0] || w->digest[0]) {
		warder__v1__image__init(i);
		i->ref = copy(a, w->image);
		i->digest = copy(a, w->digest);
		i->pinned = strstr(w->image, "@sha256:") != NULL;
		if (w->image[0] && !(i->registry = arena_string(a, trust_registry(w->image, registry, sizeof(registry)))))
			return NULL;
		if (w->image_created_s && !(i->created = seconds(a, w->image_created_s)))
			return NULL;
		c->image = i;
	}
	if (w->started_s && !(c->started = seconds(a, w->started_s)))
		return NULL;
	if (w->created_s && !(c->created = seconds(a, w->created_s)))
		return NULL;
	m->container = c;
	if (w->pod[0]) {
		warder__v1__pod__init(p);
		p->name = copy(a, w->pod);
		p->namespace_ = copy(a, w->pod_ns);
		p->uid = copy(a, w->pod_uid);
		p->runtime_handler = copy(a, w->handler);
		p->service_account = copy(a, w->account);
		m->pod = p;
	}
	return m;
}

static int pairs(struct arena *a, const struct labels *l, Warder__V1__Label ***out, size_t *n)
{
	const char *name, *value;
	size_t count = 0, at;

	for (at = 0; labels_next(l, &at, &name, &value);)
		count++;
	*out = arena_alloc(a, count * sizeof(**out));
	if (!*out)
		return -1;
	for (at = 0; labels_next(l, &at, &name, &value);) {
		Warder__V1__Label *m = arena_alloc(a, sizeof(*m));

		if (!m)
			return -1;
		warder__v1__label__init(m);
		m->name = copy(a, name);
		m->value = copy(a, value);
		(*out)[(*n)++] = m;
	}
	return 0;
}

int event_tags(struct arena *a, const struct tags *t, Warder__V1__Workload *m)
{
	if (!t || m->n_labels || m->n_annotations)
		return 0;
	m->labels_cut = t->labels.cut || t->annotations.cut;
	if (pairs(a, &t->labels, &m->labels, &m->n_labels))
		return -1;
	return pairs(a, &t->annotations, &m->annotations, &m->n_annotations);
}

Warder__V1__Text *event_text(struct arena *a, const char *bytes, size_t n, bool cut)
{
	Warder__V1__Text *t = arena_alloc(a, sizeof(*t));
	char *to = arena_alloc(a, n + 1);

	if (!t || !to)
		return NULL;
	warder__v1__text__init(t);
	memcpy(to, bytes, n);
	t->truncated = cut;
	text_fill(to, n, cut, &t->utf8, &t->raw.data, &t->raw.len);
	return t;
}

/* Command line: arguments are told apart by spaces; a NUL could not be in a string. */
static Warder__V1__Text *args_text(struct arena *a, const struct process *p)
{
	char buf[sizeof(p->args)];
	size_t n = p->args_len;

	memcpy(buf, p->args, n);
	while (n && !buf[n - 1])
		n--;
	for (size_t i = 0; i < n; i++)
		if (!buf[i])
			buf[i] = ' ';
	return event_text(a, buf, n, p->args_cut);
}

static int process_enrich(struct arena *a, const struct stream *s, const struct process *p, Warder__V1__Process *m)
{
	m->uid_str = arena_printf(a, "%s:%u:%llu", s->boot_id, m->pid, (unsigned long long)m->start_ns);
	if (!m->uid_str)
		return -1;
	if (!p)
		return 0;
	if (p->exe[0] && !(m->exe = event_text(a, p->exe, strlen(p->exe), !strncmp(p->exe, "...", 3))))
		return -1;
	if (p->args_len && !(m->args = args_text(a, p)))
		return -1;
	return 0;
}

/* An ancestor, from what the state remembers of it. */
static Warder__V1__Process *ancestor(struct arena *a, const struct stream *s, const struct process *p)
{
	Warder__V1__Process *m = arena_alloc(a, sizeof(*m));
	char *comm = arena_alloc(a, 4 * sizeof(p->comm) + 1);

	if (!m || !comm)
		return NULL;
	warder__v1__process__init(m);
	text_sanitise(comm, 4 * sizeof(p->comm) + 1, p->comm, strnlen(p->comm, sizeof(p->comm)));
	m->comm = comm;
	m->pid = p->pid;
	m->ppid = p->ppid;
	m->start_ns = p->start_ns;
	return process_enrich(a, s, p, m) ? NULL : m;
}

Warder__V1__Actor *event_actor(struct arena *a, struct stream *s, struct state *st, const struct view *v)
{
	Warder__V1__Actor *m = arena_alloc(a, sizeof(*m));
	uint32_t ppid = v->rec->actor.ppid;

	if (!m)
		return NULL;
	warder__v1__actor__init(m);
	m->workload = event_workload(a, v->rec->origin, v->actor);
	m->process = schema_process(v->rec, &v->rec->actor, a);
	m->ancestry = arena_alloc(a, MAX_ANCESTORS * sizeof(*m->ancestry));
	if (!m->workload || !m->process || !m->ancestry || process_enrich(a, s, v->process, m->process))
		return NULL;
	while (ppid && m->n_ancestry < MAX_ANCESTORS) {
		const struct process *p = state_process(st, ppid, 0);

		/* A number that was given out again is no parent: a parent is older, and of the same origin. */
		if (!p || p->origin != v->rec->origin || p->start_ns > v->rec->actor.start_ns)
			break;
		m->ancestry[m->n_ancestry] = ancestor(a, s, p);
		if (!m->ancestry[m->n_ancestry++])
			return NULL;
		ppid = p->ppid;
	}
	return m;
}

Warder__V1__Workload *event_inner(struct arena *a, struct state *st, const struct wd_record *r)
{
	const struct workload *w = state_inner(st, r);

	return w ? event_workload(a, w->origin_id, w) : NULL;
}

Warder__V1__Owner *event_owner(struct arena *a, const struct view *v)
{
	Warder__V1__Owner *m = arena_alloc(a, sizeof(*m));

	if (!m)
		return NULL;
	warder__v1__owner__init(m);
	m->kind = (Warder__V1__Owner__Kind)v->rec->owner_kind;
	if (v->rec->owner_kind == WD_OWNER_CONTAINER && !(m->workload = event_workload(a, v->rec->owner, v->owner)))
		return NULL;
	return m;
}

/* The addresses as people write them. */
static int net_connect_enrich(struct arena *a, const struct wd_net_connect *c, Warder__V1__NetConnect *m)
{
	char text[ADDRESS_TEXT];

	m->peer = arena_string(a, address_text((struct address){c->peer_high, c->peer_low}, text));
	m->local = arena_string(a, address_text((struct address){c->local_high, c->local_low}, text));
	return m->peer && m->local ? 0 : -1;
}

Warder__V1__Event *event_record(struct stream *s, struct arena *a, struct state *st, const struct view *v)
{
	Warder__V1__Event *e = event_new(s, a, v->rec->boot_ns);

	if (!e || schema_payload(v->rec, a, e))
		return NULL;
	if (v->rec->type == WD_NET_CONNECT && net_connect_enrich(a, v->body, e->net_connect))
		return NULL;
	e->outcome = (Warder__V1__Outcome)v->rec->outcome;
	e->actor = event_actor(a, s, st, v);
	if (v->rec->owner_kind && !(e->owner = event_owner(a, v)))
		return NULL;
	return e->actor ? e : NULL;
}
