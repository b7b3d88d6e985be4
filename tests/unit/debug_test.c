/*
 * Breakpoints: where they stop a hart, and that the guest cannot tell. Watchpoints are in debug_watch_test.c.
 */
#include "tests/unit/debug_bench.h"

static void test_breakpoint_stops_before_its_instruction(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, rv_addi(RV_A0, RV_ZERO, 5), rv_jal(RV_ZERO, 0));
	change(b, true, at(RIG_RAM + 8));
	expect_stop(b, RIG_RAM + 8, 2);
	assert_int_equal(b->d.hit.kind, DEBUG_EXECUTE);
	assert_int_equal(b->d.hit.address, RIG_RAM + 8);
	assert_int_equal(b->h->x[RV_A0], 3); /* as at reset: the hart's number */
	expect_stop(b, RIG_RAM + 8, 0);
	debug_step_over(b->h);
	expect_no_stop(b, 5);
	assert_int_equal(b->h->x[RV_A0], 5);
}

static void test_step_over_is_for_one_time(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, rv_jal(RV_ZERO, -8));
	change(b, true, at(RIG_RAM + 4));
	expect_stop(b, RIG_RAM + 4, 1);
	debug_step_over(b->h);
	expect_stop(b, RIG_RAM + 4, 3);
	debug_step_over(b->h);
	assert_int_equal(go(b, 1), ENGINE_BUDGET);
	assert_int_equal(b->h->pc, RIG_RAM + 8);
	expect_stop(b, RIG_RAM + 4, 2);
}

static void test_step_over_elsewhere_is_forgotten(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, NOP, rv_jal(RV_ZERO, -12));
	debug_step_over(b->h);
	expect_no_stop(b, 4);
	change(b, true, at(RIG_RAM));
	expect_stop(b, RIG_RAM, 0);
}

/* Blocks that were decoded before, pairs that were fused, links that lead past the beginning of a block. */
static void test_breakpoints_work_in_code_that_ran_before(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, rv_auipc(RV_T0, 4), rv_addi(RV_A1, RV_A1, 1), rv_ld(RV_A0, RV_T0, 0), rv_addi(RV_A2, RV_A1, 0),
	    rv_bne(RV_A1, RV_ZERO, -12), NOP);
	expect_no_stop(b, 1 + 100 * 4);
	for (u64 pc = RIG_RAM + 4; pc <= RIG_RAM + 16; pc += 4) {
		change(b, true, at(pc));
		assert_int_equal(go(b, 1000), ENGINE_DEBUG);
		assert_int_equal(b->h->pc, pc);
		debug_step_over(b->h);
		expect_stop(b, pc, 4);
		change(b, false, at(pc));
		expect_no_stop(b, 40);
	}
	assert_int_equal(b->h->x[RV_A2], b->h->x[RV_A1]);
}

static void test_breakpoints_survive_stores_to_their_code(void **state)
{
	struct bench *b = *state;

	/* The store at +8 drops the block it is in, and the breakpoint behind it. */
	PUT(b, RIG_RAM, rv_auipc(RV_T0, 0), NOP, rv_sd(RV_ZERO, RV_T0, 0x40), NOP, NOP, rv_jal(RV_ZERO, -20));
	change(b, true, at(RIG_RAM + 16));
	expect_stop(b, RIG_RAM + 16, 4);
	debug_step_over(b->h);
	expect_stop(b, RIG_RAM + 16, 6);
}

static void test_breakpoint_at_the_end_of_a_budget(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, NOP, rv_jal(RV_ZERO, 0));
	change(b, true, at(RIG_RAM + 8));
	assert_int_equal(go(b, 2), ENGINE_BUDGET);
	assert_int_equal(b->h->pc, RIG_RAM + 8);
	assert_int_equal(go(b, 1), ENGINE_DEBUG);
	assert_int_equal(b->h->pc, RIG_RAM + 8);
	debug_step_over(b->h);
	assert_int_equal(go(b, 1), ENGINE_BUDGET);
	assert_int_equal(b->h->pc, RIG_RAM + 12);
}

static void test_breakpoint_on_an_instruction_across_pages(void **state)
{
	struct bench *b = *state;
	const u16 c_nop = 1;
	const u32 wide = rv_addi(RV_A0, RV_ZERO, 9);

	assert_true(bus_write(&b->r->bus, RIG_RAM + 0xffc, &c_nop, 2));
	assert_true(bus_write(&b->r->bus, RIG_RAM + 0xffe, &wide, 4));
	assert_true(bus_write(&b->r->bus, RIG_RAM + 0x1002, &c_nop, 2));
	b->h->pc = RIG_RAM + 0xffc;
	change(b, true, at(RIG_RAM + 0xffe));
	change(b, true, at(RIG_RAM + 0x1002));
	expect_stop(b, RIG_RAM + 0xffe, 1);
	debug_step_over(b->h);
	expect_stop(b, RIG_RAM + 0x1002, 1);
	assert_int_equal(b->h->x[RV_A0], 9);
}

static void test_breakpoint_on_an_instruction_that_traps(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, RV_ECALL);
	PUT(b, HANDLER, NOP, rv_jal(RV_ZERO, 0));
	change(b, true, at(RIG_RAM + 4));
	expect_stop(b, RIG_RAM + 4, 1);
	debug_step_over(b->h);
	assert_int_equal(go(b, 1), ENGINE_BUDGET);
	assert_int_equal(b->h->pc, HANDLER);
	assert_int_equal(b->h->csr.mcause, EXC_ECALL_M);
}

static void test_breakpoint_holds_again_after_an_interrupt(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, rv_jal(RV_ZERO, -8));
	PUT(b, HANDLER, rv_csrw(CSR_MIE, RV_ZERO), 0x30200073 /* mret */);
	change(b, true, at(RIG_RAM + 4));
	expect_stop(b, RIG_RAM + 4, 1);
	b->h->csr.mie = BIT(WIRE_MSI);
	b->h->csr.mstatus |= MSTATUS_MIE;
	hart_set_wire(b->h, WIRE_MSI, true);
	debug_step_over(b->h);
	expect_stop(b, RIG_RAM + 4, 2);
	assert_int_equal(b->h->csr.mepc, RIG_RAM + 4);
	debug_step_over(b->h);
	expect_stop(b, RIG_RAM + 4, 3);
}

static void test_breakpoint_counts_in_its_mode_only(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, rv_jal(RV_ZERO, -8));
	change(b, true, only_in(at(RIG_RAM + 4), PRIV_U));
	expect_no_stop(b, 30);
	paging(b, PRIV_U);
	b->h->pc = RIG_RAM;
	expect_stop(b, RIG_RAM + 4, 1);
	change(b, false, only_in(at(RIG_RAM + 4), PRIV_U));
	change(b, true, only_in(at(RIG_RAM + 4), PRIV_M));
	expect_no_stop(b, 30);
}

static void test_virtual_breakpoint_is_not_at_other_addresses(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, rv_jal(RV_ZERO, -8));
	paging(b, PRIV_S);
	b->h->pc = ALIAS;
	change(b, true, at(RIG_RAM + 4));
	expect_no_stop(b, 30);
	change(b, true, at(ALIAS + 4));
	expect_stop(b, ALIAS + 4, 1);
}

static void test_physical_breakpoint_is_at_all_addresses(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, rv_jal(RV_ZERO, -8));
	change(b, true, physical(at(RIG_RAM + 4)));
	change(b, true, physical(at(ALIAS + 8)));
	expect_stop(b, RIG_RAM + 4, 1);
	paging(b, PRIV_S);
	b->h->pc = ALIAS;
	expect_stop(b, ALIAS + 4, 1);
	assert_int_equal(b->d.hit.address, RIG_RAM + 4);
	b->h->pc = RIG_RAM;
	expect_stop(b, RIG_RAM + 4, 1);
}

static void test_breakpoints_hold_across_a_write_of_satp(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, rv_csrw(CSR_SATP, RV_T0), NOP, rv_i(0x67, 0, RV_ZERO, RV_T1, 0) /* jalr */, NOP);
	paging(b, PRIV_S);
	b->h->x[RV_T0] = b->h->mmu.satp;
	b->h->x[RV_T1] = ALIAS + 16;
	mmu_write_satp(&b->h->mmu, 0);
	b->h->pc = RIG_RAM;
	change(b, true, at(RIG_RAM + 4));
	change(b, true, at(RIG_RAM + 8));
	change(b, true, at(ALIAS + 16));
	expect_stop(b, RIG_RAM + 4, 1);
	assert_int_equal(b->h->mmu.levels, 0);
	debug_step_over(b->h);
	expect_stop(b, RIG_RAM + 8, 1);
	assert_int_equal(b->h->mmu.levels, 3);
	debug_step_over(b->h);
	expect_stop(b, ALIAS + 16, 2);
}

static void test_observed_instructions_end_at_a_breakpoint(void **state)
{
	struct bench *b = *state;

	PUT(b, RIG_RAM, NOP, NOP, rv_csrr(RV_A0, CSR_MINSTRET), rv_jal(RV_ZERO, 0));
	b->r->trace.wanted = BIT(TRACE_INSN);
	hart_update_observing(b->h);
	change(b, true, at(RIG_RAM + 8));
	expect_stop(b, RIG_RAM + 8, 2);
	assert_int_equal(b->r->events, 2);
	debug_step_over(b->h);
	assert_int_equal(go(b, 1), ENGINE_BUDGET);
	assert_int_equal(b->r->events, 3);
	assert_int_equal(b->h->x[RV_A0], 2);
}

/* --- the guest cannot tell --- */

/* Fills a page with numbers that depend on all before, and so do the registers. */
static void put_mixer(struct bench *b)
{
	PUT(b, RIG_RAM, rv_addi(RV_A1, RV_A1, 1), rv_slli(RV_A2, RV_A1, 3),
	    rv_i(0x13, 7, RV_A2, RV_A2, 0x7f8) /* andi */,
	    RV_A2 << 20 | RV_T0 << 15 | RV_T1 << 7 | 0x33 /* add t1, t0, a2 */, rv_ld(RV_A3, RV_T1, 0),
	    RV_A1 << 20 | RV_A3 << 15 | RV_A0 << 7 | 0x33 /* add a0, a3, a1 */, rv_sd(RV_A0, RV_T1, 0),
	    rv_amoadd_d(RV_T2, RV_A0, RV_T1), rv_bne(RV_A1, RV_ZERO, -32), NOP);
	b->h->x[RV_T0] = DATA;
}

static void test_stopping_and_stepping_change_nothing(void **state)
{
	struct bench *plain = *state, *other;
	void *second;
	u32 stops = 0;

	(void)bench_setup(&second);
	other = second;
	put_mixer(plain);
	put_mixer(other);
	for (u32 round = 0; round < 200; round++) {
		u64 goal = plain->h->count + 7 + round;

		assert_int_equal(go(plain, goal - plain->h->count), ENGINE_BUDGET);
		if (round % 5 == 0)
			change(other, true, at(RIG_RAM + 4 * (round % 9)));
		if (round % 7 == 0)
			change(other, true, on(DEBUG_STORE, DATA + 8 * (round % 256), 8));
		while (other->h->count < goal) {
			u64 steps = goal - other->h->count;

			if (go(other, round % 3 ? steps : 1) == ENGINE_DEBUG)
				stops++;
			debug_step_over(other->h);
		}
		assert_memory_equal(plain->h->x, other->h->x, sizeof(plain->h->x));
		assert_int_equal(plain->h->pc, other->h->pc);
		assert_int_equal(plain->h->count, other->h->count);
		if (other->d.count > 8)
			other->d.count = 0;
	}
	assert_true(stops > 1000);
	assert_memory_equal(bus_ram(&plain->r->bus, DATA, 4096), bus_ram(&other->r->bus, DATA, 4096), 4096);
	(void)bench_teardown(&second);
}

static void test_points_are_counted_and_found(void **state)
{
	struct bench *b = *state;
	struct debug_point nothing = on(DEBUG_LOAD, DATA, 0), first = at(RIG_RAM);

	assert_false(debug_add(&b->d, &nothing));
	for (u32 i = 0; i < DEBUG_POINTS_MAX; i++) {
		struct debug_point point = at(RIG_RAM + 4 * i);

		assert_true(debug_add(&b->d, &point));
	}
	assert_false(debug_add(&b->d, &first));
	assert_true(debug_remove(&b->d, &first));
	assert_false(debug_remove(&b->d, &first));
	assert_true(debug_add(&b->d, &first));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_breakpoint_stops_before_its_instruction),
		TEST(test_step_over_is_for_one_time),
		TEST(test_step_over_elsewhere_is_forgotten),
		TEST(test_breakpoints_work_in_code_that_ran_before),
		TEST(test_breakpoints_survive_stores_to_their_code),
		TEST(test_breakpoint_at_the_end_of_a_budget),
		TEST(test_breakpoint_on_an_instruction_across_pages),
		TEST(test_breakpoint_on_an_instruction_that_traps),
		TEST(test_breakpoint_holds_again_after_an_interrupt),
		TEST(test_breakpoint_counts_in_its_mode_only),
		TEST(test_virtual_breakpoint_is_not_at_other_addresses),
		TEST(test_physical_breakpoint_is_at_all_addresses),
		TEST(test_breakpoints_hold_across_a_write_of_satp),
		TEST(test_observed_instructions_end_at_a_breakpoint),
		TEST(test_stopping_and_stepping_change_nothing),
		TEST(test_points_are_counted_and_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
