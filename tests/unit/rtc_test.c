/*
 * devices/rtc.c: time in two halves, the alarm, the interrupt and what takes it back.
 */
#include "devices/rtc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define BASE 0x101000ull
#define EPOCH_NS 1700000000123456789ull

enum {
	TIME_LOW = 0x00,
	TIME_HIGH = 0x04,
	ALARM_LOW = 0x08,
	ALARM_HIGH = 0x0c,
	IRQ_ENABLED = 0x10,
	CLEAR_ALARM = 0x14,
	ALARM_STATUS = 0x18,
	CLEAR_INTERRUPT = 0x1c,
};

struct fixture {
	struct bus bus;     /* where it is attached */
	struct clock clock; /* what it advances with */
	struct rtc *rtc;    /* under test */
	bool irq;           /* its line */
};

static void hear(void *arg, u32 number, bool level)
{
	struct fixture *f = arg;
	assert_int_equal(number, 11);
	f->irq = level;
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct error err;
	bus_init(&f->bus);
	clock_init(&f->clock);
	struct irq_line irq = { .set = hear, .arg = f, .number = 11 };
	f->rtc = rtc_create(&f->bus, &f->clock, BASE, irq, EPOCH_NS, &err);
	assert_non_null(f->rtc);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	rtc_destroy(f->rtc);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
	clock_free(&f->clock);
	bus_free(&f->bus);
	free(f);
	return 0;
}

static u64 load(struct fixture *f, u64 offset)
{
	u64 value = 0;
	assert_true(bus_load(&f->bus, BASE + offset, 4, &value));
	return value;
}

static void store(struct fixture *f, u64 offset, u64 value)
{
	assert_true(bus_store(&f->bus, BASE + offset, 4, value));
}

static u64 load_time(struct fixture *f)
{
	u64 low = load(f, TIME_LOW);
	return load(f, TIME_HIGH) << 32 | low;
}

static void set_alarm(struct fixture *f, u64 when)
{
	store(f, ALARM_HIGH, when >> 32);
	store(f, ALARM_LOW, when & 0xffffffff);
}

static void test_reset_state(void **state)
{
	struct fixture *f = *state;
	for (u64 offset = TIME_HIGH; offset < 0x40; offset += 4)
		assert_int_equal(load(f, offset), 0);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
}

static void test_time_starts_at_the_given_epoch_and_follows_guest_time(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(load_time(f), EPOCH_NS);
	clock_run(&f->clock, 5000000000ull);
	assert_int_equal(load_time(f), EPOCH_NS + 5000000000ull);
}

static void test_high_half_is_latched_with_the_low(void **state)
{
	struct fixture *f = *state;
	u64 to_carry = 0x100000000ull - (EPOCH_NS & 0xffffffff);
	clock_run(&f->clock, to_carry - 1);
	assert_int_equal(load(f, TIME_LOW), 0xffffffff);
	clock_run(&f->clock, to_carry);
	assert_int_equal(load(f, TIME_HIGH), EPOCH_NS >> 32);
	assert_int_equal(load(f, TIME_LOW), 0);
	assert_int_equal(load(f, TIME_HIGH), (EPOCH_NS >> 32) + 1);
}

static void test_time_can_be_set(void **state)
{
	struct fixture *f = *state;
	clock_run(&f->clock, 12345);
	store(f, TIME_HIGH, 0x11223344);
	store(f, TIME_LOW, 0x55667788);
	assert_int_equal(load_time(f), 0x1122334455667788ull);
	clock_run(&f->clock, 12345 + 10);
	assert_int_equal(load_time(f), 0x1122334455667792ull);
}

static void test_alarm_registers_keep_their_value(void **state)
{
	struct fixture *f = *state;
	set_alarm(f, 0xfedcba9876543210ull);
	assert_int_equal(load(f, ALARM_LOW), 0x76543210);
	assert_int_equal(load(f, ALARM_HIGH), 0xfedcba98);
	assert_int_equal(load(f, ALARM_STATUS), 1);
}

static void test_alarm_rings_at_its_time(void **state)
{
	struct fixture *f = *state;
	store(f, IRQ_ENABLED, 1);
	set_alarm(f, EPOCH_NS + 1000);
	assert_int_equal(load(f, ALARM_STATUS), 1);
	clock_run(&f->clock, 999);
	assert_false(f->irq);
	clock_run(&f->clock, 1000);
	assert_true(f->irq);
	assert_int_equal(load(f, ALARM_STATUS), 0);
	store(f, CLEAR_INTERRUPT, 1);
	assert_false(f->irq);
	clock_run(&f->clock, 10000);
	assert_false(f->irq);
}

static void test_alarm_in_the_past_rings_at_once(void **state)
{
	struct fixture *f = *state;
	store(f, IRQ_ENABLED, 1);
	set_alarm(f, EPOCH_NS);
	assert_true(f->irq);
	assert_int_equal(load(f, ALARM_STATUS), 0);
}

static void test_high_half_alone_arms_nothing(void **state)
{
	struct fixture *f = *state;
	store(f, ALARM_HIGH, 0xffffffff);
	assert_int_equal(load(f, ALARM_STATUS), 0);
}

static void test_new_alarm_replaces_the_old(void **state)
{
	struct fixture *f = *state;
	store(f, IRQ_ENABLED, 1);
	set_alarm(f, EPOCH_NS + 1000);
	set_alarm(f, EPOCH_NS + 2000);
	clock_run(&f->clock, 1999);
	assert_false(f->irq);
	clock_run(&f->clock, 2000);
	assert_true(f->irq);
}

static void test_cleared_alarm_does_not_ring(void **state)
{
	struct fixture *f = *state;
	store(f, IRQ_ENABLED, 1);
	set_alarm(f, EPOCH_NS + 1000);
	store(f, CLEAR_ALARM, 0);
	assert_int_equal(load(f, ALARM_STATUS), 0);
	clock_run(&f->clock, 5000);
	assert_false(f->irq);
}

static void test_interrupt_waits_for_its_enable(void **state)
{
	struct fixture *f = *state;
	set_alarm(f, EPOCH_NS);
	assert_false(f->irq);
	store(f, IRQ_ENABLED, 0xffffffff);
	assert_int_equal(load(f, IRQ_ENABLED), 1);
	assert_true(f->irq);
	store(f, IRQ_ENABLED, 0xfffffffe);
	assert_int_equal(load(f, IRQ_ENABLED), 0);
	assert_false(f->irq);
}

static void test_setting_the_time_moves_an_armed_alarm(void **state)
{
	struct fixture *f = *state;
	store(f, IRQ_ENABLED, 1);
	set_alarm(f, EPOCH_NS + 1000);
	store(f, TIME_LOW, (EPOCH_NS + 600) & 0xffffffff);
	assert_int_equal(clock_next(&f->clock), 400);
	store(f, TIME_LOW, (EPOCH_NS + 1000) & 0xffffffff);
	assert_true(f->irq);
}

static void test_setting_the_time_arms_nothing(void **state)
{
	struct fixture *f = *state;
	store(f, TIME_LOW, 0);
	assert_int_equal(load(f, ALARM_STATUS), 0);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
}

static void test_alarm_beyond_guest_time_never_rings(void **state)
{
	struct fixture *f = *state;
	store(f, TIME_HIGH, 0);
	store(f, TIME_LOW, 0);
	clock_run(&f->clock, 100);
	set_alarm(f, UINT64_MAX);
	assert_int_equal(load(f, ALARM_STATUS), 1);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
}

static void test_unused_places_are_ignored(void **state)
{
	struct fixture *f = *state;
	store(f, ALARM_STATUS, 1);
	store(f, 0x20, 1);
	store(f, 0xffc, 1);
	assert_int_equal(load(f, ALARM_STATUS), 0);
	assert_int_equal(load(f, 0x20), 0);
	assert_int_equal(load(f, 0xffc), 0);
	assert_int_equal(load(f, CLEAR_ALARM), 0);
	assert_int_equal(load(f, CLEAR_INTERRUPT), 0);
}

static void test_other_sizes_are_refused(void **state)
{
	struct fixture *f = *state;
	static const u32 sizes[] = { 1, 2, 8 };
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 value;
		assert_false(bus_load(&f->bus, BASE, sizes[i], &value));
		assert_false(bus_store(&f->bus, BASE, sizes[i], 0));
	}
	assert_int_equal(load_time(f), EPOCH_NS);
}

static void test_create_reports_a_taken_place(void **state)
{
	struct fixture *f = *state;
	struct error err;
	assert_null(rtc_create(&f->bus, &f->clock, BASE, (struct irq_line){ 0 }, 0, &err));
	rtc_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reset_state, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time_starts_at_the_given_epoch_and_follows_guest_time, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(test_high_half_is_latched_with_the_low, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time_can_be_set, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alarm_registers_keep_their_value, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alarm_rings_at_its_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alarm_in_the_past_rings_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_high_half_alone_arms_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_new_alarm_replaces_the_old, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cleared_alarm_does_not_ring, setup, teardown),
		cmocka_unit_test_setup_teardown(test_interrupt_waits_for_its_enable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_setting_the_time_moves_an_armed_alarm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_setting_the_time_arms_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alarm_beyond_guest_time_never_rings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unused_places_are_ignored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_sizes_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_create_reports_a_taken_place, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
