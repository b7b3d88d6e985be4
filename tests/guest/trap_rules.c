/*
 * Exceptions, delegation, the stacks in mstatus, xRET, and what TVM, TSR, TW and the privilege levels forbid.
 * Privileged manual, "Machine Trap Delegation Registers", "Privilege and Global Interrupt-Enable Stack",
 * "Virtualization Support in mstatus", and the descriptions of xepc, xcause, xtval. Interrupts are in
 * interrupt_rules.c.
 */
#include "tests/guest/guest.h"

CODE(just_ecall, "");
CODE(just_ebreak, "ebreak");
CODE(compressed_ebreak, ".option rvc\n c.ebreak\n .option norvc\n .balign 4");
CODE(all_zeros, ".word 0");
CODE(all_ones, ".word 0xffffffff");
CODE(compressed_illegal, ".half 0x8002\n .half 0x0001"); /* c.jr x0 */
CODE(do_mret, "mret");
CODE(do_sret, "sret");
CODE(do_wfi, "wfi");
CODE(do_sfence, "sfence.vma zero, zero");
CODE(do_sinval, ".option arch, +svinval\n sinval.vma zero, zero");
CODE(do_sinval_order, ".option arch, +svinval\n sfence.w.inval\n sfence.inval.ir");
CODE(read_satp, "csrr a0, satp");
CODE(write_satp, "csrw satp, a0");
CODE(read_mstatus, "csrr a0, mstatus");
CODE(read_sstatus, "csrr a0, sstatus");
CODE(read_sscratch, "csrr a0, sscratch");
CODE(read_cycle, "csrr a0, cycle");
CODE(read_instret, "csrr a0, instret");
CODE(set_cycle_to_nothing, "csrrs a0, cycle, zero");
CODE(write_cycle, "csrw cycle, a0");
CODE(write_mhartid, "csrw mhartid, a0");
CODE(set_mhartid_to_nothing, "csrrs a0, mhartid, zero\n csrrc a0, mhartid, zero\n csrrsi a0, mhartid, 0");
CODE(read_nothing, "csrr a0, 0x5c0");
CODE(float_move, "fmv.x.d a0, f0");
CODE(float_write, "fmv.d.x f0, zero");
CODE(load_across, "ld a0, -4(a0)");
CODE(store_across, "sd a1, -4(a0)");
CODE(load_half_across, "lhu a0, -1(a0)");
CODE(sret_to, "csrw sepc, a0\n sret");
CODE(jump_to_odd, "addi a0, a0, 1\n jalr a0");
CODE(write_epcs, "csrw mepc, a0\n csrr a1, mepc\n csrw sepc, a0\n csrr a2, sepc");

void before_each(void)
{
}

/* --- causes and tval --- */

static void ecall_has_a_cause_for_each_mode(void)
{
	static const enum mode modes[] = { U, S, M };

	for (u64 i = 0; i < ARRAY_SIZE(modes); i++) {
		single(modes[i], just_ecall, 0, 0);
		expect_fault(8 + (u64)modes[i], 0);
		expect(seen.mstatus >> 11 & 3, modes[i]);
	}
}

static void ebreak_reports_its_own_address(void)
{
	single(U, just_ebreak, 0, 0);
	expect_fault_tval_or_0(BREAKPOINT, (u64)just_ebreak);
	single(S, compressed_ebreak, 0, 0);
	expect_fault_tval_or_0(BREAKPOINT, (u64)compressed_ebreak);
	single(M, just_ebreak, 0, 0);
	expect_fault_tval_or_0(BREAKPOINT, (u64)just_ebreak);
}

static void all_zeros_and_all_ones_are_illegal(void)
{
	single(M, all_zeros, 0, 0);
	expect_fault(ILLEGAL_INSTRUCTION, 0);
	single(U, all_ones, 0, 0);
	expect_fault_tval_or_0(ILLEGAL_INSTRUCTION, 0xffffffff);
}

static void an_illegal_instruction_reports_its_bits(void)
{
	single(S, do_mret, 0, 0);
	expect_fault_tval_or_0(ILLEGAL_INSTRUCTION, 0x30200073);
	single(S, read_nothing, 0, 0);
	expect_fault_tval_or_0(ILLEGAL_INSTRUCTION, 0x5c002573);
	single(U, compressed_illegal, 0, 0);
	expect_fault_tval_or_0(ILLEGAL_INSTRUCTION, 0x8002);
}

static void an_access_outside_memory_reports_its_address(void)
{
	for (enum kind kind = LOAD; kind < KINDS; kind++) {
		access(kind, U, NO_MEMORY);
		expect_fault(access_fault_of[kind], NO_MEMORY);
		access(kind, M, 0xffffffffffffff00);
		expect_fault(access_fault_of[kind], 0xffffffffffffff00);
	}
}

static void misaligned_accesses_trap_with_their_own_cause(void)
{
	needs(!facts.misaligned);
	for (enum kind kind = LOAD; kind < FETCH; kind++) {
		access(kind, U, PAGE(0) + 1);
		expect_fault(misaligned_of[kind], PAGE(0) + 1);
	}
}

static void misalignment_comes_before_page_faults_where_it_traps(void)
{
	needs(!facts.misaligned);
	sv39();
	load(U, VA + 1);
	expect_fault(LOAD_MISALIGNED, VA + 1);
}

static void a_jump_to_an_odd_address_drops_bit_0(void)
{
	put_answer(PAGE(0));
	run(U, jump_to_odd, PAGE(0));
	expect_value(ANSWER);
}

/* --- accesses across two pages: xtval is the part that failed --- */

/* Two neighbouring pages in frames that are none; flags of 0: not mapped. */
static void two_pages(u64 first, u64 second)
{
	sv39();
	if (first)
		map(VA, PAGE(4), 0, first);
	if (second)
		map(VA + 4096, PAGE(2), 0, second);
}

static void a_crossing_load_joins_both_pages(void)
{
	needs(facts.misaligned);
	two_pages(PTE_USER, PTE_USER);
	poke32(PAGE(4) + 4092, 0x11223344);
	poke32(PAGE(2), 0x55667788);
	run(U, load_across, VA + 4096);
	expect_value(0x5566778811223344);
	run(U, load_half_across, VA + 4096);
	expect_value(0x8811);
}

static void a_crossing_store_splits_over_both_pages(void)
{
	needs(facts.misaligned);
	two_pages(PTE_USER, PTE_USER);
	run(U, store_across, VA + 4096, 0x5566778811223344);
	expect_ok();
	expect(peek32(PAGE(4) + 4092), 0x11223344);
	expect(peek32(PAGE(2)), 0x55667788);
	expect(peek32(PAGE(5)), PAGE(5) & 0xffffffff); /* the frame behind the first page's is another's */
}

static void a_crossing_load_that_fails_in_the_first_page_reports_its_address(void)
{
	needs(facts.misaligned);
	two_pages(0, PTE_USER);
	run(U, load_across, VA + 4096);
	expect_fault(LOAD_PAGE_FAULT, VA + 4092);
	two_pages(0, 0);
	run(U, load_across, VA + 4096);
	expect_fault(LOAD_PAGE_FAULT, VA + 4092);
}

static void a_crossing_load_that_fails_in_the_second_page_reports_that_page(void)
{
	needs(facts.misaligned);
	two_pages(PTE_USER, 0);
	run(U, load_across, VA + 4096);
	expect_fault(LOAD_PAGE_FAULT, VA + 4096);
	two_pages(PTE_USER, PTE_ALL);
	run(U, load_half_across, VA + 4096);
	expect_fault(LOAD_PAGE_FAULT, VA + 4096);
}

/* The manual allows the first part to be stored (Spike does so); this emulator promises more. */
static void a_crossing_store_that_fails_reports_the_page_and_stores_nothing(void)
{
	needs(facts.misaligned);
	two_pages(PTE_USER, PTE_USER & ~PTE_W);
	run(U, store_across, VA + 4096, ~0ul);
	expect_fault(STORE_PAGE_FAULT, VA + 4096);
	expect(peek(PAGE(4) + 4088), PAGE(4) + 4088);
	two_pages(PTE_USER & ~PTE_W, PTE_USER);
	run(U, store_across, VA + 4096, ~0ul);
	expect_fault(STORE_PAGE_FAULT, VA + 4092);
	expect(peek(PAGE(2)), PAGE(2));
}

static void a_crossing_access_outside_memory_reports_the_part(void)
{
	needs(facts.misaligned);
	sv39();
	map(VA, PAGE(4), 0, PTE_USER);
	map(VA + 4096, NO_MEMORY, 0, PTE_USER);
	run(U, load_across, VA + 4096);
	expect_fault(LOAD_ACCESS_FAULT, VA + 4096);
	run(U, store_across, VA + 4096, ~0ul);
	expect_fault(STORE_ACCESS_FAULT, VA + 4096);
}

static void a_crossing_access_at_the_end_of_the_lower_half_faults(void)
{
	needs(facts.misaligned);
	sv39();
	map(0x3ffffff000, PAGE(0), 0, PTE_USER);
	run(U, load_across, 0x4000000000);
	expect_fault(LOAD_PAGE_FAULT, 0x4000000000);
}

static void a_crossing_access_wraps_from_the_last_page_to_page_0(void)
{
	needs(facts.misaligned);
	sv39();
	map(-4096ul, PAGE(4), 0, PTE_USER);
	map(0, PAGE(2), 0, PTE_USER);
	poke32(PAGE(4) + 4092, 0x11223344);
	poke32(PAGE(2), 0x55667788);
	run(U, load_across, 0);
	expect_value(0x5566778811223344);
}

/* --- delegation --- */

static void a_delegated_exception_goes_to_s_mode(void)
{
	csr_write(medeleg, BIT(LOAD_ACCESS_FAULT));
	load(U, NO_MEMORY);
	expect_s_fault(LOAD_ACCESS_FAULT, NO_MEMORY);
	expect(seen.mstatus & MSTATUS_SPP, 0);
	load(S, NO_MEMORY);
	expect_s_fault(LOAD_ACCESS_FAULT, NO_MEMORY);
	expect(seen.mstatus & MSTATUS_SPP, MSTATUS_SPP);
}

static void an_exception_not_delegated_leaves_s_csrs_alone(void)
{
	csr_write(scause, 77);
	csr_write(sepc, 0x1234);
	csr_write(stval, 0x5678);
	load(S, NO_MEMORY);
	expect_fault(LOAD_ACCESS_FAULT, NO_MEMORY);
	expect(csr_read(scause), 77);
	expect(csr_read(sepc), 0x1234);
	expect(csr_read(stval), 0x5678);
}

static void a_trap_of_m_mode_is_never_delegated(void)
{
	csr_write(medeleg, BIT(LOAD_ACCESS_FAULT));
	load(M, NO_MEMORY);
	expect_fault(LOAD_ACCESS_FAULT, NO_MEMORY);
	expect(csr_read(scause), 0);
}

static void each_exception_is_delegated_on_its_own(void)
{
	sv39();
	csr_write(medeleg, BIT(LOAD_PAGE_FAULT));
	store(U, VA, 0);
	expect_fault(STORE_PAGE_FAULT, VA);
	fetch(U, VA);
	expect_fault(FETCH_PAGE_FAULT, VA);
	load(U, VA);
	expect_s_fault(LOAD_PAGE_FAULT, VA);
	csr_write(medeleg, BIT(STORE_PAGE_FAULT) | BIT(FETCH_PAGE_FAULT));
	store(U, VA, 0);
	expect_s_fault(STORE_PAGE_FAULT, VA);
	fetch(S, VA);
	expect_s_fault(FETCH_PAGE_FAULT, VA);
	load(U, VA);
	expect_fault(LOAD_PAGE_FAULT, VA);
}

static void ecall_from_u_and_ebreak_and_illegal_can_be_delegated(void)
{
	csr_write(medeleg, BIT(ECALL_FROM_U) | BIT(BREAKPOINT) | BIT(ILLEGAL_INSTRUCTION));
	single(U, just_ecall, 0, 0);
	expect_s_fault(ECALL_FROM_U, 0);
	single(U, just_ebreak, 0, 0);
	expect(csr_read(scause), BREAKPOINT);
	single(U, all_zeros, 0, 0);
	expect_s_fault(ILLEGAL_INSTRUCTION, 0);
}

static void medeleg_bit_11_is_zero(void)
{
	csr_write(medeleg, ~0ul);
	expect(csr_read(medeleg) & BIT(ECALL_FROM_M), 0);
	expect(csr_read(medeleg) & BIT(ECALL_FROM_U), BIT(ECALL_FROM_U));
	csr_write(medeleg, 0);
}

/* --- stacks --- */

static void a_trap_to_m_pushes_mie_and_mode(void)
{
	mstatus_bits = MSTATUS_MIE;
	single(S, just_ecall, 0, 0);
	expect(seen.mstatus & (MSTATUS_MIE | MSTATUS_MPIE), MSTATUS_MPIE);
	expect(seen.mstatus >> 11 & 3, S);
	mstatus_bits = 0;
	single(U, just_ecall, 0, 0);
	expect(seen.mstatus & (MSTATUS_MIE | MSTATUS_MPIE), 0);
	expect(seen.mstatus >> 11 & 3, U);
}

static void a_trap_to_m_leaves_the_s_stack_alone(void)
{
	mstatus_bits = MSTATUS_SIE | MSTATUS_SPP;
	single(S, just_ecall, 0, 0);
	expect(seen.mstatus & (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP), MSTATUS_SIE | MSTATUS_SPP);
}

static void a_trap_to_s_pushes_sie_and_mode(void)
{
	csr_write(medeleg, BIT(BREAKPOINT));
	mstatus_bits = MSTATUS_SIE;
	single(S, just_ebreak, 0, 0);
	expect(seen.mstatus & (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP), MSTATUS_SPIE | MSTATUS_SPP);
	mstatus_bits = MSTATUS_SPIE | MSTATUS_SPP;
	single(U, just_ebreak, 0, 0);
	expect(seen.mstatus & (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP), 0);
}

/* a0: where mret goes, a1: mstatus before it. mstatus is then read by the trap. */
CODE(mret_to, "csrw mepc, a0\n csrw mstatus, a1\n mret");

static void mret_pops_mie_and_mode(void)
{
	run(M, mret_to, (u64)just_ecall, MSTATUS_MPP(M) | MSTATUS_MPIE);
	expect(seen.cause, ECALL_FROM_M);
	expect(seen.mstatus & MSTATUS_MPIE, MSTATUS_MPIE); /* MIE was 1 after the mret */
	run(M, mret_to, (u64)just_ecall, MSTATUS_MPP(M) | MSTATUS_MIE);
	expect(seen.mstatus & MSTATUS_MPIE, 0);
	run(M, mret_to, (u64)just_ecall, MSTATUS_MPP(S));
	expect(seen.cause, ECALL_FROM_S);
	run(M, mret_to, (u64)just_ecall, MSTATUS_MPP(U));
	expect(seen.cause, ECALL_FROM_U);
}

static void mret_sets_mpie_and_leaves_mpp_at_u(void)
{
	run(M, mret_to, (u64)read_mstatus, MSTATUS_MPP(M));
	expect_ok();
	expect(seen.x[10] & (MSTATUS_MPP(3) | MSTATUS_MPIE | MSTATUS_MIE), MSTATUS_MPP(U) | MSTATUS_MPIE);
}

static void mret_to_a_lesser_mode_clears_mprv(void)
{
	run(M, mret_to, (u64)just_ecall, MSTATUS_MPP(U) | MSTATUS_MPRV);
	expect(seen.mstatus & MSTATUS_MPRV, 0);
	run(M, mret_to, (u64)just_ecall, MSTATUS_MPP(S) | MSTATUS_MPRV);
	expect(seen.mstatus & MSTATUS_MPRV, 0);
	run(M, mret_to, (u64)just_ecall, MSTATUS_MPP(M) | MSTATUS_MPRV);
	expect(seen.mstatus & MSTATUS_MPRV, MSTATUS_MPRV);
}

/* a0: where sret goes, a1: mstatus before it, done in M mode. */
CODE(sret_from_m, "csrw sepc, a0\n csrw mstatus, a1\n sret");

static void sret_pops_sie_and_mode(void)
{
	run(M, sret_from_m, (u64)read_sstatus, MSTATUS_SPP | MSTATUS_SPIE);
	expect(seen.cause, ECALL_FROM_S);
	expect(seen.x[10] & (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP), MSTATUS_SIE | MSTATUS_SPIE);
	run(M, sret_from_m, (u64)read_sstatus, MSTATUS_SPP | MSTATUS_SIE);
	expect(seen.x[10] & (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP), MSTATUS_SPIE);
	run(M, sret_from_m, (u64)just_ecall, 0);
	expect(seen.cause, ECALL_FROM_U);
}

static void sret_clears_mprv(void)
{
	run(M, sret_from_m, (u64)just_ecall, MSTATUS_SPP | MSTATUS_MPRV | MSTATUS_MPP(M));
	expect(seen.cause, ECALL_FROM_S);
	expect(seen.mstatus & MSTATUS_MPRV, 0);
}

static void mpp_does_not_hold_2(void)
{
	csr_write(mstatus, MSTATUS_MPP(2));
	expect((csr_read(mstatus) >> 11 & 3) == 2, 0);
	csr_write(mstatus, 0);
}

/* --- xepc and xtvec --- */

static void epc_bit_0_is_always_zero(void)
{
	run(M, write_epcs, 0x80001237);
	expect(seen.x[11], 0x80001236);
	expect(seen.x[12], 0x80001236);
}

static void exceptions_go_to_base_in_vectored_mode_too(void)
{
	csr_write(mtvec, (u64)m_vectors | 1);
	single(U, just_ecall, 0, 0);
	expect(seen.cause, ECALL_FROM_U);
	expect(seen.entry, 0);
	csr_write(medeleg, BIT(BREAKPOINT));
	csr_write(stvec, (u64)s_vectors | 1);
	single(U, just_ebreak, 0, 0);
	expect(seen.cause, ECALL_FROM_S);
	expect(seen.pc, (u64)s_vectors);
}

static void tvec_reserved_modes_are_not_kept(void)
{
	csr_write(stvec, (u64)s_vectors | 3);
	expect((csr_read(stvec) & 3) < 2, 1);
	csr_write(mtvec, (u64)m_trap | 2);
	expect((csr_read(mtvec) & 3) < 2, 1);
}

/* --- what a mode may not do --- */

static void expect_illegal(enum mode mode, const char *stub)
{
	single(mode, stub, 0, 0);
	expect(seen.cause, ILLEGAL_INSTRUCTION);
	expect(seen.pc, seen.x[0]);
}

static void expect_legal(enum mode mode, const char *stub)
{
	single(mode, stub, 0, 0);
	expect_ok();
}

static void xret_needs_its_mode(void)
{
	expect_illegal(U, do_sret);
	expect_illegal(U, do_mret);
	expect_illegal(S, do_mret);
}

static void tsr_traps_sret_in_s_mode(void)
{
	mstatus_bits = MSTATUS_TSR;
	expect_illegal(S, do_sret);
	mstatus_bits = 0;
	run(S, sret_to, (u64)just_ecall);
	expect(seen.cause, ECALL_FROM_U);
}

static void tvm_traps_satp_and_fences_in_s_mode(void)
{
	mstatus_bits = MSTATUS_TVM;
	expect_illegal(S, read_satp);
	expect_illegal(S, write_satp);
	expect_illegal(S, do_sfence);
	expect_illegal(S, do_sinval);
	expect_legal(S, do_sinval_order);
	expect_legal(S, read_sscratch);
	expect_legal(M, read_satp);
	expect_legal(M, do_sfence);
	mstatus_bits = 0;
	expect_legal(S, read_satp);
	expect_legal(S, do_sfence);
	expect_legal(S, do_sinval);
}

static void u_mode_has_no_supervisor_instructions(void)
{
	expect_illegal(U, read_satp);
	expect_illegal(U, do_sfence);
	expect_illegal(U, do_sinval);
	expect_illegal(U, do_sinval_order);
	expect_illegal(U, read_sstatus);
	expect_illegal(U, read_mstatus);
}

static void s_mode_has_no_machine_csrs(void)
{
	expect_illegal(S, read_mstatus);
	expect_illegal(S, set_mhartid_to_nothing);
	expect_legal(S, read_sstatus);
}

static void tw_traps_wfi_below_m_mode(void)
{
	mstatus_bits = MSTATUS_TW;
	expect_illegal(S, do_wfi);
	expect_illegal(U, do_wfi);
}

static void a_csr_that_does_not_exist_is_illegal(void)
{
	expect_illegal(M, read_nothing);
}

static void a_write_to_a_read_only_csr_is_illegal(void)
{
	expect_illegal(M, write_mhartid);
	expect_illegal(M, write_cycle);
	expect_legal(M, set_mhartid_to_nothing);
	expect_legal(M, set_cycle_to_nothing);
}

static void counteren_opens_counters_to_lesser_modes(void)
{
	expect_illegal(S, read_cycle);
	expect_illegal(U, read_cycle);
	csr_write(mcounteren, 1);
	expect_legal(S, read_cycle);
	expect_illegal(S, read_instret);
	expect_illegal(U, read_cycle);
	csr_write(scounteren, 1);
	expect_legal(U, read_cycle);
	csr_write(mcounteren, 0);
	expect_illegal(U, read_cycle);
}

static void floating_point_is_illegal_while_fs_is_off(void)
{
	expect_illegal(U, float_move);
	expect_illegal(M, float_write);
	mstatus_bits = 1ul << 13; /* Initial */
	expect_legal(U, float_move);
	expect((seen.mstatus >> 13 & 3) != 0, 1); /* a read may make it Dirty, too */
	expect_legal(U, float_write);
	expect(seen.mstatus >> 13 & 3, 3); /* Dirty */
	expect(seen.mstatus >> 63, 1);     /* SD */
}

const struct rule rules[] = {
	RULE(ecall_has_a_cause_for_each_mode),
	RULE(ebreak_reports_its_own_address),
	RULE(all_zeros_and_all_ones_are_illegal),
	RULE(an_illegal_instruction_reports_its_bits),
	RULE(an_access_outside_memory_reports_its_address),
	RULE(misaligned_accesses_trap_with_their_own_cause),
	RULE(misalignment_comes_before_page_faults_where_it_traps),
	RULE(a_jump_to_an_odd_address_drops_bit_0),
	RULE(a_crossing_load_joins_both_pages),
	RULE(a_crossing_store_splits_over_both_pages),
	RULE(a_crossing_load_that_fails_in_the_first_page_reports_its_address),
	RULE(a_crossing_load_that_fails_in_the_second_page_reports_that_page),
	RULE(a_crossing_store_that_fails_reports_the_page_and_stores_nothing),
	RULE(a_crossing_access_outside_memory_reports_the_part),
	RULE(a_crossing_access_at_the_end_of_the_lower_half_faults),
	RULE(a_crossing_access_wraps_from_the_last_page_to_page_0),
	RULE(a_delegated_exception_goes_to_s_mode),
	RULE(an_exception_not_delegated_leaves_s_csrs_alone),
	RULE(a_trap_of_m_mode_is_never_delegated),
	RULE(each_exception_is_delegated_on_its_own),
	RULE(ecall_from_u_and_ebreak_and_illegal_can_be_delegated),
	RULE(medeleg_bit_11_is_zero),
	RULE(a_trap_to_m_pushes_mie_and_mode),
	RULE(a_trap_to_m_leaves_the_s_stack_alone),
	RULE(a_trap_to_s_pushes_sie_and_mode),
	RULE(mret_pops_mie_and_mode),
	RULE(mret_sets_mpie_and_leaves_mpp_at_u),
	RULE(mret_to_a_lesser_mode_clears_mprv),
	RULE(sret_pops_sie_and_mode),
	RULE(sret_clears_mprv),
	RULE(mpp_does_not_hold_2),
	RULE(epc_bit_0_is_always_zero),
	RULE(exceptions_go_to_base_in_vectored_mode_too),
	RULE(tvec_reserved_modes_are_not_kept),
	RULE(xret_needs_its_mode),
	RULE(tsr_traps_sret_in_s_mode),
	RULE(tvm_traps_satp_and_fences_in_s_mode),
	RULE(u_mode_has_no_supervisor_instructions),
	RULE(s_mode_has_no_machine_csrs),
	RULE(tw_traps_wfi_below_m_mode),
	RULE(a_csr_that_does_not_exist_is_illegal),
	RULE(a_write_to_a_read_only_csr_is_illegal),
	RULE(counteren_opens_counters_to_lesser_modes),
	RULE(floating_point_is_illegal_while_fs_is_off),
};

const u64 rule_count = ARRAY_SIZE(rules);
