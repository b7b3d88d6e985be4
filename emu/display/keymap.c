/*
 * The tables of keymap.h.
 */
#include "emu/display/keymap.h"

#include <linux/input-event-codes.h>

#include "emu/display/sdl.h"

static const u16 keys[SDL_NUM_SCANCODES] = {
	[SDL_SCANCODE_A] = KEY_A,
	[SDL_SCANCODE_B] = KEY_B,
	[SDL_SCANCODE_C] = KEY_C,
	[SDL_SCANCODE_D] = KEY_D,
	[SDL_SCANCODE_E] = KEY_E,
	[SDL_SCANCODE_F] = KEY_F,
	[SDL_SCANCODE_G] = KEY_G,
	[SDL_SCANCODE_H] = KEY_H,
	[SDL_SCANCODE_I] = KEY_I,
	[SDL_SCANCODE_J] = KEY_J,
	[SDL_SCANCODE_K] = KEY_K,
	[SDL_SCANCODE_L] = KEY_L,
	[SDL_SCANCODE_M] = KEY_M,
	[SDL_SCANCODE_N] = KEY_N,
	[SDL_SCANCODE_O] = KEY_O,
	[SDL_SCANCODE_P] = KEY_P,
	[SDL_SCANCODE_Q] = KEY_Q,
	[SDL_SCANCODE_R] = KEY_R,
	[SDL_SCANCODE_S] = KEY_S,
	[SDL_SCANCODE_T] = KEY_T,
	[SDL_SCANCODE_U] = KEY_U,
	[SDL_SCANCODE_V] = KEY_V,
	[SDL_SCANCODE_W] = KEY_W,
	[SDL_SCANCODE_X] = KEY_X,
	[SDL_SCANCODE_Y] = KEY_Y,
	[SDL_SCANCODE_Z] = KEY_Z,
	[SDL_SCANCODE_1] = KEY_1,
	[SDL_SCANCODE_2] = KEY_2,
	[SDL_SCANCODE_3] = KEY_3,
	[SDL_SCANCODE_4] = KEY_4,
	[SDL_SCANCODE_5] = KEY_5,
	[SDL_SCANCODE_6] = KEY_6,
	[SDL_SCANCODE_7] = KEY_7,
	[SDL_SCANCODE_8] = KEY_8,
	[SDL_SCANCODE_9] = KEY_9,
	[SDL_SCANCODE_0] = KEY_0,
	[SDL_SCANCODE_RETURN] = KEY_ENTER,
	[SDL_SCANCODE_ESCAPE] = KEY_ESC,
	[SDL_SCANCODE_BACKSPACE] = KEY_BACKSPACE,
	[SDL_SCANCODE_TAB] = KEY_TAB,
	[SDL_SCANCODE_SPACE] = KEY_SPACE,
	[SDL_SCANCODE_MINUS] = KEY_MINUS,
	[SDL_SCANCODE_EQUALS] = KEY_EQUAL,
	[SDL_SCANCODE_LEFTBRACKET] = KEY_LEFTBRACE,
	[SDL_SCANCODE_RIGHTBRACKET] = KEY_RIGHTBRACE,
	[SDL_SCANCODE_BACKSLASH] = KEY_BACKSLASH,
	[SDL_SCANCODE_NONUSHASH] = KEY_BACKSLASH, /* the same place on a PC */
	[SDL_SCANCODE_SEMICOLON] = KEY_SEMICOLON,
	[SDL_SCANCODE_APOSTROPHE] = KEY_APOSTROPHE,
	[SDL_SCANCODE_GRAVE] = KEY_GRAVE,
	[SDL_SCANCODE_COMMA] = KEY_COMMA,
	[SDL_SCANCODE_PERIOD] = KEY_DOT,
	[SDL_SCANCODE_SLASH] = KEY_SLASH,
	[SDL_SCANCODE_CAPSLOCK] = KEY_CAPSLOCK,
	[SDL_SCANCODE_F1] = KEY_F1,
	[SDL_SCANCODE_F2] = KEY_F2,
	[SDL_SCANCODE_F3] = KEY_F3,
	[SDL_SCANCODE_F4] = KEY_F4,
	[SDL_SCANCODE_F5] = KEY_F5,
	[SDL_SCANCODE_F6] = KEY_F6,
	[SDL_SCANCODE_F7] = KEY_F7,
	[SDL_SCANCODE_F8] = KEY_F8,
	[SDL_SCANCODE_F9] = KEY_F9,
	[SDL_SCANCODE_F10] = KEY_F10,
	[SDL_SCANCODE_F11] = KEY_F11,
	[SDL_SCANCODE_F12] = KEY_F12,
	[SDL_SCANCODE_PRINTSCREEN] = KEY_SYSRQ,
	[SDL_SCANCODE_SCROLLLOCK] = KEY_SCROLLLOCK,
	[SDL_SCANCODE_PAUSE] = KEY_PAUSE,
	[SDL_SCANCODE_INSERT] = KEY_INSERT,
	[SDL_SCANCODE_HOME] = KEY_HOME,
	[SDL_SCANCODE_PAGEUP] = KEY_PAGEUP,
	[SDL_SCANCODE_DELETE] = KEY_DELETE,
	[SDL_SCANCODE_END] = KEY_END,
	[SDL_SCANCODE_PAGEDOWN] = KEY_PAGEDOWN,
	[SDL_SCANCODE_RIGHT] = KEY_RIGHT,
	[SDL_SCANCODE_LEFT] = KEY_LEFT,
	[SDL_SCANCODE_DOWN] = KEY_DOWN,
	[SDL_SCANCODE_UP] = KEY_UP,
	[SDL_SCANCODE_NUMLOCKCLEAR] = KEY_NUMLOCK,
	[SDL_SCANCODE_KP_DIVIDE] = KEY_KPSLASH,
	[SDL_SCANCODE_KP_MULTIPLY] = KEY_KPASTERISK,
	[SDL_SCANCODE_KP_MINUS] = KEY_KPMINUS,
	[SDL_SCANCODE_KP_PLUS] = KEY_KPPLUS,
	[SDL_SCANCODE_KP_ENTER] = KEY_KPENTER,
	[SDL_SCANCODE_KP_1] = KEY_KP1,
	[SDL_SCANCODE_KP_2] = KEY_KP2,
	[SDL_SCANCODE_KP_3] = KEY_KP3,
	[SDL_SCANCODE_KP_4] = KEY_KP4,
	[SDL_SCANCODE_KP_5] = KEY_KP5,
	[SDL_SCANCODE_KP_6] = KEY_KP6,
	[SDL_SCANCODE_KP_7] = KEY_KP7,
	[SDL_SCANCODE_KP_8] = KEY_KP8,
	[SDL_SCANCODE_KP_9] = KEY_KP9,
	[SDL_SCANCODE_KP_0] = KEY_KP0,
	[SDL_SCANCODE_KP_PERIOD] = KEY_KPDOT,
	[SDL_SCANCODE_KP_EQUALS] = KEY_KPEQUAL,
	[SDL_SCANCODE_KP_COMMA] = KEY_KPCOMMA,
	[SDL_SCANCODE_NONUSBACKSLASH] = KEY_102ND,
	[SDL_SCANCODE_APPLICATION] = KEY_COMPOSE,
	[SDL_SCANCODE_MENU] = KEY_MENU,
	[SDL_SCANCODE_POWER] = KEY_POWER,
	[SDL_SCANCODE_F13] = KEY_F13,
	[SDL_SCANCODE_F14] = KEY_F14,
	[SDL_SCANCODE_F15] = KEY_F15,
	[SDL_SCANCODE_F16] = KEY_F16,
	[SDL_SCANCODE_F17] = KEY_F17,
	[SDL_SCANCODE_F18] = KEY_F18,
	[SDL_SCANCODE_F19] = KEY_F19,
	[SDL_SCANCODE_F20] = KEY_F20,
	[SDL_SCANCODE_F21] = KEY_F21,
	[SDL_SCANCODE_F22] = KEY_F22,
	[SDL_SCANCODE_F23] = KEY_F23,
	[SDL_SCANCODE_F24] = KEY_F24,
	[SDL_SCANCODE_STOP] = KEY_STOP,
	[SDL_SCANCODE_AGAIN] = KEY_AGAIN,
	[SDL_SCANCODE_UNDO] = KEY_UNDO,
	[SDL_SCANCODE_CUT] = KEY_CUT,
	[SDL_SCANCODE_COPY] = KEY_COPY,
	[SDL_SCANCODE_PASTE] = KEY_PASTE,
	[SDL_SCANCODE_FIND] = KEY_FIND,
	[SDL_SCANCODE_HELP] = KEY_HELP,
	[SDL_SCANCODE_MUTE] = KEY_MUTE,
	[SDL_SCANCODE_VOLUMEUP] = KEY_VOLUMEUP,
	[SDL_SCANCODE_VOLUMEDOWN] = KEY_VOLUMEDOWN,
	[SDL_SCANCODE_INTERNATIONAL1] = KEY_RO,
	[SDL_SCANCODE_INTERNATIONAL2] = KEY_KATAKANAHIRAGANA,
	[SDL_SCANCODE_INTERNATIONAL3] = KEY_YEN,
	[SDL_SCANCODE_INTERNATIONAL4] = KEY_HENKAN,
	[SDL_SCANCODE_INTERNATIONAL5] = KEY_MUHENKAN,
	[SDL_SCANCODE_LANG1] = KEY_HANGEUL,
	[SDL_SCANCODE_LANG2] = KEY_HANJA,
	[SDL_SCANCODE_LCTRL] = KEY_LEFTCTRL,
	[SDL_SCANCODE_LSHIFT] = KEY_LEFTSHIFT,
	[SDL_SCANCODE_LALT] = KEY_LEFTALT,
	[SDL_SCANCODE_LGUI] = KEY_LEFTMETA,
	[SDL_SCANCODE_RCTRL] = KEY_RIGHTCTRL,
	[SDL_SCANCODE_RSHIFT] = KEY_RIGHTSHIFT,
	[SDL_SCANCODE_RALT] = KEY_RIGHTALT,
	[SDL_SCANCODE_RGUI] = KEY_RIGHTMETA,
	[SDL_SCANCODE_MODE] = KEY_RIGHTALT, /* AltGr, under some layouts */
};

u16 keymap_from_scancode(u32 scancode)
{
	return scancode < ARRAY_SIZE(keys) ? keys[scancode] : KEY_RESERVED;
}

/* A US keyboard's characters. */
static const struct text_key {
	u16 key;
	char plain, shifted;
} text_keys[] = {
	{ KEY_A, 'a', 'A' },           { KEY_B, 'b', 'B' },          { KEY_C, 'c', 'C' },
	{ KEY_D, 'd', 'D' },           { KEY_E, 'e', 'E' },          { KEY_F, 'f', 'F' },
	{ KEY_G, 'g', 'G' },           { KEY_H, 'h', 'H' },          { KEY_I, 'i', 'I' },
	{ KEY_J, 'j', 'J' },           { KEY_K, 'k', 'K' },          { KEY_L, 'l', 'L' },
	{ KEY_M, 'm', 'M' },           { KEY_N, 'n', 'N' },          { KEY_O, 'o', 'O' },
	{ KEY_P, 'p', 'P' },           { KEY_Q, 'q', 'Q' },          { KEY_R, 'r', 'R' },
	{ KEY_S, 's', 'S' },           { KEY_T, 't', 'T' },          { KEY_U, 'u', 'U' },
	{ KEY_V, 'v', 'V' },           { KEY_W, 'w', 'W' },          { KEY_X, 'x', 'X' },
	{ KEY_Y, 'y', 'Y' },           { KEY_Z, 'z', 'Z' },          { KEY_1, '1', '!' },
	{ KEY_2, '2', '@' },           { KEY_3, '3', '#' },          { KEY_4, '4', '$' },
	{ KEY_5, '5', '%' },           { KEY_6, '6', '^' },          { KEY_7, '7', '&' },
	{ KEY_8, '8', '*' },           { KEY_9, '9', '(' },          { KEY_0, '0', ')' },
	{ KEY_MINUS, '-', '_' },       { KEY_EQUAL, '=', '+' },      { KEY_LEFTBRACE, '[', '{' },
	{ KEY_RIGHTBRACE, ']', '}' },  { KEY_BACKSLASH, '\\', '|' }, { KEY_SEMICOLON, ';', ':' },
	{ KEY_APOSTROPHE, '\'', '"' }, { KEY_GRAVE, '`', '~' },      { KEY_COMMA, ',', '<' },
	{ KEY_DOT, '.', '>' },         { KEY_SLASH, '/', '?' },      { KEY_SPACE, ' ', '\0' },
	{ KEY_ENTER, '\n', '\0' },     { KEY_TAB, '\t', '\0' },
};

bool keymap_from_text(u32 code_point, bool caps_lock, struct keymap_stroke *stroke)
{
	for (u32 i = 0; code_point != 0 && i < ARRAY_SIZE(text_keys); i++) {
		const struct text_key *k = &text_keys[i];
		if (code_point != (u8)k->plain && code_point != (u8)k->shifted)
			continue;
		bool is_letter = k->plain >= 'a' && k->plain <= 'z';
		stroke->key = k->key;
		stroke->shift = (code_point == (u8)k->shifted) != (is_letter && caps_lock);
		return true;
	}
	return false;
}

/* Keys of a terminal; those of the keypad only where it types no digits. */
static const struct terminal_map {
	u16 scancode;
	u8 key; /* enum terminal_key */
	bool is_keypad;
} terminal_keys[] = {
	{ SDL_SCANCODE_RETURN, TERMINAL_ENTER, false },
	{ SDL_SCANCODE_KP_ENTER, TERMINAL_ENTER, false },
	{ SDL_SCANCODE_TAB, TERMINAL_TAB, false },
	{ SDL_SCANCODE_BACKSPACE, TERMINAL_BACKSPACE, false },
	{ SDL_SCANCODE_ESCAPE, TERMINAL_ESCAPE, false },
	{ SDL_SCANCODE_UP, TERMINAL_UP, false },
	{ SDL_SCANCODE_DOWN, TERMINAL_DOWN, false },
	{ SDL_SCANCODE_LEFT, TERMINAL_LEFT, false },
	{ SDL_SCANCODE_RIGHT, TERMINAL_RIGHT, false },
	{ SDL_SCANCODE_INSERT, TERMINAL_INSERT, false },
	{ SDL_SCANCODE_DELETE, TERMINAL_DELETE, false },
	{ SDL_SCANCODE_HOME, TERMINAL_HOME, false },
	{ SDL_SCANCODE_END, TERMINAL_END, false },
	{ SDL_SCANCODE_PAGEUP, TERMINAL_PAGE_UP, false },
	{ SDL_SCANCODE_PAGEDOWN, TERMINAL_PAGE_DOWN, false },
	{ SDL_SCANCODE_KP_8, TERMINAL_UP, true },
	{ SDL_SCANCODE_KP_2, TERMINAL_DOWN, true },
	{ SDL_SCANCODE_KP_4, TERMINAL_LEFT, true },
	{ SDL_SCANCODE_KP_6, TERMINAL_RIGHT, true },
	{ SDL_SCANCODE_KP_0, TERMINAL_INSERT, true },
	{ SDL_SCANCODE_KP_PERIOD, TERMINAL_DELETE, true },
	{ SDL_SCANCODE_KP_7, TERMINAL_HOME, true },
	{ SDL_SCANCODE_KP_1, TERMINAL_END, true },
	{ SDL_SCANCODE_KP_9, TERMINAL_PAGE_UP, true },
	{ SDL_SCANCODE_KP_3, TERMINAL_PAGE_DOWN, true },
};

bool keymap_to_terminal(u32 scancode, bool num_lock, enum terminal_key *key)
{
	if (scancode >= SDL_SCANCODE_F1 && scancode <= SDL_SCANCODE_F12) {
		*key = (enum terminal_key)(TERMINAL_F1 + (scancode - SDL_SCANCODE_F1));
		return true;
	}
	for (u32 i = 0; i < ARRAY_SIZE(terminal_keys); i++) {
		const struct terminal_map *m = &terminal_keys[i];
		if (m->scancode != scancode || (m->is_keypad && num_lock))
			continue;
		*key = (enum terminal_key)m->key;
		return true;
	}
	return false;
}
