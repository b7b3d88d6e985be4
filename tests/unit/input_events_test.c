/*
 * emu/input_events.c: what a full queue keeps, and what becomes of movements that wait.
 */
#include "emu/input_events.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct input_events q;

static int empty(void **state)
{
	(void)state;
	q = (struct input_events){ 0 };
	return 0;
}

static void put(enum input_port port, u16 type, u16 code, s32 value)
{
	input_events_put(&q, port, (struct virtio_input_event){ type, code, value });
}

static void expect(enum input_port port, u16 type, u16 code, s32 value)
{
	struct virtio_input_event got;
	assert_true(input_events_take(&q, port, &got));
	assert_int_equal(got.type, type);
	assert_int_equal(got.code, code);
	assert_int_equal(got.value, value);
}

static void key(u16 code, s32 value)
{
	put(INPUT_KEYBOARD, EV_KEY, code, value);
	put(INPUT_KEYBOARD, EV_SYN, 0, 0);
}

static void test_events_come_in_order_by_port(void **state)
{
	struct virtio_input_event got;
	(void)state;
	key(KEY_A, 1);
	put(INPUT_POINTER, EV_ABS, ABS_X, 5);
	key(KEY_A, 0);
	assert_int_equal(input_events_count(&q, INPUT_KEYBOARD), 4);
	assert_int_equal(input_events_count(&q, INPUT_POINTER), 1);
	expect(INPUT_KEYBOARD, EV_KEY, KEY_A, 1);
	expect(INPUT_KEYBOARD, EV_SYN, 0, 0);
	expect(INPUT_POINTER, EV_ABS, ABS_X, 5);
	expect(INPUT_KEYBOARD, EV_KEY, KEY_A, 0);
	expect(INPUT_KEYBOARD, EV_SYN, 0, 0);
	assert_false(input_events_take(&q, INPUT_KEYBOARD, &got));
	assert_false(input_events_take(&q, INPUT_POINTER, &got));
}

static void test_rows_end_with_their_syn(void **state)
{
	(void)state;
	assert_int_equal(input_events_row(&q, INPUT_POINTER), 0);
	put(INPUT_POINTER, EV_ABS, ABS_X, 5);
	put(INPUT_POINTER, EV_ABS, ABS_Y, 6);
	assert_int_equal(input_events_row(&q, INPUT_POINTER), 0);
	put(INPUT_POINTER, EV_SYN, 0, 0);
	put(INPUT_POINTER, EV_KEY, BTN_LEFT, 1);
	put(INPUT_POINTER, EV_SYN, 0, 0);
	assert_int_equal(input_events_row(&q, INPUT_POINTER), 3);
	input_events_drop(&q, INPUT_POINTER);
	assert_int_equal(input_events_row(&q, INPUT_POINTER), 0);
	assert_int_equal(input_events_count(&q, INPUT_POINTER), 0);
}

static void move(u16 type, s32 x, s32 y)
{
	put(INPUT_POINTER, type, 0, x);
	put(INPUT_POINTER, type, 1, y);
	put(INPUT_POINTER, EV_SYN, 0, 0);
}

static void test_places_that_wait_are_the_last_one(void **state)
{
	(void)state;
	for (s32 i = 0; i < 5000; i++)
		move(EV_ABS, i, 2 * i);
	assert_int_equal(input_events_count(&q, INPUT_POINTER), 3);
	expect(INPUT_POINTER, EV_ABS, ABS_X, 4999);
	expect(INPUT_POINTER, EV_ABS, ABS_Y, 9998);
	expect(INPUT_POINTER, EV_SYN, 0, 0);
}

static void test_movements_that_wait_add_up(void **state)
{
	(void)state;
	move(EV_REL, 1, -1);
	move(EV_REL, 10, -20);
	put(INPUT_POINTER, EV_REL, REL_WHEEL, 1);
	put(INPUT_POINTER, EV_SYN, 0, 0);
	assert_int_equal(input_events_count(&q, INPUT_POINTER), 5);
	expect(INPUT_POINTER, EV_REL, REL_X, 11);
	expect(INPUT_POINTER, EV_REL, REL_Y, -21);
	expect(INPUT_POINTER, EV_SYN, 0, 0);
	expect(INPUT_POINTER, EV_REL, REL_WHEEL, 1);
	expect(INPUT_POINTER, EV_SYN, 0, 0);
}

/* A drag: where the button went down and up must not move. */
static void test_buttons_between_movements_keep_them_apart(void **state)
{
	(void)state;
	move(EV_ABS, 1, 1);
	put(INPUT_POINTER, EV_KEY, BTN_LEFT, 1);
	put(INPUT_POINTER, EV_SYN, 0, 0);
	move(EV_ABS, 2, 2);
	move(EV_ABS, 3, 3);
	assert_int_equal(input_events_count(&q, INPUT_POINTER), 8);
	expect(INPUT_POINTER, EV_ABS, ABS_X, 1);
	expect(INPUT_POINTER, EV_ABS, ABS_Y, 1);
	expect(INPUT_POINTER, EV_SYN, 0, 0);
	expect(INPUT_POINTER, EV_KEY, BTN_LEFT, 1);
	expect(INPUT_POINTER, EV_SYN, 0, 0);
	expect(INPUT_POINTER, EV_ABS, ABS_X, 3);
}

static void test_full_queue_keeps_room_for_releases(void **state)
{
	u32 released = 0;
	struct virtio_input_event got;
	(void)state;
	key(KEY_LEFTCTRL, 1);
	key(KEY_LEFTALT, 1);
	for (u32 i = 0; i < 5000; i++) {
		key(KEY_A, 1);
		key(KEY_A, 0);
	}
	key(KEY_LEFTALT, 0);
	key(KEY_LEFTCTRL, 0);
	key(KEY_B, 0); /* was not held */
	assert_true(input_events_count(&q, INPUT_KEYBOARD) <= INPUT_EVENTS_MAX);
	s32 balance = 0;
	while (input_events_take(&q, INPUT_KEYBOARD, &got)) {
		if (got.type != EV_KEY)
			continue;
		assert_int_not_equal(got.code, KEY_B);
		released += got.code != KEY_A && !got.value;
		balance += got.value ? 1 : -1;
	}
	assert_int_equal(released, 2);
	assert_int_equal(balance, 0);
	key(KEY_A, 1); /* there is room again */
	assert_int_equal(input_events_count(&q, INPUT_KEYBOARD), 2);
}

static void test_all_keys_may_be_held(void **state)
{
	struct virtio_input_event got;
	s32 balance = 0;
	(void)state;
	for (u16 code = 1; code < KEY_CNT; code++)
		key(code, 1);
	for (u16 code = 1; code < KEY_CNT; code++)
		key(code, 0);
	while (input_events_take(&q, INPUT_KEYBOARD, &got))
		balance += got.type != EV_KEY ? 0 : got.value ? 1 : -1;
	assert_int_equal(balance, 0);
}

static void test_movements_do_not_take_the_room_of_releases(void **state)
{
	(void)state;
	put(INPUT_POINTER, EV_KEY, BTN_LEFT, 1);
	put(INPUT_POINTER, EV_SYN, 0, 0);
	for (u32 i = 0; i < 3000; i++) { /* of two sorts: they are not made one */
		put(INPUT_POINTER, EV_REL, REL_WHEEL, 1);
		put(INPUT_POINTER, EV_ABS, ABS_X, 1);
		put(INPUT_POINTER, EV_SYN, 0, 0);
	}
	put(INPUT_POINTER, EV_KEY, BTN_LEFT, 0);
	put(INPUT_POINTER, EV_SYN, 0, 0);
	u32 count = input_events_count(&q, INPUT_POINTER);
	assert_true(count <= INPUT_EVENTS_MAX);
	for (u32 i = 0; i < count - 2; i++) {
		struct virtio_input_event got;
		assert_true(input_events_take(&q, INPUT_POINTER, &got));
	}
	expect(INPUT_POINTER, EV_KEY, BTN_LEFT, 0);
	expect(INPUT_POINTER, EV_SYN, 0, 0);
}

static void test_keys_that_are_none_are_dropped(void **state)
{
	(void)state;
	put(INPUT_KEYBOARD, EV_KEY, KEY_CNT, 1);
	put(INPUT_KEYBOARD, EV_KEY, 0xffff, 1);
	put(INPUT_KEYBOARD, EV_SYN, 0, 0);
	assert_int_equal(input_events_count(&q, INPUT_KEYBOARD), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_events_come_in_order_by_port, empty),
		cmocka_unit_test_setup(test_rows_end_with_their_syn, empty),
		cmocka_unit_test_setup(test_places_that_wait_are_the_last_one, empty),
		cmocka_unit_test_setup(test_movements_that_wait_add_up, empty),
		cmocka_unit_test_setup(test_buttons_between_movements_keep_them_apart, empty),
		cmocka_unit_test_setup(test_full_queue_keeps_room_for_releases, empty),
		cmocka_unit_test_setup(test_all_keys_may_be_held, empty),
		cmocka_unit_test_setup(test_movements_do_not_take_the_room_of_releases, empty),
		cmocka_unit_test_setup(test_keys_that_are_none_are_dropped, empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
