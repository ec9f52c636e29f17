// SPDX-License-Identifier: Apache-2.0
#include "bpf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../clock.h"
#include "../schema.h"
#include "warder.skel.h"

#define BATCH_RECORDS 2048
#define BATCH_BYTES   (1024 * 1024)
#define NS_PER_SECOND 1000000000ull
#define MAX_TRIES     ATTACH_HOOKS /* loads until each hook has found a tier that attaches */

struct batch_record {
	uint64_t boot_ns;
	uint32_t at, len;
};

struct source_bpf {
	struct source base;
	struct warder *skel;
	struct attach attach;
	struct ring_buffer *critical, *telemetry;
	int epoll; /* of both */
	unsigned int sweep_ms;
	uint64_t swept_ns;
	uint64_t files_due_ns;
	struct sensitive *sensitive;
	uint64_t looked_ns; /* when those were looked up */
	/* Records of both rings, to be put in order of time; the first `n` by the next turn are those that this one held back. */
	uint64_t until_ns;
	struct batch_record *order;
	char *bytes;
	uint32_t n, used;
	/* Room for all accounts; what is not used is not touched. */
	uint64_t *origins;
	struct wd_account *accounts;
};

/* libbpf says in its log only which program failed to load, and why. */
static char failed_program[64];
static char failed_why[256];

/* The verifier's log ends with its reason, and some lines of statistics. */
static void keep_reason(char *text)
{
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strncmp(line, "libbpf:", 7) && strncmp(line, "--", 2) && strncmp(line, "processed ", 10) &&
		    strncmp(line, "verification time", 17) && strncmp(line, "stack depth", 11))
			snprintf(failed_why, sizeof(failed_why), "%s", line);
}

static int on_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char *text, name[64];

	if (level != LIBBPF_WARN || vasprintf(&text, fmt, ap) < 0)
		return 0;
	if (getenv("WARDER_LIBBPF_LOG"))
		fputs(text, stderr);
	if (strstr(text, "BEGIN PROG LOAD LOG"))
		keep_reason(text);
	else if (sscanf(text, "libbpf: prog '%63[^']':", name) == 1 && strstr(text, "failed"))
		memcpy(failed_program, name, sizeof(name));
	else if (!failed_why[0])
		snprintf(failed_why, sizeof(failed_why), "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	return 0;
}

/* Runs an iterator program over all tasks once. */
static int iterate(struct bpf_program *prog)
{
	struct bpf_link *link = bpf_program__attach_iter(prog, NULL);
	char buf[64];
	int fd, rc = 0;
	ssize_t n;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		rc = -errno;
		bpf_link__destroy(link);
		return rc;
	}
	do
		n = read(fd, buf, sizeof(buf));
	while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0)
		rc = -errno;
	close(fd);
	bpf_link__destroy(link);
	return rc;
}

/* A record that was read is gone from the ring: there must be room for one more. */
static bool has_room(const struct source_bpf *s)
{
	return s->n < BATCH_RECORDS && s->used <= BATCH_BYTES - WD_LARGE;
}

static int on_record(void *ctx, void *data, size_t size)
{
	struct source_bpf *s = ctx;
	const struct wd_record *r = data;
	size_t len = size >= sizeof(*r) && r->len <= size ? r->len : size;
	uint64_t boot_ns = size >= sizeof(*r) ? r->boot_ns : 0;

	s->order[s->n] = (struct batch_record){boot_ns, s->used, (uint32_t)len};
	memcpy(s->bytes + s->used, data, len);
	s->n++;
	s->used += (len + 7) & ~7u;
	return boot_ns <= s->until_ns && has_room(s) ? 0 : -EAGAIN;
}

static int by_time(const void *a, const void *b)
{
	const struct batch_record *x = a, *y = b;

	if (x->boot_ns != y->boot_ns)
		return x->boot_ns < y->boot_ns ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

/* The last ones of the batch, which the next begins with: one of each ring at most, moved to the front. */
static void hold_back(struct source_bpf *s, uint32_t first)
{
	uint32_t n = s->n - first, used = 0;
	struct batch_record held[2];

	for (uint32_t i = 0; i < n; i++)
		held[n == 2 && s->order[first].at > s->order[first + 1].at ? 1 - i : i] = s->order[first + i];
	for (uint32_t i = 0; i < n; i++) { /* the one that lies in front first */
		memmove(s->bytes + used, s->bytes + held[i].at, held[i].len);
		s->order[i] = (struct batch_record){held[i].boot_ns, used, held[i].len};
		used += (held[i].len + 7) & ~7u;
	}
	s->n = n;
	s->used = used;
}

/* NULL with errno set. */
static struct ring_buffer *ring_open(struct source_bpf *s, struct bpf_map *map)
{
	struct epoll_event ready = {.events = EPOLLIN};

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, bpf_map__fd(map), &ready)
		       ? NULL
		       : ring_buffer__new(bpf_map__fd(map), on_record, s, NULL);
}

/*
 * One ring is read after the other, and records are made meanwhile: of those made since this turn began, one that is in the
 * second ring may follow on one that is in the first and was not read. So what is younger than the turn waits for the next.
 */
static int bpf_next(struct source *base, int timeout_ms, source_record_fn fn, void *ctx)
{
	struct source_bpf *s = (struct source_bpf *)base;
	struct epoll_event ev;
	uint32_t i, read;

	if (timeout_ms && !s->n && epoll_wait(s->epoll, &ev, 1, timeout_ms) < 0 && errno != EINTR)
		return -errno;
	s->until_ns = now_boot();
	for (i = 0; i < s->n; i++) /* what waited once is not held back again */
		if (s->order[i].boot_ns > s->until_ns)
			s->until_ns = s->order[i].boot_ns;
	ring_buffer__consume(s->critical);
	if (has_room(s))
		ring_buffer__consume(s->telemetry);
	read = s->n;
	qsort(s->order, s->n, sizeof(*s->order), by_time);
	for (i = 0; i < s->n && s->order[i].boot_ns <= s->until_ns; i++)
		fn(ctx, s->bytes + s->order[i].at, s->order[i].len);
	hold_back(s, i);
	return (int)read;
}

/* All accounts by one call: they are looked at four times a second. The tables are frozen: the kernel side forgets. */
static void bpf_accounts(struct source *base, source_account_fn fn, void *ctx)
{
	struct source_bpf *s = (struct source_bpf *)base;
	uint32_t n = WD_MAX_ACCOUNTS, at, closed = 0;

	if (bpf_map_lookup_batch(bpf_map__fd(s->skel->maps.accounts), NULL, &at, s->origins, s->accounts, &n, NULL) &&
	    errno != ENOENT)
		return;
	for (uint32_t i = 0; i < n; i++) {
		if (!fn(ctx, s->origins[i], &s->accounts[i]))
			continue;
		s->skel->bss->accounts_closed[closed++] = s->origins[i];
		if (closed == WD_CLOSED) {
			iterate(s->skel->progs.iter_forget);
			closed = 0;
		}
	}
	if (closed)
		iterate(s->skel->progs.iter_forget);
}

static bool bpf_capabilities(struct source *base, uint64_t origin, struct wd_capabilities *out)
{
	struct source_bpf *s = (struct source_bpf *)base;

	return !bpf_map_lookup_elem(bpf_map__fd(s->skel->maps.wd_capabilities), &origin, out);
}

/*
 * Descriptors are far more than tasks: their walk comes every fifth time, and rests a thousand times as long as it took, so that
 * a node with a million of them pays one thousandth of a processor too.
 */
#define FILES_EVERY 5
#define FILES_REST  1000

static void sweep_files(struct source_bpf *s, uint64_t now_ns)
{
	uint64_t rest = FILES_EVERY * s->sweep_ms * 1000000ull, start = monotonic_ns(), took;

	if (now_ns < s->files_due_ns || bpf_program__fd(s->skel->progs.iter_file_sweep) < 0)
		return;
	iterate(s->skel->progs.iter_file_sweep);
	took = monotonic_ns() - start;
	s->files_due_ns = now_ns + (rest > FILES_REST * took ? rest : FILES_REST * took);
}

#define LOOK_NS 2000000000ull

/* The programs take the inodes off our descriptors, and write their tables themselves. */
static int tell_sensitive(struct source_bpf *s)
{
	struct wd_sensitive_ask *asks = s->skel->bss->sensitive_asks;
	int fds[WD_SENSITIVE_ROWS], rc;

	if (!s->sensitive || !sensitive_look(s->sensitive, asks))
		return 0;
	for (int i = 0; i < WD_SENSITIVE_ROWS; i++)
		fds[i] = asks[i].fd;
	s->skel->bss->sensitive_asked = 1;
	rc = iterate(s->skel->progs.iter_sensitive);
	for (int i = 0; i < WD_SENSITIVE_ROWS; i++)
		if (fds[i] > 0)
			close(fds[i]);
	return rc;
}

static void bpf_tick(struct source *base, uint64_t now_ns)
{
	struct source_bpf *s = (struct source_bpf *)base;

	if (now_ns - s->looked_ns >= LOOK_NS) {
		s->looked_ns = now_ns;
		tell_sensitive(s);
	}
	if (now_ns - s->swept_ns < s->sweep_ms * 1000000ull)
		return;
	s->swept_ns = now_ns;
	iterate(s->skel->progs.iter_sweep);
	sweep_files(s, now_ns);
}

static void bpf_stop(struct source *base)
{
	attach_destroy(&((struct source_bpf *)base)->attach);
}

static void bpf_close(struct source *base)
{
	struct source_bpf *s = (struct source_bpf *)base;

	if (!s)
		return;
	attach_destroy(&s->attach);
	ring_buffer__free(s->critical);
	ring_buffer__free(s->telemetry);
	if (s->epoll > 0)
		close(s->epoll);
	warder__destroy(s->skel);
	free(s->order);
	free(s->bytes);
	free(s->origins);
	free(s->accounts);
	free(s);
}

static const struct source_ops bpf_ops = {
	.name = "bpf",
	.next = bpf_next,
	.accounts = bpf_accounts,
	.capabilities = bpf_capabilities,
	.tick = bpf_tick,
	.stop = bpf_stop,
	.close = bpf_close,
};

/*
 * Each processor keeps up to 128 free elements of an LRU map to itself, and one that has none left takes used ones away before
 * it asks the others (LOCAL_FREE_TARGET in kernel/bpf/bpf_lru_list.c). With as many more a map holds what it is meant to.
 */
static void lru_make_room(struct bpf_object *object)
{
	int cpus = libbpf_num_possible_cpus();
	struct bpf_map *m;

	bpf_object__for_each_map(m, object)
	{
		if (cpus > 0 && bpf_map__type(m) == BPF_MAP_TYPE_LRU_HASH)
			bpf_map__set_max_entries(m, bpf_map__max_entries(m) + 128 * (uint32_t)cpus);
	}
}

/* Loads with the best tier per hook; a program that this kernel refuses sends its hook to the next. */
static int load(struct source_bpf *s, const struct probe *p, struct err *err)
{
	for (int i = 0; i < MAX_TRIES; i++) {
		int rc;

		s->skel = warder__open();
		if (!s->skel)
			return err_set(err, -errno, "opening the embedded BPF object: %s", strerror(errno));
		lru_make_room(s->skel->obj);
		attach_plan(&s->attach, p, s->skel->obj);
		rc = attach_select(&s->attach, err);
		if (rc)
			return rc;
		failed_program[0] = failed_why[0] = '\0';
		rc = warder__load(s->skel);
		if (!rc) {
			rc = iterate(s->skel->progs.iter_host);
			if (rc || !s->skel->bss->host.ready)
				return err_set(
					err, rc ? rc : -ENOTSUP,
					"process 1 of the node cannot be found from here: run in the node's pid namespace "
					"(hostPID: true)");
			rc = attach_hooks(&s->attach, p, err);
			if (!rc && attach_tier(&s->attach, "sweep_labels") < TIER_NONE)
				s->skel->bss->label_size = p->label_size;
			if (!rc)
				s->skel->bss->creds_told = attach_tier(&s->attach, "cred_change") < TIER_NONE;
			if (rc != -EAGAIN)
				return rc;
			attach_destroy(&s->attach);
		} else if (!attach_lower(&s->attach, failed_program, *failed_why ? failed_why : strerror(-rc))) {
			return err_set(err, rc, "the kernel refuses the BPF programs: %s %s: %s", failed_program, strerror(-rc),
				       failed_why);
		}
		warder__destroy(s->skel);
		s->skel = NULL;
	}
	return err_set(err, -ENOTSUP, "no set of BPF programs loads on this kernel: %s", failed_why);
}

/* What is the sensor's own among all BPF objects. */
static int own_object(int map, uint32_t object, uint32_t id)
{
	uint64_t key = (uint64_t)object << 32 | id;
	uint8_t one = 1;

	return bpf_map_update_elem(map, &key, &one, BPF_ANY) ? -errno : 0;
}

static int own_objects(struct source_bpf *s)
{
	int map = bpf_map__fd(s->skel->maps.sensor_objects), rc = 0;
	struct bpf_prog_info prog;
	struct bpf_map_info info;
	struct bpf_program *p;
	struct bpf_link_info link;
	struct bpf_map *m;
	uint32_t len;

	bpf_object__for_each_program(p, s->skel->obj) {
		memset(&prog, 0, len = sizeof(prog));
		if (bpf_program__fd(p) >= 0 && !bpf_obj_get_info_by_fd(bpf_program__fd(p), &prog, &len))
			rc = rc ? rc : own_object(map, WD_BPF_OBJECT_PROGRAM, prog.id);
	}
	bpf_object__for_each_map(m, s->skel->obj)
	{
		memset(&info, 0, len = sizeof(info));
		if (bpf_map__fd(m) >= 0 && !bpf_obj_get_info_by_fd(bpf_map__fd(m), &info, &len))
			rc = rc ? rc : own_object(map, WD_BPF_OBJECT_MAP, info.id);
	}
	for (unsigned int i = 0; i < s->attach.n_links; i++) {
		memset(&link, 0, len = sizeof(link));
		/* A tracepoint's is a perf event before 5.15, which has no id. */
		if (!bpf_obj_get_info_by_fd(bpf_link__fd(s->attach.links[i]), &link, &len))
			rc = rc ? rc : own_object(map, WD_BPF_OBJECT_LINK, link.id);
	}
	return rc;
}

/*
 * From here on only the programs write the tables: nobody who gets hold of one takes an origin out of it. Rings and .bss are
 * mapped for writing here and cannot be frozen.
 */
static int freeze_tables(struct source_bpf *s)
{
	struct bpf_map *m;

	bpf_object__for_each_map(m, s->skel->obj)
	{
		enum bpf_map_type type = bpf_map__type(m);

		if ((type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH) && bpf_map_freeze(bpf_map__fd(m)))
			return -errno;
	}
	return 0;
}

/* The embedded object is not read again: its pages need no memory. One that were read all the same would come from the file. */
static void drop_object(void)
{
	size_t size, page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t at = (uintptr_t)warder__elf_bytes(&size), from = (at + page - 1) & ~(page - 1),
		  to = (at + size) & ~(page - 1);

	if (to > from)
		madvise((void *)from, to - from, MADV_DONTNEED);
}

int source_bpf_open(const struct probe *probe, const struct source_bpf_options *opt, struct source **out, struct err *err)
{
	struct source_bpf *s = calloc(1, sizeof(*s));
	int rc = -ENOMEM;

	if (!s)
		return err_set(err, rc, "not enough memory for the event source");
	s->base.ops = &bpf_ops;
	s->sweep_ms = opt->sweep_ms;
	s->order = calloc(BATCH_RECORDS, sizeof(*s->order));
	s->bytes = malloc(BATCH_BYTES);
	s->origins = calloc(WD_MAX_ACCOUNTS, sizeof(*s->origins));
	s->accounts = calloc(WD_MAX_ACCOUNTS, sizeof(*s->accounts));
	if (!s->order || !s->bytes || !s->origins || !s->accounts) {
		err_set(err, rc, "not enough memory for the event source");
		goto fail;
	}
	libbpf_set_print(on_libbpf);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	rc = load(s, probe, err);
	if (rc)
		goto fail;
	rc = own_objects(s);
	if (rc) {
		err_set(err, rc, "noting the sensor's own BPF objects: %s", strerror(-rc));
		goto fail;
	}
	rc = freeze_tables(s);
	if (rc) {
		err_set(err, rc, "freezing the tables: %s", strerror(-rc));
		goto fail;
	}
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->critical = ring_open(s, s->skel->maps.critical);
	s->telemetry = ring_open(s, s->skel->maps.telemetry);
	if (!s->critical || !s->telemetry) {
		rc = err_set(err, -errno, "mapping the ring buffers: %s", strerror(errno));
		goto fail;
	}
	/* The hooks are on: what starts from here on is theirs, what ran already is the walks'. */
	s->sensitive = opt->sensitive;
	rc = tell_sensitive(s);
	if (!rc)
		rc = iterate(s->skel->progs.iter_seal);
	if (!rc)
		rc = iterate(s->skel->progs.iter_enter);
	if (rc) {
		err_set(err, rc, "walking the tasks that run already: %s", strerror(-rc));
		goto fail;
	}
	drop_object();
	source_bpf_limit(&s->base, &opt->limits);
	*out = &s->base;
	return 0;
fail:
	bpf_close(&s->base);
	return rc;
}

void source_bpf_limit(struct source *base, const struct source_bpf_limits *limits)
{
	struct source_bpf *s = (struct source_bpf *)base;

	s->skel->bss->budget.telemetry_ns = limits->telemetry ? NS_PER_SECOND / limits->telemetry : 0;
	s->skel->bss->budget.critical_ns = limits->critical ? NS_PER_SECOND / limits->critical : 0;
	s->skel->bss->strict = limits->strict;
}

const struct attach *source_bpf_attach(const struct source *s)
{
	return &((const struct source_bpf *)s)->attach;
}

int source_bpf_canary(struct source *base, uint64_t nonce)
{
	struct source_bpf *s = (struct source_bpf *)base;

	s->skel->bss->canary_nonce = nonce;
	return iterate(s->skel->progs.iter_canary);
}

void source_bpf_programs(const struct source *base, void (*fn)(const struct program_cost *))
{
	const struct source_bpf *s = (const struct source_bpf *)base;
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, s->skel->obj) {
		struct bpf_prog_info info = {0};
		__u32 len = sizeof(info);

		if (bpf_program__fd(prog) < 0 || bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
			continue;
		fn(&(struct program_cost){bpf_program__name(prog), info.verified_insns,
					  info.xlated_prog_len / sizeof(struct bpf_insn), info.jited_prog_len});
	}
}
