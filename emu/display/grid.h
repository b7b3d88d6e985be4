/*
 * The characters on a terminal's screen, and what can be done to them: put, erase, insert, delete, scroll, resize. What
 * is scrolled out of the top goes to whoever keeps it. Knows no escape sequence (emu/display/escape.h) and no view
 * (emu/display/terminal.h). All places are clamped to the grid: callers may pass any number.
 */
#ifndef RVEMU_EMU_DISPLAY_GRID_H
#define RVEMU_EMU_DISPLAY_GRID_H

#include "emu/base/base.h"

#define GRID_SIDE_MAX 1000 /* characters, either side */

/* A colour: 0x00RRGGBB, or one of these. */
#define GRID_DEFAULT 0x01000000u /* the terminal's own */
#define GRID_INDEXED 0x02000000u /* | 0..255 */

enum grid_flag {
	GRID_BOLD = 1,
	GRID_UNDERLINE = 2,
	GRID_REVERSE = 4,
	GRID_WIDE = 8,   /* it takes the next cell, too, ... */
	GRID_RIGHT = 16, /* ... which is this one */
};

struct grid_cell {
	u32 code_point; /* 0: blank */
	u32 fore, back; /* colours */
	u32 flags;      /* enum grid_flag */
};

struct grid_line {
	struct grid_cell *cells; /* grid.columns of them */
	bool is_wrapped;         /* the text goes on in the next line */
};

/* Who keeps the lines that are scrolled out of the top of the first screen. */
struct grid_keeper {
	void (*out)(void *arg, const struct grid_line *line, u32 columns);
	/* The newest one comes back, into a line that is blank. False: there is none. */
	bool (*back)(void *arg, struct grid_line *line, u32 columns);
	void *arg;
};

struct grid_cursor {
	u32 column, row;
	bool is_beyond;       /* the last column was written: the next character goes to the next line */
	bool is_origin;       /* rows count from the top margin, and stay inside the margins */
	struct grid_cell pen; /* colours and flags of what is put */
};

struct grid {
	u32 columns, rows;
	struct grid_line *lines[2]; /* of the first and the alternate screen */
	u32 screen;                 /* which of them is seen */
	struct grid_cursor cursor, saved[2];
	u32 top, bottom; /* margins: the first and the last line that scroll */
	bool wraps;      /* at the end of a line text goes on in the next */
	bool inserts;    /* what is put moves the rest of the line */
	bool tabs[GRID_SIDE_MAX];
	struct grid_keeper keeper;
};

/* The sides are 1..GRID_SIDE_MAX, at least 2 columns. */
void grid_init(struct grid *g, u32 columns, u32 rows, const struct grid_keeper *keeper);
void grid_free(struct grid *g);
/* As it was at first; what is kept stays. */
void grid_reset(struct grid *g);
/* Lines are cut or filled; lines that are kept come back where there is room. */
void grid_resize(struct grid *g, u32 columns, u32 rows);
/* To the first (0) or the alternate screen (1). */
void grid_show(struct grid *g, u32 screen);

const struct grid_line *grid_line(const struct grid *g, u32 row);

/* Puts a character where the cursor is. */
void grid_put(struct grid *g, u32 code_point);
/* Columns that a character takes: 0, 1, 2. */
u32 grid_width(u32 code_point);

/* Places count from 0; with is_origin from the top margin. */
void grid_move(struct grid *g, s64 column, s64 row);
/* Up or down so many lines, not over a margin. */
void grid_move_rows(struct grid *g, s64 rows);
void grid_move_columns(struct grid *g, s64 columns);
/* A line down, or up; at the margin the text scrolls. */
void grid_line_feed(struct grid *g);
void grid_line_back(struct grid *g);
/* To the next (count > 0) or previous tab stop. */
void grid_tab(struct grid *g, s64 count);
void grid_save_cursor(struct grid *g);
void grid_restore_cursor(struct grid *g);

/* Blanks columns from..to-1 of a line, in the pen's background. */
void grid_erase(struct grid *g, u32 row, u32 from, u32 to);
/* Whole lines from..to-1. */
void grid_erase_lines(struct grid *g, u32 from, u32 to);
/* Moves what is between the margins up (count > 0) or down. */
void grid_scroll(struct grid *g, s64 count);
/* The same from the cursor's line on; nothing outside of the margins. */
void grid_delete_lines(struct grid *g, s64 count);
/* Moves the rest of the line left (count > 0) or right. */
void grid_delete_cells(struct grid *g, s64 count);
/* The margins: lines top..bottom; false if there are not at least two. The cursor goes to the corner. */
bool grid_set_margins(struct grid *g, s64 top, s64 bottom);

#endif
