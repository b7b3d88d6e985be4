/*
 * What lies above the parts of the MMU tab: tooltips, the panel of the frame that was clicked, and the help.
 */
#include "emu/display/mmu_tab_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- tooltips --- */

void tip_add(struct tip *tip, const char *fmt, ...)
{
	va_list args;
	if (tip->count >= TAB_TIP_LINES)
		return;
	va_start(args, fmt);
	vsnprintf(tip->lines[tip->count], TAB_TIP_BYTES, fmt, args);
	va_end(args);
	tip->count++;
}

static void tip_part(u32 part, struct tip *tip)
{
	static const char *const helps[TAB_PARTS] = {
		[PART_FRAMES] = "All of the machine's memory, frame by frame.",
		[PART_WALK] = "How the hart translated an address, step by step.",
		[PART_TREE] = "The page tables of one address space, as they are in memory now.",
		[PART_TLB] = "The translations that the hart remembers.",
		[PART_PLOTS] = "How often things happen, over the last while.",
	};
	if (part >= TAB_PARTS)
		return;
	tip_add(tip, "%s", helps[part]);
	tip_add(tip, "Click here, or key %u: as large as the window, and back.", part + 1);
}

bool tab_tip(const struct mmu_tab *tab, s32 x, s32 y, struct tip *tip)
{
	tip->count = 0;
	if (tab->view == NULL)
		return false;
	const struct zone *z = tab_zone_at(tab, x, y);
	if (z == NULL)
		return false;
	u32 cell = zone_cell(z, x, y);
	switch (z->kind) {
	case ZONE_PART:
		tip_part(z->index, tip);
		break;
	case ZONE_BUTTON:
	case ZONE_SPEED:
	case ZONE_STATUS:
		tip_controls(tab, z, cell, tip);
		break;
	case ZONE_FRAMES:
	case ZONE_KIND:
	case ZONE_MARK:
		tip_frames(tab, z, cell, tip);
		break;
	case ZONE_SPACE:
	case ZONE_TABLE:
	case ZONE_ENTRY:
		tip_tree(tab, z, cell, tip);
		break;
	case ZONE_TLB:
	case ZONE_TLB_KIND:
	case ZONE_STALE:
		tip_tlb(tab, z, cell, tip);
		break;
	case ZONE_FIELD:
	case ZONE_STEP:
	case ZONE_SATP:
	case ZONE_LANDED:
	case ZONE_WALK:
	case ZONE_FAILED:
		tip_walk(tab, z, tip);
		break;
	case ZONE_PLOT:
		tip_plot(tab, z, tip);
		break;
	default:
		break;
	}
	return tip->count > 0;
}

void tab_paint_tip(const struct ui *ui, struct rect r)
{
	struct tip tip;
	s32 w = 0, pad = ui->em;
	/* What was opened must not be hidden. */
	if (ui->tab->shows_help || ui->tab->request.frame_pa != UINT64_MAX ||
	    !tab_tip(ui->tab, ui->tab->x, ui->tab->y, &tip))
		return;
	for (u32 i = 0; i < tip.count; i++) {
		s32 line = text_width(i == 0 ? ui->bold : ui->font, tip.lines[i]);
		w = line > w ? line : w;
	}
	struct rect box = { ui->tab->x + 2 * pad, ui->tab->y + 2 * pad, w + 2 * pad, (s32)tip.count * ui->line + pad };
	/* Beside the pointer, never under it, and inside of the picture. */
	if (box.x + box.w > r.x + r.w)
		box.x = ui->tab->x - pad - box.w;
	if (box.x < r.x)
		box.x = r.x + r.w - box.w > r.x ? r.x + r.w - box.w : r.x;
	if (box.y + box.h > r.y + r.h)
		box.y = ui->tab->y - pad - box.h;
	if (box.y < r.y)
		box.y = r.y;
	paint_rect(&ui->c, box, 0x2b3138);
	paint_frame(&ui->c, box, COLOUR_FAINT);
	for (u32 i = 0; i < tip.count; i++)
		ui_fit(ui, i == 0 ? ui->bold : ui->font, box.x + pad, box.y + pad / 2 + (s32)i * ui->line, box.w - pad,
		       i == 0 ? COLOUR_INK : 0xc3c8ce, "%s", tip.lines[i]);
}

/* --- the frame that was clicked --- */

/* A box in the middle, or at the right edge. */
static struct rect popup(const struct ui *ui, struct rect r, s32 w, s32 h, bool is_right)
{
	w = w < r.w - 2 * ui->gap ? w : r.w - 2 * ui->gap;
	h = h < r.h - 2 * ui->gap ? h : r.h - 2 * ui->gap;
	struct rect box = { r.x + (r.w - w) / 2, r.y + (r.h - h) / 2, w, h };
	if (is_right)
		box.x = r.x + r.w - ui->gap - w;
	paint_rect(&ui->c, rect_inset(box, -4), COLOUR_SUNK);
	paint_rect(&ui->c, box, COLOUR_CARD);
	paint_frame(&ui->c, box, COLOUR_ACCENT);
	tab_zone(ui, box, ZONE_POPUP, 0);
	return rect_inset(box, ui->gap + 2);
}

static s32 paint_mappings(const struct ui *ui, struct rect r, const struct live_frame *f, u32 most)
{
	char flags[WORDS_BYTES], who[WORDS_BYTES], size[WORDS_BYTES];
	s32 y = r.y;
	ui_fit(ui, ui->bold, r.x, y, r.w, COLOUR_INK, "Page table entries that map it: %u", f->mapping_count);
	y += ui->line;
	for (u32 i = 0; i < f->mapping_count && i < LIVE_MAPPINGS && i < most; i++, y += ui->line) {
		u64 pte = f->mappings[i].pte;
		ui_fit(ui, ui->font, r.x + ui->em, y, r.w - ui->em, COLOUR_QUIET,
		       "%-16llx %s  %s, ASID %u, %s, PTE at %llx = %llx", (unsigned long long)f->mappings[i].va,
		       words_flags(flags, pte), words_pid(who, ui->v, f->mappings[i].pid), f->mappings[i].asid,
		       words_size(size, BIT(f->mappings[i].size_log2 & 63)),
		       (unsigned long long)f->mappings[i].pte_addr, (unsigned long long)pte);
	}
	return y + ui->gap / 2;
}

static void paint_history(const struct ui *ui, struct rect r, const struct live_frame *f)
{
	s32 y = r.y;
	ui_fit(ui, ui->bold, r.x, y, r.w, COLOUR_INK,
	       f->history_count > 0 ? "History, the newest first" : "No history yet");
	y += ui->line;
	for (u32 i = 0; i < f->history_count && i < LIVE_HISTORY && y + ui->line <= r.y + r.h; i++, y += ui->line) {
		s32 x = ui_fit(ui, ui->font, r.x + ui->em, y, r.w, COLOUR_FAINT, "%12.6f s ",
		               (double)f->history[i].time_ns / 1e9);
		ui_fit(ui, ui->font, x + ui->em, y, r.x + r.w - x - ui->em, COLOUR_QUIET, "%.79s", f->history[i].text);
	}
}

void tab_paint_frame_panel(const struct ui *ui, struct rect r)
{
	const struct live_view *v = ui->v;
	const struct live_frame *f = &v->frame;
	char who[WORDS_BYTES];
	s32 lines = 5;
	/* The answer to a click comes with the next view. */
	bool is_there = v->has_frame && f->pa >> 12 == ui->tab->request.frame_pa >> 12;
	u32 most = (u32)(r.h / ui->line > 16 ? r.h / ui->line / 2 - 4 : 3);
	if (is_there)
		lines += (s32)(f->mapping_count < most ? f->mapping_count : most) +
		         (s32)(f->history_count < 32 ? f->history_count : 32);
	s32 width = r.w * 58 / 100 > 64 * ui->em ? r.w * 58 / 100 : 64 * ui->em;
	width = width > 100 * ui->em ? 100 * ui->em : width;
	struct rect room = popup(ui, r, width, lines * ui->line + 3 * ui->gap, true);
	u8 kind = is_there ? f->kind : GUEST_FRAME_UNKNOWN;
	s32 y = room.y, side = ui->line - 4;
	paint_rect(&ui->c, (struct rect){ room.x, y + 1, side, side }, colour_of_kind(kind));
	ui_fit(ui, ui->bold, room.x + 2 * ui->em + 4, y, room.w - 14 * ui->em, COLOUR_INK,
	       "Frame 0x%llx: physical 0x%llx", (unsigned long long)ui->tab->request.frame_pa >> 12,
	       (unsigned long long)ui->tab->request.frame_pa);
	ui_put(ui, ui->font, room.x + room.w - 10 * ui->em, y, COLOUR_ACCENT, "Esc closes");
	y += ui->line;
	if (!is_there) {
		ui_put(ui, ui->font, room.x, y, COLOUR_QUIET, "looking ...");
		return;
	}
	s32 x = ui_put(ui, ui->font, room.x, y, COLOUR_INK, "%s%s", live_kind_name(kind),
	               f->flags & LIVE_CELL_DIRTY ? ", dirty" : "");
	if (f->owner[0] != 0 && f->pid < GUEST_SPACE_PID)
		x = ui_put(ui, ui->font, x, y, COLOUR_INK, ", of %.39s (pid %u)", f->owner, f->pid);
	else if (f->pid != 0)
		x = ui_put(ui, ui->font, x, y, COLOUR_INK, ", of %s",
		           f->owner[0] ? f->owner : words_pid(who, v, f->pid));
	ui_fit(ui, ui->font, x + 2 * ui->em, y, room.x + room.w - x - 2 * ui->em, COLOUR_QUIET, "%s",
	       live_kind_help(kind));
	y += ui->line + ui->gap / 2;
	y = paint_mappings(ui, (struct rect){ room.x, y, room.w, room.h }, f, most);
	paint_history(ui, (struct rect){ room.x, y, room.w, room.y + room.h - y }, f);
}

/* --- help --- */

static const struct {
	const char *head, *text;
} help[] = {
	{ "What you see",
	  "A computer's memory is cut into frames of 4 KiB. Programs use virtual addresses; for each access the hart (the "
	  "processor core) must find the frame that is meant. This page shows how, while it happens." },
	{ "Physical memory",
	  "One cell is one frame, in the order of addresses. Its colour says what it is used for now; the brighter, the more "
	  "lately it was used. Click one to see who maps it and what became of it." },
	{ "Page walk",
	  "The address is cut into indexes of 9 bits and an offset. satp leads to the root table; each index picks an entry "
	  "that leads to the next table, the last one to the frame. A red cross marks the step where it failed: the kernel "
	  "then gets a page fault and mends the table, or ends the program." },
	{ "Page tables",
	  "All tables of one address space as they are now, the root above. A coloured cell is an entry: what may be done with "
	  "that page. A solid run is made of superpages, of 2 MiB or more. White rims: what the walk above has read." },
	{ "TLB",
	  "Walks are slow, so the hart remembers translations here. When a table is changed the kernel must say so "
	  "(sfence.vma); an entry that memory contradicts flashes red: it is stale." },
	{ "What is going on",
	  "How often it happens. Many faults and swapping together: memory is too small for what runs." },
	{ "Keys",
	  "Space holds and lets go; s, w, f run to the next instruction, walk or fault; + and - speed, 0 full speed; [ ] another address "
	  "space, c the hart's own; p n earlier and later walks, l the last fault; t the next hart; 1 to 5 one part alone; "
	  "Esc closes. The wheel scrolls. Everything explains itself when pointed at." },
};

/* Returns the y below. */
static s32 paint_help_text(const struct ui *ui, struct rect room)
{
	s32 y = room.y, head = 18 * ui->em, bottom = room.y + room.h;
	bool is_narrow = room.w < 80 * ui->em;
	ui_put(ui, ui->bold, room.x, y, COLOUR_ACCENT, "The MMU live, explained");
	ui_put(ui, ui->font, room.x + room.w - 10 * ui->em, y, COLOUR_ACCENT, "Esc closes");
	y += ui->line + ui->gap / 2;
	for (u32 i = 0; i < ARRAY_SIZE(help) && y + ui->line <= bottom; i++) {
		ui_put(ui, ui->bold, room.x, y, COLOUR_INK, "%s", help[i].head);
		y += is_narrow ? ui->line : 0;
		s32 indent = is_narrow ? 0 : head;
		struct rect at = { room.x + indent, y, room.w - indent, bottom - y };
		y = ui_wrap(ui, ui->font, at, COLOUR_QUIET, help[i].text) + (ui->line > 14 ? ui->gap : 2);
	}
	return y;
}

void tab_paint_help(const struct ui *ui, struct rect r)
{
	struct ui blind = *ui;
	s32 margin = ui->gap + 2, w = 100 * ui->em < r.w - 2 * ui->gap ? 100 * ui->em : r.w - 2 * ui->gap;
	/* Once for the height, without a mark. */
	blind.c = canvas_clip(&ui->c, (struct rect){ 0, 0, 0, 0 });
	s32 height = paint_help_text(&blind, (struct rect){ r.x, r.y, w - 2 * margin, r.h }) - r.y + 2 * margin;
	paint_help_text(ui, popup(ui, r, w, height, false));
}
