// SPDX-License-Identifier: Apache-2.0
/* What leaves by a pen, and the report's page and text: nothing that events hold is more than text in them. */
#include "story_chains.h"

#include "story/pen.h"
#include "story/read.h"
#include "text.h"

static void bytes_by_pen(void **state)
{
	static const struct {
		const struct pen_kind *kind;
		const char *bytes;
		size_t n;
		unsigned int max;
		const char *want;
	} rows[] = {
		{&pen_html, "web-1", 5, 0, "<bdi>web-1</bdi>"},
		{&pen_html, "<b>\"'&", 6, 0, "<bdi>&lt;b&gt;&quot;&#39;&amp;</bdi>"},
		{&pen_html, "a\x1b[2J", 5, 0, "<bdi>a<span class=\"odd\">\\x1b</span>[2J</bdi>"},
		{&pen_html, "\xff", 1, 0, "<bdi><span class=\"odd\">\\xff</span></bdi>"},
		{&pen_html,
		 "\xe2\x80\xae"
		 "x",
		 4, 0, "<bdi><span class=\"odd\">\\xe2\\x80\\xae</span>x</bdi>"},
		{&pen_html, "a\0b", 3, 0, "<bdi>a<span class=\"odd\">\\x00</span>b</bdi>"},
		{&pen_html, "na\xc3\xafve", 6, 0, "<bdi>na\xc3\xafve</bdi>"},
		{&pen_html, "abcdef", 6, 4, "<bdi>abc\xe2\x80\xa6</bdi>"},
		{&pen_html, "\x01\x01\x01\x01", 4, 9, "<bdi><span class=\"odd\">\\x01\\x01</span>\xe2\x80\xa6</bdi>"},
		{&pen_label, "</text>", 7, 0, "&lt;/text&gt;"},
		{&pen_label, "a\nb", 3, 0, "a\\x0ab"},
		{&pen_label, "abcdef", 6, 6, "abcdef"},
		{&pen_plain,
		 "a\n\x9b"
		 "b",
		 4, 0, "a\\x0a\\x9bb"},
		{&pen_plain, "<b>", 3, 0, "<b>"},
		{&pen_shell, "web-1", 5, 0, "web-1"},
		{&pen_shell, "a b", 3, 0, "'a b'"},
		{&pen_shell, "'; rm -r /", 10, 0, "''\\''; rm -r /'"},
		{&pen_shell, "$(id)`id`", 9, 0, "'$(id)`id`'"},
		{&pen_shell, "--all", 5, 0, "'--all'"},
		{&pen_shell, "a\nb", 3, 0, "$'a\\x0ab'"},
		{&pen_shell, "\xff'\\", 3, 0, "$'\\xff\\'\\\\'"},
		{&pen_shell, "=id", 3, 0, "'=id'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = NULL;
		size_t n = 0;
		struct pen pen = {.kind = rows[i].kind, .out = open_memstream(&text, &n), .max = rows[i].max};

		pen_put(&pen, rows[i].bytes, rows[i].n);
		fclose(pen.out);
		assert_string_equal(text, rows[i].want);
		free(text);
	}
}

/* Each string of a message, and of those in it, becomes hostile. The message is one that protobuf-c unpacked. */
static void poison(ProtobufCMessage *m)
{
	static const char *const keys[] = {"uid", "finding_uid", "event_uid", "incident", "boot_id"}; /* what hangs together */
	static const char evil[] =
		"</script><script>document.title=1</script><img src=x onerror=a()>\"'\x1b]0;x\x07\xe2\x80\xae\xff-->";

	for (unsigned int i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		char *base = (char *)m;
		bool many = f->label == PROTOBUF_C_LABEL_REPEATED;
		size_t n = many ? *(size_t *)(base + f->quantifier_offset) : 1;
		void **p = many ? *(void ***)(base + f->offset) : (void **)(base + f->offset);

		if (f->type != PROTOBUF_C_TYPE_MESSAGE &&
		    (f->type != PROTOBUF_C_TYPE_STRING || text_is_one_of(f->name, keys, sizeof(keys) / sizeof(keys[0]))))
			continue;
		if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) && *(uint32_t *)(base + f->quantifier_offset) != f->id)
			continue;
		for (size_t k = 0; k < n; k++) {
			if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
				if (p[k])
					poison(p[k]);
				continue;
			}
			if (p[k] != f->default_value)
				free(p[k]);
			p[k] = strdup(evil);
		}
	}
}

/* The recorded chains, with every name in them hostile. */
static void add_poisoned_chains(void)
{
	size_t n, at = 0, len;
	uint8_t *bytes = file_bytes(CHAINS, &n);

	while ((len = next_frame(bytes, n, &at))) {
		Warder__V1__Event *e = warder__v1__event__unpack(NULL, len, bytes + at - len);

		assert_non_null(e);
		poison(&e->base);
		add(e);
		warder__v1__event__free_unpacked(e, NULL);
	}
	free(bytes);
}

static unsigned int times(const char *text, const char *word)
{
	unsigned int n = 0;

	for (const char *p = text; (p = strstr(p, word)); p++)
		n++;
	return n;
}

static void must_be_shown_safely(const char *text)
{
	size_t n = strlen(text), step;
	uint32_t cp = 0;

	for (size_t i = 0; i < n; i += step) {
		step = text_char(text + i, n - i, &cp);
		assert_int_not_equal(step, 0);
		assert_true(cp == '\n' || cp == '\t' || text_is_printable(cp));
	}
}

static void a_page_of_hostile_names_is_text(void **state)
{
	char *page;

	(void)state;
	begin(NULL, NULL);
	add_poisoned_chains();
	tell();
	assert_non_null(story->incident);
	page = written(page_write);
	assert_int_equal(times(page, "<script"), 1);
	assert_int_equal(times(page, "</script"), 1);
	assert_int_equal(times(page, "<style"), 1);
	assert_int_equal(times(page, "</style"), 1);
	assert_int_equal(times(page, "<img"), 0);
	assert_int_equal(times(page, "innerHTML"), 0);
	assert_int_equal(times(page, "http://") + times(page, "https://"), 1); /* the name space of SVG, which nobody fetches */
	assert_true(times(page, "&lt;img src=x onerror=a()&gt;") > 100);
	must_be_shown_safely(page);
	free(page);
	page = written(plain_write);
	must_be_shown_safely(page);
	free(page);
	end();
}

/* Attributes hold our own words only: between a tag's quotes is no byte of an event's. */
static void attributes_hold_no_names(void **state)
{
	char *page, *body, *end_of_body;
	bool tag = false;

	(void)state;
	begin(NULL, NULL);
	add_poisoned_chains();
	tell();
	page = written(page_write);
	body = strstr(page, "<body>");
	end_of_body = strstr(page, "<script>");
	assert_true(body && end_of_body && body < end_of_body);
	for (const char *p = body; p < end_of_body; p++) {
		if (*p == '<')
			tag = true;
		else if (*p == '>')
			tag = false;
		else if (tag)
			assert_false(!strncmp(p, "onerror", 7) || !strncmp(p, "document", 8) || !strncmp(p, "\\x", 2));
	}
	free(page);
	end();
}

static void the_same_record_gives_the_same_page(void **state)
{
	char *pages[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		begin_files(NULL, NULL, chains, 1);
		assert_int_equal(story_read(story, &err), 0);
		tell();
		pages[i] = written(page_write);
		end();
	}
	assert_string_equal(pages[0], pages[1]);
	free(pages[0]);
	free(pages[1]);
}

/* A recorded attack as text, to the byte: what changes there is looked at, and written anew with WRITE=1. */
static void recorded_attacks_read_as_before(void **state)
{
	static const char *const names[][2] = {
		{"breakout", "tests/report/breakout.txt"},
		{"peer", "tests/report/peer.txt"},
		{"hostile", "tests/report/hostile.txt"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char container[64] = "", *text;
		uint8_t *want;
		FILE *out;
		size_t n;

		begin_files(NULL, NULL, chains, 1);
		assert_int_equal(story_read(story, &err), 0);
		tell();
		for (size_t k = 0; k < story->n_incidents; k++) {
			const char *name = story->incidents[k].event->actor->workload->container->name;

			if (strstr(name, names[i][0]))
				snprintf(container, sizeof(container), "%s", name);
		}
		end();
		begin_files(NULL, container, chains, 1);
		assert_int_equal(story_read(story, &err), 0);
		tell();
		text = written(plain_write);
		if (getenv("WRITE") && (out = fopen(names[i][1], "we"))) {
			fputs(text, out);
			fclose(out);
		}
		want = file_bytes(names[i][1], &n);
		want[n] = '\0';
		assert_string_equal(text, (char *)want);
		free(want);
		free(text);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_by_pen),
		cmocka_unit_test(a_page_of_hostile_names_is_text),
		cmocka_unit_test(attributes_hold_no_names),
		cmocka_unit_test(the_same_record_gives_the_same_page),
		cmocka_unit_test(recorded_attacks_read_as_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
