/*
 * mmu/tlb.c, tlb_walk_cache.c: which entry makes room for a new one, step by step, and what the walk cache keeps.
 */
#include "tests/mmu/tlb_fixture.h"

static const struct tlb_config four_fifo = FOUR_WAYS(TLB_FIFO);
static const struct tlb_config four_lru = FOUR_WAYS(TLB_LRU);
static const struct tlb_config four_plru = FOUR_WAYS(TLB_PLRU);

/* ---- replacement ---- */

/* Fills pages 0..3, looks at page 0 again, then adds pages 4.. and says which page each pushed out. */
static void check_victims(const struct tlb_config *config, const u64 *victims, u32 count)
{
	struct tlb *tlb = tlb_create(config);
	u64 drops[16] = { 0 };

	tlb_on_drop(tlb, count_drop, drops);
	for (u64 vpn = 0; vpn < 4; vpn++)
		fill(tlb, vpn, 1);
	assert_non_null(find(tlb, 0, 1));
	for (u32 i = 0; i < count; i++) {
		fill(tlb, 4 + i, 1);
		assert_int_equal(drops[0], i + 1);
		assert_int_equal(drops[i + 1], victims[i]);
	}
	assert_int_equal(evictions(tlb), count);
	tlb_destroy(tlb);
}

static void test_fifo_replaces_the_oldest_whatever_was_hit(void **state)
{
	(void)state;
	check_victims(&four_fifo, (const u64[]){ 0, 1, 2, 3, 4 }, 5);
}

static void test_lru_replaces_the_least_recently_used(void **state)
{
	(void)state;
	check_victims(&four_lru, (const u64[]){ 1, 2, 3, 0, 4 }, 5);
}

static void test_plru_follows_its_tree(void **state)
{
	(void)state;
	check_victims(&four_plru, (const u64[]){ 2, 1, 3, 0, 4 }, 5);
}

static void test_random_is_the_same_for_the_same_seed(void **state)
{
	struct tlb_config config = { .first = { { { 1, 8, TLB_RANDOM, 0, TOP } } }, .seed = 0 };
	struct tlb *a = tlb_create(&config), *b = tlb_create(&config);
	u64 drops_a[80] = { 0 }, drops_b[80] = { 0 };
	u32 in_order = 0;

	(void)state;
	tlb_on_drop(a, count_drop, drops_a);
	tlb_on_drop(b, count_drop, drops_b);
	for (u64 vpn = 0; vpn < 72; vpn++) {
		fill(a, vpn, 1);
		fill(b, vpn, 1);
	}
	assert_int_equal(drops_a[0], 64);
	assert_memory_equal(drops_a, drops_b, sizeof(drops_a));
	for (u32 i = 1; i <= 64; i++)
		in_order += drops_a[i] == i - 1;
	assert_in_range(in_order, 0, 32);
	tlb_destroy(a);
	tlb_destroy(b);
}

static void test_an_empty_way_is_taken_before_any_entry_goes(void **state)
{
	static const struct tlb_config *configs[] = { &four_fifo, &four_lru, &four_plru };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(configs); i++) {
		struct tlb *tlb = tlb_create(configs[i]);

		for (u64 vpn = 0; vpn < 4; vpn++)
			fill(tlb, vpn, 1);
		tlb_flush(tlb, true, 2 << 12, false, 0);
		fill(tlb, 9, 1);
		assert_int_equal(evictions(tlb), 0);
		for (u64 vpn = 0; vpn < 4; vpn++)
			assert_int_equal(find(tlb, vpn, 1) != NULL, vpn != 2);
		tlb_destroy(tlb);
	}
}

static void test_plru_uses_every_way_of_odd_numbers_of_ways(void **state)
{
	(void)state;
	for (u32 ways = 1; ways <= 64; ways++) {
		struct tlb_config config = { .first = { { { 1, ways, TLB_PLRU, 0, TOP } } } };
		struct tlb *tlb = tlb_create(&config);
		u64 drops[1300] = { 0 };

		tlb_on_drop(tlb, count_drop, drops);
		for (u64 vpn = 0; vpn < 20 * ways; vpn++) {
			fill(tlb, vpn, 1);
			assert_int_equal(drops[0], vpn < ways ? 0 : vpn + 1 - ways);
			if (ways > 1 && vpn >= ways)
				assert_int_not_equal(drops[drops[0]], vpn - 1); /* never the one just used */
		}
		tlb_destroy(tlb);
	}
}

static void test_sets_are_chosen_by_the_low_bits_of_the_page_number(void **state)
{
	struct tlb_config config = { .first = { { { 512, 1, TLB_FIFO, 0, TOP } } } };
	struct tlb *tlb = tlb_create(&config);
	struct tlb_entry a = sized(3 << 9, 1, 21), b = sized((3 + 512) << 9, 1, 21);

	(void)state;
	for (u64 vpn = 0; vpn < 512; vpn++)
		fill(tlb, vpn, 1);
	assert_int_equal(evictions(tlb), 0);
	fill(tlb, 512 + 7, 1);
	assert_null(find(tlb, 7, 1));
	assert_int_equal(evictions(tlb), 1);
	tlb_fill(tlb, TLB_DATA, &a); /* superpages: by their own number */
	assert_null(find(tlb, 3, 1));
	tlb_fill(tlb, TLB_DATA, &b);
	assert_null(find(tlb, 3 << 9, 1));
	assert_int_equal(evictions(tlb), 3);
	tlb_destroy(tlb);
}

/* ---- walk cache ---- */

#define POINTER 0x20000001ull

static bool cached(struct tlb *tlb, u32 level, u64 pte_addr, u16 asid)
{
	u64 pte = 0;

	if (!tlb_walk_cache_find(tlb, level, pte_addr, asid, &pte))
		return false;
	assert_int_equal(pte & ~0x20ull, POINTER);
	return true;
}

static void test_walk_cache_keeps_valid_pointers_and_nothing_else(void **state)
{
	static const u64 not_pointers[] = { 0,
		                            POINTER & ~1ull,
		                            POINTER | 2,
		                            POINTER | 8,
		                            POINTER | 0x40,
		                            POINTER | 0x80,
		                            POINTER | 0x10,
		                            POINTER | BIT(54),
		                            POINTER | BIT(61),
		                            POINTER | BIT(63) };
	struct tlb *tlb = tlb_create(tlb_preset("rocket"));

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(not_pointers); i++) {
		tlb_walk_cache_fill(tlb, 1, 0x1000, 1, not_pointers[i]);
		assert_false(cached(tlb, 1, 0x1000, 1));
	}
	tlb_walk_cache_fill(tlb, 1, 0x1000, 1, POINTER);
	assert_true(cached(tlb, 1, 0x1000, 1));
	assert_false(cached(tlb, 1, 0x1008, 1));
	assert_false(cached(tlb, 1, 0x1000, 2));
	tlb_walk_cache_fill(tlb, 2, 0x2000, 1, POINTER | 0x20); /* global */
	assert_true(cached(tlb, 2, 0x2000, 2));
	tlb_walk_cache_fill(tlb, 0, 0x3000, 1, POINTER); /* no array for level 0 */
	assert_false(cached(tlb, 0, 0x3000, 1));
	tlb_destroy(tlb);
}

static void test_walk_cache_obeys_fences_without_an_address_only(void **state)
{
	struct tlb *tlb = tlb_create(tlb_preset("rocket"));

	(void)state;
	tlb_walk_cache_fill(tlb, 2, 0x1000, 1, POINTER);
	tlb_walk_cache_fill(tlb, 2, 0x2000, 1, POINTER | 0x20);
	tlb_flush(tlb, true, 0x1000, false, 0); /* "orders only ... leaf page table entries" */
	tlb_flush(tlb, true, 0x1000, true, 1);
	tlb_flush(tlb, false, 0, true, 2);
	assert_true(cached(tlb, 2, 0x1000, 1));
	tlb_flush(tlb, false, 0, true, 1);
	assert_false(cached(tlb, 2, 0x1000, 1));
	assert_true(cached(tlb, 2, 0x2000, 1));
	tlb_flush(tlb, false, 0, false, 0);
	assert_false(cached(tlb, 2, 0x2000, 1));
	tlb_destroy(tlb);
}

static void test_walk_cache_has_its_size_and_replacement(void **state)
{
	struct tlb *tlb = tlb_create(tlb_preset("champsim"));
	struct tlb *none = tlb_create(tlb_preset("fast"));

	(void)state;
	for (u64 i = 0; i < 4; i++)
		tlb_walk_cache_fill(tlb, 3, 0x1000 + 8 * i, 1, POINTER);
	assert_true(cached(tlb, 3, 0x1000, 1)); /* LRU: 0x1008 goes next */
	tlb_walk_cache_fill(tlb, 3, 0x2000, 1, POINTER);
	assert_true(cached(tlb, 3, 0x1000, 1));
	assert_false(cached(tlb, 3, 0x1008, 1));
	tlb_walk_cache_fill(tlb, 3, 0x2000, 1, POINTER); /* again: takes its own place */
	assert_true(cached(tlb, 3, 0x1010, 1));
	tlb_walk_cache_fill(none, 3, 0x1000, 1, POINTER);
	assert_false(cached(none, 3, 0x1000, 1));
	tlb_destroy(tlb);
	tlb_destroy(none);
}

/* Fills a walk cache of four ways, looks at the first pointer again, fills `more` and says which have gone: their
 * numbers, from 1, as digits. */
static u32 walk_cache_victims(enum tlb_replacement replacement, u32 more)
{
	struct tlb_config config = FOUR_WAYS(TLB_FIFO);
	struct tlb *tlb;
	u32 gone = 0;

	config.walk_cache[0] = (struct tlb_array_config){ 1, 4, replacement, 1, TOP };
	tlb = tlb_create(&config);
	for (u64 i = 0; i < 4; i++)
		tlb_walk_cache_fill(tlb, 1, 0x1000 + 8 * i, 1, POINTER);
	assert_true(cached(tlb, 1, 0x1000, 1));
	for (u64 i = 4; i < 4 + more; i++)
		tlb_walk_cache_fill(tlb, 1, 0x1000 + 8 * i, 1, POINTER);
	for (u64 i = 0; i < 4 + more; i++)
		gone = cached(tlb, 1, 0x1000 + 8 * i, 1) ? gone : 10 * gone + 1 + (u32)i;
	tlb_destroy(tlb);
	return gone;
}

static void test_walk_cache_replaces_as_its_policy_says(void **state)
{
	(void)state;
	assert_int_equal(walk_cache_victims(TLB_FIFO, 1), 1);
	assert_int_equal(walk_cache_victims(TLB_FIFO, 2), 12);
	assert_int_equal(walk_cache_victims(TLB_LRU, 1), 2);
	assert_int_equal(walk_cache_victims(TLB_LRU, 2), 23);
	assert_int_equal(walk_cache_victims(TLB_PLRU, 1), 3);
	assert_int_equal(walk_cache_victims(TLB_PLRU, 2), 23);
	assert_in_range(walk_cache_victims(TLB_RANDOM, 1), 1, 4);
}

static void test_walk_cache_sets_are_chosen_by_the_low_bits_of_the_pte_address(void **state)
{
	struct tlb_config config = FOUR_WAYS(TLB_FIFO);
	struct tlb *tlb;

	(void)state;
	config.walk_cache[0] = (struct tlb_array_config){ 8, 2, TLB_PLRU, 1, TOP };
	tlb = tlb_create(&config);
	for (u64 i = 0; i < 16; i++)
		tlb_walk_cache_fill(tlb, 1, 0x1000 + 8 * i, 1, POINTER);
	for (u64 i = 0; i < 16; i++)
		assert_true(cached(tlb, 1, 0x1000 + 8 * i, 1));
	tlb_walk_cache_fill(tlb, 1, 0x2000, 1, POINTER); /* the third of set 0 */
	assert_false(cached(tlb, 1, 0x1000, 1));
	for (u64 i = 1; i < 16; i++)
		assert_true(cached(tlb, 1, 0x1000 + 8 * i, 1));
	tlb_destroy(tlb);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_fifo_replaces_the_oldest_whatever_was_hit),
		T(test_lru_replaces_the_least_recently_used),
		T(test_plru_follows_its_tree),
		T(test_random_is_the_same_for_the_same_seed),
		T(test_an_empty_way_is_taken_before_any_entry_goes),
		T(test_plru_uses_every_way_of_odd_numbers_of_ways),
		T(test_sets_are_chosen_by_the_low_bits_of_the_page_number),
		T(test_walk_cache_keeps_valid_pointers_and_nothing_else),
		T(test_walk_cache_obeys_fences_without_an_address_only),
		T(test_walk_cache_has_its_size_and_replacement),
		T(test_walk_cache_replaces_as_its_policy_says),
		T(test_walk_cache_sets_are_chosen_by_the_low_bits_of_the_pte_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
