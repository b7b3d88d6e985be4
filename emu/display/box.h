/*
 * Characters that must join with their neighbours at any size: box drawing U+2500.., block elements U+2580.., Braille
 * patterns U+2800... They are made here, as bitmaps of the font's size, because fonts lack many and draw others with
 * gaps between cells.
 */
#ifndef RVEMU_EMU_DISPLAY_BOX_H
#define RVEMU_EMU_DISPLAY_BOX_H

#include "emu/base/base.h"

#define BOX_SIDE_MAX 64 /* pixels of a character, either side */
#define BOX_BYTES (BOX_SIDE_MAX * BOX_SIDE_MAX / 8)

/* True if box_glyph() makes this one. */
bool box_has(u32 code_point);

/* Makes it as a glyph like the font's (struct font): height rows of (width + 7) / 8 bytes. The sides are
 * 1..BOX_SIDE_MAX, the code point one of box_has(). */
void box_glyph(u32 code_point, u32 width, u32 height, u8 glyph[BOX_BYTES]);

#endif
