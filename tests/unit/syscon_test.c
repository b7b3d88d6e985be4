/*
 * devices/syscon.c: what each value asks for, and what is refused or ignored.
 */
#include "devices/syscon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define BASE 0x100000ull

struct fixture {
	struct bus bus;         /* where it is attached */
	struct syscon *syscon;  /* under test */
	enum machine_stop what; /* the last report */
	u32 code;               /* its code */
	u32 stops;              /* how many */
};

static void on_stop(void *arg, enum machine_stop what, u32 code)
{
	struct fixture *f = arg;
	f->what = what;
	f->code = code;
	f->stops++;
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct error err;
	bus_init(&f->bus);
	f->syscon = syscon_create(&f->bus, BASE, (struct stop_listener){ .stop = on_stop, .arg = f }, &err);
	assert_non_null(f->syscon);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	syscon_destroy(f->syscon);
	bus_free(&f->bus);
	free(f);
	return 0;
}

static void check(struct fixture *f, u32 size, u64 value, enum machine_stop what, u32 code)
{
	f->stops = 0;
	assert_true(bus_store(&f->bus, BASE, size, value));
	assert_int_equal(f->stops, 1);
	assert_int_equal(f->what, what);
	assert_int_equal(f->code, code);
}

static void test_pass_powers_off_with_zero(void **state)
{
	check(*state, 4, 0x5555, STOP_POWEROFF, 0);
	check(*state, 2, 0x5555, STOP_POWEROFF, 0);
	check(*state, 4, 0x12345555, STOP_POWEROFF, 0);
}

static void test_fail_powers_off_with_its_code(void **state)
{
	check(*state, 4, 0x00013333, STOP_POWEROFF, 1);
	check(*state, 4, 0xffff3333, STOP_POWEROFF, 0xffff);
	check(*state, 2, 0x3333, STOP_POWEROFF, 0);
}

static void test_reset_reboots(void **state)
{
	check(*state, 4, 0x7777, STOP_REBOOT, 0);
	check(*state, 2, 0x7777, STOP_REBOOT, 0);
}

static void test_other_values_are_ignored(void **state)
{
	struct fixture *f = *state;
	for (u64 value = 0; value < 0x10000; value++)
		if (value != 0x5555 && value != 0x3333 && value != 0x7777)
			assert_true(bus_store(&f->bus, BASE, 4, value));
	assert_true(bus_store(&f->bus, BASE, 4, 0x55550000));
	assert_int_equal(f->stops, 0);
}

static void test_other_offsets_are_ignored(void **state)
{
	struct fixture *f = *state;
	assert_true(bus_store(&f->bus, BASE + 4, 4, 0x5555));
	assert_true(bus_store(&f->bus, BASE + 2, 2, 0x5555));
	assert_true(bus_store(&f->bus, BASE + 0xffc, 4, 0x5555));
	assert_int_equal(f->stops, 0);
}

static void test_loads_give_zero(void **state)
{
	struct fixture *f = *state;
	u64 value = 1;
	assert_true(bus_load(&f->bus, BASE, 4, &value));
	assert_int_equal(value, 0);
	assert_true(bus_load(&f->bus, BASE + 2, 2, &value));
}

static void test_other_sizes_are_refused(void **state)
{
	struct fixture *f = *state;
	u64 value;
	assert_false(bus_store(&f->bus, BASE, 1, 0x55));
	assert_false(bus_store(&f->bus, BASE, 8, 0x5555));
	assert_false(bus_load(&f->bus, BASE, 1, &value));
	assert_false(bus_load(&f->bus, BASE, 8, &value));
	assert_int_equal(f->stops, 0);
}

static void test_without_listener_nothing_happens(void **state)
{
	struct fixture *f = *state;
	struct error err;
	struct syscon *alone = syscon_create(&f->bus, BASE + 0x1000, (struct stop_listener){ 0 }, &err);
	assert_non_null(alone);
	assert_true(bus_store(&f->bus, BASE + 0x1000, 4, 0x5555));
	syscon_destroy(alone);
	assert_null(syscon_create(&f->bus, BASE, (struct stop_listener){ 0 }, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pass_powers_off_with_zero, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fail_powers_off_with_its_code, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reset_reboots, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_values_are_ignored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_offsets_are_ignored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loads_give_zero, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_sizes_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_listener_nothing_happens, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
