/*
 * The screen: see screen.h. Cells become pixels here, and nowhere else.
 *
 * `drawn` remembers what is on the screen, cell by cell, so that only cells that differ are drawn: a full scroll of
 * mostly empty lines costs little, and pages of the framebuffer that need no change stay clean (the emulator's window
 * then need not look at them).
 */
#include "guest/kernel/screen/screen.h"

#include "guest/kernel/core/device_tree.h"
#include "guest/kernel/core/print.h"
#include "guest/kernel/mm/frame.h"
#include "guest/kernel/mm/kmalloc.h"
#include "guest/kernel/screen/font.h"

#define SIDE_MIN 64u              /* pixels: less is no screen */
#define SIDE_MAX 4096u            /* as many columns and rows as terminals can have */
#define NOTHING_DRAWN 0xffffffffu /* a code that no cell has */
#define CURSOR_STYLES (STYLE_CURSOR_LINE | STYLE_CURSOR_BLOCK)
_Static_assert(SIDE_MAX / FONT_WIDTH <= TERMINAL_COLUMNS_MAX, "a row of cells");

static struct screen screen;
static struct cell *drawn[TERMINAL_ROWS_MAX]; /* rows of cells as they are on the screen */
static const struct terminal *drawn_terminal;
static u32 cursor_row; /* where the cursor was drawn last */

/* --- colours --- */

/* The first 16 are those of Linux's console, the others xterm's cube and greys. */
static u32 colour(u8 number)
{
	static const u32 first[16] = {
		0x000000, 0xaa0000, 0x00aa00, 0xaa5500, 0x0000aa, 0xaa00aa, 0x00aaaa, 0xaaaaaa,
		0x555555, 0xff5555, 0x55ff55, 0xffff55, 0x5555ff, 0xff55ff, 0x55ffff, 0xffffff,
	};
	static const u8 levels[6] = { 0, 95, 135, 175, 215, 255 };

	if (number < 16)
		return first[number];
	if (number >= 232)
		return 0x010101u * (8 + 10 * (number - 232u));
	number = (u8)(number - 16);
	return (u32)levels[number / 36] << 16 | (u32)levels[number / 6 % 6] << 8 | levels[number % 6];
}

/* Half way from one colour to another. */
static u32 mixed(u32 one, u32 other)
{
	return (one >> 1 & 0x7f7f7f) + (other >> 1 & 0x7f7f7f);
}

/* What a cell's style makes of its colours. Bold makes the first eight bright, as Linux does. */
static void colours_of(const struct cell *cell, u32 *ink, u32 *paper)
{
	bool is_bright = cell->style & STYLE_BOLD && cell->ink < 8;

	*ink = colour((u8)(cell->ink + (is_bright ? 8 : 0)));
	*paper = colour(cell->paper);
	if (cell->style & STYLE_FAINT)
		*ink = mixed(*ink, *paper);
	if (!(cell->style & STYLE_REVERSE) != !(cell->style & STYLE_CURSOR_BLOCK)) {
		u32 swapped = *ink;

		*ink = *paper;
		*paper = swapped;
	}
	if (cell->style & STYLE_CONCEAL)
		*ink = *paper;
}

/* --- cells --- */

/* The row's pixels, with what the style adds to the picture. */
static u8 picture_row(const struct cell *cell, const u8 *glyph, u32 y, u32 height)
{
	u8 row = glyph[y];

	if (cell->style & STYLE_ITALIC)
		row = y < height / 3 ? (u8)(row >> 1) : y >= height - height / 3 ? (u8)(row << 1) : row;
	if (cell->style & STYLE_UNDERLINE && y == height - 2)
		row = 0xff;
	if (cell->style & STYLE_STRIKE && y == height / 2)
		row = 0xff;
	if (cell->style & STYLE_CURSOR_LINE && y >= height - 2)
		row = 0xff;
	return row;
}

static void draw_cell(const struct cell *cell, u32 x, u32 y)
{
	u32 height = font_height(), ink, paper;
	u8 *at = (u8 *)(DIRECT_MAP + screen.pa + (u64)y * height * screen.stride + (u64)x * FONT_WIDTH * sizeof(u32));
	u32 code = cell->style & STYLE_WIDE_REST ? ' ' : cell->code;
	const u8 *glyph = font_glyph(code, cell->style & STYLE_BOLD);

	colours_of(cell, &ink, &paper);
	for (u32 line = 0; line < height; line++, at += screen.stride) {
		u32 bits = picture_row(cell, glyph, line, height);
		u32 *pixel = (u32 *)at;

		for (u32 i = 0; i < FONT_WIDTH; i++)
			pixel[i] = bits & 0x80u >> i ? ink : paper;
	}
}

/* Two pixels at once, for cells whose style is nothing special: nearly all. Rows begin at multiples of 8 bytes. */
static void draw_plain_cell(const struct cell *cell, u32 x, u32 y)
{
	u32 height = font_height(), ink, paper;
	u8 *at = (u8 *)(DIRECT_MAP + screen.pa + (u64)y * height * screen.stride + (u64)x * FONT_WIDTH * sizeof(u32));
	const u8 *glyph = font_glyph(cell->code, cell->style & STYLE_BOLD);

	colours_of(cell, &ink, &paper);
	u64 pairs[4] = { (u64)paper << 32 | paper, (u64)ink << 32 | paper, (u64)paper << 32 | ink,
		         (u64)ink << 32 | ink };
	for (u32 line = 0; line < height; line++, at += screen.stride) {
		u64 *pixels = (u64 *)at;
		u32 bits = glyph[line];

		pixels[0] = pairs[bits >> 6];
		pixels[1] = pairs[bits >> 4 & 3];
		pixels[2] = pairs[bits >> 2 & 3];
		pixels[3] = pairs[bits & 3];
	}
}

static u64 word_of(const struct cell *cell)
{
	u64 word;

	__builtin_memcpy(&word, cell, sizeof(word)); /* one load */
	return word;
}

/* What a place shall look like: the cell, and what does not belong to it alone. */
static struct cell wanted(const struct terminal *t, const struct cell *row, u32 x, u16 cursor_style)
{
	struct cell cell = row[x];

	if (t->reversed)
		cell.style ^= STYLE_REVERSE;
	cell.style |= cursor_style;
	return cell;
}

static void draw_row(const struct terminal *t, u32 y, u16 cursor_style)
{
	static const u16 special = STYLE_ITALIC | STYLE_UNDERLINE | STYLE_STRIKE | STYLE_CURSOR_LINE | STYLE_WIDE_REST;
	const struct cell *row = terminal_row(t, y);

	for (u32 x = 0; x < t->columns; x++) {
		struct cell cell = wanted(t, row, x, x == t->cursor.x ? cursor_style : 0);
		struct cell *old = &drawn[y][x];

		if (word_of(old) == word_of(&cell))
			continue;
		*old = cell;
		if (cell.style & special || screen.stride % 8)
			draw_cell(&cell, x, y);
		else
			draw_plain_cell(&cell, x, y);
	}
}

static u16 cursor_style(const struct terminal *t)
{
	if (t->cursor_hidden || t->cursor_shape == CURSOR_NONE)
		return 0;
	return t->cursor_shape == CURSOR_BLOCK ? STYLE_CURSOR_BLOCK : STYLE_CURSOR_LINE;
}

void screen_draw(struct terminal *t)
{
	u16 style = cursor_style(t);
	u32 row = t->cursor.y + t->view; /* beyond the last one while the view is scrolled back far enough */

	if (drawn_terminal != t)
		terminal_touch_all(t);
	drawn_terminal = t;
	for (u32 y = 0; y < t->rows; y++)
		if ((y >= t->dirty_first && y <= t->dirty_last) || y == row || y == cursor_row)
			draw_row(t, y, y == row ? style : 0);
	cursor_row = row;
	t->dirty_first = t->rows;
	t->dirty_last = 0;
}

void screen_forget(void)
{
	for (u32 y = 0; y < screen.rows; y++)
		for (u32 x = 0; x < screen.columns; x++)
			drawn[y][x].code = NOTHING_DRAWN;
}

/* --- the framebuffer --- */

/* Devicetree specification of Linux: simple-framebuffer. Alpha is nothing that a screen shows. */
static bool is_format_known(int node)
{
	const char *format = device_tree_property(node, "format", NULL);

	return format && (!strcmp(format, "x8r8g8b8") || !strcmp(format, "a8r8g8b8"));
}

/* Its node: one of /chosen's, which are few; a search of the whole tree would take longer than all else here. */
static int find_node(void)
{
	for (int node = device_tree_first_child(device_tree_path("/chosen")); node >= 0;
	     node = device_tree_next_sibling(node)) {
		const char *compatible = device_tree_property(node, "compatible", NULL);

		if (compatible && !strcmp(compatible, "simple-framebuffer"))
			return node;
	}
	return -1;
}

static bool find(void)
{
	u64 reg_size;
	int node = find_node();

	if (node < 0 || !device_tree_reg(node, 0, &screen.pa, &reg_size))
		return false;
	screen.width = (u32)device_tree_number(node, "width", 0);
	screen.height = (u32)device_tree_number(node, "height", 0);
	screen.stride = (u32)device_tree_number(node, "stride", 0);
	bool has_size = screen.width >= SIDE_MIN && screen.height >= SIDE_MIN && screen.width <= SIDE_MAX &&
	                screen.height <= SIDE_MAX && screen.stride >= 4 * screen.width && screen.stride % 4 == 0 &&
	                (u64)screen.stride * screen.height <= reg_size;
	if (has_size && screen.pa % PAGE_SIZE == 0 && is_format_known(node)) {
		screen.size = ROUND_UP((u64)screen.stride * screen.height, PAGE_SIZE);
		return true;
	}
	printk("screen: a framebuffer of %u x %u at %lx is none that can be drawn on (x8r8g8b8)\n", screen.width,
	       screen.height, screen.pa);
	return false;
}

static bool allocate_rows(void)
{
	for (u32 y = 0; y < screen.rows; y++) {
		drawn[y] = kmalloc(screen.columns * sizeof(struct cell));
		if (!drawn[y])
			return false;
	}
	return true;
}

/* As if empty cells had been drawn: most of a screen is that at the beginning. */
static void blacken(void)
{
	struct cell empty = { .code = ' ', .ink = 7 };
	u8 *at = (u8 *)(DIRECT_MAP + screen.pa);
	u64 size = (u64)screen.stride * screen.height;

	for (; size >= PAGE_SIZE; size -= PAGE_SIZE, at += PAGE_SIZE)
		page_zero(at);
	memset(at, 0, size);
	for (u32 y = 0; y < screen.rows; y++)
		for (u32 x = 0; x < screen.columns; x++)
			drawn[y][x] = empty;
}

const struct screen *screen_init(void)
{
	if (!find() || !font_init()) {
		screen.size = 0;
		return NULL;
	}
	screen.columns = screen.width / FONT_WIDTH;
	screen.rows = MIN(screen.height / font_height(), (u32)TERMINAL_ROWS_MAX);
	if (!allocate_rows()) {
		printk("screen: no memory for it\n");
		screen.size = 0;
		return NULL;
	}
	blacken();
	return &screen;
}

const struct screen *screen_get(void)
{
	return screen.size ? &screen : NULL;
}
