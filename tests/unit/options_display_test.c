/*
 * --display and --screen, and the devices that make a screen: what they say, which slots they take, what is refused.
 */
#include "emu/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/options_rig.h"

#include "devices/virtio_input.h"
#include "emu/options_devices.h"

static void expect_slot(u32 slot, enum slot_kind kind, u32 index)
{
	assert_int_equal(config.slots[slot].kind, kind);
	assert_int_equal(config.slots[slot].index, index);
}

static bool has_screen(void)
{
	return display_options_has_screen(&config.screen, &config.display);
}

static void test_without_options_the_guest_has_no_screen(void **state)
{
	(void)state;
	expect("");
	assert_int_equal(config.display.kind, DISPLAY_AUTO);
	assert_false(has_screen());
	expect_slot(0, SLOT_EMPTY, 0);
	expect("-nographic");
	assert_int_equal(config.display.kind, DISPLAY_NONE);
	assert_false(has_screen());
}

static void test_a_window_brings_a_screen(void **state)
{
	(void)state;
	expect("--display sdl --drive a");
	assert_true(has_screen());
	assert_int_equal(config.screen.width, 1024);
	assert_int_equal(config.screen.height, 768);
	expect_slot(0, SLOT_BLK, 0);
	expect_slot(1, SLOT_GPU, 0);
	expect_slot(2, SLOT_INPUT, VIRTIO_INPUT_KEYBOARD);
	expect_slot(3, SLOT_INPUT, VIRTIO_INPUT_TABLET);
	expect_slot(4, SLOT_EMPTY, 0);
	expect("--display png:x.png");
	assert_true(has_screen());
	assert_string_equal(config.display.png, "x.png");
	expect("--display sdl --screen off");
	assert_false(has_screen());
	expect_slot(0, SLOT_EMPTY, 0);
	expect("--display tui");
	assert_false(has_screen());
}

static void test_words_of_the_window(void **state)
{
	(void)state;
	expect("--display sdl,scale=smooth,fullscreen=on,tab=mmu");
	assert_int_equal(config.display.kind, DISPLAY_SDL);
	assert_int_equal(config.display.scale, DISPLAY_SCALE_SMOOTH);
	assert_int_equal(config.display.tab, DISPLAY_TAB_MMU);
	assert_true(config.display.fullscreen);
	expect("--display sdl,tab=serial");
	assert_int_equal(config.display.scale, DISPLAY_SCALE_INTEGER);
	assert_int_equal(config.display.tab, DISPLAY_TAB_SERIAL);
}

static void test_words_of_the_screen(void **state)
{
	(void)state;
	expect("--screen 1280x800,gpu=off,pointer=mouse");
	assert_true(has_screen());
	assert_int_equal(config.screen.width, 1280);
	assert_int_equal(config.screen.height, 800);
	assert_true(config.screen.no_gpu && !config.screen.no_simple);
	expect_slot(0, SLOT_INPUT, VIRTIO_INPUT_KEYBOARD);
	expect_slot(1, SLOT_INPUT, VIRTIO_INPUT_MOUSE);
	expect("--screen on,simple=off,pointer=none");
	expect_slot(0, SLOT_GPU, 0);
	expect_slot(1, SLOT_INPUT, VIRTIO_INPUT_KEYBOARD);
	expect_slot(2, SLOT_EMPTY, 0);
}

static void test_devices_by_qemus_names(void **state)
{
	(void)state;
	expect("-device virtio-keyboard-device,bus=virtio-mmio-bus.7 -device virtio-gpu-device,xres=800,yres=600");
	assert_int_equal(config.screen.width, 800);
	assert_int_equal(config.screen.height, 600);
	assert_false(has_screen());
	expect_slot(0, SLOT_GPU, 0);
	expect_slot(7, SLOT_INPUT, VIRTIO_INPUT_KEYBOARD);
	/* A window adds what is missing only. */
	expect("-device virtio-mouse-device --display sdl");
	expect_slot(0, SLOT_INPUT, VIRTIO_INPUT_MOUSE);
	expect_slot(1, SLOT_GPU, 0);
	expect_slot(2, SLOT_INPUT, VIRTIO_INPUT_KEYBOARD);
	expect_slot(3, SLOT_EMPTY, 0);
}

static void test_a_screen_can_be_added_later(void **state)
{
	(void)state;
	expect("--drive a");
	expect_slot(1, SLOT_EMPTY, 0);
	config.display.kind = DISPLAY_SDL;
	assert_true(device_options_add_screen(&config, &err));
	expect_slot(1, SLOT_GPU, 0);
	expect_slot(3, SLOT_INPUT, VIRTIO_INPUT_TABLET);
}

static void test_mistakes_are_told(void **state)
{
	(void)state;
	expect_error("--display gtk", "must be sdl, tui, none, auto or png:FILE");
	expect_error("--display png:", "no file name behind the colon");
	expect_error("--display sdl,colour=red", "unknown word colour=red: known are scale=");
	expect_error("--display sdl,scale=huge", "integer");
	expect_error("--display tui,scale=smooth", "takes no more words");
	expect_error("--screen 10x10", "must be WIDTHxHEIGHT, each 64 to 4096 pixels");
	expect_error("--screen 99999x100", "64 to 4096");
	expect_error("--screen 640", "unknown word 640");
	expect_error("--screen 640x480,pointer=finger", "tablet");
	expect_error("-device virtio-gpu-device,xres=1", "xres=1: must be 64 to 4096 pixels");
	expect_error("-device virtio-keyboard-device,xres=100", "unknown word xres=100");
	expect_error("--drive a --drive a --drive a --drive a --drive a --drive a --display sdl", "too many devices");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_options_the_guest_has_no_screen),
		cmocka_unit_test(test_a_window_brings_a_screen),
		cmocka_unit_test(test_words_of_the_window),
		cmocka_unit_test(test_words_of_the_screen),
		cmocka_unit_test(test_devices_by_qemus_names),
		cmocka_unit_test(test_a_screen_can_be_added_later),
		cmocka_unit_test(test_mistakes_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, teardown);
}
