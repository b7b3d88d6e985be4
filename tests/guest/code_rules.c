/*
 * Instruction fetch: code that is written while it runs, code behind changing mappings, and instructions that lie
 * across two pages. Unprivileged manual, "Zifencei"; privileged manual, xtval for instruction page faults ("the
 * portion of the instruction that caused the fault"). What decodes code once and keeps it must not be noticed by any
 * of these.
 */
#include "tests/guest/guest.h"

/* a0 = where to store a1, a2 = where to call then. The call comes before, too, so that the old code is well known. */
CODE(call_store_fence_call,
     "mv s0, a0\n mv s1, a1\n mv s2, a2\n jalr s2\n mv s3, a0\n sw s1, 0(s0)\n fence.i\n jalr s2");
CODE(call_store_call, "mv s0, a0\n mv s1, a1\n mv s2, a2\n jalr s2\n sw s1, 0(s0)\n jalr s2\n fence.i\n jalr s2");

/*
 * a2 times: the immediate of the first instruction at a1 is counted up (written at a0), and the code called; a0 = the
 * sum.
 */
CODE(rewrite_loop,
     "mv s0, a0\n mv s1, a1\n mv s2, a2\n li s3, 0\n lw s4, 0(s0)\n li s5, 0x100000\n"
     "1: sw s4, 0(s0)\n fence.i\n jalr s1\n add s3, s3, a0\n add s4, s4, s5\n addi s2, s2, -1\n bnez s2, 1b\n"
     " mv a0, s3");

/* Overwrites what it comes to next. */
CODE(overwrite_next, "sw a1, 0(a0)\n fence.i");

CODE(answer_across, ".option rvc\n c.nop\n .option norvc\n li a0, 42"); /* 4-byte instruction at +2 */
CODE(compressed_nop, ".option rvc\n c.nop\n c.nop\n .option norvc");

#define LI_A0(n) ((u32)(n) << 20 | 0x513) /* li a0, n */
#define ECALL 0x00000073

void before_each(void)
{
	sv39();
}

/* A function of two instructions at pa: li a0, n; ret. */
static void put_return(u64 pa, u32 n)
{
	poke32(pa, LI_A0(n));
	poke32(pa + 4, 0x00008067);
}

/* --- writing code --- */

static void fence_i_makes_stores_visible_to_fetches(void)
{
	map(VA, PAGE(0), 0, PTE_ALL);
	put_return(PAGE(0), 7);
	run(S, call_store_fence_call, VA, LI_A0(8), VA);
	expect_value(8);
	expect(seen.x[19], 7);
}

static void code_can_be_written_in_bare_mode(void)
{
	csr_write(satp, 0);
	put_return(PAGE(0), 7);
	run(S, call_store_fence_call, PAGE(0), LI_A0(9), PAGE(0));
	expect_value(9);
	put_return(PAGE(0), 7);
	run(M, call_store_fence_call, PAGE(0), LI_A0(10), PAGE(0));
	expect_value(10);
}

static void code_can_be_written_through_another_mapping(void)
{
	map(VA, PAGE(0), 0, PTE_ALL & ~(PTE_W | PTE_D));
	map(VA + 0x10000, PAGE(0), 0, PTE_ALL & ~PTE_X);
	put_return(PAGE(0), 7);
	run(S, call_store_fence_call, VA + 0x10000, LI_A0(11), VA);
	expect_value(11);
	expect(seen.x[19], 7);
}

static void code_can_be_written_through_its_physical_address_in_a_superpage(void)
{
	map(VA, PAGE(0), 0, PTE_ALL & ~(PTE_W | PTE_D));
	put_return(PAGE(0), 7);
	run(S, call_store_fence_call, PAGE(0), LI_A0(12), VA);
	expect_value(12);
}

static void without_fence_i_old_or_new_code_runs_and_after_it_the_new(void)
{
	map(VA, PAGE(0), 0, PTE_ALL);
	put_return(PAGE(0), 7);
	run(S, call_store_call, VA, LI_A0(13), VA);
	expect_value(13);
}

static void code_can_be_rewritten_again_and_again(void)
{
	map(VA, PAGE(0), 0, PTE_ALL);
	put_return(PAGE(0), 1);
	run(S, rewrite_loop, VA, VA, 200);
	expect_value(200 * 201 / 2);
	put_return(PAGE(0), 1);
	map(VA + 0x10000, PAGE(0), 0, PTE_ALL & ~PTE_X);
	run(S, rewrite_loop, VA + 0x10000, VA, 200);
	expect_value(200 * 201 / 2);
}

static void a_store_next_to_code_does_not_disturb_it(void)
{
	map(VA, PAGE(0), 0, PTE_ALL);
	put_return(PAGE(0), 7);
	run(S, call_store_fence_call, VA + 0x800, 0, VA);
	expect_value(7);
	expect(peek32(PAGE(0) + 0x800), 0);
}

static void an_instruction_may_overwrite_what_comes_later_in_its_line(void)
{
	map(VA, PAGE(0), 0, PTE_ALL);
	for (int i = 0; i < 3; i++) {
		put_code(PAGE(0), overwrite_next, 8);
		poke32(PAGE(0) + 8, 0);
		run(S, VA, VA + 8, ECALL);
		expect_ok();
		expect(seen.pc, VA + 8);
	}
}

static void each_privilege_mode_sees_new_code(void)
{
	static const enum mode modes[] = { U, S, M };

	csr_write(satp, 0);
	for (u32 n = 0; n < 9; n++) {
		poke32(PAGE(0), LI_A0(n));
		poke32(PAGE(0) + 4, ECALL);
		fetch(modes[n % 3], PAGE(0));
		expect_value(n);
	}
}

CODE(call_amo_fence_call, "mv s0, a0\n mv s1, a1\n jalr s0\n mv s3, a0\n amoswap.w zero, s1, (s0)\n fence.i\n jalr s0");
CODE(call_sc_fence_call, "mv s0, a0\n mv s1, a1\n jalr s0\n mv s3, a0\n"
                         "1: lr.w t0, (s0)\n sc.w t0, s1, (s0)\n bnez t0, 1b\n fence.i\n jalr s0");

static void code_loaded_by_an_amo_or_sc_is_seen(void)
{
	map(VA, PAGE(0), 0, PTE_ALL);
	put_return(PAGE(0), 7);
	run(S, call_amo_fence_call, VA, LI_A0(14));
	expect_value(14);
	run(S, call_sc_fence_call, VA, LI_A0(15));
	expect_value(15);
	expect(seen.x[19], 14);
}

/* --- changing mappings --- */

static void a_code_address_follows_its_mapping(void)
{
	put_answer(PAGE(0));
	put_answer(PAGE(1));
	poke32(PAGE(1), LI_A0(43));
	for (u64 i = 0; i < 6; i++) {
		map(VA, PAGE(i & 1), 0, PTE_USER);
		fetch(U, VA);
		expect_value(ANSWER + (i & 1));
	}
}

static void one_frame_can_be_code_at_several_addresses(void)
{
	put_answer(PAGE(0));
	for (u64 i = 0; i < 6; i++) {
		map(VA + i * 0x1000, PAGE(0), 0, PTE_USER);
		fetch(U, VA + i * 0x1000);
		expect_value(ANSWER);
		expect(seen.pc, VA + i * 0x1000 + 4);
	}
}

static void known_code_faults_when_it_may_no_longer_be_executed(void)
{
	static const u64 denied[] = { PTE_USER & ~PTE_X, PTE_USER & ~PTE_V, PTE_ALL };

	put_answer(PAGE(0));
	for (u64 i = 0; i < ARRAY_SIZE(denied); i++) {
		map(VA, PAGE(0), 0, PTE_USER);
		fetch(U, VA);
		expect_value(ANSWER);
		map(VA, PAGE(0), 0, denied[i]);
		fetch(U, VA);
		expect_fault(FETCH_PAGE_FAULT, VA);
	}
}

static void code_known_in_one_mode_is_checked_in_another(void)
{
	put_answer(PAGE(0));
	map(VA, PAGE(0), 0, PTE_USER);
	fetch(U, VA);
	expect_value(ANSWER);
	fetch(S, VA);
	expect_fault(FETCH_PAGE_FAULT, VA);
	map(VA, PAGE(0), 0, PTE_ALL);
	fetch(S, VA);
	expect_value(ANSWER);
	fetch(U, VA);
	expect_fault(FETCH_PAGE_FAULT, VA);
	fetch(M, PAGE(0));
	expect_value(ANSWER);
}

static void straight_code_runs_from_page_to_page(void)
{
	map(VA, PAGE(8), 0, PTE_USER);
	map(VA + 4096, PAGE(3), 0, PTE_USER); /* not the next frame */
	poke32(PAGE(8) + 4092, 0x00000013);
	put_answer(PAGE(3));
	put_answer(PAGE(9));
	poke32(PAGE(9), LI_A0(1));
	fetch(U, VA + 4092);
	expect_value(ANSWER);
}

static void a_jump_to_an_absent_page_faults_at_its_target(void)
{
	run(U, VA + 0x123e, 0);
	expect_fault(FETCH_PAGE_FAULT, VA + 0x123e);
	expect(seen.pc, VA + 0x123e);
}

static void code_that_runs_off_its_page_faults_at_the_next(void)
{
	map(VA, PAGE(0), 0, PTE_USER);
	poke32(PAGE(0) + 4092, 0x00000013);
	run(U, VA + 4092, 0);
	expect_fault(FETCH_PAGE_FAULT, VA + 4096);
	expect(seen.pc, VA + 4096);
}

static void fetches_outside_memory_and_from_devices_fault(void)
{
	fetch(M, NO_MEMORY);
	expect_fault(FETCH_ACCESS_FAULT, NO_MEMORY);
	map(VA, NO_MEMORY, 0, PTE_USER);
	fetch(U, VA + 0x10);
	expect_fault(FETCH_ACCESS_FAULT, VA + 0x10);
}

/* --- instructions across two pages --- */

/* VA: a c.nop, then `li a0, 42` whose second half is on the next page, then ecall. In frames PAGE(8) and PAGE(3). */
#define CROSSING (VA + 4094)

static void put_crossing(u64 first_flags, u64 second_flags)
{
	map(VA, PAGE(8), 0, first_flags);
	map(VA + 4096, PAGE(3), 0, second_flags);
	put_code(PAGE(8) + 4094, answer_across + 2, 2);
	put_code(PAGE(3), answer_across + 4, 6);
}

static void a_crossing_instruction_takes_its_halves_from_two_frames(void)
{
	put_crossing(PTE_USER, PTE_USER);
	poke(PAGE(9), 0); /* the frame behind the first */
	fetch(U, CROSSING);
	expect_value(ANSWER);
	expect(seen.pc, VA + 4098);
}

static void a_fault_on_the_second_half_reports_the_second_page(void)
{
	static const u64 denied[] = { 0, PTE_USER & ~PTE_X, PTE_ALL };

	for (u64 i = 0; i < ARRAY_SIZE(denied); i++) {
		put_crossing(PTE_USER, denied[i]);
		run(U, CROSSING, 0);
		expect_fault(FETCH_PAGE_FAULT, VA + 4096);
		expect(seen.pc, CROSSING);
	}
}

static void an_illegal_crossing_instruction_reports_all_its_bits(void)
{
	put_crossing(PTE_USER, PTE_USER);
	*(volatile u16 *)(PAGE(8) + 4094) = 0x2573; /* csrr a0, 0x5c0, which does not exist */
	*(volatile u16 *)PAGE(3) = 0x5c00;
	run(U, CROSSING, 0);
	expect_fault_tval_or_0(ILLEGAL_INSTRUCTION, 0x5c002573);
	expect(seen.pc, CROSSING);
}

static void a_fault_on_the_first_half_reports_the_first_page(void)
{
	put_crossing(0, PTE_USER);
	run(U, CROSSING, 0);
	expect_fault(FETCH_PAGE_FAULT, CROSSING);
	expect(seen.pc, CROSSING);
}

static void a_compressed_instruction_does_not_need_the_next_page(void)
{
	map(VA, PAGE(0), 0, PTE_USER);
	put_code(PAGE(0) + 4094, compressed_nop, 2);
	run(U, VA + 4094, 0);
	expect_fault(FETCH_PAGE_FAULT, VA + 4096);
	expect(seen.pc, VA + 4096);
}

static void an_access_fault_on_the_second_half_reports_the_second_page(void)
{
	put_crossing(PTE_USER, PTE_USER);
	map(VA + 4096, NO_MEMORY, 0, PTE_USER);
	run(U, CROSSING, 0);
	expect_fault(FETCH_ACCESS_FAULT, VA + 4096);
	expect(seen.pc, CROSSING);
	put_crossing(PTE_USER, PTE_USER);
	pmp_set(0, PMP_NAPOT, napot(PAGE(3), 4096));
	run(U, CROSSING, 0);
	expect_fault(FETCH_ACCESS_FAULT, VA + 4096);
	expect(seen.pc, CROSSING);
}

static void a_fault_on_the_second_half_is_resumed_when_the_page_is_there(void)
{
	put_crossing(PTE_USER, 0);
	run(U, CROSSING, 0);
	expect_fault(FETCH_PAGE_FAULT, VA + 4096);
	put_crossing(PTE_USER, PTE_USER);
	run(U, seen.pc, 0);
	expect_value(ANSWER);
}

static void a_new_frame_for_the_second_half_changes_the_instruction(void)
{
	put_crossing(PTE_USER, PTE_USER);
	put_code(PAGE(5), answer_across + 4, 6);
	poke32(PAGE(5), (peek32(PAGE(5)) & 0xffff0000) | (LI_A0(99) >> 16));
	for (u64 i = 0; i < 6; i++) {
		map(VA + 4096, i & 1 ? PAGE(5) : PAGE(3), 0, PTE_USER);
		fetch(U, CROSSING);
		expect_value(i & 1 ? 99 : ANSWER);
	}
}

static void a_store_to_either_half_changes_the_instruction(void)
{
	put_crossing(PTE_USER, PTE_USER);
	fetch(U, CROSSING);
	expect_value(ANSWER);
	*(volatile u16 *)PAGE(3) = LI_A0(55) >> 16;
	fetch(U, CROSSING);
	expect_value(55);
	*(volatile u16 *)(PAGE(8) + 4094) |= 1 << 7; /* rd: a0 becomes a1 */
	fetch(U, CROSSING);
	expect_value(0);
	expect(seen.x[11], 55);
}

static void a_crossing_instruction_that_runs_often_notices_a_lost_page(void)
{
	for (int i = 0; i < 50; i++) {
		put_crossing(PTE_USER, PTE_USER);
		fetch(U, CROSSING);
		expect_value(ANSWER);
	}
	put_crossing(PTE_USER, PTE_USER & ~PTE_X);
	run(U, CROSSING, 0);
	expect_fault(FETCH_PAGE_FAULT, VA + 4096);
	expect(seen.pc, CROSSING);
}

const struct rule rules[] = {
	RULE(fence_i_makes_stores_visible_to_fetches),
	RULE(code_can_be_written_in_bare_mode),
	RULE(code_can_be_written_through_another_mapping),
	RULE(code_can_be_written_through_its_physical_address_in_a_superpage),
	RULE(without_fence_i_old_or_new_code_runs_and_after_it_the_new),
	RULE(code_can_be_rewritten_again_and_again),
	RULE(a_store_next_to_code_does_not_disturb_it),
	RULE(an_instruction_may_overwrite_what_comes_later_in_its_line),
	RULE(each_privilege_mode_sees_new_code),
	RULE(code_loaded_by_an_amo_or_sc_is_seen),
	RULE(a_code_address_follows_its_mapping),
	RULE(one_frame_can_be_code_at_several_addresses),
	RULE(known_code_faults_when_it_may_no_longer_be_executed),
	RULE(code_known_in_one_mode_is_checked_in_another),
	RULE(straight_code_runs_from_page_to_page),
	RULE(a_jump_to_an_absent_page_faults_at_its_target),
	RULE(code_that_runs_off_its_page_faults_at_the_next),
	RULE(fetches_outside_memory_and_from_devices_fault),
	RULE(a_crossing_instruction_takes_its_halves_from_two_frames),
	RULE(a_fault_on_the_second_half_reports_the_second_page),
	RULE(an_illegal_crossing_instruction_reports_all_its_bits),
	RULE(a_fault_on_the_first_half_reports_the_first_page),
	RULE(a_compressed_instruction_does_not_need_the_next_page),
	RULE(a_fault_on_the_second_half_is_resumed_when_the_page_is_there),
	RULE(a_new_frame_for_the_second_half_changes_the_instruction),
	RULE(a_store_to_either_half_changes_the_instruction),
	RULE(a_crossing_instruction_that_runs_often_notices_a_lost_page),
	RULE(an_access_fault_on_the_second_half_reports_the_second_page), /* QEMU 7.2 crashes here */
};

const u64 rule_count = ARRAY_SIZE(rules);
