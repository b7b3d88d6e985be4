/*
 * Drawing: nothing leaves the canvas, wherever it is put, and text is as wide as it says.
 */
#include "emu/display/paint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SIDE 40
#define INK 0xabcdef

static struct picture picture;
static struct canvas canvas;

static int setup(void **state)
{
	(void)state;
	picture_resize(&picture, SIDE, SIDE);
	memset(picture.pixels, 0, SIDE * SIDE * sizeof(u32));
	canvas = canvas_of(&picture);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	picture_free(&picture);
	return 0;
}

static u32 at(u32 x, u32 y)
{
	return picture.pixels[y * SIDE + x];
}

static u32 inked(void)
{
	u32 count = 0;

	for (u32 i = 0; i < SIDE * SIDE; i++)
		count += picture.pixels[i] != 0;
	return count;
}

static void test_rectangles_are_clipped_at_all_edges(void **state)
{
	static const struct {
		struct rect r;
		u32 pixels;
	} cases[] = {
		{ { 5, 6, 3, 4 }, 12 },
		{ { -2, 0, 4, 1 }, 2 },
		{ { 0, -3, 1, 5 }, 2 },
		{ { SIDE - 1, 0, 10, 1 }, 1 },
		{ { 0, SIDE - 2, 1, 10 }, 2 },
		{ { SIDE, 0, 5, 5 }, 0 },
		{ { 0, -5, 5, 5 }, 0 },
		{ { 3, 3, 0, 5 }, 0 },
		{ { 3, 3, -5, 5 }, 0 },
		{ { INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX }, 0 },
		{ { INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX }, 0 },
		{ { -100, -100, INT32_MAX, INT32_MAX }, SIDE * SIDE },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		setup(state);
		paint_rect(&canvas, cases[i].r, INK);
		assert_int_equal(inked(), cases[i].pixels);
		setup(state);
		paint_frame(&canvas, cases[i].r, INK);
		assert_true(inked() <= cases[i].pixels);
	}
}

static void test_clips_only_become_smaller(void **state)
{
	struct canvas c = canvas_clip(&canvas, (struct rect){ 10, 10, 10, 10 });

	(void)state;
	c = canvas_clip(&c, (struct rect){ 15, 0, 100, 100 });
	paint_rect(&c, (struct rect){ 0, 0, SIDE, SIDE }, INK);
	assert_int_equal(inked(), 50);
	assert_int_equal(at(15, 10), INK);
	assert_int_equal(at(14, 10), 0);
	c = canvas_clip(&c, (struct rect){ 0, 0, 5, 5 });
	paint_rect(&c, (struct rect){ 0, 0, SIDE, SIDE }, 1);
	assert_int_equal(at(15, 10), INK);
	assert_int_equal(inked(), 50);
}

static void test_frames_are_one_pixel_wide(void **state)
{
	(void)state;
	paint_frame(&canvas, (struct rect){ 2, 3, 5, 4 }, INK);
	assert_int_equal(inked(), 14);
	assert_int_equal(at(2, 3), INK);
	assert_int_equal(at(6, 6), INK);
	assert_int_equal(at(3, 4), 0);
}

static void test_lines_reach_both_ends(void **state)
{
	static const s32 ends[][4] = {
		{ 0, 0, 39, 39 }, { 39, 0, 0, 39 }, { 5, 5, 5, 5 },  { 3, 7, 30, 9 },
		{ 30, 9, 3, 7 },  { 7, 3, 9, 30 },  { 7, 30, 9, 3 }, { 0, 10, 39, 10 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(ends); i++) {
		const s32 *e = ends[i];
		u32 wide = (u32)(e[2] > e[0] ? e[2] - e[0] : e[0] - e[2]);
		u32 high = (u32)(e[3] > e[1] ? e[3] - e[1] : e[1] - e[3]);

		setup(state);
		paint_line(&canvas, e[0], e[1], e[2], e[3], INK);
		assert_int_equal(at((u32)e[0], (u32)e[1]), INK);
		assert_int_equal(at((u32)e[2], (u32)e[3]), INK);
		assert_int_equal(inked(), (wide > high ? wide : high) + 1);
	}
}

static void test_lines_from_far_outside_end(void **state)
{
	(void)state;
	paint_line(&canvas, INT32_MIN, 20, INT32_MAX, 20, INK);
	assert_int_equal(inked(), SIDE);
	paint_line(&canvas, INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX, INK);
	assert_int_equal(at(0, 0), INK);
	assert_int_equal(at(39, 39), INK);
	setup(state);
	paint_line(&canvas, -50, 0, 0, -50, INK);
	assert_int_equal(inked(), 0);
}

static void test_text_is_as_wide_as_it_says(void **state)
{
	const struct font *f = font_get(2, false);

	(void)state;
	assert_int_equal(text_width(f, ""), 0);
	assert_int_equal(text_width(f, "aä€"), 24);
	assert_int_equal(paint_text(&canvas, f, 3, 0, INK, "aä€"), 27);
	assert_int_equal(paint_text_in(&canvas, f, 0, 0, 24, INK, "abc"), 24);
	assert_int_equal(paint_text_in(&canvas, f, 0, 0, 23, INK, "abc"), 16);
	assert_int_equal(paint_text_in(&canvas, f, 0, 0, 7, INK, "abc"), 0);
	assert_int_equal(paint_text_in(&canvas, f, 5, 0, -3, INK, "abc"), 5);
}

static void test_text_is_clipped_at_all_edges(void **state)
{
	const struct font *f = font_get(5, false);

	for (s32 y = -40; y < SIDE + 5; y += 5) {
		for (s32 x = -40; x < SIDE + 5; x += 5) {
			struct canvas c = canvas_clip(&canvas, (struct rect){ 10, 10, 20, 20 });

			setup(state);
			paint_text(&c, f, x, y, INK, "█M");
			for (u32 i = 0; i < SIDE; i++)
				assert_int_equal(at(i, 9) | at(9, i) | at(i, 30) | at(30, i), 0);
		}
	}
	paint_text(&canvas, f, INT32_MAX - 100, INT32_MAX - 100, INK, "abc");
}

static void test_cells_have_a_background(void **state)
{
	const struct font *f = font_get(2, false);

	(void)state;
	paint_cell(&canvas, f, 4, 4, INK, 0x101010, 0x2580);
	assert_int_equal(at(4, 4), INK);
	assert_int_equal(at(11, 19), 0x101010);
	assert_int_equal(at(12, 19), 0);
	assert_int_equal(inked(), 8 * 16);
	paint_cell(&canvas, f, 4, 4, INK, 0x202020, 0);
	assert_int_equal(at(4, 4), 0x202020);
}

static void test_colours_mix(void **state)
{
	(void)state;
	assert_int_equal(colour_mix(0x102030, 0xffffff, 0), 0x102030);
	assert_int_equal(colour_mix(0x102030, 0xf0e0d0, 255), 0xf0e0d0);
	assert_int_equal(colour_mix(0x000000, 0xfe0002, 128), 0x7f0001);
	assert_int_equal(colour_mix(0, 0xffffff, 1000), 0xffffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rectangles_are_clipped_at_all_edges, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clips_only_become_smaller, setup, teardown),
		cmocka_unit_test_setup_teardown(test_frames_are_one_pixel_wide, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lines_reach_both_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lines_from_far_outside_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_is_as_wide_as_it_says, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_is_clipped_at_all_edges, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cells_have_a_background, setup, teardown),
		cmocka_unit_test_setup_teardown(test_colours_mix, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
