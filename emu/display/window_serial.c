/*
 * The serial console's tab: a terminal that is as large as the window allows, its keys, its selection and its
 * clipboard.
 */
#include "emu/display/window_internal.h"

#include <stdlib.h>

#include "emu/display/keymap.h"

#define FIRST_FONT_HEIGHT 16 /* pixels, on a screen of usual density */

/* Keys, and answers to the guest's questions; of two terminals only one may answer. */
static void send_bytes(void *arg, const u8 *bytes, size_t size)
{
	struct window *w = arg;
	if (!w->answering || !w->status.has_terminal)
		link_send_serial(w->link, bytes, size);
}

void window_serial_open(struct window *w)
{
	w->terminal = terminal_create(80, 25, send_bytes, w);
	const struct font *first = font_of_height((u32)((float)FIRST_FONT_HEIGHT * w->ratio), false);
	while (w->font_size + 1 < font_size_count() && font_get(w->font_size, false) != first)
		w->font_size++;
}

void window_serial_close(struct window *w)
{
	if (w->terminal)
		terminal_destroy(w->terminal);
}

void window_serial_arrange(struct window *w)
{
	const struct font *font = font_get(w->font_size, false);
	u32 columns = w->layout.face.w > 0 ? (u32)w->layout.face.w / font->width : 0;
	u32 rows = w->layout.face.h > 0 ? (u32)w->layout.face.h / font->height : 0;
	columns = columns > 2 ? columns : 2;
	rows = rows > 1 ? rows : 1;
	if (columns != terminal_columns(w->terminal) || rows != terminal_rows(w->terminal))
		terminal_resize(w->terminal, columns, rows);
	w->face_stale = true;
}

/* --- keys --- */

void window_serial_text(struct window *w, const char *text)
{
	u32 code_point;
	while ((code_point = utf8_next(&text)))
		terminal_text(w->terminal, code_point, 0);
}

/* Right Alt is AltGr under many layouts: what it makes comes as text. */
static u32 modifiers_of(u16 mod)
{
	return (mod & KMOD_SHIFT ? TERMINAL_SHIFT : 0) | (mod & KMOD_LALT ? TERMINAL_ALT : 0) |
	       (mod & KMOD_CTRL ? TERMINAL_CONTROL : 0);
}

void window_serial_key(struct window *w, const SDL_KeyboardEvent *e)
{
	const SDL_Keysym *key = &e->keysym;
	u32 modifiers = modifiers_of(key->mod);
	enum terminal_key special;
	if (keymap_to_terminal(key->scancode, key->mod & KMOD_NUM, &special)) {
		terminal_key(w->terminal, special, modifiers);
		return;
	}
	/* The rest comes as text, unless Ctrl or Alt make something else of it. */
	bool is_character = key->sym >= ' ' && key->sym < 127;
	if (!is_character || !(modifiers & (TERMINAL_CONTROL | TERMINAL_ALT)))
		return;
	u32 code_point = (u32)key->sym;
	struct keymap_stroke stroke;
	for (u32 c = ' '; modifiers & TERMINAL_SHIFT && c < 127; c++) {
		bool is_it = keymap_from_text(c, false, &stroke) && stroke.shift &&
		             stroke.key == keymap_from_scancode(key->scancode);
		if (is_it)
			code_point = c;
	}
	terminal_text(w->terminal, code_point, modifiers & ~(u32)TERMINAL_SHIFT);
}

/* --- selection and clipboard --- */

static void cell_at(const struct window *w, s32 x, s32 y, u32 *column, u32 *row)
{
	const struct font *font = font_get(w->font_size, false);
	u32 columns = terminal_columns(w->terminal), rows = terminal_rows(w->terminal);
	*column = x < 0 ? 0 : (u32)x / font->width;
	*row = y < 0 ? 0 : (u32)y / font->height;
	if (*column >= columns)
		*column = columns - 1;
	if (*row >= rows)
		*row = rows - 1;
}

void window_serial_pointer(struct window *w, s32 x, s32 y)
{
	u32 column, row;
	if (!w->is_selecting)
		return;
	cell_at(w, x, y, &column, &row);
	terminal_select(w->terminal, w->select_column, w->select_row, column, row);
}

static void paste_selection(struct window *w)
{
	char *text = w->sdl.GetPrimarySelectionText ? w->sdl.GetPrimarySelectionText() : NULL;
	if (!text || !*text) {
		w->sdl.free(text);
		text = w->sdl.GetClipboardText();
	}
	if (text && *text)
		terminal_paste(w->terminal, text);
	w->sdl.free(text);
}

void window_serial_button(struct window *w, u8 sdl_button, bool is_down, s32 x, s32 y)
{
	if (sdl_button == SDL_BUTTON_MIDDLE && is_down)
		paste_selection(w);
	if (sdl_button != SDL_BUTTON_LEFT)
		return;
	u32 column, row;
	cell_at(w, x, y, &column, &row);
	bool was_selecting = w->is_selecting;
	w->is_selecting = is_down;
	if (is_down) {
		w->select_column = column;
		w->select_row = row;
		terminal_select_none(w->terminal);
		return;
	}
	if (!was_selecting || (column == w->select_column && row == w->select_row))
		return;
	char *text = terminal_selected(w->terminal);
	if (text && w->sdl.SetPrimarySelectionText)
		w->sdl.SetPrimarySelectionText(text);
	free(text);
}

void window_serial_copy(struct window *w)
{
	char *text = terminal_selected(w->terminal);
	if (text)
		w->sdl.SetClipboardText(text);
	else
		window_note(w, "nothing is selected: drag the mouse over some text");
	free(text);
}

void window_serial_scroll(struct window *w, s32 lines)
{
	terminal_scroll(w->terminal, lines);
}

void window_serial_zoom(struct window *w, s32 steps)
{
	s32 size = (s32)w->font_size + steps;
	if (size < 0 || size >= (s32)font_size_count())
		return;
	w->font_size = (u32)size;
	window_serial_arrange(w);
	w->is_stale = true;
	window_note(w, "%u x %u characters", terminal_columns(w->terminal), terminal_rows(w->terminal));
}
