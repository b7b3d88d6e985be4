/*
 * mmu/walk.c: permissions, accessed and dirty bits, and the walker's own accesses being denied. One test a sentence of
 * the privileged manual's translation chapter, named after the sentence.
 */
#include "tests/mmu/walk_fixture.h"

/* ---- permissions ---- */

static void test_access_without_its_permission_page_faults(void **state)
{
	static const enum walk_reason reasons[] = { WALK_NO_EXEC, WALK_NO_READ, WALK_NO_WRITE };
	static const u64 needed[] = { X, R, W };
	static const u64 pages[] = { R, R | W, X, R | X, R | W | X };
	struct walk_fixture f;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(pages); i++) {
		for (u32 access = ACCESS_FETCH; access <= ACCESS_STORE; access++) {
			bool allowed = pages[i] & needed[access];

			set_up(&f, 3, VA, 0, PPN(PAGE) | V | A | D | pages[i]);
			assert_int_equal(run_as(&f, access, PRIV_S), allowed ? WALK_OK : reasons[access]);
			set_pte(&f, 0, PPN(PAGE) | V | A | D | U | pages[i]);
			assert_int_equal(run_as(&f, access, PRIV_U), allowed ? WALK_OK : reasons[access]);
		}
	}
}

static void test_mxr_makes_loads_from_executable_pages_succeed_and_nothing_else(void **state)
{
	struct walk_fixture f;

	(void)state;
	set_up(&f, 3, VA, 0, PPN(PAGE) | V | A | D | X);
	f.req.mxr = true;
	assert_int_equal(run_as(&f, ACCESS_LOAD, PRIV_S), WALK_OK);
	assert_int_equal(run_as(&f, ACCESS_STORE, PRIV_S), WALK_NO_WRITE);
	set_pte(&f, 0, PPN(PAGE) | V | A | D | R);
	assert_int_equal(run_as(&f, ACCESS_FETCH, PRIV_S), WALK_NO_EXEC);
	set_pte(&f, 0, PPN(PAGE) | V | A | D | X | U);
	assert_int_equal(run_as(&f, ACCESS_LOAD, PRIV_U), WALK_OK);
	assert_int_equal(run_as(&f, ACCESS_LOAD, PRIV_S), WALK_USER_NO_SUM);
}

static void test_u_mode_may_only_access_pages_with_u_1(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u32 access = ACCESS_FETCH; access <= ACCESS_STORE; access++) {
		set_up(&f, 3, VA, 0, PPN(PAGE) | V | RWXAD);
		f.req.sum = true;
		assert_int_equal(run_as(&f, access, PRIV_U), WALK_SUPERVISOR_IN_U);
		set_pte(&f, 0, PPN(PAGE) | V | RWXAD | U);
		assert_int_equal(run_as(&f, access, PRIV_U), WALK_OK);
	}
}

static void test_with_sum_s_mode_may_access_user_pages_and_without_it_faults(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u32 access = ACCESS_LOAD; access <= ACCESS_STORE; access++) {
		set_up(&f, 3, VA, 0, PPN(PAGE) | V | RWXAD | U);
		assert_int_equal(run_as(&f, access, PRIV_S), WALK_USER_NO_SUM);
		f.req.sum = true;
		assert_int_equal(run_as(&f, access, PRIV_S), WALK_OK);
	}
}

static void test_irrespective_of_sum_s_mode_may_not_execute_user_pages(void **state)
{
	struct walk_fixture f;

	(void)state;
	set_up(&f, 3, VA, 0, PPN(PAGE) | V | RWXAD | U);
	assert_int_equal(run_as(&f, ACCESS_FETCH, PRIV_S), WALK_USER_FETCH_IN_S);
	f.req.sum = f.req.mxr = true;
	assert_int_equal(run_as(&f, ACCESS_FETCH, PRIV_S), WALK_USER_FETCH_IN_S);
}

static void test_global_in_a_non_leaf_pte_holds_for_all_levels_below(void **state)
{
	struct walk_fixture f;

	(void)state;
	set_up(&f, 5, va_for(5), 0, PPN(PAGE) | V | RWXAD);
	assert_int_equal(run(&f), WALK_OK);
	assert_false(f.res.global);
	for (u32 level = 0; level < 5; level++) {
		set_up(&f, 5, va_for(5), 0, PPN(PAGE) | V | RWXAD);
		set_pte(&f, level, get_pte(&f, level) | G);
		assert_int_equal(run(&f), WALK_OK);
		assert_true(f.res.global);
	}
}

/* ---- accessed and dirty ---- */

static void test_svade_access_with_a_clear_page_faults(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u32 access = ACCESS_FETCH; access <= ACCESS_STORE; access++) {
		set_up(&f, 3, VA, 0, PPN(PAGE) | V | R | W | X | D);
		assert_int_equal(run_as(&f, access, PRIV_S), WALK_ACCESSED_CLEAR);
		assert_int_equal(f.m.swaps, 0);
		assert_int_equal(get_pte(&f, 0), PPN(PAGE) | V | R | W | X | D);
	}
}

static void test_svade_write_with_d_clear_page_faults(void **state)
{
	struct walk_fixture f;

	(void)state;
	set_up(&f, 3, VA, 0, PPN(PAGE) | V | R | W | X | A);
	assert_int_equal(run_as(&f, ACCESS_STORE, PRIV_S), WALK_DIRTY_CLEAR);
	assert_int_equal(run_as(&f, ACCESS_LOAD, PRIV_S), WALK_OK);
	assert_int_equal(run_as(&f, ACCESS_FETCH, PRIV_S), WALK_OK);
	assert_int_equal(f.m.swaps, 0);
}

static void test_without_svade_a_is_set_on_access_and_d_on_writes(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u32 level = 0; level < 3; level++) {
		for (u32 access = ACCESS_FETCH; access <= ACCESS_STORE; access++) {
			u64 before = V | R | W | X | G | 2ull << 8 | PPN(BIT(40));
			u64 after = before | A | (access == ACCESS_STORE ? D : 0);

			set_up(&f, 3, VA, level, before);
			f.req.ad_update = true;
			assert_int_equal(run_as(&f, access, PRIV_S), WALK_OK);
			assert_int_equal(get_pte(&f, level), after);
			assert_int_equal(f.res.pte, after);
			assert_true(f.res.ad_updated);

			assert_int_equal(run_as(&f, access, PRIV_S), WALK_OK); /* nothing left to set */
			assert_int_equal(f.m.swaps, 0);
			assert_false(f.res.ad_updated);
		}
	}
}

static void test_d_is_set_where_a_already_was(void **state)
{
	struct walk_fixture f;

	(void)state;
	set_up(&f, 3, VA, 0, PPN(PAGE) | V | R | W | A);
	f.req.ad_update = true;
	assert_int_equal(run_as(&f, ACCESS_STORE, PRIV_S), WALK_OK);
	assert_int_equal(get_pte(&f, 0), PPN(PAGE) | V | R | W | A | D);
}

static void test_all_checks_come_before_the_pte_update(void **state)
{
	static const u64 wrong[] = {
		V | W, V | R | U, V | R, V | R | W | BIT(57), V | R | W | 3ull << 61, V | R | W | N
	};
	struct walk_fixture f;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(wrong); i++) {
		set_up(&f, 3, VA, 0, wrong[i]);
		f.req.ad_update = true;
		assert_int_not_equal(run_as(&f, ACCESS_STORE, PRIV_S), WALK_OK);
		assert_int_equal(f.m.swaps, 0);
	}
	set_up(&f, 3, VA, 1, V | R | W | PPN(0x1000));
	f.req.ad_update = true;
	assert_int_equal(run_as(&f, ACCESS_STORE, PRIV_S), WALK_MISALIGNED);
	assert_int_equal(f.m.swaps, 0);
}

static void test_if_the_comparison_fails_return_to_step_2(void **state)
{
	struct walk_fixture f;
	u64 pte = PPN(PAGE) | V | R | W | X;

	(void)state;
	set_up(&f, 3, VA, 0, pte);
	f.req.ad_update = true;
	f.m.races = 2;
	f.m.race_values[1] = pte | 1 << 8; /* first another PTE, then one with A set already */
	f.m.race_values[0] = PPN(0x5000) | V | R | W | A;
	assert_int_equal(run_as(&f, ACCESS_STORE, PRIV_S), WALK_OK);
	assert_int_equal(f.m.swaps, 3);
	assert_int_equal(f.m.loads, 3 + 2); /* the leaf alone is read again */
	assert_int_equal(f.res.pa, 0x5000 | (VA & 0xfff));
	assert_int_equal(get_pte(&f, 0), PPN(0x5000) | V | R | W | A | D);
	assert_int_equal(f.res.step_count, 3);
}

static void test_a_pte_changed_before_the_update_is_checked_anew(void **state)
{
	struct walk_fixture f;

	(void)state;
	set_up(&f, 3, VA, 0, PPN(PAGE) | V | R | W);
	f.req.ad_update = true;
	f.m.races = 1;
	f.m.race_values[0] = PPN(PAGE) | R | W;
	assert_int_equal(run_as(&f, ACCESS_STORE, PRIV_S), WALK_INVALID);
	assert_int_equal(get_pte(&f, 0), PPN(PAGE) | R | W);

	set_up(&f, 3, VA, 1, V | R | W); /* a superpage becomes a pointer */
	f.req.ad_update = true;
	f.m.races = 1;
	f.m.race_values[0] = PPN(f.tables[0]) | V;
	set_pte(&f, 0, PPN(PAGE) | V | R | W | A | D);
	assert_int_equal(run_as(&f, ACCESS_STORE, PRIV_S), WALK_OK);
	assert_int_equal(f.res.size_log2, 12);
	assert_int_equal(f.res.pa, PAGE | (VA & 0xfff));
	assert_false(f.res.ad_updated);
}

/* ---- physical checks of implicit accesses ---- */

static void test_pte_read_that_violates_pmp_or_pma_is_an_access_fault_of_the_original_type(void **state)
{
	static const enum walk_reason denials[] = { WALK_PTE_PMP, WALK_PTE_BUS };
	static const u32 causes[] = { 1, 5, 7 };
	struct walk_fixture f;

	(void)state;
	for (u32 level = 0; level < 3; level++) {
		for (u32 i = 0; i < 6; i++) {
			set_up(&f, 3, VA, 0, PPN(PAGE) | RWXAD | V);
			f.m.deny_at = pte_addr(&f, level);
			f.m.deny_load = denials[i % 2];
			assert_int_equal(run_as(&f, i / 2, PRIV_S), denials[i % 2]);
			assert_int_equal(walk_cause(f.res.reason, i / 2), causes[i / 2]);
			assert_int_equal(f.res.level, level);
			assert_int_equal(f.res.pte, 0);
			assert_int_equal(f.res.step_count, 3 - level);
		}
	}
}

static void test_pte_store_that_violates_pmp_or_pma_is_an_access_fault_of_the_original_type(void **state)
{
	static const u32 causes[] = { 1, 5, 7 };
	struct walk_fixture f;

	(void)state;
	for (u32 access = ACCESS_FETCH; access <= ACCESS_STORE; access++) {
		set_up(&f, 3, VA, 0, PPN(PAGE) | V | R | W | X);
		f.req.ad_update = true;
		f.m.deny_at = pte_addr(&f, 0);
		f.m.deny_store = WALK_PTE_PMP;
		assert_int_equal(run_as(&f, access, PRIV_S), WALK_PTE_PMP);
		assert_int_equal(walk_cause(f.res.reason, access), causes[access]);
		assert_false(f.res.ad_updated);
		assert_int_equal(f.res.pte, PPN(PAGE) | V | R | W | X);
		set_pte(&f, 0, PPN(PAGE) | RWXAD | V);
		assert_int_equal(run_as(&f, access, PRIV_S), WALK_OK); /* nothing to store */
	}
}

static void test_check_leaf_judges_a_cached_pte_as_a_walk_would(void **state)
{
	struct walk_request req = { .levels = 3, .priv = PRIV_S, .access = ACCESS_STORE, .ad_update = true };

	(void)state;
	assert_int_equal(walk_check_leaf(V | RWXAD, &req), WALK_OK);
	assert_int_equal(walk_check_leaf(V | R | W | A, &req), WALK_DIRTY_CLEAR);
	assert_int_equal(walk_check_leaf(V | R | W | D, &req), WALK_ACCESSED_CLEAR);
	assert_int_equal(walk_check_leaf(V | R | A | D, &req), WALK_NO_WRITE);
	assert_int_equal(walk_check_leaf(V | RWXAD | U, &req), WALK_USER_NO_SUM);
	assert_int_equal(walk_check_leaf(RWXAD, &req), WALK_INVALID);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_access_without_its_permission_page_faults),
		T(test_mxr_makes_loads_from_executable_pages_succeed_and_nothing_else),
		T(test_u_mode_may_only_access_pages_with_u_1),
		T(test_with_sum_s_mode_may_access_user_pages_and_without_it_faults),
		T(test_irrespective_of_sum_s_mode_may_not_execute_user_pages),
		T(test_global_in_a_non_leaf_pte_holds_for_all_levels_below),
		T(test_svade_access_with_a_clear_page_faults),
		T(test_svade_write_with_d_clear_page_faults),
		T(test_without_svade_a_is_set_on_access_and_d_on_writes),
		T(test_d_is_set_where_a_already_was),
		T(test_all_checks_come_before_the_pte_update),
		T(test_if_the_comparison_fails_return_to_step_2),
		T(test_a_pte_changed_before_the_update_is_checked_anew),
		T(test_pte_read_that_violates_pmp_or_pma_is_an_access_fault_of_the_original_type),
		T(test_pte_store_that_violates_pmp_or_pma_is_an_access_fault_of_the_original_type),
		T(test_check_leaf_judges_a_cached_pte_as_a_walk_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
