// SPDX-License-Identifier: Apache-2.0
/*
 * A container uses BPF on the host: it loads programs that see or steer more than itself, or takes hold of objects that others
 * made. The sensor's own are the worst. Without a list of the node's agents, an honest one (B05, B15) looks the same.
 */
#include "../detect.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define LOW      WARDER__V1__SEVERITY__LOW
#define MEDIUM   WARDER__V1__SEVERITY__MEDIUM
#define HIGH     WARDER__V1__SEVERITY__HIGH
#define CRITICAL WARDER__V1__SEVERITY__CRITICAL

/* Program types (enum bpf_prog_type) of what runs outside of the container that loads them. The rest: its network's. */
static const struct {
	unsigned int type;
	Warder__V1__Severity severity;
	const char *technique, *what;
} types[] = {
	{2, HIGH, "M30", "kprobe"},
	{5, HIGH, "M30", "tracepoint"},
	{7, HIGH, "M30", "perf event"},
	{17, HIGH, "M30", "raw tracepoint"},
	{24, HIGH, "M30", "writable raw tracepoint"},
	{26, HIGH, "M30", "tracing"},
	{27, HIGH, "M30", "struct_ops"},
	{28, HIGH, "M30", "extension"},
	{29, HIGH, "M30", "LSM"},
	{23, MEDIUM, "M30", "sysctl cgroup"},
	{31, LOW, "M30", "syscall"},
	/*
	 * All filters of a cgroup and of those above it must agree: one more takes devices away and gives none. systemd and engines
	 * load one for each service (B16, B17); to be rid of the runtime's own it must first be got hold of (M31).
	 */
	{15, LOW, "M30", "device cgroup"},
	{3, LOW, "X16", "traffic classifier"},
	{4, LOW, "X16", "traffic action"},
	{6, LOW, "X16", "XDP"},
	{14, LOW, "X16", "socket map"},
	{16, LOW, "X16", "socket message"},
	{32, LOW, "X16", "netfilter"},
};

static const char *const objects[] = {
	[WD_BPF_OBJECT_PROGRAM] = "program",
	[WD_BPF_OBJECT_MAP] = "map",
	[WD_BPF_OBJECT_LINK] = "link",
};

static bool judge_refused(const struct wd_bpf_use *u, struct verdict *v)
{
	v->stage = WARDER__V1__STAGE__ATTEMPT;
	v->severity = u->act == WD_BPF_ACT_BY_ID ? MEDIUM : LOW;
	v->technique = u->act == WD_BPF_ACT_LOAD ? "K19" : u->act == WD_BPF_ACT_BY_ID ? "M31" : "M32";
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_LOW;
	snprintf(v->message, sizeof(v->message), "tried to %s: refused",
		 u->act == WD_BPF_ACT_LOAD    ? "load a BPF program"
		 : u->act == WD_BPF_ACT_BY_ID ? "get hold of another's BPF object by its id"
					      : "open a pinned BPF object");
	return true;
}

static bool judge_load(const struct wd_bpf_use *u, const char *name, struct verdict *v)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == u->program_type) {
			v->technique = types[i].technique;
			v->severity = types[i].severity;
			v->stage = v->severity >= MEDIUM ? WARDER__V1__STAGE__BREACH : WARDER__V1__STAGE__ATTEMPT;
			snprintf(v->message, sizeof(v->message), "loaded a %s BPF program, '%s'", types[i].what, name);
			return true;
		}
	return false;
}

static bool judge(const struct view *view, struct verdict *v)
{
	const struct wd_bpf_use *u = view->body;
	char name[4 * sizeof(u->name) + 1];
	const char *object = "object";

	text_quote(name, sizeof(name), u->name, strnlen(u->name, sizeof(u->name)), "");
	v->dimension = "kernel";
	v->invariant = WARDER__V1__INVARIANT__REACH;
	v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_MEDIUM;
	if (view->rec->outcome == WD_DENIED)
		return judge_refused(u, v);
	if (u->act == WD_BPF_ACT_LOAD)
		return judge_load(u, name, v);
	if (u->object < sizeof(objects) / sizeof(objects[0]) && objects[u->object])
		object = objects[u->object];
	v->stage = WARDER__V1__STAGE__BREACH;
	if (u->sensor) {
		v->technique = "P14";
		v->severity = CRITICAL;
		v->confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
		snprintf(v->message, sizeof(v->message), "got hold of the sensor's own BPF %s %u, '%s'", object, u->id, name);
	} else if (u->act == WD_BPF_ACT_BY_ID) {
		v->technique = "M31";
		v->severity = HIGH;
		snprintf(v->message, sizeof(v->message), "got hold of BPF %s %u, '%s', by its id", object, u->id, name);
	} else {
		/* Pinned where the container can open it: by itself, or in a directory that was given to it. */
		v->technique = "M32";
		v->severity = LOW;
		v->stage = WARDER__V1__STAGE__ATTEMPT;
		snprintf(v->message, sizeof(v->message), "opened the pinned BPF %s %u, '%s'", object, u->id, name);
	}
	return true;
}

const struct detector detect_bpfuse = {"bpfuse", "1", WD_BPF_USE, judge};
