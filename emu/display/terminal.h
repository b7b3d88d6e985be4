/*
 * The serial console as a terminal of its own: what the guest's serial port says becomes a grid of characters
 * (emu/display/escape.h), with scroll-back and selection; keys become the bytes that a terminal sends. Knows no window:
 * the window's serial tab paints it, and so does the text interface. One thread.
 */
#ifndef RVEMU_EMU_DISPLAY_TERMINAL_H
#define RVEMU_EMU_DISPLAY_TERMINAL_H

#include "emu/display/paint.h"

#define TERMINAL_SCROLL_BACK 10000 /* lines that are kept */

struct terminal;

/* Keys that are no text. */
enum terminal_key {
	TERMINAL_ENTER,
	TERMINAL_TAB,
	TERMINAL_BACKSPACE,
	TERMINAL_ESCAPE,
	TERMINAL_UP,
	TERMINAL_DOWN,
	TERMINAL_LEFT,
	TERMINAL_RIGHT,
	TERMINAL_INSERT,
	TERMINAL_DELETE,
	TERMINAL_HOME,
	TERMINAL_END,
	TERMINAL_PAGE_UP,
	TERMINAL_PAGE_DOWN,
	TERMINAL_F1, /* .. F12 follow */
	TERMINAL_F12 = TERMINAL_F1 + 11,
};
enum terminal_modifier { TERMINAL_SHIFT = 1, TERMINAL_ALT = 2, TERMINAL_CONTROL = 4 };

/* A character on the grid. */
struct terminal_cell {
	u32 code_point;         /* 0: nothing, or the right half of a wide one */
	u32 colour, background; /* 0x00RRGGBB, reverse video already done */
	bool bold, underline, wide;
	bool is_default_colour, is_default_background; /* the colours are the terminal's own: for text interfaces */
};

/* `send` is given the bytes for the guest: keys, pasted text, and answers to the guest's questions. */
struct terminal *terminal_create(u32 columns, u32 rows, void (*send)(void *arg, const u8 *bytes, size_t size),
                                 void *arg);
void terminal_destroy(struct terminal *t);

/* What the guest wrote. */
void terminal_write(struct terminal *t, const u8 *bytes, size_t size);

/* Keys. text() is for what is typed as text, one code point; with CONTROL or ALT as terminals send that. */
void terminal_text(struct terminal *t, u32 code_point, u32 modifiers);
void terminal_key(struct terminal *t, enum terminal_key key, u32 modifiers);
/* Pasted UTF-8 text: bracketed if the guest asked for that; line ends become CR. */
void terminal_paste(struct terminal *t, const char *text);

/* Size in characters, at least 2 by 1. */
void terminal_resize(struct terminal *t, u32 columns, u32 rows);
u32 terminal_columns(const struct terminal *t);
u32 terminal_rows(const struct terminal *t);

/* Scrolls the view back (lines > 0) or forth; typing brings it to the end. How many lines it is back now. */
void terminal_scroll(struct terminal *t, s32 lines);
u32 terminal_scrolled(const struct terminal *t);

/* The cell at that place of the view. */
void terminal_cell(const struct terminal *t, u32 column, u32 row, struct terminal_cell *cell);
/* The cursor's place on the view. False: it is not to be seen. */
bool terminal_cursor(const struct terminal *t, u32 *column, u32 *row);

/* One of the first 16 of the 256 colours that programs name by number, as they are shown here. */
u32 terminal_palette(u32 i);

/* A selection between two places of the view (in any order), both included, and its text (malloc'ed; NULL: nothing is
 * selected). Blanks at the ends of lines are cut, and lines that were wrapped are joined. The selection moves with its
 * text. */
void terminal_select(struct terminal *t, u32 column0, u32 row0, u32 column1, u32 row1);
void terminal_select_none(struct terminal *t);
char *terminal_selected(const struct terminal *t);

/* True once after anything that is seen changed. */
bool terminal_take_changed(struct terminal *t);

/* Paints the whole view into r. */
void terminal_paint(const struct terminal *t, const struct canvas *c, struct rect r, const struct font *plain,
                    const struct font *bold);

#endif
