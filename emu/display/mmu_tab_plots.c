/*
 * Counters of the MMU tab: what each is now, and a small plot of the last while.
 */
#include "emu/display/mmu_tab_internal.h"

#include <stdio.h>

struct plot {
	const char *name;  /* on it */
	const char *help;  /* what it is, in words */
	const char *help2; /* a second line */
	u32 colour;
	u8 counter;    /* enum live_counter */
	bool is_level; /* the number itself, not a rate */
};

static const struct plot plots[TAB_PLOTS] = {
	[PLOT_INSTRET] = { "instructions/s", "Instructions that all harts together ran, a second of your time.",
	                   "Flat at 0: the machine is held, or waits for something to do.", COLOUR_ACCENT, LIVE_INSTRET,
	                   false },
	[PLOT_WALKS] = { "page walks/s", "How often the page tables were read because the TLB had no answer.",
	                 "Many: programs use more pages than the TLB holds.", 0xc86aa4, LIVE_WALKS_DONE, false },
	[PLOT_FAULTS] = { "page faults/s",
	                  "Accesses that no page table entry allowed: the kernel is called to mend it.",
	                  "First uses of lazy memory, copy on write, swapping, and mistakes.", COLOUR_BAD, LIVE_FAULTS,
	                  false },
	[PLOT_HITS] = { "TLB hit rate", "The share of look-ups that the TLB answered without a walk.",
	                "What the fast path answers by itself may not be in it: see --tlb.", COLOUR_GOOD, LIVE_TLB_HITS,
	                true },
	[PLOT_SWAP_IN] = { "swapped in/s", "Pages read back from the swap disk because somebody touched them.",
	                   "Together with many swapped out: memory is too small (thrashing).", 0xf0788a, LIVE_SWAP_IN,
	                   false },
	[PLOT_SWAP_OUT] = { "swapped out/s", "Pages written to the swap disk to make their frames free.", "",
	                    COLOUR_WARN, LIVE_SWAP_OUT, false },
	[PLOT_FREE] = { "free frames", "Frames that nobody uses now (as far as the guest tells).",
	                "When few are left the kernel must take frames from somebody.", 0x4fae68, LIVE_FRAMES_FREE,
	                true },
	[PLOT_FENCES] = { "TLB fences/s", "sfence.vma and the like: the guest says that page tables were changed.",
	                  "Until then the TLB may go on with what it remembers.", COLOUR_QUIET, LIVE_FENCES, false },
};

/* The i-th sample; of the hit rate it is made from two. Negative: not counted. */
static double sample_of(const struct live_view *v, u32 plot, u32 i)
{
	if (plot != PLOT_HITS)
		return (double)v->plots[plots[plot].counter][i];
	double hits = (double)v->plots[LIVE_TLB_HITS][i], all = hits + (double)v->plots[LIVE_TLB_MISSES][i];
	return all > 0 ? 100 * hits / all : -1;
}

static double now_of(const struct live_view *v, u32 plot)
{
	double hits = v->rates[LIVE_TLB_HITS], all = hits + v->rates[LIVE_TLB_MISSES];
	if (plot == PLOT_HITS)
		return all > 0 ? 100 * hits / all : -1;
	if (!v->has_hints && (plot == PLOT_FREE || plot == PLOT_SWAP_IN || plot == PLOT_SWAP_OUT))
		return -1;
	if (plot == PLOT_FREE)
		return (double)v->counters[LIVE_FRAMES_FREE];
	return v->rates[plots[plot].counter];
}

static u32 plot_samples(const struct live_view *v)
{
	return v->plot_count < LIVE_PLOT ? v->plot_count : LIVE_PLOT;
}

static double highest(const struct live_view *v, u32 plot)
{
	double max = plot == PLOT_HITS ? 100 : 0;
	for (u32 i = 0; i < plot_samples(v) && plot != PLOT_HITS; i++) {
		double value = sample_of(v, plot, i);
		max = value > max ? value : max;
	}
	return max;
}

static const char *value_text(char text[WORDS_BYTES], const struct live_view *v, u32 plot, double value)
{
	char count[WORDS_BYTES];
	if (value < 0 && plot != PLOT_HITS)
		snprintf(text, WORDS_BYTES, "not told");
	else if (value < 0)
		snprintf(text, WORDS_BYTES, v->counters[LIVE_TLB_MISSES] > 0 ? "none asked" : "not counted");
	else if (plot == PLOT_HITS)
		snprintf(text, WORDS_BYTES, value > 99.0 && value < 100.0 ? "%.2f %%" : "%.1f %%", value);
	else if (plot == PLOT_FREE)
		snprintf(text, WORDS_BYTES, "%.0f", value);
	else
		snprintf(text, WORDS_BYTES, "%s", words_count(count, value));
	return text;
}

/* `is_soft`: there is text on it. */
static void paint_curve(const struct ui *ui, struct rect r, u32 plot, bool is_soft)
{
	const struct live_view *v = ui->v;
	u32 count = plot_samples(v), colour = plots[plot].colour;
	double max = highest(v, plot);
	paint_rect(&ui->c, r, COLOUR_SUNK);
	if (count == 0 || max <= 0 || r.h < 3)
		return;
	u32 soft = colour_mix(COLOUR_SUNK, colour, is_soft ? 50 : 90);
	colour = is_soft ? colour_mix(COLOUR_SUNK, colour, 130) : colour;
	for (s32 x = 0; x < r.w; x++) {
		/* The newest sample is at the right edge; every sample has its place whether there are few or many. */
		s64 i = (s64)count - 1 - (s64)(r.w - 1 - x) * LIVE_PLOT / r.w;
		if (i < 0)
			continue;
		double value = sample_of(v, plot, (u32)i);
		if (!(value >= 0))
			continue;
		double share = value / max;
		s32 h = (s32)((share < 1 ? share : 1) * (r.h - 2) + 0.5);
		paint_rect(&ui->c, (struct rect){ r.x + x, r.y + r.h - h, 1, h }, soft);
		paint_rect(&ui->c, (struct rect){ r.x + x, r.y + r.h - h - 1, 1, 1 }, colour);
	}
}

static void paint_plot(const struct ui *ui, struct rect r, u32 plot)
{
	char text[WORDS_BYTES];
	bool is_beside = r.h < 2 * ui->line + 4;
	tab_zone(ui, r, ZONE_PLOT, plot);
	bool is_hot = tab_hover(ui, ZONE_PLOT, plot) != NULL;
	value_text(text, ui->v, plot, now_of(ui->v, plot));
	const struct font *font = is_beside ? ui->small : ui->font;
	s32 value_w = text_width(font, text);
	struct rect curve = { r.x, r.y + ui->line, r.w, r.h - ui->line };
	if (is_beside)
		curve = r;
	paint_curve(ui, curve, plot, is_beside);
	if (is_hot)
		paint_frame(&ui->c, curve, COLOUR_ACCENT);
	s32 pad = is_beside ? 2 : 0;
	ui_fit(ui, font, r.x + pad, r.y, r.w - value_w - ui->em, COLOUR_QUIET, "%s", plots[plot].name);
	ui_put(ui, font, r.x + r.w - value_w - pad, r.y, COLOUR_INK, "%s", text);
}

void tab_paint_plots(const struct ui *ui, struct rect r)
{
	char remark[64];
	double seconds = ui->v->plot_step_s * LIVE_PLOT;
	snprintf(remark, sizeof(remark), seconds >= 1 && seconds < 1e6 ? "the last %.0f seconds" : "now", seconds);
	struct rect room = ui_part(ui, r, PART_PLOTS, "What is going on", remark);
	u32 columns = room.w >= 150 * ui->em ? 4 : 2, rows = TAB_PLOTS / columns;
	s32 gap = ui->em, w = (room.w - gap * ((s32)columns - 1)) / (s32)columns;
	s32 gap_y = room.h > 30 * (s32)rows ? 5 : 2, h = (room.h - gap_y * ((s32)rows - 1)) / (s32)rows;
	if (h < 4)
		return;
	for (u32 i = 0; i < TAB_PLOTS; i++) {
		struct rect at = { room.x + (s32)(i % columns) * (w + gap), room.y + (s32)(i / columns) * (h + gap_y),
			           w, h };
		paint_plot(ui, at, i);
	}
}

void tip_plot(const struct mmu_tab *tab, const struct zone *z, struct tip *tip)
{
	const struct live_view *v = tab->view;
	char text[WORDS_BYTES];
	if (z->index >= TAB_PLOTS)
		return;
	const struct plot *plot = &plots[z->index];
	tip_add(tip, "%s: %s", plot->name, value_text(text, v, z->index, now_of(v, z->index)));
	tip_add(tip, "%s", plot->help);
	if (plot->help2[0] != 0)
		tip_add(tip, "%s", plot->help2);
	tip_add(tip, "highest in the plot: %s", value_text(text, v, z->index, highest(v, z->index)));
	if (!plot->is_level)
		tip_add(tip, "since the start: %llu", (unsigned long long)v->counters[plot->counter]);
}
