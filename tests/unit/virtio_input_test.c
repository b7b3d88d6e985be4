/*
 * devices/virtio_input.c: what the three kinds say of themselves (virtio 1.2, section 5.8, and what QEMU's devices
 * say), events on their way in, LEDs on their way out.
 */
#include "devices/virtio_input.h"
#include "tests/unit/state_memory.h"
#include "tests/unit/virtio_driver.h"

#include <linux/input-event-codes.h>
#include <stdlib.h>

enum { EVENTS, STATUS };
enum { ID_NAME = 1, ID_SERIAL = 2, ID_DEVIDS = 3, PROP_BITS = 0x10, EV_BITS = 0x11, ABS_INFO = 0x12 };

struct fixture {
	struct virtio_rig r;        /* bus, RAM and driver */
	struct virtio_input *input; /* under test */
	u8 payload[128];            /* what was selected last */
};

static int make(void **state, enum virtio_input_kind kind)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct error err = { "" };
	rig_init(&f->r);
	f->input = virtio_input_create(&f->r.bus, RIG_SLOT, rig_irq(&f->r), kind, &err);
	assert_non_null(f->input);
	*state = f;
	return 0;
}

static int keyboard(void **state)
{
	return make(state, VIRTIO_INPUT_KEYBOARD);
}

static int mouse(void **state)
{
	return make(state, VIRTIO_INPUT_MOUSE);
}

static int tablet(void **state)
{
	return make(state, VIRTIO_INPUT_TABLET);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	virtio_input_destroy(f->input);
	rig_free(&f->r);
	free(f);
	return 0;
}

/* Selects, and returns the size. Behind it there are zeros. */
static u32 look_at(struct fixture *f, u32 select, u32 subsel)
{
	rig_store(&f->r, RIG_BASE + R_CONFIG, 1, select);
	rig_store(&f->r, RIG_BASE + R_CONFIG + 1, 1, subsel);
	u32 size = (u32)rig_config(&f->r, 2, 1);
	assert_true(size <= 128);
	for (u32 i = 0; i < 128; i++) {
		f->payload[i] = (u8)rig_config(&f->r, 8 + i, 1);
		if (i >= size)
			assert_int_equal(f->payload[i], 0);
	}
	return size;
}

static bool has_bit(const struct fixture *f, u32 bit)
{
	return f->payload[bit / 8] >> bit % 8 & 1;
}

static void check_id(struct fixture *f, const char *name, u32 product, u32 version)
{
	assert_int_equal(rig_in(&f->r, R_DEVICE_ID), 18);
	assert_int_equal(look_at(f, ID_NAME, 0), strlen(name));
	assert_memory_equal(f->payload, name, strlen(name));
	assert_int_equal(look_at(f, ID_SERIAL, 0), 0);
	assert_int_equal(look_at(f, PROP_BITS, 0), 0);
	assert_int_equal(look_at(f, ID_DEVIDS, 0), 8);
	const u16 ids[4] = { 6, 0x627, (u16)product, (u16)version };
	assert_memory_equal(f->payload, ids, sizeof(ids));
	assert_int_equal(look_at(f, ID_DEVIDS, 1), 0);
	assert_int_equal(look_at(f, 0, 0), 0);
	assert_int_equal(look_at(f, 0x55, 0), 0);
	assert_int_equal(look_at(f, EV_BITS, 0xff), 0);
	assert_int_equal(look_at(f, ABS_INFO, 0xff), 0);
	rig_store(&f->r, RIG_BASE + R_CONFIG + 2, 1, 77); /* not the driver's to write */
	assert_int_equal(rig_config(&f->r, 2, 1), 0);
}

/* The keys that Linux lists for QEMU's keyboard: "KEY=400000000 3078f800dfff febeffff7bcfffff fffffffffffffffe". */
static void test_keyboard_has_the_keys_of_qemus(void **state)
{
	static const u64 keys[4] = { 0xfffffffffffffffe, 0xfebeffff7bcfffff, 0x3078f800dfff, 0x400000000 };
	struct fixture *f = *state;
	check_id(f, "rvemu keyboard", 1, 1);
	assert_int_equal(look_at(f, EV_BITS, EV_KEY), 226 / 8 + 1);
	assert_memory_equal(f->payload, keys, 226 / 8 + 1);
	assert_int_equal(look_at(f, EV_BITS, EV_REP), 1);
	assert_int_equal(look_at(f, EV_BITS, EV_LED), 1);
	assert_int_equal(f->payload[0], 7);
	assert_int_equal(look_at(f, EV_BITS, EV_REL), 0);
	assert_int_equal(look_at(f, EV_BITS, EV_ABS), 0);
	assert_int_equal(look_at(f, ABS_INFO, ABS_X), 0);
}

static void check_buttons(struct fixture *f)
{
	assert_int_equal(look_at(f, EV_BITS, EV_KEY), BTN_GEAR_UP / 8 + 1);
	for (u32 key = 0; key <= BTN_GEAR_UP; key++)
		assert_int_equal(has_bit(f, key), (key >= BTN_LEFT && key <= BTN_EXTRA) || key >= BTN_GEAR_DOWN);
	assert_int_equal(look_at(f, EV_BITS, EV_LED), 0);
	assert_int_equal(look_at(f, EV_BITS, EV_REP), 0);
}

static void test_mouse_moves_relatively(void **state)
{
	struct fixture *f = *state;
	check_id(f, "rvemu mouse", 2, 2);
	check_buttons(f);
	assert_int_equal(look_at(f, EV_BITS, EV_REL), 2);
	assert_true(has_bit(f, REL_X) && has_bit(f, REL_Y) && has_bit(f, REL_WHEEL));
	assert_int_equal(look_at(f, EV_BITS, EV_ABS), 0);
	assert_int_equal(look_at(f, ABS_INFO, ABS_X), 0);
}

static void test_tablet_has_two_axes(void **state)
{
	struct fixture *f = *state;
	check_id(f, "rvemu tablet", 3, 2);
	check_buttons(f);
	assert_int_equal(look_at(f, EV_BITS, EV_REL), 2);
	assert_true(!has_bit(f, REL_X) && !has_bit(f, REL_Y) && has_bit(f, REL_WHEEL));
	assert_int_equal(look_at(f, EV_BITS, EV_ABS), 1);
	assert_int_equal(f->payload[0], 3);
	const u32 axis[5] = { 0, 32767, 0, 0, 0 };
	for (u32 i = 0; i < 2; i++) {
		assert_int_equal(look_at(f, ABS_INFO, i), sizeof(axis));
		assert_memory_equal(f->payload, axis, sizeof(axis));
	}
	assert_int_equal(look_at(f, ABS_INFO, 2), 0);
}

/* Gives the device a buffer for an event. */
static u64 give_buffer(struct fixture *f, u32 size)
{
	u64 pa = rig_alloc(&f->r, 8);
	rig_send(&f->r, EVENTS, &(struct rig_piece){ pa, size, true }, 1);
	return pa;
}

static void test_events_take_a_buffer_each(void **state)
{
	struct fixture *f = *state;
	const struct virtio_input_event key = { EV_KEY, KEY_A, 1 }, syn = { EV_SYN, 0, 0 };
	struct virtio_input_event got;
	assert_int_equal(virtio_input_room(f->input), 0);
	virtio_input_receive(f->input, key); /* lost */
	rig_start(&f->r, 0, 2, 8);
	assert_int_equal(virtio_input_room(f->input), 0);
	u64 first = give_buffer(f, 8), second = give_buffer(f, 100);
	assert_int_equal(virtio_input_room(f->input), 2);
	virtio_input_receive(f->input, key);
	assert_int_equal(rig_ack(&f->r), I_USED);
	virtio_input_receive(f->input, syn);
	virtio_input_receive(f->input, key); /* lost */
	assert_int_equal(virtio_input_room(f->input), 0);
	assert_int_equal(rig_expect_used(&f->r, EVENTS, 0), 8);
	assert_int_equal(rig_expect_used(&f->r, EVENTS, 1), 8);
	assert_false(rig_used(&f->r, EVENTS, NULL, NULL));
	rig_get(&f->r, first, &got, sizeof(got));
	assert_memory_equal(&got, &key, sizeof(got));
	rig_get(&f->r, second, &got, sizeof(got));
	assert_memory_equal(&got, &syn, sizeof(got));
}

static void test_room_is_no_more_than_the_ring(void **state)
{
	struct fixture *f = *state;
	rig_start(&f->r, 0, 2, 8);
	rig_store(&f->r, f->r.queues[EVENTS].avail + 2, 2, 5000);
	assert_int_equal(virtio_input_room(f->input), 8);
	virtio_input_receive(f->input, (struct virtio_input_event){ 0 });
	assert_true(rig_is_broken(&f->r));
	assert_int_equal(virtio_input_room(f->input), 0);
}

static void test_buffer_that_is_too_small_breaks_it(void **state)
{
	struct fixture *f = *state;
	rig_start(&f->r, 0, 2, 8);
	give_buffer(f, 7);
	assert_false(rig_is_broken(&f->r));
	virtio_input_receive(f->input, (struct virtio_input_event){ EV_KEY, KEY_A, 1 });
	assert_true(rig_is_broken(&f->r));
}

static void light(struct fixture *f, u16 type, u16 led, s32 on)
{
	const struct virtio_input_event event = { type, led, on };
	u64 pa = rig_bytes(&f->r, &event, sizeof(event));
	u16 head = rig_send(&f->r, STATUS, &(struct rig_piece){ pa, sizeof(event), false }, 1);
	assert_int_equal(rig_expect_used(&f->r, STATUS, head), 0);
}

static void test_leds_are_what_the_guest_says(void **state)
{
	struct fixture *f = *state;
	rig_start(&f->r, 0, 2, 8);
	assert_int_equal(virtio_input_leds(f->input), 0);
	light(f, EV_LED, LED_CAPSL, 1);
	light(f, EV_LED, LED_NUML, 1);
	assert_int_equal(virtio_input_leds(f->input), 3);
	light(f, EV_LED, LED_NUML, 0);
	light(f, EV_LED, 64, 1);
	light(f, EV_LED, 0xffff, 1);
	light(f, EV_REP, LED_SCROLLL, 1);
	light(f, EV_SYN, 0, 0);
	assert_int_equal(virtio_input_leds(f->input), 2);
	u64 pa = rig_alloc(&f->r, 8); /* half an event */
	u16 head = rig_send(&f->r, STATUS, &(struct rig_piece){ pa, 7, false }, 1);
	assert_int_equal(rig_expect_used(&f->r, STATUS, head), 0);
	rig_out(&f->r, R_STATUS, 0);
	assert_int_equal(virtio_input_leds(f->input), 0);
}

static void test_snapshot_has_leds_and_selection(void **state)
{
	struct fixture *f = *state;
	struct state_memory *m = xcalloc(1, sizeof(*m));
	rig_start(&f->r, 0, 2, 8);
	light(f, EV_LED, LED_CAPSL, 1);
	give_buffer(f, 8);
	u32 size = look_at(f, EV_BITS, EV_KEY);
	struct state s = state_saving(m);
	virtio_input_state(&s, f->input);
	assert_true(state_ok(&s));
	light(f, EV_LED, LED_CAPSL, 0);
	look_at(f, ID_NAME, 0);
	s = state_loading(m);
	virtio_input_state(&s, f->input);
	assert_true(state_ok(&s));
	assert_int_equal(m->at, m->size);
	assert_int_equal(virtio_input_leds(f->input), 2);
	assert_int_equal(virtio_input_room(f->input), 1);
	assert_int_equal(rig_config(&f->r, 0, 1), EV_BITS);
	assert_int_equal(rig_config(&f->r, 2, 1), size);
	assert_int_equal(rig_config(&f->r, 8, 1), 0xfe);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_keyboard_has_the_keys_of_qemus, keyboard, teardown),
		cmocka_unit_test_setup_teardown(test_mouse_moves_relatively, mouse, teardown),
		cmocka_unit_test_setup_teardown(test_tablet_has_two_axes, tablet, teardown),
		cmocka_unit_test_setup_teardown(test_events_take_a_buffer_each, keyboard, teardown),
		cmocka_unit_test_setup_teardown(test_room_is_no_more_than_the_ring, tablet, teardown),
		cmocka_unit_test_setup_teardown(test_buffer_that_is_too_small_breaks_it, mouse, teardown),
		cmocka_unit_test_setup_teardown(test_leds_are_what_the_guest_says, keyboard, teardown),
		cmocka_unit_test_setup_teardown(test_snapshot_has_leds_and_selection, keyboard, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
