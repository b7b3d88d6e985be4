/*
 * What the user does in the window, sent to the part whose it is: the bar, the tab that is shown, a box that is open.
 */
#include "emu/display/window_internal.h"

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

void window_event(struct window *w, const SDL_Event *e)
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
