/*
 * The window's thread: opens the window, sleeps until the user or the machine does something, and shows it. What the
 * user does goes to window_events.c; what is painted how is in window_paint.c.
 *
 * The thread takes from the link all that is there, then paints once: however much the machine does, it is painted no
 * more often than the display shows. With nothing new it sleeps without a timeout.
 */
#include "emu/display/window.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "emu/display/window_internal.h"

#define EVENTS_AT_ONCE 256 /* before something is painted */
#define WINDOW_WIDTH_MIN 320
#define WINDOW_HEIGHT_MIN 200
#define BAR_PAD 6 /* pixels around the bar's text, both together */

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
		snprintf(text, size, "%llu instruction%s/s%s", (unsigned long long)s->speed, s->speed == 1 ? "" : "s",
		         frozen);
	else if (s->mips < 0.05)
		snprintf(text, size, "idle%s", frozen);
	else
		snprintf(text, size, "%.*f MIPS%s", s->mips < 9.95 ? 1 : 0, s->mips, frozen);
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

/* A window over several desktops may be larger than pictures can be: the rest of it stays black. */
static u32 side_of(int pixels)
{
	return pixels < 1 ? 1 : pixels < PICTURE_SIDE_MAX ? (u32)pixels : PICTURE_SIDE_MAX;
}

void window_arrange(struct window *w)
{
	int width = 0, height = 0;
	w->sdl.GetRendererOutputSize(w->renderer, &width, &height);
	w->width = side_of(width);
	w->height = side_of(height);
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
	w->answering = true;
	if (bytes)
		terminal_write(w->terminal, bytes, size);
	w->answering = false;
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

/* Says what is to be seen from now on; false: nothing else than before. What nobody sees is not collected. */
static bool look(struct window *w)
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
		return false;
	struct wish wish = { .kind = WISH_LOOK, .number = parts, .request = request };
	w->look = parts;
	w->request = request;
	link_send(w->link, &wish);
	if (parts & BIT(LINK_SCREEN))
		link_want(w->link, LINK_SCREEN);
	if (parts & BIT(LINK_LIVE))
		link_want(w->link, LINK_LIVE);
	return true;
}

static void send_wish(void *arg, const struct wish *wish)
{
	struct window *w = arg;
	link_send(w->link, wish);
}

/* In the machine's thread. One event at a time is enough. */
static void wake(void *arg)
{
	struct window *w = arg;
	SDL_Event event = { .type = SDL_USEREVENT };
	if (!atomic_exchange(&w->is_woken, true))
		w->sdl.PushEvent(&event);
}

static void window_free(struct window *w)
{
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* --- the thread --- */

static bool open_window(struct window *w, struct error *err)
{
	if (!sdl_start(&w->sdl, err))
		return false;
	w->sdl.EnableScreenSaver();
	u32 flags = SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI;
	if (w->config.fullscreen)
		flags |= SDL_WINDOW_FULLSCREEN_DESKTOP;
	w->sdl_window = w->sdl.CreateWindow("rvemu", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED,
	                                    OPTIONS_SCREEN_WIDTH, OPTIONS_SCREEN_HEIGHT, flags);
	if (!w->sdl_window)
		return error_set(err, "--display sdl: no window can be opened: %s", w->sdl.GetError());
	if (!window_paint_open(w, err))
		return false;
	w->sdl.SetWindowMinimumSize(w->sdl_window, WINDOW_WIDTH_MIN, WINDOW_HEIGHT_MIN);
	w->is_visible = true;
	window_serial_open(w);
	w->mmu = mmu_tab_create(send_wish, w);
	w->status = link_status(w->link);
	w->tab = window_layout_tab((enum display_tab)w->config.tab, &w->status);
	w->tab_before_mmu = DISPLAY_TAB_SCREEN;
	w->tab_chosen = w->config.tab != DISPLAY_TAB_AUTO;
	if (w->tab == DISPLAY_TAB_SCREEN)
		w->sdl.StopTextInput();
	else
		w->sdl.StartTextInput();
	window_fit(w);
	window_tell(w);
	if (w->config.fullscreen)
		window_note(w, WINDOW_FULL_SCREEN_NOTE);
	return true;
}

static void close_window(struct window *w)
{
	window_serial_close(w);
	if (w->mmu)
		mmu_tab_destroy(w->mmu);
	if (w->view)
		live_view_destroy(w->view);
	free(w->typing);
	window_paint_close(w);
	if (w->sdl_window)
		w->sdl.DestroyWindow(w->sdl_window);
	w->sdl.Quit();
}

static void set_state(struct window *w, enum window_state state)
{
	pthread_mutex_lock(&w->lock);
	w->state = state;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

/* When something is to be done although nothing happens; UINT64_MAX: never. */
static u64 next_due(struct window *w, u64 now_ns)
{
	u64 due = window_screen_type_some(w, now_ns);
	if (w->note_until_ns && now_ns >= w->note_until_ns) {
		w->note_until_ns = 0;
		w->is_stale = true;
	}
	if (w->note_until_ns && w->note_until_ns < due)
		due = w->note_until_ns;
	if (!w->is_visible || w->tab != DISPLAY_TAB_MMU)
		return due;
	u64 flash = mmu_tab_next_paint_ns(w->mmu, now_ns);
	if (flash <= now_ns)
		w->face_stale = w->is_stale = true;
	return flash < due ? flash : due;
}

/* Sleeps until there is an event, or that time has come. */
static void wait_for_events(struct window *w, u64 due_ns)
{
	SDL_Event event;
	int is_there;
	if (due_ns == UINT64_MAX) {
		is_there = w->sdl.WaitEvent(&event);
	} else {
		u64 now_ns = window_now_ns();
		u64 ms = due_ns > now_ns ? (due_ns - now_ns + 999999) / 1000000 : 0;
		is_there = w->sdl.WaitEventTimeout(&event, ms > 60000 ? 60000 : (int)ms);
	}
	for (u32 i = 0; is_there && i < EVENTS_AT_ONCE; i++) {
		window_event(w, &event);
		is_there = w->sdl.PollEvent(&event);
	}
}

/* Paints if something changed, and asks for more of what was shown. */
static void present(struct window *w)
{
	if (!w->is_stale || !w->is_visible)
		return;
	window_paint(w);
	if (w->screen_taken)
		link_want(w->link, LINK_SCREEN);
	if (w->live_taken)
		link_want(w->link, LINK_LIVE);
	w->screen_taken = w->live_taken = false;
}

static void *run(void *arg)
{
	struct window *w = arg;
	if (!open_window(w, &w->error)) {
		link_gone(w->link);
		close_window(w);
		set_state(w, WINDOW_FAILED);
		return NULL;
	}
	link_listen(w->link, wake, w);
	set_state(w, WINDOW_OPEN);
	while (!w->is_closing && !atomic_load(&w->must_end)) {
		atomic_store(&w->is_woken, false);
		take(w);
		if (look(w)) /* what waits already may be of use now */
			take(w);
		u64 due_ns = next_due(w, window_now_ns());
		present(w);
		wait_for_events(w, due_ns);
	}
	if (w->is_closing && !w->status.is_over) {
		struct wish wish = { .kind = WISH_QUIT };
		window_screen_release(w);
		link_send(w->link, &wish);
	}
	link_gone(w->link);
	set_state(w, WINDOW_CLOSED);
	close_window(w);
	return NULL;
}

/* --- the rest of the program's side --- */

bool window_can_open(struct error *err)
{
	struct sdl sdl;
	if (!sdl_load(&sdl, err))
		return false;
	bool can = sdl_start(&sdl, err);
	sdl.Quit();
	return can;
}

struct window *window_create(const struct display_config *config, struct link *link, struct error *err)
{
	struct window *w = xcalloc(1, sizeof(*w));
	w->config = *config;
	w->link = link;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	if (!sdl_load(&w->sdl, err)) {
		window_free(w);
		return NULL;
	}
	/* Signals are the machine's thread's: the new thread starts with all of them blocked. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed) {
		error_set(err, "--display sdl: no thread for the window: %s", strerror(failed));
		window_free(w);
		return NULL;
	}
	pthread_mutex_lock(&w->lock);
	while (w->state == WINDOW_STARTING)
		pthread_cond_wait(&w->changed, &w->lock);
	bool has_failed = w->state == WINDOW_FAILED;
	pthread_mutex_unlock(&w->lock);
	if (!has_failed)
		return w;
	pthread_join(w->thread, NULL);
	*err = w->error;
	window_free(w);
	return NULL;
}

void window_destroy(struct window *w)
{
	if (!w)
		return;
	SDL_Event event = { .type = SDL_USEREVENT };
	atomic_store(&w->must_end, true);
	/* Not after it ended by itself: SDL may be gone. */
	pthread_mutex_lock(&w->lock);
	if (w->state == WINDOW_OPEN)
		w->sdl.PushEvent(&event);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	window_free(w);
}
