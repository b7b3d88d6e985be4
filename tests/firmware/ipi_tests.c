/*
 * SBI IPI: interrupts reach exactly the harts named.
 */
#include "tests/firmware/test.h"

static u64 all_harts(void)
{
	u64 all = 0;

	for (u64 i = 0; i < CPUS_MAX; i++)
		if (sbi1(EXT_HSM, 2, i).error == SUCCESS)
			all |= BIT(i);
	return all;
}

static void listen(struct cpu *cpu)
{
	(void)cpu;
	csr_write(sie, IRQ_SSI);
	csr_set(sstatus, SSTATUS_SIE);
}

static void be_deaf(struct cpu *cpu)
{
	(void)cpu;
	csr_clear(sstatus, SSTATUS_SIE);
	csr_write(sie, 0);
}

static void on_all(void (*work)(struct cpu *))
{
	for (u64 i = 0; i + 1 < hart_count; i++) {
		start_work(other(i), work, 0);
		wait_work(other(i));
	}
	work(this_cpu());
}

/* Sends, and counts who got it. */
static void expect_reaches(u64 mask, u64 base, u64 targets)
{
	u64 before[CPUS_MAX];

	for (u64 i = 0; i < CPUS_MAX; i++)
		before[i] = cpus[i].ipi_count;
	expect_ret(sbi2(EXT_IPI, 0, mask, base), SUCCESS, 0);
	for (u64 i = 0; i < CPUS_MAX; i++)
		if (targets >> i & 1)
			wait_until(cpus[i].ipi_count != before[i]);
	spin(200);
	for (u64 i = 0; i < CPUS_MAX; i++)
		expect(cpus[i].ipi_count - before[i], targets >> i & 1);
}

static void ipi_reaches_exactly_the_named(void)
{
	u64 all = all_harts();

	have_harts(1);
	on_all(listen);
	for (u64 mask = 0; mask < BIT(hart_count); mask += hart_count <= 4 ? 1 : 11) /* of many, some */
		expect_reaches(mask, 0, mask & all);
	for (u64 i = 0; i < hart_count; i++)
		expect_reaches(1, i, BIT(i));
	if (hart_count >= 3)
		expect_reaches(3, 1, 6);
	expect_reaches(0, ~0ul, all);
	expect_reaches(5, ~0ul, all);
	expect_reaches(0, 0, 0);
	expect_reaches(0, 1, 0);
	expect_reaches(0, 12345, 0);
	on_all(be_deaf);
}

static void ipi_to_harts_that_do_not_exist_is_refused(void)
{
	have_harts(1);
	on_all(listen);
	expect_error(sbi2(EXT_IPI, 0, BIT(hart_count), 0), INVALID_PARAM);
	expect_error(sbi2(EXT_IPI, 0, BIT(hart_count) | 1, 0), INVALID_PARAM);
	expect_error(sbi2(EXT_IPI, 0, 1, hart_count), INVALID_PARAM);
	expect_error(sbi2(EXT_IPI, 0, 2, hart_count - 1), INVALID_PARAM);
	expect_error(sbi2(EXT_IPI, 0, ~0ul, 0), INVALID_PARAM);
	expect_error(sbi2(EXT_IPI, 0, ~0ul, 1), INVALID_PARAM);
	expect_error(sbi2(EXT_IPI, 0, BIT(63), 1), INVALID_PARAM);
	expect_error(sbi2(EXT_IPI, 0, 1, 63), INVALID_PARAM);
	expect_error(sbi2(EXT_IPI, 0, 1, 64), INVALID_PARAM);
	expect_error(sbi2(EXT_IPI, 0, 1, ~0ul - 1), INVALID_PARAM);
	spin(200);
	for (u64 i = 0; i < CPUS_MAX; i++)
		expect(cpus[i].ipi_count, 0);
	on_all(be_deaf);
}

static void ipi_stays_pending_while_masked(void)
{
	expect(csr_read(sip) & IRQ_SSI, 0);
	sbi2(EXT_IPI, 0, 1, boot_hart);
	expect(csr_read(sip) & IRQ_SSI, IRQ_SSI);
	csr_clear(sip, IRQ_SSI);
	expect(csr_read(sip) & IRQ_SSI, 0);
}

#define PINGS 20

/* Sends to its neighbour, again and again. */
static void ping(struct cpu *cpu)
{
	listen(cpu);
	for (u64 i = 0; i < PINGS; i++) {
		u64 before = cpus[cpu->arg].ipi_count;

		sbi2(EXT_IPI, 0, BIT(cpu->arg), 0);
		wait_until(cpus[cpu->arg].ipi_count != before);
		cpu->result += cpus[cpu->arg].ipi_count != before;
	}
}

static void ipis_cross_without_loss(void)
{
	needs(have_harts(3));
	start_work(other(0), ping, other(1)->id);
	start_work(other(1), ping, other(0)->id);
	wait_work(other(0));
	wait_work(other(1));
	expect(other(0)->result, PINGS);
	expect(other(1)->result, PINGS);
	on_all(be_deaf);
}

const struct test ipi_tests[] = {
	TEST(ipi_reaches_exactly_the_named),
	TEST(ipi_to_harts_that_do_not_exist_is_refused),
	TEST(ipi_stays_pending_while_masked),
	TEST(ipis_cross_without_loss),
	{ 0 },
};
