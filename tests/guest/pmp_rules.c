/*
 * Physical memory protection. Privileged manual, "Physical Memory Protection", and its "Physical Memory Protection
 * and Paging".
 *
 * Entry 15 lets everything through, with the lowest priority; rules use the others for some pages of the playground,
 * which are open to nobody or to whom the rule says. The rules about locked entries are the last ones: a lock stays
 * until reset.
 */
#include "tests/guest/guest.h"

#define PMP_RWX (PMP_R | PMP_W | PMP_X)

CODE(load_4, "lw a0, 0(a0)");
CODE(store_4, "sw a1, 0(a0)");
CODE(load_1, "lbu a0, 0(a0)");
CODE(amo_add, "amoadd.d a0, a1, (a0)");
CODE(load_reserved, "lr.d a0, (a0)");
CODE(load_with_mstatus, "csrw mstatus, a1\n ld a0, 0(a0)\n csrw mstatus, zero");
CODE(load_load, "ld a2, 0(a0)\n ld a3, 0(a1)");
CODE(load_store, "ld a2, 0(a0)\n sd a3, 0(a1)");
CODE(store_store, "sd a3, 0(a0)\n sd a3, 0(a1)");
CODE(two_nops, "nop\n nop");

void before_each(void)
{
}

/* Entry 0: a page, for U and S mode only what cfg says. */
static void guard_page(u64 page, u64 cfg)
{
	pmp_set(0, PMP_NAPOT | cfg, napot(PAGE(page), 4096));
}

static const u64 permission_of[KINDS] = { PMP_R, PMP_W, PMP_X };

static void expect_access_faults(enum mode mode, u64 va)
{
	for (enum kind kind = LOAD; kind < KINDS; kind++) {
		access(kind, mode, va);
		expect_fault(access_fault_of[kind], va);
	}
}

static void r_w_and_x_allow_exactly_their_access(void)
{
	static const u64 legal[] = { 0, PMP_R, PMP_X, PMP_R | PMP_W, PMP_R | PMP_X, PMP_RWX };

	for (u64 i = 0; i < 2 * ARRAY_SIZE(legal); i++) {
		enum mode mode = i & 1 ? U : S;

		guard_page(0, legal[i / 2]);
		for (enum kind kind = LOAD; kind < KINDS; kind++) {
			put_answer(PAGE(0));
			access(kind, mode, PAGE(0));
			if (legal[i / 2] & permission_of[kind])
				expect_ok();
			else
				expect_fault(access_fault_of[kind], PAGE(0));
		}
	}
}

static void m_mode_is_not_bound_by_unlocked_entries(void)
{
	guard_page(0, 0);
	load(M, PAGE(0));
	expect_value(PAGE(0));
	store(M, PAGE(0), 4);
	expect_ok();
	put_answer(PAGE(0));
	fetch(M, PAGE(0));
	expect_value(ANSWER);
}

static void without_a_match_s_and_u_mode_fail(void)
{
	pmp_set(1, PMP_NAPOT | PMP_X, napot((u64)stubs_start & ~0x3ffful, 0x4000)); /* the stubs can run */
	pmp_close();
	load(S, PAGE(0));
	expect_fault(LOAD_ACCESS_FAULT, PAGE(0));
	store(U, PAGE(0), 0);
	expect_fault(STORE_ACCESS_FAULT, PAGE(0));
	fetch(S, PAGE(0));
	expect_fault(FETCH_ACCESS_FAULT, PAGE(0));
	load(M, PAGE(0));
	expect_value(PAGE(0));
}

static void the_lowest_numbered_match_decides(void)
{
	pmp_set(3, PMP_NAPOT | PMP_R, napot(PAGE(0), 4096));
	pmp_set(4, PMP_NAPOT | PMP_RWX, napot(PAGE(0), 8192));
	store(S, PAGE(0), 1);
	expect_fault(STORE_ACCESS_FAULT, PAGE(0));
	store(S, PAGE(1), 1);
	expect_ok();
	pmp_set(2, PMP_NAPOT | PMP_RWX, napot(PAGE(0), 4096));
	store(S, PAGE(0), 1);
	expect_ok();
}

static void napot_spans_its_power_of_two(void)
{
	for (u64 size = 8; size <= 0x10000; size *= 2) {
		pmp_set(0, PMP_NAPOT, napot(PLAYGROUND + 0x10000, size));
		load(S, PLAYGROUND + 0x10000);
		expect_fault(LOAD_ACCESS_FAULT, PLAYGROUND + 0x10000);
		load(S, PLAYGROUND + 0x10000 + size - 8);
		expect_fault(LOAD_ACCESS_FAULT, PLAYGROUND + 0x10000 + size - 8);
		load(S, PLAYGROUND + 0x10000 - 8);
		expect_ok();
		load(S, PLAYGROUND + 0x10000 + size);
		expect_ok();
	}
}

static void na4_spans_four_bytes(void)
{
	pmp_set(0, PMP_NA4, (PAGE(0) + 4) >> 2);
	single(S, load_4, PAGE(0) + 4, 0);
	expect_fault(LOAD_ACCESS_FAULT, PAGE(0) + 4);
	single(S, load_1, PAGE(0) + 7, 0);
	expect_fault(LOAD_ACCESS_FAULT, PAGE(0) + 7);
	single(S, load_4, PAGE(0), 0);
	expect_ok();
	single(S, load_4, PAGE(0) + 8, 0);
	expect_ok();
}

static void tor_spans_from_the_entry_before(void)
{
	pmp_set(1, 0, PAGE(1) >> 2);
	pmp_set(2, PMP_TOR, PAGE(3) >> 2);
	load(S, PAGE(1) - 8);
	expect_ok();
	load(S, PAGE(1));
	expect_fault(LOAD_ACCESS_FAULT, PAGE(1));
	load(S, PAGE(3) - 8);
	expect_fault(LOAD_ACCESS_FAULT, PAGE(3) - 8);
	load(S, PAGE(3));
	expect_ok();
}

static void tor_in_entry_0_starts_at_address_0(void)
{
	pmp_set(0, PMP_TOR | PMP_X | PMP_R, PAGE(1) >> 2);
	store(S, PAGE(0), 1);
	expect_fault(STORE_ACCESS_FAULT, PAGE(0));
	load(S, PAGE(0));
	expect_ok();
	store(S, PAGE(1), 1);
	expect_ok();
}

static void tor_with_its_top_not_above_matches_nothing(void)
{
	pmp_set(1, 0, PAGE(3) >> 2);
	pmp_set(2, PMP_TOR, PAGE(1) >> 2);
	load(S, PAGE(2));
	expect_ok();
	pmp_set(2, PMP_TOR, PAGE(3) >> 2);
	load(S, PAGE(3));
	expect_ok();
	load(S, PAGE(3) - 8);
	expect_ok();
	pmp_set(1, 0, (PAGE(3) + 4) >> 2); /* top and bottom in the middle of an access */
	pmp_set(2, PMP_TOR, (PAGE(3) + 4) >> 2);
	load(S, PAGE(3));
	expect_ok();
	pmp_set(2, 0, 0);
	pmp_set(0, PMP_TOR, 0);
	load(S, PAGE(3));
	expect_ok();
}

/* The two entries are in different pmpcfg registers: the second is not written again. */
static void tor_follows_the_address_before_it(void)
{
	pmp_set(7, 0, PAGE(3) >> 2);
	pmp_set(8, PMP_TOR, PAGE(5) >> 2);
	pmp_set(7, 0, PAGE(1) >> 2);
	load(S, PAGE(1));
	expect_fault(LOAD_ACCESS_FAULT, PAGE(1));
	pmp_set(7, 0, PAGE(4) >> 2);
	load(S, PAGE(3));
	expect_ok();
	load(S, PAGE(4));
	expect_fault(LOAD_ACCESS_FAULT, PAGE(4));
}

static void tor_takes_the_entry_before_whatever_its_mode(void)
{
	pmp_set(1, PMP_NAPOT | PMP_RWX, napot(PAGE(8), 4096));
	pmp_set(2, PMP_TOR, PAGE(20) >> 2);
	load(S, PAGE(8)); /* entry 1 comes first */
	expect_ok();
	load(S, PAGE(9));
	expect_fault(LOAD_ACCESS_FAULT, PAGE(9));
	load(S, PAGE(7));
	expect_ok();
}

static void an_off_entry_matches_nothing(void)
{
	pmp_set(0, 0, napot(PAGE(0), 4096));
	load(S, PAGE(0));
	expect_ok();
}

static void a_partly_matched_access_fails_whatever_the_permissions(void)
{
	pmp_set(0, PMP_NA4 | PMP_RWX, PAGE(0) >> 2);
	load(S, PAGE(0));
	expect_fault(LOAD_ACCESS_FAULT, PAGE(0));
	store(U, PAGE(0), 1);
	expect_fault(STORE_ACCESS_FAULT, PAGE(0));
	single(S, load_4, PAGE(0), 0);
	expect_ok();
	pmp_set(0, 0, 0);
	expect(peek(PAGE(0)), PAGE(0));
}

static void a_partly_matched_access_fails_in_m_mode_too(void)
{
	pmp_set(0, PMP_NA4 | PMP_RWX, PAGE(0) >> 2);
	load(M, PAGE(0));
	expect_fault(LOAD_ACCESS_FAULT, PAGE(0));
}

static void a_misaligned_access_into_a_closed_page_fails(void)
{
	needs(facts.misaligned);
	guard_page(1, 0);
	run(S, load_4, PAGE(1) - 2);
	expect(seen.cause, LOAD_ACCESS_FAULT);
	run(S, store_4, PAGE(1) - 2, 0);
	expect(seen.cause, STORE_ACCESS_FAULT);
	expect(peek(PAGE(1)), PAGE(1)); /* M mode may */
}

static void neighbours_in_a_page_have_their_own_rules(void)
{
	for (u64 i = 0; i < 4; i++)
		pmp_set((u32)i, PMP_NAPOT | (i & 1 ? PMP_R : PMP_R | PMP_W), napot(PAGE(0) + 8 * i, 8));
	for (int round = 0; round < 3; round++) {
		for (u64 i = 0; i < 4; i++) {
			load(S, PAGE(0) + 8 * i);
			expect_ok();
			store(S, PAGE(0) + 8 * i, i);
			if (i & 1)
				expect_fault(STORE_ACCESS_FAULT, PAGE(0) + 8 * i);
			else
				expect_ok();
		}
	}
}

/* The second access comes right behind one in the same page that is allowed. */
static void each_access_to_a_partly_closed_page_is_checked(void)
{
	pmp_set(0, PMP_NAPOT, napot(PAGE(0) + 0x800, 0x800));
	run(S, load_load, PAGE(0), PAGE(0) + 0x800);
	expect_fault(LOAD_ACCESS_FAULT, PAGE(0) + 0x800);
	run(U, store_store, PAGE(0) + 8, PAGE(0) + 0x808);
	expect_fault(STORE_ACCESS_FAULT, PAGE(0) + 0x808);
	pmp_set(0, PMP_NAPOT | PMP_R, napot(PAGE(0), 4096));
	run(S, load_load, PAGE(0), PAGE(0) + 8);
	expect_ok();
	run(S, load_store, PAGE(0), PAGE(0));
	expect_fault(STORE_ACCESS_FAULT, PAGE(0));
	sv39();
	map(VA, PAGE(0), 0, PTE_USER);
	run(U, load_store, VA, VA + 16);
	expect_fault(STORE_ACCESS_FAULT, VA + 16);
	pmp_set(0, PMP_NAPOT, napot(PAGE(0) + 0x800, 0x800));
	run(U, load_load, VA, VA + 0x800);
	expect_fault(LOAD_ACCESS_FAULT, VA + 0x800);
}

static void amo_needs_r_and_w_and_lr_needs_r(void)
{
	guard_page(0, PMP_R);
	single(S, load_reserved, PAGE(0), 0);
	expect_value(PAGE(0));
	single(S, amo_add, PAGE(0), 1);
	expect_fault(STORE_ACCESS_FAULT, PAGE(0));
	guard_page(0, 0);
	single(S, load_reserved, PAGE(0), 0);
	expect_fault(LOAD_ACCESS_FAULT, PAGE(0));
	single(S, amo_add, PAGE(0), 1);
	expect_fault(STORE_ACCESS_FAULT, PAGE(0));
}

static void code_may_stop_in_the_middle_of_a_page(void)
{
	put_code(PAGE(0), two_nops, 8);
	pmp_set(0, PMP_NAPOT | PMP_R, napot(PAGE(0) + 8, 8));
	run(S, PAGE(0), 0);
	expect(seen.cause, FETCH_ACCESS_FAULT);
	expect(seen.pc, PAGE(0) + 8);
	expect(seen.tval, PAGE(0) + 8);
}

static void a_closed_page_opens_and_closes_again(void)
{
	for (int round = 0; round < 3; round++) {
		guard_page(0, PMP_RWX);
		put_answer(PAGE(0));
		for (enum kind kind = FETCH + 1; kind-- > LOAD;) {
			put_answer(PAGE(0));
			access(kind, S, PAGE(0));
			expect_ok();
		}
		guard_page(0, 0);
		expect_access_faults(S, PAGE(0));
	}
}

/* --- MPRV --- */

static void mprv_checks_with_the_rights_of_mpp(void)
{
	guard_page(0, 0);
	run(M, load_with_mstatus, PAGE(0), MSTATUS_MPRV | MSTATUS_MPP(S));
	expect_fault(LOAD_ACCESS_FAULT, PAGE(0));
	run(M, load_with_mstatus, PAGE(0), MSTATUS_MPRV | MSTATUS_MPP(U));
	expect_fault(LOAD_ACCESS_FAULT, PAGE(0));
	run(M, load_with_mstatus, PAGE(0), MSTATUS_MPRV | MSTATUS_MPP(M));
	expect_value(PAGE(0));
}

/* --- paging --- */

static void a_translated_access_is_checked_at_its_physical_address(void)
{
	sv39();
	map(VA, PAGE(0), 0, PTE_USER);
	map(VA + 4096, PAGE(1), 0, PTE_USER);
	guard_page(0, 0);
	expect_access_faults(U, VA + 16);
	load(U, VA + 4096);
	expect_value(PAGE(1));
}

static void a_superpage_may_be_closed_in_parts(void)
{
	sv39();
	map(VA, PLAYGROUND, 1, PTE_ALL);
	guard_page(2, 0);
	for (int round = 0; round < 2; round++) {
		load(S, VA + 0x1ff8);
		expect_ok();
		load(S, VA + 0x2000);
		expect_fault(LOAD_ACCESS_FAULT, VA + 0x2000);
		load(S, VA + 0x3000);
		expect_ok();
	}
}

static void a_closed_page_table_gives_an_access_fault_of_the_original_kind(void)
{
	for (int level = 0; level < 3; level++) {
		sv39();
		map(VA, PAGE(0), 0, PTE_USER);
		pmp_set(0, PMP_NAPOT, napot((u64)pte_at(VA, level), 8)); /* this one PTE */
		expect_access_faults(U, VA + 0x123 * 8);
	}
}

static void a_page_table_needs_r_alone(void)
{
	sv39();
	map(VA, PAGE(0), 0, PTE_USER);
	pmp_set(0, PMP_NAPOT | PMP_R, napot(TABLES, 0x10000));
	load(U, VA);
	expect_value(PAGE(0));
	pmp_set(0, PMP_NAPOT | PMP_X, napot(TABLES, 0x10000));
	fetch(S, (u64)stubs_start);
	expect_fault(FETCH_ACCESS_FAULT, (u64)stubs_start);
}

static void a_and_d_in_a_read_only_page_table_give_an_access_fault(void)
{
	needs(facts.adue || !facts.ad_trap);
	csr_write(menvcfg, facts.adue ? MENVCFG_ADUE : 0);
	sv39();
	u64 *pte = map(VA, PAGE(0), 0, PTE_USER & ~(PTE_A | PTE_D)), before = *pte;

	pmp_set(0, PMP_NAPOT | PMP_R, napot((u64)pte, 8));
	expect_access_faults(U, VA);
	expect(*(volatile u64 *)pte, before);
}

static void a_page_fault_comes_before_an_access_fault_of_the_page(void)
{
	sv39();
	map(VA, PAGE(0), 0, PTE_USER & ~PTE_W);
	guard_page(0, 0);
	store(U, VA, 1);
	expect_fault(STORE_PAGE_FAULT, VA);
}

static void m_mode_walks_with_mprv_read_ptes_as_s_mode(void)
{
	sv39();
	map(VA, PAGE(0), 0, PTE_USER);
	pmp_set(0, PMP_NAPOT, napot((u64)pte_at(VA, 0), 8));
	run(M, load_with_mstatus, VA, MSTATUS_MPRV | MSTATUS_MPP(U));
	expect_fault(LOAD_ACCESS_FAULT, VA);
}

/* --- the registers --- */

static void pmpaddr_holds_54_bits(void)
{
	pmp_set(0, 0, ~0ul);
	expect(pmp_addr(0), (1ul << 54) - 1);
	pmp_set(0, 0, 0x15555555555555);
	expect(pmp_addr(0), 0x15555555555555);
}

static void pmpcfg_reserved_bits_read_zero(void)
{
	pmp_set(0, 0x60 | PMP_R, 0);
	expect(pmp_cfg(0) & 0x60, 0);
}

static void a_pmpcfg_write_touches_its_eight_entries_alone(void)
{
	pmp_set(7, PMP_R, 0);
	pmp_set(8, PMP_R | PMP_X, 0);
	pmp_set(9, PMP_X, 0);
	expect(pmp_cfg(7), PMP_R);
	expect(pmp_cfg(8), PMP_R | PMP_X);
	expect(pmp_cfg(9), PMP_X);
	csr_write(pmpcfg0, 0);
	expect(pmp_cfg(7), 0);
	expect(pmp_cfg(8), PMP_R | PMP_X);
}

CODE(read_pmpcfg, "csrr a0, pmpcfg0");
CODE(read_pmpaddr, "csrr a0, pmpaddr0");
CODE(read_pmpcfg1, "csrr a0, 0x3a1");

static void s_mode_cannot_reach_pmp_registers(void)
{
	run(S, read_pmpcfg, 0);
	expect(seen.cause, ILLEGAL_INSTRUCTION);
	run(S, read_pmpaddr, 0);
	expect(seen.cause, ILLEGAL_INSTRUCTION);
}

static void odd_pmpcfg_do_not_exist_on_rv64(void)
{
	run(M, read_pmpcfg1, 0);
	expect(seen.cause, ILLEGAL_INSTRUCTION);
}

/* --- locked entries: each rule uses up an entry and a page for ever, 14 downwards and 50 upwards --- */

static void a_locked_entry_binds_m_mode(void)
{
	pmp_set(14, PMP_L | PMP_NAPOT | PMP_R, napot(PAGE(50), 4096));
	load(M, PAGE(50));
	expect_ok();
	store(M, PAGE(50), 1);
	expect_fault(STORE_ACCESS_FAULT, PAGE(50));
	fetch(M, PAGE(50));
	expect_fault(FETCH_ACCESS_FAULT, PAGE(50));
	load(S, PAGE(50));
	expect_ok();
}

static void a_locked_entry_cannot_be_changed(void)
{
	u64 addr = pmp_addr(14);

	expect(pmp_cfg(14), PMP_L | PMP_NAPOT | PMP_R);
	pmp_set(14, PMP_RWX, 0);
	expect(pmp_cfg(14), PMP_L | PMP_NAPOT | PMP_R);
	expect(pmp_addr(14), addr);
}

static void a_locked_off_entry_is_locked_but_matches_nothing(void)
{
	pmp_set(13, PMP_L, PAGE(52) >> 2);
	store(M, PAGE(52), 5);
	expect_ok();
	pmp_set(13, PMP_NAPOT, 0);
	expect(pmp_cfg(13), PMP_L);
	expect(pmp_addr(13), PAGE(52) >> 2);
}

static void a_locked_tor_entry_locks_the_address_before_it(void)
{
	pmp_set(11, 0, PAGE(54) >> 2);
	pmp_set(12, PMP_L | PMP_TOR | PMP_R, PAGE(55) >> 2);
	store(M, PAGE(54) + 0x10, 1);
	expect_fault(STORE_ACCESS_FAULT, PAGE(54) + 0x10);
	pmp_set(11, PMP_R, 0);
	expect(pmp_addr(11), PAGE(54) >> 2);
	expect(pmp_cfg(11), PMP_R); /* its config is not locked */
}

static void a_partly_matched_locked_entry_fails_in_m_mode(void)
{
	pmp_set(10, PMP_L | PMP_NA4 | PMP_RWX, PAGE(56) >> 2);
	load(M, PAGE(56));
	expect_fault(LOAD_ACCESS_FAULT, PAGE(56));
	single(M, load_4, PAGE(56), 0);
	expect_ok();
}

const struct rule rules[] = {
	RULE(r_w_and_x_allow_exactly_their_access),
	RULE(m_mode_is_not_bound_by_unlocked_entries),
	RULE(without_a_match_s_and_u_mode_fail),
	RULE(the_lowest_numbered_match_decides),
	RULE(napot_spans_its_power_of_two),
	RULE(na4_spans_four_bytes),
	RULE(tor_spans_from_the_entry_before),
	RULE(tor_in_entry_0_starts_at_address_0),
	RULE(tor_with_its_top_not_above_matches_nothing),
	RULE(tor_follows_the_address_before_it),
	RULE(tor_takes_the_entry_before_whatever_its_mode),
	RULE(an_off_entry_matches_nothing),
	RULE(a_partly_matched_access_fails_whatever_the_permissions),
	RULE(a_partly_matched_access_fails_in_m_mode_too),
	RULE(a_misaligned_access_into_a_closed_page_fails),
	RULE(neighbours_in_a_page_have_their_own_rules),
	RULE(each_access_to_a_partly_closed_page_is_checked),
	RULE(amo_needs_r_and_w_and_lr_needs_r),
	RULE(code_may_stop_in_the_middle_of_a_page),
	RULE(a_closed_page_opens_and_closes_again),
	RULE(mprv_checks_with_the_rights_of_mpp),
	RULE(a_translated_access_is_checked_at_its_physical_address),
	RULE(a_superpage_may_be_closed_in_parts),
	RULE(a_closed_page_table_gives_an_access_fault_of_the_original_kind),
	RULE(a_page_table_needs_r_alone),
	RULE(a_and_d_in_a_read_only_page_table_give_an_access_fault),
	RULE(a_page_fault_comes_before_an_access_fault_of_the_page),
	RULE(m_mode_walks_with_mprv_read_ptes_as_s_mode),
	RULE(pmpaddr_holds_54_bits),
	RULE(pmpcfg_reserved_bits_read_zero),
	RULE(a_pmpcfg_write_touches_its_eight_entries_alone),
	RULE(s_mode_cannot_reach_pmp_registers),
	RULE(odd_pmpcfg_do_not_exist_on_rv64),
	RULE(a_locked_entry_binds_m_mode),
	RULE(a_locked_entry_cannot_be_changed),
	RULE(a_locked_off_entry_is_locked_but_matches_nothing),
	RULE(a_locked_tor_entry_locks_the_address_before_it),
	RULE(a_partly_matched_locked_entry_fails_in_m_mode),
};

const u64 rule_count = ARRAY_SIZE(rules);
