/*
 * The characters of a terminal: see grid.h. Scrolling moves pointers to lines, not characters. What keeps wide
 * characters whole is mend(), called at the ends of whatever was changed.
 */
#include "emu/display/grid.h"

#include <stdlib.h>
#include <string.h>

#define TAB 8 /* columns between tab stops at first */

static s64 within(s64 value, s64 low, s64 high)
{
	return value < low ? low : value > high ? high : value;
}

/* --- lines --- */

static struct grid_cell blank(u32 back)
{
	return (struct grid_cell){ 0, GRID_DEFAULT, back, 0 };
}

static void fill(struct grid_cell *cells, u32 count, u32 back)
{
	for (u32 i = 0; i < count; i++)
		cells[i] = blank(back);
}

static void line_init(struct grid_line *line, u32 columns)
{
	line->cells = xcalloc(columns, sizeof(*line->cells));
	line->is_wrapped = false;
	fill(line->cells, columns, GRID_DEFAULT);
}

static struct grid_line *lines_create(u32 columns, u32 rows)
{
	struct grid_line *lines = xcalloc(rows, sizeof(*lines));

	for (u32 i = 0; i < rows; i++)
		line_init(&lines[i], columns);
	return lines;
}

static struct grid_line *at(struct grid *g, u32 row)
{
	return &g->lines[g->screen][row];
}

const struct grid_line *grid_line(const struct grid *g, u32 row)
{
	return &g->lines[g->screen][row];
}

/* Halves of a wide character on both sides of the border before `column` stay only if they belong together. */
static void mend(struct grid *g, u32 row, u32 column)
{
	struct grid_cell *cells = at(g, row)->cells;
	bool is_wide = column > 0 && (cells[column - 1].flags & GRID_WIDE);
	bool is_right = column < g->columns && (cells[column].flags & GRID_RIGHT);

	if (is_wide && !is_right)
		cells[column - 1] = blank(cells[column - 1].back);
	if (is_right && !is_wide)
		cells[column] = blank(cells[column].back);
}

/* --- the whole --- */

static void set_tabs(struct grid *g)
{
	for (u32 i = 0; i < GRID_SIDE_MAX; i++)
		g->tabs[i] = i % TAB == 0;
}

static void set_defaults(struct grid *g)
{
	struct grid_cursor home = { .pen = blank(GRID_DEFAULT) };

	g->cursor = g->saved[0] = g->saved[1] = home;
	g->screen = 0;
	g->top = 0;
	g->bottom = g->rows - 1;
	g->wraps = true;
	g->inserts = false;
	set_tabs(g);
}

void grid_init(struct grid *g, u32 columns, u32 rows, const struct grid_keeper *keeper)
{
	BUG_ON(columns < 2 || rows < 1 || columns > GRID_SIDE_MAX || rows > GRID_SIDE_MAX);
	*g = (struct grid){ .columns = columns, .rows = rows, .keeper = *keeper };
	for (u32 i = 0; i < 2; i++)
		g->lines[i] = lines_create(columns, rows);
	set_defaults(g);
}

void grid_free(struct grid *g)
{
	for (u32 i = 0; i < 2; i++) {
		for (u32 row = 0; row < g->rows; row++)
			free(g->lines[i][row].cells);
		free(g->lines[i]);
	}
}

void grid_reset(struct grid *g)
{
	set_defaults(g);
	for (g->screen = 1;; g->screen--) {
		grid_erase_lines(g, 0, g->rows);
		if (g->screen == 0)
			break;
	}
}

/* Moves lines first..first+count-1 up by `by` lines, which come out at the bottom, blank. */
static void rotate_up(struct grid *g, u32 first, u32 count, u32 by)
{
	struct grid_line *lines = g->lines[g->screen] + first;

	for (u32 i = 0; i < by; i++) {
		struct grid_line line = lines[0];

		memmove(lines, lines + 1, (count - 1) * sizeof(*lines));
		fill(line.cells, g->columns, g->cursor.pen.back);
		line.is_wrapped = false;
		lines[count - 1] = line;
	}
}

static void rotate_down(struct grid *g, u32 first, u32 count, u32 by)
{
	struct grid_line *lines = g->lines[g->screen] + first;

	for (u32 i = 0; i < by; i++) {
		struct grid_line line = lines[count - 1];

		memmove(lines + 1, lines, (count - 1) * sizeof(*lines));
		fill(line.cells, g->columns, g->cursor.pen.back);
		line.is_wrapped = false;
		lines[0] = line;
	}
}

static bool is_blank_line(const struct grid *g, u32 row)
{
	const struct grid_cell *cells = grid_line(g, row)->cells;

	for (u32 i = 0; i < g->columns; i++) {
		if (cells[i].code_point)
			return false;
	}
	return true;
}

/* Fewer rows: blank lines below the cursor go, then those at the top, to the keeper. */
static void cut_rows(struct grid *g, u32 rows, struct grid_cursor *cursor)
{
	u32 last = g->rows - 1;

	while (last >= rows && last > cursor->row && is_blank_line(g, last))
		last--;
	for (; last >= rows; last--) {
		if (g->screen == 0)
			g->keeper.out(g->keeper.arg, at(g, 0), g->columns);
		rotate_up(g, 0, g->rows, 1);
		if (cursor->row)
			cursor->row--;
	}
}

/* Fewer or more columns and rows, of the screen that is shown; `cursor` is where its cursor is. */
static void resize_screen(struct grid *g, u32 columns, u32 rows, struct grid_cursor *cursor)
{
	struct grid_line *lines;

	if (rows < g->rows)
		cut_rows(g, rows, cursor);
	for (u32 row = rows; row < g->rows; row++)
		free(at(g, row)->cells);
	lines = xrealloc(g->lines[g->screen], rows * sizeof(*lines));
	g->lines[g->screen] = lines;
	for (u32 row = 0; row < g->rows && row < rows; row++) {
		lines[row].cells = xrealloc(lines[row].cells, columns * sizeof(*lines[row].cells));
		if (columns > g->columns)
			fill(lines[row].cells + g->columns, columns - g->columns, GRID_DEFAULT);
		else if (lines[row].cells[columns - 1].flags & GRID_WIDE)
			lines[row].cells[columns - 1] = blank(GRID_DEFAULT);
	}
	for (u32 row = g->rows; row < rows; row++)
		line_init(&lines[row], columns);
}

/* Lines that were scrolled out come back into the rows that were added. */
static void take_back(struct grid *g, u32 count, struct grid_cursor *cursor)
{
	u32 back = g->cursor.pen.back;

	g->cursor.pen.back = GRID_DEFAULT;
	for (u32 i = 0; i < count; i++) {
		rotate_down(g, 0, g->rows, 1);
		if (!g->keeper.back(g->keeper.arg, at(g, 0), g->columns)) {
			rotate_up(g, 0, g->rows, 1);
			break;
		}
		mend(g, 0, g->columns);
		cursor->row++;
	}
	g->cursor.pen.back = back;
}

void grid_resize(struct grid *g, u32 columns, u32 rows)
{
	u32 old_rows = g->rows, shown = g->screen;

	BUG_ON(columns < 2 || rows < 1 || columns > GRID_SIDE_MAX || rows > GRID_SIDE_MAX);
	for (g->screen = 0; g->screen < 2; g->screen++)
		resize_screen(g, columns, rows, g->screen == shown ? &g->cursor : &g->saved[g->screen]);
	g->columns = columns;
	g->rows = rows;
	g->screen = 0;
	if (rows > old_rows)
		take_back(g, rows - old_rows, shown == 0 ? &g->cursor : &g->saved[0]);
	g->screen = shown;
	g->top = 0;
	g->bottom = rows - 1;
	for (u32 i = 0; i < 3; i++) {
		struct grid_cursor *c = i < 2 ? &g->saved[i] : &g->cursor;

		c->column = (u32)within(c->column, 0, columns - 1);
		c->row = (u32)within(c->row, 0, rows - 1);
		c->is_beyond = false;
	}
}

void grid_show(struct grid *g, u32 screen)
{
	g->screen = screen;
}

/* --- characters --- */

u32 grid_width(u32 c)
{
	static const struct {
		u32 first, last, width;
	} ranges[] = {
		{ 0x0300, 0x036f, 0 },   { 0x1100, 0x115f, 2 },   { 0x200b, 0x200f, 0 },   { 0x20d0, 0x20ff, 0 },
		{ 0x2e80, 0x303e, 2 },   { 0x3041, 0x4dbf, 2 },   { 0x4e00, 0xa4cf, 2 },   { 0xac00, 0xd7a3, 2 },
		{ 0xf900, 0xfaff, 2 },   { 0xfe00, 0xfe0f, 0 },   { 0xfe30, 0xfe6f, 2 },   { 0xfeff, 0xfeff, 0 },
		{ 0xff00, 0xff60, 2 },   { 0xffe0, 0xffe6, 2 },   { 0x1f300, 0x1f64f, 2 }, { 0x1f680, 0x1f6ff, 2 },
		{ 0x1f900, 0x1f9ff, 2 }, { 0x20000, 0x3fffd, 2 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(ranges) && c >= ranges[i].first; i++) {
		if (c <= ranges[i].last)
			return ranges[i].width;
	}
	return 1;
}

void grid_put(struct grid *g, u32 code_point)
{
	u32 width = grid_width(code_point);
	struct grid_cursor *c = &g->cursor;
	struct grid_cell *cells;

	if (width == 0)
		return;
	if (g->wraps && (c->is_beyond || c->column + width > g->columns)) {
		at(g, c->row)->is_wrapped = true;
		c->column = 0;
		grid_line_feed(g);
	}
	if (c->column + width > g->columns)
		c->column = g->columns - width;
	if (g->inserts)
		grid_delete_cells(g, -(s64)width);
	cells = at(g, c->row)->cells + c->column;
	cells[0] = c->pen;
	cells[0].code_point = code_point;
	if (width == 2) {
		cells[0].flags |= GRID_WIDE;
		cells[1] = c->pen;
		cells[1].code_point = 0;
		cells[1].flags |= GRID_RIGHT;
	}
	mend(g, c->row, c->column);
	mend(g, c->row, c->column + width);
	c->column += width;
	c->is_beyond = c->column >= g->columns;
	if (c->is_beyond)
		c->column = g->columns - 1;
}

/* --- the cursor --- */

void grid_move(struct grid *g, s64 column, s64 row)
{
	struct grid_cursor *c = &g->cursor;
	s64 first = c->is_origin ? g->top : 0, last = c->is_origin ? g->bottom : g->rows - 1;

	c->column = (u32)within(column, 0, g->columns - 1);
	c->row = (u32)within(first + row, first, last);
	c->is_beyond = false;
}

void grid_move_rows(struct grid *g, s64 rows)
{
	struct grid_cursor *c = &g->cursor;
	s64 low = c->row >= g->top ? g->top : 0, high = c->row <= g->bottom ? g->bottom : g->rows - 1;

	c->row = (u32)within(c->row + rows, low, high);
	c->is_beyond = false;
}

void grid_move_columns(struct grid *g, s64 columns)
{
	g->cursor.column = (u32)within(g->cursor.column + columns, 0, g->columns - 1);
	g->cursor.is_beyond = false;
}

void grid_line_feed(struct grid *g)
{
	g->cursor.is_beyond = false;
	if (g->cursor.row == g->bottom)
		grid_scroll(g, 1);
	else if (g->cursor.row < g->rows - 1)
		g->cursor.row++;
}

void grid_line_back(struct grid *g)
{
	g->cursor.is_beyond = false;
	if (g->cursor.row == g->top)
		grid_scroll(g, -1);
	else if (g->cursor.row > 0)
		g->cursor.row--;
}

void grid_tab(struct grid *g, s64 count)
{
	struct grid_cursor *c = &g->cursor;

	c->is_beyond = false;
	for (; count > 0 && c->column < g->columns - 1; count--) {
		do {
			c->column++;
		} while (c->column < g->columns - 1 && !g->tabs[c->column]);
	}
	for (; count < 0 && c->column > 0; count++) {
		do {
			c->column--;
		} while (c->column > 0 && !g->tabs[c->column]);
	}
}

void grid_save_cursor(struct grid *g)
{
	g->saved[g->screen] = g->cursor;
}

void grid_restore_cursor(struct grid *g)
{
	g->cursor = g->saved[g->screen];
}

/* --- editing --- */

void grid_erase(struct grid *g, u32 row, u32 from, u32 to)
{
	to = (u32)within(to, 0, g->columns);
	if (from >= to || row >= g->rows)
		return;
	fill(at(g, row)->cells + from, to - from, g->cursor.pen.back);
	mend(g, row, from);
	mend(g, row, to);
	if (to == g->columns)
		at(g, row)->is_wrapped = false;
}

void grid_erase_lines(struct grid *g, u32 from, u32 to)
{
	for (u32 row = from; row < to && row < g->rows; row++)
		grid_erase(g, row, 0, g->columns);
}

/* The same for lines first..bottom. */
static void scroll_from(struct grid *g, u32 first, s64 count)
{
	u32 lines = g->bottom - first + 1;

	count = within(count, -(s64)lines, lines);
	if (count < 0)
		rotate_down(g, first, lines, (u32)-count);
	for (s64 i = 0; i < count; i++) {
		if (first == 0 && g->screen == 0)
			g->keeper.out(g->keeper.arg, at(g, 0), g->columns);
		rotate_up(g, first, lines, 1);
	}
}

void grid_scroll(struct grid *g, s64 count)
{
	scroll_from(g, g->top, count);
}

void grid_delete_lines(struct grid *g, s64 count)
{
	u32 lines = g->bottom - g->cursor.row + 1;

	g->cursor.is_beyond = false;
	if (g->cursor.row < g->top || g->cursor.row > g->bottom)
		return;
	count = within(count, -(s64)lines, lines);
	/* What is deleted was not scrolled out: nobody keeps it. */
	if (count < 0)
		rotate_down(g, g->cursor.row, lines, (u32)-count);
	else
		rotate_up(g, g->cursor.row, lines, (u32)count);
}

void grid_delete_cells(struct grid *g, s64 count)
{
	u32 column = g->cursor.column, rest = g->columns - column;
	struct grid_cell *cells = at(g, g->cursor.row)->cells + column;
	u32 by = (u32)within(count < 0 ? -count : count, 0, rest);

	g->cursor.is_beyond = false;
	mend(g, g->cursor.row, column);
	if (count > 0) {
		memmove(cells, cells + by, (rest - by) * sizeof(*cells));
		fill(cells + rest - by, by, g->cursor.pen.back);
		mend(g, g->cursor.row, g->columns - by);
	} else {
		memmove(cells + by, cells, (rest - by) * sizeof(*cells));
		fill(cells, by, g->cursor.pen.back);
		mend(g, g->cursor.row, column + by);
	}
	mend(g, g->cursor.row, column);
	mend(g, g->cursor.row, g->columns);
	at(g, g->cursor.row)->is_wrapped = false;
}

bool grid_set_margins(struct grid *g, s64 top, s64 bottom)
{
	top = within(top, 0, g->rows - 1);
	bottom = within(bottom, 0, g->rows - 1);
	if (top >= bottom)
		return false;
	g->top = (u32)top;
	g->bottom = (u32)bottom;
	grid_move(g, 0, 0);
	return true;
}
