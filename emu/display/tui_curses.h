/*
 * ncurses, and nothing else: takes the terminal, and brings a sheet of characters onto it with as many colours as it
 * has. Keys are read elsewhere, as bytes: ncurses would lose what the guest wants of them.
 */
#ifndef RVEMU_EMU_DISPLAY_TUI_CURSES_H
#define RVEMU_EMU_DISPLAY_TUI_CURSES_H

#include "emu/display/sheet.h"

struct tui_curses;

/* Takes the terminal of standard input and output. NULL: there is none, or it can do too little; see err. */
struct tui_curses *tui_curses_create(struct error *err);
/* Gives it back. */
void tui_curses_destroy(struct tui_curses *c);

/* Gives it back in a hurry: the program is about to abort. */
void tui_curses_abandon(void);

/* Makes the sheet as large as the terminal is now, and says what it can. True: the size is another. */
bool tui_curses_fit(struct tui_curses *c, struct sheet *s);

/* Shows it; with the cursor at (x, y) if it is to be seen. */
void tui_curses_show(struct tui_curses *c, const struct sheet *s, bool has_cursor, s32 x, s32 y);

/* The nearest of so many colours (8, 16, 256) to 0x00RRGGBB. */
u32 tui_colour(u32 rgb, u32 colours);

#endif
