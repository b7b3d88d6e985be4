/*
 * SBI TIME: the timer fires, when it should, once.
 */
#include "tests/firmware/test.h"

static u64 is_pending(void)
{
	return !!(csr_read(sip) & IRQ_STI);
}

static void timer_fires_in_time(void)
{
	struct cpu *cpu = this_cpu();
	u64 when = now() + 2000;

	expect_ret(sbi1(EXT_TIME, 0, when), SUCCESS, 0);
	csr_write(sie, IRQ_STI);
	csr_set(sstatus, SSTATUS_SIE);
	wait_until(cpu->timer_count);
	expect(cpu->timer_count, 1);
	expect_true(cpu->interrupt_time >= when);
	spin(5000);
	expect(cpu->timer_count, 1);
}

static void timer_is_not_early(void)
{
	struct cpu *cpu = this_cpu();

	csr_write(sie, IRQ_STI);
	for (u64 i = 0; i < 20; i++) {
		u64 when = now() + 100 + 7 * i, before = cpu->timer_count;

		sbi1(EXT_TIME, 0, when);
		csr_set(sstatus, SSTATUS_SIE);
		wait_until(cpu->timer_count > before);
		csr_clear(sstatus, SSTATUS_SIE);
		expect_true(cpu->interrupt_time >= when);
	}
}

static void timer_in_the_past_is_pending(void)
{
	expect(is_pending(), 0);
	sbi1(EXT_TIME, 0, 0);
	wait_until(is_pending());
	expect(is_pending(), 1);
	spin(100);
	expect(is_pending(), 1);
}

static void timer_in_the_future_clears_pending(void)
{
	sbi1(EXT_TIME, 0, 0);
	wait_until(is_pending());
	expect(is_pending(), 1);
	sbi1(EXT_TIME, 0, ~0ul);
	expect(is_pending(), 0);
	sbi1(EXT_TIME, 0, 0);
	wait_until(is_pending());
	sbi1(EXT_TIME, 0, now() + 10000000);
	expect(is_pending(), 0);
}

static void timer_wakes_wfi(void)
{
	u64 when = now() + 5000;

	sbi1(EXT_TIME, 0, when);
	csr_write(sie, IRQ_STI);
	while (!is_pending())
		__asm__ volatile("wfi");
	expect_true(now() >= when);
}

static void fire_timer(struct cpu *cpu)
{
	sbi1(EXT_TIME, 0, now() + 1000 * (1 + cpu->id));
	csr_write(sie, IRQ_STI);
	csr_set(sstatus, SSTATUS_SIE);
	wait_until(cpu->timer_count);
	csr_clear(sstatus, SSTATUS_SIE);
	csr_write(sie, 0);
}

static void timers_are_each_harts_own(void)
{
	needs(have_harts(2));
	for (u64 i = 0; i + 1 < hart_count; i++)
		start_work(other(i), fire_timer, 0);
	for (u64 i = 0; i + 1 < hart_count; i++) {
		wait_work(other(i));
		expect(other(i)->timer_count, 1);
	}
	expect(this_cpu()->timer_count, 0);
	expect(is_pending(), 0);
}

const struct test time_tests[] = {
	TEST(timer_fires_in_time),
	TEST(timer_is_not_early),
	TEST(timer_in_the_past_is_pending),
	TEST(timer_in_the_future_clears_pending),
	TEST(timer_wakes_wfi),
	TEST(timers_are_each_harts_own),
	{ 0 },
};
