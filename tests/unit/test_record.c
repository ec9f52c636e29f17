// SPDX-License-Identifier: Apache-2.0
/* A story from what is on the disk: a stream, a capture, a rotation's files; whole, damaged, cut, a part. */
#include "story_chains.h"

#include "capture/writer.h"
#include "story/read.h"

#define FRAMES 60 /* of the recording, in the first of two files */

static char dir[] = "/tmp/warder-test-record.XXXXXX";
static char first[64], second[64];
static char *both[] = {first, second};

/* The recording as a capture of two files; `made_of`: they say that they are a part of another one. */
static void write_captures(bool made_of)
{
	ProtobufCBinaryData other = {16, (uint8_t *)"0123456789abcdef"};
	Warder__V1__CaptureHeader meta = WARDER__V1__CAPTURE_HEADER__INIT;
	struct capture_writer *w = NULL;
	size_t n, at = 0, from = 0, frames = 0;
	uint8_t *bytes = file_bytes(CHAINS, &n), head[BLOCK_HASH], id[BLOCK_ID];

	meta.node = "vm";
	meta.n_made_of = made_of;
	meta.made_of = &other;
	unlink(first);
	unlink(second);
	assert_int_equal(capture_create(&w, first, &meta, &err), 0);
	for (; next_frame(bytes, n, &at); from = at, frames++) {
		if (frames == FRAMES) {
			memcpy(id, capture_id(w), sizeof(id));
			assert_int_equal(capture_close(w, head, &err), 0);
			meta.previous_id = (ProtobufCBinaryData){sizeof(id), id};
			meta.previous_head = (ProtobufCBinaryData){sizeof(head), head};
			assert_int_equal(capture_create(&w, second, &meta, &err), 0);
		}
		assert_int_equal(capture_append(w, bytes + from, at - from, NULL), 0);
	}
	assert_int_equal(capture_close(w, NULL, &err), 0);
	free(bytes);
}

static void read_files(char **names, size_t n)
{
	begin_files(NULL, NULL, names, n);
	assert_int_equal(story_read(story, &err), 0);
	tell();
}

static void captures_tell_what_a_stream_tells(void **state)
{
	size_t rows, processes;

	(void)state;
	read_files(chains, 1);
	rows = story->n_rows;
	processes = story->n_processes;
	assert_string_equal(story->record.chain, "");
	end();
	write_captures(false);
	read_files(both, 2);
	assert_int_equal(story->n_rows, rows);
	assert_int_equal(story->n_processes, processes);
	assert_int_equal(story->gaps, 0);
	assert_int_equal(story->record.state, RECORD_WHOLE);
	assert_non_null(strstr(story->record.chain, "2.wcap is whole, and its chain holds"));
	end();
}

/* Given in another order they are read in theirs. */
static void files_are_put_into_order(void **state)
{
	char *swapped[] = {second, first};

	(void)state;
	read_files(swapped, 2);
	assert_int_equal(story->gaps, 0);
	assert_int_equal(story->unwatched, 0);
	end();
}

static void a_missing_file_is_a_gap(void **state)
{
	const Warder__V1__Event *e = NULL;

	(void)state;
	read_files(&both[1], 1);
	for (size_t i = 0; i < story->n_rows && !e; i++)
		e = story->rows[i].event;
	assert_non_null(e);
	assert_true(e->seq > FRAMES);
	assert_int_equal(story->record.state, RECORD_WHOLE);
	end();
}

static void damage_is_told(void **state)
{
	FILE *f = fopen(first, "r+e");
	char *text;

	(void)state;
	assert_non_null(f);
	fseek(f, -2000, SEEK_END);
	fputs("damage", f);
	fclose(f);
	read_files(both, 2);
	assert_int_equal(story->record.state, RECORD_DAMAGED);
	assert_non_null(strstr(story->record.chain, "not whole: "));
	text = written(page_write);
	assert_non_null(strstr(text, "1.wcap is untouched as far as it goes, but not whole: "));
	free(text);
	end();
}

static void a_part_has_no_gaps(void **state)
{
	(void)state;
	write_captures(true);
	read_files(&both[1], 1);
	assert_true(story->record.selection);
	end();
}

static void the_sensor_s_files_alone(void **state)
{
	char *mixed[] = {first, chains[0]};

	(void)state;
	begin_files(NULL, NULL, mixed, 2);
	assert_int_equal(story_read(story, &err), -EBADMSG);
	end();
}

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(first, sizeof(first), "%s/1.wcap", dir);
	snprintf(second, sizeof(second), "%s/2.wcap", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(first);
	unlink(second);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_tell_what_a_stream_tells),
		cmocka_unit_test(files_are_put_into_order),
		cmocka_unit_test(a_missing_file_is_a_gap),
		cmocka_unit_test(damage_is_told),
		cmocka_unit_test(a_part_has_no_gaps),
		cmocka_unit_test(the_sensor_s_files_alone),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
