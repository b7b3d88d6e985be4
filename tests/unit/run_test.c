/*
 * The outer loop: turns, guest time, idling, and the ways a run ends. No host time: without a console idle time is
 * skipped.
 */
#include "emu/run.h"

#include "devices/memmap.h"
#include "emu/observe/trace_text.h"
#include "tests/unit/machine_rig.h"

#define CSR_MIE 0x304
#define CSR_MTVEC 0x305
#define CSR_MHARTID 0xf14
#define CSR_TIME 0xc01

static struct machine_rig rig;

/* rd = 1 << bit */
#define RV_BIT(rd, bit) rv_addi(rd, RV_ZERO, 1), rv_slli(rd, rd, bit)
/* Stores 0x5555 to the finisher; T1 and T2 are lost. */
#define RV_POWEROFF rv_lui(RV_T2, 0x100), rv_lui(RV_T1, 0x5), rv_addi(RV_T1, RV_T1, 0x555), rv_sw(RV_T1, RV_T2, 0)
#define POWEROFF_INSNS 4

static void test_limit_is_exact(void **state)
{
	const u32 code[] = { rv_addi(RV_T0, RV_T0, 1), rv_jal(RV_ZERO, -4) };
	(void)state;
	for (u32 limit = 1; limit < 40; limit++) {
		char options[32];
		snprintf(options, sizeof(options), "--max-insns %u", limit);
		rig_start(&rig, options, code, ARRAY_SIZE(code));
		assert_int_equal(run_machine(rig.m, NULL), RUN_LIMIT);
		assert_int_equal(machine_steps(rig.m), limit);
		assert_int_equal(rig.m->harts[0]->x[RV_T0], (limit + 1) / 2);
		assert_int_equal(rig.m->clock.now_ns, limit);
		rig_free(&rig);
	}
}

static void test_limit_counts_all_harts(void **state)
{
	const u32 code[] = { rv_addi(RV_T0, RV_T0, 1), rv_jal(RV_ZERO, -4) };
	(void)state;
	rig_start(&rig, "--max-insns 100 --smp 4 --quantum 10", code, ARRAY_SIZE(code));
	assert_int_equal(run_machine(rig.m, NULL), RUN_LIMIT);
	assert_int_equal(rig.m->harts[0]->count, 30);
	assert_int_equal(rig.m->harts[1]->count, 30);
	assert_int_equal(rig.m->harts[2]->count, 20);
	assert_int_equal(rig.m->harts[3]->count, 20);
	rig_free(&rig);
}

/* Sets mtimecmp to 1000 ticks (100000 ns), waits for it, and powers off. */
static void test_wfi_skips_to_the_timer(void **state)
{
	const u32 code[] = {
		rv_lui(RV_T0, 0x2004),    rv_addi(RV_T1, RV_ZERO, 1000),
		rv_sd(RV_T1, RV_T0, 0),   rv_addi(RV_T1, RV_ZERO, 1 << 7),
		rv_csrw(CSR_MIE, RV_T1),  RV_WFI,
		rv_csrr(RV_A0, CSR_TIME), RV_POWEROFF,
	};
	(void)state;
	rig_start(&rig, "--max-insns 1000", code, ARRAY_SIZE(code));
	assert_int_equal(run_machine(rig.m, NULL), RUN_STOPPED);
	assert_int_equal(rig.m->harts[0]->x[RV_A0], 1000);
	assert_int_equal(machine_instret(rig.m), 7 + POWEROFF_INSNS);
	assert_int_equal(rig.m->clock.now_ns, 100000 + 1 + POWEROFF_INSNS);
	rig_free(&rig);
}

static void test_guest_that_nothing_can_wake_is_asleep(void **state)
{
	const u32 code[] = { rv_csrw(CSR_MIE, RV_ZERO), RV_WFI, rv_jal(RV_ZERO, -4) };
	(void)state;
	rig_start(&rig, "--max-insns 1000 --smp 2", code, ARRAY_SIZE(code));
	assert_int_equal(run_machine(rig.m, NULL), RUN_ASLEEP);
	assert_int_equal(machine_steps(rig.m), 4);
	rig_free(&rig);
}

/* A timer nobody has enabled goes off and wakes nobody. */
static void test_timer_that_is_not_enabled_does_not_keep_the_guest_alive(void **state)
{
	const u32 code[] = {
		rv_lui(RV_T0, 0x2004), rv_addi(RV_T1, RV_ZERO, 1000), rv_sd(RV_T1, RV_T0, 0), RV_WFI,
		rv_jal(RV_ZERO, -4),
	};
	(void)state;
	rig_start(&rig, "--max-insns 1000", code, ARRAY_SIZE(code));
	assert_int_equal(run_machine(rig.m, NULL), RUN_ASLEEP);
	rig_free(&rig);
}

static void test_trap_loop_is_wedged(void **state)
{
	const u32 code[] = { rv_addi(RV_T0, RV_ZERO, 0), rv_csrw(CSR_MTVEC, RV_T0), RV_ILLEGAL };
	(void)state;
	rig_start(&rig, "--max-insns 100000000", code, ARRAY_SIZE(code));
	assert_int_equal(run_machine(rig.m, NULL), RUN_WEDGED);
	assert_true(machine_steps(rig.m) < 1000000);
	rig_free(&rig);
}

/* Hart 1 only traps; hart 0 does not care. */
static void test_wedged_hart_leaves_the_others_alone(void **state)
{
	const u32 code[] = {
		rv_csrr(RV_T0, CSR_MHARTID), rv_csrw(CSR_MTVEC, RV_ZERO), rv_beq(RV_T0, RV_ZERO, 8),  RV_ILLEGAL,
		RV_BIT(RV_T0, 20),           rv_addi(RV_T0, RV_T0, -1),   rv_bne(RV_T0, RV_ZERO, -4), RV_POWEROFF,
	};
	(void)state;
	rig_start(&rig, "--max-insns 100000000 --smp 2", code, ARRAY_SIZE(code));
	assert_int_equal(run_machine(rig.m, NULL), RUN_STOPPED);
	assert_true(rig.m->harts[1]->stopped);
	rig_free(&rig);
}

/* Hart 0 wakes hart 1 by its msip; hart 1 powers off. */
static void test_interrupt_wakes_another_hart(void **state)
{
	const u32 code[] = {
		rv_csrr(RV_T0, CSR_MHARTID),
		rv_bne(RV_T0, RV_ZERO, 20),
		rv_lui(RV_T0, 0x2000), /* hart 0 */
		rv_addi(RV_T1, RV_ZERO, 1),
		rv_sw(RV_T1, RV_T0, 4),
		rv_jal(RV_ZERO, 0),
		rv_addi(RV_T1, RV_ZERO, 8), /* hart 1 */
		rv_csrw(CSR_MIE, RV_T1),
		RV_WFI,
		RV_POWEROFF,
	};
	(void)state;
	rig_start(&rig, "--max-insns 100000 --smp 2", code, ARRAY_SIZE(code));
	assert_int_equal(run_machine(rig.m, NULL), RUN_STOPPED);
	assert_int_equal(hart_instret(rig.m->harts[1]), 2 + 3 + POWEROFF_INSNS);
	rig_free(&rig);
}

static void test_reboot_is_told(void **state)
{
	const u32 code[] = { rv_lui(RV_T0, 0x100), rv_lui(RV_T1, 0x7), rv_addi(RV_T1, RV_T1, 0x777),
		             rv_sw(RV_T1, RV_T0, 0) };
	(void)state;
	rig_start(&rig, "--max-insns 100", code, ARRAY_SIZE(code));
	assert_int_equal(run_machine(rig.m, NULL), RUN_STOPPED);
	assert_int_equal(rig.m->stop, STOP_REBOOT);
	/* What main does then: another machine from the same files. */
	machine_destroy(rig.m);
	rig.m = machine_create(&rig.config, &rig.boot, &rig.io, &rig.err);
	assert_non_null(rig.m);
	assert_int_equal(run_machine(rig.m, NULL), RUN_STOPPED);
	assert_int_equal(rig.m->stop, STOP_REBOOT);
	rig_free(&rig);
}

/*
 * Every hart adds 1 to a shared word 2000 times with LR/SC, then counts itself in with an AMO; hart 0 waits for all and
 * powers off. The word at RIG_DATA is exact only if a reservation never survives another hart's store.
 */
static const u32 *contention_code(u32 harts, u32 *count)
{
	static u32 code[24];
	const u32 text[] = {
		rv_auipc(RV_A0, 1), /* RIG_DATA */
		rv_addi(RV_A1, RV_ZERO, 2000),
		rv_lr_d(RV_T0, RV_A0),
		rv_addi(RV_T0, RV_T0, 1),
		rv_sc_d(RV_T1, RV_T0, RV_A0),
		rv_bne(RV_T1, RV_ZERO, -12),
		rv_addi(RV_A1, RV_A1, -1),
		rv_bne(RV_A1, RV_ZERO, -20),
		rv_addi(RV_A2, RV_A0, 64),
		rv_addi(RV_T0, RV_ZERO, 1),
		rv_amoadd_d(RV_ZERO, RV_T0, RV_A2),
		rv_csrr(RV_T0, CSR_MHARTID),
		rv_beq(RV_T0, RV_ZERO, 12),
		RV_WFI,
		rv_jal(RV_ZERO, -4),
		rv_addi(RV_T1, RV_ZERO, (s32)harts), /* hart 0 */
		rv_ld(RV_T0, RV_A2, 0),
		rv_bne(RV_T0, RV_T1, -4),
		RV_POWEROFF,
	};
	memcpy(code, text, sizeof(text));
	*count = ARRAY_SIZE(text);
	return code;
}

static void test_contended_lr_sc_loses_nothing(void **state)
{
	static const u32 quanta[] = { 1, 2, 3, 4, 5, 7, 100, 5000 };
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(quanta); i++) {
		char options[64];
		u32 count;
		const u32 *code = contention_code(3, &count);
		snprintf(options, sizeof(options), "--smp 3 --max-insns 5000000 --quantum %u", quanta[i]);
		rig_start(&rig, options, code, count);
		/* Turns of a few steps may get nowhere: they can end between LR and SC each time. */
		enum run_end end = run_machine(rig.m, NULL);
		if (quanta[i] >= 100)
			assert_int_equal(end, RUN_STOPPED);
		if (end == RUN_STOPPED)
			assert_int_equal(rig_word(&rig, RIG_DATA), 3 * 2000);
		rig_free(&rig);
	}
}

/*
 * Hart 0 takes a reservation again and again, alone, until a timer wakes hart 1. What ends the engine's calls meanwhile
 * (the host is looked at, a run ends) must not use up what hart 0 may have on top of its turn.
 */
static void count_steps(u64 portion, u64 total, u64 counts[2])
{
	const u32 code[] = {
		rv_csrr(RV_T0, CSR_MHARTID),
		rv_bne(RV_T0, RV_ZERO, 20), /* hart 1 */
		rv_auipc(RV_A0, 1),
		rv_lr_d(RV_T0, RV_A0),
		rv_addi(RV_T1, RV_T1, 1),
		rv_jal(RV_ZERO, -8),
		rv_lui(RV_A0, 0x2004), /* mtimecmp */
		rv_addi(RV_T0, RV_ZERO, 10),
		rv_sd(RV_T0, RV_A0, 8),
		rv_addi(RV_T0, RV_ZERO, 128),
		rv_csrw(CSR_MIE, RV_T0),
		RV_WFI,
		rv_addi(RV_T1, RV_T1, 1),
		rv_jal(RV_ZERO, -4),
	};
	rig_start(&rig, "--smp 2 --quantum 20", code, ARRAY_SIZE(code));
	for (u64 done = 0; done < total; done += portion) {
		rig.config.max_insns = portion;
		assert_int_equal(run_machine(rig.m, NULL), RUN_LIMIT);
	}
	for (u32 i = 0; i < 2; i++)
		counts[i] = rig.m->harts[i]->count;
	rig_free(&rig);
}

static void test_reservations_make_no_difference_where_runs_are_cut(void **state)
{
	static const u64 portions[] = { 1, 5, 50, 350 };
	u64 whole[2], cut[2];
	(void)state;
	count_steps(1050, 1050, whole);
	assert_in_range(whole[1], 1, 12); /* it has just been woken, or is about to be */
	for (u32 i = 0; i < ARRAY_SIZE(portions); i++) {
		count_steps(portions[i], 1050, cut);
		assert_int_equal(cut[0], whole[0]);
		assert_int_equal(cut[1], whole[1]);
	}
}

/* Steps and RAM after a run of the contention program; everything traced to nowhere if `traced`. */
static void run_once(const char *options, bool traced, u64 *instret, u64 *hash)
{
	struct trace_filter filter;
	struct trace_text *text = NULL;
	FILE *nowhere = fopen("/dev/null", "w");
	u32 count;
	const u32 *code = contention_code(4, &count);
	trace_filter_init(&filter);
	rig = (struct machine_rig){ 0 };
	if (traced) {
		text = trace_text_create(nowhere, &filter, (1u << TRACE_SORTS) - 1, NULL);
		rig.io.trace =
			(struct trace){ .wanted = (1u << TRACE_SORTS) - 1, .emit = trace_text_emit, .arg = text };
	}
	rig_start(&rig, options, code, count);
	assert_int_equal(run_machine(rig.m, NULL), RUN_STOPPED);
	*instret = machine_instret(rig.m);
	*hash = machine_ram_hash(rig.m);
	rig_free(&rig);
	trace_text_destroy(text);
	fclose(nowhere);
}

static void test_runs_are_the_same_traced_or_not(void **state)
{
	static const char *const options[] = {
		"--smp 4 --max-insns 5000000",
		"--smp 4 --max-insns 5000000 --quantum 77",
		"--smp 4 --max-insns 5000000 --tlb teach",
	};
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(options); i++) {
		u64 instret[3], hash[3];
		for (u32 run = 0; run < 3; run++)
			run_once(options[i], run == 2, &instret[run], &hash[run]);
		assert_true(instret[0] == instret[1] && hash[0] == hash[1]);
		assert_true(instret[0] == instret[2] && hash[0] == hash[2]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit_is_exact),
		cmocka_unit_test(test_limit_counts_all_harts),
		cmocka_unit_test(test_wfi_skips_to_the_timer),
		cmocka_unit_test(test_guest_that_nothing_can_wake_is_asleep),
		cmocka_unit_test(test_timer_that_is_not_enabled_does_not_keep_the_guest_alive),
		cmocka_unit_test(test_trap_loop_is_wedged),
		cmocka_unit_test(test_wedged_hart_leaves_the_others_alone),
		cmocka_unit_test(test_interrupt_wakes_another_hart),
		cmocka_unit_test(test_reboot_is_told),
		cmocka_unit_test(test_contended_lr_sc_loses_nothing),
		cmocka_unit_test(test_reservations_make_no_difference_where_runs_are_cut),
		cmocka_unit_test(test_runs_are_the_same_traced_or_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
