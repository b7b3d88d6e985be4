/*
 * Which column a character has; see vi.h. A line is thought of as one endless row, broken at the width of the text; a
 * wide character that would be broken begins on the next row.
 */
#include "guest/user/vi/vi.h"
#include "guest/user/lib/utf8.h"

#include <stdio.h>

int number_width(const struct vi *vi)
{
	int digits = 3;

	if (!vi->set.number)
		return 0;
	for (size_t n = buffer_count(&vi->buffer); n > 999; n /= 10)
		digits++;
	return digits + 1 < vi->screen.columns / 2 ? digits + 1 : 0;
}

int text_width(const struct vi *vi)
{
	return vi->screen.columns - number_width(vi);
}

static void shape_text(struct shape *shape, const char *text)
{
	for (; text[shape->width]; shape->width++)
		shape->code[shape->width] = (unsigned char)text[shape->width];
}

void shape_at(const struct vi *vi, const struct text *text, size_t at, size_t column, struct shape *shape)
{
	unsigned code = utf8_decode(text->bytes + at, text->length - at, &shape->bytes);
	char picture[10];

	shape->width = 0;
	if (code == '\t' && !vi->set.list) {
		shape->width = vi->set.tab_stop - (int)(column % (size_t)vi->set.tab_stop);
		return;
	}
	if (code == UTF8_INVALID || (code >= 0x80 && code < 0xa0)) {
		snprintf(picture, sizeof(picture), "<%02x>",
		         code == UTF8_INVALID ? (unsigned char)text->bytes[at] : code);
		shape_text(shape, picture);
	} else if (code < ' ' || code == 127) {
		snprintf(picture, sizeof(picture), "^%c", (char)(code ^ 64));
		shape_text(shape, picture);
	} else {
		shape->code[0] = code;
		shape->width = utf8_width(code);
	}
}

/* The column where a character of this shape really begins. */
static size_t unbroken(const struct vi *vi, size_t column, const struct shape *shape)
{
	size_t width = (size_t)text_width(vi);

	return shape->width == 2 && shape->code[0] >= 0x1100 && column % width == width - 1 ? column + 1 : column;
}

size_t column_of(const struct vi *vi, const struct text *text, size_t at, bool last)
{
	struct shape shape;
	size_t column = 0;

	for (size_t i = 0; i < at && i < text->length; i += (size_t)shape.bytes) {
		shape_at(vi, text, i, column, &shape);
		column = unbroken(vi, column, &shape) + (size_t)shape.width;
	}
	if (at >= text->length)
		return column;
	shape_at(vi, text, at, column, &shape);
	column = unbroken(vi, column, &shape);
	return last && text->bytes[at] == '\t' ? column + (size_t)shape.width - 1 : column;
}

size_t at_column(const struct vi *vi, const struct text *text, size_t wanted)
{
	struct shape shape;
	size_t column = 0, i = 0;

	for (; i < text->length; i += (size_t)shape.bytes) {
		shape_at(vi, text, i, column, &shape);
		column = unbroken(vi, column, &shape) + (size_t)shape.width;
		if (column > wanted)
			return i;
	}
	return text->length ? char_before(text, text->length) : 0;
}

size_t rows_of(const struct vi *vi, size_t line)
{
	const struct text *text = buffer_line(&vi->buffer, line);
	size_t width = (size_t)text_width(vi), columns;

	columns = column_of(vi, text, text->length, false) + vi->set.list;
	if (line == vi->cursor.line && vi->cursor.at >= text->length && vi->mode != MODE_NORMAL)
		columns++; /* the cursor behind the end */
	return columns ? (columns + width - 1) / width : 1;
}

size_t first_nonblank(const struct text *text)
{
	size_t at = 0;

	while (at < text->length && (text->bytes[at] == ' ' || text->bytes[at] == '\t'))
		at++;
	return at < text->length || at == 0 ? at : at - 1;
}
