/*
 * The serial console as a terminal: the grid and its past as one view, selection, painting, keys. See terminal.h.
 */
#include "emu/display/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu/display/colours.h"
#include "emu/display/escape.h"

#define COLUMNS_MIN 2
#define ROWS_MIN 1
#define FOREGROUND 0xd3d7db
#define BACKGROUND COLOUR_BACKGROUND

/* A line that was scrolled out; without the blanks at its end. */
struct past {
	u32 count;
	bool is_wrapped;
	struct grid_cell *cells;
};

/* Lines are numbered from the first that was ever scrolled out: those of the grid come after all of the past. */
struct place {
	u64 line;
	u32 column;
};

struct terminal {
	struct grid grid;
	struct escape escape;
	void (*send)(void *arg, const u8 *bytes, size_t size);
	void *arg;
	struct past past[TERMINAL_SCROLL_BACK]; /* a ring */
	u32 past_first, past_count;             /* the oldest, and how many */
	u64 grid_line;                          /* number of the grid's first line */
	u32 scrolled;                           /* lines that the view is back, <= past_count */
	bool is_changed;
	bool is_selected;
	struct place from, to; /* of the selection, both included; from is not behind to */
};

/* --- the past --- */

static bool is_blank(const struct grid_cell *cell)
{
	return (cell->code_point == 0 || cell->code_point == ' ') && cell->back == GRID_DEFAULT &&
	       !(cell->flags & (GRID_UNDERLINE | GRID_REVERSE | GRID_RIGHT));
}

static void keep_line(void *arg, const struct grid_line *line, u32 columns)
{
	struct terminal *t = arg;
	struct past *past = &t->past[(t->past_first + t->past_count) % TERMINAL_SCROLL_BACK];
	u32 count = columns;

	if (t->past_count == TERMINAL_SCROLL_BACK)
		t->past_first = (t->past_first + 1) % TERMINAL_SCROLL_BACK;
	else
		t->past_count++;
	while (count > 0 && is_blank(&line->cells[count - 1]))
		count--;
	past->cells = xrealloc(past->cells, (count ? count : 1) * sizeof(*past->cells));
	memcpy(past->cells, line->cells, count * sizeof(*past->cells));
	past->count = count;
	past->is_wrapped = line->is_wrapped;
	t->grid_line++;
	/* Who has scrolled back goes on seeing the same. */
	if (t->scrolled && t->scrolled < t->past_count)
		t->scrolled++;
}

static bool take_line_back(void *arg, struct grid_line *line, u32 columns)
{
	struct terminal *t = arg;
	struct past *past;

	if (t->past_count == 0)
		return false;
	past = &t->past[(t->past_first + --t->past_count) % TERMINAL_SCROLL_BACK];
	memcpy(line->cells, past->cells, (past->count < columns ? past->count : columns) * sizeof(*past->cells));
	line->is_wrapped = past->is_wrapped;
	t->grid_line--;
	if (t->scrolled > t->past_count)
		t->scrolled = t->past_count;
	return true;
}

static void drop_past(struct terminal *t)
{
	t->past_first = t->past_count = t->scrolled = 0;
	t->is_selected = false;
}

/* --- making it --- */

static u32 within(u32 value, u32 min, u32 max)
{
	return value < min ? min : value > max ? max : value;
}

struct terminal *terminal_create(u32 columns, u32 rows, void (*send)(void *arg, const u8 *bytes, size_t size),
                                 void *arg)
{
	struct terminal *t = xcalloc(1, sizeof(*t));
	struct grid_keeper keeper = { keep_line, take_line_back, t };

	t->send = send;
	t->arg = arg;
	grid_init(&t->grid, within(columns, COLUMNS_MIN, GRID_SIDE_MAX), within(rows, ROWS_MIN, GRID_SIDE_MAX),
	          &keeper);
	escape_init(&t->escape, &t->grid, send, arg);
	t->is_changed = true;
	return t;
}

void terminal_destroy(struct terminal *t)
{
	if (!t)
		return;
	grid_free(&t->grid);
	for (u32 i = 0; i < TERMINAL_SCROLL_BACK; i++)
		free(t->past[i].cells);
	free(t);
}

void terminal_write(struct terminal *t, const u8 *bytes, size_t size)
{
	u32 screen = t->grid.screen;

	escape_write(&t->escape, bytes, size);
	t->is_changed |= size != 0;
	if (t->escape.drops_past)
		drop_past(t);
	t->escape.drops_past = false;
	/* The alternate screen has no past, and what was selected is not on it. */
	if (t->grid.screen != screen) {
		t->is_selected = false;
		t->scrolled = 0;
	}
}

void terminal_resize(struct terminal *t, u32 columns, u32 rows)
{
	columns = within(columns, COLUMNS_MIN, GRID_SIDE_MAX);
	rows = within(rows, ROWS_MIN, GRID_SIDE_MAX);
	if (columns == t->grid.columns && rows == t->grid.rows)
		return;
	grid_resize(&t->grid, columns, rows);
	t->is_selected = false;
	t->is_changed = true;
}

u32 terminal_columns(const struct terminal *t)
{
	return t->grid.columns;
}

u32 terminal_rows(const struct terminal *t)
{
	return t->grid.rows;
}

bool terminal_take_changed(struct terminal *t)
{
	bool is_changed = t->is_changed;

	t->is_changed = false;
	return is_changed;
}

/* --- what is seen --- */

void terminal_scroll(struct terminal *t, s32 lines)
{
	s64 scrolled = (s64)t->scrolled + lines;
	u32 most = t->grid.screen ? 0 : t->past_count;
	u32 now = scrolled < 0 ? 0 : scrolled > most ? most : (u32)scrolled;

	t->is_changed |= now != t->scrolled;
	t->scrolled = now;
}

u32 terminal_scrolled(const struct terminal *t)
{
	return t->scrolled;
}

/* Number of the view's first line. */
static u64 view_line(const struct terminal *t)
{
	return t->grid_line - t->scrolled;
}

/* The line of that number, kept or on the grid. NULL: there is none. */
static const struct grid_cell *cells_of(const struct terminal *t, u64 line, u32 *count, bool *is_wrapped)
{
	const struct past *past;

	if (line >= t->grid_line) {
		if (line - t->grid_line >= t->grid.rows)
			return NULL;
		*count = t->grid.columns;
		*is_wrapped = grid_line(&t->grid, (u32)(line - t->grid_line))->is_wrapped;
		return grid_line(&t->grid, (u32)(line - t->grid_line))->cells;
	}
	if (t->grid_line - line > t->past_count)
		return NULL;
	past = &t->past[(t->past_first + t->past_count - (u32)(t->grid_line - line)) % TERMINAL_SCROLL_BACK];
	*count = past->count;
	*is_wrapped = past->is_wrapped;
	return past->cells;
}

static struct grid_cell cell_at(const struct terminal *t, u64 line, u32 column)
{
	bool is_wrapped;
	u32 count = 0;
	const struct grid_cell *cells = cells_of(t, line, &count, &is_wrapped);

	return column < count ? cells[column] : (struct grid_cell){ 0, GRID_DEFAULT, GRID_DEFAULT, 0 };
}

u32 terminal_palette(u32 i)
{
	/* Each can be read on the background. */
	static const u32 palette[16] = {
		0x2b3036, 0xe0606c, 0x6cbf7c, 0xd9b45b, 0x6a9bd1, 0xc07fc9, 0x5bb8c4, 0xc9cdd2,
		0x6b737d, 0xf2838d, 0x8fdc9e, 0xf0d080, 0x8fbcf0, 0xdba0e2, 0x82d9e4, 0xf5f6f7,
	};

	return palette[i & 15];
}

/* Of the 256 colours: those 16, a cube of 6 * 6 * 6, and 24 greys. */
static u32 indexed_colour(u32 i)
{
	static const u8 levels[6] = { 0, 95, 135, 175, 215, 255 };

	if (i < 16)
		return terminal_palette(i);
	if (i >= 232)
		return (8 + 10 * (i - 232)) * 0x010101;
	i -= 16;
	return (u32)levels[i / 36] << 16 | (u32)levels[i / 6 % 6] << 8 | levels[i % 6];
}

static u32 to_rgb(u32 colour, u32 own)
{
	if (colour == GRID_DEFAULT)
		return own;
	return colour & GRID_INDEXED ? indexed_colour(colour & 255) : colour;
}

void terminal_cell(const struct terminal *t, u32 column, u32 row, struct terminal_cell *cell)
{
	struct grid_cell kept = cell_at(t, view_line(t) + row, column);
	bool is_reverse = !(kept.flags & GRID_REVERSE) == t->escape.is_reverse;

	/* Bold makes the first eight colours bright, as PCs did. */
	if ((kept.flags & GRID_BOLD) && kept.fore >= GRID_INDEXED && kept.fore < GRID_INDEXED + 8)
		kept.fore += 8;
	*cell = (struct terminal_cell){
		.code_point = kept.code_point,
		.colour = to_rgb(kept.fore, FOREGROUND),
		.background = to_rgb(kept.back, BACKGROUND),
		.bold = kept.flags & GRID_BOLD,
		.underline = kept.flags & GRID_UNDERLINE,
		.wide = kept.flags & GRID_WIDE,
		.is_default_colour = kept.fore == GRID_DEFAULT && !is_reverse,
		.is_default_background = kept.back == GRID_DEFAULT && !is_reverse,
	};
	if (is_reverse) {
		u32 colour = cell->colour;

		cell->colour = cell->background;
		cell->background = colour;
	}
}

bool terminal_cursor(const struct terminal *t, u32 *column, u32 *row)
{
	*column = t->grid.cursor.column;
	*row = t->grid.cursor.row + t->scrolled;
	return !t->escape.hides_cursor && *row < t->grid.rows;
}

/* --- selection --- */

void terminal_select(struct terminal *t, u32 column0, u32 row0, u32 column1, u32 row1)
{
	struct place a = { view_line(t) + within(row0, 0, t->grid.rows - 1), within(column0, 0, t->grid.columns - 1) };
	struct place b = { view_line(t) + within(row1, 0, t->grid.rows - 1), within(column1, 0, t->grid.columns - 1) };
	bool is_forward = a.line < b.line || (a.line == b.line && a.column <= b.column);

	t->from = is_forward ? a : b;
	t->to = is_forward ? b : a;
	t->is_selected = true;
	t->is_changed = true;
}

void terminal_select_none(struct terminal *t)
{
	t->is_changed |= t->is_selected;
	t->is_selected = false;
}

static bool is_selected(const struct terminal *t, u64 line, u32 column)
{
	if (!t->is_selected || line < t->from.line || line > t->to.line)
		return false;
	return (line != t->from.line || column >= t->from.column) && (line != t->to.line || column <= t->to.column);
}

/* Appends the selected part of a line; returns the text's new length. Blanks at its end are left out unless the text
 * goes on in the next line. */
static size_t add_line(const struct terminal *t, u64 line, bool is_wrapped, char *text, size_t length)
{
	size_t end = length;

	for (u32 column = 0; column < t->grid.columns; column++) {
		struct grid_cell cell = cell_at(t, line, column);

		if (!is_selected(t, line, column) || (cell.flags & GRID_RIGHT))
			continue;
		length += utf8_put(text + length, cell.code_point ? cell.code_point : ' ');
		if (cell.code_point && cell.code_point != ' ')
			end = length;
	}
	return is_wrapped ? length : end;
}

char *terminal_selected(const struct terminal *t)
{
	u64 first = t->grid_line - t->past_count, end = t->grid_line + t->grid.rows;
	size_t length = 0;
	char *text;

	if (!t->is_selected)
		return NULL;
	first = t->from.line < first ? first : t->from.line;
	end = t->to.line < end ? t->to.line + 1 : end;
	text = xcalloc((first < end ? end - first : 0) + 1, (size_t)t->grid.columns * 4 + 1);
	for (u64 line = first; line < end; line++) {
		bool is_wrapped = false;
		u32 count;

		cells_of(t, line, &count, &is_wrapped);
		length = add_line(t, line, is_wrapped, text, length);
		if (line != t->to.line && !is_wrapped)
			text[length++] = '\n';
	}
	text[length] = 0;
	return text;
}

/* --- painting --- */

static void paint_one(const struct canvas *c, s32 x, s32 y, const struct font *font, const struct terminal_cell *cell)
{
	s32 w = (s32)font->width * (cell->wide ? 2 : 1);

	paint_cell(c, font, x, y, cell->colour, cell->background, cell->code_point);
	if (cell->wide)
		paint_rect(c, (struct rect){ x + (s32)font->width, y, (s32)font->width, (s32)font->height },
		           cell->background);
	if (cell->underline)
		paint_rect(c, (struct rect){ x, y + (s32)font->height - 2, w, 1 }, cell->colour);
}

void terminal_paint(const struct terminal *t, const struct canvas *c, struct rect r, const struct font *plain,
                    const struct font *bold)
{
	struct canvas inside = canvas_clip(c, r);
	u32 cursor_column, cursor_row;
	bool has_cursor = terminal_cursor(t, &cursor_column, &cursor_row);

	paint_rect(&inside, r, BACKGROUND);
	for (u32 row = 0; row < t->grid.rows; row++) {
		for (u32 column = 0; column < t->grid.columns; column++) {
			s32 x = r.x + (s32)(column * plain->width), y = r.y + (s32)(row * plain->height);
			struct terminal_cell cell;

			terminal_cell(t, column, row, &cell);
			if (is_selected(t, view_line(t) + row, column)) {
				cell.colour = COLOUR_INK;
				cell.background = COLOUR_ACCENT_SOFT;
			}
			if (has_cursor && column == cursor_column && row == cursor_row) {
				u32 colour = cell.colour;

				cell.colour = cell.background;
				cell.background = colour;
			}
			paint_one(&inside, x, y, cell.bold ? bold : plain, &cell);
			column += cell.wide;
		}
	}
}

/* --- keys --- */

static void typed(struct terminal *t)
{
	t->is_changed |= t->scrolled != 0;
	t->scrolled = 0;
}

static void send_text(struct terminal *t, const char *bytes, size_t size, u32 modifiers)
{
	typed(t);
	if (modifiers & TERMINAL_ALT)
		t->send(t->arg, (const u8 *)"\033", 1);
	t->send(t->arg, (const u8 *)bytes, size);
}

/* The control character that terminals send, or the character itself if there is none for it. */
static u32 with_control(u32 c)
{
	static const char digits[] = { 0x00, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x7f };

	if ((c >= '@' && c <= '_') || (c >= 'a' && c <= 'z'))
		return c & 0x1f;
	if (c >= '2' && c <= '8')
		return (u32)digits[c - '2'];
	return c == ' ' || c == '`' ? 0 : c == '/' ? 0x1f : c == '?' ? 0x7f : c;
}

void terminal_text(struct terminal *t, u32 code_point, u32 modifiers)
{
	char utf8[4];

	if (modifiers & TERMINAL_CONTROL)
		code_point = with_control(code_point);
	if (code_point > 0x10ffff)
		return;
	send_text(t, utf8, utf8_put(utf8, code_point), modifiers);
}

/* Cursor keys and the like: CSI, in which the modifiers are a number; without any SS3 in some modes. */
static void send_sequence(struct terminal *t, u32 number, char final, bool is_ss3, u32 modifiers)
{
	char text[32];

	if (modifiers)
		snprintf(text, sizeof(text), "\033[%u;%u%c", number, 1 + (modifiers & 7), final);
	else if (number != 1 || final == '~')
		snprintf(text, sizeof(text), "\033[%u%c", number, final);
	else
		snprintf(text, sizeof(text), "\033%c%c", is_ss3 ? 'O' : '[', final);
	send_text(t, text, strlen(text), 0);
}

void terminal_key(struct terminal *t, enum terminal_key key, u32 modifiers)
{
	static const char arrows[] = "ABDC";
	static const u8 numbers[] = { 2, 3, 0, 0, 5, 6 }; /* from TERMINAL_INSERT on */
	static const u8 functions[] = { 15, 17, 18, 19, 20, 21, 23, 24 };

	if (key == TERMINAL_ENTER)
		send_text(t, "\r\n", t->escape.sends_newlines ? 2 : 1, modifiers);
	else if (key == TERMINAL_TAB)
		send_text(t, modifiers & TERMINAL_SHIFT ? "\033[Z" : "\t", modifiers & TERMINAL_SHIFT ? 3 : 1,
		          modifiers);
	else if (key == TERMINAL_BACKSPACE)
		send_text(t, modifiers & TERMINAL_CONTROL ? "\b" : "\177", 1, modifiers);
	else if (key == TERMINAL_ESCAPE)
		send_text(t, "\033", 1, modifiers);
	else if (key <= TERMINAL_RIGHT)
		send_sequence(t, 1, arrows[key - TERMINAL_UP], t->escape.has_cursor_keys, modifiers);
	else if (key == TERMINAL_HOME || key == TERMINAL_END)
		send_sequence(t, 1, key == TERMINAL_HOME ? 'H' : 'F', t->escape.has_cursor_keys, modifiers);
	else if (key <= TERMINAL_PAGE_DOWN)
		send_sequence(t, numbers[key - TERMINAL_INSERT], '~', false, modifiers);
	else if (key < TERMINAL_F1 + 4)
		send_sequence(t, 1, (char)('P' + key - TERMINAL_F1), true, modifiers);
	else if (key <= TERMINAL_F12)
		send_sequence(t, functions[key - TERMINAL_F1 - 4], '~', false, modifiers);
}

void terminal_paste(struct terminal *t, const char *text)
{
	size_t length = 0;
	char *clean = xcalloc(strlen(text) + 1, 1);

	/* Escapes are dropped: pasted text is no command, and must not end its own brackets. */
	for (; *text; text++) {
		if (*text == '\n' || (*text == '\r' && text[1] != '\n'))
			clean[length++] = '\r';
		else if (*text == '\t' || ((u8)*text >= ' ' && *text != 0x7f))
			clean[length++] = *text;
	}
	typed(t);
	if (t->escape.brackets_pastes)
		t->send(t->arg, (const u8 *)"\033[200~", 6);
	t->send(t->arg, (const u8 *)clean, length);
	if (t->escape.brackets_pastes)
		t->send(t->arg, (const u8 *)"\033[201~", 6);
	free(clean);
}
