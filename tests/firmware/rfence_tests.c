/*
 * SBI RFENCE: after the call, the harts named see the new page tables and the new code; the others, on a machine whose
 * TLB keeps what it has, do not. Each hart maps VA for itself: all share the tables.
 */
#include "tests/firmware/test.h"

#define OLD 0x1111ul
#define NEW 0x2222ul
#define NO_RANGE 0ul
#define ALL (~0ul)
#define MAPPED 4 /* pages from VA on: pages[0..3] hold OLD, pages[4..7] NEW */

static u64 asid_of(const struct cpu *cpu)
{
	return cpu->id + 1;
}

static volatile u64 *page(u64 i)
{
	return (volatile u64 *)(VA + i * PAGE_SIZE);
}

/* Turns translation on, with an ASID of its own, and touches all pages. */
static void enter_old(struct cpu *cpu)
{
	paging_on(asid_of(cpu));
	for (u64 i = 0; i < MAPPED; i++)
		cpu->result += *page(i) == OLD;
}

/* Which pages show the new contents. */
static void look(struct cpu *cpu)
{
	u64 seen = 0;

	for (u64 i = 0; i < MAPPED; i++)
		seen |= (u64)(*page(i) == NEW) << i;
	cpu->result = seen;
}

static void leave(struct cpu *cpu)
{
	(void)cpu;
	paging_off();
}

static void on_others(void (*work)(struct cpu *))
{
	for (u64 i = 0; i + 1 < hart_count; i++)
		start_work(other(i), work, 0);
	for (u64 i = 0; i + 1 < hart_count; i++)
		wait_work(other(i));
}

static void remap(u64 first)
{
	for (u64 i = 0; i < MAPPED; i++) {
		*(volatile u64 *)pages[i] = OLD;
		*(volatile u64 *)pages[MAPPED + i] = NEW;
		map(VA + i * PAGE_SIZE, (u64)pages[first + i], PTE_DATA);
	}
}

/* All other harts know the old pages; the tables now have the new ones. */
static void begin(void)
{
	remap(0);
	on_others(enter_old);
	for (u64 i = 0; i + 1 < hart_count; i++)
		expect(other(i)->result, MAPPED);
	remap(MAPPED);
	on_others(look);
	if (facts.exact)
		for (u64 i = 0; i + 1 < hart_count; i++)
			expect(other(i)->result, 0);
}

/* Harts in `targets` see `seen` of the new pages, at least; on a machine with a TLB that keeps things, exactly. */
static void end(u64 targets, u64 seen)
{
	on_others(look);
	for (u64 i = 0; i + 1 < hart_count; i++) {
		u64 want = targets >> other(i)->id & 1 ? seen : 0;

		expect(other(i)->result & want, want);
		if (facts.exact)
			expect(other(i)->result, want);
	}
	on_others(leave);
}

static void sfence_reaches_exactly_the_named(void)
{
	needs(have_harts(2));
	for (u64 mask = 0; mask < BIT(hart_count); mask += hart_count <= 4 ? 1 : 37) { /* of many, some */
		begin();
		expect_ret(sbi4(EXT_RFENCE, 1, mask, 0, NO_RANGE, ALL), SUCCESS, 0);
		end(mask, 0xf);
	}
	begin();
	expect_ret(sbi4(EXT_RFENCE, 1, 0, ALL, NO_RANGE, ALL), SUCCESS, 0);
	end(ALL, 0xf);
	begin();
	expect_ret(sbi4(EXT_RFENCE, 1, 1, other(0)->id, NO_RANGE, 0), SUCCESS, 0);
	end(BIT(other(0)->id), 0xf);
}

static void sfence_covers_its_range(void)
{
	u64 who = other(0)->id;

	needs(have_harts(2));
	begin();
	expect_ret(sbi4(EXT_RFENCE, 1, BIT(who), 0, VA + PAGE_SIZE, PAGE_SIZE), SUCCESS, 0);
	end(BIT(who), 2);
	begin();
	expect_ret(sbi4(EXT_RFENCE, 1, BIT(who), 0, VA + 2 * PAGE_SIZE - 1, 2), SUCCESS, 0); /* parts of two pages */
	end(BIT(who), 6);
	begin();
	expect_ret(sbi4(EXT_RFENCE, 1, BIT(who), 0, VA + 1, 3 * PAGE_SIZE), SUCCESS, 0);
	end(BIT(who), 0xf);
	begin();
	expect_ret(sbi4(EXT_RFENCE, 1, BIT(who), 0, VA - 1024 * PAGE_SIZE, 2048 * PAGE_SIZE), SUCCESS, 0); /* many */
	end(BIT(who), 0xf);
	begin();
	expect_ret(sbi4(EXT_RFENCE, 1, BIT(who), 0, VA, ALL), SUCCESS, 0);
	end(BIT(who), 0xf);
}

static void sfence_covers_its_asid(void)
{
	u64 who = other(0)->id, asid = asid_of(other(0));

	needs(have_harts(2));
	begin();
	expect_ret(sbi_call(EXT_RFENCE, 2, BIT(who), 0, NO_RANGE, ALL, asid), SUCCESS, 0);
	end(BIT(who), 0xf);
	begin();
	expect_ret(sbi_call(EXT_RFENCE, 2, BIT(who), 0, VA + PAGE_SIZE, 2 * PAGE_SIZE, asid), SUCCESS, 0);
	end(BIT(who), 6);
	begin();
	expect_ret(sbi_call(EXT_RFENCE, 2, 0, ALL, NO_RANGE, 0, asid), SUCCESS, 0);
	end(BIT(who), 0xf); /* no other hart has this ASID */
}

static void sfence_refuses_bad_arguments(void)
{
	u64 one = 1;

	have_harts(1);
	expect_error(sbi4(EXT_RFENCE, 0, BIT(hart_count) | one, 0, 0, 0), INVALID_PARAM);
	expect_error(sbi4(EXT_RFENCE, 1, one, hart_count, 0, ALL), INVALID_PARAM);
	expect_error(sbi_call(EXT_RFENCE, 2, ~0ul, 0, 0, ALL, 0), INVALID_PARAM);
	expect_error(sbi_call(EXT_RFENCE, 2, one, boot_hart, 0, ALL, 0x10000), INVALID_PARAM);
	expect_error(sbi4(EXT_RFENCE, 1, one, boot_hart, -PAGE_SIZE, 2 * PAGE_SIZE), INVALID_ADDRESS);
	expect_ret(sbi4(EXT_RFENCE, 1, one, boot_hart, -PAGE_SIZE, PAGE_SIZE), SUCCESS, 0);
	expect_ret(sbi4(EXT_RFENCE, 1, 0, 0, 0, 0), SUCCESS, 0);
	for (u64 function = 3; function <= 6; function++)
		expect_error(sbi4(EXT_RFENCE, function, one, boot_hart, 0, 0), NOT_SUPPORTED);
}

static void refused_sfence_hits_nobody(void)
{
	needs(have_harts(2));
	begin();
	expect_error(sbi4(EXT_RFENCE, 1, BIT(hart_count) | BIT(other(0)->id), 0, NO_RANGE, ALL), INVALID_PARAM);
	end(0, 0);
}

static void sfence_reaches_the_caller(void)
{
	remap(0);
	paging_on(0);
	expect(*page(1), OLD);
	remap(MAPPED);
	expect_ret(sbi4(EXT_RFENCE, 1, 1, boot_hart, VA, MAPPED * PAGE_SIZE), SUCCESS, 0);
	expect(*page(1), NEW);
	paging_off();
}

/* li a0, n; ret */
static void write_code(u64 n)
{
	volatile u32 *code = (volatile u32 *)pages[8];

	code[0] = (u32)(n << 20 | 0x513);
	code[1] = 0x8067;
	__asm__ volatile("fence rw, rw" ::: "memory");
}

static void run_code(struct cpu *cpu)
{
	cpu->result = ((u64(*)(void))(u64)pages[8])();
}

static void fence_i_shows_new_code(void)
{
	needs(have_harts(2));
	for (u64 n = 1; n < 20; n++) {
		write_code(n);
		expect_ret(sbi2(EXT_RFENCE, 0, 0, ALL), SUCCESS, 0);
		on_others(run_code);
		for (u64 i = 0; i + 1 < hart_count; i++)
			expect(other(i)->result, n);
		run_code(this_cpu());
		expect(this_cpu()->result, n);
	}
}

/* All harts fence all harts, at the same time: nobody waits for ever. */
static void storm(struct cpu *cpu)
{
	for (u64 i = 0; i < 100; i++) {
		u64 kind = i % 3;

		cpu->result += sbi_call(EXT_RFENCE, kind, 0, ALL, VA, i * 512, 1).error == SUCCESS;
		sbi2(EXT_IPI, 0, 0, ALL);
	}
}

static void fences_from_all_sides_end(void)
{
	needs(have_harts(2));
	for (u64 i = 0; i + 1 < hart_count; i++)
		start_work(other(i), storm, 0);
	this_cpu()->result = 0;
	storm(this_cpu());
	expect(this_cpu()->result, 100);
	for (u64 i = 0; i + 1 < hart_count; i++) {
		wait_work(other(i));
		expect(other(i)->result, 100);
	}
}

const struct test rfence_tests[] = {
	TEST(sfence_reaches_exactly_the_named), TEST(sfence_covers_its_range),    TEST(sfence_covers_its_asid),
	TEST(sfence_refuses_bad_arguments),     TEST(refused_sfence_hits_nobody), TEST(sfence_reaches_the_caller),
	TEST(fence_i_shows_new_code),           TEST(fences_from_all_sides_end),  { 0 },
};
