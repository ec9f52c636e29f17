// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>
#include <string.h>

#include "text.h"

struct bytes {
	const char *s;
	size_t n;
};

#define BYTES(lit)                                                                                                             \
	{                                                                                                                      \
		lit, sizeof(lit) - 1                                                                                           \
	}
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void valid_utf8_is_taken(void **state)
{
	static const struct bytes good[] = {
		BYTES(""),
		BYTES("bash"),
		BYTES("\x01\x1b\x7f"), /* safe to store, though not to show */
		BYTES("\xc2\x80"),
		BYTES("\xdf\xbf"),
		BYTES("\xe0\xa0\x80"),
		BYTES("\xed\x9f\xbf"), /* the last before the surrogates */
		BYTES("\xee\x80\x80"), /* the first after them */
		BYTES("\xef\xbf\xbf"),
		BYTES("\xf0\x90\x80\x80"),
		BYTES("\xf4\x8f\xbf\xbf"), /* U+10FFFF */
		BYTES("na\xc3\xafve \xe2\x82\xac \xf0\x9f\x90\xa7"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++)
		assert_true(text_is_utf8(good[i].s, good[i].n));
}

static const struct bytes bad[] = {
	BYTES("\0"),
	BYTES("a\0b"),
	BYTES("\x80"),
	BYTES("\xbf"),
	BYTES("\xc0\x80"), /* overlong forms */
	BYTES("\xc1\xbf"),
	BYTES("\xe0\x9f\xbf"),
	BYTES("\xf0\x8f\xbf\xbf"),
	BYTES("\xed\xa0\x80"), /* surrogates */
	BYTES("\xed\xbf\xbf"),
	BYTES("\xf4\x90\x80\x80"), /* above U+10FFFF */
	BYTES("\xf5\x80\x80\x80"),
	BYTES("\xf8\x88\x80\x80\x80"),
	BYTES("\xfe"),
	BYTES("\xff"),
	BYTES("\xc3"), /* cut */
	BYTES("\xe2\x82"),
	BYTES("\xf0\x9f\x90"),
	BYTES("\xc3("),
	BYTES("\xe2\x28\xa1"),
	BYTES("ok\xffok"),
};

static void invalid_utf8_is_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		assert_false(text_is_utf8(bad[i].s, bad[i].n));
}

static void every_character_is_one_sequence_and_surrogates_are_none(void **state)
{
	uint32_t c, got;
	uint8_t s[4];
	size_t n;

	(void)state;
	for (c = 0; c < 0x110800; c++) {
		if (c < 0x80) {
			n = 1, s[0] = (uint8_t)c;
		} else if (c < 0x800) {
			n = 2, s[0] = (uint8_t)(0xc0 | c >> 6), s[1] = (uint8_t)(0x80 | (c & 63));
		} else if (c < 0x10000) {
			n = 3, s[0] = (uint8_t)(0xe0 | c >> 12), s[1] = (uint8_t)(0x80 | (c >> 6 & 63));
			s[2] = (uint8_t)(0x80 | (c & 63));
		} else {
			n = 4, s[0] = (uint8_t)(0xf0 | c >> 18), s[1] = (uint8_t)(0x80 | (c >> 12 & 63));
			s[2] = (uint8_t)(0x80 | (c >> 6 & 63)), s[3] = (uint8_t)(0x80 | (c & 63));
		}
		if ((c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff) {
			assert_int_equal(text_char(s, n, &got), 0);
			continue;
		}
		assert_int_equal(text_char(s, n, &got), n);
		assert_int_equal(got, c);
		assert_int_equal(text_char(s, n - 1, &got), 0);
	}
}

static void sanitise_keeps_what_is_valid_and_escapes_the_rest(void **state)
{
	static const struct {
		struct bytes in;
		const char *out;
	} cases[] = {
		{BYTES(""), ""},
		{BYTES("runc:[2:INIT]"), "runc:[2:INIT]"},
		{BYTES("caf\xc3\xa9"), "caf\xc3\xa9"},
		{BYTES("caf\xe9"), "caf\\xe9"},
		{BYTES("a\0b"), "a\\x00b"},
		{BYTES("\xed\xa0\x80"), "\\xed\\xa0\\x80"},
		{BYTES("a\\b\n"), "a\\b\n"},
		{BYTES("\xf0\x9f\x90"), "\\xf0\\x9f\\x90"},
	};
	char out[64];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(text_sanitise(out, sizeof(out), cases[i].in.s, cases[i].in.n), strlen(cases[i].out));
		assert_string_equal(out, cases[i].out);
	}
	for (i = 0; i < COUNT(bad); i++)
		assert_true(text_is_utf8(out, text_sanitise(out, sizeof(out), bad[i].s, bad[i].n)));
}

static void sanitise_cuts_at_a_character(void **state)
{
	char out[64];
	size_t size, n;

	(void)state;
	assert_int_equal(text_sanitise(NULL, 0, "abc", 3), 0);
	for (size = 1; size < sizeof(out); size++) {
		memset(out, 'Z', sizeof(out));
		n = text_sanitise(out, size, "\xe2\x82\xac\xff\xf0\x9f\x90\xa7", 8);
		assert_true(n < size && n == strlen(out));
		assert_true(text_is_utf8(out, n));
		assert_true(n == 0 || n == 3 || n == 7 || n == 11);
		assert_true(size + 1 >= sizeof(out) || out[size] == 'Z');
	}
}

static void quote_leaves_nothing_that_breaks_a_line_or_a_terminal(void **state)
{
	static const struct {
		struct bytes in;
		const char *also, *out;
	} cases[] = {
		{BYTES("/bin/busybox"), "", "/bin/busybox"},
		{BYTES("a b"), " ", "a\\x20b"},
		{BYTES("a|b\"c"), "|\"", "a\\x7cb\\x22c"},
		{BYTES("a\nb\rc\td"), "", "a\\x0ab\\x0dc\\x09d"},
		{BYTES("\x1b[2J\x1b]0;root\x07"), "", "\\x1b[2J\\x1b]0;root\\x07"},
		{BYTES("\x7f"), "", "\\x7f"},
		{BYTES("\xc2\x9b"
		       "31m"),
		 "", "\\xc2\\x9b31m"},                 /* C1: CSI */
		{BYTES("\xc2\x85"), "", "\\xc2\\x85"}, /* C1: next line */
		{BYTES("\x9b"
		       "31m"),
		 "", "\\x9b31m"}, /* the same as a bare byte */
		{BYTES("gpj.\xe2\x80\xae"
		       "exe"),
		 "", "gpj.\\xe2\\x80\\xaeexe"},                                            /* U+202E */
		{BYTES("\xe2\x80\xaa\xe2\x81\xa6"), "", "\\xe2\\x80\\xaa\\xe2\\x81\\xa6"}, /* U+202A, U+2066 */
		{BYTES("\xe2\x81\xa9"), "", "\\xe2\\x81\\xa9"},                            /* U+2069 */
		{BYTES("\xe2\x80\xa8"), "", "\\xe2\\x80\\xa8"},                            /* line separator */
		{BYTES("ba\xe2\x80\x8bsh"), "", "ba\\xe2\\x80\\x8bsh"},                    /* zero width space */
		{BYTES("\xf3\xa0\x81\x81"), "", "\\xf3\\xa0\\x81\\x81"},                   /* a tag letter */
		{BYTES("na\xc3\xafve \xf0\x9f\x90\xa7"), "", "na\xc3\xafve \xf0\x9f\x90\xa7"},
		{BYTES("a\0b"), "", "a\\x00b"},
		{BYTES("a\0b"), " ", "a\\x00b"},
		{BYTES("\xff\xfe"), "", "\\xff\\xfe"},
	};
	char out[128], again[128];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(text_quote(out, sizeof(out), cases[i].in.s, cases[i].in.n, cases[i].also),
				 strlen(cases[i].out));
		assert_string_equal(out, cases[i].out);
		text_quote(again, sizeof(again), out, strlen(out), cases[i].also);
		assert_string_equal(again, out); /* twice is once */
	}
}

static void quote_marks_a_cut_at_any_size(void **state)
{
	static const char in[] = "ab\n\xe2\x82\xac\xff"
				 "cd";
	char full[64], out[64];
	size_t size, n, need;

	(void)state;
	need = text_quote(full, sizeof(full), in, sizeof(in) - 1, "");
	for (size = 1; size <= sizeof(out); size++) {
		memset(out, 'Z', sizeof(out));
		n = text_quote(out, size, in, sizeof(in) - 1, "");
		assert_true(n < size && n == strlen(out) && text_is_utf8(out, n));
		assert_true(size == sizeof(out) || out[size] == 'Z');
		if (size > need)
			assert_string_equal(out, full);
		else if (size > 3)
			assert_string_equal(out + n - 3, "...");
	}
}

static void a_path_of_4095_bytes_is_whole_or_cut_as_asked(void **state)
{
	char path[4096], out[4 * 4095 + 1];

	(void)state;
	memset(path, 0xff, 4095);
	path[0] = '/';
	path[4095] = '\0';
	assert_int_equal(text_quote(out, sizeof(out), path, 4095, ""), 1 + 4 * 4094);
	assert_int_equal(text_sanitise(out, sizeof(out), path, 4095), 1 + 4 * 4094);
	assert_true(text_quote(out, 256, path, 4095, "") < 256);
}

static void fill_sets_utf8_or_raw_and_never_both(void **state)
{
	static const struct {
		struct bytes in;
		bool cut;
		const char *utf8; /* NULL: raw */
		size_t raw_len;
	} cases[] = {
		{BYTES(""), false, "", 0},
		{BYTES("/etc/shadow"), false, "/etc/shadow", 0},
		{BYTES("/etc/sh"), true, "/etc/sh", 0},
		{BYTES("caf\xc3\xa9"), false, "caf\xc3\xa9", 0},
		{BYTES("caf\xe9"), false, NULL, 4},
		{BYTES("a\0b"), false, NULL, 3},
		{BYTES("a\0b"), true, NULL, 3},
		{BYTES("ab\xe2\x82"), true, "ab", 0}, /* torn by the cut */
		{BYTES("ab\xf0\x9f\x90"), true, "ab", 0},
		{BYTES("ab\xc3"), true, "ab", 0},
		{BYTES("\xe0"), true, "", 0},
		{BYTES("\xed"), true, "", 0},
		{BYTES("\xf4"), true, "", 0},
		{BYTES("ab\xe2\x82"), false, NULL, 4}, /* nothing was cut: those are the bytes */
		{BYTES("ab\xe0\x80"), true, NULL, 4},  /* no character begins so */
		{BYTES("ab\xed\xa0"), true, NULL, 4},
		{BYTES("ab\xf4\x90"), true, NULL, 4},
		{BYTES("ab\xff"), true, NULL, 3},
		{BYTES("\xff ab\xc3"), true, NULL, 5},
		{BYTES("ab\x80\x80\x80"), true, NULL, 5},
	};
	char buf[64], *utf8;
	uint8_t *raw;
	size_t i, raw_len;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		memcpy(buf, cases[i].in.s, cases[i].in.n);
		buf[cases[i].in.n] = '\0';
		text_fill(buf, cases[i].in.n, cases[i].cut, &utf8, &raw, &raw_len);
		assert_int_equal(raw_len, cases[i].raw_len);
		assert_string_equal(utf8, cases[i].utf8 ? cases[i].utf8 : "");
		if (raw_len)
			assert_memory_equal(raw, cases[i].in.s, raw_len);
		else
			assert_null(raw);
	}
}

static void sanitised_copy_is_the_callers(void **state)
{
	char *s = text_sanitised("a\xff");

	(void)state;
	assert_string_equal(s, "a\\xff");
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_utf8_is_taken),
		cmocka_unit_test(invalid_utf8_is_refused),
		cmocka_unit_test(every_character_is_one_sequence_and_surrogates_are_none),
		cmocka_unit_test(sanitise_keeps_what_is_valid_and_escapes_the_rest),
		cmocka_unit_test(sanitise_cuts_at_a_character),
		cmocka_unit_test(quote_leaves_nothing_that_breaks_a_line_or_a_terminal),
		cmocka_unit_test(quote_marks_a_cut_at_any_size),
		cmocka_unit_test(a_path_of_4095_bytes_is_whole_or_cut_as_asked),
		cmocka_unit_test(fill_sets_utf8_or_raw_and_never_both),
		cmocka_unit_test(sanitised_copy_is_the_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
