// SPDX-License-Identifier: Apache-2.0
/* Processes, and the container that they are in. */
#include <inttypes.h>

#include "capset.h"
#include "story/page.h"

#define DEPTH_MAX    40  /* deeper ones are drawn at this depth */
#define ARGS_COLUMNS 120 /* in one line; all of them are below it */

/* The worst that a process came to, in one or two words each. */
static void say_tags(struct pen *p, const struct story_process *q)
{
	uint32_t host = 0, other = 0;
	uint64_t gained = 0;
	char caps[512];
	bool cgroup = false;

	for (unsigned int i = 0; i < q->n_changes; i++) {
		host |= q->changes[i].host;
		other |= q->changes[i].namespaces & ~q->changes[i].host;
		gained |= q->changes[i].caps_gained;
		cgroup |= q->changes[i].cgroup;
	}
	if (q->findings)
		pen_say(p, "<span class=\"tag breach\">%" PRIu32 " finding%s</span>", q->findings, q->findings == 1 ? "" : "s");
	if (host) {
		pen_say(p, "<span class=\"tag breach\">in the host's ");
		words_bits(p, &warder__v1__dimension__descriptor, host);
		pen_say(p, "</span>");
	}
	if (other) {
		pen_say(p, "<span class=\"tag post-breach\">other namespaces: ");
		words_bits(p, &warder__v1__dimension__descriptor, other);
		pen_say(p, "</span>");
	}
	if (gained)
		pen_say(p, "<span class=\"tag attempt\">gained %s</span>", capset_text(gained, caps, sizeof(caps)));
	if (cgroup)
		pen_say(p, "<span class=\"tag breach\">left its cgroup</span>");
	if (q->secure)
		pen_say(p, "<span class=\"tag attempt\">set-id</span>");
	if (q->entered)
		pen_say(p, "<span class=\"tag recon\">entered from outside</span>");
	if (q->snapshot)
		pen_say(p, "<span class=\"tag\">ran before the sensor</span>");
}

static void say_exit(struct pen *p, const struct story_process *q)
{
	char clock[40];

	if (!q->exited) {
		pen_say(p, "<dt>End</dt><dd>not in this record</dd>\n");
		return;
	}
	pen_say(p, "<dt>End</dt><dd>%s, ", words_clock(clock, q->ended));
	if (q->exit_code & 0x7f)
		pen_say(p, "killed by signal %d</dd>\n", q->exit_code & 0x7f);
	else
		pen_say(p, "exit code %d</dd>\n", q->exit_code >> 8 & 0xff);
}

static void say_body(struct pen *p, const struct story_process *q)
{
	char clock[40], caps[512];

	pen_say(p, "<dl>\n");
	if (q->exe) {
		pen_say(p, "<dt>Program</dt><dd class=\"mono\">");
		pen_text(p, q->exe);
		pen_say(p, "</dd>\n");
	}
	if (q->args) {
		pen_say(p, "<dt>Arguments</dt><dd class=\"mono\">");
		pen_text(p, q->args);
		pen_say(p, "</dd>\n");
	}
	pen_say(p, "<dt>First seen</dt><dd>%s</dd>\n", words_clock(clock, q->first));
	say_exit(p, q);
	pen_say(p, "<dt>User</dt><dd>%" PRIu32 " (effective %" PRIu32 ")</dd>\n", q->seen->uid, q->seen->euid);
	pen_say(p, "<dt>Process</dt><dd>%" PRIu32 " on the node, %" PRIu32 " in its namespace, parent %" PRIu32 "</dd>\n",
		q->pid, q->seen->ns_pid, q->seen->ppid);
	pen_say(p, "<dt>Capabilities</dt><dd>%s</dd>\n",
		q->seen->cap_effective ? capset_text(q->seen->cap_effective, caps, sizeof(caps)) : "none");
	pen_say(p, "<dt>Confined by</dt><dd>seccomp %s, no_new_privs %s</dd>\n", q->seen->seccomp_mode ? "on" : "off",
		q->seen->no_new_privs ? "on" : "off");
	for (unsigned int i = 0; i < q->n_changes; i++) {
		const struct story_change *c = &q->changes[i];

		pen_say(p, "<dt>%s</dt><dd class=\"change %s\">", c->first ? "Unlike the start" : words_clock(clock, c->at),
			c->host || c->cgroup ? "breach"
			: c->namespaces      ? "post-breach"
			: c->caps_gained     ? "attempt"
					     : "");
		words_change(p, c);
		pen_say(p, "</dd>\n");
	}
	if (q->more_changes)
		pen_say(p, "<dt>More changes</dt><dd>%u</dd>\n", q->more_changes);
	pen_say(p, "</dl>\n");
}

static void say_process(struct pen *p, const struct story_process *q, unsigned int depth)
{
	pen_say(p, "<li><details><summary>");
	words_process(p, q->seen);
	pen_say(p, " <span class=\"mono soft\">");
	p->max = ARGS_COLUMNS;
	pen_text(p, q->args ? q->args : q->exe);
	p->max = 0;
	pen_say(p, "</span>");
	say_tags(p, q);
	pen_say(p, "</summary>\n");
	say_body(p, q);
	pen_say(p, "</details>\n");
	if (q->child && depth < DEPTH_MAX)
		pen_say(p, "<ul>\n");
	for (const struct story_process *child = q->child; child; child = child->next)
		say_process(p, child, depth + 1);
	if (q->child && depth < DEPTH_MAX)
		pen_say(p, "</ul>\n");
	pen_say(p, "</li>\n");
}

void page_processes(struct pen *p, const struct story *s)
{
	pen_say(p,
		"<section aria-labelledby=\"processes\">\n<h2 id=\"processes\">Processes</h2>\n<p class=\"lead\">Who started whom. Coloured is where a "
		"process left the walls that the container was started with.</p>\n");
	if (!s->n_processes) {
		pen_say(p, "<p>None are in this record.</p>\n</section>\n");
		return;
	}
	pen_say(p,
		"<div class=\"controls\" data-script hidden><button type=\"button\" id=\"expand\" aria-pressed=\"false\">Expand all</button></div>\n"
		"<ul class=\"tree\">\n");
	for (size_t i = 0; i < s->n_processes; i++)
		if (!s->processes[i]->parent)
			say_process(p, s->processes[i], 0);
	pen_say(p, "</ul>\n");
	if (s->more_processes)
		pen_say(p, "<p class=\"soft\">%zu events are of processes that are not listed.</p>\n", s->more_processes);
	pen_say(p, "</section>\n");
}

static void say_pair(struct pen *p, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	pen_say(p, "<dt>%s</dt><dd>", name);
	pen_str(p, value);
	pen_say(p, "</dd>\n");
}

static void say_time(struct pen *p, const char *name, const Google__Protobuf__Timestamp *t)
{
	char date[40];

	if (t && t->seconds > 0 && t->seconds < 9000000000)
		pen_say(p, "<dt>%s</dt><dd>%s</dd>\n", name, words_date(date, t->seconds * 1000000000 + t->nanos));
}

static void say_labels(struct pen *p, const char *name, Warder__V1__Label *const *labels, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		pen_say(p, "<dt>%s</dt><dd class=\"mono\">", name);
		pen_str(p, labels[i]->name);
		pen_say(p, " = ");
		pen_str(p, labels[i]->value);
		pen_say(p, "</dd>\n");
	}
}

static void say_identity(struct pen *p, const Warder__V1__Workload *w)
{
	const Warder__V1__Container *c = w->container;
	const Warder__V1__Image *image = c ? c->image : NULL;

	pen_say(p, "<div><h3>Who it is</h3>\n<dl class=\"plain\">\n");
	if (w->pod) {
		say_pair(p, "Namespace", w->pod->namespace_);
		say_pair(p, "Pod", w->pod->name);
		say_pair(p, "Service account", w->pod->service_account);
	}
	if (c) {
		say_pair(p, "Name", c->name);
		say_pair(p, "Id", c->id);
		say_pair(p, "Runtime", c->runtime);
		say_pair(p, "Isolation", c->isolation);
	}
	if (image) {
		say_pair(p, "Image", image->ref);
		say_pair(p, "Digest", image->digest);
		say_pair(p, "Registry", image->registry);
		pen_say(p, "<dt>Pinned</dt><dd>%s</dd>\n",
			image->pinned ? "yes: the reference has the digest" : "no: the name can come to mean another image");
		say_time(p, "Image made", image->created);
	} else {
		pen_say(p, "<dt>Image</dt><dd class=\"soft\">not known: started without an engine</dd>\n");
	}
	pen_say(p, "<dt>Trust</dt><dd>");
	if (*w->trust)
		pen_str(p, w->trust);
	else
		pen_say(p, "no level by the policy");
	pen_say(p, "</dd>\n");
	if (c) {
		say_time(p, "Started", c->started);
		if (c->restarts)
			pen_say(p, "<dt>Restarts</dt><dd>%" PRIu32 "</dd>\n", c->restarts);
	}
	say_pair(p, "Cgroup", w->cgroup_path);
	say_labels(p, "Label", w->labels, w->n_labels);
	say_labels(p, "Annotation", w->annotations, w->n_annotations);
	pen_say(p, "</dl></div>\n");
}

static void say_level(struct pen *p, const Warder__V1__Posture *m)
{
	pen_say(p, "<div><h3>What it was allowed</h3>\n<p>Posture: <b class=\"%s\">%s</b>%s</p>\n",
		m->level == WARDER__V1__POSTURE__LEVEL__PRIVILEGED ? "breach" : "", words_level(m->level),
		m->late ? ", read later than at its start" : "");
	if (m->n_reasons)
		pen_say(p, "<ul class=\"reasons\">\n");
	for (size_t i = 0; i < m->n_reasons; i++) {
		pen_say(p, "<li>");
		pen_str(p, m->reasons[i]);
		pen_say(p, "</li>\n");
	}
	pen_say(p, "%s", m->n_reasons ? "</ul>\n" : "");
}

static void say_differences(struct pen *p, const Warder__V1__Posture *m)
{
	if (!m->promised) {
		pen_say(p, "<p class=\"soft\">What its runtime was told is not known: nothing to compare with.</p>\n");
		return;
	}
	if (!m->n_differences) {
		pen_say(p, "<p class=\"soft\">It was started as its runtime was told.</p>\n");
		return;
	}
	pen_say(p, "<h3>Unlike what its runtime was told</h3>\n<ul class=\"reasons\">\n");
	for (size_t i = 0; i < m->n_differences; i++) {
		pen_say(p, "<li class=\"breach\">");
		words_enum(p, &warder__v1__difference__descriptor, (int)m->differences[i]->what);
		pen_say(p, " ");
		pen_text(p, m->differences[i]->place);
		pen_say(p, " ");
		pen_text(p, m->differences[i]->found);
		pen_say(p, "</li>\n");
	}
	pen_say(p, "</ul>\n");
}

static void say_mounts(struct pen *p, const Warder__V1__Posture *m)
{
	if (!m->n_mounts)
		return;
	pen_say(p,
		"<h3>Files of the host in it</h3>\n<table><thead><tr><th scope=\"col\">On the host</th><th scope=\"col\">In the container</th>"
		"<th scope=\"col\">Access</th><th scope=\"col\">Kind</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < m->n_mounts; i++) {
		const Warder__V1__Posture__Mount *mount = m->mounts[i];

		pen_say(p, "<tr><td class=\"mono\">");
		pen_text(p, mount->source);
		pen_say(p, "</td><td class=\"mono\">");
		pen_text(p, mount->target);
		pen_say(p, "</td><td class=\"%s\">%s</td><td>%s</td></tr>\n", mount->writable && !mount->volume ? "breach" : "",
			mount->writable ? "writable" : "read-only", mount->volume ? "volume" : "host path");
	}
	pen_say(p, "</tbody></table>\n");
	if (m->more_mounts)
		pen_say(p, "<p class=\"soft\">and %" PRIu32 " more</p>\n", m->more_mounts);
}

void page_container(struct pen *p, const struct story *s)
{
	const Warder__V1__Posture *m = s->posture ? s->posture->posture : NULL;

	pen_say(p, "<section aria-labelledby=\"container\">\n<h2 id=\"container\">Container</h2>\n");
	if (!s->subject) {
		pen_say(p, "<p>This report is not about one container: name one with --container.</p>\n</section>\n");
		return;
	}
	pen_say(p, "<div class=\"two\">\n");
	say_identity(p, s->subject);
	if (m) {
		say_level(p, m);
		say_differences(p, m);
	} else {
		pen_say(p, "<div><h3>What it was allowed</h3>\n<p class=\"soft\">Its posture is not in this record.</p>\n");
	}
	if (s->grant) {
		pen_say(p, "<p class=\"note bad\">");
		words_event(p, s->grant);
		pen_say(p, "</p>\n");
	}
	pen_say(p, "</div>\n</div>\n");
	if (m)
		say_mounts(p, m);
	pen_say(p, "</section>\n");
}
