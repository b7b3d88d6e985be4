/*
 * The window's thread: opens the window, sleeps until the user or the machine does something, and shows it. What is
 * painted how is in window_paint.c, what keys do in window_keys.c, window_screen.c and window_serial.c.
 *
 * The thread takes from the link all that is there, then paints once: however much the machine does, it is painted no
 * more often than the display shows. With nothing new it sleeps without a timeout.
 */
#include "emu/display/window_internal.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EVENTS_AT_ONCE 256 /* before something is painted */
#define BAR_PAD 6          /* pixels around the bar's text, both together */

u64 window_now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000ull + (u64)t.tv_nsec;
}

/* --- what is said --- */

void window_note(struct window *w, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(w->note, sizeof(w->note), fmt, args);
	va_end(args);
	w->note_until_ns = window_now_ns() + WINDOW_NOTE_NS;
	w->is_stale = true;
}

static const char *state_name(const struct link_status *s)
{
	return s->is_over ? "ended" : s->is_paused ? "paused" : "running";
}

static void describe_state(const struct link_status *s, char *text, size_t size)
{
	const char *frozen = s->is_frozen ? " (recorded: no input)" : "";
	if (s->is_over || s->is_paused)
		snprintf(text, size, "%s%s", state_name(s), frozen);
	else if (s->speed)
		snprintf(text, size, "%llu instruction%s/s%s", (unsigned long long)s->speed, s->speed == 1 ? "" : "s", frozen);
	else
		snprintf(text, size, "%.0f MIPS%s", s->mips, frozen);
}

void window_tell(struct window *w)
{
	char text[sizeof(w->bar_text)], title[sizeof(w->title)];
	describe_state(&w->status, text, sizeof(text));
	if (strcmp(text, w->bar_text) != 0) {
		snprintf(w->bar_text, sizeof(w->bar_text), "%s", text);
		w->bar_stale = w->is_stale = true;
	}
	snprintf(title, sizeof(title), "rvemu: %s - %s%s", w->status.guest, state_name(&w->status),
	         w->is_grabbed ? " - Ctrl-Alt-G releases keyboard and mouse" : "");
	if (strcmp(title, w->title) != 0) {
		snprintf(w->title, sizeof(w->title), "%s", title);
		w->sdl.SetWindowTitle(w->sdl_window, title);
	}
}

/* --- where things are --- */

static u32 bar_height(const struct window *w)
{
	return w->font->height + BAR_PAD;
}

void window_arrange(struct window *w)
{
	int width = 0, height = 0;
	w->sdl.GetRendererOutputSize(w->renderer, &width, &height);
	w->width = width > 0 ? (u32)width : 1;
	w->height = height > 0 ? (u32)height : 1;
	bool is_full = w->sdl.GetWindowFlags(w->sdl_window) & SDL_WINDOW_FULLSCREEN;
	w->layout = window_layout_of(w->width, w->height, bar_height(w), is_full, w->tab);
	const struct picture *p = &w->screen.picture;
	w->picture_at = window_layout_picture(w->layout.face, p->width, p->height, w->config.scale);
	window_serial_arrange(w);
	w->bar_stale = w->face_stale = w->box_stale = w->is_stale = true;
	if (w->follows_window && w->layout.face.w > 0 && w->layout.face.h > 0) {
		struct wish wish = { .kind = WISH_SIZE };
		wish.number = (u64)w->layout.face.w << 32 | (u32)w->layout.face.h;
		link_send(w->link, &wish);
	}
}

void window_fit(struct window *w)
{
	SDL_Rect room = { 0, 0, 1024, 768 };
	int top = 0, left = 0, bottom = 0, right = 0;
	if (w->sdl.GetWindowFlags(w->sdl_window) & (SDL_WINDOW_FULLSCREEN | SDL_WINDOW_MAXIMIZED))
		return;
	w->sdl.GetDisplayUsableBounds(w->sdl.GetWindowDisplayIndex(w->sdl_window), &room);
	w->sdl.GetWindowBordersSize(w->sdl_window, &top, &left, &bottom, &right);
	u32 width = w->screen.picture.width ? w->screen.picture.width : OPTIONS_SCREEN_WIDTH;
	u32 height = w->screen.picture.height ? w->screen.picture.height : OPTIONS_SCREEN_HEIGHT;
	window_layout_size(width, height, bar_height(w), (u32)((float)(room.w - left - right) * w->ratio),
	                   (u32)((float)(room.h - top - bottom) * w->ratio), &width, &height);
	w->asked_width = (u32)((float)width / w->ratio);
	w->asked_height = (u32)((float)height / w->ratio);
	w->sdl.SetWindowSize(w->sdl_window, (int)w->asked_width, (int)w->asked_height);
	window_arrange(w);
}

void window_show_tab(struct window *w, enum display_tab tab, bool chosen)
{
	w->tab_chosen |= chosen;
	if (tab == w->tab)
		return;
	window_screen_release(w);
	window_screen_grab(w, false);
	w->is_selecting = false;
	if (w->tab == DISPLAY_TAB_MMU)
		mmu_tab_pointer(w->mmu, -1, -1, false, 0);
	if (tab == DISPLAY_TAB_MMU)
		w->tab_before_mmu = w->tab;
	w->tab = tab;
	/* For the guest keys are places; elsewhere what the layout of the user's keyboard makes of them counts. */
	if (tab == DISPLAY_TAB_SCREEN)
		w->sdl.StopTextInput();
	else
		w->sdl.StartTextInput();
	window_arrange(w);
}

/* --- what comes from the machine --- */

static void take_status(struct window *w)
{
	struct link_status old = w->status;
	w->status = link_status(w->link);
	if (w->status.message_number != old.message_number && w->status.message[0] && !w->status.is_over)
		window_note(w, "%s", w->status.message);
	if (w->status.is_over && !w->over_since_ns) {
		w->over_since_ns = window_now_ns();
		w->note_until_ns = 0;
		window_screen_release(w);
		window_screen_grab(w, false);
		w->box_stale = w->is_stale = true;
	}
	if (w->status.was_drawn != old.was_drawn || w->status.has_screen != old.has_screen)
		w->face_stale = w->is_stale = true;
	if (w->is_grabbed && w->status.pointer_is_mouse != old.pointer_is_mouse)
		window_screen_grab(w, false);
	if (!w->tab_chosen)
		window_show_tab(w, window_layout_tab(w->config.tab, &w->status), false);
	window_tell(w);
}

static void take_screen(struct window *w)
{
	u32 width = w->screen.picture.width, height = w->screen.picture.height, first, count;
	if (!link_take_screen(w->link, &w->screen.picture, &first, &count))
		return;
	window_paint_rows(w, first, count);
	w->screen_taken = w->is_stale = true;
	if (w->screen.picture.width == width && w->screen.picture.height == height)
		return;
	if (!w->user_sized)
		window_fit(w);
	window_arrange(w);
}

static void take(struct window *w)
{
	size_t size;
	take_status(w);
	u8 *bytes = link_take_serial(w->link, &size);
	if (bytes)
		terminal_write(w->terminal, bytes, size);
	free(bytes);
	if (terminal_take_changed(w->terminal) && w->tab == DISPLAY_TAB_SERIAL)
		w->face_stale = w->is_stale = true;
	if (w->look & BIT(LINK_SCREEN))
		take_screen(w);
	if (!(w->look & BIT(LINK_LIVE)))
		return;
	bool is_new = link_take_live(w->link, &w->view);
	w->live_taken |= is_new;
	if (w->view && mmu_tab_show(w->mmu, w->view, &w->status))
		w->face_stale = w->is_stale = true;
}

/* Says what is to be seen from now on, if that is something else than before: what nobody sees is not collected. */
static void look(struct window *w)
{
	u32 parts = BIT(LINK_SERIAL);
	if (w->is_visible && w->tab == DISPLAY_TAB_SCREEN)
		parts |= BIT(LINK_SCREEN);
	if (w->is_visible && w->tab == DISPLAY_TAB_MMU)
		parts |= BIT(LINK_LIVE);
	struct live_request request = mmu_tab_request(w->mmu);
	bool is_same = request.satp == w->request.satp && request.hart == w->request.hart &&
	               request.frame_pa == w->request.frame_pa;
	if (parts == w->look && (is_same || !(parts & BIT(LINK_LIVE))))
		return;
	struct wish wish = { .kind = WISH_LOOK, .number = parts, .request = request };
	w->look = parts;
	w->request = request;
	link_send(w->link, &wish);
	if (parts & BIT(LINK_SCREEN))
		link_want(w->link, LINK_SCREEN);
	if (parts & BIT(LINK_LIVE))
		link_want(w->link, LINK_LIVE);
}

/* In the machine's thread. One event at a time is enough. */
static void wake(void *arg)
{
	struct window *w = arg;
	SDL_Event event = { .type = SDL_USEREVENT };
	if (!atomic_exchange(&w->is_woken, true))
		w->sdl.PushEvent(&event);
}

/* --- what comes from the user --- */

static bool is_modifier(SDL_Scancode key)
{
	return (key >= SDL_SCANCODE_LCTRL && key <= SDL_SCANCODE_RGUI) || key == SDL_SCANCODE_MODE ||
	       key == SDL_SCANCODE_CAPSLOCK || key == SDL_SCANCODE_NUMLOCKCLEAR;
}

static void on_key_down(struct window *w, const SDL_KeyboardEvent *e)
{
	if (w->help_open && !is_modifier(e->keysym.scancode)) {
		w->help_open = false;
		w->box_stale = w->is_stale = true;
		return;
	}
	if (window_key(w, e))
		return;
	if (w->over_since_ns) {
		bool is_meant = window_now_ns() - w->over_since_ns > WINDOW_OVER_WAIT_NS;
		w->is_closing |= is_meant && !e->repeat && !is_modifier(e->keysym.scancode);
	} else if (w->tab == DISPLAY_TAB_SERIAL) {
		window_serial_key(w, e);
	} else if (w->tab == DISPLAY_TAB_SCREEN && !e->repeat) {
		window_screen_key(w, e->keysym.scancode, true);
	} else if (w->tab == DISPLAY_TAB_MMU && e->keysym.sym == SDLK_ESCAPE) {
		w->face_stale |= mmu_tab_key(w->mmu, 27);
		w->is_stale = true;
	}
}

static void on_text(struct window *w, const char *text)
{
	if (w->help_open || w->over_since_ns)
		return;
	if (w->tab == DISPLAY_TAB_SERIAL) {
		window_serial_text(w, text);
		return;
	}
	u32 code_point;
	while (w->tab == DISPLAY_TAB_MMU && (code_point = utf8_next(&text)))
		w->face_stale |= mmu_tab_key(w->mmu, code_point);
	w->is_stale = true;
}

/* A press in the bar. */
static void on_bar(struct window *w, s32 x, s32 y)
{
	for (u32 i = 0; i < WINDOW_TABS; i++) {
		if (rect_has(w->tab_at[i], x, y))
			window_show_tab(w, (enum display_tab)(DISPLAY_TAB_SCREEN + i), true);
	}
	if (rect_has(w->help_at, x, y)) {
		w->help_open = !w->help_open;
		w->box_stale = w->is_stale = true;
	}
	if (rect_has(w->state_at, x, y)) {
		struct wish wish = { .kind = w->status.is_paused ? WISH_CONTINUE : WISH_PAUSE };
		link_send(w->link, &wish);
	}
}

static void on_button(struct window *w, const SDL_MouseButtonEvent *e)
{
	s32 x = (s32)((float)e->x * w->ratio), y = (s32)((float)e->y * w->ratio);
	bool is_down = e->type == SDL_MOUSEBUTTONDOWN;
	if (w->help_open && is_down) {
		w->help_open = false;
		w->is_stale = w->box_stale = true;
		return;
	}
	if (is_down && !w->is_grabbed && rect_has(w->layout.bar, x, y)) {
		on_bar(w, x, y);
		return;
	}
	s32 face_x = x - w->layout.face.x, face_y = y - w->layout.face.y;
	if (w->tab == DISPLAY_TAB_SCREEN)
		window_screen_button(w, e->button, is_down, x, y);
	else if (w->tab == DISPLAY_TAB_SERIAL)
		window_serial_button(w, e->button, is_down, face_x, face_y);
	else if (is_down && e->button == SDL_BUTTON_LEFT && mmu_tab_pointer(w->mmu, face_x, face_y, true, 0))
		w->face_stale = w->is_stale = true;
}

static void on_motion(struct window *w, const SDL_MouseMotionEvent *e)
{
	s32 x = (s32)((float)e->x * w->ratio), y = (s32)((float)e->y * w->ratio);
	s32 face_x = x - w->layout.face.x, face_y = y - w->layout.face.y;
	if (w->tab == DISPLAY_TAB_SCREEN)
		window_screen_motion(w, x, y, e->xrel, e->yrel);
	else if (w->tab == DISPLAY_TAB_SERIAL)
		window_serial_pointer(w, face_x, face_y);
	else if (mmu_tab_pointer(w->mmu, face_y < 0 ? -1 : face_x, face_y < 0 ? -1 : face_y, false, 0))
		w->face_stale = w->is_stale = true;
}

static void on_wheel(struct window *w, const SDL_MouseWheelEvent *e)
{
	s32 notches = e->direction == SDL_MOUSEWHEEL_FLIPPED ? -e->y : e->y;
	s32 x = (s32)((float)e->mouseX * w->ratio) - w->layout.face.x;
	s32 y = (s32)((float)e->mouseY * w->ratio) - w->layout.face.y;
	if (w->tab == DISPLAY_TAB_SCREEN)
		window_screen_wheel(w, notches);
	else if (w->tab == DISPLAY_TAB_SERIAL)
		window_serial_scroll(w, 3 * notches);
	else if (mmu_tab_pointer(w->mmu, x, y, false, notches))
		w->face_stale = w->is_stale = true;
}

static void on_window(struct window *w, const SDL_WindowEvent *e)
{
	switch (e->event) {
	case SDL_WINDOWEVENT_RESIZED:
		w->user_sized |= (u32)e->data1 != w->asked_width || (u32)e->data2 != w->asked_height;
		break;
	case SDL_WINDOWEVENT_SIZE_CHANGED:
		window_arrange(w);
		break;
	case SDL_WINDOWEVENT_EXPOSED:
		w->is_stale = true;
		break;
	case SDL_WINDOWEVENT_SHOWN:
	case SDL_WINDOWEVENT_RESTORED:
	case SDL_WINDOWEVENT_MAXIMIZED:
		w->is_visible = w->is_stale = true;
		break;
	case SDL_WINDOWEVENT_HIDDEN:
	case SDL_WINDOWEVENT_MINIMIZED:
		w->is_visible = false;
		break;
	case SDL_WINDOWEVENT_FOCUS_LOST:
		window_screen_release(w);
		window_screen_grab(w, false);
		break;
	case SDL_WINDOWEVENT_LEAVE:
		if (w->tab == DISPLAY_TAB_MMU)
			w->face_stale |= w->is_stale |= mmu_tab_pointer(w->mmu, -1, -1, false, 0);
		break;
	case SDL_WINDOWEVENT_CLOSE:
		w->is_closing = true;
		break;
	default:
		break;
	}
}

static void on_event(struct window *w, const SDL_Event *e)
{
	switch (e->type) {
	case SDL_QUIT:
		w->is_closing = true;
		break;
	case SDL_WINDOWEVENT:
		on_window(w, &e->window);
		break;
	case SDL_KEYDOWN:
		on_key_down(w, &e->key);
		break;
	case SDL_KEYUP:
		if (w->tab == DISPLAY_TAB_SCREEN)
			window_screen_key(w, e->key.keysym.scancode, false);
		break;
	case SDL_TEXTINPUT: /* with Alt the key itself was what counts */
		if (!(w->sdl.GetModState() & (KMOD_LALT | KMOD_CTRL)))
			on_text(w, e->text.text);
		break;
	case SDL_MOUSEBUTTONDOWN:
	case SDL_MOUSEBUTTONUP:
		on_button(w, &e->button);
		break;
	case SDL_MOUSEMOTION:
		on_motion(w, &e->motion);
		break;
	case SDL_MOUSEWHEEL:
		on_wheel(w, &e->wheel);
		break;
	case SDL_RENDER_TARGETS_RESET:
	case SDL_RENDER_DEVICE_RESET:
		window_paint_forget(w);
		break;
	default:
		break;
	}
}
