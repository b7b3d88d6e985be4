/*
 * cpu/hart.c: reset, wires and attention, what the MMU and the jump caches are told, observation, and reading the
 * instruction at pc. Interrupt rules are tested in trap_test.c, CSRs in csr_test.c.
 */
#include "cpu/hart.h"

#include "cpu/interp.h"
#include "cpu/trap.h"
#include "tests/unit/hart_rig.h"

/* --- reset --- */

/* "Upon reset, a hart's privilege mode is set to M. The mstatus fields MIE and MPRV are reset to 0, ... satp is
 * bare, PMP off". */
static void test_reset_state(void **state)
{
	struct rig *r = *state;
	struct hart *h = r->h;

	memset(h->x, 0xff, sizeof(h->x));
	csr_write(r, CSR_MSTATUS, ~0ull);
	csr_write(r, CSR_SATP, 8ull << 60 | 0x80000);
	csr_write(r, CSR_PMPADDR0, 1);
	csr_write(r, CSR_PMPCFG0, 0x99);
	h->waiting = h->reserved = true;
	rig_set_mode(r, PRIV_S);
	hart_reset(h, 0x80001000, 0x87654321);
	assert_int_equal(h->priv, PRIV_M);
	assert_int_equal(h->pc, 0x80001000);
	assert_int_equal(h->x[0], 0);
	assert_int_equal(h->x[10], 3);
	assert_int_equal(h->x[11], 0x87654321);
	assert_int_equal(h->x[31], 0);
	assert_int_equal(h->csr.mstatus & (MSTATUS_MIE | MSTATUS_MPRV), 0);
	assert_int_equal(h->mmu.satp, 0);
	assert_int_equal(h->mmu.priv, PRIV_M);
	assert_int_equal(h->mmu.pmp.cfg[0], 0);
	assert_false(h->waiting || h->reserved || h->attention || h->fp_on);
	assert_ptr_equal(h->jumps, h->jump_caches[PRIV_M]);
}

static void test_reset_lets_time_go_on(void **state)
{
	struct rig *r = *state;

	rig_step(r, 1000);
	hart_reset(r->h, RIG_RAM, 0);
	assert_int_equal(hart_time_ns(r->h), 1000);
	assert_int_equal(csr_read(r, CSR_MCYCLE), 0);
}

/* --- wires --- */

static void test_wires_show_in_mip(void **state)
{
	static const u8 wires[] = { WIRE_MSI, WIRE_MTI, WIRE_SEI, WIRE_MEI };
	struct rig *r = *state;

	for (u32 i = 0; i < ARRAY_SIZE(wires); i++) {
		hart_set_wire(r->h, wires[i], true);
		hart_set_wire(r->h, wires[i], true);
		assert_int_equal(hart_mip(r->h), BIT(wires[i]));
		hart_set_wire(r->h, wires[i], false);
		assert_int_equal(hart_mip(r->h), 0);
	}
}

static void test_supervisor_wire_hangs_in_the_air_without_s_mode(void **state)
{
	struct rig *r = rig_create("rv64imu");

	(void)state;
	hart_set_wire(r->h, WIRE_SEI, true);
	hart_set_wire(r->h, WIRE_MEI, true);
	assert_int_equal(hart_mip(r->h), MIP_MEIP);
	rig_destroy(r);
}

static void test_wire_draws_attention_if_it_can_be_taken(void **state)
{
	struct rig *r = *state;

	hart_set_wire(r->h, WIRE_MTI, true);
	assert_false(r->h->attention);
	csr_write(r, CSR_MIE, MIP_MTIP);
	assert_false(r->h->attention);
	csr_set(r, CSR_MSTATUS, MSTATUS_MIE);
	assert_true(r->h->attention);
	hart_set_wire(r->h, WIRE_MTI, false);
	assert_false(r->h->attention);
}

/* M mode's interrupts come before all of S mode's, whatever their numbers; within a mode the order is the manual's. */
static void test_pending_interrupts_in_order(void **state)
{
	static const u8 order[] = { 11, 3, 7, 9, 1, 5, 13 };
	struct rig *r = *state;

	r->h->csr.mie = 0x2aaa;
	r->h->wires = 0x888;
	r->h->csr.mip_soft = 0x2222;
	rig_set_mode(r, PRIV_U);
	for (u32 i = 0; i < ARRAY_SIZE(order); i++) {
		assert_int_equal(hart_pending_interrupt(r->h), order[i]);
		r->h->wires &= ~BIT(order[i]);
		r->h->csr.mip_soft &= ~BIT(order[i]);
	}
	assert_int_equal(hart_pending_interrupt(r->h), -1);
	r->h->csr.mip_soft = MIP_LCOFIP | MIP_SEIP;
	r->h->csr.mideleg = MIP_SEIP;
	assert_int_equal(hart_pending_interrupt(r->h), 13);
}

/* --- context --- */

static void test_context_follows_mode(void **state)
{
	static const enum priv modes[] = { PRIV_U, PRIV_S, PRIV_M };
	struct rig *r = *state;

	for (u32 i = 0; i < 3; i++) {
		rig_set_mode(r, modes[i]);
		assert_int_equal(r->h->mmu.priv, modes[i]);
		assert_ptr_equal(r->h->jumps, r->h->jump_caches[modes[i]]);
	}
}

static void test_flush_empties_every_jump_cache(void **state)
{
	struct rig *r = *state;

	for (u32 c = 0; c < JUMP_CACHES; c++)
		for (u32 i = 0; i < JUMP_CACHE_SIZE; i++)
			assert_true(r->h->jump_caches[c][i].va & 1);
	for (u32 c = 0; c < JUMP_CACHES; c++)
		r->h->jump_caches[c][5 * c].va = RIG_RAM;
	memset(r->h->jumps_used, 0xff, sizeof(r->h->jumps_used));
	hart_flush_jumps(r->h);
	assert_int_equal(r->h->jumps_used[PRIV_U] | r->h->jumps_used[PRIV_S] | r->h->jumps_used[PRIV_M], 0);
	for (u32 c = 0; c < JUMP_CACHES; c++)
		assert_true(r->h->jump_caches[c][5 * c].va & 1);
}

static void test_satp_write_and_fence_flush_jumps(void **state)
{
	struct rig *r = *state;

	r->h->jump_caches[0][0].va = RIG_RAM;
	memset(r->h->jumps_used, 0xff, sizeof(r->h->jumps_used));
	csr_write(r, CSR_SATP, 8ull << 60 | 0x80000);
	assert_true(r->h->jump_caches[0][0].va & 1);
	r->h->jump_caches[0][0].va = RIG_RAM;
	memset(r->h->jumps_used, 0xff, sizeof(r->h->jumps_used));
	mmu_fence(&r->h->mmu, false, 0, false, 0);
	assert_true(r->h->jump_caches[0][0].va & 1);
}

static void test_pmp_write_flushes_jumps(void **state)
{
	struct rig *r = *state;

	r->h->jump_caches[0][0].va = RIG_RAM;
	memset(r->h->jumps_used, 0xff, sizeof(r->h->jumps_used));
	csr_write(r, CSR_PMPCFG0, 0x1f);
	assert_true(r->h->jump_caches[0][0].va & 1);
}

/* --- time --- */

static void test_time_of_an_instruction_is_exact(void **state)
{
	struct rig *r = *state;

	r->h->count = 5000;
	r->h->slice_count = 4000;
	r->h->slice_ns = 77000;
	assert_int_equal(hart_time_ns(r->h), 78000);
	assert_int_equal(hart_now_ns(r->h), 78000);
	clock_run(&r->clock, 90000);
	assert_int_equal(hart_now_ns(r->h), 90000);
}

/* --- observation --- */

static void test_trace_wishes_turn_observers_on(void **state)
{
	struct rig *r = *state;

	hart_update_observing(r->h);
	assert_int_equal(r->h->observe_wanted, 0);
	r->trace.wanted = BIT(TRACE_TRAP) | BIT(TRACE_WALK);
	hart_update_observing(r->h);
	assert_int_equal(r->h->observe_wanted, 0);
	r->trace.wanted = BIT(TRACE_INSN);
	hart_update_observing(r->h);
	assert_int_equal(r->h->observe_wanted, OBSERVE_INSNS);
	r->trace.wanted = BIT(TRACE_MEM);
	hart_update_observing(r->h);
	assert_int_equal(r->h->observe_wanted, OBSERVE_INSNS | OBSERVE_ACCESSES);
}

static void test_observation_is_switched_when_applied(void **state)
{
	struct rig *r = *state;

	r->trace.wanted = BIT(TRACE_MEM);
	r->h->mmu.device_touched = false;
	hart_update_observing(r->h);
	assert_true(r->h->mmu.device_touched);
	assert_false(r->h->observing || r->h->mmu.all_slow);
	hart_apply_observing(r->h);
	assert_true(r->h->observing && r->h->mmu.all_slow);
	r->trace.wanted = 0;
	hart_update_observing(r->h);
	hart_apply_observing(r->h);
	assert_false(r->h->observing || r->h->mmu.all_slow);
}

/* What was decoded without observers is forgotten. */
static void test_switching_observers_decodes_anew(void **state)
{
	struct rig *r = *state;

	r->trace.wanted = BIT(TRACE_INSN);
	assert_ptr_not_equal(block_find(r->h, BLOCK_INSNS_MAX)->code[0].fn, op_observe);
	hart_update_observing(r->h);
	hart_apply_observing(r->h);
	assert_ptr_equal(block_find(r->h, BLOCK_INSNS_MAX)->code[0].fn, op_observe);
	r->trace.wanted = 0;
	hart_update_observing(r->h);
	hart_apply_observing(r->h);
	assert_ptr_not_equal(block_find(r->h, BLOCK_INSNS_MAX)->code[0].fn, op_observe);
}

static void test_tlb_that_needs_hits_sees_everything(void **state)
{
	struct rig *r = *state;
	struct mmu_config mmu = r->mmu;
	struct hart_config config = {
		.decoder = &r->decoder,
		.mmu = &mmu,
		.bus = &r->bus,
		.clock = &r->clock,
		.trace = &r->trace,
	};
	struct hart *h;

	mmu.tlb = tlb_preset("teach");
	h = hart_create(&config);
	hart_reset(h, RIG_RAM, 0);
	assert_int_equal(h->observe_wanted, OBSERVE_INSNS | OBSERVE_ACCESSES);
	assert_true(h->mmu.all_slow);
	hart_destroy(h);
}

static void test_trace_head_names_the_instruction(void **state)
{
	struct rig *r = *state;
	struct trace_head head;

	rig_step(r, 10);
	trap_exception(r->h, EXC_ILLEGAL, 0);
	r->h->pc = 0x80000abc;
	hart_trace_head(r->h, &head);
	assert_int_equal(head.pc, 0x80000abc);
	assert_int_equal(head.instret, 10);
	assert_int_equal(head.time_ns, 11);
	assert_int_equal(head.hart, 3);
	assert_int_equal(head.priv, PRIV_M);
}

/* --- the instruction at pc --- */

static void test_raw_insn_reads_both_lengths(void **state)
{
	struct rig *r = *state;
	u8 *ram = bus_ram(&r->bus, RIG_RAM, 8);
	static const u8 code[] = { 0x01, 0x00, 0x73, 0x00, 0x20, 0x30, 0x82, 0x80 }; /* c.nop; mret; c.jr ra */

	memcpy(ram, code, sizeof(code));
	assert_int_equal(hart_raw_insn(r->h), 0x0001);
	r->h->pc += 2;
	assert_int_equal(hart_raw_insn(r->h), 0x30200073);
	r->h->pc += 4;
	assert_int_equal(hart_raw_insn(r->h), 0x8082);
}

static void test_raw_insn_outside_ram_is_zero(void **state)
{
	struct rig *r = *state;
	u8 *last = bus_ram(&r->bus, RIG_RAM + RIG_RAM_SIZE - 2, 2);

	r->h->pc = 0x1000;
	assert_int_equal(hart_raw_insn(r->h), 0);
	last[0] = 0x73;
	r->h->pc = RIG_RAM + RIG_RAM_SIZE - 2;
	assert_int_equal(hart_raw_insn(r->h), 0);
}

static void put_pte(struct rig *r, u64 table, u64 index, u64 pa, u64 flags)
{
	u64 pte = pa >> PAGE_SHIFT << PTE_PPN_SHIFT | flags;

	memcpy(bus_ram(&r->bus, table + 8 * index, 8), &pte, 8);
}

/* The two halves of one instruction lie in pages that are not neighbours in RAM. */
static void test_raw_insn_crosses_pages_by_translation(void **state)
{
	struct rig *r = *state;
	const u64 leaf = PTE_V | PTE_R | PTE_X | PTE_A;
	static const u8 low[] = { 0x73, 0x00 }, high[] = { 0x20, 0x10 }; /* sret */

	put_pte(r, RIG_RAM + 0x1000, 0, RIG_RAM + 0x2000, PTE_V);
	put_pte(r, RIG_RAM + 0x2000, 0, RIG_RAM + 0x3000, PTE_V);
	put_pte(r, RIG_RAM + 0x3000, 1, RIG_RAM + 0x8000, leaf);
	put_pte(r, RIG_RAM + 0x3000, 2, RIG_RAM + 0x5000, leaf);
	memcpy(bus_ram(&r->bus, RIG_RAM + 0x8ffe, 2), low, 2);
	memcpy(bus_ram(&r->bus, RIG_RAM + 0x5000, 2), high, 2);
	csr_write(r, CSR_PMPADDR0, ~0ull);
	csr_write(r, CSR_PMPCFG0, 0x1f);
	csr_write(r, CSR_SATP, 8ull << 60 | (RIG_RAM + 0x1000) >> PAGE_SHIFT);
	rig_set_mode(r, PRIV_S);
	r->h->pc = 0x1ffe;
	assert_int_equal(hart_raw_insn(r->h), 0x10200073);
	put_pte(r, RIG_RAM + 0x3000, 2, RIG_RAM + 0x5000, 0);
	assert_int_equal(hart_raw_insn(r->h), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_reset_state),
		TEST(test_reset_lets_time_go_on),
		TEST(test_wires_show_in_mip),
		cmocka_unit_test(test_supervisor_wire_hangs_in_the_air_without_s_mode),
		TEST(test_wire_draws_attention_if_it_can_be_taken),
		TEST(test_pending_interrupts_in_order),
		TEST(test_context_follows_mode),
		TEST(test_flush_empties_every_jump_cache),
		TEST(test_satp_write_and_fence_flush_jumps),
		TEST(test_pmp_write_flushes_jumps),
		TEST(test_time_of_an_instruction_is_exact),
		TEST(test_trace_wishes_turn_observers_on),
		TEST(test_observation_is_switched_when_applied),
		TEST(test_switching_observers_decodes_anew),
		TEST(test_tlb_that_needs_hits_sees_everything),
		TEST(test_trace_head_names_the_instruction),
		TEST(test_raw_insn_reads_both_lengths),
		TEST(test_raw_insn_outside_ram_is_zero),
		TEST(test_raw_insn_crosses_pages_by_translation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
