/*
 * Drawing into an image: rectangles, lines, text. Everything is clipped to the canvas; colours are 0x00RRGGBB. No
 * antialiasing, no state beyond the canvas, so that pictures are the same everywhere.
 */
#ifndef RVEMU_EMU_DISPLAY_PAINT_H
#define RVEMU_EMU_DISPLAY_PAINT_H

#include "emu/display/font.h"
#include "emu/display/picture.h"

struct rect {
	s32 x, y; /* top left corner */
	s32 w, h; /* pixels; nothing if either is 0 or less */
};

/* Where one draws: a part of an image. */
struct canvas {
	struct picture *picture; /* the pixels */
	struct rect clip;        /* nothing is drawn outside; coordinates are the image's all the same */
};

struct canvas canvas_of(struct picture *picture);
/* The same with the clip cut down to r. */
struct canvas canvas_clip(const struct canvas *c, struct rect r);

static inline bool rect_has(struct rect r, s32 x, s32 y)
{
	return x >= r.x && y >= r.y && x - r.x < r.w && y - r.y < r.h;
}

void paint_rect(const struct canvas *c, struct rect r, u32 colour);
/* The border alone, one pixel wide, inside of r. */
void paint_frame(const struct canvas *c, struct rect r, u32 colour);
void paint_line(const struct canvas *c, s32 x0, s32 y0, s32 x1, s32 y1, u32 colour);

/* UTF-8 text from (x, y), its top left corner; returns the x behind it. Only the strokes are drawn. */
s32 paint_text(const struct canvas *c, const struct font *font, s32 x, s32 y, u32 colour, const char *text);
/* The same cut to `width` pixels; what does not fit ends in an ellipsis. */
s32 paint_text_in(const struct canvas *c, const struct font *font, s32 x, s32 y, s32 width, u32 colour,
                  const char *text);
/* One character in its cell, background too. */
void paint_cell(const struct canvas *c, const struct font *font, s32 x, s32 y, u32 colour, u32 background,
                u32 code_point);
/* Width of the text in pixels. */
s32 text_width(const struct font *font, const char *text);

/* The colour between two: amount 0 is `a`, 255 is `b`. */
u32 colour_mix(u32 a, u32 b, u32 amount);

#endif
