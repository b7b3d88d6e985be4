/*
 * What is sent to the terminal; see screen.h. The sequences are those of a vt100.
 */
#include "guest/user/vi/screen.h"
#include "guest/user/vi/text.h"
#include "guest/user/lib/terminal.h"
#include "guest/user/lib/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCROLL_WORTH 3 /* rows that must be saved, or it is not done */

static const struct cell blank = { ' ', 0 };

static struct cell *row_of(const struct screen *s, struct cell *cells, int row)
{
	return cells + (size_t)row * (size_t)s->columns;
}

void screen_resize(struct screen *s, int rows, int columns)
{
	size_t size = (size_t)rows * (size_t)columns * sizeof(struct cell);

	s->rows = rows;
	s->columns = columns;
	s->next = must_grow(s->next, size);
	s->shown = must_grow(s->shown, size);
	s->unknown = true;
	screen_clear(s);
}

void screen_clear(struct screen *s)
{
	for (size_t i = 0; i < (size_t)s->rows * (size_t)s->columns; i++)
		s->next[i] = blank;
}

void screen_put(struct screen *s, int row, int column, unsigned code, int width)
{
	struct cell *cells;

	if (row < 0 || row >= s->rows || column < 0 || column + width > s->columns)
		return;
	cells = row_of(s, s->next, row);
	if (width == 0) {
		if (column > 0)
			cells[column - 1 - (column > 1 && cells[column - 1].code == CELL_REST)].mark = code;
		return;
	}
	cells[column] = (struct cell){ code, 0 };
	if (width == 2)
		cells[column + 1] = (struct cell){ CELL_REST, 0 };
}

void screen_text(struct screen *s, int row, int column, const char *text)
{
	for (; *text; text++)
		screen_put(s, row, column++, (unsigned char)*text, 1);
}

static void send_bytes(struct screen *s, const char *bytes, size_t count)
{
	if (s->out_count + count > s->out_room) {
		s->out_room = (s->out_count + count) * 2 + 256;
		s->out = must_grow(s->out, s->out_room);
	}
	memcpy(s->out + s->out_count, bytes, count);
	s->out_count += count;
}

static void send(struct screen *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void send(struct screen *s, const char *format, ...)
{
	char text[64];
	va_list args;

	va_start(args, format);
	send_bytes(s, text, (size_t)vsnprintf(text, sizeof(text), format, args));
	va_end(args);
}

static bool cell_equal(const struct cell *a, const struct cell *b)
{
	return a->code == b->code && a->mark == b->mark;
}

static bool row_equal(const struct screen *s, const struct cell *a, const struct cell *b)
{
	return memcmp(a, b, (size_t)s->columns * sizeof(*a)) == 0;
}

/* The column behind the last cell that is not blank. */
static int row_end(const struct screen *s, const struct cell *row)
{
	int end = s->columns;

	while (end > 0 && cell_equal(&row[end - 1], &blank))
		end--;
	return end;
}

static void send_cells(struct screen *s, const struct cell *cells, int count)
{
	for (int i = 0; i < count; i++) {
		char bytes[8];
		int n;

		if (cells[i].code == CELL_REST)
			continue;
		n = utf8_encode(cells[i].code, bytes);
		if (cells[i].mark)
			n += utf8_encode(cells[i].mark, bytes + n);
		send_bytes(s, bytes, (size_t)n);
	}
}

static void show_row(struct screen *s, int row)
{
	struct cell *next = row_of(s, s->next, row), *shown = row_of(s, s->shown, row);
	int first = 0, last = s->columns - 1, end = row_end(s, next);

	if (row_equal(s, next, shown))
		return;
	while (cell_equal(&next[first], &shown[first]))
		first++;
	while (cell_equal(&next[last], &shown[last]))
		last--;
	while (first > 0 && (next[first].code == CELL_REST || shown[first].code == CELL_REST))
		first--;
	while (last + 1 < s->columns && (next[last + 1].code == CELL_REST || shown[last + 1].code == CELL_REST))
		last++;
	send(s, "\033[%d;%dH", row + 1, first + 1);
	if (last >= end && last + 1 - (end > first ? end : first) > 3) {
		send_cells(s, next + first, end > first ? end - first : 0);
		send(s, "\033[K");
	} else {
		send_cells(s, next + first, last + 1 - first);
	}
	memcpy(shown, next, (size_t)s->columns * sizeof(*shown));
}

/* How many of the rows [top, bottom) would be right if what is shown moved up by `shift`. */
static int rows_saved(const struct screen *s, int top, int bottom, int shift)
{
	int saved = 0;

	for (int row = top; row < bottom; row++) {
		const struct cell *next = row_of(s, s->next, row);

		if (row_equal(s, next, row_of(s, s->shown, row)))
			saved--;
		if (row + shift >= top && row + shift < bottom && row_end(s, next) > 0 &&
		    row_equal(s, next, row_of(s, s->shown, row + shift)))
			saved++;
	}
	return saved;
}

/* Moves rows [top, bottom) up by `shift` (down if it is negative), on the terminal and in what is shown. */
static void scroll(struct screen *s, int top, int bottom, int shift)
{
	int count = shift > 0 ? shift : -shift;
	struct cell *region = row_of(s, s->shown, top);
	size_t kept = (size_t)(bottom - top - count) * (size_t)s->columns, gone = (size_t)count * (size_t)s->columns;

	send(s, "\033[%d;%dr\033[%d;1H", top + 1, bottom, shift > 0 ? bottom : top + 1);
	for (int i = 0; i < count; i++)
		send(s, shift > 0 ? "\n" : "\033M");
	send(s, "\033[r");
	if (shift > 0)
		memmove(region, region + gone, kept * sizeof(*region));
	else
		memmove(region + gone, region, kept * sizeof(*region));
	for (size_t i = 0; i < gone; i++)
		region[i + (shift > 0 ? kept : 0)] = blank;
}

/* If the rows that differ are mostly others moved, lets the terminal move them. */
static void find_scroll(struct screen *s)
{
	int top = 0, bottom = s->rows - 1, best = 0, best_saved = SCROLL_WORTH - 1;

	while (top < bottom && row_equal(s, row_of(s, s->next, top), row_of(s, s->shown, top)))
		top++;
	while (bottom > top && row_equal(s, row_of(s, s->next, bottom - 1), row_of(s, s->shown, bottom - 1)))
		bottom--;
	for (int shift = 1; shift <= bottom - top - SCROLL_WORTH; shift++) {
		for (int sign = -1; sign <= 1; sign += 2) {
			int saved = rows_saved(s, top, bottom, sign * shift);

			if (saved > best_saved) {
				best = sign * shift;
				best_saved = saved;
			}
		}
	}
	if (best)
		scroll(s, top, bottom, best);
}

bool screen_show(struct screen *s, int cursor_row, int cursor_column)
{
	bool good;

	if (s->unknown) {
		send(s, "\033[r\033[m\033[H\033[J");
		for (size_t i = 0; i < (size_t)s->rows * (size_t)s->columns; i++)
			s->shown[i] = blank;
		s->unknown = false;
	} else {
		find_scroll(s);
	}
	for (int row = 0; row < s->rows; row++)
		show_row(s, row);
	send(s, "\033[%d;%dH", cursor_row + 1, cursor_column + 1);
	good = terminal_write(1, s->out, s->out_count);
	s->out_count = 0;
	return good;
}
