/*
 * The window (SDL2): three tabs, the guest's screen, its serial console, and the MMU live; keyboard, pointer,
 * clipboard, scaling. SDL's libraries are loaded only when a window is opened (sdl.h). A thread of its own; all it
 * knows of the machine passes the link.
 *
 * Keys of the window's own: Ctrl-Alt-1, 2, 3 tabs; F12 the MMU and back (Shift-F12 is F12 for the guest); Ctrl-Alt-G
 * holds keyboard and pointer, and lets go; Ctrl-Alt-F full screen; Ctrl-Alt-S smooth or sharp; Ctrl-Alt-U the guest's
 * own size; Ctrl-Shift-C, Ctrl-Shift-V copy and paste; Shift-PageUp scrolls back in the serial console; Ctrl-Alt-P
 * pauses; Ctrl-Alt-Q ends rvemu; Ctrl-Alt-H lists them all (the table is in window_keys.c).
 */
#ifndef RVEMU_EMU_DISPLAY_WINDOW_H
#define RVEMU_EMU_DISPLAY_WINDOW_H

#include "emu/display/link.h"
#include "emu/options_display.h"

/* True if a window can be opened here: there is a desktop, and SDL2 is installed. False: err says why not. Loads SDL.
 */
bool window_can_open(struct error *err) must_check;

struct window;

/* Opens it and starts its thread. NULL: see err. */
struct window *window_create(const struct display_config *config, struct link *link, struct error *err);

/* Closes it and ends its thread. */
void window_destroy(struct window *w);

#endif
