/*
 * The screen: the machine's framebuffer, found in the device tree, and the drawing of terminals on it. Who draws what
 * and when is vt.c's business; programs reach the same memory through /dev/fb0 (fb.c).
 */
#ifndef GUEST_KERNEL_SCREEN_SCREEN_H
#define GUEST_KERNEL_SCREEN_SCREEN_H

#include "guest/kernel/screen/terminal.h"

/* The framebuffer: rows of pixels of 32 bits, 0x00RRGGBB. */
struct screen {
	u64 pa;            /* of the first pixel; a page's */
	u64 size;          /* bytes, whole pages */
	u32 width, height; /* pixels */
	u32 stride;        /* bytes from row to row */
	u32 columns, rows; /* cells */
};

/* Finds it: a "simple-framebuffer" of 32 bits. NULL: there is none, or it is none that we can draw on. May sleep (boot
 * only). */
const struct screen *screen_init(void);
/* The one found, or NULL. */
const struct screen *screen_get(void);

/* Brings what differs since the last call onto the screen. Another terminal than last time: all of it may. Does not
 * sleep. */
void screen_draw(struct terminal *terminal);
/* Somebody else has drawn: nothing of what was drawn need be there any more. Rows are whole again when they are drawn
 * next. */
void screen_forget(void);

#endif
