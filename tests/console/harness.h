/* A terminal of the guest kernel's in the memory of a test. */
#ifndef TESTS_CONSOLE_HARNESS_H
#define TESTS_CONSOLE_HARNESS_H

#include <stdio.h>
#include <stdlib.h>

#include "guest/kernel/screen/terminal.h"

#define HARNESS_HISTORY 5

struct harness {
	struct terminal terminal;
	struct cell **lines, **alternate;
	u32 count; /* of lines */
};

static inline struct cell **harness_lines(u32 count, u32 columns)
{
	struct cell **lines = calloc(count, sizeof(*lines));

	for (u32 i = 0; i < count; i++)
		lines[i] = calloc(columns, sizeof(struct cell));
	return lines;
}

static inline void harness_begin(struct harness *h, u32 columns, u32 rows)
{
	h->count = rows + HARNESS_HISTORY;
	h->lines = harness_lines(h->count, columns);
	h->alternate = harness_lines(rows, columns);
	terminal_init(&h->terminal, columns, rows, h->lines, h->count, h->alternate);
}

static inline void harness_end(struct harness *h)
{
	for (u32 i = 0; i < h->count; i++)
		free(h->lines[i]);
	for (u32 i = 0; i < h->terminal.rows; i++)
		free(h->alternate[i]);
	free(h->lines);
	free(h->alternate);
}

static inline u32 harness_put(char *to, u32 code)
{
	if (code < 0x80) {
		to[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		to[0] = (char)(0xc0 | code >> 6);
		to[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	to[0] = (char)(0xe0 | code >> 12);
	to[1] = (char)(0x80 | (code >> 6 & 0x3f));
	to[2] = (char)(0x80 | (code & 0x3f));
	return 3;
}

/* What it shows: rows without the spaces at their ends, each with a '|' behind it; empty rows at the end are left out.
 */
static inline void harness_text(const struct terminal *t, char *to)
{
	char *end = to;

	for (u32 y = 0; y < t->rows; y++) {
		const struct cell *row = terminal_row(t, y);
		u32 last = t->columns;

		while (last && row[last - 1].code == ' ')
			last--;
		for (u32 x = 0; x < last; x++)
			if (!(row[x].style & STYLE_WIDE_REST))
				to += harness_put(to, row[x].code);
		if (last)
			end = to + 1;
		*to++ = '|';
	}
	*end = 0;
}

#endif
