/*
 * The window's own keys: one table, from which the dispatcher and the help both come. Letters are looked up by what is
 * printed on the key, the rest by its place.
 */
#include "emu/display/window_internal.h"

#include <stdlib.h>

enum {
	ON_SCREEN = 1 << DISPLAY_TAB_SCREEN,
	ON_SERIAL = 1 << DISPLAY_TAB_SERIAL,
	ON_MMU = 1 << DISPLAY_TAB_MMU,
	EVERYWHERE = ON_SCREEN | ON_SERIAL | ON_MMU,
};

enum modifiers { PLAIN = 0, SHIFT = 1, CTRL = 2, ALT = 4 };

struct window_binding {
	u16 scancode;     /* SDL_SCANCODE_ */
	u8 modifiers;     /* that are held, and no others */
	u8 tabs;          /* where it works */
	bool not_grabbed; /* the guest gets it while it holds the keyboard */
	void (*run)(struct window *w);
	const char *keys, *what; /* for the help; NULL: described by the line before */
};

static void show_screen(struct window *w)
{
	window_show_tab(w, DISPLAY_TAB_SCREEN, true);
}

static void show_serial(struct window *w)
{
	window_show_tab(w, DISPLAY_TAB_SERIAL, true);
}

static void show_mmu(struct window *w)
{
	window_show_tab(w, DISPLAY_TAB_MMU, true);
}

static void toggle_mmu(struct window *w)
{
	window_show_tab(w, w->tab == DISPLAY_TAB_MMU ? w->tab_before_mmu : DISPLAY_TAB_MMU, true);
}

static void send_f12(struct window *w)
{
	if (w->tab == DISPLAY_TAB_SERIAL) {
		terminal_key(w->terminal, TERMINAL_F12, 0);
		return;
	}
	window_screen_release(w);
	window_screen_key(w, SDL_SCANCODE_F12, true);
	window_screen_key(w, SDL_SCANCODE_F12, false);
}

static void toggle_grab(struct window *w)
{
	window_screen_grab(w, !w->is_grabbed);
}

static void toggle_full_screen(struct window *w)
{
	bool is_full = w->sdl.GetWindowFlags(w->sdl_window) & SDL_WINDOW_FULLSCREEN;
	w->sdl.SetWindowFullscreen(w->sdl_window, is_full ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP);
	if (!is_full)
		window_note(w, WINDOW_FULL_SCREEN_NOTE);
	window_arrange(w);
}

static void toggle_scale(struct window *w)
{
	bool is_smooth = w->config.scale == DISPLAY_SCALE_SMOOTH;
	w->config.scale = is_smooth ? DISPLAY_SCALE_INTEGER : DISPLAY_SCALE_SMOOTH;
	window_note(w, "%s",
	            is_smooth ? "sharp: whole multiples of the guest's pixels" : "smooth: the window is filled");
	window_arrange(w);
}

static void own_size(struct window *w)
{
	w->user_sized = false;
	window_fit(w);
}

static void toggle_follow(struct window *w)
{
	w->follows_window = !w->follows_window;
	window_note(w, "the guest's screen %s the window's size", w->follows_window ? "follows" : "does not follow");
	window_arrange(w);
}

static void toggle_pause(struct window *w)
{
	struct wish wish = { .kind = w->status.is_paused ? WISH_CONTINUE : WISH_PAUSE };
	link_send(w->link, &wish);
}

static void copy(struct window *w)
{
	window_serial_copy(w);
}

static void paste(struct window *w)
{
	char *text = w->sdl.GetClipboardText();
	if (!text || !*text)
		window_note(w, "the clipboard is empty");
	else if (w->tab == DISPLAY_TAB_SERIAL)
		terminal_paste(w->terminal, text);
	else
		window_screen_type(w, xstrdup(text));
	w->sdl.free(text);
}

static void bigger(struct window *w)
{
	window_serial_zoom(w, 1);
}

static void smaller(struct window *w)
{
	window_serial_zoom(w, -1);
}

static void page_up(struct window *w)
{
	window_serial_scroll(w, (s32)terminal_rows(w->terminal) - 1);
}

static void page_down(struct window *w)
{
	window_serial_scroll(w, 1 - (s32)terminal_rows(w->terminal));
}

static void toggle_help(struct window *w)
{
	w->help_open = !w->help_open;
	w->box_stale = w->is_stale = true;
}

static void quit(struct window *w)
{
	w->is_closing = true;
}

static const struct window_binding bindings[] = {
	{ SDL_SCANCODE_1, CTRL | ALT, EVERYWHERE, false, show_screen, "Ctrl-Alt-1", "the guest's screen" },
	{ SDL_SCANCODE_2, CTRL | ALT, EVERYWHERE, false, show_serial, "Ctrl-Alt-2", "its serial console" },
	{ SDL_SCANCODE_3, CTRL | ALT, EVERYWHERE, false, show_mmu, "Ctrl-Alt-3", "the MMU live" },
	{ SDL_SCANCODE_F12, PLAIN, EVERYWHERE, false, toggle_mmu, "F12", "the MMU live, and back" },
	{ SDL_SCANCODE_F12, SHIFT, ON_SCREEN | ON_SERIAL, false, send_f12, "Shift-F12", "F12 for the guest" },
	{ SDL_SCANCODE_G, CTRL | ALT, ON_SCREEN, false, toggle_grab, "Ctrl-Alt-G",
	  "give the guest keyboard and mouse alone; take them back" },
	{ SDL_SCANCODE_P, CTRL | ALT, EVERYWHERE, false, toggle_pause, "Ctrl-Alt-P", "pause, and go on" },
	{ SDL_SCANCODE_F, CTRL | ALT, EVERYWHERE, false, toggle_full_screen, "Ctrl-Alt-F", "full screen" },
	{ SDL_SCANCODE_S, CTRL | ALT, ON_SCREEN, false, toggle_scale, "Ctrl-Alt-S", "scale sharp or smooth" },
	{ SDL_SCANCODE_U, CTRL | ALT, ON_SCREEN, false, own_size, "Ctrl-Alt-U",
	  "the window as large as the guest's screen" },
	{ SDL_SCANCODE_R, CTRL | ALT, ON_SCREEN, false, toggle_follow, "Ctrl-Alt-R",
	  "the guest's screen as large as the window (virtio-gpu)" },
	{ SDL_SCANCODE_V, CTRL | SHIFT, ON_SCREEN | ON_SERIAL, true, paste, "Ctrl-Shift-V",
	  "paste; into the screen, text is typed as keys (Esc stops it)" },
	{ SDL_SCANCODE_V, CTRL | ALT, ON_SCREEN | ON_SERIAL, false, paste, NULL, NULL },
	{ SDL_SCANCODE_C, CTRL | SHIFT, ON_SERIAL, false, copy, "Ctrl-Shift-C",
	  "copy what the mouse selected (serial)" },
	{ SDL_SCANCODE_PAGEUP, SHIFT, ON_SERIAL, false, page_up, "Shift-PageUp",
	  "scroll back (serial); the wheel too" },
	{ SDL_SCANCODE_PAGEDOWN, SHIFT, ON_SERIAL, false, page_down, NULL, NULL },
	{ SDL_SCANCODE_EQUALS, CTRL, ON_SERIAL, false, bigger, "Ctrl-Plus, -Minus", "larger, smaller font (serial)" },
	{ SDL_SCANCODE_EQUALS, CTRL | SHIFT, ON_SERIAL, false, bigger, NULL, NULL },
	{ SDL_SCANCODE_KP_PLUS, CTRL, ON_SERIAL, false, bigger, NULL, NULL },
	{ SDL_SCANCODE_MINUS, CTRL, ON_SERIAL, false, smaller, NULL, NULL },
	{ SDL_SCANCODE_KP_MINUS, CTRL, ON_SERIAL, false, smaller, NULL, NULL },
	{ SDL_SCANCODE_H, CTRL | ALT, EVERYWHERE, false, toggle_help, "Ctrl-Alt-H", "this help" },
	{ SDL_SCANCODE_Q, CTRL | ALT, EVERYWHERE, false, quit, "Ctrl-Alt-Q", "end rvemu" },
};

bool window_help_line(u32 i, const char **keys, const char **what)
{
	for (u32 n = 0; n < ARRAY_SIZE(bindings); n++) {
		if (!bindings[n].keys || i--)
			continue;
		*keys = bindings[n].keys;
		*what = bindings[n].what;
		return true;
	}
	return false;
}

static bool is_pressed(const struct window_binding *b, const SDL_Keysym *key)
{
	u32 held = (key->mod & KMOD_SHIFT ? SHIFT : 0) | (key->mod & KMOD_CTRL ? CTRL : 0) |
	           (key->mod & KMOD_ALT ? ALT : 0);
	if (held != b->modifiers)
		return false;
	bool is_letter = b->scancode >= SDL_SCANCODE_A && b->scancode <= SDL_SCANCODE_Z;
	if (is_letter && key->sym < 128)
		return key->sym == 'a' + (b->scancode - SDL_SCANCODE_A);
	return key->scancode == b->scancode;
}

bool window_key(struct window *w, const SDL_KeyboardEvent *e)
{
	for (u32 i = 0; i < ARRAY_SIZE(bindings); i++) {
		const struct window_binding *b = &bindings[i];
		if (!is_pressed(b, &e->keysym) || !(b->tabs & (1 << w->tab)) || (b->not_grabbed && w->is_grabbed))
			continue;
		bool repeats = b->run == page_up || b->run == page_down;
		if (!e->repeat || repeats)
			b->run(w);
		return true;
	}
	return false;
}
