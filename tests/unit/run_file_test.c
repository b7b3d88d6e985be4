/*
 * Run files: what goes in comes out, whatever it is; what is not whole or not ours is said to be so.
 */
#include "emu/observe/run_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "emu/zfile.h"
#include "tests/unit/run_events.h"

#define EVENTS 3000
#define SEED 0x123456789abcdefull
#define PATH_SIZE 64

static char folder[] = "/tmp/run_file_test.XXXXXX";
static char path[PATH_SIZE];
static struct error err;

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/run.zst", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

/* A file of random events; `sort` TRACE_SORTS: of all sorts. */
static void write_events(enum trace_sort sort, u32 count)
{
	u64 state = SEED + sort;
	struct run_event event = { 0 };
	struct run_writer *w = run_writer_create(path, &err);
	assert_non_null(w);
	for (u32 i = 0; i < count; i++) {
		enum trace_sort s = sort == TRACE_SORTS ? event_random(&state) % TRACE_SORTS : sort;
		event_make(&state, s, &event);
		run_writer_emit(w, s, &event);
	}
	assert_true(run_writer_close(w, &err));
}

/* Reads it and compares. Returns how many events there were before `end`. */
static u32 read_events(enum trace_sort sort, u32 count, enum run_next end)
{
	u64 state = SEED + sort;
	struct run_event event = { 0 };
	struct run_item item;
	struct run_reader *r = run_reader_open(path, &err);
	u32 i = 0;
	assert_non_null(r);
	enum run_next next;
	while ((next = run_reader_next(r, &item, &err)) == RUN_NEXT_EVENT) {
		enum trace_sort s = sort == TRACE_SORTS ? event_random(&state) % TRACE_SORTS : sort;
		event_make(&state, s, &event);
		assert_int_equal(item.sort, s);
		if (!event_is_same(s, &event, item.event))
			fail_msg("event %u of sort %u is another one", i, s);
		i++;
		assert_true(i <= count);
	}
	assert_int_equal(next, end);
	run_reader_close(r);
	return i;
}

static void test_events_of_each_sort_come_back(void **state)
{
	(void)state;
	for (u32 sort = 0; sort < TRACE_SORTS; sort++) {
		write_events(sort, EVENTS);
		assert_int_equal(read_events(sort, EVENTS, RUN_NEXT_END), EVENTS);
	}
}

static void test_events_of_all_sorts_mixed_come_back(void **state)
{
	(void)state;
	write_events(TRACE_SORTS, 20 * EVENTS);
	assert_int_equal(read_events(TRACE_SORTS, 20 * EVENTS, RUN_NEXT_END), 20 * EVENTS);
}

static void test_other_records_come_back_in_order(void **state)
{
	struct run_item item;
	struct run_writer *w = run_writer_create(path, &err);
	size_t size = 1000000;
	char *big = xcalloc(1, size);
	(void)state;
	memset(big, 'x', size);
	run_writer_put(w, RUN_META, "{}", 2);
	run_writer_put(w, RUN_TABLES, big, size);
	run_writer_put(w, RUN_END, "", 0);
	assert_true(run_writer_close(w, &err));
	struct run_reader *r = run_reader_open(path, &err);
	assert_non_null(r);
	assert_int_equal(run_reader_next(r, &item, &err), RUN_NEXT_OTHER);
	assert_int_equal(item.kind, RUN_META);
	assert_int_equal(item.size, 2);
	assert_string_equal(item.payload, "{}");
	assert_int_equal(run_reader_next(r, &item, &err), RUN_NEXT_OTHER);
	assert_int_equal(item.size, size);
	assert_memory_equal(item.payload, big, size);
	assert_int_equal(run_reader_next(r, &item, &err), RUN_NEXT_OTHER);
	assert_int_equal(item.kind, RUN_END);
	assert_int_equal(item.size, 0);
	assert_int_equal(run_reader_next(r, &item, &err), RUN_NEXT_END);
	run_reader_close(r);
	free(big);
}

static void test_symbols_answer_as_before(void **state)
{
	const struct symbol given[] = {
		{ .addr = 0x1000, .size = 0x10, .name = "first", .is_code = true },
		{ .addr = 0x1000, .size = 0x20, .name = "alias", .is_code = true },
		{ .addr = 0x1008, .size = 8, .name = "data" },
		{ .addr = 0x1040, .name = "label\"\\\n", .is_code = true, .is_weak_kind = true },
		{ .addr = 0xffffffff80000000, .size = 4, .name = "last", .is_code = true },
	};
	struct symbols symbols = { 0 };
	struct run_item item;
	char mine[64], theirs[64];
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(given); i++)
		symbols_add(&symbols, &given[i]);
	symbols_sort(&symbols);
	struct run_writer *w = run_writer_create(path, &err);
	run_writer_put_symbols(w, &symbols);
	assert_true(run_writer_close(w, &err));
	struct run_reader *r = run_reader_open(path, &err);
	assert_int_equal(run_reader_next(r, &item, &err), RUN_NEXT_OTHER);
	assert_int_equal(item.kind, RUN_SYMBOLS);
	for (u64 pc = 0xff0; pc < 0x1080; pc++) {
		bool found = symbols_describe(&symbols, pc, mine, sizeof(mine));
		assert_int_equal(symbols_describe(run_reader_symbols(r), pc, theirs, sizeof(theirs)), found);
		assert_string_equal(mine, theirs);
	}
	assert_true(symbols_describe(run_reader_symbols(r), 0xffffffff80000001, theirs, sizeof(theirs)));
	run_reader_close(r);
	symbols_free(&symbols);
}

/* Wherever a file is cut, what was whole before is read. */
static void test_cut_file_is_read_as_far_as_it_goes(void **state)
{
	struct stat st;
	u32 most = 0;
	(void)state;
	write_events(TRACE_SORTS, 20 * EVENTS);
	assert_int_equal(stat(path, &st), 0);
	for (off_t size = st.st_size - 1; size > 1000; size -= 1 + st.st_size / 20) {
		assert_int_equal(truncate(path, size), 0);
		u32 now = read_events(TRACE_SORTS, 20 * EVENTS, RUN_NEXT_CUT);
		most = now > most ? now : most;
	}
	assert_true(most > EVENTS);
}

/* Puts any bytes where records should be. */
static void write_raw(const void *bytes, size_t size)
{
	struct zfile *z = zfile_create(path, &err);
	assert_non_null(z);
	assert_true(zfile_write(z, "RVEMURUN\1", 9));
	assert_true(zfile_write(z, bytes, size));
	assert_true(zfile_finish(z, false));
	zfile_close(z);
}

static enum run_next read_raw(const void *bytes, size_t size)
{
	struct run_item item;
	enum run_next next;
	write_raw(bytes, size);
	struct run_reader *r = run_reader_open(path, &err);
	assert_non_null(r);
	do
		next = run_reader_next(r, &item, &err);
	while (next == RUN_NEXT_EVENT || next == RUN_NEXT_OTHER);
	run_reader_close(r);
	return next;
}

static void test_damaged_records_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} cases[] = {
		{ "\100", 1 },                             /* a kind and nothing else */
		{ "\100\200", 2 },                         /* half a length */
		{ "\100\3{}", 4 },                         /* half a payload */
		{ "\100\377\377\377\377\377\377\177", 8 }, /* a length of 562 TB */
		{ "\100\377\377\377\177x", 6 },            /* 256 MiB that are not there */
		{ "\3\0", 2 },                             /* an event of no bytes */
		{ "\3\4\377\377\377\377", 6 },             /* flags that promise more */
		{ "\10\1\2", 3 },                          /* privilege mode 2 */
		{ "\101\4ab\1\1", 6 },                     /* a symbol without an end */
		{ "\101\2\200\200", 4 },                   /* half an address */
		{ "\101\4\1\1a\0\101\4\1\1a\0", 12 },      /* symbols twice */
	};
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		if (read_raw(cases[i].bytes, cases[i].size) != RUN_NEXT_BAD)
			fail_msg("case %u is taken", i);
		assert_non_null(strstr(err.text, "damaged"));
	}
}

static void test_unknown_kinds_are_skipped(void **state)
{
	(void)state;
	assert_int_equal(read_raw("\77\1x\377\2ab\0\0", 9), RUN_NEXT_END);
}

static void test_other_files_are_refused(void **state)
{
	static const struct {
		const char *content, *words;
	} files[] = {
		{ "", "nothing is in it" }, /* of a run that was killed early */
		{ "\x28\xb5\x2f\xfd", "nothing is in it" },
		{ "RVEMURUN\1", "no run file" },
		{ "hello, world", "no run file" },
	};
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(files); i++) {
		FILE *file = fopen(path, "w");
		fputs(files[i].content, file);
		fclose(file);
		assert_null(run_reader_open(path, &err));
		assert_non_null(strstr(err.text, files[i].words));
	}
	struct zfile *z = zfile_create(path, &err);
	assert_true(zfile_write(z, "RVEMURUN\7", 9));
	assert_true(zfile_finish(z, false));
	zfile_close(z);
	assert_null(run_reader_open(path, &err));
	assert_non_null(strstr(err.text, "version 7"));
	assert_null(run_reader_open("/nonexistent/file", &err));
	assert_null(run_writer_create("/nonexistent/file", &err));
}

/* Random payloads under every kind: no crash, and all that comes out can be packed again. */
static void test_random_records_are_harmless(void **state)
{
	u64 random = SEED;
	u8 bytes[200];
	(void)state;
	for (u32 i = 0; i < 300; i++) {
		size_t size = 2 + event_random(&random) % (sizeof(bytes) - 2);
		for (size_t k = 0; k < size; k++)
			bytes[k] = (u8)event_random(&random);
		bytes[0] = (u8)(event_random(&random) % (TRACE_SORTS + 2));
		bytes[1] = (u8)((size - 2) & 0x7f);
		enum run_next next = read_raw(bytes, size);
		assert_true(next == RUN_NEXT_BAD || next == RUN_NEXT_END);
	}
}

static void test_full_disk_is_told(void **state)
{
	struct run_event event = { 0 };
	u64 random = SEED;
	(void)state;
	struct run_writer *w = run_writer_create("/dev/full", &err);
	assert_non_null(w);
	for (u32 i = 0; i < 20 * EVENTS; i++) {
		event_make(&random, TRACE_WALK, &event);
		run_writer_emit(w, TRACE_WALK, &event);
	}
	assert_false(run_writer_close(w, &err));
	assert_non_null(strstr(err.text, "/dev/full: the run file is not complete"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_of_each_sort_come_back),
		cmocka_unit_test(test_events_of_all_sorts_mixed_come_back),
		cmocka_unit_test(test_other_records_come_back_in_order),
		cmocka_unit_test(test_symbols_answer_as_before),
		cmocka_unit_test(test_cut_file_is_read_as_far_as_it_goes),
		cmocka_unit_test(test_damaged_records_are_refused),
		cmocka_unit_test(test_unknown_kinds_are_skipped),
		cmocka_unit_test(test_other_files_are_refused),
		cmocka_unit_test(test_random_records_are_harmless),
		cmocka_unit_test(test_full_disk_is_told),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
