/*
 * SBI HSM: harts start, stop and sleep; what they find when they begin; who may.
 */
#include "tests/firmware/test.h"

#define SUSPEND_RETENTIVE 0ul
#define SUSPEND_NON_RETENTIVE 0x80000000ul

/* Runs first among the tests that use other harts: they have not been started yet. */
static void harts_begin_stopped(void)
{
	expect_ret(sbi1(EXT_HSM, 2, boot_hart), SUCCESS, STARTED);
	for (u64 i = 0; i + 1 < hart_count; i++)
		expect_ret(sbi1(EXT_HSM, 2, other(i)->id), SUCCESS, STOPPED);
}

static void status_of_harts_that_do_not_exist(void)
{
	static const u64 ids[] = { 8, 63, 64, 65, 1ul << 32, ~0ul };

	expect_error(sbi1(EXT_HSM, 2, hart_count), INVALID_PARAM);
	for (u64 i = 0; i < ARRAY_SIZE(ids); i++)
		expect_error(sbi1(EXT_HSM, 2, ids[i]), INVALID_PARAM);
}

static void start_refuses_bad_arguments(void)
{
	static const u64 addresses[] = {
		0,    MEMMAP_UART_BASE,  FIRMWARE_BASE, FIRMWARE_BASE + FIRMWARE_SIZE - 4, (u64)1 << 40,
		~0ul, (u64)cpu_start + 1
	};
	u64 entry = (u64)cpu_start;

	expect_error(sbi3(EXT_HSM, 0, hart_count, entry, 0), INVALID_PARAM);
	expect_error(sbi3(EXT_HSM, 0, 64, entry, 0), INVALID_PARAM);
	expect_error(sbi3(EXT_HSM, 0, ~0ul, entry, 0), INVALID_PARAM);
	expect_error(sbi3(EXT_HSM, 0, boot_hart, entry, 0), ALREADY_AVAILABLE);
	needs(hart_count > 1);
	for (u64 i = 0; i < ARRAY_SIZE(addresses); i++)
		expect_error(sbi3(EXT_HSM, 0, other(0)->id, addresses[i], 0), INVALID_ADDRESS);
	expect_ret(sbi1(EXT_HSM, 2, other(0)->id), SUCCESS, STOPPED);
}

static void started_hart_finds_what_it_must(void)
{
	needs(hart_count > 1);
	have_harts(2);
	for (u64 i = 0; i + 1 < hart_count; i++) {
		expect_ret(sbi1(EXT_HSM, 2, other(i)->id), SUCCESS, STARTED);
		expect(other(i)->starts, 1);
		expect(other(i)->start_id, other(i)->id);
		expect(other(i)->start_satp, 0);
		expect(other(i)->start_sstatus & SSTATUS_SIE, 0);
		expect_error(start_hart(other(i)), ALREADY_AVAILABLE);
	}
}

static void stop(struct cpu *cpu)
{
	cpu->work = NULL;
	paging_on(3); /* the next start must begin without */
	csr_write(sie, IRQ_SSI | IRQ_STI);
	sbi1(EXT_TIME, 0, 0);
	cpu->result = (u64)sbi0(EXT_HSM, 1).error; /* does not come back */
}

static void stopped_hart_starts_again(void)
{
	needs(have_harts(2));
	for (u64 round = 0; round < 5; round++) {
		struct cpu *cpu = other(0);
		u64 starts = cpu->starts;

		start_work(cpu, stop, 0);
		wait_state(cpu->id, STOPPED);
		expect(cpu->result, 0);
		spin(100);
		expect(cpu->starts, starts);
		expect_ret(start_hart(cpu), SUCCESS, 0);
		expect(cpu->starts, starts + 1);
		expect(cpu->start_satp, 0);
		expect(cpu->start_sstatus & SSTATUS_SIE, 0);
		expect_ret(sbi1(EXT_HSM, 2, cpu->id), SUCCESS, STARTED);
	}
}

static void interrupt_self_and_stop(struct cpu *cpu)
{
	sbi2(EXT_IPI, 0, BIT(cpu->id), 0);
	wait_until(csr_read(sip) & IRQ_SSI);
	stop(cpu);
}

static void start_has_no_old_interrupts(void)
{
	struct cpu *cpu = other(0);

	needs(have_harts(2));
	start_work(cpu, interrupt_self_and_stop, 0);
	wait_state(cpu->id, STOPPED);
	sbi2(EXT_IPI, 0, BIT(cpu->id), 0); /* a stopped hart has no supervisor to interrupt */
	spin(100);
	expect_ret(sbi1(EXT_HSM, 2, cpu->id), SUCCESS, STOPPED);
	start_hart(cpu);
	expect(cpu->start_sie, 0);
	expect(cpu->start_sip & (IRQ_SSI | IRQ_STI), 0);
}

static void fences_pass_by_stopped_harts(void)
{
	struct cpu *cpu = other(0);

	needs(have_harts(2));
	start_work(cpu, stop, 0);
	wait_state(cpu->id, STOPPED);
	expect_ret(sbi4(EXT_RFENCE, 1, 0, ~0ul, 0, ~0ul), SUCCESS, 0);
	expect_ret(sbi2(EXT_RFENCE, 0, BIT(cpu->id), 0), SUCCESS, 0);
	expect_ret(sbi1(EXT_HSM, 2, cpu->id), SUCCESS, STOPPED);
	start_hart(cpu);
}

/* arg: the hart to start */
static void race_to_start(struct cpu *cpu)
{
	cpu->result = (u64)start_hart(&cpus[cpu->arg]).error;
}

static void only_one_of_two_starts_a_hart(void)
{
	needs(have_harts(4));
	for (u64 round = 0; round < 20; round++) {
		struct cpu *victim = other(2);
		u64 starts = victim->starts, wins;

		start_work(victim, stop, 0);
		wait_state(victim->id, STOPPED);
		start_work(other(0), race_to_start, victim->id);
		start_work(other(1), race_to_start, victim->id);
		wait_work(other(0));
		wait_work(other(1));
		wins = (other(0)->result == SUCCESS) + (other(1)->result == SUCCESS);
		expect(wins, 1);
		expect_true(other(0)->result == SUCCESS || other(0)->result == (u64)ALREADY_AVAILABLE);
		expect_true(other(1)->result == SUCCESS || other(1)->result == (u64)ALREADY_AVAILABLE);
		wait_until(victim->starts == starts + 1);
		expect(victim->starts, starts + 1);
	}
}

/* Two fence and interrupt a third without end, which stops and starts. */
static void pester(struct cpu *cpu)
{
	while (cpu->arg) {
		cpu->result += sbi4(EXT_RFENCE, 1, 0, ~0ul, 0, ~0ul).error != SUCCESS;
		sbi2(EXT_IPI, 0, 0, ~0ul);
	}
}

static void stop_and_start_under_fire(void)
{
	struct cpu *victim = other(2);

	needs(have_harts(4));
	start_work(other(0), pester, 1);
	start_work(other(1), pester, 1);
	for (u64 round = 0; round < 50; round++) {
		start_work(victim, stop, 0);
		wait_state(victim->id, STOPPED);
		expect_ret(start_hart(victim), SUCCESS, 0);
	}
	other(0)->arg = other(1)->arg = 0;
	wait_work(other(0));
	wait_work(other(1));
	expect(other(0)->result, 0);
	expect(other(1)->result, 0);
}

/* --- suspend --- */

/* Sleeps until an IPI comes; arg is the type. Interrupts stay off, so that it is taken afterwards. */
static void suspend(struct cpu *cpu)
{
	struct sbiret ret;

	csr_write(sie, IRQ_SSI);
	csr_clear(sip, IRQ_SSI);
	ret = sbi3(EXT_HSM, 3, cpu->arg, 0, 0);
	cpu->result = ret.error == SUCCESS && ret.value == 0 && (csr_read(sip) & IRQ_SSI);
	csr_clear(sip, IRQ_SSI);
	csr_write(sie, 0);
}

static void retentive_suspend_wakes_by_ipi(void)
{
	static const u64 types[] = { SUSPEND_RETENTIVE, BIT(63), BIT(32) }; /* 32 bits count */
	struct cpu *cpu = other(0);

	needs(have_harts(2));
	for (u64 i = 0; i < ARRAY_SIZE(types); i++) {
		start_work(cpu, suspend, types[i]);
		wait_state(cpu->id, SUSPENDED);
		expect_error(start_hart(cpu), ALREADY_AVAILABLE);
		expect_ret(sbi2(EXT_IPI, 0, BIT(cpu->id), 0), SUCCESS, 0);
		wait_work(cpu);
		expect(cpu->result, 1);
		expect_ret(sbi1(EXT_HSM, 2, cpu->id), SUCCESS, STARTED);
	}
}

static void suspend_until_timer(struct cpu *cpu)
{
	u64 when = now() + 3000;

	sbi1(EXT_TIME, 0, when);
	csr_write(sie, IRQ_STI);
	cpu->result = sbi3(EXT_HSM, 3, SUSPEND_RETENTIVE, 0, 0).error == SUCCESS && now() >= when &&
	              (csr_read(sip) & IRQ_STI);
	csr_write(sie, 0);
	sbi1(EXT_TIME, 0, ~0ul);
}

static void retentive_suspend_wakes_by_timer(void)
{
	this_cpu()->result = 0;
	suspend_until_timer(this_cpu());
	expect(this_cpu()->result, 1);
}

static void suspend_returns_if_an_interrupt_is_pending(void)
{
	csr_write(sie, IRQ_SSI);
	sbi2(EXT_IPI, 0, 1, boot_hart);
	expect_ret(sbi3(EXT_HSM, 3, SUSPEND_RETENTIVE, 0, 0), SUCCESS, 0);
}

static void fences_do_not_wake_suspended_harts(void)
{
	struct cpu *cpu = other(0);

	needs(have_harts(2));
	start_work(cpu, suspend, SUSPEND_RETENTIVE);
	wait_state(cpu->id, SUSPENDED);
	for (u64 i = 0; i < 10; i++)
		expect_ret(sbi4(EXT_RFENCE, 1, BIT(cpu->id), 0, 0, ~0ul), SUCCESS, 0);
	expect_ret(sbi1(EXT_HSM, 2, cpu->id), SUCCESS, SUSPENDED);
	sbi2(EXT_IPI, 0, BIT(cpu->id), 0);
	wait_work(cpu);
	expect(cpu->result, 1);
}

static void suspend_non_retentive(struct cpu *cpu)
{
	cpu->work = NULL;
	paging_on(3);
	csr_write(sie, IRQ_SSI);
	csr_set(sstatus, SSTATUS_SIE);
	cpu->result = (u64)sbi3(EXT_HSM, 3, SUSPEND_NON_RETENTIVE, (u64)cpu_start, (u64)cpu).error;
}

static void non_retentive_suspend_resumes_elsewhere(void)
{
	struct cpu *cpu = other(0);
	u64 starts = cpu->starts;

	needs(have_harts(2));
	start_work(cpu, suspend_non_retentive, 0);
	wait_state(cpu->id, SUSPENDED);
	sbi2(EXT_IPI, 0, BIT(cpu->id), 0);
	wait_until(cpu->starts == starts + 1);
	expect(cpu->starts, starts + 1);
	expect(cpu->result, 0);
	expect(cpu->start_id, cpu->id);
	expect(cpu->start_satp, 0);
	expect(cpu->start_sstatus & SSTATUS_SIE, 0);
	expect_ret(sbi1(EXT_HSM, 2, cpu->id), SUCCESS, STARTED);
}

static void suspend_refuses_bad_arguments(void)
{
	static const u64 types[] = { 1, 0x0fffffff, 0x10000000, 0x7fffffff, 0x80000001, 0x90000000, 0xffffffff };

	csr_write(sie, IRQ_SSI);
	sbi2(EXT_IPI, 0, 1, boot_hart); /* in case one of them does suspend */
	for (u64 i = 0; i < ARRAY_SIZE(types); i++)
		expect_error(sbi3(EXT_HSM, 3, types[i], (u64)cpu_start, 0), INVALID_PARAM);
	expect_error(sbi3(EXT_HSM, 3, SUSPEND_NON_RETENTIVE, FIRMWARE_BASE, 0), INVALID_ADDRESS);
	expect_error(sbi3(EXT_HSM, 3, SUSPEND_NON_RETENTIVE, ~0ul, 0), INVALID_ADDRESS);
	expect_error(sbi3(EXT_HSM, 3, SUSPEND_NON_RETENTIVE, MEMMAP_UART_BASE, 0), INVALID_ADDRESS);
}

const struct test hsm_tests[] = {
	TEST(harts_begin_stopped),
	TEST(status_of_harts_that_do_not_exist),
	TEST(start_refuses_bad_arguments),
	TEST(started_hart_finds_what_it_must),
	TEST(stopped_hart_starts_again),
	TEST(start_has_no_old_interrupts),
	TEST(fences_pass_by_stopped_harts),
	TEST(only_one_of_two_starts_a_hart),
	TEST(stop_and_start_under_fire),
	TEST(retentive_suspend_wakes_by_ipi),
	TEST(retentive_suspend_wakes_by_timer),
	TEST(suspend_returns_if_an_interrupt_is_pending),
	TEST(fences_do_not_wake_suspended_harts),
	TEST(non_retentive_suspend_resumes_elsewhere),
	TEST(suspend_refuses_bad_arguments),
	{ 0 },
};
