/*
 * --display and --screen: see options_display.h.
 */
#include "emu/options_display.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/framebuffer.h"
#include "emu/options_values.h"
#include "emu/options_words.h"

/* One of some names; `names` ends with NULL. False: see w->err. */
static bool choose(const struct words *w, const char *const *names, u8 *chosen)
{
	char given[64];
	snprintf(given, sizeof(given), "%s: %s", w->given, w->word);
	int i = options_choose(w->value, names, given, w->err);
	if (i < 0)
		return false;
	*chosen = (u8)i;
	return true;
}

/* A word behind the kind of display. */
static bool window_word(const struct words *w, struct display_config *c)
{
	static const char *const scales[] = { "integer", "smooth", NULL };
	static const char *const tabs[] = { "auto", "screen", "serial", "mmu", NULL };
	if (word_is_key(w, "scale"))
		return choose(w, scales, &c->scale);
	if (word_is_key(w, "tab"))
		return choose(w, tabs, &c->tab);
	if (word_is_key(w, "fullscreen"))
		return word_switch(w, &c->fullscreen);
	return word_unknown(w, "scale=integer|smooth, fullscreen=on, tab=screen|serial|mmu");
}

bool display_options_display(struct display_config *c, const char *given, const char *text, struct error *err)
{
	static const char *const names[] = { "auto", "none", "sdl", "tui", NULL };
	static const char png[] = "png:";
	struct words w = { .given = given, .rest = text, .err = err };
	*c = (struct display_config){ 0 };
	if (strncmp(text, png, strlen(png)) == 0) {
		c->kind = DISPLAY_PNG;
		c->png = text + strlen(png);
		return *c->png || error_set(err, "%s %s: no file name behind the colon", given, text);
	}
	bool ok = word_next(&w);
	int kind = -1;
	for (int i = 0; names[i] && ok; i++)
		if (!w.value && strcmp(w.word, names[i]) == 0)
			kind = i;
	if (kind < 0)
		ok = error_set(err, "%s %s: must be sdl, tui, none, auto or png:FILE", given, text);
	else
		c->kind = (u8)kind;
	while (ok && word_next(&w))
		ok = c->kind == DISPLAY_SDL || c->kind == DISPLAY_AUTO
		             ? window_word(&w, c)
		             : error_set(err, "%s %s: takes no more words", given, names[kind]);
	free(w.word);
	return ok;
}

/* "1280x800" */
static bool read_size(const char *text, struct screen_config *c)
{
	char *copy = xstrdup(text), *x = strchr(copy, 'x');
	u64 width = 0, height = 0;
	bool ok = x != NULL;
	if (ok) {
		*x = '\0';
		ok = options_number(copy, false, &width) && options_number(x + 1, false, &height);
	}
	ok = ok && width >= FRAMEBUFFER_SIDE_MIN && width <= FRAMEBUFFER_SIDE_MAX && height >= FRAMEBUFFER_SIDE_MIN &&
	     height <= FRAMEBUFFER_SIDE_MAX;
	c->width = (u32)width;
	c->height = (u32)height;
	free(copy);
	return ok;
}

static bool screen_word(const struct words *w, struct screen_config *c)
{
	static const char *const pointers[] = { "tablet", "mouse", "none", NULL };
	bool on = true;
	if (word_is_key(w, "gpu")) {
		bool ok = word_switch(w, &on);
		c->no_gpu = !on;
		return ok;
	}
	if (word_is_key(w, "simple")) {
		bool ok = word_switch(w, &on);
		c->no_simple = !on;
		return ok;
	}
	if (word_is_key(w, "pointer"))
		return choose(w, pointers, &c->pointer);
	if (!w->value && strcmp(w->word, "on") == 0)
		return true;
	if (!w->value && strchr(w->word, 'x'))
		return read_size(w->word, c) ||
		       error_set(w->err, "%s: %s: must be WIDTHxHEIGHT, each %d to %d pixels", w->given, w->word,
		                 FRAMEBUFFER_SIDE_MIN, FRAMEBUFFER_SIDE_MAX);
	return word_unknown(w, "WIDTHxHEIGHT, gpu=off, simple=off, pointer=tablet|mouse|none, off");
}

bool display_options_screen(struct screen_config *c, const char *given, const char *text, struct error *err)
{
	struct words w = { .given = given, .rest = text, .err = err };
	bool ok = true;
	c->wanted = SCREEN_WANTED_ON;
	if (strcmp(text, "off") == 0)
		c->wanted = SCREEN_WANTED_OFF;
	while (ok && c->wanted == SCREEN_WANTED_ON && word_next(&w))
		ok = screen_word(&w, c);
	free(w.word);
	return ok;
}

bool display_options_has_screen(const struct screen_config *screen, const struct display_config *display)
{
	if (screen->wanted != SCREEN_WANTED_AUTO)
		return screen->wanted == SCREEN_WANTED_ON;
	return display->kind == DISPLAY_SDL || display->kind == DISPLAY_PNG;
}
