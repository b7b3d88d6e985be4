/*
 * sfence.vma in its four forms, sinval.vma, ASIDs and satp: what must be seen after which fence. Nothing is asked
 * about what may still be remembered without one. Privileged manual, "Supervisor Memory-Management Fence
 * Instruction", "Svinval", and "Supervisor Address Translation and Protection (satp) Register".
 *
 * run()'s own fences are off here. Fences are done in S mode, by the code under test.
 */
#include "tests/guest/guest.h"

#define MIB2 0x200000ul
#define ASID_A 1
#define ASID_B 2

/*
 * a0 = va, a1 = address of a PTE, a2 = its new value, a3 = address and a4 = ASID for the fence. First the va is loaded
 * from, so that its translation is known; then the PTE is changed, and after the fence the va is loaded from again.
 */
#define CHANGE_AND_LOAD(fence) "ld t0, 0(a0)\n sd a2, 0(a1)\n" fence "\n ld a0, 0(a0)"
CODE(change_sfence_all, CHANGE_AND_LOAD("sfence.vma zero, zero"));
CODE(change_sfence_va, CHANGE_AND_LOAD("sfence.vma a3, zero"));
CODE(change_sfence_asid, CHANGE_AND_LOAD("sfence.vma zero, a4"));
CODE(change_sfence_va_asid, CHANGE_AND_LOAD("sfence.vma a3, a4"));
#define SINVAL(operands) ".option arch, +svinval\n sfence.w.inval\n sinval.vma " operands "\n sfence.inval.ir"
CODE(change_sinval_all, CHANGE_AND_LOAD(SINVAL("zero, zero")));
CODE(change_sinval_va, CHANGE_AND_LOAD(SINVAL("a3, zero")));
CODE(change_sinval_asid, CHANGE_AND_LOAD(SINVAL("zero, a4")));
CODE(change_sinval_va_asid, CHANGE_AND_LOAD(SINVAL("a3, a4")));

CODE(change_and_store, "sd a2, 0(a0)\n sd a2, 0(a1)\n sfence.vma a3, a4\n sd a2, 0(a0)");
CODE(enable_and_load, "sd a2, 0(a1)\n sfence.vma a3, a4\n ld a0, 0(a0)");
CODE(change_and_fetch, "jalr a0\n mv s2, a0\n mv a0, a5\n sd a2, 0(a1)\n sfence.vma a3, a4\n jalr a0");
CODE(return_7, "mv t0, a0\n li a0, 7\n ret");
CODE(return_8, "mv t0, a0\n li a0, 8\n ret");
CODE(fence_only, "sfence.vma a3, a4");
CODE(satp_then_load, "csrw satp, a1\n ld a2, 0(a0)\n csrw satp, a3\n ld a3, 0(a0)\n csrw satp, a1\n ld a4, 0(a0)");
CODE(sum_of_pages, "li t0, 0\n li t2, 4096\n1: ld t1, 0(a0)\n add t0, t0, t1\n add a0, a0, t2\n"
                   " addi a1, a1, -1\n bnez a1, 1b\n mv a0, t0");

/* All forms; those for an address must not be used to order changes of pointers. */
static const char *const forms[] = {
	change_sfence_all, change_sfence_asid,    change_sinval_all, change_sinval_asid,
	change_sfence_va,  change_sfence_va_asid, change_sinval_va,  change_sinval_va_asid
};
#define FORMS_WITHOUT_VA 4

/* The forms without an ASID, which act on global pages, too. */
static const char *const forms_without_asid[] = { change_sfence_all, change_sfence_va, change_sinval_all,
	                                          change_sinval_va };

static u64 asid; /* in use; 0 if there are none */

void before_each(void)
{
	no_fences = 1;
	sv39();
	asid = facts.asid_bits ? ASID_A : 0;
	csr_write(satp, satp_of(SATP_SV39, asid, root_table()));
	sfence_vma_all();
}

static u64 pte_of_page(u64 page, u64 flags)
{
	return PTE_PPN(PAGE(page)) | flags;
}

static void each_form_orders_a_changed_leaf(void)
{
	u64 *pte = map(VA, PAGE(0), 0, PTE_ALL);

	for (u64 i = 0; i < ARRAY_SIZE(forms); i++) {
		run(S, forms[i], VA, (u64)pte, pte_of_page(i + 1, PTE_ALL), VA, asid);
		expect_value(PAGE(i + 1));
	}
}

static void each_form_orders_a_removed_leaf(void)
{
	for (u64 i = 0; i < ARRAY_SIZE(forms); i++) {
		u64 *pte = map(VA, PAGE(0), 0, PTE_ALL);

		sfence_vma_all();
		run(S, forms[i], VA, (u64)pte, 0, VA, asid);
		expect_fault(LOAD_PAGE_FAULT, VA);
	}
}

static void each_form_takes_any_address_of_the_page(void)
{
	u64 *pte = map(VA, PAGE(0), 0, PTE_ALL);

	for (u64 i = 0; i < ARRAY_SIZE(forms); i++) {
		run(S, forms[i], VA + 8, (u64)pte, pte_of_page(i + 1, PTE_ALL), VA + 0xabc, asid);
		expect_value(PAGE(i + 1) + 8);
	}
}

static void each_form_takes_any_address_of_a_superpage(void)
{
	for (int level = 1; level < 3; level++) {
		for (u64 i = 0; i < ARRAY_SIZE(forms); i++) {
			u64 size = level == 1 ? MIB2 : 0x40000000;
			u64 *pte = map(VA, 0x80000000, level, PTE_ALL);

			sfence_vma_all();
			run(S, forms[i], VA + 0x3000, (u64)pte, 0, VA + size - 0x1234, asid);
			expect_fault(LOAD_PAGE_FAULT, VA + 0x3000);
		}
		*pte_at(VA, level) = 0;
	}
}

static void each_form_orders_a_changed_napot_page(void)
{
	needs(facts.svnapot);
	for (u64 i = 0; i < ARRAY_SIZE(forms); i++) {
		map(VA + 0x3000, PLAYGROUND + 0x8000, 0, PTE_ALL | PTE_N);
		map(VA + 0x5000, PLAYGROUND + 0x8000, 0, PTE_ALL | PTE_N);
		sfence_vma_all();
		run(S, forms[i], VA + 0x3000, (u64)pte_at(VA + 0x3000, 0), 0, VA + 0x3000, asid);
		expect_fault(LOAD_PAGE_FAULT, VA + 0x3000);
	}
}

static void each_form_without_address_orders_a_changed_pointer(void)
{
	u64 *other;

	map(VA, PAGE(0), 0, PTE_ALL);
	map(VA + MIB2, PAGE(1), 0, PTE_ALL);
	map(VA + 0x40000000, PAGE(2), 0, PTE_ALL);
	for (int level = 1; level < 3; level++) {
		other = pte_at(level == 1 ? VA + MIB2 : VA + 0x40000000, level);
		for (u64 i = 0; i < FORMS_WITHOUT_VA; i++) {
			u64 *pte = pte_at(VA, level), before = *pte;

			sfence_vma_all();
			run(S, forms[i], VA, (u64)pte, *other, VA, asid);
			expect_value(PAGE(level));
			*pte = before;
		}
	}
}

static void a_removed_pointer_removes_everything_below(void)
{
	for (u64 i = 0; i < FORMS_WITHOUT_VA; i++) {
		map(VA, PAGE(0), 0, PTE_ALL);
		u64 *pte = pte_at(VA, 2), before = *pte;

		sfence_vma_all();
		run(S, forms[i], VA, (u64)pte, 0, VA, asid);
		expect_fault(LOAD_PAGE_FAULT, VA);
		*pte = before;
	}
}

static void a_superpage_can_replace_a_table(void)
{
	map(VA, PAGE(20), 0, PTE_ALL);
	run(S, change_sfence_all, VA, (u64)pte_at(VA, 1), PTE_PPN(PLAYGROUND) | PTE_ALL, VA, asid);
	expect_value(PAGE(0));
}

static void a_table_can_replace_a_superpage(void)
{
	u64 table = new_table();

	map(VA, PLAYGROUND, 1, PTE_ALL);
	poke(table, PTE_PPN(PAGE(9)) | PTE_ALL);
	run(S, change_sfence_all, VA, (u64)pte_at(VA, 1), PTE_PPN(table) | PTE_V, VA, asid);
	expect_value(PAGE(9));
}

static void a_page_made_valid_is_there_after_the_fence(void)
{
	u64 *pte = map(VA, PAGE(0), 0, PTE_ALL & ~PTE_V);

	load(S, VA);
	expect_fault(LOAD_PAGE_FAULT, VA);
	run(S, enable_and_load, VA, (u64)pte, pte_of_page(0, PTE_ALL), VA, asid);
	expect_value(PAGE(0));
}

static void a_page_made_writable_is_so_after_the_fence(void)
{
	u64 *pte = map(VA, PAGE(0), 0, PTE_ALL & ~(PTE_W | PTE_D));

	load(S, VA);
	expect_value(PAGE(0));
	store(S, VA, 3);
	expect_fault(STORE_PAGE_FAULT, VA);
	*pte |= PTE_W | PTE_D;
	run(S, fence_only, 0, 0, 0, VA, asid);
	store(S, VA, 3);
	expect_ok();
}

static void a_page_made_read_only_is_so_after_the_fence(void)
{
	u64 *pte = map(VA, PAGE(0), 0, PTE_ALL);

	run(S, change_and_store, VA, (u64)pte, pte_of_page(0, PTE_ALL & ~(PTE_W | PTE_D)), VA, asid);
	expect_fault(STORE_PAGE_FAULT, VA);
}

static void a_code_page_can_be_exchanged(void)
{
	u64 *pte = map(VA, PAGE(0), 0, PTE_ALL);

	put_code(PAGE(0), return_7, 12);
	put_code(PAGE(1), return_8, 12);
	__asm__ volatile("fence.i" ::: "memory");
	run(S, change_and_fetch, VA, (u64)pte, pte_of_page(1, PTE_ALL), VA, asid, VA);
	expect_value(8);
	expect(seen.x[18], 7);
}

static void a_code_page_can_lose_its_x(void)
{
	u64 *pte = map(VA, PAGE(0), 0, PTE_ALL);

	put_code(PAGE(0), return_7, 12);
	__asm__ volatile("fence.i" ::: "memory");
	run(S, change_and_fetch, VA, (u64)pte, pte_of_page(0, PTE_ALL & ~PTE_X), VA, asid, VA);
	expect_fault(FETCH_PAGE_FAULT, VA);
	expect(seen.x[18], 7);
}

static void a_fence_for_a_non_canonical_address_does_not_trap(void)
{
	run(S, fence_only, 0, 0, 0, VA | BIT(60), asid);
	expect_ok();
}

static void high_bits_of_the_asid_operand_are_ignored(void)
{
	u64 *pte = map(VA, PAGE(0), 0, PTE_ALL);

	run(S, change_sfence_asid, VA, (u64)pte, pte_of_page(1, PTE_ALL), 0, asid | BIT(16) | BIT(40));
	expect_value(PAGE(1));
	run(S, change_sfence_va_asid, VA, (u64)pte, pte_of_page(2, PTE_ALL), VA, asid | BIT(63));
	expect_value(PAGE(2));
	run(S, change_sfence_asid, VA, (u64)pte, pte_of_page(3, PTE_ALL), 0, asid | -BIT(facts.asid_bits));
	expect_value(PAGE(3));
}

/* --- global pages --- */

static void forms_without_asid_order_global_pages(void)
{
	u64 *pte = map(VA, PAGE(0), 0, PTE_ALL | PTE_G);

	for (u64 i = 0; i < ARRAY_SIZE(forms_without_asid); i++) {
		run(S, forms_without_asid[i], VA, (u64)pte, pte_of_page(i + 1, PTE_ALL | PTE_G), VA, asid);
		expect_value(PAGE(i + 1));
	}
}

static void g_in_a_pointer_makes_global_what_is_below(void)
{
	u64 *pte = map(VA, PAGE(0), 0, PTE_ALL);

	*pte_at(VA, 2) |= PTE_G;
	for (u64 i = 0; i < ARRAY_SIZE(forms_without_asid); i++) {
		run(S, forms_without_asid[i], VA, (u64)pte, pte_of_page(i + 1, PTE_ALL), VA, asid);
		expect_value(PAGE(i + 1));
	}
}

/* --- ASIDs --- */

/* Two address spaces that differ in VA: PAGE(0) in A's, PAGE(1) in B's. Gives back B's satp. */
static u64 two_spaces(u64 flags)
{
	u64 other = new_root_table();

	map(VA, PAGE(0), 0, flags);
	map_in(other, 3, VA, PAGE(1), 0, flags);
	return satp_of(SATP_SV39, ASID_B, other);
}

static void asids_keep_address_spaces_apart_without_a_fence(void)
{
	needs(facts.asid_bits >= 2);
	u64 b = two_spaces(PTE_ALL), a = csr_read(satp);

	run(S, satp_then_load, VA, a, 0, b);
	expect_ok();
	expect(seen.x[12], PAGE(0));
	expect(seen.x[13], PAGE(1));
	expect(seen.x[14], PAGE(0));
}

static void asids_keep_code_apart_without_a_fence(void)
{
	needs(facts.asid_bits >= 2);
	u64 b = two_spaces(PTE_ALL), a = csr_read(satp);

	put_code(PAGE(0), return_7, 4);
	put_answer(PAGE(0) + 4);
	put_code(PAGE(1), return_8, 12);
	poke32(PAGE(1) + 8, 0x00000073); /* ecall */
	__asm__ volatile("fence.i" ::: "memory");
	for (u64 i = 0; i < 4; i++) {
		csr_write(satp, i & 1 ? b : a);
		fetch(S, VA);
		expect_value(i & 1 ? 8 : ANSWER);
	}
}

static void a_fence_for_one_asid_orders_that_asid(void)
{
	needs(facts.asid_bits >= 2);
	u64 b = two_spaces(PTE_ALL), a = csr_read(satp);

	load(S, VA);
	expect_value(PAGE(0));
	csr_write(satp, b);
	load(S, VA);
	expect_value(PAGE(1));
	map(VA, PAGE(2), 0, PTE_ALL); /* in A, while B is current */
	run(S, fence_only, 0, 0, 0, VA, ASID_A);
	csr_write(satp, a);
	load(S, VA);
	expect_value(PAGE(2));
}

static void a_fence_without_asid_orders_all_asids(void)
{
	needs(facts.asid_bits >= 2);
	u64 b = two_spaces(PTE_ALL), a = csr_read(satp);

	load(S, VA);
	csr_write(satp, b);
	load(S, VA);
	map(VA, PAGE(2), 0, PTE_ALL);
	map_in(b << 12 & 0xffffffffff000, 3, VA, PAGE(3), 0, PTE_ALL);
	__asm__ volatile("sfence.vma %0, zero" ::"r"(VA) : "memory");
	load(S, VA);
	expect_value(PAGE(3));
	csr_write(satp, a);
	load(S, VA);
	expect_value(PAGE(2));
}

static void a_reused_asid_is_clean_after_its_fence(void)
{
	u64 b = two_spaces(PTE_ALL);

	load(S, VA);
	expect_value(PAGE(0));
	csr_write(satp, satp_of(SATP_SV39, asid, b << 12 & 0xffffffffff000));
	__asm__ volatile("sfence.vma zero, %0" ::"r"(asid) : "memory");
	load(S, VA);
	expect_value(PAGE(1));
}

static void asid_0_is_an_asid_like_others(void)
{
	needs(facts.asid_bits >= 2);
	u64 b = two_spaces(PTE_ALL);

	csr_write(satp, satp_of(SATP_SV39, 0, root_table()));
	load(S, VA);
	expect_value(PAGE(0));
	csr_write(satp, b);
	load(S, VA);
	expect_value(PAGE(1));
	map(VA, PAGE(2), 0, PTE_ALL);
	run(S, fence_only, 0, 0, 0, VA, 0);
	csr_write(satp, satp_of(SATP_SV39, 0, root_table()));
	load(S, VA);
	expect_value(PAGE(2));
}

static void the_mode_takes_effect_at_once(void)
{
	u64 a = csr_read(satp);

	map(VA, PAGE(0), 0, PTE_ALL);
	load(S, VA);
	expect_value(PAGE(0));
	csr_write(satp, 0);
	load(S, VA);
	expect_fault(LOAD_ACCESS_FAULT, VA);
	load(S, PAGE(1));
	expect_value(PAGE(1));
	csr_write(satp, a);
	load(S, VA);
	expect_value(PAGE(0));
}

/* --- more pages than any TLB holds --- */

static void many_pages_are_all_translated_right(void)
{
	u64 sum = 0;

	for (u64 i = 0; i < 2048; i++) {
		u64 page = (i * 7 + i / 32) % PAGES_FILLED;

		map(VA + i * 4096, PAGE(page), 0, PTE_ALL);
		sum += PAGE(page);
	}
	sfence_vma_all();
	for (int round = 0; round < 3; round++) {
		run(S, sum_of_pages, VA, 2048);
		expect_value(sum);
	}
}

static void page_sizes_live_side_by_side(void)
{
	for (int round = 0; round < 4; round++) {
		for (u64 i = 0; i < 64; i++) {
			map(VA + i * 4096, PAGE(i % 8), 0, PTE_ALL);
			map(VA + 0x40000000 + i * MIB2, PLAYGROUND, 1, PTE_ALL);
		}
		map(VA + 0x80000000, 0x80000000, 2, PTE_ALL);
		sfence_vma_all();
		for (u64 i = 0; i < 64; i++) {
			load(S, VA + i * 4096);
			expect_value(PAGE(i % 8));
			load(S, VA + 0x40000000 + i * MIB2 + i % 32 * 4096);
			expect_value(PAGE(i % 32));
			load(S, VA + PAGE(i % 16));
			expect_value(PAGE(i % 16));
		}
	}
}

const struct rule rules[] = {
	RULE(each_form_orders_a_changed_leaf),
	RULE(each_form_orders_a_removed_leaf),
	RULE(each_form_takes_any_address_of_the_page),
	RULE(each_form_takes_any_address_of_a_superpage),
	RULE(each_form_orders_a_changed_napot_page),
	RULE(each_form_without_address_orders_a_changed_pointer),
	RULE(a_removed_pointer_removes_everything_below),
	RULE(a_superpage_can_replace_a_table),
	RULE(a_table_can_replace_a_superpage),
	RULE(a_page_made_valid_is_there_after_the_fence),
	RULE(a_page_made_writable_is_so_after_the_fence),
	RULE(a_page_made_read_only_is_so_after_the_fence),
	RULE(a_code_page_can_be_exchanged),
	RULE(a_code_page_can_lose_its_x),
	RULE(a_fence_for_a_non_canonical_address_does_not_trap),
	RULE(high_bits_of_the_asid_operand_are_ignored),
	RULE(forms_without_asid_order_global_pages),
	RULE(g_in_a_pointer_makes_global_what_is_below),
	RULE(asids_keep_address_spaces_apart_without_a_fence),
	RULE(asids_keep_code_apart_without_a_fence),
	RULE(a_fence_for_one_asid_orders_that_asid),
	RULE(a_fence_without_asid_orders_all_asids),
	RULE(a_reused_asid_is_clean_after_its_fence),
	RULE(asid_0_is_an_asid_like_others),
	RULE(the_mode_takes_effect_at_once),
	RULE(many_pages_are_all_translated_right),
	RULE(page_sizes_live_side_by_side),
};

const u64 rule_count = ARRAY_SIZE(rules);
