/*
 * What the files of the terminal share among themselves; see terminal.h.
 */
#ifndef GUEST_KERNEL_SCREEN_TERMINAL_INTERNAL_H
#define GUEST_KERNEL_SCREEN_TERMINAL_INTERNAL_H

#include "guest/kernel/screen/terminal.h"

#define ESCAPE 0x1b
#define REPLACEMENT 0xfffdu /* for what is no character */
#define INK_DEFAULT 7
#define PAPER_DEFAULT 0

/* --- terminal.c --- */
/* As after power-on; the lines that were scrolled off stay. */
void terminal_reset(struct terminal *t);
/* Modes and cursor alone: DECSTR. */
void terminal_soft_reset(struct terminal *t);
/* The character set in use. */
enum terminal_charset terminal_charset(const struct terminal *t);
/* To the next tab stop, or the last column. */
void terminal_tab(struct terminal *t);
/* One character where the cursor is. */
void terminal_put(struct terminal *t, u32 code);

/* --- terminal_sequence.c --- */
/* The last byte of ESC x, of ESC i x (t->intermediate is i), of CSI ... x. */
void terminal_escape(struct terminal *t, u8 byte);
void terminal_escape_more(struct terminal *t, u8 byte);
void terminal_csi(struct terminal *t, u8 byte);
/* Moves the cursor, which stays on the screen. */
void terminal_move(struct terminal *t, u32 x, u32 y);

/* --- terminal_style.c --- */
/* A space as it is printed in no colours. */
struct cell terminal_usual_pen(void);
/* Select graphic rendition: CSI ... m. */
void terminal_style(struct terminal *t);

/* --- terminal_grid.c --- */
struct cell *terminal_line(const struct terminal *t, u32 y);
/* What erased places become: a space in the pen's colours. */
struct cell terminal_blank(const struct terminal *t);
/* Rows that must be looked at when it is drawn. */
void terminal_touch(struct terminal *t, u32 first, u32 last);
/* Erases `count` cells of a row from x on (clipped). */
void terminal_erase(struct terminal *t, u32 y, u32 x, u32 count);
void terminal_erase_rows(struct terminal *t, u32 first, u32 last);
/* Shifts the rest of the cursor's row. */
void terminal_insert_cells(struct terminal *t, u32 count);
void terminal_delete_cells(struct terminal *t, u32 count);
/* Scrolls the rows first..last; the whole screen's go to the history. */
void terminal_scroll_up(struct terminal *t, u32 first, u32 last, u32 count);
void terminal_scroll_down(struct terminal *t, u32 first, u32 last, u32 count);
/* A character of two columns must not be cut in half: makes spaces of the one that x is the right half of. */
void terminal_cut(struct terminal *t, u32 y, u32 x);
/* Down or up by one; scrolls at the margin. */
void terminal_line_feed(struct terminal *t);
void terminal_reverse_line_feed(struct terminal *t);
/* Shows the other screen. */
void terminal_show(struct terminal *t, struct terminal_lines *lines);

/* --- terminal_characters.c --- */
/* Columns that a character takes: 0 (combining; dropped), 1 or 2. */
u32 terminal_width(u32 code);
/* What a byte means in a character set. */
u32 terminal_translate(enum terminal_charset charset, u8 byte);

#endif
