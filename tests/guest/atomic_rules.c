/*
 * LR/SC and AMOs: what makes an SC fail, what they return, and that their faults are of the right kind. Unprivileged
 * manual, "A Extension for Atomic Instructions"; privileged manual, table of mcause values.
 */
#include "tests/guest/guest.h"

CODE(lr_d, "lr.d a0, (a0)");
CODE(lr_w, "lr.w a0, (a0)");
CODE(sc_d, "sc.d a0, a1, (a0)");
CODE(sc_w, "sc.w a0, a1, (a0)");
CODE(amo_swap_d, "amoswap.d a0, a1, (a0)");
CODE(amo_add_d, "amoadd.d a0, a1, (a0)");
CODE(amo_add_w, "amoadd.w a0, a1, (a0)");
CODE(amo_max_w, "amomax.w a0, a1, (a0)");
CODE(amo_maxu_w, "amomaxu.w a0, a1, (a0)");
CODE(amo_same_register, "amoadd.d a0, a0, (a0)");
CODE(amo_to_zero, "amoadd.d zero, a1, (a0)");
CODE(lr_sc, "lr.d a2, (a0)\n sc.d a3, a1, (a0)\n mv a0, a3");
CODE(lr_sc_w, "lr.w a2, (a0)\n sc.w a3, a1, (a0)\n mv a0, a3");
CODE(lr_sc_sc, "lr.d a2, (a0)\n sc.d a3, a1, (a0)\n sc.d a4, a1, (a0)\n snez a4, a4\n mv a0, a4");
CODE(lr_sc_elsewhere, "lr.d a2, (a0)\n li t0, 2048\n add a3, a0, t0\n sc.d a4, a1, (a3)\n snez a0, a4");
CODE(sc_elsewhere_then_here, "lr.d a2, (a0)\n li t0, 2048\n add a3, a0, t0\n sc.d a4, a1, (a3)\n sc.d a4, a1, (a0)\n"
                             " snez a0, a4");
CODE(lr_lr_sc_first, "lr.d a2, (a0)\n li t0, 2048\n add a3, a0, t0\n lr.d a4, (a3)\n sc.d a4, a1, (a0)\n snez a0, a4");
CODE(lr_sc_loop, "1: lr.d t0, (a0)\n addi t0, t0, 1\n sc.d t1, t0, (a0)\n bnez t1, 1b\n addi a1, a1, -1\n bnez a1, 1b");

void before_each(void)
{
	sv39();
	map(VA, PAGE(0), 0, PTE_ALL);
}

/* --- LR and SC --- */

static void sc_succeeds_after_lr_and_stores(void)
{
	run(S, lr_sc, VA, 77);
	expect_value(0);
	expect(seen.x[12], PAGE(0));
	expect(peek(PAGE(0)), 77);
}

static void sc_w_stores_4_bytes_and_lr_w_sign_extends(void)
{
	poke(PAGE(0), 0x1122334480000000);
	run(S, lr_sc_w, VA, 0x99999999aaaaaaaa);
	expect_value(0);
	expect(seen.x[12], 0xffffffff80000000);
	expect(peek(PAGE(0)), 0x11223344aaaaaaaa);
}

static void sc_without_lr_fails_and_stores_nothing(void)
{
	run(S, lr_sc, VA, 1); /* any reservation is gone after this */
	poke(PAGE(0), 5);
	single(S, sc_d, VA, 6);
	expect_ok();
	expect(seen.x[10] != 0, 1);
	expect(peek(PAGE(0)), 5);
}

static void sc_uses_up_the_reservation(void)
{
	run(S, lr_sc_sc, VA, 1);
	expect_value(1);
	expect(seen.x[13], 0);
}

static void sc_outside_the_reservation_fails(void)
{
	run(S, lr_sc_elsewhere, VA, 1);
	expect_value(1);
	expect(peek(PAGE(0) + 2048), PAGE(0) + 2048);
}

static void a_failed_sc_uses_up_the_reservation_too(void)
{
	run(S, sc_elsewhere_then_here, VA, 1);
	expect_value(1);
	expect(peek(PAGE(0)), PAGE(0));
}

static void a_second_lr_replaces_the_first(void)
{
	run(S, lr_lr_sc_first, VA, 1);
	expect_value(1);
	expect(peek(PAGE(0)), PAGE(0));
}

static void lr_sc_loops_make_progress(void)
{
	poke(PAGE(0), 0);
	run(S, lr_sc_loop, VA, 1000);
	expect_ok();
	expect(peek(PAGE(0)), 1000);
}

static void lr_faults_like_a_load(void)
{
	map(VA, PAGE(0), 0, PTE_V | PTE_X | PTE_A | PTE_D);
	single(S, lr_d, VA, 0);
	expect_fault(LOAD_PAGE_FAULT, VA);
	single(S, lr_w, VA + 4096, 0);
	expect_fault(LOAD_PAGE_FAULT, VA + 4096);
	map(VA, NO_MEMORY, 0, PTE_ALL);
	single(S, lr_d, VA, 0);
	expect_fault(LOAD_ACCESS_FAULT, VA);
}

static void lr_needs_r_alone(void)
{
	map(VA, PAGE(0), 0, PTE_ALL & ~(PTE_W | PTE_D));
	single(S, lr_d, VA, 0);
	expect_value(PAGE(0));
}

/*
 * With a reservation for the page that has lost its W meanwhile: a store page fault, or a failed SC. Never a success.
 */
static void sc_needs_w(void)
{
	map(VA, PAGE(0), 0, PTE_ALL & ~(PTE_W | PTE_D));
	run(S, lr_sc, VA, 1);
	if (seen.cause == ECALL_FROM_S)
		expect(seen.x[10] != 0, 1);
	else
		expect_fault(STORE_PAGE_FAULT, VA);
	expect(peek(PAGE(0)), PAGE(0));
}

static void lr_and_sc_must_be_aligned(void)
{
	single(S, lr_w, VA + 2, 0);
	expect(seen.cause == LOAD_MISALIGNED || seen.cause == LOAD_ACCESS_FAULT, 1);
	expect(seen.tval, VA + 2);
	single(S, lr_d, VA + 4, 0);
	expect(seen.cause == LOAD_MISALIGNED || seen.cause == LOAD_ACCESS_FAULT, 1);
	single(S, sc_w, VA + 2, 0);
	expect(seen.cause == STORE_MISALIGNED || seen.cause == STORE_ACCESS_FAULT, 1);
	expect(seen.tval, VA + 2);
	single(S, sc_d, VA + 4, 0);
	expect(seen.cause == STORE_MISALIGNED || seen.cause == STORE_ACCESS_FAULT, 1);
}

/* --- AMOs --- */

static void amo_returns_the_old_value_and_stores_the_new(void)
{
	single(S, amo_add_d, VA, 5);
	expect_value(PAGE(0));
	expect(peek(PAGE(0)), PAGE(0) + 5);
	single(S, amo_swap_d, VA, 7);
	expect_value(PAGE(0) + 5);
	expect(peek(PAGE(0)), 7);
}

static void amo_w_sign_extends_and_touches_4_bytes(void)
{
	poke(PAGE(0), 0x11223344fffffffe);
	single(S, amo_add_w, VA, 0x5500000003);
	expect_value(0xfffffffffffffffe);
	expect(peek(PAGE(0)), 0x1122334400000001);
	poke(PAGE(0), 0xffffffff);
	single(S, amo_max_w, VA, 1);
	expect(peek32(PAGE(0)), 1);
	poke(PAGE(0), 0xffffffff);
	single(S, amo_maxu_w, VA, 1);
	expect(peek32(PAGE(0)), 0xffffffff);
}

static void amo_with_one_register_for_everything(void)
{
	poke(PAGE(0), 3);
	single(S, amo_same_register, VA, 0);
	expect_value(3);
	expect(peek(PAGE(0)), VA + 3);
}

static void amo_to_x0_still_stores(void)
{
	poke(PAGE(0), 3);
	single(S, amo_to_zero, VA, 4);
	expect(peek(PAGE(0)), 7);
}

static void amo_on_an_absent_page_is_a_store_page_fault(void)
{
	single(S, amo_add_d, VA + 4096, 1);
	expect_fault(STORE_PAGE_FAULT, VA + 4096);
	single(S, amo_add_w, VA + 4096, 1);
	expect_fault(STORE_PAGE_FAULT, VA + 4096);
}

static void amo_on_a_page_without_w_is_a_store_page_fault(void)
{
	map(VA, PAGE(0), 0, PTE_ALL & ~PTE_W);
	single(S, amo_swap_d, VA, 1);
	expect_fault(STORE_PAGE_FAULT, VA);
	expect(peek(PAGE(0)), PAGE(0));
}

static void amo_on_a_page_without_r_and_w_is_a_store_page_fault(void)
{
	map(VA, PAGE(0), 0, PTE_V | PTE_X | PTE_A | PTE_D);
	single(S, amo_swap_d, VA, 1);
	expect_fault(STORE_PAGE_FAULT, VA);
}

static void amo_outside_memory_is_a_store_access_fault(void)
{
	map(VA, NO_MEMORY, 0, PTE_ALL);
	single(S, amo_add_d, VA, 1);
	expect_fault(STORE_ACCESS_FAULT, VA);
	single(M, amo_add_d, NO_MEMORY, 1);
	expect_fault(STORE_ACCESS_FAULT, NO_MEMORY);
}

static void amo_on_a_non_canonical_address_is_a_store_page_fault(void)
{
	single(S, amo_add_d, VA | BIT(62), 1);
	expect_fault(STORE_PAGE_FAULT, VA | BIT(62));
}

static void amo_must_be_aligned(void)
{
	single(S, amo_add_w, VA + 2, 1);
	expect(seen.cause == STORE_MISALIGNED || seen.cause == STORE_ACCESS_FAULT, 1);
	expect(seen.tval, VA + 2);
	single(S, amo_add_d, VA + 4, 1);
	expect(seen.cause == STORE_MISALIGNED || seen.cause == STORE_ACCESS_FAULT, 1);
	expect(seen.tval, VA + 4);
	expect(peek(PAGE(0)), PAGE(0));
}

static void amo_obeys_sum_and_u(void)
{
	map(VA, PAGE(0), 0, PTE_USER);
	single(S, amo_add_d, VA, 1);
	expect_fault(STORE_PAGE_FAULT, VA);
	single(S, lr_d, VA, 0);
	expect_fault(LOAD_PAGE_FAULT, VA);
	mstatus_bits = MSTATUS_SUM;
	single(S, amo_add_d, VA, 1);
	expect_value(PAGE(0));
	single(U, amo_add_d, VA, 1);
	expect_value(PAGE(0) + 1);
}

const struct rule rules[] = {
	RULE(sc_succeeds_after_lr_and_stores),
	RULE(sc_w_stores_4_bytes_and_lr_w_sign_extends),
	RULE(sc_without_lr_fails_and_stores_nothing),
	RULE(sc_uses_up_the_reservation),
	RULE(sc_outside_the_reservation_fails),
	RULE(a_failed_sc_uses_up_the_reservation_too),
	RULE(a_second_lr_replaces_the_first),
	RULE(lr_sc_loops_make_progress),
	RULE(lr_faults_like_a_load),
	RULE(lr_needs_r_alone),
	RULE(sc_needs_w),
	RULE(lr_and_sc_must_be_aligned),
	RULE(amo_returns_the_old_value_and_stores_the_new),
	RULE(amo_w_sign_extends_and_touches_4_bytes),
	RULE(amo_with_one_register_for_everything),
	RULE(amo_to_x0_still_stores),
	RULE(amo_on_an_absent_page_is_a_store_page_fault),
	RULE(amo_on_a_page_without_w_is_a_store_page_fault),
	RULE(amo_on_a_page_without_r_and_w_is_a_store_page_fault),
	RULE(amo_outside_memory_is_a_store_access_fault),
	RULE(amo_on_a_non_canonical_address_is_a_store_page_fault),
	RULE(amo_must_be_aligned),
	RULE(amo_obeys_sum_and_u),
};

const u64 rule_count = ARRAY_SIZE(rules);
