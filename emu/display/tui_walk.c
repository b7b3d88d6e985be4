/*
 * A walk in the text interface: the address as its parts, the PTE of each level, and what came of it in words; and the
 * frame that was chosen, with its mappings and its history.
 */
#include <stdio.h>
#include <string.h>

#include "emu/display/tui_mmu.h"

#define FRAME_LOG2 12
#define INDEX_BITS 9
#define VERDICT_ROWS 2

const char *tui_pte_flags(char text[16], u64 pte)
{
	static const char names[] = "VRWXUGAD";

	for (u32 i = 0; i < 8; i++)
		text[i] = pte >> i & 1 ? names[i] : '-';
	text[8] = 0;
	return text;
}

static u32 index_of(u64 va, u32 level)
{
	return (u32)bits(va, FRAME_LOG2 + INDEX_BITS * level + INDEX_BITS - 1, FRAME_LOG2 + INDEX_BITS * level);
}

static u64 pa_of(u64 pte)
{
	return (pte >> PTE_PPN_SHIFT & MASK(PTE_PPN_BITS)) << FRAME_LOG2;
}

u32 tui_walk_rows(const struct live_walk *walk)
{
	return 2 + (walk->levels ? walk->levels : 3) + VERDICT_ROWS;
}

/* VA 0x... = 255 | 511 | 12 | 0x678 */
static void paint_address(struct sheet *s, s32 x, s32 y, s32 end, const struct live_walk *walk)
{
	x = sheet_text(s, x, y, end, sheet_quiet, "VA ");
	x = sheet_text(s, x, y, end, sheet_plain, "%016llx", (unsigned long long)walk->va);
	x = sheet_text(s, x, y, end, sheet_quiet, " = ");
	for (u32 level = walk->levels; level-- > 0;) {
		x = sheet_text(s, x, y, end, sheet_accent, "%3u", index_of(walk->va, level));
		x = sheet_text(s, x, y, end, sheet_quiet, " | ");
	}
	x = sheet_text(s, x, y, end, sheet_plain, "%03llx", (unsigned long long)(walk->va & MASK(FRAME_LOG2)));
	sheet_text(s, x, y, end, sheet_quiet, "  root %llx asid %llu",
	           (unsigned long long)((walk->satp & MASK(44)) << FRAME_LOG2),
	           (unsigned long long)bits(walk->satp, 59, 44));
}

/* One PTE: where it was read, what it says, where it leads. */
static void paint_step(struct sheet *s, s32 x, s32 y, s32 end, const struct live_walk *walk, u32 i)
{
	u32 level = walk->steps[i].level;
	u64 pte = walk->steps[i].pte;
	bool is_last = i + 1 == walk->step_count, failed = is_last && walk->reason != WALK_OK;
	struct sheet_style style = failed ? sheet_bad : is_last ? sheet_good : sheet_plain;
	char flags[16];

	x = sheet_text(s, x, y, end, sheet_quiet, "%u ", level);
	x = sheet_text(s, x, y, end, sheet_accent, "[%3u]", index_of(walk->va, level));
	x = sheet_text(s, x, y, end, sheet_quiet, " at %llx ", (unsigned long long)walk->steps[i].pte_addr);
	x = sheet_text(s, x, y, end, style, "%016llx %s", (unsigned long long)pte, tui_pte_flags(flags, pte));
	if (!(pte & PTE_V))
		sheet_text(s, x, y, end, style, " not valid");
	else if (!(pte & (PTE_R | PTE_W | PTE_X)))
		sheet_text(s, x, y, end, style, " -> table %llx", (unsigned long long)pa_of(pte));
	else
		sheet_text(s, x, y, end, style, " -> frame %llx", (unsigned long long)pa_of(pte));
}

void tui_walk_paint(struct sheet *s, struct rect r, const struct live_walk *walk, const char *title)
{
	static const char *const accesses[] = { "fetch", "load", "store" };
	s32 y = r.y, end = r.x + r.w, bottom = r.y + r.h;
	struct sheet_style verdict = walk->reason == WALK_OK ? sheet_good : sheet_bad;

	sheet_rule(s, r.x, y++, end, sheet_strong, "%s %llu: %s by %llx%s%s%s%s%s", title,
	           (unsigned long long)walk->number, accesses[walk->access % 3], (unsigned long long)walk->pc,
	           walk->symbol[0] ? " " : "", walk->symbol, walk->process[0] ? " (" : "", walk->process,
	           walk->process[0] ? ")" : "");
	if (y < bottom)
		paint_address(s, r.x, y++, end, walk);
	for (u32 i = 0; i < walk->step_count && y < bottom; i++)
		paint_step(s, r.x, y++, end, walk, i);
	if (y < bottom && r.w > 0)
		sheet_lines(s, (struct rect){ r.x, y, r.w, bottom - y }, verdict, walk->verdict);
}

void tui_walks_paint(struct sheet *s, struct rect r, const struct live_view *view)
{
	static const char *const accesses[] = { "fetch", "load", "store" };
	s32 y = r.y, end = r.x + r.w;

	sheet_rule(s, r.x, y++, end, sheet_strong, "walks before");
	for (u32 i = 1; i < view->walk_count && y < r.y + r.h; i++, y++) {
		const struct live_walk *walk = &view->walks[i];
		bool ok = walk->reason == WALK_OK;
		s32 x = sheet_text(s, r.x, y, end, sheet_quiet, "%-5s ", accesses[walk->access % 3]);

		x = sheet_text(s, x, y, end, sheet_plain, "%016llx ", (unsigned long long)walk->va);
		if (ok)
			x = sheet_text(s, x, y, end, sheet_good, "-> %llx ", (unsigned long long)walk->pa);
		else
			x = sheet_text(s, x, y, end, sheet_bad, "%s ",
			               walk_reason_text((enum walk_reason)(walk->reason % WALK_REASONS)));
		sheet_text(s, x, y, end, sheet_quiet, "%s", walk->process);
	}
}

/* --- the chosen frame --- */

/* A mapping: who has it, where, and by which PTE. */
static void paint_mapping(struct sheet *s, s32 x, s32 y, s32 end, const struct live_frame *frame, u32 i)
{
	static const char units[] = "BKMGTPE?";
	u32 pid = frame->mappings[i].pid, size = frame->mappings[i].size_log2;
	char flags[16];

	if (pid >= GUEST_SPACE_PID || pid == 0)
		x = sheet_text(s, x, y, end, sheet_quiet, "asid %-5u ", frame->mappings[i].asid);
	else
		x = sheet_text(s, x, y, end, sheet_quiet, "pid %-6u ", pid);
	sheet_text(s, x, y, end, sheet_plain, "%016llx %s %u%c, PTE at %llx", (unsigned long long)frame->mappings[i].va,
	           tui_pte_flags(flags, frame->mappings[i].pte), 1u << size % 10, units[size / 10 % 8],
	           (unsigned long long)frame->mappings[i].pte_addr);
}

void tui_frame_paint(struct sheet *s, struct rect r, const struct live_view *view)
{
	const struct live_frame *frame = &view->frame;
	s32 y = r.y, end = r.x + r.w, bottom = r.y + r.h;
	u32 shown = frame->mapping_count < LIVE_MAPPINGS ? frame->mapping_count : LIVE_MAPPINGS;
	u32 rows = r.h > 1 ? (u32)r.h - 1 : 0, past = frame->history_count < rows / 2 ? frame->history_count : rows / 2;

	if (!view->has_frame) {
		sheet_rule(s, r.x, y, end, sheet_strong, "frame: being looked up");
		return;
	}
	sheet_rule(s, r.x, y++, end, sheet_strong, "frame %llx: %s%s%s%s (Esc closes)", (unsigned long long)frame->pa,
	           live_kind_name(frame->kind), frame->owner[0] ? ", of " : "", frame->owner,
	           frame->flags & LIVE_CELL_DIRTY ? ", dirty" : "");
	if (y < bottom && frame->mapping_count == 0)
		sheet_text(s, r.x, y++, end, sheet_quiet, "no page table maps it");
	for (u32 i = 0; i < shown && y < bottom; i++) {
		/* Up to half of the room is for the history. */
		if (i + 1 >= rows - past && frame->mapping_count > i + 1) {
			sheet_text(s, r.x, y++, end, sheet_quiet, "... and %u mappings more", frame->mapping_count - i);
			break;
		}
		paint_mapping(s, r.x, y++, end, frame, i);
	}
	for (u32 i = 0; i < frame->history_count && i < LIVE_HISTORY && y < bottom; i++) {
		char at[16];
		s32 x = sheet_text(s, r.x, y, end, sheet_quiet, "%6s ",
		                   sheet_number(at, (double)frame->history[i].instret));

		sheet_text(s, x, y++, end, sheet_plain, "%s", frame->history[i].text);
	}
}
