/*
 * What the user sees of the machine beside the terminal: a window (--display sdl), the text interface (--display tui),
 * or a picture file at the end (--display png:FILE). The machine's side of it: watches the host for wishes, hands over
 * what changed, and never more often than FRAMES_A_SECOND. emu/session.c makes it; the run loop knows it as one watcher
 * of many (emu/host_io.h).
 */
#ifndef RVEMU_EMU_DISPLAY_DISPLAY_H
#define RVEMU_EMU_DISPLAY_DISPLAY_H

#include "emu/console.h"
#include "emu/control.h"
#include "emu/display/picture.h"
#include "emu/host_io.h"
#include "emu/input_events.h"
#include "emu/inputs.h"
#include "emu/options.h"

struct display;
struct observers;

/* What a display works with; all outlive it. */
struct display_parts {
	const struct config *config;
	struct host_io *io;
	struct console *console;     /* whose input it also is */
	struct control *control;     /* which machine runs, and is held */
	struct observers *observers; /* the live view comes from them */
	struct input_events *events; /* keyboard and pointer, on their way to the guest */
};

/* Whether the guest is to have a window although the user did not say (--display auto): a person sits at a desktop, and
 * the guest has a console on the screen. Decides config->display, and what the machine gets for it. */
struct boot;
bool display_settle(struct config *config, const struct boot *boot, struct error *err) must_check;

/* Opens the window or takes the terminal, as config->display says. NULL for none: *ok says whether that is an error,
 * see err. */
struct display *display_create(const struct display_parts *parts, bool *ok, struct error *err);
void display_destroy(struct display *d);

/* A machine was made, or is over (NULL). */
void display_attach(struct display *d, struct machine *m);

/* What the guest writes to its console, too. d may be NULL. */
void display_serial(struct display *d, u8 byte);

/* The run has ended: the window says how, and stays until the user closes it where he cannot have seen it otherwise. */
void display_finish(struct display *d, struct machine *m, int status);
#endif
