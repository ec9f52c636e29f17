// SPDX-License-Identifier: Apache-2.0
#include "recording.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TOLD_MAX  64 /* containers in an answer */
#define MIN_ID    6  /* digits of an id's start */
#define FILE_SIZE 512

/* The answer while it is made, in the engine's arena. */
struct telling {
	struct engine *e;
	Warder__V1__Recording message;
	Warder__V1__Workload *containers[TOLD_MAX];
	char *files[ENGINE_SINKS];
	char paths[ENGINE_SINKS][FILE_SIZE];
	struct err err;
};

static bool is_alive(const struct state_container *c)
{
	return c && c->workload.origin_id && !c->ended;
}

/* Who is meant */

/* As a person calls it. A sandbox is called what its pod is, and is asked for by its id. */
static bool is_called(const struct workload *w, const char *word)
{
	size_t ns = strlen(w->pod_ns), pod = strlen(w->pod);

	if (!strcmp(w->id, word))
		return true;
	if (w->sandbox)
		return false;
	if (!strcmp(w->name, word))
		return true;
	return pod && !strncmp(word, w->pod_ns, ns) && word[ns] == '/' && !strncmp(word + ns + 1, w->pod, pod) &&
	       word[ns + 1 + pod] == '/' && !strcmp(word + ns + 1 + pod + 1, w->name);
}

static bool begins_so(const struct workload *w, const char *word)
{
	size_t n = strlen(word);

	return n >= MIN_ID && !strncmp(w->id, word, n);
}

/* How many are meant, one of them in *out. */
static unsigned int count_meant(const struct state *s, bool (*means)(const struct workload *w, const char *word),
				const char *word, const struct workload **out)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < s->containers.used; i++) {
		const struct state_container *c = table_at(&s->containers, i);

		if (!is_alive(c) || !means(&c->workload, word))
			continue;
		*out = &c->workload;
		n++;
	}
	return n;
}

static int find_container(struct telling *t, const char *word, struct recording *out)
{
	const struct workload *w = NULL;
	unsigned int n = *word ? count_meant(&t->e->state, is_called, word, &w) : 0;

	if (!n)
		n = count_meant(&t->e->state, begins_so, word, &w);
	if (!n)
		return err_set(&t->err, -ENOENT, "no container '%.200s' runs here: its name, its id or six digits of its start",
			       word);
	if (n > 1)
		return err_set(&t->err, -ENOTUNIQ,
			       "'%.200s' are %u containers, one with the id %.72s: give an id, or NAMESPACE/POD/NAME", word, n,
			       w->id);
	out->of = RECORDING_CONTAINER;
	out->origin = w->origin_id;
	return 0;
}

static bool is_of(const struct recording *r, const struct workload *w)
{
	switch (r->of) {
	case RECORDING_CONTAINER:
		return w->origin_id == r->origin;
	case RECORDING_POD:
		return !strcmp(w->pod, r->pod) && !strcmp(w->pod_ns, r->pod_ns);
	default:
		return false;
	}
}

static int find_pod(struct telling *t, const char *word, struct recording *out)
{
	const char *slash = strchr(word, '/');
	size_t ns = slash ? (size_t)(slash - word) : 0;
	const char *pod = slash ? slash + 1 : word;

	out->of = RECORDING_POD;
	if (*pod && ns < sizeof(out->pod_ns) && strlen(pod) < sizeof(out->pod)) {
		memcpy(out->pod_ns, word, ns);
		strcpy(out->pod, pod);
		for (uint32_t i = 0; i < t->e->state.containers.used; i++) {
			const struct state_container *c = table_at(&t->e->state.containers, i);

			if (is_alive(c) && is_of(out, &c->workload))
				return 0;
		}
	}
	return err_set(&t->err, -ENOENT, "no container of a pod '%.200s' runs here: NAMESPACE/NAME", word);
}

static int find_node(struct telling *t, const char *word, struct recording *out)
{
	if (*word)
		return err_set(&t->err, -EINVAL, "the node has no name here");
	out->of = RECORDING_NODE;
	return 0;
}

/* "SECONDS SUBJECT" into a recording. */
static int parse(struct telling *t, const char *words, uint64_t now_ns, struct recording *out)
{
	static const struct {
		const char *name;
		int (*find)(struct telling *t, const char *word, struct recording *out);
	} subjects[] = {
		{"container ", find_container},
		{"pod ", find_pod},
		{"node", find_node},
	};
	char *rest;
	unsigned long seconds = strtoul(words, &rest, 10);

	*out = (struct recording){.of = RECORDING_NONE};
	if (*words < '0' || *words > '9' || *rest != ' ' || !seconds || seconds > RECORDING_MAX_S)
		return err_set(&t->err, -EINVAL, "a recording takes from 1 to %d seconds", RECORDING_MAX_S);
	out->until_ns = now_ns + seconds * 1000000000ull;
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		size_t n = strlen(subjects[i].name);

		if (!strncmp(rest + 1, subjects[i].name, n))
			return subjects[i].find(t, rest + 1 + n, out);
	}
	return err_set(&t->err, -EINVAL, "a container, a pod or the node can be recorded");
}

/* What is done */

/* The sinks write what they keep of a container (0: all), and what it does. With `t`, it gets the files. -ENOENT: no sink keeps anything. */
static int write_kept(struct engine *e, const struct recording *r, uint64_t origin, struct telling *t)
{
	uint64_t until = (uint64_t)e->stream.realtime_0 + r->until_ns;
	unsigned int n = 0;
	int rc = -ENOENT;

	for (unsigned int i = 0; i < e->n_sinks; i++) {
		int one = sink_record(e->sinks[i], origin, until, t ? t->paths[n] : NULL, FILE_SIZE);

		if (one == -ENOENT)
			continue;
		if (one)
			return one;
		rc = 0;
		if (t)
			t->files[n] = t->paths[n];
		n++;
	}
	if (t)
		t->message.n_files = n;
	return rc;
}

static int tell_container(struct telling *t, const struct workload *w)
{
	Warder__V1__Workload *m;

	if (t->message.n_containers == TOLD_MAX) {
		t->message.more++;
		return 0;
	}
	m = event_workload(&t->e->arena, w->origin_id, w);
	if (!m)
		return -ENOMEM;
	t->containers[t->message.n_containers++] = m;
	return 0;
}

/* All that it is of by now. With `t`, it is told. */
static int apply(struct engine *e, const struct recording *r, struct telling *t)
{
	int rc = 0;

	if (r->of == RECORDING_NODE) /* which the sinks remember themselves */
		return t ? write_kept(e, r, 0, t) : 0;
	for (uint32_t i = 0; !rc && i < e->state.containers.used; i++) {
		const struct state_container *c = table_at(&e->state.containers, i);

		if (!is_alive(c) || !is_of(r, &c->workload))
			continue;
		rc = write_kept(e, r, c->workload.origin_id, t);
		if (!rc && t)
			rc = tell_container(t, &c->workload);
	}
	return rc;
}

static bool is_same(const struct recording *a, const struct recording *b)
{
	return a->of == b->of && a->origin == b->origin && !strcmp(a->pod, b->pod) && !strcmp(a->pod_ns, b->pod_ns);
}

/* Where it is remembered: with what was asked for before, if it is the same. NULL: there is no room. */
static struct recording *place(struct engine *e, const struct recording *r)
{
	struct recording *room = NULL;

	for (unsigned int i = 0; i < ENGINE_RECORDINGS; i++) {
		if (is_same(&e->recordings[i], r))
			return &e->recordings[i];
		if (e->recordings[i].of == RECORDING_NONE)
			room = &e->recordings[i];
	}
	return room;
}

static int begin(struct telling *t, const char *words, uint64_t now_ns)
{
	struct recording r, *to;
	int rc;

	t->e->now_ns = now_ns > t->e->now_ns ? now_ns : t->e->now_ns;
	recording_step(t->e);
	rc = parse(t, words, now_ns, &r);
	if (rc)
		return rc;
	to = place(t->e, &r);
	if (!to)
		return err_set(&t->err, -EBUSY, "%d recordings go on already, which is all that there may be",
			       ENGINE_RECORDINGS);
	if (r.until_ns < to->until_ns) /* one that goes on gets no shorter */
		r.until_ns = to->until_ns;
	rc = apply(t->e, &r, t);
	if (rc == -ENOENT)
		return err_set(&t->err, rc, "the sensor writes no captures: it must be started with -o capture:DIR");
	if (rc)
		return err_set(&t->err, rc, "the capture cannot be written: %s", strerror(-rc));
	*to = r;
	t->message.whole_node = r.of == RECORDING_NODE;
	t->message.until = event_time(&t->e->arena, &t->e->stream, r.until_ns);
	return t->message.until ? 0 : err_set(&t->err, -ENOMEM, "not enough memory for the answer");
}

Warder__V1__Recording *recording_begin(struct engine *e, const char *words, uint64_t now_ns)
{
	struct telling *t;

	arena_reset(&e->arena);
	t = arena_alloc(&e->arena, sizeof(*t));
	if (!t)
		return NULL;
	t->e = e;
	warder__v1__recording__init(&t->message);
	t->message.containers = t->containers;
	t->message.files = t->files;
	if (begin(t, words, now_ns)) {
		warder__v1__recording__init(&t->message);
		t->message.error = t->err.msg;
	}
	return &t->message;
}

static bool is_over(struct engine *e, const struct recording *r)
{
	return e->now_ns >= r->until_ns ||
	       (r->of == RECORDING_CONTAINER && !is_alive(table_get(&e->state.containers, r->origin)));
}

void recording_step(struct engine *e)
{
	for (unsigned int i = 0; i < ENGINE_RECORDINGS; i++) {
		struct recording *r = &e->recordings[i];

		if (r->of == RECORDING_NONE)
			continue;
		if (is_over(e, r))
			*r = (struct recording){.of = RECORDING_NONE};
		else
			apply(e, r, NULL);
	}
}

void recording_ended(struct engine *e, uint64_t origin)
{
	const struct state_container *c = NULL;

	for (unsigned int i = 0; i < ENGINE_RECORDINGS; i++) {
		const struct recording *r = &e->recordings[i];

		if (r->of != RECORDING_POD)
			continue;
		if (!c)
			c = table_get(&e->state.containers, origin);
		if (c && is_of(r, &c->workload))
			write_kept(e, r, origin, NULL);
	}
}
