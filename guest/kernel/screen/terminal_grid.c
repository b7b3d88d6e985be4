/*
 * The terminal's cells: erasing, shifting, scrolling. Lines are moved by moving pointers to them. See terminal.h.
 */
#include "guest/kernel/screen/terminal_internal.h"

static struct cell **line_slot(const struct terminal *t, u32 y)
{
	return &t->at->lines[(t->at->top + y) % t->at->count];
}

struct cell *terminal_line(const struct terminal *t, u32 y)
{
	return *line_slot(t, y);
}

const struct cell *terminal_row(const struct terminal *t, u32 y)
{
	return t->at->lines[(t->at->top + t->at->count - t->view + y) % t->at->count];
}

struct cell terminal_blank(const struct terminal *t)
{
	return (struct cell){ .code = ' ', .ink = t->cursor.pen.ink, .paper = t->cursor.pen.paper };
}

void terminal_touch(struct terminal *t, u32 first, u32 last)
{
	/* While the view is scrolled back rows are elsewhere. */
	if (t->view) {
		first = 0;
		last = t->rows - 1;
	}
	t->dirty_first = MIN(t->dirty_first, first);
	t->dirty_last = MAX(t->dirty_last, last);
}

void terminal_touch_all(struct terminal *t)
{
	terminal_touch(t, 0, t->rows - 1);
}

void terminal_cut(struct terminal *t, u32 y, u32 x)
{
	struct cell *line = terminal_line(t, y);

	if (!x || x >= t->columns || !(line[x].style & STYLE_WIDE_REST))
		return;
	line[x - 1].code = line[x].code = ' ';
	line[x - 1].style &= (u16)~STYLE_WIDE;
	line[x].style &= (u16)~STYLE_WIDE_REST;
}

static void fill(struct cell *cells, u32 count, struct cell with)
{
	for (u32 i = 0; i < count; i++)
		cells[i] = with;
}

void terminal_erase(struct terminal *t, u32 y, u32 x, u32 count)
{
	if (x >= t->columns)
		return;
	count = MIN(count, t->columns - x);
	terminal_cut(t, y, x);
	terminal_cut(t, y, x + count);
	fill(terminal_line(t, y) + x, count, terminal_blank(t));
	terminal_touch(t, y, y);
}

void terminal_erase_rows(struct terminal *t, u32 first, u32 last)
{
	for (u32 y = first; y <= last; y++)
		terminal_erase(t, y, 0, t->columns);
}

void terminal_insert_cells(struct terminal *t, u32 count)
{
	u32 x = t->cursor.x, y = t->cursor.y;
	struct cell *line = terminal_line(t, y);

	count = MIN(count, t->columns - x);
	terminal_cut(t, y, x);
	terminal_cut(t, y, t->columns - count);
	memmove(line + x + count, line + x, (t->columns - x - count) * sizeof(*line));
	fill(line + x, count, terminal_blank(t));
	terminal_touch(t, y, y);
}

void terminal_delete_cells(struct terminal *t, u32 count)
{
	u32 x = t->cursor.x, y = t->cursor.y;
	struct cell *line = terminal_line(t, y);

	count = MIN(count, t->columns - x);
	terminal_cut(t, y, x);
	terminal_cut(t, y, x + count);
	memmove(line + x, line + x + count, (t->columns - x - count) * sizeof(*line));
	fill(line + t->columns - count, count, terminal_blank(t));
	terminal_touch(t, y, y);
}

/* The whole screen moves on by a line; the reader of older lines goes on seeing them. */
static void scroll_screen(struct terminal *t)
{
	struct terminal_lines *at = t->at;

	at->top = (at->top + 1) % at->count;
	at->history = MIN(at->history + 1, at->count - t->rows);
	if (t->view)
		t->view = MIN(t->view + 1, at->history);
}

void terminal_scroll_up(struct terminal *t, u32 first, u32 last, u32 count)
{
	count = MIN(count, last - first + 1);
	for (u32 n = 0; n < count; n++) {
		if (first == 0 && last == t->rows - 1) {
			scroll_screen(t);
		} else {
			struct cell *line = terminal_line(t, first);

			for (u32 y = first; y < last; y++)
				*line_slot(t, y) = *line_slot(t, y + 1);
			*line_slot(t, last) = line;
		}
		terminal_erase(t, last, 0, t->columns);
	}
	terminal_touch(t, first, last);
}

void terminal_scroll_down(struct terminal *t, u32 first, u32 last, u32 count)
{
	count = MIN(count, last - first + 1);
	for (u32 n = 0; n < count; n++) {
		struct cell *line = terminal_line(t, last);

		for (u32 y = last; y > first; y--)
			*line_slot(t, y) = *line_slot(t, y - 1);
		*line_slot(t, first) = line;
		terminal_erase(t, first, 0, t->columns);
	}
	terminal_touch(t, first, last);
}

void terminal_line_feed(struct terminal *t)
{
	t->cursor.wrap_next = false;
	if (t->cursor.y == t->margin_bottom)
		terminal_scroll_up(t, t->margin_top, t->margin_bottom, 1);
	else if (t->cursor.y < t->rows - 1)
		t->cursor.y++;
}

void terminal_reverse_line_feed(struct terminal *t)
{
	t->cursor.wrap_next = false;
	if (t->cursor.y == t->margin_top)
		terminal_scroll_down(t, t->margin_top, t->margin_bottom, 1);
	else if (t->cursor.y > 0)
		t->cursor.y--;
}

void terminal_show(struct terminal *t, struct terminal_lines *lines)
{
	t->at = lines;
	t->view = 0;
	terminal_touch_all(t);
}

void terminal_scroll_view(struct terminal *t, i32 rows)
{
	i64 view = (i64)t->view + rows;

	view = MAX(view, 0);
	view = MIN(view, (i64)t->at->history);
	if (view == t->view)
		return;
	t->view = (u32)view;
	terminal_touch_all(t);
}
