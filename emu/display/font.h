/*
 * The bitmap font of the window: Terminus of the distribution (package console-setup-linux), PC Screen Font 1 and 2, in
 * a few sizes, plain and bold, carried in the binary.
 */
#ifndef RVEMU_EMU_DISPLAY_FONT_H
#define RVEMU_EMU_DISPLAY_FONT_H

#include "emu/base/base.h"

struct font {
	u32 width, height;    /* pixels of a character */
	u32 row_bytes;        /* bytes of a row: (width + 7) / 8 */
	const u8 *glyphs;     /* height * row_bytes each, the leftmost pixel in the highest bit */
	u32 glyph_count;      /* how many */
	struct font_map *map; /* from code points to glyphs */
};

/* The sizes that there are, smallest first: 12, 14, 16, 20, 24, 32 pixels high. */
u32 font_size_count(void);
/* The i-th size; bold where `bold` and there is one. Never NULL; made at first use, which may be in any thread. */
const struct font *font_get(u32 i, bool bold);
/* The largest that is no higher than `height` pixels (or else the smallest). */
const struct font *font_of_height(u32 height, bool bold);

/* The glyph of a code point, or that of U+FFFD, or '?'. */
const u8 *font_glyph(const struct font *font, u32 code_point);
/* True if it has one of its own. */
bool font_has(const struct font *font, u32 code_point);

/* Parses a PSF file (1 or 2) with its Unicode table; without one, glyphs are numbered by code point. False: it is none,
 * or damaged; see err. font_free() frees what it made; `bytes` must live as long. */
bool font_parse(struct font *font, const u8 *bytes, size_t size, struct error *err) must_check;
void font_free(struct font *font);

/* The next code point of UTF-8 text, whose end is 0; moves *text. Damaged bytes are U+FFFD, one each. 0: the end. */
u32 utf8_next(const char **text);
/* Writes one, below 0x200000: 1 to 4 bytes, whose count it returns. No 0 behind it. */
u32 utf8_put(char *text, u32 code_point);

#endif
