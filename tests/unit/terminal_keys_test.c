/*
 * What a terminal sends: bytes for keys, text and pasted text, and answers to the guest's questions.
 */
#include "emu/display/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/terminal_rig.h"

static void expect_answer(const char *question, const char *reply)
{
	struct terminal *t = make();

	put(t, question);
	assert_string_equal(sent, reply);
	terminal_destroy(t);
}

static void test_questions_are_answered(void **state)
{
	(void)state;
	expect_answer("\033[5n", "\033[0n");
	expect_answer("\033[3;4H\033[6n", "\033[3;4R");
	expect_answer("\033[?6n", "\033[?1;1R");
	expect_answer("\033[2;3r\033[?6h\033[6n", "\033[1;1R");
	expect_answer("\033[c", "\033[?62;22c");
	expect_answer("\033[>c", "\033[>1;10;0c");
	expect_answer("\033Z", "\033[?62;22c");
	expect_answer("\033[18t", "\033[8;4;10t");
	/* how `resize` asks */
	expect_answer("\0337\033[r\033[999;999H\033[6n", "\033[4;10R");
}

static void expect_key(const char *before, enum terminal_key key, u32 modifiers, const char *bytes)
{
	struct terminal *t = make();

	put(t, before);
	terminal_key(t, key, modifiers);
	assert_string_equal(sent, bytes);
	terminal_destroy(t);
}

static void test_every_key_has_its_bytes(void **state)
{
	static const struct {
		u8 key;
		const char *plain, *shift, *control, *alt;
	} keys[] = {
		{ TERMINAL_ENTER, "\r", "\r", "\r", "\033\r" },
		{ TERMINAL_TAB, "\t", "\033[Z", "\t", "\033\t" },
		{ TERMINAL_BACKSPACE, "\177", "\177", "\b", "\033\177" },
		{ TERMINAL_ESCAPE, "\033", "\033", "\033", "\033\033" },
		{ TERMINAL_UP, "\033[A", "\033[1;2A", "\033[1;5A", "\033[1;3A" },
		{ TERMINAL_DOWN, "\033[B", "\033[1;2B", "\033[1;5B", "\033[1;3B" },
		{ TERMINAL_RIGHT, "\033[C", "\033[1;2C", "\033[1;5C", "\033[1;3C" },
		{ TERMINAL_LEFT, "\033[D", "\033[1;2D", "\033[1;5D", "\033[1;3D" },
		{ TERMINAL_INSERT, "\033[2~", "\033[2;2~", "\033[2;5~", "\033[2;3~" },
		{ TERMINAL_DELETE, "\033[3~", "\033[3;2~", "\033[3;5~", "\033[3;3~" },
		{ TERMINAL_HOME, "\033[H", "\033[1;2H", "\033[1;5H", "\033[1;3H" },
		{ TERMINAL_END, "\033[F", "\033[1;2F", "\033[1;5F", "\033[1;3F" },
		{ TERMINAL_PAGE_UP, "\033[5~", "\033[5;2~", "\033[5;5~", "\033[5;3~" },
		{ TERMINAL_PAGE_DOWN, "\033[6~", "\033[6;2~", "\033[6;5~", "\033[6;3~" },
		{ TERMINAL_F1, "\033OP", "\033[1;2P", "\033[1;5P", "\033[1;3P" },
		{ TERMINAL_F1 + 1, "\033OQ", "\033[1;2Q", "\033[1;5Q", "\033[1;3Q" },
		{ TERMINAL_F1 + 2, "\033OR", "\033[1;2R", "\033[1;5R", "\033[1;3R" },
		{ TERMINAL_F1 + 3, "\033OS", "\033[1;2S", "\033[1;5S", "\033[1;3S" },
		{ TERMINAL_F1 + 4, "\033[15~", "\033[15;2~", "\033[15;5~", "\033[15;3~" },
		{ TERMINAL_F1 + 5, "\033[17~", "\033[17;2~", "\033[17;5~", "\033[17;3~" },
		{ TERMINAL_F1 + 6, "\033[18~", "\033[18;2~", "\033[18;5~", "\033[18;3~" },
		{ TERMINAL_F1 + 7, "\033[19~", "\033[19;2~", "\033[19;5~", "\033[19;3~" },
		{ TERMINAL_F1 + 8, "\033[20~", "\033[20;2~", "\033[20;5~", "\033[20;3~" },
		{ TERMINAL_F1 + 9, "\033[21~", "\033[21;2~", "\033[21;5~", "\033[21;3~" },
		{ TERMINAL_F1 + 10, "\033[23~", "\033[23;2~", "\033[23;5~", "\033[23;3~" },
		{ TERMINAL_F12, "\033[24~", "\033[24;2~", "\033[24;5~", "\033[24;3~" },
	};

	(void)state;
	assert_int_equal(ARRAY_SIZE(keys), TERMINAL_F12 + 1);
	for (u32 i = 0; i < ARRAY_SIZE(keys); i++) {
		expect_key("", keys[i].key, 0, keys[i].plain);
		expect_key("", keys[i].key, TERMINAL_SHIFT, keys[i].shift);
		expect_key("", keys[i].key, TERMINAL_CONTROL, keys[i].control);
		expect_key("", keys[i].key, TERMINAL_ALT, keys[i].alt);
	}
	expect_key("\033[?1h", TERMINAL_UP, 0, "\033OA");
	expect_key("\033[?1h", TERMINAL_HOME, 0, "\033OH");
	expect_key("\033[?1h", TERMINAL_UP, TERMINAL_CONTROL, "\033[1;5A");
	expect_key("\033[?1h\033[?1l", TERMINAL_UP, 0, "\033[A");
	expect_key("\033[20h", TERMINAL_ENTER, 0, "\r\n");
	expect_key("", TERMINAL_UP, TERMINAL_SHIFT | TERMINAL_ALT | TERMINAL_CONTROL, "\033[1;8A");
}

static void expect_text(u32 code_point, u32 modifiers, const char *bytes, size_t size)
{
	struct terminal *t = make();

	terminal_text(t, code_point, modifiers);
	assert_int_equal(sent_size, size);
	assert_memory_equal(sent, bytes, size);
	terminal_destroy(t);
}

static void test_text_with_control_and_alt(void **state)
{
	(void)state;
	expect_text('a', 0, "a", 1);
	expect_text(0x20ac, 0, "\xe2\x82\xac", 3);
	expect_text(0x1f600, 0, "\xf0\x9f\x98\x80", 4);
	expect_text('c', TERMINAL_CONTROL, "\003", 1);
	expect_text('C', TERMINAL_CONTROL | TERMINAL_SHIFT, "\003", 1);
	expect_text(' ', TERMINAL_CONTROL, "\0", 1);
	expect_text('@', TERMINAL_CONTROL, "\0", 1);
	expect_text('[', TERMINAL_CONTROL, "\033", 1);
	expect_text('/', TERMINAL_CONTROL, "\037", 1);
	expect_text('?', TERMINAL_CONTROL, "\177", 1);
	expect_text('3', TERMINAL_CONTROL, "\033", 1);
	expect_text('8', TERMINAL_CONTROL, "\177", 1);
	expect_text('x', TERMINAL_ALT, "\033x", 2);
	expect_text('x', TERMINAL_ALT | TERMINAL_CONTROL, "\033\030", 2);
	expect_text(0x110000, 0, "", 0);
}

static void test_paste(void **state)
{
	struct terminal *t = make();

	(void)state;
	terminal_paste(t, "one\ntwo\r\nthree\033[201~\tä\x7f");
	assert_string_equal(sent, "one\rtwo\rthree[201~\tä");
	sent_size = 0;
	put(t, "\033[?2004h");
	terminal_paste(t, "x");
	assert_string_equal(sent, "\033[200~x\033[201~");
	terminal_destroy(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions_are_answered),
		cmocka_unit_test(test_every_key_has_its_bytes),
		cmocka_unit_test(test_text_with_control_and_alt),
		cmocka_unit_test(test_paste),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
