/*
 * The part of the command line that says what screen the guest has (--screen) and how the user sees it (--display).
 * Used by emu/options.c only.
 */
#ifndef RVEMU_EMU_OPTIONS_DISPLAY_H
#define RVEMU_EMU_OPTIONS_DISPLAY_H

#include "emu/base/base.h"

#define OPTIONS_SCREEN_WIDTH 1024 /* pixels, where none are given */
#define OPTIONS_SCREEN_HEIGHT 768

enum display_kind {
	DISPLAY_AUTO, /* a window where the guest has a console on the screen and the user a desktop: display_settle()
	               */
	DISPLAY_NONE, /* the terminal alone */
	DISPLAY_SDL,  /* a window */
	DISPLAY_TUI,  /* the terminal: serial console and the MMU live */
	DISPLAY_PNG,  /* the screen as a picture file, at the end */
};

/* How the guest's screen fills the window. */
enum display_scale {
	DISPLAY_SCALE_INTEGER, /* whole multiples: sharp (the default) */
	DISPLAY_SCALE_SMOOTH,  /* fills it, filtered */
};

/* What the window shows first; AUTO: the screen as soon as the guest draws on it, before that the serial console. */
enum display_tab { DISPLAY_TAB_AUTO, DISPLAY_TAB_SCREEN, DISPLAY_TAB_SERIAL, DISPLAY_TAB_MMU };

struct display_config {
	u8 kind;         /* enum display_kind */
	u8 scale;        /* enum display_scale */
	u8 tab;          /* enum display_tab */
	bool fullscreen; /* begins so */
	bool by_itself;  /* the window was not asked for: DISPLAY_AUTO chose it */
	const char *png; /* DISPLAY_PNG: the file */
};

/* Which hardware there is for it. Devices named with -device are beside it. */
struct screen_config {
	u8 wanted;         /* enum screen_wanted */
	u32 width, height; /* pixels: FRAMEBUFFER_SIDE_MIN..MAX */
	bool no_gpu;       /* without the virtio GPU */
	bool no_simple;    /* without the simple framebuffer */
	u8 pointer;        /* enum screen_pointer */
};
enum screen_wanted {
	SCREEN_WANTED_AUTO, /* if the display shows one: sdl and png */
	SCREEN_WANTED_ON,   /* --screen */
	SCREEN_WANTED_OFF,  /* --screen off */
};
enum screen_pointer { SCREEN_POINTER_TABLET, SCREEN_POINTER_MOUSE, SCREEN_POINTER_NONE };

/* Each reads one option's value: "sdl,scale=smooth,fullscreen=on,tab=mmu", "tui", "none", "png:FILE" or
 * "png,file=FILE"; "1280x800,gpu=off,simple=off,pointer=mouse", "on" or "off". False: see err, which
 * begins with `given`, the option as the user spelled it. */
bool display_options_display(struct display_config *c, const char *given, const char *text,
                             struct error *err) must_check;
bool display_options_screen(struct screen_config *c, const char *given, const char *text, struct error *err) must_check;

/* Whether the guest gets a screen: what the two together say, once the display is no more DISPLAY_AUTO. */
bool display_options_has_screen(const struct screen_config *screen, const struct display_config *display);

#endif
