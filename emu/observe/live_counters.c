/*
 * Counters of the live view, their rates and plots: those of --stats, sampled by the host's clock.
 */
#include <stdlib.h>
#include <string.h>

#include "emu/observe/live_internal.h"
#include "emu/observe/stats_internal.h"

#define SAMPLE_NS 250000000ull
#define RATE_SAMPLES 4 /* a rate is the mean of that many: a second */

void live_forget_counters(struct live *live)
{
	live->sampled_ns = 0;
	live->plot_count = 0;
}

/* What is counted of the guest by name. */
static void see_guest(void *arg, const char *name, u64 value)
{
	u64 *counters = arg;

	if (strcmp(name, "swap.reads") == 0)
		counters[LIVE_SWAP_IN] = value;
	else if (strcmp(name, "swap.writes") == 0)
		counters[LIVE_SWAP_OUT] = value;
	else if (strcmp(name, "frames.free") == 0)
		counters[LIVE_FRAMES_FREE] = value;
}

static void count(const struct live *live, u64 counters[LIVE_COUNTERS])
{
	struct stats_view *stats = stats_view_create(live->m);

	counters[LIVE_INSTRET] = stats->instret;
	counters[LIVE_FAULTS] = stats_faults(stats, WALK_REASONS, MMU_ACCESSES);
	counters[LIVE_WALKS_DONE] = stats_walks(stats, MMU_ACCESSES, MMU_MODES, MMU_SIZES);
	counters[LIVE_TLB_HITS] = stats_lookups(stats, 0, MMU_ACCESSES, MMU_MODES, MMU_SIZES).hits +
	                          stats_lookups(stats, 1, MMU_ACCESSES, MMU_MODES, MMU_SIZES).hits;
	counters[LIVE_TLB_MISSES] = stats_tlb_misses(stats);
	counters[LIVE_FENCES] = stats_fences(stats, MMU_FLUSHES);
	guest_view_each(live->guest, see_guest, counters);
	free(stats);
}

/* Puts a sample behind the others, of which the oldest go. */
static void add_sample(struct live *live, const float sample[LIVE_COUNTERS])
{
	if (live->plot_count == LIVE_PLOT) {
		for (u32 c = 0; c < LIVE_COUNTERS; c++)
			memmove(&live->plots[c][0], &live->plots[c][1], (LIVE_PLOT - 1) * sizeof(float));
		live->plot_count--;
	}
	for (u32 c = 0; c < LIVE_COUNTERS; c++)
		live->plots[c][live->plot_count] = sample[c];
	live->plot_count++;
}

void live_sample(struct live *live, u64 host_ns)
{
	u64 now[LIVE_COUNTERS], passed = host_ns - live->sampled_ns;
	float sample[LIVE_COUNTERS];

	if (!live->m || (live->sampled_ns && passed < SAMPLE_NS))
		return;
	count(live, now);
	if (live->sampled_ns) {
		for (u32 c = 0; c < LIVE_COUNTERS; c++)
			sample[c] = c == LIVE_FRAMES_FREE
			                    ? (float)now[c]
			                    : (float)((double)(now[c] - live->sampled[c]) * 1e9 / (double)passed);
		/* Time in which nobody asked has the mean of it. */
		for (u64 n = 0; n < passed / SAMPLE_NS && n < LIVE_PLOT; n++)
			add_sample(live, sample);
	}
	memcpy(live->sampled, now, sizeof(now));
	live->sampled_ns = host_ns;
}

void live_collect_counters(struct live *live, struct live_view *view)
{
	u32 n = live->plot_count < RATE_SAMPLES ? live->plot_count : RATE_SAMPLES;

	count(live, view->counters);
	for (u32 c = 0; c < LIVE_COUNTERS; c++) {
		double sum = 0;

		for (u32 i = live->plot_count - n; i < live->plot_count; i++)
			sum += live->plots[c][i];
		view->rates[c] = n ? sum / n : 0;
		memcpy(view->plots[c], live->plots[c], live->plot_count * sizeof(float));
	}
	view->rates[LIVE_FRAMES_FREE] = (double)view->counters[LIVE_FRAMES_FREE];
	view->plot_count = live->plot_count;
	view->plot_step_s = SAMPLE_NS / 1e9;
}
