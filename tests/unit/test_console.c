// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sink.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char console_out[1 << 16];

/* Runs a console sink with stdout on a pipe and leaves what came out in console_out. cmocka's own output comes back afterwards.
 */
static const char *console(const Warder__V1__Event *e)
{
	int saved = dup(STDOUT_FILENO), fds[2];
	struct sink *s = NULL;
	struct err err;
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	fflush(stdout);
	dup2(fds[1], STDOUT_FILENO);
	close(fds[1]);
	if (!sink_open("console", &s, &err)) {
		sink_write(s, e);
		sink_close(s);
	}
	dup2(saved, STDOUT_FILENO); /* the last writer's end: the reader gets an end of file */
	close(saved);
	n = read(fds[0], console_out, sizeof(console_out) - 1);
	close(fds[0]);
	assert_non_null(s);
	console_out[n > 0 ? n : 0] = '\0';
	return console_out;
}

/* A finding as the engine sends it; the tests change it. */
struct example {
	Warder__V1__Event e;
	Warder__V1__Finding f;
	Google__Protobuf__Timestamp t;
	Warder__V1__Actor actor;
	Warder__V1__Workload w;
	Warder__V1__Container c;
	Warder__V1__Image image;
	Warder__V1__Process p;
	Warder__V1__Text exe, args;
	Warder__V1__Owner o;
	Warder__V1__Attack attack, *attacks[1];
	Warder__V1__Evidence ev, *evs[1];
};

static void example_init(struct example *x)
{
	warder__v1__event__init(&x->e);
	warder__v1__finding__init(&x->f);
	google__protobuf__timestamp__init(&x->t);
	warder__v1__actor__init(&x->actor);
	warder__v1__workload__init(&x->w);
	warder__v1__container__init(&x->c);
	warder__v1__image__init(&x->image);
	warder__v1__process__init(&x->p);
	warder__v1__text__init(&x->exe);
	warder__v1__text__init(&x->args);
	warder__v1__owner__init(&x->o);
	warder__v1__attack__init(&x->attack);
	warder__v1__evidence__init(&x->ev);
	x->t.seconds = 1700000043;
	x->e.time = x->f.first_seen = x->ev.time = &x->t;
	x->e.severity = WARDER__V1__SEVERITY__HIGH;
	x->e.actor = &x->actor;
	x->e.owner = &x->o;
	x->e.message = "mounted the host's block device 254:0 (ext4) by mount(2)";
	x->e.n_attack = 1;
	x->e.attack = x->attacks;
	x->attacks[0] = &x->attack;
	x->attack.technique = "T1611";
	x->e.payload_case = WARDER__V1__EVENT__PAYLOAD_FINDING;
	x->e.finding = &x->f;
	x->actor.workload = &x->w;
	x->actor.process = &x->p;
	x->w.resolution = WARDER__V1__RESOLUTION__RUNTIME;
	x->w.container = &x->c;
	x->c.id = "4f1c2ab3d9e04f1c2ab3d9e04f1c2ab3d9e04f1c2ab3d9e04f1c2ab3d9e01234";
	x->c.name = "web-1";
	x->c.runtime = "docker";
	x->c.image = &x->image;
	x->image.ref = "busybox:1";
	x->p.pid = 4242;
	x->p.comm = "mount";
	x->p.exe = &x->exe;
	x->p.args = &x->args;
	x->exe.utf8 = "/bin/busybox";
	x->args.utf8 = "mount /dev/x /mnt";
	x->o.kind = WARDER__V1__OWNER__KIND__OWNER_HOST;
	x->f.activity = WARDER__V1__FINDING__ACTIVITY__CREATE;
	x->f.technique = "M07";
	x->f.title = "Host block device mounted";
	x->f.stage = WARDER__V1__STAGE__BREACH;
	x->f.outcome = WARDER__V1__OUTCOME__SUCCEEDED;
	x->f.confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	x->f.invariant = WARDER__V1__INVARIANT__REACH;
	x->f.dimension = "mount";
	x->f.n_evidence = 1;
	x->f.evidence = x->evs;
	x->evs[0] = &x->ev;
	x->ev.role = "act";
	x->ev.summary = "mount(2) of 254:0";
}

#define WHO "web-1 (docker 4f1c2ab3d9e0, busybox:1)"

static void console_says_what_the_node_is_open_to(void **state)
{
	Warder__V1__Cve first = WARDER__V1__CVE__INIT, second = WARDER__V1__CVE__INIT, *cves[] = {&first, &second};
	struct example x;

	(void)state;
	example_init(&x);
	first.id = "CVE-2022-0847";
	second.id = "CVE-2022-0185 |";
	second.unknown = true;
	x.f.cves = cves;
	x.f.n_cves = 2;
	x.f.n_evidence = 0;
	assert_non_null(strstr(console(&x.e),
			       "confidence high, node open to CVE-2022-0847, node may be open to CVE-2022-0185\\x20\\x7c\n"));
}

static void console_says_that_levels_mix(void **state)
{
	Warder__V1__TrustMix__Level low = WARDER__V1__TRUST_MIX__LEVEL__INIT, none = WARDER__V1__TRUST_MIX__LEVEL__INIT,
				    *levels[] = {&low, &none};
	Warder__V1__TrustMix mix = WARDER__V1__TRUST_MIX__INIT;
	struct example x;

	(void)state;
	example_init(&x);
	low.name = "un trusted";
	low.containers = 3;
	low.example = none.example = &x.w;
	none.containers = 1;
	mix.levels = levels;
	mix.n_levels = 2;
	mix.mixed = true;
	x.e.payload_case = WARDER__V1__EVENT__PAYLOAD_TRUST_MIX;
	x.e.trust_mix = &mix;
	assert_string_equal(console(&x.e),
			    "22:14:03Z TRUST    this node mixes trust levels: un\\x20trusted 3 as web-1 (docker 4f1c2ab3d9e0), "
			    "without 1 as web-1 (docker 4f1c2ab3d9e0)\n");
	mix.mixed = false;
	mix.n_levels = 1;
	assert_non_null(strstr(console(&x.e), "TRUST    this node has containers of one trust level: un"));
}

static void console_says_who_did_what_to_whom(void **state)
{
	struct example x;

	(void)state;
	example_init(&x);
	assert_string_equal(console(&x.e),
			    "22:14:03Z HIGH     M07 BREACH   " WHO " -> host: mounted the host's block device 254:0 "
			    "(ext4) by mount(2) | mount[4242] /bin/busybox \"mount /dev/x /mnt\" | CREATE, T1611, "
			    "confidence high\n    22:14:03Z act: mount(2) of 254:0\n");
	x.f.outcome = WARDER__V1__OUTCOME__DENIED;
	x.f.stage = WARDER__V1__STAGE__ATTEMPT;
	x.f.technique = "REACH";
	x.f.lost = 3;
	x.f.n_evidence = 0;
	x.e.actor = NULL;
	x.e.owner = NULL;
	assert_string_equal(console(&x.e),
			    "22:14:03Z HIGH     REACH/mount ATTEMPT denied unknown workload: mounted the host's block "
			    "device 254:0 (ext4) by mount(2) | process unknown | CREATE, T1611, confidence high, view "
			    "incomplete: 3 records lost\n");
}

static void console_is_brief_on_an_update(void **state)
{
	struct example x;
	Warder__V1__Workload other = WARDER__V1__WORKLOAD__INIT;

	(void)state;
	example_init(&x);
	x.f.activity = WARDER__V1__FINDING__ACTIVITY__UPDATE;
	x.f.count = 12;
	other.origin_id = 77;
	other.cgroup_path = "/a b";
	x.o.kind = WARDER__V1__OWNER__KIND__OWNER_CONTAINER;
	x.o.workload = &other;
	assert_string_equal(console(&x.e), "22:14:03Z HIGH     M07 UPDATE   web-1 (docker 4f1c2ab3d9e0) -> 77 (cgroup "
					   "/a\\x20b): Host block device mounted | BREACH, seen 12 times since 22:14:03Z\n");
}

static void console_names_the_inner_container(void **state)
{
	Warder__V1__Container c = WARDER__V1__CONTAINER__INIT;
	Warder__V1__Workload inner = WARDER__V1__WORKLOAD__INIT;
	struct example x;

	(void)state;
	example_init(&x);
	x.actor.inner = &inner;
	assert_non_null(strstr(console(&x.e), " " WHO " -> host: "));
	inner.container = &c;
	c.id = "0b01e7d9ba79a24a63f28936c7be9320df21ea22dd7fb1fd9352af7550058184";
	assert_non_null(strstr(console(&x.e), " " WHO " inner 0b01e7d9ba79 -> host: "));
	c.id = "a -> b";
	assert_non_null(strstr(console(&x.e), " " WHO " inner a\\x20->\\x20b -> host: "));
}

static void console_names_a_workload_as_far_as_it_is_known(void **state)
{
	static const struct {
		enum {
			HOST,
			NO_CONTAINER,
			NO_CGROUP,
			NAME_ONLY,
			ID_ONLY,
			CHOSEN_ID,
			IN_POD,
			SANDBOX,
			ISOLATED
		} known;
		const char *says;
	} cases[] = {
		{HOST, " host: "},
		{NO_CONTAINER, " 77 (cgroup /docker/4f1c): "},
		{NO_CGROUP, " container 77: "},
		{NAME_ONLY, " container host: "},
		{ID_ONLY, " 4f1c2ab3d9e0 (runtime unknown, busybox:1): "},
		{CHOSEN_ID, " my-own-name-for-it (runc, busybox:1, privileged): "},
		{IN_POD, " shop/web\\x20/app (docker 4f1c2ab3d9e0, busybox:1): "},
		{SANDBOX, " shop/web\\x20/sandbox (docker): "},
		{ISOLATED, " shop/web\\x20/app (docker 4f1c2ab3d9e0, busybox:1, in gvisor): "},
	};
	Warder__V1__Pod pod = WARDER__V1__POD__INIT;
	struct example x;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		example_init(&x);
		x.e.owner = NULL;
		x.w.origin_id = 77;
		if (cases[i].known == HOST)
			x.w.resolution = WARDER__V1__RESOLUTION__HOST;
		else if (cases[i].known == NO_CONTAINER)
			x.w.container = NULL, x.w.cgroup_path = "/docker/4f1c";
		else if (cases[i].known == NO_CGROUP)
			x.w.container = NULL;
		else if (cases[i].known == NAME_ONLY)
			x.c.id = x.c.runtime = "", x.c.name = "host";
		else if (cases[i].known < IN_POD)
			x.c.name = "", x.c.runtime = "";
		if (cases[i].known == CHOSEN_ID)
			x.c.id = "my-own-name-for-it", x.c.runtime = "runc", x.c.privileged = true;
		if (cases[i].known >= IN_POD) {
			pod.namespace_ = "shop", pod.name = "web ", x.w.pod = &pod;
			x.c.name = "app";
		}
		if (cases[i].known == SANDBOX)
			x.c.sandbox = true, x.c.name = "", x.c.id = "", x.c.image = NULL;
		if (cases[i].known == ISOLATED)
			x.c.isolation = "gvisor";
		if (!strstr(console(&x.e), cases[i].says))
			fail_msg("'%s' is not in %s", cases[i].says, console_out);
	}
}

static void console_is_not_fooled_by_names(void **state)
{
	struct example x;
	const char *out;

	(void)state;
	example_init(&x);
	x.c.name = "web-1 (docker 0, x) -> host";
	x.c.id = "a\nb";
	x.p.comm = "sh\x1b[2J";
	x.exe.utf8 = "";
	x.exe.raw.data = (uint8_t *)"/tmp/\xff\0\x9b";
	x.exe.raw.len = 8;
	x.exe.truncated = true;
	x.args.utf8 = "a\" | T1611, confidence low\r\n22:14:03Z LOW";
	x.e.message = "opened /tmp/\xe2\x80\xae\xc2\x9bx | nothing\n";
	x.ev.summary = "\n    and more";
	x.f.technique = "M07\n";
	out = console(&x.e);
	assert_string_equal(
		out, "22:14:03Z HIGH     M07\\x0a BREACH   web-1\\x20\\x28docker\\x200,\\x20x\\x29\\x20->\\x20host (docker "
		     "a\\x0ab, busybox:1) -> host: opened /tmp/\\xe2\\x80\\xae\\xc2\\x9bx \\x7c nothing\\x0a | "
		     "sh\\x1b[2J[4242] /tmp/\\xff\\x00\\x9b... \"a\\x22 \\x7c T1611, confidence "
		     "low\\x0d\\x0a22:14:03Z LOW\" | CREATE, T1611, confidence high\n    22:14:03Z act: \\x0a    and more\n");
}

static void console_sums_up_losses_and_blind_spots(void **state)
{
	Warder__V1__Lost__Count a = WARDER__V1__LOST__COUNT__INIT, b = WARDER__V1__LOST__COUNT__INIT, *counts[] = {&a, &b};
	Warder__V1__Coverage__Hook h[4], *hooks[4];
	Warder__V1__Coverage coverage = WARDER__V1__COVERAGE__INIT;
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;
	Warder__V1__Lost lost = WARDER__V1__LOST__INIT;
	Warder__V1__Heartbeat beat = WARDER__V1__HEARTBEAT__INIT;
	struct example x;
	int i;

	(void)state;
	example_init(&x);
	e.time = &x.t;
	a.stage = WARDER__V1__LOST__STAGE__BUDGET;
	a.records = 1000;
	a.workload = &x.w;
	b.stage = (Warder__V1__Lost__Stage)-1;
	b.records = 2;
	b.where = "x\ny";
	lost.n_counts = 2;
	lost.counts = counts;
	e.payload_case = WARDER__V1__EVENT__PAYLOAD_LOST;
	e.lost = &lost;
	assert_string_equal(console(&e),
			    "22:14:03Z LOST     1002 records not delivered: 1000 telemetry budget of web-1 (docker "
			    "4f1c2ab3d9e0), 2 unknown stage x\\x0ay\n");
	for (i = 0; i < 4; i++) {
		warder__v1__coverage__hook__init(&h[i]);
		h[i].state = (Warder__V1__Coverage__State)(i < 2 ? 1 : i);
		hooks[i] = &h[i];
	}
	coverage.n_hooks = 4;
	coverage.hooks = hooks;
	e.payload_case = WARDER__V1__EVENT__PAYLOAD_COVERAGE;
	e.coverage = &coverage;
	assert_string_equal(console(&e),
			    "22:14:03Z COVERAGE 4 hooks: 2 seen, 1 degraded, 1 unseen; 'warder doctor' has the list\n");
	e.payload_case = WARDER__V1__EVENT__PAYLOAD_HEARTBEAT;
	e.heartbeat = &beat;
	assert_string_equal(console(&e), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(console_says_who_did_what_to_whom),
		cmocka_unit_test(console_says_what_the_node_is_open_to),
		cmocka_unit_test(console_says_that_levels_mix),
		cmocka_unit_test(console_is_brief_on_an_update),
		cmocka_unit_test(console_names_the_inner_container),
		cmocka_unit_test(console_names_a_workload_as_far_as_it_is_known),
		cmocka_unit_test(console_is_not_fooled_by_names),
		cmocka_unit_test(console_sums_up_losses_and_blind_spots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
