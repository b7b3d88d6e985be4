/*
 * From bytes to what they do on a grid: UTF-8, control characters and the escape sequences of a VT220 and of xterm
 * (ECMA-48), as far as programs use them on a serial line. What is not known is swallowed whole. Any bytes may come:
 * numbers are bounded, strings are skipped, nothing is allocated.
 *
 * Not here: mouse reports, double-size lines, national character sets, palettes changed by the guest.
 */
#ifndef RVEMU_EMU_DISPLAY_ESCAPE_H
#define RVEMU_EMU_DISPLAY_ESCAPE_H

#include "emu/display/grid.h"

#define ESCAPE_NUMBERS 16 /* of one sequence; more are ignored */

enum escape_state {
	ESCAPE_GROUND,       /* text */
	ESCAPE_BEGUN,        /* behind ESC */
	ESCAPE_INTERMEDIATE, /* behind ESC and one of SPACE .. / */
	ESCAPE_CSI,          /* behind ESC [ */
	ESCAPE_STRING,       /* in a string that is not for us, up to ST or BEL */
};

struct escape {
	struct grid *grid;
	void (*send)(void *arg, const u8 *bytes, size_t size); /* answers */
	void *arg;

	u8 state;                              /* enum escape_state */
	u8 leader, intermediate;               /* of a sequence: '?' and the like; the last of SPACE .. /; 0: none */
	u32 numbers[ESCAPE_NUMBERS];           /* its parameters; 0 where none was given */
	u32 number_count;                      /* how many, counting the one that is being read */
	u32 colons;                            /* bit n: numbers[n] came behind a colon */
	u32 code_point, code_more, code_least; /* UTF-8: so far, bytes that must follow, smallest value */
	u32 last;                              /* the last character that was put, for REP */
	bool draws_lines[2], shift;            /* G0, G1 are the line drawing set; which of them is used */

	/* modes that the grid does not know */
	bool has_cursor_keys; /* DECCKM: arrows send ESC O */
	bool sends_newlines;  /* LNM: Enter sends CR LF, LF also goes to the first column */
	bool brackets_pastes; /* 2004 */
	bool hides_cursor;    /* DECTCEM off */
	bool is_reverse;      /* DECSCNM */
	bool drops_past;      /* ED 3 was seen; who keeps the past clears this */
};

void escape_init(struct escape *e, struct grid *grid, void (*send)(void *arg, const u8 *bytes, size_t size), void *arg);
void escape_write(struct escape *e, const u8 *bytes, size_t size);

#endif
