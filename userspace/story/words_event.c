// SPDX-License-Identifier: Apache-2.0
/* Events in words: a sentence each, and what an act was done to. */
#include <inttypes.h>
#include <string.h>

#include "capset.h"
#include "story/words.h"
#include "text.h"

static void say_bytes(struct pen *p, const ProtobufCMessage *m)
{
	if (m->descriptor == &warder__v1__path__descriptor)
		pen_path(p, (const Warder__V1__Path *)m);
	else
		pen_text(p, (const Warder__V1__Text *)m);
}

static bool has_bytes(const ProtobufCMessage *m)
{
	const Warder__V1__Path *t = (const void *)m; /* Text has the same fields */

	return t && (t->raw.len || (t->utf8 && *t->utf8));
}

/* A message that has something to show: bytes, or a process that is one. */
static bool is_there(const ProtobufCMessage *m)
{
	if (m && m->descriptor == &warder__v1__process__descriptor)
		return ((const Warder__V1__Process *)m)->pid;
	return has_bytes(m);
}

static bool is_bytes(const ProtobufCFieldDescriptor *f)
{
	return f->type == PROTOBUF_C_TYPE_MESSAGE &&
	       (f->descriptor == &warder__v1__text__descriptor || f->descriptor == &warder__v1__path__descriptor);
}

static void say_name(struct pen *p, const char *name)
{
	for (; *name; name++)
		pen_say(p, "%c", *name == '_' ? ' ' : *name);
}

/* The number beside a device's major one: its field comes next in each declaration. */
static uint32_t minor_of(const ProtobufCFieldDescriptor *major, const void *at)
{
	const ProtobufCFieldDescriptor *minor = major + 1;

	return strcmp(minor->name, "device_minor") ? 0 : *(const uint32_t *)((const char *)at - major->offset + minor->offset);
}

/* Of an enum its value says all, but for a door: "via setns pidfd". */
static void say_number(struct pen *p, const ProtobufCFieldDescriptor *f, const void *at)
{
	static const char *const riddles[] = {"device_minor", "magic", "wanted", "mode", "container_id"};
	bool wide = f->type == PROTOBUF_C_TYPE_UINT64 || f->type == PROTOBUF_C_TYPE_FIXED64;
	uint64_t v = wide ? *(const uint64_t *)at : *(const uint32_t *)at;
	bool named = f->type != PROTOBUF_C_TYPE_ENUM || !strcmp(f->name, "via");

	/* a device's numbers are told together; the others are riddles: the raw event has them */
	if (!v || text_is_one_of(f->name, riddles, sizeof(riddles) / sizeof(riddles[0])))
		return;
	pen_say(p, ", ");
	if (!strcmp(f->name, "device_major")) {
		pen_say(p, "device %" PRIu64 ":%" PRIu32, v, minor_of(f, at));
		return;
	}
	if (named)
		say_name(p, f->name);
	if (f->type == PROTOBUF_C_TYPE_BOOL)
		return;
	if (named)
		pen_say(p, " ");
	if (f->type == PROTOBUF_C_TYPE_ENUM)
		words_enum(p, f->descriptor, *(const int *)at);
	else if (!strcmp(f->name, "dimensions"))
		words_bits(p, &warder__v1__dimension__descriptor, (uint32_t)v);
	else if (f->type == PROTOBUF_C_TYPE_INT32)
		pen_say(p, "%" PRId32, *(const int32_t *)at);
	else
		pen_say(p, "%" PRIu64, v);
}

/* A field that is set, as "name value"; one that is not says nothing. Fields of userspace's and inner records stay for the raw event. */
static void say_field(struct pen *p, const ProtobufCFieldDescriptor *f, const char *base)
{
	const void *at = base + f->offset;

	if (f->label == PROTOBUF_C_LABEL_REPEATED || f->id >= 64)
		return;
	if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
		const ProtobufCMessage *m = *(const ProtobufCMessage *const *)at;

		if ((!is_bytes(f) && f->descriptor != &warder__v1__process__descriptor) || !is_there(m))
			return;
		pen_say(p, ", ");
		say_name(p, f->name);
		pen_say(p, " ");
		if (is_bytes(f))
			say_bytes(p, m);
		else
			words_process(p, (const Warder__V1__Process *)m);
		return;
	}
	if (f->type == PROTOBUF_C_TYPE_STRING) {
		if (!**(char *const *)at)
			return;
		pen_say(p, ", ");
		say_name(p, f->name);
		pen_say(p, " ");
		pen_str(p, *(char *const *)at);
		return;
	}
	say_number(p, f, at);
}

/* "mount create, via mount, device major 7, fstype ext4": any record, by its declaration. */
static void say_any(struct pen *p, const Warder__V1__Event *e)
{
	const ProtobufCFieldDescriptor *arm =
		protobuf_c_message_descriptor_get_field(&warder__v1__event__descriptor, (unsigned int)e->payload_case);
	const ProtobufCMessage *m = arm ? *(const ProtobufCMessage *const *)((const char *)e + arm->offset) : NULL;

	if (!m) {
		pen_say(p, "an event of a kind that this version does not know");
		return;
	}
	say_name(p, arm->name);
	for (unsigned int i = 0; i < m->descriptor->n_fields; i++)
		say_field(p, &m->descriptor->fields[i], (const char *)m);
}

static void say_exec(struct pen *p, const Warder__V1__Event *e)
{
	const Warder__V1__ProcessExec *x = e->process_exec;

	pen_say(p, x->snapshot ? "ran before the sensor started: " : "executed ");
	pen_path(p, x->file);
	if (has_bytes((const ProtobufCMessage *)x->args)) {
		pen_say(p, ": ");
		pen_text(p, x->args);
	}
	if (x->secure)
		pen_say(p, " (it gave privileges: set-id or file capabilities)");
}

static void say_exit(struct pen *p, const Warder__V1__Event *e)
{
	int status = e->process_exit->exit_code;

	if (status & 0x7f)
		pen_say(p, "killed by signal %d", status & 0x7f);
	else
		pen_say(p, "ended with %d", status >> 8 & 0xff);
}

static void say_fork(struct pen *p, const Warder__V1__Event *e)
{
	pen_say(p, "forked %" PRIu32, e->process_fork->child_pid);
}

static void say_seal(struct pen *p, const Warder__V1__Event *e)
{
	pen_say(p, e->container_seal->late ? "the container is seen for the first time: it ran when the sensor started"
					   : "the container starts");
	if (e->container_seal->leaked_dirs)
		pen_say(p, ", with %" PRIu32 " directories of the host's open", e->container_seal->leaked_dirs);
}

static void say_enter(struct pen *p, const Warder__V1__Event *e)
{
	pen_say(p, e->container_enter->late ? "was in the container when the sensor started"
					    : "entered the container from outside (exec by its runtime)");
}

static void say_end(struct pen *p, const Warder__V1__Event *e)
{
	(void)e;
	pen_say(p, "the container ended");
}

static void say_capability(struct pen *p, const Warder__V1__Event *e)
{
	const Warder__V1__CapabilityUse *u = e->capability_use;
	const char *name = capset_name(u->capability);

	pen_say(p, u->granted ? "used " : "was refused ");
	if (name)
		pen_say(p, "%s", name);
	else
		pen_say(p, "capability %" PRIu32, u->capability);
	pen_say(p, "%s for the first time%s", u->refused_before ? ", refused before," : "",
		u->host_user_ns ? " against the host" : "");
}

static void say_grant(struct pen *p, const Warder__V1__Event *e)
{
	char caps[512];

	pen_say(p, "the container was given what is enough to have the host: ");
	words_bits(p, &warder__v1__grant__descriptor, e->host_grant->grants);
	if (e->host_grant->caps)
		pen_say(p, " (%s)", capset_text(e->host_grant->caps, caps, sizeof(caps)));
	if (has_bytes((const ProtobufCMessage *)e->host_grant->place)) {
		pen_say(p, " at ");
		pen_text(p, e->host_grant->place);
	}
}

static void say_finding(struct pen *p, const Warder__V1__Event *e)
{
	pen_str(p, e->message && *e->message ? e->message : e->finding->title);
}

static void say_incident(struct pen *p, const Warder__V1__Event *e)
{
	pen_say(p, e->incident->activity == WARDER__V1__INCIDENT__ACTIVITY__CLOSE ? "incident closed: " : "incident opened: ");
	pen_str(p, e->message && *e->message ? e->message : e->incident->title);
}

void words_event(struct pen *p, const Warder__V1__Event *e)
{
	static const struct {
		Warder__V1__Event__PayloadCase payload;
		void (*say)(struct pen *p, const Warder__V1__Event *e);
	} rows[] = {
		{WARDER__V1__EVENT__PAYLOAD_PROCESS_EXEC, say_exec},
		{WARDER__V1__EVENT__PAYLOAD_PROCESS_EXIT, say_exit},
		{WARDER__V1__EVENT__PAYLOAD_PROCESS_FORK, say_fork},
		{WARDER__V1__EVENT__PAYLOAD_CONTAINER_SEAL, say_seal},
		{WARDER__V1__EVENT__PAYLOAD_CONTAINER_ENTER, say_enter},
		{WARDER__V1__EVENT__PAYLOAD_CONTAINER_END, say_end},
		{WARDER__V1__EVENT__PAYLOAD_CAPABILITY_USE, say_capability},
		{WARDER__V1__EVENT__PAYLOAD_HOST_GRANT, say_grant},
		{WARDER__V1__EVENT__PAYLOAD_FINDING, say_finding},
		{WARDER__V1__EVENT__PAYLOAD_INCIDENT, say_incident},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].payload != e->payload_case)
			continue;
		rows[i].say(p, e);
		return;
	}
	say_any(p, e);
}

/* What was acted on. The word before it tells its kind; the field, found by its name, who or what it is. */
static const struct {
	Warder__V1__Event__PayloadCase payload;
	const char *kind;
	const char *field;
} objects[] = {
	{WARDER__V1__EVENT__PAYLOAD_FILE_OPEN, "file ", "path"},
	{WARDER__V1__EVENT__PAYLOAD_SENSITIVE_CHANGE, "file ", "path"},
	{WARDER__V1__EVENT__PAYLOAD_KERNEL_FILE, "kernel's ", "path"},
	{WARDER__V1__EVENT__PAYLOAD_CGROUP_MOVE, "cgroup ", "to_path"},
	{WARDER__V1__EVENT__PAYLOAD_MOUNT_CHANGE, "mount at ", "path"},
	{WARDER__V1__EVENT__PAYLOAD_MOUNT_CHANGE, "mount at ", "name"},
	{WARDER__V1__EVENT__PAYLOAD_ROOT_CHANGE, "directory ", "path"},
	{WARDER__V1__EVENT__PAYLOAD_PTRACE_ACCESS, "process ", "target"},
	{WARDER__V1__EVENT__PAYLOAD_SIGNAL_SEND, "process ", "target"},
	{WARDER__V1__EVENT__PAYLOAD_TASK_CONTROL, "process ", "target"},
	{WARDER__V1__EVENT__PAYLOAD_PERF_OPEN, "events of ", "target"},
	{WARDER__V1__EVENT__PAYLOAD_UNIX_CONNECT, "socket ", "name"},
	{WARDER__V1__EVENT__PAYLOAD_UNIX_CONNECT, "socket of ", "peer"},
	{WARDER__V1__EVENT__PAYLOAD_KEY_ACCESS, "key ", "description"},
	{WARDER__V1__EVENT__PAYLOAD_PROVENANCE_USE, "use of ", "path"},
	{WARDER__V1__EVENT__PAYLOAD_HELPER_EXEC, "kernel's helper ", "path"},
	{WARDER__V1__EVENT__PAYLOAD_KERNEL_CALL, "kernel: ", "call"},
	{WARDER__V1__EVENT__PAYLOAD_BPF_USE, "BPF ", "object"},
	{WARDER__V1__EVENT__PAYLOAD_IPC_ACCESS, "System V ", "kind"},
	{WARDER__V1__EVENT__PAYLOAD_NAMESPACE_CHANGE, "namespaces ", "dimensions"},
	{WARDER__V1__EVENT__PAYLOAD_ENVELOPE_VIOLATION, "beyond its ", "dimensions"},
};

static bool say_object(struct pen *p, const Warder__V1__Event *e, const char *kind, const char *field)
{
	const ProtobufCFieldDescriptor *f,
		*arm = protobuf_c_message_descriptor_get_field(&warder__v1__event__descriptor, (unsigned int)e->payload_case);
	const ProtobufCMessage *m = arm ? *(const ProtobufCMessage *const *)((const char *)e + arm->offset) : NULL;
	const void *at;

	f = m ? protobuf_c_message_descriptor_get_field_by_name(m->descriptor, field) : NULL;
	if (!f)
		return false;
	at = (const char *)m + f->offset;
	if (f->type == PROTOBUF_C_TYPE_MESSAGE && !is_there(*(const ProtobufCMessage *const *)at))
		return false;
	if (f->type == PROTOBUF_C_TYPE_STRING && !**(char *const *)at)
		return false;
	pen_say(p, "%s", kind);
	if (is_bytes(f))
		say_bytes(p, *(const ProtobufCMessage *const *)at);
	else if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		words_process(p, *(const Warder__V1__Process *const *)at);
	else if (f->type == PROTOBUF_C_TYPE_STRING)
		pen_str(p, *(char *const *)at);
	else if (f->type == PROTOBUF_C_TYPE_ENUM)
		words_enum(p, f->descriptor, *(const int *)at);
	else
		words_bits(p, &warder__v1__dimension__descriptor, *(const uint32_t *)at);
	return true;
}

static bool say_device(struct pen *p, const Warder__V1__Event *e)
{
	const Warder__V1__MountCreate *m = e->mount_create;
	const Warder__V1__DeviceAccess *d = e->device_access;

	if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_MOUNT_CREATE && m->device_major) {
		pen_say(p, "block device %" PRIu32 ":%" PRIu32 " (", m->device_major, m->device_minor);
		pen_str(p, m->fstype);
		pen_say(p, ")");
	} else if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_MOUNT_CREATE) {
		pen_say(p, "filesystem ");
		pen_str(p, m->fstype);
	} else if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_DEVICE_ACCESS) {
		pen_say(p, "%s device %" PRIu32 ":%" PRIu32, d->block ? "block" : "character", d->device_major,
			d->device_minor);
	} else {
		return false;
	}
	return true;
}

bool words_object(struct pen *p, const Warder__V1__Event *e)
{
	if (say_device(p, e))
		return true;
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		if (objects[i].payload == e->payload_case && say_object(p, e, objects[i].kind, objects[i].field))
			return true;
	return false;
}
