/*
 * The sheet of characters: text that is cut, lines that are broken, numbers, plots; and the keys that a terminal sends.
 */
#include "emu/display/sheet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "emu/display/tui_curses.h"
#include "emu/display/tui_keys.h"

static struct sheet sheet;

static int setup(void **state)
{
	(void)state;
	sheet_resize(&sheet, 12, 4);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sheet_free(&sheet);
	return 0;
}

/* A row as text. */
static const char *row(u32 y)
{
	static char text[128];
	size_t length = 0;

	for (u32 x = 0; x < sheet.columns; x++)
		length += utf8_put(text + length, sheet.cells[y * sheet.columns + x].code_point);
	text[length] = 0;
	return text;
}

static void test_text_is_cut_with_an_ellipsis(void **state)
{
	(void)state;
	assert_int_equal(sheet_text(&sheet, 1, 0, 12, sheet_plain, "a%db", 7), 4);
	assert_string_equal(row(0), " a7b        ");
	assert_int_equal(sheet_text(&sheet, 1, 1, 6, sheet_plain, "abcdefgh"), 6);
	assert_string_equal(row(1), " abcd…      ");
	sheet_text(&sheet, 1, 2, 6, sheet_plain, "abcde");
	assert_string_equal(row(2), " abcde      ");
	sheet_text(&sheet, -2, 3, 12, sheet_plain, "abcd");
	assert_string_equal(row(3), "cd          ");
	sheet_text(&sheet, 0, 99, 12, sheet_plain, "x");
	sheet_text(&sheet, 0, -1, 12, sheet_plain, "x");
	sheet_text(&sheet, 10, 0, 200, sheet_plain, "outside");
	assert_string_equal(row(0), " a7b      ou");
}

static void test_lines_break_at_blanks(void **state)
{
	(void)state;
	assert_int_equal(sheet_lines(&sheet, (struct rect){ 0, 0, 8, 3 }, sheet_plain, "one two three"), 2);
	assert_string_equal(row(0), "one two     ");
	assert_string_equal(row(1), "three       ");
	setup(NULL);
	assert_int_equal(sheet_lines(&sheet, (struct rect){ 0, 0, 5, 2 }, sheet_plain, "abcdefghijklmno"), 2);
	assert_string_equal(row(0), "abcde       ");
	assert_string_equal(row(1), "fghi…       ");
	assert_int_equal(sheet_lines(&sheet, (struct rect){ 0, 0, 0, 2 }, sheet_plain, "abc"), 0);
	assert_int_equal(sheet_lines(&sheet, (struct rect){ 0, 0, 5, 0 }, sheet_plain, "abc"), 0);
}

static void test_rules_and_plots(void **state)
{
	static const float samples[] = { 9, 0, 1, 4, 8 };

	(void)state;
	sheet_rule(&sheet, 0, 0, 12, sheet_plain, "top");
	assert_string_equal(row(0), "─ top ──────");
	sheet_plot(&sheet, 2, 1, 6, sheet_plain, samples, 5);
	assert_string_equal(row(1), "   ▂▅█      ");
	sheet_plot(&sheet, 0, 2, 12, sheet_plain, samples, 5);
	assert_string_equal(row(2), "       █ ▂▄▇");
	sheet_plot(&sheet, 5, 3, 5, sheet_plain, samples, 5);
	sheet_plot(&sheet, 0, 3, 12, sheet_plain, samples, 0);
	assert_string_equal(row(3), "            ");
}

static void expect_number(double number, const char *text)
{
	char got[16];

	assert_string_equal(sheet_number(got, number), text);
	assert_true(strlen(got) <= 6);
}

static void test_numbers_are_short(void **state)
{
	(void)state;
	expect_number(0, "0");
	expect_number(7, "7");
	expect_number(7.25, "7.2");
	expect_number(9999, "9999");
	expect_number(10000, "10.0k");
	expect_number(1234567, "1.23M");
	expect_number(12345678, "12.3M");
	expect_number(123456789, "123M");
	expect_number(1.5e10, "15.0G");
	expect_number(1.8e19, "18.0E");
}

/* The bytes are one key of that kind, and all of them belong to it. */
static void expect_key(const char *bytes, enum terminal_key which, u32 modifiers)
{
	struct tui_key key;

	assert_int_equal(tui_key_next((const u8 *)bytes, strlen(bytes), true, &key), strlen(bytes));
	assert_false(key.is_text || key.is_unknown);
	assert_int_equal(key.key, which);
	assert_int_equal(key.modifiers, modifiers);
	assert_int_equal(key.size, strlen(bytes));
	assert_memory_equal(key.bytes, bytes, key.size);
	for (size_t cut = 1; cut < strlen(bytes); cut++)
		assert_int_equal(tui_key_next((const u8 *)bytes, cut, false, &key), 0);
}

static void test_sequences_are_keys(void **state)
{
	(void)state;
	expect_key("\033[A", TERMINAL_UP, 0);
	expect_key("\033OB", TERMINAL_DOWN, 0);
	expect_key("\033[1;5C", TERMINAL_RIGHT, TERMINAL_CONTROL);
	expect_key("\033[1;2D", TERMINAL_LEFT, TERMINAL_SHIFT);
	expect_key("\033[24~", TERMINAL_F12, 0);
	expect_key("\033[24;2~", TERMINAL_F12, TERMINAL_SHIFT);
	expect_key("\033OP", TERMINAL_F1, 0);
	expect_key("\033[[A", TERMINAL_F1, 0);
	expect_key("\033[11~", TERMINAL_F1, 0);
	expect_key("\033[15~", TERMINAL_F1 + 4, 0);
	expect_key("\033[5~", TERMINAL_PAGE_UP, 0);
	expect_key("\033[6;2~", TERMINAL_PAGE_DOWN, TERMINAL_SHIFT);
	expect_key("\033[H", TERMINAL_HOME, 0);
	expect_key("\033[4~", TERMINAL_END, 0);
	expect_key("\033[Z", TERMINAL_TAB, TERMINAL_SHIFT);
	expect_key("\033", TERMINAL_ESCAPE, 0);
}

static void expect_code(const char *bytes, size_t size, u32 code_point)
{
	struct tui_key key;

	assert_int_equal(tui_key_next((const u8 *)bytes, size, false, &key), size);
	assert_true(key.is_text);
	assert_int_equal(key.code_point, code_point);
}

static void test_text_is_text(void **state)
{
	struct tui_key key;

	(void)state;
	expect_code("a", 1, 'a');
	expect_code("\r", 1, '\r');
	expect_code("\001", 1, 1);
	expect_code("\0", 1, 0);
	expect_code("\xc3\xa4", 2, 0xe4);
	expect_code("\xff", 1, 0xfffd);
	assert_int_equal(tui_key_next((const u8 *)"\xe2\x82", 2, false, &key), 0);
	assert_int_equal(tui_key_next((const u8 *)"\xe2\x82", 2, true, &key), 1);
	/* Alt-x is ESC and x; a sequence of the guest's own goes through whole. */
	assert_int_equal(tui_key_next((const u8 *)"\033x", 2, false, &key), 1);
	assert_int_equal(key.key, TERMINAL_ESCAPE);
	assert_int_equal(tui_key_next((const u8 *)"\033[200~a", 7, false, &key), 6);
	assert_true(key.is_unknown);
}

static void test_any_bytes_are_keys(void **state)
{
	u8 bytes[64];
	u32 random = 1;

	(void)state;
	for (u32 round = 0; round < 20000; round++) {
		struct tui_key key;

		for (u32 i = 0; i < sizeof(bytes); i++) {
			random = random * 1664525 + 1013904223;
			bytes[i] = random >> 24 < 100 ? (u8) "\033[O;~"[random >> 8 & 3] : (u8)(random >> 16);
		}
		for (size_t at = 0, n; at < sizeof(bytes); at += n) {
			n = tui_key_next(bytes + at, sizeof(bytes) - at, true, &key);
			assert_true(n > 0 && n <= sizeof(bytes) - at && n == key.size);
		}
	}
}

static void test_colours_find_their_nearest(void **state)
{
	(void)state;
	assert_int_equal(tui_colour(terminal_palette(3), 256), 3);
	assert_int_equal(tui_colour(terminal_palette(12), 16), 12);
	assert_int_equal(tui_colour(0xff0000, 256), 196);
	assert_int_equal(tui_colour(0xffffff, 256), 231);
	assert_int_equal(tui_colour(0x080808, 256), 232);
	assert_int_equal(tui_colour(0x5f87af, 256), 67);
	for (u32 c = 0; c < 0x1000000; c += 0x10305) {
		assert_true(tui_colour(c, 8) < 8);
		assert_true(tui_colour(c, 16) < 16);
		assert_true(tui_colour(c, 256) < 256);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text_is_cut_with_an_ellipsis, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lines_break_at_blanks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rules_and_plots, setup, teardown),
		cmocka_unit_test(test_numbers_are_short),
		cmocka_unit_test(test_sequences_are_keys),
		cmocka_unit_test(test_text_is_text),
		cmocka_unit_test(test_any_bytes_are_keys),
		cmocka_unit_test(test_colours_find_their_nearest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
