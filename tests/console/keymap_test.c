/*
 * Keys: what each types with which modifiers, against terminfo's "linux" and keymaps(5).
 */
#include <stdio.h>

#include "guest/kernel/screen/keymap.h"

enum modifier { SHIFT = 1, CONTROL = 2, ALT = 4, ALTGR = 8, CAPS = 16, NUM = 32, APPLICATION = 64, KEYPAD = 128 };

static const struct {
	const char *map;
	u16 code;
	u32 modifiers;
	const char *typed;
} cases[] = {
	{ "us", 30, 0, "a" },
	{ "us", 30, SHIFT, "A" },
	{ "us", 30, CAPS, "A" },
	{ "us", 30, CAPS | SHIFT, "a" },
	{ "us", 30, CONTROL, "\001" },
	{ "us", 30, CONTROL | SHIFT, "\001" },
	{ "us", 30, ALT, "\033a" },
	{ "us", 30, ALTGR, "\033a" },
	{ "us", 30, ALT | SHIFT, "\033A" },
	{ "us", 30, ALT | CONTROL, "\033\001" },
	{ "us", 46, CONTROL, "\003" },
	{ "us", 2, 0, "1" },
	{ "us", 2, SHIFT, "!" },
	{ "us", 2, CAPS, "1" },
	{ "us", 4, CONTROL, "\033" },
	{ "us", 7, CONTROL, "\036" },
	{ "us", 26, CONTROL, "\033" },
	{ "us", 43, CONTROL, "\034" },
	{ "us", 27, CONTROL, "\035" },
	{ "us", 12, SHIFT, "_" },
	{ "us", 12, CONTROL, "\037" },
	{ "us", 53, CONTROL, "\037" },
	{ "us", 53, SHIFT, "?" },
	{ "us", 39, SHIFT, ":" },
	{ "us", 40, SHIFT, "\"" },
	{ "us", 41, SHIFT, "~" },
	{ "us", 43, SHIFT, "|" },
	{ "us", KEY_SPACE, 0, " " },
	{ "us", KEY_ENTER, 0, "\r" },
	{ "us", KEY_ESC, 0, "\033" },
	{ "us", KEY_TAB, 0, "\t" },
	{ "us", KEY_TAB, SHIFT, "\033\t" },
	{ "us", KEY_BACKSPACE, 0, "\177" },
	{ "us", KEY_BACKSPACE, CONTROL, "\b" },
	{ "us", KEY_BACKSPACE, ALT, "\033\177" },
	{ "us", KEY_UP, 0, "\033[A" },
	{ "us", KEY_DOWN, 0, "\033[B" },
	{ "us", KEY_RIGHT, 0, "\033[C" },
	{ "us", KEY_LEFT, 0, "\033[D" },
	{ "us", KEY_UP, APPLICATION, "\033OA" },
	{ "us", KEY_HOME, 0, "\033[1~" },
	{ "us", KEY_INSERT, 0, "\033[2~" },
	{ "us", KEY_DELETE, 0, "\033[3~" },
	{ "us", KEY_END, 0, "\033[4~" },
	{ "us", KEY_PAGEUP, 0, "\033[5~" },
	{ "us", KEY_PAGEDOWN, 0, "\033[6~" },
	{ "us", KEY_F1, 0, "\033[[A" },
	{ "us", KEY_F1 + 4, 0, "\033[[E" },
	{ "us", KEY_F1 + 5, 0, "\033[17~" },
	{ "us", KEY_F10, 0, "\033[21~" },
	{ "us", KEY_F11, 0, "\033[23~" },
	{ "us", KEY_F12, 0, "\033[24~" },
	{ "us", KEY_F1, SHIFT, "\033[25~" },
	{ "us", KEY_F1 + 7, SHIFT, "\033[34~" },
	{ "us", KEY_F12, SHIFT, "" },
	{ "us", KEY_KP7, NUM, "7" },
	{ "us", KEY_KP7, 0, "\033[1~" },
	{ "us", KEY_KP7, NUM | SHIFT, "\033[1~" },
	{ "us", KEY_KP7 + 1, 0, "\033[A" },
	{ "us", KEY_KP7 + 3, 0, "-" },
	{ "us", KEY_KP7 + 5, 0, "\033[G" },
	{ "us", KEY_KP7 + 11, NUM, "0" },
	{ "us", KEY_KPDOT, NUM, "." },
	{ "us", KEY_KPDOT, 0, "\033[3~" },
	{ "us", KEY_KP7 + 5, NUM | KEYPAD, "\033Ou" },
	{ "us", KEY_KPENTER, 0, "\r" },
	{ "us", KEY_KPENTER, KEYPAD, "\033OM" },
	{ "us", KEY_KPSLASH, 0, "/" },
	{ "us", KEY_KPASTERISK, 0, "*" },
	{ "us", KEY_102ND, 0, "<" },
	{ "us", KEY_LEFTSHIFT, 0, "" },
	{ "us", 200, 0, "" },
	{ "us", 65535, 0, "" },
	{ "de", 21, 0, "z" },
	{ "de", 44, SHIFT, "Y" },
	{ "de", 21, CONTROL, "\032" },
	{ "de", 39, 0, "\303\266" },
	{ "de", 39, SHIFT, "\303\226" },
	{ "de", 39, CAPS, "\303\226" },
	{ "de", 12, 0, "\303\237" },
	{ "de", 16, ALTGR, "@" },
	{ "de", 18, ALTGR, "\342\202\254" },
	{ "de", 8, ALTGR, "{" },
	{ "de", 12, ALTGR, "\\" },
	{ "de", 12, ALTGR | CONTROL, "\034" },
	{ "de", KEY_102ND, ALTGR, "|" },
	{ "de", 30, ALTGR, "" },
	{ "de", 30, ALT, "\033a" },
};

int main(void)
{
	int failures = keymap_find("xx") != NULL;

	printf("%s no layout of another name\n", failures ? "FAIL" : "ok  ");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u32 with = cases[i].modifiers;
		struct key_state state = {
			.shift = with & SHIFT,
			.control = with & CONTROL,
			.alt = with & ALT,
			.altgr = with & ALTGR,
			.caps_lock = with & CAPS,
			.num_lock = with & NUM,
			.cursor_keys = with & APPLICATION,
			.keypad = with & KEYPAD,
		};
		u8 typed[KEY_BYTES_MAX];
		u32 size = keymap_bytes(keymap_find(cases[i].map), &state, cases[i].code, typed);
		bool ok = size == strlen(cases[i].typed) && !memcmp(typed, cases[i].typed, size);

		printf("%s key %u of %s, modifiers %x: %u bytes\n", ok ? "ok  " : "FAIL", cases[i].code, cases[i].map,
		       with, size);
		failures += !ok;
	}
	return failures != 0;
}
