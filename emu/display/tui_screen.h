/*
 * All of the text interface on one sheet: the console, the MMU, or both; the bar at the bottom; the help. Pure: tests
 * paint it without a terminal.
 */
#ifndef RVEMU_EMU_DISPLAY_TUI_SCREEN_H
#define RVEMU_EMU_DISPLAY_TUI_SCREEN_H

#include "emu/display/terminal.h"
#include "emu/display/tui_mmu.h"

enum tui_view { TUI_CONSOLE, TUI_BOTH, TUI_MMU };

struct tui_screen {
	struct terminal *terminal; /* the serial console: as large as the sheet without the bar, in all views */
	struct tui_mmu *mmu;
	const struct live_view *live; /* what is shown of it, or NULL */
	struct link_status status;
	enum tui_view view;
	bool mmu_has_keys;      /* in TUI_BOTH: keys are for the MMU */
	bool shows_help;        /* over everything */
	bool has_prefix;        /* Ctrl-A was typed */
	const char *message;    /* for the bar, or "" */
	bool has_cursor;        /* painted: the console's cursor is seen ... */
	s32 cursor_x, cursor_y; /* ... there */
};

/* True if there is room for console and MMU beside or above each other. */
bool tui_has_room_for_both(u32 columns, u32 rows);
/* The view that comes after this one. */
enum tui_view tui_next_view(enum tui_view view, u32 columns, u32 rows);

void tui_screen_paint(struct tui_screen *t, struct sheet *s);

#endif
