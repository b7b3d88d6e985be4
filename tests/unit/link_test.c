/*
 * What passes between the machine and a front: rows, views, serial bytes, wishes; each side in a thread of its own.
 */
#include "emu/display/link.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void count(void *arg)
{
	u32 *times = arg;
	(*times)++;
}

static bool is_readable(const struct link *l)
{
	struct pollfd fd = { .fd = link_descriptor(l), .events = POLLIN };
	return poll(&fd, 1, 0) == 1;
}

static void test_serial_bytes_share_a_wish(void **state)
{
	(void)state;
	struct link *l = link_create();
	struct wish wish = { .kind = WISH_SERIAL, .size = 300, .text = "a" };
	link_send(l, &wish);
	link_send(l, &(struct wish){ .kind = WISH_SERIAL, .size = 2, .text = "bc" });
	link_send(l, &(struct wish){ .kind = WISH_PAUSE });
	link_send(l, &(struct wish){ .kind = WISH_SERIAL, .size = 1, .text = "d" });
	link_send(l, &wish);
	link_send(l, &wish);
	const u32 sizes[] = { 302, 0, 301, 300 };
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		assert_true(link_take(l, &wish));
		assert_int_equal(wish.size, sizes[i]);
		if (i == 0)
			assert_memory_equal(wish.text + 300, "bc", 2);
	}
	assert_false(link_take(l, &wish));
	link_destroy(l);
}

static void test_wishes_come_in_order_and_wake_the_machine(void **state)
{
	(void)state;
	struct link *l = link_create();
	struct wish wish = { .kind = WISH_PAUSE };
	assert_false(is_readable(l));
	assert_false(link_take(l, &wish));
	for (u32 i = 0; i < 100; i++)
		link_send(l, &(struct wish){ .kind = WISH_SPEED, .number = i });
	assert_true(is_readable(l));
	for (u32 i = 0; i < 100; i++) {
		assert_true(link_take(l, &wish));
		assert_int_equal(wish.number, i);
	}
	assert_false(link_take(l, &wish));
	assert_false(is_readable(l));
	link_destroy(l);
}

static void test_rows_that_changed_are_joined(void **state)
{
	(void)state;
	struct link *l = link_create();
	struct picture from = { 0 }, to = { 0 };
	u32 first, rows, wakes = 0;
	link_listen(l, count, &wakes);
	picture_resize(&from, 8, 100);
	assert_false(link_take_screen(l, &to, &first, &rows));
	link_put_screen(l, &from, 0, 100);
	assert_int_equal(wakes, 1);
	assert_true(link_take_screen(l, &to, &first, &rows));
	assert_int_equal(rows, 100);
	from.pixels[20 * 8] = 0x123456;
	link_put_screen(l, &from, 20, 1);
	link_put_screen(l, &from, 40, 2);
	assert_true(link_take_screen(l, &to, &first, &rows));
	assert_int_equal(first, 20);
	assert_int_equal(rows, 22);
	assert_int_equal(to.pixels[20 * 8], 0x123456);
	assert_false(link_take_screen(l, &to, &first, &rows));
	/* Another size: everything is new. */
	picture_resize(&from, 16, 50);
	link_put_screen(l, &from, 49, 1);
	assert_true(link_take_screen(l, &to, &first, &rows));
	assert_int_equal(to.width, 16);
	assert_int_equal(first, 0);
	assert_int_equal(rows, 50);
	picture_free(&from);
	picture_free(&to);
	link_destroy(l);
}

static void test_a_picture_is_wanted_once(void **state)
{
	(void)state;
	struct link *l = link_create();
	struct picture picture = { 0 };
	struct live_view *view = live_view_create();
	picture_resize(&picture, 4, 4);
	assert_false(link_wants_screen(l) || link_wants_live(l));
	link_want(l, LINK_SCREEN);
	link_want(l, LINK_LIVE);
	assert_true(link_wants_screen(l) && link_wants_live(l));
	link_put_screen(l, &picture, 0, 4);
	link_put_live(l, &view);
	assert_false(link_wants_screen(l) || link_wants_live(l));
	live_view_destroy(view);
	picture_free(&picture);
	link_destroy(l);
}

static void test_the_newest_view_counts(void **state)
{
	(void)state;
	struct link *l = link_create();
	struct live_view *from = live_view_create(), *to = NULL;
	assert_false(link_take_live(l, &to));
	for (u64 i = 1; i < 5; i++) {
		from->time_ns = i;
		link_put_live(l, &from);
		assert_non_null(from);
	}
	assert_true(link_take_live(l, &to));
	assert_int_equal(to->time_ns, 4);
	assert_false(link_take_live(l, &to));
	from->time_ns = 9;
	link_put_live(l, &from);
	assert_true(link_take_live(l, &to));
	assert_int_equal(to->time_ns, 9);
	live_view_destroy(from);
	live_view_destroy(to);
	link_destroy(l);
}

#define SERIAL_BYTES (8 * MIB)

static void *read_serial(void *arg)
{
	struct link *l = arg;
	size_t total = 0, size;
	while (total < SERIAL_BYTES) {
		u8 *bytes = link_take_serial(l, &size);
		for (size_t i = 0; i < size; i++)
			if (bytes[i] != (u8)((total + i) / 1000))
				return NULL;
		free(bytes);
		total += size;
	}
	return arg;
}

/* More than fits waits for the reader, and nothing is lost. */
static void test_serial_bytes_wait_for_a_slow_front(void **state)
{
	(void)state;
	struct link *l = link_create();
	u8 bytes[1000];
	u32 wakes = 0;
	pthread_t reader;
	void *result;
	link_listen(l, count, &wakes);
	assert_int_equal(pthread_create(&reader, NULL, read_serial, l), 0);
	for (size_t at = 0; at < SERIAL_BYTES; at += sizeof(bytes)) {
		memset(bytes, (int)(at / 1000), sizeof(bytes));
		link_put_serial(l, bytes, SERIAL_BYTES - at < sizeof(bytes) ? SERIAL_BYTES - at : sizeof(bytes));
	}
	pthread_join(reader, &result);
	assert_ptr_equal(result, l);
	link_destroy(l);
}

/* Nobody waits for a front that has ended, or that has not begun. */
static void test_nobody_waits_for_a_front_that_is_gone(void **state)
{
	(void)state;
	struct link *l = link_create();
	u8 *bytes = xcalloc(1, 3 * MIB);
	u32 wakes = 0;
	link_put_serial(l, bytes, 3 * MIB);
	link_put_serial(l, bytes, 3 * MIB);
	link_listen(l, count, &wakes);
	assert_false(link_front_is_gone(l));
	link_gone(l);
	assert_true(link_front_is_gone(l));
	assert_true(is_readable(l));
	for (u32 i = 0; i < 10; i++)
		link_put_serial(l, bytes, 3 * MIB);
	assert_int_equal(wakes, 0);
	free(bytes);
	link_destroy(l);
}

/* Nor for ever for one that is stuck; once it takes something it gets all that comes then. */
static void test_a_stuck_front_loses_what_does_not_fit(void **state)
{
	(void)state;
	struct link *l = link_create();
	u8 *bytes = xcalloc(1, MIB);
	u32 wakes = 0;
	size_t size;
	link_listen(l, count, &wakes);
	for (u32 i = 0; i < 5; i++)
		link_put_serial(l, bytes, MIB);
	free(link_take_serial(l, &size));
	assert_int_equal(size, MIB);
	link_put_serial(l, bytes, 10);
	free(link_take_serial(l, &size));
	assert_int_equal(size, 10);
	free(bytes);
	link_destroy(l);
}

static void test_status_is_the_last_one(void **state)
{
	(void)state;
	struct link *l = link_create();
	struct link_status status = { .is_paused = true, .message = "held", .message_number = 3 };
	assert_false(link_status(l).is_paused);
	link_put_status(l, &status);
	status = link_status(l);
	assert_true(status.is_paused);
	assert_string_equal(status.message, "held");
	assert_int_equal(status.message_number, 3);
	link_destroy(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wishes_come_in_order_and_wake_the_machine),
		cmocka_unit_test(test_serial_bytes_share_a_wish),
		cmocka_unit_test(test_rows_that_changed_are_joined),
		cmocka_unit_test(test_a_picture_is_wanted_once),
		cmocka_unit_test(test_the_newest_view_counts),
		cmocka_unit_test(test_serial_bytes_wait_for_a_slow_front),
		cmocka_unit_test(test_nobody_waits_for_a_front_that_is_gone),
		cmocka_unit_test(test_a_stuck_front_loses_what_does_not_fit),
		cmocka_unit_test(test_status_is_the_last_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
