/*
 * Where things are in the window, and which tab is shown: numbers alone, so that tests need no window. Pixels of the
 * window's inside, (0, 0) its top left corner.
 */
#ifndef RVEMU_EMU_DISPLAY_WINDOW_LAYOUT_H
#define RVEMU_EMU_DISPLAY_WINDOW_LAYOUT_H

#include "emu/display/link.h"
#include "emu/display/paint.h"
#include "emu/options_display.h"

struct window_layout {
	struct rect bar;  /* the tabs, at the top; nothing high where it is hidden */
	struct rect face; /* the rest: what the tab shows */
};

/* Of a window that is width x height. In full screen the bar hides, but on the MMU's tab. */
struct window_layout window_layout_of(u32 width, u32 height, u32 bar_height, bool fullscreen, enum display_tab tab);

/* Where a picture of the guest lies in `face`: in its middle, the whole of it, its shape kept. INTEGER takes the
 * largest whole multiple; a face too small for 1:1 gets it shrunk either way. Nothing wide or high for an empty
 * picture. */
struct rect window_layout_picture(struct rect face, u32 width, u32 height, enum display_scale scale);

/* A place in the window as one on the picture that lies at r, 0..max either way; beside the picture, the nearest that
 * is on it. False: it is beside. */
bool window_layout_to_guest(struct rect r, s32 x, s32 y, s32 max, s32 *guest_x, s32 *guest_y);

/* How large the window's inside should be for a picture of the guest at 1:1, and no larger than room_width x
 * room_height: what the desktop has room for. */
void window_layout_size(u32 width, u32 height, u32 bar_height, u32 room_width, u32 room_height, u32 *window_width,
                        u32 *window_height);

/* The tab to be shown where the user has not chosen one: what the options said, or for AUTO the screen once the guest
 * has drawn on it, and the serial console before. Never AUTO. */
enum display_tab window_layout_tab(enum display_tab option, const struct link_status *status);

#endif
