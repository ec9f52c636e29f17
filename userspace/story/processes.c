// SPDX-License-Identifier: Apache-2.0
/* Who started whom, and which walls each process is behind, as its events show it from one to the next. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "story/intake.h"
#include "table.h"

/* The kernel's own namespaces have numbers that never change (include/linux/proc_ns.h); mnt and net since 6.18 only. */
enum {
	NS_IPC = 0xefffffff,
	NS_UTS = 0xeffffffe,
	NS_USER = 0xeffffffd,
	NS_PID = 0xeffffffc,
	NS_CGROUP = 0xeffffffb,
	NS_NET = 0xeffffff9,
	NS_MNT = 0xeffffff8,
};

#define DIMS 7

struct making {
	struct story *s;
	struct table by_id;                 /* a process by its start and number */
	struct table by_pid;                /* the one that has the number now */
	uint32_t host[DIMS], learned[DIMS]; /* the host's namespaces */
	const Warder__V1__Process *sealed;
};

static void namespaces(const Warder__V1__Process *p, uint32_t out[DIMS])
{
	const uint32_t ns[DIMS] = {p->mnt_ns, p->pid_ns, p->net_ns, p->uts_ns, p->ipc_ns, p->cgroup_ns, p->user_ns};

	memcpy(out, ns, sizeof(ns));
}

/* A process of the host's that was reached shows the host's namespaces. */
static const Warder__V1__Process *target_of(const Warder__V1__Event *e)
{
	switch (e->payload_case) {
	case WARDER__V1__EVENT__PAYLOAD_PTRACE_ACCESS:
		return e->ptrace_access->target;
	case WARDER__V1__EVENT__PAYLOAD_SIGNAL_SEND:
		return e->signal_send->target;
	case WARDER__V1__EVENT__PAYLOAD_FILE_OPEN:
		return e->file_open->target;
	case WARDER__V1__EVENT__PAYLOAD_UNIX_CONNECT:
		return e->unix_connect->peer;
	case WARDER__V1__EVENT__PAYLOAD_PROVENANCE_USE:
		return e->provenance_use->user;
	default:
		return NULL;
	}
}

/* On an older kernel from who was reached on the host, or which of the host's were joined. */
static void learn_host(struct making *m)
{
	const uint32_t known[DIMS] = {NS_MNT, NS_PID, NS_NET, NS_UTS, NS_IPC, NS_CGROUP, NS_USER};

	memcpy(m->host, known, sizeof(known));
	for (size_t i = 0; i < m->s->n_rows; i++) {
		const Warder__V1__Event *e = m->s->rows[i].event;
		const Warder__V1__Process *p = e ? target_of(e) : NULL;
		const Warder__V1__NamespaceChange *c = NULL;

		if (!e || !e->owner || e->owner->kind != WARDER__V1__OWNER__KIND__OWNER_HOST)
			continue;
		if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_NAMESPACE_CHANGE && e->namespace_change->result >= 0)
			c = e->namespace_change;
		if (p && p->pid_ns == NS_PID && p->uts_ns == NS_UTS) {
			m->learned[0] = p->mnt_ns;
			m->learned[2] = p->net_ns;
		}
		if (c && c->dimensions & WARDER__V1__DIMENSION__DIM_MNT)
			m->learned[0] = c->to_mnt;
		if (c && c->dimensions & WARDER__V1__DIMENSION__DIM_NET)
			m->learned[2] = c->to_net;
	}
}

static void note_change(const struct making *m, struct story_process *p, const Warder__V1__Process *from,
			const Warder__V1__Process *to, int64_t at, bool first)
{
	struct story_change c = {.at = at, .first = first};
	uint32_t a[DIMS], b[DIMS];

	namespaces(from, a);
	namespaces(to, b);
	for (unsigned int d = 0; d < DIMS; d++) {
		if (!a[d] || !b[d] || a[d] == b[d])
			continue;
		c.namespaces |= 1u << d;
		c.to[d] = b[d];
		if (b[d] == m->host[d] || b[d] == m->learned[d])
			c.host |= 1u << d;
	}
	c.caps_gained = to->cap_effective & ~from->cap_effective;
	c.caps_lost = first ? 0 : from->cap_effective & ~to->cap_effective;
	c.uid = to->uid != from->uid || to->euid != from->euid;
	c.to_uid = to->euid;
	c.cgroup = from->cgroup_id && to->cgroup_id && from->cgroup_id != to->cgroup_id;
	if (!c.namespaces && !c.caps_gained && !c.caps_lost && !c.uid && !c.cgroup)
		return;
	if (p->n_changes == STORY_CHANGES)
		p->more_changes++;
	else
		p->changes[p->n_changes++] = c;
}

/* What is remembered of a writer that is gone has no namespaces: nothing to compare. */
static bool is_whole(const Warder__V1__Process *p)
{
	return p->mnt_ns;
}

static struct story_process *add_process(struct making *m, const Warder__V1__Process *of, int64_t at)
{
	struct story *s = m->s;
	struct story_process *p, **at_pid;

	if (s->n_processes == STORY_PROCESSES) {
		s->more_processes++;
		return NULL;
	}
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	s->processes[s->n_processes++] = p;
	p->pid = of->pid;
	p->start_ns = of->start_ns;
	p->first = at;
	at_pid = table_get(&m->by_pid, of->ppid);
	if (of->ppid && at_pid && *at_pid && (*at_pid)->start_ns <= p->start_ns) {
		p->parent = *at_pid;
		if (p->parent->last_child)
			p->parent->last_child->next = p;
		else
			p->parent->child = p;
		p->parent->last_child = p;
	}
	*(struct story_process **)table_put(&m->by_pid, of->pid) = p;
	return p;
}

static uint64_t id_of(const Warder__V1__Process *p)
{
	return p->start_ns ^ (uint64_t)p->pid << 40;
}

static struct story_process *process_of(struct making *m, const Warder__V1__Process *of, int64_t at)
{
	struct story_process **slot = table_get(&m->by_id, id_of(of)), *p = slot ? *slot : NULL;

	if (!p) {
		p = add_process(m, of, at);
		if (!p)
			return NULL;
		*(struct story_process **)table_put(&m->by_id, id_of(of)) = p;
	}
	if (is_whole(of)) {
		if (p->seen)
			note_change(m, p, p->seen, of, at, false);
		else if (m->sealed)
			note_change(m, p, m->sealed, of, at, true);
		p->seen = of;
	}
	if (of->exe)
		p->exe = of->exe;
	if (of->args)
		p->args = of->args;
	if (!p->seen)
		p->seen = of;
	return p;
}

static void take_record(struct story_process *p, const Warder__V1__Event *e, int64_t at)
{
	switch (e->payload_case) {
	case WARDER__V1__EVENT__PAYLOAD_CONTAINER_ENTER:
		p->entered |= !e->container_enter->late;
		break;
	case WARDER__V1__EVENT__PAYLOAD_PROCESS_EXEC:
		p->secure |= e->process_exec->secure;
		p->snapshot |= e->process_exec->snapshot;
		break;
	case WARDER__V1__EVENT__PAYLOAD_PROCESS_EXIT:
		p->exited = true;
		p->ended = at;
		p->exit_code = e->process_exit->exit_code;
		break;
	default:
		break;
	}
}

/* The exec's own words come with the event; those of the process are as it was before. */
static void take_exec(struct story_process *p, const Warder__V1__Event *e)
{
	const Warder__V1__ProcessExec *x = e->process_exec;

	if (x->args && (x->args->raw.len || *x->args->utf8))
		p->args = x->args;
	if (p->seen && p->seen->exe)
		p->exe = p->seen->exe;
}

static int walk(struct making *m)
{
	for (size_t i = 0; i < m->s->n_rows; i++) {
		const struct story_row *r = &m->s->rows[i];
		const Warder__V1__Process *of = r->event && r->event->actor ? r->event->actor->process : NULL;
		struct story_process *p;

		if (!of || !of->pid || r->kind == ROW_INCIDENT)
			continue;
		p = process_of(m, of, r->at);
		if (!p && m->s->n_processes < STORY_PROCESSES)
			return -ENOMEM;
		if (!p)
			continue;
		p->other |= r->other;
		take_record(p, r->event, r->at);
		if (r->event->payload_case == WARDER__V1__EVENT__PAYLOAD_PROCESS_EXEC)
			take_exec(p, r->event);
		if (r->kind != ROW_FINDING)
			continue;
		p->findings++;
		if (r->event->severity > p->worst)
			p->worst = r->event->severity;
	}
	return 0;
}

int processes_make(struct story *s)
{
	struct making m = {.s = s};
	int rc = -ENOMEM;

	s->processes = calloc(STORY_PROCESSES, sizeof(struct story_process *));
	if (s->processes && !table_init(&m.by_id, 4096, sizeof(void *)) && !table_init(&m.by_pid, 4096, sizeof(void *))) {
		m.sealed = s->seal && s->seal->actor ? s->seal->actor->process : NULL;
		learn_host(&m);
		rc = walk(&m);
	}
	table_destroy(&m.by_id);
	table_destroy(&m.by_pid);
	return rc;
}
