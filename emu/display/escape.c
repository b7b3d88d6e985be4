/*
 * Escape sequences (ECMA-48, the VT220's and some of xterm's): a state machine that takes one byte at a time, and what
 * each sequence does. Names in comments are those of the manuals.
 */
#include "emu/display/escape.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_MAX 9999
#define REPLACEMENT 0xfffd
#define ESC 0x1b

/* A parameter, where one of 0 counts as `if_none`. */
static u32 number(const struct escape *e, u32 i, u32 if_none)
{
	return i < e->number_count && e->numbers[i] ? e->numbers[i] : if_none;
}

static void answer(struct escape *e, const char *text)
{
	e->send(e->arg, (const u8 *)text, strlen(text));
}

void escape_init(struct escape *e, struct grid *grid, void (*send)(void *arg, const u8 *bytes, size_t size), void *arg)
{
	*e = (struct escape){ .grid = grid, .send = send, .arg = arg };
}

/* RIS: as it was at first. */
static void reset(struct escape *e)
{
	grid_reset(e->grid);
	escape_init(e, e->grid, e->send, e->arg);
}

/* --- colours and the like: SGR --- */

/* 38 and 48: an index or red, green, blue follow. How many numbers were taken. */
static u32 set_extended(const struct escape *e, u32 i, u32 *colour)
{
	/* 38:2:SPACE:r:g:b has one more than 38;2;r;g;b. */
	bool has_space = i + 5 < e->number_count && (e->colons >> (i + 5) & 1);
	u32 first = i + 2 + has_space;

	if (number(e, i + 1, 0) == 5 && i + 2 < e->number_count) {
		*colour = GRID_INDEXED | (e->numbers[i + 2] & 255);
		return 2;
	}
	if (number(e, i + 1, 0) == 2 && first + 2 < e->number_count) {
		*colour = (e->numbers[first] & 255) << 16 | (e->numbers[first + 1] & 255) << 8 |
		          (e->numbers[first + 2] & 255);
		return 4 + has_space;
	}
	return e->number_count;
}

static bool set_colour(struct grid_cell *pen, u32 n)
{
	u32 *colour = n >= 100 || (n >= 40 && n < 50) ? &pen->back : &pen->fore;
	u32 digit = n % 10;

	if ((n >= 30 && n <= 37) || (n >= 40 && n <= 47))
		*colour = GRID_INDEXED | digit;
	else if ((n >= 90 && n <= 97) || (n >= 100 && n <= 107))
		*colour = GRID_INDEXED | (8 + digit);
	else if (n == 39 || n == 49)
		*colour = GRID_DEFAULT;
	else
		return false;
	return true;
}

static void set_rendition(struct escape *e)
{
	struct grid_cell *pen = &e->grid->cursor.pen;

	for (u32 i = 0; i < e->number_count; i++) {
		u32 n = e->numbers[i];

		if (n == 38 || n == 48) {
			i += set_extended(e, i, n == 38 ? &pen->fore : &pen->back);
			continue;
		}
		if (set_colour(pen, n))
			continue;
		if (n == 0)
			*pen = (struct grid_cell){ 0, GRID_DEFAULT, GRID_DEFAULT, 0 };
		else if (n == 1)
			pen->flags |= GRID_BOLD;
		else if (n == 22)
			pen->flags &= ~(u32)GRID_BOLD;
		else if (n == 24 ||
		         (n == 4 && i + 1 < e->number_count && (e->colons >> (i + 1) & 1) && e->numbers[i + 1] == 0))
			pen->flags &= ~(u32)GRID_UNDERLINE;
		else if (n == 4 || n == 21)
			pen->flags |= GRID_UNDERLINE;
		else if (n == 7)
			pen->flags |= GRID_REVERSE;
		else if (n == 27)
			pen->flags &= ~(u32)GRID_REVERSE;
		/* The form of an underline, and whatever else hangs on a colon. */
		while (i + 1 < e->number_count && (e->colons >> (i + 1) & 1))
			i++;
	}
}

/* --- modes --- */

static void show_alternate(struct escape *e, u32 mode, bool on)
{
	struct grid *g = e->grid;

	if (on == (g->screen == 1))
		return;
	if (on && mode == 1049)
		grid_save_cursor(g);
	if (!on && mode == 1047)
		grid_erase_lines(g, 0, g->rows);
	grid_show(g, on);
	if (on && mode != 47)
		grid_erase_lines(g, 0, g->rows);
	if (!on && mode == 1049)
		grid_restore_cursor(g);
}

static void set_private_mode(struct escape *e, u32 mode, bool on)
{
	struct grid *g = e->grid;

	if (mode == 1) {
		e->has_cursor_keys = on;
	} else if (mode == 5) {
		e->is_reverse = on;
	} else if (mode == 6) {
		g->cursor.is_origin = on;
		grid_move(g, 0, 0);
	} else if (mode == 7) {
		g->wraps = on;
	} else if (mode == 25) {
		e->hides_cursor = !on;
	} else if (mode == 47 || mode == 1047 || mode == 1049) {
		show_alternate(e, mode, on);
	} else if (mode == 1048) {
		if (on)
			grid_save_cursor(g);
		else
			grid_restore_cursor(g);
	} else if (mode == 2004) {
		e->brackets_pastes = on;
	}
}

static void set_modes(struct escape *e, bool on)
{
	for (u32 i = 0; i < e->number_count; i++) {
		if (e->leader == '?')
			set_private_mode(e, e->numbers[i], on);
		else if (!e->leader && e->numbers[i] == 4)
			e->grid->inserts = on;
		else if (!e->leader && e->numbers[i] == 20)
			e->sends_newlines = on;
	}
}

/* DECSTR: modes and pen; the text stays. */
static void soft_reset(struct escape *e)
{
	struct grid *g = e->grid;

	g->cursor.pen = (struct grid_cell){ 0, GRID_DEFAULT, GRID_DEFAULT, 0 };
	g->cursor.is_origin = false;
	g->saved[g->screen] = (struct grid_cursor){ .pen = g->cursor.pen };
	g->top = 0;
	g->bottom = g->rows - 1;
	g->wraps = true;
	g->inserts = false;
	e->has_cursor_keys = e->sends_newlines = e->hides_cursor = false;
	e->draws_lines[0] = e->draws_lines[1] = e->shift = false;
}

/* --- questions --- */

static void report_status(struct escape *e)
{
	const struct grid_cursor *c = &e->grid->cursor;
	const char *mark = e->leader == '?' ? "?" : "";
	char text[64];

	if (number(e, 0, 0) == 5 && !e->leader) {
		answer(e, "\033[0n");
	} else if (number(e, 0, 0) == 6) {
		snprintf(text, sizeof(text), "\033[%s%u;%uR", mark, c->row - (c->is_origin ? e->grid->top : 0) + 1,
		         c->column + 1);
		answer(e, text);
	}
}

static void report_kind(struct escape *e)
{
	if (!e->leader)
		answer(e, "\033[?62;22c"); /* a VT220 with colours */
	else if (e->leader == '>')
		answer(e, "\033[>1;10;0c");
}

static void report_size(struct escape *e)
{
	char text[64];

	if (number(e, 0, 0) != 18)
		return;
	snprintf(text, sizeof(text), "\033[8;%u;%ut", e->grid->rows, e->grid->columns);
	answer(e, text);
}

/* --- CSI --- */

static void erase_display(struct escape *e)
{
	struct grid *g = e->grid;
	u32 what = number(e, 0, 0), row = g->cursor.row, column = g->cursor.column;

	if (what == 0) {
		grid_erase(g, row, column, g->columns);
		grid_erase_lines(g, row + 1, g->rows);
	} else if (what == 1) {
		grid_erase_lines(g, 0, row);
		grid_erase(g, row, 0, column + 1);
	} else if (what == 2) {
		grid_erase_lines(g, 0, g->rows);
	} else if (what == 3) {
		e->drops_past = true;
	}
}

static void erase_line(struct escape *e)
{
	struct grid *g = e->grid;
	u32 what = number(e, 0, 0), column = g->cursor.column;

	if (what <= 2)
		grid_erase(g, g->cursor.row, what == 0 ? column : 0, what == 1 ? column + 1 : g->columns);
}

static void clear_tabs(struct escape *e)
{
	if (number(e, 0, 0) == 3)
		memset(e->grid->tabs, 0, sizeof(e->grid->tabs));
	else if (number(e, 0, 0) == 0)
		e->grid->tabs[e->grid->cursor.column] = false;
}

/* CSI b: the last character again; more than a screen of it shows nothing new. */
static void repeat(struct escape *e)
{
	u32 count = number(e, 0, 1), most = e->grid->columns; /* a hostile guest may ask for it all the time */

	for (u32 i = 0; e->last && i < count && i < most; i++)
		grid_put(e->grid, e->last);
}

/* Those that move the cursor. False: it is none. */
static bool csi_move(struct escape *e, u8 final)
{
	struct grid *g = e->grid;
	s64 n = number(e, 0, 1), row = g->cursor.row - (g->cursor.is_origin ? g->top : 0u);

	switch (final) {
	case 'A':
	case 'F':
		grid_move_rows(g, -n);
		break;
	case 'B':
	case 'E':
	case 'e':
		grid_move_rows(g, n);
		break;
	case 'C':
	case 'a':
		grid_move_columns(g, n);
		break;
	case 'D':
		grid_move_columns(g, -n);
		break;
	case 'G':
	case '`':
		grid_move(g, n - 1, row);
		break;
	case 'H':
	case 'f':
		grid_move(g, (s64)number(e, 1, 1) - 1, n - 1);
		break;
	case 'I':
		grid_tab(g, n);
		break;
	case 'Z':
		grid_tab(g, -n);
		break;
	case 'd':
		grid_move(g, g->cursor.column, n - 1);
		break;
	default:
		return false;
	}
	if (final == 'E' || final == 'F')
		grid_move_columns(g, -(s64)g->columns);
	return true;
}

static void csi_edit(struct escape *e, u8 final)
{
	struct grid *g = e->grid;
	u32 n = number(e, 0, 1);

	switch (final) {
	case '@':
		grid_delete_cells(g, -(s64)n);
		break;
	case 'J':
		erase_display(e);
		break;
	case 'K':
		erase_line(e);
		break;
	case 'L':
	case 'M':
		grid_delete_lines(g, final == 'M' ? (s64)n : -(s64)n);
		break;
	case 'P':
		grid_delete_cells(g, n);
		break;
	case 'S':
	case 'T':
		grid_scroll(g, final == 'S' ? (s64)n : -(s64)n);
		break;
	case 'X':
		grid_erase(g, g->cursor.row, g->cursor.column, g->cursor.column + n);
		break;
	case 'b':
		repeat(e);
		break;
	case 'g':
		clear_tabs(e);
		break;
	case 'm':
		set_rendition(e);
		break;
	case 'r':
		grid_set_margins(g, (s64)n - 1, (s64)number(e, 1, g->rows) - 1);
		break;
	case 's':
		grid_save_cursor(g);
		break;
	case 'u':
		grid_restore_cursor(g);
		break;
	case 't':
		report_size(e);
		break;
	}
}

static void csi(struct escape *e, u8 final)
{
	if (e->intermediate) {
		if (e->intermediate == '!' && final == 'p' && !e->leader)
			soft_reset(e);
	} else if (final == 'h' || final == 'l') {
		set_modes(e, final == 'h');
	} else if (final == 'n') {
		report_status(e);
	} else if (final == 'c') {
		report_kind(e);
	} else if ((!e->leader || (e->leader == '?' && (final == 'J' || final == 'K'))) && !csi_move(e, final)) {
		csi_edit(e, final);
	}
}

/* --- the bytes --- */

static void begin(struct escape *e, u8 state)
{
	e->state = state;
	e->leader = e->intermediate = 0;
	memset(e->numbers, 0, sizeof(e->numbers));
	e->number_count = 1;
	e->colons = 0;
}

/* A byte of ESC [ ... */
static void csi_byte(struct escape *e, u8 byte)
{
	if (byte >= '0' && byte <= '9' && e->number_count <= ESCAPE_NUMBERS) {
		u32 *n = &e->numbers[e->number_count - 1];

		*n = *n * 10 + byte - '0';
		if (*n > NUMBER_MAX)
			*n = NUMBER_MAX;
	} else if (byte == ';' || byte == ':') {
		/* Those that there is no room for are read all the same, and dropped at the end. */
		if (e->number_count <= ESCAPE_NUMBERS)
			e->number_count++;
		if (byte == ':' && e->number_count <= ESCAPE_NUMBERS)
			e->colons |= 1u << (e->number_count - 1);
	} else if (byte >= '<' && byte <= '?') {
		e->leader = byte;
	} else if (byte >= ' ' && byte <= '/') {
		e->intermediate = byte;
	} else if (byte >= '@' && byte <= '~') {
		if (e->number_count > ESCAPE_NUMBERS)
			e->number_count = ESCAPE_NUMBERS;
		e->state = ESCAPE_GROUND;
		csi(e, byte);
	}
}

/* The byte behind ESC. */
static void escape_byte(struct escape *e, u8 byte)
{
	struct grid *g = e->grid;

	e->state = ESCAPE_GROUND;
	if (byte >= ' ' && byte <= '/') {
		e->intermediate = byte;
		e->state = ESCAPE_INTERMEDIATE;
	} else if (byte == '[') {
		begin(e, ESCAPE_CSI);
	} else if (byte == ']' || byte == 'P' || byte == '_' || byte == '^' || byte == 'X') {
		e->state = ESCAPE_STRING;
	} else if (byte == '7') {
		grid_save_cursor(g);
	} else if (byte == '8') {
		grid_restore_cursor(g);
	} else if (byte == 'D') {
		grid_line_feed(g);
	} else if (byte == 'E') {
		grid_line_feed(g);
		grid_move_columns(g, -(s64)g->columns);
	} else if (byte == 'H') {
		g->tabs[g->cursor.column] = true;
	} else if (byte == 'M') {
		grid_line_back(g);
	} else if (byte == 'Z') {
		begin(e, ESCAPE_GROUND);
		report_kind(e);
	} else if (byte == 'c') {
		reset(e);
	}
}

/* DECALN: E everywhere. */
static void fill_screen(struct grid *g)
{
	g->top = 0;
	g->bottom = g->rows - 1;
	for (u32 row = 0; row < g->rows; row++) {
		grid_move(g, 0, row);
		for (u32 column = 0; column < g->columns; column++)
			grid_put(g, 'E');
	}
	grid_move(g, 0, 0);
}

/* The byte behind ESC and SPACE .. / */
static void intermediate_byte(struct escape *e, u8 byte)
{
	e->state = ESCAPE_GROUND;
	if (byte >= ' ' && byte <= '/')
		e->state = ESCAPE_INTERMEDIATE;
	else if (e->intermediate == '(' || e->intermediate == ')')
		e->draws_lines[e->intermediate == ')'] = byte == '0';
	else if (e->intermediate == '#' && byte == '8')
		fill_screen(e->grid);
}

static void control(struct escape *e, u8 byte)
{
	struct grid *g = e->grid;

	switch (byte) {
	case '\b':
		grid_move_columns(g, -1);
		break;
	case '\t':
		grid_tab(g, 1);
		break;
	case '\n':
	case '\v':
	case '\f':
		grid_line_feed(g);
		if (e->sends_newlines)
			grid_move_columns(g, -(s64)g->columns);
		break;
	case '\r':
		grid_move_columns(g, -(s64)g->columns);
		break;
	case 0x0e:
	case 0x0f:
		e->shift = byte == 0x0e;
		break;
	case 0x18:
	case 0x1a:
		e->state = ESCAPE_GROUND;
		break;
	case ESC:
		begin(e, ESCAPE_BEGUN);
		break;
	}
}

static void put(struct escape *e, u32 code_point)
{
	/* The line drawing set of the VT100, from 0x60 on. */
	static const u16 lines[] = {
		0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0x00b0, 0x00b1, 0x2424, 0x240b, 0x2518,
		0x2510, 0x250c, 0x2514, 0x253c, 0x23ba, 0x23bb, 0x2500, 0x23bc, 0x23bd, 0x251c, 0x2524,
		0x2534, 0x252c, 0x2502, 0x2264, 0x2265, 0x03c0, 0x2260, 0x00a3, 0x00b7,
	};

	if (code_point >= 0x80 && code_point < 0xa0)
		return; /* C1 controls: with UTF-8 nobody means them */
	if (e->draws_lines[e->shift] && code_point >= 0x60 && code_point < 0x60 + ARRAY_SIZE(lines))
		code_point = lines[code_point - 0x60];
	e->last = code_point;
	grid_put(e->grid, code_point);
}

/* A byte of text. */
static void text_byte(struct escape *e, u8 byte)
{
	if (e->code_more && (byte & 0xc0) == 0x80) {
		e->code_point = e->code_point << 6 | (byte & 0x3f);
		if (--e->code_more)
			return;
		bool is_good = e->code_point >= e->code_least && e->code_point <= 0x10ffff &&
		               (e->code_point < 0xd800 || e->code_point > 0xdfff);

		put(e, is_good ? e->code_point : REPLACEMENT);
		return;
	}
	if (byte < 0x80) {
		put(e, byte);
	} else if (byte >= 0xc2 && byte <= 0xf4) {
		e->code_more = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
		e->code_least = byte < 0xe0 ? 0x80 : byte < 0xf0 ? 0x800 : 0x10000;
		e->code_point = byte & (0x3fu >> e->code_more);
	} else {
		put(e, REPLACEMENT);
	}
}

static void one_byte(struct escape *e, u8 byte)
{
	bool is_string = e->state == ESCAPE_STRING;

	/* Text that ends in the middle of a character. */
	if (e->code_more && (byte & 0xc0) != 0x80) {
		e->code_more = 0;
		put(e, REPLACEMENT);
	}
	if (is_string && byte == '\a')
		e->state = ESCAPE_GROUND;
	else if (byte < ' ' && (!is_string || byte == ESC || byte == 0x18 || byte == 0x1a))
		control(e, byte);
	else if (byte == 0x7f || is_string)
		return;
	else if (e->state == ESCAPE_BEGUN)
		escape_byte(e, byte);
	else if (e->state == ESCAPE_INTERMEDIATE)
		intermediate_byte(e, byte);
	else if (e->state == ESCAPE_CSI)
		csi_byte(e, byte);
	else
		text_byte(e, byte);
}

void escape_write(struct escape *e, const u8 *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		one_byte(e, bytes[i]);
}
