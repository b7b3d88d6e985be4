/*
 * Box drawing, blocks and Braille as bitmaps: see box.h. A character of lines is four arms from the middle, each with
 * its weight; where they meet is worked out from the weights alone.
 */
#include "emu/display/box.h"

#include <string.h>

enum weight { NONE, LIGHT, HEAVY, DOUBLE };
enum arm { UP, RIGHT, DOWN, LEFT };

/* U+2500..U+257F: the weights of the arms up, right, down, left, four digits each, eight code points a line. All 0:
 * dashes and diagonals, which are drawn in other ways. */
static const char *const box_arms = "01010202101020200000000000000000"
				    "00000000000000000110021001200220"
				    "00110012002100221100120021002200"
				    "10011002200120021110121021101120"
				    "21202210122022201011101220111021"
				    "20212012102220220111011202110212"
				    "01210122022102221101110212011202"
				    "21012102220122021111111212111212"
				    "21111121212121122211112212212212"
				    "12222122222122220000000000000000"
				    "03033030031001300330001300310033"
				    "13003100330010033001300313103130"
				    "33301013303130330313013103331303"
				    "31013303131331313333011000111001"
				    "11000000000000000001100001000010"
				    "00022000020000200201102001022010";

/* The bitmap that is being made. */
struct glyph {
	s32 width, height, row_bytes; /* pixels; bytes */
	s32 light;                    /* thickness of a light line */
	u8 *bits;
};

/* Pixels from..to-1 along one axis. */
struct band {
	s32 from, to;
};

static void fill(struct glyph *g, s32 x0, s32 y0, s32 x1, s32 y1)
{
	for (s32 y = y0 < 0 ? 0 : y0; y < y1 && y < g->height; y++) {
		for (s32 x = x0 < 0 ? 0 : x0; x < x1 && x < g->width; x++)
			g->bits[y * g->row_bytes + x / 8] |= (u8)(0x80 >> x % 8);
	}
}

/* --- lines --- */

/* Where a line of that weight runs across a side of `length` pixels; a double one has two, `which` 0 and 1. */
static struct band line(const struct glyph *g, s32 length, u8 weight, u32 which)
{
	s32 light = g->light, thick = weight == HEAVY ? light + 2 : weight == DOUBLE ? 3 * light : light;
	struct band b = { (length - thick) / 2, (length - thick) / 2 + thick };

	if (weight == DOUBLE && which == 0)
		b.to = b.from + light;
	else if (weight == DOUBLE)
		b.from = b.to - light;
	return b;
}

/* Where line `which` of an arm of `weight` begins: at which line of those that cross it. `sides` are the weights of the
 * crossing arms on the sides of lines 0 and 1, `behind` that of the arm beyond, `near` the crossing line next to it. */
static struct band joint(const struct glyph *g, s32 length, u8 weight, u32 which, const u8 sides[2], u8 behind,
                         u32 near)
{
	u8 heaviest = sides[0] > sides[1] ? sides[0] : sides[1];

	if (weight == DOUBLE && sides[which] == DOUBLE)
		return line(g, length, DOUBLE, near);
	if (weight != DOUBLE && sides[0] == DOUBLE && sides[1] == DOUBLE && behind == NONE)
		return line(g, length, DOUBLE, near);
	return line(g, length, heaviest, !near);
}

static void draw_arms(struct glyph *g, const u8 arms[4])
{
	const u8 horizontal[2] = { arms[LEFT], arms[RIGHT] }, vertical[2] = { arms[UP], arms[DOWN] };

	for (u32 i = 0; i < 2; i++) {
		u8 across = horizontal[i], along = vertical[i];

		for (u32 which = 0; which < (across == NONE ? 0u : across == DOUBLE ? 2u : 1u); which++) {
			struct band y = line(g, g->height, across, which);
			struct band x = joint(g, g->width, across, which, vertical, horizontal[!i], i);

			fill(g, i ? x.from : 0, y.from, i ? g->width : x.to, y.to);
		}
		for (u32 which = 0; which < (along == NONE ? 0u : along == DOUBLE ? 2u : 1u); which++) {
			struct band x = line(g, g->width, along, which);
			struct band y = joint(g, g->height, along, which, horizontal, vertical[!i], i);

			fill(g, x.from, i ? y.from : 0, x.to, i ? g->height : y.to);
		}
	}
}

/* `count` dashes in the cell. */
static void draw_dashes(struct glyph *g, u8 weight, bool is_vertical, s32 count)
{
	s32 length = is_vertical ? g->height : g->width;
	struct band side = line(g, is_vertical ? g->width : g->height, weight, 0);

	for (s32 i = 0; i < count; i++) {
		s32 from = i * length / count, to = (i + 1) * length / count;
		s32 gap = (to - from + 2) / 3;

		if (is_vertical)
			fill(g, side.from, from, side.to, to - gap);
		else
			fill(g, from, side.from, to - gap, side.to);
	}
}

/* A round corner between two arms: straight lines up to a quarter of a circle. */
static void draw_arc(struct glyph *g, bool is_right, bool is_down)
{
	struct band x = line(g, g->width, LIGHT, 0), y = line(g, g->height, LIGHT, 0);
	s32 radius = g->width / 2 - 1, sx = is_right ? 1 : -1, sy = is_down ? 1 : -1;

	if (is_right)
		fill(g, x.from + radius, y.from, g->width, y.to);
	else
		fill(g, 0, y.from, x.to - radius, y.to);
	if (is_down)
		fill(g, x.from, y.from + radius, x.to, g->height);
	else
		fill(g, x.from, 0, x.to, y.to - radius);
	for (s32 dy = 0; dy <= radius; dy++) {
		for (s32 dx = 0; dx <= radius; dx++) {
			s32 far = (radius - dx) * (radius - dx) + (radius - dy) * (radius - dy) - radius * radius;
			s32 left = x.from + sx * dx, top = y.from + sy * dy;

			if (far >= -radius && far <= radius)
				fill(g, left, top, left + g->light, top + g->light);
		}
	}
}

static void draw_diagonal(struct glyph *g, bool is_falling)
{
	for (s32 y = 0; y < g->height; y++) {
		s32 x = (is_falling ? y : g->height - 1 - y) * g->width / g->height;

		fill(g, x, y, x + g->light, y + 1);
	}
}

static void draw_box(struct glyph *g, u32 n)
{
	static const u8 dash_counts[] = { 3, 4, 2 };
	u8 arms[4];

	for (u32 i = 0; i < 4; i++)
		arms[i] = (u8)(box_arms[4 * n + i] - '0');
	if (n >= 0x6d && n <= 0x70)
		draw_arc(g, arms[RIGHT], arms[DOWN]);
	else if (n >= 0x71 && n <= 0x73) {
		if (n != 0x72)
			draw_diagonal(g, false);
		if (n != 0x71)
			draw_diagonal(g, true);
	} else if ((n >= 0x04 && n <= 0x0b) || (n >= 0x4c && n <= 0x4f))
		draw_dashes(g, n & 1 ? HEAVY : LIGHT, n & 2, dash_counts[n >= 0x4c ? 2 : n / 4 - 1]);
	else
		draw_arms(g, arms);
}

/* --- blocks --- */

/* 1, 2, 3 quarters of the pixels, in a pattern that goes on in the next cell. */
static void draw_shade(struct glyph *g, u32 quarters)
{
	for (s32 y = 0; y < g->height; y++) {
		for (s32 x = 0; x < g->width; x++) {
			bool is_odd = (x + y) & 1, is_rare = (x & 1) == 0 && (y & 1) == 0;

			if (quarters == 1 ? is_rare : quarters == 2 ? !is_odd : is_odd || is_rare)
				fill(g, x, y, x + 1, y + 1);
		}
	}
}

/* parts: 1 upper left, 2 upper right, 4 lower left, 8 lower right. */
static void draw_quadrants(struct glyph *g, u32 parts)
{
	s32 x = g->width / 2, y = g->height / 2;

	for (u32 i = 0; i < 4; i++) {
		if (parts & BIT(i))
			fill(g, i & 1 ? x : 0, i & 2 ? y : 0, i & 1 ? g->width : x, i & 2 ? g->height : y);
	}
}

static void draw_block(struct glyph *g, s32 n)
{
	static const u8 quadrants[] = { 4, 8, 1, 13, 9, 7, 11, 2, 6, 14 };
	s32 w = g->width, h = g->height;

	if (n == 0)
		fill(g, 0, 0, w, h / 2);
	else if (n <= 8)
		fill(g, 0, h - h * n / 8, w, h);
	else if (n <= 0xf)
		fill(g, 0, 0, w * (0x10 - n) / 8, h);
	else if (n == 0x10)
		fill(g, w / 2, 0, w, h);
	else if (n <= 0x13)
		draw_shade(g, (u32)n - 0x10);
	else if (n == 0x14)
		fill(g, 0, 0, w, h / 8 ? h / 8 : 1);
	else if (n == 0x15)
		fill(g, w - (w / 8 ? w / 8 : 1), 0, w, h);
	else
		draw_quadrants(g, quadrants[n - 0x16]);
}

static void draw_braille(struct glyph *g, u32 dots)
{
	static const u8 columns[] = { 0, 0, 0, 1, 1, 1, 0, 1 }, rows[] = { 0, 1, 2, 0, 1, 2, 3, 3 };
	s32 size = g->width / 4 ? g->width / 4 : 1;

	for (u32 i = 0; i < 8; i++) {
		s32 x = (2 * columns[i] + 1) * g->width / 4 - size / 2,
		    y = (2 * rows[i] + 1) * g->height / 8 - size / 2;

		if (dots & BIT(i))
			fill(g, x, y, x + size, y + size);
	}
}

bool box_has(u32 code_point)
{
	return (code_point >= 0x2500 && code_point < 0x25a0) || (code_point >= 0x2800 && code_point < 0x2900);
}

void box_glyph(u32 code_point, u32 width, u32 height, u8 glyph[BOX_BYTES])
{
	struct glyph g = { (s32)width, (s32)height, (s32)(width + 7) / 8, (s32)(height + 4) / 16, glyph };

	BUG_ON(width - 1 >= BOX_SIDE_MAX || height - 1 >= BOX_SIDE_MAX || !box_has(code_point));
	if (g.light == 0)
		g.light = 1;
	memset(glyph, 0, BOX_BYTES);
	if (code_point >= 0x2800)
		draw_braille(&g, code_point - 0x2800);
	else if (code_point >= 0x2580)
		draw_block(&g, (s32)(code_point - 0x2580));
	else
		draw_box(&g, code_point - 0x2500);
}
