/*
 * Keys: from SDL's to those of a keyboard (KEY_... of linux/input-event-codes.h), which are places on it and no
 * letters; from text to the keys that type it on a US keyboard; and to those of a terminal. Tables alone.
 */
#ifndef RVEMU_EMU_DISPLAY_KEYMAP_H
#define RVEMU_EMU_DISPLAY_KEYMAP_H

#include "emu/base/base.h"
#include "emu/display/terminal.h"

/* The KEY_ of an SDL_SCANCODE_; 0 (KEY_RESERVED): there is none. */
u16 keymap_from_scancode(u32 scancode);

/* What types a character. */
struct keymap_stroke {
	u16 key;    /* KEY_ */
	bool shift; /* with Shift */
};

/* How a US keyboard types it; caps_lock: the guest has Caps Lock on. False: no key does. */
bool keymap_from_text(u32 code_point, bool caps_lock, struct keymap_stroke *stroke) must_check;

/* The terminal's key of an SDL_SCANCODE_. num_lock: the keypad types digits, which come as text. False: it is none of
 * those. */
bool keymap_to_terminal(u32 scancode, bool num_lock, enum terminal_key *key) must_check;

#endif
