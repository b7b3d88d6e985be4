/*
 * devices/plic.c: registers bit by bit, priorities and thresholds, gateways, claim and complete.
 */
#include "devices/plic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define BASE 0xc000000ull
#define PRIORITY(source) (4 * (u64)(source))
#define PENDING(word) (0x1000 + 4 * (u64)(word))
#define ENABLE(context, word) (0x2000 + 0x80 * (u64)(context) + 4 * (u64)(word))
#define THRESHOLD(context) (0x200000 + 0x1000 * (u64)(context))
#define CLAIM(context) (THRESHOLD(context) + 4)
#define HARTS 2u
#define CONTEXTS (2 * HARTS)

struct fixture {
	struct bus bus;                 /* where it is attached */
	struct plic *plic;              /* under test */
	bool level[2 * PLIC_HARTS_MAX]; /* what the contexts hear */
	u32 edges;                      /* how often they heard something */
};

static void hear(void *arg, u32 number, bool level)
{
	struct fixture *f = arg;
	f->level[number] = level;
	f->edges++;
}

static void make(struct fixture *f, u32 harts)
{
	struct error err;
	bus_init(&f->bus);
	f->plic = plic_create(&f->bus, BASE, harts, &err);
	assert_non_null(f->plic);
	for (u32 i = 0; i < 2 * harts; i++)
		f->plic->contexts[i].line = (struct irq_line){ .set = hear, .arg = f, .number = i };
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
	plic_destroy(f->plic);
	bus_free(&f->bus);
	free(f);
	return 0;
}

static u32 load(struct fixture *f, u64 offset)
{
	u64 value = 0;
	assert_true(bus_load(&f->bus, BASE + offset, 4, &value));
	return (u32)value;
}

static void store(struct fixture *f, u64 offset, u32 value)
{
	assert_true(bus_store(&f->bus, BASE + offset, 4, value));
}

/* Lets a source interrupt a context with this priority. */
static void allow(struct fixture *f, u32 context, u32 source, u32 priority)
{
	store(f, PRIORITY(source), priority);
	store(f, ENABLE(context, source / 32), load(f, ENABLE(context, source / 32)) | 1u << source % 32);
}

static bool is_pending(struct fixture *f, u32 source)
{
	return load(f, PENDING(source / 32)) >> source % 32 & 1;
}

static void test_reset_state_is_zero(void **state)
{
	struct fixture *f = *state;
	for (u32 i = 0; i < MEMMAP_PLIC_SOURCES; i++)
		assert_int_equal(load(f, PRIORITY(i)), 0);
	for (u32 i = 0; i < PLIC_WORDS; i++)
		assert_int_equal(load(f, PENDING(i)), 0);
	for (u32 i = 0; i < CONTEXTS; i++) {
		assert_int_equal(load(f, THRESHOLD(i)), 0);
		assert_int_equal(load(f, CLAIM(i)), 0);
		for (u32 j = 0; j < PLIC_WORDS; j++)
			assert_int_equal(load(f, ENABLE(i, j)), 0);
	}
	assert_int_equal(f->edges, 0);
}

static void test_priority_keeps_three_bits(void **state)
{
	struct fixture *f = *state;
	for (u32 i = 1; i < MEMMAP_PLIC_SOURCES; i++) {
		store(f, PRIORITY(i), 0xffffffff);
		assert_int_equal(load(f, PRIORITY(i)), 7);
		store(f, PRIORITY(i), 0xfffffff8 | i % 8);
		assert_int_equal(load(f, PRIORITY(i)), i % 8);
	}
	store(f, PRIORITY(0), 7);
	assert_int_equal(load(f, PRIORITY(0)), 0);
	store(f, PRIORITY(MEMMAP_PLIC_SOURCES), 7);
	assert_int_equal(load(f, PRIORITY(MEMMAP_PLIC_SOURCES)), 0);
}

static void test_threshold_keeps_three_bits(void **state)
{
	struct fixture *f = *state;
	for (u32 i = 0; i < CONTEXTS; i++)
		store(f, THRESHOLD(i), 0xfffffff8 | (i + 3));
	for (u32 i = 0; i < CONTEXTS; i++)
		assert_int_equal(load(f, THRESHOLD(i)), i + 3);
}

static void test_enable_keeps_each_source_of_each_context(void **state)
{
	struct fixture *f = *state;
	for (u32 i = 0; i < CONTEXTS; i++)
		for (u32 j = 0; j < PLIC_WORDS; j++)
			store(f, ENABLE(i, j), 0xffffffff - 0x10 * i);
	for (u32 i = 0; i < CONTEXTS; i++)
		for (u32 j = 0; j < PLIC_WORDS; j++)
			assert_int_equal(load(f, ENABLE(i, j)), (0xffffffff - 0x10 * i) & (j ? ~0u : ~1u));
}

static void test_pending_cannot_be_written(void **state)
{
	struct fixture *f = *state;
	store(f, PENDING(0), 0xffffffff);
	assert_int_equal(load(f, PENDING(0)), 0);
	plic_set(f->plic, 5, true);
	store(f, PENDING(0), 0);
	assert_int_equal(load(f, PENDING(0)), 1u << 5);
}

static void test_each_source_has_its_pending_bit(void **state)
{
	struct fixture *f = *state;
	for (u32 i = 1; i < MEMMAP_PLIC_SOURCES; i++) {
		plic_set(f->plic, i, true);
		for (u32 j = 0; j < PLIC_WORDS; j++)
			assert_int_equal(load(f, PENDING(j)), j == i / 32 ? 1u << i % 32 : 0);
		f->plic->pending[i / 32] = 0;
	}
}

static void test_each_source_interrupts_each_context(void **state)
{
	struct fixture *f = *state;
	for (u32 context = 0; context < CONTEXTS; context++)
		for (u32 i = 1; i < MEMMAP_PLIC_SOURCES; i++) {
			allow(f, context, i, 1);
			plic_set(f->plic, i, true);
			for (u32 j = 0; j < CONTEXTS; j++)
				assert_int_equal(f->level[j], j == context);
			assert_int_equal(load(f, CLAIM(context)), i);
			assert_false(f->level[context]);
			plic_set(f->plic, i, false);
			store(f, CLAIM(context), i);
			assert_false(f->level[context]);
			store(f, ENABLE(context, i / 32), 0);
		}
}

static void test_priority_zero_never_interrupts(void **state)
{
	struct fixture *f = *state;
	allow(f, 0, 9, 0);
	plic_set(f->plic, 9, true);
	assert_true(is_pending(f, 9));
	assert_false(f->level[0]);
	assert_int_equal(load(f, CLAIM(0)), 0);
	store(f, PRIORITY(9), 1);
	assert_true(f->level[0]);
}

static void test_disabled_source_waits(void **state)
{
	struct fixture *f = *state;
	store(f, PRIORITY(9), 1);
	plic_set(f->plic, 9, true);
	assert_false(f->level[1]);
	assert_int_equal(load(f, CLAIM(1)), 0);
	store(f, ENABLE(1, 0), 1u << 9);
	assert_true(f->level[1]);
	store(f, ENABLE(1, 0), 0);
	assert_false(f->level[1]);
}

static void test_threshold_lets_greater_priorities_through(void **state)
{
	struct fixture *f = *state;
	allow(f, 0, 9, 4);
	plic_set(f->plic, 9, true);
	for (u32 threshold = 0; threshold < 8; threshold++) {
		store(f, THRESHOLD(0), threshold);
		assert_int_equal(f->level[0], 4 > threshold);
	}
}

static void test_claim_ignores_the_threshold(void **state)
{
	struct fixture *f = *state;
	allow(f, 0, 9, 4);
	store(f, THRESHOLD(0), 7);
	plic_set(f->plic, 9, true);
	assert_false(f->level[0]);
	assert_int_equal(load(f, CLAIM(0)), 9);
}

static void test_claim_takes_the_highest_priority_first(void **state)
{
	struct fixture *f = *state;
	for (u32 i = 1; i <= 7; i++) {
		allow(f, 0, 10 * i, i);
		plic_set(f->plic, 10 * i, true);
	}
	for (u32 i = 7; i >= 1; i--) {
		assert_true(f->level[0]);
		assert_int_equal(load(f, CLAIM(0)), 10 * i);
	}
	assert_false(f->level[0]);
	assert_int_equal(load(f, CLAIM(0)), 0);
}

static void test_claim_takes_the_lowest_number_of_equals(void **state)
{
	struct fixture *f = *state;
	static const u32 sources[] = { 95, 3, 64, 33, 1, 31, 32 };
	static const u32 order[] = { 1, 3, 31, 32, 33, 64, 95 };
	for (u32 i = 0; i < ARRAY_SIZE(sources); i++) {
		allow(f, 1, sources[i], 2);
		plic_set(f->plic, sources[i], true);
	}
	for (u32 i = 0; i < ARRAY_SIZE(order); i++)
		assert_int_equal(load(f, CLAIM(1)), order[i]);
}

static void test_claim_takes_the_source_from_all_contexts(void **state)
{
	struct fixture *f = *state;
	for (u32 i = 0; i < CONTEXTS; i++)
		allow(f, i, 10, 1);
	plic_set(f->plic, 10, true);
	for (u32 i = 0; i < CONTEXTS; i++)
		assert_true(f->level[i]);
	assert_int_equal(load(f, CLAIM(3)), 10);
	for (u32 i = 0; i < CONTEXTS; i++) {
		assert_false(f->level[i]);
		assert_int_equal(load(f, CLAIM(i)), 0);
	}
}

static void test_source_being_served_stays_quiet(void **state)
{
	struct fixture *f = *state;
	allow(f, 0, 10, 1);
	plic_set(f->plic, 10, true);
	assert_int_equal(load(f, CLAIM(0)), 10);
	plic_set(f->plic, 10, false);
	plic_set(f->plic, 10, true);
	assert_false(is_pending(f, 10));
	assert_false(f->level[0]);
}

static void test_completion_with_the_wire_high_interrupts_again(void **state)
{
	struct fixture *f = *state;
	allow(f, 0, 10, 1);
	plic_set(f->plic, 10, true);
	assert_int_equal(load(f, CLAIM(0)), 10);
	store(f, CLAIM(0), 10);
	assert_true(is_pending(f, 10));
	assert_true(f->level[0]);
	assert_int_equal(load(f, CLAIM(0)), 10);
	plic_set(f->plic, 10, false);
	store(f, CLAIM(0), 10);
	assert_false(is_pending(f, 10));
	assert_false(f->level[0]);
}

static void test_request_outlives_its_wire(void **state)
{
	struct fixture *f = *state;
	allow(f, 0, 10, 1);
	plic_set(f->plic, 10, true);
	plic_set(f->plic, 10, false);
	assert_true(f->level[0]);
	assert_int_equal(load(f, CLAIM(0)), 10);
	store(f, CLAIM(0), 10);
	assert_false(f->level[0]);
}

static void test_completion_of_a_source_not_enabled_is_ignored(void **state)
{
	struct fixture *f = *state;
	allow(f, 0, 10, 1);
	plic_set(f->plic, 10, true);
	assert_int_equal(load(f, CLAIM(0)), 10);
	store(f, CLAIM(1), 10);
	assert_false(is_pending(f, 10));
	store(f, ENABLE(0, 0), 0);
	store(f, CLAIM(0), 10);
	assert_false(is_pending(f, 10));
	store(f, ENABLE(0, 0), 1u << 10);
	store(f, CLAIM(0), 10);
	assert_true(is_pending(f, 10));
}

static void test_completion_by_another_enabled_context_counts(void **state)
{
	struct fixture *f = *state;
	allow(f, 0, 10, 1);
	allow(f, 1, 10, 1);
	plic_set(f->plic, 10, true);
	assert_int_equal(load(f, CLAIM(0)), 10);
	store(f, CLAIM(1), 10);
	assert_true(f->level[0]);
}

static void test_completion_of_nonsense_is_ignored(void **state)
{
	struct fixture *f = *state;
	allow(f, 0, 10, 1);
	store(f, CLAIM(0), 0);
	store(f, CLAIM(0), MEMMAP_PLIC_SOURCES);
	store(f, CLAIM(0), 0xffffffff);
	store(f, CLAIM(0), 10);
	assert_int_equal(f->edges, 0);
	plic_set(f->plic, 10, true);
	assert_int_equal(load(f, CLAIM(0)), 10);
}

static void test_unused_places_read_zero_and_ignore_stores(void **state)
{
	struct fixture *f = *state;
	static const u64 places[] = {
		PENDING(PLIC_WORDS), 0x1ffc,          ENABLE(0, PLIC_WORDS),
		ENABLE(CONTEXTS, 0), 0x1ffffc,        THRESHOLD(0) + 8,
		THRESHOLD(CONTEXTS), CLAIM(CONTEXTS), 0x5ffffc,
	};
	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		store(f, places[i], 0xffffffff);
		assert_int_equal(load(f, places[i]), 0);
	}
	assert_int_equal(f->edges, 0);
}

static void test_other_sizes_are_refused(void **state)
{
	struct fixture *f = *state;
	static const u32 sizes[] = { 1, 2, 8 };
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 value;
		assert_false(bus_load(&f->bus, BASE + PRIORITY(2), sizes[i], &value));
		assert_false(bus_store(&f->bus, BASE + PRIORITY(2), sizes[i], 1));
	}
	assert_int_equal(load(f, PRIORITY(2)), 0);
}

static void test_line_helper_drives_its_source(void **state)
{
	struct fixture *f = *state;
	struct irq_line line = plic_line(f->plic, 11);
	irq_set(&line, true);
	assert_true(is_pending(f, 11));
}

static void test_sixty_four_harts_have_their_contexts(void **state)
{
	struct fixture *f = *state;
	plic_destroy(f->plic);
	bus_free(&f->bus);
	make(f, PLIC_HARTS_MAX);
	store(f, PRIORITY(95), 7);
	for (u32 i = 0; i < 2 * PLIC_HARTS_MAX; i++) {
		store(f, ENABLE(i, 2), 1u << 31);
		plic_set(f->plic, 95, true);
		assert_true(f->level[i]);
		assert_int_equal(load(f, CLAIM(i)), 95);
		assert_false(f->level[i]);
		plic_set(f->plic, 95, false);
		store(f, CLAIM(i), 95);
	}
}

static void test_create_reports_a_taken_place(void **state)
{
	struct fixture *f = *state;
	struct error err;
	assert_null(plic_create(&f->bus, BASE, 1, &err));
}

static void test_edge_source_asks_once_a_request(void **state)
{
	struct fixture *f = *state;
	struct irq_line line = plic_edge_line(f->plic, 10);
	store(f, PRIORITY(10), 1);
	store(f, ENABLE(1, 0), 1 << 10);
	irq_request(&line);
	assert_true(f->level[1]);
	assert_int_equal(load(f, CLAIM(1)), 10);
	store(f, CLAIM(1), 10);
	assert_false(f->level[1]); /* though the wire is still high */
	irq_request(&line);
	assert_int_equal(load(f, CLAIM(1)), 10);
}

static void test_edge_source_remembers_a_request_while_served(void **state)
{
	struct fixture *f = *state;
	struct irq_line line = plic_edge_line(f->plic, 10);
	store(f, PRIORITY(10), 1);
	store(f, ENABLE(1, 0), 1 << 10);
	irq_request(&line);
	assert_int_equal(load(f, CLAIM(1)), 10);
	irq_request(&line);
	irq_request(&line);
	assert_false(f->level[1]);
	assert_int_equal(load(f, CLAIM(1)), 0);
	store(f, CLAIM(1), 10);
	assert_true(f->level[1]);
	assert_int_equal(load(f, CLAIM(1)), 10);
	store(f, CLAIM(1), 10);
	assert_false(f->level[1]);
}

static void test_edge_source_forgets_a_request_taken_back(void **state)
{
	struct fixture *f = *state;
	struct irq_line line = plic_edge_line(f->plic, 10);
	store(f, PRIORITY(10), 1);
	store(f, ENABLE(1, 0), 1 << 10);
	irq_request(&line);
	irq_set(&line, false);
	assert_false(f->level[1]);
	assert_int_equal(load(f, CLAIM(1)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reset_state_is_zero, setup, teardown),
		cmocka_unit_test_setup_teardown(test_priority_keeps_three_bits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_threshold_keeps_three_bits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_enable_keeps_each_source_of_each_context, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pending_cannot_be_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_each_source_has_its_pending_bit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_each_source_interrupts_each_context, setup, teardown),
		cmocka_unit_test_setup_teardown(test_priority_zero_never_interrupts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disabled_source_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_threshold_lets_greater_priorities_through, setup, teardown),
		cmocka_unit_test_setup_teardown(test_claim_ignores_the_threshold, setup, teardown),
		cmocka_unit_test_setup_teardown(test_claim_takes_the_highest_priority_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_claim_takes_the_lowest_number_of_equals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_claim_takes_the_source_from_all_contexts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_source_being_served_stays_quiet, setup, teardown),
		cmocka_unit_test_setup_teardown(test_completion_with_the_wire_high_interrupts_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_request_outlives_its_wire, setup, teardown),
		cmocka_unit_test_setup_teardown(test_completion_of_a_source_not_enabled_is_ignored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_completion_by_another_enabled_context_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_completion_of_nonsense_is_ignored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unused_places_read_zero_and_ignore_stores, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_sizes_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_line_helper_drives_its_source, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sixty_four_harts_have_their_contexts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_create_reports_a_taken_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_edge_source_asks_once_a_request, setup, teardown),
		cmocka_unit_test_setup_teardown(test_edge_source_remembers_a_request_while_served, setup, teardown),
		cmocka_unit_test_setup_teardown(test_edge_source_forgets_a_request_taken_back, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
