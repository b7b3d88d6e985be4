/*
 * --check, stale translations: for each kind what must be found, with the store and the fence named, and what is near
 * to it and no mistake. On the hart that made them stale, on others, and what hardware may remember.
 */
#include "tests/unit/check_rig.h"

/* --- stale --- */

static void test_changed_leaf_is_stale_and_store_use_and_fence_are_named(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA + 8));
	store_pa(r, 0, LEAVES, pte_to(OTHER, DATA));
	assert_int_equal(found_any(r), 0);
	assert_true(load(r, 0, VA + 8));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_equal(r->last.kind, CHECK_STALE);
	assert_int_equal(r->last.use.pc, PC_USE);
	assert_true(r->last.culprit.known);
	assert_int_equal(r->last.culprit.pc, PC_STORE);
	assert_int_equal(r->last.culprit.by, CHECK_BY_STORE);
	assert_int_equal(r->last.va, VA + 8);
	assert_int_equal(r->last.pte_addr, LEAVES);
	assert_int_equal(r->last.had, pte_to(FRAME, DATA));
	assert_int_equal(r->last.has, pte_to(OTHER, DATA));
	assert_int_equal(r->last.pa_had, FRAME + 8);
	assert_int_equal(r->last.pa_has, OTHER + 8);
	assert_string_equal(r->missing, "sfence.vma 0x40000000, 3 (or wider) on hart 0");
}

static void test_each_form_of_fence_suffices(void **state)
{
	struct rig *r = *state;

	for (u32 form = 0; form < 4; form++) {
		assert_true(load(r, 0, VA));
		store_pa(r, 0, LEAVES, pte_to(form & 1 ? FRAME : OTHER, DATA));
		fence(r, 0, form & 1, VA + 0x123, form & 2, ASID);
		assert_true(load(r, 0, VA));
	}
	assert_int_equal(found_any(r), 0);
}

static void test_fence_of_another_page_does_not_suffice(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES, pte_to(OTHER, DATA));
	fence(r, 0, true, VA + PAGE_SIZE, false, 0);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_non_null(strstr(r->missing, "the one at pc 0x3000 does not do, it was for another page"));
}

static void test_fence_of_another_address_space_does_not_suffice(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES, pte_to(OTHER, DATA));
	fence(r, 0, false, 0, true, ASID + 1);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_non_null(strstr(r->missing, "another address space"));
}

static void test_fence_before_the_store_does_not_suffice(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	fence(r, 0, false, 0, false, 0);
	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES, 0);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_equal(r->last.reason, WALK_INVALID);
	assert_int_equal(r->last.pa_has, 0);
}

/* The page that is stored to is the one that the PTE maps. */
static void test_store_that_changes_its_own_translation_is_no_way_past_the_check(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAF_OF(VA + PAGE_SIZE), pte_to(LEAVES, DATA));
	assert_true(load(r, 0, VA));
	r->hart[0].head.pc = PC_STORE;
	assert_true(mmu_store(&r->hart[0].mmu, VA + PAGE_SIZE + 8, 8, pte_to(OTHER, DATA)));
	assert_int_equal(found_any(r), 0);
	assert_true(load(r, 0, VA + PAGE_SIZE));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_equal(r->last.pte_addr, LEAF_OF(VA + PAGE_SIZE));
}

/* Where every access is seen, the short way (mmu/seen.h) is no way past the check either. */
static void test_stale_use_is_counted_each_time_where_all_accesses_are_seen(void **state)
{
	struct rig *r = *state;

	mmu_set_all_slow(&r->hart[0].mmu, true);
	for (u32 access = ACCESS_FETCH; access <= ACCESS_LOAD; access++) {
		store_pa(r, 0, LEAVES, pte_to(FRAME, DATA | PTE_X));
		fence(r, 0, false, 0, false, 0);
		assert_true(use(r, 0, VA, (enum access)access));
		store_pa(r, 0, LEAVES, pte_to(OTHER, DATA | PTE_X));
		for (u64 i = 1; i <= 3; i++) {
			assert_true(use(r, 0, VA, (enum access)access));
			assert_int_equal(found(r, CHECK_STALE), 3 * access + i);
		}
	}
}

/* A root serves both halves of the address space, and neither ends what was made for the other. */
static void test_use_of_the_other_half_ends_no_fast_entry(void **state)
{
	const u64 high = 0xffffffc000000000ull + (FRAME - RAM);
	struct rig *r = *state;

	store_pa(r, 0, ROOT + 256 * 8, pte_to(RAM, DATA));
	assert_true(load(r, 0, VA));
	assert_true(load(r, 0, high));
	assert_true(fast_entry(r->hart[0].mmu.fast, VA)->load_tag == fast_tag(VA, 8));
}

static void test_narrowed_right_is_stale_only_for_what_it_forbids(void **state)
{
	struct rig *r = *state;

	assert_true(use(r, 0, VA, ACCESS_STORE));
	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA & ~PTE_W));
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
	assert_true(use(r, 0, VA, ACCESS_STORE));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_equal(r->last.reason, WALK_NO_WRITE);
}

static void test_cleared_accessed_bit_and_software_bits_are_no_mistake(void **state)
{
	struct rig *r = *state;

	assert_true(use(r, 0, VA, ACCESS_STORE));
	store_pa(r, 0, LEAVES, pte_to(FRAME, (DATA & ~PTE_A) | 3 << 8));
	assert_true(use(r, 0, VA, ACCESS_STORE));
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
}

static void test_cleared_dirty_bit_is_stale_for_stores_alone(void **state)
{
	struct rig *r = *state;

	assert_true(use(r, 0, VA, ACCESS_STORE));
	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA & ~PTE_D));
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
	assert_true(use(r, 0, VA, ACCESS_STORE));
	assert_int_equal(found(r, CHECK_STALE), 1);
}

static void test_bits_set_by_hardware_are_no_mistake(void **state)
{
	struct rig *r = rig_create(AD_UPDATE, CHECK_ALL);

	(void)state;
	store_pa(r, 0, LEAVES, pte_to(FRAME, PTE_V | PTE_R | PTE_W));
	assert_true(load(r, 0, VA));
	assert_true(load(r, 1, VA));
	assert_true(use(r, 1, VA, ACCESS_STORE));
	assert_true(load(r, 0, VA));
	assert_true(use(r, 0, VA, ACCESS_STORE));
	assert_true(use(r, 1, VA, ACCESS_STORE));
	assert_int_equal(found_any(r), 0);
	rig_destroy(r);
}

static void test_same_value_and_value_restored_are_no_mistake(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA));
	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES, 0);
	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA));
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
	/* The look in between has put the PTE under watch again. */
	store_pa(r, 0, LEAVES, 0);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
}

static void test_neighbour_in_the_same_granule_is_told_apart(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA) && load(r, 0, VA + PAGE_SIZE));
	store_pa(r, 0, LEAVES + 8, pte_to(OTHER, DATA));
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
	store_at(r, 0, PC_STORE + 4, LEAVES, 0);
	assert_true(load(r, 0, VA));
	assert_int_equal(r->last.pte_addr, LEAVES);
	assert_int_equal(r->last.culprit.pc, PC_STORE + 4);
	assert_true(load(r, 0, VA + PAGE_SIZE));
	assert_int_equal(r->last.pte_addr, LEAVES + 8);
	assert_int_equal(r->last.culprit.pc, PC_STORE);
}

static void test_changed_pointer_needs_a_fence_without_address(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	store_pa(r, 0, MIDDLE, pte_to(LEAVES2, PTE_V));
	fence(r, 0, true, VA, false, 0);
	assert_true(load(r, 0, VA)); /* a walk, through the pointer that the walk cache has */
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_equal(r->last.pte_addr, MIDDLE);
	assert_int_equal(r->last.level, 1);
	assert_int_equal(r->last.culprit.pc, PC_STORE);
	assert_int_equal(r->last.pa_had, FRAME);
	assert_int_equal(r->last.pa_has, OTHER);
	assert_non_null(strstr(r->missing, "sfence.vma x0, 3"));
	assert_non_null(strstr(r->missing, "for leaves only"));
}

static void test_changed_pointer_with_a_fence_of_the_space_is_no_mistake(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	store_pa(r, 0, MIDDLE, pte_to(LEAVES2, PTE_V));
	fence(r, 0, false, 0, true, ASID);
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
}

static void test_split_superpage_with_the_same_frames_is_no_mistake(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, MIDDLE, pte_to(RAM, DATA));
	assert_true(load(r, 0, VA + 0x10000));
	store_pa(r, 0, MIDDLE, pte_to(LEAVES, PTE_V));
	store_pa(r, 0, LEAVES + 0x10 * 8, pte_to(FRAME, DATA));
	assert_true(load(r, 0, VA + 0x10000));
	assert_int_equal(found(r, CHECK_STALE), 0);
	/* Another page of it is not what it was. */
	assert_true(load(r, 0, VA + 0x1000));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_equal(r->last.pte_addr, MIDDLE);
}

static void test_new_root_under_the_same_asid_is_stale(void **state)
{
	struct rig *r = *state;
	u64 first = r->hart[0].mmu.satp;

	assert_true(load(r, 0, VA));
	r->hart[0].head.pc = 0x4000;
	write_satp(r, 0, ROOT2, ASID);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_equal(r->last.satp_had, first);
	assert_int_equal(r->last.satp_has, r->hart[0].mmu.satp);
	assert_int_equal(r->last.culprit.by, CHECK_BY_SATP);
	assert_int_equal(r->last.culprit.pc, 0x4000);
	assert_non_null(strstr(r->missing, "sfence.vma x0, 3"));
}

static void test_new_root_with_fence_or_asid_of_its_own_is_no_mistake(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	write_satp(r, 0, ROOT2, ASID);
	fence(r, 0, false, 0, true, ASID);
	assert_true(load(r, 0, VA));
	write_satp(r, 0, ROOT, ASID + 1);
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
}

static void test_new_root_with_the_same_mapping_is_no_mistake(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES2, pte_to(FRAME, DATA));
	assert_true(load(r, 0, VA));
	write_satp(r, 0, ROOT2, ASID);
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
}

static void test_page_marked_global_but_not_shared_is_stale_in_another_space(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA | PTE_G));
	assert_true(load(r, 0, VA));
	write_satp(r, 0, ROOT2, ASID + 1);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_not_equal(r->last.satp_had, r->last.satp_has);
}

static void test_global_page_needs_a_fence_without_asid(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA | PTE_G));
	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES, pte_to(OTHER, DATA | PTE_G));
	fence(r, 0, true, VA, true, ASID);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_non_null(strstr(r->missing, "sfence.vma 0x40000000, x0"));
	assert_non_null(strstr(r->missing, "not for global pages"));
	fence(r, 0, true, VA, false, 0);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
}

static void test_device_that_changes_a_pte_is_told_apart(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	put(r, LEAVES, pte_to(OTHER, DATA));
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_true(r->last.culprit.known);
	assert_int_equal(r->last.culprit.by, CHECK_BY_DEVICE);
}

static void test_fetch_through_a_stale_entry_is_found(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(FRAME, PTE_V | PTE_R | PTE_X | PTE_A));
	assert_true(use(r, 0, VA, ACCESS_FETCH));
	store_pa(r, 0, LEAVES, pte_to(OTHER, PTE_V | PTE_R | PTE_X | PTE_A));
	assert_true(use(r, 0, VA, ACCESS_FETCH));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_equal(r->last.access, ACCESS_FETCH);
}

/* --- stale on another hart --- */

static void test_other_hart_is_stale_once_the_kernel_has_gone_on(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 1, VA));
	store_pa(r, 0, LEAVES, pte_to(OTHER, DATA));
	fence(r, 0, false, 0, false, 0); /* its own TLB: that of hart 1 it does not reach */
	assert_true(load(r, 1, VA));
	assert_int_equal(found_any(r), 0); /* hart 0 may be about to tell hart 1 */
	return_to_user(r, 0);
	assert_true(load(r, 1, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
	assert_int_equal(r->last.culprit.hart, 0);
	assert_int_equal(r->last.use.hart, 1);
	assert_non_null(strstr(r->missing, "on hart 1"));
}

static void test_other_hart_is_stale_when_nobody_comes_for_long(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 1, VA));
	store_pa(r, 0, LEAVES, pte_to(OTHER, DATA));
	r->hart[0].head.instret += 5000000;
	assert_true(load(r, 1, VA));
	assert_int_equal(found(r, CHECK_STALE), 1);
}

static void test_other_hart_that_was_told_in_time_is_no_mistake(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 1, VA));
	store_pa(r, 0, LEAVES, pte_to(OTHER, DATA));
	assert_true(load(r, 1, VA));
	fence(r, 1, true, VA, true, ASID);
	return_to_user(r, 0);
	assert_true(load(r, 1, VA));
	assert_int_equal(found_any(r), 0);
}

/* --- invalid: what hardware may remember --- */

static void test_pte_made_valid_without_fence_is_told(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, 0);
	assert_false(load(r, 0, VA));
	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA));
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_INVALID), 1);
	assert_int_equal(r->last.culprit.pc, PC_STORE);
	assert_int_equal(r->last.pte_addr, LEAVES);
	assert_int_equal(found(r, CHECK_STALE), 0);
}

static void test_pte_made_valid_with_a_fence_is_no_mistake(void **state)
{
	struct rig *r = *state;

	for (u32 form = 0; form < 4; form++) {
		store_pa(r, 0, LEAVES, 0);
		fence(r, 0, false, 0, false, 0);
		assert_false(load(r, 0, VA));
		store_pa(r, 0, LEAVES, pte_to(FRAME, DATA));
		fence(r, 0, form & 1, VA, form & 2, ASID);
		assert_true(load(r, 0, VA));
	}
	assert_int_equal(found_any(r), 0);
}

static void test_new_table_needs_a_fence_without_address(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, MIDDLE, 0);
	assert_false(load(r, 0, VA));
	store_pa(r, 0, MIDDLE, pte_to(LEAVES, PTE_V));
	fence(r, 0, true, VA, false, 0);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_INVALID), 1);
	assert_int_equal(r->last.level, 1);
}

static void test_widened_right_without_fence_is_told(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA & ~PTE_W));
	assert_true(load(r, 0, VA));
	assert_false(use(r, 0, VA, ACCESS_STORE));
	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA));
	assert_true(use(r, 0, VA, ACCESS_STORE));
	assert_true(found(r, CHECK_INVALID) > 0);
	assert_int_equal(r->told, 1);
	assert_int_equal(found(r, CHECK_STALE), 0);
}

static void test_pte_never_walked_before_is_no_mistake(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES + 8 * 20, pte_to(FRAME, DATA));
	assert_true(load(r, 0, VA + 20 * PAGE_SIZE));
	assert_int_equal(found_any(r), 0);
}

static void test_other_mode_is_no_change_of_the_pte(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA | PTE_U));
	mmu_set_context(&r->hart[0].mmu, PRIV_S, 0, false, true);
	assert_false(load(r, 0, VA));
	mmu_set_context(&r->hart[0].mmu, PRIV_S, MSTATUS_SUM, false, true);
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_changed_leaf_is_stale_and_store_use_and_fence_are_named),
		TEST(test_each_form_of_fence_suffices),
		TEST(test_fence_of_another_page_does_not_suffice),
		TEST(test_fence_of_another_address_space_does_not_suffice),
		TEST(test_fence_before_the_store_does_not_suffice),
		TEST(test_store_that_changes_its_own_translation_is_no_way_past_the_check),
		TEST(test_stale_use_is_counted_each_time_where_all_accesses_are_seen),
		TEST(test_use_of_the_other_half_ends_no_fast_entry),
		TEST(test_narrowed_right_is_stale_only_for_what_it_forbids),
		TEST(test_cleared_accessed_bit_and_software_bits_are_no_mistake),
		TEST(test_cleared_dirty_bit_is_stale_for_stores_alone),
		TEST(test_bits_set_by_hardware_are_no_mistake),
		TEST(test_same_value_and_value_restored_are_no_mistake),
		TEST(test_neighbour_in_the_same_granule_is_told_apart),
		TEST(test_changed_pointer_needs_a_fence_without_address),
		TEST(test_changed_pointer_with_a_fence_of_the_space_is_no_mistake),
		TEST(test_split_superpage_with_the_same_frames_is_no_mistake),
		TEST(test_new_root_under_the_same_asid_is_stale),
		TEST(test_new_root_with_fence_or_asid_of_its_own_is_no_mistake),
		TEST(test_new_root_with_the_same_mapping_is_no_mistake),
		TEST(test_page_marked_global_but_not_shared_is_stale_in_another_space),
		TEST(test_global_page_needs_a_fence_without_asid),
		TEST(test_device_that_changes_a_pte_is_told_apart),
		TEST(test_fetch_through_a_stale_entry_is_found),
		TEST(test_other_hart_is_stale_once_the_kernel_has_gone_on),
		TEST(test_other_hart_is_stale_when_nobody_comes_for_long),
		TEST(test_other_hart_that_was_told_in_time_is_no_mistake),
		TEST(test_pte_made_valid_without_fence_is_told),
		TEST(test_pte_made_valid_with_a_fence_is_no_mistake),
		TEST(test_new_table_needs_a_fence_without_address),
		TEST(test_widened_right_without_fence_is_told),
		TEST(test_pte_never_walked_before_is_no_mistake),
		TEST(test_other_mode_is_no_change_of_the_pte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
