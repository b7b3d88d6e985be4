/*
 * cpu/csr.c and cpu/csr_regs.c: what CSR writes do to the rest of the hart: floating point, interrupts, the stimecmp
 * timer, PMP; and the ways in for debugger and trace. Which registers and bits there are is tested in csr_test.c.
 */
#include "cpu/csr.h"

#include "cpu/fpu.h"
#include "tests/unit/hart_rig.h"

#define UXL_SXL 0xa00000000ull

/* --- floating point --- */

static void test_fs_off_closes_fcsr(void **state)
{
	struct rig *r = *state;

	for (u32 number = CSR_FFLAGS; number <= CSR_FCSR; number++) {
		csr_write(r, CSR_MSTATUS, 0);
		assert_false(can_read(r, number));
		assert_false(can_write(r, number));
		csr_write(r, CSR_MSTATUS, (u64)FS_INITIAL << 13);
		assert_true(can_read(r, number));
		assert_int_equal(bits(csr_read(r, CSR_MSTATUS), 14, 13), FS_INITIAL);
		assert_true(can_write(r, number));
		assert_int_equal(bits(csr_read(r, CSR_MSTATUS), 14, 13), FS_DIRTY);
	}
}

static void test_fcsr_is_frm_and_fflags(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MSTATUS, MSTATUS_FS);
	assert_int_equal(csr_written(r, CSR_FCSR, ~0ull), 0xff);
	assert_int_equal(csr_read(r, CSR_FRM), 7);
	assert_int_equal(csr_read(r, CSR_FFLAGS), 0x1f);
	assert_int_equal(csr_written(r, CSR_FRM, ~2ull), 5);
	assert_int_equal(csr_written(r, CSR_FFLAGS, ~0x11ull), 0x0e);
	assert_int_equal(csr_read(r, CSR_FCSR), 0xae);
}

static void test_fflags_include_what_the_host_has_collected(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MSTATUS, MSTATUS_FS);
	fpu_enter(0);
	fpu_raise(FP_DZ | FP_NX);
	assert_int_equal(csr_read(r, CSR_FFLAGS), FP_DZ | FP_NX);
	fpu_raise(FP_NV);
	csr_write(r, CSR_FFLAGS, 0);
	assert_int_equal(csr_read(r, CSR_FFLAGS), 0);
	assert_int_equal(fpu_leave(), 0);
}

static void test_frm_reaches_the_host(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MSTATUS, MSTATUS_FS);
	fpu_enter(0);
	csr_write(r, CSR_FRM, FP_RUP);
	assert_int_equal(fpu_rounding(), FP_RUP);
	csr_write(r, CSR_FCSR, FP_RTZ << 5);
	assert_int_equal(fpu_rounding(), FP_RTZ);
	fpu_leave();
}

static void test_fp_fast_needs_dirty_state_and_a_host_mode(void **state)
{
	struct rig *r = *state;

	for (u64 fs = 0; fs < 4; fs++)
		for (u64 frm = 0; frm < 8; frm++) {
			csr_write(r, CSR_MSTATUS, MSTATUS_FS);
			csr_write(r, CSR_FRM, frm);
			assert_int_equal(r->h->fp_fast, frm < FP_RMM);
			csr_write(r, CSR_MSTATUS, fs << 13);
			assert_int_equal(r->h->fp_on, fs != 0);
			assert_int_equal(r->h->fp_fast, fs == 3 && frm < FP_RMM);
		}
}

static void test_fs_dirty_by_the_engine_shows(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MSTATUS, (u64)FS_CLEAN << 13);
	hart_set_fs_dirty(r->h);
	assert_true(r->h->fp_fast);
	assert_int_equal(csr_read(r, CSR_MSTATUS), MSTATUS_SD | MSTATUS_FS | UXL_SXL);
}

/* --- interrupt registers --- */

static void test_mip_shows_wires_that_software_cannot_write(void **state)
{
	static const u8 wires[] = { WIRE_MSI, WIRE_MTI, WIRE_MEI };
	struct rig *r = *state;

	for (u32 i = 0; i < ARRAY_SIZE(wires); i++) {
		hart_set_wire(r->h, wires[i], true);
		assert_int_equal(csr_written(r, CSR_MIP, 0), BIT(wires[i]));
		hart_set_wire(r->h, wires[i], false);
		assert_int_equal(csr_written(r, CSR_MIP, BIT(wires[i])), 0);
	}
}

/* "the value in rd is the logical-OR of the software-writable bit and the signal from the interrupt controller, ...
 * the value used in the read-modify-write sequence is only the software-writable SEIP bit" */
static void test_seip_rmw_ignores_the_controller(void **state)
{
	struct rig *r = *state;

	hart_set_wire(r->h, WIRE_SEI, true);
	assert_int_equal(csr_read(r, CSR_MIP), MIP_SEIP);
	csr_set(r, CSR_MIP, MIP_SSIP);
	hart_set_wire(r->h, WIRE_SEI, false);
	assert_int_equal(csr_read(r, CSR_MIP), MIP_SSIP);
	csr_set(r, CSR_MIP, MIP_SEIP);
	hart_set_wire(r->h, WIRE_SEI, true);
	hart_set_wire(r->h, WIRE_SEI, false);
	assert_int_equal(csr_read(r, CSR_MIP), MIP_SSIP | MIP_SEIP);
	hart_set_wire(r->h, WIRE_SEI, true);
	csr_clear(r, CSR_MIP, MIP_SEIP);
	assert_int_equal(csr_read(r, CSR_MIP), MIP_SSIP | MIP_SEIP);
	hart_set_wire(r->h, WIRE_SEI, false);
	assert_int_equal(csr_read(r, CSR_MIP), MIP_SSIP);
}

static void test_sip_and_sie_show_what_is_delegated(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MIP, 0x2222);
	csr_write(r, CSR_MIE, 0x2aaa);
	for (u32 n = 0; n < 16; n++) {
		u64 mideleg = (n & 1) << 1 | (n & 2) << 4 | (n & 4) << 7 | (n & 8) << 10;

		csr_write(r, CSR_MIDELEG, mideleg);
		assert_int_equal(csr_read(r, CSR_SIP), mideleg);
		assert_int_equal(csr_read(r, CSR_SIE), mideleg);
	}
}

static void test_sie_writes_delegated_bits_only(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MIDELEG, MIP_SSIP | MIP_LCOFIP);
	csr_write(r, CSR_SIE, ~0ull);
	assert_int_equal(csr_read(r, CSR_MIE), MIP_SSIP | MIP_LCOFIP);
	csr_write(r, CSR_MIE, 0x2aaa);
	csr_write(r, CSR_SIE, 0);
	assert_int_equal(csr_read(r, CSR_MIE), 0x2aaa & ~(MIP_SSIP | MIP_LCOFIP));
}

/* In sip SSIP and LCOFIP are writable if delegated; STIP and SEIP are read-only. */
static void test_sip_writes_ssip_and_lcofip_only(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_SIP, ~0ull);
	assert_int_equal(csr_read(r, CSR_MIP), 0);
	csr_write(r, CSR_MIDELEG, ~0ull);
	csr_write(r, CSR_SIP, ~0ull);
	assert_int_equal(csr_read(r, CSR_MIP), MIP_SSIP | MIP_LCOFIP);
	csr_write(r, CSR_MIP, 0x2222);
	csr_write(r, CSR_SIP, 0);
	assert_int_equal(csr_read(r, CSR_MIP), MIP_STIP | MIP_SEIP);
}

static void test_lcofi_is_absent_without_sscofpmf(void **state)
{
	struct rig *r = rig_create("rv64imafdc");

	(void)state;
	assert_int_equal(csr_written(r, CSR_MIDELEG, ~0ull), 0x222);
	assert_int_equal(csr_written(r, CSR_MIE, ~0ull), 0xaaa);
	assert_int_equal(csr_written(r, CSR_MIP, ~0ull), 0x222);
	rig_destroy(r);
}

static void test_enabling_an_interrupt_draws_attention(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MIP, MIP_SSIP);
	assert_false(r->h->attention);
	csr_write(r, CSR_MIE, MIP_SSIP);
	assert_false(r->h->attention);
	csr_set(r, CSR_MSTATUS, MSTATUS_MIE);
	assert_true(r->h->attention);
	csr_write(r, CSR_MIDELEG, MIP_SSIP);
	assert_false(r->h->attention);
	csr_write(r, CSR_MIDELEG, 0);
	assert_true(r->h->attention);
	csr_write(r, CSR_MIP, 0);
	assert_false(r->h->attention);
}

/* --- Sstc --- */

static void test_stimecmp_needs_stce_and_tm_below_m(void **state)
{
	struct rig *r = *state;

	for (u32 stce = 0; stce < 2; stce++)
		for (u32 tm = 0; tm < 2; tm++) {
			rig_set_mode(r, PRIV_M);
			csr_write(r, CSR_MENVCFG, stce ? MENVCFG_STCE : 0);
			csr_write(r, CSR_MCOUNTEREN, tm ? COUNTEREN_TM : ~COUNTEREN_TM);
			assert_true(can_read(r, CSR_STIMECMP));
			rig_set_mode(r, PRIV_S);
			assert_int_equal(can_read(r, CSR_STIMECMP), stce && tm);
			assert_int_equal(can_write(r, CSR_STIMECMP), stce && tm);
			rig_set_mode(r, PRIV_U);
			assert_false(can_read(r, CSR_STIMECMP));
		}
}

/* "STIP ... becomes pending whenever time contains a value greater than or equal to stimecmp" */
static void test_stip_follows_the_comparison(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MENVCFG, MENVCFG_STCE);
	r->h->mmu.device_touched = false;
	csr_write(r, CSR_STIMECMP, 50);
	assert_true(r->h->mmu.device_touched);
	assert_int_equal(clock_next(&r->clock), 50 * RIG_TICK_NS);
	assert_int_equal(csr_read(r, CSR_MIP), 0);
	rig_step(r, 50 * RIG_TICK_NS - 1 - hart_time_ns(r->h));
	assert_int_equal(hart_mip(r->h), 0);
	rig_step(r, 1);
	assert_int_equal(hart_mip(r->h), MIP_STIP);
	assert_int_equal(csr_read(r, CSR_TIME), 50);
	csr_write(r, CSR_STIMECMP, 51);
	assert_int_equal(hart_mip(r->h), 0);
	csr_write(r, CSR_STIMECMP, 0);
	assert_int_equal(hart_mip(r->h), MIP_STIP);
	csr_write(r, CSR_STIMECMP, ~0ull);
	assert_int_equal(hart_mip(r->h), 0);
	assert_int_equal(clock_next(&r->clock), CLOCK_NEVER);
}

static void test_stip_is_writable_only_without_stce(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MIP, MIP_STIP);
	assert_int_equal(csr_read(r, CSR_MIP), MIP_STIP);
	csr_write(r, CSR_MENVCFG, MENVCFG_STCE);
	assert_int_equal(csr_written(r, CSR_MIP, MIP_STIP), 0);
	csr_write(r, CSR_STIMECMP, 0);
	assert_int_equal(csr_written(r, CSR_MIP, 0), MIP_STIP);
	csr_write(r, CSR_MENVCFG, 0);
	assert_int_equal(csr_read(r, CSR_MIP), 0);
	assert_int_equal(csr_written(r, CSR_MIP, MIP_STIP), MIP_STIP);
}

static void test_stimecmp_without_stce_arms_nothing(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_STIMECMP, 0);
	assert_int_equal(csr_read(r, CSR_MIP), 0);
	csr_write(r, CSR_STIMECMP, 1000);
	assert_int_equal(clock_next(&r->clock), CLOCK_NEVER);
	csr_write(r, CSR_MENVCFG, MENVCFG_STCE);
	assert_int_equal(clock_next(&r->clock), 1000 * RIG_TICK_NS);
}

static void test_timer_is_disarmed_when_due_or_off(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MENVCFG, MENVCFG_STCE);
	csr_write(r, CSR_STIMECMP, 1000);
	csr_write(r, CSR_STIMECMP, 0);
	assert_int_equal(clock_next(&r->clock), CLOCK_NEVER);
	csr_write(r, CSR_STIMECMP, 1000);
	csr_write(r, CSR_MENVCFG, 0);
	assert_int_equal(clock_next(&r->clock), CLOCK_NEVER);
}

static void test_mtime_write_moves_the_timer(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MENVCFG, MENVCFG_STCE);
	csr_write(r, CSR_STIMECMP, 1000);
	r->mtime_offset = 400;
	hart_mtime_changed(r->h);
	assert_int_equal(clock_next(&r->clock), 600 * RIG_TICK_NS);
	r->mtime_offset = 2000;
	hart_mtime_changed(r->h);
	assert_int_equal(hart_mip(r->h), MIP_STIP);
	r->mtime_offset = 0;
	hart_mtime_changed(r->h);
	assert_int_equal(hart_mip(r->h), 0);
}

static void test_timer_draws_attention(void **state)
{
	struct rig *r = *state;

	csr_write(r, CSR_MENVCFG, MENVCFG_STCE);
	csr_write(r, CSR_MIDELEG, MIP_STIP);
	csr_write(r, CSR_MIE, MIP_STIP);
	csr_write(r, CSR_STIMECMP, 2);
	rig_set_mode(r, PRIV_U);
	assert_false(r->h->attention);
	rig_step(r, 300);
	assert_true(r->h->attention);
	assert_int_equal(hart_pending_interrupt(r->h), 5);
}

/* --- PMP --- */

static void test_odd_pmpcfg_is_illegal(void **state)
{
	struct rig *r = *state;

	for (u32 i = 0; i < 16; i++)
		assert_int_equal(can_read(r, CSR_PMPCFG0 + i), i % 2 == 0);
}

static void test_pmpcfg_holds_eight_entries(void **state)
{
	struct rig *r = *state;

	for (u32 i = 0; i < 16; i += 2) {
		assert_int_equal(csr_written(r, CSR_PMPCFG0 + i, 0x1f1b0d0900000007ull), 0x1f1b0d0900000007ull);
		assert_int_equal(r->h->mmu.pmp.cfg[4 * i], 7);
		assert_int_equal(r->h->mmu.pmp.cfg[4 * i + 7], 0x1f);
	}
}

static void test_pmp_registers_reach_their_entries(void **state)
{
	struct rig *r = *state;

	for (u32 i = 0; i < 64; i++)
		assert_int_equal(csr_written(r, CSR_PMPADDR0 + i, 0x1000 + i), 0x1000 + i);
	for (u32 i = 0; i < 64; i++)
		assert_int_equal(r->h->mmu.pmp.addr[i], 0x1000 + i);
	csr_write(r, CSR_PMPCFG2, 0x99);
	csr_write(r, CSR_PMPADDR0 + 8, 0);
	assert_int_equal(csr_read(r, CSR_PMPADDR0 + 8), 0x1008);
}

/* --- debugger, trace --- */

static void test_peek_and_poke_need_no_privilege(void **state)
{
	struct rig *r = *state;
	u64 value;

	rig_set_mode(r, PRIV_U);
	assert_true(csr_poke(r->h, CSR_MSCRATCH, 42));
	assert_true(csr_peek(r->h, CSR_MSCRATCH, &value));
	assert_int_equal(value, 42);
	assert_true(csr_peek(r->h, CSR_FCSR, &value));
	assert_true(csr_poke(r->h, CSR_MEDELEG, ~0ull));
	assert_true(csr_peek(r->h, CSR_MEDELEG, &value));
	assert_int_equal(value, 0xb3ff);
	assert_false(csr_poke(r->h, CSR_MHARTID, 1));
	assert_false(csr_peek(r->h, 0x7c0, &value));
	assert_false(csr_peek(r->h, 70000, &value));
}

static void test_poked_frm_leaves_the_host_alone(void **state)
{
	struct rig *r = *state;

	fpu_enter(FP_RNE);
	assert_true(csr_poke(r->h, CSR_FRM, FP_RUP));
	assert_int_equal(fpu_rounding(), FP_RNE);
	assert_int_equal(r->h->csr.frm, FP_RUP);
}

static void test_writes_are_traced_as_they_read(void **state)
{
	struct rig *r = *state;

	r->trace.wanted = BIT(TRACE_CSR);
	csr_write(r, CSR_MEPC, 0x80000001);
	csr_read(r, CSR_MEPC);
	csr_write(r, CSR_MINSTRET, 77);
	assert_int_equal(r->events, 2);
	assert_int_equal(r->sort[0], TRACE_CSR);
	assert_int_equal(r->csr[0].number, CSR_MEPC);
	assert_int_equal(r->csr[0].value, 0x80000000);
	assert_int_equal(r->csr[0].head.instret, 0);
	assert_int_equal(r->csr[1].value, 77);
	assert_int_equal(r->csr[1].head.instret, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fs_off_closes_fcsr),
		TEST(test_fcsr_is_frm_and_fflags),
		TEST(test_fflags_include_what_the_host_has_collected),
		TEST(test_frm_reaches_the_host),
		TEST(test_fp_fast_needs_dirty_state_and_a_host_mode),
		TEST(test_fs_dirty_by_the_engine_shows),
		TEST(test_mip_shows_wires_that_software_cannot_write),
		TEST(test_seip_rmw_ignores_the_controller),
		TEST(test_sip_and_sie_show_what_is_delegated),
		TEST(test_sie_writes_delegated_bits_only),
		TEST(test_sip_writes_ssip_and_lcofip_only),
		cmocka_unit_test(test_lcofi_is_absent_without_sscofpmf),
		TEST(test_enabling_an_interrupt_draws_attention),
		TEST(test_stimecmp_needs_stce_and_tm_below_m),
		TEST(test_stip_follows_the_comparison),
		TEST(test_stip_is_writable_only_without_stce),
		TEST(test_stimecmp_without_stce_arms_nothing),
		TEST(test_timer_is_disarmed_when_due_or_off),
		TEST(test_mtime_write_moves_the_timer),
		TEST(test_timer_draws_attention),
		TEST(test_odd_pmpcfg_is_illegal),
		TEST(test_pmpcfg_holds_eight_entries),
		TEST(test_pmp_registers_reach_their_entries),
		TEST(test_peek_and_poke_need_no_privilege),
		TEST(test_poked_frm_leaves_the_host_alone),
		TEST(test_writes_are_traced_as_they_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
