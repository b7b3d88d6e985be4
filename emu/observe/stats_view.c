/*
 * Sums of what harts count: over harts, and over the indexes of tables. See stats_internal.h.
 */
#include "emu/observe/stats_internal.h"

#include <stdlib.h>

#include "mmu/walk.h"

const char *const stats_level_names[2] = { "first", "second" };
const char *const stats_access_names[MMU_ACCESSES] = { "fetch", "load", "store" };
const char *const stats_mode_names[MMU_MODES] = { "user", "supervisor" };
const char *const stats_size_names[MMU_SIZES] = { "4k", "64k", "2m", "1g", "512g", "256t", "none" };
const char *const stats_form_names[MMU_FLUSHES] = { "all", "asid", "va", "va_asid", "reset" };
const char *const stats_place_names[WALK_SOURCES] = { "memory", "walk_cache", "l1", "l2" };
const char *const stats_user_names[COST_KINDS] = { "fetch", "load", "store", "pte" };
const char *const stats_where_names[COST_PLACES] = { "l1", "l2", "memory" };

_Static_assert(sizeof(struct mmu_stats) % sizeof(u64) == 0, "they are added up as rows of u64");
_Static_assert(sizeof(struct cost_stats) % sizeof(u64) == 0, "likewise");
_Static_assert(sizeof(struct hart_events) % sizeof(u64) == 0, "likewise");

static void add_row(void *to, const void *from, size_t size)
{
	u64 *sum = to;
	const u64 *counts = from;
	for (size_t i = 0; i < size / sizeof(u64); i++)
		sum[i] += counts[i];
}

void stats_view_add(struct stats_view *v, const struct hart *h)
{
	add_row(&v->mmu, &h->mmu.stats, sizeof(v->mmu));
	add_row(&v->events, &h->events, sizeof(v->events));
	if (h->mmu.cost) {
		add_row(&v->cost, cost_stats(h->mmu.cost), sizeof(v->cost));
		v->cycles += cost_waited(h->mmu.cost);
	}
	v->instret += hart_instret(h);
	v->steps += h->count;
	v->cycles += h->count;
	v->interrupts += h->events.interrupts;
}

struct stats_view *stats_view_create(const struct machine *m)
{
	struct stats_view *v = xcalloc(1, sizeof(*v));
	for (u32 i = 0; i < m->hart_count; i++)
		stats_view_add(v, m->harts[i]);
	return v;
}

/* Is index i meant by `wanted`, which may be the bound: all? */
static bool is_meant(u32 i, u32 wanted, u32 bound)
{
	return wanted == bound || wanted == i;
}

struct stats_lookups stats_lookups(const struct stats_view *v, u32 level, u32 access, u32 mode, u32 size)
{
	const struct mmu_tlb_counts *c = &v->mmu.tlb[level];
	struct stats_lookups sum = { 0 };
	for (u32 a = 0; a < MMU_ACCESSES; a++) {
		for (u32 m = 0; m < MMU_MODES; m++) {
			for (u32 s = 0; s < MMU_SIZES; s++) {
				if (!is_meant(a, access, MMU_ACCESSES) || !is_meant(m, mode, MMU_MODES) ||
				    !is_meant(s, size, MMU_SIZES))
					continue;
				sum.hits += c->hits[a][m][s];
				sum.misses += c->misses[a][m][s];
				sum.denied += c->denied[a][m][s];
			}
		}
	}
	return sum;
}

u64 stats_walks(const struct stats_view *v, u32 access, u32 mode, u32 size)
{
	u64 sum = 0;
	for (u32 a = 0; a < MMU_ACCESSES; a++)
		for (u32 m = 0; m < MMU_MODES; m++)
			for (u32 s = 0; s < MMU_SIZES; s++)
				if (is_meant(a, access, MMU_ACCESSES) && is_meant(m, mode, MMU_MODES) &&
				    is_meant(s, size, MMU_SIZES))
					sum += v->mmu.walks_by[a][m][s];
	return sum;
}

u64 stats_walks_failed(const struct stats_view *v)
{
	return stats_walks(v, MMU_ACCESSES, MMU_MODES, MMU_SIZE_NONE);
}

u64 stats_faults(const struct stats_view *v, u32 reason, u32 access)
{
	u64 sum = 0;
	for (u32 r = 0; r < WALK_REASONS; r++)
		for (u32 a = 0; a < MMU_ACCESSES; a++)
			if (is_meant(r, reason, WALK_REASONS) && is_meant(a, access, MMU_ACCESSES))
				sum += v->mmu.faults_by[r][a];
	return sum;
}

u64 stats_ptes(const struct stats_view *v, u32 level, u32 source)
{
	u64 sum = 0;
	for (u32 l = 0; l < WALK_LEVELS_MAX; l++)
		for (u32 s = 0; s < WALK_SOURCES; s++)
			if (is_meant(l, level, WALK_LEVELS_MAX) && is_meant(s, source, WALK_SOURCES))
				sum += v->mmu.pte_reads_by[l][s];
	return sum;
}

u64 stats_pte_reads(const struct stats_view *v)
{
	return stats_ptes(v, WALK_LEVELS_MAX, WALK_SOURCES) - stats_ptes(v, WALK_LEVELS_MAX, WALK_FROM_WALK_CACHE);
}

u64 stats_evictions(const struct stats_view *v, u32 level, u32 size)
{
	u64 sum = 0;
	for (u32 s = 0; s < MMU_SIZES; s++)
		if (is_meant(s, size, MMU_SIZES))
			sum += v->mmu.tlb[level].evictions[s];
	return sum;
}

u64 stats_flushed(const struct stats_view *v, u32 level, u32 form, u32 size)
{
	u64 sum = 0;
	for (u32 f = 0; f < MMU_FLUSHES; f++)
		for (u32 s = 0; s < MMU_SIZES; s++)
			if (is_meant(f, form, MMU_FLUSHES) && is_meant(s, size, MMU_SIZES))
				sum += v->mmu.tlb[level].flushed[f][s];
	return sum;
}

u64 stats_fences(const struct stats_view *v, u32 form)
{
	u64 sum = 0;
	for (u32 f = 0; f < MMU_FLUSHES; f++)
		if (is_meant(f, form, MMU_FLUSHES))
			sum += v->mmu.fences[f];
	return sum;
}

u64 stats_tlb_misses(const struct stats_view *v)
{
	u64 sum = 0;
	for (u32 a = 0; a < MMU_ACCESSES; a++)
		sum += mmu_stats_tlb_misses(&v->mmu, (enum access)a);
	return sum;
}

u64 stats_per_million(const struct stats_view *v, u64 count)
{
	return v->instret ? (u64)((double)count * 1e6 / (double)v->instret + 0.5) : 0;
}

bool stats_is_page_fault(u32 reason, u32 access)
{
	u32 cause = reason == WALK_OK ? 0 : walk_cause(reason, access);
	return cause == 12 || cause == 13 || cause == 15;
}

bool stats_has_second(const struct machine *m)
{
	return tlb_config(m->harts[0]->mmu.tlb)->second[0].ways != 0;
}

bool stats_has_cost(const struct machine *m)
{
	return m->harts[0]->mmu.cost != NULL;
}
