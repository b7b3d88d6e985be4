/*
 * Which bytes a key types. Keys are numbered as in linux/input-event-codes.h, the bytes are those of Linux's console
 * (terminfo's "linux"). Knows neither terminals nor devices: tests/console builds it for the host.
 */
#ifndef GUEST_KERNEL_SCREEN_KEYMAP_H
#define GUEST_KERNEL_SCREEN_KEYMAP_H

#include "guest/kernel/core/base.h"

#define KEY_BYTES_MAX 8

enum key_code {
	KEY_ESC = 1,
	KEY_BACKSPACE = 14,
	KEY_TAB = 15,
	KEY_ENTER = 28,
	KEY_LEFTCTRL = 29,
	KEY_LEFTSHIFT = 42,
	KEY_RIGHTSHIFT = 54,
	KEY_KPASTERISK = 55,
	KEY_LEFTALT = 56,
	KEY_SPACE = 57,
	KEY_CAPSLOCK = 58,
	KEY_F1 = 59, /* to F10 */
	KEY_F10 = 68,
	KEY_NUMLOCK = 69,
	KEY_SCROLLLOCK = 70,
	KEY_KP7 = 71, /* 71..83 are the keypad */
	KEY_KPDOT = 83,
	KEY_102ND = 86,
	KEY_F11 = 87,
	KEY_F12 = 88,
	KEY_KPENTER = 96,
	KEY_RIGHTCTRL = 97,
	KEY_KPSLASH = 98,
	KEY_SYSRQ = 99,
	KEY_RIGHTALT = 100,
	KEY_HOME = 102,
	KEY_UP = 103,
	KEY_PAGEUP = 104,
	KEY_LEFT = 105,
	KEY_RIGHT = 106,
	KEY_END = 107,
	KEY_DOWN = 108,
	KEY_PAGEDOWN = 109,
	KEY_INSERT = 110,
	KEY_DELETE = 111,
	KEY_PAUSE = 119,
	KEY_LEFTMETA = 125,
	KEY_RIGHTMETA = 126,
};

/* What is held, and what is switched on. */
struct key_state {
	bool shift, control, alt, altgr;
	bool caps_lock, num_lock;
	bool cursor_keys, keypad; /* as the terminal's program wants them: DECCKM, DECKPAM */
	bool latin1;              /* bytes are no UTF-8 */
};

struct keymap;

/* "us" or "de"; NULL: there is none of that name. */
const struct keymap *keymap_find(const char *name);

/* The bytes; their number, 0: the key types nothing. */
u32 keymap_bytes(const struct keymap *map, const struct key_state *state, u16 code, u8 bytes[KEY_BYTES_MAX]);

#endif
