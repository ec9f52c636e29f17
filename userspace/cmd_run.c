// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "cmd.h"
#include "control.h"
#include "coverage.h"
#include "engine.h"
#include "inventory.h"
#include "policy.h"
#include "report.h"
#include "silence.h"
#include "source/bpf.h"

#define LOCK         "/run/warder.lock"
#define TURN_MS      100 /* telemetry waits at most so long; what matters wakes us */
#define TICK_NS      250000000ull
#define HEARTBEAT_NS 60000000000ull
#define INVENTORY_NS (60 * HEARTBEAT_NS)
#define CANARY_MS    5000
#define DRAIN_TURNS  20

struct options {
	const char *sinks[ENGINE_SINKS];
	unsigned int n_sinks;
	const char *host_root;
	const char *cri;    /* NULL: no runtime is asked */
	const char *cves;   /* NULL: the built-in table */
	const char *policy; /* NULL: what is built in */
	enum tier best;
	unsigned int sweep_ms;
	bool bounded;        /* --budget was given: */
	unsigned int budget; /* KiB, in the place of the policy's */
	unsigned int wait_ms;
};

static volatile sig_atomic_t stopped, asked, reload;

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		asked = 1;
	else if (sig == SIGHUP)
		reload = 1;
	else
		stopped = 1;
}

static int64_t realtime_at_boot(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec - (int64_t)now_boot();
}

static int help(FILE *to, int code)
{
	fputs("usage: warder run [-c POLICY] [-o SINK]... [OPTION]...\n\n"
	      "Watches this node until SIGINT or SIGTERM, then flushes and exits 0. SIGHUP reads the policy again.\n\n"
	      "  -c, --config POLICY   what you decide, as YAML ('warder check' tells what is wrong in one)\n"
	      "  -o, --output SINK     where events go, up to 8 times; default: console\n",
	      to);
	for (const struct sink_kind *const *k = sink_kinds; *k; k++)
		fprintf(to, "                          %s\n", (*k)->help);
	fputs("      --host-root DIR   where the node's / is: the runtimes' state, and the node's own files; default: /\n"
	      "      --cri SOCKET      asks the container runtime there for labels, digests and restarts (CRI, calls that only read)\n"
	      "      --cves FILE       a newer table of known escapes than the built-in one\n"
	      "      --sweep SECONDS   between two walks over all tasks; default: 2\n"
	      "      --budget KIB      of telemetry that a container may make a second, in the place of the policy's; 0: no bound of any kind\n"
	      "      --wait-names MS   that what a finding hangs on waits for its container's name, once a container; default: 500\n"
	      "  -h, --help            print this\n",
	      to);
	return code;
}

static int parse_sweep(const char *arg, unsigned int *ms)
{
	char *end;
	double s = strtod(arg, &end);

	if (*end || end == arg || !(s >= 0.1 && s <= 3600)) {
		fprintf(stderr, "warder run: --sweep: '%s' is no number of seconds from 0.1 to 3600\n", arg);
		return -EINVAL;
	}
	*ms = (unsigned int)(s * 1000);
	return 0;
}

static int parse_number(const char *name, const char *arg, const char *unit, unsigned long max, unsigned int *out)
{
	char *end;
	unsigned long n = strtoul(arg, &end, 10);

	if (*end || *arg < '0' || *arg > '9' || n > max) {
		fprintf(stderr, "warder run: --%s: '%s' is no number of %s from 0 to %lu\n", name, arg, unit, max);
		return -EINVAL;
	}
	*out = (unsigned int)n;
	return 0;
}

/* Returns -1 to go on, else an exit code. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"config", required_argument, NULL, 'c'},
		{"output", required_argument, NULL, 'o'},
		{"host-root", required_argument, NULL, 'R'},
		{"cri", required_argument, NULL, 'C'},
		{"cves", required_argument, NULL, 'V'},
		{"sweep", required_argument, NULL, 's'},
		{"budget", required_argument, NULL, 'b'},
		{"wait-names", required_argument, NULL, 'w'},
		{"best-tier", required_argument, NULL, 'T'}, /* for tests: leaves better tiers out */
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c;

	*o = (struct options){.host_root = "/", .sweep_ms = 2000, .wait_ms = STATE_WAIT_MS};
	while ((c = getopt_long(argc, argv, "c:o:h", longs, NULL)) != -1) {
		switch (c) {
		case 'o':
			if (o->n_sinks == ENGINE_SINKS) {
				fprintf(stderr, "warder run: more than %d outputs\n", ENGINE_SINKS);
				return EXIT_USAGE;
			}
			o->sinks[o->n_sinks++] = optarg;
			break;
		case 'c':
			o->policy = optarg;
			break;
		case 'R':
			o->host_root = optarg;
			break;
		case 'C':
			o->cri = optarg;
			break;
		case 'V':
			o->cves = optarg;
			break;
		case 's':
			if (parse_sweep(optarg, &o->sweep_ms))
				return EXIT_USAGE;
			break;
		case 'b':
			if (parse_number("budget", optarg, "KiB", 1000000, &o->budget))
				return EXIT_USAGE;
			o->bounded = true;
			break;
		case 'w':
			if (parse_number("wait-names", optarg, "milliseconds", 10000, &o->wait_ms))
				return EXIT_USAGE;
			break;
		case 'T':
			if (tier_find(optarg, &o->best)) {
				fprintf(stderr, "warder run: --best-tier: there is no tier '%s'\n", optarg);
				return EXIT_USAGE;
			}
			break;
		case 'h':
			return help(stdout, EXIT_OK);
		default:
			return help(stderr, EXIT_USAGE);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "warder run: '%s' is no option\n", argv[optind]);
		return EXIT_USAGE;
	}
	if (!o->n_sinks)
		o->sinks[o->n_sinks++] = "console";
	return -1;
}

/* Held as long as the process lives. A second sensor would seal the first's containers anew and say everything twice. */
static int lock_instance(struct err *err)
{
	int fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	char pid[16] = "";

	if (fd < 0)
		return err_set(err, -errno, "opening %s: %s", LOCK, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		ssize_t n = read(fd, pid, sizeof(pid) - 1);

		close(fd);
		pid[n > 0 ? n : 0] = '\0';
		return err_set(err, -EBUSY, "another warder runs on this node already (pid %.*s): stop it first",
			       (int)strcspn(pid, "\n"), pid);
	}
	if (ftruncate(fd, 0) == 0)
		dprintf(fd, "%d\n", getpid());
	return fd;
}

/* A record through the whole path: hook, ring, check. Without it nothing that follows can be believed. */
static int canary(struct engine *e, struct source *src, struct err *err)
{
	uint64_t nonce = e->stream.nonce | 1, until = now_boot() + CANARY_MS * 1000000ull;
	int rc = source_bpf_canary(src, nonce);

	if (rc)
		return err_set(err, rc, "sending the canary: %s", strerror(-rc));
	while (e->canary != nonce && now_boot() < until && !stopped)
		src->ops->next(src, TURN_MS, engine_record, e);
	return e->canary == nonce || stopped ? 0 : err_set(err, -EIO, "the canary did not come back in %d s", CANARY_MS / 1000);
}

static int coverage(struct engine *e, const struct attach *at)
{
	struct arena a;
	const Warder__V1__Coverage *c;

	if (arena_init(&a, 256 * 1024))
		return -ENOMEM;
	c = coverage_make(&a, at);
	if (c)
		engine_coverage(e, c, now_boot());
	arena_destroy(&a);
	return c ? 0 : -ENOMEM;
}

static void ready(const struct attach *at, const struct engine *e)
{
	unsigned int n[4] = {0};

	for (unsigned int i = 0; i < hooks_n; i++)
		n[hook_state(i, at->tiers[i])]++;
	fprintf(stderr, "warder: ready: %u hooks seen, %u degraded, %u unseen; %u containers run already\n",
		n[WARDER__V1__COVERAGE__STATE__SEEN], n[WARDER__V1__COVERAGE__STATE__DEGRADED],
		n[WARDER__V1__COVERAGE__STATE__UNSEEN], e->state.alive);
}

/* What is read before anything starts. */
struct inputs {
	struct policy policy;
	struct node_facts node;
};

static int inputs_read(struct inputs *in, const struct options *o, struct err *err)
{
	int rc = policy_init(&in->policy, o->policy, err);

	if (rc)
		return rc;
	rc = node_init(&in->node, o->cves, err);
	if (rc)
		policy_destroy(&in->policy);
	return rc;
}

static void inputs_destroy(struct inputs *in)
{
	policy_destroy(&in->policy);
	node_destroy(&in->node);
}

static struct source_bpf_limits limits(const struct options *o, const struct policy *p)
{
	struct source_bpf_limits l = {
		.telemetry = p->budgets.telemetry, .critical = p->budgets.findings, .strict = p->rules.strict};

	if (o->bounded)
		l.telemetry = o->budget;
	if (o->bounded && !o->budget)
		l.critical = 0;
	return l;
}

static void begin_sinks(struct engine *e, const struct policy *p)
{
	const struct stream *s = &e->stream;
	struct sink_stream stream = {
		.node = s->node,
		.boot_id = s->boot_id,
		.kernel = s->kernel,
		.version = WARDER_VERSION,
		.realtime_0 = s->realtime_0,
		.nonce = s->nonce,
	};

	memcpy(stream.policy, p->digest, sizeof(stream.policy));
	for (unsigned int i = 0; i < e->n_sinks; i++)
		sink_begin(e->sinks[i], &stream);
}

/* One that is wrong changes nothing. */
static void reload_policy(struct engine *e, struct source *src, struct sensitive *s, const struct options *o, struct policy *p)
{
	struct source_bpf_limits l;
	struct policy new;
	struct err err;

	if (!o->policy)
		return;
	if (policy_init(&new, o->policy, &err)) {
		fprintf(stderr, "warder: %s; the policy before it goes on\n", err.msg);
		return;
	}
	policy_destroy(p);
	*p = new;
	state_retrust(&e->state, &p->trust);
	l = limits(o, p);
	source_bpf_limit(src, &l);
	sensitive_add(s, policy_sensitive_at(p, 0), policy_sensitive_count(p));
	begin_sinks(e, p);
	fprintf(stderr, "warder: policy %s: read again\n", o->policy);
}

static void loop(struct engine *e, struct source *src, struct sensitive *sensitive, struct control *control,
		 const struct options *o, struct policy *policy)
{
	uint64_t ticked = 0, beat = now_boot(), listed = beat;

	while (!stopped) {
		uint64_t now;

		src->ops->next(src, TURN_MS, engine_record, e);
		if (reload) {
			reload = 0;
			reload_policy(e, src, sensitive, o, policy);
		}
		now = now_boot();
		engine_turn(e, now);
		control_turn(control, e, now);
		if (now - ticked >= TICK_NS) {
			ticked = now;
			engine_tick(e, src, now);
			src->ops->tick(src, now);
			engine_flush(e);
		}
		if (asked || now - beat >= HEARTBEAT_NS)
			report_capabilities(e, src, asked);
		asked = 0;
		if (now - beat >= HEARTBEAT_NS) {
			beat = now;
			engine_heartbeat(e, now);
			report_ledger(e);
			silence_report(e);
		}
		if (now - listed >= INVENTORY_NS) {
			listed = now;
			inventory_report(e);
		}
	}
	/* What the kernel has made by now is still told. A program that ran when it was detached may be some turns late. */
	src->ops->stop(src);
	for (int i = 0; i < DRAIN_TURNS; i++) {
		while (src->ops->next(src, 0, engine_record, e) > 0)
			;
		engine_tick(e, src, now_boot());
		if (!ledger_on_way(&e->ledger))
			break;
		src->ops->next(src, 10, engine_record, e);
	}
	incidents_hurry(&e->incidents, 0);
	engine_incidents(e, now_boot(), false);
	report_capabilities(e, src, false);
	report_ledger(e);
	silence_report(e);
	engine_heartbeat(e, now_boot());
	engine_flush(e);
}

static int open_sinks(struct engine *e, const struct options *o, struct err *err)
{
	for (unsigned int i = 0; i < o->n_sinks; i++) {
		struct sink *s;
		int rc = sink_open(o->sinks[i], &s, err);

		if (rc)
			return rc;
		engine_add_sink(e, s);
	}
	return 0;
}

static int watch(const struct options *o, const struct probe *p, struct inputs *in, struct err *err)
{
	struct sensitive sensitive = {.root = -1};
	const struct source_bpf_options bo = {
		.sweep_ms = o->sweep_ms, .limits = limits(o, &in->policy), .sensitive = &sensitive};
	struct identity identity;
	struct control *control = NULL;
	struct source *src = NULL;
	struct engine e;
	uint64_t nonce = 0;
	int rc;

	rc = identity_init(&identity, o->host_root, err);
	if (rc)
		return rc;
	rc = engine_init(&e, &identity, err);
	if (rc)
		return rc;
	e.state.wait_ms = o->wait_ms;
	e.node = &in->node;
	state_retrust(&e.state, &in->policy.trust);
	e.rules = &in->policy.rules;
	rc = open_sinks(&e, o, err);
	if (!rc)
		rc = sensitive_init(&sensitive, o->host_root, err);
	if (!rc)
		sensitive_add(&sensitive, policy_sensitive_at(&in->policy, 0), policy_sensitive_count(&in->policy));
	if (!rc && o->cri)
		rc = cri_open(o->cri, &e.state.cri, err);
	if (!rc)
		rc = control_open(CONTROL_SOCKET, &control, err);
	if (!rc && getrandom(&nonce, sizeof(nonce), 0) != sizeof(nonce))
		rc = err_set(err, -EIO, "no random numbers: %s", strerror(errno));
	if (!rc) {
		stream_init(&e.stream, p->node, p->boot_id, p->kernel, realtime_at_boot(), nonce);
		begin_sinks(&e, &in->policy);
		rc = source_bpf_open(p, &bo, &src, err);
	}
	if (!rc)
		rc = coverage(&e, source_bpf_attach(src));
	if (!rc)
		rc = canary(&e, src, err);
	if (!rc) {
		engine_flush(&e);
		ready(source_bpf_attach(src), &e);
		malloc_trim(0); /* loading took some 20 MB that is not needed again */
		e.started_ns = now_boot();
		loop(&e, src, &sensitive, control, o, &in->policy);
	}
	if (src)
		src->ops->close(src);
	sensitive_destroy(&sensitive);
	control_close(control);
	cri_close(e.state.cri);
	engine_destroy(&e);
	return rc;
}

static void on_signals(const struct options *o)
{
	struct sigaction ask = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGINT, &ask, NULL);
	sigaction(SIGTERM, &ask, NULL);
	sigaction(SIGUSR1, &ask, NULL);
	if (o->policy) /* else a closed terminal ends it, as it does others */
		sigaction(SIGHUP, &ask, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

int cmd_run(int argc, char **argv)
{
	struct inputs in;
	struct probe p;
	struct options o;
	struct err err = {""};
	int rc, lock;

	rc = parse(argc, argv, &o);
	if (rc >= 0)
		return rc;
	on_signals(&o);
	if (inputs_read(&in, &o, &err)) {
		fprintf(stderr, "warder: %s\n", err.msg);
		return EXIT_INPUT;
	}
	rc = probe_init(&p, o.best, &err);
	lock = rc ? -1 : lock_instance(&err);
	if (!rc)
		rc = lock < 0 ? lock : watch(&o, &p, &in, &err);
	probe_destroy(&p);
	inputs_destroy(&in);
	if (lock >= 0)
		close(lock);
	if (rc) {
		fprintf(stderr, "warder: %s\n", err.msg);
		return rc == -EINVAL ? EXIT_USAGE : EXIT_KERNEL;
	}
	return EXIT_OK;
}
