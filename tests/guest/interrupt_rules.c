/*
 * Interrupts: pending and enable bits, priorities, delegation, vectors, WFI; the CLINT, the PLIC and stimecmp as
 * their sources. Privileged manual, "Machine Interrupt Registers", "Supervisor Interrupt Registers", "Wait for
 * Interrupt", "Sstc"; PLIC specification.
 */
#include "devices/memmap.h"
#include "tests/guest/guest.h"

#define MSIP0 MEMMAP_CLINT_BASE
#define MTIMECMP0 (MEMMAP_CLINT_BASE + 0x4000ul)
#define MTIME (MEMMAP_CLINT_BASE + 0xbff8ul)

#define PLIC_PRIORITY(source) (MEMMAP_PLIC_BASE + 4ul * (source))
#define PLIC_PENDING (MEMMAP_PLIC_BASE + 0x1000ul)
#define PLIC_ENABLE(context) (MEMMAP_PLIC_BASE + 0x2000ul + 0x80ul * (context))
#define PLIC_THRESHOLD(context) (MEMMAP_PLIC_BASE + 0x200000ul + 0x1000ul * (context))
#define PLIC_CLAIM(context) (PLIC_THRESHOLD(context) + 4)
#define CONTEXT_M 0 /* hart 0's */
#define CONTEXT_S 1

CODE(a_few_nops, "nop\n nop\n nop\n nop");
CODE(many_nops, "li t0, 2000\n1: addi t0, t0, -1\n bnez t0, 1b");
CODE(do_wfi, "wfi\n li a0, 42");
CODE(write_sip, "csrw sip, a0\n csrr a0, sip");
CODE(write_sie, "csrw sie, a0\n csrr a0, sie");
CODE(read_sip, "csrr a0, sip");
CODE(set_mie_bit, "li t0, 8\n csrs mstatus, t0\n nop\n nop");
CODE(set_sie_bit, "csrsi sstatus, 2\n nop\n nop");
CODE(write_mie, "csrw mie, a0\n nop\n nop");
CODE(set_ssip_in_sip, "csrsi sip, 2\n nop\n nop");
CODE(write_stimecmp, "csrw 0x14d, a0\n csrr a0, sip");
CODE(read_time, "rdtime a0");
CODE(store_to_msip, "li t0, 1\n sw t0, 0(a0)\n li t0, 2000\n1: addi t0, t0, -1\n bnez t0, 1b");

void before_each(void)
{
}

static u64 mip(void)
{
	return csr_read(mip);
}

/* Sets the software-writable pending bits of S mode. */
static void pend(u64 bits)
{
	csr_write(mip, bits);
}

/* --- pending bits --- */

static void msip_follows_the_clint(void)
{
	poke32(MSIP0, 1);
	expect(mip() & BIT(MSI), BIT(MSI));
	poke32(MSIP0, 0);
	expect(mip() & BIT(MSI), 0);
	poke32(MSIP0, 0xfffffffe); /* bit 0 alone is there */
	expect(peek32(MSIP0), 0);
}

static void mtip_follows_mtimecmp(void)
{
	poke(MTIMECMP0, 0);
	expect(mip() & BIT(MTI), BIT(MTI));
	poke(MTIMECMP0, ~0ul);
	expect(mip() & BIT(MTI), 0);
}

static void mtip_comes_when_mtime_reaches_mtimecmp(void)
{
	u64 at = peek(MTIME) + 500;

	poke(MTIMECMP0, at);
	for (u64 i = 0; i < 10000000 && !(mip() & BIT(MTI)); i++)
		;
	expect(mip() & BIT(MTI), BIT(MTI));
	expect(peek(MTIME) >= at, 1);
}

static void mip_m_bits_are_read_only(void)
{
	pend(~0ul);
	expect(mip() & (BIT(MSI) | BIT(MTI) | BIT(MEI)), 0);
}

static void mip_s_bits_are_writable(void)
{
	pend(BIT(SSI) | BIT(STI) | BIT(SEI));
	expect(mip(), BIT(SSI) | BIT(STI) | BIT(SEI));
	pend(0);
	expect(mip(), 0);
}

static void sip_shows_delegated_interrupts_alone(void)
{
	pend(BIT(SSI) | BIT(STI) | BIT(SEI));
	run(S, read_sip, 0);
	expect_value(0);
	csr_write(mideleg, BIT(STI));
	run(S, read_sip, 0);
	expect_value(BIT(STI));
}

static void sip_lets_ssip_alone_be_written(void)
{
	csr_write(mideleg, BIT(SSI) | BIT(STI) | BIT(SEI));
	run(S, write_sip, ~0ul);
	expect_value(BIT(SSI));
	pend(BIT(STI) | BIT(SEI) | BIT(SSI));
	run(S, write_sip, 0);
	expect_value(BIT(STI) | BIT(SEI));
}

static void sie_is_the_delegated_part_of_mie(void)
{
	csr_write(mideleg, BIT(SSI) | BIT(SEI));
	csr_write(mie, BIT(MTI) | BIT(STI));
	run(S, write_sie, BIT(SSI) | BIT(STI) | BIT(SEI) | BIT(MSI));
	expect_value(BIT(SSI) | BIT(SEI));
	expect(csr_read(mie), BIT(MTI) | BIT(STI) | BIT(SSI) | BIT(SEI));
}

static void machine_interrupts_cannot_be_delegated(void)
{
	csr_write(mideleg, ~0ul);
	expect(csr_read(mideleg) & (BIT(MSI) | BIT(MTI) | BIT(MEI)), 0);
	expect(csr_read(mideleg) & (BIT(SSI) | BIT(STI) | BIT(SEI)), BIT(SSI) | BIT(STI) | BIT(SEI));
}

/* --- when an interrupt is taken --- */

static void an_interrupt_needs_its_enable_bit(void)
{
	poke32(MSIP0, 1);
	csr_write(mie, ~BIT(MSI));
	mstatus_bits = MSTATUS_MIE;
	run(M, a_few_nops, 0);
	expect_ok();
	csr_write(mie, BIT(MSI));
	run(M, a_few_nops, 0);
	expect_interrupt(MSI);
	expect(seen.tval, 0);
	expect(seen.pc, (u64)a_few_nops); /* taken right after the mret */
}

static void m_mode_masks_with_mie(void)
{
	poke32(MSIP0, 1);
	csr_write(mie, BIT(MSI));
	run(M, a_few_nops, 0);
	expect_ok();
}

static void lesser_modes_are_interrupted_whatever_mie(void)
{
	poke32(MSIP0, 1);
	csr_write(mie, BIT(MSI));
	run(S, a_few_nops, 0);
	expect_interrupt(MSI);
	expect(seen.mstatus >> 11 & 3, S);
	run(U, a_few_nops, 0);
	expect_interrupt(MSI);
	expect(seen.mstatus >> 11 & 3, U);
}

static void a_delegated_interrupt_goes_to_s_mode(void)
{
	csr_write(mideleg, BIT(SSI));
	csr_write(mie, BIT(SSI));
	pend(BIT(SSI));
	run(U, a_few_nops, 0);
	expect_s_interrupt(SSI);
	expect(csr_read(stval), 0);
	expect(seen.mstatus & MSTATUS_SPP, 0);
	mstatus_bits = MSTATUS_SIE;
	run(S, a_few_nops, 0);
	expect_s_interrupt(SSI);
	expect(seen.mstatus & (MSTATUS_SPP | MSTATUS_SPIE | MSTATUS_SIE), MSTATUS_SPP | MSTATUS_SPIE);
}

static void s_mode_masks_delegated_interrupts_with_sie(void)
{
	csr_write(mideleg, BIT(SSI));
	csr_write(mie, BIT(SSI));
	pend(BIT(SSI));
	run(S, a_few_nops, 0);
	expect_ok();
}

static void a_delegated_interrupt_is_not_taken_in_m_mode(void)
{
	csr_write(mideleg, BIT(SSI));
	csr_write(mie, BIT(SSI));
	pend(BIT(SSI));
	mstatus_bits = MSTATUS_MIE | MSTATUS_SIE;
	run(M, a_few_nops, 0);
	expect_ok();
}

static void an_s_interrupt_not_delegated_goes_to_m_mode(void)
{
	csr_write(mie, BIT(STI));
	pend(BIT(STI));
	run(S, a_few_nops, 0);
	expect_interrupt(STI);
	mstatus_bits = MSTATUS_MIE;
	run(M, a_few_nops, 0);
	expect_interrupt(STI);
}

static void enabling_mie_takes_the_interrupt_before_the_next_instruction(void)
{
	poke32(MSIP0, 1);
	csr_write(mie, BIT(MSI));
	run(M, set_mie_bit, 0);
	expect_interrupt(MSI);
	expect(seen.pc, (u64)set_mie_bit + 8);
}

static void enabling_sie_takes_the_interrupt_before_the_next_instruction(void)
{
	csr_write(mideleg, BIT(SSI));
	csr_write(mie, BIT(SSI));
	pend(BIT(SSI));
	run(S, set_sie_bit, 0);
	expect_s_interrupt(SSI);
	expect(csr_read(sepc), (u64)set_sie_bit + 4);
}

static void writing_mie_takes_the_interrupt_before_the_next_instruction(void)
{
	poke32(MSIP0, 1);
	mstatus_bits = MSTATUS_MIE;
	run(M, write_mie, BIT(MSI));
	expect_interrupt(MSI);
	expect(seen.pc, (u64)write_mie + 4);
}

static void writing_sip_takes_the_interrupt_before_the_next_instruction(void)
{
	csr_write(mideleg, BIT(SSI));
	csr_write(mie, BIT(SSI));
	mstatus_bits = MSTATUS_SIE;
	run(S, set_ssip_in_sip, 0);
	expect_s_interrupt(SSI);
	expect(csr_read(sepc), (u64)set_ssip_in_sip + 4);
}

static void a_store_to_the_clint_interrupts_soon(void)
{
	csr_write(mie, BIT(MSI));
	run(S, store_to_msip, MSIP0);
	expect_interrupt(MSI);
}

static void a_running_timer_interrupts_a_loop(void)
{
	csr_write(mie, BIT(MTI));
	poke(MTIMECMP0, peek(MTIME) + 50);
	for (u64 i = 0; i < 100000; i++) {
		run(U, many_nops, 0);
		if (seen.cause != ECALL_FROM_U)
			break;
	}
	expect_interrupt(MTI);
}

/* --- priorities --- */

static void interrupts_to_m_mode_come_mei_msi_mti_sei_ssi_sti(void)
{
	csr_write(mie, ~0ul);
	pend(BIT(SSI) | BIT(STI) | BIT(SEI));
	poke32(MSIP0, 1);
	poke(MTIMECMP0, 0);
	run(S, a_few_nops, 0);
	expect_interrupt(MSI);
	poke32(MSIP0, 0);
	run(S, a_few_nops, 0);
	expect_interrupt(MTI);
	poke(MTIMECMP0, ~0ul);
	run(S, a_few_nops, 0);
	expect_interrupt(SEI);
	pend(BIT(SSI) | BIT(STI));
	run(S, a_few_nops, 0);
	expect_interrupt(SSI);
	pend(BIT(STI));
	run(S, a_few_nops, 0);
	expect_interrupt(STI);
}

static void interrupts_to_s_mode_come_sei_ssi_sti(void)
{
	csr_write(mideleg, ~0ul);
	csr_write(mie, ~0ul);
	pend(BIT(SSI) | BIT(STI) | BIT(SEI));
	run(U, a_few_nops, 0);
	expect_s_interrupt(SEI);
	pend(BIT(SSI) | BIT(STI));
	run(U, a_few_nops, 0);
	expect_s_interrupt(SSI);
	pend(BIT(STI));
	run(U, a_few_nops, 0);
	expect_s_interrupt(STI);
}

static void interrupts_to_m_mode_come_before_those_to_s_mode(void)
{
	csr_write(mideleg, BIT(SEI));
	csr_write(mie, ~0ul);
	pend(BIT(STI) | BIT(SEI));
	run(U, a_few_nops, 0);
	expect_interrupt(STI);
}

static void interrupts_come_before_exceptions_of_the_next_instruction(void)
{
	csr_write(mie, BIT(SSI));
	pend(BIT(SSI));
	load(U, NO_MEMORY);
	expect_interrupt(SSI);
	fetch(U, NO_MEMORY);
	expect_interrupt(SSI);
	expect(seen.pc, NO_MEMORY);
}

/* --- vectors --- */

static void a_vectored_interrupt_goes_to_base_plus_4_times_its_number(void)
{
	static const u64 numbers[] = { SSI, STI, SEI };

	csr_write(mtvec, (u64)m_vectors | 1);
	csr_write(stvec, (u64)s_vectors | 1);
	for (u64 i = 0; i < ARRAY_SIZE(numbers); i++) {
		csr_write(mideleg, 0);
		csr_write(mie, BIT(numbers[i]));
		pend(BIT(numbers[i]));
		run(U, a_few_nops, 0);
		expect_interrupt(numbers[i]);
		expect(seen.entry, numbers[i]);
		csr_write(mideleg, BIT(numbers[i]));
		run(U, a_few_nops, 0);
		expect(seen.pc, (u64)s_vectors + 4 * numbers[i]);
		expect(csr_read(scause), INTERRUPT | numbers[i]);
	}
}

static void a_direct_interrupt_goes_to_base(void)
{
	csr_write(mideleg, BIT(SEI));
	csr_write(mie, BIT(SEI));
	pend(BIT(SEI));
	run(U, a_few_nops, 0);
	expect(seen.pc, (u64)s_vectors);
}

/* --- WFI --- */

static void wfi_goes_on_when_an_enabled_interrupt_is_pending(void)
{
	poke32(MSIP0, 1);
	csr_write(mie, BIT(MSI));
	run(M, do_wfi, 0); /* not taken: MIE is 0 */
	expect_value(42);
}

static void wfi_goes_on_though_the_interrupt_is_delegated_and_masked(void)
{
	csr_write(mideleg, BIT(SSI));
	csr_write(mie, BIT(SSI));
	pend(BIT(SSI));
	run(S, do_wfi, 0);
	expect_value(42);
	run(M, do_wfi, 0);
	expect_value(42);
}

static void wfi_waits_for_the_timer(void)
{
	u64 at = peek(MTIME) + 5000;

	csr_write(mie, BIT(MTI));
	poke(MTIMECMP0, at);
	run(M, do_wfi, 0);
	expect_value(42);
	expect(peek(MTIME) >= at, 1);
}

static void an_interrupt_taken_at_wfi_returns_behind_it(void)
{
	csr_write(mie, BIT(MTI));
	poke(MTIMECMP0, peek(MTIME) + 2000);
	mstatus_bits = MSTATUS_MIE;
	run(M, do_wfi, 0);
	expect_interrupt(MTI);
	expect(seen.pc, (u64)do_wfi + 4);
}

/* --- PLIC: the UART's transmitter is empty, so its interrupt is there as soon as it is enabled --- */

static void uart_interrupt(int on)
{
	*(volatile u8 *)(MEMMAP_UART_BASE + 1ul) = on ? 2 : 0;
}

/* The UART's interrupt for one context, at priority 3; the other context gets nothing. */
static void plic_route(u32 context)
{
	poke32(PLIC_PRIORITY(MEMMAP_UART_IRQ), 3);
	for (u32 i = 0; i < 2; i++) {
		poke32(PLIC_ENABLE(i), i == context ? 1u << MEMMAP_UART_IRQ : 0);
		poke32(PLIC_THRESHOLD(i), 0);
	}
	uart_interrupt(1);
}

static void plic_quiet(void)
{
	uart_interrupt(0);
	for (u32 i = 0; i < 2; i++) {
		poke32(PLIC_CLAIM(i), peek32(PLIC_CLAIM(i)));
		poke32(PLIC_ENABLE(i), 0);
	}
}

static void plic_m_context_raises_mei(void)
{
	needs(facts.plic_uart);
	plic_route(CONTEXT_M);
	expect(mip() & (BIT(MEI) | BIT(SEI)), BIT(MEI));
	csr_write(mie, ~0ul);
	poke32(MSIP0, 1);
	run(S, a_few_nops, 0);
	expect_interrupt(MEI); /* before MSI */
	plic_quiet();
	expect(mip() & BIT(MEI), 0);
}

static void plic_s_context_raises_sei(void)
{
	needs(facts.plic_uart);
	plic_route(CONTEXT_S);
	expect(mip() & (BIT(MEI) | BIT(SEI)), BIT(SEI));
	csr_write(mideleg, BIT(SEI));
	csr_write(mie, BIT(SEI));
	run(U, a_few_nops, 0);
	expect_s_interrupt(SEI);
	plic_quiet();
	expect(mip() & BIT(SEI), 0);
}

static void plic_claim_takes_the_interrupt_and_complete_lets_it_come_again(void)
{
	needs(facts.plic_uart);
	plic_route(CONTEXT_M);
	expect(peek32(PLIC_CLAIM(CONTEXT_M)), MEMMAP_UART_IRQ);
	expect(mip() & BIT(MEI), 0);
	expect(peek32(PLIC_CLAIM(CONTEXT_M)), 0);
	uart_interrupt(0);
	uart_interrupt(1);
	poke32(PLIC_CLAIM(CONTEXT_M), MEMMAP_UART_IRQ);
	expect(mip() & BIT(MEI), BIT(MEI));
	plic_quiet();
}

static void plic_threshold_masks_priorities_up_to_it(void)
{
	needs(facts.plic_uart);
	plic_route(CONTEXT_M);
	poke32(PLIC_THRESHOLD(CONTEXT_M), 3);
	expect(mip() & BIT(MEI), 0);
	poke32(PLIC_THRESHOLD(CONTEXT_M), 2);
	expect(mip() & BIT(MEI), BIT(MEI));
	poke32(PLIC_PRIORITY(MEMMAP_UART_IRQ), 0); /* never interrupts */
	poke32(PLIC_THRESHOLD(CONTEXT_M), 0);
	expect(mip() & BIT(MEI), 0);
	expect(peek32(PLIC_PENDING) >> MEMMAP_UART_IRQ & 1, 1);
	poke32(PLIC_PRIORITY(MEMMAP_UART_IRQ), 3);
	plic_quiet();
}

static void seip_is_the_or_of_software_and_plic(void)
{
	needs(facts.plic_uart);
	pend(BIT(SEI));
	plic_route(CONTEXT_S);
	plic_quiet();
	expect(mip() & BIT(SEI), BIT(SEI)); /* software's is still there */
	plic_route(CONTEXT_S);
	pend(0);
	expect(mip() & BIT(SEI), BIT(SEI)); /* the PLIC's is still there */
	plic_quiet();
	expect(mip() & BIT(SEI), 0);
}

static void setting_another_bit_does_not_make_the_plics_seip_softwares(void)
{
	needs(facts.plic_uart);
	plic_route(CONTEXT_S);
	csr_set(mip, BIT(SSI)); /* reads SEIP as 1, must not write it back */
	plic_quiet();
	expect(mip(), BIT(SSI));
}

/* --- Sstc --- */

static void stimecmp_drives_stip(void)
{
	needs(facts.sstc);
	csr_write(menvcfg, MENVCFG_STCE);
	csr_write(mcounteren, 2);
	csr_write(mideleg, BIT(STI));
	run(S, write_stimecmp, 0);
	expect_value(BIT(STI));
	run(S, write_stimecmp, ~0ul);
	expect_value(0);
	csr_write(mie, BIT(STI));
	run(S, read_time, 0);
	mstatus_bits = MSTATUS_SIE;
	run(S, write_stimecmp, seen.x[10] + 100);
	for (u64 i = 0; i < 100000 && seen.cause == ECALL_FROM_S && !(csr_read(scause) >> 63); i++)
		run(S, many_nops, 0);
	expect_s_interrupt(STI);
	run(M, write_stimecmp, ~0ul);
}

static void stip_is_read_only_with_stce(void)
{
	needs(facts.sstc);
	csr_write(menvcfg, MENVCFG_STCE);
	run(M, write_stimecmp, ~0ul);
	pend(BIT(STI));
	expect(mip() & BIT(STI), 0);
}

static void stimecmp_needs_stce_and_mcounteren_tm(void)
{
	needs(facts.sstc);
	csr_write(mcounteren, 2);
	run(S, write_stimecmp, ~0ul);
	expect(seen.cause, ILLEGAL_INSTRUCTION);
	csr_write(menvcfg, MENVCFG_STCE);
	csr_write(mcounteren, 0);
	run(S, write_stimecmp, ~0ul);
	expect(seen.cause, ILLEGAL_INSTRUCTION);
	run(U, write_stimecmp, ~0ul);
	expect(seen.cause, ILLEGAL_INSTRUCTION);
	run(M, write_stimecmp, ~0ul);
	expect_ok();
}

const struct rule rules[] = {
	RULE(msip_follows_the_clint),
	RULE(mtip_follows_mtimecmp),
	RULE(mtip_comes_when_mtime_reaches_mtimecmp),
	RULE(mip_m_bits_are_read_only),
	RULE(mip_s_bits_are_writable),
	RULE(sip_shows_delegated_interrupts_alone),
	RULE(sip_lets_ssip_alone_be_written),
	RULE(sie_is_the_delegated_part_of_mie),
	RULE(machine_interrupts_cannot_be_delegated),
	RULE(an_interrupt_needs_its_enable_bit),
	RULE(m_mode_masks_with_mie),
	RULE(lesser_modes_are_interrupted_whatever_mie),
	RULE(a_delegated_interrupt_goes_to_s_mode),
	RULE(s_mode_masks_delegated_interrupts_with_sie),
	RULE(a_delegated_interrupt_is_not_taken_in_m_mode),
	RULE(an_s_interrupt_not_delegated_goes_to_m_mode),
	RULE(enabling_mie_takes_the_interrupt_before_the_next_instruction),
	RULE(enabling_sie_takes_the_interrupt_before_the_next_instruction),
	RULE(writing_mie_takes_the_interrupt_before_the_next_instruction),
	RULE(writing_sip_takes_the_interrupt_before_the_next_instruction),
	RULE(a_store_to_the_clint_interrupts_soon),
	RULE(a_running_timer_interrupts_a_loop),
	RULE(interrupts_to_m_mode_come_mei_msi_mti_sei_ssi_sti),
	RULE(interrupts_to_s_mode_come_sei_ssi_sti),
	RULE(interrupts_to_m_mode_come_before_those_to_s_mode),
	RULE(interrupts_come_before_exceptions_of_the_next_instruction),
	RULE(a_vectored_interrupt_goes_to_base_plus_4_times_its_number),
	RULE(a_direct_interrupt_goes_to_base),
	RULE(wfi_goes_on_when_an_enabled_interrupt_is_pending),
	RULE(wfi_goes_on_though_the_interrupt_is_delegated_and_masked),
	RULE(wfi_waits_for_the_timer),
	RULE(an_interrupt_taken_at_wfi_returns_behind_it),
	RULE(plic_m_context_raises_mei),
	RULE(plic_s_context_raises_sei),
	RULE(plic_claim_takes_the_interrupt_and_complete_lets_it_come_again),
	RULE(plic_threshold_masks_priorities_up_to_it),
	RULE(seip_is_the_or_of_software_and_plic),
	RULE(setting_another_bit_does_not_make_the_plics_seip_softwares),
	RULE(stimecmp_drives_stip),
	RULE(stip_is_read_only_with_stce),
	RULE(stimecmp_needs_stce_and_mcounteren_tm),
};

const u64 rule_count = ARRAY_SIZE(rules);
