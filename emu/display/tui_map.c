/*
 * The frame map of the text interface: two spots of it in a character, as half blocks of two colours; where there are
 * too few colours one spot, as a letter. A spot is a cell of the live view, or several of them, of which the most
 * telling is shown.
 */
#include <stdio.h>
#include <string.h>

#include "emu/display/tui_curses.h"
#include "emu/display/tui_mmu.h"

#define UPPER_HALF 0x2580
#define BLOCK 0x2588
#define FADES_AT 24     /* age from which on a cell looks as old as can be */
#define FADED 80        /* of 255: how near it comes to the background */
#define GUTTER 10       /* columns for addresses, where there is room */
#define GUTTER_WIDTH 52 /* of the map, from which on there is */
#define FRAME_LOG2 12

static const char letters[GUEST_FRAME_KINDS] = {
	[GUEST_FRAME_UNKNOWN] = ' ', [GUEST_FRAME_FREE] = '.', [GUEST_FRAME_KERNEL] = 'k',
	[GUEST_FRAME_TABLE] = 'T',   [GUEST_FRAME_ANON] = 'a', [GUEST_FRAME_FILE] = 'f',
	[GUEST_FRAME_SHARED] = 's',  [GUEST_FRAME_SWAP] = 'W', [GUEST_FRAME_USER] = 'u',
};

/* --- places --- */

static u64 spot_bytes(const struct tui_mmu *m, const struct live_view *view)
{
	return (u64)m->group << (view->group_log2 + FRAME_LOG2);
}

u64 tui_map_pa(const struct tui_mmu *m, const struct live_view *view, u32 spot)
{
	return view->ram_base + spot * spot_bytes(m, view);
}

u32 tui_map_spot(const struct tui_mmu *m, const struct live_view *view, u64 pa)
{
	u64 spot = pa < view->ram_base ? 0 : (pa - view->ram_base) / spot_bytes(m, view);
	u32 count = (view->cell_count + m->group - 1) / m->group;

	return count == 0 ? 0 : spot < count ? (u32)spot : count - 1;
}

/* --- a spot --- */

/* The cell that stands for a spot; UINT32_MAX: there is no such spot. */
static u32 telling_cell(const struct tui_mmu *m, const struct live_view *view, u64 spot)
{
	u64 first = spot * m->group;
	u32 best = (u32)first;

	if (first >= view->cell_count)
		return UINT32_MAX;
	for (u64 i = first; i < first + m->group && i < view->cell_count; i++) {
		if (live_cell_weight(&view->cells[i]) > live_cell_weight(&view->cells[best]))
			best = (u32)i;
	}
	return best;
}

/* The same with what all of them have: a fault is seen wherever it was. False: there is no such spot. */
static bool spot_cell(const struct tui_mmu *m, const struct live_view *view, u64 spot, struct live_cell *cell)
{
	u32 best = telling_cell(m, view, spot);

	if (best == UINT32_MAX)
		return false;
	*cell = view->cells[best];
	for (u64 i = spot * m->group; i < (spot + 1) * m->group && i < view->cell_count; i++)
		cell->flags |= view->cells[i].flags & LIVE_CELL_FAULTED;
	return true;
}

u64 tui_map_pick(const struct tui_mmu *m, const struct live_view *view)
{
	u32 cell = telling_cell(m, view, tui_map_spot(m, view, m->cursor_pa));

	return cell == UINT32_MAX ? m->cursor_pa : view->ram_base + ((u64)cell << (view->group_log2 + FRAME_LOG2));
}

/* As a terminal of 256 colours shows it: shades of that keep its hue, where each shade's own nearest would not. */
static u32 as_shown(u32 colour)
{
	static const u8 levels[6] = { 0, 95, 135, 175, 215, 255 };
	u32 i = tui_colour(colour, 256);

	if (i < 16 || i >= 232)
		return colour;
	i -= 16;
	return (u32)levels[i / 36] << 16 | (u32)levels[i / 6 % 6] << 8 | levels[i % 6];
}

static u32 cell_colour(const struct sheet *s, const struct live_cell *cell)
{
	u32 colour = colour_of_kind(cell->kind);
	u32 age = cell->age == 0 || cell->age > FADES_AT ? FADES_AT : cell->age;

	if (cell->flags & LIVE_CELL_FAULTED)
		return 0xffffff;
	if (!s->has_shades || cell->kind == GUEST_FRAME_UNKNOWN || cell->kind == GUEST_FRAME_FREE)
		return colour;
	return colour_mix(as_shown(colour), COLOUR_BACKGROUND, (age - 1) * FADED / FADES_AT);
}

/* --- painting --- */

static void paint_spots(const struct tui_mmu *m, struct sheet *s, struct rect r, const struct live_view *view)
{
	u32 cursor = m->has_cursor ? tui_map_spot(m, view, m->cursor_pa) : UINT32_MAX;

	for (u32 row = 0; row < m->rows; row++) {
		for (u32 column = 0; column < m->columns; column++) {
			u32 spot = row * m->columns + column;
			s32 x = r.x + (s32)column, y = r.y + (s32)(s->has_blocks ? row / 2 : row);
			struct sheet_style style = sheet_plain;
			struct live_cell cell;
			bool is_there = spot_cell(m, view, spot, &cell);
			u32 colour = !is_there ? SHEET_OWN : spot == cursor ? 0xffffff : cell_colour(s, &cell);

			if (s->has_blocks && row % 2) { /* the lower half of what is there */
				style = s->cells[(size_t)y * s->columns + (size_t)x].style;
				style.back = colour;
				sheet_put(s, x, y, style.fore == SHEET_OWN ? ' ' : UPPER_HALF, style);
				continue;
			}
			style.fore = colour;
			if (!s->has_blocks && is_there) {
				bool is_marked = spot == cursor || (cell.flags & LIVE_CELL_FAULTED);

				style.fore = colour_of_kind(cell.kind);
				style.flags = is_marked ? SHEET_REVERSE : cell.age == 1 ? SHEET_BOLD : 0;
			}
			sheet_put(s, x, y,
			          !is_there       ? ' '
			          : s->has_blocks ? UPPER_HALF
			                          : (u32)letters[cell.kind % GUEST_FRAME_KINDS],
			          style);
		}
	}
}

/* Writes the legend from r's first row on, or only counts its rows. */
static s32 legend(struct sheet *s, struct rect r, const struct live_view *view, bool paints)
{
	static const u8 order[] = {
		GUEST_FRAME_KERNEL, GUEST_FRAME_TABLE, GUEST_FRAME_ANON, GUEST_FRAME_FILE,    GUEST_FRAME_SHARED,
		GUEST_FRAME_SWAP,   GUEST_FRAME_USER,  GUEST_FRAME_FREE, GUEST_FRAME_UNKNOWN,
	};
	s32 x = r.x, y = r.y;

	for (u32 i = 0; i < ARRAY_SIZE(order); i++) {
		u8 kind = order[i];
		char count[16], text[64];
		s32 width;

		if (view->frames_by_kind[kind] == 0)
			continue;
		width = 2 + snprintf(text, sizeof(text), "%s %s", live_kind_name(kind),
		                     sheet_number(count, (double)view->frames_by_kind[kind]));
		if (x > r.x && x + width > r.x + r.w) {
			x = r.x;
			y++;
		}
		if (paints && y < r.y + r.h) {
			struct sheet_style style = { colour_of_kind(kind), SHEET_OWN, 0 };

			sheet_put(s, x, y, s->has_blocks ? BLOCK : (u32)letters[kind], style);
			sheet_text(s, x + 2, y, r.x + r.w, sheet_quiet, "%s", text);
		}
		x += width + 2;
	}
	return y - r.y + (x > r.x);
}

static const char *size_text(char text[16], u64 bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	u32 unit = 0;

	for (; bytes >= 1024 && bytes % 1024 == 0 && unit < ARRAY_SIZE(units) - 1; unit++)
		bytes /= 1024;
	snprintf(text, 16, "%u %s", (u32)bytes, units[unit]);
	return text;
}

/* How many cells a spot must be, so that all find room. */
static void fit(struct tui_mmu *m, const struct sheet *s, const struct live_view *view, u32 columns, u32 rows)
{
	u32 spots = columns * rows * (s->has_blocks ? 2 : 1);

	m->columns = columns;
	m->group = spots ? (view->cell_count + spots - 1) / spots : 1;
	if (m->group == 0)
		m->group = 1;
	spots = (view->cell_count + m->group - 1) / m->group;
	m->rows = columns ? (spots + columns - 1) / columns : 0;
	if (s->has_blocks)
		m->rows += m->rows % 2;
}

static void paint_gutter(const struct tui_mmu *m, struct sheet *s, struct rect r, const struct live_view *view)
{
	u32 step = s->has_blocks ? 2 : 1;

	for (u32 row = 0; row < m->rows; row += step)
		sheet_text(s, r.x, r.y + (s32)(row / step), r.x + r.w, sheet_quiet, "%9llx",
		           (unsigned long long)tui_map_pa(m, view, row * m->columns));
}

s32 tui_map_paint(struct tui_mmu *m, struct sheet *s, struct rect r, const struct live_view *view)
{
	s32 keys = legend(s, (struct rect){ r.x, 0, r.w, 0 }, view, false);
	s32 gutter = r.w >= GUTTER_WIDTH ? GUTTER : 0;
	s32 top = r.y, rows = r.h - 1 - keys - (m->has_cursor ? 1 : 0);
	char ram[16], spot[16], text[256];

	if (view->cell_count == 0 || r.w < 4 || rows < 1) {
		sheet_rule(s, r.x, r.y, r.x + r.w, sheet_strong, "memory: nothing seen yet");
		m->columns = m->rows = 0;
		return 1;
	}
	fit(m, s, view, (u32)(r.w - gutter), (u32)rows);
	sheet_rule(s, r.x, r.y, r.x + r.w, sheet_strong, "memory %s, %s a %s", size_text(ram, view->ram_size),
	           size_text(spot, spot_bytes(m, view)), s->has_blocks ? "half cell" : "letter");
	if (gutter)
		paint_gutter(m, s, (struct rect){ r.x, r.y + 1, gutter, rows }, view);
	paint_spots(m, s, (struct rect){ r.x + gutter, r.y + 1, r.w - gutter, rows }, view);
	r.y += 1 + (s32)(s->has_blocks ? m->rows / 2 : m->rows);
	if (m->has_cursor) {
		tui_map_describe(m, view, text, sizeof(text));
		sheet_text(s, r.x, r.y++, r.x + r.w, sheet_accent, "%s", text);
	}
	legend(s, (struct rect){ r.x, r.y, r.w, keys }, view, true);
	return r.y + keys - top;
}

void tui_map_describe(const struct tui_mmu *m, const struct live_view *view, char *text, size_t size)
{
	struct live_cell cell;
	char pid[32] = "";

	if (m->group == 0 || !spot_cell(m, view, tui_map_spot(m, view, m->cursor_pa), &cell)) {
		snprintf(text, size, "nothing");
		return;
	}
	if (cell.pid)
		snprintf(pid, sizeof(pid), cell.pid >= GUEST_SPACE_PID ? ", space %u" : ", pid %u",
		         cell.pid & ~GUEST_SPACE_PID);
	snprintf(text, size, "%llx %s%s, %u maps%s%s", (unsigned long long)m->cursor_pa, live_kind_name(cell.kind), pid,
	         cell.maps, cell.flags & LIVE_CELL_DIRTY ? ", dirty" : "", cell.age == 1 ? ", used now" : "");
}
