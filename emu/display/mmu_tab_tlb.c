/*
 * The TLB of the hart that is shown: each of its arrays as rows of text, as cells with text, or as a grid of small
 * cells, sets across and ways down; the largest form that fits. Stale entries, which memory contradicts, come first.
 */
#include "emu/display/mmu_tab_internal.h"

#include <stdio.h>
#include <string.h>

#define STALE_LINES 2
#define ARRAY_GAP 3 /* pixels below an array */

/* Columns of a row, in characters. */
enum { ROW_VA = 2, ROW_PA = 21, ROW_SIZE = 31, ROW_SPACE = 38, ROW_FLAGS = 47 };

enum form { FORM_ROWS, FORM_TEXT, FORM_GRID };

/* How an array is drawn. */
struct array_box {
	struct rect r; /* of its cells */
	enum form form;
	bool has_head; /* a line above says what its columns are */
	u32 slots, fold;
	u32 columns, rows;
	u32 sets, ways; /* as drawn: those of a fully associative one change places */
};

static u32 array_count(const struct live_view *v)
{
	return v->tlb_array_count < LIVE_TLB_ARRAYS_MAX ? v->tlb_array_count : LIVE_TLB_ARRAYS_MAX;
}

static u32 entry_count(const struct live_view *v)
{
	return v->tlb_count < LIVE_TLB_MAX ? v->tlb_count : LIVE_TLB_MAX;
}

static enum tab_tlb_kind entry_kind(const struct live_tlb_entry *e)
{
	return e->is_stale ? TLB_STALE : e->global ? TLB_GLOBAL : e->is_current ? TLB_CURRENT : TLB_OTHER;
}

static u32 kind_colour(enum tab_tlb_kind kind)
{
	static const u32 colours[TAB_TLB_KINDS] = {
		[TLB_CURRENT] = COLOUR_ACCENT, [TLB_GLOBAL] = 0xb18be8,   [TLB_OTHER] = 0x858d96,
		[TLB_STALE] = 0xff4d5a,        [TLB_EMPTY] = COLOUR_SUNK,
	};
	return colours[kind];
}

static u32 slot_colour(const struct ui *ui, const struct live_tlb_entry *e)
{
	enum tab_tlb_kind kind = entry_kind(e);
	u32 full = kind_colour(kind);
	if (kind == TLB_STALE)
		return ui->now_ns / TAB_BLINK_NS % 2 ? colour_mix(COLOUR_SUNK, full, 110) : full;
	return colour_mix(colour_mix(COLOUR_SUNK, full, 110), full, age_brightness(e->age));
}

/* --- layout --- */

/* Cells that all slots need. */
static u32 cell_count(const struct array_box *box)
{
	return (u32)(((u64)box->slots + box->fold - 1) / box->fold);
}

/* Cells of that size, all slots of the array; false if they do not fit. */
static bool fit_cells(struct array_box *box, struct rect room, s32 w, s32 h)
{
	u32 across = (u32)(room.w / w);
	if (across == 0)
		return false;
	if (box->fold > 1) {
		u32 cells = cell_count(box);
		box->columns = across < cells ? across : cells;
		box->rows = (cells + box->columns - 1) / box->columns;
	} else {
		box->columns = across < box->sets ? across : box->sets;
		box->rows = (box->sets + box->columns - 1) / box->columns * box->ways;
	}
	if (box->rows > UINT16_MAX || box->columns > UINT16_MAX)
		return false;
	box->r = (struct rect){ room.x, room.y, (s32)box->columns * w, (s32)box->rows * h };
	return box->r.h <= room.h;
}

/* Decides how the array looks in `room` at most. */
static bool fit_array(const struct ui *ui, const struct live_tlb_array *array, struct rect room, struct array_box *box)
{
	s32 smallest = ui->em <= 8 ? 3 : ui->em / 3;
	*box = (struct array_box){ .sets = array->sets, .ways = array->ways, .fold = 1 };
	if (array->sets == 1) {
		box->sets = array->ways;
		box->ways = 1;
	}
	box->slots = box->sets * box->ways;
	if (box->slots == 0)
		return false;
	box->form = FORM_ROWS;
	if (box->slots <= 64 && (s32)box->slots * ui->line <= room.h) {
		box->has_head = (s32)(box->slots + 1) * ui->line <= room.h;
		box->columns = 1;
		box->rows = box->slots;
		box->r = (struct rect){ room.x, room.y, room.w, (s32)box->rows * ui->line };
		return true;
	}
	box->form = FORM_TEXT;
	if (box->slots <= 512 && fit_cells(box, room, 15 * (s32)ui->small->width, (s32)ui->small->height + 2))
		return true;
	box->form = FORM_GRID;
	for (s32 size = 2 * ui->em; size >= smallest; size--) {
		if (fit_cells(box, room, size, size))
			return true;
	}
	for (box->fold = 2; box->fold < box->slots && box->fold < BIT(30); box->fold *= 2) {
		if (fit_cells(box, room, smallest, smallest))
			return true;
	}
	return false;
}

static u32 cell_of(const struct array_box *box, u32 set, u32 way)
{
	if (box->ways == 1 && box->sets > 1 && set == 0 && way > 0) { /* a fully associative one */
		set = way;
		way = 0;
	}
	if (box->fold > 1)
		return (set * box->ways + way) / box->fold;
	return (set / box->columns * box->ways + way) * box->columns + set % box->columns;
}

/* --- painting --- */

static void paint_row(const struct ui *ui, const struct live_tlb_entry *e, struct rect r)
{
	char size[WORDS_BYTES], flags[WORDS_BYTES];
	u32 colour = slot_colour(ui, e), ink = e->is_stale ? COLOUR_BAD : COLOUR_INK;
	s32 em = ui->em, end = r.x + r.w, y = r.y;
	paint_rect(&ui->c, (struct rect){ r.x, r.y + 1, em, r.h - 2 }, colour);
	ui_put(ui, ui->font, r.x + ROW_VA * em, y, ink, "%llx", (unsigned long long)e->va);
	ui_put(ui, ui->font, r.x + (ROW_PA - 2) * em, y, COLOUR_FAINT, "\u2192");
	ui_fit(ui, ui->font, r.x + ROW_PA * em, y, end - r.x - ROW_PA * em, ink, "%llx", (unsigned long long)e->pa);
	ui_fit(ui, ui->font, r.x + ROW_SIZE * em, y, end - r.x - ROW_SIZE * em, COLOUR_QUIET, "%s",
	       words_size(size, BIT(e->size_log2 & 63)));
	s32 x = r.x + ROW_SPACE * em;
	if (e->global)
		ui_fit(ui, ui->font, x, y, end - x, kind_colour(TLB_GLOBAL), "global");
	else
		ui_fit(ui, ui->font, x, y, end - x, COLOUR_QUIET, "ASID %u", e->asid);
	x = r.x + ROW_FLAGS * em;
	if (e->is_stale)
		ui_fit(ui, ui->bold, x, y, end - x, COLOUR_BAD, "STALE");
	else
		ui_fit(ui, ui->font, x, y, end - x, COLOUR_QUIET, "%s", words_flags(flags, e->pte));
}

static void paint_head(const struct ui *ui, s32 x, s32 y, s32 w)
{
	static const struct {
		u32 column;
		const char *text;
	} heads[] = {
		{ ROW_VA, "virtual page" }, { ROW_PA, "physical" }, { ROW_SIZE, "size" },
		{ ROW_SPACE, "space" },     { ROW_FLAGS, "flags" },
	};
	for (u32 i = 0; i < ARRAY_SIZE(heads); i++) {
		s32 at = (s32)heads[i].column * ui->em;
		ui_fit(ui, ui->font, x + at, y, w - at, COLOUR_FAINT, "%s", heads[i].text);
	}
}

static void paint_slot(const struct ui *ui, const struct array_box *box, const struct live_tlb_entry *e, struct rect r)
{
	if (box->form == FORM_ROWS) {
		paint_row(ui, e, r);
		return;
	}
	s32 gap = r.w >= 4;
	u32 colour = slot_colour(ui, e);
	if (box->form == FORM_GRID) {
		ui_fill(&ui->c, r.x, r.y, r.w - gap, r.h - gap, colour);
		if (e->size_log2 > 12 && r.w >= 5)
			ui_fill(&ui->c, r.x + 1, r.y + r.h - gap - 2, r.w - gap - 2, 1, 0xffffff);
		return;
	}
	struct rect inside = { r.x, r.y, r.w - 1, r.h - 1 };
	paint_rect(&ui->c, inside, colour_mix(COLOUR_SUNK, colour, 90));
	paint_rect(&ui->c, (struct rect){ r.x, r.y, 3, r.h - 1 }, colour);
	char va[WORDS_BYTES];
	int n = snprintf(va, sizeof(va), "%llx", (unsigned long long)e->va >> 12);
	const char *low = n > 9 ? va + n - 8 : va;
	ui_fit(ui, ui->small, r.x + 5, r.y, r.w - 6, COLOUR_INK, n > 9 ? "\u2026%s" : "%s", low);
	char asid[WORDS_BYTES];
	snprintf(asid, sizeof(asid), e->global ? "G" : "%u", e->asid);
	ui_put(ui, ui->small, r.x + r.w - 3 - text_width(ui->small, asid), r.y, COLOUR_QUIET, "%s", asid);
}

static void paint_empty(const struct ui *ui, const struct zone *z, const struct array_box *box)
{
	if (box->form == FORM_GRID && z->r.w / z->columns < 4) {
		paint_rect(&ui->c, z->r, COLOUR_SUNK);
		return;
	}
	for (u32 i = 0; i < cell_count(box); i++) {
		struct rect r = zone_cell_rect(z, i);
		if (box->form != FORM_ROWS) {
			ui_fill(&ui->c, r.x, r.y, r.w - 1, r.h - 1, COLOUR_SUNK);
			continue;
		}
		paint_rect(&ui->c, (struct rect){ r.x, r.y + 1, ui->em, r.h - 2 }, COLOUR_SUNK);
		ui_put(ui, ui->font, r.x + 2 * ui->em, r.y, COLOUR_FAINT, "empty");
	}
}

static void paint_array(const struct ui *ui, u32 index, const struct array_box *box)
{
	const struct live_view *v = ui->v;
	struct zone *z = tab_grid(ui, box->r, ZONE_TLB, index, box->columns, box->rows);
	z->fold = box->fold;
	paint_empty(ui, z, box);
	if (box->form == FORM_ROWS) {
		/* Rows that hold something are painted over the word. */
		for (u32 i = 0; i < entry_count(v); i++) {
			if (v->tlb[i].array != index)
				continue;
			u32 cell = cell_of(box, v->tlb[i].set, v->tlb[i].way);
			if (cell < box->slots)
				paint_rect(&ui->c, zone_cell_rect(z, cell), COLOUR_CARD);
		}
	}
	/* Where sets go on in the next band of rows. */
	for (u32 row = box->ways; box->form == FORM_GRID && box->fold == 1 && box->ways > 1 && row < box->rows;
	     row += box->ways)
		paint_rect(&ui->c, (struct rect){ box->r.x, zone_cell_rect(z, row * box->columns).y - 1, box->r.w, 1 },
		           COLOUR_FAINT);
	/* Twice, so that where cells are folded a stale entry is never hidden by another. */
	for (u32 pass = 0; pass < 2; pass++) {
		for (u32 i = 0; i < entry_count(v); i++) {
			const struct live_tlb_entry *e = &v->tlb[i];
			if (e->array != index || e->is_stale != (pass == 1))
				continue;
			u32 cell = cell_of(box, e->set, e->way);
			if (cell < (u64)box->columns * box->rows)
				paint_slot(ui, box, e, zone_cell_rect(z, cell));
		}
	}
	if (tab_zone_at(ui->tab, ui->tab->x, ui->tab->y) == z)
		paint_frame(&ui->c, rect_inset(zone_cell_rect(z, zone_cell(z, ui->tab->x, ui->tab->y)), -1), 0xffffff);
}

static void paint_array_title(const struct ui *ui, const struct live_tlb_array *array, s32 x, s32 y, s32 w)
{
	u32 slots = (u32)array->sets * array->ways;
	char shape[64] = "";
	if (array->sets > 1)
		snprintf(shape, sizeof(shape), ", %u sets x %u way%s", array->sets, array->ways,
		         array->ways == 1 ? "" : "s");
	else if (w > 40 * ui->em)
		snprintf(shape, sizeof(shape), ", a page may be in any place");
	ui_fit(ui, ui->font, x, y, w, COLOUR_QUIET, w > 30 * ui->em ? "%.24s: %u of %u used%s" : "%.24s %u/%u",
	       array->name, array->used, slots, shape);
}

/* Stale entries in words; returns the y below. */
static s32 paint_stale(const struct ui *ui, struct rect r)
{
	const struct live_view *v = ui->v;
	u32 lines = 0;
	s32 y = r.y;
	for (u32 i = 0; i < entry_count(v) && lines < STALE_LINES; i++) {
		const struct live_tlb_entry *e = &v->tlb[i];
		if (!e->is_stale)
			continue;
		struct rect line = { r.x, y, r.w, ui->line };
		paint_rect(&ui->c, line, COLOUR_BAD_SOFT);
		ui_fit(ui, ui->font, r.x + ui->em / 2, y, r.w - ui->em, COLOUR_BAD,
		       "stale: page %llx (ASID %u) \u2192 %llx; memory says otherwise now", (unsigned long long)e->va,
		       e->asid, (unsigned long long)e->pa);
		tab_zone(ui, line, ZONE_STALE, i);
		y += ui->line;
		lines++;
	}
	if (v->stale_count > lines && lines > 0) {
		ui_fit(ui, ui->font, r.x + ui->em / 2, y, r.w, COLOUR_BAD, "and %u more stale entries",
		       v->stale_count - lines);
		y += ui->line;
	}
	return lines > 0 ? y + ui->gap / 2 : y;
}

static void paint_legend(const struct ui *ui, struct rect r)
{
	static const char *const names[TAB_TLB_KINDS] = { "this space", "global", "other space", "stale", "empty" };
	s32 side = (s32)ui->small->height - 3, x = r.x;
	for (u32 i = 0; i < TAB_TLB_KINDS; i++) {
		s32 w = side + 3 + text_width(ui->small, names[i]);
		if (x + w > r.x + r.w)
			return;
		paint_rect(&ui->c, (struct rect){ x, r.y + 2, side, side }, kind_colour(i));
		if (i == TLB_EMPTY)
			paint_frame(&ui->c, (struct rect){ x, r.y + 2, side, side }, COLOUR_LINE);
		ui_put(ui, ui->small, x + side + 3, r.y, COLOUR_QUIET, "%s", names[i]);
		tab_zone(ui, (struct rect){ x, r.y, w, ui->line }, ZONE_TLB_KIND, i);
		x += w + ui->em;
	}
}

/* The arrays from the smallest on: what it does not need is left for the larger ones. */
static void lay_arrays(const struct ui *ui, struct rect room, s32 title, struct array_box boxes[LIVE_TLB_ARRAYS_MAX])
{
	const struct live_view *v = ui->v;
	u32 count = array_count(v), order[LIVE_TLB_ARRAYS_MAX];
	s32 left = room.h - (s32)count * title;
	for (u32 i = 0; i < count; i++) {
		u32 k = i, slots = (u32)v->tlb_arrays[i].sets * v->tlb_arrays[i].ways;
		for (; k > 0 && (u32)v->tlb_arrays[order[k - 1]].sets * v->tlb_arrays[order[k - 1]].ways > slots; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	for (u32 i = 0; i < count; i++) {
		struct array_box *box = &boxes[order[i]];
		struct rect most = { room.x, 0, room.w, left / (s32)(count - i) - ARRAY_GAP };
		if (!fit_array(ui, &v->tlb_arrays[order[i]], most, box))
			*box = (struct array_box){ 0 };
		left -= box->r.h + (box->has_head ? ui->line : 0) + ARRAY_GAP;
	}
}

static void paint_arrays(const struct ui *ui, struct rect room)
{
	const struct live_view *v = ui->v;
	struct array_box boxes[LIVE_TLB_ARRAYS_MAX] = { 0 };
	/* Where room is short, names go to the left of the cells. */
	bool is_low = room.h < (s32)array_count(v) * 3 * ui->line;
	s32 name = is_low ? 18 * ui->em : room.w, y = room.y;
	struct rect cells = { is_low ? room.x + name + ui->em : room.x, room.y,
		              is_low ? room.w - name - ui->em : room.w, room.h };
	lay_arrays(ui, cells, is_low ? 0 : ui->line, boxes);
	for (u32 i = 0; i < array_count(v) && y + ui->line <= room.y + room.h; i++) {
		struct array_box *box = &boxes[i];
		paint_array_title(ui, &v->tlb_arrays[i], room.x, y, name);
		y += is_low ? 0 : ui->line;
		if (box->has_head) {
			paint_head(ui, box->r.x, y, box->r.w);
			y += ui->line;
		}
		box->r.y = y;
		if (box->slots > 0)
			paint_array(ui, i, box);
		y += is_low && box->r.h + ARRAY_GAP < ui->line ? ui->line : box->r.h + ARRAY_GAP;
	}
}

void tab_paint_tlb(const struct ui *ui, struct rect r)
{
	const struct live_view *v = ui->v;
	char title[64];
	snprintf(title, sizeof(title), "TLB (%.16s)", v->tlb_name[0] ? v->tlb_name : "?");
	struct rect room = ui_part(ui, r, PART_TLB, title, "");
	s32 x = r.x + ui->gap + text_width(ui->bold, title) + 2 * ui->em;
	struct rect legend = { x, r.y + ui->gap / 2 + 2, r.x + r.w - ui->gap - x, ui->line };
	if (legend.w < 48 * (s32)ui->small->width && r.h > 12 * ui->line) {
		legend = (struct rect){ room.x, room.y, room.w, ui->line };
		room.y += ui->line;
		room.h -= ui->line;
	}
	paint_legend(ui, legend);
	if (v->stale_count > 0) {
		s32 y = paint_stale(ui, room);
		room.h -= y - room.y;
		room.y = y;
	}
	if (array_count(v) == 0 || v->tlb == NULL) {
		ui_centre(ui, ui->font, room, COLOUR_FAINT, "no TLB");
		return;
	}
	paint_arrays(ui, room);
}

/* --- what is under the pointer --- */

static void tip_slot(const struct mmu_tab *tab, const struct live_tlb_entry *e, struct tip *tip)
{
	char words[WORDS_BYTES], flags[WORDS_BYTES];
	u64 bytes = BIT(e->size_log2 & 63);
	tip_add(tip, "Virtual 0x%llx \u2192 physical 0x%llx", (unsigned long long)e->va, (unsigned long long)e->pa);
	tip_add(tip, "set %u, way %u of %.24s", e->set, e->way,
	        e->array < array_count(tab->view) ? tab->view->tlb_arrays[e->array].name : "?");
	tip_add(tip, "a page of %s, flags %s", words_size(words, bytes), words_flags(flags, e->pte));
	if (e->global)
		tip_add(tip, "global: serves every address space");
	else
		tip_add(tip, "ASID %u: %s", e->asid,
		        e->is_current ? "serves the address space that runs now"
		                      : "of another address space, kept for later");
	tip_add(tip, "filled %s", words_age(words, e->age));
	if (e->is_stale) {
		tip_add(tip, "STALE: the page table entry in memory was changed since, and no");
		tip_add(tip, "sfence.vma came. The hart may use the old translation.");
	}
}

static void tip_array(const struct mmu_tab *tab, const struct zone *z, u32 cell, struct tip *tip)
{
	const struct live_view *v = tab->view;
	const struct live_tlb_entry *found = NULL;
	u32 count = 0;
	if (z->index >= array_count(v))
		return;
	const struct live_tlb_array *array = &v->tlb_arrays[z->index];
	struct array_box box = { .fold = z->fold, .columns = z->columns, .rows = z->rows, .sets = array->sets };
	box.ways = array->ways;
	if (array->sets == 1) {
		box.sets = array->ways;
		box.ways = 1;
	}
	for (u32 i = 0; i < entry_count(v); i++) {
		const struct live_tlb_entry *e = &v->tlb[i];
		if (e->array != z->index || cell_of(&box, e->set, e->way) != cell)
			continue;
		count++;
		if (found == NULL || e->is_stale)
			found = e;
	}
	if (found == NULL) {
		tip_add(tip, "An empty place in the TLB");
		tip_add(tip, "The TLB remembers translations, so that page tables need not be read again.");
		return;
	}
	tip_slot(tab, found, tip);
	if (z->fold > 1)
		tip_add(tip, "one of %u entries in this cell (%u places)", count, z->fold);
}

void tip_tlb(const struct mmu_tab *tab, const struct zone *z, u32 cell, struct tip *tip)
{
	static const char *const helps[TAB_TLB_KINDS][2] = {
		[TLB_CURRENT] = { "Of the address space that runs now",
		                  "Found by an access: no page walk is needed. Bright: filled lately." },
		[TLB_GLOBAL] = { "Global (G)", "Serves every address space: usually the kernel's pages." },
		[TLB_OTHER] = { "Of another address space",
		                "Its ASID is not the current one; useful when that space runs again." },
		[TLB_STALE] = { "Stale",
		                "Memory says something else by now. Until an sfence.vma the hart may use the old translation." },
		[TLB_EMPTY] = { "Empty", "Nothing is remembered here." },
	};
	if (z->kind == ZONE_TLB) {
		tip_array(tab, z, cell, tip);
	} else if (z->kind == ZONE_STALE && z->index < entry_count(tab->view)) {
		tip_slot(tab, &tab->view->tlb[z->index], tip);
	} else if (z->kind == ZONE_TLB_KIND && z->index < TAB_TLB_KINDS) {
		tip_add(tip, "%s", helps[z->index][0]);
		tip_add(tip, "%s", helps[z->index][1]);
	}
}
