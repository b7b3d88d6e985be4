/*
 * devices/framebuffer.c with two MMUs on its bus: which rows are told of, and that no way of writing memory passes by.
 * Whole guests are in framebuffer_guest_test.c.
 */
#include "devices/framebuffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mmu/fast.h"
#include "mmu/mmu.h"

#define RAM 0x80000000ull
#define FB 0x50000000ull
#define WIDTH 100 /* rows of 400 bytes: pages end within rows */
#define HEIGHT 90
#define STRIDE (4 * WIDTH)
#define PAGES 9 /* 36000 bytes */

#define ROOT RAM /* page tables, one a level */
#define LEAVES (ROOT + 0x2000)
#define VA 0x40000000ull /* the framebuffer, with the last page of RAM before it and the first one behind it */
#define ALIAS (VA + 256 * PAGE_SIZE) /* the same once more */
#define DATA (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)

static const struct trace no_trace;

static void no_head(void *owner, struct trace_head *head)
{
	(void)owner, (void)head;
}

static void no_device(void *owner)
{
	(void)owner;
}

static void no_drop(void *owner, bool everything, u64 va)
{
	(void)owner, (void)everything, (void)va;
}

struct rig {
	struct bus bus;
	struct mmu mmu[2];
	struct framebuffer *fb;
};

static void watch(void *arg, u64 pa, u64 size)
{
	struct rig *r = arg;

	mmu_protect_range(&r->mmu[0], pa, size);
	mmu_protect_range(&r->mmu[1], pa, size);
}

static void put_pte(struct rig *r, u64 pte_addr, u64 pa, u64 flags)
{
	u64 pte = pa >> PAGE_SHIFT << PTE_PPN_SHIFT | flags;

	assert_true(bus_write(&r->bus, pte_addr, &pte, sizeof(pte)));
}

/* Maps the framebuffer at va, with a page of RAM on either side. */
static void map(struct rig *r, u64 va)
{
	u64 leaf = LEAVES + ((va - VA) >> PAGE_SHIFT) * 8;

	put_pte(r, leaf, RAM + 0x10000, DATA);
	for (u64 page = 0; page < PAGES; page++)
		put_pte(r, leaf + 8 + 8 * page, FB + page * PAGE_SIZE, DATA);
	put_pte(r, leaf + 8 + 8 * PAGES, RAM + 0x11000, DATA);
}

/* Where the framebuffer's byte is in the first mapping. */
static u64 va_of(u64 offset)
{
	return VA + PAGE_SIZE + offset;
}

static int setup(void **state)
{
	struct mmu_config config = { .tlb = tlb_preset("fast"), .ad = AD_ADUE, .asid_bits = 16, .levels_max = 3 };
	struct rig *r = xcalloc(1, sizeof(*r));
	struct error err;

	bus_init(&r->bus);
	assert_true(bus_add_ram(&r->bus, "ram", RAM, 1 * MIB, &err));
	r->fb = framebuffer_create(&r->bus, FB, WIDTH, HEIGHT, &err);
	assert_non_null(r->fb);
	r->fb->watch = watch;
	r->fb->watch_arg = r;
	put_pte(r, ROOT + 8 * (VA >> 30), ROOT + 0x1000, PTE_V);
	put_pte(r, ROOT + 0x1000, LEAVES, PTE_V);
	map(r, VA);
	map(r, ALIAS);
	for (u32 i = 0; i < 2; i++) {
		struct mmu *m = &r->mmu[i];

		mmu_init(m, &r->bus, &config);
		m->trace = &no_trace;
		m->trace_head = no_head;
		m->before_device = no_device;
		m->fetch_drop = no_drop;
		pmp_write_addr(&m->pmp, 0, ~0ull);
		pmp_write_cfg(&m->pmp, 0, 0x1f);
		mmu_write_satp(m, 8ull << 60 | ROOT >> PAGE_SHIFT);
		mmu_set_context(m, PRIV_S, 0, true, false);
	}
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	mmu_free(&r->mmu[0]);
	mmu_free(&r->mmu[1]);
	framebuffer_destroy(r->fb);
	bus_free(&r->bus);
	free(r);
	return 0;
}

/* Makes everything clean. */
static void clean(struct rig *r)
{
	u32 first, count;

	(void)framebuffer_take_dirty(r->fb, &first, &count);
	assert_false(framebuffer_is_dirty(r->fb));
	assert_false(framebuffer_take_dirty(r->fb, &first, &count));
}

/* Exactly the pages from..last were written. */
static void check_pages(struct rig *r, u64 from, u64 last)
{
	u32 first, count, end = (u32)(((last + 1) * PAGE_SIZE + STRIDE - 1) / STRIDE);

	assert_true(framebuffer_is_dirty(r->fb));
	assert_true(framebuffer_take_dirty(r->fb, &first, &count));
	assert_int_equal(first, from * PAGE_SIZE / STRIDE);
	assert_int_equal(first + count, end < HEIGHT ? end : HEIGHT);
	clean(r);
}

static bool is_fast(const struct mmu *m, u64 va, enum access access)
{
	const struct fast_entry *e = fast_entry(m->fast, va);

	return (access == ACCESS_LOAD ? e->load_tag : e->store_tag) == align_down(va, PAGE_SIZE);
}

static void test_a_new_one_is_black_and_all_dirty(void **state)
{
	struct rig *r = *state;
	u32 first, count;

	assert_int_equal(framebuffer_size(WIDTH, HEIGHT), PAGES * PAGE_SIZE);
	assert_int_equal(r->fb->stride, STRIDE);
	for (u32 i = 0; i < STRIDE * HEIGHT; i++)
		assert_int_equal(framebuffer_pixels(r->fb)[i], 0);
	assert_true(framebuffer_take_dirty(r->fb, &first, &count));
	assert_int_equal(first, 0);
	assert_int_equal(count, HEIGHT);
	clean(r);
}

static void test_each_page_is_told_as_its_rows(void **state)
{
	struct rig *r = *state;

	clean(r);
	for (u64 page = 0; page < PAGES; page++) {
		assert_true(bus_store(&r->bus, FB + page * PAGE_SIZE + 123, 1, 1));
		check_pages(r, page, page);
	}
	assert_true(bus_store(&r->bus, FB + 2 * PAGE_SIZE, 4, 1));
	assert_true(bus_store(&r->bus, FB + 5 * PAGE_SIZE - 4, 4, 1));
	check_pages(r, 2, 4);
}

static void test_loads_and_stores_elsewhere_tell_nothing(void **state)
{
	struct rig *r = *state;
	u64 value;

	clean(r);
	assert_true(bus_load(&r->bus, FB, 8, &value));
	assert_true(mmu_load(&r->mmu[0], va_of(0), 8, &value));
	assert_true(mmu_store(&r->mmu[0], va_of(0) - 8, 8, 1));
	assert_true(mmu_store(&r->mmu[0], va_of(PAGES * PAGE_SIZE), 8, 1));
	assert_true(mmu_cbo(&r->mmu[0], va_of(64), false));
	assert_false(mmu_store(&r->mmu[0], 0, 8, 1));
	assert_false(framebuffer_is_dirty(r->fb));
}

static void test_copies_of_devices_are_told(void **state)
{
	struct rig *r = *state;
	static const u8 bytes[2 * PAGE_SIZE];

	clean(r);
	assert_true(bus_write(&r->bus, FB + PAGE_SIZE + 4095, bytes, 2));
	check_pages(r, 1, 2);
	assert_true(bus_write(&r->bus, FB + 3 * PAGE_SIZE + 1, bytes, 2 * PAGE_SIZE));
	check_pages(r, 3, 5);
	assert_false(bus_write(&r->bus, FB + (PAGES - 1) * PAGE_SIZE, bytes, sizeof(bytes)));
	assert_false(framebuffer_is_dirty(r->fb));
}

/* Stores of every size and alignment, by both MMUs, until each page was crossed; the contents are right, too. */
static void check_stores(struct rig *r)
{
	for (u32 size = 1; size <= 8; size *= 2)
		for (u64 offset = 2 * PAGE_SIZE - 16; offset < 2 * PAGE_SIZE + 16; offset++) {
			struct mmu *m = &r->mmu[offset & 1];
			u64 before = offset / PAGE_SIZE, last = (offset + size - 1) / PAGE_SIZE, value;

			for (u32 again = 0; again < 3; again++)
				assert_true(mmu_store(m, va_of(offset), size, offset * size + again));
			check_pages(r, before, last);
			assert_true(bus_load(&r->bus, FB + offset, size, &value));
			assert_int_equal(value, bits(offset * size + 2, 8 * size - 1, 0));
		}
}

static void test_stores_of_all_sizes_are_told(void **state)
{
	clean(*state);
	check_stores(*state);
}

static void test_stores_are_told_where_every_access_is_seen(void **state)
{
	struct rig *r = *state;

	clean(r);
	mmu_set_all_slow(&r->mmu[0], true);
	check_stores(r);
}

static void no_watched(void *arg, u64 pa, u64 size)
{
	(void)arg, (void)pa, (void)size;
}

static void test_stores_are_told_beside_what_the_check_watches(void **state)
{
	struct rig *r = *state;

	bus_watch(&r->bus, no_watched, NULL);
	bus_find(&r->bus, FB)->watch_map[2] = 1;
	clean(r);
	check_stores(r);
}

static void test_a_store_that_comes_in_from_ram_or_leaves_into_it_is_told(void **state)
{
	struct rig *r = *state;

	clean(r);
	assert_true(mmu_store(&r->mmu[0], va_of(0) - 3, 8, ~0ull));
	check_pages(r, 0, 0);
	assert_true(mmu_store(&r->mmu[0], va_of(PAGES * PAGE_SIZE) - 3, 8, ~0ull));
	check_pages(r, PAGES - 1, PAGES - 1);
}

static void test_atomics_and_cleared_blocks_are_told(void **state)
{
	struct rig *r = *state;
	struct mmu *m = &r->mmu[0];
	u64 pa, va = va_of(3 * PAGE_SIZE + 64);
	u8 *host;

	clean(r);
	host = mmu_atomic(m, va, 8, ATOMIC_LR, &pa);
	assert_non_null(host);
	assert_int_equal(pa, FB + 3 * PAGE_SIZE + 64);
	assert_false(framebuffer_is_dirty(r->fb));
	for (u32 i = 0; i < 2; i++) {
		host = mmu_atomic(m, va, 8, i ? ATOMIC_SC : ATOMIC_AMO, &pa);
		assert_non_null(host);
		*host = 1;
		mmu_atomic_stored(m, va, pa, 8, 1);
		check_pages(r, 3, 3);
	}
	assert_true(mmu_cbo(m, va + PAGE_SIZE, true));
	check_pages(r, 4, 4);
}

/* Hostile, but allowed: its page tables are pixels. */
static void test_accessed_and_dirty_bits_set_in_it_are_told(void **state)
{
	struct rig *r = *state;
	u64 value, pte;

	put_pte(r, ROOT + 0x1000 + 8, FB + 5 * PAGE_SIZE, PTE_V);
	put_pte(r, FB + 5 * PAGE_SIZE, RAM + 0x12000, PTE_V | PTE_R | PTE_W);
	clean(r);
	assert_true(mmu_load(&r->mmu[0], VA + 2 * MIB, 8, &value));
	check_pages(r, 5, 5);
	assert_true(mmu_load(&r->mmu[0], VA + 2 * MIB, 8, &value));
	assert_false(framebuffer_is_dirty(r->fb));
	assert_true(mmu_store(&r->mmu[0], VA + 2 * MIB, 8, 1));
	check_pages(r, 5, 5);
	assert_true(bus_load(&r->bus, FB + 5 * PAGE_SIZE, 8, &pte));
	assert_int_equal(pte & (PTE_A | PTE_D), PTE_A | PTE_D);
}

static void test_stores_are_fast_until_the_page_is_taken(void **state)
{
	struct rig *r = *state;
	u64 value, a = va_of(PAGE_SIZE), b = ALIAS + PAGE_SIZE + PAGE_SIZE;

	for (u32 round = 0; round < 3; round++) {
		clean(r);
		for (u32 i = 0; i < 2; i++) {
			assert_true(mmu_load(&r->mmu[i], a, 8, &value) && mmu_load(&r->mmu[i], b, 8, &value));
			assert_true(is_fast(&r->mmu[i], a, ACCESS_LOAD) && is_fast(&r->mmu[i], b, ACCESS_LOAD));
			assert_false(is_fast(&r->mmu[i], a, ACCESS_STORE) || is_fast(&r->mmu[i], b, ACCESS_STORE));
		}
		for (u32 i = 0; i < 2; i++) {
			assert_true(mmu_store(&r->mmu[i], a, 8, i) && mmu_store(&r->mmu[i], b, 8, i));
			assert_true(is_fast(&r->mmu[i], a, ACCESS_STORE) && is_fast(&r->mmu[i], b, ACCESS_STORE));
		}
		assert_true(framebuffer_is_dirty(r->fb));
	}
}

static void test_taking_leaves_other_pages_fast(void **state)
{
	struct rig *r = *state;
	u64 elsewhere = VA, first_clean = va_of(6 * PAGE_SIZE);
	u32 first, count;

	clean(r);
	assert_true(mmu_store(&r->mmu[0], elsewhere, 8, 1));
	assert_true(mmu_store(&r->mmu[0], va_of(0), 8, 1));
	assert_true(framebuffer_take_dirty(r->fb, &first, &count));
	assert_true(is_fast(&r->mmu[0], elsewhere, ACCESS_STORE));
	assert_true(is_fast(&r->mmu[0], va_of(0), ACCESS_LOAD));
	assert_false(is_fast(&r->mmu[0], va_of(0), ACCESS_STORE));
	assert_false(is_fast(&r->mmu[0], first_clean, ACCESS_LOAD));
}

/* More fills than a table's log remembers: nothing is forgotten, and nothing passes by. */
static void test_a_table_too_full_for_its_log_is_searched_whole(void **state)
{
	struct rig *r = *state;
	struct mmu *m = &r->mmu[0];
	u32 first, count;

	clean(r);
	for (u32 i = 0; i <= FAST_LOG_SIZE; i++) {
		mmu_fence(m, true, VA, false, 0);
		assert_true(mmu_store(m, VA, 8, 1));
	}
	for (u64 page = 0; page < PAGES; page++)
		assert_true(mmu_store(m, va_of(page * PAGE_SIZE), 8, 1));
	assert_true(is_fast(m, VA, ACCESS_STORE) && is_fast(m, va_of(8 * PAGE_SIZE), ACCESS_STORE));
	assert_true(framebuffer_take_dirty(r->fb, &first, &count));
	assert_true(is_fast(m, VA, ACCESS_STORE) && is_fast(m, va_of(8 * PAGE_SIZE), ACCESS_LOAD));
	for (u64 page = 0; page < PAGES; page++) {
		assert_false(is_fast(m, va_of(page * PAGE_SIZE), ACCESS_STORE));
		assert_true(mmu_store(m, va_of(page * PAGE_SIZE), 8, 1));
		check_pages(r, page, page);
	}
}

/* Both reasons for the slow way, in any order. */
static void test_code_in_it_is_watched_as_in_other_ram(void **state)
{
	struct rig *r = *state;
	struct bus_region *region = bus_find(&r->bus, FB);
	u64 va = va_of(0);

	clean(r);
	region->code_map[0] = 2; /* bytes 64..127 */
	for (u32 i = 0; i < 2; i++) {
		assert_true(mmu_store(&r->mmu[0], va, 8, 1));
		assert_true(framebuffer_is_dirty(r->fb));
		assert_false(is_fast(&r->mmu[0], va, ACCESS_STORE));
	}
	check_pages(r, 0, 0);
	bus_unwatch_page(&r->bus, region, FB);
	assert_true(mmu_store(&r->mmu[0], va, 8, 1));
	assert_true(is_fast(&r->mmu[0], va, ACCESS_STORE));
	check_pages(r, 0, 0);
}

static void test_where_there_is_ram_none_can_be_made(void **state)
{
	struct rig *r = *state;
	struct error err;

	assert_null(framebuffer_create(&r->bus, FB, 64, 64, &err));
	assert_non_null(strstr(err.text, "framebuffer"));
	assert_null(framebuffer_create(&r->bus, FB - PAGE_SIZE, 64, 64, &err));
}

static void test_any_size_is_covered_by_its_rows(void **state)
{
	static const u32 sides[] = { 64, 65, 127, 1000, 1024, 4096 };
	(void)state;

	for (u32 i = 0; i < ARRAY_SIZE(sides) * ARRAY_SIZE(sides); i++) {
		u32 width = sides[i / ARRAY_SIZE(sides)], height = sides[i % ARRAY_SIZE(sides)], first, count;
		u64 size = framebuffer_size(width, height), used = (u64)width * height * 4;
		struct framebuffer *fb;
		struct error err;
		struct bus bus;

		bus_init(&bus);
		assert_true(bus_add_ram(&bus, "ram", RAM, PAGE_SIZE, &err));
		fb = framebuffer_create(&bus, FB, width, height, &err);
		assert_non_null(fb);
		assert_true(size >= used && size - used < PAGE_SIZE);
		assert_true(framebuffer_take_dirty(fb, &first, &count) && first == 0 && count == height);
		assert_true(bus_store(&bus, FB + size - 1, 1, 1));
		assert_true(framebuffer_take_dirty(fb, &first, &count));
		assert_true(count > 0 && first + count == height && (u64)first * width * 4 <= size - PAGE_SIZE);
		framebuffer_destroy(fb);
		bus_free(&bus);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_new_one_is_black_and_all_dirty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_each_page_is_told_as_its_rows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loads_and_stores_elsewhere_tell_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_copies_of_devices_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stores_of_all_sizes_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stores_are_told_where_every_access_is_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stores_are_told_beside_what_the_check_watches, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_store_that_comes_in_from_ram_or_leaves_into_it_is_told, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_atomics_and_cleared_blocks_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_accessed_and_dirty_bits_set_in_it_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stores_are_fast_until_the_page_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_taking_leaves_other_pages_fast, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_table_too_full_for_its_log_is_searched_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_code_in_it_is_watched_as_in_other_ram, setup, teardown),
		cmocka_unit_test_setup_teardown(test_where_there_is_ram_none_can_be_made, setup, teardown),
		cmocka_unit_test(test_any_size_is_covered_by_its_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
