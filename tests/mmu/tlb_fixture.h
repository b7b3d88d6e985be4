/*
 * Entries to fill a TLB with, lookups in one line, and a drop callback that keeps a list: for the tests of mmu/tlb.c.
 */
#ifndef RVEMU_TESTS_MMU_TLB_FIXTURE_H
#define RVEMU_TESTS_MMU_TLB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "mmu/tlb.h"

#define TOP (WALK_LEVELS_MAX - 1)

/* One array of four ways for all page sizes. */
#define FOUR_WAYS(policy)                                                                                              \
	{                                                                                                              \
		.first = { { { 1, 4, (policy), 0, TOP } } }                                                            \
	}

static inline struct tlb_entry page(u64 vpn, u16 asid)
{
	return (struct tlb_entry){ .vpn = vpn, .ppn = vpn + 0x80000, .pte = 0xcf, .asid = asid, .size_log2 = 12 };
}

static inline struct tlb_entry sized(u64 vpn, u16 asid, u8 size_log2)
{
	struct tlb_entry e = page(vpn, asid);

	e.size_log2 = size_log2;
	e.level = (u8)((size_log2 - 12) / 9);
	return e;
}

static inline void fill(struct tlb *tlb, u64 vpn, u16 asid)
{
	struct tlb_entry e = page(vpn, asid);

	tlb_fill(tlb, TLB_DATA, &e);
}

static inline struct tlb_entry *find_on(struct tlb *tlb, enum tlb_side side, u64 vpn, u16 asid)
{
	enum tlb_level where;

	return tlb_lookup(tlb, side, vpn << 12 | 0xabc, asid, &where);
}

static inline struct tlb_entry *find(struct tlb *tlb, u64 vpn, u16 asid)
{
	return find_on(tlb, TLB_DATA, vpn, asid);
}

static inline void count_drop(void *arg, const struct tlb_entry *entry)
{
	u64 *vpns = arg; /* [0]: how many, then which */

	vpns[++vpns[0]] = entry->vpn;
}

/* Entries that fences took, and entries pushed out of the first level. */
static inline u64 flushed(const struct tlb *tlb)
{
	const struct mmu_tlb_counts *counts = tlb_counts(tlb);
	u64 all = 0;

	for (u32 form = 0; form < MMU_FLUSHES; form++)
		for (u32 size = 0; size < MMU_SIZES; size++)
			all += counts[0].flushed[form][size] + counts[1].flushed[form][size];
	return all;
}

static inline u64 evictions(const struct tlb *tlb)
{
	u64 all = 0;

	for (u32 size = 0; size < MMU_SIZES; size++)
		all += tlb_counts(tlb)[0].evictions[size];
	return all;
}

#endif
