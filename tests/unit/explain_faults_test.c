/*
 * --explain: what is told of a fault, of the same again, and of very many; which are told at all; and what is said of a
 * guest that is stuck. The words about translations are those of explain_test.c.
 */
#include <stdlib.h>

#include "emu/observe/explain_faults.h"
#include "tests/unit/machine_rig.h"

#define TEST(f) cmocka_unit_test(f)
#define ROOT 0x80100000ull
#define PAGE_PA 0x80110000ull
#define TABLES 0x80200000ull /* the large page at this virtual address is mapped to itself */
#define PTE(pa, flags) ((pa) >> 12 << 10 | (flags))

static struct machine_rig rig;
static struct explain_faults *x;
static FILE *out;
static char *text;
static size_t size;
static u32 flushes; /* calls of `before` */

static void before(void *arg)
{
	assert_ptr_equal(arg, &flushes);
	flushes++;
}

/* A machine that runs `code` under these options. */
static void start(const char *options, const u32 *code, u32 count)
{
	rig = (struct machine_rig){ 0 };
	if (!rig_options(&rig, options, "guest"))
		fail_msg("%s", rig.err.text);
	out = open_memstream(&text, &size);
	x = explain_faults_create(&rig.config, &rig.boot.symbols, NULL, out);
	rig.io.trace = explain_faults_sink(x);
	rig_start(&rig, options, code, count);
	explain_faults_attach(x, rig.m);
	flushes = 0;
	explain_faults_share_terminal(x, before, &flushes);
}

static void end(void)
{
	explain_faults_destroy(x);
	fclose(out);
	free(text);
	text = NULL;
	rig_free(&rig);
}

static enum run_end go(void)
{
	return run_machine(rig.m, NULL);
}

/* Lines are joined, to compare with what is broken at blanks. */
static const char *said(void)
{
	static char joined[1 << 16];
	size_t length = 0;
	fflush(out);
	for (const char *at = text; at && *at && length + 1 < sizeof(joined); at++) {
		char c = *at == '\n' ? ' ' : *at;
		if (c != ' ' || (length && joined[length - 1] != ' '))
			joined[length++] = c;
	}
	joined[length] = '\0';
	return joined;
}

static void has(const char *part)
{
	if (!strstr(said(), part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void has_not(const char *part)
{
	if (strstr(said(), part))
		fail_msg("'%s' is in:\n%s", part, text);
}

#define START(options, code) start(options, code, ARRAY_SIZE(code))

static const u32 load_from_0[] = { 0x00003283 }; /* ld t0, 0(zero) */

/* ---- what is told ---- */

static void test_fault_is_told_with_place_and_instruction(void **state)
{
	(void)state;
	START("--explain faults --max-insns 1", load_from_0);
	assert_int_equal(go(), RUN_LIMIT);
	has("--- fault 1 at pc 0x80000000 <_start>: ld t0,0(zero) load from 0x0 in M mode");
	has("load access fault (cause 5)");
	assert_int_equal(flushes, 1);
	end();
}

static void test_harts_are_named_where_there_are_several(void **state)
{
	(void)state;
	START("--explain faults --max-insns 1 --smp 2", load_from_0);
	assert_int_equal(go(), RUN_LIMIT);
	has("ld t0,0(zero) (hart 0) load from 0x0");
	end();
}

static void test_missing_handler_is_named(void **state)
{
	(void)state;
	START("--explain faults --max-insns 2", load_from_0);
	assert_int_equal(go(), RUN_LIMIT);
	has("--- fault 2 at pc 0x0 fetch from 0x0 in M mode");
	has("handler this is mtvec: it is 0, as after reset, so there is no trap handler yet");
	end();
}

static void test_repeats_are_one_line_and_then_counted(void **state)
{
	(void)state;
	START("--explain faults --max-insns 1000", load_from_0);
	assert_int_equal(go(), RUN_LIMIT);
	has("--- fault 3 at pc 0x0: nothing answers at the physical address at 0x0, as fault 2: the handler faults "
	    "itself again and again (counted from now on) ");
	has_not("--- fault 4");
	explain_faults_finish(x);
	has("--- 1000 faults, 2 of them explained; where they were:");
	has(" 999 0x0: nothing answers at the physical address (first: fault 2) 1 0x80000000 <_start>: nothing");
	assert_in_range(size, 1, 5000);
	end();
}

static void test_nothing_is_said_of_a_run_without_faults(void **state)
{
	static const u32 code[] = { 0x0000006f }; /* j . */
	(void)state;
	START("--explain all --max-insns 100", code);
	assert_int_equal(go(), RUN_LIMIT);
	explain_faults_finish(x);
	assert_string_equal(said(), "");
	assert_int_equal(flushes, 0);
	end();
}

/* ---- which ---- */

static void test_filter_chooses(void **state)
{
	(void)state;
	START("--explain faults --max-insns 10 --trace-filter pc=0", load_from_0);
	assert_int_equal(go(), RUN_LIMIT);
	has_not("<_start>");
	has("--- fault 1 at pc 0x0 fetch");
	end();
}

static void test_without_the_option_nothing_is_wanted(void **state)
{
	(void)state;
	START("--max-insns 10", load_from_0);
	assert_int_equal(explain_faults_sink(x).wanted, 0);
	assert_int_equal(go(), RUN_LIMIT);
	explain_faults_finish(x);
	assert_string_equal(said(), "");
	end();
}

/* What --explain all says of this first instruction; `faults` says nothing. */
static void expect_why(const char *options, u32 insn, const char *words)
{
	char line[128];
	snprintf(line, sizeof(line), "--explain all --max-insns 1 %s", options);
	start(line, &insn, 1);
	assert_int_equal(go(), RUN_LIMIT);
	has(words);
	end();
	snprintf(line, sizeof(line), "--explain faults --max-insns 1 %s", options);
	start(line, &insn, 1);
	assert_int_equal(go(), RUN_LIMIT);
	assert_string_equal(said(), "");
	end();
}

static void test_illegal_instructions_are_told_with_their_reason(void **state)
{
	(void)state;
	expect_why("", 0, "illegal instruction (cause 2) in M mode. why the bits are all zeros");
	expect_why("", UINT32_MAX, "the bits are all ones");
	expect_why("--isa rv64i_zicsr", 0x02b50533,
	           "0x02b50533 is mul, of extension zmmul, which this hart does not have");
	expect_why("", 0x02b50557, "is of the vector extension V");
	expect_why("", 0x0000700b, "0x0000700b is no instruction that rvemu knows");
	expect_why("", 0xc0001073, "why cycle is read-only");
	expect_why("", 0x7c0022f3, "there is no CSR 0x7c0.");
	expect_why("", 0x02b57553, "mstatus.FS is 0 (Off)");
}

static void test_misaligned_addresses_are_told(void **state)
{
	(void)state;
	expect_why("--misaligned trap", 0x00103283, "the address, 0x1, is no multiple of the access's size. Harts may");
}

static void test_calls_and_breakpoints_are_not_told(void **state)
{
	static const u32 code[] = { 0x00100073, 0x00000073 };
	(void)state;
	START("--explain all --max-insns 1", code);
	assert_int_equal(go(), RUN_LIMIT);
	assert_string_equal(said(), "");
	end();
}

/* ---- satp ---- */

static void test_satp_with_an_unknown_mode_is_told(void **state)
{
	static const u32 code[] = { 0x00100293, 0x03c29293, 0x18029073, 0x18029073 }; /* satp <- 1 << 60, twice */
	(void)state;
	START("--explain faults --max-insns 3", code);
	assert_int_equal(go(), RUN_LIMIT);
	has("note satp was not written at 0x80000008 <_start+0x8>: MODE (bits 63..60) of 0x1000000000000000 is 1, "
	    "which this hart does not have");
	has("satp stays 0x0, translation stays off. There are 0 (Bare), 8 (Sv39), 9 (Sv48), 10 (Sv57): for Sv39 write "
	    "0x8000000000000000.");
	end();
}

static void test_satp_with_a_root_and_no_mode_is_told(void **state)
{
	static const u32 code[] = { 0x00500293, 0x18029073, 0x18001073 }; /* satp <- 5, and then 0 */
	(void)state;
	START("--explain faults --max-insns 3", code);
	assert_int_equal(go(), RUN_LIMIT);
	has("note satp was written at 0x80000004 <_start+0x4> with a root table, but MODE (bits 63..60) is 0, Bare: "
	    "translation is off. For Sv39 MODE is 8: write 0x8000000000000005.");
	has_not("0x80000008");
	end();
}

static void put_word(u64 pa, u64 value)
{
	assert_true(bus_store(&rig.m->bus, pa, 8, value));
}

/* S mode with Sv39: 2 MiB at TABLES are mapped to themselves with all rights. */
static struct hart *turn_paging_on(void)
{
	struct hart *h = rig.m->harts[0];
	put_word(ROOT + 16, PTE(ROOT + 0x1000, PTE_V));
	put_word(ROOT + 0x1008, PTE(TABLES, PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D));
	(void)pmp_write_addr(&h->mmu.pmp, 0, MASK(54));
	(void)pmp_write_cfg(&h->mmu.pmp, 0, 0x1f);
	mmu_write_satp(&h->mmu, 8ull << 60 | ROOT >> 12);
	h->priv = PRIV_S;
	hart_update_context(h);
	return h;
}

/* An event as cpu/trap.c makes it. */
static void tell(struct hart *h, enum access access, u64 va, u32 reason)
{
	static const u8 causes[] = { 12, 13, 15 };
	struct walk_request request = mmu_walk_request(&h->mmu, va, access, h->priv);
	struct trace sink = explain_faults_sink(x);
	struct trace_fault event = {
		.cause = causes[access],
		.tval = va,
		.reason = reason,
		.access = (u8)access,
		.request = &request,
	};
	hart_trace_head(h, &event.head);
	sink.emit(sink.arg, TRACE_FAULT, &event);
}

static void test_first_fetch_behind_satp_is_told(void **state)
{
	(void)state;
	START("--explain faults", load_from_0);
	struct hart *h = turn_paging_on();
	h->pc = 0xc0000000;
	tell(h, ACCESS_FETCH, h->pc, WALK_INVALID);
	has("perhaps there is no identity mapping. satp was written 0 instructions ago, at 0x80000000 <_start>, and "
	    "translation is on since: the very next instruction is fetched by its virtual address, 0xc0000000,");
	has_not("as Linux does");
	h->csr.stvec = TABLES;
	h->pc = 0xd0000000;
	tell(h, ACCESS_FETCH, h->pc, WALK_INVALID);
	has("or it is meant so: stvec, 0x80200000, is mapped, and the kernel goes on there by way of this fault, as "
	    "Linux does.");
	end();
}

static void test_physical_addresses_behind_satp_are_told(void **state)
{
	(void)state;
	START("--explain faults", load_from_0);
	struct hart *h = turn_paging_on();
	tell(h, ACCESS_STORE, 0x10000000, WALK_INVALID);
	has("perhaps a physical address is used as it was before translation was on: 0x10000000 is where the device "
	    "uart is.");
	tell(h, ACCESS_LOAD, 0x80000000, WALK_INVALID);
	has("0x80000000 is where RAM is. Map it at VA == PA");
	end();
}

static void test_faults_by_what_the_tlb_kept_are_told(void **state)
{
	u64 value;
	(void)state;
	START("--explain faults", load_from_0);
	struct hart *h = turn_paging_on();
	put_word(ROOT + 0x1008, PTE(TABLES, PTE_V | PTE_R | PTE_A | PTE_D));
	assert_true(mmu_load(&h->mmu, TABLES, 8, &value));
	put_word(ROOT + 0x1008, PTE(TABLES, PTE_V | PTE_R | PTE_W | PTE_A | PTE_D));
	tell(h, ACCESS_STORE, TABLES, WALK_NO_WRITE);
	has("works physical address 0x80200000");
	has("but the TLB still has what the page tables said before: pa 0x80200000, DA----RV.");
	has("but the hart took a fault (store/AMO page fault, cause 15) by what its TLB had kept: W=0.");
	end();
}

static void test_pages_of_other_address_spaces_are_told(void **state)
{
	u64 value;
	(void)state;
	START("--explain faults", load_from_0);
	struct hart *h = turn_paging_on();
	assert_true(mmu_load(&h->mmu, TABLES, 8, &value));
	mmu_write_satp(&h->mmu, 8ull << 60 | 7ull << 44 | (ROOT + 0x3000) >> 12);
	tell(h, ACCESS_LOAD, TABLES, WALK_INVALID);
	has("but address space 0 has a page here (the TLB remembers it, pa 0x80200000), and this one, ASID 7, has not. "
	    "Is the wrong root or ASID in satp?");
	end();
}

/* ---- bounds ---- */

static void test_many_places_do_not_write_without_end(void **state)
{
	(void)state;
	START("--explain faults", load_from_0);
	struct hart *h = turn_paging_on();
	for (u32 i = 0; i < 20000; i++) {
		h->pc = 0xc0000000 + 4 * i;
		tell(h, ACCESS_LOAD, 0xd0000000 + 4096ull * i, WALK_INVALID);
	}
	explain_faults_finish(x);
	has("from here on faults are only counted (--trace-filter chooses which are told)");
	has("--- 20000 faults, 50 of them explained");
	has("and 2036 places more");
	has(" 17952 at other places");
	assert_in_range(size, 1, 100000);
	end();
}

static void test_one_place_with_many_pages_is_told_three_times(void **state)
{
	(void)state;
	START("--explain faults", load_from_0);
	struct hart *h = turn_paging_on();
	h->pc = 0xc0000000;
	for (u32 i = 0; i < 100; i++)
		tell(h, ACCESS_LOAD, 0xd0000000 + 4096ull * i, WALK_INVALID);
	has("--- fault 3 at pc 0xc0000000 load from 0xd0002000");
	has("--- fault 4 at pc 0xc0000000: V=0 at 0xd0003000, as fault 1 ---");
	has("--- fault 11 at pc 0xc0000000: V=0 at 0xd000a000, as fault 1 (counted from now on) ");
	has_not("--- fault 12 ");
	end();
}

/* ---- stuck ---- */

static void test_wedged_guest_is_explained_without_the_option(void **state)
{
	(void)state;
	START("", load_from_0);
	assert_int_equal(go(), RUN_WEDGED);
	explain_faults_stuck(x, rig.m);
	has("fetch from 0x0 in M mode");
	has("handler this is mtvec: it is 0");
	end();
}

static void test_wedged_guest_is_not_explained_twice(void **state)
{
	(void)state;
	START("--explain faults", load_from_0);
	assert_int_equal(go(), RUN_WEDGED);
	fflush(out);
	size_t length = size;
	explain_faults_stuck(x, rig.m);
	fflush(out);
	assert_int_equal(size, length);
	end();
}

static void test_handler_without_a_stack_is_explained(void **state)
{
	static const u32 code[] = {
		0x00000297, /* auipc t0, 0 */
		0x01028293, /* addi t0, t0, 16 */
		0x30529073, /* csrw mtvec, t0 */
		0x00003303, /* ld t1, 0(zero) */
		0xff010113, /* addi sp, sp, -16: the handler */
		0x00113023, /* sd ra, 0(sp) */
	};
	(void)state;
	START("", code);
	assert_int_equal(go(), RUN_WEDGED);
	explain_faults_stuck(x, rig.m);
	has("store to 0x");
	has("handler this is the trap handler itself, ");
	has("(mtvec = 0x80000010 <_start+0x10>).");
	has("stack the handler saves registers on the stack, and sp, 0x");
	end();
}

static void test_sleeping_guest_is_told_of_its_last_fault(void **state)
{
	static const u32 code[] = {
		0x00000297, /* auipc t0, 0 */
		0x01028293, /* addi t0, t0, 16 */
		0x30529073, /* csrw mtvec, t0 */
		0x00003303, /* ld t1, 0(zero) */
		0x10500073, /* wfi: the handler */
		0xffdff06f, /* j .-4 */
	};
	(void)state;
	START("", code);
	assert_int_equal(go(), RUN_ASLEEP);
	explain_faults_asleep(x, rig.m); /* on stderr, as a line of rvemu's own */
	assert_string_equal(said(), "");
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fault_is_told_with_place_and_instruction),
		TEST(test_harts_are_named_where_there_are_several),
		TEST(test_missing_handler_is_named),
		TEST(test_repeats_are_one_line_and_then_counted),
		TEST(test_nothing_is_said_of_a_run_without_faults),
		TEST(test_filter_chooses),
		TEST(test_without_the_option_nothing_is_wanted),
		TEST(test_illegal_instructions_are_told_with_their_reason),
		TEST(test_misaligned_addresses_are_told),
		TEST(test_calls_and_breakpoints_are_not_told),
		TEST(test_satp_with_an_unknown_mode_is_told),
		TEST(test_satp_with_a_root_and_no_mode_is_told),
		TEST(test_first_fetch_behind_satp_is_told),
		TEST(test_physical_addresses_behind_satp_are_told),
		TEST(test_faults_by_what_the_tlb_kept_are_told),
		TEST(test_pages_of_other_address_spaces_are_told),
		TEST(test_many_places_do_not_write_without_end),
		TEST(test_one_place_with_many_pages_is_told_three_times),
		TEST(test_wedged_guest_is_explained_without_the_option),
		TEST(test_wedged_guest_is_not_explained_twice),
		TEST(test_handler_without_a_stack_is_explained),
		TEST(test_sleeping_guest_is_told_of_its_last_fault),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
