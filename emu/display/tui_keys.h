/*
 * From the bytes that a terminal sends to keys: what is typed into the text interface. The bytes themselves are kept,
 * for the guest wants most of them as they are.
 */
#ifndef RVEMU_EMU_DISPLAY_TUI_KEYS_H
#define RVEMU_EMU_DISPLAY_TUI_KEYS_H

#include "emu/display/terminal.h"

#define TUI_KEY_BYTES 32 /* of one key; longer sequences are cut in two */

struct tui_key {
	bool is_text;          /* a code point; else `key` */
	u32 code_point;        /* also control characters */
	enum terminal_key key; /* of those that terminals have sequences for: cursor keys, F1.. */
	bool is_unknown;       /* neither: a sequence for the guest alone */
	u32 modifiers;         /* enum terminal_modifier, of `key` */
	u8 bytes[TUI_KEY_BYTES];
	u32 size;
};

/* Takes the next key off the bytes; returns how many it was. 0: they end in the middle of one; if `is_all` (nothing
 * follows for now) never. size > 0. */
size_t tui_key_next(const u8 *bytes, size_t size, bool is_all, struct tui_key *key);

#endif
