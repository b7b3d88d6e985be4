/*
 * devices/htif.c: exit, console, proxied calls, stores in halves of either order, pointers that are not to be trusted.
 */
#include "devices/htif.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RAM_BASE 0x80000000ull
#define RAM_SIZE (64 * PAGE_SIZE)
#define TOHOST (RAM_BASE + 0x1000)
#define FROMHOST (RAM_BASE + 0x1040)
#define BLOCK (RAM_BASE + 0x2000)
#define TEXT (RAM_BASE + 0x3000)

#define PUT(byte) (0x0101000000000000ull | (u8)(byte))
#define GET 0x0100000000000000ull

struct fixture {
	struct bus bus;         /* where the words are */
	struct clock clock;     /* for the wait between halves */
	struct htif *htif;      /* under test */
	char *out;              /* what was written, a string */
	u32 out_count;          /* how much */
	enum machine_stop what; /* the last report */
	u32 code;               /* its code */
	u32 stops;              /* how many */
};

static void put(void *arg, u8 byte)
{
	struct fixture *f = arg;
	assert_true(f->out_count < HTIF_WRITE_MAX);
	f->out[f->out_count++] = (char)byte;
}

static void on_stop(void *arg, enum machine_stop what, u32 code)
{
	struct fixture *f = arg;
	f->what = what;
	f->code = code;
	f->stops++;
}

static struct htif_wiring wiring(struct fixture *f)
{
	return (struct htif_wiring){
		.bus = &f->bus,
		.clock = &f->clock,
		.tohost = TOHOST,
		.fromhost = FROMHOST,
		.out = { .put = put, .arg = f },
		.listener = { .stop = on_stop, .arg = f },
	};
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct error err;
	f->out = xcalloc(HTIF_WRITE_MAX + 1, 1);
	bus_init(&f->bus);
	clock_init(&f->clock);
	assert_true(bus_add_ram(&f->bus, "ram", RAM_BASE, RAM_SIZE, &err));
	struct htif_wiring w = wiring(f);
	f->htif = htif_create(&w, &err);
	assert_non_null(f->htif);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	htif_destroy(f->htif);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
	clock_free(&f->clock);
	bus_free(&f->bus);
	free(f->out);
	free(f);
	return 0;
}

static u64 peek(struct fixture *f, u64 pa)
{
	u64 value = 0;
	assert_true(bus_load(&f->bus, pa, 8, &value));
	return value;
}

/* A store as the guest's hart does it. */
static void guest_store(struct fixture *f, u64 pa, u32 size, u64 value)
{
	assert_true(bus_store(&f->bus, pa, size, value));
	htif_stored(f->htif, pa, size);
}

/* Has the guest ask for a system call with up to three arguments, and gives its result. */
static s64 call(struct fixture *f, u64 number, u64 a0, u64 a1, u64 a2)
{
	u64 block[8] = { number, a0, a1, a2 };
	assert_true(bus_write(&f->bus, BLOCK, block, sizeof(block)));
	guest_store(f, TOHOST, 8, BLOCK);
	assert_int_equal(peek(f, TOHOST), 0);
	assert_int_equal(peek(f, FROMHOST), 1);
	guest_store(f, FROMHOST, 8, 0);
	return (s64)peek(f, BLOCK);
}

static void check_exit(struct fixture *f, u32 code)
{
	assert_int_equal(f->stops, 1);
	assert_int_equal(f->what, STOP_POWEROFF);
	assert_int_equal(f->code, code);
	assert_int_equal(peek(f, TOHOST), 0);
	f->stops = 0;
}

static void test_odd_value_is_the_exit_status(void **state)
{
	struct fixture *f = *state;
	guest_store(f, TOHOST, 8, 1);
	check_exit(f, 0);
	guest_store(f, TOHOST, 8, 1337 << 1 | 1);
	check_exit(f, 1337);
}

static void test_zero_asks_for_nothing(void **state)
{
	struct fixture *f = *state;
	guest_store(f, TOHOST, 8, 0);
	assert_int_equal(f->stops, 0);
	assert_int_equal(peek(f, FROMHOST), 0);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
}

static void test_stores_elsewhere_ask_for_nothing(void **state)
{
	struct fixture *f = *state;
	assert_true(bus_store(&f->bus, TOHOST, 8, 1));
	htif_stored(f->htif, TOHOST - 8, 8);
	htif_stored(f->htif, TOHOST + 8, 8);
	htif_stored(f->htif, TOHOST - 1, 1);
	assert_int_equal(f->stops, 0);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
	htif_stored(f->htif, TOHOST - 8, 64);
	check_exit(f, 0);
}

static void test_poll_takes_what_is_there(void **state)
{
	struct fixture *f = *state;
	htif_poll(f->htif);
	assert_int_equal(f->stops, 0);
	assert_true(bus_store(&f->bus, TOHOST, 8, 3));
	htif_poll(f->htif);
	check_exit(f, 1);
}

static void test_low_half_first_then_high(void **state)
{
	struct fixture *f = *state;
	guest_store(f, TOHOST, 4, 5);
	assert_int_equal(f->stops, 0);
	guest_store(f, TOHOST + 4, 4, 0);
	check_exit(f, 2);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
}

static void test_high_half_first_then_low(void **state)
{
	struct fixture *f = *state;
	guest_store(f, TOHOST + 4, 4, 0);
	guest_store(f, TOHOST, 4, 5);
	check_exit(f, 2);
}

static void test_halves_of_a_console_byte_are_no_exit(void **state)
{
	struct fixture *f = *state;
	guest_store(f, TOHOST, 4, 'A');
	guest_store(f, TOHOST + 4, 4, PUT(0) >> 32);
	guest_store(f, TOHOST + 4, 4, PUT(0) >> 32);
	guest_store(f, TOHOST, 4, 'C');
	assert_int_equal(f->stops, 0);
	assert_string_equal(f->out, "AC");
}

static void test_half_alone_is_taken_after_a_while(void **state)
{
	struct fixture *f = *state;
	clock_run(&f->clock, 500);
	guest_store(f, TOHOST, 4, 7);
	for (u32 i = 0; i < 10; i++)
		guest_store(f, TOHOST, 4, 7);
	assert_int_equal(clock_next(&f->clock), 500 + HTIF_HALF_WAIT_NS);
	clock_run(&f->clock, 500 + HTIF_HALF_WAIT_NS);
	check_exit(f, 3);
}

static void test_narrow_store_is_taken_after_a_while(void **state)
{
	struct fixture *f = *state;
	guest_store(f, TOHOST, 1, 1);
	guest_store(f, TOHOST + 4, 2, 0);
	assert_int_equal(f->stops, 0);
	clock_run(&f->clock, HTIF_HALF_WAIT_NS);
	check_exit(f, 0);
}

static void test_whole_store_after_a_half_counts_alone(void **state)
{
	struct fixture *f = *state;
	guest_store(f, TOHOST, 4, 5);
	guest_store(f, TOHOST, 8, 9);
	check_exit(f, 4);
	assert_int_equal(clock_next(&f->clock), CLOCK_NEVER);
	guest_store(f, TOHOST + 4, 4, 0);
	clock_run(&f->clock, HTIF_HALF_WAIT_NS);
	assert_int_equal(f->stops, 0);
}

static void test_console_put_writes_a_byte_without_answer(void **state)
{
	struct fixture *f = *state;
	for (const char *p = "hello"; *p; p++) {
		guest_store(f, TOHOST, 8, PUT(*p));
		assert_int_equal(peek(f, TOHOST), 0);
		assert_int_equal(peek(f, FROMHOST), 0);
	}
	assert_string_equal(f->out, "hello");
}

static void test_console_get_waits_for_a_byte(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(htif_room(f->htif), 0);
	htif_receive(f->htif, 'x');
	guest_store(f, TOHOST, 8, GET);
	assert_int_equal(peek(f, FROMHOST), 0);
	assert_int_equal(htif_room(f->htif), 1);
	htif_receive(f->htif, 0xe4);
	assert_int_equal(peek(f, FROMHOST), GET | 0x1e4);
	assert_int_equal(htif_room(f->htif), 0);
	htif_receive(f->htif, 'y');
	assert_int_equal(peek(f, FROMHOST), GET | 0x1e4);
}

static void test_console_get_waits_until_fromhost_is_free(void **state)
{
	struct fixture *f = *state;
	assert_true(bus_store(&f->bus, FROMHOST, 8, 99));
	guest_store(f, TOHOST, 8, GET);
	assert_int_equal(htif_room(f->htif), 0);
	guest_store(f, FROMHOST, 8, 0);
	assert_int_equal(htif_room(f->htif), 1);
}

static void test_answer_waits_until_fromhost_is_free(void **state)
{
	struct fixture *f = *state;
	u64 block[8] = { 64, 1, TEXT, 0 };
	guest_store(f, TOHOST, 8, GET);
	htif_receive(f->htif, 'x');
	assert_true(bus_write(&f->bus, BLOCK, block, sizeof(block)));
	guest_store(f, TOHOST, 8, BLOCK);
	assert_int_equal(peek(f, FROMHOST), GET | 0x100 | 'x');
	guest_store(f, FROMHOST, 8, 0);
	assert_int_equal(peek(f, FROMHOST), 1);
	guest_store(f, FROMHOST, 8, 0);
	assert_int_equal(peek(f, FROMHOST), 0);
}

static void test_write_goes_to_the_console(void **state)
{
	struct fixture *f = *state;
	assert_true(bus_write(&f->bus, TEXT, "one two", 7));
	assert_int_equal(call(f, 64, 1, TEXT, 4), 4);
	assert_int_equal(call(f, 64, 2, TEXT + 4, 3), 3);
	assert_int_equal(call(f, 64, 1, TEXT, 0), 0);
	assert_string_equal(f->out, "one two");
}

static void test_write_to_another_descriptor_is_refused(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(call(f, 64, 0, TEXT, 4), -9);
	assert_int_equal(call(f, 64, 3, TEXT, 4), -9);
	assert_int_equal(call(f, 64, UINT64_MAX, TEXT, 4), -9);
	assert_int_equal(f->out_count, 0);
}

static void test_write_from_outside_ram_is_a_bad_address(void **state)
{
	struct fixture *f = *state;
	static const u64 bad[] = { 0, RAM_BASE - 1, RAM_BASE + RAM_SIZE, RAM_BASE + RAM_SIZE - 3, UINT64_MAX };
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(call(f, 64, 1, bad[i], 4), -14);
	assert_int_equal(f->out_count, 0);
	assert_int_equal(call(f, 64, 1, RAM_BASE + RAM_SIZE - 4, 4), 4);
}

static void test_write_of_too_much_is_short(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(call(f, 64, 1, TEXT, UINT64_MAX), HTIF_WRITE_MAX);
	assert_int_equal(f->out_count, HTIF_WRITE_MAX);
}

static void test_exit_call_stops_with_its_status(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(call(f, 93, 42, 0, 0), 0);
	check_exit(f, 42);
}

static void test_other_calls_are_not_there(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(call(f, 63, 0, TEXT, 4), -38);
	assert_int_equal(call(f, UINT64_MAX, 0, 0, 0), -38);
	assert_int_equal(f->stops, 0);
}

static void test_call_block_outside_ram_is_answered_and_dropped(void **state)
{
	struct fixture *f = *state;
	static const u64 bad[] = { 2, RAM_BASE - 8, RAM_BASE + RAM_SIZE - 56, RAM_BASE + RAM_SIZE, 0xfffffffffffeull };
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		guest_store(f, TOHOST, 8, bad[i]);
		assert_int_equal(peek(f, TOHOST), 0);
		assert_int_equal(peek(f, FROMHOST), 1);
		guest_store(f, FROMHOST, 8, 0);
	}
	assert_int_equal(f->stops, 0);
}

static void test_unknown_devices_are_dropped(void **state)
{
	struct fixture *f = *state;
	guest_store(f, TOHOST, 8, 0x0200000000000001ull);
	guest_store(f, TOHOST, 8, 0x0102000000000001ull);
	guest_store(f, TOHOST, 8, 0x0001000000000001ull);
	guest_store(f, TOHOST, 8, UINT64_MAX);
	assert_int_equal(peek(f, TOHOST), 0);
	assert_int_equal(peek(f, FROMHOST), 0);
	assert_int_equal(f->stops, 0);
}

static void on_code_written(void *arg, u64 pa, u64 size)
{
	struct fixture *f = arg;
	htif_stored(f->htif, pa, size);
}

/* Its own stores to the words it watches must not confuse it. */
static void test_it_may_hear_its_own_stores(void **state)
{
	struct fixture *f = *state;
	struct error err;
	u64 block[8] = { 64, 1, TEXT, 3 };
	f->bus.code_written = on_code_written;
	f->bus.code_written_arg = f;
	assert_true(bus_pin(&f->bus, TOHOST, 8, &err));
	assert_true(bus_pin(&f->bus, FROMHOST, 8, &err));
	assert_true(bus_write(&f->bus, TEXT, "abc", 3));
	assert_true(bus_write(&f->bus, BLOCK, block, sizeof(block)));
	assert_true(bus_store(&f->bus, TOHOST, 8, BLOCK));
	assert_string_equal(f->out, "abc");
	assert_int_equal(peek(f, FROMHOST), 1);
	assert_true(bus_store(&f->bus, FROMHOST, 8, 0));
	assert_int_equal(peek(f, FROMHOST), 0);
	assert_true(bus_store(&f->bus, TOHOST, 4, 'A'));
	assert_true(bus_store(&f->bus, TOHOST + 4, 4, PUT(0) >> 32));
	assert_string_equal(f->out, "abcA");
	assert_true(bus_store(&f->bus, TOHOST, 8, 1));
	check_exit(f, 0);
}

static void test_program_without_fromhost_gets_no_answers(void **state)
{
	struct fixture *f = *state;
	struct error err;
	struct htif_wiring w = wiring(f);
	u64 block[8] = { 64, 1, TEXT, 3 };
	w.fromhost = 0;
	htif_destroy(f->htif);
	f->htif = htif_create(&w, &err);
	assert_true(bus_write(&f->bus, TEXT, "abc", 3));
	assert_true(bus_write(&f->bus, BLOCK, block, sizeof(block)));
	guest_store(f, TOHOST, 8, BLOCK);
	assert_string_equal(f->out, "abc");
	guest_store(f, TOHOST, 8, GET);
	assert_int_equal(htif_room(f->htif), 0);
	assert_int_equal(peek(f, FROMHOST), 0);
}

static void test_create_refuses_words_outside_ram(void **state)
{
	struct fixture *f = *state;
	static const u64 bad[] = { TOHOST + 4, TOHOST + 1, RAM_BASE - 8, RAM_BASE + RAM_SIZE };
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		struct error err;
		struct htif_wiring w = wiring(f);
		w.tohost = bad[i];
		assert_null(htif_create(&w, &err));
		assert_non_null(strstr(err.text, "tohost"));
		w = wiring(f);
		w.fromhost = bad[i];
		assert_null(htif_create(&w, &err));
		assert_non_null(strstr(err.text, "fromhost"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_odd_value_is_the_exit_status, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zero_asks_for_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stores_elsewhere_ask_for_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_poll_takes_what_is_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_low_half_first_then_high, setup, teardown),
		cmocka_unit_test_setup_teardown(test_high_half_first_then_low, setup, teardown),
		cmocka_unit_test_setup_teardown(test_halves_of_a_console_byte_are_no_exit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_half_alone_is_taken_after_a_while, setup, teardown),
		cmocka_unit_test_setup_teardown(test_narrow_store_is_taken_after_a_while, setup, teardown),
		cmocka_unit_test_setup_teardown(test_whole_store_after_a_half_counts_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_console_put_writes_a_byte_without_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_console_get_waits_for_a_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(test_console_get_waits_until_fromhost_is_free, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answer_waits_until_fromhost_is_free, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_goes_to_the_console, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_to_another_descriptor_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_from_outside_ram_is_a_bad_address, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_of_too_much_is_short, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exit_call_stops_with_its_status, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_calls_are_not_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_call_block_outside_ram_is_answered_and_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_devices_are_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_it_may_hear_its_own_stores, setup, teardown),
		cmocka_unit_test_setup_teardown(test_program_without_fromhost_gets_no_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_create_refuses_words_outside_ram, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
