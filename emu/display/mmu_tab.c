/*
 * The MMU tab as a whole: where its parts lie, what keys and presses do, what is asked of the machine. What each part
 * looks like is in mmu_tab_*.c; they share mmu_tab_internal.h.
 */
#include "emu/display/mmu_tab.h"

#include <stdlib.h>

#include "emu/display/mmu_tab_internal.h"

#define ESCAPE 27
#define WHEEL_LINES 3

struct mmu_tab *mmu_tab_create(void (*send)(void *arg, const struct wish *wish), void *arg)
{
	struct mmu_tab *tab = xcalloc(1, sizeof(*tab));
	tab->send = send;
	tab->arg = arg;
	tab->x = tab->y = -1;
	tab->zoomed = TAB_PARTS;
	tab->request.frame_pa = UINT64_MAX;
	tab->flash_ms = xcalloc(LIVE_CELLS_MAX, sizeof(*tab->flash_ms));
	return tab;
}

void mmu_tab_destroy(struct mmu_tab *tab)
{
	if (tab == NULL)
		return;
	free(tab->flash_ms);
	free(tab);
}

/* Whether the tab would say anything else of the machine. */
static bool is_other_status(const struct link_status *a, const struct link_status *b)
{
	return a->is_paused != b->is_paused || a->is_over != b->is_over || a->is_frozen != b->is_frozen ||
	       a->speed != b->speed || a->mips != b->mips || a->instret != b->instret ||
	       a->message_number != b->message_number;
}

bool mmu_tab_show(struct mmu_tab *tab, const struct live_view *view, const struct link_status *status)
{
	bool is_new = view != tab->view || view->number == 0 || view->number != tab->view_number;
	bool is_told = is_other_status(status, &tab->status);
	tab->view = view;
	tab->view_number = view->number;
	tab->status = *status;
	tab->is_fresh |= is_new;
	if (status->is_paused && status->instret != tab->step_from)
		tab->stepping = 0;
	return is_new || is_told;
}

struct live_request mmu_tab_request(const struct mmu_tab *tab)
{
	return tab->request;
}

void tab_wish(struct mmu_tab *tab, enum wish_kind kind, u64 number)
{
	struct wish wish = { .kind = (u8)kind, .number = number, .request = tab->request };
	tab->send(tab->arg, &wish);
}

void tab_look(struct mmu_tab *tab)
{
	tab_wish(tab, WISH_LOOK, BIT(LINK_LIVE));
}

/* --- zones --- */

struct zone *tab_grid(const struct ui *ui, struct rect r, enum zone_kind kind, u32 index, u32 columns, u32 rows)
{
	struct mmu_tab *tab = ui->tab;
	/* What does not fit falls on the last one: nothing is lost but a tooltip. */
	if (tab->zone_count < TAB_ZONES_MAX)
		tab->zone_count++;
	struct zone *z = &tab->zones[tab->zone_count - 1];
	*z = (struct zone){
		.r = r, .kind = (u8)kind, .index = index, .columns = (u16)columns, .rows = (u16)rows, .fold = 1
	};
	return z;
}

struct zone *tab_zone(const struct ui *ui, struct rect r, enum zone_kind kind, u32 index)
{
	return tab_grid(ui, r, kind, index, 1, 1);
}

const struct zone *tab_zone_at(const struct mmu_tab *tab, s32 x, s32 y)
{
	for (u32 i = tab->zone_count; i-- > 0;) {
		if (rect_has(tab->zones[i].r, x, y))
			return &tab->zones[i];
	}
	return NULL;
}

u32 zone_cell(const struct zone *z, s32 x, s32 y)
{
	s32 w = z->r.w / z->columns, h = z->r.h / z->rows;
	if (w <= 0 || h <= 0)
		return 0;
	return (u32)((y - z->r.y) / h) * z->columns + (u32)((x - z->r.x) / w);
}

struct rect zone_cell_rect(const struct zone *z, u32 cell)
{
	s32 w = z->r.w / z->columns, h = z->r.h / z->rows;
	return (struct rect){ z->r.x + (s32)(cell % z->columns) * w, z->r.y + (s32)(cell / z->columns) * h, w, h };
}

const struct zone *tab_hover(const struct ui *ui, enum zone_kind kind, u32 index)
{
	const struct zone *z = tab_zone_at(ui->tab, ui->tab->x, ui->tab->y);
	return z != NULL && z->kind == kind && z->index == index ? z : NULL;
}

/* --- layout --- */

struct layout {
	struct rect controls, status;
	struct rect parts[TAB_PARTS];
};

/* Cuts `h` pixels off the top of *r. */
static struct rect take_top(struct rect *r, s32 h)
{
	h = h > r->h ? r->h : h;
	struct rect top = { r->x, r->y, r->w, h };
	r->y += h;
	r->h -= h;
	return top;
}

/* Three columns where it is wide: memory; the walk over the tables; TLB over plots. */
static void lay_wide(const struct ui *ui, struct rect r, struct rect parts[TAB_PARTS])
{
	s32 gap = ui->gap, left = (r.w - 2 * gap) * 36 / 100, right = (r.w - 2 * gap) * 24 / 100;
	s32 middle = r.w - 2 * gap - left - right;
	s32 walk = 20 * ui->line < r.h * 45 / 100 ? 20 * ui->line : r.h * 45 / 100;
	s32 plots = r.h * 45 / 100;
	parts[PART_FRAMES] = (struct rect){ r.x, r.y, left, r.h };
	parts[PART_WALK] = (struct rect){ r.x + left + gap, r.y, middle, walk };
	parts[PART_TREE] = (struct rect){ r.x + left + gap, r.y + walk + gap, middle, r.h - walk - gap };
	parts[PART_TLB] = (struct rect){ r.x + r.w - right, r.y, right, r.h - plots - gap };
	parts[PART_PLOTS] = (struct rect){ r.x + r.w - right, r.y + r.h - plots, right, plots };
}

/* Two columns: memory over plots; walk, tables and TLB. */
static void lay_narrow(const struct ui *ui, struct rect r, struct rect parts[TAB_PARTS])
{
	s32 gap = ui->gap, left = (r.w - gap) * 42 / 100, right = r.w - gap - left;
	s32 plots = r.h * 22 / 100, walk = r.h * 36 / 100, tlb = r.h * 26 / 100;
	bool is_low = walk < 14 * ui->line;
	if (is_low) {
		left = (r.w - gap) * 38 / 100;
		right = r.w - gap - left;
		walk = r.h * 43 / 100;
	}
	/* A small TLB leaves its room to the tables. */
	u32 lines = 4;
	for (u32 i = 0; i < ui->v->tlb_array_count && i < LIVE_TLB_ARRAYS_MAX; i++)
		lines += (u32)ui->v->tlb_arrays[i].sets * ui->v->tlb_arrays[i].ways + 2;
	if (lines < 20 && (s32)lines * ui->line + gap < tlb)
		tlb = (s32)lines * ui->line + gap;
	parts[PART_FRAMES] = (struct rect){ r.x, r.y, left, r.h - plots - gap };
	parts[PART_PLOTS] = (struct rect){ r.x, r.y + r.h - plots, left, plots };
	parts[PART_WALK] = (struct rect){ r.x + left + gap, r.y, right, walk };
	parts[PART_TREE] = (struct rect){ r.x + left + gap, r.y + walk + gap, right, r.h - walk - tlb - 2 * gap };
	parts[PART_TLB] = (struct rect){ r.x + left + gap, r.y + r.h - tlb, right, tlb };
}

/* Below the smallest size some parts are left out, the walk last. */
static void lay_tiny(const struct ui *ui, struct rect r, struct rect parts[TAB_PARTS])
{
	s32 gap = ui->gap;
	if (r.w >= 48 * ui->em) {
		s32 left = r.w * 2 / 5;
		parts[PART_FRAMES] = (struct rect){ r.x, r.y, left, r.h };
		parts[PART_WALK] = (struct rect){ r.x + left + gap, r.y, r.w - left - gap, r.h };
		return;
	}
	s32 walk = r.h / 2;
	if (walk >= 8 * ui->line)
		parts[PART_WALK] = take_top(&r, walk);
	else
		walk = 0;
	if (walk > 0)
		take_top(&r, gap);
	parts[PART_FRAMES] = r;
}

static struct layout lay_out(const struct ui *ui, struct rect r)
{
	struct layout l = { 0 };
	struct rect room = rect_inset(r, ui->gap);
	l.controls = take_top(&room, ui->line + 6);
	take_top(&room, ui->gap / 2 + 1);
	l.status = take_top(&room, ui->line);
	take_top(&room, ui->gap);
	if (ui->tab->zoomed < TAB_PARTS)
		l.parts[ui->tab->zoomed] = room;
	else if (r.w < MMU_TAB_WIDTH_MIN || r.h < MMU_TAB_HEIGHT_MIN)
		lay_tiny(ui, room, l.parts);
	else if (r.w >= 170 * ui->em)
		lay_wide(ui, room, l.parts);
	else
		lay_narrow(ui, room, l.parts);
	return l;
}

/* Notes which cells of the frame map begin to flash with the view that is painted for the first time. */
static void start_flashes(struct mmu_tab *tab, u64 now_ns)
{
	const struct live_view *v = tab->view;
	u32 now_ms = (u32)(now_ns / 1000000) | 1; /* 0 is never */
	u32 count = v->cell_count < LIVE_CELLS_MAX ? v->cell_count : LIVE_CELLS_MAX;
	for (u32 i = 0; i < count; i++) {
		if (v->cells[i].flags & LIVE_CELL_FAULTED) {
			tab->flash_ms[i] = now_ms;
			tab->flash_until_ns = now_ns + TAB_FLASH_NS;
		}
	}
}

void mmu_tab_paint(struct mmu_tab *tab, const struct canvas *c, struct rect r, u64 now_ns)
{
	static void (*const paint[TAB_PARTS])(const struct ui *ui, struct rect r) = {
		[PART_FRAMES] = tab_paint_frames, [PART_WALK] = tab_paint_walk,   [PART_TREE] = tab_paint_tree,
		[PART_TLB] = tab_paint_tlb,       [PART_PLOTS] = tab_paint_plots,
	};
	struct ui ui = ui_begin(tab, c, r, now_ns);
	tab->zone_count = 0;
	paint_rect(&ui.c, r, COLOUR_BACKGROUND);
	if (tab->view == NULL) {
		ui_centre(&ui, ui.font, r, COLOUR_QUIET, "Waiting for the machine ...");
		return;
	}
	struct layout l = lay_out(&ui, r);
	if (tab->is_fresh)
		start_flashes(tab, now_ns);
	tab->is_fresh = false;
	tab_paint_controls(&ui, l.controls);
	tab_paint_status(&ui, l.status);
	for (u32 i = 0; i < TAB_PARTS; i++) {
		if (l.parts[i].w > 8 * ui.em && l.parts[i].h > 3 * ui.line)
			paint[i](&ui, l.parts[i]);
	}
	if (tab->request.frame_pa != UINT64_MAX)
		tab_paint_frame_panel(&ui, r);
	if (tab->shows_help)
		tab_paint_help(&ui, r);
	tab_paint_tip(&ui, r);
}

u64 mmu_tab_next_paint_ns(const struct mmu_tab *tab, u64 now_ns)
{
	if (tab->view == NULL)
		return UINT64_MAX;
	u64 next = UINT64_MAX;
	if (tab->flash_until_ns > now_ns)
		next = now_ns + 50000000;
	if (tab->view->stale_count > 0 && now_ns / TAB_BLINK_NS * TAB_BLINK_NS + TAB_BLINK_NS < next)
		next = now_ns / TAB_BLINK_NS * TAB_BLINK_NS + TAB_BLINK_NS;
	return next;
}

/* --- what the user does --- */

const struct live_walk *tab_walk(const struct mmu_tab *tab)
{
	if (tab->has_walk)
		return &tab->walk;
	return tab->view != NULL && tab->view->walk_count > 0 ? &tab->view->walks[0] : NULL;
}

void tab_walk_older(struct mmu_tab *tab, s32 by)
{
	const struct live_view *v = tab->view;
	s32 count = (s32)(v->walk_count < LIVE_WALKS ? v->walk_count : LIVE_WALKS), at = 0;
	if (count == 0)
		return;
	/* One that is no longer in the list lies behind its end. */
	if (tab->has_walk) {
		while (at < count && v->walks[at].number > tab->walk.number)
			at++;
	}
	at += by;
	if (at >= count)
		at = count - 1;
	tab->has_walk = at > 0;
	if (at > 0)
		tab->walk = v->walks[at];
}

/* The button stays lit until the machine is held: a next fault may be long in coming. */
static bool step(struct mmu_tab *tab, enum wish_kind kind, u32 key)
{
	tab_wish(tab, kind, 0);
	tab->stepping = key;
	tab->step_from = tab->status.instret;
	return true;
}

/* The address space `by` places further in the list than the one that is shown. */
static void choose_space(struct mmu_tab *tab, s32 by)
{
	const struct live_view *v = tab->view;
	s32 count = (s32)(v->space_count < LIVE_SPACES_MAX ? v->space_count : LIVE_SPACES_MAX), at = 0;
	if (count == 0)
		return;
	while (at < count && v->spaces[at].satp != v->shown_satp)
		at++;
	at = at == count ? 0 : (at + by + count) % count;
	tab->request.satp = v->spaces[at].satp;
	tab->tree_scroll = 0;
	tab_look(tab);
}

static void change_speed(struct mmu_tab *tab, s32 by)
{
	s32 stop = (s32)tab_speed_now(tab) + by;
	if (stop >= 0 && stop < (s32)tab_speed_stops())
		tab_wish(tab, WISH_SPEED, tab_speed_stop((u32)stop));
}

/* Closes what is uppermost. False: nothing was open. */
static bool close_one(struct mmu_tab *tab)
{
	if (tab->shows_help) {
		tab->shows_help = false;
	} else if (tab->request.frame_pa != UINT64_MAX) {
		tab->request.frame_pa = UINT64_MAX;
		tab_look(tab);
	} else if (tab->zoomed < TAB_PARTS) {
		tab->zoomed = TAB_PARTS;
	} else if (tab->has_walk) {
		tab->has_walk = false;
	} else {
		return false;
	}
	return true;
}

/* Keys that need something to be seen. */
static bool view_key(struct mmu_tab *tab, u32 key)
{
	if (tab->view == NULL)
		return false;
	switch (key) {
	case 'n':
	case 'p':
		tab_walk_older(tab, key == 'p' ? 1 : -1);
		return true;
	case 'l':
		if (tab->view->has_failed_walk) {
			tab->has_walk = true;
			tab->walk = tab->view->failed_walk;
		}
		return true;
	case '[':
	case ']':
		choose_space(tab, key == '[' ? -1 : 1);
		return true;
	case 'c':
		tab->request.satp = 0;
		tab->tree_scroll = 0;
		tab_look(tab);
		return true;
	case 't':
		tab->request.hart = tab->view->hart_count > 0 ? (tab->view->hart + 1) % tab->view->hart_count : 0;
		tab_look(tab);
		return true;
	default:
		return false;
	}
}

bool mmu_tab_key(struct mmu_tab *tab, u32 key)
{
	switch (key) {
	case ' ':
		tab_wish(tab, tab->status.is_paused ? WISH_CONTINUE : WISH_PAUSE, 0);
		tab->stepping = 0;
		return true;
	case 's':
		return step(tab, WISH_STEP, key);
	case 'w':
		return step(tab, WISH_STEP_WALK, key);
	case 'f':
		return step(tab, WISH_STEP_FAULT, key);
	case '+':
	case '-':
		change_speed(tab, key == '+' ? 1 : -1);
		return true;
	case '0':
		tab_wish(tab, WISH_SPEED, 0);
		return true;
	case 'h':
	case '?':
		tab->shows_help = !tab->shows_help;
		return true;
	case '1' ... '5':
		tab->zoomed = tab->zoomed == key - '1' ? TAB_PARTS : (u8)(key - '1');
		return true;
	case ESCAPE:
		return close_one(tab);
	default:
		return view_key(tab, key);
	}
}

/* What lies at a press on a cell of the frame map, or elsewhere. */
static bool press_frame(struct mmu_tab *tab, const struct zone *z, s32 x, s32 y)
{
	const struct live_view *v = tab->view;
	u64 cell = (u64)zone_cell(z, x, y) * z->fold;
	if (cell >= v->cell_count)
		return false;
	tab->request.frame_pa = v->ram_base + (cell << (v->group_log2 < 20 ? v->group_log2 : 20) << 12);
	tab_look(tab);
	return true;
}

bool tab_press(struct mmu_tab *tab, s32 x, s32 y)
{
	const struct zone *z = tab_zone_at(tab, x, y);
	const struct live_view *v = tab->view;
	bool had_popup = tab->shows_help || tab->request.frame_pa != UINT64_MAX;
	if (z != NULL && z->kind == ZONE_POPUP)
		return false;
	if (tab->shows_help)
		return close_one(tab);
	if (z != NULL && z->kind == ZONE_FRAMES && press_frame(tab, z, x, y))
		return true;
	if (had_popup)
		close_one(tab);
	if (z == NULL)
		return had_popup;
	switch (z->kind) {
	case ZONE_BUTTON:
		return mmu_tab_key(tab, z->index);
	case ZONE_SPEED:
		tab_wish(tab, WISH_SPEED, tab_speed_stop(zone_cell(z, x, y)));
		return true;
	case ZONE_PART:
		return mmu_tab_key(tab, '1' + z->index);
	case ZONE_STATUS:
		return z->index == STATUS_HART ? mmu_tab_key(tab, 't') : had_popup;
	case ZONE_FAILED:
		return mmu_tab_key(tab, 'l');
	case ZONE_SPACE:
		if (z->index >= v->space_count || z->index >= LIVE_SPACES_MAX)
			return had_popup;
		tab->request.satp = v->spaces[z->index].satp;
		tab->tree_scroll = 0;
		tab_look(tab);
		return true;
	case ZONE_WALK:
		if (z->index >= v->walk_count || z->index >= LIVE_WALKS)
			return had_popup;
		tab->has_walk = z->index > 0;
		tab->walk = v->walks[z->index];
		return true;
	default:
		return had_popup;
	}
}

/* The part that a place belongs to; TAB_PARTS: none. */
static u32 part_at(const struct mmu_tab *tab, s32 x, s32 y)
{
	for (u32 i = tab->zone_count; i-- > 0;) {
		if (tab->zones[i].kind == ZONE_POPUP && rect_has(tab->zones[i].r, x, y))
			return TAB_PARTS;
		if (tab->zones[i].kind == ZONE_BODY && rect_has(tab->zones[i].r, x, y))
			return tab->zones[i].index;
	}
	return TAB_PARTS;
}

static s32 scrolled(s32 at, s32 by, s32 max)
{
	at += by;
	at = at > max ? max : at;
	return at < 0 ? 0 : at;
}

static bool turn_wheel(struct mmu_tab *tab, s32 wheel)
{
	s32 by = -wheel * WHEEL_LINES * 16;
	const struct zone *z = tab_zone_at(tab, tab->x, tab->y);
	if (z != NULL && (z->kind == ZONE_SPEED || (z->kind == ZONE_STATUS && z->index == STATUS_SPEED))) {
		change_speed(tab, wheel > 0 ? 1 : -1);
		return true;
	}
	switch (part_at(tab, tab->x, tab->y)) {
	case PART_TREE:
		tab->tree_scroll = scrolled(tab->tree_scroll, by, tab->tree_scroll_max);
		return true;
	case PART_TLB:
		tab->tlb_scroll = scrolled(tab->tlb_scroll, by, tab->tlb_scroll_max);
		return true;
	case PART_WALK:
		tab_walk_older(tab, -wheel);
		return true;
	default:
		return false;
	}
}

bool mmu_tab_pointer(struct mmu_tab *tab, s32 x, s32 y, bool pressed, s32 wheel)
{
	bool moved = x != tab->x || y != tab->y;
	tab->x = x;
	tab->y = y;
	if (tab->view == NULL)
		return false;
	bool done = pressed && tab_press(tab, x, y);
	if (wheel != 0) {
		/* No more than a screenful at once, whatever the device says. */
		wheel = wheel > 100 ? 100 : wheel < -100 ? -100 : wheel;
		done = turn_wheel(tab, wheel) || done;
	}
	return done || moved;
}
