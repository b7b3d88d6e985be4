/*
 * The console's font: pictures of characters, 8 pixels wide.
 */
#ifndef GUEST_KERNEL_SCREEN_FONT_H
#define GUEST_KERNEL_SCREEN_FONT_H

#include "guest/kernel/core/base.h"

#define FONT_WIDTH 8

/* Reads the font files that are linked in. false: no memory, or a file of another kind; said on the console. May sleep
 * (boot only). */
bool font_init(void) must_check;

/* Pixels, the same for all characters. */
u32 font_height(void);

/* A byte for each row of the picture, the leftmost pixel highest; that of a character it lacks is U+FFFD's. Good until
 * the next call. */
const u8 *font_glyph(u32 code, bool bold);

#endif
