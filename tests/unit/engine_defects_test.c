/*
 * Defects of the engine that reviewers have found, each with the few instructions that showed it. Whole machines, run
 * for a number of steps.
 */
#include "cpu/trap.h"
#include "emu/run.h"

#include "tests/unit/machine_rig.h"

#define CSR_STIMECMP 0x14d
#define CSR_MENVCFG 0x30a
#define CSR_MTVEC 0x305
#define CSR_MIP 0x344
#define CSR_PMPCFG0 0x3a0
#define CSR_PMPADDR0 0x3b0
#define MIP_STIP_BIT 5

static struct machine_rig rig;

static u32 rv_amocas_d(u32 rd, u32 rs2, u32 rs1)
{
	return 5u << 27 | rs2 << 20 | rs1 << 15 | 3 << 12 | rd << 7 | 0x2f;
}

#define WORD 48 /* where the code below has a doubleword of data, among the decoded instructions */

/*
 * `atomic` is the first operation of its block, and drops that block by storing next to it. There must be steps enough
 * for a whole block: shorter ones are not kept, so nothing drops them.
 */
static void run_atomic_beside_code(u32 atomic, u32 a0)
{
	const u32 code[] = {
		rv_auipc(RV_T0, 0),
		rv_addi(RV_T0, RV_T0, WORD),
		rv_addi(RV_A0, RV_ZERO, (s32)a0),
		rv_lr_d(RV_A1, RV_T0),
		rv_jal(RV_ZERO, 4),
		atomic,
		rv_addi(RV_A3, RV_ZERO, 0),
		rv_jal(RV_ZERO, 0),
		[WORD / 4] = 5,
		0,
	};

	rig_start(&rig, "--max-insns 200", code, ARRAY_SIZE(code));
	assert_int_equal(run_machine(rig.m, NULL), RUN_LIMIT);
	assert_int_equal(rig_word(&rig, WORD), 0); /* a2 */
	assert_int_equal(rig.m->harts[0]->x[RV_ZERO], 0);
	assert_int_equal(rig.m->harts[0]->x[RV_A3], 0);
}

static void test_sc_that_drops_its_own_block_writes_rd(void **state)
{
	(void)state;
	run_atomic_beside_code(rv_sc_d(RV_A0, RV_A2, RV_T0), 77);
	assert_int_equal(rig.m->harts[0]->x[RV_A0], 0);
	rig_free(&rig);
}

static void test_amocas_that_drops_its_own_block_leaves_x0_alone(void **state)
{
	(void)state;
	run_atomic_beside_code(rv_amocas_d(RV_A0, RV_A2, RV_T0), 5);
	assert_int_equal(rig.m->harts[0]->x[RV_A0], 5);
	rig_free(&rig);
}

/* mtime wraps unseen within a turn; stimecmp, written after that, was due when the turn began and will not be again. */
static void test_timer_before_the_wrap_of_mtime_does_not_fire_for_ever(void **state)
{
	const u32 code[] = {
		rv_addi(RV_T0, RV_ZERO, 1),   rv_slli(RV_T0, RV_T0, 63), rv_csrw(CSR_MENVCFG, RV_T0),
		rv_addi(RV_T1, RV_ZERO, -1),  rv_lui(RV_T0, 0x200c),     rv_sd(RV_T1, RV_T0, -8),
		rv_addi(RV_T2, RV_ZERO, 200), rv_addi(RV_T2, RV_T2, -1), rv_bne(RV_T2, RV_ZERO, -4),
		rv_csrw(CSR_STIMECMP, RV_T1), rv_csrr(RV_A0, CSR_MIP),   rv_jal(RV_ZERO, 0),
	};

	(void)state;
	rig_start(&rig, "--max-insns 1000", code, ARRAY_SIZE(code));
	assert_int_equal(run_machine(rig.m, NULL), RUN_LIMIT);
	assert_int_equal(rig.m->harts[0]->x[RV_A0] >> MIP_STIP_BIT & 1, 0);
	rig_free(&rig);
}

#define ACROSS 34           /* where the instruction below begins: its second half is in the next word */
#define PMP_NA4_OPEN 0x10   /* four bytes, not locked: M mode may do everything */
#define PMP_NA4_CLOSED 0x90 /* four bytes, locked: nobody may do anything */

/* Runs an instruction whose second half alone is in PMP region 0. */
static void run_across_regions(s32 pmpcfg)
{
	const u32 insn = rv_addi(RV_A0, RV_ZERO, 7), c_nop = 1;
	const u32 code[] = {
		rv_auipc(RV_T1, 0),
		rv_addi(RV_T1, RV_T1, 44),
		rv_csrw(CSR_MTVEC, RV_T1),
		rv_lui(RV_T0, 0x20000), /* the start of RAM in units of 4 bytes */
		rv_addi(RV_T0, RV_T0, (ACROSS + 2) / 4),
		rv_csrw(CSR_PMPADDR0, RV_T0),
		rv_addi(RV_T0, RV_ZERO, pmpcfg),
		rv_csrw(CSR_PMPCFG0, RV_T0),
		insn << 16 | c_nop,
		insn >> 16 | c_nop << 16,
		rv_jal(RV_ZERO, 0),
		rv_jal(RV_ZERO, 0), /* the handler */
	};

	rig_start(&rig, "--max-insns 20", code, ARRAY_SIZE(code));
	assert_int_equal(run_machine(rig.m, NULL), RUN_LIMIT);
}

static void test_instruction_across_regions_that_both_allow_runs(void **state)
{
	(void)state;
	run_across_regions(PMP_NA4_OPEN);
	assert_int_equal(rig.m->harts[0]->csr.mcause, 0);
	assert_int_equal(rig.m->harts[0]->x[RV_A0], 7);
	rig_free(&rig);
}

static void test_instruction_with_a_denied_second_half_faults_at_that_half(void **state)
{
	const struct hart *h;

	(void)state;
	run_across_regions(PMP_NA4_CLOSED);
	h = rig.m->harts[0];
	assert_int_equal(h->x[RV_A0], 0);
	assert_int_equal(h->csr.mcause, EXC_FETCH_ACCESS);
	assert_int_equal(h->csr.mepc, RIG_RAM + ACROSS);
	assert_int_equal(h->csr.mtval, RIG_RAM + ACROSS + 2);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sc_that_drops_its_own_block_writes_rd),
		cmocka_unit_test(test_amocas_that_drops_its_own_block_leaves_x0_alone),
		cmocka_unit_test(test_timer_before_the_wrap_of_mtime_does_not_fire_for_ever),
		cmocka_unit_test(test_instruction_across_regions_that_both_allow_runs),
		cmocka_unit_test(test_instruction_with_a_denied_second_half_faults_at_that_half),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
