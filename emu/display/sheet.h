/*
 * A sheet of characters with colours: what the text interface draws on. Knows neither ncurses nor what is drawn, so
 * that tests read what was drawn as text. Everything is clipped.
 */
#ifndef RVEMU_EMU_DISPLAY_SHEET_H
#define RVEMU_EMU_DISPLAY_SHEET_H

#include "emu/display/colours.h"
#include "emu/display/paint.h"

#define SHEET_OWN 0x01000000u /* a colour: the terminal's own */

enum sheet_flag { SHEET_BOLD = 1, SHEET_UNDERLINE = 2, SHEET_REVERSE = 4 };

struct sheet_style {
	u32 fore, back; /* 0x00RRGGBB or SHEET_OWN */
	u32 flags;      /* enum sheet_flag */
};

struct sheet_cell {
	u32 code_point; /* 0: the right half of a wide one */
	struct sheet_style style;
};

struct sheet {
	u32 columns, rows;
	struct sheet_cell *cells; /* row by row */
	bool has_shades;          /* of colours there are many */
	bool has_blocks; /* of colours enough for two in a cell, and half blocks; or else letters stand for them */
};

/* A zeroed sheet is empty. All cells become blank. */
void sheet_resize(struct sheet *p, u32 columns, u32 rows);
void sheet_free(struct sheet *p);
void sheet_clear(struct sheet *p, struct rect r);

extern const struct sheet_style sheet_plain, sheet_quiet, sheet_strong, sheet_title, sheet_bad, sheet_good, sheet_warn,
	sheet_accent;

void sheet_put(struct sheet *p, s32 x, s32 y, u32 code_point, struct sheet_style style);
/* Text on row y from column x on, cut at column `end`; where it is cut it ends in an ellipsis. Returns the column
 * behind it. */
s32 sheet_text(struct sheet *p, s32 x, s32 y, s32 end, struct sheet_style style, const char *fmt, ...)
	printf_like(6, 7);
/* Text in lines of r, broken at blanks; what does not fit is cut. Returns how many lines it took. */
s32 sheet_lines(struct sheet *p, struct rect r, struct sheet_style style, const char *text);
/* A line across with a title in it. */
void sheet_rule(struct sheet *p, s32 x, s32 y, s32 end, struct sheet_style style, const char *fmt, ...)
	printf_like(6, 7);
/* A plot of one row: the last of `count` samples, the newest at the right, scaled to the largest that is seen. */
void sheet_plot(struct sheet *p, s32 x, s32 y, s32 end, struct sheet_style style, const float *samples, u32 count);

/* A number in at most 6 characters: "0", "9999", "12.3k", "4.56M". Returns text. */
const char *sheet_number(char text[16], double number);

#endif
