/*
 * Traces as text: the exact lines, and what the filters let through.
 */
#include "emu/observe/trace_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "emu/symbols.h"
#include "mmu/mmu.h"

#define ALL ((1u << TRACE_SORTS) - 1)

static struct symbols symbols;
static struct trace_filter filter;
static struct trace_text *text;
static FILE *out;
static u32 before_calls;

static void begin(u32 wanted)
{
	out = tmpfile();
	assert_non_null(out);
	text = trace_text_create(out, &filter, wanted, &symbols);
}

/* What was written since begin(), in a static buffer. */
static const char *finish(void)
{
	static char written[4096];
	trace_text_destroy(text);
	rewind(out);
	written[fread(written, 1, sizeof(written) - 1, out)] = '\0';
	fclose(out);
	return written;
}

static struct trace_head head_at(u64 pc)
{
	return (struct trace_head){ .pc = pc, .instret = 7, .time_ns = 9, .hart = 0, .priv = PRIV_S };
}

static int setup(void **state)
{
	const struct symbol main_symbol = { .addr = 0x80000100, .size = 0x100, .name = "main", .is_code = true };
	(void)state;
	symbols = (struct symbols){ 0 };
	symbols_add(&symbols, &main_symbol);
	trace_filter_init(&filter);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	symbols_free(&symbols);
	return 0;
}

static void emit_insn(u64 pc, u32 raw, u8 len, s8 x_rd, s8 f_rd, u64 value)
{
	struct trace_insn insn = {
		.head = head_at(pc), .raw = raw, .len = len, .x_rd = x_rd, .f_rd = f_rd, .value = value
	};
	insn.head.priv = PRIV_M;
	trace_text_emit(text, TRACE_INSN, &insn);
}

static void emit_mem(u64 va, u64 pa, u64 value, u8 size, enum access access)
{
	struct trace_mem mem = {
		.head = head_at(0x80000104), .va = va, .pa = pa, .value = value, .size = size, .access = access
	};
	trace_text_emit(text, TRACE_MEM, &mem);
}

static void test_insn_lines_are_spikes(void **state)
{
	(void)state;
	begin(1u << TRACE_INSN);
	emit_insn(0x80000000, 0x00000297, 4, 5, -1, 0x80000000);
	emit_insn(0x80000004, 0x4501, 2, 10, -1, 0);
	emit_insn(0x80000006, 0xa001, 2, -1, -1, 0);
	emit_mem(0x80002000, 0x80002000, 0x1122334455667788, 8, ACCESS_LOAD);
	emit_insn(0x80000008, 0x0002b303, 4, 6, -1, 0x1122334455667788);
	emit_mem(0x80002001, 0x80002001, 0xab, 1, ACCESS_STORE);
	emit_insn(0x8000000c, 0x006280a3, 4, -1, -1, 0);
	emit_insn(0x80000010, 0xf2050553, 4, -1, 10, 0xffffffff3f800000);
	assert_string_equal(
		finish(), "core   0: 3 0x0000000080000000 (0x00000297) x5  0x0000000080000000\n"
			  "core   0: 3 0x0000000080000004 (0x4501) x10 0x0000000000000000\n"
			  "core   0: 3 0x0000000080000006 (0xa001)\n"
			  "core   0: 3 0x0000000080000008 (0x0002b303) x6  0x1122334455667788 mem 0x0000000080002000\n"
			  "core   0: 3 0x000000008000000c (0x006280a3) mem 0x0000000080002001 0xab\n"
			  "core   0: 3 0x0000000080000010 (0xf2050553) f10 0xffffffff3f800000\n");
}

static void test_csr_write_is_on_the_insn_line(void **state)
{
	struct trace_csr csr = { .head = head_at(0x80000000), .number = 0x305, .value = 0x80000010 };
	(void)state;
	begin(1u << TRACE_INSN);
	trace_text_emit(text, TRACE_CSR, &csr);
	emit_insn(0x80000000, 0x30529073, 4, -1, -1, 0);
	csr.number = 1;
	csr.value = 4;
	trace_text_emit(text, TRACE_CSR, &csr);
	csr.number = 0x300;
	csr.value = 3;
	trace_text_emit(text, TRACE_CSR, &csr);
	csr.number = 1;
	csr.value = 5;
	trace_text_emit(text, TRACE_CSR, &csr);
	emit_insn(0x80000004, 0xf2050553, 4, -1, 10, 0xffffffff3f800000);
	assert_string_equal(finish(), "core   0: 3 0x0000000080000000 (0x30529073) c773_mtvec 0x0000000080000010\n"
	                              "core   0: 3 0x0000000080000004 (0xf2050553) c1_fflags 0x0000000000000005 "
	                              "f10 0xffffffff3f800000 c768_mstatus 0x0000000000000003\n");
}

static void test_what_a_trapped_instruction_did_is_forgotten(void **state)
{
	struct trace_trap trap = { .head = head_at(0x80000104), .cause = 13, .to_priv = PRIV_M };
	(void)state;
	begin(1u << TRACE_INSN);
	emit_mem(0x1000, 0x80001000, 1, 8, ACCESS_LOAD);
	trace_text_emit(text, TRACE_TRAP, &trap);
	emit_insn(0x80000006, 0xa001, 2, -1, -1, 0);
	assert_string_equal(finish(), "core   0: 3 0x0000000080000006 (0xa001)\n");
}

static void test_sink_asks_for_what_insn_lines_show(void **state)
{
	(void)state;
	assert_int_equal(trace_text_needs(1u << TRACE_INSN),
	                 1u << TRACE_INSN | 1u << TRACE_MEM | 1u << TRACE_CSR | 1u << TRACE_TRAP);
	assert_int_equal(trace_text_needs(1u << TRACE_WALK), 1u << TRACE_WALK);
}

static void emit_walk(const struct walk_request *request, const struct walk_result *result)
{
	struct trace_walk walk = {
		.head = head_at(0x80000104), .request = request, .result = result, .satp = 8ull << 60 | 5ull << 44
	};
	trace_text_emit(text, TRACE_WALK, &walk);
}

static void test_walk_line_shows_every_step(void **state)
{
	const struct walk_request request = { .va = 0x40002010, .levels = 3, .access = ACCESS_STORE };
	const struct walk_result good = {
		.reason = WALK_OK,
		.size_log2 = 21,
		.pa = 0x80402010,
		.ad_updated = true,
		.step_count = 2,
		.steps = { { .pte_addr = 0x80001008, .pte = 0x20000801, .level = 2, .source = WALK_FROM_WALK_CACHE },
		           { .pte_addr = 0x80002000, .pte = 0x201000d7, .level = 1 } },
	};
	const struct walk_result bad = {
		.reason = WALK_INVALID,
		.step_count = 1,
		.steps = { { .pte_addr = 0x80001008, .pte = 0, .level = 2 } },
	};
	const struct walk_result unreadable = {
		.reason = WALK_PTE_BUS,
		.step_count = 1,
		.steps = { { .pte_addr = 0x1008, .pte = 0, .level = 2 } },
	};
	const struct walk_result none = { .reason = WALK_NON_CANONICAL };
	(void)state;
	begin(1u << TRACE_WALK);
	emit_walk(&request, &good);
	emit_walk(&request, &bad);
	emit_walk(&request, &unreadable);
	emit_walk(&request, &none);
	const char *start = "walk h0 #7 S 0x80000104 <main+0x4>: store va 0x40002010 sv39 asid 5: ";
	char want[1024];
	snprintf(want, sizeof(want),
	         "%sL2 pte@0x80001008=0x20000801 from the walk cache (ptr), L1 pte@0x80002000=0x201000d7 (DA-U-WRV) -> "
	         "pa 0x80402010, 2 MiB page, A/D set\n"
	         "%sL2 pte@0x80001008=0x0 (--------) -> store/AMO page fault: %s\n"
	         "%sL2 pte@0x1008 unreadable -> store/AMO access fault: %s\n"
	         "%s-> store/AMO page fault: %s\n",
	         start, start, walk_reason_text(WALK_INVALID), start, walk_reason_text(WALK_PTE_BUS), start,
	         walk_reason_text(WALK_NON_CANONICAL));
	assert_string_equal(finish(), want);
}

/* With a timing model, and what the TLB said where it is not that its only level missed. */
static void test_walk_line_shows_cycles_and_the_tlb(void **state)
{
	const struct walk_request request = { .va = 0x2010, .levels = 3, .access = ACCESS_LOAD };
	const struct walk_result result = {
		.size_log2 = 12,
		.pa = 0x80402010,
		.step_count = 2,
		.steps = { { .pte_addr = 0x8, .pte = 1, .level = 1, .source = WALK_FROM_L2, .cycles = 12 },
		           { .pte_addr = 0x10, .pte = 3, .level = 0, .source = WALK_FROM_MEMORY, .cycles = 1 } },
	};
	struct trace_walk walk = {
		.head = head_at(0x1000), .request = &request, .result = &result, .start_cycle = 99, .cycles = 13
	};
	const char *steps = "L1 pte@0x8=0x1 from L2 in 12 cycles (ptr), L0 pte@0x10=0x3 from memory in 1 cycle "
			    "(------RV) -> pa 0x80402010, 4 KiB page, 13 cycles\n";
	const char *start = "walk h0 #7 S 0x1000: load va 0x2010 sv39 asid 0";
	char want[1024];
	(void)state;
	begin(1u << TRACE_WALK);
	walk.first = walk.second = TRACE_TLB_MISSED;
	trace_text_emit(text, TRACE_WALK, &walk);
	walk.second = TRACE_TLB_DENIED;
	trace_text_emit(text, TRACE_WALK, &walk);
	walk.first = TRACE_TLB_DENIED;
	trace_text_emit(text, TRACE_WALK, &walk);
	snprintf(
		want, sizeof(want),
		"%s, both TLB levels missed, at cycle 99: %s%s, the TLB's second level denies it, at cycle 99: %s%s, the "
		"TLB denies it, at cycle 99: %s",
		start, steps, start, steps, start, steps);
	assert_string_equal(finish(), want);
}

static void test_space_ref_fault_and_hint_lines(void **state)
{
	const struct trace_space space = { .head = head_at(0x1000), .satp = 8ull << 60 | 3ull << 44 | 0x80005 };
	struct trace_ref ref = { .head = head_at(0x1000),
		                 .va = 0x5008,
		                 .pa = 0x80005008,
		                 .pte = 0xcf,
		                 .asid = 3,
		                 .size_log2 = 12,
		                 .access = ACCESS_LOAD };
	const struct walk_request request = { .va = 0x5008 };
	struct trace_fault fault = { .head = head_at(0x1000),
		                     .cause = 13,
		                     .tval = 0x5008,
		                     .satp = space.satp,
		                     .reason = WALK_INVALID,
		                     .request = &request };
	const struct trace_hint hint = { .head = head_at(0x1000), .number = 0x101, .args = { 1, 0x20 } };
	(void)state;
	begin(ALL & ~(1u << TRACE_INSN));
	trace_text_emit(text, TRACE_SPACE, &space);
	trace_text_emit(text, TRACE_REF, &ref);
	ref.level = TLB_SECOND;
	ref.global = true;
	trace_text_emit(text, TRACE_REF, &ref);
	trace_text_emit(text, TRACE_FAULT, &fault);
	fault.request = NULL;
	fault.reason = WALK_OK;
	fault.cause = 2;
	trace_text_emit(text, TRACE_FAULT, &fault);
	trace_text_emit(text, TRACE_HINT, &hint);
	assert_string_equal(
		finish(),
		"space h0 #7 S 0x1000: satp 0x0000000000000000 -> 0x8000300000080005, sv39 asid 3 root 0x80005000\n"
		"ref  h0 #7 S 0x1000: load va 0x5008 asid 3 -> pa 0x80005008, 4 KiB page (DA--XWRV), found by a walk\n"
		"ref  h0 #7 S 0x1000: load va 0x5008 asid 3 global -> pa 0x80005008, 4 KiB page (DA--XWRV), found in "
		"the TLB's second level\n"
		"fault h0 #7 S 0x1000: load page fault (cause 13) tval 0x5008 asid 3: V=0\n"
		"fault h0 #7 S 0x1000: illegal instruction (cause 2) tval 0x5008\n"
		"hint h0 #7 S 0x1000: 0x101 0x1 0x20 0x0 0x0 0x0 0x0\n");
}

static void test_tlb_lines(void **state)
{
	struct trace_tlb e = {
		.head = head_at(0x1000), .what = TRACE_TLB_MISS, .access = ACCESS_LOAD, .va = 0x5008, .asid = 3
	};
	(void)state;
	begin(1u << TRACE_TLB | 1u << TRACE_FENCE);
	trace_text_emit(text, TRACE_TLB, &e);
	e.pa = 0x80005000;
	e.va = 0x5000;
	e.size_log2 = 16;
	e.pte = 0xcf;
	e.what = TRACE_TLB_FILL;
	trace_text_emit(text, TRACE_TLB, &e);
	e.what = TRACE_TLB_HIT;
	e.level = TLB_SECOND;
	trace_text_emit(text, TRACE_TLB, &e);
	e.what = TRACE_TLB_EVICT;
	trace_text_emit(text, TRACE_TLB, &e);
	struct trace_fence fence = { .head = e.head, .va = e.va, .asid = e.asid };
	trace_text_emit(text, TRACE_FENCE, &fence);
	fence.by_va = fence.by_asid = true;
	fence.dropped = 1;
	trace_text_emit(text, TRACE_FENCE, &fence);
	assert_string_equal(
		finish(), "tlb  h0 #7 S 0x1000: miss load va 0x5008 asid 3\n"
			  "tlb  h0 #7 S 0x1000: fill va 0x5000 asid 3 -> pa 0x80005000, 64 KiB page (DA--XWRV)\n"
			  "tlb  h0 #7 S 0x1000: hit in the second level load va 0x5000 asid 3 -> pa 0x80005000, 64 KiB "
			  "page (DA--XWRV)\n"
			  "tlb  h0 #7 S 0x1000: evict va 0x5000 asid 3 -> pa 0x80005000, 64 KiB page (DA--XWRV)\n"
			  "tlb  h0 #7 S 0x1000: fence of everything, 0 entries dropped\n"
			  "tlb  h0 #7 S 0x1000: fence va 0x5000 asid 3, 1 entry dropped\n");
}

static void test_trap_mem_and_csr_lines(void **state)
{
	struct trace_trap trap = {
		.head = head_at(0x1000), .cause = 13, .tval = 0x4000, .target = 0x80000100, .to_priv = PRIV_M
	};
	struct trace_csr csr = { .head = head_at(0x1000), .number = 0x180, .value = 0x8000000000080001 };
	(void)state;
	begin(ALL & ~(1u << TRACE_INSN));
	trace_text_emit(text, TRACE_TRAP, &trap);
	trap.cause = BIT(63) | 7;
	trace_text_emit(text, TRACE_TRAP, &trap);
	trap.is_return = true;
	trap.to_priv = PRIV_U;
	trap.target = 0x2000;
	trace_text_emit(text, TRACE_TRAP, &trap);
	trace_text_emit(text, TRACE_CSR, &csr);
	emit_mem(0x5008, 0x80005008, 0x12, 2, ACCESS_LOAD);
	assert_string_equal(finish(),
	                    "trap h0 #7 S 0x1000: load page fault (cause 13) tval 0x4000 -> M 0x80000100 <main>\n"
	                    "trap h0 #7 S 0x1000: machine timer interrupt (cause 7) -> M 0x80000100 <main>\n"
	                    "trap h0 #7 S 0x1000: return -> U 0x2000\n"
	                    "csr  h0 #7 S 0x1000: satp = 0x8000000000080001\n"
	                    "mem  h0 #7 S 0x80000104 <main+0x4>: load 2 va 0x5008 pa 0x80005008 = 0x0012\n");
}

/* How many of the five accesses below are written under this filter. */
static u32 passed_by(const char *condition)
{
	struct error err;
	u32 lines = 0;
	trace_filter_init(&filter);
	if (!trace_filter_parse(&filter, condition, &err))
		fail_msg("%s", err.text);
	begin(1u << TRACE_MEM);
	for (u32 i = 0; i < 5; i++) {
		struct trace_mem mem = {
			.head = { .pc = 0x1000 + 4 * i,
			          .instret = 100 + i,
			          .hart = i % 2,
			          .priv = i == 4 ? PRIV_M : i % 2 },
			.va = 0x10000 + 0x1000 * i,
			.pa = 0x80000000 + 0x1000 * i,
			.size = 8,
		};
		trace_text_emit(text, TRACE_MEM, &mem);
	}
	for (const char *c = finish(); *c; c++)
		lines += *c == '\n';
	return lines;
}

static void test_filters_choose_lines(void **state)
{
	(void)state;
	assert_int_equal(passed_by("addr=-0xffffffffffffffff"), 5);
	assert_int_equal(passed_by("addr=0x11000"), 1);
	assert_int_equal(passed_by("addr=0x11007-0x12000"), 2);
	assert_int_equal(passed_by("addr=0x11008-0x12000"), 1);
	assert_int_equal(passed_by("addr=0x80000000-0x80001000"), 2);
	assert_int_equal(passed_by("pc=0x1004-0x100c"), 3);
	assert_int_equal(passed_by("insns=-101"), 2);
	assert_int_equal(passed_by("hart=1"), 2);
	assert_int_equal(passed_by("priv=u"), 2);
	assert_int_equal(passed_by("priv=M/S"), 3);
	assert_int_equal(passed_by("priv=s,hart=1,pc=0x1004"), 1);
	assert_int_equal(passed_by("priv=u,hart=1"), 0);
}

static void test_address_filter_hides_what_has_no_address(void **state)
{
	struct trace_trap interrupt = { .head = head_at(0x1000), .cause = BIT(63) | 7 };
	struct trace_csr csr = { .head = head_at(0x1000), .number = 0x180 };
	struct trace_fence fence = { .head = head_at(0x1000) };
	(void)state;
	filter.addr_lo = 0x1000;
	begin(ALL);
	trace_text_emit(text, TRACE_TRAP, &interrupt);
	trace_text_emit(text, TRACE_CSR, &csr);
	trace_text_emit(text, TRACE_FENCE, &fence);
	assert_string_equal(finish(), "");
}

static void count_call(void *arg)
{
	(*(u32 *)arg)++;
}

static void test_before_is_called_once_a_line(void **state)
{
	(void)state;
	before_calls = 0;
	begin(1u << TRACE_INSN);
	trace_text_before_line(text, count_call, &before_calls);
	emit_insn(0x80000006, 0xa001, 2, -1, -1, 0);
	emit_mem(0x5008, 0x80005008, 0x12, 2, ACCESS_LOAD);
	emit_insn(0x80000006, 0xa001, 2, -1, -1, 0);
	finish();
	assert_int_equal(before_calls, 2);
}

static void test_long_names_do_not_overflow_a_line(void **state)
{
	static char name[3000];
	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	symbols.all[0].name = name;
	begin(1u << TRACE_MEM);
	emit_mem(0x5008, 0x80005008, 0x12, 2, ACCESS_LOAD);
	const char *line = finish();
	assert_true(strlen(line) < 1024);
	assert_int_equal(line[strlen(line) - 1], '\n');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_insn_lines_are_spikes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_csr_write_is_on_the_insn_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_a_trapped_instruction_did_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sink_asks_for_what_insn_lines_show, setup, teardown),
		cmocka_unit_test_setup_teardown(test_walk_line_shows_every_step, setup, teardown),
		cmocka_unit_test_setup_teardown(test_walk_line_shows_cycles_and_the_tlb, setup, teardown),
		cmocka_unit_test_setup_teardown(test_space_ref_fault_and_hint_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tlb_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trap_mem_and_csr_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filters_choose_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_address_filter_hides_what_has_no_address, setup, teardown),
		cmocka_unit_test_setup_teardown(test_before_is_called_once_a_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_names_do_not_overflow_a_line, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
