/*
 * A terminal in memory: bytes that programs print become cells. What it understands is the Linux console's language
 * (console_codes(4): ECMA-48 and DEC's VT100/VT220 as far as programs of today use them), with xterm's 256 colours and
 * alternate screen. UTF-8.
 *
 * It knows neither pixels nor devices nor the kernel: screen.c draws it, vt.c feeds it, and tests/console builds it for
 * the host. terminal.c reads bytes, terminal_sequence.c does what escape sequences say, terminal_style.c colours,
 * terminal_grid.c moves cells, terminal_characters.c knows character sets. Nothing here allocates.
 */
#ifndef GUEST_KERNEL_SCREEN_TERMINAL_H
#define GUEST_KERNEL_SCREEN_TERMINAL_H

#include "guest/kernel/core/base.h"

#define TERMINAL_COLUMNS_MAX 512
#define TERMINAL_ROWS_MAX 256
#define TERMINAL_PARAMETERS 16
#define TERMINAL_ANSWER_SIZE 64

enum cell_style {
	STYLE_BOLD = 1 << 0,
	STYLE_FAINT = 1 << 1,
	STYLE_ITALIC = 1 << 2,
	STYLE_UNDERLINE = 1 << 3,
	STYLE_BLINK = 1 << 4,
	STYLE_REVERSE = 1 << 5,
	STYLE_CONCEAL = 1 << 6,
	STYLE_STRIKE = 1 << 7,
	STYLE_WIDE = 1 << 8,         /* the left half of a character of two columns */
	STYLE_WIDE_REST = 1 << 9,    /* its right half */
	STYLE_CURSOR_LINE = 1 << 10, /* the two are screen.c's: the cursor is on it */
	STYLE_CURSOR_BLOCK = 1 << 11,
};

/* One place of the grid. */
struct cell {
	u32 code;      /* Unicode */
	u16 style;     /* enum cell_style */
	u8 ink, paper; /* colours of the 256 of xterm; 7 on 0 by default */
} __attribute__((aligned(8)));
_Static_assert(sizeof(struct cell) == 8, "cells are compared as words");

/* Lines in a ring: the screen is `rows` of them from `top` on, and what was scrolled off lies before it. */
struct terminal_lines {
	struct cell **lines; /* `count` lines of `columns` cells: the caller's memory */
	u32 count;           /* at least `rows` */
	u32 top;             /* line of the screen's first row */
	u32 history;         /* lines before it that hold something; at most count - rows */
};

/* What ESC 7 keeps, and ESC 8 brings back. */
struct terminal_cursor {
	u32 x, y;        /* column, row */
	bool wrap_next;  /* the last column has been written: the next character begins a new line */
	bool origin;     /* rows count from the margin (DECOM) */
	u8 charset[2];   /* enum terminal_charset: G0, G1 */
	u8 shift;        /* which of them is in use */
	struct cell pen; /* style and colours of what is printed */
};

enum terminal_charset { CHARSET_USUAL, CHARSET_GRAPHICS /* DEC's lines */, CHARSET_PC /* code page 437 */ };

enum terminal_state { STATE_GROUND, STATE_ESCAPE, STATE_ESCAPE_MORE, STATE_CSI, STATE_STRING, STATE_PALETTE };

enum cursor_shape { CURSOR_UNDERLINE, CURSOR_BLOCK, CURSOR_NONE };

struct terminal {
	u32 columns, rows;
	struct terminal_lines primary, alternate; /* the alternate screen has no history */
	struct terminal_lines *at;                /* the one of the two that is shown */
	struct terminal_cursor cursor;
	struct terminal_cursor saved, saved_primary; /* by ESC 7; by ?1049 when it left the primary screen */
	u32 margin_top, margin_bottom;               /* rows, both within the scroll region */
	u64 tabs[TERMINAL_COLUMNS_MAX / 64];         /* bit x: a tab stops there */
	u32 last_code;                               /* the character printed last, for REP; 0: none */

	/* modes */
	bool autowrap, insert, newline, reversed;  /* DECAWM, IRM, LNM, DECSCNM */
	bool cursor_keys, keypad, bracketed_paste; /* DECCKM, DECKPAM, ?2004: the keyboard sends other bytes */
	bool cursor_hidden;                        /* DECTCEM off */
	bool latin1;                               /* ESC % @: bytes are no UTF-8 */
	bool code_page;                            /* SGR 11: bytes are code page 437's pictures, C0 too */
	u8 cursor_shape;                           /* enum cursor_shape */

	/* the sequence being read */
	u8 state;                              /* enum terminal_state */
	u8 prefix, intermediate;               /* '?' of CSI ? ..., ' ' of CSI ... SP q; 0: none */
	u32 parameters[TERMINAL_PARAMETERS];   /* at most 9999; 0 where none was given */
	u32 parameter_count;                   /* of them that have begun; more are dropped */
	u32 colons;                            /* bit i: parameter i came behind a ':' */
	bool is_osc, string_escape;            /* STATE_STRING: BEL ends it; ESC came */
	u8 palette_left;                       /* STATE_PALETTE: digits still to come */
	u32 utf8_code, utf8_left, utf8_lowest; /* a character of which some bytes came */

	/* what others do with it */
	u32 view;                          /* rows that the view is scrolled back; 0: at the end */
	u32 dirty_first, dirty_last;       /* rows that may differ from what was drawn; none: first > last */
	char answer[TERMINAL_ANSWER_SIZE]; /* bytes to be typed in, as answers to queries */
	u32 answer_size;
};

/* Empty, with all modes as after a reset. Sizes 1..TERMINAL_COLUMNS_MAX and 1..TERMINAL_ROWS_MAX; the lines live as
 * long as the terminal; `alternate` has `rows` lines. */
void terminal_init(struct terminal *t, u32 columns, u32 rows, struct cell **lines, u32 count, struct cell **alternate);

/* Prints. Answers to queries are left in t->answer: the caller takes them and sets answer_size to 0. */
void terminal_write(struct terminal *t, const u8 *data, u64 size);

/* Prints what no program has printed: in the usual colours, and whatever sequence a program is in the middle of goes on
 * afterwards. Plain text. */
void terminal_write_message(struct terminal *t, const u8 *data, u64 size);

/* The cells of a row as it is to be shown: with the view scrolled back, lines that were scrolled off. */
const struct cell *terminal_row(const struct terminal *t, u32 y);

/* Moves the view by rows: positive is back. Stops at the ends. */
void terminal_scroll_view(struct terminal *t, i32 rows);

/* The whole of it must be drawn anew. */
void terminal_touch_all(struct terminal *t);

#endif
