/*
 * The frame map: a cell per physical frame in the order of addresses, row by row, with addresses at the left and the
 * legend below. Hue is what the frame is for, brightness how lately it was used; a mark in the corner is D, a dot or a
 * number is how many mappings it has. A cell is 2 to 24 pixels; if even that is too much, one stands for several.
 */
#include "emu/display/mmu_tab_internal.h"

#include <stdio.h>
#include <string.h>

#define CELL_MAX 24

struct map {
	struct rect r; /* of the cells */
	u32 columns, rows;
	u32 count; /* cells that are drawn */
	u32 fold;  /* the view's cells in one */
	s32 w, h;  /* pixels of a cell */
	s32 size;  /* the smaller of them */
};

/* More is no RAM of this world. */
static u32 group_log2(const struct live_view *v)
{
	return v->group_log2 < 20 ? v->group_log2 : 20;
}

static u32 map_cells(const struct live_view *v)
{
	return v->cell_count < LIVE_CELLS_MAX ? v->cell_count : LIVE_CELLS_MAX;
}

/* Cells of that width, as high as the room allows, though never far from square. False: they do not fit. */
static bool fit_width(struct rect room, s32 w, struct map *map)
{
	map->w = w;
	map->columns = (u32)(room.w / w);
	/* A round number of frames in a row makes the addresses at its left rounder. */
	if (map->columns >= 32)
		map->columns &= ~1u;
	if (map->columns == 0)
		return false;
	map->rows = (map->count + map->columns - 1) / map->columns;
	s32 most = w == 2 ? 4 : w * 3 / 2;
	map->h = room.h / (s32)map->rows;
	map->h = map->h > most ? most : map->h;
	map->size = map->h < w ? map->h : w;
	s32 across = (s32)map->columns * w;
	map->r = (struct rect){ room.x + room.w - across, room.y, across, (s32)map->rows * map->h };
	return map->h >= 2 && map->h >= w * 2 / 3;
}

/* The largest cells with which all of them fit. */
static bool fit_map(const struct live_view *v, struct rect room, struct map *map)
{
	u32 cells = map_cells(v);
	if (cells == 0 || room.w < 4 || room.h < 4)
		return false;
	for (u32 fold = 1; fold <= LIVE_CELLS_MAX; fold *= 2) {
		struct map best = { .fold = 0 };
		for (s32 w = CELL_MAX; w >= 2; w--) {
			struct map at = { .fold = fold, .count = (cells + fold - 1) / fold };
			/* Of equal areas the one that is nearer to a square. */
			if (fit_width(room, w, &at) && 4 * at.w * at.h + at.size > 4 * best.w * best.h + best.size)
				best = at;
		}
		if (best.fold != 0) {
			*map = best;
			return true;
		}
	}
	return false;
}

/* Of the cells that are folded into one the one that says most. */
static u32 telling_cell(const struct live_view *v, const struct map *map, u32 at)
{
	u32 first = at * map->fold, best = first;
	for (u32 i = first + 1; i < first + map->fold && i < map_cells(v); i++)
		if (live_cell_weight(&v->cells[i]) > live_cell_weight(&v->cells[best]))
			best = i;
	return best;
}

static void paint_marks(const struct ui *ui, const struct live_cell *cell, struct rect r, u32 colour)
{
	s32 size = r.w < r.h ? r.w : r.h;
	if (cell->flags & LIVE_CELL_DIRTY) {
		s32 side = size / 4 + (size <= 4);
		for (s32 i = 0; i < side; i++)
			ui_fill(&ui->c, r.x + r.w - side + i, r.y + i, side - i, 1,
			        colour_mix(colour, COLOUR_WARN, size > 4 ? 190 : 110));
	}
	if (cell->maps <= 1 || size < 4)
		return;
	if (size >= 12) {
		const struct font *font = font_get(0, false);
		char text[4];
		snprintf(text, sizeof(text), cell->maps > 9 && size < 16 ? "+" : "%u", cell->maps);
		paint_text(&ui->c, font, r.x + (r.w - text_width(font, text)) / 2, r.y + (r.h - (s32)font->height) / 2,
		           (colour >> 8 & 255) < 110 ? COLOUR_INK : COLOUR_SUNK, text);
		return;
	}
	s32 dot = size / 3;
	ui_fill(&ui->c, r.x + (r.w - dot) / 2, r.y + (r.h - dot) / 2, dot, dot, colour_mix(colour, 0xffffff, 180));
}

/* 255: a flash begins; 0: none, or over. */
static u32 flash_of(const struct ui *ui, u32 index)
{
	u32 began = ui->tab->flash_ms[index];
	if (began == 0)
		return 0;
	u32 since = (u32)(ui->now_ns / 1000000) - began + 1, last = (u32)(TAB_FLASH_NS / 1000000);
	return since >= last ? 0 : 255 - since * 255 / last;
}

static void paint_cells(const struct ui *ui, const struct map *map)
{
	const struct live_view *v = ui->v;
	u32 colours[GUEST_FRAME_KINDS][256];
	bool has_space = ui->tab->request.satp != 0;
	for (u32 kind = 0; kind < GUEST_FRAME_KINDS; kind++) {
		u32 full = colour_of_kind((u8)kind);
		for (u32 age = 0; age < 256; age++)
			colours[kind][age] = kind <= GUEST_FRAME_FREE ? full
			                                              : colour_mix(colour_mix(COLOUR_SUNK, full, 120),
			                                                           full, age_brightness((u8)age));
	}
	bool is_flashing = ui->tab->flash_until_ns > ui->now_ns;
	s32 gap = map->size >= 4;
	for (u32 i = 0; i < map->count; i++) {
		u32 index = telling_cell(v, map, i);
		const struct live_cell *cell = &v->cells[index];
		u32 kind = cell->kind < GUEST_FRAME_KINDS ? cell->kind : GUEST_FRAME_UNKNOWN;
		u32 colour = colours[kind][cell->age];
		bool is_current = (cell->flags & LIVE_CELL_CURRENT) != 0;
		if (has_space && !is_current)
			colour = colour_mix(colour, COLOUR_SUNK, 170);
		u32 flash = is_flashing ? flash_of(ui, index) : 0;
		if (flash != 0)
			colour = colour_mix(colour, 0xffffff, flash / 2); /* the kind is seen through it */
		struct rect r = { map->r.x + (s32)(i % map->columns) * map->w,
			          map->r.y + (s32)(i / map->columns) * map->h, map->w - gap, map->h - gap };
		ui_fill(&ui->c, r.x, r.y, r.w, r.h, colour);
		if (map->size >= 3 && kind > GUEST_FRAME_FREE && (!has_space || is_current))
			paint_marks(ui, cell, r, colour);
		if (has_space && is_current && map->size >= 6)
			paint_frame(&ui->c, r, COLOUR_INK);
	}
}

/* Addresses at the rows where round ones begin. */
static void paint_scale(const struct ui *ui, const struct map *map, s32 left)
{
	const struct live_view *v = ui->v;
	u64 cell_bytes = (u64)map->fold << group_log2(v) << 12, row_bytes = cell_bytes * map->columns;
	u64 step = 4096;
	while (step < BIT(59) && step / row_bytes * (u64)map->h < 2 * ui->small->height)
		step *= 2;
	for (u64 at = 0; at < cell_bytes * map->count; at += step) {
		s32 y = map->r.y + (s32)(at / row_bytes) * map->h;
		paint_rect(&ui->c, (struct rect){ map->r.x - 4, y, 3, 1 }, COLOUR_FAINT);
		ui_put(ui, ui->small, left, y - (at == 0 ? 0 : (s32)ui->small->height / 2), COLOUR_QUIET, "%llx",
		       (unsigned long long)(v->ram_base + at));
	}
}

static void paint_selected(const struct ui *ui, const struct zone *z)
{
	const struct live_view *v = ui->v;
	u64 pa = ui->tab->request.frame_pa;
	if (pa != UINT64_MAX && pa >= v->ram_base) {
		u64 cell = ((pa - v->ram_base) >> 12 >> group_log2(v)) / z->fold;
		if (cell < (u64)z->columns * z->rows) {
			struct rect r = zone_cell_rect(z, (u32)cell);
			paint_frame(&ui->c, rect_inset(r, -2), 0xffffff);
			paint_frame(&ui->c, rect_inset(r, -3), COLOUR_SUNK);
		}
	}
	if (tab_zone_at(ui->tab, ui->tab->x, ui->tab->y) == z)
		paint_frame(&ui->c, rect_inset(zone_cell_rect(z, zone_cell(z, ui->tab->x, ui->tab->y)), -1), 0xffffff);
}

/* --- legend --- */

/* How many frames of each kind, in columns; returns its height if `paints` is not set, too. */
static s32 legend_kinds(const struct ui *ui, struct rect r, bool paints)
{
	const struct live_view *v = ui->v;
	/* Without hints only these can be told apart. */
	static const u8 order[GUEST_FRAME_KINDS] = { GUEST_FRAME_FREE, GUEST_FRAME_KERNEL, GUEST_FRAME_TABLE,
		                                     GUEST_FRAME_ANON, GUEST_FRAME_FILE,   GUEST_FRAME_SHARED,
		                                     GUEST_FRAME_SWAP, GUEST_FRAME_USER,   GUEST_FRAME_UNKNOWN };
	s32 columns = r.w / (18 * ui->em), n = 0;
	columns = columns < 1 ? 1 : columns > 3 ? 3 : columns;
	s32 w = r.w / columns, side = (s32)ui->font->height - 4;
	for (u32 i = 0; i < GUEST_FRAME_KINDS; i++) {
		u8 kind = order[i];
		bool is_rare = kind == GUEST_FRAME_USER || kind == GUEST_FRAME_UNKNOWN || !v->has_hints;
		if (is_rare && v->frames_by_kind[kind] == 0)
			continue;
		s32 x = r.x + n % columns * w, y = r.y + n / columns * ui->line;
		n++;
		if (!paints)
			continue;
		char count[WORDS_BYTES];
		snprintf(count, sizeof(count), "%llu", (unsigned long long)v->frames_by_kind[kind]);
		paint_rect(&ui->c, (struct rect){ x, y + 2, side, side }, colour_of_kind(kind));
		s32 end = x + w - ui->em * 2, number = end - text_width(ui->font, count);
		ui_fit(ui, ui->font, x + side + ui->em / 2 + 1, y, number - x - side - ui->em, COLOUR_INK, "%s",
		       live_kind_name(kind));
		ui_put(ui, ui->font, number, y, COLOUR_QUIET, "%s", count);
		tab_zone(ui, (struct rect){ x, y, w - ui->em, ui->line }, ZONE_KIND, kind);
	}
	return (n + columns - 1) / columns * ui->line;
}

static void legend_marks(const struct ui *ui, struct rect r)
{
	static const char *const names[TAB_MARKS] = { "bright: used lately", "dirty", "mapped often", "just faulted" };
	static const char *const short_names[TAB_MARKS] = { "recent", "dirty", "shared", "faulted" };
	s32 side = (s32)ui->font->height - 4, x = r.x, needed = 0;
	for (u32 i = 0; i < TAB_MARKS; i++)
		needed += text_width(ui->font, names[i]) + side + 2 * ui->em;
	const char *const *words = needed <= r.w + ui->em ? names : short_names;
	u32 hue = colour_of_kind(GUEST_FRAME_ANON);
	for (u32 i = 0; i < TAB_MARKS; i++) {
		struct rect cell = { x, r.y + 2, side, side };
		paint_rect(&ui->c, cell, i == MARK_FLASH ? 0xffffff : hue);
		if (i == MARK_BRIGHT)
			paint_rect(&ui->c, (struct rect){ x, cell.y, side / 2, side },
			           colour_mix(COLOUR_SUNK, hue, 120));
		for (s32 j = 0; i == MARK_DIRTY && j < side / 2; j++)
			paint_rect(&ui->c, (struct rect){ x + side / 2 + j, cell.y + j, side - side / 2 - j, 1 },
			           COLOUR_WARN);
		if (i == MARK_MAPS)
			paint_rect(&ui->c, (struct rect){ x + side / 3, cell.y + side / 3, side / 3, side / 3 },
			           0xffffff);
		s32 end = ui_fit(ui, ui->font, x + side + ui->em / 2 + 1, r.y, r.x + r.w - x - side - ui->em,
		                 COLOUR_QUIET, "%s", words[i]);
		tab_zone(ui, (struct rect){ x, r.y, end - x, ui->line }, ZONE_MARK, i);
		x = end + ui->em;
	}
}

void tab_paint_frames(const struct ui *ui, struct rect r)
{
	const struct live_view *v = ui->v;
	char size[WORDS_BYTES], each[WORDS_BYTES], remark[2 * WORDS_BYTES + 64];
	struct map map = { .fold = 1 };
	u64 frames = v->ram_size >> 12;
	s32 pad = ui->gap;
	struct rect legend = { 0, 0, r.w - 2 * pad, 0 };
	s32 legend_h = legend_kinds(ui, legend, false) + ui->line;
	bool has_legend = r.h > legend_h + 8 * ui->line;
	struct rect room = rect_inset(r, pad);
	room.y += ui->line + pad / 2;
	room.h -= ui->line + pad / 2 + (has_legend ? legend_h + pad / 2 : 0);
	s32 scale = 8 * (s32)ui->small->width + 6, left = room.x;
	struct rect cells = { room.x + scale, room.y, room.w - scale, room.h };
	bool is_there = fit_map(v, cells, &map);
	u64 per_cell = (u64)map.fold << group_log2(v);
	if (per_cell <= 1)
		snprintf(each, sizeof(each), "a cell a frame of 4 KiB");
	else
		snprintf(each, sizeof(each), "%llu frames a cell", (unsigned long long)per_cell);
	snprintf(remark, sizeof(remark), "%s: %llu frames, %s", words_size(size, v->ram_size),
	         (unsigned long long)frames, each);
	if (r.w < 60 * ui->em)
		snprintf(remark, sizeof(remark), "%s, %s", words_size(size, v->ram_size),
		         per_cell <= 1 ? "a cell a frame" : each);
	ui_part(ui, r, PART_FRAMES, "Physical memory", remark);
	if (!is_there) {
		ui_centre(ui, ui->font, room, COLOUR_FAINT, "no memory");
		return;
	}
	paint_scale(ui, &map, left);
	struct zone *z = tab_grid(ui, map.r, ZONE_FRAMES, 0, map.columns, map.rows);
	z->fold = map.fold;
	paint_cells(ui, &map);
	paint_selected(ui, z);
	if (!has_legend)
		return;
	legend.x = r.x + pad;
	legend.y = r.y + r.h - legend_h - pad / 2 - 1;
	s32 h = legend_kinds(ui, legend, true);
	legend_marks(ui, (struct rect){ legend.x, legend.y + h, legend.w, ui->line });
}

/* --- what is under the pointer --- */

static void tip_cell(const struct mmu_tab *tab, const struct zone *z, u32 at, struct tip *tip)
{
	const struct live_view *v = tab->view;
	char words[WORDS_BYTES];
	struct map map = { .fold = z->fold };
	if ((u64)at * z->fold >= map_cells(v))
		return;
	u32 index = telling_cell(v, &map, at);
	const struct live_cell *cell = &v->cells[index];
	u64 frames = (u64)z->fold << group_log2(v), pa = v->ram_base + ((u64)at * frames << 12);
	if (frames == 1)
		tip_add(tip, "Frame 0x%llx: %s", (unsigned long long)pa >> 12, live_kind_name(cell->kind));
	else
		tip_add(tip, "%llu frames; the one used last: %s", (unsigned long long)frames,
		        live_kind_name(cell->kind));
	tip_add(tip, "physical address 0x%llx to 0x%llx", (unsigned long long)pa,
	        (unsigned long long)(pa + (frames << 12) - 1));
	tip_add(tip, "%s", live_kind_help(cell->kind));
	if (cell->pid != 0)
		tip_add(tip, "belongs to %s", words_pid(words, v, cell->pid));
	if (cell->maps > 0)
		tip_add(tip, "mapped by %s%u user page table entr%s%s", cell->maps == 255 ? "more than " : "",
		        cell->maps, cell->maps == 1 ? "y" : "ies",
		        cell->flags & LIVE_CELL_DIRTY ? "; dirty: written to (D is set)" : "");
	else if (cell->flags & LIVE_CELL_DIRTY)
		tip_add(tip, "dirty: written to (D is set)");
	if (cell->kind > GUEST_FRAME_FREE)
		tip_add(tip, "last used: %s", words_age(words, cell->age));
	if (cell->flags & LIVE_CELL_CURRENT)
		tip_add(tip, "part of the address space that is shown");
	tip_add(tip, "Click to see who maps it, and its history.");
}

void tip_frames(const struct mmu_tab *tab, const struct zone *z, u32 cell, struct tip *tip)
{
	static const char *const marks[TAB_MARKS][3] = {
		[MARK_BRIGHT] = { "Brightness: how lately it was used",
		                  "Full colour: in the last thousands of instructions; dim: long ago,",
		                  "or no use was seen. Known from page walks and A bits." },
		[MARK_DIRTY] = { "Yellow corner: dirty",
		                 "D is set in a page table entry that maps the frame: it was written",
		                 "to. It must be saved before the frame is used for something else." },
		[MARK_MAPS] = { "Dot or number: mapped more than once",
		                "Several page table entries lead to the frame: shared memory, a page",
		                "of a file, or copy on write after a fork." },
		[MARK_FLASH] = { "White flash: a page fault just ended here",
		                 "The kernel filled the frame because somebody touched a page that was",
		                 "not there, or it was swapped." },
	};
	if (z->kind == ZONE_FRAMES) {
		tip_cell(tab, z, cell, tip);
	} else if (z->kind == ZONE_KIND) {
		char size[WORDS_BYTES];
		u64 count = z->index < GUEST_FRAME_KINDS ? tab->view->frames_by_kind[z->index] : 0;
		tip_add(tip, "%s: %llu frames, %s", live_kind_name((u8)z->index), (unsigned long long)count,
		        words_size(size, count << 12));
		tip_add(tip, "%s", live_kind_help((u8)z->index));
	} else if (z->index < TAB_MARKS) {
		for (u32 i = 0; i < 3; i++)
			tip_add(tip, "%s", marks[z->index][i]);
	}
}
