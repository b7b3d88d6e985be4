/*
 * The page-walk cache: pointer PTEs by the address they were read from, so that a walk need not read them again.
 *
 * A fence by address leaves it alone: the manual promises that form for leaf PTEs only, hardware keeps its upper levels
 * then, and a kernel that frees a page table without a wider fence must be able to find out. A pointer serves its ASID,
 * or all if it has G itself; one below a global pointer is treated as its ASID's own, which fences more than it must.
 */
#include "mmu/tlb.h"

#include <stdlib.h>

#include "mmu/tlb_internal.h"

#define PTE_PPN_MASK (MASK(PTE_PPN_BITS) << PTE_PPN_SHIFT)
#define PTE_RSW (MASK(2) << 8)

static struct pointer_array *pointers_for(struct tlb *tlb, u32 level)
{
	for (u32 i = 0; i < TLB_ARRAYS_MAX; i++) {
		const struct tlb_array_config *config = &tlb->pointers[i].config;

		if (config->ways && level >= config->min_level && level <= config->max_level)
			return &tlb->pointers[i];
	}
	return NULL;
}

static bool pointer_valid(const struct tlb *tlb, const struct pointer *pointer)
{
	return tlb_is_alive(tlb, pointer->stamp, pointer->global, pointer->asid);
}

static u32 pointer_set(const struct pointer_array *array, u64 pte_addr)
{
	return (u32)(pte_addr >> 3) & (array->config.sets - 1);
}

/* The walk caches are small, so that one ordering by time serves FIFO (`used` stays the birth) and LRU alike. */
static void pointer_touch(struct tlb *tlb, struct pointer_array *array, u32 set, u32 way)
{
	if (array->config.replacement == TLB_LRU)
		array->pointers[set * array->config.ways + way].used = ++tlb->now;
	else if (array->config.replacement == TLB_PLRU)
		tlb_plru_touch(&array->plru[set], array->config.ways, way);
}

static u32 pointer_way(struct tlb *tlb, const struct pointer_array *array, u32 set)
{
	const struct pointer *pointers = &array->pointers[set * array->config.ways];
	u32 oldest = 0;

	for (u32 way = 0; way < array->config.ways; way++) {
		if (!pointer_valid(tlb, &pointers[way]))
			return way;
		if (pointers[way].used < pointers[oldest].used)
			oldest = way;
	}
	switch (array->config.replacement) {
	case TLB_PLRU:
		return tlb_plru_victim(array->plru[set], array->config.ways);
	case TLB_RANDOM:
		return (u32)(tlb_random(tlb) % array->config.ways);
	default:
		return oldest;
	}
}

/* The pointer read at pte_addr that this address space may use, or NULL. */
static struct pointer *pointer_find(struct tlb *tlb, struct pointer_array *array, u64 pte_addr, u16 asid)
{
	u32 set = pointer_set(array, pte_addr);

	for (u32 way = 0; way < array->config.ways; way++) {
		struct pointer *pointer = &array->pointers[set * array->config.ways + way];

		if (pointer->pte_addr != pte_addr || !pointer_valid(tlb, pointer))
			continue;
		if (pointer->global || pointer->asid == asid) {
			pointer_touch(tlb, array, set, way);
			return pointer;
		}
	}
	return NULL;
}

bool tlb_walk_cache_find(struct tlb *tlb, u32 level, u64 pte_addr, u16 asid, u64 *pte)
{
	struct pointer_array *array = pointers_for(tlb, level);
	struct pointer *pointer = array ? pointer_find(tlb, array, pte_addr, asid) : NULL;

	if (pointer)
		*pte = pointer->pte;
	return pointer;
}

void tlb_walk_cache_fill(struct tlb *tlb, u32 level, u64 pte_addr, u16 asid, u64 pte)
{
	struct pointer_array *array = pointers_for(tlb, level);
	bool is_pointer = (pte & ~(PTE_PPN_MASK | PTE_RSW | PTE_G)) == PTE_V;
	struct pointer *pointer;
	u32 set, way;

	if (!array || !is_pointer)
		return;
	set = pointer_set(array, pte_addr);
	pointer = pointer_find(tlb, array, pte_addr, asid);
	way = pointer ? (u32)(pointer - array->pointers) % array->config.ways : pointer_way(tlb, array, set);
	pointer = &array->pointers[set * array->config.ways + way];
	*pointer = (struct pointer){ .pte_addr = pte_addr, .pte = pte, .asid = asid, .global = (pte & PTE_G) != 0 };
	pointer->stamp = pointer->used = ++tlb->now;
	pointer_touch(tlb, array, set, way);
}

void tlb_walk_cache_create(struct pointer_array *array, const struct tlb_array_config *config)
{
	if (!config->ways)
		return;
	tlb_check_geometry(config);
	BUG_ON(config->min_level == 0);
	array->config = *config;
	array->pointers = xcalloc((size_t)config->sets * config->ways, sizeof(*array->pointers));
	array->plru = xcalloc(config->sets, sizeof(*array->plru));
}

void tlb_walk_cache_destroy(struct pointer_array *array)
{
	free(array->pointers);
	free(array->plru);
}
