/*
 * Which bytes a key types: see keymap.h. A layout is three rows of characters for the keys of a PC's keyboard that bear
 * one (plain, with Shift, with AltGr); the other keys are the same in all layouts.
 */
#include "guest/kernel/screen/keymap.h"

#define ESCAPE 0x1b
#define DELETE 0x7f
#define CHARACTER_KEYS 90 /* codes below may bear a character */

struct keymap {
	const char *name;
	bool has_altgr; /* else it is another Alt */
	u16 plain[CHARACTER_KEYS], shift[CHARACTER_KEYS], altgr[CHARACTER_KEYS];
};

/* A row of keys: digits 2.., letters 16.., 30.., 44... */
#define DIGITS(...) [2] = __VA_ARGS__
#define UPPER(...) [16] = __VA_ARGS__
#define MIDDLE(...) [30] = __VA_ARGS__
#define LOWER(...) [43] = __VA_ARGS__

/* clang-format off */
static const struct keymap maps[] = {
	{
		.name = "us",
		.plain = {
			DIGITS('1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '-', '='),
			UPPER('q', 'w', 'e', 'r', 't', 'y', 'u', 'i', 'o', 'p', '[', ']'),
			MIDDLE('a', 's', 'd', 'f', 'g', 'h', 'j', 'k', 'l', ';', '\'', '`'),
			LOWER('\\', 'z', 'x', 'c', 'v', 'b', 'n', 'm', ',', '.', '/'),
			[KEY_SPACE] = ' ', [KEY_102ND] = '<',
		},
		.shift = {
			DIGITS('!', '@', '#', '$', '%', '^', '&', '*', '(', ')', '_', '+'),
			UPPER('Q', 'W', 'E', 'R', 'T', 'Y', 'U', 'I', 'O', 'P', '{', '}'),
			MIDDLE('A', 'S', 'D', 'F', 'G', 'H', 'J', 'K', 'L', ':', '"', '~'),
			LOWER('|', 'Z', 'X', 'C', 'V', 'B', 'N', 'M', '<', '>', '?'),
			[KEY_SPACE] = ' ', [KEY_102ND] = '>',
		},
	},
	{
		.name = "de",
		.has_altgr = true,
		.plain = {
			DIGITS('1', '2', '3', '4', '5', '6', '7', '8', '9', '0', 0xdf, 0xb4),
			UPPER('q', 'w', 'e', 'r', 't', 'z', 'u', 'i', 'o', 'p', 0xfc, '+'),
			MIDDLE('a', 's', 'd', 'f', 'g', 'h', 'j', 'k', 'l', 0xf6, 0xe4, '^'),
			LOWER('#', 'y', 'x', 'c', 'v', 'b', 'n', 'm', ',', '.', '-'),
			[KEY_SPACE] = ' ', [KEY_102ND] = '<',
		},
		.shift = {
			DIGITS('!', '"', 0xa7, '$', '%', '&', '/', '(', ')', '=', '?', '`'),
			UPPER('Q', 'W', 'E', 'R', 'T', 'Z', 'U', 'I', 'O', 'P', 0xdc, '*'),
			MIDDLE('A', 'S', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 0xd6, 0xc4, 0xb0),
			LOWER('\'', 'Y', 'X', 'C', 'V', 'B', 'N', 'M', ';', ':', '_'),
			[KEY_SPACE] = ' ', [KEY_102ND] = '>',
		},
		.altgr = {
			[3] = 0xb2, [4] = 0xb3, [8] = '{', [9] = '[', [10] = ']', [11] = '}', [12] = '\\',
			[16] = '@', [18] = 0x20ac, [27] = '~', [50] = 0xb5, [KEY_102ND] = '|',
		},
	},
};

/* clang-format on */

const struct keymap *keymap_find(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(maps); i++)
		if (!strcmp(maps[i].name, name))
			return &maps[i];
	return NULL;
}

/* --- characters --- */

/* What Caps Lock turns into the other case: keys with a letter and its capital. */
static bool is_letter(u32 plain, u32 shift)
{
	return plain - shift == 'a' - 'A' && plain >= 'a';
}

/* Control characters: Ctrl with what the key bears, with Shift or without; as Linux's table has them. -1: none. */
static int control_of(u32 plain, u32 shift)
{
	static const char digits[] = "2345678";
	static const u8 controls[] = { 0, 27, 28, 29, 30, 31, DELETE };
	const char *digit = plain < 0x80 ? strchr(digits, (char)plain) : NULL;

	if (digit && *digit)
		return controls[digit - digits];
	if (plain == ' ')
		return 0;
	if (plain == '/' || plain == '?')
		return plain == '/' ? 31 : DELETE;
	if (plain >= '@' && plain < DELETE)
		return (int)(plain & 0x1f);
	return shift >= '@' && shift < DELETE ? (int)(shift & 0x1f) : -1;
}

static u32 put_utf8(u32 code, bool latin1, u8 *to)
{
	if (code < 0x80 || (latin1 && code < 0x100)) {
		to[0] = (u8)code;
		return 1;
	}
	if (code < 0x800) {
		to[0] = (u8)(0xc0 | code >> 6);
		to[1] = (u8)(0x80 | (code & 0x3f));
		return 2;
	}
	to[0] = (u8)(0xe0 | code >> 12);
	to[1] = (u8)(0x80 | (code >> 6 & 0x3f));
	to[2] = (u8)(0x80 | (code & 0x3f));
	return 3;
}

/* A key that bears a character. */
static u32 character(const struct keymap *map, const struct key_state *state, u16 code, u8 *to)
{
	u32 plain = map->plain[code], shift = map->shift[code];
	bool is_shifted = state->shift != (state->caps_lock && is_letter(plain, shift));
	u32 typed = is_shifted ? shift : plain;

	if (state->altgr && map->has_altgr) {
		typed = map->altgr[code];
		plain = typed ? typed : plain;
	}
	if (!typed)
		return 0;
	if (state->control) {
		int control = control_of(plain, shift);

		if (control < 0)
			return 0;
		to[0] = (u8)control;
		return 1;
	}
	return put_utf8(typed, state->latin1, to);
}

/* --- other keys --- */

static u32 put_text(const char *text, u8 *to)
{
	u32 size = (u32)strlen(text);

	memcpy(to, text, size);
	return size;
}

/* ESC [ number ~ */
static u32 put_tilde(u32 number, u8 *to)
{
	u32 size = put_text("\033[", to);

	if (number >= 10)
		to[size++] = (u8)('0' + number / 10);
	to[size++] = (u8)('0' + number % 10);
	to[size++] = '~';
	return size;
}

/* ESC [ letter, or ESC O letter where the program wants that. */
static u32 put_arrow(char letter, bool application, u8 *to)
{
	to[0] = ESCAPE;
	to[1] = application ? 'O' : '[';
	to[2] = (u8)letter;
	return 3;
}

/* F1 to F5 have sequences of their own; with Shift they are F13 and so on. */
static u32 function_key(u32 number, bool shift, u8 *to)
{
	static const u8 numbers[] = { 0,  0,  0,  0,  0,  17, 18, 19, 20, 21, 23, 24,
		                      25, 26, 28, 29, 31, 32, 33, 34, 0,  0,  0,  0 };

	number += shift ? 12 : 0;
	if (number < 5) {
		u32 size = put_text("\033[[", to);

		to[size++] = (u8)('A' + number);
		return size;
	}
	return number < ARRAY_SIZE(numbers) && numbers[number] ? put_tilde(numbers[number], to) : 0;
}

/* Keys that are moves; 0: it is none. */
static u32 move_key(u16 code, const struct key_state *state, u8 *to)
{
	switch (code) {
	case KEY_UP:
		return put_arrow('A', state->cursor_keys, to);
	case KEY_DOWN:
		return put_arrow('B', state->cursor_keys, to);
	case KEY_RIGHT:
		return put_arrow('C', state->cursor_keys, to);
	case KEY_LEFT:
		return put_arrow('D', state->cursor_keys, to);
	case KEY_HOME:
		return put_tilde(1, to);
	case KEY_INSERT:
		return put_tilde(2, to);
	case KEY_DELETE:
		return put_tilde(3, to);
	case KEY_END:
		return put_tilde(4, to);
	case KEY_PAGEUP:
		return put_tilde(5, to);
	case KEY_PAGEDOWN:
		return put_tilde(6, to);
	default:
		return 0;
	}
}

/* The keypad: digits with Num Lock, else moves; in application mode sequences of its own. */
static u32 keypad_key(u16 code, const struct key_state *state, u8 *to)
{
	static const char digits[] = "789-456+1230.";
	static const u16 moves[] = { KEY_HOME, KEY_UP,   KEY_PAGEUP,   0,          KEY_LEFT,  0, KEY_RIGHT, 0,
		                     KEY_END,  KEY_DOWN, KEY_PAGEDOWN, KEY_INSERT, KEY_DELETE };
	static const char application[] = "wxyStuvlqrspn";
	u32 at = (u32)(code - KEY_KP7);

	if (state->keypad && !state->shift)
		return put_arrow(application[at], true, to);
	if (digits[at] == '-' || digits[at] == '+' || state->num_lock != state->shift) {
		to[0] = (u8)digits[at];
		return 1;
	}
	return code == KEY_KP7 + 5 ? put_text("\033[G", to) : move_key(moves[at], state, to);
}

static u32 enter(const struct key_state *state, bool is_keypad, u8 *to)
{
	if (is_keypad && state->keypad && !state->shift)
		return put_arrow('M', true, to);
	to[0] = '\r';
	return 1;
}

static u32 other_key(const struct key_state *state, u16 code, u8 *to)
{
	if (code >= KEY_F1 && code <= KEY_F10)
		return function_key(code - KEY_F1, state->shift, to);
	if (code >= KEY_KP7 && code <= KEY_KPDOT)
		return keypad_key(code, state, to);
	switch (code) {
	case KEY_F11:
	case KEY_F12:
		return function_key(code - KEY_F11 + 10u, state->shift, to);
	case KEY_ESC:
		return put_text("\033", to);
	case KEY_BACKSPACE:
		to[0] = state->control ? '\b' : DELETE;
		return 1;
	case KEY_TAB:
		return put_text(state->shift ? "\033\t" : "\t", to);
	case KEY_ENTER:
	case KEY_KPENTER:
		return enter(state, code == KEY_KPENTER, to);
	case KEY_KPASTERISK:
		return state->keypad && !state->shift ? put_arrow('R', true, to) : put_text("*", to);
	case KEY_KPSLASH:
		return state->keypad && !state->shift ? put_arrow('Q', true, to) : put_text("/", to);
	default:
		return move_key(code, state, to);
	}
}

u32 keymap_bytes(const struct keymap *map, const struct key_state *state, u16 code, u8 bytes[KEY_BYTES_MAX])
{
	bool is_character = code < CHARACTER_KEYS && map->plain[code];
	bool is_alt = state->alt || (state->altgr && !map->has_altgr);
	u8 *to = bytes + is_alt;
	u32 size = is_character ? character(map, state, code, to) : other_key(state, code, to);

	if (!size || !is_alt)
		return size;
	bytes[0] = ESCAPE;
	return size + 1;
}
