/*
 * The page tables of an address space as a tree: the root as a strip of 512 entries, below it the tables of each level
 * as blocks in the order of the addresses that they map, joined by lines. An entry is a cell, coloured by what it
 * permits; leaves above level 0 (superpages) are solid runs. What a PTE that the shown walk read is has a white rim.
 */
#include "emu/display/mmu_tab_internal.h"

#include <stdio.h>
#include <string.h>

#define ENTRIES 512
#define ROOT_PIXELS_MAX 4

struct tree {
	struct rect area; /* of all but the root; scrolls */
	struct rect root; /* the strip */
	s32 margin;       /* at the left, for the levels' names */
	s32 size;         /* pixels of an entry */
	s32 height;       /* of all blocks */
	bool has_caption; /* above the strip */
	u32 count;        /* tables */
	u32 empty;        /* tables without entries: they are not drawn */
	u32 shown;        /* of them can be seen at least in part */
	struct rect blocks[LIVE_TABLES_MAX];
};

/* Entries of a block in a row; upper levels are twice as wide, half as high. */
static u32 block_columns(const struct live_table *table)
{
	return table->level == 0 ? 32 : 64;
}

/* Pixels; those of the levels that are far from pages are lower still. */
static s32 block_height(const struct live_table *table, s32 size)
{
	return table->level >= 2 ? 8 * size : 16 * size;
}

static u32 tree_count(const struct live_view *v)
{
	return v->table_count < LIVE_TABLES_MAX ? v->table_count : LIVE_TABLES_MAX;
}

static bool is_leaf(u8 entry)
{
	return (entry & LIVE_ENTRY_VALID) && (entry & (LIVE_ENTRY_R | LIVE_ENTRY_W | LIVE_ENTRY_X));
}

/* Size and first address of what an entry maps. */
static u64 entry_bytes(const struct live_table *table)
{
	return BIT(12 + 9 * (table->level < WALK_LEVELS_MAX ? table->level : 0));
}

static u64 entry_va(const struct live_view *v, const struct live_table *table, u32 i)
{
	u32 levels = v->levels >= 3 && v->levels <= WALK_LEVELS_MAX ? v->levels : 3;
	return (u64)sext(table->va + i * entry_bytes(table), 12 + 9 * levels);
}

/* --- colours --- */

static u32 entry_colour(u8 entry)
{
	if (entry == LIVE_ENTRY_NONE)
		return COLOUR_SUNK;
	if (!(entry & LIVE_ENTRY_VALID))
		return colour_mix(COLOUR_SUNK, colour_of_kind(GUEST_FRAME_SWAP), 150);
	if (!is_leaf(entry))
		return colour_of_kind(GUEST_FRAME_TABLE);
	u32 colour = colour_of_permissions(entry);
	bool is_rwx = (entry & LIVE_ENTRY_W) && (entry & LIVE_ENTRY_X);
	if (!(entry & LIVE_ENTRY_U) && !is_rwx)
		colour = colour_mix(colour, 0x5a6068, 140);
	u32 light = entry & LIVE_ENTRY_D ? 255 : entry & LIVE_ENTRY_A ? 210 : 110;
	return colour_mix(COLOUR_SUNK, colour, light);
}

/* --- layout --- */

/* A table without entries has no block: kernels make some in advance. */
static bool is_shown(const struct live_table *table)
{
	const u8 *entries = table->entries;
	return table->used > 0 || entries[0] != LIVE_ENTRY_NONE || memcmp(entries, entries + 1, ENTRIES - 1) != 0;
}

/* Puts all blocks below each other, y from 0 on; returns their height. */
static s32 place_blocks(const struct ui *ui, struct tree *t, s32 size)
{
	const struct live_view *v = ui->v;
	s32 caption = (s32)ui->small->height + 1, gap = ui->em / 2 - 1, right = t->area.x + t->area.w;
	s32 left = t->area.x + t->margin, x = left, y = 0, h = 0;
	u32 level = UINT32_MAX;
	for (u32 i = 1; i < t->count; i++) {
		const struct live_table *table = &v->tables[i];
		s32 w = (s32)block_columns(table) * size;
		t->blocks[i] = (struct rect){ 0 };
		if (!is_shown(table))
			continue;
		bool is_new_level = level != UINT32_MAX && table->level != level;
		if (x > left && (is_new_level || x + w > right)) {
			x = left;
			y += caption + h + (is_new_level ? ui->line : gap);
		}
		level = table->level;
		h = block_height(table, size);
		t->blocks[i] = (struct rect){ x, y + caption, w, h };
		x += w + gap;
	}
	t->size = size;
	t->height = level != UINT32_MAX ? y + caption + h + 2 : 0;
	return t->height;
}

static void lay_tree(const struct ui *ui, struct rect room, struct tree *t)
{
	s32 smallest = ui->em <= 6 ? 1 : ui->em <= 8 ? 2 : ui->em <= 12 ? 3 : 4, size = ui->em;
	t->count = tree_count(ui->v);
	t->margin = 8 * (s32)ui->small->width;
	s32 pixels = (room.w - t->margin) / ENTRIES;
	pixels = pixels > ROOT_PIXELS_MAX ? ROOT_PIXELS_MAX : pixels;
	/* Where room is short it has no caption. */
	t->has_caption = room.h > 8 * ui->line;
	s32 caption = t->has_caption ? (s32)ui->small->height + 1 : 1;
	t->root = (struct rect){ room.x + t->margin, room.y + caption, ENTRIES * pixels, (s32)ui->font->height };
	if (pixels < 1) /* two rows: the halves of the address space */
		t->root.w = (room.w - t->margin) / (ENTRIES / 2) * (ENTRIES / 2);
	s32 top = t->root.y + t->root.h + ui->line;
	t->area = (struct rect){ room.x, top, room.w, room.y + room.h - top };
	while (place_blocks(ui, t, size) > t->area.h && size > smallest)
		size--;
	struct mmu_tab *tab = ui->tab;
	tab->tree_scroll_max = t->height > t->area.h ? t->height - t->area.h : 0;
	if (tab->tree_scroll > tab->tree_scroll_max)
		tab->tree_scroll = tab->tree_scroll_max;
	t->blocks[0] = t->root;
	for (u32 i = 1; i < t->count; i++) {
		t->empty += !is_shown(&ui->v->tables[i]);
		t->blocks[i].y += t->area.y - tab->tree_scroll;
		if (t->blocks[i].w > 0 && t->blocks[i].y + t->blocks[i].h > t->area.y &&
		    t->blocks[i].y < t->area.y + t->area.h)
			t->shown++;
	}
}

static struct zone *block_zone(const struct ui *ui, const struct tree *t, u32 i)
{
	struct rect r = t->blocks[i];
	if (i == 0)
		return tab_grid(ui, r, ZONE_TABLE, 0, r.w >= ENTRIES ? ENTRIES : ENTRIES / 2, r.w >= ENTRIES ? 1 : 2);
	u32 columns = block_columns(&ui->v->tables[i]);
	return tab_grid(ui, r, ZONE_TABLE, i, columns, ENTRIES / columns);
}

/* --- painting --- */

/* A line from the entry that points to table i, to its block. */
static void paint_link(const struct ui *ui, const struct tree *t, u32 i, u32 colour)
{
	const struct live_table *table = &ui->v->tables[i];
	u32 parent = table->parent, slot = table->slot % ENTRIES;
	if (parent >= t->count || parent == i)
		return;
	struct rect from = t->blocks[parent], to = t->blocks[i];
	if (from.w <= 0)
		return;
	u32 columns = parent == 0 ? (from.w >= ENTRIES ? ENTRIES : ENTRIES / 2) : block_columns(&ui->v->tables[parent]);
	s32 w = from.w / (s32)columns, x = from.x + (s32)(slot % columns) * w + w / 2;
	s32 y = to.y - (s32)ui->small->height - 2;
	paint_line(&ui->c, x, from.y + from.h, to.x + to.w / 2, y, colour);
	ui_arrow_head(ui, to.x + to.w / 2, y, 0, 1, colour);
}

static void paint_entries(const struct ui *ui, const struct zone *z, const struct live_table *table)
{
	u32 colours[256];
	for (u32 i = 0; i < 256; i++)
		colours[i] = entry_colour((u8)i);
	for (u32 i = 0; i < ENTRIES; i++) {
		u8 entry = table->entries[i];
		if (entry == LIVE_ENTRY_NONE)
			continue;
		struct rect r = zone_cell_rect(z, i);
		bool is_super = table->level > 0 && is_leaf(entry);
		s32 gap = r.w >= 4 && !is_super;
		/* A single entry of a narrow strip would be overlooked. */
		if (r.w < 3 && z->rows <= 2)
			r.w = 3;
		ui_fill(&ui->c, r.x, r.y, r.w - gap, r.h - gap, colours[entry]);
		if (!(entry & LIVE_ENTRY_VALID)) {
			if (r.w >= 4)
				ui_hatch(ui, (struct rect){ r.x, r.y, r.w - 1, r.h - 1 }, COLOUR_SUNK);
			else
				ui_fill(&ui->c, r.x, r.y, 1, 1, COLOUR_SUNK);
		}
	}
}

/* The size of superpages on their runs, where there is room. */
static void paint_super_sizes(const struct ui *ui, const struct zone *z, const struct live_table *table)
{
	char size[WORDS_BYTES];
	s32 h = z->r.h / z->rows;
	if (table->level == 0 || h < (s32)ui->small->height - 2)
		return;
	words_size(size, entry_bytes(table));
	for (u32 i = 0; i < ENTRIES;) {
		u32 n = 0, end = (i / z->columns + 1) * z->columns;
		while (i + n < end && i + n < ENTRIES && is_leaf(table->entries[i + n]))
			n++;
		s32 w = (s32)n * (z->r.w / z->columns);
		if (n > 0 && w >= text_width(ui->small, size) + 2) {
			struct rect r = zone_cell_rect(z, i);
			r.w = w;
			ui_centre(ui, ui->small, r, COLOUR_SUNK, "%s", size);
		}
		i += n + 1;
	}
}

static void paint_caption(const struct ui *ui, const struct tree *t, u32 i)
{
	const struct live_table *table = &ui->v->tables[i];
	struct rect r = t->blocks[i];
	u32 supers = 0;
	char size[WORDS_BYTES], va[WORDS_BYTES];
	for (u32 k = 0; table->level > 0 && k < ENTRIES; k++)
		supers += is_leaf(table->entries[k]);
	s32 y = r.y - (s32)ui->small->height, columns = r.w / (s32)ui->small->width;
	int n = snprintf(va, sizeof(va), "%llx", (unsigned long long)table->va);
	/* The low digits tell tables apart; where few fit, the entry of the parent does. */
	if (n > columns && columns < 9)
		n = snprintf(va, sizeof(va), "[%u]", table->slot);
	const char *text = n > columns && columns > 2 ? va + n - columns + 1 : va;
	const char *dots = text == va ? "" : "\u2026";
	if (supers > 0)
		ui_fit(ui, ui->small, r.x, y, r.w, COLOUR_QUIET, "%s%s: %u x %s", dots, text, supers,
		       words_size(size, entry_bytes(table)));
	else
		ui_fit(ui, ui->small, r.x, y, r.w, COLOUR_QUIET, "%s%s", dots, text);
}

static void paint_block(const struct ui *ui, const struct tree *t, u32 i)
{
	const struct live_table *table = &ui->v->tables[i];
	struct rect r = t->blocks[i];
	struct zone *z = block_zone(ui, t, i);
	paint_rect(&ui->c, r, COLOUR_SUNK);
	paint_frame(&ui->c, rect_inset(r, -1), tab_hover(ui, ZONE_TABLE, i) != NULL ? COLOUR_ACCENT : COLOUR_LINE);
	paint_entries(ui, z, table);
	paint_super_sizes(ui, z, table);
	const struct live_walk *w = tab_walk(ui->tab);
	for (u32 k = 0; w != NULL && k < w->step_count && k < WALK_LEVELS_MAX; k++) {
		u64 at = w->steps[k].pte_addr;
		if (at >> 12 == table->pa >> 12)
			paint_frame(&ui->c, rect_inset(zone_cell_rect(z, (u32)(at & 4095) / 8), -1), 0xffffff);
	}
	if (tab_zone_at(ui->tab, ui->tab->x, ui->tab->y) == z)
		paint_frame(&ui->c, rect_inset(zone_cell_rect(z, zone_cell(z, ui->tab->x, ui->tab->y)), -1),
		            COLOUR_ACCENT);
}

static void paint_level_name(const struct ui *ui, const struct tree *t, u32 i)
{
	const struct live_table *table = &ui->v->tables[i];
	char size[WORDS_BYTES];
	s32 h = (s32)ui->small->height, y = t->blocks[i].y - h;
	ui_put(ui, ui->small, t->area.x, y, COLOUR_INK, "level %u", table->level);
	ui_put(ui, ui->small, t->area.x, y + h, COLOUR_QUIET, "%s", words_size(size, entry_bytes(table)));
	if (t->blocks[i].h > 2 * h)
		ui_put(ui, ui->small, t->area.x, y + 2 * h, COLOUR_QUIET, "each");
}

static void paint_root_caption(const struct ui *ui, const struct tree *t)
{
	char size[WORDS_BYTES];
	s32 y = t->root.y - (s32)ui->small->height, em = (s32)ui->small->width;
	words_size(size, entry_bytes(&ui->v->tables[0]));
	if (t->root.w < ENTRIES) {
		ui_fit(ui, ui->small, t->root.x, y, t->root.w, COLOUR_QUIET, "entries 0-255, below: 256-511; %s each",
		       size);
		return;
	}
	s32 half = t->root.x + t->root.w / 2;
	bool is_wide = t->root.w > 84 * em;
	ui_put(ui, ui->small, t->root.x, y, COLOUR_QUIET,
	       is_wide ? "entry 0: address 0; each maps %s" : "0: each maps %s", size);
	ui_put(ui, ui->small, half + 3, y, COLOUR_QUIET,
	       is_wide ? "256: upper half, usually the kernel's" : "256: upper half");
	paint_rect(&ui->c, (struct rect){ half, y + 2, 1, (s32)ui->small->height }, COLOUR_FAINT);
	ui_put(ui, ui->small, t->root.x + t->root.w - 3 * em, y, COLOUR_QUIET, "511");
}

static void paint_tree(const struct ui *ui, struct tree *t)
{
	const struct live_view *v = ui->v;
	struct ui inner = *ui;
	inner.c = canvas_clip(&ui->c, (struct rect){ t->area.x, t->root.y + t->root.h, t->area.w,
	                                             t->area.h + t->area.y - t->root.y - t->root.h });
	const struct zone *hot = tab_zone_at(ui->tab, ui->tab->x, ui->tab->y);
	s32 first_row = 0;
	u32 level = UINT32_MAX;
	for (u32 i = 1; i < t->count; i++) {
		struct rect r = t->blocks[i];
		if (r.w > 0 && v->tables[i].level != level) {
			first_row = r.y;
			level = v->tables[i].level;
		}
		if (r.w > 0 && r.y == first_row && r.y >= t->area.y)
			paint_link(&inner, t, i, colour_mix(COLOUR_CARD, colour_of_kind(GUEST_FRAME_TABLE), 110));
	}
	u32 hovered = hot != NULL && hot->kind == ZONE_TABLE ? hot->index : 0;
	inner.c = canvas_clip(&ui->c, t->area);
	level = UINT32_MAX;
	for (u32 i = 1; i < t->count; i++) {
		struct rect r = t->blocks[i];
		if (r.w <= 0)
			continue;
		bool is_first = v->tables[i].level != level;
		level = v->tables[i].level;
		if (r.y + r.h <= t->area.y || r.y - (s32)ui->small->height >= t->area.y + t->area.h)
			continue;
		if (is_first)
			paint_level_name(&inner, t, i);
		paint_caption(&inner, t, i);
		paint_block(&inner, t, i);
	}
	ui_put(ui, ui->small, t->area.x, t->root.y, COLOUR_INK, "root");
	if (t->has_caption)
		paint_root_caption(ui, t);
	paint_block(ui, t, 0);
	/* From the table under the pointer up to the root. */
	for (u32 i = hovered, k = 0; i > 0 && i < t->count && k < WALK_LEVELS_MAX; i = v->tables[i].parent, k++)
		paint_link(ui, t, i, COLOUR_INK);
}

/* --- the list of spaces, and the legend --- */

static s32 paint_spaces(const struct ui *ui, struct rect r)
{
	const struct live_view *v = ui->v;
	char words[WORDS_BYTES];
	s32 x = r.x, h = ui->line + 4, end = r.x + r.w;
	x = ui_button(ui, x, r.y, '[', "[", "", false) + 2;
	x = ui_button(ui, x, r.y, ']', "]", "", false) + ui->em / 2;
	x = ui_button(ui, x, r.y, 'c', "c", r.w > 90 * ui->em ? "what the hart runs" : "hart's",
	              ui->tab->request.satp == 0);
	x += ui->em;
	for (u32 i = 0; i < v->space_count && i < LIVE_SPACES_MAX; i++) {
		const struct live_space *space = &v->spaces[i];
		words_space(words, space);
		s32 w = text_width(ui->font, words) + ui->em + (space->harts != 0 ? ui->em : 0);
		if (x + w > end - (i + 1 < v->space_count ? 5 * ui->em : 0)) {
			ui_put(ui, ui->font, x, r.y + 2, COLOUR_QUIET, "+%u", v->space_count - i);
			break;
		}
		struct rect chip = { x, r.y, w, h };
		bool is_shown = space->satp == v->shown_satp, is_hot = tab_hover(ui, ZONE_SPACE, i) != NULL;
		paint_rect(&ui->c, chip, is_shown ? COLOUR_ACCENT_SOFT : COLOUR_CARD);
		paint_frame(&ui->c, chip, is_shown || is_hot ? COLOUR_ACCENT : COLOUR_LINE);
		s32 text = ui_put(ui, ui->font, x + ui->em / 2, r.y + 2, is_shown ? COLOUR_INK : COLOUR_QUIET, "%s",
		                  words);
		if (space->harts != 0)
			paint_rect(&ui->c, (struct rect){ text + ui->em / 2, r.y + h / 2 - 2, 5, 5 }, COLOUR_GOOD);
		tab_zone(ui, chip, ZONE_SPACE, i);
		x += w + ui->em / 2;
	}
	return r.y + h;
}

static void paint_legend(const struct ui *ui, struct rect r, bool is_short)
{
	static const struct {
		const char *text, *brief;
		u8 entry;
	} samples[TAB_ENTRIES] = {
		[ENTRY_R] = { "read", "R", 0xd3 },
		[ENTRY_RW] = { "read, write", "RW", 0xd7 },
		[ENTRY_RX] = { "read, execute", "RX", 0xdb },
		[ENTRY_RWX] = { "all three!", "RWX!", 0xdf },
		[ENTRY_KERNEL] = { "greyer: kernel only", "kernel", 0xc7 },
		[ENTRY_POINTER] = { "next table", "table", 0x01 },
		[ENTRY_SOFTWARE] = { "not valid, swapped", "swapped", LIVE_ENTRY_SOFTWARE },
	};
	s32 side = (s32)ui->small->height - 3, x = r.x;
	for (u32 i = 0; i < TAB_ENTRIES; i++) {
		const char *text = is_short ? samples[i].brief : samples[i].text;
		struct rect cell = { x, r.y + 2, side, side };
		s32 w = side + 3 + text_width(ui->small, text);
		if (x + w > r.x + r.w)
			return;
		paint_rect(&ui->c, cell, entry_colour(samples[i].entry));
		if (i == ENTRY_SOFTWARE)
			ui_hatch(ui, cell, COLOUR_SUNK);
		ui_put(ui, ui->small, x + side + 3, r.y, COLOUR_QUIET, "%s", text);
		tab_zone(ui, (struct rect){ x, r.y, w, ui->line }, ZONE_ENTRY, i);
		x += w + ui->em;
	}
}

void tab_paint_tree(const struct ui *ui, struct rect r)
{
	const struct live_view *v = ui->v;
	struct tree t = { 0 };
	char remark[128] = "";
	u32 count = tree_count(v);
	struct rect room = ui_part(ui, r, PART_TREE, "Page tables", "");
	s32 title = r.x + 14 * ui->em, title_y = r.y + ui->gap / 2 + 1, title_w = r.x + r.w - ui->gap - title,
	    y = room.y;
	bool is_low = r.h < 14 * ui->line;
	if (is_low) {
		paint_spaces(ui, (struct rect){ title, r.y + 1, title_w, ui->line });
	} else {
		y = paint_spaces(ui, room) + ui->gap / 2;
	}
	paint_legend(ui, (struct rect){ room.x, y, room.w, ui->line }, room.w < 106 * (s32)ui->small->width);
	y += (s32)ui->small->height + ui->gap / 2;
	room.h -= y - room.y;
	room.y = y;
	if (count == 0 || v->tables == NULL) {
		ui_centre(ui, ui->font, room, COLOUR_QUIET, "%s",
		          v->shown_satp >> 60 == 0 ? "satp is Bare: addresses are not translated" : "no page tables");
		return;
	}
	lay_tree(ui, room, &t);
	paint_tree(ui, &t);
	if (is_low)
		return;
	int n = snprintf(remark, sizeof(remark), "Sv%u: %u level%s, %u%s table%s", 12 + 9 * (v->levels & 7u), v->levels,
	                 v->levels == 1 ? "" : "s", count, v->tables_cut ? " of more" : "", count == 1 ? "" : "s");
	if (t.empty > 0)
		n += snprintf(remark + n, sizeof(remark) - (size_t)n, ", %u of them empty", t.empty);
	if (ui->tab->tree_scroll_max > 0)
		snprintf(remark + n, sizeof(remark) - (size_t)n, ", %u in view: wheel scrolls", t.shown + 1);
	ui_fit(ui, ui->font, title, title_y, title_w, COLOUR_QUIET, "%s", remark);
}

/* --- what is under the pointer --- */

static void tip_entry(const struct live_view *v, u32 index, u32 i, struct tip *tip)
{
	char size[WORDS_BYTES], flags[WORDS_BYTES];
	if (index >= tree_count(v) || i >= ENTRIES)
		return;
	const struct live_table *table = &v->tables[index];
	u8 entry = table->entries[i];
	u64 va = entry_va(v, table, i);
	words_size(size, entry_bytes(table));
	tip_add(tip, "Entry %u of %s, level %u", i, index == 0 ? "the root table" : "a table", table->level);
	tip_add(tip, "for virtual 0x%llx to 0x%llx (%s)", (unsigned long long)va,
	        (unsigned long long)(va + entry_bytes(table) - 1), size);
	tip_add(tip, "the PTE is at physical 0x%llx", (unsigned long long)(table->pa + 8 * i));
	if (entry == LIVE_ENTRY_NONE) {
		tip_add(tip, "empty: nothing is mapped here, an access faults");
		return;
	}
	if (!(entry & LIVE_ENTRY_VALID)) {
		tip_add(tip, "V=0, but not empty: the kernel left itself a note here,");
		tip_add(tip, "often where on the swap disk the page is. An access faults.");
		return;
	}
	if (!is_leaf(entry)) {
		tip_add(tip, "flags %s: points to a table of the next level", words_flags(flags, entry));
		return;
	}
	tip_add(tip, "flags %s: %s%s%s%sfor %s", words_flags(flags, entry), entry & LIVE_ENTRY_R ? "read " : "",
	        entry & LIVE_ENTRY_W ? "write " : "", entry & LIVE_ENTRY_X ? "execute " : "",
	        table->level > 0 ? "(a superpage) " : "", entry & LIVE_ENTRY_U ? "user programs" : "the kernel only");
	tip_add(tip, "%s%s%s",
	        entry & LIVE_ENTRY_A ? "accessed (A)" : "not used since it was mapped or A was cleared (A=0)",
	        entry & LIVE_ENTRY_D ? ", dirty (D)" : ", not written (D=0)",
	        entry & LIVE_ENTRY_G ? ", global: in all address spaces" : "");
	if ((entry & LIVE_ENTRY_W) && (entry & LIVE_ENTRY_X))
		tip_add(tip, "Warning: writable and executable at once.");
}

void tip_tree(const struct mmu_tab *tab, const struct zone *z, u32 cell, struct tip *tip)
{
	static const char *const helps[TAB_ENTRIES][2] = {
		[ENTRY_R] = { "Read only (R)", "Constants, or memory that is copied when it is written." },
		[ENTRY_RW] = { "Read and write (RW)",
		               "Data, heap, stack. Full colour: written (D), dimmer: only read (A), dark: neither." },
		[ENTRY_RX] = { "Read and execute (RX)", "Program code." },
		[ENTRY_RWX] = { "Read, write and execute: a warning",
		                "Whoever can write there can run what he wrote." },
		[ENTRY_KERNEL] = { "Greyer: for the kernel only (U=0)", "A user program that goes there faults." },
		[ENTRY_POINTER] = { "A pointer to a table of the next level",
		                    "V=1 and none of R, W, X. The line leads there." },
		[ENTRY_SOFTWARE] = { "Not valid, but not empty",
		                     "V=0: the hardware ignores the rest; kernels note where the page was swapped to." },
	};
	char words[WORDS_BYTES], satp[WORDS_BYTES];
	const struct live_view *v = tab->view;
	if (z->kind == ZONE_TABLE) {
		tip_entry(v, z->index, cell, tip);
	} else if (z->kind == ZONE_ENTRY && z->index < TAB_ENTRIES) {
		tip_add(tip, "%s", helps[z->index][0]);
		tip_add(tip, "%s", helps[z->index][1]);
	} else if (z->kind == ZONE_SPACE && z->index < v->space_count && z->index < LIVE_SPACES_MAX) {
		tip_add(tip, "Address space: %s", words_space(words, &v->spaces[z->index]));
		tip_add(tip, "%s", words_satp(satp, v->spaces[z->index].satp));
		if (v->spaces[z->index].harts != 0)
			tip_add(tip, "a hart runs in it now (the green mark)");
		tip_add(tip, "Click to see its tables; other spaces' frames are dimmed then. c goes back.");
	}
}
