/*
 * What escape sequences do: ECMA-48 and console_codes(4). Those for other terminals are passed over in silence. See
 * terminal.h.
 */
#include "guest/kernel/screen/terminal_internal.h"

/* Parameter i; `otherwise` where none or 0 was given. */
static u32 parameter(const struct terminal *t, u32 i, u32 otherwise)
{
	return i < t->parameter_count && t->parameters[i] ? t->parameters[i] : otherwise;
}

/* --- the cursor --- */

void terminal_move(struct terminal *t, u32 x, u32 y)
{
	t->cursor.x = MIN(x, t->columns - 1);
	t->cursor.y = MIN(y, t->rows - 1);
	t->cursor.wrap_next = false;
}

/* Rows as programs count them: from the margin in origin mode, which the cursor then cannot leave. */
static void move_to(struct terminal *t, u32 x, u32 y)
{
	if (t->cursor.origin)
		y = MIN(y + t->margin_top, t->margin_bottom);
	terminal_move(t, x, y);
}

/* A margin stops the cursor if it was inside. */
static void move_up(struct terminal *t, u32 count)
{
	u32 top = t->cursor.y >= t->margin_top ? t->margin_top : 0;

	terminal_move(t, t->cursor.x, t->cursor.y - MIN(count, t->cursor.y - top));
}

static void move_down(struct terminal *t, u32 count)
{
	u32 bottom = t->cursor.y <= t->margin_bottom ? t->margin_bottom : t->rows - 1;

	terminal_move(t, t->cursor.x, t->cursor.y + MIN(count, bottom - t->cursor.y));
}

static void move_left(struct terminal *t, u32 count)
{
	terminal_move(t, t->cursor.x - MIN(count, t->cursor.x), t->cursor.y);
}

static bool is_tab(const struct terminal *t, u32 x)
{
	return t->tabs[x / 64] >> x % 64 & 1;
}

static void tabs_forward(struct terminal *t, u32 count)
{
	for (; count && t->cursor.x < t->columns - 1; count--)
		terminal_tab(t);
	t->cursor.wrap_next = false;
}

static void tabs_back(struct terminal *t, u32 count)
{
	u32 x = t->cursor.x;

	for (; count && x; count--)
		do
			x--;
		while (x && !is_tab(t, x));
	terminal_move(t, x, t->cursor.y);
}

static void clear_tabs(struct terminal *t, u32 which)
{
	if (which == 0)
		t->tabs[t->cursor.x / 64] &= ~(1ul << t->cursor.x % 64);
	else if (which == 3)
		memset(t->tabs, 0, sizeof(t->tabs));
}

static void restore_cursor(struct terminal *t, const struct terminal_cursor *saved)
{
	t->cursor = *saved;
	t->cursor.x = MIN(t->cursor.x, t->columns - 1);
	t->cursor.y = MIN(t->cursor.y, t->rows - 1);
}

/* --- erasing --- */

static void erase_display(struct terminal *t, u32 how)
{
	const struct terminal_cursor *cursor = &t->cursor;

	switch (how) {
	case 0:
		terminal_erase(t, cursor->y, cursor->x, t->columns);
		if (cursor->y < t->rows - 1)
			terminal_erase_rows(t, cursor->y + 1, t->rows - 1);
		break;
	case 1:
		if (cursor->y)
			terminal_erase_rows(t, 0, cursor->y - 1);
		terminal_erase(t, cursor->y, 0, cursor->x + 1);
		break;
	case 3: /* and what was scrolled off */
		t->at->history = 0;
		t->view = 0;
		terminal_touch_all(t);
		/* fallthrough */
	case 2:
		terminal_erase_rows(t, 0, t->rows - 1);
		break;
	default:
		break;
	}
}

static void erase_line(struct terminal *t, u32 how)
{
	const struct terminal_cursor *cursor = &t->cursor;

	if (how == 0)
		terminal_erase(t, cursor->y, cursor->x, t->columns);
	else if (how == 1)
		terminal_erase(t, cursor->y, 0, cursor->x + 1);
	else if (how == 2)
		terminal_erase(t, cursor->y, 0, t->columns);
}

/* Lines are inserted and deleted within the scroll region alone. The column stays, as in Linux. */
static void shift_lines(struct terminal *t, bool insert, u32 count)
{
	u32 y = t->cursor.y;

	if (y < t->margin_top || y > t->margin_bottom)
		return;
	if (insert)
		terminal_scroll_down(t, y, t->margin_bottom, count);
	else
		terminal_scroll_up(t, y, t->margin_bottom, count);
}

static void repeat(struct terminal *t, u32 count)
{
	/* A row at most: the kernel's lock is held meanwhile. */
	for (count = MIN(count, t->columns); count && t->last_code; count--)
		terminal_put(t, t->last_code);
}

/* DECALN */
static void fill_with_e(struct terminal *t)
{
	struct cell cell;

	t->margin_top = 0;
	t->margin_bottom = t->rows - 1;
	terminal_move(t, 0, 0);
	cell = terminal_usual_pen();
	cell.code = 'E';
	for (u32 y = 0; y < t->rows; y++)
		for (u32 x = 0; x < t->columns; x++)
			terminal_line(t, y)[x] = cell;
	terminal_touch_all(t);
}

/* --- modes --- */

/* 47, 1047 and 1049: the alternate screen. 1049 alone keeps the cursor, and begins with an empty one. */
static void alternate_screen(struct terminal *t, u32 mode, bool on)
{
	bool was_on = t->at == &t->alternate;

	if (on && mode == 1049)
		t->saved_primary = t->cursor;
	if (!on && mode == 1047 && was_on)
		terminal_erase_rows(t, 0, t->rows - 1);
	if (on != was_on)
		terminal_show(t, on ? &t->alternate : &t->primary);
	if (on && mode == 1049)
		terminal_erase_rows(t, 0, t->rows - 1);
	if (!on && mode == 1049 && was_on)
		restore_cursor(t, &t->saved_primary);
}

static void private_mode(struct terminal *t, u32 mode, bool on)
{
	switch (mode) {
	case 1:
		t->cursor_keys = on;
		break;
	case 5:
		t->reversed = on;
		terminal_touch_all(t);
		break;
	case 6:
		t->cursor.origin = on;
		move_to(t, 0, 0);
		break;
	case 7:
		t->autowrap = on;
		break;
	case 25:
		t->cursor_hidden = !on;
		break;
	case 47:
	case 1047:
	case 1049:
		alternate_screen(t, mode, on);
		break;
	case 1048:
		if (on)
			t->saved = t->cursor;
		else
			restore_cursor(t, &t->saved);
		break;
	case 2004:
		t->bracketed_paste = on;
		break;
	default:
		break;
	}
}

static void set_modes(struct terminal *t, bool on)
{
	for (u32 i = 0; i < t->parameter_count; i++) {
		if (t->prefix == '?')
			private_mode(t, t->parameters[i], on);
		else if (t->parameters[i] == 4)
			t->insert = on;
		else if (t->parameters[i] == 20)
			t->newline = on;
	}
}

static void set_margins(struct terminal *t)
{
	u32 top = parameter(t, 0, 1), bottom = MIN(parameter(t, 1, t->rows), t->rows);

	if (top >= bottom)
		return;
	t->margin_top = top - 1;
	t->margin_bottom = bottom - 1;
	move_to(t, 0, 0);
}

/* --- answers --- */

static void answer(struct terminal *t, const char *text)
{
	u64 size = strlen(text);

	if (t->answer_size + size > sizeof(t->answer))
		return;
	memcpy(t->answer + t->answer_size, text, size);
	t->answer_size += (u32)size;
}

static void answer_number(struct terminal *t, u32 number)
{
	char digits[12];
	u32 at = sizeof(digits) - 1;

	digits[at] = 0;
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	answer(t, digits + at);
}

static void report_status(struct terminal *t, u32 what)
{
	u32 y = t->cursor.y - (t->cursor.origin ? t->margin_top : 0);

	if (what == 5) {
		answer(t, "\033[0n");
	} else if (what == 6 && t->answer_size <= sizeof(t->answer) - 12) {
		answer(t, "\033[");
		answer_number(t, y + 1);
		answer(t, ";");
		answer_number(t, t->cursor.x + 1);
		answer(t, "R");
	}
}

/* A VT102, as Linux's console says. */
static void report_attributes(struct terminal *t)
{
	answer(t, "\033[?6c");
}

/* --- ESC x --- */

void terminal_escape(struct terminal *t, u8 byte)
{
	switch (byte) {
	case 'c':
		terminal_reset(t);
		break;
	case 'D':
		terminal_line_feed(t);
		break;
	case 'E':
		t->cursor.x = 0;
		terminal_line_feed(t);
		break;
	case 'H':
		t->tabs[t->cursor.x / 64] |= 1ul << t->cursor.x % 64;
		break;
	case 'M':
		terminal_reverse_line_feed(t);
		break;
	case 'Z':
		report_attributes(t);
		break;
	case '7':
		t->saved = t->cursor;
		break;
	case '8':
		restore_cursor(t, &t->saved);
		break;
	case '=':
	case '>':
		t->keypad = byte == '=';
		break;
	default:
		break;
	}
}

void terminal_escape_more(struct terminal *t, u8 byte)
{
	if (t->intermediate == '(' || t->intermediate == ')') {
		enum terminal_charset charset = byte == '0'   ? CHARSET_GRAPHICS
		                                : byte == 'U' ? CHARSET_PC
		                                              : CHARSET_USUAL;

		t->cursor.charset[t->intermediate == ')'] = (u8)charset;
	} else if (t->intermediate == '%' && (byte == '@' || byte == 'G' || byte == '8')) {
		t->latin1 = byte == '@';
		t->utf8_left = 0;
	} else if (t->intermediate == '#' && byte == '8') {
		fill_with_e(t);
	}
}

/* --- CSI --- */

/* CSI n SP q (DEC's) and CSI ? n c (Linux's, whose other parameters are VGA's). */
static void set_cursor_shape(struct terminal *t, u32 shape, bool is_linux)
{
	if (is_linux)
		t->cursor_shape = (shape & 15) == 1           ? CURSOR_NONE
		                  : shape && (shape & 15) > 2 ? CURSOR_BLOCK
		                                              : CURSOR_UNDERLINE;
	else
		t->cursor_shape = shape <= 2 && shape ? CURSOR_BLOCK : CURSOR_UNDERLINE;
}

/* With a prefix or an intermediate byte most letters mean something else. */
static void marked_csi(struct terminal *t, u8 byte)
{
	if (t->intermediate == ' ' && byte == 'q')
		set_cursor_shape(t, parameter(t, 0, 0), false);
	else if (t->intermediate == '!' && byte == 'p')
		terminal_soft_reset(t);
	else if (t->intermediate || t->prefix != '?')
		return;
	else if (byte == 'h' || byte == 'l')
		set_modes(t, byte == 'h');
	else if (byte == 'c')
		set_cursor_shape(t, parameter(t, 0, 0), true);
	else if (byte == 'J')
		erase_display(t, parameter(t, 0, 0));
	else if (byte == 'K')
		erase_line(t, parameter(t, 0, 0));
}

/* Letters that move the cursor. false: it is none. */
static bool csi_move(struct terminal *t, u8 byte)
{
	struct terminal_cursor *cursor = &t->cursor;
	u32 count = parameter(t, 0, 1);

	switch (byte) {
	case 'A':
		move_up(t, count);
		return true;
	case 'B':
	case 'e':
		move_down(t, count);
		return true;
	case 'C':
	case 'a':
		terminal_move(t, cursor->x + count, cursor->y);
		return true;
	case 'D':
		move_left(t, count);
		return true;
	case 'E':
		move_down(t, count);
		cursor->x = 0;
		return true;
	case 'F':
		move_up(t, count);
		cursor->x = 0;
		return true;
	case 'G':
	case '`':
		terminal_move(t, count - 1, cursor->y);
		return true;
	case 'd':
		move_to(t, cursor->x, count - 1);
		return true;
	case 'H':
	case 'f':
		move_to(t, parameter(t, 1, 1) - 1, count - 1);
		return true;
	case 'I':
		tabs_forward(t, count);
		return true;
	case 'Z':
		tabs_back(t, count);
		return true;
	case 'j':
		move_left(t, count);
		return true;
	case 'k':
		move_up(t, count);
		return true;
	default:
		return false;
	}
}

/* Letters that change cells. false: it is none. */
static bool csi_edit(struct terminal *t, u8 byte)
{
	u32 count = parameter(t, 0, 1);

	switch (byte) {
	case '@':
		terminal_insert_cells(t, count);
		break;
	case 'P':
		terminal_delete_cells(t, count);
		break;
	case 'X':
		terminal_erase(t, t->cursor.y, t->cursor.x, count);
		break;
	case 'J':
		erase_display(t, parameter(t, 0, 0));
		break;
	case 'K':
		erase_line(t, parameter(t, 0, 0));
		break;
	case 'L':
	case 'M':
		shift_lines(t, byte == 'L', count);
		break;
	case 'S':
		terminal_scroll_up(t, t->margin_top, t->margin_bottom, count);
		break;
	case 'T':
		terminal_scroll_down(t, t->margin_top, t->margin_bottom, count);
		break;
	case 'b':
		repeat(t, count);
		return true;
	default:
		return false;
	}
	t->cursor.wrap_next = false;
	return true;
}

void terminal_csi(struct terminal *t, u8 byte)
{
	if (t->prefix || t->intermediate) {
		marked_csi(t, byte);
		return;
	}
	if (csi_move(t, byte) || csi_edit(t, byte))
		return;
	switch (byte) {
	case 'c':
		if (!parameter(t, 0, 0))
			report_attributes(t);
		break;
	case 'g':
		clear_tabs(t, parameter(t, 0, 0));
		break;
	case 'h':
	case 'l':
		set_modes(t, byte == 'h');
		break;
	case 'm':
		terminal_style(t);
		break;
	case 'n':
		report_status(t, parameter(t, 0, 0));
		break;
	case 'r':
		set_margins(t);
		break;
	case 's':
		t->saved = t->cursor;
		break;
	case 'u':
		restore_cursor(t, &t->saved);
		break;
	default:
		break;
	}
}
