/*
 * Rectangles, lines and text in a picture. All clipping is in clipped(), in 64-bit numbers: callers may be anywhere.
 */
#include "emu/display/paint.h"

#include <stdlib.h>
#include <string.h>

#include "emu/display/box.h"

#define ELLIPSIS 0x2026

/* Pixels x0 <= x < x1 and y0 <= y < y1; nothing if the sides are the wrong way round. */
struct span {
	s64 x0, y0, x1, y1;
};

static s64 most(s64 a, s64 b)
{
	return a > b ? a : b;
}

static s64 least(s64 a, s64 b)
{
	return a < b ? a : b;
}

/* The part of r that is inside the clip and the picture; never empty the wrong way round. */
static struct span clipped(const struct canvas *c, struct rect r)
{
	struct span s = { most(r.x, most(c->clip.x, 0)), most(r.y, most(c->clip.y, 0)), (s64)r.x + r.w,
		          (s64)r.y + r.h };

	s.x1 = least(s.x1, least((s64)c->clip.x + c->clip.w, c->picture->width));
	s.y1 = least(s.y1, least((s64)c->clip.y + c->clip.h, c->picture->height));
	if (s.x1 <= s.x0 || s.y1 <= s.y0)
		s.x1 = s.x0, s.y1 = s.y0;
	return s;
}

static u32 *pixel(const struct canvas *c, s64 x, s64 y)
{
	return c->picture->pixels + (size_t)y * c->picture->width + (size_t)x;
}

struct canvas canvas_of(struct picture *picture)
{
	return (struct canvas){ picture, { 0, 0, (s32)picture->width, (s32)picture->height } };
}

struct canvas canvas_clip(const struct canvas *c, struct rect r)
{
	struct span s = clipped(c, r);

	return (struct canvas){ c->picture, { (s32)s.x0, (s32)s.y0, (s32)(s.x1 - s.x0), (s32)(s.y1 - s.y0) } };
}

u32 colour_mix(u32 a, u32 b, u32 amount)
{
	u32 mixed = 0;

	if (amount > 255)
		amount = 255;
	for (u32 shift = 0; shift < 24; shift += 8) {
		u32 x = a >> shift & 255, y = b >> shift & 255;

		mixed |= (x * (255 - amount) + y * amount + 127) / 255 << shift;
	}
	return mixed;
}

/* --- shapes --- */

void paint_rect(const struct canvas *c, struct rect r, u32 colour)
{
	struct span s = clipped(c, r);

	for (s64 y = s.y0; y < s.y1; y++) {
		u32 *p = pixel(c, s.x0, y);

		for (s64 x = s.x0; x < s.x1; x++)
			*p++ = colour;
	}
}

void paint_frame(const struct canvas *c, struct rect r, u32 colour)
{
	/* Sides beyond what can be counted are on no picture. */
	s32 right = (s32)least((s64)r.x + r.w - 1, INT32_MAX), bottom = (s32)least((s64)r.y + r.h - 1, INT32_MAX);

	if (r.w <= 0 || r.h <= 0)
		return;
	paint_rect(c, (struct rect){ r.x, r.y, r.w, 1 }, colour);
	paint_rect(c, (struct rect){ r.x, bottom, r.w, 1 }, colour);
	paint_rect(c, (struct rect){ r.x, r.y, 1, r.h }, colour);
	paint_rect(c, (struct rect){ right, r.y, 1, r.h }, colour);
}

/* a + (b - a) * part / whole, rounded to the nearest. */
static s64 between(s64 a, s64 b, s64 part, s64 whole)
{
	s128 scaled = (s128)(b - a) * part * 2;

	return whole == 0 ? a : a + (s64)((scaled + (scaled < 0 ? -whole : whole)) / (2 * whole));
}

/* Along the longer side pixel by pixel, only as far as the clip reaches: ends may be anywhere. */
void paint_line(const struct canvas *c, s32 x0, s32 y0, s32 x1, s32 y1, u32 colour)
{
	bool is_steep = llabs((s64)y1 - y0) > llabs((s64)x1 - x0);
	struct span s = clipped(c, c->clip);
	s64 a0 = is_steep ? y0 : x0, a1 = is_steep ? y1 : x1, b0 = is_steep ? x0 : y0, b1 = is_steep ? x1 : y1;

	if (a0 > a1) {
		s64 a = a0, b = b0;

		a0 = a1, b0 = b1;
		a1 = a, b1 = b;
	}
	for (s64 a = most(a0, is_steep ? s.y0 : s.x0); a <= a1 && a < (is_steep ? s.y1 : s.x1); a++) {
		s64 b = between(b0, b1, a - a0, a1 - a0);
		s64 x = is_steep ? b : a, y = is_steep ? a : b;

		if (x >= s.x0 && x < s.x1 && y >= s.y0 && y < s.y1)
			*pixel(c, x, y) = colour;
	}
}

/* --- text --- */

static void paint_glyph(const struct canvas *c, const struct font *font, s32 left, s32 top, u32 colour, u32 code_point)
{
	struct span s = clipped(c, (struct rect){ left, top, (s32)font->width, (s32)font->height });
	u8 box[BOX_BYTES];
	const u8 *glyph;

	if (s.x0 == s.x1 || code_point <= ' ' || code_point == 0xa0)
		return;
	if (box_has(code_point)) {
		box_glyph(code_point, font->width, font->height, box);
		glyph = box;
	} else {
		glyph = font_glyph(font, code_point);
	}
	for (s64 y = s.y0; y < s.y1; y++) {
		const u8 *row = glyph + (size_t)(y - top) * font->row_bytes;
		u32 *p = pixel(c, s.x0, y);

		for (s64 x = s.x0 - left; x < s.x1 - left; x++, p++) {
			if (row[x / 8] & 0x80 >> x % 8)
				*p = colour;
		}
	}
}

s32 paint_text(const struct canvas *c, const struct font *font, s32 x, s32 y, u32 colour, const char *text)
{
	u32 code_point;

	while ((code_point = utf8_next(&text)) != 0) {
		paint_glyph(c, font, x, y, colour, code_point);
		x += (s32)font->width;
	}
	return x;
}

s32 text_width(const struct font *font, const char *text)
{
	s32 count = 0;

	while (utf8_next(&text) != 0)
		count++;
	return count * (s32)font->width;
}

s32 paint_text_in(const struct canvas *c, const struct font *font, s32 x, s32 y, s32 width, u32 colour,
                  const char *text)
{
	s32 cell = (s32)font->width, room = width / cell;

	if (text_width(font, text) <= width)
		return paint_text(c, font, x, y, colour, text);
	if (room <= 0)
		return x;
	for (s32 i = 0; i < room - 1; i++, x += cell)
		paint_glyph(c, font, x, y, colour, utf8_next(&text));
	paint_glyph(c, font, x, y, colour, ELLIPSIS);
	return x + cell;
}

void paint_cell(const struct canvas *c, const struct font *font, s32 x, s32 y, u32 colour, u32 background,
                u32 code_point)
{
	paint_rect(c, (struct rect){ x, y, (s32)font->width, (s32)font->height }, background);
	paint_glyph(c, font, x, y, colour, code_point);
}
