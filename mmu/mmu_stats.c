/*
 * Sums over what the MMU counts. Privileged modes, page sizes and levels are counted apart; who wants them together
 * asks here, so that no number is counted twice.
 */
#include "mmu/mmu.h"

static u64 sum(const u64 counts[MMU_MODES][MMU_SIZES])
{
	u64 all = 0;

	for (u32 mode = 0; mode < MMU_MODES; mode++)
		for (u32 size = 0; size < MMU_SIZES; size++)
			all += counts[mode][size];
	return all;
}

u64 mmu_stats_tlb_misses(const struct mmu_stats *s, enum access access)
{
	return sum(s->tlb[0].misses[access]) - sum(s->tlb[1].hits[access]);
}

u64 mmu_stats_walks(const struct mmu_stats *s, enum access access)
{
	return sum(s->walks_by[access]);
}

u64 mmu_stats_walk_faults(const struct mmu_stats *s, enum access access)
{
	u64 all = 0;

	for (u32 mode = 0; mode < MMU_MODES; mode++)
		all += s->walks_by[access][mode][MMU_SIZE_NONE];
	return all;
}

u64 mmu_stats_pte_reads(const struct mmu_stats *s)
{
	u64 all = 0;

	for (u32 level = 0; level < WALK_LEVELS_MAX; level++)
		for (u32 source = 0; source < WALK_SOURCES; source++)
			all += source == WALK_FROM_WALK_CACHE ? 0 : s->pte_reads_by[level][source];
	return all;
}
