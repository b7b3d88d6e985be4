/*
 * emu/display/keymap.c: every key of a keyboard is there once, text is typed with the right keys, and the keypad is
 * digits or arrows.
 */
#include "emu/display/keymap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <linux/input-event-codes.h>

#include <cmocka.h>

#include "emu/display/sdl.h"

/* The places of a PC's keyboard, 1 (Esc) to 88 (F12), have a key each, but those that no PC has. */
static void test_every_key_of_a_pc_keyboard_has_a_scancode(void **state)
{
	(void)state;
	static const u16 beyond[] = {
		KEY_KPENTER, KEY_RIGHTCTRL, KEY_KPSLASH,  KEY_SYSRQ,     KEY_RIGHTALT, KEY_HOME,     KEY_UP,
		KEY_PAGEUP,  KEY_LEFT,      KEY_RIGHT,    KEY_END,       KEY_DOWN,     KEY_PAGEDOWN, KEY_INSERT,
		KEY_DELETE,  KEY_PAUSE,     KEY_LEFTMETA, KEY_RIGHTMETA, KEY_COMPOSE,
	};
	bool has[KEY_CNT] = { false };
	for (u32 i = 0; i < SDL_NUM_SCANCODES; i++)
		has[keymap_from_scancode(i)] = true;
	for (u32 key = KEY_ESC; key <= KEY_F12; key++) {
		bool is_hole = key == 84 || key == KEY_ZENKAKUHANKAKU;
		if (has[key] == is_hole)
			fail_msg("key %u", key);
	}
	for (u32 i = 0; i < ARRAY_SIZE(beyond); i++)
		assert_true(has[beyond[i]]);
}

/* Two keys of a keyboard are two keys for the guest, but for the few that are one key under two names. */
static void test_no_key_is_sent_by_two_others(void **state)
{
	(void)state;
	u32 owner[KEY_CNT] = { 0 };
	for (u32 i = 0; i < SDL_NUM_SCANCODES; i++) {
		u16 key = keymap_from_scancode(i);
		bool is_second = i == SDL_SCANCODE_NONUSHASH || i == SDL_SCANCODE_MODE;
		if (key == KEY_RESERVED || is_second)
			continue;
		if (owner[key])
			fail_msg("key %u: scancodes %u and %u", key, owner[key], i);
		owner[key] = i;
	}
}

/* Typed and pressed, a character is the same key. */
static void test_scancodes_of_characters_are_the_keys_that_type_them(void **state)
{
	(void)state;
	static const struct {
		char character;
		u16 scancode;
	} others[] = {
		{ '0', SDL_SCANCODE_0 },           { '-', SDL_SCANCODE_MINUS },        { '=', SDL_SCANCODE_EQUALS },
		{ '[', SDL_SCANCODE_LEFTBRACKET }, { ']', SDL_SCANCODE_RIGHTBRACKET }, { '\\', SDL_SCANCODE_BACKSLASH },
		{ ';', SDL_SCANCODE_SEMICOLON },   { '\'', SDL_SCANCODE_APOSTROPHE },  { '`', SDL_SCANCODE_GRAVE },
		{ ',', SDL_SCANCODE_COMMA },       { '.', SDL_SCANCODE_PERIOD },       { '/', SDL_SCANCODE_SLASH },
		{ ' ', SDL_SCANCODE_SPACE },       { '\n', SDL_SCANCODE_RETURN },      { '\t', SDL_SCANCODE_TAB },
	};
	struct keymap_stroke stroke;
	for (u32 i = 0; i < 26; i++) {
		assert_true(keymap_from_text('a' + i, false, &stroke));
		assert_int_equal(keymap_from_scancode(SDL_SCANCODE_A + i), stroke.key);
	}
	for (u32 i = 0; i < 9; i++) {
		assert_true(keymap_from_text('1' + i, false, &stroke));
		assert_int_equal(keymap_from_scancode(SDL_SCANCODE_1 + i), stroke.key);
	}
	for (u32 i = 0; i < ARRAY_SIZE(others); i++) {
		assert_true(keymap_from_text((u8)others[i].character, false, &stroke));
		assert_int_equal(keymap_from_scancode(others[i].scancode), stroke.key);
	}
}

static void test_keys_without_a_character_are_in_their_places(void **state)
{
	(void)state;
	static const u16 pairs[][2] = {
		{ SDL_SCANCODE_ESCAPE, KEY_ESC },
		{ SDL_SCANCODE_BACKSPACE, KEY_BACKSPACE },
		{ SDL_SCANCODE_CAPSLOCK, KEY_CAPSLOCK },
		{ SDL_SCANCODE_NUMLOCKCLEAR, KEY_NUMLOCK },
		{ SDL_SCANCODE_SCROLLLOCK, KEY_SCROLLLOCK },
		{ SDL_SCANCODE_PRINTSCREEN, KEY_SYSRQ },
		{ SDL_SCANCODE_PAUSE, KEY_PAUSE },
		{ SDL_SCANCODE_INSERT, KEY_INSERT },
		{ SDL_SCANCODE_DELETE, KEY_DELETE },
		{ SDL_SCANCODE_HOME, KEY_HOME },
		{ SDL_SCANCODE_END, KEY_END },
		{ SDL_SCANCODE_PAGEUP, KEY_PAGEUP },
		{ SDL_SCANCODE_PAGEDOWN, KEY_PAGEDOWN },
		{ SDL_SCANCODE_UP, KEY_UP },
		{ SDL_SCANCODE_DOWN, KEY_DOWN },
		{ SDL_SCANCODE_LEFT, KEY_LEFT },
		{ SDL_SCANCODE_RIGHT, KEY_RIGHT },
		{ SDL_SCANCODE_APPLICATION, KEY_COMPOSE },
		{ SDL_SCANCODE_KP_0, KEY_KP0 },
		{ SDL_SCANCODE_KP_1, KEY_KP1 },
		{ SDL_SCANCODE_KP_2, KEY_KP2 },
		{ SDL_SCANCODE_KP_3, KEY_KP3 },
		{ SDL_SCANCODE_KP_4, KEY_KP4 },
		{ SDL_SCANCODE_KP_5, KEY_KP5 },
		{ SDL_SCANCODE_KP_6, KEY_KP6 },
		{ SDL_SCANCODE_KP_7, KEY_KP7 },
		{ SDL_SCANCODE_KP_8, KEY_KP8 },
		{ SDL_SCANCODE_KP_9, KEY_KP9 },
		{ SDL_SCANCODE_KP_PLUS, KEY_KPPLUS },
		{ SDL_SCANCODE_KP_MINUS, KEY_KPMINUS },
		{ SDL_SCANCODE_KP_MULTIPLY, KEY_KPASTERISK },
		{ SDL_SCANCODE_KP_DIVIDE, KEY_KPSLASH },
		{ SDL_SCANCODE_F11, KEY_F11 },
		{ SDL_SCANCODE_F12, KEY_F12 },
		{ SDL_SCANCODE_NONUSBACKSLASH, KEY_102ND },
		{ SDL_SCANCODE_NONUSHASH, KEY_BACKSLASH },
		{ SDL_SCANCODE_KP_ENTER, KEY_KPENTER },
		{ SDL_SCANCODE_KP_PERIOD, KEY_KPDOT },
	};
	for (u32 i = 0; i < ARRAY_SIZE(pairs); i++)
		assert_int_equal(keymap_from_scancode(pairs[i][0]), pairs[i][1]);
	for (u32 i = 0; i < 10; i++) /* F11 and F12 have places of their own */
		assert_int_equal(keymap_from_scancode(SDL_SCANCODE_F1 + i), KEY_F1 + i);
	for (u32 i = 0; i < 12; i++)
		assert_int_equal(keymap_from_scancode(SDL_SCANCODE_F13 + i), KEY_F13 + i);
}

static void test_modifiers_left_and_right_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(keymap_from_scancode(SDL_SCANCODE_LCTRL), KEY_LEFTCTRL);
	assert_int_equal(keymap_from_scancode(SDL_SCANCODE_RCTRL), KEY_RIGHTCTRL);
	assert_int_equal(keymap_from_scancode(SDL_SCANCODE_LSHIFT), KEY_LEFTSHIFT);
	assert_int_equal(keymap_from_scancode(SDL_SCANCODE_RSHIFT), KEY_RIGHTSHIFT);
	assert_int_equal(keymap_from_scancode(SDL_SCANCODE_LALT), KEY_LEFTALT);
	assert_int_equal(keymap_from_scancode(SDL_SCANCODE_RALT), KEY_RIGHTALT);
	assert_int_equal(keymap_from_scancode(SDL_SCANCODE_LGUI), KEY_LEFTMETA);
	assert_int_equal(keymap_from_scancode(SDL_SCANCODE_RGUI), KEY_RIGHTMETA);
}

static void test_unknown_scancodes_are_no_key(void **state)
{
	(void)state;
	assert_int_equal(keymap_from_scancode(SDL_SCANCODE_UNKNOWN), KEY_RESERVED);
	assert_int_equal(keymap_from_scancode(SDL_NUM_SCANCODES), KEY_RESERVED);
	assert_int_equal(keymap_from_scancode(UINT32_MAX), KEY_RESERVED);
}

/* --- text --- */

/* What a US keyboard types, written down the other way round: by key. */
static char typed(u16 key, bool shift)
{
	static const char *const rows[] = {
		[0] = "\x02"
		      "1234567890-=", /* KEY_1 on */
		[1] = "\x02"
		      "!@#$%^&*()_+",
		[2] = "\x10"
		      "qwertyuiop[]\n", /* KEY_Q on, Enter too */
		[3] = "\x10"
		      "QWERTYUIOP{}",
		[4] = "\x1e"
		      "asdfghjkl;'`", /* KEY_A on */
		[5] = "\x1e"
		      "ASDFGHJKL:\"~",
		[6] = "\x2b"
		      "\\zxcvbnm,./", /* KEY_BACKSLASH on */
		[7] = "\x2b"
		      "|ZXCVBNM<>?",
	};
	if (key == KEY_SPACE || key == KEY_TAB)
		return shift ? '\0' : key == KEY_TAB ? '\t' : ' ';
	for (u32 i = shift; i < ARRAY_SIZE(rows); i += 2) {
		u32 at = (u32)key - (u32)rows[i][0] + 1;
		if (key >= rows[i][0] && at < strlen(rows[i]))
			return rows[i][at];
	}
	return '\0';
}

static void test_all_printable_ascii_is_typed(void **state)
{
	(void)state;
	for (u32 c = ' '; c < 127; c++) {
		struct keymap_stroke stroke;
		if (!keymap_from_text(c, false, &stroke) || typed(stroke.key, stroke.shift) != (char)c)
			fail_msg("character %u", c);
	}
}

static void test_line_end_and_tab_are_keys(void **state)
{
	(void)state;
	struct keymap_stroke stroke;
	assert_true(keymap_from_text('\n', false, &stroke));
	assert_int_equal(stroke.key, KEY_ENTER);
	assert_false(stroke.shift);
	assert_true(keymap_from_text('\t', false, &stroke));
	assert_int_equal(stroke.key, KEY_TAB);
}

static void test_caps_lock_turns_letters_around_and_nothing_else(void **state)
{
	(void)state;
	for (u32 c = ' '; c < 127; c++) {
		struct keymap_stroke plain, locked;
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		assert_true(keymap_from_text(c, false, &plain));
		assert_true(keymap_from_text(c, true, &locked));
		assert_int_equal(plain.key, locked.key);
		assert_int_equal(plain.shift != locked.shift, is_letter);
	}
}

static void test_other_characters_are_not_typed(void **state)
{
	(void)state;
	static const u32 none[] = { 0, 1, 7, 27, 127, 128, 0xe9, 0x20ac, 0x161, 0x10161, UINT32_MAX };
	struct keymap_stroke stroke;
	for (u32 i = 0; i < ARRAY_SIZE(none); i++)
		assert_false(keymap_from_text(none[i], false, &stroke));
}

/* --- the terminal --- */

static void test_terminal_keys_are_found(void **state)
{
	(void)state;
	enum terminal_key key;
	assert_true(keymap_to_terminal(SDL_SCANCODE_UP, false, &key));
	assert_int_equal(key, TERMINAL_UP);
	assert_true(keymap_to_terminal(SDL_SCANCODE_RETURN, true, &key));
	assert_int_equal(key, TERMINAL_ENTER);
	for (u32 i = 0; i < 12; i++) {
		assert_true(keymap_to_terminal(SDL_SCANCODE_F1 + i, false, &key));
		assert_int_equal(key, TERMINAL_F1 + i);
	}
	assert_false(keymap_to_terminal(SDL_SCANCODE_A, false, &key));
	assert_false(keymap_to_terminal(SDL_SCANCODE_F13, false, &key));
	assert_false(keymap_to_terminal(UINT32_MAX, false, &key));
}

static void test_keypad_is_digits_with_num_lock(void **state)
{
	(void)state;
	enum terminal_key key;
	assert_true(keymap_to_terminal(SDL_SCANCODE_KP_8, false, &key));
	assert_int_equal(key, TERMINAL_UP);
	assert_false(keymap_to_terminal(SDL_SCANCODE_KP_8, true, &key));
	assert_true(keymap_to_terminal(SDL_SCANCODE_KP_ENTER, true, &key));
	assert_int_equal(key, TERMINAL_ENTER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_of_a_pc_keyboard_has_a_scancode),
		cmocka_unit_test(test_no_key_is_sent_by_two_others),
		cmocka_unit_test(test_scancodes_of_characters_are_the_keys_that_type_them),
		cmocka_unit_test(test_keys_without_a_character_are_in_their_places),
		cmocka_unit_test(test_modifiers_left_and_right_are_told_apart),
		cmocka_unit_test(test_unknown_scancodes_are_no_key),
		cmocka_unit_test(test_all_printable_ascii_is_typed),
		cmocka_unit_test(test_line_end_and_tab_are_keys),
		cmocka_unit_test(test_caps_lock_turns_letters_around_and_nothing_else),
		cmocka_unit_test(test_other_characters_are_not_typed),
		cmocka_unit_test(test_terminal_keys_are_found),
		cmocka_unit_test(test_keypad_is_digits_with_num_lock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
