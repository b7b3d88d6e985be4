/*
 * devices/virtio_console.c: what the guest sends comes out, what is typed goes in as far as there is room.
 */
#include "devices/virtio_console.h"
#include "tests/unit/state_memory.h"
#include "tests/unit/virtio_driver.h"

#include <stdlib.h>

enum { RX, TX };

struct fixture {
	struct virtio_rig r;            /* bus, RAM and driver */
	struct virtio_console *console; /* under test */
	char out[256];                  /* what the guest sent */
	u32 out_count;                  /* bytes in it */
};

static void put(void *arg, u8 byte)
{
	struct fixture *f = arg;
	assert_true(f->out_count < sizeof(f->out) - 1);
	f->out[f->out_count++] = (char)byte;
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct error err = { "" };
	struct byte_sink out = { .put = put, .arg = f };
	rig_init(&f->r);
	f->console = virtio_console_create(&f->r.bus, RIG_SLOT, rig_irq(&f->r), out, &err);
	assert_non_null(f->console);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	virtio_console_destroy(f->console);
	rig_free(&f->r);
	free(f);
	return 0;
}

static void test_it_is_a_console_with_two_queues_and_no_features(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(rig_in(&f->r, R_DEVICE_ID), 3);
	rig_out(&f->r, R_QUEUE_SEL, 1);
	assert_int_not_equal(rig_in(&f->r, R_QUEUE_NUM_MAX), 0);
	rig_out(&f->r, R_QUEUE_SEL, 2);
	assert_int_equal(rig_in(&f->r, R_QUEUE_NUM_MAX), 0);
	assert_int_equal(rig_offered(&f->r), F_VERSION_1 | F_INDIRECT | F_EVENT_IDX);
}

static void test_what_the_guest_sends_comes_out_in_order(void **state)
{
	struct fixture *f = *state;
	rig_start(&f->r, 0, 2, 8);
	u64 pa = rig_bytes(&f->r, "one two three", 13);
	rig_chain(&f->r, TX, &(struct rig_piece){ pa, 4, false }, 1);
	u16 second = rig_chain(&f->r, TX, (struct rig_piece[]){ { pa + 4, 4, false }, { pa + 8, 5, false } }, 2);
	assert_int_equal(f->out_count, 0);
	rig_notify(&f->r, TX);
	assert_string_equal(f->out, "one two three");
	assert_int_equal(rig_expect_used(&f->r, TX, 0), 0);
	assert_int_equal(rig_expect_used(&f->r, TX, second), 0);
	assert_int_equal(rig_ack(&f->r), I_USED);
}

static void test_there_is_no_room_before_the_guest_made_some(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(virtio_console_room(f->console), 0);
	virtio_console_receive(f->console, 'x'); /* lost */
	rig_start(&f->r, 0, 2, 8);
	assert_int_equal(virtio_console_room(f->console), 0);
	virtio_console_receive(f->console, 'y');
	assert_false(rig_used(&f->r, RX, NULL, NULL));
	assert_false(f->r.irq);
}

static void test_typed_bytes_take_a_buffer_each(void **state)
{
	struct fixture *f = *state;
	rig_start(&f->r, 0, 2, 8);
	u64 pa = rig_alloc(&f->r, 64);
	for (u32 i = 0; i < 3; i++)
		rig_send(&f->r, RX, &(struct rig_piece){ pa + 16 * i, 16, true }, 1);
	assert_false(f->r.irq);
	for (u16 i = 0; i < 3; i++) {
		assert_int_not_equal(virtio_console_room(f->console), 0);
		virtio_console_receive(f->console, (u8)('a' + i));
		assert_int_equal(rig_ack(&f->r), I_USED);
		assert_int_equal(rig_expect_used(&f->r, RX, i), 1);
		assert_int_equal(rig_load(&f->r, pa + 16 * i, 2), 'a' + i);
	}
	assert_int_equal(virtio_console_room(f->console), 0);
	virtio_console_receive(f->console, 'd');
	assert_false(rig_used(&f->r, RX, NULL, NULL));
}

static void test_sending_without_buffers_to_receive_works(void **state)
{
	struct fixture *f = *state;
	rig_start(&f->r, 0, 2, 8);
	u64 pa = rig_bytes(&f->r, "!", 1);
	rig_notify(&f->r, RX);
	rig_expect_used(&f->r, TX, rig_send(&f->r, TX, &(struct rig_piece){ pa, 1, false }, 1));
	assert_string_equal(f->out, "!");
}

static void test_a_buffer_to_receive_without_room_breaks(void **state)
{
	struct fixture *f = *state;
	rig_start(&f->r, 0, 2, 8);
	rig_send(&f->r, RX, &(struct rig_piece){ RIG_RAM, 8, false }, 1);
	assert_int_not_equal(virtio_console_room(f->console), 0);
	assert_false(rig_is_broken(&f->r));
	virtio_console_receive(f->console, 'x');
	assert_true(rig_is_broken(&f->r));
	assert_false(rig_used(&f->r, RX, NULL, NULL));
	assert_int_equal(virtio_console_room(f->console), 0);
}

static void test_a_request_of_more_than_a_mebibyte_breaks(void **state)
{
	struct fixture *f = *state;
	rig_start(&f->r, 0, 2, 8);
	rig_send(&f->r, TX, &(struct rig_piece){ RIG_RAM, MIB + 1, false }, 1);
	assert_true(rig_is_broken(&f->r));
	assert_int_equal(f->out_count, 0);
}

static void test_buffers_to_receive_survive_a_snapshot(void **state)
{
	struct fixture *f = *state;
	struct state_memory m;
	rig_start(&f->r, 0, 2, 8);
	u64 pa = rig_alloc(&f->r, 1);
	u16 head = rig_send(&f->r, RX, &(struct rig_piece){ pa, 1, true }, 1);
	struct state s = state_saving(&m);
	virtio_console_state(&s, f->console);
	rig_out(&f->r, R_STATUS, 0);
	assert_int_equal(virtio_console_room(f->console), 0);
	s = state_loading(&m);
	virtio_console_state(&s, f->console);
	assert_true(state_ok(&s));
	assert_int_not_equal(virtio_console_room(f->console), 0);
	virtio_console_receive(f->console, 'z');
	assert_int_equal(rig_expect_used(&f->r, RX, head), 1);
	assert_int_equal(rig_load(&f->r, pa, 1), 'z');
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_a_console_with_two_queues_and_no_features), TEST(what_the_guest_sends_comes_out_in_order),
		TEST(there_is_no_room_before_the_guest_made_some),     TEST(typed_bytes_take_a_buffer_each),
		TEST(sending_without_buffers_to_receive_works),        TEST(a_buffer_to_receive_without_room_breaks),
		TEST(a_request_of_more_than_a_mebibyte_breaks),        TEST(buffers_to_receive_survive_a_snapshot),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
