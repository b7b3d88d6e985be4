/*
 * emu/display/window_layout.c: the picture lies inside of the window whatever the sizes, the pointer meets the pixel it
 * is on, and the tab that is shown is the one that was asked for.
 */
#include "emu/display/window_layout.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MAX VIRTIO_INPUT_ABS_MAX

static const u32 sizes[] = { 1, 2, 64, 319, 320, 480, 640, 767, 768, 800, 1024, 1080, 1366, 1920, 2160, 3840, 8192 };
#define SIZES ARRAY_SIZE(sizes)

static struct rect face_of(u32 width, u32 height)
{
	return (struct rect){ 0, 22, (s32)width, (s32)height };
}

static void assert_rect(struct rect r, s32 x, s32 y, s32 w, s32 h)
{
	assert_int_equal(r.x, x);
	assert_int_equal(r.y, y);
	assert_int_equal(r.w, w);
	assert_int_equal(r.h, h);
}

/* --- the window's parts --- */

static void test_bar_and_face_fill_the_window(void **state)
{
	(void)state;
	struct window_layout l = window_layout_of(1024, 790, 22, false, DISPLAY_TAB_SCREEN);
	assert_rect(l.bar, 0, 0, 1024, 22);
	assert_rect(l.face, 0, 22, 1024, 768);
}

static void test_bar_hides_in_full_screen_but_on_the_mmu(void **state)
{
	(void)state;
	struct window_layout l = window_layout_of(1024, 768, 22, true, DISPLAY_TAB_SCREEN);
	assert_rect(l.bar, 0, 0, 1024, 0);
	assert_rect(l.face, 0, 0, 1024, 768);
	l = window_layout_of(1024, 768, 22, true, DISPLAY_TAB_SERIAL);
	assert_rect(l.face, 0, 0, 1024, 768);
	l = window_layout_of(1024, 768, 22, true, DISPLAY_TAB_MMU);
	assert_rect(l.face, 0, 22, 1024, 746);
}

static void test_bar_is_no_higher_than_the_window(void **state)
{
	(void)state;
	struct window_layout l = window_layout_of(100, 10, 22, false, DISPLAY_TAB_SCREEN);
	assert_rect(l.bar, 0, 0, 100, 10);
	assert_rect(l.face, 0, 10, 100, 0);
}

/* --- the picture --- */

static void check_picture(struct rect face, u32 width, u32 height, enum display_scale scale)
{
	struct rect r = window_layout_picture(face, width, height, scale);
	s32 left = r.x - face.x, right = face.x + face.w - (r.x + r.w);
	s32 top = r.y - face.y, bottom = face.y + face.h - (r.y + r.h);
	assert_true(r.w > 0 && r.h > 0);
	assert_true(left >= 0 && right >= 0 && top >= 0 && bottom >= 0);
	assert_true(right - left == 0 || right - left == 1);
	assert_true(bottom - top == 0 || bottom - top == 1);
	bool fits = (u32)face.w >= width && (u32)face.h >= height;
	if (scale == DISPLAY_SCALE_INTEGER && fits) {
		assert_int_equal((u32)r.w % width, 0);
		assert_int_equal((u32)r.w / width * height, r.h);
		assert_true((u32)r.w + width > (u32)face.w || (u32)r.h + height > (u32)face.h);
		return;
	}
	assert_true(r.w == face.w || r.h == face.h);
	/* The shape is kept: to half a pixel of the shorter side, and no side is less than one. */
	s64 error = (s64)r.w * height - (s64)r.h * width;
	s64 longer = width > height ? width : height;
	assert_true((error < 0 ? -error : error) <= longer || r.w == 1 || r.h == 1);
}

static void test_picture_lies_inside_at_every_size(void **state)
{
	(void)state;
	for (u32 i = 0; i < SIZES * SIZES; i++) {
		for (u32 k = 0; k < SIZES * SIZES; k++) {
			struct rect face = face_of(sizes[i % SIZES], sizes[i / SIZES]);
			check_picture(face, sizes[k % SIZES], sizes[k / SIZES], DISPLAY_SCALE_INTEGER);
			check_picture(face, sizes[k % SIZES], sizes[k / SIZES], DISPLAY_SCALE_SMOOTH);
		}
	}
}

static void test_picture_is_shown_pixel_by_pixel_where_it_fits_exactly(void **state)
{
	(void)state;
	assert_rect(window_layout_picture(face_of(1024, 768), 1024, 768, DISPLAY_SCALE_INTEGER), 0, 22, 1024, 768);
	assert_rect(window_layout_picture(face_of(1024, 768), 1024, 768, DISPLAY_SCALE_SMOOTH), 0, 22, 1024, 768);
}

static void test_integer_takes_the_largest_multiple(void **state)
{
	(void)state;
	assert_rect(window_layout_picture(face_of(1919, 1500), 640, 480, DISPLAY_SCALE_INTEGER), 319, 292, 1280, 960);
	assert_rect(window_layout_picture(face_of(1920, 1440), 640, 480, DISPLAY_SCALE_INTEGER), 0, 22, 1920, 1440);
	assert_rect(window_layout_picture(face_of(700, 500), 640, 480, DISPLAY_SCALE_INTEGER), 30, 32, 640, 480);
}

static void test_smooth_fills_one_direction(void **state)
{
	(void)state;
	assert_rect(window_layout_picture(face_of(1100, 798), 640, 480, DISPLAY_SCALE_SMOOTH), 18, 22, 1064, 798);
	assert_rect(window_layout_picture(face_of(800, 800), 640, 480, DISPLAY_SCALE_SMOOTH), 0, 122, 800, 600);
}

static void test_nothing_is_shown_of_nothing(void **state)
{
	(void)state;
	assert_int_equal(window_layout_picture(face_of(640, 480), 0, 480, DISPLAY_SCALE_SMOOTH).w, 0);
	assert_int_equal(window_layout_picture(face_of(640, 480), 640, 0, DISPLAY_SCALE_INTEGER).h, 0);
	assert_int_equal(window_layout_picture((struct rect){ 0, 10, 640, 0 }, 640, 480, DISPLAY_SCALE_SMOOTH).w, 0);
}

/* --- the pointer --- */

static void test_pointer_reaches_all_corners(void **state)
{
	(void)state;
	struct rect r = { 18, 22, 1064, 798 };
	s32 x, y;
	assert_true(window_layout_to_guest(r, 18, 22, MAX, &x, &y));
	assert_int_equal(x, 0);
	assert_int_equal(y, 0);
	assert_true(window_layout_to_guest(r, 18 + 1063, 22 + 797, MAX, &x, &y));
	assert_int_equal(x, MAX);
	assert_int_equal(y, MAX);
}

static void test_pointer_beside_the_picture_stays_on_it(void **state)
{
	(void)state;
	struct rect r = { 18, 22, 1064, 798 };
	s32 x, y;
	assert_false(window_layout_to_guest(r, 17, 100, MAX, &x, &y));
	assert_int_equal(x, 0);
	assert_false(window_layout_to_guest(r, 5000, -5000, MAX, &x, &y));
	assert_int_equal(x, MAX);
	assert_int_equal(y, 0);
	assert_false(window_layout_to_guest(r, 18 + 1064, 22, MAX, &x, &y));
	assert_false(window_layout_to_guest(r, INT32_MIN, INT32_MAX, MAX, &x, &y));
	assert_int_equal(x, 0);
	assert_int_equal(y, MAX);
}

/* A guest that turns 0..MAX into its pixels gets the one that is under the pointer, at any scale. */
static void test_pointer_meets_the_pixel_that_it_is_on(void **state)
{
	(void)state;
	static const u32 widths[] = { 64, 640, 1024, 1920, 4096 };
	for (u32 i = 0; i < ARRAY_SIZE(widths); i++) {
		struct rect r = { 7, 22, (s32)widths[i], 100 };
		for (s32 pixel = 0; pixel < (s32)widths[i]; pixel++) {
			s32 x, y;
			assert_true(window_layout_to_guest(r, 7 + pixel, 30, MAX, &x, &y));
			s64 met = ((s64)x * ((s64)widths[i] - 1) + MAX / 2) / MAX;
			assert_int_equal(met, pixel);
		}
	}
}

static void test_pointer_on_an_empty_picture_is_nowhere(void **state)
{
	(void)state;
	s32 x, y;
	assert_false(window_layout_to_guest((struct rect){ 0, 0, 0, 0 }, 0, 0, MAX, &x, &y));
	assert_int_equal(x, 0);
	assert_true(window_layout_to_guest((struct rect){ 5, 5, 1, 1 }, 5, 5, MAX, &x, &y));
	assert_int_equal(x, 0);
}

/* --- sizes and tabs --- */

static void test_window_begins_with_the_guests_size(void **state)
{
	(void)state;
	u32 width, height;
	window_layout_size(1024, 768, 22, 1920, 1040, &width, &height);
	assert_int_equal(width, 1024);
	assert_int_equal(height, 790);
	window_layout_size(1920, 1080, 22, 1920, 1040, &width, &height);
	assert_int_equal(width, 1920);
	assert_int_equal(height, 1040);
}

static void test_tab_is_the_one_asked_for(void **state)
{
	(void)state;
	const struct link_status drawn = { .has_screen = true, .was_drawn = true };
	assert_int_equal(window_layout_tab(DISPLAY_TAB_SCREEN, &(struct link_status){ 0 }), DISPLAY_TAB_SCREEN);
	assert_int_equal(window_layout_tab(DISPLAY_TAB_SERIAL, &drawn), DISPLAY_TAB_SERIAL);
	assert_int_equal(window_layout_tab(DISPLAY_TAB_MMU, &drawn), DISPLAY_TAB_MMU);
}

static void test_tab_follows_the_guests_drawing(void **state)
{
	(void)state;
	struct link_status status = { .has_screen = false };
	assert_int_equal(window_layout_tab(DISPLAY_TAB_AUTO, &status), DISPLAY_TAB_SERIAL);
	status.has_screen = true;
	assert_int_equal(window_layout_tab(DISPLAY_TAB_AUTO, &status), DISPLAY_TAB_SERIAL);
	status.was_drawn = true;
	assert_int_equal(window_layout_tab(DISPLAY_TAB_AUTO, &status), DISPLAY_TAB_SCREEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bar_and_face_fill_the_window),
		cmocka_unit_test(test_bar_hides_in_full_screen_but_on_the_mmu),
		cmocka_unit_test(test_bar_is_no_higher_than_the_window),
		cmocka_unit_test(test_picture_lies_inside_at_every_size),
		cmocka_unit_test(test_picture_is_shown_pixel_by_pixel_where_it_fits_exactly),
		cmocka_unit_test(test_integer_takes_the_largest_multiple),
		cmocka_unit_test(test_smooth_fills_one_direction),
		cmocka_unit_test(test_nothing_is_shown_of_nothing),
		cmocka_unit_test(test_pointer_reaches_all_corners),
		cmocka_unit_test(test_pointer_beside_the_picture_stays_on_it),
		cmocka_unit_test(test_pointer_meets_the_pixel_that_it_is_on),
		cmocka_unit_test(test_pointer_on_an_empty_picture_is_nowhere),
		cmocka_unit_test(test_window_begins_with_the_guests_size),
		cmocka_unit_test(test_tab_is_the_one_asked_for),
		cmocka_unit_test(test_tab_follows_the_guests_drawing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
