/*
 * The page of pictures from run files made here: what is counted, what is kept, and that nobody's names or damaged
 * bytes get into the page as anything but data.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpu/hint.h"
#include "emu/observe/page.h"
#include "emu/observe/run_file.h"
#include "mmu/walk.h"

static char run_path[] = "/tmp/rvemu-page-XXXXXX";
static char page_path[64];

static struct run_writer *begin(void)
{
	struct error err;
	struct run_writer *w = run_writer_create(run_path, &err);
	assert_non_null(w);
	return w;
}

/* Ends the run file and returns the page; free it. */
static char *make_page(struct run_writer *w)
{
	struct error err;
	if (w)
		assert_true(run_writer_close(w, &err));
	if (!report_page(run_path, page_path, &err))
		fail_msg("%s", err.text);
	FILE *f = fopen(page_path, "r");
	assert_non_null(f);
	char *text = NULL;
	size_t size = 0;
	assert_true(getdelim(&text, &size, 0, f) > 0);
	fclose(f);
	return text;
}

static void put_walk(struct run_writer *w, u64 instret, u64 va, enum walk_reason reason, u64 cycles)
{
	struct walk_request request = {
		.va = va, .root = 0x80002000, .levels = 3, .access = ACCESS_LOAD, .priv = PRIV_S
	};
	struct walk_result result = {
		.reason = reason, .size_log2 = 12, .step_count = 3, .pa = 0x80400000 | (va & 4095)
	};
	for (u8 i = 0; i < 3; i++)
		result.steps[i] =
			(struct walk_step){ .pte_addr = 0x80002000 + i * 4096, .pte = 0x20000001, .level = 2 - i };
	struct trace_walk walk = {
		.head = { .pc = 0x80200000, .instret = instret, .time_ns = instret * 10, .priv = 1 },
		.request = &request,
		.result = &result,
		.satp = (u64)8 << 60 | 0x80002,
		.cycles = cycles,
	};
	run_writer_emit(w, TRACE_WALK, &walk);
}

static void put_hint(struct run_writer *w, u64 instret, u32 number, u64 a0, u64 a1, u64 a2, u64 a3)
{
	struct trace_hint hint = { .head = { .instret = instret, .time_ns = instret * 10, .priv = 1 },
		                   .number = number,
		                   .args = { a0, a1, a2, a3 } };
	run_writer_emit(w, TRACE_HINT, &hint);
}

static void assert_has(const char *page, const char *text)
{
	if (!strstr(page, text))
		fail_msg("the page lacks %s", text);
}

static u32 count_of(const char *page, const char *text)
{
	u32 n = 0;
	for (const char *at = page; (at = strstr(at, text)); at += strlen(text))
		n++;
	return n;
}

static void test_empty_run_makes_a_page(void **state)
{
	(void)state;
	char *page = make_page(begin());
	assert_has(page, "<!doctype html>");
	assert_has(page, "\"cut\":false");
	assert_has(page, "</html>");
	free(page);
}

static void test_counts_are_of_all_walks(void **state)
{
	(void)state;
	struct run_writer *w = begin();
	for (u64 i = 0; i < 25000; i++)
		put_walk(w, i * 1000, 0x40000000 + i % 700 * 4096, i % 100 ? WALK_OK : WALK_INVALID, i % 37);
	char *page = make_page(w);
	assert_has(page, "\"walksLoad\":25000");
	assert_has(page, "\"walksFailed\":250");
	assert_has(page, "\"total\":25000,\"all\":false");
	free(page);
}

static void test_few_walks_are_all_kept(void **state)
{
	(void)state;
	struct run_writer *w = begin();
	for (u64 i = 0; i < 10000; i++)
		put_walk(w, i, i << 12, WALK_OK, 3);
	char *page = make_page(w);
	assert_has(page, "\"walks\":{\"count\":10000,\"total\":10000,\"all\":true");
	free(page);
}

static void test_page_does_not_grow_with_the_run(void **state)
{
	(void)state;
	struct run_writer *w = begin();
	for (u64 i = 0; i < 300000; i++) {
		put_walk(w, i * 100000, i * 4096, (enum walk_reason)(i % WALK_REASONS), i);
		put_hint(w, i * 100000, HINT_MAP, i << 10, i % 3000, i << 12, 0);
		put_hint(w, i * 100000, HINT_SWAP_OUT, 0x80200 + i % 4000, i, 0, 0);
	}
	char *page = make_page(w);
	assert_true(strlen(page) < 5000000);
	assert_has(page, "\"swapOut\":300000");
	free(page);
}

static void test_processes_are_named_by_hints(void **state)
{
	(void)state;
	struct run_writer *w = begin();
	u64 name;
	memcpy(&name, "shell\0\0", sizeof(name));
	put_hint(w, 1, HINT_PROCESS, 7, 0x80100, name, 0);
	put_hint(w, 2, HINT_SWITCH, 7, 0x80100, 0, 0);
	put_walk(w, 500, 0x10000, WALK_OK, 1);
	put_hint(w, 1002, HINT_EXIT, 7, 3, 0, 0);
	char *page = make_page(w);
	assert_has(page, "\"hasHints\":true");
	assert_has(page, "{\"pid\":7,");
	assert_has(page, "\"name\":\"shell\"");
	assert_has(page, "\"walks\":1,\"faults\":0,\"insns\":1000,\"isSpace\":false,\"gone\":true,\"status\":3}");
	free(page);
}

/* Every way in which a file can bring text: symbols, JSON of all kinds, names of processes. */
static void test_names_cannot_become_markup(void **state)
{
	(void)state;
	static const char evil[] = "</script><script>document.title='owned'</script><!--\xff\xc3(\x01&amp;";
	struct run_writer *w = begin();
	struct symbols symbols = { 0 };
	struct symbol symbol = { .addr = 0x80200000, .size = 16, .name = evil, .is_code = true };
	symbols_add(&symbols, &symbol);
	symbols_sort(&symbols);
	run_writer_put_symbols(w, &symbols);
	run_writer_put(w, RUN_META, evil, sizeof(evil) - 1);
	run_writer_put(w, RUN_STATS, evil, sizeof(evil) - 1);
	run_writer_put(w, RUN_CURVES, evil, sizeof(evil) - 1);
	u64 name[2];
	memcpy(name, "</script><script", sizeof(name));
	put_hint(w, 1, HINT_PROCESS, 7, 0x80100, name[0], name[1]);
	put_walk(w, 2, 0x1000, WALK_OK, 1);
	run_writer_put(w, RUN_END, evil, sizeof(evil) - 1);
	symbols_free(&symbols);
	char *page = make_page(w);
	assert_int_equal(count_of(page, "<script"), 2);
	assert_int_equal(count_of(page, "</script>"), 2);
	assert_null(strstr(page, "owned'</"));
	assert_has(page, "\\u003c/script\\u003e\\u003cscript\\u003edocument.title=\\u0027owned\\u0027");
	free(page);
}

static void test_numbers_out_of_range_are_bounded(void **state)
{
	(void)state;
	struct run_writer *w = begin();
	struct trace_head head = { .pc = ~0ull, .instret = ~0ull, .time_ns = ~0ull, .hart = ~0u, .priv = 3 };
	for (u32 hart = 0; hart < 64; hart++) {
		head.hart = hart;
		head.instret = hart % 2 ? ~0ull : 0;
		struct trace_fence fence = { .head = head, .dropped = ~0u };
		run_writer_emit(w, TRACE_FENCE, &fence);
		struct trace_fault fault = { .head = head, .cause = ~0ull, .tval = ~0ull };
		run_writer_emit(w, TRACE_FAULT, &fault);
		struct trace_trap trap = { .head = head, .cause = hart };
		run_writer_emit(w, TRACE_TRAP, &trap);
		for (u32 number = 0x100; number < 0x10b; number++) {
			struct trace_hint hint = { .head = head, .number = number };
			memset(hint.args, hart, sizeof(hint.args));
			run_writer_emit(w, TRACE_HINT, &hint);
		}
	}
	static const u8 junk[] = { 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };
	run_writer_put(w, RUN_FRAMES, junk, sizeof(junk));
	run_writer_put(w, RUN_TABLES, junk, sizeof(junk));
	run_writer_put(w, RUN_TABLES, junk, 0);
	char *page = make_page(w);
	assert_has(page, "\"fencesAll\":64");
	assert_has(page, "\"damaged\":3");
	free(page);
}

static void test_cut_file_makes_a_page_that_says_so(void **state)
{
	(void)state;
	struct error err;
	struct run_writer *w = begin();
	u64 random = 1;
	for (u64 i = 0; i < 200000; i++) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		put_walk(w, i, random, WALK_OK, random >> 60);
	}
	assert_true(run_writer_close(w, &err));
	FILE *f = fopen(run_path, "r");
	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	long size = ftell(f);
	fclose(f);
	assert_int_equal(truncate(run_path, size * 2 / 3), 0);
	char *page = make_page(NULL);
	assert_has(page, "\"cut\":true");
	free(page);
}

static void test_what_cannot_be_written_is_told(void **state)
{
	(void)state;
	struct error err;
	assert_true(run_writer_close(begin(), &err));
	assert_false(report_page(run_path, "/nonexistent/page.html", &err));
	assert_non_null(strstr(err.text, "/nonexistent/page.html"));
	assert_false(report_page("/nonexistent/run.zst", page_path, &err));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_run_makes_a_page),
		cmocka_unit_test(test_counts_are_of_all_walks),
		cmocka_unit_test(test_few_walks_are_all_kept),
		cmocka_unit_test(test_page_does_not_grow_with_the_run),
		cmocka_unit_test(test_processes_are_named_by_hints),
		cmocka_unit_test(test_names_cannot_become_markup),
		cmocka_unit_test(test_numbers_out_of_range_are_bounded),
		cmocka_unit_test(test_cut_file_makes_a_page_that_says_so),
		cmocka_unit_test(test_what_cannot_be_written_is_told),
	};
	int fd = mkstemp(run_path);
	if (fd < 0)
		return 1;
	close(fd);
	snprintf(page_path, sizeof(page_path), "%s.html", run_path);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(run_path);
	unlink(page_path);
	return failed;
}
