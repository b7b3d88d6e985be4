/*
 * A small terminal to be tried: what it shows, and what it sends.
 */
#ifndef RVEMU_TESTS_UNIT_TERMINAL_RIG_H
#define RVEMU_TESTS_UNIT_TERMINAL_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "emu/display/terminal.h"

#define COLUMNS 10
#define ROWS 4
#define BACK 0x14171b
#define FORE 0xd3d7db

static char sent[4096];
static size_t sent_size;

static inline void collect(void *arg, const u8 *bytes, size_t size)
{
	(void)arg;
	assert_true(sent_size + size < sizeof(sent));
	memcpy(sent + sent_size, bytes, size);
	sent_size += size;
	sent[sent_size] = 0;
}

static inline struct terminal *make(void)
{
	sent_size = 0;
	sent[0] = 0;
	return terminal_create(COLUMNS, ROWS, collect, NULL);
}

static inline void put(struct terminal *t, const char *text)
{
	terminal_write(t, (const u8 *)text, strlen(text));
}

/* The view as text: rows end in '|', blanks at their ends are cut. */
static inline const char *seen(const struct terminal *t)
{
	static char text[4096];
	size_t length = 0;

	for (u32 row = 0; row < terminal_rows(t); row++) {
		size_t end = length;

		for (u32 column = 0; column < terminal_columns(t); column++) {
			struct terminal_cell cell;

			terminal_cell(t, column, row, &cell);
			if (column > 0) {
				struct terminal_cell left;

				terminal_cell(t, column - 1, row, &left);
				if (left.wide)
					continue;
			}
			length += utf8_put(text + length, cell.code_point ? cell.code_point : ' ');
			if (cell.code_point && cell.code_point != ' ')
				end = length;
		}
		length = end;
		text[length++] = '|';
	}
	text[length] = 0;
	return text;
}

static inline struct terminal_cell cell(const struct terminal *t, u32 column, u32 row)
{
	struct terminal_cell c;

	terminal_cell(t, column, row, &c);
	return c;
}

/* After these bytes this is seen. */
static inline void expect(const char *bytes, const char *text)
{
	struct terminal *t = make();

	put(t, bytes);
	assert_string_equal(seen(t), text);
	terminal_destroy(t);
}

static inline void expect_cursor(const char *bytes, u32 column, u32 row)
{
	struct terminal *t = make();
	u32 x, y;

	put(t, bytes);
	assert_true(terminal_cursor(t, &x, &y));
	assert_int_equal(x, column);
	assert_int_equal(y, row);
	terminal_destroy(t);
}

#endif
