/*
 * The terminal reads bytes: which are characters, which control, which belong to a sequence. The states are those of
 * ECMA-48's grammar as every terminal has them (vt100.net's parser by P. Williams is the picture to have in mind), plus
 * Linux's palette sequence, which has no end but its length. See terminal.h.
 *
 * Whatever comes, each byte changes the state by a bounded amount of work, and the cursor stays on the screen.
 */
#include "guest/kernel/screen/terminal_internal.h"

#define PARAMETER_MAX 9999u
#define PALETTE_DIGITS 7 /* of ESC ] P nrrggbb */
#define UNICODE_LAST 0x10ffffu

/* --- beginning --- */

static void set_tabs(struct terminal *t)
{
	for (u32 i = 0; i < ARRAY_SIZE(t->tabs); i++)
		t->tabs[i] = 0x0101010101010101ul;
}

void terminal_soft_reset(struct terminal *t)
{
	t->margin_top = 0;
	t->margin_bottom = t->rows - 1;
	t->autowrap = true;
	t->insert = t->newline = false;
	t->cursor_keys = t->keypad = t->bracketed_paste = false;
	t->cursor_hidden = t->latin1 = t->code_page = false;
	t->cursor_shape = CURSOR_UNDERLINE;
	t->cursor.wrap_next = t->cursor.origin = false;
	t->cursor.charset[0] = CHARSET_USUAL;
	t->cursor.charset[1] = CHARSET_GRAPHICS;
	t->cursor.shift = 0;
	t->cursor.pen = terminal_usual_pen();
	t->saved = t->saved_primary = t->cursor;
	t->saved.x = t->saved.y = 0;
}

void terminal_reset(struct terminal *t)
{
	terminal_show(t, &t->primary);
	t->reversed = false;
	terminal_soft_reset(t);
	set_tabs(t);
	t->cursor.x = t->cursor.y = 0;
	t->last_code = 0;
	terminal_erase_rows(t, 0, t->rows - 1);
	terminal_touch_all(t);
}

void terminal_init(struct terminal *t, u32 columns, u32 rows, struct cell **lines, u32 count, struct cell **alternate)
{
	memset(t, 0, sizeof(*t));
	t->columns = columns;
	t->rows = rows;
	t->primary = (struct terminal_lines){ .lines = lines, .count = count };
	t->alternate = (struct terminal_lines){ .lines = alternate, .count = rows };
	t->at = &t->alternate;
	terminal_soft_reset(t);
	terminal_erase_rows(t, 0, rows - 1);
	terminal_reset(t);
}

/* --- characters --- */

enum terminal_charset terminal_charset(const struct terminal *t)
{
	return t->code_page ? CHARSET_PC : (enum terminal_charset)t->cursor.charset[t->cursor.shift];
}

void terminal_put(struct terminal *t, u32 code)
{
	struct terminal_cursor *cursor = &t->cursor;
	u32 width = terminal_width(code);

	if (!width)
		return;
	if (cursor->wrap_next || cursor->x + width > t->columns) {
		if (t->autowrap && width <= t->columns) {
			cursor->x = 0;
			terminal_line_feed(t);
		} else {
			cursor->x = t->columns - MIN(width, t->columns);
		}
	}
	if (t->insert)
		terminal_insert_cells(t, width);
	width = MIN(width, t->columns);
	terminal_cut(t, cursor->y, cursor->x);
	terminal_cut(t, cursor->y, cursor->x + width);
	struct cell *at = terminal_line(t, cursor->y) + cursor->x;
	*at = cursor->pen;
	at->code = code;
	if (width == 2) {
		at[1] = at[0];
		at[0].style |= STYLE_WIDE;
		at[1].style |= STYLE_WIDE_REST;
	}
	terminal_touch(t, cursor->y, cursor->y);
	t->last_code = code;
	cursor->wrap_next = cursor->x + width >= t->columns;
	if (!cursor->wrap_next)
		cursor->x += width;
}

/* Printable ASCII at the beginning of the data, as much as fits in the row: what most output is. How many bytes. */
static u64 put_run(struct terminal *t, const u8 *data, u64 size)
{
	struct terminal_cursor *cursor = &t->cursor;
	u64 count = 0;

	if (cursor->wrap_next || t->insert || terminal_charset(t) != CHARSET_USUAL)
		return 0;
	size = MIN(size, (u64)(t->columns - 1 - cursor->x)); /* the last column is terminal_put's */
	while (count < size && data[count] >= ' ' && data[count] < 0x7f)
		count++;
	if (!count)
		return 0;
	terminal_cut(t, cursor->y, cursor->x);
	terminal_cut(t, cursor->y, cursor->x + (u32)count);
	struct cell cell = cursor->pen;
	struct cell *at = terminal_line(t, cursor->y) + cursor->x;
	for (u64 i = 0; i < count; i++) {
		cell.code = data[i];
		at[i] = cell;
	}
	terminal_touch(t, cursor->y, cursor->y);
	t->last_code = cell.code;
	cursor->x += (u32)count;
	return count;
}

/* A byte of a UTF-8 sequence (the Unicode Standard, table 3-7); what is none becomes U+FFFD, one for each sequence. */
static void put_utf8(struct terminal *t, u8 byte)
{
	if (t->utf8_left) {
		if ((byte & 0xc0) == 0x80) {
			t->utf8_code = t->utf8_code << 6 | (byte & 0x3fu);
			if (--t->utf8_left)
				return;
			bool is_surrogate = t->utf8_code >= 0xd800 && t->utf8_code < 0xe000;
			bool is_good = t->utf8_code >= t->utf8_lowest && t->utf8_code <= UNICODE_LAST;
			terminal_put(t, is_good && !is_surrogate ? t->utf8_code : REPLACEMENT);
			return;
		}
		t->utf8_left = 0;
		terminal_put(t, REPLACEMENT);
	}
	if (byte < 0x80) {
		terminal_put(t, terminal_translate(terminal_charset(t), byte));
	} else if (byte >= 0xc2 && byte <= 0xf4) {
		t->utf8_left = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
		t->utf8_lowest = byte >= 0xf0 ? 0x10000 : byte >= 0xe0 ? 0x800 : 0x80;
		t->utf8_code = byte & (0x3fu >> t->utf8_left);
	} else {
		terminal_put(t, REPLACEMENT);
	}
}

/* --- control characters --- */

void terminal_tab(struct terminal *t)
{
	u32 x = t->cursor.x;

	do
		x++;
	while (x < t->columns - 1 && !(t->tabs[x / 64] >> x % 64 & 1));
	t->cursor.x = MIN(x, t->columns - 1);
}

/* Bytes below a space, also within sequences. false: it is none of those. */
static bool control(struct terminal *t, u8 byte)
{
	switch (byte) {
	case '\b':
		t->cursor.x -= t->cursor.x > 0;
		t->cursor.wrap_next = false;
		return true;
	case '\t':
		terminal_tab(t);
		return true;
	case '\n':
	case '\v':
	case '\f':
		terminal_line_feed(t);
		if (t->newline)
			t->cursor.x = 0;
		return true;
	case '\r':
		t->cursor.x = 0;
		t->cursor.wrap_next = false;
		return true;
	case 0x0e:
	case 0x0f:
		t->cursor.shift = byte == 0x0e;
		t->code_page = false;
		return true;
	case 0x18: /* CAN and SUB end a sequence */
	case 0x1a:
		t->state = STATE_GROUND;
		return true;
	case ESCAPE:
		t->state = STATE_ESCAPE;
		t->prefix = t->intermediate = 0;
		return true;
	default:
		return byte < ' ';
	}
}

/* --- sequences --- */

static void begin_string(struct terminal *t, bool is_osc)
{
	t->state = STATE_STRING;
	t->is_osc = is_osc;
	t->string_escape = false;
	t->parameter_count = 0;
}

static void escape(struct terminal *t, u8 byte)
{
	t->state = STATE_GROUND;
	if (byte >= ' ' && byte <= '/') {
		t->state = STATE_ESCAPE_MORE;
		t->intermediate = byte;
	} else if (byte == '[') {
		t->state = STATE_CSI;
		t->parameter_count = 0;
		t->colons = 0;
		memset(t->parameters, 0, sizeof(t->parameters));
	} else if (byte == ']') {
		begin_string(t, true);
	} else if (byte == 'P' || byte == 'X' || byte == '^' || byte == '_') {
		begin_string(t, false);
	} else {
		terminal_escape(t, byte);
	}
}

static void escape_more(struct terminal *t, u8 byte)
{
	if (byte >= ' ' && byte <= '/') /* more than one: nothing we know */
		return;
	t->state = STATE_GROUND;
	terminal_escape_more(t, byte);
}

static void digit(struct terminal *t, u32 value)
{
	if (!t->parameter_count)
		t->parameter_count = 1;
	u32 *parameter = &t->parameters[t->parameter_count - 1];
	if (t->parameter_count <= TERMINAL_PARAMETERS)
		*parameter = MIN(*parameter * 10 + value, PARAMETER_MAX);
}

/* `;` or `:`. Those that do not fit are counted once, so that their digits go nowhere. */
static void next_parameter(struct terminal *t, bool colon)
{
	t->parameter_count = MIN(MAX(t->parameter_count, 1u) + 1, TERMINAL_PARAMETERS + 1u);
	if (colon)
		t->colons |= 1u << (t->parameter_count - 1);
}

static void csi(struct terminal *t, u8 byte)
{
	if (byte >= '0' && byte <= '9') {
		digit(t, byte - '0');
	} else if (byte == ';' || byte == ':') {
		next_parameter(t, byte == ':');
	} else if (byte >= '<' && byte <= '?') {
		t->prefix = byte;
	} else if (byte >= ' ' && byte <= '/') {
		t->intermediate = byte;
	} else {
		t->state = STATE_GROUND;
		t->parameter_count = MIN(t->parameter_count, (u32)TERMINAL_PARAMETERS);
		if (byte < 0x7f)
			terminal_csi(t, byte);
	}
}

/* Titles and whatever else is meant for other terminals: nothing is kept of it. */
static void string(struct terminal *t, u8 byte)
{
	bool is_first = !t->parameter_count;

	t->parameter_count = 1;
	if (t->string_escape && byte != '\\') { /* the string was cut off: another sequence begins */
		t->state = STATE_ESCAPE;
		escape(t, byte);
	} else if (t->string_escape || (t->is_osc && byte == '\a') || byte == 0x18 || byte == 0x1a) {
		t->state = STATE_GROUND;
	} else if (byte == ESCAPE) {
		t->string_escape = true;
	} else if (t->is_osc && is_first && byte == 'P') {
		t->state = STATE_PALETTE;
		t->palette_left = PALETTE_DIGITS;
	} else if (t->is_osc && is_first && byte == 'R') {
		t->state = STATE_GROUND;
	}
}

/* The colours stay as they are: only the length matters. */
static void palette(struct terminal *t, u8 byte)
{
	bool is_digit = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');

	if (!is_digit || !--t->palette_left)
		t->state = STATE_GROUND;
}

/* Outside of a sequence. */
static void put_byte(struct terminal *t, u8 byte)
{
	bool is_picture = t->code_page && byte && !strchr("\b\t\n\v\f\r\x0e\x0f\x1b", byte);

	if (!is_picture && (control(t, byte) || byte == 0x7f))
		return;
	if (is_picture || t->latin1)
		terminal_put(t, terminal_translate(terminal_charset(t), byte));
	else
		put_utf8(t, byte);
}

/* A character that was cut off by something else. */
static void end_utf8(struct terminal *t)
{
	if (!t->utf8_left)
		return;
	t->utf8_left = 0;
	terminal_put(t, REPLACEMENT);
}

static void take(struct terminal *t, u8 byte)
{
	if (byte < ' ')
		end_utf8(t);
	if (t->state == STATE_STRING) {
		string(t, byte);
		return;
	}
	if (t->state == STATE_GROUND) {
		put_byte(t, byte);
		return;
	}
	if (control(t, byte) || byte == 0x7f)
		return;
	switch (t->state) {
	case STATE_ESCAPE:
		escape(t, byte);
		break;
	case STATE_ESCAPE_MORE:
		escape_more(t, byte);
		break;
	case STATE_CSI:
		csi(t, byte);
		break;
	default:
		palette(t, byte);
	}
}

void terminal_write(struct terminal *t, const u8 *data, u64 size)
{
	terminal_touch(t, t->cursor.y, t->cursor.y);
	for (u64 i = 0; i < size;) {
		u64 run = t->state == STATE_GROUND && !t->utf8_left ? put_run(t, data + i, size - i) : 0;

		if (!run)
			take(t, data[i]);
		i += MAX(run, 1ul);
	}
	terminal_touch(t, t->cursor.y, t->cursor.y);
}

void terminal_write_message(struct terminal *t, const u8 *data, u64 size)
{
	struct terminal_cursor *cursor = &t->cursor;
	struct terminal_cursor before = *cursor;
	u32 utf8_left = t->utf8_left;
	u8 state = t->state;
	bool code_page = t->code_page;

	cursor->pen = terminal_usual_pen();
	cursor->charset[0] = CHARSET_USUAL;
	cursor->shift = 0;
	t->state = STATE_GROUND;
	t->utf8_left = 0;
	t->code_page = false;
	terminal_write(t, data, size);
	cursor->pen = before.pen;
	cursor->charset[0] = before.charset[0];
	cursor->shift = before.shift;
	t->state = state;
	t->utf8_left = utf8_left;
	t->code_page = code_page;
}
