/*
 * The window's pixels: each part is a picture of its own in memory and a texture that shows it, and only what changed
 * is painted and handed to SDL. The bar, the tabs' faces and the boxes are painted with paint.h; the guest's picture
 * comes as it is.
 */
#include "emu/display/window_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FONT_HEIGHT 16 /* pixels, of bar and boxes, on a screen of usual density */
#define BOX_LINES 32

/* --- opening --- */

/* OpenGL without a graphics card is slower than SDL's own software renderer, and takes all cores. */
static bool is_slow_gl(const struct window *w)
{
	SDL_RendererInfo info;
	if (w->sdl.GetRendererInfo(w->renderer, &info) != 0 || strncmp(info.name, "opengl", 6) != 0)
		return false;
	const u8 *(*get_string)(u32) = (const u8 *(*)(u32))w->sdl.GL_GetProcAddress("glGetString");
	const u32 gl_renderer = 0x1f01;
	const char *name = get_string ? (const char *)get_string(gl_renderer) : NULL;
	return name && (strstr(name, "llvmpipe") || strstr(name, "softpipe") || strstr(name, "swrast"));
}

bool window_paint_open(struct window *w, struct error *err)
{
	/* Who asked SDL for a renderer by its environment variable gets that. */
	bool was_asked = getenv("SDL_RENDER_DRIVER") != NULL;
	w->renderer = w->sdl.CreateRenderer(w->sdl_window, -1, SDL_RENDERER_ACCELERATED | SDL_RENDERER_PRESENTVSYNC);
	if (w->renderer && !was_asked && is_slow_gl(w)) {
		w->sdl.DestroyRenderer(w->renderer);
		w->renderer = NULL;
	}
	/* Or the software renderer would show its pixels by OpenGL. */
	if (!w->renderer && !was_asked)
		w->sdl.SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
	if (!w->renderer)
		w->renderer = w->sdl.CreateRenderer(w->sdl_window, -1, was_asked ? 0 : SDL_RENDERER_SOFTWARE);
	if (!w->renderer)
		return error_set(err, "--display sdl: nothing can be drawn in the window: %s", w->sdl.GetError());
	int inside = 0, across = 0, unused;
	w->sdl.GetRendererOutputSize(w->renderer, &inside, &unused);
	w->sdl.GetWindowSize(w->sdl_window, &across, &unused);
	w->ratio = across > 0 && inside > across ? (float)inside / (float)across : 1;
	u32 height = (u32)(FONT_HEIGHT * w->ratio);
	w->font = font_of_height(height, false);
	w->font_bold = font_of_height(height, true);
	return true;
}

/* All pictures of the window with a texture. */
static struct pane *pane_of(struct window *w, u32 i)
{
	struct pane *panes[] = { &w->bar, &w->screen, &w->face, &w->box, &w->note_box };
	return i < ARRAY_SIZE(panes) ? panes[i] : NULL;
}

void window_paint_forget(struct window *w)
{
	struct pane *p;
	for (u32 i = 0; (p = pane_of(w, i)); i++) {
		if (p->texture)
			w->sdl.DestroyTexture(p->texture);
		p->texture = NULL;
	}
	w->is_stale = true;
}

void window_paint_close(struct window *w)
{
	struct pane *p;
	if (w->renderer)
		window_paint_forget(w);
	for (u32 i = 0; (p = pane_of(w, i)); i++)
		picture_free(&p->picture);
	if (w->renderer)
		w->sdl.DestroyRenderer(w->renderer);
	w->renderer = NULL;
}

/* --- panes --- */

/* Makes the texture if there is none of the picture's size. False: it is new, or there can be none. */
static bool has_texture(struct window *w, struct pane *p)
{
	bool fits = p->width == p->picture.width && p->height == p->picture.height;
	if (p->texture && fits)
		return true;
	if (p->texture)
		w->sdl.DestroyTexture(p->texture);
	p->width = p->picture.width;
	p->height = p->picture.height;
	p->texture = w->sdl.CreateTexture(w->renderer, SDL_PIXELFORMAT_RGB888, SDL_TEXTUREACCESS_STREAMING,
	                                  (int)p->width, (int)p->height);
	if (p->texture)
		w->sdl.SetTextureBlendMode(p->texture, SDL_BLENDMODE_NONE);
	return false;
}

/* Rows of the picture changed. */
static void upload(struct window *w, struct pane *p, u32 first, u32 count)
{
	if (!p->picture.width || !p->picture.height)
		return;
	if (!has_texture(w, p)) {
		first = 0;
		count = p->picture.height;
	}
	SDL_Rect rows = { 0, (int)first, (int)p->width, (int)count };
	const u32 *from = p->picture.pixels + (size_t)first * p->width;
	if (p->texture && count)
		w->sdl.UpdateTexture(p->texture, &rows, from, (int)(p->width * sizeof(u32)));
}

static void show(struct window *w, struct pane *p, struct rect to, SDL_ScaleMode mode)
{
	if (!p->picture.width || to.w <= 0 || to.h <= 0)
		return;
	if (!p->texture)
		upload(w, p, 0, p->picture.height);
	if (!p->texture)
		return;
	SDL_Rect where = { to.x, to.y, to.w, to.h };
	w->sdl.SetTextureScaleMode(p->texture, mode);
	w->sdl.RenderCopy(w->renderer, p->texture, NULL, &where);
}

static struct rect place_of(const struct pane *p, s32 x, s32 y)
{
	return (struct rect){ x, y, (s32)p->picture.width, (s32)p->picture.height };
}

void window_paint_rows(struct window *w, u32 first, u32 count)
{
	upload(w, &w->screen, first, count);
}

/* --- the bar --- */

static void paint_tabs(struct window *w, const struct canvas *c)
{
	static const char *const names[WINDOW_TABS] = { "Screen", "Serial", "MMU" };
	s32 pad = (s32)w->font->width, height = w->layout.bar.h;
	s32 text_y = (height - (s32)w->font->height) / 2;
	s32 x = 0;
	for (u32 i = 0; i < WINDOW_TABS; i++) {
		bool is_chosen = w->tab == DISPLAY_TAB_SCREEN + i;
		struct rect r = { x, 0, text_width(w->font, names[i]) + 2 * pad, height };
		if (is_chosen) {
			paint_rect(c, r, COLOUR_ACCENT_SOFT);
			paint_rect(c, (struct rect){ r.x, height - 2, r.w, 2 }, COLOUR_ACCENT);
		}
		paint_text(c, is_chosen ? w->font_bold : w->font, x + pad, text_y,
		           is_chosen ? COLOUR_INK : COLOUR_QUIET, names[i]);
		w->tab_at[i] = r;
		x += r.w;
	}
}

static u32 colour_of_state(const struct link_status *s)
{
	if (s->is_over)
		return COLOUR_QUIET;
	return s->is_paused || s->speed ? COLOUR_WARN : COLOUR_GOOD;
}

static void paint_bar(struct window *w)
{
	struct rect bar = w->layout.bar;
	if (bar.w <= 0 || bar.h <= 0)
		return;
	picture_resize(&w->bar.picture, (u32)bar.w, (u32)bar.h);
	struct canvas c = canvas_of(&w->bar.picture);
	paint_rect(&c, bar, COLOUR_CARD);
	paint_tabs(w, &c);
	s32 pad = (s32)w->font->width, text_y = (bar.h - (s32)w->font->height) / 2;
	s32 tabs_end = w->tab_at[WINDOW_TABS - 1].x + w->tab_at[WINDOW_TABS - 1].w;
	s32 x = bar.w - text_width(w->font, "?") - 2 * pad;
	w->help_at = (struct rect){ x, 0, bar.w - x, bar.h };
	paint_text(&c, w->font, x + pad, text_y, COLOUR_ACCENT, "?");
	const char *hint = w->tab == DISPLAY_TAB_MMU ? "F12 back" : "F12 the MMU";
	s32 hint_x = x - text_width(w->font, hint) - pad;
	s32 state_x = hint_x - text_width(w->font, w->bar_text) - 3 * pad;
	if (state_x < tabs_end) { /* too narrow for both */
		hint_x = x;
		state_x = hint_x - text_width(w->font, w->bar_text) - pad;
	} else {
		paint_text(&c, w->font, hint_x, text_y, COLOUR_FAINT, hint);
	}
	w->state_at = (struct rect){ 0, 0, 0, 0 };
	if (state_x >= tabs_end) {
		paint_text(&c, w->font, state_x, text_y, colour_of_state(&w->status), w->bar_text);
		w->state_at = (struct rect){ state_x, 0, hint_x - state_x, bar.h };
	}
	upload(w, &w->bar, 0, w->bar.picture.height);
}

/* --- the face: serial console, MMU, or the words where there is no picture --- */

static void paint_centred(const struct canvas *c, const struct font *font, s32 y, u32 colour, const char *text)
{
	s32 x = (c->clip.w - text_width(font, text)) / 2;
	paint_text_in(c, font, x > 0 ? x : 0, y, c->clip.w, colour, text);
}

static void paint_no_screen(struct window *w, const struct canvas *c)
{
	s32 y = c->clip.h / 2 - (s32)w->font->height;
	const char *first = w->status.has_screen ? "The guest has not drawn anything on its screen yet."
	                                         : "This machine has no screen (--screen gives it one).";
	paint_centred(c, w->font_bold, y, COLOUR_INK, first);
	paint_centred(c, w->font, y + 2 * (s32)w->font->height, COLOUR_QUIET,
	              "What it says on its serial console: Ctrl-Alt-2");
}

static bool has_picture(const struct window *w)
{
	return w->tab == DISPLAY_TAB_SCREEN && w->screen.picture.width && w->status.was_drawn;
}

static void paint_face(struct window *w)
{
	struct rect face = { 0, 0, w->layout.face.w, w->layout.face.h };
	if (face.w <= 0 || face.h <= 0 || has_picture(w))
		return;
	picture_resize(&w->face.picture, (u32)face.w, (u32)face.h);
	struct canvas c = canvas_of(&w->face.picture);
	if (w->tab == DISPLAY_TAB_MMU) {
		mmu_tab_paint(w->mmu, &c, face, window_now_ns());
	} else {
		paint_rect(&c, face, COLOUR_BACKGROUND);
		if (w->tab == DISPLAY_TAB_SERIAL)
			terminal_paint(w->terminal, &c, face, font_get(w->font_size, false),
			               font_get(w->font_size, true));
		else
			paint_no_screen(w, &c);
	}
	upload(w, &w->face, 0, w->face.picture.height);
}

/* --- boxes over the rest --- */

/* Lines of a box; `keys` is a column of its own on the left, or NULL. */
struct box_line {
	const char *keys, *text;
};

static void paint_box(struct window *w, struct pane *p, const char *title, const struct box_line *lines, u32 count)
{
	s32 unit = (s32)w->font->width, row = (s32)w->font->height + 2;
	s32 keys_width = 0, width = title ? text_width(w->font_bold, title) : 0;
	for (u32 i = 0; i < count; i++) {
		s32 keys = lines[i].keys ? text_width(w->font, lines[i].keys) + 2 * unit : 0;
		keys_width = keys > keys_width ? keys : keys_width;
	}
	for (u32 i = 0; i < count; i++) {
		s32 line = keys_width + text_width(w->font, lines[i].text);
		width = line > width ? line : width;
	}
	s32 room = w->layout.face.w - 4 * unit;
	width = width < room ? width : room > unit ? room : unit;
	s32 height = row * ((s32)count + (title ? 2 : 0)) + 2 * unit;
	picture_resize(&p->picture, (u32)(width + 4 * unit), (u32)height);
	struct canvas c = canvas_of(&p->picture);
	paint_rect(&c, c.clip, COLOUR_CARD);
	paint_frame(&c, c.clip, COLOUR_ACCENT);
	s32 y = unit;
	if (title) {
		paint_text_in(&c, w->font_bold, 2 * unit, y, width, COLOUR_INK, title);
		y += 2 * row;
	}
	for (u32 i = 0; i < count; i++, y += row) {
		if (lines[i].keys)
			paint_text(&c, w->font, 2 * unit, y, COLOUR_ACCENT, lines[i].keys);
		paint_text_in(&c, w->font, 2 * unit + keys_width, y, width - keys_width, COLOUR_INK, lines[i].text);
	}
	upload(w, p, 0, p->picture.height);
}

static void paint_help(struct window *w)
{
	struct box_line lines[BOX_LINES];
	u32 count = 0;
	while (count < BOX_LINES && window_help_line(count, &lines[count].keys, &lines[count].text))
		count++;
	paint_box(w, &w->box, "Keys of the window; all others are the guest's", lines, count);
}

/* Cuts text into lines of at most `columns` characters where there are blanks; the copy is cut in place. */
static u32 wrap(char *text, u32 columns, struct box_line *lines, u32 max)
{
	u32 count = 0;
	while (*text && count < max) {
		size_t length = strcspn(text, "\n");
		char *end = text + length;
		if (length > columns) {
			char *blank = text + columns;
			while (blank > text && *blank != ' ')
				blank--;
			end = blank > text ? blank : end;
		}
		lines[count++] = (struct box_line){ NULL, text };
		bool is_last = *end == '\0';
		*end = '\0';
		text = is_last ? end : end + 1;
	}
	return count;
}

static void paint_over(struct window *w)
{
	struct box_line lines[BOX_LINES];
	char message[sizeof(w->status.message)];
	snprintf(message, sizeof(message), "%s", w->status.message);
	s32 columns = w->layout.face.w / (s32)w->font->width - 8;
	u32 count = wrap(message, columns < 20 ? 20 : columns > 80 ? 80 : (u32)columns, lines, BOX_LINES - 2);
	lines[count++] = (struct box_line){ NULL, "" };
	lines[count++] = (struct box_line){ NULL, "Any key closes the window." };
	paint_box(w, &w->box, "The run is over", lines, count);
}

static void show_boxes(struct window *w)
{
	struct rect face = w->layout.face;
	s32 unit = (s32)w->font->width;
	if (w->box_stale && w->help_open)
		paint_help(w);
	else if (w->box_stale && w->over_since_ns)
		paint_over(w);
	w->box_stale = false;
	s32 x = face.x + (face.w - (s32)w->box.picture.width) / 2;
	s32 middle = face.y + (face.h - (s32)w->box.picture.height) / 2;
	if (w->help_open)
		show(w, &w->box, place_of(&w->box, x, middle > face.y ? middle : face.y), SDL_ScaleModeNearest);
	else if (w->over_since_ns) /* at the top: what the guest said last is at the bottom */
		show(w, &w->box, place_of(&w->box, x, face.y + unit), SDL_ScaleModeNearest);
	if (!w->note_until_ns)
		return;
	struct box_line line = { NULL, w->note };
	paint_box(w, &w->note_box, NULL, &line, 1);
	s32 note_x = face.x + (face.w - (s32)w->note_box.picture.width) / 2;
	s32 note_y = face.y + face.h - (s32)w->note_box.picture.height - unit;
	show(w, &w->note_box, place_of(&w->note_box, note_x, note_y), SDL_ScaleModeNearest);
}

/* --- all of it --- */

void window_paint(struct window *w)
{
	if (w->bar_stale)
		paint_bar(w);
	if (w->face_stale)
		paint_face(w);
	w->bar_stale = w->face_stale = false;
	u32 behind = has_picture(w) ? 0 : COLOUR_BACKGROUND;
	w->sdl.SetRenderDrawColor(w->renderer, (u8)(behind >> 16), (u8)(behind >> 8), (u8)behind, 255);
	w->sdl.RenderClear(w->renderer);
	if (has_picture(w)) {
		bool is_multiple = w->picture_at.w % (s32)w->screen.picture.width == 0 &&
		                   w->picture_at.h % (s32)w->screen.picture.height == 0;
		bool is_sharp = is_multiple && (w->config.scale == DISPLAY_SCALE_INTEGER ||
		                                w->picture_at.w == (s32)w->screen.picture.width);
		show(w, &w->screen, w->picture_at, is_sharp ? SDL_ScaleModeNearest : SDL_ScaleModeLinear);
	} else {
		show(w, &w->face, place_of(&w->face, w->layout.face.x, w->layout.face.y), SDL_ScaleModeNearest);
	}
	if (w->layout.bar.h > 0)
		show(w, &w->bar, w->layout.bar, SDL_ScaleModeNearest);
	show_boxes(w);
	w->sdl.RenderPresent(w->renderer);
	w->is_stale = false;
}
