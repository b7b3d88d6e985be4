/*
 * The fast path: one compare that tests tag, validity and alignment together, then a host load or store.
 *
 * A strict subset of the TLB (mmu/tlb.h): an entry is made only from a translation the TLB holds (or from bare mode),
 * for one page of RAM whose PMP rights are uniform, that holds no decoded code and is not clean (stores) and that
 * nobody watches; what leaves the TLB leaves it too. Every context (mode, SUM, MXR) has a table of its own, so a
 * privilege switch swaps a pointer.
 *
 * One of the three hot headers: look at the generated code after every change (`make disasm`). The slow path is
 * mmu/mmu.h.
 */
#ifndef RVEMU_MMU_FAST_H
#define RVEMU_MMU_FAST_H

#include "devices/bus.h"

/* 16384 entries: a working set of 64 MiB of 4 KiB pages. The host's memory is taken only for entries in use. */
#define FAST_ENTRIES_LOG2 14
#define FAST_ENTRIES (1u << FAST_ENTRIES_LOG2)

/* A tag no address has: real ones are a page's first address, possibly with the low bits of a misaligned access. */
#define FAST_EMPTY (~0ull)

struct fast_entry {
	u64 load_tag;  /* va of the page if it may be loaded from, else FAST_EMPTY (or 0, where that is not this entry's
	                  page) */
	u64 store_tag; /* likewise for stores */
	u64 addend;    /* host address - va */
	u64 pa;        /* physical address of the page, plus FAST_STORES_WATCHED */
};

/* The page may be stored to, but holds decoded code (or a watched word), or is clean (bus_region.clean_map), so stores
 * must look at those maps first. */
#define FAST_STORES_WATCHED 1

_Static_assert(sizeof(struct fast_entry) == 32, "the index is scaled by 32 in one shift and one mask");

/* The entry that could hold va. */
static always_inline struct fast_entry *fast_entry(struct fast_entry *table, u64 va)
{
	u64 offset = (va >> (PAGE_SHIFT - 5)) & ((u64)(FAST_ENTRIES - 1) << 5);

	return (struct fast_entry *)((u8 *)table + offset);
}

/* What a tag must equal for an access of `size` (a power of two): misaligned ones never match, so they go the slow way.
 */
static always_inline u64 fast_tag(u64 va, u32 size)
{
	return va & (~(PAGE_SIZE - 1) | (size - 1));
}

#endif
