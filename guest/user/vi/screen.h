/*
 * The picture of the terminal: a frame is drawn into memory, and screen_show() sends what differs from the last one.
 */
#ifndef GUEST_USER_VI_SCREEN_H
#define GUEST_USER_VI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#define CELL_REST 0u /* the right half of a wide character */

struct cell {
	unsigned code; /* ' ' if nothing is there */
	unsigned mark; /* a combining character on it, or 0 */
};

struct screen {
	int rows, columns;  /* of the terminal */
	struct cell *next;  /* rows * columns: what should be seen */
	struct cell *shown; /* what is */
	bool unknown;       /* nobody knows what is: everything must be sent */
	char *out;          /* bytes to send */
	size_t out_count;   /* of them */
	size_t out_room;    /* allocated */
};

/* The terminal has this size now; the frame is empty. */
void screen_resize(struct screen *s, int rows, int columns);
/* Empties the frame. */
void screen_clear(struct screen *s);
/* A character of `width` 0 (added to the one before), 1 or 2; outside of the frame it is ignored. */
void screen_put(struct screen *s, int row, int column, unsigned code, int width);
/* ASCII text. */
void screen_text(struct screen *s, int row, int column, const char *text);
/* Sends the difference to descriptor 1 and puts the cursor there; false: the terminal is gone. */
bool screen_show(struct screen *s, int cursor_row, int cursor_column);

#endif
