#include "emu/display/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <vterm.h>

#include "emu/display/box.h"
#include "emu/display/colours.h"

#define COLUMNS_MIN 2
#define ROWS_MIN 1
#define SIDE_MAX 1000         /* characters, either side: windows are never larger */
#define WIDE_RIGHT 0xffffffff /* libvterm's mark in the right half of a wide character */
#define FOREGROUND 0xd3d7db
#define BACKGROUND 0x14171b
#define PALETTE 16
#define PIECE 4096 /* bytes that libvterm is given at once */

/* A character as it is kept: libvterm's, with its first code point only. */
struct kept {
	u32 code_point;        /* 0: blank; WIDE_RIGHT */
	VTermColor fore, back; /* as they were asked for */
	u8 is_bold, is_underlined, is_reverse, width;
};

/* A line that was scrolled out; without the blanks at its end. */
struct past {
	u32 count;
	struct kept *cells;
};

/* Lines are numbered from the first that was ever scrolled out: those of the grid come after all of the past. */
struct place {
	u64 line;
	u32 column;
};

struct terminal {
	VTerm *vterm;
	VTermScreen *screen;
	void (*send)(void *arg, const u8 *bytes, size_t size);
	void *arg;
	u32 columns, rows;
	struct past past[TERMINAL_SCROLL_BACK]; /* a ring */
	u32 past_first, past_count;             /* the oldest, and how many */
	u64 grid_line;                          /* number of the grid's first line */
	u32 scrolled;                           /* lines that the view is back, <= past_count */
	bool cursor_is_visible, is_alternate, is_changed;
	bool is_selected;
	struct place from, to; /* of the selection, both included; from is not behind to */
};

/* --- what libvterm tells --- */

static struct kept keep(const VTermScreenCell *cell)
{
	return (struct kept){
		.code_point = cell->chars[0],
		.fore = cell->fg,
		.back = cell->bg,
		.is_bold = cell->attrs.bold,
		.is_underlined = cell->attrs.underline != 0,
		.is_reverse = cell->attrs.reverse,
		.width = (u8)cell->width,
	};
}

static bool is_blank(const struct kept *cell)
{
	return (cell->code_point == 0 || cell->code_point == ' ') && !cell->is_underlined && !cell->is_reverse &&
	       VTERM_COLOR_IS_DEFAULT_BG(&cell->back);
}

static int on_damage(VTermRect rect, void *user)
{
	struct terminal *t = user;

	(void)rect;
	t->is_changed = true;
	return 1;
}

static int on_cursor(VTermPos pos, VTermPos old, int visible, void *user)
{
	struct terminal *t = user;

	(void)pos, (void)old, (void)visible;
	t->is_changed = true;
	return 1;
}

static int on_property(VTermProp property, VTermValue *value, void *user)
{
	struct terminal *t = user;

	t->is_changed = true;
	if (property == VTERM_PROP_CURSORVISIBLE) {
		t->cursor_is_visible = value->boolean;
	} else if (property == VTERM_PROP_ALTSCREEN) {
		t->is_alternate = value->boolean;
		t->is_selected = false;
		t->scrolled = 0;
	}
	return 1;
}

/* The grid's top line is scrolled out. */
static int on_line_out(int columns, const VTermScreenCell *cells, void *user)
{
	struct terminal *t = user;
	struct past *line = &t->past[(t->past_first + t->past_count) % TERMINAL_SCROLL_BACK];
	u32 count = (u32)columns;

	if (t->past_count == TERMINAL_SCROLL_BACK) {
		free(line->cells);
		t->past_first = (t->past_first + 1) % TERMINAL_SCROLL_BACK;
	} else {
		t->past_count++;
	}
	for (; count > 0; count--) {
		struct kept last = keep(&cells[count - 1]);

		if (!is_blank(&last))
			break;
	}
	*line = (struct past){ count, xcalloc(count ? count : 1, sizeof(*line->cells)) };
	for (u32 i = 0; i < count; i++)
		line->cells[i] = keep(&cells[i]);
	t->grid_line++;
	/* Who has scrolled back goes on seeing the same. */
	if (t->scrolled && t->scrolled < t->past_count)
		t->scrolled++;
	return 1;
}

/* The grid has grown: the newest line comes back. */
static int on_line_back(int columns, VTermScreenCell *cells, void *user)
{
	struct terminal *t = user;
	VTermState *state = vterm_obtain_state(t->vterm);
	struct past *line;

	if (t->past_count == 0)
		return 0;
	line = &t->past[(t->past_first + --t->past_count) % TERMINAL_SCROLL_BACK];
	for (u32 i = 0; i < (u32)columns; i++) {
		VTermScreenCell *cell = &cells[i];

		memset(cell, 0, sizeof(*cell));
		cell->width = 1;
		vterm_state_get_default_colors(state, &cell->fg, &cell->bg);
		if (i >= line->count || line->cells[i].code_point == WIDE_RIGHT)
			continue;
		cell->chars[0] = line->cells[i].code_point;
		cell->fg = line->cells[i].fore;
		cell->bg = line->cells[i].back;
		cell->attrs.bold = line->cells[i].is_bold & 1;
		cell->attrs.underline = line->cells[i].is_underlined & 1;
		cell->attrs.reverse = line->cells[i].is_reverse & 1;
		/* Half of a wide character does not fit in the last column. */
		if (line->cells[i].width == 2 && i + 1 < (u32)columns)
			cell->width = 2;
	}
	free(line->cells);
	*line = (struct past){ 0, NULL };
	t->grid_line--;
	if (t->scrolled > t->past_count)
		t->scrolled = t->past_count;
	return 1;
}

static void on_output(const char *bytes, size_t size, void *user)
{
	struct terminal *t = user;

	t->send(t->arg, (const u8 *)bytes, size);
}

static const VTermScreenCallbacks callbacks = {
	.damage = on_damage,
	.movecursor = on_cursor,
	.settermprop = on_property,
	.sb_pushline = on_line_out,
	.sb_popline = on_line_back,
};

/* --- making it --- */

static VTermColor rgb(u32 colour)
{
	VTermColor c;

	vterm_color_rgb(&c, (u8)(colour >> 16), (u8)(colour >> 8), (u8)colour);
	return c;
}

/* The first 16 colours, each readable on the background. */
static void set_colours(VTermState *state)
{
	static const u32 palette[PALETTE] = {
		0x2b3036, 0xe0606c, 0x6cbf7c, 0xd9b45b, 0x6a9bd1, 0xc07fc9, 0x5bb8c4, 0xc9cdd2,
		0x6b737d, 0xf2838d, 0x8fdc9e, 0xf0d080, 0x8fbcf0, 0xdba0e2, 0x82d9e4, 0xf5f6f7,
	};
	VTermColor fore = rgb(FOREGROUND), back = rgb(BACKGROUND);

	vterm_state_set_default_colors(state, &fore, &back);
	for (int i = 0; i < PALETTE; i++) {
		VTermColor colour = rgb(palette[i]);

		vterm_state_set_palette_color(state, i, &colour);
	}
	vterm_state_set_bold_highbright(state, 1);
}

static u32 within(u32 value, u32 min, u32 max)
{
	return value < min ? min : value > max ? max : value;
}

struct terminal *terminal_create(u32 columns, u32 rows, void (*send)(void *arg, const u8 *bytes, size_t size),
                                 void *arg)
{
	struct terminal *t = xcalloc(1, sizeof(*t));

	t->send = send;
	t->arg = arg;
	t->columns = within(columns, COLUMNS_MIN, SIDE_MAX);
	t->rows = within(rows, ROWS_MIN, SIDE_MAX);
	t->cursor_is_visible = true;
	t->vterm = vterm_new((int)t->rows, (int)t->columns);
	BUG_ON(!t->vterm);
	vterm_set_utf8(t->vterm, 1);
	vterm_output_set_callback(t->vterm, on_output, t);
	t->screen = vterm_obtain_screen(t->vterm);
	vterm_screen_set_callbacks(t->screen, &callbacks, t);
	vterm_screen_enable_altscreen(t->screen, 1);
	vterm_screen_set_damage_merge(t->screen, VTERM_DAMAGE_SCREEN);
	set_colours(vterm_obtain_state(t->vterm));
	vterm_screen_reset(t->screen, 1);
	return t;
}

void terminal_destroy(struct terminal *t)
{
	if (!t)
		return;
	vterm_free(t->vterm);
	for (u32 i = 0; i < TERMINAL_SCROLL_BACK; i++)
		free(t->past[i].cells);
	free(t);
}

void terminal_write(struct terminal *t, const u8 *bytes, size_t size)
{
	/* libvterm 0.1.4 may read on behind the end of a damaged string, up to a 0. */
	char piece[PIECE + 1];

	while (size) {
		size_t count = size < PIECE ? size : PIECE;

		memcpy(piece, bytes, count);
		piece[count] = 0;
		vterm_input_write(t->vterm, piece, count);
		bytes += count;
		size -= count;
	}
	vterm_screen_flush_damage(t->screen);
}

void terminal_resize(struct terminal *t, u32 columns, u32 rows)
{
	columns = within(columns, COLUMNS_MIN, SIDE_MAX);
	rows = within(rows, ROWS_MIN, SIDE_MAX);
	if (columns == t->columns && rows == t->rows)
		return;
	t->columns = columns;
	t->rows = rows;
	t->is_selected = false;
	t->is_changed = true;
	vterm_set_size(t->vterm, (int)rows, (int)columns);
	vterm_screen_flush_damage(t->screen);
}

u32 terminal_columns(const struct terminal *t)
{
	return t->columns;
}

u32 terminal_rows(const struct terminal *t)
{
	return t->rows;
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
	u32 most = t->is_alternate ? 0 : t->past_count;
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

/* The character of any line that there is, or a blank. */
static struct kept kept_cell(const struct terminal *t, u64 line, u32 column)
{
	struct kept cell = { .width = 1 };
	VTermScreenCell live;

	vterm_state_get_default_colors(vterm_obtain_state(t->vterm), &cell.fore, &cell.back);
	if (line >= t->grid_line) {
		VTermPos pos = { (int)(line - t->grid_line), (int)column };

		if (line - t->grid_line < t->rows && vterm_screen_get_cell(t->screen, pos, &live))
			cell = keep(&live);
	} else if (t->grid_line - line <= t->past_count) {
		u32 back = (u32)(t->grid_line - line);
		const struct past *past = &t->past[(t->past_first + t->past_count - back) % TERMINAL_SCROLL_BACK];

		if (column < past->count)
			cell = past->cells[column];
	}
	return cell;
}

static u32 to_rgb(const struct terminal *t, VTermColor colour)
{
	vterm_screen_convert_color_to_rgb(t->screen, &colour);
	return (u32)colour.rgb.red << 16 | (u32)colour.rgb.green << 8 | colour.rgb.blue;
}

void terminal_cell(const struct terminal *t, u32 column, u32 row, struct terminal_cell *cell)
{
	struct kept kept = kept_cell(t, view_line(t) + row, column);

	*cell = (struct terminal_cell){
		.code_point = kept.code_point == WIDE_RIGHT ? 0 : kept.code_point,
		.colour = to_rgb(t, kept.fore),
		.background = to_rgb(t, kept.back),
		.bold = kept.is_bold,
		.underline = kept.is_underlined,
		.wide = kept.width == 2,
		.is_default_colour = VTERM_COLOR_IS_DEFAULT_FG(&kept.fore) && !kept.is_reverse,
		.is_default_background = VTERM_COLOR_IS_DEFAULT_BG(&kept.back) && !kept.is_reverse,
	};
	if (kept.is_reverse) {
		u32 colour = cell->colour;

		cell->colour = cell->background;
		cell->background = colour;
	}
}

bool terminal_cursor(const struct terminal *t, u32 *column, u32 *row)
{
	VTermPos pos;

	vterm_state_get_cursorpos(vterm_obtain_state(t->vterm), &pos);
	*column = within((u32)pos.col, 0, t->columns - 1);
	*row = (u32)pos.row + t->scrolled;
	return t->cursor_is_visible && *row < t->rows;
}

/* --- selection --- */

void terminal_select(struct terminal *t, u32 column0, u32 row0, u32 column1, u32 row1)
{
	struct place a = { view_line(t) + within(row0, 0, t->rows - 1), within(column0, 0, t->columns - 1) };
	struct place b = { view_line(t) + within(row1, 0, t->rows - 1), within(column1, 0, t->columns - 1) };
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

/* Appends the selected part of a line without the blanks at its end; returns the text's new length. */
static size_t add_line(const struct terminal *t, u64 line, char *text, size_t length)
{
	size_t end = length;

	for (u32 column = 0; column < t->columns; column++) {
		u32 code_point = kept_cell(t, line, column).code_point;

		if (!is_selected(t, line, column) || code_point == WIDE_RIGHT)
			continue;
		length += utf8_put(text + length, code_point ? code_point : ' ');
		if (code_point && code_point != ' ')
			end = length;
	}
	return end;
}

/* It seems to go on in the next line. Borders of programs that fill the screen reach the last column, too. */
static bool is_wrapped(const struct terminal *t, u64 line)
{
	u32 last = kept_cell(t, line, t->columns - 1).code_point;

	return !t->is_alternate && last && last != ' ' && !box_has(last);
}

char *terminal_selected(const struct terminal *t)
{
	u64 first = t->grid_line - t->past_count, end = t->grid_line + t->rows;
	size_t length = 0, room = 0;
	char *text = NULL;

	if (!t->is_selected)
		return NULL;
	for (u64 line = t->from.line < first ? first : t->from.line; line <= t->to.line && line < end; line++) {
		size_t most = length + (size_t)t->columns * 4 + 2;

		if (most > room) {
			room = most * 2;
			text = xrealloc(text, room);
		}
		length = add_line(t, line, text, length);
		if (line != t->to.line && !is_wrapped(t, line))
			text[length++] = '\n';
	}
	if (text)
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
	for (u32 row = 0; row < t->rows; row++) {
		for (u32 column = 0; column < t->columns; column++) {
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

void terminal_key(struct terminal *t, enum terminal_key key, u32 modifiers)
{
	static const VTermKey keys[] = {
		[TERMINAL_UP] = VTERM_KEY_UP,          [TERMINAL_DOWN] = VTERM_KEY_DOWN,
		[TERMINAL_LEFT] = VTERM_KEY_LEFT,      [TERMINAL_RIGHT] = VTERM_KEY_RIGHT,
		[TERMINAL_INSERT] = VTERM_KEY_INS,     [TERMINAL_DELETE] = VTERM_KEY_DEL,
		[TERMINAL_HOME] = VTERM_KEY_HOME,      [TERMINAL_END] = VTERM_KEY_END,
		[TERMINAL_PAGE_UP] = VTERM_KEY_PAGEUP, [TERMINAL_PAGE_DOWN] = VTERM_KEY_PAGEDOWN,
	};
	VTermModifier with = VTERM_MOD_NONE;

	typed(t);
	/* What libvterm sends for these with modifiers ("CSI u") few programs know. */
	if (key == TERMINAL_ENTER)
		send_text(t, "\r", 1, modifiers);
	else if (key == TERMINAL_TAB && (modifiers & TERMINAL_SHIFT))
		send_text(t, "\033[Z", 3, modifiers);
	else if (key == TERMINAL_TAB)
		send_text(t, "\t", 1, modifiers);
	else if (key == TERMINAL_BACKSPACE)
		send_text(t, modifiers & TERMINAL_CONTROL ? "\b" : "\177", 1, modifiers);
	else if (key == TERMINAL_ESCAPE)
		send_text(t, "\033", 1, modifiers);
	else if (key <= TERMINAL_F12) {
		with |= modifiers & TERMINAL_SHIFT ? VTERM_MOD_SHIFT : 0;
		with |= modifiers & TERMINAL_ALT ? VTERM_MOD_ALT : 0;
		with |= modifiers & TERMINAL_CONTROL ? VTERM_MOD_CTRL : 0;
		vterm_keyboard_key(t->vterm, key >= TERMINAL_F1 ? VTERM_KEY_FUNCTION(key - TERMINAL_F1 + 1) : keys[key],
		                   with);
	}
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
	vterm_keyboard_start_paste(t->vterm);
	t->send(t->arg, (const u8 *)clean, length);
	vterm_keyboard_end_paste(t->vterm);
	free(clean);
}
