/*
 * What the statistics' files share: sums over harts, and names. Nobody else includes this.
 */
#ifndef RVEMU_EMU_OBSERVE_STATS_INTERNAL_H
#define RVEMU_EMU_OBSERVE_STATS_INTERNAL_H

#include "emu/observe/stats.h"
#include "mmu/cost.h"

/* The counts of one hart, or of several together. */
struct stats_view {
	struct mmu_stats mmu;      /* translation */
	struct cost_stats cost;    /* caches; all 0 without a timing model */
	struct hart_events events; /* of the hart itself */
	u64 instret;               /* instructions retired */
	u64 steps;                 /* instructions tried */
	u64 cycles;                /* steps and waits */
	u64 interrupts;            /* interrupts taken */
};

/* Adds a hart's counts to a view; makes the view of a whole machine. */
void stats_view_add(struct stats_view *v, const struct hart *h);
struct stats_view *stats_view_create(const struct machine *m);

/* Hits, misses and so on of a level of the TLB, summed over whatever index is its bound: MMU_ACCESSES, MMU_MODES,
 * MMU_SIZES. */
struct stats_lookups {
	u64 hits, misses, denied; /* accesses are hits and misses */
};
struct stats_lookups stats_lookups(const struct stats_view *v, u32 level, u32 access, u32 mode, u32 size);

/* Likewise walks; faults by reason and access (WALK_REASONS, MMU_ACCESSES: all); PTEs by level and source
 * (WALK_LEVELS_MAX, WALK_SOURCES: all); evictions and flushed entries of a level of the TLB. */
u64 stats_walks(const struct stats_view *v, u32 access, u32 mode, u32 size);
u64 stats_walks_failed(const struct stats_view *v);
u64 stats_faults(const struct stats_view *v, u32 reason, u32 access);
u64 stats_ptes(const struct stats_view *v, u32 level, u32 source);
u64 stats_pte_reads(const struct stats_view *v);
u64 stats_evictions(const struct stats_view *v, u32 level, u32 size);
u64 stats_flushed(const struct stats_view *v, u32 level, u32 form, u32 size);
u64 stats_fences(const struct stats_view *v, u32 form);

/* Misses of all levels of the TLB, and the same for a million instructions. */
u64 stats_tlb_misses(const struct stats_view *v);
u64 stats_per_million(const struct stats_view *v, u64 count);

/* Is the fault of this reason and access a page fault (and not an access fault)? */
bool stats_is_page_fault(u32 reason, u32 access);

/* Has the machine a second level, a timing model? */
bool stats_has_second(const struct machine *m);
bool stats_has_cost(const struct machine *m);

/* Names as they stand in counters; by the enums of mmu/. */
extern const char *const stats_level_names[2];
extern const char *const stats_access_names[MMU_ACCESSES];
extern const char *const stats_mode_names[MMU_MODES];
extern const char *const stats_size_names[MMU_SIZES];
extern const char *const stats_form_names[MMU_FLUSHES];
extern const char *const stats_place_names[WALK_SOURCES];
extern const char *const stats_user_names[COST_KINDS];
extern const char *const stats_where_names[COST_PLACES];

#endif
