/*
 * The serial console as a terminal: what escape sequences do to the characters, what scrolls back, what is selected,
 * and which bytes keys become.
 */
#include "emu/display/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/terminal_rig.h"

static void test_text_lines_and_tabs(void **state)
{
	(void)state;
	expect("ab\r\ncd", "ab|cd|||");
	expect("ab\ncd", "ab|  cd|||");
	expect("abc\bX", "abX||||");
	expect("a\tb", "a       b||||");
	expect("a\t\tb", "a        b||||");
	expect("\033[3g\033[4G\033H\r\tx", "   x||||");
	expect("0123456789abc", "0123456789|abc|||");
	expect("0123456789\rX", "X123456789||||");
	expect("\033[?7l0123456789abc", "012345678c||||");
	expect("1\r\n2\r\n3\r\n4\r\n5", "2|3|4|5|");
}

static void test_cursor_moves_as_told(void **state)
{
	(void)state;
	expect_cursor("", 0, 0);
	expect_cursor("\033[3;5H", 4, 2);
	expect_cursor("\033[99;99H", 9, 3);
	expect_cursor("\033[0;0f", 0, 0);
	expect_cursor("\033[3;5H\033[A\033[2D", 2, 1);
	expect_cursor("\033[3;5H\033[9A\033[9C", 9, 0);
	expect_cursor("\033[2;5H\033[E", 0, 2);
	expect_cursor("\033[4;5H\033[2F", 0, 1);
	expect_cursor("\033[2;5H\033[8G", 7, 1);
	expect_cursor("\033[2;5H\033[4d", 4, 3);
	expect_cursor("\033[2;5H\0337\033[H\0338", 4, 1);
	expect_cursor("\033[2;5H\033[s\033[H\033[u", 4, 1);
	expect_cursor("\033[4000000000A", 0, 0);
	expect_cursor("0123456789", 9, 0);
}

static void test_cursor_can_be_hidden(void **state)
{
	struct terminal *t = make();
	u32 x, y;

	(void)state;
	put(t, "\033[?25l");
	assert_false(terminal_cursor(t, &x, &y));
	put(t, "\033[?25h");
	assert_true(terminal_cursor(t, &x, &y));
	terminal_destroy(t);
}

#define FOUR "aaaaaaaaaa\033[2Hbbbbbbbbbb\033[3Hcccccccccc\033[4Hdddddddddd"

static void test_erase(void **state)
{
	(void)state;
	expect(FOUR "\033[2;5H\033[J", "aaaaaaaaaa|bbbb|||");
	expect(FOUR "\033[2;5H\033[1J", "|     bbbbb|cccccccccc|dddddddddd|");
	expect(FOUR "\033[2J", "||||");
	expect(FOUR "\033[2;5H\033[K", "aaaaaaaaaa|bbbb|cccccccccc|dddddddddd|");
	expect(FOUR "\033[2;5H\033[1K", "aaaaaaaaaa|     bbbbb|cccccccccc|dddddddddd|");
	expect(FOUR "\033[2;5H\033[2K", "aaaaaaaaaa||cccccccccc|dddddddddd|");
	expect(FOUR "\033[2;5H\033[3X", "aaaaaaaaaa|bbbb   bbb|cccccccccc|dddddddddd|");
	expect(FOUR "\033c", "||||");
}

static void test_insert_and_delete(void **state)
{
	(void)state;
	expect("0123456789\033[3G\033[2@", "01  234567||||");
	expect("0123456789\033[3G\033[2P", "01456789||||");
	expect("0123456789\033[3G\033[4hxy\033[4lz", "01xyz34567||||");
	expect(FOUR "\033[2H\033[L", "aaaaaaaaaa||bbbbbbbbbb|cccccccccc|");
	expect(FOUR "\033[2H\033[2M", "aaaaaaaaaa|dddddddddd|||");
	expect("ab\033[3b", "abbbb||||");
}

static void test_scroll_regions(void **state)
{
	(void)state;
	expect(FOUR "\033[2;3r\033[3H\n", "aaaaaaaaaa|cccccccccc||dddddddddd|");
	expect(FOUR "\033[2;3r\033[2H\033M", "aaaaaaaaaa||bbbbbbbbbb|dddddddddd|");
	expect(FOUR "\033[2;3r\033[4H\n", "aaaaaaaaaa|bbbbbbbbbb|cccccccccc|dddddddddd|");
	expect(FOUR "\033[S", "bbbbbbbbbb|cccccccccc|dddddddddd||");
	expect(FOUR "\033[2T", "||aaaaaaaaaa|bbbbbbbbbb|");
	expect(FOUR "\033[2;3r\033[?6h\033[HX\033[9;2HY", "aaaaaaaaaa|Xbbbbbbbbb|cYcccccccc|dddddddddd|");
	expect_cursor("\033[2;3r\033[3;3H\033[9A", 2, 1);
	expect_cursor("\033[2;3r\033[2;3H\033[9B", 2, 2);
}

static void test_colours_and_attributes(void **state)
{
	struct terminal *t = make();
	struct terminal_cell c;

	(void)state;
	put(t, "a\033[1;4;31mb\033[0;7mc\033[0;38;5;196md\033[48;2;1;2;3me\033[38:2::16:32:48mf\033[39;49mg\033[97mh");
	c = cell(t, 0, 0);
	assert_true(c.is_default_colour && c.is_default_background && !c.bold && !c.underline);
	assert_int_equal(c.colour, FORE);
	assert_int_equal(c.background, BACK);
	c = cell(t, 1, 0);
	assert_true(c.bold && c.underline && !c.is_default_colour);
	assert_int_equal(c.colour, 0xf2838d);
	c = cell(t, 2, 0);
	assert_int_equal(c.colour, BACK);
	assert_int_equal(c.background, FORE);
	assert_false(c.is_default_colour || c.is_default_background);
	assert_int_equal(cell(t, 3, 0).colour, 0xff0000);
	assert_int_equal(cell(t, 4, 0).background, 0x010203);
	assert_int_equal(cell(t, 5, 0).colour, 0x102030);
	assert_true(cell(t, 6, 0).is_default_colour && cell(t, 6, 0).is_default_background);
	assert_int_equal(cell(t, 7, 0).colour, 0xf5f6f7);
	put(t, "\033[?5h");
	assert_int_equal(cell(t, 0, 0).colour, BACK);
	assert_int_equal(cell(t, 2, 0).colour, FORE);
	terminal_destroy(t);
}

static void test_erased_cells_have_the_background(void **state)
{
	struct terminal *t = make();

	(void)state;
	put(t, "\033[48;5;21m\033[K\033[2;1Habc\033[P");
	assert_int_equal(cell(t, 5, 0).background, 0x0000ff);
	assert_int_equal(cell(t, 5, 1).background, BACK);
	assert_int_equal(cell(t, 9, 1).background, 0x0000ff);
	terminal_destroy(t);
}

static void test_utf8_may_be_split_anywhere(void **state)
{
	static const char text[] = "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z";
	struct terminal *t = make();

	(void)state;
	for (u32 i = 0; i < sizeof(text) - 1; i++)
		terminal_write(t, (const u8 *)text + i, 1);
	assert_string_equal(seen(t), "ä€😀z||||");
	assert_true(cell(t, 2, 0).wide);
	assert_int_equal(cell(t, 3, 0).code_point, 0);
	terminal_destroy(t);
	expect("a\xff\xc3z\xe2\x82z\xed\xa0\x80", "a��z�z�||||");
}

static void test_wide_characters_never_stay_as_halves(void **state)
{
	(void)state;
	expect("\xe4\xbd\xa0\xe5\xa5\xbd\033[2Gx", " x好||||");
	expect("\xe4\xbd\xa0\xe5\xa5\xbd\033[3Gx", "你x||||");
	expect("123456789\xe4\xbd\xa0", "123456789|你|||");
	expect("\xe4\xbd\xa0\033[G\033[P", "||||");
	expect("\xe4\xbd\xa0\033[2G\033[@x", " x||||");
	expect("12345678\xe4\xbd\xa0\033[G\033[@", " 12345678||||");
}

static void test_line_drawing(void **state)
{
	(void)state;
	expect("\033(0lqk\033(Bq", "┌─┐q||||");
	expect("\033)0\016x\017x", "│x||||");
	expect("┌─┐", "┌─┐||||");
	expect("\033#8", "EEEEEEEEEE|EEEEEEEEEE|EEEEEEEEEE|EEEEEEEEEE|");
}

static void test_strings_and_unknown_sequences_are_swallowed(void **state)
{
	(void)state;
	expect("a\033]0;title\ab", "ab||||");
	expect("a\033]0;title\033\\b", "ab||||");
	expect("a\033Pq#0\033\\b\033_x\033\\c\033Xy\033\\d", "abcd||||");
	expect("a\033[?1;2;3;4$zb\033[>5qc\033%Gd", "abcd||||");
	expect("a\033[31\030b", "ab||||");
	expect("\033[;;;;;;;;;;;;;;;;;;;;;;;;;;;;;31mx", "x||||");
}

static void test_alternate_screen(void **state)
{
	struct terminal *t = make();
	u32 x, y;

	(void)state;
	put(t, "one\033[?1049h");
	assert_string_equal(seen(t), "||||");
	put(t, "\033[Htwo\r\n\n\n\n\nthree");
	put(t, "\033[?1049l");
	assert_string_equal(seen(t), "one||||");
	assert_true(terminal_cursor(t, &x, &y));
	assert_int_equal(x, 3);
	terminal_scroll(t, 5);
	assert_int_equal(terminal_scrolled(t), 0);
	terminal_destroy(t);
}

static void test_scroll_back(void **state)
{
	struct terminal *t = make();
	u32 x, y;

	(void)state;
	put(t, "1\r\n2\r\n3\r\n4\r\n5\r\n6");
	terminal_scroll(t, 1);
	assert_string_equal(seen(t), "2|3|4|5|");
	assert_false(terminal_cursor(t, &x, &y));
	put(t, "\r\n7");
	assert_string_equal(seen(t), "2|3|4|5|");
	terminal_scroll(t, 100);
	assert_int_equal(terminal_scrolled(t), 3);
	assert_string_equal(seen(t), "1|2|3|4|");
	terminal_scroll(t, -100);
	assert_string_equal(seen(t), "4|5|6|7|");
	terminal_scroll(t, 2);
	terminal_text(t, 'x', 0);
	assert_int_equal(terminal_scrolled(t), 0);
	put(t, "\033[3J");
	terminal_scroll(t, 100);
	assert_int_equal(terminal_scrolled(t), 0);
	terminal_destroy(t);
}

static void test_scroll_back_is_bounded(void **state)
{
	struct terminal *t = make();

	(void)state;
	for (u32 i = 0; i < TERMINAL_SCROLL_BACK + 100; i++)
		put(t, "x\r\n");
	put(t, "end");
	terminal_scroll(t, 1000000);
	assert_int_equal(terminal_scrolled(t), TERMINAL_SCROLL_BACK);
	put(t, "\r\ny");
	assert_int_equal(terminal_scrolled(t), TERMINAL_SCROLL_BACK);
	assert_string_equal(seen(t), "x|x|x|x|");
	terminal_destroy(t);
}

static void test_resize_keeps_what_fits(void **state)
{
	struct terminal *t = make();

	(void)state;
	put(t, "1\r\n2\r\n3\r\n4\r\n5");
	terminal_resize(t, 10, 2);
	assert_string_equal(seen(t), "4|5|");
	terminal_resize(t, 10, 4);
	assert_string_equal(seen(t), "2|3|4|5|");
	terminal_resize(t, 3, 6);
	assert_string_equal(seen(t), "1|2|3|4|5||");
	put(t, "abc");
	assert_string_equal(seen(t), "1|2|3|4|5ab|c|");
	terminal_resize(t, 0, 0);
	assert_int_equal(terminal_columns(t), 2);
	assert_int_equal(terminal_rows(t), 1);
	terminal_destroy(t);
	t = make();
	put(t, "top");
	terminal_resize(t, 10, 2);
	assert_string_equal(seen(t), "top||");
	put(t, "\033[?1049hx");
	terminal_resize(t, 10, 5);
	put(t, "\033[?1049l");
	assert_string_equal(seen(t), "top|||||");
	terminal_destroy(t);
}

static void expect_selected(struct terminal *t, u32 x0, u32 y0, u32 x1, u32 y1, const char *text)
{
	char *got;

	terminal_select(t, x0, y0, x1, y1);
	got = terminal_selected(t);
	assert_non_null(got);
	assert_string_equal(got, text);
	free(got);
}

static void test_selection(void **state)
{
	struct terminal *t = make();

	(void)state;
	assert_null(terminal_selected(t));
	put(t, "one two   \033[2Hlong line that wraps");
	expect_selected(t, 0, 0, 2, 0, "one");
	expect_selected(t, 2, 0, 0, 0, "one");
	expect_selected(t, 4, 0, 9, 0, "two");
	expect_selected(t, 4, 0, 9, 2, "two\nlong line that wraps");
	expect_selected(t, 3, 1, 2, 2, "g line tha");
	put(t, "\r\n\n\n");
	terminal_scroll(t, 3);
	char *text = terminal_selected(t);
	assert_string_equal(text, "g line tha");
	free(text);
	terminal_select_none(t);
	assert_null(terminal_selected(t));
	terminal_destroy(t);
}

static void test_selection_of_wide_characters(void **state)
{
	struct terminal *t = make();

	(void)state;
	put(t, "a你b");
	expect_selected(t, 0, 0, 3, 0, "a你b");
	terminal_destroy(t);
}

static void test_changes_are_told_once(void **state)
{
	struct terminal *t = make();

	(void)state;
	terminal_take_changed(t);
	assert_false(terminal_take_changed(t));
	put(t, "x");
	assert_true(terminal_take_changed(t));
	assert_false(terminal_take_changed(t));
	terminal_select(t, 0, 0, 1, 1);
	assert_true(terminal_take_changed(t));
	terminal_destroy(t);
}

static void test_reset_and_soft_reset(void **state)
{
	struct terminal *t = make();

	(void)state;
	put(t, "\033[31;1m\033[?25l\033[4h\033[2;3r\033[!pab");
	assert_true(cell(t, 0, 0).is_default_colour);
	put(t, "\033[?1049h\033[?5h\033cnew");
	assert_string_equal(seen(t), "new||||");
	assert_int_equal(cell(t, 0, 0).background, BACK);
	terminal_destroy(t);
}

static void test_painting_shows_text_cursor_and_selection(void **state)
{
	struct picture picture = { 0 };
	struct terminal *t = make();
	const struct font *font = font_get(2, false);
	struct canvas c;

	(void)state;
	picture_resize(&picture, 100, 80);
	c = canvas_of(&picture);
	put(t, "\033[41m \033[0m██");
	terminal_paint(t, &c, (struct rect){ 10, 8, 80, 64 }, font, font_get(2, true));
	assert_int_equal(picture.pixels[0], 0);
	assert_int_equal(picture.pixels[8 * 100 + 10], 0xe0606c);
	assert_int_equal(picture.pixels[8 * 100 + 18], FORE);
	assert_int_equal(picture.pixels[8 * 100 + 34], FORE); /* the cursor */
	assert_int_equal(picture.pixels[8 * 100 + 42], BACK);
	terminal_select(t, 4, 0, 4, 0);
	terminal_paint(t, &c, (struct rect){ 10, 8, 80, 64 }, font, font_get(2, true));
	assert_int_not_equal(picture.pixels[8 * 100 + 42], BACK);
	picture_free(&picture);
	terminal_destroy(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_lines_and_tabs),
		cmocka_unit_test(test_cursor_moves_as_told),
		cmocka_unit_test(test_cursor_can_be_hidden),
		cmocka_unit_test(test_erase),
		cmocka_unit_test(test_insert_and_delete),
		cmocka_unit_test(test_scroll_regions),
		cmocka_unit_test(test_colours_and_attributes),
		cmocka_unit_test(test_erased_cells_have_the_background),
		cmocka_unit_test(test_utf8_may_be_split_anywhere),
		cmocka_unit_test(test_wide_characters_never_stay_as_halves),
		cmocka_unit_test(test_line_drawing),
		cmocka_unit_test(test_strings_and_unknown_sequences_are_swallowed),
		cmocka_unit_test(test_alternate_screen),
		cmocka_unit_test(test_scroll_back),
		cmocka_unit_test(test_scroll_back_is_bounded),
		cmocka_unit_test(test_resize_keeps_what_fits),
		cmocka_unit_test(test_selection),
		cmocka_unit_test(test_selection_of_wide_characters),
		cmocka_unit_test(test_changes_are_told_once),
		cmocka_unit_test(test_reset_and_soft_reset),
		cmocka_unit_test(test_painting_shows_text_cursor_and_selection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
