/*
 * The two lines at the top of the MMU tab: buttons that hold, step and slow the machine, each with its key, and how the
 * hart is.
 */
#include "emu/display/mmu_tab_internal.h"

#include <stdio.h>
#include <string.h>

static const u64 stops[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 0 };

u32 tab_speed_stops(void)
{
	return ARRAY_SIZE(stops);
}

u64 tab_speed_stop(u32 i)
{
	return i < ARRAY_SIZE(stops) ? stops[i] : 0;
}

u32 tab_speed_now(const struct mmu_tab *tab)
{
	u32 i = 0;
	if (tab->status.speed == 0)
		return ARRAY_SIZE(stops) - 1;
	while (i < ARRAY_SIZE(stops) - 2 && stops[i] < tab->status.speed)
		i++;
	return i;
}

static s32 paint_slider(const struct ui *ui, s32 x, s32 y, s32 stop_w)
{
	const struct mmu_tab *tab = ui->tab;
	s32 n = ARRAY_SIZE(stops), h = ui->line + 4;
	struct rect r = { x, y, n * stop_w, h };
	struct zone *z = tab_grid(ui, r, ZONE_SPEED, 0, (u32)n, 1);
	s32 now = (s32)tab_speed_now(tab), hot = rect_has(r, tab->x, tab->y) ? (s32)zone_cell(z, tab->x, tab->y) : -1;
	paint_rect(&ui->c, (struct rect){ x + stop_w / 2, y + h / 2 - 1, (n - 1) * stop_w, 3 }, COLOUR_LINE);
	paint_rect(&ui->c, (struct rect){ x + stop_w / 2, y + h / 2 - 1, now * stop_w, 3 }, COLOUR_ACCENT);
	for (s32 i = 0; i < n; i++) {
		s32 half = i == now ? h / 3 : 2;
		u32 colour = i == hot ? COLOUR_INK : i <= now ? COLOUR_ACCENT : COLOUR_FAINT;
		s32 at = x + i * stop_w + stop_w / 2;
		paint_rect(&ui->c, (struct rect){ at - 2, y + h / 2 - half, 5, 2 * half + 1 }, colour);
	}
	return x + r.w;
}

static void paint_speed(const struct ui *ui, s32 x, struct rect r)
{
	const struct link_status *s = &ui->tab->status;
	char text[WORDS_BYTES], count[WORDS_BYTES];
	s32 y = r.y + (r.h - (s32)ui->font->height) / 2;
	bool is_wide = r.w >= 120 * ui->em;
	if (is_wide)
		x = ui_put(ui, ui->font, x, y, COLOUR_QUIET, "speed") + ui->em;
	x = ui_button(ui, x, r.y, '-', "-", "", false) + 2;
	x = paint_slider(ui, x, r.y, is_wide ? ui->em + 4 : ui->em) + 2;
	x = ui_button(ui, x, r.y, '+', "+", "", false) + ui->em;
	if (s->speed == 0)
		snprintf(text, sizeof(text), "full");
	else
		snprintf(text, sizeof(text), "%s/s", words_count(count, (double)s->speed));
	s32 end = ui_put(ui, ui->bold, x, y, s->speed == 0 ? COLOUR_INK : COLOUR_WARN, "%s", text);
	tab_zone(ui, (struct rect){ x, r.y, end - x, r.h }, ZONE_STATUS, STATUS_SPEED);
}

void tab_paint_controls(const struct ui *ui, struct rect r)
{
	const struct link_status *s = &ui->tab->status;
	bool is_wide = r.w >= 120 * ui->em;
	s32 x = r.x, y = r.y;
	x = ui_button(ui, x, y, ' ', "Space", s->is_paused ? "Go   " : "Pause", s->is_paused) + ui->em;
	if (is_wide)
		x = ui_put(ui, ui->font, x, y + 3, COLOUR_QUIET, "step to the next") + ui->em;
	else if (r.w >= 90 * ui->em)
		x = ui_put(ui, ui->font, x, y + 3, COLOUR_QUIET, "step") + ui->em / 2;
	x = ui_button(ui, x, y, 's', "s", is_wide ? "instruction" : "insn", ui->tab->stepping == 's') + ui->em / 2;
	x = ui_button(ui, x, y, 'w', "w", is_wide ? "page walk" : "walk", ui->tab->stepping == 'w') + ui->em / 2;
	x = ui_button(ui, x, y, 'f', "f", is_wide ? "page fault" : "fault", ui->tab->stepping == 'f') + ui->em * 3 / 2;
	s32 help = text_width(ui->font, "help") + 5 * ui->em;
	if (r.x + r.w - x > help)
		ui_button(ui, r.x + r.w - help + ui->em, y, 'h', "h", "help", ui->tab->shows_help);
	if (r.x + r.w - x > 26 * ui->em + help)
		paint_speed(ui, x, r);
}

/* --- status --- */

struct item {
	char text[128];
	u32 colour;
	u8 status; /* enum tab_status */
};

static struct item state_item(const struct ui *ui)
{
	const struct link_status *s = &ui->tab->status;
	struct item item = { .status = STATUS_STATE };
	if (s->is_over) {
		snprintf(item.text, sizeof(item.text), "ENDED");
		item.colour = COLOUR_BAD;
	} else if (s->is_paused) {
		snprintf(item.text, sizeof(item.text), "PAUSED");
		item.colour = COLOUR_WARN;
	} else if (ui->v->is_waiting) {
		snprintf(item.text, sizeof(item.text), ui->tab->stepping ? "WAITS FOR THE GUEST, WHICH IDLES" : "IDLE");
		item.colour = COLOUR_QUIET;
	} else {
		snprintf(item.text, sizeof(item.text), "RUNNING");
		item.colour = COLOUR_GOOD;
	}
	return item;
}

static u32 collect_items(const struct ui *ui, struct item items[8])
{
	const struct live_view *v = ui->v;
	char words[WORDS_BYTES];
	u32 n = 0;
	items[n++] = state_item(ui);
	items[n] = (struct item){ .status = STATUS_HART, .colour = COLOUR_INK };
	snprintf(items[n++].text, 128, v->hart_count > 1 ? "hart %u of %u [t]" : "hart %u", v->hart, v->hart_count);
	items[n] = (struct item){ .status = STATUS_PROCESS, .colour = COLOUR_INK };
	if (v->process[0] != 0)
		snprintf(items[n++].text, 128, v->pid != 0 && v->pid < GUEST_SPACE_PID ? "%s (pid %u)" : "%s",
		         v->process, v->pid);
	else
		snprintf(items[n++].text, 128, "no process");
	items[n] = (struct item){ .status = STATUS_MODE, .colour = COLOUR_INK };
	snprintf(items[n++].text, 128, "%c mode", words_mode(v->priv)[0]);
	items[n] = (struct item){ .status = STATUS_PC, .colour = COLOUR_INK };
	snprintf(items[n++].text, 128, v->symbol[0] ? "pc 0x%llx <%s>" : "pc 0x%llx", (unsigned long long)v->pc,
	         v->symbol);
	items[n] = (struct item){ .status = STATUS_SATP, .colour = COLOUR_INK };
	snprintf(items[n++].text, 128, "satp: %s", words_satp(words, v->satp));
	return n;
}

/* Guest time, at the right; returns where it begins. */
static s32 paint_time(const struct ui *ui, struct rect r)
{
	char text[2 * WORDS_BYTES], count[WORDS_BYTES];
	int n = snprintf(text, sizeof(text), "guest time %.3f s", (double)ui->v->time_ns / 1e9);
	if (r.w > 170 * ui->em)
		snprintf(text + n, sizeof(text) - (size_t)n, ", %s instructions",
		         words_count(count, (double)ui->tab->status.instret));
	s32 x = r.x + r.w - text_width(ui->font, text);
	if (r.w < 110 * ui->em)
		return r.x + r.w;
	ui_put(ui, ui->font, x, r.y, COLOUR_QUIET, "%s", text);
	tab_zone(ui, (struct rect){ x, r.y, r.x + r.w - x, r.h }, ZONE_STATUS, STATUS_TIME);
	return x - 2 * ui->em;
}

void tab_paint_status(const struct ui *ui, struct rect r)
{
	struct item items[8];
	u32 count = collect_items(ui, items);
	s32 x = r.x, end = paint_time(ui, r);
	for (u32 i = 0; i < count && x < end; i++) {
		const struct font *font = i == 0 ? ui->bold : ui->font;
		s32 from = x;
		x = ui_fit(ui, font, x, r.y, end - x, items[i].colour, "%s", items[i].text);
		tab_zone(ui, (struct rect){ from, r.y, x - from, r.h }, ZONE_STATUS, items[i].status);
		/* The state has room for its longest word, so that nothing jumps. */
		if (i == 0)
			x = from + text_width(font, "RUNNING");
		if (i + 1 < count && x + 2 * ui->em < end)
			paint_rect(&ui->c, (struct rect){ x + ui->em, r.y + 2, 1, r.h - 5 }, COLOUR_LINE);
		x += 2 * ui->em;
	}
}

static void tip_status(const struct mmu_tab *tab, u32 status, struct tip *tip)
{
	const struct live_view *v = tab->view;
	const struct link_status *s = &tab->status;
	char words[WORDS_BYTES];
	switch (status) {
	case STATUS_STATE:
		tip_add(tip, s->is_over     ? "The run has ended"
		             : s->is_paused ? "The machine is held"
		                            : "The machine runs");
		tip_add(tip, "%s", s->message[0] ? s->message : "Space holds it and lets it go.");
		if (v->is_waiting)
			tip_add(tip, "The hart waits for an interrupt (wfi): it has nothing to do.");
		return;
	case STATUS_HART:
		tip_add(tip, "Hart %u of %u", v->hart, v->hart_count);
		tip_add(tip, "A hart is a processor core. TLB, pc and satp here are this one's.");
		tip_add(tip, "Click, or t: the next hart.");
		return;
	case STATUS_MODE:
		tip_add(tip, "Privilege mode %s", words_mode(v->priv));
		tip_add(tip, "U runs programs, S the kernel, M the firmware. Pages are translated in U and S.");
		return;
	case STATUS_PROCESS:
		tip_add(tip, "The process that runs on the hart");
		tip_add(tip, v->has_hints ? "The guest tells who that is."
		                          : "This guest does not tell: address spaces are known by satp alone.");
		return;
	case STATUS_PC:
		tip_add(tip, "pc: the instruction that comes next");
		tip_add(tip, "0x%llx %s", (unsigned long long)v->pc, v->symbol);
		return;
	case STATUS_SATP:
		tip_add(tip, "satp = 0x%016llx", (unsigned long long)v->satp);
		tip_add(tip, "%s", words_satp(words, v->satp));
		tip_add(tip, "The register that says how addresses are translated and where the root table is.");
		return;
	case STATUS_TIME:
		tip_add(tip, "Time as the guest sees it: %.6f s", (double)v->time_ns / 1e9);
		tip_add(tip, "%llu instructions were run.", (unsigned long long)s->instret);
		tip_add(tip, "It follows the instructions, not your clock: two runs are the same.");
		return;
	default:
		tip_add(tip,
		        s->speed == 0 ? "Full speed: %.0f million instructions a second lately"
		                      : "Slowed down (%.3f million instructions a second lately)",
		        s->mips);
		tip_add(tip, "+ and - change it, 0 is full speed.");
	}
}

static void tip_button(u32 key, struct tip *tip)
{
	static const struct {
		u32 key;
		const char *text[2];
	} helps[] = {
		{ ' ',
		  { "Hold the machine, or let it go (key: space)",
		    "While it stands still you can look at everything." } },
		{ 's', { "One instruction (key: s)", "Runs one instruction of this hart, then holds." } },
		{ 'w',
		  { "To the next page walk (key: w)",
		    "Runs until the page tables are read for some access, then holds." } },
		{ 'f', { "To the next page fault (key: f)", "Runs until an access is refused, then holds." } },
		{ '+', { "Faster (key: +)", "Up to full speed." } },
		{ '-', { "Slower (key: -)", "Down to one instruction a second." } },
		{ 'h', { "Help (key: h)", "One page that explains all that is here." } },
		{ 'c', { "The hart's own address space (key: c)", "Follows whatever the hart runs." } },
		{ 'p', { "The walk before (key: p)", "The picture then stays; n goes back to newer ones." } },
		{ 'n', { "The walk after (key: n)", "At the newest the picture follows again." } },
	};
	for (u32 i = 0; i < ARRAY_SIZE(helps); i++) {
		if (helps[i].key != key)
			continue;
		tip_add(tip, "%s", helps[i].text[0]);
		tip_add(tip, "%s", helps[i].text[1]);
	}
}

void tip_controls(const struct mmu_tab *tab, const struct zone *z, u32 cell, struct tip *tip)
{
	char words[WORDS_BYTES];
	if (z->kind == ZONE_BUTTON) {
		tip_button(z->index, tip);
	} else if (z->kind == ZONE_SPEED) {
		if (tab_speed_stop(cell) == 0)
			tip_add(tip, "Full speed (key: 0)");
		else
			tip_add(tip, "%s instruction%s a second", words_count(words, (double)tab_speed_stop(cell)),
			        tab_speed_stop(cell) == 1 ? "" : "s");
		tip_add(tip, "Click to choose; + and - go by one stop.");
	} else {
		tip_status(tab, z->index, tip);
	}
}
