/*
 * A page walk drawn: the address cut into its fields, below each field the table that it indexes with the entry that
 * was read, from entry to table an arrow, and at the end the frame with the offset in it, or a red cross where the walk
 * failed. Fields that a superpage does not need join the offset. The verdict in words; the last failed walk is kept
 * below.
 */
#include "emu/display/mmu_tab_internal.h"

#include <stdio.h>
#include <string.h>

#define COLOUR_FOUND_SOFT 0x1d3a28 /* background of an entry that is a leaf */

/* One picture of a walk: a column for satp, one a level, one for the frame. */
struct picture_of {
	const struct live_walk *w;
	u32 levels, steps;
	u32 leaf_level;                /* of the last step */
	bool is_ok;                    /* it ended in a frame */
	bool is_found;                 /* there was a leaf, though the access itself may have been refused */
	struct rect fields;            /* the address's */
	struct rect tables;            /* their captions and boxes */
	s32 column_w, gap;             /* of each column with the gap to the next; that gap */
	s32 entry_ys[WALK_LEVELS_MAX]; /* middle of each step's entry */
};

static u32 walk_levels(const struct live_walk *w)
{
	return w->levels >= 3 && w->levels <= WALK_LEVELS_MAX ? w->levels : 3;
}

static u32 walk_steps(const struct live_walk *w)
{
	return w->step_count <= WALK_LEVELS_MAX ? w->step_count : WALK_LEVELS_MAX;
}

/* Bits of the address that no table translated. */
static u32 offset_bits(const struct live_walk *w)
{
	return w->size_log2 >= 12 && w->size_log2 <= 57 ? w->size_log2 : 12;
}

static struct rect column(const struct picture_of *p, struct rect row, u32 first, u32 last)
{
	s32 x = row.x + (s32)first * p->column_w;
	return (struct rect){ x, row.y, (s32)(last - first + 1) * p->column_w - p->gap, row.h };
}

static u32 column_of_level(const struct picture_of *p, u32 level)
{
	return level < p->levels ? p->levels - level : 1;
}

static u32 index_at(const struct picture_of *p, u32 level)
{
	return (u32)bits(p->w->va, 12 + 9 * level + 8, 12 + 9 * level);
}

/* --- the address --- */

static void paint_field(const struct ui *ui, struct rect r, u32 index, bool is_used, const char *name,
                        const char *value)
{
	bool is_hot = tab_hover(ui, ZONE_FIELD, index) != NULL;
	u32 ink = is_used ? COLOUR_INK : COLOUR_FAINT, frame = is_used ? COLOUR_ACCENT : COLOUR_LINE;
	paint_rect(&ui->c, r, is_used ? COLOUR_ACCENT_SOFT : COLOUR_SUNK);
	paint_frame(&ui->c, r, is_hot ? COLOUR_INK : frame);
	s32 h = (s32)ui->small->height;
	ui_centre(ui, ui->small, (struct rect){ r.x + 2, r.y + 1, r.w - 4, h }, is_used ? COLOUR_QUIET : COLOUR_FAINT,
	          "%s", name);
	ui_centre(ui, ui->small, (struct rect){ r.x + 2, r.y + r.h - h - 1, r.w - 4, h }, ink, "%s", value);
	tab_zone(ui, r, ZONE_FIELD, index);
}

static void paint_address(const struct ui *ui, const struct picture_of *p)
{
	char name[32], value[64], digits[10];
	s32 em = (s32)ui->small->width;
	u32 high = 12 + 9 * p->levels, last = p->levels;
	bool is_bad = p->w->reason == WALK_NON_CANONICAL;
	u64 top = p->w->va >> (high - 1), ones = ~0ull >> (high - 1);
	snprintf(name, sizeof(name), "bits 63-%u", high);
	snprintf(value, sizeof(value), "%s", top == 0 ? "all 0" : top == ones ? "all 1" : "mixed!");
	paint_field(ui, column(p, p->fields, 0, 0), TAB_FIELD_SIGN, is_bad, name, value);
	for (u32 level = p->levels; level-- > 0;) {
		struct rect r = column(p, p->fields, column_of_level(p, level), column_of_level(p, level));
		u32 index = index_at(p, level);
		bool is_used = p->steps > 0 && level >= p->leaf_level;
		if (p->is_found && level < p->leaf_level) {
			last = column_of_level(p, level);
			break;
		}
		last = column_of_level(p, level) + 1;
		for (u32 i = 0; i < 9; i++)
			digits[i] = index & BIT(8 - i) ? '1' : '0';
		digits[9] = 0;
		snprintf(name, sizeof(name), r.w >= 19 * em ? "VPN[%u], bits %u-%u" : "VPN[%u]", level,
		         12 + 9 * level + 8, 12 + 9 * level);
		if (r.w >= 15 * em + 4)
			snprintf(value, sizeof(value), "%s = %u", digits, index);
		else
			snprintf(value, sizeof(value), r.w >= 10 * em ? "= %u" : "%u", index);
		paint_field(ui, r, level, is_used, name, value);
	}
	u32 n = p->is_found ? offset_bits(p->w) : 12;
	struct rect r = column(p, p->fields, last, p->levels + 1);
	snprintf(name, sizeof(name), r.w >= 17 * em ? "offset, %u bits" : "offset", n);
	snprintf(value, sizeof(value), "0x%0*llx", (int)(n + 3) / 4, (unsigned long long)bits(p->w->va, n - 1, 0));
	paint_field(ui, r, TAB_FIELD_OFFSET, p->is_found, name, value);
}

/* --- tables --- */

static struct rect table_box(const struct ui *ui, const struct picture_of *p, u32 first, u32 last)
{
	struct rect r = column(p, p->tables, first, last);
	s32 caption = (s32)ui->small->height + 1;
	r.y += caption;
	r.h -= caption;
	return r;
}

static void paint_cross(const struct ui *ui, s32 x, s32 y)
{
	s32 half = (s32)ui->small->height / 2;
	for (s32 i = -1; i <= 1; i++) {
		paint_line(&ui->c, x - half + i, y - half, x + half + i, y + half, 0xff4d5a);
		paint_line(&ui->c, x - half + i, y + half, x + half + i, y - half, 0xff4d5a);
	}
}

/* From (x, y) to the top left corner of a box. */
static void paint_arrow(const struct ui *ui, s32 x, s32 y, struct rect to, u32 colour)
{
	s32 middle = x + (to.x - x) / 2, target = to.y + (s32)ui->small->height / 2;
	paint_line(&ui->c, x, y, middle, y, colour);
	paint_line(&ui->c, middle, y, middle, target, colour);
	paint_line(&ui->c, middle, target, to.x - 2, target, colour);
	ui_arrow_head(ui, to.x - 2, target, 1, 0, colour);
}

/* What is in the entry that was read. */
static void paint_entry_text(const struct ui *ui, struct rect r, u32 index, u64 pte)
{
	char flags[WORDS_BYTES];
	s32 h = (s32)ui->small->height, em = (s32)ui->small->width, x = r.x + em / 2 + 1;
	words_flags(flags, pte);
	s32 y = r.y + (r.h - 2 * h) / 2;
	bool has_index = r.w >= 15 * em + 6;
	s32 at = has_index ? ui_put(ui, ui->small, x, y, COLOUR_QUIET, "%u: ", index) : x;
	ui_fit(ui, ui->small, at, y, r.x + r.w - at, COLOUR_INK, r.w >= 12 * em ? "0x%llx" : "%llx",
	       (unsigned long long)pte);
	if (r.h < 2 * h)
		return;
	for (u32 i = 0; i < 8; i++)
		ui_put(ui, ui->small, x + (s32)i * em, y + h, flags[i] == '-' ? COLOUR_FAINT : COLOUR_GOOD, "%c",
		       flags[i]);
	if (r.w >= 17 * em)
		ui_put(ui, ui->small, x + 9 * em, y + h, COLOUR_QUIET, "%s",
		       !(pte & PTE_V)                  ? "invalid"
		       : pte & (PTE_R | PTE_W | PTE_X) ? "leaf"
		                                       : "pointer");
}

static void paint_table(const struct ui *ui, struct picture_of *p, u32 step)
{
	u32 level = p->w->steps[step].level;
	if (level >= p->levels)
		return;
	u32 at = column_of_level(p, level), index = (u32)(p->w->steps[step].pte_addr & 4095) / 8;
	struct rect box = table_box(ui, p, at, at), field = column(p, p->fields, at, at);
	bool is_last = step + 1 == p->steps, fails = is_last && !p->is_found;
	s32 h = (s32)ui->small->height, em = (s32)ui->small->width;
	ui_fit(ui, ui->small, box.x + em + 2, p->tables.y, box.w - em, COLOUR_QUIET,
	       box.w >= 16 * em ? "table %llx" : "%llx", (unsigned long long)p->w->steps[step].pte_addr & ~4095ull);
	paint_rect(&ui->c, box, COLOUR_SUNK);
	for (s32 y = box.y + 4; y < box.y + box.h; y += 4)
		paint_rect(&ui->c, (struct rect){ box.x + 1, y, box.w - 2, 1 }, 0x171b1f);
	paint_frame(&ui->c, box, COLOUR_LINE);
	s32 entry_h = 2 * h + 2 <= box.h ? 2 * h + 2 : box.h;
	struct rect entry = { box.x + em + 2, box.y + (box.h - entry_h) * (s32)index / 511, box.w - em - 2, entry_h };
	u32 frame = fails ? 0xff4d5a : is_last ? COLOUR_GOOD : COLOUR_ACCENT;
	paint_rect(&ui->c, entry, fails ? COLOUR_BAD_SOFT : is_last ? COLOUR_FOUND_SOFT : COLOUR_ACCENT_SOFT);
	paint_frame(&ui->c, entry, tab_hover(ui, ZONE_STEP, step) != NULL ? COLOUR_INK : frame);
	paint_entry_text(ui, entry, index, p->w->steps[step].pte);
	/* Where a table begins and ends, if nothing else is there. */
	if (entry.y > box.y + h + 4)
		ui_put(ui, ui->small, entry.x + 3, box.y + 2, COLOUR_FAINT, "entry 0");
	if (entry.y + entry.h < box.y + box.h - h - 4)
		ui_put(ui, ui->small, entry.x + 3, box.y + box.h - h - 1, COLOUR_FAINT, "511");
	/* The index comes down from its field. */
	s32 x = box.x + em / 2, y = entry.y + entry.h / 2;
	paint_line(&ui->c, x, field.y + field.h, x, y, COLOUR_ACCENT);
	paint_line(&ui->c, x, y, entry.x - 1, y, COLOUR_ACCENT);
	p->entry_ys[step] = y;
	tab_zone(ui, entry, ZONE_STEP, step);
	if (fails)
		paint_cross(ui, box.x + box.w + p->gap / 2, y);
	else if (!is_last)
		paint_arrow(ui, entry.x + entry.w, y, table_box(ui, p, at + 1, at + 1), COLOUR_ACCENT);
}

static void paint_satp(const struct ui *ui, const struct picture_of *p)
{
	struct rect box = table_box(ui, p, 0, 0);
	u64 satp = p->w->satp;
	s32 h = (s32)ui->small->height, x = box.x + 3, w = box.w - 4;
	ui_fit(ui, ui->small, box.x, p->tables.y, box.w, COLOUR_QUIET, "satp");
	box.h = 3 * h + 4 < box.h ? 3 * h + 4 : box.h;
	paint_rect(&ui->c, box, COLOUR_SUNK);
	paint_frame(&ui->c, box, tab_hover(ui, ZONE_SATP, 0) != NULL ? COLOUR_INK : COLOUR_LINE);
	ui_fit(ui, ui->small, x, box.y + 2, w, COLOUR_INK, "\u2192 %llx", (unsigned long long)bits(satp, 43, 0) << 12);
	if (box.h >= 2 * h + 2)
		ui_fit(ui, ui->small, x, box.y + 2 + h, w, COLOUR_QUIET, "Sv%u", 12 + 9 * p->levels);
	if (box.h >= 3 * h + 2)
		ui_fit(ui, ui->small, x, box.y + 2 + 2 * h, w, COLOUR_QUIET, "ASID %u", (u32)bits(satp, 59, 44));
	tab_zone(ui, box, ZONE_SATP, 0);
	if (p->steps > 0)
		paint_arrow(ui, box.x + box.w, box.y + h / 2 + 2, table_box(ui, p, 1, 1), COLOUR_ACCENT);
}

/* The frame at the end, with the offset in it. */
static void paint_landed(const struct ui *ui, const struct picture_of *p)
{
	u32 n = offset_bits(p->w), first = column_of_level(p, p->leaf_level) + 1;
	char size[WORDS_BYTES];
	struct rect box = table_box(ui, p, first, p->levels + 1), field = column(p, p->fields, first, p->levels + 1);
	u64 pa = p->w->pa, offset = bits(p->w->va, n - 1, 0);
	s32 h = (s32)ui->small->height, em = (s32)ui->small->width, mark_h = h + 2;
	u32 colour = p->is_ok ? COLOUR_GOOD : 0xff4d5a;
	ui_fit(ui, ui->small, box.x + em + 2, p->tables.y, box.w - em, COLOUR_QUIET,
	       box.w >= 24 * em   ? "%s of memory at %llx"
	       : box.w >= 14 * em ? "%s %llx"
	                          : "%s",
	       words_size(size, BIT(n)), (unsigned long long)(pa & ~MASK(n)));
	paint_rect(&ui->c, box, COLOUR_FOUND_SOFT);
	paint_frame(&ui->c, box, tab_hover(ui, ZONE_LANDED, 0) != NULL ? COLOUR_INK : colour);
	s32 room = box.h - mark_h;
	s32 y = box.y + (room > 0 ? (s32)(offset >> (n - 12)) * room / 4095 : 0);
	struct rect mark = { box.x + em + 2, y, box.w - em - 2, mark_h };
	paint_rect(&ui->c, mark, colour);
	ui_centre(ui, ui->small, mark, COLOUR_SUNK, "%s%llx", mark.w >= 14 * em ? "PA 0x" : "", (unsigned long long)pa);
	s32 x = box.x + em / 2;
	paint_line(&ui->c, x, field.y + field.h, x, y + mark_h / 2, COLOUR_ACCENT);
	paint_line(&ui->c, x, y + mark_h / 2, mark.x - 1, y + mark_h / 2, COLOUR_ACCENT);
	if (p->steps > 0 && p->w->steps[p->steps - 1].level < p->levels) {
		struct rect last = table_box(ui, p, first - 1, first - 1);
		paint_arrow(ui, last.x + last.w, p->entry_ys[p->steps - 1], box, COLOUR_GOOD);
	}
	if (!p->is_ok)
		paint_cross(ui, mark.x + mark.w - h, y + mark_h / 2);
	tab_zone(ui, box, ZONE_LANDED, 0);
}

/* What stands where the frame would be. */
static void paint_nowhere(const struct ui *ui, const struct picture_of *p)
{
	u32 first = p->steps > 0 ? column_of_level(p, p->leaf_level) + 1 : 1;
	if (first > p->levels + 1)
		first = p->levels + 1;
	struct rect r = table_box(ui, p, first, p->levels + 1);
	s32 y = p->steps > 0 ? p->entry_ys[p->steps - 1] : r.y + r.h / 2, h = (s32)ui->small->height;
	r.x += p->steps > 0 ? (s32)ui->small->width : 0;
	r.w -= p->steps > 0 ? (s32)ui->small->width : 0;
	y = y < r.y + h ? r.y + h : y > r.y + r.h - h ? r.y + r.h - h : y;
	ui_fit(ui, ui->bold, r.x, y - (s32)ui->bold->height, r.w, COLOUR_BAD, "fails here");
	ui_fit(ui, ui->small, r.x, y + 1, r.w, COLOUR_BAD, "%s",
	       p->w->reason < WALK_REASONS ? walk_reason_text((enum walk_reason)p->w->reason) : "?");
}

static void paint_picture(const struct ui *ui, struct rect r, const struct live_walk *w)
{
	struct picture_of p = { .w = w, .levels = walk_levels(w), .steps = walk_steps(w) };
	s32 fields = 2 * (s32)ui->small->height + 3;
	p.gap = 2 * (s32)ui->small->width + 2;
	p.column_w = (r.w + p.gap) / (s32)(p.levels + 2);
	p.fields = (struct rect){ r.x, r.y, r.w, fields };
	p.tables = (struct rect){ r.x, r.y + fields + 3, r.w, r.h - fields - 3 };
	p.is_ok = w->reason == WALK_OK;
	p.is_found = p.is_ok || w->reason == WALK_LEAF_PMP || w->reason == WALK_LEAF_BUS;
	p.leaf_level = p.steps > 0 ? w->steps[p.steps - 1].level : p.levels;
	if (p.leaf_level >= p.levels)
		p.leaf_level = p.is_found ? 0 : p.levels - 1;
	paint_address(ui, &p);
	if (p.tables.h < 3 * (s32)ui->small->height)
		return;
	paint_satp(ui, &p);
	for (u32 i = 0; i < p.steps; i++)
		paint_table(ui, &p, i);
	if (p.is_found)
		paint_landed(ui, &p);
	else
		paint_nowhere(ui, &p);
}

/* --- around it --- */

static void walk_line(char *text, size_t size, const struct live_walk *w)
{
	static const char *const names[] = { "fetch", "load", "store" };
	snprintf(text, size, "#%llu %s %llx %s", (unsigned long long)w->number, w->access < 3 ? names[w->access] : "?",
	         (unsigned long long)w->va, w->process);
}

static void paint_list(const struct ui *ui, struct rect r)
{
	const struct live_view *v = ui->v;
	const struct live_walk *shown = tab_walk(ui->tab);
	char text[128];
	s32 y = r.y;
	ui_put(ui, ui->font, r.x, y, COLOUR_QUIET, "the last walks");
	y += ui->line;
	for (u32 i = 0; i < v->walk_count && i < LIVE_WALKS && y + ui->line <= r.y + r.h; i++, y += ui->line) {
		const struct live_walk *w = &v->walks[i];
		struct rect line = { r.x, y, r.w, ui->line };
		if (shown != NULL && shown->number == w->number)
			paint_rect(&ui->c, line, COLOUR_ACCENT_SOFT);
		else if (tab_hover(ui, ZONE_WALK, i) != NULL)
			paint_rect(&ui->c, line, COLOUR_LINE);
		paint_rect(&ui->c, (struct rect){ r.x + 2, y + ui->line / 2 - 2, 5, 5 },
		           w->reason == WALK_OK ? COLOUR_GOOD : 0xff4d5a);
		walk_line(text, sizeof(text), w);
		ui_fit(ui, ui->font, r.x + 10, y, r.w - 12, COLOUR_INK, "%s", text);
		tab_zone(ui, line, ZONE_WALK, i);
	}
}

static void paint_failed(const struct ui *ui, struct rect r)
{
	const struct live_walk *w = &ui->v->failed_walk;
	char text[128];
	bool is_hot = tab_hover(ui, ZONE_FAILED, 0) != NULL;
	paint_rect(&ui->c, r, COLOUR_BAD_SOFT);
	if (is_hot)
		paint_frame(&ui->c, r, COLOUR_BAD);
	walk_line(text, sizeof(text), w);
	s32 x = ui_put(ui, ui->bold, r.x + ui->em / 2, r.y, COLOUR_ACCENT, "l") + ui->em;
	x = ui_put(ui, ui->font, x, r.y, COLOUR_BAD, "last fault: ");
	ui_fit(ui, ui->font, x, r.y, r.x + r.w - x, COLOUR_INK, "%s: %s", text,
	       w->reason < WALK_REASONS ? walk_reason_text((enum walk_reason)w->reason) : "?");
	tab_zone(ui, r, ZONE_FAILED, 0);
}

/* The last walks as marks in the title, the newest at the right, between the keys for earlier and later ones. */
static void paint_marks(const struct ui *ui, struct rect title, s32 from)
{
	const struct live_view *v = ui->v;
	const struct live_walk *shown = tab_walk(ui->tab);
	s32 key_w = 2 * ui->em, side = ui->em, step = side + 2, right = title.x + title.w - ui->gap;
	s32 room = right - from - 2 * key_w - 2 * ui->em, most = room / step;
	s32 count = (s32)(v->walk_count < LIVE_WALKS ? v->walk_count : LIVE_WALKS);
	most = most > LIVE_WALKS ? LIVE_WALKS : most;
	if (most < 1)
		return;
	s32 left = right - 2 * key_w - most * step - ui->em, y = title.y + 1;
	ui_button(ui, left, y, 'p', "p", "", false);
	ui_button(ui, right - key_w, y, 'n', "n", "", false);
	for (s32 i = 0; i < most; i++) {
		struct rect mark = { right - key_w - ui->em / 2 - (i + 1) * step, y + (ui->line + 4 - side) / 2, side,
			             side };
		if (i >= count) {
			paint_rect(&ui->c, mark, COLOUR_SUNK);
			continue;
		}
		bool is_shown = shown != NULL && shown->number == v->walks[i].number;
		u32 colour = v->walks[i].reason == WALK_OK ? COLOUR_GOOD : 0xff4d5a;
		paint_rect(&ui->c, mark, is_shown ? colour : colour_mix(COLOUR_CARD, colour, 130));
		if (is_shown || tab_hover(ui, ZONE_WALK, (u32)i) != NULL)
			paint_frame(&ui->c, rect_inset(mark, -2), COLOUR_INK);
		tab_zone(ui, (struct rect){ mark.x, y, step, ui->line + 4 }, ZONE_WALK, (u32)i);
	}
}

/* Who wanted what; returns the y below. */
static s32 paint_who(const struct ui *ui, struct rect r, const struct live_walk *w)
{
	s32 x = r.x, y = r.y, end = r.x + r.w;
	x = ui_fit(ui, ui->font, x, y, end - x, COLOUR_INK, "%s at ", words_access(w->access));
	x = ui_fit(ui, ui->bold, x, y, end - x, COLOUR_INK, "0x%llx", (unsigned long long)w->va);
	if (w->process[0] != 0)
		x = ui_fit(ui, ui->font, x, y, end - x, COLOUR_INK, " by %s", w->process);
	x = ui_fit(ui, ui->font, x, y, end - x, COLOUR_QUIET, ", mode %s, pc 0x%llx", words_mode(w->priv),
	           (unsigned long long)w->pc);
	if (w->symbol[0] != 0)
		x = ui_fit(ui, ui->font, x, y, end - x, COLOUR_QUIET, " <%s>", w->symbol);
	if (w->cycles > 0)
		ui_fit(ui, ui->font, x, y, end - x, COLOUR_QUIET, ", %llu cycles", (unsigned long long)w->cycles);
	return r.y + ui->line;
}

/* What came of it, below the picture, in as many lines as it needs; returns the y above. */
static s32 paint_verdict(const struct ui *ui, struct rect r, const struct live_walk *w)
{
	const char *verdict = w->verdict[0]          ? w->verdict
	                      : w->reason == WALK_OK ? "the walk ended in a page."
	                                             : "the walk failed.";
	char text[LIVE_VERDICT + 16];
	snprintf(text, sizeof(text), w->reason == WALK_OK ? "Found: %.511s" : "%.511s", verdict);
	if (text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 'a' + 'A');
	s32 height = (s32)ui->font->height + 1, most = r.h / height / 4;
	s32 lines = (s32)ui_lines(ui->font, r.w, text);
	most = most < 2 ? 2 : most;
	lines = lines < 2 ? 2 : lines > most ? most : lines;
	s32 y = r.y + r.h - lines * height;
	ui_wrap(ui, ui->font, (struct rect){ r.x, y, r.w, lines * height },
	        w->reason == WALK_OK ? COLOUR_GOOD : COLOUR_BAD, text);
	return y - 3;
}

void tab_paint_walk(const struct ui *ui, struct rect r)
{
	const struct live_view *v = ui->v;
	const struct live_walk *w = tab_walk(ui->tab);
	char title[64];
	snprintf(title, sizeof(title), ui->tab->has_walk ? "Page walk #%llu, held" : "The last page walk",
	         w != NULL ? (unsigned long long)w->number : 0ull);
	struct rect room = ui_part(ui, r, PART_WALK, title, "");
	if (w == NULL) {
		ui_centre(ui, ui->font, room, COLOUR_QUIET, "none since you began to look");
		return;
	}
	paint_marks(ui, r, room.x + 23 * ui->em);
	if (room.w >= 110 * ui->em) {
		s32 list = 40 * ui->em;
		paint_list(ui, (struct rect){ room.x + room.w - list, room.y, list, room.h });
		room.w -= list + 2 * ui->em;
	}
	s32 y = paint_who(ui, room, w) + ui->gap / 2;
	struct rect below = { room.x, y, room.w, room.y + room.h - y };
	if (v->has_failed_walk) {
		below.h -= ui->line;
		paint_failed(ui, (struct rect){ room.x, below.y + below.h, room.w, ui->line });
		below.h -= 2;
	}
	s32 bottom = paint_verdict(ui, below, w);
	paint_picture(ui, (struct rect){ room.x, y, room.w, bottom - y }, w);
}

/* --- what is under the pointer --- */

static void tip_field(const struct live_walk *w, u32 index, struct tip *tip)
{
	u32 levels = walk_levels(w);
	if (index == TAB_FIELD_SIGN) {
		tip_add(tip, "Bits 63 to %u of the address", 12 + 9 * levels);
		tip_add(tip, "They must be copies of bit %u, or the access faults.", 11 + 9 * levels);
	} else if (index == TAB_FIELD_OFFSET) {
		tip_add(tip, "Offset: the place within the page");
		tip_add(tip, "It is not translated; it goes to the physical address as it is.");
		if (offset_bits(w) > 12)
			tip_add(tip, "In a superpage the fields that no table needed belong to it.");
	} else if (index < levels) {
		tip_add(tip, "VPN[%u] = %u: which entry of the level-%u table", index,
		        (u32)bits(w->va, 12 + 9 * index + 8, 12 + 9 * index), index);
		tip_add(tip, "Nine bits of the address choose one of 512 entries of 8 bytes.");
	}
}

static void tip_step(const struct live_walk *w, u32 step, struct tip *tip)
{
	char flags[WORDS_BYTES];
	if (step >= walk_steps(w))
		return;
	u64 pte = w->steps[step].pte, to = bits(pte, 53, 10) << 12;
	tip_add(tip, "Step %u: the PTE at physical 0x%llx", step + 1, (unsigned long long)w->steps[step].pte_addr);
	tip_add(tip, "value 0x%016llx", (unsigned long long)pte);
	tip_add(tip, "flags %s (dirty, accessed, global, user, execute, write, read, valid)", words_flags(flags, pte));
	if (!(pte & PTE_V))
		tip_add(tip, "V=0: nothing is mapped; the walk ends with a page fault.");
	else if (pte & (PTE_R | PTE_W | PTE_X))
		tip_add(tip, "a leaf: the page is at physical 0x%llx", (unsigned long long)to);
	else
		tip_add(tip, "a pointer: the next table is at physical 0x%llx", (unsigned long long)to);
}

static void tip_whole(const struct live_walk *w, const char *headline, struct tip *tip)
{
	tip_add(tip, "%s #%llu: %s at 0x%llx", headline, (unsigned long long)w->number, words_access(w->access),
	        (unsigned long long)w->va);
	tip_add(tip, "by %s in mode %s at pc 0x%llx %s", w->process[0] ? w->process : "the kernel or firmware",
	        words_mode(w->priv), (unsigned long long)w->pc, w->symbol);
	tip_add(tip, "when the hart had run %llu instructions", (unsigned long long)w->instret);
	tip_add(tip, "Click to see it.");
}

void tip_walk(const struct mmu_tab *tab, const struct zone *z, struct tip *tip)
{
	const struct live_walk *w = tab_walk(tab);
	const struct live_view *v = tab->view;
	char satp[WORDS_BYTES];
	if (z->kind == ZONE_WALK && z->index < v->walk_count && z->index < LIVE_WALKS) {
		tip_whole(&v->walks[z->index], "Walk", tip);
	} else if (z->kind == ZONE_FAILED) {
		tip_whole(&v->failed_walk, "The last walk that failed,", tip);
	} else if (w == NULL) {
		return;
	} else if (z->kind == ZONE_FIELD) {
		tip_field(w, z->index, tip);
	} else if (z->kind == ZONE_STEP) {
		tip_step(w, z->index, tip);
	} else if (z->kind == ZONE_SATP) {
		tip_add(tip, "satp: where the walk begins");
		tip_add(tip, "%s", words_satp(satp, w->satp));
	} else if (z->kind == ZONE_LANDED) {
		tip_add(tip, "Physical address 0x%llx", (unsigned long long)w->pa);
		tip_add(tip, w->reason == WALK_OK ? "The walk worked: the frame's address with the offset."
		                                  : "Translated, but the access itself was refused.");
	}
}
