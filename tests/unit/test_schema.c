// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <errno.h>
#include <stdio.h>

#include "../golden/build.h"
#include "schema.h"
#include "text.h"

#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))
#define TYPES          256 /* more than there are, so that what lies beyond is tried too */
#define MAX_STRINGS    8
#define LONGEST_STRING (WD_STR_CUT - 1)

static struct build rec;
static struct arena arena;

static int group_setup(void **state)
{
	(void)state;
	return arena_init(&arena, 1 << 20);
}

static int group_teardown(void **state)
{
	(void)state;
	arena_destroy(&arena);
	return 0;
}

/* The string fields of a message and of those in it, as offsets from the record's start. */
static unsigned int strings_of(build_message m, size_t base, size_t *at, enum build_kind *kinds, unsigned int n)
{
	struct build_field f;

	for (unsigned int i = 0; build_nth(m, i, &f); i++) {
		if (f.kind == BUILD_MSG)
			n = strings_of(f.member->descriptor, base + f.offset, at, kinds, n);
		if (f.kind != BUILD_TEXT && f.kind != BUILD_PATH)
			continue;
		assert_true(n < MAX_STRINGS);
		kinds[n] = f.kind;
		at[n++] = base + f.offset;
	}
	return n;
}

/* Checks a copy in memory of just that size, so that a sanitizer sees a read behind it. */
static int check(const void *bytes, size_t len)
{
	void *copy = malloc(len ? len : 1);
	int rc;

	memcpy(copy, bytes, len);
	rc = schema_check(copy, len);
	free(copy);
	assert_true(rc == 0 || rc == -EBADMSG);
	return rc;
}

static void types_that_the_kernel_makes_are_taken_and_no_others(void **state)
{
	(void)state;
	for (unsigned int type = 0; type < TYPES; type++) {
		build_start(&rec, type);
		rec.len += 512; /* it is not the length that is wrong */
		build_record(&rec)->len = (uint32_t)rec.len;
		assert_int_equal(check(rec.bytes, rec.len), build_payload(type) ? 0 : -EBADMSG);
	}
	build_start(&rec, UINT16_MAX);
	build_record(&rec)->len = (uint32_t)(rec.len += 512);
	assert_int_equal(check(rec.bytes, rec.len), -EBADMSG);
}

static void a_record_that_is_cut_anywhere_is_refused(void **state)
{
	unsigned int types = 0, n;
	size_t at[MAX_STRINGS];
	enum build_kind kinds[MAX_STRINGS];

	(void)state;
	for (unsigned int type = 0; type < TYPES; type++) {
		if (!build_payload(type))
			continue;
		types++;
		build_start(&rec, type);
		n = strings_of(build_payload(type), sizeof(struct wd_record), at, kinds, 0);
		for (unsigned int i = 0; i < n; i++)
			build_path(&rec, rec.bytes + at[i], "/usr/bin/x", false);
		assert_int_equal(check(rec.bytes, rec.len), 0);
		for (size_t len = 0; len < rec.len; len++) {
			/* The bytes end early, */
			build_record(&rec)->len = (uint32_t)rec.len;
			assert_int_equal(check(rec.bytes, len), -EBADMSG);
			/* the record says that it does, */
			build_record(&rec)->len = (uint32_t)len;
			assert_int_equal(check(rec.bytes, rec.len), -EBADMSG);
			/* or both. */
			assert_int_equal(check(rec.bytes, len), -EBADMSG);
		}
		build_record(&rec)->len = (uint32_t)rec.len + 1;
		assert_int_equal(check(rec.bytes, rec.len), -EBADMSG);
		build_record(&rec)->len = UINT32_MAX;
		assert_int_equal(check(rec.bytes, rec.len), -EBADMSG);
		build_record(&rec)->len = (uint32_t)rec.len;
		assert_int_equal(check(rec.bytes, rec.len + 100), 0); /* the ring's room was larger */
	}
	assert_true(types >= 15);
}

/* Each string field of each type, in embedded messages too, with each of these. */
static void a_string_that_leaves_the_record_is_refused(void **state)
{
	size_t at[MAX_STRINGS];
	enum build_kind kinds[MAX_STRINGS];
	unsigned int n, strings = 0;

	(void)state;
	for (unsigned int type = 0; type < TYPES; type++) {
		if (!build_payload(type))
			continue;
		n = strings_of(build_payload(type), sizeof(struct wd_record), at, kinds, 0);
		for (unsigned int i = 0; i < n; i++, strings++) {
			size_t whole =
				(build_start(&rec, type), build_text(&rec, rec.bytes + at[i], "abcdefgh", 8, false), rec.len);
			const struct {
				size_t off, len;
				int want;
			} cases[] = {
				{0, 0, 0},
				{whole - 8, 8, 0},
				{whole - 8, 8 | WD_STR_CUT, 0},
				{whole - 8, 9, -EBADMSG},
				{whole - 8, 9 | WD_STR_CUT, -EBADMSG},
				{whole - 7, 8, -EBADMSG},
				{whole - 1, 1, 0},
				{whole, 0, 0},
				{whole, WD_STR_CUT, 0},
				{whole, 1, -EBADMSG},
				{whole + 1, 0, -EBADMSG},
				{UINT16_MAX, 0, -EBADMSG},
				{UINT16_MAX, LONGEST_STRING, -EBADMSG},
				{0, LONGEST_STRING, -EBADMSG},
				{0, UINT16_MAX, -EBADMSG},
				{0, whole, 0}, /* it may lie anywhere inside: bounds are what is asked for */
				{0, whole + 1, -EBADMSG},
				{UINT16_MAX - whole + 2, whole, -EBADMSG}, /* a sum that would wrap in 16 bits */
			};

			for (size_t k = 0; k < COUNT(cases); k++) {
				struct wd_str s = {(uint16_t)cases[k].off, (uint16_t)cases[k].len};

				memcpy(rec.bytes + at[i], &s, sizeof(s));
				if (check(rec.bytes, rec.len) != cases[k].want)
					fail_msg("%s, string %u: off %zu len %zu", schema_type_name(type), i, cases[k].off,
						 cases[k].len);
			}
		}
	}
	assert_true(strings >= 6);
}

static void the_header_is_checked(void **state)
{
	(void)state;
	build_start(&rec, WD_FILE_OPEN);
	for (uint64_t v = 0; v < 40; v++) {
		build_record(&rec)->owner_kind = (uint32_t)v;
		assert_int_equal(check(rec.bytes, rec.len), v > WD_OWNER_UNKNOWN ? -EBADMSG : 0);
	}
	build_record(&rec)->owner_kind = UINT32_MAX;
	assert_int_equal(check(rec.bytes, rec.len), -EBADMSG);
	build_record(&rec)->owner_kind = 0;
	for (uint64_t v = 0; v < 40; v++) {
		build_record(&rec)->outcome = (uint32_t)v;
		assert_int_equal(check(rec.bytes, rec.len), v > WD_DENIED ? -EBADMSG : 0);
	}
}

/* schema_path */

static void path_of(const char *bytes, size_t n, bool cut, size_t size, const char *want)
{
	struct wd_cgroup_move *m = build_start(&rec, WD_CGROUP_MOVE);
	char *out = malloc(size); /* of just that size, for a sanitizer to see a write behind it */
	size_t len;

	build_text(&rec, &m->to_path, bytes, n, cut);
	len = schema_path(build_record(&rec), &m->to_path, out, size);
	assert_string_equal(out, want);
	assert_int_equal(len, strlen(want));
	free(out);
}

static void paths_are_turned_round(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		bool cut;
		size_t size;
		const char *want;
	} cases[] = {
		{"c\0b\0a\0", 6, false, 64, "/a/b/c"},
		{"c\0b\0a", 5, false, 64, "/a/b/c"}, /* the last NUL is not there */
		{"passwd\0etc\0", 11, false, 64, "/etc/passwd"},
		{"", 0, false, 64, "/"}, /* no component: the root */
		{"c\0b\0", 4, true, 64, ".../b/c"},
		{"", 0, true, 64, ".../"},
		{"a\nb\0\xff\xfe\0", 7, false, 64, "/\xff\xfe/a\nb"},
		{"..\0.\0", 5, false, 64, "/./.."},
		/* Where it does not fit, the root's end goes. */
		{"c\0b\0a\0", 6, false, 7, "/a/b/c"},
		{"ccc\0bbb\0aaa\0", 12, false, 12, ".../bbb/ccc"},
		{"ccc\0bbb\0aaa\0", 12, false, 13, "/aaa/bbb/ccc"},
		{"c\0b\0a\0", 6, false, 6, ".../c"}, /* never a path that looks whole and is not */
		{"c\0b\0", 4, true, 6, ".../c"},
		{"c\0", 2, false, 3, "/c"},
		{"c\0", 2, false, 1, ""},
		{"", 0, false, 1, ""},
		{"", 0, false, 2, "/"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		path_of(cases[i].bytes, cases[i].n, cases[i].cut, cases[i].size, cases[i].want);
}

static void a_path_that_is_not_there_is_empty(void **state)
{
	struct wd_cgroup_move *m = build_start(&rec, WD_CGROUP_MOVE);
	char out[8] = "x";
	size_t len = 7;

	(void)state;
	assert_int_equal(schema_path(build_record(&rec), &m->to_path, out, sizeof(out)), 0);
	assert_string_equal(out, "");
	assert_null(schema_bytes(build_record(&rec), &m->to_path, &len));
	assert_int_equal(len, 0);
	m->to_path.len = WD_STR_CUT;
	assert_null(schema_bytes(build_record(&rec), &m->to_path, &len));
	assert_int_equal(len, 0);
}

/* The kernel's bound, in every buffer that is too small and in one that is not. */
static void paths_of_4095_bytes(void **state)
{
	static const size_t names[] = {1, 2, 62, 255};
	static char path[4096], out[4200];
	struct wd_cgroup_move *m;
	size_t n, len;

	(void)state;
	for (size_t k = 0; k < COUNT(names); k++) {
		for (n = 0; n < 4095; n++)
			path[n] = n % (names[k] + 1) ? (char)('a' + n % 26) : '/';
		path[n] = '\0';
		m = build_start(&rec, WD_CGROUP_MOVE);
		build_path(&rec, &m->to_path, path, false);
		n -= path[4094] == '/'; /* an empty last component is none */
		path[n] = '\0';
		assert_int_equal(check(rec.bytes, rec.len), 0);
		for (size_t size = 1; size < sizeof(out); size += size < 300 || size > 4080 ? 1 : 97) {
			memset(out, 'X', sizeof(out));
			len = schema_path(build_record(&rec), &m->to_path, out, size);
			assert_true(len < size);
			assert_int_equal(strlen(out), len);
			assert_int_equal(out[size], 'X');
			if (size > n) {
				assert_string_equal(out, path);
			} else if (size > 300) {
				/* "..." and then the path's end, as much of it as fits: at most a name less. */
				assert_memory_equal(out, "...", 3);
				assert_string_equal(out + 3, path + n - (len - 3));
				assert_true(len + names[k] + 1 + 3 >= size - 1);
			}
		}
	}
}

/* A name that does not fit whole must still be told by its end: a 255-byte name would else be no name at all. */
static void a_last_component_that_does_not_fit_keeps_its_end(void **state)
{
	char name[256], out[256];
	struct wd_process_exec *e;
	size_t len;

	(void)state;
	memset(name, 'n', 255);
	memcpy(name + 250, "miner", 5);
	e = build_start(&rec, WD_PROCESS_EXEC);
	build_text(&rec, &e->file, name, 255, false);
	len = schema_path(build_record(&rec), &e->file, out, sizeof(out));
	assert_true(len > 200);
	assert_memory_equal(out + len - 5, "miner", 5);
}

/* Every type's payload, by its descriptor: what each field was set to is what the message says. */

static uint64_t value_of(unsigned int salt)
{
	uint64_t x = (salt + 1) * 0x9e3779b97f4a7c15ull;

	return x ^ x >> 29;
}

static const char *const paths[] = {"/usr/bin/x", "/", "/a\nb/\x1b[2J", "/\xff\xfe/x"};
static const char *const texts[] = {"text", "", "na\xc3\xafve", "\xff bytes"};
static const char *const comms[] = {"sh", "a\nb", "\xff\xfe", "exactly16bytes.."};

/* Sets every field of a message's struct at `base`, each to something of its own. */
static void set_all(build_message m, size_t base, unsigned int salt)
{
	struct build_field f;
	uint64_t v;

	for (unsigned int i = 0; build_nth(m, i, &f); i++) {
		unsigned char *at = rec.bytes + base + f.offset;

		salt = salt * 31 + i;
		v = value_of(salt);
		switch (f.kind) {
		case BUILD_U64:
			memcpy(at, &v, 8);
			break;
		case BUILD_U32:
		case BUILD_I32:
			memcpy(at, &v, 4);
			break;
		case BUILD_BOOL:
			v = salt % 3; /* 2 is true as well */
			memcpy(at, &v, 4);
			break;
		case BUILD_COMM:
			strncpy((char *)at, comms[salt % 4], 16);
			break;
		case BUILD_TEXT:
			build_text(&rec, at, texts[salt % 4], strlen(texts[salt % 4]), salt % 2);
			break;
		case BUILD_PATH:
			build_path(&rec, at, paths[salt % 4], salt % 2);
			break;
		case BUILD_MSG:
			set_all(f.member->descriptor, base + f.offset, salt);
			break;
		case BUILD_KINDS:
			break;
		}
	}
}

static void same_text(const Warder__V1__Text *t, const char *want, bool cut)
{
	assert_non_null(t);
	assert_int_equal(!!t->truncated, cut);
	if (text_is_utf8(want, strlen(want))) {
		assert_string_equal(t->utf8, want);
		assert_int_equal(t->raw.len, 0);
	} else {
		assert_string_equal(t->utf8, "");
		assert_int_equal(t->raw.len, strlen(want));
		assert_memory_equal(t->raw.data, want, t->raw.len);
	}
}

static void same_all(const ProtobufCMessage *got, build_message m, unsigned int salt)
{
	struct build_field f;
	char comm[80];
	uint64_t v;
	unsigned int i;

	assert_ptr_equal(got->descriptor, m);
	for (i = 0; build_nth(m, i, &f); i++) {
		const char *at = (const char *)got + f.member->offset;

		salt = salt * 31 + i;
		v = value_of(salt);
		switch (f.kind) {
		case BUILD_U64:
			assert_memory_equal(at, &v, 8);
			break;
		case BUILD_U32:
		case BUILD_I32:
			assert_memory_equal(at, &v, 4);
			break;
		case BUILD_BOOL:
			assert_int_equal(*(const protobuf_c_boolean *)at, salt % 3 != 0);
			break;
		case BUILD_COMM:
			text_sanitise(comm, sizeof(comm), comms[salt % 4], strlen(comms[salt % 4]));
			assert_string_equal(*(char *const *)at, comm);
			break;
		case BUILD_TEXT:
			same_text(*(Warder__V1__Text *const *)at, texts[salt % 4], salt % 2);
			break;
		case BUILD_PATH:
			same_text(*(Warder__V1__Text *const *)at, paths[salt % 4], salt % 2);
			break;
		case BUILD_MSG:
			same_all(*(ProtobufCMessage *const *)at, f.member->descriptor, salt);
			break;
		case BUILD_KINDS:
			break;
		}
	}
	/* What userspace adds is not the record's to set. */
	for (; i < m->n_fields; i++)
		if (m->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
			assert_null(*(void *const *)((const char *)got + m->fields[i].offset));
}

/* Two messages say the same when they pack to the same bytes. */
static void survives_the_wire(const Warder__V1__Event *e)
{
	size_t n = warder__v1__event__get_packed_size(e);
	uint8_t *bytes = malloc(2 * n);
	Warder__V1__Event *back;

	assert_int_equal(warder__v1__event__pack(e, bytes), n);
	back = warder__v1__event__unpack(NULL, n, bytes);
	assert_non_null(back);
	assert_int_equal(back->payload_case, e->payload_case);
	assert_int_equal(warder__v1__event__pack(back, bytes + n), n);
	assert_memory_equal(bytes, bytes + n, n);
	warder__v1__event__free_unpacked(back, NULL);
	free(bytes);
}

static void every_types_payload_is_what_the_record_holds(void **state)
{
	unsigned int types = 0;

	(void)state;
	for (unsigned int type = 0; type < TYPES; type++) {
		build_message m = build_payload(type);

		if (!m)
			continue;
		types++;
		/* With salts, so that each string field has each of the strings. */
		for (unsigned int salt = 0; salt < 12; salt++) {
			Warder__V1__Event e = WARDER__V1__EVENT__INIT;

			build_start(&rec, type);
			set_all(&warder__v1__process__descriptor, offsetof(struct wd_record, actor), salt + 100);
			set_all(m, sizeof(struct wd_record), salt);
			assert_int_equal(check(rec.bytes, rec.len), 0);
			arena_reset(&arena);
			assert_int_equal(schema_payload(build_record(&rec), &arena, &e), 0);
			assert_int_equal(e.type, type);
			assert_int_equal(e.payload_case, type);
			assert_ptr_equal(schema_body(build_record(&rec)), build_body(&rec));
			same_all((const ProtobufCMessage *)e.container_seal, m, salt); /* a oneof's members share their place */
			same_all((void *)schema_process(build_record(&rec), &build_record(&rec)->actor, &arena),
				 &warder__v1__process__descriptor, salt + 100);
			survives_the_wire(&e);
		}
	}
	assert_true(types >= 15);
}

/* What the kernel programs did not set is left out; a string that is there and empty is not. */
static void strings_that_are_not_there(void **state)
{
	struct wd_unix_connect *u = build_start(&rec, WD_UNIX_CONNECT);
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;

	(void)state;
	arena_reset(&arena);
	assert_int_equal(schema_payload(build_record(&rec), &arena, &e), 0);
	assert_null(e.unix_connect->name);
	build_text(&rec, &u->name, "", 0, false);
	assert_int_equal(check(rec.bytes, rec.len), 0);
	assert_int_equal(schema_payload(build_record(&rec), &arena, &e), 0);
	assert_non_null(e.unix_connect->name);
	assert_string_equal(e.unix_connect->name->utf8, "");
}

/* A cut in the middle of a character does not make the rest unreadable. */
static void a_cut_text_loses_its_torn_character_only(void **state)
{
	struct wd_unix_connect *u = build_start(&rec, WD_UNIX_CONNECT);
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;

	(void)state;
	build_text(&rec, &u->name, "caf\xc3", 4, true);
	arena_reset(&arena);
	assert_int_equal(schema_payload(build_record(&rec), &arena, &e), 0);
	assert_string_equal(e.unix_connect->name->utf8, "caf");
	assert_true(e.unix_connect->name->truncated);
}

/* A command line as the kernel has it, NULs between and behind: it must be readable in the stream, not base64. */
static void a_command_line_is_readable(void **state)
{
	struct wd_process_exec *x = build_start(&rec, WD_PROCESS_EXEC);
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;

	(void)state;
	build_text(&rec, &x->args, "ls\0-l\0/etc", 11, false);
	arena_reset(&arena);
	assert_int_equal(schema_payload(build_record(&rec), &arena, &e), 0);
	assert_int_equal(e.process_exec->args->raw.len, 0);
	assert_non_null(strstr(e.process_exec->args->utf8, "/etc"));
}

/* And so must a socket's name, which the kernel counts with its NUL. */
static void a_sockets_name_is_readable(void **state)
{
	struct wd_unix_connect *u = build_start(&rec, WD_UNIX_CONNECT);
	Warder__V1__Event e = WARDER__V1__EVENT__INIT;

	(void)state;
	build_text(&rec, &u->name, "/run/docker.sock\0", 17, false);
	arena_reset(&arena);
	assert_int_equal(schema_payload(build_record(&rec), &arena, &e), 0);
	assert_int_equal(e.unix_connect->name->raw.len, 0);
	assert_string_equal(e.unix_connect->name->utf8, "/run/docker.sock");
}

static void a_full_arena_is_an_error_at_every_size(void **state)
{
	int rc;

	(void)state;
	for (unsigned int type = 0; type < TYPES; type++) {
		Warder__V1__Event whole = WARDER__V1__EVENT__INIT;

		if (!build_payload(type))
			continue;
		build_start(&rec, type);
		set_all(build_payload(type), sizeof(struct wd_record), type);
		arena_reset(&arena);
		assert_int_equal(schema_payload(build_record(&rec), &arena, &whole), 0);
		rc = -ENOMEM;
		for (size_t size = 0; rc; size++) {
			struct arena small = {malloc(size ? size : 1), size, 0};
			Warder__V1__Event e = WARDER__V1__EVENT__INIT;

			rc = schema_payload(build_record(&rec), &small, &e);
			assert_true(rc == 0 || rc == -ENOMEM);
			assert_int_equal(e.payload_case, rc ? 0 : type);
			if (!rc) /* all of it, then */
				assert_int_equal(warder__v1__event__get_packed_size(&e),
						 warder__v1__event__get_packed_size(&whole));
			arena_destroy(&small);
		}
	}
}

static void every_type_has_its_name(void **state)
{
	(void)state;
	assert_string_equal(schema_type_name(WD_FILE_OPEN), "FILE_OPEN");
	assert_string_equal(schema_type_name(200), "FINDING");
	assert_string_equal(schema_type_name(UINT32_MAX), "UNKNOWN");
	/* The rule that an arm's tag is its type's value. */
	for (unsigned int i = 0; i < warder__v1__event__descriptor.n_fields; i++) {
		build_member f = &warder__v1__event__descriptor.fields[i];

		if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
			assert_string_not_equal(schema_type_name(f->id), "UNKNOWN");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_that_the_kernel_makes_are_taken_and_no_others),
		cmocka_unit_test(a_record_that_is_cut_anywhere_is_refused),
		cmocka_unit_test(a_string_that_leaves_the_record_is_refused),
		cmocka_unit_test(the_header_is_checked),
		cmocka_unit_test(paths_are_turned_round),
		cmocka_unit_test(a_path_that_is_not_there_is_empty),
		cmocka_unit_test(paths_of_4095_bytes),
		cmocka_unit_test(a_last_component_that_does_not_fit_keeps_its_end),
		cmocka_unit_test(every_types_payload_is_what_the_record_holds),
		cmocka_unit_test(strings_that_are_not_there),
		cmocka_unit_test(a_cut_text_loses_its_torn_character_only),
		cmocka_unit_test(a_command_line_is_readable),
		cmocka_unit_test(a_sockets_name_is_readable),
		cmocka_unit_test(a_full_arena_is_an_error_at_every_size),
		cmocka_unit_test(every_type_has_its_name),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
