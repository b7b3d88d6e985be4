/*
 * cpu/trap.c against the privileged manual's "Trap Delegation", "Trap-Vector Base-Address Register", "Privilege and
 * Global Interrupt-Enable Stack", "Interrupt Registers" and "Trap-Return Instructions": every cause in every mode,
 * delegated or not, and the interrupt rules against a second, naive statement of them.
 */
#include "cpu/trap.h"

#include "cpu/counters.h"
#include "tests/unit/hart_rig.h"

#define PC 0x80001234ull
#define M_BASE 0x80004000ull
#define S_BASE 0x80008000ull
#define TVAL 0xfeedfacecafebeefull

static const u8 causes[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15 };
static const enum priv modes[] = { PRIV_U, PRIV_S, PRIV_M };

static u64 mpp(const struct rig *r)
{
	return bits(r->h->csr.mstatus, 12, 11);
}

/* A hart in `mode` about to trap at PC, handlers set. */
static void prepare(struct rig *r, enum priv mode, u64 vectored)
{
	rig_set_mode(r, PRIV_M);
	r->h->pc = PC;
	r->h->csr.mtvec = M_BASE | vectored;
	r->h->csr.stvec = S_BASE | vectored;
	r->h->csr.mcause = r->h->csr.scause = 0x55;
	r->h->csr.mepc = r->h->csr.sepc = 0x66;
	r->h->csr.mtval = r->h->csr.stval = 0x77;
	csr_clear(r, CSR_MSTATUS, ~0ull);
	rig_set_mode(r, mode);
	r->h->pc = PC;
}

/* --- exceptions --- */

static void test_exception_undelegated_goes_to_m_mode(void **state)
{
	struct rig *r = *state;

	for (u32 m = 0; m < ARRAY_SIZE(modes); m++)
		for (u32 i = 0; i < ARRAY_SIZE(causes); i++)
			for (u64 vectored = 0; vectored < 2; vectored++) {
				prepare(r, modes[m], vectored);
				r->h->csr.medeleg = ~BIT(causes[i]);
				trap_exception(r->h, causes[i], TVAL);
				assert_int_equal(r->h->priv, PRIV_M);
				assert_int_equal(r->h->pc, M_BASE);
				assert_int_equal(r->h->csr.mcause, causes[i]);
				assert_int_equal(r->h->csr.mepc, PC);
				assert_int_equal(r->h->csr.mtval, TVAL);
				assert_int_equal(mpp(r), modes[m]);
				assert_int_equal(r->h->csr.scause, 0x55);
				assert_int_equal(r->h->csr.sepc, 0x66);
				assert_int_equal(r->h->csr.stval, 0x77);
			}
}

static void test_exception_delegated_goes_to_s_mode(void **state)
{
	struct rig *r = *state;

	for (u32 m = 0; m < 2; m++)
		for (u32 i = 0; i < ARRAY_SIZE(causes); i++)
			for (u64 vectored = 0; vectored < 2; vectored++) {
				prepare(r, modes[m], vectored);
				r->h->csr.medeleg = BIT(causes[i]);
				trap_exception(r->h, causes[i], TVAL);
				assert_int_equal(r->h->priv, PRIV_S);
				assert_int_equal(r->h->pc, S_BASE);
				assert_int_equal(r->h->csr.scause, causes[i]);
				assert_int_equal(r->h->csr.sepc, PC);
				assert_int_equal(r->h->csr.stval, TVAL);
				assert_int_equal(r->h->csr.mstatus & MSTATUS_SPP ? PRIV_S : PRIV_U, modes[m]);
				assert_int_equal(r->h->csr.mcause, 0x55);
				assert_int_equal(r->h->csr.mepc, 0x66);
				assert_int_equal(r->h->csr.mtval, 0x77);
			}
}

/* "Traps never transition from a more-privileged mode to a less-privileged mode." */
static void test_exception_in_m_mode_ignores_delegation(void **state)
{
	struct rig *r = *state;

	for (u32 i = 0; i < ARRAY_SIZE(causes); i++) {
		prepare(r, PRIV_M, 0);
		r->h->csr.medeleg = ~0ull;
		trap_exception(r->h, causes[i], TVAL);
		assert_int_equal(r->h->priv, PRIV_M);
		assert_int_equal(r->h->csr.mcause, causes[i]);
		assert_int_equal(r->h->csr.scause, 0x55);
	}
}

static void test_m_trap_pushes_mie_into_mpie(void **state)
{
	struct rig *r = *state;

	for (u64 mie = 0; mie < 2; mie++)
		for (u64 mpie = 0; mpie < 2; mpie++) {
			u64 others =
				MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_MPRV | MSTATUS_SUM | MSTATUS_MXR;

			prepare(r, PRIV_S, 0);
			r->h->csr.medeleg = 0;
			r->h->csr.mstatus |= others | mie << 3 | mpie << 7;
			trap_exception(r->h, EXC_ILLEGAL, 0);
			assert_int_equal(r->h->csr.mstatus & MSTATUS_MIE, 0);
			assert_int_equal(r->h->csr.mstatus >> 7 & 1, mie);
			assert_int_equal(r->h->csr.mstatus & others, others);
		}
}

static void test_s_trap_pushes_sie_into_spie(void **state)
{
	struct rig *r = *state;

	for (u64 sie = 0; sie < 2; sie++)
		for (u64 spie = 0; spie < 2; spie++) {
			u64 others = MSTATUS_MIE | MSTATUS_MPIE | BIT(12) | BIT(11) | MSTATUS_SUM | MSTATUS_MXR;

			prepare(r, PRIV_U, 0);
			r->h->csr.medeleg = ~0ull;
			r->h->csr.mstatus |= others | sie << 1 | spie << 5 | MSTATUS_SPP;
			trap_exception(r->h, EXC_ECALL_U, 0);
			assert_int_equal(r->h->csr.mstatus & (MSTATUS_SIE | MSTATUS_SPP), 0);
			assert_int_equal(r->h->csr.mstatus >> 5 & 1, sie);
			assert_int_equal(r->h->csr.mstatus & others, others);
		}
}

static void test_exception_is_a_step_that_does_not_retire(void **state)
{
	struct rig *r = *state;
	u64 count = r->h->count, instret = hart_instret(r->h);

	trap_exception(r->h, EXC_BREAKPOINT, 0);
	assert_int_equal(r->h->count, count + 1);
	assert_int_equal(hart_instret(r->h), instret);
}

static void test_traps_lengthen_the_streak(void **state)
{
	struct rig *r = *state;

	trap_exception(r->h, EXC_BREAKPOINT, 0);
	trap_exception(r->h, EXC_BREAKPOINT, 0);
	assert_int_equal(r->h->trap_streak, 2);
}

/* A handler that faults where it did before, a few instructions behind its entry. */
static void test_handler_that_faults_again_lengthens_the_streak(void **state)
{
	struct rig *r = *state;

	for (u32 i = 1; i <= 3; i++) {
		r->h->pc = 0x80000108;
		r->h->count += 2;
		trap_exception(r->h, EXC_STORE_PAGE, 0x40000000 - i);
		assert_int_equal(r->h->trap_streak, i);
	}
	r->h->pc = 0x8000010c;
	r->h->count += 2;
	trap_exception(r->h, EXC_STORE_PAGE, 0x40000000);
	assert_int_equal(r->h->trap_streak, 1);
	r->h->pc = 0x8000010c;
	r->h->count += 300;
	trap_exception(r->h, EXC_STORE_PAGE, 0x40000000);
	assert_int_equal(r->h->trap_streak, 1);
}

static void test_calls_and_returns_are_no_streak(void **state)
{
	struct rig *r = *state;

	for (u32 i = 0; i < 3; i++) {
		r->h->pc = 0x80000108;
		r->h->count += 2;
		trap_exception(r->h, EXC_ECALL_M, 0);
		assert_int_equal(r->h->trap_streak, 1);
	}
	r->h->pc = 0x80000108;
	trap_exception(r->h, EXC_LOAD_PAGE, 0);
	assert_true(trap_mret(r->h));
	assert_int_equal(r->h->trap_streak, 0);
}

static void test_trap_keeps_reservation(void **state)
{
	struct rig *r = *state;

	r->h->reserved = true;
	r->h->reserved_pa = RIG_RAM;
	trap_exception(r->h, EXC_BREAKPOINT, 0);
	assert_true(trap_mret(r->h));
	assert_true(r->h->reserved);
	assert_int_equal(r->h->reserved_pa, RIG_RAM);
}

static void test_trap_tells_mmu_and_jump_cache(void **state)
{
	struct rig *r = *state;

	prepare(r, PRIV_U, 0);
	r->h->csr.medeleg = ~0ull;
	trap_exception(r->h, EXC_ECALL_U, 0);
	assert_int_equal(r->h->mmu.priv, PRIV_S);
	assert_int_equal(r->h->mmu.data_priv, PRIV_S);
	assert_ptr_equal(r->h->jumps, r->h->jump_caches[PRIV_S]);
	assert_true(trap_sret(r->h));
	assert_int_equal(r->h->mmu.priv, PRIV_U);
	assert_ptr_equal(r->h->jumps, r->h->jump_caches[PRIV_U]);
}

/* --- interrupts --- */

/* The rules of "Machine Interrupt Registers" and "Supervisor Interrupt Registers", sentence by sentence. -1: none. */
static int naive_interrupt(enum priv mode, u64 mip, u64 mie, u64 mideleg, bool mie_bit, bool sie_bit)
{
	static const u8 priority[] = { 11, 3, 7, 9, 1, 5, 13 };

	/* "An interrupt i will trap to M-mode if all of: (a) mode is M and MIE is set, or mode is less privileged;
	 * (b) bit i is set in mip and mie; (c) bit i is not set in mideleg." */
	for (u32 k = 0; k < ARRAY_SIZE(priority); k++) {
		u32 i = priority[k];
		bool a = (mode == PRIV_M && mie_bit) || mode < PRIV_M;
		bool b = mip >> i & 1 && mie >> i & 1;
		bool c = !(mideleg >> i & 1);

		if (a && b && c)
			return (int)i;
	}
	/* The same a level below: "(a) the current mode is S and SIE is set, or the mode has less privilege than S". */
	for (u32 k = 0; k < ARRAY_SIZE(priority); k++) {
		u32 i = priority[k];
		bool a = (mode == PRIV_S && sie_bit) || mode < PRIV_S;

		if (a && mip >> i & 1 && mie >> i & 1 && mideleg >> i & 1)
			return (int)i;
	}
	return -1;
}

static u64 random_state = 1;

static u64 next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void test_interrupts_agree_with_the_rules(void **state)
{
	static const u64 all = 0x2aaa, of_s = 0x2222;
	struct rig *r = *state;

	for (u32 n = 0; n < 200000; n++) {
		u64 random = next_random();
		enum priv mode = modes[random % 3];
		bool mie_bit = random >> 8 & 1, sie_bit = random >> 9 & 1;
		u64 mip = next_random() & all, mie = next_random() & all & (random >> 10 & 1 ? ~0ull : next_random());
		u64 mideleg = next_random() & of_s;
		int expected = naive_interrupt(mode, mip, mie, mideleg, mie_bit, sie_bit);

		r->h->wires = mip & ~of_s;
		r->h->csr.mip_soft = mip & of_s;
		r->h->csr.mie = mie;
		r->h->csr.mideleg = mideleg;
		r->h->csr.mstatus = (u64)mie_bit << 3 | (u64)sie_bit << 1;
		rig_set_mode(r, mode);
		assert_int_equal(hart_pending_interrupt(r->h), expected);
		assert_int_equal(r->h->attention, expected >= 0);
	}
}

/* "Vectored: interrupts set pc to BASE + 4 x cause"; Direct: to BASE. */
static void test_interrupt_vectors(void **state)
{
	static const u8 interrupts[] = { 1, 3, 5, 7, 9, 11, 13 };
	struct rig *r = *state;

	for (u32 i = 0; i < ARRAY_SIZE(interrupts); i++)
		for (u64 vectored = 0; vectored < 2; vectored++)
			for (u32 delegated = 0; delegated < 2; delegated++) {
				u64 bit = BIT(interrupts[i]);
				bool to_s = delegated && bit & 0x2222;

				prepare(r, PRIV_U, vectored);
				r->h->wires = bit;
				r->h->csr.mie = bit;
				r->h->csr.mideleg = to_s ? bit : 0;
				u64 count = r->h->count;

				assert_true(trap_interrupt(r->h));
				assert_int_equal(r->h->count, count);
				assert_int_equal(r->h->priv, to_s ? PRIV_S : PRIV_M);
				assert_int_equal(r->h->pc,
				                 (to_s ? S_BASE : M_BASE) + (vectored ? 4 * interrupts[i] : 0));
				assert_int_equal(to_s ? r->h->csr.scause : r->h->csr.mcause, BIT(63) | interrupts[i]);
				assert_int_equal(to_s ? r->h->csr.sepc : r->h->csr.mepc, PC);
				assert_int_equal(to_s ? r->h->csr.stval : r->h->csr.mtval, 0);
				/* the stack keeps it from being taken again */
				assert_false(r->h->attention);
				assert_false(trap_interrupt(r->h));
				r->h->wires = 0;
			}
}

static void test_interrupt_wakes_without_being_taken(void **state)
{
	struct rig *r = *state;

	prepare(r, PRIV_M, 0);
	r->h->waiting = true;
	csr_write(r, CSR_MIE, MIP_MTIP);
	hart_set_wire(r->h, WIRE_MSI, true);
	assert_false(r->h->attention);
	hart_set_wire(r->h, WIRE_MTI, true);
	assert_true(r->h->attention);
	u64 pc = r->h->pc;

	assert_false(trap_interrupt(r->h));
	assert_false(r->h->waiting);
	assert_false(r->h->attention);
	assert_int_equal(r->h->pc, pc);
}

static void test_interrupt_wakes_though_delegated_and_masked(void **state)
{
	struct rig *r = *state;

	prepare(r, PRIV_S, 0);
	r->h->csr.mideleg = MIP_SEIP;
	r->h->csr.mie = MIP_SEIP;
	r->h->waiting = true;
	hart_set_wire(r->h, WIRE_SEI, true);
	assert_false(trap_interrupt(r->h));
	assert_false(r->h->waiting);
}

static void test_interrupts_are_counted(void **state)
{
	struct rig *r = *state;

	prepare(r, PRIV_U, 0);
	r->h->csr.mie = MIP_MTIP;
	hart_set_wire(r->h, WIRE_MTI, true);
	assert_true(trap_interrupt(r->h));
	assert_int_equal(r->h->events.interrupts, 1);
}

/* --- returns --- */

static void test_mret_pops_the_stack(void **state)
{
	struct rig *r = *state;

	for (u32 m = 0; m < ARRAY_SIZE(modes); m++)
		for (u64 mpie = 0; mpie < 2; mpie++)
			for (u64 mie = 0; mie < 2; mie++) {
				prepare(r, PRIV_M, 0);
				r->h->csr.mstatus |=
					(u64)modes[m] << 11 | mpie << 7 | mie << 3 | MSTATUS_SIE | MSTATUS_SPP;
				r->h->csr.mepc = 0x80002000;
				u64 count = r->h->count;

				assert_true(trap_mret(r->h));
				assert_int_equal(r->h->count, count);
				assert_int_equal(r->h->priv, modes[m]);
				assert_int_equal(r->h->pc, 0x80002000);
				assert_int_equal(r->h->csr.mstatus >> 3 & 1, mpie);
				assert_int_equal(r->h->csr.mstatus >> 7 & 1, 1);
				assert_int_equal(mpp(r), PRIV_U);
				assert_int_equal(r->h->csr.mstatus & (MSTATUS_SIE | MSTATUS_SPP),
				                 MSTATUS_SIE | MSTATUS_SPP);
			}
}

static void test_sret_pops_the_stack(void **state)
{
	struct rig *r = *state;

	for (u32 from = PRIV_S; from <= PRIV_M; from += 2)
		for (u64 spp = 0; spp < 2; spp++)
			for (u64 spie = 0; spie < 2; spie++) {
				prepare(r, from, 0);
				r->h->csr.mstatus |= spp << 8 | spie << 5 | MSTATUS_MPIE | BIT(11);
				r->h->csr.sepc = 0x80002002;
				assert_true(trap_sret(r->h));
				assert_int_equal(r->h->priv, spp);
				assert_int_equal(r->h->pc, 0x80002002);
				assert_int_equal(r->h->csr.mstatus >> 1 & 1, spie);
				assert_int_equal(r->h->csr.mstatus >> 5 & 1, 1);
				assert_int_equal(r->h->csr.mstatus & MSTATUS_SPP, 0);
				assert_int_equal(r->h->csr.mstatus & (MSTATUS_MPIE | MSTATUS_MPP),
				                 MSTATUS_MPIE | BIT(11));
			}
}

/* "MRET sets MPRV=0 if the mode it returns to is less privileged than M." */
static void test_mret_clears_mprv_unless_to_m(void **state)
{
	struct rig *r = *state;

	for (u32 m = 0; m < ARRAY_SIZE(modes); m++) {
		prepare(r, PRIV_M, 0);
		r->h->csr.mstatus |= (u64)modes[m] << 11 | MSTATUS_MPRV;
		assert_true(trap_mret(r->h));
		assert_int_equal(!!(r->h->csr.mstatus & MSTATUS_MPRV), modes[m] == PRIV_M);
	}
}

static void test_sret_clears_mprv(void **state)
{
	struct rig *r = *state;

	prepare(r, PRIV_M, 0);
	r->h->csr.mstatus |= MSTATUS_MPRV | MSTATUS_SPP;
	assert_true(trap_sret(r->h));
	assert_false(r->h->csr.mstatus & MSTATUS_MPRV);
}

static void test_mret_below_m_is_illegal(void **state)
{
	struct rig *r = *state;

	for (u32 m = 0; m < 2; m++) {
		prepare(r, modes[m], 0);
		assert_false(trap_mret(r->h));
		assert_int_equal(r->h->priv, modes[m]);
		assert_int_equal(r->h->pc, PC);
	}
}

static void test_sret_in_u_mode_is_illegal(void **state)
{
	struct rig *r = *state;

	prepare(r, PRIV_U, 0);
	assert_false(trap_sret(r->h));
	assert_int_equal(r->h->pc, PC);
}

/* "When TSR=1, attempts to execute SRET while executing in S-mode will raise an illegal-instruction exception." */
static void test_sret_with_tsr_is_illegal_in_s_mode_only(void **state)
{
	struct rig *r = *state;

	prepare(r, PRIV_S, 0);
	r->h->csr.mstatus |= MSTATUS_TSR;
	assert_false(trap_sret(r->h));
	prepare(r, PRIV_M, 0);
	r->h->csr.mstatus |= MSTATUS_TSR;
	assert_true(trap_sret(r->h));
}

static void test_sret_without_s_mode_is_illegal(void **state)
{
	struct rig *r = rig_create("rv64imu");

	(void)state;
	assert_false(trap_sret(r->h));
	rig_destroy(r);
}

/* "xPP is set to the least-privileged supported mode (U if U-mode is implemented, else M)." */
static void test_mret_without_u_mode_leaves_mpp_m(void **state)
{
	struct rig *r = rig_create_m_only();

	(void)state;
	assert_true(trap_mret(r->h));
	assert_int_equal(r->h->priv, PRIV_M);
	assert_int_equal(mpp(r), PRIV_M);
	rig_destroy(r);
}

static void test_return_uncovers_pending_interrupt(void **state)
{
	struct rig *r = *state;

	prepare(r, PRIV_M, 0);
	r->h->csr.mie = MIP_MTIP;
	r->h->csr.mstatus |= MSTATUS_MPP | MSTATUS_MPIE;
	hart_set_wire(r->h, WIRE_MTI, true);
	assert_false(r->h->attention);
	assert_true(trap_mret(r->h));
	assert_true(r->h->attention);
	assert_true(trap_interrupt(r->h));
}

/* --- traces --- */

static void test_trap_is_traced(void **state)
{
	struct rig *r = *state;

	prepare(r, PRIV_U, 0);
	r->trace.wanted = BIT(TRACE_TRAP);
	r->h->csr.medeleg = BIT(EXC_LOAD_PAGE);
	trap_exception(r->h, EXC_LOAD_PAGE, TVAL);
	assert_int_equal(r->events, 1);
	assert_int_equal(r->trap[0].head.pc, PC);
	assert_int_equal(r->trap[0].head.priv, PRIV_U);
	assert_int_equal(r->trap[0].head.hart, 3);
	assert_int_equal(r->trap[0].cause, EXC_LOAD_PAGE);
	assert_int_equal(r->trap[0].tval, TVAL);
	assert_int_equal(r->trap[0].target, S_BASE);
	assert_int_equal(r->trap[0].to_priv, PRIV_S);
	assert_false(r->trap[0].is_return);
}

static void test_return_is_traced(void **state)
{
	struct rig *r = *state;

	prepare(r, PRIV_S, 0);
	r->trace.wanted = BIT(TRACE_TRAP);
	r->h->csr.sepc = 0x80002000;
	assert_true(trap_sret(r->h));
	assert_int_equal(r->events, 1);
	assert_int_equal(r->trap[0].head.pc, PC);
	assert_int_equal(r->trap[0].head.priv, PRIV_S);
	assert_int_equal(r->trap[0].target, 0x80002000);
	assert_int_equal(r->trap[0].to_priv, PRIV_U);
	assert_true(r->trap[0].is_return);
}

static void test_vectored_interrupt_is_traced_with_its_target(void **state)
{
	struct rig *r = *state;

	prepare(r, PRIV_U, 1);
	r->trace.wanted = BIT(TRACE_TRAP);
	r->h->csr.mie = MIP_MTIP;
	hart_set_wire(r->h, WIRE_MTI, true);
	assert_true(trap_interrupt(r->h));
	assert_int_equal(r->trap[0].cause, BIT(63) | 7);
	assert_int_equal(r->trap[0].target, M_BASE + 28);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_exception_undelegated_goes_to_m_mode),
		TEST(test_exception_delegated_goes_to_s_mode),
		TEST(test_exception_in_m_mode_ignores_delegation),
		TEST(test_m_trap_pushes_mie_into_mpie),
		TEST(test_s_trap_pushes_sie_into_spie),
		TEST(test_exception_is_a_step_that_does_not_retire),
		TEST(test_traps_lengthen_the_streak),
		TEST(test_handler_that_faults_again_lengthens_the_streak),
		TEST(test_calls_and_returns_are_no_streak),
		TEST(test_trap_keeps_reservation),
		TEST(test_trap_tells_mmu_and_jump_cache),
		TEST(test_interrupts_agree_with_the_rules),
		TEST(test_interrupt_vectors),
		TEST(test_interrupt_wakes_without_being_taken),
		TEST(test_interrupt_wakes_though_delegated_and_masked),
		TEST(test_interrupts_are_counted),
		TEST(test_mret_pops_the_stack),
		TEST(test_sret_pops_the_stack),
		TEST(test_mret_clears_mprv_unless_to_m),
		TEST(test_sret_clears_mprv),
		TEST(test_mret_below_m_is_illegal),
		TEST(test_sret_in_u_mode_is_illegal),
		TEST(test_sret_with_tsr_is_illegal_in_s_mode_only),
		cmocka_unit_test(test_sret_without_s_mode_is_illegal),
		cmocka_unit_test(test_mret_without_u_mode_leaves_mpp_m),
		TEST(test_return_uncovers_pending_interrupt),
		TEST(test_trap_is_traced),
		TEST(test_return_is_traced),
		TEST(test_vectored_interrupt_is_traced_with_its_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
