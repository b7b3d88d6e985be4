/*
 * --check, all else: what must not be in page tables, code without fence.i, trap loops, and how findings are told.
 */
#include "tests/unit/check_rig.h"

/* --- what should not be in a page table --- */

static void test_reserved_bits_and_encodings_are_told(void **state)
{
	static const struct {
		u64 pte;
		enum walk_reason reason;
	} cases[] = {
		{ PTE_V | PTE_W | PTE_A | PTE_D, WALK_W_WITHOUT_R },
		{ DATA | BIT(54), WALK_RESERVED_BITS },
		{ DATA | 3ull << PTE_PBMT_SHIFT, WALK_RESERVED_BITS },
		{ DATA | PTE_N, WALK_BAD_NAPOT },
		{ PTE_V, WALK_NO_LEAF },
		{ PTE_V | PTE_A, WALK_POINTER_FLAGS },
	};
	struct rig *r = *state;

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		store_pa(r, 0, LEAVES, pte_to(FRAME, 0) | cases[i].pte);
		assert_false(load(r, 0, VA));
		assert_int_equal(found(r, CHECK_RESERVED), i + 1);
		assert_int_equal(r->last.kind, CHECK_RESERVED);
		assert_int_equal(r->last.reason, cases[i].reason);
		assert_int_equal(r->last.pte_addr, LEAVES);
	}
}

static void test_anything_in_an_invalid_pte_is_no_mistake(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, ~0ull & ~PTE_V);
	assert_false(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
}

static void test_writable_and_executable_is_told_once_a_region(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(FRAME, DATA | PTE_X));
	store_pa(r, 0, LEAVES + 8, pte_to(FRAME + PAGE_SIZE, DATA | PTE_X));
	assert_true(load(r, 0, VA));
	assert_true(load(r, 0, VA + PAGE_SIZE));
	assert_int_equal(found(r, CHECK_WX), 2);
	assert_int_equal(r->told, 1);
}

static void test_writable_or_executable_alone_is_no_mistake(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(FRAME, PTE_V | PTE_R | PTE_X | PTE_A));
	assert_true(load(r, 0, VA));
	assert_true(load(r, 0, VA + PAGE_SIZE));
	assert_int_equal(found_any(r), 0);
}

static void test_table_that_user_mode_can_reach_is_told(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(MIDDLE, DATA | PTE_U));
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_TABLES), 1);
	assert_int_equal(r->last.pa_has, MIDDLE);
	assert_int_equal(r->last.has, pte_to(MIDDLE, PTE_V));
}

static void test_table_inside_a_user_superpage_is_told(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, MIDDLE + 8, pte_to(RAM, DATA | PTE_U));
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
	assert_true(load(r, 0, VA + 2 * MIB));
	assert_true(found(r, CHECK_TABLES) > 0);
}

static void test_former_table_given_to_user_mode_is_no_mistake(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	store_pa(r, 0, MIDDLE, pte_to(LEAVES2, PTE_V));
	store_pa(r, 0, LEAVES2 + 8, pte_to(LEAVES, DATA | PTE_U));
	fence(r, 0, false, 0, false, 0);
	assert_true(load(r, 0, VA + PAGE_SIZE));
	assert_int_equal(found_any(r), 0);
}

static void test_table_mapped_for_the_supervisor_is_no_mistake(void **state)
{
	struct rig *r = *state;

	store_pa(r, 0, LEAVES, pte_to(MIDDLE, DATA));
	assert_true(load(r, 0, VA));
	assert_int_equal(found_any(r), 0);
}

static void test_two_memory_types_of_a_frame_are_told(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES + 8, pte_to(FRAME, DATA | 1ull << PTE_PBMT_SHIFT));
	assert_true(load(r, 0, VA + PAGE_SIZE));
	assert_int_equal(found(r, CHECK_PBMT), 1);
	assert_int_equal(r->last.pa_had, VA);
	assert_int_equal(r->last.had, pte_to(FRAME, DATA));
	/* And the other way round, for who comes later. */
	fence(r, 0, false, 0, false, 0);
	assert_true(load(r, 0, VA));
	assert_int_equal(found(r, CHECK_PBMT), 2);
}

static void test_memory_type_of_a_mapping_that_is_gone_is_no_mistake(void **state)
{
	struct rig *r = *state;

	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES, 0);
	fence(r, 0, false, 0, false, 0);
	store_pa(r, 0, LEAVES + 8, pte_to(FRAME, DATA | 1ull << PTE_PBMT_SHIFT));
	assert_true(load(r, 0, VA + PAGE_SIZE));
	store_pa(r, 0, LEAVES + 16, pte_to(FRAME, DATA | 1ull << PTE_PBMT_SHIFT));
	assert_true(load(r, 0, VA + 2 * PAGE_SIZE));
	assert_int_equal(found_any(r), 0);
}

/* --- code --- */

static void run_code(struct rig *r, u32 hart, u64 pa, u64 size)
{
	r->hart[hart].head.pc = PC_USE;
	r->hart[hart].head.instret++;
	check_code_run(r->check, &r->hart[hart].mmu, pa, pa, size);
}

static void test_changed_code_without_fence_i_is_told(void **state)
{
	struct rig *r = *state;

	put(r, CODE, 0x13);
	run_code(r, 0, CODE, 16);
	store_pa(r, 0, CODE + 8, 0x9302);
	run_code(r, 0, CODE, 16);
	assert_int_equal(found(r, CHECK_FENCE_I), 1);
	assert_int_equal(r->last.culprit.pc, PC_STORE);
	assert_int_equal(r->last.use.pc, PC_USE);
	assert_int_equal(r->last.had, 0);
	assert_int_equal(r->last.has, 0x9302);
	assert_int_equal(r->last.pa_has, CODE + 8);
	assert_string_equal(r->missing, "fence.i on hart 0");
	run_code(r, 0, CODE, 16);
	assert_int_equal(found(r, CHECK_FENCE_I), 1);
}

static void test_changed_code_with_fence_i_is_no_mistake(void **state)
{
	struct rig *r = *state;

	run_code(r, 0, CODE, 16);
	store_pa(r, 0, CODE, 0x13);
	check_fence_i(r->check, &r->hart[0].mmu);
	run_code(r, 0, CODE, 16);
	/* What it ran since is seen again. */
	store_pa(r, 0, CODE, 0x93);
	run_code(r, 0, CODE, 16);
	assert_int_equal(found(r, CHECK_FENCE_I), 1);
}

static void test_fence_i_of_another_hart_does_not_suffice(void **state)
{
	struct rig *r = *state;

	run_code(r, 0, CODE, 16);
	run_code(r, 1, CODE, 16);
	store_pa(r, 0, CODE, 0x13);
	check_fence_i(r->check, &r->hart[0].mmu);
	run_code(r, 0, CODE, 16);
	run_code(r, 1, CODE, 16);
	assert_int_equal(found_any(r), 0); /* hart 0 may be about to tell it */
	return_to_user(r, 0);
	run_code(r, 1, CODE, 16);
	assert_int_equal(found(r, CHECK_FENCE_I), 1);
	assert_int_equal(r->last.use.hart, 1);
	assert_int_equal(r->last.culprit.hart, 0);
}

static void test_data_beside_code_is_no_mistake(void **state)
{
	struct rig *r = *state;

	run_code(r, 0, CODE, 16);
	store_pa(r, 0, CODE + 32, 1);
	run_code(r, 0, CODE, 16);
	store_pa(r, 0, CODE + 512, 1);
	run_code(r, 0, CODE, 16);
	assert_int_equal(found_any(r), 0);
}

static void test_code_written_anew_with_the_same_bytes_is_no_mistake(void **state)
{
	struct rig *r = *state;

	put(r, CODE, 0x13);
	run_code(r, 0, CODE, 16);
	store_pa(r, 0, CODE, 0x93);
	store_pa(r, 0, CODE, 0x13);
	run_code(r, 0, CODE, 16);
	assert_int_equal(found_any(r), 0);
}

static void test_code_in_a_page_the_hart_has_not_run_is_no_mistake(void **state)
{
	struct rig *r = *state;

	run_code(r, 1, CODE, 16);
	store_pa(r, 0, CODE, 0x13);
	run_code(r, 0, CODE, 16);
	assert_int_equal(found_any(r), 0);
}

static void test_code_brought_by_a_device_is_told(void **state)
{
	struct rig *r = *state;

	run_code(r, 0, CODE, 16);
	put(r, CODE, 0x13);
	run_code(r, 0, CODE, 16);
	assert_int_equal(found(r, CHECK_FENCE_I), 1);
	assert_int_equal(r->last.culprit.by, CHECK_BY_DEVICE);
}

static void test_page_of_code_overwritten_whole_is_found_everywhere(void **state)
{
	struct rig *r = *state;

	for (u64 at = 0; at < PAGE_SIZE; at += 64)
		run_code(r, 0, CODE + at, 64);
	for (u64 at = 0; at < PAGE_SIZE; at += 8)
		store_pa(r, 0, CODE + at, 0x13);
	for (u64 at = 0; at < PAGE_SIZE; at += 64)
		run_code(r, 0, CODE + at, 64);
	assert_int_equal(found(r, CHECK_FENCE_I), 64);
}

/* --- loops --- */

static void test_trap_that_comes_again_without_progress_is_told_once(void **state)
{
	struct rig *r = *state;

	for (u32 i = 0; i < 3000; i++) {
		trap(r, 0, false, 0x100, 0, PRIV_S);
		r->hart[0].head.instret += 50; /* the handler */
		trap(r, 0, true, 0x9000, 0x100, PRIV_U);
		r->hart[0].head.instret++; /* its sret */
	}
	assert_int_equal(found(r, CHECK_LOOP), 1);
	assert_int_equal(r->last.use.pc, 0x100);
	assert_int_equal(r->last.cause, 13);
	assert_int_equal(r->last.va, 0x5000);
	assert_int_equal(r->last.times, 1000);
}

static void test_trap_in_the_handler_itself_is_told(void **state)
{
	struct rig *r = *state;

	for (u32 i = 0; i < 1000; i++)
		trap(r, 0, false, 0x9000, 0, PRIV_S);
	assert_int_equal(found(r, CHECK_LOOP), 1);
}

static void test_trap_after_progress_is_no_loop(void **state)
{
	struct rig *r = *state;

	for (u32 i = 0; i < 3000; i++) {
		trap(r, 0, false, 0x100, 0, PRIV_S);
		trap(r, 0, true, 0x9000, 0x100, PRIV_U);
		r->hart[0].head.instret += 10; /* the loop that the faulting instruction is in */
	}
	assert_int_equal(found_any(r), 0);
}

/* --- telling --- */

static void test_same_place_is_told_once_and_counted_each_time(void **state)
{
	struct rig *r = *state;

	for (u32 i = 0; i < 20; i++) {
		fence(r, 0, false, 0, false, 0);
		assert_true(load(r, 0, VA));
		store_pa(r, 0, LEAVES, pte_to(i % 2 ? FRAME : OTHER, DATA));
		assert_true(load(r, 0, VA));
	}
	assert_int_equal(found(r, CHECK_STALE), 20);
	assert_int_equal(check_places(r->check, CHECK_STALE), 1);
	assert_int_equal(r->told, 1);
}

static void test_kind_that_is_not_asked_for_is_not_told(void **state)
{
	struct rig *r = rig_create(AD_TRAP, 1u << CHECK_WX);

	(void)state;
	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES, pte_to(OTHER, DATA));
	assert_true(load(r, 0, VA));
	store_pa(r, 0, LEAVES + 8, PTE_V);
	assert_false(load(r, 0, VA + PAGE_SIZE));
	assert_int_equal(found_any(r), 0);
	rig_destroy(r);
}

static void test_next_machine_goes_on_counting(void **state)
{
	struct rig *r = *state, *next = rig_create(AD_TRAP, CHECK_ALL);

	for (u32 i = 0; i < 2; i++) {
		struct rig *at = i ? next : r;

		assert_true(load(at, 0, VA));
		store_pa(at, 0, LEAVES, pte_to(OTHER, DATA));
		assert_true(load(at, 0, VA));
		if (i == 0)
			check_inherit(next->check, r->check);
	}
	assert_int_equal(found(next, CHECK_STALE), 2);
	assert_int_equal(next->told, 0);
	rig_destroy(next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_reserved_bits_and_encodings_are_told),
		TEST(test_anything_in_an_invalid_pte_is_no_mistake),
		TEST(test_writable_and_executable_is_told_once_a_region),
		TEST(test_writable_or_executable_alone_is_no_mistake),
		TEST(test_table_that_user_mode_can_reach_is_told),
		TEST(test_table_inside_a_user_superpage_is_told),
		TEST(test_former_table_given_to_user_mode_is_no_mistake),
		TEST(test_table_mapped_for_the_supervisor_is_no_mistake),
		TEST(test_two_memory_types_of_a_frame_are_told),
		TEST(test_memory_type_of_a_mapping_that_is_gone_is_no_mistake),
		TEST(test_changed_code_without_fence_i_is_told),
		TEST(test_changed_code_with_fence_i_is_no_mistake),
		TEST(test_fence_i_of_another_hart_does_not_suffice),
		TEST(test_data_beside_code_is_no_mistake),
		TEST(test_code_written_anew_with_the_same_bytes_is_no_mistake),
		TEST(test_code_in_a_page_the_hart_has_not_run_is_no_mistake),
		TEST(test_code_brought_by_a_device_is_told),
		TEST(test_page_of_code_overwritten_whole_is_found_everywhere),
		TEST(test_trap_that_comes_again_without_progress_is_told_once),
		TEST(test_trap_in_the_handler_itself_is_told),
		TEST(test_trap_after_progress_is_no_loop),
		TEST(test_same_place_is_told_once_and_counted_each_time),
		TEST(test_kind_that_is_not_asked_for_is_not_told),
		TEST(test_next_machine_goes_on_counting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
