/*
 * JSON lines and Chrome traces: exact lines of what matters, and that random events of every sort with hostile symbol
 * names are still well-formed. Whole files are read by Python's parser in tests/observe_trace.
 */
#include "emu/observe/trace_out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "emu/observe/run_file.h"
#include "emu/observe/trace_chrome.h"
#include "emu/observe/trace_json.h"
#include "tests/unit/run_events.h"

#define ALL ((1u << TRACE_SORTS) - 1)
#define WRITTEN_MAX (4 * MIB)

static char *written;
static struct symbols symbols;
static struct trace_filter filter;
static struct error err;

static int setup(void **state)
{
	const struct symbol odd = { .addr = 0x1000, .size = 0x100, .name = "a\"b\\c\n\xff", .is_code = true };
	(void)state;
	symbols = (struct symbols){ 0 };
	symbols_add(&symbols, &odd);
	trace_filter_init(&filter);
	written = xcalloc(1, WRITTEN_MAX);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	symbols_free(&symbols);
	free(written);
	return 0;
}

static struct trace_out *begin(enum trace_form form, FILE *out)
{
	struct trace_out_plan plan = {
		.form = form, .standard = out, .sorts = ALL, .filter = filter, .symbols = &symbols
	};
	struct trace_out *o = trace_out_create(&plan, &err);
	assert_non_null(out);
	assert_non_null(o);
	return o;
}

static const char *end(struct trace_out *o, FILE *out)
{
	assert_true(trace_out_close(o, &err));
	rewind(out);
	written[fread(written, 1, WRITTEN_MAX - 1, out)] = '\0';
	fclose(out);
	return written;
}

static const struct walk_request request = { .va = 0x40002010, .levels = 3, .access = ACCESS_STORE, .sum = true };
static const struct walk_result good = {
	.reason = WALK_OK,
	.level = 1,
	.size_log2 = 21,
	.pa = 0x80402010,
	.ad_updated = true,
	.step_count = 2,
	.steps = { { .pte_addr = 0x80001008, .pte = 0x20000801, .level = 2, .source = WALK_FROM_L1, .cycles = 2 },
	           { .pte_addr = 0x80002000, .pte = 0x201000d7, .level = 1, .cycles = 60 } },
};
static const struct walk_result bad = {
	.reason = WALK_INVALID, .level = 2, .step_count = 1, .steps = { { .pte_addr = 0x80001008, .level = 2 } }
};

static const struct trace_walk a_walk = {
	.head = { .pc = 0x1004, .instret = 7, .time_ns = 1500, .hart = 0, .priv = PRIV_S },
	.request = &request,
	.result = &good,
	.satp = 8ull << 60 | 5ull << 44 | 0x80001,
	.start_cycle = 1600,
	.cycles = 62,
	.first = TRACE_TLB_MISSED,
	.second = TRACE_TLB_DENIED,
};

#define WALK_HEAD                                                                                                      \
	"{\"event\":\"walk\",\"hart\":0,\"instret\":7,\"time_ns\":1500,\"pc\":\"0x1004\",\"symbol\":"                  \
	"\"a\\u0022b\\u005cc\\u000a\\u00ff+0x4\",\"priv\":\"S\",\"cycle\":1600,\"va\":\"0x40002010\","                 \
	"\"access\":\"store\",\"access_priv\":\"U\",\"sum\":true,\"mxr\":false,\"satp\":\"0x8000500000080001\","       \
	"\"mode\":\"sv39\",\"asid\":5,\"tlb\":{\"first\":\"miss\",\"second\":\"denied\"},\"steps\":["

static void test_json_walks_have_every_field(void **state)
{
	FILE *out = tmpfile();
	struct trace_out *o = begin(TRACE_FORM_JSONL, out);
	struct trace sink = trace_out_sink(o);
	struct trace_walk failed = a_walk;
	(void)state;
	failed.result = &bad;
	sink.emit(sink.arg, TRACE_WALK, &a_walk);
	sink.emit(sink.arg, TRACE_WALK, &failed);
	assert_string_equal(
		end(o, out), WALK_HEAD
		"{\"level\":2,\"pte_addr\":\"0x80001008\",\"pte\":\"0x20000801\",\"flags\":\"-------V\",\"source\":\"l1\","
		"\"cycles\":2},{\"level\":1,\"pte_addr\":\"0x80002000\",\"pte\":\"0x201000d7\",\"flags\":\"DA-U-WRV\","
		"\"source\":\"memory\",\"cycles\":60}],\"outcome\":{\"ok\":true,\"pa\":\"0x80402010\",\"size\":2097152,"
		"\"ad_update\":true,\"global\":false,\"pbmt\":0},\"cycles\":62}\n" WALK_HEAD
		"{\"level\":2,\"pte_addr\":\"0x80001008\",\"pte\":\"0x0\",\"flags\":\"--------\",\"source\":\"memory\","
		"\"cycles\":0}],\"outcome\":{\"ok\":false,\"reason\":\"invalid\",\"rule\":\"V=0\",\"cause\":15,"
		"\"cause_name\":\"store/AMO page fault\"},\"cycles\":62}\n");
}

static void test_chrome_walk_is_a_slice_with_slices_in_it(void **state)
{
	FILE *out = tmpfile();
	struct trace_out *o = begin(TRACE_FORM_CHROME, out);
	struct trace sink = trace_out_sink(o);
	struct trace_fault fault = { .head = a_walk.head, .cause = 15, .reason = WALK_INVALID };
	(void)state;
	sink.emit(sink.arg, TRACE_WALK, &a_walk);
	sink.emit(sink.arg, TRACE_FAULT, &fault);
	const char *text = end(o, out);
	assert_non_null(strstr(text, "{\"ph\":\"M\",\"pid\":1,\"tid\":0,\"name\":\"process_name\",\"args\":{\"name\":"
	                             "\"hart 0\"}},\n"));
	assert_non_null(
		strstr(text, "\"name\":\"store walk\",\"ts\":1.500,\"dur\":0.062,\"args\":{\"event\":\"walk\""));
	assert_non_null(strstr(text, "\"name\":\"L2 from l1\",\"ts\":1.500,\"dur\":0.002,"));
	assert_non_null(strstr(text, "\"name\":\"L1 from memory\",\"ts\":1.502,\"dur\":0.060,"));
	/* What comes after the walk is drawn after it. */
	assert_non_null(strstr(text, "\"name\":\"store/AMO page fault: invalid\",\"ts\":1.562,\"s\":\"t\""));
	assert_non_null(strstr(text, "\"name\":\"walks in 0.1 ms\",\"ts\":0.000,\"args\":{\"fetch\":0,\"load\":0,"
	                             "\"store\":1}},\n"));
	assert_string_equal(text + strlen(text) - 6, "}}\n]}\n");
}

/* Brackets and quotes match, as far as one can tell without a parser. */
static void check_nesting(const char *text)
{
	s32 depth = 0;
	bool quoted = false;
	for (; *text; text++) {
		if (quoted && *text == '\\')
			text++;
		else if (*text == '"')
			quoted = !quoted;
		else if (!quoted && strchr("{[", *text))
			depth++;
		else if (!quoted && strchr("}]", *text))
			depth--;
		assert_true(*text == '\n' ? !quoted : *text >= 0x20);
		assert_true(depth >= 0);
	}
	assert_int_equal(depth, 0);
	assert_false(quoted);
}

static void test_random_events_are_well_formed(void **state)
{
	(void)state;
	for (enum trace_form form = TRACE_FORM_JSONL; form <= TRACE_FORM_CHROME; form++) {
		FILE *out = tmpfile();
		struct trace_out *o = begin(form, out);
		struct trace sink = trace_out_sink(o);
		struct run_event event = { 0 };
		u64 random = 99;
		for (u32 i = 0; i < 1000; i++) {
			enum trace_sort sort = event_random(&random) % TRACE_SORTS;
			event_make(&random, sort, &event);
			event.head.pc = 0x1000 + i % 256;
			sink.emit(sink.arg, sort, &event);
		}
		const char *text = end(o, out);
		assert_true(strlen(text) > 100000);
		check_nesting(text);
	}
}

static void test_chrome_without_events_is_whole(void **state)
{
	FILE *out = tmpfile();
	(void)state;
	const char *text = end(begin(TRACE_FORM_CHROME, out), out);
	check_nesting(text);
	assert_non_null(strstr(text, "\"traceEvents\":[\n]}\n"));
}

static void test_suffix_names_the_form(void **state)
{
	(void)state;
	assert_int_equal(trace_out_form("a.jsonl"), TRACE_FORM_JSONL);
	assert_int_equal(trace_out_form("a.json"), TRACE_FORM_CHROME);
	assert_int_equal(trace_out_form("a.zst"), TRACE_FORM_BINARY);
	assert_int_equal(trace_out_form("a.txt"), TRACE_FORM_TEXT);
	assert_int_equal(trace_out_form(".json"), TRACE_FORM_TEXT);
	assert_int_equal(trace_out_form(NULL), TRACE_FORM_TEXT);
}

/* The binary form keeps what lines of instructions need, whatever the filter, and the filter. */
static void test_binary_keeps_what_instructions_did(void **state)
{
	char path[] = "/tmp/trace_forms_test.XXXXXX";
	struct config config = { 0 };
	struct run_item item;
	u32 seen = 0;
	int fd = mkstemp(path);
	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_true(trace_filter_parse(&filter, "addr=0x1000", &err));
	struct trace_out_plan plan = {
		.form = TRACE_FORM_BINARY,
		.path = path,
		.sorts = 1u << TRACE_INSN,
		.filter = filter,
		.config = &config,
	};
	struct trace_out *o = trace_out_create(&plan, &err);
	assert_non_null(o);
	struct trace sink = trace_out_sink(o);
	struct trace_mem mem = { .head = { .pc = 0x1000 }, .va = 0x9000, .size = 8, .access = ACCESS_LOAD };
	struct trace_insn insn = { .head = { .pc = 0x1000 }, .len = 4 };
	assert_true(trace_wants(&sink, TRACE_MEM));
	sink.emit(sink.arg, TRACE_MEM, &mem);
	sink.emit(sink.arg, TRACE_INSN, &insn);
	insn.head.pc = 0x2000;
	sink.emit(sink.arg, TRACE_INSN, &insn);
	assert_true(trace_out_close(o, &err));
	struct run_reader *r = run_reader_open(path, &err);
	assert_int_equal(run_reader_next(r, &item, &err), RUN_NEXT_OTHER);
	assert_int_equal(item.kind, RUN_META);
	assert_non_null(strstr(item.payload, "\"sorts\":\"insn\",\"filter\":\"addr=0x1000-0x1000\""));
	while (run_reader_next(r, &item, &err) == RUN_NEXT_EVENT)
		seen = seen * 16 + item.sort + 1;
	assert_int_equal(seen, ((TRACE_MEM + 1) * 16 + TRACE_INSN + 1) * 16 + TRACE_INSN + 1);
	run_reader_close(r);
	unlink(path);
}

static void test_binary_to_a_terminal_is_refused(void **state)
{
	struct trace_out_plan plan = { .form = TRACE_FORM_BINARY, .standard = stderr };
	(void)state;
	assert_null(trace_out_create(&plan, &err));
	assert_non_null(strstr(err.text, "needs a file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_json_walks_have_every_field, setup, teardown),
		cmocka_unit_test_setup_teardown(test_chrome_walk_is_a_slice_with_slices_in_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random_events_are_well_formed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_chrome_without_events_is_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_suffix_names_the_form, setup, teardown),
		cmocka_unit_test_setup_teardown(test_binary_keeps_what_instructions_did, setup, teardown),
		cmocka_unit_test_setup_teardown(test_binary_to_a_terminal_is_refused, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
