/*
 * SUM, MXR and MPRV: who may do what on whose pages. Privileged manual, "Memory Privilege in mstatus Register" and
 * step 5 to 8 of "Virtual Address Translation Process".
 */
#include "tests/guest/guest.h"

/* a1 goes into mstatus, then a load or store, then mstatus is 0 again. */
CODE(load_with_mstatus, "csrw mstatus, a1\n ld a0, 0(a0)\n csrw mstatus, zero");
CODE(store_with_mstatus, "csrw mstatus, a1\n sd a2, 0(a0)\n csrw mstatus, zero");

/* The same, and instructions are fetched anew while a1 is in mstatus. */
CODE(load_and_fetch_with_mstatus, "csrw mstatus, a1\n fence.i\n ld a0, 0(a0)\n j 1f\n .balign 64\n"
                                  "1: fence.i\n csrw mstatus, zero");

/* In S mode: the bits of a1 are set in sstatus, and taken back after the access. */
CODE(load_with_sstatus, "csrs sstatus, a1\n ld a0, 0(a0)\n csrc sstatus, a1");
CODE(load_without_sstatus, "csrc sstatus, a1\n ld a0, 0(a0)");
CODE(load_before_and_after, "csrs sstatus, a1\n ld a2, 0(a0)\n csrc sstatus, a1\n ld a0, 0(a0)");

void before_each(void)
{
	sv39();
}

/* --- SUM --- */

static void s_mode_may_not_touch_u_pages_without_sum(void)
{
	map(VA, PAGE(0), 0, PTE_USER);
	for (enum kind kind = LOAD; kind < KINDS; kind++) {
		access(kind, S, VA);
		expect_fault(page_fault_of[kind], VA);
	}
}

static void s_mode_may_load_and_store_u_pages_with_sum(void)
{
	map(VA, PAGE(0), 0, PTE_USER);
	mstatus_bits = MSTATUS_SUM;
	load(S, VA);
	expect_value(PAGE(0));
	store(S, VA, 5);
	expect_ok();
	expect(peek(PAGE(0)), 5);
}

static void s_mode_never_executes_u_pages(void)
{
	for (int level = 0; level < 3; level++) {
		map(VA, level == 2 ? 0x80000000 : PLAYGROUND, level, PTE_USER);
		put_answer(PAGE(0));
		mstatus_bits = MSTATUS_SUM | MSTATUS_MXR;
		fetch(S, VA + (level == 2 ? PLAYGROUND & 0x3fffffff : 0));
		expect(seen.cause, FETCH_PAGE_FAULT);
		*pte_at(VA, level) = 0;
	}
}

static void sum_does_not_open_s_pages_to_u_mode(void)
{
	map(VA, PAGE(0), 0, PTE_ALL);
	mstatus_bits = MSTATUS_SUM | MSTATUS_MXR;
	for (enum kind kind = LOAD; kind < KINDS; kind++) {
		access(kind, U, VA);
		expect_fault(page_fault_of[kind], VA);
	}
}

static void sum_does_not_close_u_pages_to_u_mode(void)
{
	map(VA, PAGE(0), 0, PTE_USER);
	mstatus_bits = MSTATUS_SUM;
	load(U, VA);
	expect_value(PAGE(0));
}

static void sum_does_not_override_r_and_w(void)
{
	mstatus_bits = MSTATUS_SUM;
	map(VA, PAGE(0), 0, PTE_USER & ~PTE_W);
	store(S, VA, 1);
	expect_fault(STORE_PAGE_FAULT, VA);
	map(VA, PAGE(0), 0, PTE_USER & ~(PTE_R | PTE_W));
	load(S, VA);
	expect_fault(LOAD_PAGE_FAULT, VA);
}

static void sum_takes_effect_at_once(void)
{
	map(VA, PAGE(0), 0, PTE_USER);
	run(S, load_with_sstatus, VA, MSTATUS_SUM);
	expect_value(PAGE(0));
	mstatus_bits = MSTATUS_SUM;
	run(S, load_without_sstatus, VA, MSTATUS_SUM);
	expect(seen.cause, LOAD_PAGE_FAULT);
	mstatus_bits = 0;
	run(S, load_before_and_after, VA, MSTATUS_SUM);
	expect(seen.cause, LOAD_PAGE_FAULT);
	expect(seen.x[12], PAGE(0));
}

/* --- MXR --- */

static void mxr_lets_loads_read_executable_pages(void)
{
	map(VA, PAGE(0), 0, PTE_V | PTE_X | PTE_U | PTE_A);
	load(U, VA);
	expect_fault(LOAD_PAGE_FAULT, VA);
	mstatus_bits = MSTATUS_MXR;
	load(U, VA);
	expect_value(PAGE(0));
	map(VA, PAGE(0), 0, PTE_V | PTE_X | PTE_A);
	load(S, VA);
	expect_value(PAGE(0));
}

static void mxr_does_not_allow_stores_or_fetches(void)
{
	mstatus_bits = MSTATUS_MXR;
	map(VA, PAGE(0), 0, PTE_V | PTE_X | PTE_U | PTE_A | PTE_D);
	store(U, VA, 1);
	expect_fault(STORE_PAGE_FAULT, VA);
	map(VA, PAGE(0), 0, PTE_V | PTE_R | PTE_U | PTE_A | PTE_D);
	fetch(U, VA);
	expect_fault(FETCH_PAGE_FAULT, VA);
}

static void mxr_does_not_stand_for_sum(void)
{
	map(VA, PAGE(0), 0, PTE_V | PTE_X | PTE_U | PTE_A);
	mstatus_bits = MSTATUS_MXR;
	load(S, VA);
	expect_fault(LOAD_PAGE_FAULT, VA);
	mstatus_bits = MSTATUS_MXR | MSTATUS_SUM;
	load(S, VA);
	expect_value(PAGE(0));
}

static void mxr_takes_effect_at_once(void)
{
	map(VA, PAGE(0), 0, PTE_V | PTE_X | PTE_A);
	run(S, load_before_and_after, VA, MSTATUS_MXR);
	expect(seen.cause, LOAD_PAGE_FAULT);
	expect(seen.x[12], PAGE(0));
}

/* --- MPRV --- */

static void mprv_translates_loads_and_stores_as_mpp(void)
{
	map(VA, PAGE(0), 0, PTE_USER);
	run(M, load_with_mstatus, VA, MSTATUS_MPRV | MSTATUS_MPP(U));
	expect_value(PAGE(0));
	run(M, store_with_mstatus, VA, MSTATUS_MPRV | MSTATUS_MPP(U), 9);
	expect_ok();
	expect(peek(PAGE(0)), 9);
	map(VA, PAGE(1), 0, PTE_ALL);
	run(M, load_with_mstatus, VA, MSTATUS_MPRV | MSTATUS_MPP(S));
	expect_value(PAGE(1));
}

static void mprv_faults_as_mpp_would(void)
{
	map(VA, PAGE(0), 0, PTE_ALL);
	run(M, load_with_mstatus, VA, MSTATUS_MPRV | MSTATUS_MPP(U));
	expect_fault(LOAD_PAGE_FAULT, VA);
	expect(seen.mstatus & MSTATUS_MPP(3), MSTATUS_MPP(M)); /* the trap came from M mode */
	expect(seen.mstatus & MSTATUS_MPRV, MSTATUS_MPRV);
	run(M, store_with_mstatus, VA + 4096, MSTATUS_MPRV | MSTATUS_MPP(S), 9);
	expect_fault(STORE_PAGE_FAULT, VA + 4096);
}

static void mprv_with_mpp_m_does_not_translate(void)
{
	run(M, load_with_mstatus, PAGE(2), MSTATUS_MPRV | MSTATUS_MPP(M));
	expect_value(PAGE(2));
}

static void mprv_does_nothing_to_fetches(void)
{
	*pte_at(0x80000000, 2) = 0; /* the stub itself could not be fetched with S mode's eyes */
	map(VA, PAGE(0), 0, PTE_ALL);
	run(M, load_and_fetch_with_mstatus, VA, MSTATUS_MPRV | MSTATUS_MPP(S));
	expect_value(PAGE(0));
	map(VA, PAGE(0), 0, PTE_USER);
	run(M, load_and_fetch_with_mstatus, VA, MSTATUS_MPRV | MSTATUS_MPP(U));
	expect_value(PAGE(0));
}

static void mprv_obeys_sum_and_mxr(void)
{
	map(VA, PAGE(0), 0, PTE_USER);
	run(M, load_with_mstatus, VA, MSTATUS_MPRV | MSTATUS_MPP(S));
	expect_fault(LOAD_PAGE_FAULT, VA);
	run(M, load_with_mstatus, VA, MSTATUS_MPRV | MSTATUS_MPP(S) | MSTATUS_SUM);
	expect_value(PAGE(0));
	map(VA, PAGE(0), 0, PTE_V | PTE_X | PTE_U | PTE_A);
	run(M, load_with_mstatus, VA, MSTATUS_MPRV | MSTATUS_MPP(U));
	expect_fault(LOAD_PAGE_FAULT, VA);
	run(M, load_with_mstatus, VA, MSTATUS_MPRV | MSTATUS_MPP(U) | MSTATUS_MXR);
	expect_value(PAGE(0));
}

static void mprv_in_bare_mode_does_not_translate(void)
{
	csr_write(satp, 0);
	run(M, load_with_mstatus, PAGE(2), MSTATUS_MPRV | MSTATUS_MPP(U));
	expect_value(PAGE(2));
}

static void mprv_checks_canonical_addresses(void)
{
	run(M, load_with_mstatus, VA | BIT(45), MSTATUS_MPRV | MSTATUS_MPP(U));
	expect_fault(LOAD_PAGE_FAULT, VA | BIT(45));
}

/* With MPRV=1 and MPP=S the data side sees S pages; the modes themselves must not notice afterwards. */
static void mprv_leaves_no_trace_in_other_modes(void)
{
	map(VA, PAGE(0), 0, PTE_ALL);
	no_fences = 1;
	sfence_vma_all();
	run(M, load_with_mstatus, VA, MSTATUS_MPRV | MSTATUS_MPP(S));
	expect_value(PAGE(0));
	load(U, VA);
	expect_fault(LOAD_PAGE_FAULT, VA);
	load(M, PAGE(3));
	expect_value(PAGE(3));
}

const struct rule rules[] = {
	RULE(s_mode_may_not_touch_u_pages_without_sum),
	RULE(s_mode_may_load_and_store_u_pages_with_sum),
	RULE(s_mode_never_executes_u_pages),
	RULE(sum_does_not_open_s_pages_to_u_mode),
	RULE(sum_does_not_close_u_pages_to_u_mode),
	RULE(sum_does_not_override_r_and_w),
	RULE(sum_takes_effect_at_once),
	RULE(mxr_lets_loads_read_executable_pages),
	RULE(mxr_does_not_allow_stores_or_fetches),
	RULE(mxr_does_not_stand_for_sum),
	RULE(mxr_takes_effect_at_once),
	RULE(mprv_translates_loads_and_stores_as_mpp),
	RULE(mprv_faults_as_mpp_would),
	RULE(mprv_with_mpp_m_does_not_translate),
	RULE(mprv_does_nothing_to_fetches),
	RULE(mprv_obeys_sum_and_mxr),
	RULE(mprv_in_bare_mode_does_not_translate),
	RULE(mprv_checks_canonical_addresses),
	RULE(mprv_leaves_no_trace_in_other_modes),
};

const u64 rule_count = ARRAY_SIZE(rules);
