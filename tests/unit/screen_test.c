/*
 * emu/display/screen.c: whose picture is seen, which rows changed, the cursor on it. With a real framebuffer and a real
 * GPU, which is driven over its queues.
 */
#include "emu/display/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices/framebuffer.h"
#include "devices/memmap.h"
#include "devices/virtio_gpu.h"
#include "emu/machine.h"
#include "tests/unit/virtio_driver.h"

#define WIDTH 64  /* of the framebuffer: 16 rows a page */
#define HEIGHT 80 /* 5 pages */
#define GPU_WIDTH 100
#define GPU_HEIGHT 90
#define RESOURCE 7
#define CURSOR 8

enum {
	RESOURCE_CREATE_2D = 0x0101,
	SET_SCANOUT = 0x0103,
	RESOURCE_FLUSH,
	TRANSFER_TO_HOST_2D,
	RESOURCE_ATTACH_BACKING,
	UPDATE_CURSOR = 0x0300,
	MOVE_CURSOR,
};

static struct virtio_rig rig;
static struct machine machine; /* nothing but what a screen looks at */
static struct screen screen;
static struct clock guest_clock;
static u64 drawing, cursor; /* where the guest draws */

static int start(void **state)
{
	struct error err;
	(void)state;
	rig_init(&rig);
	clock_init(&guest_clock);
	machine = (struct machine){ 0 };
	screen = (struct screen){ 0 };
	machine.framebuffer = framebuffer_create(&rig.bus, MEMMAP_FRAMEBUFFER_BASE, WIDTH, HEIGHT, &err);
	assert_non_null(machine.framebuffer);
	machine.slots.gpu =
		virtio_gpu_create(&rig.bus, &guest_clock, RIG_SLOT, rig_irq(&rig), GPU_WIDTH, GPU_HEIGHT, &err);
	assert_non_null(machine.slots.gpu);
	rig_start(&rig, 0, 2, 8);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	screen_free(&screen);
	virtio_gpu_destroy(machine.slots.gpu);
	framebuffer_destroy(machine.framebuffer);
	clock_free(&guest_clock);
	rig_free(&rig);
	return 0;
}

/* --- what the guest does --- */

/* A command of these words behind its header. The cursor's queue answers nothing. */
static void command(u32 type, const u32 *words, u32 count)
{
	u32 queue = type >= UPDATE_CURSOR, request[6 + 16] = { type };
	assert_true(count <= 16);
	memcpy(request + 6, words, count * sizeof(u32));
	struct rig_piece pieces[] = { { rig_bytes(&rig, request, (6 + count) * sizeof(u32)), (6 + count) * sizeof(u32),
		                        false },
		                      { rig_alloc(&rig, 24), 24, true } };
	u16 head = rig_send(&rig, queue, pieces, queue ? 1 : 2);
	(void)rig_expect_used(&rig, queue, head);
	if (!queue)
		assert_int_equal(rig_load(&rig, pieces[1].pa, 4), 0x1100);
}

#define COMMAND(type, ...) command(type, (const u32[]){ __VA_ARGS__ }, sizeof((const u32[]){ __VA_ARGS__ }) / 4)

/* Makes a resource (a8r8g8b8), black. Returns where it is drawn. */
static u64 make_resource(u32 id, u32 width, u32 height)
{
	u64 pa = rig_alloc(&rig, 4ull * width * height);
	COMMAND(RESOURCE_CREATE_2D, id, 1, width, height);
	COMMAND(RESOURCE_ATTACH_BACKING, id, 1, (u32)pa, (u32)(pa >> 32), 4 * width * height, 0);
	return pa;
}

static void set_scanout(u32 x, u32 y, u32 width, u32 height, u32 id)
{
	COMMAND(SET_SCANOUT, x, y, width, height, 0, id);
}

/* Sets up the GPU's screen. */
static void set_up_gpu(void)
{
	drawing = make_resource(RESOURCE, GPU_WIDTH, GPU_HEIGHT);
	set_scanout(0, 0, GPU_WIDTH, GPU_HEIGHT, RESOURCE);
}

static void gpu_draw(u32 x, u32 y, u32 pixel)
{
	u64 offset = 4ull * (y * GPU_WIDTH + x);
	rig_store(&rig, drawing + offset, 4, pixel);
	COMMAND(TRANSFER_TO_HOST_2D, x, y, 1, 1, (u32)offset, 0, RESOURCE, 0);
	COMMAND(RESOURCE_FLUSH, x, y, 1, 1, RESOURCE, 0);
}

/* Shows a cursor that is this pixel everywhere. */
static void show_cursor(u32 x, u32 y, u32 pixel)
{
	if (!cursor)
		cursor = make_resource(CURSOR, VIRTIO_GPU_CURSOR, VIRTIO_GPU_CURSOR);
	for (u32 i = 0; i < VIRTIO_GPU_CURSOR * VIRTIO_GPU_CURSOR; i++)
		rig_store(&rig, cursor + 4 * i, 4, pixel);
	COMMAND(TRANSFER_TO_HOST_2D, 0, 0, VIRTIO_GPU_CURSOR, VIRTIO_GPU_CURSOR, 0, 0, CURSOR, 0);
	COMMAND(UPDATE_CURSOR, 0, x, y, 0, CURSOR, 0, 0, 0);
}

static void move_cursor(u32 x, u32 y)
{
	COMMAND(MOVE_CURSOR, 0, x, y, 0, CURSOR, 0, 0, 0);
}

static void fb_draw(u32 x, u32 y, u32 pixel)
{
	assert_true(bus_store(&rig.bus, MEMMAP_FRAMEBUFFER_BASE + 4 * (y * WIDTH + x), 4, pixel));
}

/* --- what is seen --- */

/* Exactly these rows change now. */
static void expect_rows(u32 want_first, u32 want_count)
{
	u32 first = 1234, count = 1234;
	assert_true(screen_is_dirty(&screen, &machine));
	assert_true(screen_update(&screen, &machine, &first, &count));
	assert_int_equal(first, want_first);
	assert_int_equal(count, want_count);
	assert_false(screen_is_dirty(&screen, &machine));
	assert_false(screen_update(&screen, &machine, &first, &count));
}

static u32 pixel(u32 x, u32 y)
{
	assert_true(x < screen.picture.width && y < screen.picture.height);
	return screen.picture.pixels[y * screen.picture.width + x];
}

static void test_the_framebuffer_is_seen_by_its_rows(void **state)
{
	(void)state;
	fb_draw(3, 40, 0xff123456);
	expect_rows(0, HEIGHT);
	assert_int_equal(screen.source, SCREEN_FRAMEBUFFER);
	assert_true(screen.picture.width == WIDTH && screen.picture.height == HEIGHT);
	assert_int_equal(pixel(3, 40), 0x123456);
	fb_draw(4, 17, 0xabcdef);
	expect_rows(16, 16);
	assert_int_equal(pixel(4, 17), 0xabcdef);
	assert_int_equal(pixel(3, 40), 0x123456);
}

static void test_a_black_screen_was_not_drawn(void **state)
{
	(void)state;
	expect_rows(0, HEIGHT);
	assert_false(screen.was_drawn);
	fb_draw(0, 0, 0xff000000);
	expect_rows(0, 16);
	assert_false(screen.was_drawn);
	fb_draw(WIDTH - 1, HEIGHT - 1, 1);
	expect_rows(64, 16);
	assert_true(screen.was_drawn);
}

static void test_the_gpu_wins_while_it_shows_something(void **state)
{
	(void)state;
	fb_draw(0, 0, 0xffffff);
	expect_rows(0, HEIGHT);
	set_up_gpu();
	expect_rows(0, GPU_HEIGHT);
	assert_int_equal(screen.source, SCREEN_GPU);
	assert_true(screen.was_drawn);
	assert_true(screen.picture.width == GPU_WIDTH && screen.picture.height == GPU_HEIGHT);
	assert_int_equal(pixel(0, 0), 0);
	gpu_draw(50, 60, 0xff010203);
	expect_rows(60, 1);
	assert_int_equal(pixel(50, 60), 0x010203);
	fb_draw(0, 79, 0x777777);
	assert_false(screen_is_dirty(&screen, &machine));
	set_scanout(0, 0, 0, 0, 0);
	expect_rows(0, HEIGHT);
	assert_int_equal(screen.source, SCREEN_FRAMEBUFFER);
	assert_int_equal(pixel(0, 0), 0xffffff);
	assert_int_equal(pixel(0, 79), 0x777777);
}

static void test_a_part_of_a_resource_is_seen_where_the_scanout_says(void **state)
{
	(void)state;
	set_up_gpu();
	gpu_draw(30, 20, 0xff445566);
	set_scanout(29, 18, 20, 16, RESOURCE);
	expect_rows(0, 16);
	assert_true(screen.picture.width == 20 && screen.picture.height == 16);
	assert_int_equal(pixel(1, 2), 0x445566);
	gpu_draw(30, 22, 0xff111111);
	expect_rows(4, 1);
	assert_int_equal(pixel(1, 4), 0x111111);
}

static void test_without_framebuffer_a_gpu_that_goes_off_leaves_black(void **state)
{
	u32 first, count;
	struct framebuffer *fb = machine.framebuffer;
	(void)state;
	machine.framebuffer = NULL;
	assert_false(screen_is_dirty(&screen, &machine));
	assert_false(screen_update(&screen, &machine, &first, &count));
	assert_int_equal(screen.picture.width, 0);
	set_up_gpu();
	gpu_draw(1, 1, 0xffffffff);
	expect_rows(0, GPU_HEIGHT);
	set_scanout(0, 0, 0, 0, 0);
	expect_rows(0, GPU_HEIGHT);
	assert_int_equal(screen.source, SCREEN_NOTHING);
	assert_int_equal(pixel(1, 1), 0);
	machine.framebuffer = fb;
}

static void test_the_cursor_is_drawn_moved_and_gone(void **state)
{
	(void)state;
	cursor = 0;
	set_up_gpu();
	gpu_draw(40, 3, 0xff0000ff);
	expect_rows(0, GPU_HEIGHT);
	show_cursor(30, 2, 0xffaabbcc);
	expect_rows(2, 64);
	assert_int_equal(pixel(30, 2), 0xaabbcc);
	assert_int_equal(pixel(93, 65), 0xaabbcc);
	assert_int_equal(pixel(40, 3), 0xaabbcc);
	assert_int_equal(pixel(29, 2), 0);
	assert_int_equal(pixel(94, 65), 0);
	assert_int_equal(pixel(30, 66), 0);
	move_cursor(50, 10);
	expect_rows(2, 72);
	assert_int_equal(pixel(30, 2), 0);
	assert_int_equal(pixel(40, 3), 0xff);
	assert_int_equal(pixel(50, 10), 0xaabbcc);
	assert_int_equal(pixel(99, 73), 0xaabbcc);
	/* What is drawn below it does not come through. */
	gpu_draw(60, 20, 0xff010101);
	expect_rows(20, 1);
	assert_int_equal(pixel(60, 20), 0xaabbcc);
	COMMAND(UPDATE_CURSOR, 0, 50, 10, 0, 0, 0, 0, 0);
	expect_rows(10, 64);
	assert_int_equal(pixel(60, 20), 0x010101);
	assert_int_equal(pixel(99, 73), 0);
}

static void test_a_cursor_half_outside_is_cut(void **state)
{
	static const s32 places[][2] = { { -10, -20 },    { GPU_WIDTH - 1, GPU_HEIGHT - 1 }, { -64, 0 },
		                         { 0, -64 },      { INT32_MIN, INT32_MAX },          { INT32_MAX, INT32_MIN },
		                         { GPU_WIDTH, 0 } };
	(void)state;
	cursor = 0;
	set_up_gpu();
	expect_rows(0, GPU_HEIGHT);
	show_cursor(0, 0, 0xff123456);
	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		u32 first, count;
		move_cursor((u32)places[i][0], (u32)places[i][1]);
		(void)screen_update(&screen, &machine, &first, &count);
		for (s64 y = 0; y < GPU_HEIGHT; y++)
			for (s64 x = 0; x < GPU_WIDTH; x++) {
				bool on = x >= places[i][0] && x < (s64)places[i][0] + 64 && y >= places[i][1] &&
				          y < (s64)places[i][1] + 64;
				assert_int_equal(pixel((u32)x, (u32)y), on ? 0x123456 : 0);
			}
	}
}

static void test_a_cursor_that_is_half_transparent_is_mixed(void **state)
{
	(void)state;
	cursor = 0;
	set_up_gpu();
	gpu_draw(0, 0, 0xff0000ff);
	show_cursor(0, 0, 0x80400000); /* its red is multiplied by alpha already */
	expect_rows(0, GPU_HEIGHT);
	assert_int_equal(pixel(0, 0), 0x40007f);
	assert_int_equal(pixel(1, 0), 0x400000);
	show_cursor(0, 0, 0x00ffffff); /* colours no cursor should have */
	expect_rows(0, 64);
	assert_int_equal(pixel(0, 0), 0xffffff);
}

static void test_a_dump_takes_nothing_from_the_window(void **state)
{
	char path[] = "/tmp/screen_test.XXXXXX";
	struct picture picture = { 0 };
	struct error err;
	(void)state;
	close(mkstemp(path));
	expect_rows(0, HEIGHT);
	fb_draw(2, 33, 0xffee8844);
	if (!screen_dump(&machine, path, &err))
		fail_msg("%s", err.text);
	assert_true(picture_read_png(&picture, path, &err));
	assert_true(picture.width == WIDTH && picture.height == HEIGHT);
	assert_int_equal(picture.pixels[33 * WIDTH + 2], 0xee8844);
	expect_rows(32, 16);
	picture_free(&picture);
	unlink(path);
}

static void test_a_dump_of_no_screen_is_refused(void **state)
{
	struct framebuffer *fb = machine.framebuffer;
	struct error err;
	(void)state;
	machine.framebuffer = NULL;
	assert_false(screen_dump(&machine, "/tmp/never-written", &err));
	assert_non_null(strstr(err.text, "set up"));
	machine.framebuffer = fb;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_framebuffer_is_seen_by_its_rows),
		TEST(test_a_black_screen_was_not_drawn),
		TEST(test_the_gpu_wins_while_it_shows_something),
		TEST(test_a_part_of_a_resource_is_seen_where_the_scanout_says),
		TEST(test_without_framebuffer_a_gpu_that_goes_off_leaves_black),
		TEST(test_the_cursor_is_drawn_moved_and_gone),
		TEST(test_a_cursor_half_outside_is_cut),
		TEST(test_a_cursor_that_is_half_transparent_is_mixed),
		TEST(test_a_dump_takes_nothing_from_the_window),
		TEST(test_a_dump_of_no_screen_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
