/*
 * The MMU live in the text interface: what is where, at sizes from 60 x 20 on. The frame map takes what the others
 * leave; where there is little room the TLB and the address spaces are a line each.
 */
#include "emu/display/tui_mmu.h"

#include <stdio.h>
#include <string.h>

#define COUNTER_ROWS (LIVE_COUNTERS + 1)
#define RIGHT_MIN 34 /* columns of the counters */
#define RIGHT_MAX 64
#define FRAME_ROWS 10      /* of the chosen frame, where there is room beside the walk */
#define BESIDE_COLUMNS 170 /* two walks have room beside each other */
#define MAP_ROWS_MIN 16    /* that it must leave */
#define WALKS_ROWS_MIN 4   /* that must be left below the map to list walks there */
#define SPEED_MAX 10000000 /* steps a second; one more key is full speed */
#define PAGE_LOG2 12

void tui_mmu_init(struct tui_mmu *m, void (*send)(void *arg, const struct wish *wish), void *arg)
{
	*m = (struct tui_mmu){ .request = { .frame_pa = UINT64_MAX }, .send = send, .arg = arg };
}

/* --- the hart --- */

static const char *space_name(char text[64], u64 satp)
{
	static const char *const modes[16] = { [0] = "bare", [8] = "Sv39", [9] = "Sv48", [10] = "Sv57" };
	const char *mode = modes[satp >> 60] ? modes[satp >> 60] : "?";

	if (satp >> 60 == 0)
		return "bare: no translation";
	snprintf(text, 64, "%s asid %u root %llx", mode, (u32)bits(satp, 59, 44),
	         (unsigned long long)((satp & MASK(44)) << PAGE_LOG2));
	return text;
}

static void paint_hart(struct sheet *s, struct rect r, const struct live_view *view)
{
	static const char modes[4] = { 'U', 'S', '?', 'M' };
	s32 x = r.x, end = r.x + r.w;
	char text[64];

	x = sheet_text(s, x, r.y, end, sheet_strong, "hart %u/%u ", view->hart, view->hart_count);
	x = sheet_text(s, x, r.y, end, sheet_accent, "%c ", modes[view->priv & 3]);
	x = sheet_text(s, x, r.y, end, sheet_plain, "%llx %s", (unsigned long long)view->pc, view->symbol);
	/* Without hints a process is named after its space, which follows. */
	if (view->process[0] && view->pid < GUEST_SPACE_PID)
		x = sheet_text(s, x, r.y, end, sheet_plain, "  %s (%u)", view->process, view->pid);
	x = sheet_text(s, x, r.y, end, sheet_quiet, "  %s", space_name(text, view->satp));
	if (view->is_waiting)
		sheet_text(s, x, r.y, end, sheet_warn, "  waits");
}

/* --- counters --- */

static void paint_counters(struct sheet *s, struct rect r, const struct live_view *view)
{
	s32 end = r.x + r.w, y = r.y;
	char total[16], rate[16];

	sheet_rule(s, r.x, y++, end, sheet_strong, "counted    total    /s");
	for (u32 c = 0; c < LIVE_COUNTERS && y < r.y + r.h; c++, y++) {
		bool is_bad = c == LIVE_FAULTS || c == LIVE_SWAP_IN || c == LIVE_SWAP_OUT;
		struct sheet_style style = view->rates[c] <= 0 ? sheet_quiet : is_bad ? sheet_bad : sheet_accent;
		s32 x = r.x + 12;

		sheet_text(s, r.x, y, x, sheet_quiet, "%s", live_counter_name((enum live_counter)c));
		x = sheet_text(s, x, y, end, sheet_plain, " %6s", sheet_number(total, (double)view->counters[c]));
		if (c != LIVE_FRAMES_FREE)
			sheet_text(s, x, y, end, style, " %6s", sheet_number(rate, view->rates[c]));
		sheet_plot(s, r.x + 27, y, end, style, view->plots[c], view->plot_count);
	}
}

/* --- the TLB --- */

static u32 stale_in(const struct live_view *view, u32 array)
{
	u32 count = 0;

	for (u32 i = 0; i < view->tlb_count; i++)
		count += view->tlb[i].array == array && view->tlb[i].is_stale;
	return count;
}

static void paint_tlb(struct sheet *s, struct rect r, const struct live_view *view)
{
	s32 end = r.x + r.w, y = r.y;

	sheet_rule(s, r.x, y++, end, sheet_strong, "TLB %s", view->tlb_name);
	for (u32 i = 0; i < view->tlb_array_count && y < r.y + r.h; i++, y++) {
		const struct live_tlb_array *a = &view->tlb_arrays[i];
		u32 entries = (u32)a->sets * a->ways, stale = stale_in(view, i);
		s32 x = sheet_text(s, r.x, y, end, sheet_quiet, "%-12.12s", a->name), bar_end;

		x = sheet_text(s, x, y, end, sheet_plain, " %4u/%-4u ", a->used, entries);
		bar_end = end - (stale ? 10 : 0);
		for (s32 at = x; at < bar_end; at++) {
			bool is_used = entries && (u64)(at - x) * entries < (u64)a->used * (u64)(bar_end - x);

			sheet_put(s, at, y, is_used ? 0x2584 : 0x2581, is_used ? sheet_accent : sheet_quiet);
		}
		if (stale)
			sheet_text(s, bar_end, y, end, sheet_bad, " %u stale", stale);
	}
}

static void paint_tlb_line(struct sheet *s, struct rect r, const struct live_view *view)
{
	s32 end = r.x + r.w, x = sheet_text(s, r.x, r.y, end, sheet_strong, "TLB %s ", view->tlb_name);

	for (u32 i = 0; i < view->tlb_array_count; i++) {
		const struct live_tlb_array *a = &view->tlb_arrays[i];

		x = sheet_text(s, x, r.y, end, sheet_quiet, " %s ", a->name);
		x = sheet_text(s, x, r.y, end, sheet_plain, "%u/%u", a->used, (u32)a->sets * a->ways);
	}
	sheet_text(s, x, r.y, end, view->stale_count ? sheet_bad : sheet_quiet, "  stale %u", view->stale_count);
}

/* --- address spaces --- */

static struct sheet_style space_style(const struct live_view *view, const struct live_space *space)
{
	return space->satp == view->shown_satp ? sheet_title : space->harts ? sheet_good : sheet_plain;
}

static void paint_spaces(struct sheet *s, struct rect r, const struct live_view *view)
{
	s32 end = r.x + r.w, y = r.y;
	char text[64];

	sheet_rule(s, r.x, y++, end, sheet_strong, "address spaces ([ ] choose)");
	for (u32 i = 0; i < view->space_count && y < r.y + r.h; i++, y++) {
		const struct live_space *space = &view->spaces[i];
		struct sheet_style style = space_style(view, space);
		s32 x = sheet_text(s, r.x, y, end, style, "%c", space->harts ? '*' : ' ');

		if (space->pid && space->pid < GUEST_SPACE_PID)
			x = sheet_text(s, x, y, end, style, "%u ", space->pid);
		if (space->pid < GUEST_SPACE_PID)
			x = sheet_text(s, x, y, end, style, "%s ", space->name);
		sheet_text(s, x, y, end, space->pid < GUEST_SPACE_PID ? sheet_quiet : style, "%s",
		           space_name(text, space->satp));
	}
}

static void paint_spaces_line(struct sheet *s, struct rect r, const struct live_view *view)
{
	s32 end = r.x + r.w, x = sheet_text(s, r.x, r.y, end, sheet_strong, "spaces");

	for (u32 i = 0; i < view->space_count && x < end; i++) {
		const struct live_space *space = &view->spaces[i];

		sheet_put(s, x++, r.y, ' ', sheet_plain);
		x = sheet_text(s, x, r.y, end, space_style(view, space), "%s%s", space->harts ? "*" : "",
		               space->name[0] ? space->name : "?");
		if (space->pid && space->pid < GUEST_SPACE_PID)
			x = sheet_text(s, x, r.y, end, space_style(view, space), "(%u)", space->pid);
	}
}

/* --- all of it --- */

static void paint_walk(const struct tui_mmu *m, struct sheet *s, struct rect r, const struct live_view *view)
{
	if (m->shows_failed && view->has_failed_walk)
		tui_walk_paint(s, r, &view->failed_walk, "last failed walk");
	else if (view->walk_count)
		tui_walk_paint(s, r, &view->walks[0], m->shows_failed ? "no walk failed; walk" : "last walk");
	else
		sheet_rule(s, r.x, r.y, r.x + r.w, sheet_strong, "last walk: none since you began to look");
}

/* The newest walk that worked, where the one that failed has a place of its own. */
static void paint_good_walk(struct sheet *s, struct rect r, const struct live_view *view)
{
	for (u32 i = 0; i < view->walk_count; i++) {
		if (view->walks[i].reason == WALK_OK) {
			tui_walk_paint(s, r, &view->walks[i], "last walk that worked");
			return;
		}
	}
	sheet_rule(s, r.x, r.y, r.x + r.w, sheet_strong, "last walk that worked: not one of the last %u",
	           view->walk_count);
}

/* The walk, and beside or below it the last that failed, or the chosen frame; at the bottom of r. Returns the rows that
 * it took. */
static s32 paint_bottom(const struct tui_mmu *m, struct sheet *s, struct rect r, const struct live_view *view)
{
	s32 rows = view->walk_count ? (s32)tui_walk_rows(&view->walks[0]) : 7;
	bool has_frame = m->request.frame_pa != UINT64_MAX;
	struct rect walk = { r.x, r.y + r.h - rows, r.w, rows };
	struct rect other = { r.x, walk.y - FRAME_ROWS, r.w, FRAME_ROWS };

	if (has_frame && r.h - rows - FRAME_ROWS < MAP_ROWS_MIN) {
		tui_frame_paint(s, walk, view);
		return rows;
	}
	if (has_frame) {
		tui_frame_paint(s, other, view);
		paint_walk(m, s, walk, view);
		return rows + FRAME_ROWS;
	}
	if (!view->has_failed_walk || (r.w < BESIDE_COLUMNS && r.h - 2 * rows < 2 * MAP_ROWS_MIN)) {
		paint_walk(m, s, walk, view);
		return rows;
	}
	if (r.w >= BESIDE_COLUMNS) {
		other = (struct rect){ r.x, walk.y, r.w / 2 - 1, rows };
		walk = (struct rect){ r.x + r.w / 2, walk.y, r.w - r.w / 2, rows };
	} else {
		other = (struct rect){ r.x, walk.y - rows, r.w, rows };
	}
	paint_good_walk(s, other, view);
	tui_walk_paint(s, walk, &view->failed_walk, "last failed walk");
	return r.w >= BESIDE_COLUMNS ? rows : 2 * rows;
}

static s32 clamp(s32 value, s32 low, s32 high)
{
	return value < low ? low : value > high ? high : value;
}

void tui_mmu_paint(struct tui_mmu *m, struct sheet *s, struct rect r, const struct live_view *view,
                   const struct link_status *status)
{
	s32 right = clamp(r.w * 2 / 5, RIGHT_MIN, RIGHT_MAX), tlb_rows, map_rows, x;

	if (!view) {
		sheet_text(s, r.x, r.y, r.x + r.w, sheet_quiet, "%s",
		           status->is_over ? "the guest has ended" : "nothing seen of the MMU yet");
		return;
	}
	paint_hart(s, r, view);
	r.y++;
	r.h--;
	r.h -= paint_bottom(m, s, r, view);
	tlb_rows = 1 + (s32)view->tlb_array_count;
	if (r.h < COUNTER_ROWS + tlb_rows + 3) {
		r.h -= 2;
		paint_tlb_line(s, (struct rect){ r.x, r.y + r.h, r.w, 1 }, view);
		paint_spaces_line(s, (struct rect){ r.x, r.y + r.h + 1, r.w, 1 }, view);
		tlb_rows = 0;
	}
	map_rows = tui_map_paint(m, s, (struct rect){ r.x, r.y, r.w - right - 1, r.h }, view);
	if (r.h - map_rows >= WALKS_ROWS_MIN && view->walk_count > 1)
		tui_walks_paint(s, (struct rect){ r.x, r.y + map_rows, r.w - right - 1, r.h - map_rows }, view);
	x = r.x + r.w - right;
	paint_counters(s, (struct rect){ x, r.y, right, r.h }, view);
	if (tlb_rows == 0)
		return;
	paint_tlb(s, (struct rect){ x, r.y + COUNTER_ROWS, right, tlb_rows }, view);
	tlb_rows += COUNTER_ROWS;
	paint_spaces(s, (struct rect){ x, r.y + tlb_rows, right, r.h - tlb_rows }, view);
}

/* --- keys --- */

static void wish(const struct tui_mmu *m, enum wish_kind kind, u64 number)
{
	struct wish w = { .kind = (u8)kind, .number = number, .request = m->request };

	m->send(m->arg, &w);
}

static void change_speed(const struct tui_mmu *m, const struct link_status *status, bool faster)
{
	u64 speed = status->speed;

	if (faster)
		speed = speed == 0 || speed >= SPEED_MAX ? 0 : speed * 10;
	else
		speed = speed == 0 ? SPEED_MAX : speed > 10 ? speed / 10 : 1;
	wish(m, WISH_SPEED, speed);
}

/* The address space before or after the one that is shown; the hart's own is one of the ring. */
static void choose_space(struct tui_mmu *m, const struct live_view *view, bool next)
{
	u32 ring = view->space_count + 1, at = 0;

	for (u32 i = 0; i < view->space_count; i++) {
		if (m->request.satp && view->spaces[i].satp == m->request.satp)
			at = i + 1;
	}
	at = (at + (next ? 1 : ring - 1)) % ring;
	m->request.satp = at ? view->spaces[at - 1].satp : 0;
}

/* Moves the map's cursor so many spots. */
static void move_cursor(struct tui_mmu *m, const struct live_view *view, s64 spots)
{
	s64 spot, last;

	if (view->cell_count == 0 || m->group == 0)
		return;
	if (!m->has_cursor)
		spots = 0;
	spot = (s64)tui_map_spot(m, view, m->cursor_pa) + spots;
	last = (view->cell_count - 1) / m->group;
	m->has_cursor = true;
	m->cursor_pa = tui_map_pa(m, view, (u32)(spot < 0 ? 0 : spot > last ? last : spot));
}

static bool cursor_key(struct tui_mmu *m, const struct tui_key *key, const struct live_view *view)
{
	s64 page = (s64)m->columns * (m->rows ? m->rows - 1 : 0);

	if (!view)
		return key->key <= TERMINAL_RIGHT && key->key >= TERMINAL_UP;
	switch (key->key) {
	case TERMINAL_UP:
		move_cursor(m, view, -(s64)m->columns);
		return true;
	case TERMINAL_DOWN:
		move_cursor(m, view, m->columns);
		return true;
	case TERMINAL_LEFT:
		move_cursor(m, view, -1);
		return true;
	case TERMINAL_RIGHT:
		move_cursor(m, view, 1);
		return true;
	case TERMINAL_PAGE_UP:
	case TERMINAL_HOME:
		move_cursor(m, view, -page - m->columns);
		return true;
	case TERMINAL_PAGE_DOWN:
	case TERMINAL_END:
		move_cursor(m, view, page + m->columns);
		return true;
	default:
		return false;
	}
}

static void close_one(struct tui_mmu *m)
{
	if (m->request.frame_pa != UINT64_MAX)
		m->request.frame_pa = UINT64_MAX;
	else
		m->has_cursor = false;
}

bool tui_mmu_key(struct tui_mmu *m, const struct tui_key *key, const struct live_view *view,
                 const struct link_status *status)
{
	if (!key->is_text && !key->is_unknown && key->key == TERMINAL_ESCAPE) {
		close_one(m);
		return true;
	}
	if (!key->is_text)
		return !key->is_unknown && cursor_key(m, key, view);
	switch (key->code_point) {
	case ' ':
		wish(m, status->is_paused ? WISH_CONTINUE : WISH_PAUSE, 0);
		return true;
	case 's':
		wish(m, WISH_STEP, 0);
		return true;
	case 'w':
		wish(m, WISH_STEP_WALK, 0);
		return true;
	case 'f':
		wish(m, WISH_STEP_FAULT, 0);
		return true;
	case '+':
	case '-':
		change_speed(m, status, key->code_point == '+');
		return true;
	case '0':
		wish(m, WISH_SPEED, 0);
		return true;
	case '[':
	case ']':
		if (view)
			choose_space(m, view, key->code_point == ']');
		return true;
	case 'c':
		m->request.satp = 0;
		return true;
	case 'l':
		m->shows_failed = !m->shows_failed;
		return true;
	case '\t':
		if (view && view->hart_count)
			m->request.hart = (m->request.hart + 1) % view->hart_count;
		return true;
	case '\r':
	case '\n':
		if (view && m->has_cursor)
			m->request.frame_pa = tui_map_pick(m, view);
		return true;
	default:
		return false;
	}
}
