/*
 * The bytes of a terminal's keys: see tui_keys.h. Sequences are those of xterm, the Linux console and rxvt.
 */
#include "emu/display/tui_keys.h"

#include <string.h>

#define ESC 0x1b

/* CSI numbers with '~'. */
static bool key_of_number(u32 number, enum terminal_key *key)
{
	static const struct {
		u8 number, key;
	} keys[] = {
		{ 1, TERMINAL_HOME },    { 2, TERMINAL_INSERT },    { 3, TERMINAL_DELETE },   { 4, TERMINAL_END },
		{ 5, TERMINAL_PAGE_UP }, { 6, TERMINAL_PAGE_DOWN }, { 7, TERMINAL_HOME },     { 8, TERMINAL_END },
		{ 11, TERMINAL_F1 },     { 12, TERMINAL_F1 + 1 },   { 13, TERMINAL_F1 + 2 },  { 14, TERMINAL_F1 + 3 },
		{ 15, TERMINAL_F1 + 4 }, { 17, TERMINAL_F1 + 5 },   { 18, TERMINAL_F1 + 6 },  { 19, TERMINAL_F1 + 7 },
		{ 20, TERMINAL_F1 + 8 }, { 21, TERMINAL_F1 + 9 },   { 23, TERMINAL_F1 + 10 }, { 24, TERMINAL_F12 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].number == number) {
			*key = (enum terminal_key)keys[i].key;
			return true;
		}
	}
	return false;
}

/* The last byte of CSI or SS3. */
static bool key_of_letter(u8 letter, enum terminal_key *key)
{
	static const char letters[] = "ABDCHFPQRS";
	static const u8 keys[] = { TERMINAL_UP,  TERMINAL_DOWN, TERMINAL_LEFT,   TERMINAL_RIGHT,  TERMINAL_HOME,
		                   TERMINAL_END, TERMINAL_F1,   TERMINAL_F1 + 1, TERMINAL_F1 + 2, TERMINAL_F1 + 3 };
	const char *at = letter ? strchr(letters, letter) : NULL;

	if (at)
		*key = (enum terminal_key)keys[at - letters];
	return at != NULL;
}

/* A whole CSI sequence: ESC [ number ; modifiers letter. */
static void csi_key(struct tui_key *key)
{
	u32 numbers[2] = { 0, 1 }, n = 0;
	u8 final = key->bytes[key->size - 1];

	for (u32 i = 2; i + 1 < key->size; i++) {
		u8 byte = key->bytes[i];

		if (byte == ';')
			n = 1, numbers[1] = 0;
		else if (byte >= '0' && byte <= '9')
			numbers[n] = (numbers[n] * 10 + byte - '0') % 1000;
	}
	if (numbers[1] >= 1 && numbers[1] <= 8)
		key->modifiers = numbers[1] - 1;
	if (final == '~')
		key->is_unknown = !key_of_number(numbers[0], &key->key);
	else if (final == 'Z') {
		key->key = TERMINAL_TAB;
		key->modifiers = TERMINAL_SHIFT;
	} else if (key->size == 4 && key->bytes[2] == '[' && final >= 'A' && final <= 'E') {
		key->key = (enum terminal_key)(TERMINAL_F1 + final - 'A'); /* the Linux console's F1 .. F5 */
	} else {
		key->is_unknown = !key_of_letter(final, &key->key);
	}
}

/* Bytes of the sequence that begins with ESC; 0: it has not ended. */
static size_t sequence_length(const u8 *bytes, size_t size)
{
	if (size < 2)
		return 0;
	if (bytes[1] == 'O')
		return size < 3 ? 0 : 3;
	if (bytes[1] != '[')
		return 1; /* ESC alone; what follows is another key */
	if (size > 2 && bytes[2] == '[')
		return size < 4 ? 0 : 4;
	for (size_t i = 2; i < size && i < TUI_KEY_BYTES; i++) {
		if (bytes[i] < ' ' || bytes[i] > '?')
			return i + 1;
	}
	return size >= TUI_KEY_BYTES ? TUI_KEY_BYTES : 0;
}

static size_t text_length(const u8 *bytes, size_t size, bool is_all)
{
	size_t length = bytes[0] < 0xc2 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : bytes[0] < 0xf5 ? 4 : 1;

	return length <= size ? length : is_all ? 1 : 0;
}

size_t tui_key_next(const u8 *bytes, size_t size, bool is_all, struct tui_key *key)
{
	bool is_escape = bytes[0] == ESC;
	size_t length = is_escape ? sequence_length(bytes, size) : text_length(bytes, size, is_all);

	if (length == 0 && !is_all)
		return 0;
	if (length == 0) /* half a sequence for the guest; ESC alone is a key */
		length = size < TUI_KEY_BYTES ? size : TUI_KEY_BYTES - 1;
	*key = (struct tui_key){ .size = (u32)length };
	memcpy(key->bytes, bytes, length);
	if (is_escape && length == 1) {
		key->key = TERMINAL_ESCAPE;
	} else if (is_escape && length >= 3 && bytes[1] == 'O') {
		key->is_unknown = !key_of_letter(bytes[2], &key->key);
	} else if (is_escape) {
		csi_key(key);
	} else {
		/* Zeros follow: it is shorter than the room for it. */
		const char *text = (const char *)key->bytes;

		key->is_text = true;
		key->code_point = bytes[0] ? utf8_next(&text) : 0;
	}
	return length;
}
