/*
 * The text interface as a whole: see tui_screen.h.
 */
#include "emu/display/tui_screen.h"

#include <stdio.h>
#include <string.h>

#define CONSOLE_COLUMNS 80
#define MMU_COLUMNS_BESIDE 62 /* that the MMU needs at least beside the console */
#define MMU_ROWS_BELOW 26     /* and below it */
#define CONSOLE_ROWS 14
#define MMU_COLUMNS_MAX 130 /* beside the console: more would be of no use */

bool tui_has_room_for_both(u32 columns, u32 rows)
{
	bool beside = columns >= CONSOLE_COLUMNS + 1 + MMU_COLUMNS_BESIDE && rows > TUI_MMU_ROWS_MIN;
	bool below = columns >= TUI_MMU_COLUMNS_MIN && rows >= CONSOLE_ROWS + MMU_ROWS_BELOW + 2;

	return beside || below;
}

enum tui_view tui_next_view(enum tui_view view, u32 columns, u32 rows)
{
	if (view == TUI_CONSOLE)
		return tui_has_room_for_both(columns, rows) ? TUI_BOTH : TUI_MMU;
	return view == TUI_BOTH ? TUI_MMU : TUI_CONSOLE;
}

/* --- the console --- */

/* The part of it that has room in r: down to the cursor, or the end. */
static void paint_console(struct tui_screen *t, struct sheet *s, struct rect r)
{
	s32 columns = (s32)terminal_columns(t->terminal), rows = (s32)terminal_rows(t->terminal), left, top;
	u32 cursor_column, cursor_row;
	bool has_cursor = terminal_cursor(t->terminal, &cursor_column, &cursor_row);

	left = has_cursor && (s32)cursor_column >= r.w ? (s32)cursor_column - r.w + 1 : 0;
	top = (s32)cursor_row >= r.h ? (s32)cursor_row - r.h + 1 : 0;
	/* Scrolled back, the cursor is below everything. */
	if (top + r.h > rows)
		top = rows > r.h ? rows - r.h : 0;
	for (s32 y = 0; y < r.h && y + top < rows; y++) {
		for (s32 x = 0; x < r.w && x + left < columns; x++) {
			struct terminal_cell cell;
			struct sheet_style style = sheet_plain;

			terminal_cell(t->terminal, (u32)(x + left), (u32)(y + top), &cell);
			style.fore = cell.is_default_colour ? SHEET_OWN : cell.colour;
			style.back = cell.is_default_background ? SHEET_OWN : cell.background;
			style.flags = (cell.bold ? SHEET_BOLD : 0) | (cell.underline ? SHEET_UNDERLINE : 0);
			if (cell.wide && x + 1 >= r.w)
				cell.wide = false, cell.code_point = ' ';
			sheet_put(s, r.x + x, r.y + y, cell.code_point ? cell.code_point : ' ', style);
			if (cell.wide)
				sheet_put(s, r.x + ++x, r.y + y, 0, style);
		}
	}
	t->has_cursor = has_cursor;
	t->cursor_x = r.x + (s32)cursor_column - left;
	t->cursor_y = r.y + (s32)cursor_row - top;
}

/* --- the bar --- */

static const char *keys_text(const struct tui_screen *t)
{
	if (t->has_prefix)
		return "x quit  m view  h help  Tab other half  a sends Ctrl-A";
	if (t->view == TUI_MMU || (t->view == TUI_BOTH && t->mmu_has_keys))
		return "space hold  s w f step  +-0 speed  h help  F12";
	return "F12 MMU  Ctrl-A h help  Ctrl-A x quit";
}

static s32 text_columns(const char *text)
{
	s32 count = 0;

	while (utf8_next(&text))
		count++;
	return count;
}

static s32 paint_state(const struct tui_screen *t, struct sheet *s, s32 x, s32 y, s32 end)
{
	const struct link_status *status = &t->status;
	struct sheet_style warn = { COLOUR_WARN, COLOUR_ACCENT_SOFT, SHEET_BOLD };
	char number[16];

	x = sheet_text(s, x, y, end, sheet_title, " %s ", status->guest);
	if (status->is_over)
		return sheet_text(s, x, y, end, warn, "ended ");
	if (status->is_paused)
		x = sheet_text(s, x, y, end, warn, "HELD ");
	else
		x = sheet_text(s, x, y, end, sheet_title, "%s MIPS ", sheet_number(number, status->mips));
	if (status->speed)
		x = sheet_text(s, x, y, end, warn, "at most %s/s ", sheet_number(number, (double)status->speed));
	if (terminal_scrolled(t->terminal) && t->view != TUI_MMU)
		x = sheet_text(s, x, y, end, warn, "%u lines back ", terminal_scrolled(t->terminal));
	return x;
}

static void paint_bar(const struct tui_screen *t, struct sheet *s)
{
	s32 y = (s32)s->rows - 1, end = (s32)s->columns, x, keys;
	struct sheet_style message = { COLOUR_WARN, COLOUR_ACCENT_SOFT, 0 };

	for (x = 0; x < end; x++)
		sheet_put(s, x, y, ' ', sheet_title);
	x = paint_state(t, s, 0, y, end);
	if (t->message[0]) {
		sheet_text(s, x + 1, y, end - 1, message, "%s", t->message);
		return;
	}
	keys = end - 1 - text_columns(keys_text(t));
	sheet_text(s, keys > x ? keys : x, y, end, sheet_title, "%s", keys_text(t));
}

/* --- the help --- */

static void paint_help(struct sheet *s)
{
	static const char *const lines[] = {
		"F12, Ctrl-A m   console, both, MMU",
		"Ctrl-A x        end rvemu",
		"Ctrl-A Tab      keys to the other half",
		"Ctrl-A PageUp   scroll the console back",
		"Ctrl-A a        Ctrl-A for the guest",
		"",
		"In the MMU (behind Ctrl-A also elsewhere):",
		"space           hold the machine, let it go",
		"s  w  f         go on to the next instruction, walk, fault",
		"+  -  0         faster, slower, full speed",
		"[  ]  c         address space: others, the hart's own",
		"Tab             the next hart",
		"l               the last walk, or the last that failed",
		"arrows, Enter   choose a frame: who maps it, its history",
		"Esc  q          close; back to the console",
		"",
		"Map: letters or colours as in the legend; bright: used",
		"lately; white: a fault was just resolved with it.",
	};
	s32 w = 62, h = (s32)ARRAY_SIZE(lines) + 2, x, y;

	w = w > (s32)s->columns ? (s32)s->columns : w;
	x = ((s32)s->columns - w) / 2;
	y = ((s32)s->rows - h) / 2 < 0 ? 0 : ((s32)s->rows - h) / 2;
	for (s32 row = 0; row < h; row++) {
		for (s32 column = 0; column < w; column++)
			sheet_put(s, x + column, y + row, ' ', sheet_title);
	}
	sheet_text(s, x + 2, y, x + w, sheet_title, "rvemu, the text interface (any key closes this)");
	for (u32 i = 0; i < ARRAY_SIZE(lines); i++)
		sheet_text(s, x + 2, y + 1 + (s32)i, x + w - 1, sheet_title, "%s", lines[i]);
}

/* --- all --- */

/* The line between the halves; the arrow points to the one that has the keys. */
static void paint_border(const struct tui_screen *t, struct sheet *s, struct rect r)
{
	for (s32 i = 0; i < r.w * r.h; i++)
		sheet_put(s, r.x + (r.w > 1 ? i : 0), r.y + (r.w > 1 ? 0 : i), r.w > 1 ? 0x2500 : 0x2502, sheet_quiet);
	if (r.w > 1)
		sheet_text(s, r.x + 2, r.y, r.x + r.w, sheet_accent, " keys: %s (Ctrl-A Tab) ",
		           t->mmu_has_keys ? "MMU below" : "console above");
	else
		sheet_put(s, r.x, r.y, t->mmu_has_keys ? '>' : '<', sheet_accent);
}

static void paint_both(struct tui_screen *t, struct sheet *s)
{
	s32 columns = (s32)s->columns, rows = (s32)s->rows - 1;
	struct rect console, mmu, border;

	if (columns >= CONSOLE_COLUMNS + 1 + MMU_COLUMNS_BESIDE) {
		s32 w = columns - CONSOLE_COLUMNS - 1;

		w = w > MMU_COLUMNS_MAX ? MMU_COLUMNS_MAX : w;
		mmu = (struct rect){ columns - w, 0, w, rows };
		border = (struct rect){ columns - w - 1, 0, 1, rows };
		console = (struct rect){ 0, 0, columns - w - 1, rows };
	} else {
		s32 h = rows * 3 / 5 > MMU_ROWS_BELOW ? rows * 3 / 5 : MMU_ROWS_BELOW;

		mmu = (struct rect){ 0, rows - h, columns, h };
		border = (struct rect){ 0, rows - h - 1, columns, 1 };
		console = (struct rect){ 0, 0, columns, rows - h - 1 };
	}
	paint_console(t, s, console);
	paint_border(t, s, border);
	tui_mmu_paint(t->mmu, s, mmu, t->live, &t->status);
	t->has_cursor &= !t->mmu_has_keys;
}

void tui_screen_paint(struct tui_screen *t, struct sheet *s)
{
	struct rect all = { 0, 0, (s32)s->columns, (s32)s->rows - 1 };

	sheet_clear(s, (struct rect){ 0, 0, (s32)s->columns, (s32)s->rows });
	t->has_cursor = false;
	if (t->view == TUI_BOTH && !tui_has_room_for_both(s->columns, s->rows))
		t->view = TUI_CONSOLE;
	if (t->view == TUI_CONSOLE)
		paint_console(t, s, all);
	else if (t->view == TUI_BOTH)
		paint_both(t, s);
	else
		tui_mmu_paint(t->mmu, s, all, t->live, &t->status);
	if (t->shows_help)
		paint_help(s);
	t->has_cursor &= !t->shows_help;
	paint_bar(t, s);
}
