/*
 * The MMU live, painted: frame map, page-table tree, TLB, last walk, plots, legend, tooltips, and the buttons that
 * hold, step and slow the machine. Paints a struct live_view into a canvas and answers pointer and keys with wishes;
 * knows no window, so that tests paint it without one.
 */
#ifndef RVEMU_EMU_DISPLAY_MMU_TAB_H
#define RVEMU_EMU_DISPLAY_MMU_TAB_H

#include "emu/display/link.h"
#include "emu/display/paint.h"

#define MMU_TAB_WIDTH_MIN 640 /* pixels: below, parts are left out */
#define MMU_TAB_HEIGHT_MIN 400

struct mmu_tab;

/* `send` is called with what the user wishes. */
struct mmu_tab *mmu_tab_create(void (*send)(void *arg, const struct wish *wish), void *arg);
void mmu_tab_destroy(struct mmu_tab *tab);

/* A newer view, and how the machine is. The view must live until the next one is shown. True: it must be painted anew.
 */
bool mmu_tab_show(struct mmu_tab *tab, const struct live_view *view, const struct link_status *status);

/* Paints all of it into r, at any size. now_ns is the host's clock, for what flashes. */
void mmu_tab_paint(struct mmu_tab *tab, const struct canvas *c, struct rect r, u64 now_ns);

/* When it must be painted anew although nothing came (something flashes); UINT64_MAX: not. */
u64 mmu_tab_next_paint_ns(const struct mmu_tab *tab, u64 now_ns);

/* The pointer is at (x, y) of the canvas (-1, -1: elsewhere). `pressed`: the left button went down now. wheel: notches,
 * away from the user positive. True: it must be painted anew. */
bool mmu_tab_pointer(struct mmu_tab *tab, s32 x, s32 y, bool pressed, s32 wheel);

/* A key: ' ' holds and lets go, 's' 'w' 'f' step by instruction, walk, fault, '+' '-' speed, '0' full speed, 'h' or '?'
 * the help, '[' ']' the address space before and after, 'c' the hart's own, 't' the next hart, 'p' 'n' the walk before
 * and after, 'l' the last one that failed, '1' to '5' one part alone and back, 27 closes what is open. True: the key
 * was one of its own. */
bool mmu_tab_key(struct mmu_tab *tab, u32 code_point);

/* What it wants to see (for WISH_LOOK). */
struct live_request mmu_tab_request(const struct mmu_tab *tab);

#endif
