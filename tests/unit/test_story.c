// SPDX-License-Identifier: Apache-2.0
/* What a report tells of events: which incident, in which order, what is missing, who started whom. */
#include "story_fixture.h"

#include "story/read.h"

#define SECOND 1000000000ll
#define START  (1700000000 * SECOND)

/* An event of one container's, with all that hangs on it; the tests change it and add it. */
struct sample {
	Warder__V1__Event e;
	Google__Protobuf__Timestamp t;
	Warder__V1__Node node;
	Warder__V1__Actor actor;
	Warder__V1__Workload w;
	Warder__V1__Container c;
	Warder__V1__Process p;
	Warder__V1__Owner owner;
	char uid[37];
};

static void at(Google__Protobuf__Timestamp *t, int64_t ns)
{
	google__protobuf__timestamp__init(t);
	t->seconds = ns / SECOND;
	t->nanos = (int32_t)(ns % SECOND);
}

static void sample(struct sample *x, uint64_t seq, int64_t ns, uint64_t origin, const char *name)
{
	warder__v1__event__init(&x->e);
	warder__v1__node__init(&x->node);
	warder__v1__actor__init(&x->actor);
	warder__v1__workload__init(&x->w);
	warder__v1__container__init(&x->c);
	warder__v1__process__init(&x->p);
	warder__v1__owner__init(&x->owner);
	at(&x->t, ns);
	snprintf(x->uid, sizeof(x->uid), "event-%" PRIu64, seq);
	x->e.uid = x->uid;
	x->e.time = &x->t;
	x->e.seq = seq;
	x->e.node = &x->node;
	x->node.name = "node-1";
	x->node.boot_id = "boot";
	x->node.kernel = "6.1";
	x->e.actor = &x->actor;
	x->actor.workload = &x->w;
	x->actor.process = &x->p;
	x->w.origin_id = origin;
	x->w.resolution = WARDER__V1__RESOLUTION__RUNTIME;
	x->w.container = &x->c;
	x->c.name = (char *)name;
	x->c.id = (char *)name;
	x->c.runtime = "runc";
	x->p.pid = 100;
	x->p.start_ns = 1;
	x->p.comm = "sh";
	x->p.mnt_ns = 11;
	x->p.pid_ns = 12;
	x->p.uts_ns = 14;
	x->e.severity = WARDER__V1__SEVERITY__INFORMATIONAL;
}

static void host_owns(struct sample *x)
{
	x->owner.kind = WARDER__V1__OWNER__KIND__OWNER_HOST;
	x->e.owner = &x->owner;
}

/* A mount of the host's disk by process `pid`. */
static void add_mount(uint64_t seq, int64_t ns, uint64_t origin, const char *name)
{
	Warder__V1__MountCreate m = WARDER__V1__MOUNT_CREATE__INIT;
	struct sample x;

	sample(&x, seq, ns, origin, name);
	x.e.type = WARDER__V1__EVENT_TYPE__MOUNT_CREATE;
	x.e.payload_case = WARDER__V1__EVENT__PAYLOAD_MOUNT_CREATE;
	x.e.mount_create = &m;
	m.device_major = 7;
	m.fstype = "ext4";
	host_owns(&x);
	add(&x.e);
}

/* The finding about event `of`. */
static void add_finding(uint64_t seq, int64_t ns, uint64_t origin, const char *name, uint64_t of, uint32_t count)
{
	Warder__V1__Finding f = WARDER__V1__FINDING__INIT;
	Warder__V1__Evidence ev = WARDER__V1__EVIDENCE__INIT, *evs[] = {&ev};
	Google__Protobuf__Timestamp first;
	char uid[37], act[37];
	struct sample x;

	sample(&x, seq, ns, origin, name);
	snprintf(uid, sizeof(uid), "finding-%" PRIu64, of);
	snprintf(act, sizeof(act), "event-%" PRIu64, of);
	x.e.type = WARDER__V1__EVENT_TYPE__FINDING;
	x.e.payload_case = WARDER__V1__EVENT__PAYLOAD_FINDING;
	x.e.finding = &f;
	x.e.severity = WARDER__V1__SEVERITY__CRITICAL;
	x.e.message = "mounted the host's block device 7:0 (ext4) with mount(2)";
	at(&first, ns);
	f.uid = uid;
	f.technique = "M07";
	f.title = "Host's block device mounted with mount(2)";
	f.stage = WARDER__V1__STAGE__BREACH;
	f.outcome = WARDER__V1__OUTCOME__SUCCEEDED;
	f.first_seen = f.last_seen = &first;
	f.count = count;
	f.n_evidence = 1;
	f.evidence = evs;
	ev.event_uid = act;
	ev.role = "act";
	host_owns(&x);
	add(&x.e);
}

/* An incident of the finding about event `of`. */
static void add_incident(uint64_t seq, int64_t ns, uint64_t origin, const char *name, const char *uid, uint32_t score,
			 uint64_t of)
{
	Warder__V1__Incident m = WARDER__V1__INCIDENT__INIT;
	Warder__V1__Incident__Step step = WARDER__V1__INCIDENT__STEP__INIT, *steps[] = {&step};
	Warder__V1__Incident__Evidence ev = WARDER__V1__INCIDENT__EVIDENCE__INIT, *evs[] = {&ev};
	Warder__V1__Incident__Reached reached = WARDER__V1__INCIDENT__REACHED__INIT, *reacheds[] = {&reached};
	Google__Protobuf__Timestamp first;
	char finding[37];
	struct sample x;

	sample(&x, seq, ns, origin, name);
	snprintf(finding, sizeof(finding), "finding-%" PRIu64, of);
	at(&first, ns);
	x.e.type = WARDER__V1__EVENT_TYPE__INCIDENT;
	x.e.payload_case = WARDER__V1__EVENT__PAYLOAD_INCIDENT;
	x.e.incident = &m;
	x.e.severity = score > 60 ? WARDER__V1__SEVERITY__CRITICAL : WARDER__V1__SEVERITY__MEDIUM;
	host_owns(&x);
	x.e.owner = NULL;
	m.uid = (char *)uid;
	m.activity = WARDER__V1__INCIDENT__ACTIVITY__CREATE;
	m.score = score;
	m.confidence = WARDER__V1__CONFIDENCE__CONFIDENCE_HIGH;
	m.technique = "M07";
	m.title = "Host's block device mounted with mount(2)";
	m.first_seen = m.last_seen = &first;
	m.succeeded = 1;
	m.n_steps = m.n_evidence = m.n_reached = 1;
	m.steps = steps;
	m.evidence = evs;
	m.reached = reacheds;
	step.stage = ev.stage = WARDER__V1__STAGE__BREACH;
	step.first_seen = step.last_seen = &first;
	ev.finding_uid = finding;
	reached.owner = &x.owner;
	add(&x.e);
}

/* One breakout, numbers `seq` to `seq` + 2. */
static void add_breakout(uint64_t seq, int64_t ns, uint64_t origin, const char *name, const char *uid, uint32_t score)
{
	add_mount(seq, ns, origin, name);
	add_finding(seq + 1, ns, origin, name, seq, 1);
	add_incident(seq + 2, ns, origin, name, uid, score, seq);
}

static const struct story_row *row_of(enum story_kind kind)
{
	for (size_t i = 0; i < story->n_rows; i++)
		if (story->rows[i].kind == kind)
			return &story->rows[i];
	return NULL;
}

static void two_incidents(void)
{
	add_breakout(1, START, 7, "mild", "aaaa-1", 20);
	add_breakout(4, START + SECOND, 8, "wild", "bbbb-1", 90);
}

static void the_worst_is_told(void **state)
{
	(void)state;
	begin(NULL, NULL);
	two_incidents();
	tell();
	assert_string_equal(story->incident->uid, "bbbb-1");
	assert_int_equal(story->n_incidents, 2);
	/* and of the other container nothing */
	for (size_t i = 0; i < story->n_rows; i++)
		assert_int_equal(story->rows[i].event->actor->workload->origin_id, 8);
	end();
}

static void one_can_be_asked_for(void **state)
{
	(void)state;
	begin("aaaa", NULL);
	two_incidents();
	tell();
	assert_string_equal(story->incident->uid, "aaaa-1");
	end();
	begin(NULL, "mild");
	two_incidents();
	tell();
	assert_string_equal(story->incident->uid, "aaaa-1");
	end();
	begin("cccc", NULL);
	two_incidents();
	assert_int_equal(story_tell(story, &err), -ENOENT);
	assert_string_equal(err.msg, "test.pb: no incident in it has the uid 'cccc'");
	end();
	begin(NULL, "nobody");
	two_incidents();
	assert_int_equal(story_tell(story, &err), -ENOENT);
	assert_string_equal(err.msg, "test.pb: nothing in it is of a container 'nobody'");
	end();
}

static void a_container_without_an_incident_is_told(void **state)
{
	char *text;

	(void)state;
	begin(NULL, "calm");
	two_incidents();
	add_mount(7, START + 2 * SECOND, 9, "calm");
	tell();
	assert_null(story->incident);
	assert_int_equal(story->n_rows, 1);
	text = written(plain_write);
	assert_non_null(strstr(text, "No incident of calm: no findings\n"));
	free(text);
	end();
}

/* Who did nothing, and was reached, is no culprit; whose incident it is comes next. */
static void a_victim_is_told_as_one(void **state)
{
	Warder__V1__Workload victim = WARDER__V1__WORKLOAD__INIT;
	Warder__V1__Container c = WARDER__V1__CONTAINER__INIT;
	Warder__V1__PtraceAccess t = WARDER__V1__PTRACE_ACCESS__INIT;
	Warder__V1__Finding f = WARDER__V1__FINDING__INIT;
	struct sample x;
	char *text;

	(void)state;
	begin(NULL, "victim");
	add_mount(1, START, 9, "victim");
	sample(&x, 2, START + SECOND, 7, "web");
	victim.origin_id = 9;
	victim.container = &c;
	c.name = "victim";
	x.owner.kind = WARDER__V1__OWNER__KIND__OWNER_CONTAINER;
	x.owner.workload = &victim;
	x.e.owner = &x.owner;
	x.e.type = WARDER__V1__EVENT_TYPE__FINDING;
	x.e.payload_case = WARDER__V1__EVENT__PAYLOAD_FINDING;
	x.e.finding = &f;
	f.uid = "finding";
	f.technique = "X03";
	f.stage = WARDER__V1__STAGE__BREACH;
	add(&x.e);
	/* a process with no number is none */
	x.e.type = WARDER__V1__EVENT_TYPE__PTRACE_ACCESS;
	x.e.payload_case = WARDER__V1__EVENT__PAYLOAD_PTRACE_ACCESS;
	x.e.ptrace_access = &t;
	x.e.seq = 3;
	t.target = &x.p;
	x.p.pid = 0;
	add(&x.e);
	tell();
	assert_int_equal(story->n_crossings, 1);
	assert_true(story->crossings[0].other);
	text = written(plain_write);
	assert_memory_equal(text, "victim was reached by another container\n", 40);
	assert_null(strstr(text, "target"));
	free(text);
	end();
}

static void an_act_comes_before_its_finding(void **state)
{
	(void)state;
	begin(NULL, NULL);
	add_breakout(1, START, 7, "web", "aaaa", 90);
	tell();
	assert_int_equal(story->n_rows, 3);
	assert_int_equal(story->rows[0].kind, ROW_EVIDENCE);
	assert_string_equal(story->rows[0].role, "act");
	assert_int_equal(story->rows[0].stage, WARDER__V1__STAGE__BREACH);
	assert_int_equal(story->rows[1].kind, ROW_FINDING);
	assert_ptr_equal(story->rows[0].finding, story->rows[1].event);
	assert_int_equal(story->rows[2].kind, ROW_INCIDENT);
	end();
}

static void updates_are_counted_in_the_finding(void **state)
{
	(void)state;
	begin(NULL, NULL);
	add_breakout(1, START, 7, "web", "aaaa", 90);
	add_finding(4, START + SECOND, 7, "web", 1, 17);
	tell();
	assert_int_equal(story->n_rows, 3);
	assert_int_equal(row_of(ROW_FINDING)->count, 17);
	assert_int_equal(story->n_crossings, 1);
	assert_int_equal(story->crossings[0].count, 17);
	assert_string_equal(story->crossings[0].object, "block device 7:0 (ext4)");
	end();
}

static void missing_numbers_are_a_gap(void **state)
{
	char *text;

	(void)state;
	begin(NULL, NULL);
	add_breakout(1, START, 7, "web", "aaaa", 90);
	add_mount(6, START + SECOND, 7, "web");
	tell();
	assert_int_equal(row_of(ROW_GAP)->missing, 2);
	assert_int_equal(story->gaps, 2);
	text = written(plain_write);
	assert_non_null(strstr(text, "2 events are missing in the stream's numbers"));
	assert_non_null(strstr(text, "!!! gap: 2 events of this stream are not in the file"));
	free(text);
	end();
}

/* What is less than half of a stream is a selection: nothing can be said of what is not there. */
static void a_selection_has_no_gaps(void **state)
{
	char *text;

	(void)state;
	begin(NULL, NULL);
	add_breakout(1, START, 7, "web", "aaaa", 90);
	add_mount(600, START + SECOND, 7, "web");
	tell();
	assert_null(row_of(ROW_GAP));
	text = written(plain_write);
	assert_non_null(strstr(text, "the file is a selection of events"));
	free(text);
	end();
}

static void a_new_start_is_told(void **state)
{
	(void)state;
	begin(NULL, NULL);
	add_breakout(10, START, 7, "web", "aaaa", 90);
	add_mount(1, START + 5 * SECOND, 7, "web");
	tell();
	assert_non_null(row_of(ROW_START));
	assert_int_equal(story->unwatched, 5 * SECOND);
	assert_int_equal(story->gaps, 0);
	end();
}

/* A flight recorder's: older, with lower numbers. It is no start, and what was missing before is there. */
static void late_events_are_no_new_start(void **state)
{
	(void)state;
	begin(NULL, NULL);
	add_breakout(10, START, 7, "web", "aaaa", 90);
	add_mount(1, START - 5 * SECOND, 7, "web");
	tell();
	assert_null(row_of(ROW_START));
	assert_int_equal(story->rows[0].at, START - 5 * SECOND);
	end();
}

static void losses_are_told_of_this_container(void **state)
{
	Warder__V1__Lost lost = WARDER__V1__LOST__INIT;
	Warder__V1__Lost__Count mine = WARDER__V1__LOST__COUNT__INIT, others = WARDER__V1__LOST__COUNT__INIT,
				*counts[] = {&mine, &others};
	Warder__V1__Workload other = WARDER__V1__WORKLOAD__INIT;
	struct sample x;

	(void)state;
	begin(NULL, NULL);
	add_breakout(1, START, 7, "web", "aaaa", 90);
	sample(&x, 4, START + SECOND, 7, "web");
	x.e.actor = NULL;
	x.e.type = WARDER__V1__EVENT_TYPE__LOST;
	x.e.payload_case = WARDER__V1__EVENT__PAYLOAD_LOST;
	x.e.lost = &lost;
	lost.n_counts = 2;
	lost.counts = counts;
	mine.records = 5;
	mine.workload = &x.w;
	others.records = 100;
	other.origin_id = 9;
	others.workload = &other;
	add(&x.e);
	tell();
	assert_int_equal(row_of(ROW_LOSS)->missing, 5);
	end();
}

static void context_is_bounded(void **state)
{
	(void)state;
	begin(NULL, NULL);
	add_breakout(1, START, 7, "web", "aaaa", 90);
	for (uint64_t i = 0; i < STORY_ROWS + 100; i++)
		add_mount(4 + i, START + (int64_t)i * SECOND, 7, "web");
	tell();
	assert_int_equal(story->n_rows, STORY_ROWS);
	assert_int_equal(story->left_out, 103);
	assert_non_null(row_of(ROW_FINDING));
	/* the furthest went */
	assert_true(story->rows[STORY_ROWS - 1].at < START + STORY_ROWS * SECOND);
	assert_int_equal(story->n_raw, STORY_RAW);
	end();
}

static void add_exec(uint64_t seq, uint32_t pid, uint32_t ppid, uint32_t mnt_ns, uint64_t caps)
{
	Warder__V1__ProcessExec exec = WARDER__V1__PROCESS_EXEC__INIT;
	struct sample x;

	sample(&x, seq, START + (int64_t)seq * SECOND, 7, "web");
	x.p.pid = pid;
	x.p.ppid = ppid;
	x.p.start_ns = pid;
	x.p.mnt_ns = mnt_ns;
	x.p.cap_effective = caps;
	x.e.type = WARDER__V1__EVENT_TYPE__PROCESS_EXEC;
	x.e.payload_case = WARDER__V1__EVENT__PAYLOAD_PROCESS_EXEC;
	x.e.process_exec = &exec;
	add(&x.e);
}

static void processes_are_a_tree_with_changes(void **state)
{
	char *text;

	(void)state;
	begin(NULL, NULL);
	add_exec(1, 10, 1, 11, 1);
	add_exec(2, 20, 10, 11, 1);
	add_exec(3, 30, 20, 11, 1);
	add_exec(4, 30, 20, 99, 1 | 1 << 21);
	tell();
	assert_int_equal(story->n_processes, 3);
	assert_null(story->processes[0]->parent);
	assert_ptr_equal(story->processes[1]->parent, story->processes[0]);
	assert_ptr_equal(story->processes[2]->parent, story->processes[1]);
	assert_int_equal(story->processes[1]->n_changes, 0);
	assert_int_equal(story->processes[2]->n_changes, 1);
	assert_int_equal(story->processes[2]->changes[0].namespaces, WARDER__V1__DIMENSION__DIM_MNT);
	assert_int_equal(story->processes[2]->changes[0].caps_gained, 1 << 21);
	text = written(plain_write);
	assert_non_null(strstr(text, "changed: mnt namespace: another; gained SYS_ADMIN"));
	free(text);
	end();
}

/* A process is found by its number and its start: a number that is used again is another one, whose parent is the one that has it now. */
static void numbers_are_used_again(void **state)
{
	(void)state;
	begin(NULL, NULL);
	add_exec(1, 10, 1, 11, 0);
	add_exec(2, 20, 10, 11, 0);
	tell();
	assert_int_equal(story->n_processes, 2);
	end();
}

/* What a snapshot holds: `level` of container 7's posture, and an incident, which no snapshot has. */
static void stood(Warder__V1__Posture__Level level)
{
	Warder__V1__Posture m = WARDER__V1__POSTURE__INIT;
	Warder__V1__Incident i = WARDER__V1__INCIDENT__INIT;
	uint8_t bytes[4096];
	struct sample x;

	sample(&x, 3, START - 100 * SECOND, 7, "web");
	x.e.actor = NULL;
	x.e.type = WARDER__V1__EVENT_TYPE__POSTURE;
	x.e.payload_case = WARDER__V1__EVENT__PAYLOAD_POSTURE;
	x.e.posture = &m;
	m.workload = &x.w;
	m.level = level;
	assert_int_equal(story_stood(story, bytes, warder__v1__event__pack(&x.e, bytes)), 0);
	x.e.type = WARDER__V1__EVENT_TYPE__INCIDENT;
	x.e.payload_case = WARDER__V1__EVENT__PAYLOAD_INCIDENT;
	x.e.incident = &i;
	i.uid = "made-up";
	assert_int_equal(story_stood(story, bytes, warder__v1__event__pack(&x.e, bytes)), 0);
}

static void what_stood_is_known_and_did_not_happen(void **state)
{
	size_t rows;

	(void)state;
	begin(NULL, NULL);
	add_breakout(10, START, 7, "web", "aaaa", 90);
	tell();
	rows = story->n_rows;
	assert_null(story->posture);
	end();
	begin(NULL, NULL);
	stood(WARDER__V1__POSTURE__LEVEL__PRIVILEGED);
	add_breakout(10, START, 7, "web", "aaaa", 90);
	stood(WARDER__V1__POSTURE__LEVEL__RESTRICTED); /* of the next file */
	tell();
	assert_non_null(story->posture);
	assert_int_equal(story->posture->posture->level, WARDER__V1__POSTURE__LEVEL__PRIVILEGED);
	assert_int_equal(story->n_rows, rows);
	assert_int_equal(story->n_incidents, 1);
	assert_true(story->from >= START);
	assert_int_equal(story->missing, 0);
	end();
}

static void what_is_no_event_is_counted(void **state)
{
	(void)state;
	begin(NULL, NULL);
	add_breakout(1, START, 7, "web", "aaaa", 90);
	assert_int_equal(story_add(story, "\xff\xff\xff", 3), 0);
	tell();
	assert_int_equal(story->malformed, 1);
	end();
}

static void files_are_read(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		int rc;
	} rows[] = {
		{"", 0, -EBADMSG},
		{"\x00", 1, 0},                            /* an event with nothing in it */
		{"\x05\x0a", 2, -EBADMSG},                 /* cut */
		{"\xff\xff\xff\xff\x7f", 5, -EBADMSG},     /* longer than any event */
		{"\xff\xff\xff\xff\xff\xff", 6, -EBADMSG}, /* no length */
		{"\x00\x00\x05\x0a", 4, 0},                /* the last is cut: the others are told */
		{"not a recording\n", 16, -EBADMSG},
	};
	char path[] = "/tmp/warder-test-story.XXXXXX", *name = path;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, rows[i].bytes, rows[i].n, 0), (ssize_t)rows[i].n);
		begin_files(NULL, NULL, &name, 1);
		assert_int_equal(story_read(story, &err), rows[i].rc);
		end();
	}
	close(fd);
	unlink(path);
	begin_files(NULL, NULL, &name, 1);
	assert_int_equal(story_read(story, &err), -ENOENT);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worst_is_told),
		cmocka_unit_test(one_can_be_asked_for),
		cmocka_unit_test(a_container_without_an_incident_is_told),
		cmocka_unit_test(a_victim_is_told_as_one),
		cmocka_unit_test(an_act_comes_before_its_finding),
		cmocka_unit_test(updates_are_counted_in_the_finding),
		cmocka_unit_test(missing_numbers_are_a_gap),
		cmocka_unit_test(a_selection_has_no_gaps),
		cmocka_unit_test(a_new_start_is_told),
		cmocka_unit_test(late_events_are_no_new_start),
		cmocka_unit_test(losses_are_told_of_this_container),
		cmocka_unit_test(context_is_bounded),
		cmocka_unit_test(processes_are_a_tree_with_changes),
		cmocka_unit_test(numbers_are_used_again),
		cmocka_unit_test(what_stood_is_known_and_did_not_happen),
		cmocka_unit_test(what_is_no_event_is_counted),
		cmocka_unit_test(files_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
