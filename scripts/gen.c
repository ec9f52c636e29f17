// SPDX-License-Identifier: Apache-2.0
/*
 * gen: prints what the kernel programs and the decoder need to know of the event types, from the descriptors of
 * proto/warder/v1/event.proto, so that an event is declared there and nowhere else. The conventions are at the head of that
 * file.
 *
 *   gen header    the kernel's record structs and the enums, for C and for BPF
 *   gen tables    for each struct: which offset holds which field of which message
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "warder/v1/event.pb-c.h"

#define KERNEL_FIELDS 64 /* fields below are the kernel's */
#define KERNEL_ARMS   200

#define MAX_MESSAGES  128

typedef const ProtobufCMessageDescriptor *message_t;
typedef const ProtobufCFieldDescriptor *field_t;

static message_t done[MAX_MESSAGES];
static unsigned int n_done;

/* How a field looks in a record. Sorted by alignment: printed in this order a struct has no holes. */
enum kind {
	MSG,
	U64,
	STRING,
	U32,
	I32,
	BOOL,
	TEXT,
	PATH,
	NONE
};
static const struct {
	const char *ctype, *name;
	unsigned int size;
} kinds[] = {
	[MSG] = {NULL, "REC_MSG", 0},
	[U64] = {"__u64", "REC_U64", 8},
	[STRING] = {"char", "REC_COMM", 16},
	[U32] = {"__u32", "REC_U32", 4},
	[I32] = {"__s32", "REC_I32", 4},
	[BOOL] = {"__u32", "REC_BOOL", 4},
	[TEXT] = {"struct wd_str", "REC_TEXT", 4},
	[PATH] = {"struct wd_str", "REC_PATH", 4},
};

static enum kind kind_of(field_t f)
{
	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return NONE;
	switch (f->type) {
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return U64;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_ENUM:
		return U32;
	case PROTOBUF_C_TYPE_INT32:
		return I32;
	case PROTOBUF_C_TYPE_BOOL:
		return BOOL;
	case PROTOBUF_C_TYPE_STRING:
		return STRING;
	case PROTOBUF_C_TYPE_MESSAGE:
		if (!strcmp(((message_t)f->descriptor)->short_name, "Text"))
			return TEXT;
		return strcmp(((message_t)f->descriptor)->short_name, "Path") ? MSG : PATH;
	default:
		return NONE;
	}
}

/* "FileOpen" -> "file_open" */
static const char *snake(const char *name)
{
	static char bufs[4][64];
	static unsigned int turn;
	char *out = bufs[turn++ % 4];
	size_t n = 0;

	for (const char *p = name; *p && n < sizeof(bufs[0]) - 2; p++) {
		if (isupper((unsigned char)*p) && p != name)
			out[n++] = '_';
		out[n++] = tolower((unsigned char)*p);
	}
	out[n] = '\0';
	return out;
}

static bool seen(message_t m)
{
	for (unsigned int i = 0; i < n_done; i++)
		if (done[i] == m)
			return true;
	return false;
}

/* Calls `print` on a message after those that it embeds, each once. */
static int walk(message_t m, int (*print)(message_t))
{
	if (seen(m))
		return 0;
	if (n_done == MAX_MESSAGES) {
		fprintf(stderr, "gen: more than %d messages\n", MAX_MESSAGES);
		return -1;
	}
	done[n_done++] = m;
	for (unsigned int i = 0; i < m->n_fields; i++)
		if (m->fields[i].id < KERNEL_FIELDS && kind_of(&m->fields[i]) == MSG && walk(m->fields[i].descriptor, print))
			return -1;
	return print(m);
}

static unsigned int size_of(message_t m)
{
	unsigned int size = 0;

	for (unsigned int i = 0; i < m->n_fields; i++) {
		enum kind k = kind_of(&m->fields[i]);

		if (m->fields[i].id < KERNEL_FIELDS)
			size += k == MSG ? size_of(m->fields[i].descriptor) : kinds[k].size;
	}
	return (size + 7) & ~7u;
}

static int print_struct(message_t m)
{
	unsigned int size = 0;

	printf("struct wd_%s {\n", snake(m->short_name));
	for (enum kind k = MSG; k < NONE; k++)
		for (unsigned int i = 0; i < m->n_fields; i++) {
			field_t f = &m->fields[i];

			if (f->id >= KERNEL_FIELDS)
				continue;
			if (kind_of(f) == NONE) {
				fprintf(stderr, "gen: %s.%s: no kernel type for it\n", m->name, f->name);
				return -1;
			}
			if (kind_of(f) != k)
				continue;
			if (k == MSG)
				printf("\tstruct wd_%s %s;\n", snake(((message_t)f->descriptor)->short_name), f->name);
			else
				printf("\t%s %s%s;\n", kinds[k].ctype, f->name, k == STRING ? "[16]" : "");
			size += kinds[k].size;
		}
	if (size % 8)
		printf("\t__u32 pad_;\n");
	printf("};\n_Static_assert(sizeof(struct wd_%s) == %u, \"no holes\");\n\n", snake(m->short_name), size_of(m));
	return 0;
}

static int print_table(message_t m)
{
	const char *name = snake(m->short_name);

	printf("static const struct rec_field %s_fields[] = {\n", name);
	for (unsigned int i = 0; i < m->n_fields; i++) {
		field_t f = &m->fields[i];
		enum kind k = kind_of(f);

		if (f->id >= KERNEL_FIELDS)
			continue;
		printf("\t{%s, %u, offsetof(struct wd_%s, %s), ", kinds[k].name, i, name, f->name);
		if (k == MSG)
			printf("&%s_layout},\n", snake(((message_t)f->descriptor)->short_name));
		else
			printf("NULL},\n");
	}
	printf("};\nstatic const struct rec_layout %s_layout = {%s_fields, sizeof(%s_fields) / sizeof(%s_fields[0]), "
	       "sizeof(struct wd_%s)};\n\n",
	       name, name, name, name, name);
	return 0;
}

static void print_enum(const ProtobufCEnumDescriptor *e)
{
	printf("enum wd_%s {\n", snake(e->short_name));
	for (unsigned int i = 0; i < e->n_values; i++)
		printf("\tWD_%s = %d,\n", e->values[i].name, e->values[i].value);
	printf("};\n\n");
}

static bool is_kernel_arm(field_t f)
{
	return (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && f->id < KERNEL_ARMS;
}

static int each_arm(message_t ev, int (*print)(message_t))
{
	for (unsigned int i = 0; i < ev->n_fields; i++)
		if (is_kernel_arm(&ev->fields[i]) && walk(ev->fields[i].descriptor, print))
			return -1;
	return 0;
}

static int header(message_t ev)
{
	printf("/* Generated from proto/warder/v1/event.proto by scripts/gen.c. */\n"
	       "#ifndef WARDER_RECORD_GEN_H\n#define WARDER_RECORD_GEN_H\n\n"
	       "/* Bytes behind the body: offset from the record's start, and length. */\n"
	       "struct wd_str {\n\t__u16 off;\n\t__u16 len; /* WD_STR_CUT is set where there was more */\n};\n"
	       "#define WD_STR_CUT 0x8000\n\n");
	print_enum(&warder__v1__event_type__descriptor);
	print_enum(&warder__v1__dimension__descriptor);
	print_enum(&warder__v1__via__descriptor);
	print_enum(&warder__v1__call__descriptor);
	print_enum(&warder__v1__bpf_act__descriptor);
	print_enum(&warder__v1__bpf_object__descriptor);
	print_enum(&warder__v1__tamper__descriptor);
	print_enum(&warder__v1__tree_change__descriptor);
	print_enum(&warder__v1__difference__descriptor);
	print_enum(&warder__v1__grant__descriptor);
	print_enum(&warder__v1__outcome__descriptor);
	print_enum(&warder__v1__owner__kind__descriptor);
	print_enum(&warder__v1__lost__stage__descriptor);
	print_enum(&warder__v1__ipc_kind__descriptor);
	print_enum(&warder__v1__task_knob__descriptor);
	print_enum(&warder__v1__net_target__descriptor);
	print_enum(&warder__v1__kernel_interface__descriptor);
	print_enum(&warder__v1__sensitive__descriptor);
	print_enum(&warder__v1__file_change__descriptor);
	if (walk(&warder__v1__process__descriptor, print_struct) || each_arm(ev, print_struct))
		return 1;
	printf("#endif\n");
	return 0;
}

static int tables(message_t ev)
{
	printf("/* Generated from proto/warder/v1/event.proto by scripts/gen.c. */\n");
	if (walk(&warder__v1__process__descriptor, print_table) || each_arm(ev, print_table))
		return 1;
	printf("const struct rec_layout *const rec_process = &process_layout;\n\n");
	printf("static const struct rec_type rec_types[] = {\n");
	for (unsigned int i = 0; i < ev->n_fields; i++)
		if (is_kernel_arm(&ev->fields[i]))
			printf("\t[%u - REC_TYPE_FIRST] = {%u, &%s_layout},\n", ev->fields[i].id, i,
			       snake(((message_t)ev->fields[i].descriptor)->short_name));
	printf("};\n");
	return 0;
}

int main(int argc, char **argv)
{
	message_t ev = &warder__v1__event__descriptor;

	if (argc == 2 && !strcmp(argv[1], "header"))
		return header(ev);
	if (argc == 2 && !strcmp(argv[1], "tables"))
		return tables(ev);
	fprintf(stderr, "usage: gen header|tables\n");
	return 2;
}
