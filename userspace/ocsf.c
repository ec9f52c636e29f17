// SPDX-License-Identifier: Apache-2.0
#include "ocsf.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "google/protobuf/timestamp.pb-c.h"
#include "json.h"

#ifndef WARDER_VERSION
#define WARDER_VERSION "unknown"
#endif

/*
 * It is made of warder's own JSON of the event, whose strings are clean by then: values are shared, not copied. `get` is a value
 * in it by its names, NULL where it is not there; jansson's functions take NULL, and set nothing then.
 */
static json_t *get(json_t *from, const char *a, const char *b, const char *c)
{
	from = json_object_get(from, a);
	from = b ? json_object_get(from, b) : from;
	return c ? json_object_get(from, c) : from;
}

static void put(json_t *to, const char *name, json_t *value)
{
	if (value)
		json_object_set_nocheck(to, name, value);
}

static void put_new(json_t *to, const char *name, json_t *value)
{
	if (value && (!json_is_object(value) || json_object_size(value)))
		json_object_set_new_nocheck(to, name, value);
	else
		json_decref(value);
}

/* Bytes from outside: as text where they are that, else in base64 as they are. */
static json_t *text_of(json_t *text)
{
	json_t *utf8 = json_object_get(text, "utf8");

	return utf8 ? utf8 : json_object_get(text, "raw");
}

static int64_t millis(const Google__Protobuf__Timestamp *t)
{
	return t ? (int64_t)((uint64_t)t->seconds * 1000) + t->nanos / 1000000 : 0;
}

/* A file by its path; it has a name in any case, which OCSF asks for. */
static json_t *file_of(json_t *path, int type)
{
	json_t *text = text_of(path), *file = json_object();
	const char *s = json_string_value(text), *slash = s ? strrchr(s, '/') : NULL;

	put_new(file, "name", json_string_nocheck(!s ? "unknown" : slash && slash[1] ? slash + 1 : s));
	put(file, "path", text);
	put_new(file, "type_id", json_integer(type));
	return file;
}

static json_t *container_of(json_t *workload)
{
	json_t *c = json_object_get(workload, "container"), *out = json_object(), *image;
	json_t *ref = get(c, "image", "ref", NULL), *digest = get(c, "image", "digest", NULL);

	put(out, "uid", json_object_get(c, "id"));
	put(out, "name", json_object_get(c, "name"));
	put(out, "runtime", json_object_get(c, "runtime"));
	put(out, "pod_uuid", get(workload, "pod", "uid", NULL));
	if (ref || digest) {
		image = json_object();
		put(image, "uid", digest ? digest : ref);
		put(image, "name", ref);
		put_new(out, "image", image);
	}
	/* One of the two is asked for: what has no name yet has its number, and what has neither is no container. */
	if (json_object_size(out) && !json_object_get(out, "uid") && !json_object_get(out, "name")) {
		put(out, "uid", json_object_get(workload, "origin_id"));
		if (!json_object_get(out, "uid"))
			json_object_clear(out);
	}
	return out;
}

static json_t *process_of(json_t *p, json_t *workload)
{
	json_t *out = json_object();

	if (!p && !workload)
		return out;
	put(out, "pid", json_object_get(p, "pid"));
	put(out, "namespace_pid", json_object_get(p, "ns_pid"));
	put(out, "uid", json_object_get(p, "uid_str"));
	put(out, "name", json_object_get(p, "comm"));
	put(out, "cmd_line", text_of(json_object_get(p, "args")));
	if (json_object_get(p, "exe"))
		put_new(out, "file", file_of(json_object_get(p, "exe"), 1));
	if (p)
		put_new(out, "user",
			json_pack("{s:o}", "uid",
				  json_sprintf("%lld", (long long)json_integer_value(json_object_get(p, "uid")))));
	put_new(out, "container", container_of(workload));
	return out;
}

static json_t *actor_of(json_t *native)
{
	json_t *actor = json_object_get(native, "actor"), *out = json_object();
	json_t *process = process_of(json_object_get(actor, "process"), json_object_get(actor, "workload"));
	json_t *parent = json_array_get(json_object_get(actor, "ancestry"), 0);

	if (parent)
		put_new(process, "parent_process", process_of(parent, NULL));
	put_new(out, "process", process);
	return out;
}

static json_t *attacks_of(const Warder__V1__Event *e, json_t *native)
{
	json_t *list = json_array(), *from = json_object_get(native, "attack"), *one, *technique;

	for (size_t i = 0; i < e->n_attack; i++) {
		one = json_array_get(from, i);
		technique = json_object();
		put(technique, "uid", json_object_get(one, "technique"));
		put(technique, "name", json_object_get(one, "name"));
		if (json_object_size(technique))
			json_array_append_new(list, json_pack("{s:o}", "technique", technique));
		else
			json_decref(technique);
	}
	return list;
}

/* finding_info of a finding or an incident: their first fields have one name each. */
static json_t *info_of(const Warder__V1__Event *e, json_t *native, json_t *payload)
{
	json_t *info = json_object(), *analytic = json_object();
	bool finding = e->payload_case == WARDER__V1__EVENT__PAYLOAD_FINDING;

	put_new(info, "uid", json_string_nocheck("unknown"));
	put(info, "uid", json_object_get(payload, "uid"));
	put(info, "title", json_object_get(payload, "title"));
	put(info, "desc", json_object_get(native, "message"));
	put_new(info, "attacks", attacks_of(e, native));
	put_new(info, "first_seen_time", json_integer(millis(finding ? e->finding->first_seen : e->incident->first_seen)));
	put_new(info, "last_seen_time", json_integer(millis(finding ? e->finding->last_seen : e->incident->last_seen)));
	put(analytic, "uid", json_object_get(payload, "technique"));
	put(analytic, "name", json_object_get(payload, "rule"));
	put(analytic, "version", json_object_get(payload, "rule_version"));
	if (json_object_size(analytic))
		put_new(analytic, "type_id", json_integer(1)); /* a rule */
	put_new(info, "analytic", analytic);
	return info;
}

/* A new one is what to be paged for: an incident where there are such, or else a finding. */
static void finding_fill(json_t *out, const Warder__V1__Event *e, json_t *native, json_t *payload)
{
	json_t *actor = actor_of(native), *evidence = json_object();
	bool finding = e->payload_case == WARDER__V1__EVENT__PAYLOAD_FINDING;

	put_new(out, "finding_info", info_of(e, native, payload));
	put_new(out, "confidence_id", json_integer((int)(finding ? e->finding->confidence : e->incident->confidence)));
	put_new(out, "is_alert", json_boolean(json_integer_value(json_object_get(out, "activity_id")) == 1));
	put_new(evidence, "actor", actor);
	put(evidence, "data", json_object_get(payload, "evidence"));
	if (json_object_get(evidence, "actor")) /* one of a list is asked for, and data is not on it */
		put_new(out, "evidences", json_pack("[O]", evidence));
	json_decref(evidence);
}

/* What a process did: who, to what, and whether it was let. */
static void activity_fill(json_t *out, const Warder__V1__Event *e, json_t *native, json_t *payload)
{
	static const int status[] = {0, 1, 2};
	json_t *actor = actor_of(native);

	put(out, "actor", actor);
	json_decref(actor);
	put_new(out, "status_id", json_integer(status[(unsigned int)e->outcome < 3 ? e->outcome : 0]));
	(void)payload;
}

static void process_fill(json_t *out, const Warder__V1__Event *e, json_t *native, json_t *payload)
{
	json_t *target = json_object_get(payload, "target"), *process;

	activity_fill(out, e, native, payload);
	process = target ? process_of(target, get(native, "owner", "workload", NULL))
			 : json_incref(get(out, "actor", "process", NULL));
	if (process && !target && json_object_get(payload, "file"))
		put_new(process, "file", file_of(json_object_get(payload, "file"), 1));
	json_object_set_new_nocheck(out, "process", process ? process : json_object());
	if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_PROCESS_EXIT)
		put_new(out, "exit_code", json_integer(e->process_exit->exit_code));
}

static void file_fill(json_t *out, const Warder__V1__Event *e, json_t *native, json_t *payload)
{
	json_t *path = json_object_get(payload, "path");
	int type = 0;

	activity_fill(out, e, native, payload);
	if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_DEVICE_ACCESS)
		type = e->device_access->block ? 4 : 3;
	if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_UNIX_CONNECT) {
		path = json_object_get(payload, "name");
		type = 5;
	}
	put_new(out, "file", file_of(path, type));
}

static void driver_fill(json_t *out, const Warder__V1__Event *e, json_t *native, json_t *payload)
{
	json_t *file = json_object_get(payload, "file");

	activity_fill(out, e, native, payload);
	put_new(out, "driver", json_pack("{s:o}", "file", file_of(file ? file : json_object_get(payload, "name"), 1)));
}

static void kernel_fill(json_t *out, const Warder__V1__Event *e, json_t *native, json_t *payload)
{
	json_t *call = json_object_get(payload, "call");

	activity_fill(out, e, native, payload);
	/* The thing that was asked for: of the types that OCSF knows a system call comes nearest. */
	put_new(out, "kernel", json_pack("{s:O,s:i}", "name", call ? call : json_object_get(native, "type"), "type_id", 2));
}

/* Which class an event is of. The first row that fits counts; what is in none is a Base Event. */
static const struct row {
	Warder__V1__EventType type;
	int class_uid, activity_id; /* 0: the payload's own number */
	void (*fill)(json_t *out, const Warder__V1__Event *e, json_t *native, json_t *payload);
} rows[] = {
	{WARDER__V1__EVENT_TYPE__FINDING, 2004, 0, finding_fill},
	{WARDER__V1__EVENT_TYPE__INCIDENT, 2004, 0, finding_fill},
	{WARDER__V1__EVENT_TYPE__PROCESS_EXEC, 1007, 1, process_fill},
	{WARDER__V1__EVENT_TYPE__HELPER_EXEC, 1007, 1, process_fill},
	{WARDER__V1__EVENT_TYPE__PROCESS_EXIT, 1007, 2, process_fill},
	{WARDER__V1__EVENT_TYPE__PTRACE_ACCESS, 1007, 4, process_fill},
	{WARDER__V1__EVENT_TYPE__SIGNAL_SEND, 1007, 99, process_fill},
	{WARDER__V1__EVENT_TYPE__TASK_CONTROL, 1007, 99, process_fill},
	{WARDER__V1__EVENT_TYPE__FILE_OPEN, 1001, 14, file_fill},
	{WARDER__V1__EVENT_TYPE__DEVICE_ACCESS, 1001, 14, file_fill},
	{WARDER__V1__EVENT_TYPE__UNIX_CONNECT, 1001, 14, file_fill},
	{WARDER__V1__EVENT_TYPE__KERNEL_FILE, 1001, 3, file_fill},
	{WARDER__V1__EVENT_TYPE__SENSITIVE_CHANGE, 1001, 3, file_fill},
	{WARDER__V1__EVENT_TYPE__MOUNT_CREATE, 1001, 12, file_fill},
	{WARDER__V1__EVENT_TYPE__KERNEL_CALL, 1003, 4, kernel_fill},
	{WARDER__V1__EVENT_TYPE__NAMESPACE_CHANGE, 1003, 4, kernel_fill},
	{WARDER__V1__EVENT_TYPE__USERNS_CREATE, 1003, 1, kernel_fill},
	{WARDER__V1__EVENT_TYPE__CAPABILITY_USE, 1003, 4, kernel_fill},
	{WARDER__V1__EVENT_TYPE__BPF_USE, 1003, 4, kernel_fill},
	{WARDER__V1__EVENT_TYPE__PERF_OPEN, 1003, 4, kernel_fill},
	{WARDER__V1__EVENT_TYPE__SOCKET_CREATE, 1003, 1, kernel_fill},
	{WARDER__V1__EVENT_TYPE__IPC_ACCESS, 1003, 4, kernel_fill},
	{WARDER__V1__EVENT_TYPE__KEY_ACCESS, 1003, 4, kernel_fill},
	{WARDER__V1__EVENT_TYPE__KEY_SEARCH, 1003, 4, kernel_fill},
};

static struct row row_of(const Warder__V1__Event *e)
{
	struct row r = {e->type, 0, 99, NULL};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == e->type && (int)e->payload_case == (int)e->type) {
			r = rows[i];
			break;
		}
	if (r.class_uid == 2004 && e->payload_case == WARDER__V1__EVENT__PAYLOAD_FINDING)
		r.activity_id = (int)e->finding->activity;
	else if (r.class_uid == 2004)
		r.activity_id = (int)e->incident->activity;
	else if (r.class_uid == 1001 && e->payload_case == WARDER__V1__EVENT__PAYLOAD_KERNEL_FILE && !e->kernel_file->write)
		r.activity_id = 14;
	else if (e->payload_case == WARDER__V1__EVENT__PAYLOAD_KERNEL_CALL &&
		 (e->kernel_call->call == WARDER__V1__CALL__CALL_MODULE_LOAD ||
		  e->kernel_call->call == WARDER__V1__CALL__CALL_MODULE_UNLOAD))
		r = (struct row){e->type, 1002, e->kernel_call->call == WARDER__V1__CALL__CALL_MODULE_LOAD ? 1 : 2,
				 driver_fill};
	if (r.activity_id < 0 || (r.activity_id > 3 && r.class_uid == 2004))
		r.activity_id = 99;
	return r;
}

static json_t *device_of(json_t *native)
{
	json_t *d = json_pack("{s:i,s:s,s:{s:s,s:i}}", "type_id", 1, "type", "Server", "os", "name", "Linux", "type_id", 200);

	put(d, "hostname", get(native, "node", "name", NULL));
	put(d, "boot_uid", get(native, "node", "boot_id", NULL));
	put(json_object_get(d, "os"), "kernel_release", get(native, "node", "kernel", NULL));
	return d;
}

static json_t *ocsf_of(const Warder__V1__Event *e, json_t *native)
{
	const ProtobufCFieldDescriptor *arm =
		protobuf_c_message_descriptor_get_field(&warder__v1__event__descriptor, (unsigned int)e->payload_case);
	json_t *payload = arm ? json_object_get(native, arm->name) : NULL;
	struct row r = row_of(e);
	json_t *out = json_pack("{s:i,s:i,s:i,s:i,s:i,s:I}", "class_uid", r.class_uid, "category_uid", r.class_uid / 1000,
				"activity_id", r.activity_id, "type_uid", r.class_uid * 100 + r.activity_id, "severity_id",
				(unsigned int)e->severity <= 5 ? (int)e->severity : 0, "time", (json_int_t)millis(e->time));
	json_t *meta = json_pack("{s:s,s:{s:s,s:s,s:s},s:[s]}", "version", "1.8.0", "product", "name", "warder", "vendor_name",
				 "warder", "version", WARDER_VERSION, "profiles", "container");

	put(meta, "uid", json_object_get(native, "uid"));
	put(meta, "event_code", json_object_get(native, "type"));
	put_new(meta, "sequence", json_integer((json_int_t)(e->seq & INT64_MAX)));
	put_new(out, "metadata", meta);
	put(out, "message", json_object_get(native, "message"));
	put_new(out, "device", device_of(native));
	if (r.activity_id == 99)
		put(out, "activity_name", json_object_get(native, "type"));
	if (r.fill)
		r.fill(out, e, native, payload);
	if (payload)
		put_new(out, "unmapped",
			json_pack("{s:O,s:O*}", arm->name, payload, "owner", json_object_get(native, "owner")));
	return out;
}

ssize_t ocsf_line(const Warder__V1__Event *e, char *out, size_t size)
{
	json_t *native = json_from_message(&e->base), *j = native ? ocsf_of(e, native) : NULL;
	size_t n = j ? json_dumpb(j, out, size, JSON_COMPACT | JSON_ENSURE_ASCII) : 0;

	json_decref(native);
	if (!j)
		return -ENOMEM;
	json_decref(j);
	if (!n || n >= size)
		return -EMSGSIZE;
	out[n] = '\n';
	return (ssize_t)(n + 1);
}
