/*
 * mmu/walk.c: addresses, PTE encodings, superpages, Svpbmt, Svnapot, order of the steps. One test a sentence of the
 * privileged manual's translation chapter, named after the sentence.
 *
 * Permissions, A/D and faults of PTE accesses are in walk_access_test.c; walk_naive_test.c compares the whole with a
 * second implementation.
 */
#include "tests/mmu/walk_fixture.h"

/* ---- addresses ---- */

static void test_va_bits_above_the_top_one_must_all_equal_it_or_page_fault(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u32 levels = 3; levels <= 5; levels++) {
		u32 va_bits = 12 + 9 * levels;

		for (u32 top = 0; top < 2; top++) {
			u64 va = (u64)sext((top ? BIT(va_bits - 1) : 0) | 0x1234567, va_bits);

			set_up(&f, levels, va, 0, PPN(PAGE) | RWXAD | V);
			assert_int_equal(run(&f), WALK_OK);
			assert_true(walk_is_canonical(va, levels));
			for (u32 bit = va_bits; bit < 64; bit++) {
				f.req.va = va ^ BIT(bit);
				assert_int_equal(run(&f), WALK_NON_CANONICAL);
				assert_int_equal(f.m.loads, 0);
				assert_int_equal(f.res.step_count, 0);
				assert_false(walk_is_canonical(va ^ BIT(bit), levels));
			}
		}
	}
}

static void test_a_failed_walk_leaves_no_translation_behind(void **state)
{
	struct walk_fixture f;

	(void)state;
	set_up(&f, 3, VA ^ BIT(63), 0, 0);
	assert_int_equal(run(&f), WALK_NON_CANONICAL);
	assert_int_equal(f.res.level, 2);
	assert_int_equal(f.res.size_log2, 12);
	assert_int_equal(f.res.pbmt, 0);
	assert_int_equal(f.res.pa, 0);
	assert_int_equal(f.res.pte, 0);
	assert_false(f.res.ad_updated);
	assert_false(f.res.global);
}

static void test_vpn_is_translated_via_a_table_a_level_and_the_page_offset_is_not(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u32 levels = 3; levels <= 5; levels++) {
		set_up(&f, levels, va_for(levels), 0, PPN(PAGE) | RWXAD | V);
		assert_int_equal(run(&f), WALK_OK);
		assert_int_equal(f.res.pa, PAGE | (VA57 & 0xfff));
		assert_int_equal(f.res.size_log2, 12);
		assert_int_equal(f.res.level, 0);
		assert_int_equal(f.res.step_count, levels);
		for (u32 i = 0; i < levels; i++) {
			u32 level = levels - 1 - i;

			assert_int_equal(f.res.steps[i].level, level);
			assert_int_equal(f.res.steps[i].pte_addr, pte_addr(&f, level));
			assert_int_equal(f.res.steps[i].pte, get_pte(&f, level));
			assert_int_equal(f.res.steps[i].source, 10 + level); /* what the port noted */
		}
		assert_int_equal(f.res.pte, get_pte(&f, 0));
	}
}

static void test_high_order_ppn_bits_are_not_ignored(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u32 bit = 12; bit < 56; bit++) {
		set_up(&f, 3, VA, 0, PPN(BIT(bit)) | RWXAD | V);
		assert_int_equal(run(&f), WALK_OK);
		assert_int_equal(f.res.pa, BIT(bit) | (VA & 0xfff));

		f.tables[0] = BIT(bit); /* and a table there */
		set_pte(&f, 1, PPN(f.tables[0]) | V);
		set_pte(&f, 0, PPN(PAGE) | RWXAD | V);
		assert_int_equal(run(&f), WALK_OK);
		assert_int_equal(f.res.steps[2].pte_addr, pte_addr(&f, 0));
	}
}

/* ---- PTE encodings ---- */

static void test_v_0_page_faults_whatever_the_other_bits(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u32 levels = 3; levels <= 5; levels++) {
		for (u32 level = 0; level < levels; level++) {
			set_up(&f, levels, va_for(levels), level, ~V);
			assert_int_equal(run(&f), WALK_INVALID);
			assert_int_equal(f.res.level, level);
			assert_int_equal(f.res.pte, ~V);
			set_pte(&f, level, 0);
			assert_int_equal(run(&f), WALK_INVALID);
		}
	}
}

static void test_writable_pages_must_also_be_readable(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u32 level = 0; level < 3; level++) {
		for (u32 access = ACCESS_FETCH; access <= ACCESS_STORE; access++) {
			set_up(&f, 3, VA, level, V | W | A | D);
			assert_int_equal(run_as(&f, access, PRIV_S), WALK_W_WITHOUT_R);
			set_pte(&f, level, V | W | X | A | D);
			assert_int_equal(run_as(&f, access, PRIV_S), WALK_W_WITHOUT_R);
		}
	}
}

static void test_r_w_x_all_zero_is_a_pointer_and_at_the_last_level_a_page_fault(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u32 levels = 3; levels <= 5; levels++) {
		set_up(&f, levels, va_for(levels), 0, PPN(PAGE) | V);
		assert_int_equal(run(&f), WALK_NO_LEAF);
		assert_int_equal(f.res.level, 0);
		assert_int_equal(f.m.loads, levels);
	}
}

static void test_a_d_and_u_of_non_leaf_ptes_are_reserved(void **state)
{
	static const u64 flags[] = { A, D, U, A | D | U };
	struct walk_fixture f;

	(void)state;
	for (u32 level = 0; level < 3; level++) {
		for (u32 i = 0; i < ARRAY_SIZE(flags); i++) {
			set_up(&f, 3, VA, 0, PPN(PAGE) | RWXAD | V);
			set_pte(&f, level, PPN(level ? f.tables[level - 1] : PAGE) | V | flags[i]);
			assert_int_equal(run(&f), WALK_POINTER_FLAGS);
			assert_int_equal(f.res.level, level);
		}
	}
}

static void test_bits_60_to_54_set_page_fault(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u32 level = 0; level < 3; level++) {
		for (u32 bit = 54; bit <= 60; bit++) {
			set_up(&f, 3, VA, level, RWXAD | V | BIT(bit));
			assert_int_equal(run(&f), WALK_RESERVED_BITS);
			set_pte(&f, level, PPN(ROOT) | V | BIT(bit));
			assert_int_equal(run(&f), WALK_RESERVED_BITS);
		}
	}
}

static void test_without_svnapot_bit_63_page_faults(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u32 level = 0; level < 3; level++) {
		set_up(&f, 3, VA, level, PPN(0x8000) | RWXAD | V | N);
		f.req.has_svnapot = false;
		assert_int_equal(run(&f), WALK_RESERVED_BITS);
		set_pte(&f, level, PPN(ROOT) | V | N);
		assert_int_equal(run(&f), WALK_RESERVED_BITS);
	}
}

static void test_without_svpbmt_bits_62_61_page_fault(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u64 pbmt = 1; pbmt < 4; pbmt++) {
		set_up(&f, 3, VA, 0, PPN(PAGE) | RWXAD | V | pbmt << 61);
		f.req.has_svpbmt = false;
		assert_int_equal(run(&f), WALK_RESERVED_BITS);
		set_pte(&f, 1, PPN(f.tables[0]) | V | pbmt << 61);
		assert_int_equal(run(&f), WALK_RESERVED_BITS);
	}
}

static void test_rsw_is_ignored(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u64 rsw = 0; rsw < 4; rsw++) {
		set_up(&f, 3, VA, 0, PPN(PAGE) | RWXAD | V | rsw << 8);
		set_pte(&f, 2, PPN(f.tables[1]) | V | rsw << 8);
		assert_int_equal(run(&f), WALK_OK);
		assert_int_equal(f.res.pa, PAGE | (VA & 0xfff));
	}
}

/* ---- superpages ---- */

static void test_any_level_of_pte_may_be_a_leaf(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u32 levels = 3; levels <= 5; levels++) {
		for (u32 level = 0; level < levels; level++) {
			u64 offset = BIT(12 + 9 * level) - 1;
			u64 page = 0x00ffffffffffffffull & ~offset;

			set_up(&f, levels, va_for(levels), level, PPN(page) | RWXAD | V);
			assert_int_equal(run(&f), WALK_OK);
			assert_int_equal(f.res.pa, page | (VA57 & offset));
			assert_int_equal(f.res.size_log2, 12 + 9 * level);
			assert_int_equal(f.res.level, level);
			assert_int_equal(f.res.step_count, levels - level);
		}
	}
}

static void test_insufficiently_aligned_superpage_page_faults(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u32 levels = 3; levels <= 5; levels++) {
		for (u32 level = 1; level < levels; level++) {
			for (u32 bit = 0; bit < 44; bit++) {
				set_up(&f, levels, va_for(levels), level, BIT(10 + bit) | RWXAD | V);
				assert_int_equal(run(&f), bit < 9 * level ? WALK_MISALIGNED : WALK_OK);
			}
		}
	}
}

/* ---- order of the steps ---- */

static void test_steps_are_in_the_manuals_order(void **state)
{
	struct walk_fixture f;

	(void)state;
	set_up(&f, 3, VA, 1, V | R | BIT(55) | PPN(0x1000)); /* 3 before 5 */
	assert_int_equal(run_as(&f, ACCESS_STORE, PRIV_U), WALK_RESERVED_BITS);
	set_pte(&f, 1, V | R | PPN(0x1000)); /* 5 before 6 */
	assert_int_equal(run_as(&f, ACCESS_STORE, PRIV_U), WALK_MISALIGNED);
	set_pte(&f, 1, V | R); /* 6 before 8 */
	assert_int_equal(run_as(&f, ACCESS_STORE, PRIV_U), WALK_SUPERVISOR_IN_U);
	set_pte(&f, 1, V | R | U); /* 8 before 9 */
	assert_int_equal(run_as(&f, ACCESS_STORE, PRIV_U), WALK_NO_WRITE);
	set_pte(&f, 1, V | R | W | U); /* A before D */
	assert_int_equal(run_as(&f, ACCESS_STORE, PRIV_U), WALK_ACCESSED_CLEAR);
	set_pte(&f, 1, V | R | W | U | A);
	assert_int_equal(run_as(&f, ACCESS_STORE, PRIV_U), WALK_DIRTY_CLEAR);
	set_pte(&f, 0, V | A); /* 3 before 4: flags no pointer may have, at the level that has no next one */
	set_pte(&f, 1, PPN(f.tables[0]) | V);
	assert_int_equal(run(&f), WALK_POINTER_FLAGS);
}

/* ---- Svpbmt ---- */

static void test_pbmt_of_a_leaf_is_its_memory_type_and_3_page_faults(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u32 level = 0; level < 3; level++) {
		for (u64 pbmt = 0; pbmt < 4; pbmt++) {
			set_up(&f, 3, VA, level, PPN(BIT(50)) | RWXAD | V | pbmt << 61);
			assert_int_equal(run(&f), pbmt == 3 ? WALK_RESERVED_BITS : WALK_OK);
			if (pbmt == 3)
				continue;
			assert_int_equal(f.res.pbmt, pbmt);
			assert_int_equal(f.res.pa >> 48, 4);
		}
	}
}

static void test_pbmt_of_a_non_leaf_page_faults(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u64 pbmt = 1; pbmt < 4; pbmt++) {
		set_up(&f, 3, VA, 0, PPN(PAGE) | RWXAD | V);
		set_pte(&f, 1, PPN(f.tables[0]) | V | pbmt << 61);
		assert_int_equal(run(&f), WALK_POINTER_FLAGS);
		assert_int_equal(f.res.level, 1);
	}
}

/* ---- Svnapot ---- */

static void test_napot_64k_replaces_four_ppn_bits_by_those_of_the_vpn(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u64 page = 0; page < 16; page++) {
		u64 va = (VA & ~0xffffull) | page << 12 | 0x123;

		set_up(&f, 3, va, 0, PPN(0x00abcdef12348000ull) | RWXAD | V | N);
		assert_int_equal(run(&f), WALK_OK);
		assert_int_equal(f.res.pa, 0x00abcdef12340123ull | page << 12);
		assert_int_equal(f.res.size_log2, 16);
		assert_int_equal(f.res.level, 0);
	}
}

static void test_napot_reserved_encodings_page_fault(void **state)
{
	struct walk_fixture f;

	(void)state;
	for (u64 low = 0; low < 16; low++) {
		set_up(&f, 3, VA, 0, PPN(0x00abcdef12340000ull | low << 12) | RWXAD | V | N);
		assert_int_equal(run(&f), low == 8 ? WALK_OK : WALK_BAD_NAPOT);
	}
	for (u32 level = 1; level < 3; level++) {
		set_up(&f, 3, VA, level, RWXAD | V | N);
		assert_int_equal(run(&f), WALK_BAD_NAPOT);
		set_pte(&f, level, PPN(0x8000) | RWXAD | V | N);
		assert_int_equal(run(&f), WALK_BAD_NAPOT);
	}
}

static void test_n_of_a_non_leaf_page_faults(void **state)
{
	struct walk_fixture f;

	(void)state;
	set_up(&f, 3, VA, 0, PPN(PAGE) | RWXAD | V);
	set_pte(&f, 1, PPN(f.tables[0]) | V | N);
	assert_int_equal(run(&f), WALK_POINTER_FLAGS);
}

static void test_napot_ptes_otherwise_behave_as_any_other(void **state)
{
	u64 pte = PPN(0x8000) | V | R | N;
	struct walk_fixture f;

	(void)state;
	set_up(&f, 3, VA, 0, pte);
	assert_int_equal(run_as(&f, ACCESS_STORE, PRIV_S), WALK_NO_WRITE);
	assert_int_equal(run_as(&f, ACCESS_LOAD, PRIV_S), WALK_ACCESSED_CLEAR);
	f.req.ad_update = true;
	assert_int_equal(run_as(&f, ACCESS_LOAD, PRIV_S), WALK_OK);
	assert_int_equal(get_pte(&f, 0), pte | A); /* memory keeps the pattern in the PPN */
}

/* ---- reasons and causes ---- */

static void test_exceptions_correspond_to_the_original_access_type(void **state)
{
	(void)state;
	for (u32 reason = WALK_OK + 1; reason < WALK_REASONS; reason++) {
		bool access_fault = reason == WALK_PTE_PMP || reason == WALK_PTE_BUS || reason == WALK_LEAF_PMP ||
		                    reason == WALK_LEAF_BUS;

		assert_int_equal(walk_cause(reason, ACCESS_FETCH), access_fault ? 1 : 12);
		assert_int_equal(walk_cause(reason, ACCESS_LOAD), access_fault ? 5 : 13);
		assert_int_equal(walk_cause(reason, ACCESS_STORE), access_fault ? 7 : 15);
	}
}

static void test_every_reason_has_a_text_of_its_own(void **state)
{
	(void)state;
	for (u32 i = 0; i < WALK_REASONS; i++) {
		assert_non_null(walk_reason_text(i));
		for (u32 j = 0; j < i; j++)
			assert_string_not_equal(walk_reason_text(i), walk_reason_text(j));
	}
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_va_bits_above_the_top_one_must_all_equal_it_or_page_fault),
		T(test_a_failed_walk_leaves_no_translation_behind),
		T(test_vpn_is_translated_via_a_table_a_level_and_the_page_offset_is_not),
		T(test_high_order_ppn_bits_are_not_ignored),
		T(test_v_0_page_faults_whatever_the_other_bits),
		T(test_writable_pages_must_also_be_readable),
		T(test_r_w_x_all_zero_is_a_pointer_and_at_the_last_level_a_page_fault),
		T(test_a_d_and_u_of_non_leaf_ptes_are_reserved),
		T(test_bits_60_to_54_set_page_fault),
		T(test_without_svnapot_bit_63_page_faults),
		T(test_without_svpbmt_bits_62_61_page_fault),
		T(test_rsw_is_ignored),
		T(test_any_level_of_pte_may_be_a_leaf),
		T(test_insufficiently_aligned_superpage_page_faults),
		T(test_steps_are_in_the_manuals_order),
		T(test_pbmt_of_a_leaf_is_its_memory_type_and_3_page_faults),
		T(test_pbmt_of_a_non_leaf_page_faults),
		T(test_napot_64k_replaces_four_ppn_bits_by_those_of_the_vpn),
		T(test_napot_reserved_encodings_page_fault),
		T(test_n_of_a_non_leaf_page_faults),
		T(test_napot_ptes_otherwise_behave_as_any_other),
		T(test_exceptions_correspond_to_the_original_access_type),
		T(test_every_reason_has_a_text_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
