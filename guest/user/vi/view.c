/*
 * What is seen: the part of the text, so that the cursor is in it, and the last row.
 */
#include "guest/user/vi/vi.h"
#include "guest/user/lib/utf8.h"

#include <stdio.h>
#include <string.h>

int view_rows(const struct vi *vi)
{
	return vi->screen.rows - 1;
}

void cursor_clamp(struct vi *vi)
{
	const struct text *text;

	if (vi->cursor.line >= buffer_count(&vi->buffer))
		vi->cursor.line = buffer_count(&vi->buffer) - 1;
	text = buffer_line(&vi->buffer, vi->cursor.line);
	if (vi->cursor.at > text->length)
		vi->cursor.at = text->length;
	if (vi->mode == MODE_NORMAL && vi->cursor.at == text->length)
		vi->cursor.at = char_before(text, text->length);
}

void cursor_set(struct vi *vi, struct pos to)
{
	vi->cursor = to;
	cursor_clamp(vi);
	vi->want = column_of(vi, buffer_line(&vi->buffer, vi->cursor.line), vi->cursor.at, vi->mode == MODE_NORMAL);
}

void cursor_to_line(struct vi *vi, size_t line)
{
	size_t count = buffer_count(&vi->buffer);

	line = line < count ? line : count - 1;
	cursor_set(vi, (struct pos){ line, first_nonblank(buffer_line(&vi->buffer, line)) });
}

/* The row of the cursor inside of its line. */
static size_t cursor_row(const struct vi *vi)
{
	const struct text *text = buffer_line(&vi->buffer, vi->cursor.line);

	return column_of(vi, text, vi->cursor.at, vi->mode == MODE_NORMAL) / (size_t)text_width(vi);
}

/* The top line so that `rows` rows are above the line `line`. */
static size_t line_above(const struct vi *vi, size_t line, size_t rows)
{
	while (line > 0) {
		size_t more = rows_of(vi, line - 1);

		if (more > rows)
			break;
		rows -= more;
		line--;
	}
	return line;
}

/* Rows from the top to the cursor's line; more than `limit` need not be counted. */
static size_t rows_before_cursor(const struct vi *vi, size_t limit)
{
	size_t rows = 0;

	for (size_t line = vi->top; line < vi->cursor.line && rows <= limit; line++)
		rows += rows_of(vi, line);
	return rows;
}

/* Moves the view so that the cursor is in it: by a little if it is near, else it comes to the middle. */
static void follow_cursor(struct vi *vi)
{
	size_t height = (size_t)view_rows(vi), rows, own = rows_of(vi, vi->cursor.line), row = cursor_row(vi);

	if (vi->top >= buffer_count(&vi->buffer))
		vi->top = buffer_count(&vi->buffer) - 1;
	if (own > height) { /* taller than the screen: only the cursor's row counts */
		if (vi->top != vi->cursor.line)
			vi->top_row = 0;
		vi->top = vi->cursor.line;
		if (row < vi->top_row)
			vi->top_row = row;
		if (row >= vi->top_row + height)
			vi->top_row = row - height + 1;
		return;
	}
	vi->top_row = 0;
	if (vi->cursor.line < vi->top) {
		rows = 0;
		for (size_t line = vi->cursor.line; line < vi->top && rows <= height / 2; line++)
			rows += rows_of(vi, line);
		vi->top = rows <= height / 2 ? vi->cursor.line : line_above(vi, vi->cursor.line, (height - own) / 2);
		return;
	}
	rows = rows_before_cursor(vi, height * 2);
	if (rows + own <= height)
		return;
	if (rows + own > height + height / 2) {
		size_t last = buffer_count(&vi->buffer) - 1, end;

		/* In the middle, but not so that nothing is seen behind the end of the text. */
		vi->top = line_above(vi, vi->cursor.line, (height - own) / 2);
		end = rows_of(vi, last) < height ? line_above(vi, last, height - rows_of(vi, last)) : last;
		vi->top = end < vi->top && last - vi->cursor.line < height ? end : vi->top;
	} else
		vi->top = line_above(vi, vi->cursor.line, height - own);
}

/* Draws a line from `row` on, its first `skip` rows left out; returns the row behind it. */
static int draw_line(struct vi *vi, size_t line, int row, size_t skip)
{
	const struct text *text = buffer_line(&vi->buffer, line);
	int left = number_width(vi);
	size_t width = (size_t)text_width(vi), column = 0, end = skip * width + width * (size_t)(view_rows(vi) - row);
	struct shape shape;
	char number[32];

	if (left && skip == 0) {
		snprintf(number, sizeof(number), "%*zu", left - 1, line + 1);
		screen_text(&vi->screen, row, 0, number);
	}
	for (size_t at = 0; at < text->length && column < end; at += (size_t)shape.bytes) {
		shape_at(vi, text, at, column, &shape);
		if (shape.width == 2 && shape.code[0] >= 0x1100 && column % width == width - 1)
			column++;
		for (int i = 0; text->bytes[at] != '\t' || vi->set.list; i++) {
			size_t here = column + (size_t)i;
			bool wide = shape.width == 2 && shape.code[0] >= 0x1100;

			/* What combines goes to the character before it, which has moved the column on. */
			if (here >= skip * width && here < end)
				screen_put(&vi->screen, row + (int)(here / width - skip), left + (int)(here % width),
				           shape.code[i],
				           wide          ? 2
				           : shape.width ? 1
				                         : 0);
			if (wide || i + 1 >= shape.width)
				break;
		}
		column += (size_t)shape.width;
	}
	if (vi->set.list && column < end)
		screen_put(&vi->screen, row + (int)(column / width - skip), left + (int)(column % width), '$', 1);
	return row + (int)(rows_of(vi, line) - skip);
}

/* The right of the last row: where the cursor is. */
static void draw_ruler(struct vi *vi)
{
	const struct text *text = buffer_line(&vi->buffer, vi->cursor.line);
	size_t column = column_of(vi, text, vi->cursor.at, vi->mode == MODE_NORMAL) + (text->length > 0);
	size_t count = buffer_count(&vi->buffer), percent = (vi->cursor.line + 1) * 100 / count;
	char ruler[64];
	int length;

	length = snprintf(ruler, sizeof(ruler), "%zu,%zu %zu%%", vi->cursor.line + 1, column, percent);
	if (vi->screen.columns > 40)
		screen_text(&vi->screen, vi->screen.rows - 1, vi->screen.columns - (length > 17 ? length + 1 : 18),
		            ruler);
}

static void draw_bottom(struct vi *vi)
{
	static const char *const names[] = { [MODE_INSERT] = "-- INSERT --", [MODE_REPLACE] = "-- REPLACE --" };
	const char *text = vi->mode == MODE_LINE ? vi->line : vi->message;
	int row = vi->screen.rows - 1, column = 0, length;

	if (vi->mode != MODE_LINE)
		draw_ruler(vi);
	if (!*text && vi->mode != MODE_LINE && names[vi->mode])
		text = names[vi->mode];
	if (text == vi->message && strlen(text) > (size_t)vi->screen.columns - 20) /* no room for both */
		for (int i = 0; i < vi->screen.columns; i++)
			screen_put(&vi->screen, row, i, ' ', 1);
	for (; *text && column < vi->screen.columns - 1; text += length) {
		unsigned code = utf8_decode(text, strlen(text), &length);
		int width = code == UTF8_INVALID || code < ' ' ? 1 : utf8_width(code);

		screen_put(&vi->screen, row, column, code == UTF8_INVALID || code < ' ' ? '?' : code, width);
		column += width;
	}
}

void view_draw(struct vi *vi)
{
	int row = 0, cursor_line_row = 0;
	size_t line, column, width = (size_t)text_width(vi), skip;

	follow_cursor(vi);
	screen_clear(&vi->screen);
	skip = vi->top_row;
	for (line = vi->top; row < view_rows(vi) && line < buffer_count(&vi->buffer); line++) {
		if (row > 0 && row + (int)rows_of(vi, line) > view_rows(vi)) {
			for (; row < view_rows(vi); row++) /* the line does not fit */
				screen_put(&vi->screen, row, 0, '@', 1);
			break;
		}
		if (line == vi->cursor.line)
			cursor_line_row = row - (int)skip;
		row = draw_line(vi, line, row, skip);
		skip = 0;
	}
	for (; row < view_rows(vi); row++)
		screen_put(&vi->screen, row, 0, '~', 1);
	for (int i = 0; i < vi->screen.columns; i++) /* a line taller than the screen has been drawn here as well */
		screen_put(&vi->screen, vi->screen.rows - 1, i, ' ', 1);
	draw_bottom(vi);
	column = column_of(vi, buffer_line(&vi->buffer, vi->cursor.line), vi->cursor.at, vi->mode == MODE_NORMAL);
	if (vi->mode == MODE_LINE)
		screen_show(&vi->screen, vi->screen.rows - 1, vi->line_cursor);
	else
		screen_show(&vi->screen, cursor_line_row + (int)(column / width),
		            number_width(vi) + (int)(column % width));
}

size_t view_last(const struct vi *vi)
{
	size_t line = vi->top, rows = rows_of(vi, line), height = (size_t)view_rows(vi);

	while (line + 1 < buffer_count(&vi->buffer) && (rows += rows_of(vi, line + 1)) <= height)
		line++;
	return line;
}

void view_place(struct vi *vi, int where)
{
	size_t own = rows_of(vi, vi->cursor.line), height = (size_t)view_rows(vi),
	       above = height > own ? height - own : 0;

	vi->top = line_above(vi, vi->cursor.line, where == 't' ? 0 : where == 'b' ? above : above / 2);
}

/* The cursor goes where it is seen, with as little movement as can be. */
static void cursor_into_view(struct vi *vi)
{
	size_t last = view_last(vi), line = vi->cursor.line;

	line = line < vi->top ? vi->top : line > last ? last : line;
	if (line != vi->cursor.line)
		vi->cursor = (struct pos){ line, at_column(vi, buffer_line(&vi->buffer, line), vi->want) };
	cursor_clamp(vi);
}

static bool scroll_page(struct vi *vi, bool forward, long count)
{
	size_t last = buffer_count(&vi->buffer) - 1, height = (size_t)view_rows(vi);

	for (; count > 0; count--) {
		if (forward ? vi->top == last : vi->top == 0)
			return false;
		if (forward) {
			size_t next = view_last(vi);

			vi->top = next > vi->top + 1 ? next - 1 : next > vi->top ? next : vi->top + 1;
			cursor_to_line(vi, vi->top);
		} else {
			size_t bottom = vi->top + 1 < last ? vi->top + 1 : last;

			vi->top = line_above(vi, bottom, height - 1);
			vi->top = vi->top == bottom && bottom > 0 ? bottom - 1 : vi->top;
			cursor_to_line(vi, bottom < view_last(vi) ? bottom : view_last(vi));
		}
	}
	return true;
}

bool view_scroll(struct vi *vi, int key, long count)
{
	size_t last = buffer_count(&vi->buffer) - 1, half = (size_t)(count ? count : view_rows(vi) / 2), line;

	switch (key) {
	case CONTROL('F'):
	case CONTROL('B'):
		return scroll_page(vi, key == CONTROL('F'), count ? count : 1);
	case CONTROL('D'):
		if (vi->cursor.line == last)
			return false;
		line = vi->cursor.line + half < last ? vi->cursor.line + half : last;
		if (view_last(vi) < last)
			vi->top = vi->top + half < last ? vi->top + half : last;
		cursor_to_line(vi, line);
		return true;
	case CONTROL('U'):
		if (vi->cursor.line == 0)
			return false;
		vi->top = vi->top > half ? vi->top - half : 0;
		cursor_to_line(vi, vi->cursor.line > half ? vi->cursor.line - half : 0);
		return true;
	case CONTROL('E'):
		if (vi->top == last)
			return false;
		half = (size_t)(count ? count : 1);
		vi->top = vi->top + half < last ? vi->top + half : last;
		break;
	default: /* Ctrl-Y */
		if (vi->top == 0)
			return false;
		half = (size_t)(count ? count : 1);
		vi->top = vi->top > half ? vi->top - half : 0;
		break;
	}
	cursor_into_view(vi);
	return true;
}
