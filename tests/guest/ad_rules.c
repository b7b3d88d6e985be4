/*
 * The A and D bits: page faults where software manages them (Svade), exact updates where hardware does (Svadu with
 * menvcfg.ADUE, or always). Privileged manual, "Addressing and Memory Protection" and step 9 of the translation
 * process.
 */
#include "tests/guest/guest.h"

CODE(amo_add, "amoadd.d a0, a1, (a0)");
CODE(load_reserved, "lr.d a0, (a0)");
CODE(load_then_store, "ld a2, 0(a0)\n sd a1, 0(a0)");
CODE(store_invalid_pte_then_data, "ld a2, 0(a0)\n sd zero, 0(a1)\n sd a1, 0(a0)");
CODE(store_across, "sd a1, -4(a0)");

void before_each(void)
{
	sv39();
}

/* True if hardware sets A and D, which is switched on if it can be. */
static int hardware_updates(void)
{
	if (facts.adue)
		csr_write(menvcfg, MENVCFG_ADUE);
	return facts.adue || !facts.ad_trap;
}

static u64 ad_of(const u64 *pte)
{
	return *(const volatile u64 *)pte & (PTE_A | PTE_D);
}

/* Maps VA at a level so that VA itself is PAGE(0)'s first byte, or RAM's. */
static u64 *map_level(int level, u64 flags)
{
	return map(VA, level == 2 ? 0x80000000 : PLAYGROUND, level, flags);
}

/* --- Svade --- */

static void trap_any_access_to_a_page_with_a_clear_faults(void)
{
	needs(facts.ad_trap);
	for (int level = 0; level < 3; level++) {
		u64 *pte = map_level(level, PTE_USER & ~PTE_A), before = *pte;

		for (enum kind kind = LOAD; kind < KINDS; kind++) {
			access(kind, U, VA);
			expect_fault(page_fault_of[kind], VA);
		}
		expect(*pte, before);
		*pte = 0;
	}
}

static void trap_only_a_store_to_a_page_with_d_clear_faults(void)
{
	needs(facts.ad_trap);
	u64 *pte = map(VA, PAGE(0), 0, PTE_USER & ~PTE_D), before = *pte;

	put_answer(PAGE(0));
	load(U, VA);
	expect_ok();
	fetch(U, VA);
	expect_value(ANSWER);
	store(U, VA, 1);
	expect_fault(STORE_PAGE_FAULT, VA);
	single(U, amo_add, VA, 1);
	expect_fault(STORE_PAGE_FAULT, VA);
	expect(*pte, before);
}

static void trap_d_without_a_faults(void)
{
	needs(facts.ad_trap);
	map(VA, PAGE(0), 0, PTE_USER & ~PTE_A);
	store(U, VA, 1);
	expect_fault(STORE_PAGE_FAULT, VA);
}

static void trap_a_and_d_set_by_software_let_the_access_through(void)
{
	needs(facts.ad_trap);
	u64 *pte = map(VA, PAGE(0), 0, PTE_USER & ~(PTE_A | PTE_D));

	store(U, VA, 1);
	expect_fault(STORE_PAGE_FAULT, VA);
	*pte |= PTE_A | PTE_D;
	store(U, VA, 1);
	expect_ok();
}

/* --- Svadu --- */

static void update_a_load_sets_a_alone(void)
{
	needs(hardware_updates());
	for (int level = 0; level < 3; level++) {
		u64 *pte = map_level(level, (PTE_USER & ~(PTE_A | PTE_D)) | PTE_RSW), before = *pte;

		load(U, VA);
		expect_ok();
		expect(*(volatile u64 *)pte, before | PTE_A);
		*pte = 0;
	}
}

static void update_a_fetch_sets_a_alone(void)
{
	needs(hardware_updates());
	u64 *pte = map(VA, PAGE(0), 0, PTE_USER & ~(PTE_A | PTE_D));

	put_answer(PAGE(0));
	fetch(U, VA);
	expect_value(ANSWER);
	expect(ad_of(pte), PTE_A);
}

static void update_a_store_sets_a_and_d(void)
{
	needs(hardware_updates());
	for (int level = 0; level < 2; level++) {
		u64 *pte = map_level(level, (PTE_USER & ~(PTE_A | PTE_D)) | PTE_RSW), before = *pte;

		store(U, VA, 1);
		expect_ok();
		expect(*(volatile u64 *)pte, before | PTE_A | PTE_D);
		*pte = 0;
	}
}

static void update_a_gigapage_is_updated_too(void)
{
	needs(hardware_updates());
	u64 *pte = map(VA, 0x80000000, 2, PTE_USER & ~(PTE_A | PTE_D));

	store(U, VA + (PAGE(0) - 0x80000000), 1);
	expect_ok();
	expect(ad_of(pte), PTE_A | PTE_D);
}

static void update_an_amo_sets_a_and_d_and_lr_a_alone(void)
{
	needs(hardware_updates());
	u64 *pte = map(VA, PAGE(0), 0, PTE_USER & ~(PTE_A | PTE_D));

	single(U, load_reserved, VA, 0);
	expect_value(PAGE(0));
	expect(ad_of(pte), PTE_A);
	single(U, amo_add, VA, 1);
	expect_value(PAGE(0));
	expect(ad_of(pte), PTE_A | PTE_D);
}

static void update_a_store_after_a_load_sets_d(void)
{
	needs(hardware_updates());
	u64 *pte = map(VA, PAGE(0), 0, PTE_USER & ~(PTE_A | PTE_D));

	run(U, load_then_store, VA, 5);
	expect_ok();
	expect(ad_of(pte), PTE_A | PTE_D);
	expect(peek(PAGE(0)), 5);
}

static void update_a_faulting_access_sets_nothing(void)
{
	needs(hardware_updates());
	u64 flags = PTE_USER & ~(PTE_A | PTE_D);
	u64 *pte = map(VA, PAGE(0), 0, flags & ~PTE_W);

	store(U, VA, 1);
	expect_fault(STORE_PAGE_FAULT, VA);
	expect(ad_of(pte), 0);
	map(VA, PAGE(0), 0, flags & ~PTE_X);
	fetch(U, VA);
	expect_fault(FETCH_PAGE_FAULT, VA);
	expect(ad_of(pte), 0);
	map(VA, PAGE(0), 0, flags & ~PTE_U);
	store(U, VA, 1);
	expect_fault(STORE_PAGE_FAULT, VA);
	expect(ad_of(pte), 0);
	map(VA, PLAYGROUND + 4096, 1, flags);
	load(U, VA);
	expect_fault(LOAD_PAGE_FAULT, VA);
	expect(ad_of(pte_at(VA, 1)), 0);
}

/* The TLB may know the page without D; the PTE in memory is 0 by then, and must stay so. */
static void update_never_writes_a_pte_that_has_changed(void)
{
	needs(hardware_updates());
	u64 *pte = map(VA, PAGE(0), 0, PTE_ALL & ~(PTE_A | PTE_D));

	run(S, store_invalid_pte_then_data, VA, (u64)pte);
	expect(seen.x[12], PAGE(0));
	expect(*(volatile u64 *)pte, 0);
}

static void update_pointers_are_not_touched(void)
{
	needs(hardware_updates());
	map(VA, PAGE(0), 0, PTE_USER & ~(PTE_A | PTE_D));
	u64 level1 = *pte_at(VA, 1), level2 = *pte_at(VA, 2);

	store(U, VA, 1);
	expect_ok();
	expect(*(volatile u64 *)pte_at(VA, 1), level1);
	expect(*(volatile u64 *)pte_at(VA, 2), level2);
}

static void update_both_pages_of_a_crossing_store_get_d(void)
{
	needs(facts.misaligned);
	needs(hardware_updates());
	u64 *first = map(VA, PAGE(0), 0, PTE_USER & ~(PTE_A | PTE_D));
	u64 *second = map(VA + 4096, PAGE(2), 0, PTE_USER & ~(PTE_A | PTE_D));

	run(U, store_across, VA + 4096, 1);
	expect_ok();
	expect(ad_of(first), PTE_A | PTE_D);
	expect(ad_of(second), PTE_A | PTE_D);
}

static void update_a_napot_page_is_updated(void)
{
	needs(facts.svnapot);
	needs(hardware_updates());
	u64 set = 0;

	for (u64 i = 0; i < 16; i++)
		map(VA + i * 4096, PLAYGROUND + 0x8000, 0, (PTE_USER & ~(PTE_A | PTE_D)) | PTE_N);
	store(U, VA + 0x3000, 1);
	expect_ok();
	for (u64 i = 0; i < 16; i++)
		set |= ad_of(pte_at(VA + i * 4096, 0)); /* any of the sixteen may be the one */
	expect(set, PTE_A | PTE_D);
}

static void adue_clear_traps_again(void)
{
	needs(facts.adue);
	u64 *pte = map(VA, PAGE(0), 0, PTE_USER & ~(PTE_A | PTE_D));

	csr_write(menvcfg, MENVCFG_ADUE);
	load(U, VA);
	expect_ok();
	csr_write(menvcfg, 0);
	store(U, VA, 1);
	expect_fault(STORE_PAGE_FAULT, VA);
	expect(ad_of(pte), PTE_A);
}

const struct rule rules[] = {
	RULE(trap_any_access_to_a_page_with_a_clear_faults),
	RULE(trap_only_a_store_to_a_page_with_d_clear_faults),
	RULE(trap_d_without_a_faults),
	RULE(trap_a_and_d_set_by_software_let_the_access_through),
	RULE(update_a_load_sets_a_alone),
	RULE(update_a_fetch_sets_a_alone),
	RULE(update_a_store_sets_a_and_d),
	RULE(update_a_gigapage_is_updated_too),
	RULE(update_an_amo_sets_a_and_d_and_lr_a_alone),
	RULE(update_a_store_after_a_load_sets_d),
	RULE(update_a_faulting_access_sets_nothing),
	RULE(update_never_writes_a_pte_that_has_changed),
	RULE(update_pointers_are_not_touched),
	RULE(update_both_pages_of_a_crossing_store_get_d),
	RULE(update_a_napot_page_is_updated),
	RULE(adue_clear_traps_again),
};

const u64 rule_count = ARRAY_SIZE(rules);
