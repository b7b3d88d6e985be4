/*
 * SBI's legacy calls: a value in a0, a1 untouched, hart masks by virtual address.
 */
#include "tests/firmware/test.h"

enum { SET_TIMER, PUTCHAR, GETCHAR, CLEAR_IPI, SEND_IPI, FENCE_I, SFENCE, SFENCE_ASID };

/* a1 must come back as it went. */
#define A1 0x123456789abul

static void legacy_timer(void)
{
	expect_ret(sbi2(SET_TIMER, 77, 0, A1), 0, A1); /* the function in a6 means nothing */
	wait_until(csr_read(sip) & IRQ_STI);
	expect(csr_read(sip) & IRQ_STI, IRQ_STI);
	expect_ret(sbi2(SET_TIMER, 0, ~0ul, A1), 0, A1);
	expect(csr_read(sip) & IRQ_STI, 0);
}

static void legacy_console(void)
{
	static const char text[] = "console: legacy\n";

	for (u64 i = 0; text[i]; i++)
		expect_ret(sbi2(PUTCHAR, 0, (u64)text[i], A1), 0, A1);
}

/* run.sh types an L first; and nothing before the DBCN tests have read the rest. */
static void legacy_getchar(void)
{
	struct sbiret ret;

	wait_until((ret = sbi2(GETCHAR, 0, 0, A1), ret.error != -1));
	expect(ret.error, 'L');
	expect(ret.value, A1);
}

static void legacy_ipis(void)
{
	static volatile u64 mask;

	mask = BIT(boot_hart);
	expect_ret(sbi2(SEND_IPI, 0, (u64)&mask, A1), 0, A1);
	expect(csr_read(sip) & IRQ_SSI, IRQ_SSI);
	expect_ret(sbi2(CLEAR_IPI, 0, 0, A1), 0, A1);
	expect(csr_read(sip) & IRQ_SSI, 0);
	expect_ret(sbi2(SEND_IPI, 0, 0, A1), 0, A1); /* no mask: all harts */
	expect(csr_read(sip) & IRQ_SSI, IRQ_SSI);
	csr_clear(sip, IRQ_SSI);
	mask = 0;
	expect_ret(sbi2(SEND_IPI, 0, (u64)&mask, A1), 0, A1);
	expect(csr_read(sip) & IRQ_SSI, 0);
}

/* The mask lies where only translation finds it. */
static void legacy_masks_are_virtual(void)
{
	*(volatile u64 *)pages[3] = BIT(boot_hart);
	map(VA, (u64)pages[3], PTE_DATA);
	paging_on(0);
	expect_ret(sbi2(SEND_IPI, 0, VA, A1), 0, A1);
	paging_off();
	expect(csr_read(sip) & IRQ_SSI, IRQ_SSI);
}

CODE(send_by_mask, "li a7, 4\nli a1, 55\necall");
CODE(send_by_user_mask, "li a7, 4\necall");

/* The load of a mask that is not there faults like one of the kernel's own, at the ecall. */
static void legacy_masks_fault(void)
{
	map(VA, 0, 0);
	paging_on(0);
	try_call(send_by_mask, VA + 16);
	expect_trap(LOAD_PAGE_FAULT, VA + 16);
	expect(this_cpu()->seen.pc, (u64)send_by_mask + 8);
	expect_true(this_cpu()->seen.sstatus & SSTATUS_SPP);
	expect(this_cpu()->seen.a0, VA + 16);
	try_call(send_by_mask, FIRMWARE_BASE);
	expect_trap(LOAD_ACCESS_FAULT, FIRMWARE_BASE);
	map(VA, (u64)pages[3], PTE_DATA | PTE_U);
	__asm__ volatile("sfence.vma" ::: "memory");
	try_call(send_by_user_mask, VA);
	expect_trap(LOAD_PAGE_FAULT, VA);
	paging_off();
}

static void nothing(struct cpu *cpu)
{
	cpu->result = csr_read(sip) & IRQ_SSI;
	csr_clear(sip, IRQ_SSI);
}

static void legacy_calls_reach_other_harts(void)
{
	static volatile u64 mask;

	needs(have_harts(2));
	for (u64 i = 0; i + 1 < hart_count; i++) { /* what came before is none of our business */
		start_work(other(i), nothing, 0);
		wait_work(other(i));
	}
	mask = BIT(other(0)->id);
	expect_ret(sbi2(SEND_IPI, 0, (u64)&mask, A1), 0, A1);
	spin(200);
	for (u64 i = 0; i + 1 < hart_count; i++) {
		start_work(other(i), nothing, 0);
		wait_work(other(i));
		expect(other(i)->result, i == 0 ? IRQ_SSI : 0);
	}
	expect(csr_read(sip) & IRQ_SSI, 0);
	expect_ret(sbi2(FENCE_I, 0, (u64)&mask, A1), 0, A1);
	expect_ret(sbi3(SFENCE, 0, (u64)&mask, A1, PAGE_SIZE), 0, A1);
	expect_ret(sbi4(SFENCE_ASID, 0, 0, A1, 0, 1), 0, A1);
}

const struct test legacy_tests[] = {
	TEST(legacy_timer),
	TEST(legacy_console),
	TEST(legacy_getchar),
	TEST(legacy_ipis),
	TEST(legacy_masks_are_virtual),
	TEST(legacy_masks_fault),
	TEST(legacy_calls_reach_other_harts),
	{ 0 },
};
