/*
 * devices/clint.c: each register, each access size, the moment the timer line rises, and the hook for stimecmp.
 */
#include "devices/clint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define BASE 0x2000000ull
#define MSIP(hart) (4 * (u64)(hart))
#define MTIMECMP(hart) (0x4000 + 8 * (u64)(hart))
#define MTIME 0xbff8ull
#define HARTS 3u
#define TICK_NS 100u

/* The listener's inputs: two for each hart. */
enum { INPUT_MSIP, INPUT_MTIP, INPUTS };

struct fixture {
	struct bus bus;                       /* where it is attached */
	struct clock clock;                   /* what it tells time by */
	struct clint *clint;                  /* under test */
	bool level[CLINT_HARTS_MAX * INPUTS]; /* what the harts hear */
	u32 edges;                            /* how often they heard something */
	u32 mtime_changes;                    /* how often the hook was called */
};

static void hear(void *arg, u32 number, bool level)
{
	struct fixture *f = arg;
	f->level[number] = level;
	f->edges++;
}

static void on_mtime_changed(void *arg)
{
	struct fixture *f = arg;
	f->mtime_changes++;
}

static void make(struct fixture *f, u32 harts)
{
	struct error err;
	bus_init(&f->bus);
	clock_init(&f->clock);
	f->clint = clint_create(&f->bus, &f->clock, BASE, harts, &err);
	assert_non_null(f->clint);
	for (u32 i = 0; i < harts; i++) {
		struct clint_hart *hart = &f->clint->harts[i];
		hart->msip = (struct irq_line){ .set = hear, .arg = f, .number = INPUTS * i + INPUT_MSIP };
		hart->mtip = (struct irq_line){ .set = hear, .arg = f, .number = INPUTS * i + INPUT_MTIP };
	}
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	make(f, HARTS);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	clint_destroy(f->clint);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
	clock_free(&f->clock);
	bus_free(&f->bus);
	free(f);
	return 0;
}

static u64 load(struct fixture *f, u64 offset, u32 size)
{
	u64 value = 0;
	assert_true(bus_load(&f->bus, BASE + offset, size, &value));
	return value;
}

static void store(struct fixture *f, u64 offset, u32 size, u64 value)
{
	assert_true(bus_store(&f->bus, BASE + offset, size, value));
}

static bool mtip(struct fixture *f, u32 hart)
{
	return f->level[INPUTS * hart + INPUT_MTIP];
}

static void test_reset_state_is_quiet(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(load(f, MTIME, 8), 0);
	for (u32 i = 0; i < HARTS; i++) {
		assert_int_equal(load(f, MSIP(i), 4), 0);
		assert_int_equal(load(f, MTIMECMP(i), 8), UINT64_MAX);
	}
	assert_int_equal(f->edges, 0);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
}

static void test_msip_bit0_drives_the_line_of_its_hart(void **state)
{
	struct fixture *f = *state;
	for (u32 i = 0; i < HARTS; i++) {
		store(f, MSIP(i), 4, 0xffffffff);
		for (u32 j = 0; j < HARTS; j++) {
			assert_int_equal(f->level[INPUTS * j + INPUT_MSIP], i == j);
			assert_int_equal(load(f, MSIP(j), 4), i == j);
		}
		store(f, MSIP(i), 4, 0xfffffffe);
		assert_int_equal(load(f, MSIP(i), 4), 0);
		assert_false(f->level[INPUTS * i + INPUT_MSIP]);
	}
	assert_int_equal(f->edges, 2 * HARTS);
}

static void test_mtime_counts_ten_megahertz(void **state)
{
	struct fixture *f = *state;
	clock_run(&f->clock, TICK_NS - 1);
	assert_int_equal(load(f, MTIME, 8), 0);
	clock_run(&f->clock, TICK_NS);
	assert_int_equal(load(f, MTIME, 8), 1);
	clock_run(&f->clock, 1000000000);
	assert_int_equal(load(f, MTIME, 8), 10000000);
}

static void test_mtime_is_exact_far_ahead(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(clint_mtime(f->clint, UINT64_MAX), UINT64_MAX / TICK_NS);
	assert_int_equal(clint_mtime(f->clint, 12345678901234567ull), 123456789012345ull);
}

static void test_mtime_may_be_asked_for_another_instant(void **state)
{
	struct fixture *f = *state;
	store(f, MTIME, 8, 1000);
	assert_int_equal(clint_mtime(f->clint, 5 * TICK_NS), 1005);
	assert_int_equal(f->clock.now_ns, 0);
}

static void test_mtime_is_writable(void **state)
{
	struct fixture *f = *state;
	clock_run(&f->clock, 12345);
	store(f, MTIME, 8, 0xfedcba9876543210ull);
	assert_int_equal(load(f, MTIME, 8), 0xfedcba9876543210ull);
	clock_run(&f->clock, 12400);
	assert_int_equal(load(f, MTIME, 8), 0xfedcba9876543211ull);
}

static void test_mtime_wraps(void **state)
{
	struct fixture *f = *state;
	store(f, MTIME, 8, UINT64_MAX);
	clock_run(&f->clock, TICK_NS);
	assert_int_equal(load(f, MTIME, 8), 0);
}

static void test_mtime_halves(void **state)
{
	struct fixture *f = *state;
	store(f, MTIME, 8, 0x1122334455667788ull);
	assert_int_equal(load(f, MTIME, 4), 0x55667788);
	assert_int_equal(load(f, MTIME + 4, 4), 0x11223344);
	store(f, MTIME, 4, 0xaaaaaaaa);
	assert_int_equal(load(f, MTIME, 8), 0x11223344aaaaaaaaull);
	store(f, MTIME + 4, 4, 0xbbbbbbbb);
	assert_int_equal(load(f, MTIME, 8), 0xbbbbbbbbaaaaaaaaull);
}

static void test_mtimecmp_halves(void **state)
{
	struct fixture *f = *state;
	for (u32 i = 0; i < HARTS; i++) {
		store(f, MTIMECMP(i), 8, 0x1122334455667788ull + i);
		assert_int_equal(load(f, MTIMECMP(i), 4), 0x55667788 + i);
		assert_int_equal(load(f, MTIMECMP(i) + 4, 4), 0x11223344);
		store(f, MTIMECMP(i), 4, 0xaaaaaaaa);
		assert_int_equal(load(f, MTIMECMP(i), 8), 0x11223344aaaaaaaaull);
		store(f, MTIMECMP(i) + 4, 4, 0xbbbbbbbb);
		assert_int_equal(load(f, MTIMECMP(i), 8), 0xbbbbbbbbaaaaaaaaull);
	}
}

static void test_mtip_rises_when_mtime_reaches_mtimecmp(void **state)
{
	struct fixture *f = *state;
	store(f, MTIMECMP(1), 8, 10);
	assert_int_equal(clock_next(&f->clock), 10 * TICK_NS);
	clock_run(&f->clock, 10 * TICK_NS - 1);
	assert_false(mtip(f, 1));
	clock_run(&f->clock, 10 * TICK_NS);
	assert_true(mtip(f, 1));
	assert_false(mtip(f, 0));
	assert_false(mtip(f, 2));
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
}

static void test_mtip_rises_at_once_for_the_past(void **state)
{
	struct fixture *f = *state;
	clock_run(&f->clock, 5 * TICK_NS);
	store(f, MTIMECMP(0), 8, 5);
	assert_true(mtip(f, 0));
	store(f, MTIMECMP(2), 8, 0);
	assert_true(mtip(f, 2));
}

static void test_mtip_falls_when_mtimecmp_moves_ahead(void **state)
{
	struct fixture *f = *state;
	store(f, MTIMECMP(0), 8, 0);
	assert_true(mtip(f, 0));
	store(f, MTIMECMP(0), 8, 7);
	assert_false(mtip(f, 0));
	assert_int_equal(clock_next(&f->clock), 7 * TICK_NS);
	clock_run(&f->clock, 7 * TICK_NS);
	assert_true(mtip(f, 0));
}

static void test_moving_mtimecmp_moves_the_event(void **state)
{
	struct fixture *f = *state;
	store(f, MTIMECMP(0), 8, 10);
	store(f, MTIMECMP(0), 8, 20);
	clock_run(&f->clock, 15 * TICK_NS);
	assert_false(mtip(f, 0));
	clock_run(&f->clock, 20 * TICK_NS);
	assert_true(mtip(f, 0));
	assert_int_equal(f->edges, 1);
}

static void test_the_largest_mtimecmp_needs_no_event(void **state)
{
	struct fixture *f = *state;
	store(f, MTIMECMP(0), 8, UINT64_MAX);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
	store(f, MTIMECMP(0), 8, UINT64_MAX / TICK_NS + 1);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
	store(f, MTIMECMP(0), 8, UINT64_MAX / TICK_NS);
	assert_int_equal(clock_next(&f->clock), UINT64_MAX / TICK_NS * TICK_NS);
}

static void test_writing_mtime_moves_all_timers(void **state)
{
	struct fixture *f = *state;
	store(f, MTIMECMP(0), 8, 100);
	store(f, MTIMECMP(1), 8, 1000);
	store(f, MTIME, 8, 100);
	assert_true(mtip(f, 0));
	assert_false(mtip(f, 1));
	assert_int_equal(clock_next(&f->clock), 900 * TICK_NS);
	store(f, MTIME, 8, 0);
	assert_false(mtip(f, 0));
	assert_int_equal(clock_next(&f->clock), 100 * TICK_NS);
	clock_run(&f->clock, 1000 * TICK_NS);
	assert_true(mtip(f, 0));
	assert_true(mtip(f, 1));
}

static void test_writing_mtime_tells_each_hart(void **state)
{
	struct fixture *f = *state;
	f->clint->harts[0].mtime_changed = on_mtime_changed;
	f->clint->harts[0].mtime_changed_arg = f;
	f->clint->harts[2].mtime_changed = on_mtime_changed;
	f->clint->harts[2].mtime_changed_arg = f;
	store(f, MTIME, 8, 1);
	assert_int_equal(f->mtime_changes, 2);
	store(f, MTIME, 4, 2);
	store(f, MTIME + 4, 4, 0);
	assert_int_equal(f->mtime_changes, 6);
	store(f, MTIMECMP(0), 8, 9);
	assert_int_equal(f->mtime_changes, 6);
}

static void test_ns_of_mtime_is_the_first_instant(void **state)
{
	struct fixture *f = *state;
	static const u64 starts[] = { 0, 1, 99, 100, 12345 };
	static const u64 mtimes[] = { 0, 5, 1000000 };
	for (u32 i = 0; i < ARRAY_SIZE(starts); i++)
		for (u32 j = 0; j < ARRAY_SIZE(mtimes); j++) {
			clock_run(&f->clock, starts[i]);
			store(f, MTIME, 8, mtimes[j]);
			u64 at_ns = clint_ns_of_mtime(f->clint, mtimes[j] + 3);
			assert_int_equal(clint_mtime(f->clint, at_ns), mtimes[j] + 3);
			assert_int_equal(clint_mtime(f->clint, at_ns - 1), mtimes[j] + 2);
		}
}

static void test_ns_of_mtime_in_the_past_is_now(void **state)
{
	struct fixture *f = *state;
	clock_run(&f->clock, 12345);
	assert_int_equal(clint_ns_of_mtime(f->clint, 123), 12345);
	assert_int_equal(clint_ns_of_mtime(f->clint, 0), 12345);
	assert_int_equal(clint_ns_of_mtime(f->clint, 124), 12400);
}

static void test_ns_of_mtime_saturates(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(clint_ns_of_mtime(f->clint, UINT64_MAX), CLOCK_NEVER);
	store(f, MTIME, 8, UINT64_MAX - 5);
	assert_int_equal(clint_ns_of_mtime(f->clint, UINT64_MAX), 5 * TICK_NS);
}

static void test_absent_harts_read_zero_and_ignore_stores(void **state)
{
	struct fixture *f = *state;
	store(f, MSIP(HARTS), 4, 1);
	store(f, MTIMECMP(HARTS), 8, 1);
	store(f, MTIME - 8, 8, 1);
	store(f, MTIMECMP(0) - 4, 4, 1);
	assert_int_equal(load(f, MSIP(HARTS), 4), 0);
	assert_int_equal(load(f, MTIMECMP(HARTS), 8), 0);
	assert_int_equal(load(f, MTIME - 8, 8), 0);
	assert_int_equal(load(f, MTIMECMP(0) - 4, 4), 0);
	assert_int_equal(f->edges, 0);
}

static void test_other_sizes_and_places_are_refused(void **state)
{
	struct fixture *f = *state;
	static const struct {
		u64 offset;
		u32 size;
	} bad[] = {
		{ MSIP(0), 1 }, { MSIP(0), 2 }, { MSIP(0), 8 }, { MTIMECMP(0), 1 }, { MTIMECMP(0), 2 },
		{ MTIME, 1 },   { MTIME, 2 },   { 0xc000, 4 },  { 0xc000, 8 },      { 0xfffc, 4 },
	};
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		u64 value;
		assert_false(bus_load(&f->bus, BASE + bad[i].offset, bad[i].size, &value));
		assert_false(bus_store(&f->bus, BASE + bad[i].offset, bad[i].size, 1));
	}
	assert_int_equal(f->edges, 0);
}

static void test_sixty_four_harts_have_their_own(void **state)
{
	struct fixture *f = *state;
	clint_destroy(f->clint);
	bus_free(&f->bus);
	make(f, CLINT_HARTS_MAX);
	for (u32 i = 0; i < CLINT_HARTS_MAX; i++)
		store(f, MTIMECMP(i), 8, 1 + i);
	for (u32 i = 0; i < CLINT_HARTS_MAX; i++) {
		clock_run(&f->clock, (1 + i) * TICK_NS);
		assert_true(mtip(f, i));
		assert_true(i + 1 == CLINT_HARTS_MAX || !mtip(f, i + 1));
		store(f, MSIP(i), 4, 1);
		assert_true(f->level[INPUTS * i + INPUT_MSIP]);
	}
}

static void test_create_reports_a_taken_place(void **state)
{
	struct fixture *f = *state;
	struct error err;
	assert_null(clint_create(&f->bus, &f->clock, BASE, 1, &err));
	clint_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reset_state_is_quiet, setup, teardown),
		cmocka_unit_test_setup_teardown(test_msip_bit0_drives_the_line_of_its_hart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mtime_counts_ten_megahertz, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mtime_is_exact_far_ahead, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mtime_may_be_asked_for_another_instant, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mtime_is_writable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mtime_wraps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mtime_halves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mtimecmp_halves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mtip_rises_when_mtime_reaches_mtimecmp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mtip_rises_at_once_for_the_past, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mtip_falls_when_mtimecmp_moves_ahead, setup, teardown),
		cmocka_unit_test_setup_teardown(test_moving_mtimecmp_moves_the_event, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_largest_mtimecmp_needs_no_event, setup, teardown),
		cmocka_unit_test_setup_teardown(test_writing_mtime_moves_all_timers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_writing_mtime_tells_each_hart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ns_of_mtime_is_the_first_instant, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ns_of_mtime_in_the_past_is_now, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ns_of_mtime_saturates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_absent_harts_read_zero_and_ignore_stores, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_sizes_and_places_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sixty_four_harts_have_their_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_create_reports_a_taken_place, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
