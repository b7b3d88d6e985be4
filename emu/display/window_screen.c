/*
 * The screen's tab: keys, pointer and pasted text become the events of a keyboard, a mouse or a tablet. What the guest
 * believes pressed is remembered, so that it can be released when the window loses the keyboard.
 *
 * Repeating a key that is held is the guest's own affair, as with a real keyboard.
 */
#include "emu/display/window_internal.h"

#include <stdlib.h>

#include "emu/display/keymap.h"

#define TYPING_NS 10000000ull            /* between two characters: guests lose what comes faster than they can read */
#define TYPING_WAITING_MAX 64            /* events that the guest may have left before more is typed */
#define TYPING_PATIENCE_NS 5000000000ull /* how long it may have left them */

static void send_event(struct window *w, u8 kind, u16 type, u16 code, s32 value)
{
	struct wish wish = { .kind = kind, .event = { type, code, value } };
	link_send(w->link, &wish);
}

static void send_end(struct window *w, u8 kind)
{
	send_event(w, kind, EV_SYN, SYN_REPORT, 0);
}

static void send_key(struct window *w, u16 key, bool is_down)
{
	u8 mask = (u8)(1u << (key % 8));
	bool was_down = w->held[key / 8] & mask;
	if (is_down == was_down)
		return;
	w->held[key / 8] ^= mask;
	send_event(w, WISH_KEY, EV_KEY, key, is_down);
	send_end(w, WISH_KEY);
}

/* What is left of the text is forgotten. When to come again: never. */
static u64 stop_typing(struct window *w)
{
	free(w->typing);
	w->typing = NULL;
	return UINT64_MAX;
}

void window_screen_key(struct window *w, u32 scancode, bool is_down)
{
	u16 key = keymap_from_scancode(scancode);
	if (w->typing && is_down && scancode == SDL_SCANCODE_ESCAPE) {
		window_note(w, "stopped: the rest of the clipboard is not typed");
		stop_typing(w);
		return;
	}
	if (key == KEY_RESERVED)
		return;
	if (is_down && !w->status.has_keyboard && !w->status.is_over)
		window_note(w, "the guest has no keyboard here; its serial console: Ctrl-Alt-2");
	if (w->status.has_keyboard)
		send_key(w, key, is_down);
}

void window_screen_release(struct window *w)
{
	for (u16 key = 0; key < KEY_CNT; key++)
		send_key(w, key, false);
	if (!w->held_buttons)
		return;
	for (u16 n = 0; n < 3; n++) {
		if (w->held_buttons & BIT(n))
			send_event(w, WISH_POINTER, EV_KEY, BTN_LEFT + n, 0);
	}
	send_end(w, WISH_POINTER);
	w->held_buttons = 0;
}

/* --- the pointer --- */

void window_screen_grab(struct window *w, bool on)
{
	if (on == w->is_grabbed)
		return;
	w->is_grabbed = on;
	w->sdl.SetWindowKeyboardGrab(w->sdl_window, on ? SDL_TRUE : SDL_FALSE);
	if (!on || w->status.pointer_is_mouse)
		w->sdl.SetRelativeMouseMode(on ? SDL_TRUE : SDL_FALSE);
	w->sdl.ShowCursor(on ? SDL_DISABLE : SDL_ENABLE);
	if (!on)
		window_screen_release(w);
	window_tell(w);
}

/* A tablet knows where it is; false: the pointer is not on the guest's screen. */
static bool send_place(struct window *w, s32 x, s32 y)
{
	s32 guest_x, guest_y;
	if (w->picture_at.w <= 0 || (!rect_has(w->layout.face, x, y) && !w->held_buttons))
		return false;
	window_layout_to_guest(w->picture_at, x, y, VIRTIO_INPUT_ABS_MAX, &guest_x, &guest_y);
	send_event(w, WISH_POINTER, EV_ABS, ABS_X, guest_x);
	send_event(w, WISH_POINTER, EV_ABS, ABS_Y, guest_y);
	return true;
}

void window_screen_motion(struct window *w, s32 x, s32 y, s32 moved_x, s32 moved_y)
{
	if (w->status.pointer_is_tablet) {
		if (send_place(w, x, y))
			send_end(w, WISH_POINTER);
	} else if (w->status.pointer_is_mouse && w->is_grabbed && (moved_x || moved_y)) {
		if (moved_x)
			send_event(w, WISH_POINTER, EV_REL, REL_X, moved_x);
		if (moved_y)
			send_event(w, WISH_POINTER, EV_REL, REL_Y, moved_y);
		send_end(w, WISH_POINTER);
	}
}

void window_screen_button(struct window *w, u8 sdl_button, bool is_down, s32 x, s32 y)
{
	static const u16 buttons[] = {
		[SDL_BUTTON_LEFT] = BTN_LEFT,
		[SDL_BUTTON_MIDDLE] = BTN_MIDDLE,
		[SDL_BUTTON_RIGHT] = BTN_RIGHT,
	};
	if (sdl_button >= ARRAY_SIZE(buttons) || !buttons[sdl_button])
		return;
	if (w->status.pointer_is_mouse && !w->is_grabbed) {
		if (is_down && sdl_button == SDL_BUTTON_LEFT)
			window_screen_grab(w, true);
		return;
	}
	u16 code = buttons[sdl_button];
	u32 mask = (u32)BIT(code - BTN_LEFT);
	bool was_down = w->held_buttons & mask;
	if (is_down == was_down || !(w->status.pointer_is_tablet || w->status.pointer_is_mouse))
		return;
	if (w->status.pointer_is_tablet && !send_place(w, x, y))
		return;
	w->held_buttons ^= mask;
	send_event(w, WISH_POINTER, EV_KEY, code, is_down);
	send_end(w, WISH_POINTER);
}

void window_screen_wheel(struct window *w, s32 notches)
{
	bool has_pointer = w->status.pointer_is_tablet || (w->status.pointer_is_mouse && w->is_grabbed);
	if (!has_pointer || !notches)
		return;
	send_event(w, WISH_POINTER, EV_REL, REL_WHEEL, notches);
	send_end(w, WISH_POINTER);
}

/* --- text typed as keys --- */

void window_screen_type(struct window *w, char *text)
{
	if (!w->status.has_keyboard) {
		window_note(w, "the guest has no keyboard to type on; paste into its serial console: Ctrl-Alt-2");
		free(text);
		return;
	}
	window_screen_release(w);
	free(w->typing);
	w->typing = text;
	w->typing_at = text;
	w->typing_lost = 0;
	w->typing_next_ns = 0;
	w->typing_heard_ns = window_now_ns();
}

static void type_one(struct window *w, u32 code_point)
{
	struct keymap_stroke stroke;
	if (!keymap_from_text(code_point, w->status.leds & BIT(LED_CAPSL), &stroke)) {
		w->typing_lost++;
		return;
	}
	if (stroke.shift)
		send_key(w, KEY_LEFTSHIFT, true);
	send_key(w, stroke.key, true);
	send_key(w, stroke.key, false);
	if (stroke.shift)
		send_key(w, KEY_LEFTSHIFT, false);
}

/* Whether the guest has read what was typed before. If it does not for long, typing ends. */
static bool may_type(struct window *w, u64 now_ns)
{
	bool is_heard = w->status.keys_waiting <= TYPING_WAITING_MAX;
	if (is_heard || w->status.is_paused)
		w->typing_heard_ns = now_ns;
	if (now_ns - w->typing_heard_ns >= TYPING_PATIENCE_NS) {
		window_note(w, "the guest does not read its keyboard: the rest is not typed");
		stop_typing(w);
	}
	return is_heard && !w->status.is_paused;
}

u64 window_screen_type_some(struct window *w, u64 now_ns)
{
	if (!w->typing)
		return UINT64_MAX;
	if (w->status.is_over)
		return stop_typing(w);
	if (now_ns < w->typing_next_ns)
		return w->typing_next_ns;
	w->typing_next_ns = now_ns + TYPING_NS;
	if (!may_type(w, now_ns))
		return w->typing ? w->typing_next_ns : UINT64_MAX;
	u32 code_point = utf8_next(&w->typing_at);
	/* Text from elsewhere may end its lines with CR LF. */
	if (code_point == '\r')
		code_point = *w->typing_at == '\n' ? utf8_next(&w->typing_at) : '\n';
	if (code_point) {
		type_one(w, code_point);
		return w->typing_next_ns;
	}
	if (w->typing_lost)
		window_note(w, "%u character%s of the clipboard cannot be typed on a US keyboard and were left out",
		            w->typing_lost, w->typing_lost == 1 ? "" : "s");
	return stop_typing(w);
}
