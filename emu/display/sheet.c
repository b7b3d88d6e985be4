/*
 * A sheet of characters: see sheet.h.
 */
#include "emu/display/sheet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 1024 /* bytes of one text, with its 0 */
#define ELLIPSIS 0x2026
#define BAR 0x2500

const struct sheet_style sheet_plain = { SHEET_OWN, SHEET_OWN, 0 };
const struct sheet_style sheet_quiet = { COLOUR_QUIET, SHEET_OWN, 0 };
const struct sheet_style sheet_strong = { SHEET_OWN, SHEET_OWN, SHEET_BOLD };
const struct sheet_style sheet_title = { COLOUR_INK, COLOUR_ACCENT_SOFT, 0 };
const struct sheet_style sheet_bad = { COLOUR_BAD, SHEET_OWN, SHEET_BOLD };
const struct sheet_style sheet_good = { COLOUR_GOOD, SHEET_OWN, 0 };
const struct sheet_style sheet_warn = { COLOUR_WARN, SHEET_OWN, SHEET_BOLD };
const struct sheet_style sheet_accent = { COLOUR_ACCENT, SHEET_OWN, 0 };

void sheet_resize(struct sheet *p, u32 columns, u32 rows)
{
	p->columns = columns;
	p->rows = rows;
	p->cells = xrealloc(p->cells, ((size_t)columns * rows + 1) * sizeof(*p->cells));
	sheet_clear(p, (struct rect){ 0, 0, (s32)columns, (s32)rows });
}

void sheet_free(struct sheet *p)
{
	free(p->cells);
	*p = (struct sheet){ 0 };
}

void sheet_clear(struct sheet *p, struct rect r)
{
	for (s32 y = r.y; y < r.y + r.h; y++) {
		for (s32 x = r.x; x < r.x + r.w; x++)
			sheet_put(p, x, y, ' ', sheet_plain);
	}
}

void sheet_put(struct sheet *p, s32 x, s32 y, u32 code_point, struct sheet_style style)
{
	if (x >= 0 && y >= 0 && x < (s32)p->columns && y < (s32)p->rows)
		p->cells[(size_t)y * p->columns + (size_t)x] = (struct sheet_cell){ code_point, style };
}

/* Characters of the text. */
static s32 length_of(const char *text)
{
	s32 length = 0;

	while (utf8_next(&text))
		length++;
	return length;
}

static s32 put_text(struct sheet *p, s32 x, s32 y, s32 end, struct sheet_style style, const char *text)
{
	bool fits = x + length_of(text) <= end;

	for (u32 c; (c = utf8_next(&text)) != 0 && x < end; x++)
		sheet_put(p, x, y, !fits && x == end - 1 ? ELLIPSIS : c < ' ' ? ' ' : c, style);
	return x;
}

s32 sheet_text(struct sheet *p, s32 x, s32 y, s32 end, struct sheet_style style, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return put_text(p, x, y, end, style, text);
}

/* Bytes of the text's first line, if it is broken at blanks to `width` characters; *next is where the rest begins. */
static size_t line_length(const char *text, s32 width, const char **next)
{
	const char *at = text, *blank = NULL;

	for (s32 n = 0; *at; n++) {
		const char *before = at;
		u32 c = utf8_next(&at);

		if (c == ' ' || c == '\n')
			blank = before;
		if (c != '\n' && n < width)
			continue;
		*next = blank ? blank + 1 : before;
		return (size_t)((blank ? blank : before) - text);
	}
	*next = at;
	return (size_t)(at - text);
}

s32 sheet_lines(struct sheet *p, struct rect r, struct sheet_style style, const char *text)
{
	s32 line = 0;

	for (; *text && line < r.h && r.w > 0; line++) {
		const char *next;
		int bytes = (int)line_length(text, r.w, &next);

		if (line == r.h - 1) /* the last: an ellipsis where more would follow */
			put_text(p, r.x, r.y + line, r.x + r.w, style, text);
		else
			sheet_text(p, r.x, r.y + line, r.x + r.w, style, "%.*s", bytes, text);
		text = next;
	}
	return line;
}

void sheet_rule(struct sheet *p, s32 x, s32 y, s32 end, struct sheet_style style, const char *fmt, ...)
{
	static const struct sheet_style line = { COLOUR_FAINT, SHEET_OWN, 0 };
	char text[TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	sheet_put(p, x++, y, BAR, line);
	sheet_put(p, x++, y, ' ', line);
	x = put_text(p, x, y, end, style, text);
	if (x < end)
		sheet_put(p, x++, y, ' ', line);
	for (; x < end; x++)
		sheet_put(p, x, y, BAR, line);
}

void sheet_plot(struct sheet *p, s32 x, s32 y, s32 end, struct sheet_style style, const float *samples, u32 count)
{
	u32 width = end > x ? (u32)(end - x) : 0, n = count < width ? count : width;
	float most = 0;

	for (u32 i = count - n; i < count; i++)
		most = samples[i] > most ? samples[i] : most;
	for (u32 i = 0; i < n; i++) {
		float sample = samples[count - n + i];
		u32 level = most > 0 && sample > 0 ? (u32)(sample / most * 7.0f + 0.5f) : 0;

		/* Nothing at all is blank, a little is seen. */
		sheet_put(p, end - (s32)(n - i), y, sample > 0 ? 0x2581 + level : ' ', style);
	}
}

const char *sheet_number(char text[16], double number)
{
	static const char units[] = "kMGTPE";
	u32 unit = 0;

	if (number < 9999.5) {
		snprintf(text, 16, number < 99.95 && number > 0.05 && number != (double)(u32)number ? "%.1f" : "%.0f",
		         number);
		return text;
	}
	for (number /= 1000; number >= 999.5 && unit < sizeof(units) - 2; unit++)
		number /= 1000;
	snprintf(text, 16, number < 9.995 ? "%.2f%c" : number < 99.95 ? "%.1f%c" : "%.0f%c", number, units[unit]);
	return text;
}
