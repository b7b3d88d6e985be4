/*
 * The text interface (ncurses), for people over ssh: the serial console, and the MMU live beside it or in its place. A
 * thread of its own that has the terminal; all it knows of the machine passes the link.
 *
 * F12 (or Ctrl-A m) switches between the console and the MMU; Ctrl-A x ends rvemu; Ctrl-A h helps.
 */
#ifndef RVEMU_EMU_DISPLAY_TUI_H
#define RVEMU_EMU_DISPLAY_TUI_H

#include "emu/display/link.h"
#include "emu/options_display.h"

struct tui;

/* Takes the terminal and starts its thread. NULL: there is no terminal, or it can do too little; see err. */
struct tui *tui_create(const struct display_config *config, struct link *link, struct error *err);

/* Gives the terminal back and ends its thread. */
void tui_destroy(struct tui *t);

#endif
