/*
 * The MMU live on a sheet of characters: frame map, counters with plots, the last walk, TLB, address spaces, a chosen
 * frame; and what its keys do. Knows no terminal: tests paint it and read it as text.
 */
#ifndef RVEMU_EMU_DISPLAY_TUI_MMU_H
#define RVEMU_EMU_DISPLAY_TUI_MMU_H

#include "emu/display/link.h"
#include "emu/display/sheet.h"
#include "emu/display/tui_keys.h"

#define TUI_MMU_COLUMNS_MIN 60 /* below, things are cut */
#define TUI_MMU_ROWS_MIN 20

struct tui_mmu {
	struct live_request request; /* what is to be seen */
	bool has_cursor;             /* on the frame map; ... */
	u64 cursor_pa;               /* ... at this frame */
	bool shows_failed;           /* the last walk that failed, not the last */

	/* the map as it was painted last */
	u32 columns, rows; /* spots; half blocks are two, one above the other */
	u32 group;         /* cells a spot */

	void (*send)(void *arg, const struct wish *wish); /* what the user wishes */
	void *arg;
};

void tui_mmu_init(struct tui_mmu *m, void (*send)(void *arg, const struct wish *wish), void *arg);

/* Paints all of it into r. `view` may be NULL: there is none yet. */
void tui_mmu_paint(struct tui_mmu *m, struct sheet *s, struct rect r, const struct live_view *view,
                   const struct link_status *status);

/* A key; view may be NULL. True: it was one of its own; `request` may have changed. */
bool tui_mmu_key(struct tui_mmu *m, const struct tui_key *key, const struct live_view *view,
                 const struct link_status *status);

/* --- parts, for tests and each other --- */

/* The frame map with its legend. Returns the rows that it took. */
s32 tui_map_paint(struct tui_mmu *m, struct sheet *s, struct rect r, const struct live_view *view);
/* First byte of the frame of a spot, and the spot of a frame. */
u64 tui_map_pa(const struct tui_mmu *m, const struct live_view *view, u32 spot);
u32 tui_map_spot(const struct tui_mmu *m, const struct live_view *view, u64 pa);
/* The frame that stands for the spot under the cursor. */
u64 tui_map_pick(const struct tui_mmu *m, const struct live_view *view);
/* What the cursor is on, in a line. */
void tui_map_describe(const struct tui_mmu *m, const struct live_view *view, char *text, size_t size);

/* A walk; rows that it takes. */
u32 tui_walk_rows(const struct live_walk *walk);
void tui_walk_paint(struct sheet *s, struct rect r, const struct live_walk *walk, const char *title);
/* The walks before the last one, a line each. */
void tui_walks_paint(struct sheet *s, struct rect r, const struct live_view *view);
/* The chosen frame: its mappings and history. */
void tui_frame_paint(struct sheet *s, struct rect r, const struct live_view *view);
/* The flags of a PTE: "VRW-U-AD". */
const char *tui_pte_flags(char text[16], u64 pte);

#endif
