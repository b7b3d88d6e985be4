/*
 * mmu/tlb.c and tlb_presets.c: the manual's sentences about address-translation caches and fences, the second level,
 * what is dropped and when, and the presets. Replacement and walk cache: tlb_replacement_test.c; random work:
 * tlb_model_test.c.
 */
#include "tests/mmu/tlb_fixture.h"

static const struct tlb_config four_fifo = FOUR_WAYS(TLB_FIFO);
static const struct tlb_config split = {
	.split = true,
	.first = { { { 1, 4, TLB_FIFO, 0, TOP } }, { { 1, 4, TLB_FIFO, 0, TOP } } },
};
static const struct tlb_config two_levels = {
	.split = true,
	.first = { { { 1, 2, TLB_FIFO, 0, TOP } }, { { 1, 2, TLB_FIFO, 0, TOP } } },
	.second = { { 16, 1, TLB_FIFO, 0, 0 } },
};

/* ---- what an entry answers for ---- */

static void test_entries_are_used_if_their_asid_matches_or_they_are_global(void **state)
{
	struct tlb *tlb = tlb_create(&four_fifo);
	struct tlb_entry global = page(2, 5);

	(void)state;
	fill(tlb, 1, 5);
	global.global = true;
	tlb_fill(tlb, TLB_DATA, &global);
	assert_non_null(find(tlb, 1, 5));
	assert_null(find(tlb, 1, 6));
	assert_non_null(find(tlb, 2, 5));
	assert_non_null(find(tlb, 2, 6));
	tlb_destroy(tlb);
}

static void test_an_entry_maps_its_whole_page_and_no_more(void **state)
{
	static const u8 sizes[] = { 12, 16, 21, 30, 39, 48 };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 pages = BIT(sizes[i] - 12);
		u64 first = 0x1800000000000ull & ~(pages - 1);
		struct tlb *tlb = tlb_create(tlb_preset("fast"));
		struct tlb_entry e = sized(first + pages / 2, 1, sizes[i]);

		e.ppn = 0x40000000000ull + pages / 2;
		tlb_fill(tlb, TLB_DATA, &e);
		assert_non_null(find(tlb, first, 1));
		assert_non_null(find(tlb, first + pages - 1, 1));
		assert_null(find(tlb, first + pages, 1));
		assert_null(find(tlb, first - 1, 1));
		assert_int_equal(find(tlb, first, 1)->vpn, first);
		assert_int_equal(find(tlb, first, 1)->ppn, 0x40000000000ull);
		tlb_destroy(tlb);
	}
}

static void test_a_refill_replaces_the_old_entry_whatever_its_size(void **state)
{
	static const u8 sizes[][2] = { { 12, 12 }, { 12, 21 }, { 21, 12 }, { 16, 12 }, { 12, 16 }, { 30, 21 } };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct tlb *tlb = tlb_create(tlb_preset("fast"));
		struct tlb_entry before = sized(0x12345, 1, sizes[i][0]), after = sized(0x12345, 1, sizes[i][1]);
		u64 drops[8] = { 0 };

		tlb_on_drop(tlb, count_drop, drops);
		tlb_fill(tlb, TLB_DATA, &before);
		after.pte = 0xc7;
		tlb_fill(tlb, TLB_DATA, &after);
		assert_int_equal(drops[0], 1);
		assert_int_equal(find(tlb, 0x12345, 1)->pte, 0xc7);
		assert_int_equal(find(tlb, 0x12345, 1)->size_log2, sizes[i][1]);
		tlb_flush(tlb, false, 0, false, 0);
		assert_int_equal(flushed(tlb), 1);
		tlb_destroy(tlb);
	}
}

static void test_entries_stay_until_a_fence_or_another_takes_their_place(void **state)
{
	struct tlb *tlb = tlb_create(tlb_preset("fast"));

	(void)state;
	for (u64 vpn = 0; vpn < 32768; vpn++)
		fill(tlb, vpn, 3);
	for (u64 vpn = 0; vpn < 32768; vpn++)
		assert_int_equal(find(tlb, vpn, 3)->ppn, vpn + 0x80000);
	assert_int_equal(evictions(tlb), 0);
	tlb_destroy(tlb);
}

static void test_an_entry_remembers_that_a_fetch_used_it(void **state)
{
	static const struct tlb_config four_lru = FOUR_WAYS(TLB_LRU);
	static const struct tlb_config *const configs[] = { &four_fifo, &four_lru };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(configs); i++) {
		struct tlb *tlb = tlb_create(configs[i]);

		fill(tlb, 1, 1);
		assert_false(find(tlb, 1, 1)->fetched);
		assert_true(find_on(tlb, TLB_FETCH, 1, 1)->fetched);
		assert_true(find(tlb, 1, 1)->fetched);
		tlb_destroy(tlb);
	}
	tlb_destroy(NULL);
}

static void test_sides_are_apart_only_if_split(void **state)
{
	struct tlb *unified = tlb_create(&four_fifo), *apart = tlb_create(&split);
	struct tlb_entry e = page(1, 1);

	(void)state;
	assert_false(tlb_fill(unified, TLB_DATA, &e)->fetched);
	assert_non_null(find_on(unified, TLB_FETCH, 1, 1));
	assert_true(find(unified, 1, 1)->fetched);
	tlb_fill(apart, TLB_DATA, &e);
	assert_null(find_on(apart, TLB_FETCH, 1, 1));
	assert_true(tlb_fill(apart, TLB_FETCH, &e)->fetched);
	assert_false(find(apart, 1, 1)->fetched);
	tlb_destroy(unified);
	tlb_destroy(apart);
}

/* ---- fences ---- */

/* Pages 0x200.. of every size, in ASIDs 1 and 2, global and not; returns how many entries a fence leaves of those that
 * answer for page 0x207 and, in *others, of those that do not. */
static u32 left_after(bool by_va, u64 va, bool by_asid, u16 asid, u32 *others)
{
	static const u8 sizes[] = { 12, 16, 21, 30 };
	u32 left = 0;

	*others = 0;
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (u32 kind = 0; kind < 3; kind++) {
			struct tlb *tlb = tlb_create(tlb_preset("fast"));
			struct tlb_entry here = sized(0x207, 1, sizes[i]), there = sized(0x40000207, 1, sizes[i]);

			here.asid = there.asid = kind == 1 ? 2 : 1;
			here.global = there.global = kind == 2;
			tlb_fill(tlb, TLB_DATA, &here);
			tlb_fill(tlb, TLB_FETCH, &there);
			tlb_flush(tlb, by_va, va, by_asid, asid);
			left += find(tlb, 0x207, here.asid) != NULL;
			*others += find(tlb, 0x40000207, there.asid) != NULL;
			tlb_destroy(tlb);
		}
	}
	return left;
}

static void test_rs1_x0_rs2_x0_invalidates_all_entries_for_all_address_spaces(void **state)
{
	u32 others;

	(void)state;
	assert_int_equal(left_after(false, 0, false, 0, &others), 0);
	assert_int_equal(others, 0);
}

static void test_rs1_x0_rs2_asid_invalidates_its_entries_except_global_ones(void **state)
{
	u32 others;

	(void)state;
	assert_int_equal(left_after(false, 0, true, 1, &others), 4 + 4); /* ASID 2 and global ones */
	assert_int_equal(others, 4 + 4);
	assert_int_equal(left_after(false, 0, true, 3, &others), 12);
}

static void test_rs1_va_rs2_x0_invalidates_its_leaf_entries_for_all_address_spaces(void **state)
{
	u32 others;

	(void)state;
	assert_int_equal(left_after(true, 0x207abc, false, 0, &others), 0);
	assert_int_equal(others, 12);
}

static void test_rs1_va_rs2_asid_invalidates_its_leaf_entries_of_that_asid_except_global_ones(void **state)
{
	u32 others;

	(void)state;
	assert_int_equal(left_after(true, 0x207abc, true, 1, &others), 8);
	assert_int_equal(others, 12);
}

static void test_any_address_in_a_superpage_or_napot_range_invalidates_it(void **state)
{
	static const u8 sizes[] = { 16, 21, 30, 39, 48 };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 pages = BIT(sizes[i] - 12);
		u64 inside[] = { pages, pages + 1, pages + pages / 2, 2 * pages - 1 };

		for (u32 j = 0; j < ARRAY_SIZE(inside); j++) {
			struct tlb *tlb = tlb_create(tlb_preset("fast"));
			struct tlb_entry e = sized(pages, 1, sizes[i]);

			tlb_fill(tlb, TLB_DATA, &e);
			assert_int_equal(tlb_flush(tlb, true, (pages - 1) << 12, false, 0), 0);
			assert_int_equal(tlb_flush(tlb, true, (2 * pages) << 12, false, 0), 0);
			assert_non_null(find(tlb, pages, 1));
			assert_int_equal(tlb_flush(tlb, true, inside[j] << 12, false, 0), sizes[i]);
			assert_null(find(tlb, pages, 1));
			tlb_destroy(tlb);
		}
	}
}

static void test_an_invalid_va_has_no_effect(void **state)
{
	struct tlb *tlb = tlb_create(&four_fifo);

	(void)state;
	fill(tlb, 0x12345, 1);
	tlb_flush(tlb, true, 0x12345000 | BIT(63), false, 0);
	tlb_flush(tlb, true, 0x12345000 | BIT(57), true, 1);
	assert_non_null(find(tlb, 0x12345, 1));
	tlb_destroy(tlb);
}

static void test_fences_reach_all_arrays_of_both_levels(void **state)
{
	(void)state;
	for (u32 form = 0; form < 4; form++) {
		for (u32 i = 0; tlb_preset_at(i); i++) {
			struct tlb *tlb = tlb_create(tlb_preset_at(i));
			struct tlb_entry small = page(7, 1), large = sized(7 << 18, 1, 30);

			tlb_fill(tlb, TLB_DATA, &small);
			tlb_fill(tlb, TLB_FETCH, &small);
			tlb_fill(tlb, TLB_DATA, &large);
			tlb_fill(tlb, TLB_FETCH, &large);
			tlb_flush(tlb, form & 2, 7 << 12, form & 1, 1);
			tlb_flush(tlb, form & 2, 7ull << 30, form & 1, 1);
			assert_null(find_on(tlb, TLB_DATA, 7, 1));
			assert_null(find_on(tlb, TLB_FETCH, 7, 1));
			assert_null(find_on(tlb, TLB_DATA, 7 << 18, 1));
			assert_null(find_on(tlb, TLB_FETCH, 7 << 18, 1));
			tlb_destroy(tlb);
		}
	}
}

static void test_what_is_filled_after_a_fence_stays(void **state)
{
	struct tlb *tlb = tlb_create(&four_fifo);

	(void)state;
	for (u32 i = 0; i < 3; i++) {
		tlb_flush(tlb, false, 0, true, 9);
		tlb_flush(tlb, false, 0, false, 0);
		fill(tlb, 1, 9);
		assert_non_null(find(tlb, 1, 9));
		tlb_flush(tlb, false, 0, true, 8);
		assert_non_null(find(tlb, 1, 9));
	}
	tlb_flush(tlb, false, 0, true, 9);
	assert_null(find(tlb, 1, 9));
	assert_int_equal(flushed(tlb), 3);
	tlb_destroy(tlb);
}

/* ---- the rest ---- */

static void test_second_level_hits_move_up_to_the_side_that_asked(void **state)
{
	struct tlb *tlb = tlb_create(&two_levels);
	enum tlb_level where;

	(void)state;
	for (u64 vpn = 0; vpn < 3; vpn++)
		fill(tlb, vpn, 1);
	assert_non_null(tlb_lookup(tlb, TLB_DATA, 0, 1, &where));
	assert_int_equal(where, TLB_SECOND);
	assert_non_null(tlb_lookup(tlb, TLB_DATA, 0, 1, &where));
	assert_int_equal(where, TLB_FIRST);
	assert_true(tlb_lookup(tlb, TLB_FETCH, 0, 1, &where)->fetched);
	assert_int_equal(where, TLB_SECOND);
	fill(tlb, 16, 1); /* takes page 0's place in the second level; the first keeps it: they are not inclusive */
	assert_non_null(tlb_lookup(tlb, TLB_FETCH, 0, 1, &where));
	assert_int_equal(where, TLB_FIRST);
	tlb_destroy(tlb);
}

static void test_a_page_size_the_second_level_does_not_take_lives_in_the_first_alone(void **state)
{
	struct tlb *tlb = tlb_create(&two_levels);
	struct tlb_entry e = sized(0, 1, 21);

	(void)state;
	tlb_fill(tlb, TLB_DATA, &e);
	assert_non_null(find(tlb, 0, 1));
	fill(tlb, 0x1000, 1);
	fill(tlb, 0x1001, 1);
	assert_null(find(tlb, 0, 1));
	tlb_destroy(tlb);
}

static void test_a_forgetful_tlb_drops_what_it_loses(void **state)
{
	struct tlb_config config = two_levels;
	u64 drops[8] = { 0 };
	struct tlb *tlb;

	(void)state;
	config.forget_one_in = 1;
	tlb = tlb_create(&config);
	tlb_on_drop(tlb, count_drop, drops);
	fill(tlb, 1, 1);
	assert_null(find(tlb, 1, 1));
	assert_int_equal(drops[0], 1);
	assert_true(tlb_needs_hits(tlb));
	tlb_flush(tlb, false, 0, false, 0);
	assert_int_equal(flushed(tlb), 0); /* the second level has lost it too */
	tlb_destroy(tlb);
}

static void test_fences_do_not_call_drop(void **state)
{
	struct tlb *tlb = tlb_create(&four_fifo);
	u64 drops[8] = { 0 };

	(void)state;
	tlb_on_drop(tlb, count_drop, drops);
	for (u32 form = 0; form < 4; form++) {
		fill(tlb, 1, 1);
		tlb_flush(tlb, form & 2, 1 << 12, form & 1, 1);
		assert_null(find(tlb, 1, 1));
	}
	for (u64 vpn = 0; vpn < 4; vpn++)
		fill(tlb, vpn, 1);
	assert_int_equal(drops[0], 0); /* nor do the dead when their places are taken */
	tlb_destroy(tlb);
}

/* ---- presets ---- */

static void test_presets_are_found_by_name_and_in_turn(void **state)
{
	static const char *const names[] = { "fast", "teach", "rocket",    "boom",    "cva6",
		                             "u54",  "u74",   "xiangshan", "champsim" };
	u32 count = 0;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal(tlb_preset(names[i])->name, names[i]);
	for (; tlb_preset_at(count); count++)
		assert_ptr_equal(tlb_preset(tlb_preset_at(count)->name), tlb_preset_at(count));
	assert_in_range(count, ARRAY_SIZE(names), 64);
	assert_null(tlb_preset("no such core"));
	assert_ptr_equal(tlb_preset_at(0), tlb_preset("fast"));
}

static void test_only_presets_that_must_see_hits_say_so(void **state)
{
	(void)state;
	for (u32 i = 0; tlb_preset_at(i); i++) {
		struct tlb *tlb = tlb_create(tlb_preset_at(i));

		assert_int_equal(tlb_needs_hits(tlb), strcmp(tlb_preset_at(i)->name, "fast") != 0 &&
		                                              strcmp(tlb_preset_at(i)->name, "check") != 0);
		tlb_destroy(tlb);
	}
}

/* How many base pages the data side keeps of many that were filled one after another. */
static u32 reach(const char *name, enum tlb_side side)
{
	struct tlb *tlb = tlb_create(tlb_preset(name));
	enum tlb_level where;
	u32 kept = 0;

	for (u64 vpn = 0; vpn < 40000; vpn++) {
		struct tlb_entry e = page(vpn, 1);

		tlb_fill(tlb, side, &e);
	}
	for (u64 vpn = 40000; vpn-- > 0;)
		kept += tlb_lookup(tlb, side, vpn << 12, 1, &where) && where == TLB_FIRST;
	tlb_destroy(tlb);
	return kept;
}

static void test_presets_have_the_sizes_of_their_cores(void **state)
{
	(void)state;
	assert_int_equal(reach("fast", TLB_DATA), 32768);
	assert_int_equal(reach("teach", TLB_DATA), 4);
	assert_int_equal(reach("rocket", TLB_FETCH), 32);
	assert_int_equal(reach("cva6", TLB_DATA), 16);
	assert_int_equal(reach("u54", TLB_FETCH), 32);
	assert_int_equal(tlb_preset("boom")->first[TLB_FETCH][0].ways, 32);
	assert_int_equal(tlb_preset("boom")->first[TLB_DATA][0].ways, 8);
	assert_int_equal(tlb_preset("u74")->second[0].sets, 512);
	assert_int_equal(tlb_preset("champsim")->second[0].sets * tlb_preset("champsim")->second[0].ways, 1536);
	assert_true(sizeof(struct tlb_entry) <= 48);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_entries_are_used_if_their_asid_matches_or_they_are_global),
		T(test_an_entry_maps_its_whole_page_and_no_more),
		T(test_a_refill_replaces_the_old_entry_whatever_its_size),
		T(test_entries_stay_until_a_fence_or_another_takes_their_place),
		T(test_an_entry_remembers_that_a_fetch_used_it),
		T(test_sides_are_apart_only_if_split),
		T(test_rs1_x0_rs2_x0_invalidates_all_entries_for_all_address_spaces),
		T(test_rs1_x0_rs2_asid_invalidates_its_entries_except_global_ones),
		T(test_rs1_va_rs2_x0_invalidates_its_leaf_entries_for_all_address_spaces),
		T(test_rs1_va_rs2_asid_invalidates_its_leaf_entries_of_that_asid_except_global_ones),
		T(test_any_address_in_a_superpage_or_napot_range_invalidates_it),
		T(test_an_invalid_va_has_no_effect),
		T(test_fences_reach_all_arrays_of_both_levels),
		T(test_what_is_filled_after_a_fence_stays),
		T(test_second_level_hits_move_up_to_the_side_that_asked),
		T(test_a_page_size_the_second_level_does_not_take_lives_in_the_first_alone),
		T(test_a_forgetful_tlb_drops_what_it_loses),
		T(test_fences_do_not_call_drop),
		T(test_presets_are_found_by_name_and_in_turn),
		T(test_only_presets_that_must_see_hits_say_so),
		T(test_presets_have_the_sizes_of_their_cores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
